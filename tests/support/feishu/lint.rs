//! What the real Feishu would not take: wrong acknowledgements, wrong cards.

use std::collections::HashSet;

use adjutant::relay::feishu::frame;
use adjutant::relay::feishu::frame::Frame;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pulldown_cmark::Event;
use pulldown_cmark::Options;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;
use serde_json::Value;

use super::Pushed;

/// The code and the data of an acknowledgement, or what is wrong with it.
pub fn acknowledgement(pushed: &Pushed, ack: &Frame) -> Result<(i64, Option<Value>), String> {
    let sent = &pushed.frame;
    let same =
        (ack.seq_id, ack.log_id, ack.service, ack.method) == (sent.seq_id, sent.log_id, sent.service, sent.method);
    if !same {
        return Err(format!("the frame is another one: {ack:?} for {sent:?}"));
    }
    for header in &sent.headers {
        if ack.header(&header.key) != Some(&header.value) {
            return Err(format!("the header {} is not as it was sent", header.key));
        }
    }
    if ack.headers.len() != sent.headers.len() + 1 {
        return Err(format!("there are other headers than biz_rt: {:?}", ack.headers));
    }
    let took = ack.header(frame::BIZ_RT).unwrap_or_default();
    if took.is_empty() || !took.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("biz_rt is no number: “{took}”"));
    }
    let payload: Value = serde_json::from_slice(ack.payload.as_deref().unwrap_or_default())
        .map_err(|error| format!("the payload is no JSON: {error}"))?;
    let code = payload["code"].as_i64().ok_or("there is no code")?;
    let data = match &payload["data"] {
        Value::Null if pushed.is_callback => return Err("a callback is answered without data".into()),
        Value::Null => None,
        Value::String(text) => {
            let bytes = STANDARD.decode(text).map_err(|error| format!("the data is no base64: {error}"))?;
            Some(serde_json::from_slice(&bytes).map_err(|error| format!("the data is no JSON: {error}"))?)
        }
        other => return Err(format!("the data is no text: {other}")),
    };
    if pushed.is_callback {
        callback(data.as_ref().unwrap_or(&Value::Null))?;
    }
    Ok((code, data))
}

/// The answer to a press: a note, a card, or nothing.
fn callback(data: &Value) -> Result<(), String> {
    let fields = data.as_object().ok_or("the data is no object")?;
    if let Some(other) = fields.keys().find(|key| !["toast", "card"].contains(&key.as_str())) {
        return Err(format!("the data has a field {other}"));
    }
    if let Some(toast) = data.get("toast") {
        let is_kind = ["info", "success", "warning", "error"].iter().any(|kind| toast["type"] == *kind);
        if !is_kind || !toast["content"].is_string() {
            return Err(format!("the toast cannot be shown: {toast}"));
        }
    }
    match data.get("card") {
        Some(shown) if shown["type"] == "raw" => card(&shown["data"]).map_err(|(_, why)| why),
        Some(other) => Err(format!("the card is of no known type: {other}")),
        None => Ok(()),
    }
}

/// A card that would not be taken: with which code, and why.
pub fn card(card: &Value) -> Result<(), (i64, String)> {
    const MAX_BYTES: usize = 30_000;
    const MAX_TABLES: usize = 5;
    let failed =
        |sub: u32, why: String| Err((230_099, format!("Failed to create card content, ext=ErrCode: {sub}; {why}")));
    let n_bytes = card.to_string().len();
    if n_bytes > MAX_BYTES {
        return Err((230_025, format!("the card has {n_bytes} bytes")));
    }
    if card["schema"] != "2.0" {
        return failed(200_621, "schema is not 2.0".into());
    }
    if card["config"]["update_multi"] != true {
        return failed(200_621, "config.update_multi is not true".into());
    }
    let mut found = Found::default();
    found.walk(&card["header"], None);
    found.walk(&card["body"], None);
    match found.wrong {
        Some((sub, why)) => failed(sub, why),
        None if found.n_tables > MAX_TABLES => failed(11_310, format!("the card has {} tables", found.n_tables)),
        None if found.n_elements > 200 => Err((300_305, format!("the card has {} elements", found.n_elements))),
        None => Ok(()),
    }
}

#[derive(Debug, Default)]
struct Found {
    n_elements: usize,
    n_tables: usize,
    ids: HashSet<String>,
    names: HashSet<(usize, String)>,
    n_forms: usize,
    wrong: Option<(u32, String)>,
}

impl Found {
    fn wrong(&mut self, sub: u32, why: impl Into<String>) {
        self.wrong.get_or_insert((sub, why.into()));
    }

    fn walk(&mut self, value: &Value, form: Option<usize>) {
        let mut inside = form;
        if let Some(tag) = value["tag"].as_str() {
            self.n_elements += 1;
            self.element(value, tag, form);
            if tag == "form" {
                self.n_forms += 1;
                inside = Some(self.n_forms);
            }
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, inside)),
            Value::Object(fields) => {
                for (key, field) in fields {
                    // What a button carries is no part of the card.
                    if key != "behaviors" {
                        self.walk(field, inside);
                    }
                }
            }
            _ => {}
        }
    }

    fn element(&mut self, value: &Value, tag: &str, form: Option<usize>) {
        if tag == "collapsible_panel"
            && value["elements"].as_array().into_iter().flatten().any(|it| it["tag"] == "form")
        {
            self.wrong(200_621, "a form in a folded panel");
        }
        if ["action", "note"].contains(&tag) {
            self.wrong(200_861, format!("the tag {tag} is not in 2.0"));
        }
        if let Some(id) = value["element_id"].as_str() {
            let is_word = id.len() <= 20
                && id.starts_with(|c: char| c.is_ascii_alphabetic())
                && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_word || !self.ids.insert(id.to_owned()) {
                self.wrong(300_301, format!("element_id {id} is wrong or there twice"));
            }
        }
        if tag == "markdown" {
            let content = value["content"].as_str().unwrap_or_default();
            let events = Parser::new_ext(content, Options::ENABLE_TABLES);
            self.n_tables += events.filter(|event| matches!(event, Event::Start(Tag::Table(_)))).count();
        }
        if ["markdown", "plain_text"].contains(&tag) && !value["content"].is_string() {
            self.wrong(200_621, format!("a {tag} has no content"));
        }
        if ["select_static", "multi_select_static"].contains(&tag)
            && value["options"].as_array().is_none_or(Vec::is_empty)
        {
            self.wrong(200_621, "there is nothing to select");
        }
        let is_control = ["button", "input", "select_static", "multi_select_static", "checker"].contains(&tag);
        if let (true, Some(form)) = (is_control, form) {
            let name = value["name"].as_str().unwrap_or_default();
            if name.is_empty() || !self.names.insert((form, name.to_owned())) {
                self.wrong(200_530, format!("a {tag} in a form has no name of its own"));
            }
        }
        if tag == "input" && form.is_none() && value.get("behaviors").is_none() {
            self.wrong(200_621, "an input outside a form does nothing");
        }
        if tag == "button" {
            let behaviors = value["behaviors"].as_array().cloned().unwrap_or_default();
            let acts = behaviors.iter().any(|behavior| match behavior["type"].as_str() {
                Some("callback") => behavior["value"].is_object(),
                Some("open_url") => behavior["default_url"].is_string(),
                _ => false,
            });
            if !acts {
                self.wrong(200_621, "a button does nothing");
            }
        }
    }
}
