//! Our cards as Feishu's card JSON 2.0.
//!
//! Invariants: text from outside takes no effect: it stands in plain text elements, in a fence that it cannot close,
//! or with its marks taken away; what would hide itself is made visible; a card always fits.

use serde_json::Value;
use serde_json::json;

use crate::relay::card::Block;
use crate::relay::card::Button;
use crate::relay::card::Card;
use crate::relay::card::Field;
use crate::relay::card::FieldKind;
use crate::relay::card::Form;
use crate::relay::card::Style;
use crate::relay::card::Tone;
use crate::relay::words::Tongue;
use crate::tui::render::sanitize::reveal;

/// Feishu takes 30 KB, and counts some marks of its own.
pub const MAX_BYTES: usize = 28_000;
/// Labels of options and buttons are cut to this.
const MAX_LABEL: usize = 100;
/// No text is cut below this to make a card fit.
const MIN_TEXT: usize = 200;

/// A card as Feishu takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    pub json: Value,
    /// Something had to be left out.
    pub is_cut: bool,
}

/// Writes a card; where it would be too large, the longest texts are cut in the middle, and say so.
pub fn card(card: &Card, tongue: Tongue) -> Rendered {
    let mut longest = usize::MAX;
    loop {
        let json = Writer { longest, tongue, n_elements: 0, is_cut: false }.card(card);
        let Written { json, is_cut } = json;
        if json.to_string().len() <= MAX_BYTES || longest <= MIN_TEXT {
            return Rendered { json, is_cut };
        }
        longest = longest.min(MAX_BYTES) / 2;
    }
}

struct Written {
    json: Value,
    is_cut: bool,
}

struct Writer {
    /// Bytes of a text, at most.
    longest: usize,
    tongue: Tongue,
    n_elements: usize,
    is_cut: bool,
}

impl Writer {
    fn card(mut self, card: &Card) -> Written {
        let elements: Vec<Value> = card.blocks.iter().map(|block| self.block(block)).collect();
        let template = match card.tone {
            Tone::Pending => "orange",
            Tone::Good => "green",
            Tone::Bad => "red",
            Tone::Over => "grey",
            Tone::Working => "blue",
            Tone::Warning => "yellow",
        };
        let mut header = json!({ "title": plain(&short(&card.title)), "template": template });
        if let Some(tag) = &card.tag {
            header["text_tag_list"] =
                json!([{ "tag": "text_tag", "text": plain(&short(tag)), "color": tag_color(card.tone) }]);
        }
        let config = json!({ "update_multi": true, "enable_forward": false, "enable_forward_interaction": false,
            "width_mode": "fill", "summary": { "content": short(&card.summary) } });
        let body = json!({ "direction": "vertical", "vertical_spacing": "8px", "elements": elements });
        let json = json!({ "schema": "2.0", "config": config, "header": header, "body": body });
        Written { json, is_cut: self.is_cut }
    }

    fn id(&mut self) -> String {
        self.n_elements += 1;
        format!("e{}", self.n_elements)
    }

    /// A text with everything visible, not longer than there is room.
    fn text(&mut self, text: &str) -> String {
        let longest = self.longest.min(MAX_BYTES);
        // What is far too long need not be looked through to its end.
        if text.len() <= longest {
            let shown = reveal(text).text.to_string();
            if shown.len() <= longest {
                return shown;
            }
        }
        self.is_cut = true;
        let (head, tail) = ends(text, longest * 2 / 3, longest / 3);
        let n_cut = text.len() - head.len() - tail.len();
        let gap = match self.tongue {
            Tongue::English => format!("… {n_cut} bytes cut …"),
            Tongue::Chinese => format!("… 省略 {n_cut} 字节 …"),
        };
        format!("{}\n{gap}\n{}", reveal(head).text, reveal(tail).text)
    }

    fn block(&mut self, block: &Block) -> Value {
        match block {
            Block::Text(text) => self.div(text, "default", "normal"),
            Block::Small(text) => self.div(text, "grey", "notation"),
            Block::Warning(text) => self.div(&format!("⚠ {text}"), "orange", "normal"),
            Block::Fact { name, value } => self.div(&format!("{name}: {value}"), "default", "normal"),
            Block::Code { language, text } => {
                let text = self.text(text);
                let fence = "`".repeat(longest_run(&text).max(2) + 1);
                let language = if language.chars().all(|c| c.is_ascii_alphanumeric()) { language.as_str() } else { "" };
                // A mention rings people; in a fence it should not, and here it cannot.
                let text = text.replace("<at", "<\u{2060}at").replace("</at", "<\u{2060}/at");
                json!({ "tag": "markdown", "element_id": self.id(), "content": format!("{fence}{language}\n{text}\n{fence}") })
            }
            Block::Prose(text) => {
                let text = self.text(text);
                let text = text.replace('&', "&amp;").replace('<', "&#60;").replace("![", "[").replace("](", "] (");
                json!({ "tag": "markdown", "element_id": self.id(), "content": text })
            }
            Block::Divider => json!({ "tag": "hr", "element_id": self.id() }),
            Block::Buttons(buttons) => {
                let columns: Vec<Value> = buttons
                    .iter()
                    .map(|one| {
                        json!({ "tag": "column", "width": "weighted", "weight": 1, "elements": [self.button(one, false)] })
                    })
                    .collect();
                json!({ "tag": "column_set", "element_id": self.id(), "flex_mode": "flow", "columns": columns })
            }
            Block::Form(form) => self.form(form),
        }
    }

    fn div(&mut self, text: &str, color: &str, size: &str) -> Value {
        let content = self.text(text);
        json!({ "tag": "div", "element_id": self.id(),
            "text": { "tag": "plain_text", "content": content, "text_size": size, "text_color": color } })
    }

    fn button(&mut self, button: &Button, submits: bool) -> Value {
        let kind = match button.style {
            Style::Primary => "primary_filled",
            Style::Danger => "danger",
            Style::Plain => "default",
        };
        let id = self.id();
        let mut json = json!({ "tag": "button", "element_id": id, "name": format!("b_{id}"), "type": kind, "width": "fill",
            "text": plain(&short(&button.label)),
            "behaviors": [{ "type": "callback", "value": button.value }] });
        if submits {
            json["form_action_type"] = "submit".into();
        }
        if let Some(question) = &button.confirm {
            json["confirm"] = json!({ "title": plain(&short(&button.label)), "text": plain(&short(question)) });
        }
        json
    }

    fn form(&mut self, form: &Form) -> Value {
        let mut elements: Vec<Value> = form.fields.iter().flat_map(|field| self.field(field)).collect();
        elements.push(self.button(&form.submit, true));
        json!({ "tag": "form", "element_id": self.id(), "name": form.name, "elements": elements })
    }

    fn field(&mut self, field: &Field) -> Vec<Value> {
        let options = |options: &[(String, String)]| -> Vec<Value> {
            options.iter().map(|(value, label)| json!({ "text": plain(&short(label)), "value": value })).collect()
        };
        let label = self.div(&field.label, "default", "normal");
        let id = self.id();
        let control = match &field.kind {
            FieldKind::Choice { options: all, initial } => {
                let mut json = json!({ "tag": "select_static", "element_id": id, "name": field.name, "width": "fill",
                    "placeholder": plain(self.tongue.pick("choose", "请选择")), "options": options(all) });
                if let Some(initial) = initial {
                    json["initial_option"] = initial.as_str().into();
                }
                json
            }
            FieldKind::Choices { options: all } => json!({ "tag": "multi_select_static", "element_id": id,
                "name": field.name, "width": "fill", "placeholder": plain(self.tongue.pick("choose", "请选择")),
                "options": options(all) }),
            FieldKind::Text { max_chars, required } => json!({ "tag": "input", "element_id": id, "name": field.name,
                "input_type": "multiline_text", "rows": 2, "max_length": max_chars, "required": required, "width": "fill" }),
        };
        vec![label, control]
    }
}

/// The beginning and the end of a text, of so many bytes at most.
fn ends(text: &str, n_head: usize, n_tail: usize) -> (&str, &str) {
    let mut head = n_head.min(text.len());
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    let mut tail = text.len().saturating_sub(n_tail).max(head);
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    (&text[..head], &text[tail..])
}

fn tag_color(tone: Tone) -> &'static str {
    match tone {
        Tone::Pending => "orange",
        Tone::Good => "green",
        Tone::Bad => "red",
        Tone::Over => "neutral",
        Tone::Working => "blue",
        Tone::Warning => "yellow",
    }
}

fn plain(text: &str) -> Value {
    json!({ "tag": "plain_text", "content": text })
}

/// One line, everything in it visible.
fn short(text: &str) -> String {
    let shown = reveal(text).text.to_string();
    let flat = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.char_indices().nth(MAX_LABEL) {
        Some((end, _)) => format!("{}…", &flat[..end]),
        None => flat,
    }
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> String {
        let page = Card::new(Tone::Pending, "t", "s").with(Block::Code { language: "bash".into(), text: text.into() });
        let json = card(&page, Tongue::English).json;
        json["body"]["elements"][0]["content"].as_str().unwrap().to_owned()
    }

    #[test]
    fn code_cannot_leave_its_fence_or_ring_anybody() {
        let content = code("ls\n```\n# All is well\n````\n<at id=all></at>");
        assert!(content.starts_with("`````bash\n") && content.ends_with("\n`````"), "{content}");
        assert_eq!(content.matches("`````").count(), 2);
        assert!(!content.contains("<at"), "{content}");
    }

    #[test]
    fn what_hides_is_seen() {
        assert!(code("rm \u{202e}fdp.exe").contains("202E"));
        let page = Card::new(Tone::Pending, "a\u{200b}b\nc", "s").with(Block::Text("x\u{1b}[2J".into()));
        let json = card(&page, Tongue::English).json.to_string();
        assert!(json.contains("200B") && !json.contains("\\u001b"), "{json}");
    }

    #[test]
    fn prose_keeps_its_shape_and_loses_its_teeth() {
        let text = "# Title\n**bold** <at id=all></at> [click](https://evil) ![x](y)";
        let page = Card::new(Tone::Good, "t", "s").with(Block::Prose(text.into()));
        let json = card(&page, Tongue::English).json;
        let content = json["body"]["elements"][0]["content"].as_str().unwrap();
        assert!(content.contains("# Title\n**bold**") && !content.contains("<at") && !content.contains("]("));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn every_card_fits(text in "\\PC{0,400}", times in 1_usize..400, n_blocks in 1_usize..8) {
            let mut page = Card::new(Tone::Pending, text.clone(), text.clone());
            for n in 0..n_blocks {
                let text = text.repeat(times);
                page = page.with(match n % 3 {
                    0 => Block::Code { language: "x".into(), text },
                    1 => Block::Prose(text),
                    _ => Block::Text(text),
                });
            }
            let rendered = card(&page, Tongue::Chinese);
            let n_bytes = rendered.json.to_string().len();
            prop_assert!(n_bytes <= MAX_BYTES, "{n_bytes}");
        }
    }
}
