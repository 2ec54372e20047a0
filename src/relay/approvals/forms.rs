//! A server's form on a card, where it is one that a card can hold; pages are opened at the terminal.

use serde_json::Map;
use serde_json::Value;

use super::Keys;
use crate::core::approval::Decision;
use crate::core::approval::elicitation::Elicitation;
use crate::core::approval::elicitation::Field as Asked;
use crate::core::approval::elicitation::Given;
use crate::core::approval::elicitation::Wanted;
use crate::core::approval::elicitation::filled;
use crate::core::language;
use crate::core::language::Language;
use crate::relay::card::Block;
use crate::relay::card::Card;
use crate::relay::card::Field;
use crate::relay::card::FieldKind;
use crate::relay::card::Form;
use crate::relay::card::Style;

/// Fields that a card shows; a longer form is filled in at the terminal.
const MAX_FIELDS: usize = 10;
const MAX_CHARS: u32 = 1000;

pub(super) fn keys(card: &mut Card, asked: &Elicitation, keys: Keys<'_>) {
    let language = keys.language;
    card.blocks
        .push(Block::Fact { name: language.pick("server", "服务器").into(), value: keys.safe(&asked.server) });
    card.blocks.push(Block::Text(keys.safe(&asked.message)));
    match fitting(asked, keys) {
        Ok(fields) => {
            let fields = fields.iter().enumerate().map(|(at, field)| on_card(at, field, keys)).collect();
            let submit = keys.button("fill", language.pick("Send", "发送"), Style::Primary);
            card.blocks.push(Block::Form(Form::new("f_fill", fields, submit)));
        }
        Err(why) => card.blocks.push(Block::Warning(why)),
    }
    card.blocks.push(Block::Buttons(vec![keys.button("deny", language.pick("Decline", "拒绝"), Style::Plain)]));
}

/// The fields, if a card can show all of them; the sentence says why it cannot.
fn fitting<'a>(asked: &'a Elicitation, keys: Keys<'_>) -> Result<&'a [Asked], String> {
    let language = keys.language;
    let at_terminal = || Err(language.pick("Answer this at the terminal.", "请在终端回答。").to_owned());
    match &asked.wanted {
        Wanted::Form(fields) if fields.len() <= MAX_FIELDS => {
            // A choice whose words are hidden here cannot be told from another.
            let is_plain = |field: &Asked| field.options().iter().all(|label| keys.safe(label) == **label);
            if fields.iter().all(is_plain) { Ok(fields) } else { at_terminal() }
        }
        Wanted::Form(_) => at_terminal(),
        Wanted::Page { host, .. } => {
            let host = keys.safe(host);
            Err(match language {
                Language::English => format!("It asks to open a page of {host}. Answer this at the terminal."),
                Language::Chinese => format!("需要打开 {host} 的页面。请在终端回答。"),
            })
        }
        Wanted::Unfit(_) => {
            Err(language.pick("This can only be declined or dismissed.", "只能拒绝，或在终端关闭。").to_owned())
        }
    }
}

fn on_card(at: usize, field: &Asked, keys: Keys<'_>) -> Field {
    let language = keys.language;
    let mut label = keys.safe(field.label());
    let limits = field.limits();
    let preset = Some(field.preset().text).filter(|text| !text.is_empty());
    let preset = preset.map(|text| match language {
        Language::English => format!("empty means {}", keys.safe(&text)),
        Language::Chinese => format!("留空即为 {}", keys.safe(&text)),
    });
    let words = field.description.as_deref().map(|text| keys.safe(text));
    for more in words.into_iter().chain([limits]).chain(preset).filter(|text| !text.trim().is_empty()) {
        label = format!("{label} · {more}");
    }
    if field.required {
        label = format!("{label} *");
    }
    let options: Vec<(String, String)> =
        field.options().iter().enumerate().map(|(nth, label)| (nth.to_string(), keys.safe(label))).collect();
    let kind = match (options.is_empty(), field.is_multiple()) {
        (true, _) => {
            FieldKind::Text { max_chars: MAX_CHARS, required: field.required && field.preset().text.is_empty() }
        }
        (false, true) => FieldKind::Choices { options },
        (false, false) => {
            FieldKind::Choice { options, initial: field.preset().chosen.first().map(ToString::to_string) }
        }
    };
    Field { name: format!("f{at}"), label, kind }
}

/// What a form on a card decides; the sentence says what is not right.
pub(super) fn decision(asked: &Elicitation, form: &Map<String, Value>, language: Language) -> Result<Decision, String> {
    let Wanted::Form(fields) = &asked.wanted else {
        return Err(language.pick("That was not offered.", "该操作不可用。").to_owned());
    };
    let given: Vec<Given> =
        fields.iter().enumerate().map(|(at, field)| given(field, form.get(&format!("f{at}")))).collect();
    match filled(fields, &given) {
        Ok(content) => Ok(Decision::Fill(Value::Object(content))),
        Err((at, why)) => {
            let name = fields.get(at).map(Asked::label).unwrap_or_default();
            Err(match language {
                Language::English => format!("{name}: {why}."),
                Language::Chinese => format!("「{name}」填写有误：{}。", language::told(&why, language)),
            })
        }
    }
}

fn given(field: &Asked, value: Option<&Value>) -> Given {
    let places = |list: Vec<&str>| list.into_iter().filter_map(|place| place.parse().ok()).collect();
    match value {
        Some(Value::String(text)) if field.options().is_empty() && !text.trim().is_empty() => {
            Given { text: text.trim().to_owned(), chosen: Vec::new() }
        }
        Some(Value::String(place)) if !place.is_empty() && !field.options().is_empty() => {
            Given { text: String::new(), chosen: places(vec![place]) }
        }
        Some(Value::Array(list)) if !field.options().is_empty() => {
            Given { text: String::new(), chosen: places(list.iter().filter_map(Value::as_str).collect()) }
        }
        // Nothing was put in: what is written stays as the server preset it, and nothing is chosen for the person.
        _ if field.options().is_empty() => field.preset(),
        _ => Given::default(),
    }
}
