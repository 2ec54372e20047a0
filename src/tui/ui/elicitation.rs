//! What a person has put into a server's form so far.
//!
//! The rows of the dialog: for each field its options or one row to write in, then what ends the dialog.

use crate::core::approval::elicitation::Elicitation;
use crate::core::approval::elicitation::Field;
use crate::core::approval::elicitation::Given;
use crate::core::approval::elicitation::Wanted;
use crate::tui::input::action::Action;

/// A row that the cursor can stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// Writes into the field.
    Write(usize),
    /// An option of the field.
    Option(usize, usize),
    /// Sends the form.
    Send,
    /// Puts the page's address into the clipboard, for the person to open.
    OpenPage,
    /// Ends the dialog without an answer.
    Dismiss,
}

/// What was put in, and where the cursor is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filling {
    pub row: usize,
    pub fields: Vec<Given>,
    /// The field that is not right, and what is wrong with it.
    pub fault: Option<(usize, String)>,
}

impl Filling {
    /// The form as the server presets it.
    pub fn of(asked: &Elicitation) -> Self {
        let fields = match &asked.wanted {
            Wanted::Form(fields) => fields.iter().map(Field::preset).collect(),
            Wanted::Page { .. } | Wanted::Unfit(_) => Vec::new(),
        };
        // A page is never agreed to by the first key.
        let row = usize::from(matches!(asked.wanted, Wanted::Page { .. }));
        Self { row, fields, ..Self::default() }
    }

    pub fn current(&self, asked: &Elicitation) -> Row {
        let rows = rows(asked);
        rows.get(self.row).or(rows.last()).copied().unwrap_or(Row::Dismiss)
    }

    /// Moves the cursor to the first row of a field, or to what comes after the last one.
    pub fn go_to_field(&mut self, asked: &Elicitation, field: usize) {
        let rows = rows(asked);
        let of_field = rows.iter().position(|row| field_of(*row) == Some(field));
        let after = rows.iter().position(|row| field_of(*row).is_none());
        self.row = of_field.or(after).unwrap_or(0);
    }
}

/// The field that a row belongs to.
pub fn field_of(row: Row) -> Option<usize> {
    match row {
        Row::Write(field) | Row::Option(field, _) => Some(field),
        Row::Send | Row::OpenPage | Row::Dismiss => None,
    }
}

/// What the keys do on a row, the most wanted first.
pub fn keys_on(asked: &Elicitation, row: Row) -> Vec<(Action, &'static str)> {
    let fields = match &asked.wanted {
        Wanted::Form(fields) => fields.as_slice(),
        Wanted::Page { .. } | Wanted::Unfit(_) => &[],
    };
    let is_multiple = field_of(row).and_then(|field| fields.get(field)).is_some_and(Field::is_multiple);
    let enter = match row {
        Row::Write(_) => "write",
        Row::Option(..) if is_multiple => "next field",
        Row::Option(..) => "choose, go on",
        Row::Send => "send",
        Row::OpenPage => "agree, copy the address",
        Row::Dismiss => "close without an answer",
    };
    let mut keys = vec![(Action::SubmitAnswers, enter)];
    if matches!(row, Row::Option(..)) {
        keys.insert(0, (Action::OptionToggle, "choose"));
    }
    if !fields.is_empty() {
        keys.push((Action::QuestionNext, "next field"));
    }
    keys.push((Action::DeclineQuestions, "decline"));
    keys
}

/// All rows, from top to bottom.
pub fn rows(asked: &Elicitation) -> Vec<Row> {
    let mut rows = Vec::new();
    match &asked.wanted {
        Wanted::Form(fields) => {
            for (place, field) in fields.iter().enumerate() {
                match field.options().len() {
                    0 => rows.push(Row::Write(place)),
                    n => rows.extend((0..n).map(|option| Row::Option(place, option))),
                }
            }
            rows.push(Row::Send);
        }
        Wanted::Page { .. } => rows.push(Row::OpenPage),
        Wanted::Unfit(_) => {}
    }
    rows.push(Row::Dismiss);
    rows
}
