//! Statements of SQL that write rows: the values in columns whose names say secret.

use std::ops::Range;
use std::sync::LazyLock;

use super::assigned::is_reference;
use super::is_mark;
use super::names;
use super::windows::Found;
use super::windows::Rules;

static INSERT: LazyLock<Option<Rules<()>>> = LazyLock::new(|| {
    let pattern = r"(?i)(?-u:\b)(?:INSERT|REPLACE)\s{1,3}(?:IGNORE\s{1,3})?INTO\s{1,3}\S+\s{0,3}\((?P<columns>[^()]+)\)\s{0,9}VALUES\s{0,9}(?P<rows>(?:\((?:'(?:[^'\\]|\\.|'')*'|[^()'])*\)\s{0,9},?\s{0,9})+)";
    Rules::of_texts(std::iter::once((vec!["insert", "replace"], pattern.into(), ())))
});

/// The secrets among the values of rows.
pub(super) fn find(text: &str) -> Vec<Found> {
    let Some(rules) = INSERT.as_ref() else { return Vec::new() };
    rules.find(text, |(), found, all| {
        let (Some(columns), Some(rows)) = (found.name("columns"), found.name("rows")) else { return };
        let name = |column: &str| names::kind(column.trim().trim_matches(['`', '"', '[', ']']));
        let kinds: Vec<_> = columns.as_str().split(',').map(name).collect();
        if kinds.iter().all(Option::is_none) {
            return;
        }
        for (place, column) in fields(rows.as_str()) {
            let value = &rows.as_str()[place.clone()];
            let is_text = value.len() > 2 && value.starts_with('\'') && value.ends_with('\'');
            let Some(Some(kind)) = kinds.get(column).filter(|_| is_text) else { continue };
            let inner = &value[1..value.len() - 1];
            if !is_mark(inner) && !is_reference(inner) && !names::is_said_of(inner) {
                all.push((rows.start() + place.start + 1..rows.start() + place.end - 1, kind.label));
            }
        }
    })
}

/// Each value of the rows, and the place of its column.
fn fields(rows: &str) -> Vec<(Range<usize>, usize)> {
    let mut all = Vec::new();
    let (mut column, mut start, mut is_text, mut is_escaped) = (0, None, false, false);
    for (at, c) in rows.char_indices() {
        let begun = start.get_or_insert(at);
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            '\'' => is_text = !is_text,
            _ if is_text => {}
            '(' => (column, start) = (0, None),
            ',' | ')' => {
                all.push((*begun..at, column));
                (column, start) = (column + 1, None);
            }
            c if c.is_whitespace() && *begun == at => start = None,
            _ => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(INSERT.as_ref().unwrap().wrong(), (Vec::new(), 1));
    }
}
