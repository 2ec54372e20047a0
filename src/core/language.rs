//! The two languages that people are spoken to in, and what core says in both.
//!
//! **For:** one place for every sentence about the domain, whoever shows it. **Not for:** a surface's own words, which
//! stand where they are used, each beside its translation.
//!
//! Invariants: every text is a match over both languages or a pair of them, so one that is missing does not compile;
//! what comes from outside (names, commands, code, the API's own sentences) stands as it came, between quotation marks
//! where it is a part of a sentence.

use serde::Deserialize;
use serde::Serialize;

/// What a request would do, and what is offered with it.
mod approvals;
/// Lengths of time and counts.
mod figures;
/// What sessions do, and under which rules.
mod states;
/// What the engine says as a sentence.
mod told;
/// What went wrong, and what to do.
mod trouble;
/// What a worktree holds.
mod worktree;

pub use approvals::danger;
pub use approvals::danger_kind;
pub use approvals::doubt;
pub use approvals::limit;
pub use approvals::remark;
pub use approvals::rule;
pub use approvals::scope;
pub use approvals::update;
pub use approvals::warning;
pub use figures::ago;
pub use figures::duration;
pub use figures::tool_calls;
pub use states::activity;
pub use states::mode;
pub use states::outcome;
pub use states::surface;
pub use told::told;
pub use trouble::in_full;
pub use worktree::losses;
pub use worktree::remarks;
pub use worktree::verdict;

/// The language that somebody is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    pub fn pick<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// Words from outside between quotation marks of ours.
    pub fn quoted(self, text: &str) -> String {
        match self {
            Self::English => format!("“{text}”"),
            Self::Chinese => format!("「{text}」"),
        }
    }

    /// Several things in a row.
    pub fn listed(self, parts: &[String]) -> String {
        parts.join(self.pick(", ", "、"))
    }
}
