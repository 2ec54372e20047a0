//! What an MCP server asks the person: a form to fill in, or a page to open.
//!
//! For: the fields, what is preset in them, and whether an answer fits. The CLI passes on whatever it is given, so
//! what does not fit is found here. Not for: how it shows, and how it is sent.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Number;
use serde_json::Value;

/// One request of a server for input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elicitation {
    pub server: String,
    pub message: String,
    pub wanted: Wanted,
}

/// What the person is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    Form(Vec<Field>),
    /// Open this page; only http and https.
    Page {
        url: String,
        host: String,
    },
    /// Why it can only be declined or dismissed.
    Unfit(String),
}

/// One value of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The key under which the value goes back.
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub required: bool,
    pub kind: FieldKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    Text { format: Option<TextFormat>, min_chars: Option<u64>, max_chars: Option<u64>, default: Option<String> },
    Number { is_whole: bool, min: Option<Number>, max: Option<Number>, default: Option<Number> },
    Boolean { default: Option<bool> },
    Choice { options: Vec<Offered>, default: Option<usize> },
    Choices { options: Vec<Offered>, min: Option<u64>, max: Option<u64>, default: Vec<usize> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextFormat {
    Email,
    Uri,
    Date,
    DateTime,
}

/// One value that a field offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    pub value: String,
    pub label: String,
}

/// What was put into a field so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    pub text: String,
    /// Places among the options.
    pub chosen: Vec<usize>,
}

/// The options of a yes-or-no field, in their order.
const YES_NO: [&str; 2] = ["yes", "no"];

impl Field {
    /// What the person reads as its name.
    pub fn label(&self) -> &str {
        self.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&self.name)
    }

    /// The options to choose from; none where something is written.
    pub fn options(&self) -> Vec<&str> {
        match &self.kind {
            FieldKind::Text { .. } | FieldKind::Number { .. } => Vec::new(),
            FieldKind::Boolean { .. } => YES_NO.to_vec(),
            FieldKind::Choice { options, .. } | FieldKind::Choices { options, .. } => {
                options.iter().map(|option| option.label.as_str()).collect()
            }
        }
    }

    pub fn is_multiple(&self) -> bool {
        matches!(self.kind, FieldKind::Choices { .. })
    }

    /// What stands in it before the person changes anything.
    pub fn preset(&self) -> Given {
        let chosen = |places: Vec<usize>| Given { chosen: places, text: String::new() };
        let text = |text: String| Given { text, chosen: Vec::new() };
        match &self.kind {
            FieldKind::Text { default, .. } => text(default.clone().unwrap_or_default()),
            FieldKind::Number { default, .. } => text(default.as_ref().map(Number::to_string).unwrap_or_default()),
            FieldKind::Boolean { default } => chosen(default.map(|yes| usize::from(!yes)).into_iter().collect()),
            FieldKind::Choice { default, .. } => chosen(default.iter().copied().collect()),
            FieldKind::Choices { default, .. } => chosen(default.clone()),
        }
    }

    /// What may be put in, in a few words; empty where that is plain.
    pub fn limits(&self) -> String {
        let range = |min: Option<String>, max: Option<String>| match (min, max) {
            (Some(min), Some(max)) => format!("{min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => String::new(),
        };
        let number = |limit: &Option<u64>| limit.as_ref().map(u64::to_string);
        let unless_empty = |text: String, unit: &str| if text.is_empty() { text } else { format!("{text} {unit}") };
        match &self.kind {
            FieldKind::Text { format, min_chars, max_chars, .. } => {
                let format = format.map(TextFormat::describe).unwrap_or_default().to_owned();
                let length = unless_empty(range(number(min_chars), number(max_chars)), "characters");
                [format, length].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
            }
            FieldKind::Number { is_whole, min, max, .. } => {
                let kind = if *is_whole { "a whole number" } else { "a number" };
                let range = range(min.as_ref().map(Number::to_string), max.as_ref().map(Number::to_string));
                if range.is_empty() { kind.to_owned() } else { format!("{kind}, {range}") }
            }
            FieldKind::Boolean { .. } | FieldKind::Choice { .. } => String::new(),
            FieldKind::Choices { min, max, .. } => unless_empty(range(number(min), number(max)), "chosen"),
        }
    }

    /// The value that was put in, if one was; the sentence says what is wrong with it.
    pub fn value(&self, given: &Given) -> Result<Option<Value>, String> {
        let value = match &self.kind {
            FieldKind::Text { .. } => Some(given.text.as_str()).filter(|text| !text.is_empty()).map(Value::from),
            FieldKind::Number { .. } => match given.text.trim() {
                "" => None,
                text => Some(number(text).map(Value::Number).ok_or_else(|| "this is no number".to_owned())?),
            },
            FieldKind::Boolean { .. } => given.chosen.first().map(|place| Value::Bool(*place == 0)),
            FieldKind::Choice { options, .. } => {
                given.chosen.first().and_then(|place| options.get(*place)).map(|option| option.value.clone().into())
            }
            FieldKind::Choices { options, .. } => {
                let chosen = given.chosen.iter().filter_map(|place| options.get(*place));
                let list: Vec<Value> = chosen.map(|option| option.value.clone().into()).collect();
                (self.required || !list.is_empty()).then_some(Value::Array(list))
            }
        };
        match &value {
            None if self.required => Err("this is required".to_owned()),
            None => Ok(None),
            Some(found) => self.admits(found).map(|()| value),
        }
    }

    /// Whether a value fits; the sentence says why not.
    fn admits(&self, value: &Value) -> Result<(), String> {
        let fits = |is: bool, otherwise: String| if is { Ok(()) } else { Err(otherwise) };
        let outside = || format!("this must be {}", self.limits());
        match (&self.kind, value) {
            (FieldKind::Text { format, min_chars, max_chars, .. }, Value::String(text)) => {
                let n = text.chars().count() as u64;
                let is_long_enough = min_chars.is_none_or(|min| n >= min) && max_chars.is_none_or(|max| n <= max);
                fits(is_long_enough && format.is_none_or(|format| format.admits(text)), outside())
            }
            (FieldKind::Number { is_whole, min, max, .. }, Value::Number(number)) => {
                let is_kind = !is_whole || number.as_i64().is_some() || number.as_u64().is_some();
                let at = number.as_f64().unwrap_or(f64::NAN);
                let limit = |limit: &Option<Number>| limit.as_ref().and_then(Number::as_f64);
                let is_in = limit(min).is_none_or(|min| at >= min) && limit(max).is_none_or(|max| at <= max);
                fits(is_kind && at.is_finite() && is_in, outside())
            }
            (FieldKind::Boolean { .. }, Value::Bool(_)) => Ok(()),
            (FieldKind::Choice { options, .. }, Value::String(text)) => {
                fits(is_offered(options, text), "this was not offered".to_owned())
            }
            (FieldKind::Choices { options, min, max, .. }, Value::Array(list)) => {
                let all = list.iter().all(|item| item.as_str().is_some_and(|text| is_offered(options, text)));
                fits(all, "this was not offered".to_owned())?;
                let n = list.len() as u64;
                fits(min.is_none_or(|min| n >= min) && max.is_none_or(|max| n <= max), outside())
            }
            _ => Err("this is a value of another kind".to_owned()),
        }
    }
}

impl TextFormat {
    fn describe(self) -> &'static str {
        match self {
            Self::Email => "a mail address",
            Self::Uri => "an address such as https://…",
            Self::Date => "a date such as 2026-01-31",
            Self::DateTime => "a time such as 2026-01-31T12:00:00Z",
        }
    }

    fn admits(self, text: &str) -> bool {
        let is_plain = !text.contains(char::is_whitespace);
        match self {
            Self::Email => {
                is_plain && text.split_once('@').is_some_and(|(who, at)| !who.is_empty() && at.contains('.'))
            }
            Self::Uri => {
                let is_scheme = |scheme: &str| {
                    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
                };
                is_plain && text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
            }
            Self::Date => text.len() == 10 && text.parse::<Date>().is_ok(),
            Self::DateTime => text.parse::<Timestamp>().is_ok(),
        }
    }
}

fn is_offered(options: &[Offered], value: &str) -> bool {
    options.iter().any(|option| option.value == value)
}

/// A number as it was written: whole ones stay whole, whatever their size allows.
fn number(text: &str) -> Option<Number> {
    match text.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => text.parse::<u64>().map(Number::from).ok().or_else(|| Number::from_f64(text.parse().ok()?)),
    }
}

/// The answer to a form; or the first field that is not right, and what is wrong with it.
pub fn filled(fields: &[Field], given: &[Given]) -> Result<Map<String, Value>, (usize, String)> {
    let mut content = Map::new();
    let empty = Given::default();
    for (place, field) in fields.iter().enumerate() {
        let value = field.value(given.get(place).unwrap_or(&empty)).map_err(|why| (place, why))?;
        if let Some(value) = value {
            content.insert(field.name.clone(), value);
        }
    }
    Ok(content)
}

/// Whether an answer from anywhere is one that the form allows; the sentence says why not.
pub fn check(fields: &[Field], content: &Map<String, Value>) -> Result<(), String> {
    if let Some(unknown) = content.keys().find(|name| !fields.iter().any(|field| field.name == **name)) {
        return Err(format!("the form has no field {unknown}"));
    }
    for field in fields {
        match content.get(&field.name) {
            None if field.required => return Err(format!("{}: this is required", field.label())),
            None => {}
            Some(value) => field.admits(value).map_err(|why| format!("{}: {why}", field.label()))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
