//! The two languages of the phone.
//!
//! Each text stands beside its translation where it is used: a table far away is where translations go stale.

use crate::config::feishu::Language;

/// The language that is spoken in the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tongue {
    #[default]
    English,
    Chinese,
}

impl Tongue {
    pub fn pick<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}

impl From<Language> for Tongue {
    fn from(language: Language) -> Self {
        match language {
            Language::English => Self::English,
            Language::Chinese => Self::Chinese,
        }
    }
}
