//! What people write, by its kind.
//!
//! The content of a message is a text that holds JSON, another for each kind. Rich text becomes plain text
//! with its pictures beside it. Invariants: pure, and never fails: what cannot be read is unsupported.

use serde_json::Value;

/// Nested no deeper than Feishu's own.
const MAX_PARAGRAPHS: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Text(String),
    /// Rich text, as plain text; `images` and `files` are keys of resources of the message.
    Post {
        text: String,
        images: Vec<String>,
        files: Vec<String>,
    },
    Image {
        key: String,
    },
    File {
        key: String,
        /// As the sender named it: no path.
        name: String,
    },
    Audio {
        key: String,
        duration_ms: u64,
    },
    Video {
        key: String,
        name: String,
        duration_ms: u64,
    },
    /// A kind that is not supported, or content that could not be read.
    Unsupported(String),
}

impl Content {
    /// Reads the content of a message of this kind.
    pub fn read(kind: &str, content: &Value) -> Self {
        let value = match content {
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            other => other.clone(),
        };
        Self::typed(kind, &value).unwrap_or_else(|| Self::Unsupported(kind.to_owned()))
    }

    fn typed(kind: &str, value: &Value) -> Option<Self> {
        Some(match kind {
            "text" => Self::Text(value["text"].as_str()?.to_owned()),
            "post" => post(value)?,
            "image" => Self::Image { key: key(value, "image_key")? },
            "file" => Self::File { key: key(value, "file_key")?, name: text(value, "file_name") },
            "audio" => Self::Audio { key: key(value, "file_key")?, duration_ms: duration(value) },
            "media" => Self::Video {
                key: key(value, "file_key")?,
                name: text(value, "file_name"),
                duration_ms: duration(value),
            },
            _ => return None,
        })
    }

    /// The words in it.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Post { text, .. } => Some(text),
            Self::Image { .. } | Self::File { .. } | Self::Audio { .. } | Self::Video { .. } | Self::Unsupported(_) => {
                None
            }
        }
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

fn key(value: &Value, field: &str) -> Option<String> {
    value[field].as_str().filter(|key| !key.is_empty()).map(str::to_owned)
}

fn duration(value: &Value) -> u64 {
    let duration = &value["duration"];
    duration.as_u64().or_else(|| duration.as_str()?.parse().ok()).unwrap_or_default()
}

/// Rich text comes with or without a level that names its language.
fn post(value: &Value) -> Option<Content> {
    let post = match value["content"] {
        Value::Array(_) => value,
        _ => ["zh_cn", "en_us", "ja_jp"]
            .iter()
            .map(|language| &value[*language])
            .chain(value.as_object()?.values())
            .find(|post| post["content"].is_array())?,
    };
    let mut flat = Flat::default();
    if let Some(title) = post["title"].as_str().filter(|title| !title.is_empty()) {
        flat.lines.push(title.to_owned());
    }
    for paragraph in post["content"].as_array().into_iter().flatten().take(MAX_PARAGRAPHS) {
        let mut line = String::new();
        for element in paragraph.as_array().into_iter().flatten() {
            flat.element(element, &mut line);
        }
        flat.lines.push(line);
    }
    Some(Content::Post { text: flat.lines.join("\n").trim().to_owned(), images: flat.images, files: flat.files })
}

#[derive(Debug, Default)]
struct Flat {
    lines: Vec<String>,
    images: Vec<String>,
    files: Vec<String>,
}

impl Flat {
    fn element(&mut self, element: &Value, line: &mut String) {
        let words = element["text"].as_str().unwrap_or_default();
        match element["tag"].as_str().unwrap_or_default() {
            "a" => {
                let address = element["href"].as_str().unwrap_or_default();
                line.push_str(words);
                if !address.is_empty() && address != words {
                    line.push_str(&format!(" ({address})"));
                }
            }
            // The placeholder stays: the mentions say who it is.
            "at" => {
                let id = element["user_id"].as_str().unwrap_or_default();
                let name = element["user_name"].as_str().unwrap_or_default();
                if id.starts_with('@') {
                    line.push_str(id);
                } else {
                    line.push_str(&format!("@{name}"));
                }
            }
            "img" => self.images.extend(key(element, "image_key")),
            "media" => self.files.extend(key(element, "file_key")),
            "code_block" => {
                let language = element["language"].as_str().unwrap_or_default().to_lowercase();
                line.push_str(&format!("\n```{language}\n{}\n```\n", words.trim_end_matches('\n')));
            }
            "hr" => line.push_str("---"),
            "emotion" => line.push_str(&format!(":{}:", element["emoji_type"].as_str().unwrap_or_default())),
            _ => line.push_str(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: &str, content: &Value) -> Content {
        Content::read(kind, &Value::String(content.to_string()))
    }

    #[test]
    fn each_kind_has_its_content() {
        assert_eq!(read("text", &json!({ "text": "@_user_1 hello" })), Content::Text("@_user_1 hello".into()));
        assert_eq!(read("image", &json!({ "image_key": "img_1" })), Content::Image { key: "img_1".into() });
        assert_eq!(
            read("file", &json!({ "file_key": "file_1", "file_name": "../../a.txt" })),
            Content::File { key: "file_1".into(), name: "../../a.txt".into() }
        );
        assert_eq!(
            read("audio", &json!({ "file_key": "f", "duration": "2000" })),
            Content::Audio { key: "f".into(), duration_ms: 2000 }
        );
        assert_eq!(
            read("media", &json!({ "file_key": "f", "image_key": "i", "file_name": "v.mp4", "duration": 3 })),
            Content::Video { key: "f".into(), name: "v.mp4".into(), duration_ms: 3 }
        );
    }

    #[test]
    fn rich_text_is_flattened_with_its_pictures_beside_it() {
        let post = json!({ "title": "Look", "content": [
            [{ "tag": "text", "text": "see ", "style": ["bold"] }, { "tag": "a", "href": "https://x.y", "text": "this" },
             { "tag": "at", "user_id": "@_user_1", "user_name": "Tom" }],
            [{ "tag": "img", "image_key": "img_1" }],
            [{ "tag": "code_block", "language": "RUST", "text": "fn main() {}\n" }],
            [{ "tag": "hr" }, { "tag": "new", "text": "?" }, { "tag": "emotion", "emoji_type": "OK" }],
            [{ "tag": "media", "file_key": "file_1" }], 7, [8, null],
        ]});
        let expected = Content::Post {
            text: "Look\nsee this (https://x.y)@_user_1\n\n\n```rust\nfn main() {}\n```\n\n---?:OK:".into(),
            images: vec!["img_1".into()],
            files: vec!["file_1".into()],
        };
        assert_eq!(read("post", &post), expected);
        assert_eq!(read("post", &json!({ "en_us": post })), expected);
        assert_eq!(read("post", &json!({ "fr_fr": post })), expected);
    }

    #[test]
    fn everything_else_is_said_to_be_unsupported() {
        for kind in ["sticker", "interactive", "merge_forward", "system", ""] {
            assert_eq!(read(kind, &json!({})), Content::Unsupported(kind.into()));
        }
        for kind in ["text", "post", "image", "file", "audio", "media"] {
            assert_eq!(Content::read(kind, &Value::String("no json".into())), Content::Unsupported(kind.into()));
            assert_eq!(Content::read(kind, &Value::Null), Content::Unsupported(kind.into()));
            assert_eq!(
                read(kind, &json!({ "text": 4, "image_key": "", "file_key": [] })),
                Content::Unsupported(kind.into())
            );
        }
    }
}
