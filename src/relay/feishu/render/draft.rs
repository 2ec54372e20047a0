//! The pieces of a card, with texts of at most so many bytes.

use std::collections::HashSet;

use serde_json::Value;
use serde_json::json;

use super::Rendered;
use super::prose;
use super::text;
use crate::core::language::Language;
use crate::relay::card::Block;
use crate::relay::card::Button;
use crate::relay::card::Card;
use crate::relay::card::Field;
use crate::relay::card::FieldKind;
use crate::relay::card::Form;
use crate::relay::card::Style;
use crate::relay::card::Tone;
use crate::relay::steps;

/// The longest of the texts that are one line: a title, what is on a button, what can be chosen.
const MAX_LINE: usize = 300;
/// Feishu shows about so much in its list of chats.
const MAX_SUMMARY: usize = 150;
/// The most that Feishu lets anybody type.
const MAX_TYPED: u32 = 1_000;
/// Tables of one card.
const MAX_TABLES: usize = 5;
/// Buttons side by side.
const MAX_BESIDE: usize = 4;

/// How much of a card is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Whole,
    /// Texts that follow each other are one: there are too many.
    Gathered,
    /// The title, and that it does not fit.
    Bare,
}

pub(super) fn draft(card: &Card, language: Language, cap: usize, shape: Shape) -> Rendered {
    let mut draft = Draft {
        language,
        cap,
        cut: false,
        elements: Vec::new(),
        names: HashSet::new(),
        n_ids: 0,
        n_tables_left: MAX_TABLES,
    };
    match shape {
        Shape::Whole => card.blocks.iter().for_each(|block| draft.block(block)),
        Shape::Gathered => gathered(card).iter().for_each(|block| draft.block(block)),
        Shape::Bare => draft.cut = !card.blocks.is_empty(),
    }
    let header = draft.header(card);
    let summary = draft.line(&card.summary, MAX_SUMMARY);
    if draft.cut {
        let note = language.pick(
            "Not all of it fits on this card: the terminal shows the whole.",
            "卡片无法显示全部内容，完整内容见终端。",
        );
        draft.plain(note, "orange", "notation");
    }
    if draft.elements.is_empty() {
        draft.plain("·", "grey", "notation");
    }
    let config = json!({ "update_multi": true, "enable_forward": false, "enable_forward_interaction": false,
        "width_mode": "fill", "summary": { "content": summary } });
    let body = json!({ "direction": "vertical", "vertical_spacing": "8px", "elements": draft.elements });
    Rendered { json: json!({ "schema": "2.0", "config": config, "header": header, "body": body }), cut: draft.cut }
}

/// Texts that follow each other as one.
fn gathered(card: &Card) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for block in &card.blocks {
        if matches!(block, Block::Buttons(_) | Block::Form(_)) {
            blocks.push(block.clone());
            continue;
        }
        let lines = Card { title: String::new(), tag: None, blocks: vec![block.clone()], ..card.clone() }.plain();
        match blocks.last_mut() {
            Some(Block::Text(text)) => text.push_str(&lines),
            _ => blocks.push(Block::Text(lines.trim_start().to_owned())),
        }
    }
    blocks
}

fn plain_text(content: &str) -> Value {
    json!({ "tag": "plain_text", "content": content })
}

fn colours(tone: Tone) -> (&'static str, &'static str) {
    match tone {
        Tone::Pending => ("orange", "orange"),
        Tone::Good => ("green", "green"),
        Tone::Bad => ("red", "red"),
        Tone::Over => ("grey", "neutral"),
        Tone::Working => ("blue", "blue"),
        Tone::Warning => ("yellow", "yellow"),
    }
}

#[derive(Debug)]
struct Draft {
    language: Language,
    cap: usize,
    cut: bool,
    elements: Vec<Value>,
    /// Of controls, of which each has its own.
    names: HashSet<String>,
    n_ids: usize,
    n_tables_left: usize,
}

impl Draft {
    fn header(&mut self, card: &Card) -> Value {
        let (template, colour) = colours(card.tone);
        let title = match self.line(&card.title, MAX_LINE) {
            title if title.is_empty() => "adjutant".to_owned(),
            title => title,
        };
        let mut header = json!({ "title": plain_text(&title), "template": template });
        if let Some(tag) = &card.tag {
            let text = plain_text(&self.line(tag, MAX_LINE));
            header["text_tag_list"] = json!([{ "tag": "text_tag", "text": text, "color": colour }]);
        }
        header
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Text(text) => {
                let text = self.lines(text);
                self.plain(&text, "default", "normal");
            }
            Block::Small(text) => {
                let text = self.lines(text);
                self.plain(&text, "grey", "notation");
            }
            Block::Warning(text) => {
                let text = self.one(text, self.cap);
                self.plain(&format!("{} {text}", text::WARNING), "red", "normal");
            }
            Block::Fact { name, value } => {
                let (name, value) = (self.line(name, MAX_LINE), self.cut(value, self.cap, " "));
                let value = text::exact_line(&value);
                let colon = self.language.pick(": ", "：");
                self.plain(&format!("{} {name}{colon}{value}", text::FACT), "default", "normal");
            }
            Block::Code { language, text } => {
                let text = self.cut(text, self.cap, "\n");
                self.markdown(&text::fenced(language, &text));
            }
            Block::Prose(text) => {
                let text = match self.without_steps(text) {
                    Some(text) => text,
                    None => self.cut(text, self.cap, "\n\n"),
                };
                let prose = prose::safe(&text, &mut self.n_tables_left);
                self.markdown(&prose);
            }
            Block::Person { words, person } => self.person(words, person),
            Block::Folded { title, blocks } => self.folded(title, blocks),
            Block::Divider => self.push(json!({ "tag": "hr" })),
            Block::Buttons(buttons) => buttons.chunks(MAX_BESIDE).for_each(|row| self.row(row)),
            Block::Form(form) => self.form(form),
        }
    }

    /// Blocks under a line that opens them. A form cannot stand there.
    fn folded(&mut self, title: &str, blocks: &[Block]) {
        let outside = std::mem::take(&mut self.elements);
        blocks.iter().filter(|block| !matches!(block, Block::Form(_))).for_each(|block| self.block(block));
        let inside = std::mem::replace(&mut self.elements, outside);
        if !inside.is_empty() {
            let panel = self.panel(title, &inside);
            self.push(panel);
        }
    }

    fn panel(&mut self, title: &str, elements: &[Value]) -> Value {
        let icon = json!({ "tag": "standard_icon", "token": "down-small-ccm_outlined", "size": "16px 16px" });
        let header = json!({ "title": plain_text(&self.label(title)), "icon": icon, "icon_position": "follow_text",
            "icon_expanded_angle": -180 });
        json!({ "tag": "collapsible_panel", "expanded": false, "header": header, "vertical_spacing": "8px",
            "elements": elements })
    }

    /// Somebody by name; an id that is none of Feishu's is text.
    fn person(&mut self, words: &str, person: &str) {
        let is_id = person.strip_prefix("ou_").is_some_and(|rest| {
            (1..=60).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        if !is_id {
            let text = self.lines(&format!("{words} {person}"));
            return self.plain(&text, "default", "normal");
        }
        let words = self.lines(words);
        self.plain(&words, "default", "normal");
        self.push(json!({ "tag": "person", "user_id": person, "size": "extra_small", "show_avatar": true,
            "show_name": true }));
    }

    /// A text that is too long, cut between its steps.
    fn without_steps(&mut self, text: &str) -> Option<String> {
        let cut = (text.len() > self.cap).then(|| steps::cut(text, self.cap, self.language)).flatten()?;
        self.cut = true;
        Some(cut)
    }

    /// The text, or its two ends.
    fn cut(&mut self, text: &str, cap: usize, gap: &str) -> String {
        match text::cut_middle(text, cap, gap, self.language) {
            Some(cut) => {
                self.cut = true;
                cut
            }
            None => text.to_owned(),
        }
    }

    fn lines(&mut self, text: &str) -> String {
        text::plain(&self.cut(text, self.cap, "\n"))
    }

    fn one(&mut self, text: &str, cap: usize) -> String {
        text::line(&self.cut(text, cap, " "))
    }

    fn line(&mut self, text: &str, most: usize) -> String {
        self.one(text, self.cap.min(most))
    }

    fn id(&mut self) -> String {
        self.n_ids += 1;
        format!("e{}", self.n_ids)
    }

    fn push(&mut self, mut element: Value) {
        element["element_id"] = Value::String(self.id());
        self.elements.push(element);
    }

    fn plain(&mut self, content: &str, colour: &str, size: &str) {
        if !content.trim().is_empty() {
            let text = json!({ "tag": "plain_text", "content": content, "text_color": colour, "text_size": size });
            self.push(json!({ "tag": "div", "text": text }));
        }
    }

    fn markdown(&mut self, content: &str) {
        if !content.trim().is_empty() {
            self.push(json!({ "tag": "markdown", "content": content }));
        }
    }

    /// A name that nothing else on the card has; the wanted one, when that can be.
    fn name(&mut self, wanted: &str) -> String {
        let is_word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let wanted: String = wanted.chars().filter(is_word).take(40).collect();
        let numbered = (2..).map(|n| format!("{wanted}_{n}"));
        let all = std::iter::once(wanted.clone()).filter(|name| !name.is_empty()).chain(numbered);
        let free = all.into_iter().find(|name| !self.names.contains(name)).unwrap_or_default();
        self.names.insert(free.clone());
        free
    }

    fn row(&mut self, buttons: &[Button]) {
        let mut drawn: Vec<Value> = buttons.iter().map(|button| self.button(button, "b")).collect();
        if drawn.len() < 2 {
            drawn.drain(..).for_each(|button| self.push(button));
            return;
        }
        let flex = if drawn.len() == 2 { "bisect" } else { "flow" };
        let column = |button| json!({ "tag": "column", "width": "weighted", "weight": 1, "elements": [button] });
        let columns: Vec<Value> = drawn.into_iter().map(column).collect();
        self.push(json!({ "tag": "column_set", "flex_mode": flex, "columns": columns }));
    }

    fn button(&mut self, button: &Button, name: &str) -> Value {
        let kind = match button.style {
            Style::Primary => "primary_filled",
            Style::Danger => "danger",
            Style::Plain => "default",
        };
        // Anything but an object does not come back as it is.
        let value = if button.value.is_object() { button.value.clone() } else { json!({ "value": button.value }) };
        let mut drawn = json!({ "tag": "button", "name": self.name(name), "type": kind, "width": "fill",
            "text": plain_text(&self.label(&button.label)), "behaviors": [{ "type": "callback", "value": value }] });
        if let Some(confirm) = &button.confirm {
            let (title, text) = (self.language.pick("Sure?", "确认？"), self.label(confirm));
            drawn["confirm"] = json!({ "title": plain_text(title), "text": plain_text(&text) });
        }
        drawn
    }

    fn label(&mut self, text: &str) -> String {
        match self.line(text, MAX_LINE) {
            label if label.is_empty() => "·".to_owned(),
            label => label,
        }
    }

    /// A label that is decided on.
    fn choice(&mut self, text: &str) -> String {
        let most = self.cap.min(MAX_LINE);
        match text::exact_line(&self.cut(text, most, " ")) {
            label if label.is_empty() => "·".to_owned(),
            label => label,
        }
    }

    fn form(&mut self, form: &Form) {
        let mut elements = Vec::new();
        let name = self.name(&form.name);
        for field in &form.fields {
            let Some(control) = self.control(field) else { continue };
            let label = plain_text(&self.label(&field.label));
            elements.push(json!({ "tag": "div", "element_id": self.id(), "text": label }));
            elements.push(control);
        }
        for button in form.buttons() {
            let mut submit = self.button(button, "submit");
            submit["form_action_type"] = json!("submit");
            elements.push(submit);
        }
        if let Some(title) = &form.folded {
            let mut panel = self.panel(title, &std::mem::take(&mut elements));
            panel["element_id"] = Value::String(self.id());
            elements.push(panel);
        }
        self.push(json!({ "tag": "form", "name": name, "elements": elements }));
    }

    /// What is chosen or typed in; nothing where there is nothing to choose.
    fn control(&mut self, field: &Field) -> Option<Value> {
        let choose = plain_text(self.language.pick("Choose", "请选择"));
        let mut options = |options: &[(String, String)]| -> Option<Vec<Value>> {
            let drawn =
                options.iter().map(|(value, label)| json!({ "text": plain_text(&self.choice(label)), "value": value }));
            Some(drawn.collect()).filter(|drawn: &Vec<Value>| !drawn.is_empty())
        };
        let mut control = match &field.kind {
            FieldKind::Choice { options: offered, initial } => {
                let mut control = json!({ "tag": "select_static", "placeholder": choose, "width": "fill",
                    "options": options(offered)? });
                if let Some(initial) =
                    initial.as_ref().filter(|initial| offered.iter().any(|(value, _)| value == *initial))
                {
                    control["initial_option"] = json!(initial);
                }
                control
            }
            FieldKind::Choices { options: offered } => {
                json!({ "tag": "multi_select_static", "placeholder": choose, "width": "fill", "options": options(offered)? })
            }
            FieldKind::Text { max_chars, required } => {
                let write = plain_text(self.language.pick("Write here", "请输入"));
                json!({ "tag": "input", "input_type": "multiline_text", "rows": 2, "width": "fill", "placeholder": write,
                    "max_length": (*max_chars).clamp(1, MAX_TYPED), "required": required })
            }
        };
        control["name"] = json!(self.name(&field.name));
        Some(control)
    }
}
