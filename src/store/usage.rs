//! What was used: tokens and money by day, session, model or project.

use rusqlite::params;
use serde::Serialize;

use super::Store;
use super::StoreError;
use crate::core::usage::Tokens;

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    Day,
    Session,
    Model,
    Project,
}

/// One row of the count.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Line {
    /// The day, the session, the model or the directory.
    pub what: String,
    pub turns: u64,
    pub tokens: Tokens,
    pub cost_usd: f64,
}

impl Line {
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        Self {
            turns: self.turns + other.turns,
            tokens: self.tokens.plus(other.tokens),
            cost_usd: self.cost_usd + other.cost_usd,
            ..self
        }
    }
}

impl Store {
    /// Counts the turns of the last `days` days, or of all time. Days are the person's own.
    pub fn usage(&self, by: By, days: Option<u32>) -> Result<Vec<Line>, StoreError> {
        self.count(by, days).map_err(|source| StoreError::new(&self.path, source))
    }

    pub(super) fn count(&self, by: By, days: Option<u32>) -> rusqlite::Result<Vec<Line>> {
        let what = match by {
            By::Day => "date(t.at / 1000, 'unixepoch', 'localtime')",
            By::Session => "s.id || ' ' || s.title",
            By::Model => "coalesce(t.model, 'unknown')",
            By::Project => "s.directory",
        };
        let sql = format!(
            "SELECT {what} AS what, count(*), sum(t.input), sum(t.cache_read), sum(t.cache_write), sum(t.output),
                    sum(t.cost_usd)
             FROM turns AS t JOIN sessions AS s ON s.id = t.session
             WHERE ?1 IS NULL OR date(t.at / 1000, 'unixepoch', 'localtime') > date('now', 'localtime', '-' || ?1 || ' days')
             GROUP BY what ORDER BY {}",
            if by == By::Day { "what" } else { "sum(t.cost_usd) DESC, what" }
        );
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map(params![days], |row| {
            let number = |column: usize| row.get::<_, i64>(column).map(|number| number.unsigned_abs());
            Ok(Line {
                what: row.get(0)?,
                turns: number(1)?,
                tokens: Tokens {
                    uncached: number(2)?,
                    cache_read: number(3)?,
                    cache_write: number(4)?,
                    output: number(5)?,
                },
                cost_usd: row.get(6)?,
            })
        })?;
        rows.collect()
    }
}
