//! Finding records. Lines are read one by one; what is no record is counted and passed over.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::chain;
use super::verify::Snapshot;

/// What is looked for; what is `None` fits everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub session: Option<u32>,
    pub tool: Option<String>,
    pub decision: Option<String>,
    pub who: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Stands in any text of the record, whatever its case.
    pub text: Option<String>,
}

/// A record as it stands in the log.
#[derive(Debug)]
pub struct Found<'a> {
    /// The exact line.
    pub line: &'a str,
    pub value: Value,
    /// The line is what its own hash says.
    pub is_genuine: bool,
}

/// Gives every record that fits to `take`, in order, until that returns `false`. Returns how many lines were
/// no records.
pub fn search(folder: &Path, filter: &Filter, mut take: impl FnMut(&Found<'_>) -> bool) -> io::Result<u64> {
    let mut n_unreadable = 0;
    Snapshot::take(folder)?.each(|_, line, _| {
        let read = str::from_utf8(line).ok().and_then(|text| Some((text, serde_json::from_str::<Value>(text).ok()?)));
        let Some((text, value)) = read.filter(|(_, value)| value.is_object()) else {
            n_unreadable += 1;
            return Ok(true);
        };
        let found = Found { line: text, value, is_genuine: chain::read(line).is_some() };
        Ok(!filter.fits(&found.value) || take(&found))
    })?;
    Ok(n_unreadable)
}

impl Filter {
    fn fits(&self, record: &Value) -> bool {
        let text = |key: &str| record.get(key).and_then(Value::as_str);
        let is = |key: &str, wanted: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| text(key).is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
        };
        let at = text("at").and_then(|at| at.parse::<Timestamp>().ok());
        let is_since = self.since.is_none_or(|since| at.is_some_and(|at| at >= since));
        let is_until = self.until.is_none_or(|until| at.is_some_and(|at| at <= until));
        let session = record.get("session").and_then(Value::as_u64);
        self.session.is_none_or(|wanted| session == Some(u64::from(wanted)))
            && is("tool", &self.tool)
            && self.is_decision(text("kind"), text("decision"))
            && is("who", &self.who)
            && is_since
            && is_until
            && self.text.as_ref().is_none_or(|wanted| holds(record, &wanted.to_lowercase()))
    }

    /// Withdrawn and refused requests are found by these words, too.
    fn is_decision(&self, kind: Option<&str>, decision: Option<&str>) -> bool {
        let Some(wanted) = self.decision.as_deref() else { return true };
        match wanted {
            "withdrawn" | "refused" => kind == Some(wanted),
            "automatic" => kind == Some("automatic"),
            _ => decision == Some(wanted),
        }
    }
}

fn holds(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text.to_lowercase().contains(wanted),
        Value::Array(items) => items.iter().any(|item| holds(item, wanted)),
        Value::Object(fields) => fields.values().any(|value| holds(value, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_are_found_by_each_of_their_marks() {
        let record = json!({
            "n": 7, "at": "2026-02-03T04:05:06.007Z", "session": 3, "kind": "decided", "tool": "Bash",
            "who": "terminal", "decision": "deny", "input": {"command": ["rm", "Über 数据"]},
        });
        let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let word = |text: &str| Some(text.to_owned());
        let all = Filter::default();
        for fitting in [
            all.clone(),
            Filter { session: Some(3), tool: word("bash"), who: word("terminal"), ..all.clone() },
            Filter { decision: word("deny"), text: word("über"), ..all.clone() },
            Filter { text: word("数"), since: time("2026-02-03T04:05:06.007Z"), ..all.clone() },
            Filter { until: time("2026-02-03T04:05:06.007Z"), ..all.clone() },
        ] {
            assert!(fitting.fits(&record), "{fitting:?}");
        }
        for other in [
            Filter { session: Some(4), ..all.clone() },
            Filter { tool: word("Read"), ..all.clone() },
            Filter { decision: word("allow"), ..all.clone() },
            Filter { decision: word("withdrawn"), ..all.clone() },
            Filter { who: word("policy"), ..all.clone() },
            Filter { since: time("2026-02-03T04:05:07Z"), ..all.clone() },
            Filter { until: time("2026-02-03T04:05:06Z"), ..all.clone() },
            Filter { text: word("rmdir"), ..all },
        ] {
            assert!(!other.fits(&record), "{other:?}");
        }
    }
}
