//! Objects of Kubernetes whose kind is Secret: every value of theirs is one, whatever its name.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::MARK;
use super::assigned::is_reference;
use super::windows::Found;

static KIND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?m)(?:^[ \t-]{0,40}kind:\s{0,3}["']?Secret["']?[ \t\r]*$|\\*"kind\\*"\s{0,3}:\s{0,3}\\*"Secret\\*")"#,
    )
    .ok()
});
static DATA: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?m)(?:^(?P<depth>[ \t]*)(?:data|stringData):[ \t\r]*\n|\\*"(?:data|stringData)\\*"\s{0,3}:\s{0,3}\{(?P<fields>[^{}]*))"#).ok()
});
static FIELD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"\\*"[\w.-]+\\*"\s{0,3}:\s{0,3}\\*"(?P<value>[^"\\]+)"#).ok());

/// Every value of such objects.
pub(super) fn find(text: &str) -> Vec<Found> {
    // Most texts have none.
    if !text.contains("Secret") {
        return Vec::new();
    }
    let mut all = Vec::new();
    for document in documents(text) {
        if KIND.as_ref().is_some_and(|kind| kind.is_match(&text[document.clone()])) {
            values(text, document, &mut all);
        }
    }
    all.into_iter().map(|place| (place, "secret")).collect()
}

/// The parts of a file of several objects.
fn documents(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut all: Vec<_> =
        text.match_indices("\n---").map(|(end, _)| std::mem::replace(&mut start, end + 1)..end).collect();
    all.push(start..text.len());
    all
}

fn values(text: &str, document: Range<usize>, all: &mut Vec<Range<usize>>) {
    let (Some(data), Some(field)) = (DATA.as_ref(), FIELD.as_ref()) else { return };
    for found in data.captures_iter(&text[document.clone()]) {
        let is_secret = |value: &str| !value.trim().is_empty() && !value.contains(MARK) && !is_reference(value);
        if let Some(fields) = found.name("fields") {
            let at = document.start + fields.start();
            let values = field.captures_iter(fields.as_str()).filter_map(|found| found.name("value"));
            all.extend(
                values.filter(|value| is_secret(value.as_str())).map(|value| at + value.start()..at + value.end()),
            );
        }
        let (Some(depth), Some(head)) = (found.name("depth"), found.get(0)) else { continue };
        let mut at = document.start + head.end();
        let mut inner = None;
        for line in text[at..document.end].split_inclusive('\n') {
            let own = line.len() - line.trim_start_matches([' ', '\t']).len();
            let start = at;
            at += line.len();
            if line.trim().is_empty() {
                continue;
            }
            if own <= depth.len() {
                break;
            }
            // Deeper lines are those of a text over several lines.
            let value = match line.split_once(':') {
                Some((name, value)) if own == *inner.get_or_insert(own) => {
                    line.len() - value.len() + usize::from(name.is_empty())
                }
                _ => own,
            };
            let value = start + value..start + line.trim_end().len();
            let kept = text[value.clone()].trim_start_matches([' ', '\t', '"', '\'']);
            let place = value.end - kept.len()..value.end - (kept.len() - kept.trim_end_matches(['"', '\'']).len());
            let is_head = text[place.clone()].starts_with(['|', '>']);
            if !is_head && !place.is_empty() && is_secret(&text[place.clone()]) {
                all.push(place);
            }
        }
    }
}
