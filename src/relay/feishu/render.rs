//! Cards as Feishu takes them: card JSON 2.0.
//!
//! **For:** turning a [`Card`] into what is sent, so that it fits and every text on it stays a text. **Not for:**
//! what stands on a card, or sending it.
//!
//! Invariants: pure; the result is within every limit of Feishu's, whatever the card; no text from outside draws
//! markup, rings anybody, links anywhere or leaves its box; what does not show itself is made visible; where a text
//! was cut, it says so there and the card says so at its end.

use serde_json::Value;

use super::super::card::Card;
use crate::core::language::Language;

/// The pieces of a card.
mod draft;
/// Markdown of the model.
mod prose;
/// Texts made harmless.
pub mod text;

use draft::Shape;

/// The most that a card may have as sent; Feishu's own limit is 30 KB, of which it counts some things twice.
pub const MAX_BYTES: usize = 28_000;
/// The most that a smaller card may have, when Feishu found one too large.
pub const SMALLER: usize = 12_000;
/// Everything with a tag counts; Feishu's own limit is 200.
const MAX_ELEMENTS: usize = 190;
/// Texts are not cut below this.
const SHORTEST: usize = 48;

/// A card that can be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    pub json: Value,
    /// Not all of it is there.
    pub cut: bool,
}

/// A card as it is sent.
pub fn card(card: &Card, language: Language) -> Rendered {
    within(card, language, MAX_BYTES)
}

/// A card that has at most so many bytes as sent: the longest texts are cut until it fits.
pub fn within(card: &Card, language: Language, limit: usize) -> Rendered {
    for shape in [Shape::Whole, Shape::Gathered] {
        let draft = |cap| draft::draft(card, language, cap, shape);
        let whole = draft(limit);
        if fits(&whole.json, limit) {
            return whole;
        }
        let shortest = draft(SHORTEST);
        if fits(&shortest.json, limit) {
            return longest(shortest, limit, draft);
        }
    }
    draft::draft(card, language, SHORTEST, Shape::Bare)
}

/// The draft with the longest texts that fits, given one that does.
fn longest(shortest: Rendered, limit: usize, draft: impl Fn(usize) -> Rendered) -> Rendered {
    let (mut best, mut fitting, mut too_long) = (shortest, SHORTEST, limit);
    // A few bytes more or less are nothing to anybody.
    while too_long - fitting > 32 {
        let cap = usize::midpoint(fitting, too_long);
        let tried = draft(cap);
        if fits(&tried.json, limit) {
            (best, fitting) = (tried, cap);
        } else {
            too_long = cap;
        }
    }
    best
}

fn fits(card: &Value, limit: usize) -> bool {
    n_elements(card) <= MAX_ELEMENTS && n_bytes(card) <= limit
}

/// As it travels: the card is a text within JSON, so its quotes and line ends are escaped once more.
pub fn n_bytes(card: &Value) -> usize {
    Value::String(card.to_string()).to_string().len()
}

/// Whatever has a tag, but what buttons carry, which is no part of the card.
fn n_elements(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(n_elements).sum(),
        Value::Object(fields) => {
            let below = fields.iter().filter(|(key, _)| *key != "behaviors").map(|(_, field)| n_elements(field));
            below.sum::<usize>() + usize::from(fields.contains_key("tag"))
        }
        _ => 0,
    }
}
