//! The file that a call would change, as it was when somebody looked.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error;

/// The file a call would change, as it was when the approval was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePreview {
    /// As the call names it.
    pub path: String,
    pub before: FileBefore,
    /// The file was written by somebody else since the session last read it.
    pub changed_since_read: bool,
    /// Where the path leads, when it goes through a symbolic link.
    #[serde(default)]
    pub leads_to: Option<String>,
    /// The path itself is a symbolic link, whether or not it leads to something.
    #[serde(default)]
    pub is_link: bool,
    /// Other names of the same file: the CLI puts a new file in its place, and they keep the old one.
    #[serde(default)]
    pub n_other_names: u64,
    /// Nobody may write it; the CLI replaces it all the same.
    #[serde(default)]
    pub read_only: bool,
    /// It was asked before, and the file has changed since.
    #[serde(default)]
    pub asked_again: bool,
    /// The version of the session's CLI, where it is known: it decides which rules hold.
    #[serde(default)]
    pub cli: Option<String>,
}

impl FilePreview {
    /// An ordinary file of which nothing else is to be said.
    pub fn new(path: impl Into<String>, before: FileBefore) -> Self {
        Self {
            path: path.into(),
            before,
            changed_since_read: false,
            leads_to: None,
            is_link: false,
            n_other_names: 0,
            read_only: false,
            asked_again: false,
            cli: None,
        }
    }

    /// Whether a call would find the same file.
    pub fn is_same_file(&self, other: &Self) -> bool {
        let is_same_place = self.leads_to == other.leads_to && self.is_link == other.is_link;
        // Where neither could be compared with, that was said.
        let neither = matches!((&self.before, &other.before), (FileBefore::Unknown(_), FileBefore::Unknown(_)));
        is_same_place && (neither || self.before == other.before)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileBefore {
    Missing,
    /// UTF-8, as it is on the disk.
    Text(String),
    /// Anything else, as it is on the disk.
    Bytes(Bytes),
    /// Why there is nothing to compare with: too large, not readable.
    Unknown(String),
}

impl FileBefore {
    pub fn of(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Self::Bytes(Bytes(error.into_bytes())), Self::Text)
    }

    /// What is there; `None` where there is no file.
    ///
    /// # Errors
    /// Why nobody knows.
    pub fn bytes(&self) -> Result<Option<&[u8]>, &str> {
        match self {
            Self::Missing => Ok(None),
            Self::Text(text) => Ok(Some(text.as_bytes())),
            Self::Bytes(Bytes(bytes)) => Ok(Some(bytes)),
            Self::Unknown(why) => Err(why),
        }
    }
}

/// Bytes, written as Base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_version_wrote_is_read() {
        let old = r#"{"path":"/a","before":{"Text":"x"},"changed_since_read":true}"#;
        let preview: FilePreview = serde_json::from_str(old).unwrap();
        let expected = FilePreview { changed_since_read: true, ..FilePreview::new("/a", FileBefore::Text("x".into())) };
        assert_eq!(preview, expected);
    }

    #[test]
    fn bytes_survive_being_written_down() {
        let before = FileBefore::of(vec![0xff, 0xfe, 0, 0x80]);
        assert!(matches!(before, FileBefore::Bytes(_)));
        let text = serde_json::to_string(&before).unwrap();
        assert_eq!(serde_json::from_str::<FileBefore>(&text).unwrap(), before);
    }
}
