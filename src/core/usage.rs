//! Tokens and money.

use serde::Deserialize;
use serde::Serialize;

/// Tokens of one or more API calls, by how they are billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tokens {
    /// Input that was read from no cache.
    pub uncached: u64,
    pub cache_read: u64,
    pub cache_write: u64,
    pub output: u64,
}

impl Tokens {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            uncached: self.uncached.saturating_add(other.uncached),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            output: self.output.saturating_add(other.output),
        }
    }

    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// How full the model's context is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextUse {
    pub tokens: u64,
    pub limit: u64,
}

impl ContextUse {
    pub fn percent(&self) -> u64 {
        self.tokens.saturating_mul(100).checked_div(self.limit).unwrap_or(0)
    }
}

/// What a session has used so far.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct UsageTotals {
    /// Ended turns.
    pub tokens: Tokens,
    /// The running turn, as the stream has reported it so far.
    pub current: Tokens,
    /// Dollars, as the CLI reckons them, over all processes of the session.
    pub cost_usd: f64,
    pub context: Option<ContextUse>,
}

impl UsageTotals {
    pub fn all_tokens(&self) -> Tokens {
        self.tokens.plus(self.current)
    }
}
