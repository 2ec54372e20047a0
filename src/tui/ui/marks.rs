//! A command of which the person marks words as free, before it is granted.
//!
//! Invariant: nothing is free that was not marked by a key; without a marked word there is nothing to grant.

use serde_json::Value;

use crate::core::approval::Approval;
use crate::core::grant::GrantRule;
use crate::core::grant::GrantTerms;
use crate::core::grant::marked;
use crate::core::grant::marked::Hole;

/// The command, its words that may be free, and which are.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    tool: String,
    input: Value,
    line: String,
    /// The words that may be marked, and whether they are.
    words: Vec<(Hole, bool)>,
    /// The word under the cursor.
    at: usize,
    pub minutes: u32,
    pub uses: Option<u32>,
}

impl Marks {
    /// What may be marked of a request; `None` where nothing may.
    pub fn of(approval: &Approval, (minutes, uses): (u32, Option<u32>)) -> Option<Self> {
        let line = approval.input.get("command").and_then(Value::as_str)?.to_owned();
        // The last word is the one that most often is a value.
        let at = approval.markable.len().checked_sub(1)?;
        let words = approval.markable.iter().map(|hole| (hole.clone(), false)).collect();
        Some(Self { tool: approval.tool.clone(), input: approval.input.clone(), line, words, at, minutes, uses })
    }

    pub fn next_word(&mut self) {
        self.at = (self.at + 1) % self.words.len().max(1);
    }

    pub fn toggle(&mut self) {
        if let Some((_, is_free)) = self.words.get_mut(self.at) {
            *is_free = !*is_free;
        }
    }

    /// The words that are free.
    pub fn holes(&self) -> Vec<Hole> {
        self.words.iter().filter(|(_, is_free)| *is_free).map(|(hole, _)| hole.clone()).collect()
    }

    /// The grant; `None` until a word is marked.
    pub fn terms(&self) -> Option<GrantTerms> {
        let holes = self.holes();
        if holes.is_empty() {
            return None;
        }
        let rule = GrantRule::Marked { tool: self.tool.clone(), input: self.input.clone(), holes };
        Some(GrantTerms { rule, minutes: self.minutes, uses: self.uses })
    }

    /// How long and how often, in words.
    pub fn limit(&self) -> String {
        GrantTerms { rule: GrantRule::Tool(String::new()), minutes: self.minutes, uses: self.uses }.limit()
    }

    /// The line as it would match.
    pub fn pattern(&self) -> String {
        marked::pattern(&self.line, &self.holes())
    }

    /// Another line that it would allow.
    pub fn example(&self) -> String {
        marked::example(&self.line, &self.holes())
    }

    /// The words that may be marked: each, whether it is free, and whether the cursor is on it.
    pub fn words(&self) -> impl Iterator<Item = (&str, bool, bool)> {
        let word = |(idx, (hole, is_free)): (usize, &(Hole, bool))| {
            (self.line.get(hole.start..hole.end).unwrap_or_default(), *is_free, idx == self.at)
        };
        self.words.iter().enumerate().map(word)
    }
}
