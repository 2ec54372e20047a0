//! Cards as data: what a messenger shows, whichever it is.
//!
//! **For:** saying what stands on a card, in pieces whose origin is known. **Not for:** how one messenger writes it:
//! its folder turns a [`Card`] into that, and makes every text harmless on the way.
//!
//! Invariants: texts from outside stand only where the renderer takes them as text; the summary, which a locked
//! phone shows, has nothing from outside in it.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

/// What a card is about, by its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// Somebody must answer.
    Pending,
    Good,
    Bad,
    /// It is over, and nothing is wrong.
    Over,
    /// Something is going on.
    Working,
    Warning,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub tone: Tone,
    pub title: String,
    /// A word beside the title.
    pub tag: Option<String>,
    /// What a locked phone and the list of chats show.
    pub summary: String,
    pub blocks: Vec<Block>,
}

/// A piece of a card, from top to bottom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Block {
    /// A sentence: ours, or from outside; it is shown as it stands, without any markup in it taking effect.
    Text(String),
    /// The same, where it should not draw the eye.
    Small(String),
    /// The same, where it must.
    Warning(String),
    /// What is called what.
    Fact {
        name: String,
        value: String,
    },
    /// Commands, diffs, output: kept in its own box, whatever is in it.
    Code {
        language: String,
        text: String,
    },
    /// Markdown of the model or of a plan: rendered where that is safe.
    Prose(String),
    /// A few words and the person they are about, whom the messenger shows by name.
    Person {
        words: String,
        person: String,
    },
    /// What is folded away under a line of ours until somebody taps it; no form is among it.
    Folded {
        title: String,
        blocks: Vec<Block>,
    },
    Divider,
    /// Side by side.
    Buttons(Vec<Button>),
    Form(Form),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Style {
    Primary,
    Danger,
    Plain,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Button {
    pub label: String,
    pub style: Style,
    /// Comes back with the press, as it is. Whoever sees the card can read it.
    pub value: Value,
    /// Asked before the press counts.
    pub confirm: Option<String>,
}

/// Fields that are sent together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    pub name: String,
    pub fields: Vec<Field>,
    pub submit: Button,
    /// Other things that can be done with the same fields.
    #[serde(default)]
    pub others: Vec<Button>,
    /// The form is folded away under this line.
    #[serde(default)]
    pub folded: Option<String>,
}

impl Form {
    pub fn new(name: &str, fields: Vec<Field>, submit: Button) -> Self {
        Self { name: name.to_owned(), fields, submit, others: Vec::new(), folded: None }
    }

    /// Everything on it that sends the fields.
    pub fn buttons(&self) -> impl Iterator<Item = &Button> {
        std::iter::once(&self.submit).chain(&self.others)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Unique on the card; the value comes back under it.
    pub name: String,
    pub label: String,
    pub kind: FieldKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FieldKind {
    /// One of these; the value comes back, the label is shown.
    Choice {
        options: Vec<(String, String)>,
        initial: Option<String>,
    },
    /// Any of these: a list of values comes back.
    Choices {
        options: Vec<(String, String)>,
    },
    Text {
        max_chars: u32,
        required: bool,
    },
}

impl Card {
    pub fn new(tone: Tone, title: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { tone, title: title.into(), tag: None, summary: summary.into(), blocks: Vec::new() }
    }

    /// What the buttons carry, those of forms too.
    pub fn carried(&self) -> impl Iterator<Item = &Value> {
        self.blocks.iter().flat_map(|block| match block {
            Block::Buttons(buttons) => buttons.iter().map(|button| &button.value).collect(),
            Block::Form(form) => form.buttons().map(|button| &button.value).collect(),
            _ => Vec::new(),
        })
    }

    /// What the button of this act carries, if there is one.
    pub fn offers(&self, act: &str) -> Option<&Value> {
        self.carried().find(|value| value.get("act").and_then(Value::as_str) == Some(act))
    }

    #[must_use]
    pub fn tagged(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    #[must_use]
    pub fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Whether anything on it can be pressed.
    pub fn is_live(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Buttons(_) | Block::Form(_)))
    }

    /// What it is about, and its last word.
    pub fn in_short(&self) -> String {
        let last = self.blocks.iter().rev().find_map(|block| match block {
            Block::Text(text) => Some(text.clone()),
            Block::Person { words, person } => Some(format!("{words} {person}")),
            _ => None,
        });
        [self.heading(), last.unwrap_or_default()].join("\n").trim_end().to_owned()
    }

    fn heading(&self) -> String {
        match &self.tag {
            Some(tag) => format!("{} [{tag}]", self.title),
            None => self.title.clone(),
        }
    }

    /// All of it as plain lines, for where cards do not arrive.
    pub fn plain(&self) -> String {
        let mut lines = vec![self.heading()];
        plain_lines(&self.blocks, &mut lines);
        lines.join("\n")
    }
}

fn plain_lines(blocks: &[Block], lines: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Text(text) | Block::Small(text) | Block::Prose(text) => lines.push(text.clone()),
            Block::Warning(text) => lines.push(format!("! {text}")),
            Block::Fact { name, value } => lines.push(format!("{name}: {value}")),
            Block::Person { words, person } => lines.push(format!("{words} {person}")),
            Block::Code { text, .. } => lines.extend(text.lines().map(|line| format!("    {line}"))),
            Block::Folded { blocks, .. } => plain_lines(blocks, lines),
            Block::Divider | Block::Buttons(_) | Block::Form(_) => {}
        }
    }
}
