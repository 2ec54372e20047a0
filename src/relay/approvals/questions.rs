//! Questions on a card: what is shown, and what answers them, in a form or in words.

use std::fmt::Write as _;

use serde_json::Map;
use serde_json::Value;

use super::Keys;
use crate::core::approval::Answer;
use crate::core::approval::Question;
use crate::core::ids::ApprovalId;
use crate::core::language::Language;
use crate::relay::card::Block;
use crate::relay::card::Card;
use crate::relay::card::Field;
use crate::relay::card::FieldKind;
use crate::relay::card::Form;
use crate::relay::card::Style;
use crate::relay::typed::fold;

/// Options that are shown as buttons, and characters of each.
const MAX_BUTTONS: usize = 6;
const MAX_BUTTON: usize = 60;

/// What a press on the button of an option is called.
const OPTION: &str = "option";

/// Whether a question is answered by one press: one of few short options, whose words nothing hides.
fn is_one_press(question: &Question, keys: Keys<'_>) -> bool {
    let is_short = |label: &str| !label.trim().is_empty() && label.chars().count() <= MAX_BUTTON;
    !question.multiple
        && (1..=MAX_BUTTONS).contains(&question.options.len())
        && question.options.iter().all(|option| is_short(&option.label) && keys.safe(&option.label) == option.label)
}

/// The one question with its options to press, and words of one's own folded away.
fn one_press(card: &mut Card, question: &Question, keys: Keys<'_>) {
    let language = keys.language;
    let mut text = question.text.clone();
    for (nth, option) in question.options.iter().enumerate().filter(|(_, option)| !option.description.is_empty()) {
        let colon = language.pick(": ", "：");
        let _ = write!(text, "\n{}. {}{colon}{}", nth + 1, option.label, option.description);
    }
    card.blocks.push(Block::Text(keys.safe(&text)));
    for (nth, option) in question.options.iter().enumerate() {
        let label = format!("{}. {}", nth + 1, option.label);
        card.blocks.push(Block::Buttons(vec![keys.button(&format!("{OPTION}{nth}"), &label, Style::Plain)]));
    }
    let field = Field {
        name: "t0".into(),
        label: language.pick("Your answer", "你的回答").into(),
        kind: FieldKind::Text { max_chars: 1000, required: false },
    };
    let submit = keys.button("answers", language.pick("Answer", "回答"), Style::Plain);
    let deny = keys.button("deny", language.pick("Deny", "拒绝"), Style::Plain);
    let folded = Some(language.pick("In your own words, or deny", "自己写，或拒绝").to_owned());
    card.blocks.push(Block::Form(Form { others: vec![deny], folded, ..Form::new("f_answers", vec![field], submit) }));
}

/// The answer that a press on an option is.
pub(super) fn pressed(questions: &[Question], act: &str, language: Language) -> Option<Result<Vec<Answer>, String>> {
    let nth = act.strip_prefix(OPTION)?;
    let mut form = Map::new();
    form.insert("q0".to_owned(), nth.into());
    Some(answers(questions, &form, language))
}

pub(super) fn keys(card: &mut Card, questions: &[Question], keys: Keys<'_>) {
    let language = keys.language;
    if let [question] = questions
        && is_one_press(question, keys)
    {
        return one_press(card, question, keys);
    }
    let mut fields = Vec::new();
    for (at, question) in questions.iter().enumerate() {
        // The numbers are for whoever answers in words.
        let mut text = question.text.clone();
        for (nth, option) in question.options.iter().enumerate() {
            let _ = write!(text, "\n{}. {}", nth + 1, option.label);
            if !option.description.is_empty() {
                let _ = write!(text, "{}{}", language.pick(": ", "："), option.description);
            }
        }
        card.blocks.push(Block::Text(keys.safe(&text)));
        let options: Vec<(String, String)> = question
            .options
            .iter()
            .enumerate()
            .map(|(nth, option)| (nth.to_string(), keys.safe(&option.label)))
            .collect();
        let named = keys.safe(if question.header.is_empty() { &question.text } else { &question.header });
        let own = language.pick("or in your own words", "或自行填写");
        let (label, own) = match questions.len() {
            1 => (named, own.to_owned()),
            _ => (format!("{}. {named}", at + 1), format!("{}. {own}", at + 1)),
        };
        if !options.is_empty() {
            let several = question.multiple;
            let kind =
                if several { FieldKind::Choices { options } } else { FieldKind::Choice { options, initial: None } };
            fields.push(Field { name: format!("q{at}"), label, kind });
        }
        let kind = FieldKind::Text { max_chars: 1000, required: false };
        fields.push(Field { name: format!("t{at}"), label: own, kind });
    }
    let submit = keys.button("answers", language.pick("Answer", "回答"), Style::Primary);
    card.blocks.push(Block::Form(Form::new("f_answers", fields, submit)));
    card.blocks.push(Block::Buttons(vec![keys.button("deny", language.pick("Deny", "拒绝"), Style::Plain)]));
}

/// How the questions are answered in words.
pub fn usage(id: ApprovalId, questions: &[Question], language: Language) -> String {
    let parts: Vec<&str> = questions.iter().map(|question| if question.multiple { "1,2" } else { "1" }).collect();
    let own = language.pick(" (or in your own words)", "（或自己的话）");
    format!("/answer {id} {}{own}", parts.join("; "))
}

/// The answers that a form holds; the sentence says what is missing.
pub(super) fn answers(
    questions: &[Question],
    form: &Map<String, Value>,
    language: Language,
) -> Result<Vec<Answer>, String> {
    let mut answers = Vec::new();
    for (at, question) in questions.iter().enumerate() {
        let chosen = match form.get(&format!("q{at}")) {
            Some(Value::String(one)) if !one.is_empty() => vec![one.as_str()],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if chosen.len() > 1 && !question.multiple {
            return Err(language.pick("Choose one.", "只能选择一项。").to_owned());
        }
        let mut parts = Vec::new();
        for name in chosen {
            let option = name.parse().ok().and_then(|place: usize| question.options.get(place));
            parts.push(
                option
                    .ok_or_else(|| language.pick("That was not offered.", "该选项不可用。").to_owned())?
                    .label
                    .as_str(),
            );
        }
        let own = form.get(&format!("t{at}")).and_then(Value::as_str).map(str::trim).unwrap_or_default();
        if !own.is_empty() && (question.multiple || parts.is_empty()) {
            parts.push(own);
        } else if !own.is_empty() {
            return Err(language.pick("Choose an answer or write one, not both.", "请选择或填写其一。").to_owned());
        }
        if parts.is_empty() {
            return Err(match language {
                Language::English => format!("Question {} has no answer yet.", at + 1),
                Language::Chinese => format!("问题 {} 尚未回答。", at + 1),
            });
        }
        answers.push(Answer { question: question.text.clone(), answer: parts.join(", ") });
    }
    Ok(answers)
}

/// What is said to each of several questions.
fn parts_of(text: &str) -> Vec<&str> {
    text.split([';', '；', '\n']).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The option that is called so.
fn called(question: &Question, part: &str) -> Option<usize> {
    let plain = |text: &str| fold::folded(fold::unquoted(text)).trim_end_matches(['。', '.', '!']).to_owned();
    let named = plain(part);
    question.options.iter().position(|option| !named.is_empty() && plain(&option.label) == named)
}

/// Numbers of options, in any width, and nothing else.
fn numbered(part: &str) -> Option<Vec<usize>> {
    let part = fold::wide(part);
    let part = part.trim().trim_end_matches(['。', '.', '!']);
    let words = part.split([',', '、', ' ', '和', '&']).filter(|word| !word.is_empty());
    // A sign is no part of a number: +1 is a thumb.
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok()).flatten();
    let numbers: Option<Vec<usize>> = words.map(number).collect();
    numbers.filter(|numbers| !numbers.is_empty())
}

/// Whether a message is nothing but names of options, one for each question.
pub fn are_options(questions: &[Question], text: &str) -> bool {
    each(questions, text, |question, part| called(question, part).is_some())
}

/// Whether a message is nothing but names or numbers of options, for each question.
pub fn are_choices(questions: &[Question], text: &str) -> bool {
    each(questions, text, |question, part| called(question, part).is_some() || numbered(part).is_some())
}

fn each(questions: &[Question], text: &str, is_it: impl Fn(&Question, &str) -> bool) -> bool {
    let parts = if questions.len() == 1 { vec![text.trim()] } else { parts_of(text) };
    parts.len() == questions.len() && questions.iter().zip(parts).all(|(question, part)| is_it(question, part))
}

/// The answers that a message holds: for each question numbers of its options, or words.
pub fn answers_in_words(questions: &[Question], text: &str, language: Language) -> Result<Vec<Answer>, String> {
    let parts: Vec<&str> = match questions {
        [_] => vec![text.trim()],
        _ => parts_of(text),
    };
    if parts.len() != questions.len() {
        let n = questions.len();
        return Err(match language {
            Language::English => format!("There are {n} questions: write {n} answers, with ; between them."),
            Language::Chinese => format!("共有 {n} 个问题：请写 {n} 个答案，用分号隔开。"),
        });
    }
    let mut form = Map::new();
    for (at, (question, part)) in questions.iter().zip(parts).enumerate() {
        // What an option is called is meant before what it is numbered.
        if let Some(nth) = called(question, part) {
            form.insert(format!("q{at}"), vec![Value::from(nth.to_string())].into());
            continue;
        }
        let Some(numbers) = numbered(part).filter(|_| !question.options.is_empty()) else {
            form.insert(format!("t{at}"), part.into());
            continue;
        };
        let n = question.options.len();
        if numbers.iter().any(|number| !(1..=n).contains(number)) {
            return Err(match language {
                Language::English => format!("Question {} has {n} options; a number means one of them.", at + 1),
                Language::Chinese => format!("问题 {} 有 {n} 个选项；数字表示选项编号。", at + 1),
            });
        }
        let chosen: Vec<Value> = numbers.iter().map(|number| (number - 1).to_string().into()).collect();
        form.insert(format!("q{at}"), chosen.into());
    }
    answers(questions, &form, language)
}
