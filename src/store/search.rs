//! Finding words in everything that was said.

use rusqlite::params;
use serde::Serialize;

use super::Store;
use super::StoreError;
use super::index::query;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;

/// Characters around the first hit that are shown.
const SNIPPET_CHARS: usize = 160;

/// One message that has all the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    pub session: SessionId,
    pub title: String,
    pub directory: String,
    /// What `--resume` takes, when the session got that far.
    pub conversation: Option<String>,
    pub is_open: bool,
    pub at: Timestamp,
    /// “you”, “claude” or “tool”.
    pub who: String,
    /// The text around the first word found.
    pub snippet: String,
    /// The event that brought it.
    pub seq: u64,
}

impl Store {
    /// The newest messages that have all the words.
    pub fn search(&self, typed: &str, limit: usize) -> Result<Vec<Hit>, StoreError> {
        let Some(query) = query(typed) else { return Ok(Vec::new()) };
        let first = typed.split_whitespace().find(|word| word.chars().any(char::is_alphanumeric)).unwrap_or_default();
        let find = || -> rusqlite::Result<Vec<Hit>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT m.session, s.title, s.directory, s.conversation, s.closed IS NULL, m.at, m.who, m.text, m.seq
                 FROM (SELECT rowid FROM words WHERE words MATCH ?1 ORDER BY rowid DESC LIMIT ?2) AS w
                 JOIN messages AS m ON m.id = w.rowid JOIN sessions AS s ON s.id = m.session
                 ORDER BY m.id DESC",
            )?;
            let rows = statement.query_map(params![query, limit as i64], |row| {
                Ok(Hit {
                    session: SessionId(row.get(0)?),
                    title: row.get(1)?,
                    directory: row.get(2)?,
                    conversation: row.get(3)?,
                    is_open: row.get(4)?,
                    at: Timestamp(row.get(5)?),
                    who: row.get(6)?,
                    snippet: snippet(row.get_ref(7)?.as_str()?, first),
                    seq: row.get::<_, i64>(8)?.unsigned_abs(),
                })
            })?;
            rows.collect()
        };
        find().map_err(|source| StoreError::new(&self.path, source))
    }
}

/// The text around the first place of a word, in one line.
fn snippet(text: &str, word: &str) -> String {
    let wanted: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    let lower: Vec<(usize, char)> =
        text.char_indices().flat_map(|(at, c)| c.to_lowercase().map(move |c| (at, c))).collect();
    let found = lower
        .windows(wanted.len().max(1))
        .find(|window| window.iter().map(|(_, c)| c).eq(&wanted))
        .and_then(|window| window.first())
        .map_or(0, |(at, _)| *at);
    let before: Vec<usize> = text[..found].char_indices().rev().take(SNIPPET_CHARS / 4).map(|(at, _)| at).collect();
    let start = before.last().copied().unwrap_or(found);
    let mut snippet: String = text[start..].chars().take(SNIPPET_CHARS).collect();
    if start > 0 {
        snippet.insert(0, '…');
    }
    if text[start..].chars().nth(SNIPPET_CHARS).is_some() {
        snippet.push('…');
    }
    snippet.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_shows_the_word_and_what_is_around_it() {
        assert_eq!(snippet("one\ntwo", "TWO"), "one two");
        let long = format!("{}数据库连接{}", "a ".repeat(500), "b ".repeat(500));
        let cut = snippet(&long, "据库");
        assert!(cut.contains("数据库连接") && cut.starts_with('…') && cut.ends_with('…'), "{cut}");
        assert_eq!(snippet("", "x"), "");
        assert_eq!(snippet("İstanbul", "missing"), "İstanbul");
    }
}
