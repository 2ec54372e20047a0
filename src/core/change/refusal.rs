//! Why the CLI refuses a change.

use std::borrow::Cow;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Old and new text are the same.
    Same,
    NoSuchFile,
    /// An empty text to replace means a new file, and there is one with text in it.
    Exists,
    /// Notebooks are changed by another tool.
    IsNotebook,
    NotNotebook,
    /// Its bytes would not survive.
    Encoding,
    NotFound,
    /// So many places, and only one is meant.
    Several(usize),
    NothingChanges,
    /// The path itself is a symbolic link.
    Link,
    NoCellType,
    NoCellNamed,
    NoSuchCell,
    /// Not the JSON of a notebook, or of a kind that is not read here.
    BrokenNotebook,
}

impl Refusal {
    pub fn describe(&self) -> Cow<'static, str> {
        match self {
            Self::Same => "The old and the new text are the same: the CLI will refuse this edit.".into(),
            Self::NoSuchFile => "There is no such file: this edit will fail.".into(),
            Self::Exists => "The file has text in it already: the CLI will refuse to make it anew.".into(),
            Self::IsNotebook => "This is a notebook: the CLI will refuse to edit it as text.".into(),
            Self::NotNotebook => "This is no notebook: the CLI will refuse this edit.".into(),
            Self::Encoding => {
                "The file is not UTF-8, or holds NUL bytes: the CLI will refuse to change it, because its bytes would \
                 be lost."
                    .into()
            }
            Self::NotFound => {
                "The text to be replaced is not in the file as it is now: the CLI will refuse this edit.".into()
            }
            Self::Several(n) => {
                format!("The text to be replaced is in the file {n} times: this edit will fail.").into()
            }
            Self::NothingChanges => "Nothing would change: the CLI will refuse this edit.".into(),
            Self::Link => "The path is a symbolic link: the CLI will refuse to write through it.".into(),
            Self::NoCellType => "A new cell needs a type: the CLI will refuse this edit.".into(),
            Self::NoCellNamed => "It names no cell: the CLI will refuse this edit.".into(),
            Self::NoSuchCell => "There is no such cell: the CLI will refuse this edit.".into(),
            Self::BrokenNotebook => "The notebook cannot be read here: what this edit does to it is not known.".into(),
        }
    }

    /// Whether it is only this program that cannot tell.
    pub fn is_doubt(&self) -> bool {
        matches!(self, Self::BrokenNotebook)
    }
}
