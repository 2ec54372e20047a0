//! `audit verify`, `audit search` and `audit show`.

use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::path::Path;

use clap::Args;
use clap::Subcommand;
use jiff::Timestamp;
use jiff::ToSpan as _;
use serde_json::Value;

use super::Global;
use super::exit;
use super::setup;
use super::setup::Stop;
use crate::audit::search;
use crate::audit::search::Filter;
use crate::audit::search::Found;
use crate::audit::verify;
use crate::audit::verify::Report;
use crate::tui::render::sanitize::sanitize;

#[derive(Debug, Subcommand)]
pub enum AuditVerb {
    /// Find every line that was edited, removed, inserted or reordered, and a cut end.
    Verify {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Print the records that fit, one a line.
    Search(Search),
    /// Print one record whole.
    Show {
        /// Its number.
        #[arg(value_name = "N")]
        number: u64,
        /// Print the line as it stands in the log.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Search {
    /// Of this session.
    #[arg(long, value_name = "N")]
    session: Option<u32>,
    /// About this tool.
    #[arg(long, value_name = "TOOL")]
    tool: Option<String>,
    /// With this decision.
    #[arg(long, value_name = "DECISION", value_parser = ["allow", "deny", "automatic", "withdrawn", "refused"])]
    decision: Option<String>,
    /// By whom: terminal, headless, policy, engine.
    #[arg(long, value_name = "WHO")]
    who: Option<String>,
    /// Not before: 2026-01-31, 2026-01-31T12:00:00Z, or so long ago: 30m, 2h, 3d.
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// Not after; a date means its end.
    #[arg(long, value_name = "TIME", value_parser = until)]
    until: Option<Timestamp>,
    /// With this text anywhere in it.
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Print the lines as they stand in the log.
    #[arg(long)]
    json: bool,
}

pub fn main(global: &Global, verb: &AuditVerb) -> Result<u8, Stop> {
    let places = setup::places(global)?;
    let folder = places.data_dir.as_path();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let done = match verb {
        AuditVerb::Verify { json } => run_verify(folder, *json, &mut out),
        AuditVerb::Search(wanted) => run_search(folder, wanted, &mut out),
        AuditVerb::Show { number, json } => run_show(folder, *number, *json, &mut out),
    };
    match done.and_then(|code| out.flush().map(|()| code)) {
        // Whoever reads may have seen enough, as `head` has.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit::OK),
        Err(error) => Err(Stop::failed(format!("the audit log in {} could not be read: {error}", folder.display()))),
        Ok(code) => Ok(code),
    }
}

fn run_verify(folder: &Path, json: bool, out: &mut impl io::Write) -> io::Result<u8> {
    let report = verify::verify(folder)?;
    if json {
        writeln!(out, "{}", serde_json::to_string(&report).map_err(io::Error::other)?)?;
    } else {
        print_report(folder, &report, out)?;
    }
    Ok(if report.ok { exit::OK } else { exit::FAILED })
}

fn print_report(folder: &Path, report: &Report, out: &mut impl io::Write) -> io::Result<()> {
    for finding in &report.findings {
        let mark = if finding.what.is_bad() { "DAMAGE" } else { "note" };
        let place = if finding.file.is_empty() {
            folder.display().to_string()
        } else {
            format!("{}:{}", finding.file, finding.line)
        };
        writeln!(out, "{mark:<6}  {}  {}", sanitize(&place), sanitize(&finding.text))?;
    }
    if report.more > 0 {
        writeln!(out, "and {} more", report.more)?;
    }
    let records = report.records;
    match &report.head {
        None if report.ok => writeln!(out, "There is no audit log in {} yet.", folder.display()),
        None => writeln!(out, "The audit log is damaged: it has no record that is in order."),
        Some(head) if report.ok => {
            writeln!(
                out,
                "The audit log is in order: {}; the last is {} {}",
                crate::core::figures::count(records, "record", "records"),
                head.n,
                head.hash
            )
        }
        Some(head) => writeln!(
            out,
            "The audit log is damaged; {} right in themselves; the last is {} {}",
            crate::core::figures::count(records, "record is", "records are"),
            head.n,
            head.hash
        ),
    }
}

fn run_search(folder: &Path, wanted: &Search, out: &mut impl io::Write) -> io::Result<u8> {
    let filter = Filter {
        session: wanted.session,
        tool: wanted.tool.clone(),
        decision: wanted.decision.clone(),
        who: wanted.who.clone(),
        since: wanted.since,
        until: wanted.until,
        text: wanted.text.clone(),
    };
    let mut written = Ok(());
    let n_unreadable = search::search(folder, &filter, |found| {
        written = if wanted.json { print_line(found, out) } else { writeln!(out, "{}", in_one_line(found)) };
        written.is_ok()
    })?;
    written?;
    if n_unreadable > 0 {
        out.flush()?;
        writeln!(
            io::stderr(),
            "adjutant: {}; `adjutant audit verify` tells more",
            crate::core::figures::count(n_unreadable as u64, "line is no record", "lines are no records")
        )?;
    }
    Ok(exit::OK)
}

fn run_show(folder: &Path, number: u64, json: bool, out: &mut impl io::Write) -> io::Result<u8> {
    let mut written = Ok(false);
    search::search(folder, &Filter::default(), |found| {
        if found.value.get("n").and_then(Value::as_u64) != Some(number) {
            return true;
        }
        let printed = if json { print_line(found, out) } else { print_whole(found, out) };
        written = printed.map(|()| true);
        false
    })?;
    if written? {
        return Ok(exit::OK);
    }
    out.flush()?;
    writeln!(io::stderr(), "adjutant: there is no record {number} in the audit log in {}", folder.display())?;
    Ok(exit::FAILED)
}

/// The exact line for a program; cleaned for a person's terminal.
fn print_line(found: &Found<'_>, out: &mut impl io::Write) -> io::Result<()> {
    if io::stdout().is_terminal() { writeln!(out, "{}", sanitize(found.line)) } else { writeln!(out, "{}", found.line) }
}

fn print_whole(found: &Found<'_>, out: &mut impl io::Write) -> io::Result<()> {
    if !found.is_genuine {
        writeln!(out, "This line is not what its hash says: it was changed.")?;
    }
    let Some(fields) = found.value.as_object() else { return Ok(()) };
    let width = fields.keys().map(|key| key.chars().count()).max().unwrap_or(0);
    for (key, value) in fields {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => serde_json::to_string_pretty(other).map_err(io::Error::other)?,
        };
        let text = sanitize(&text).to_string().replace('\n', &format!("\n{:width$}  ", ""));
        writeln!(out, "{:<width$}  {text}", sanitize(key).to_string())?;
    }
    Ok(())
}

/// Number, time, session, kind, and what is most telling about it.
fn in_one_line(found: &Found<'_>) -> String {
    const MAX_CHARS: usize = 400;
    /// Shown in this order, without their names.
    const TELLING: [&str; 21] = [
        "who",
        "person",
        "decision",
        "how",
        "tool",
        "rule",
        "outcome",
        "input",
        "edited",
        "text",
        "message",
        "mode",
        "model",
        "directory",
        "branch",
        "commit",
        "lost",
        "why",
        "trouble",
        "records",
        "id",
    ];
    let record = &found.value;
    let text = |key: &str| match record.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let telling: Vec<String> = TELLING.iter().map(|key| text(key)).filter(|text| !text.is_empty()).collect();
    let rest: String = sanitize(&telling.join("  ")).to_string().replace('\n', " ").chars().take(MAX_CHARS).collect();
    let changed = if found.is_genuine { "" } else { "CHANGED  " };
    let head = format!("{:>6}  {:<24}  {:>4}  {:<15}", text("n"), text("at"), text("session"), text("kind"));
    format!("{}  {changed}{rest}", sanitize(&head)).trim_end().to_owned()
}

fn since(text: &str) -> Result<Timestamp, String> {
    time(text, Timestamp::now(), false)
}

fn until(text: &str) -> Result<Timestamp, String> {
    time(text, Timestamp::now(), true)
}

/// A time in one of the forms that the help names. A date means this zone's, its beginning or its end.
fn time(text: &str, now: Timestamp, is_end: bool) -> Result<Timestamp, String> {
    let wrong = || format!("“{text}” is no time; write 2026-01-31, 2026-01-31T12:00:00Z, or how long ago: 30m, 2h, 3d");
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let zone = jiff::tz::TimeZone::system();
    if let Ok(date) = text.parse::<jiff::civil::Date>()
        && text.len() == "2026-01-31".len()
    {
        let date = if is_end { date.tomorrow().map_err(|_| wrong())? } else { date };
        let start = date.to_zoned(zone).map_err(|_| wrong())?.timestamp();
        return if is_end { start.checked_sub(1.millisecond()).map_err(|_| wrong()) } else { Ok(start) };
    }
    if let Ok(moment) = text.parse::<jiff::civil::DateTime>() {
        return moment.to_zoned(zone).map(|zoned| zoned.timestamp()).map_err(|_| wrong());
    }
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: i64 = number.parse().ok().filter(|number| (0..=1_000_000).contains(number)).ok_or_else(wrong)?;
    let hours = match unit {
        "s" => return now.checked_sub(number.seconds()).map_err(|_| wrong()),
        "m" => return now.checked_sub(number.minutes()).map_err(|_| wrong()),
        "h" => number,
        "d" => number.saturating_mul(24),
        "w" => number.saturating_mul(24 * 7),
        _ => return Err(wrong()),
    };
    let ago = jiff::SignedDuration::from_hours(hours);
    now.checked_sub(ago).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form_that_the_help_names() {
        let now: Timestamp = "2026-02-03T04:05:06Z".parse().unwrap();
        let read = |text: &str| time(text, now, false).map(|time| time.to_string());
        assert_eq!(read("2026-01-31T12:00:00Z").unwrap(), "2026-01-31T12:00:00Z");
        assert_eq!(read("2026-01-31T12:00:00+08:00").unwrap(), "2026-01-31T04:00:00Z");
        assert_eq!(read("30m").unwrap(), "2026-02-03T03:35:06Z");
        assert_eq!(read("2h").unwrap(), "2026-02-03T02:05:06Z");
        assert_eq!(read("3d").unwrap(), "2026-01-31T04:05:06Z");
        let (start, end) = (time("2026-01-31", now, false).unwrap(), time("2026-01-31", now, true).unwrap());
        assert_eq!(end.duration_since(start).as_millis(), 24 * 3600 * 1000 - 1);
        for bad in ["", "d", "x", "2h3", "-2h", "yesterday", "2026-13-01", "999999999999d", "é", "1é", "1000000w"] {
            assert!(read(bad).unwrap_err().contains("is no time"), "{bad}");
        }
    }

    #[test]
    fn a_record_is_one_clean_line() {
        let value: Value = serde_json::from_str(
            r#"{"n":12,"at":"2026-02-03T04:05:06.007Z","session":3,"kind":"decided","who":"terminal",
                "decision":"deny","tool":"Bash","input":{"command":"ls"},"message":"no\n\u001b[31mred"}"#,
        )
        .unwrap();
        let line = in_one_line(&Found { line: "", value, is_genuine: true });
        let expected = "    12  2026-02-03T04:05:06.007Z     3  decided          terminal  deny  Bash  {\"command\":\"ls\"}  no red";
        assert_eq!(line, expected);
    }
}
