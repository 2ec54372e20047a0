//! What a call would change in a file, as far as its input and the file as it is now tell.
//!
//! **For:** every surface that shows a change before it is allowed. **Not for:** drawing it. Invariant: a call with
//! fields or types that this does not know is no [`Change`]: what it leaves out may be what counts.

use std::borrow::Cow;

use serde_json::Value;

use super::approval::Approval;
use super::approval::FileBefore;

/// A change of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
    File(FileChange<'a>),
    Cell(CellChange<'a>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange<'a> {
    pub path: &'a str,
    pub fate: Fate,
    /// What to know before the texts are read.
    pub doubts: Vec<Doubt>,
    /// The file before and after; where that cannot be told, each text that is replaced and what by.
    pub pieces: Vec<Piece<'a>>,
    /// The texts that the call brings, as it brings them.
    pub brought: Vec<&'a str>,
}

/// What becomes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is new.
    Made,
    /// It gets another text, whole.
    Replaced,
    /// It is written whole; what was there before is not known.
    Written,
    /// Parts of it change.
    Edited,
    /// Parts of it change; which, is not known.
    EditedUnseen,
    /// The text to be replaced is not there, or not once.
    Misfit,
    /// There is nothing to edit.
    Missing,
}

/// Why the texts are not all there is to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    ChangedSinceRead,
    NotCompared(String),
    NotFound,
    /// So many places, and only one is meant.
    Ambiguous(usize),
    NoSuchFile,
}

impl Doubt {
    pub fn describe(&self) -> Cow<'static, str> {
        match self {
            Self::ChangedSinceRead => "Somebody else changed this file since the session last read it.".into(),
            Self::NotCompared(why) => {
                format!("Not compared with the file as it is now: {}.", why.trim_end_matches('.')).into()
            }
            Self::NotFound => {
                "The text to be replaced is not in the file as it is written here: the CLI will probably \
                               refuse this edit."
                    .into()
            }
            Self::Ambiguous(n) => {
                format!("The text to be replaced is in the file {n} times: this edit will fail.").into()
            }
            Self::NoSuchFile => "There is no such file: this edit will fail.".into(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece<'a> {
    /// `None` where there was nothing.
    pub before: Option<Cow<'a, str>>,
    pub after: Cow<'a, str>,
    /// Wherever it is found.
    pub everywhere: bool,
}

impl<'a> Piece<'a> {
    fn whole(before: Option<&'a str>, after: impl Into<Cow<'a, str>>) -> Self {
        Self { before: before.map(Cow::Borrowed), after: after.into(), everywhere: false }
    }
}

/// A cell of a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellChange<'a> {
    pub path: &'a str,
    pub cell: Option<&'a str>,
    pub is_markdown: bool,
    pub how: CellFate,
    pub source: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellFate {
    Replaced,
    Inserted,
    Deleted,
}

/// Whether a tool of this name changes a file.
pub fn is_change(tool: &str) -> bool {
    matches!(tool, "Edit" | "MultiEdit" | "Write" | "NotebookEdit")
}

/// The change that is asked for; `None` for a call that makes none, or whose input is not as expected.
pub fn of(approval: &Approval) -> Option<Change<'_>> {
    let (tool, input) = (approval.tool.as_str(), &approval.input);
    if !is_change(tool) || !is_as_expected(tool, input) {
        return None;
    }
    let before = approval.preview.as_ref().map(|preview| &preview.before);
    let mut change = match tool {
        "NotebookEdit" => return Some(Change::Cell(cell(input))),
        "Write" => written(text(input, "content").unwrap_or_default(), before),
        _ => edited(&swaps(input), before),
    };
    change.path = text(input, "file_path").unwrap_or_default();
    if approval.preview.as_ref().is_some_and(|preview| preview.changed_since_read) {
        change.doubts.insert(0, Doubt::ChangedSinceRead);
    }
    Some(Change::File(change))
}

fn is_as_expected(tool: &str, input: &Value) -> bool {
    let edit = |input: &Value, more: &[&str]| {
        has_only(input, &[&["old_string", "new_string"], more].concat(), &["old_string", "new_string"])
            && input.get("replace_all").is_none_or(Value::is_boolean)
    };
    match tool {
        "Edit" => edit(input, &["file_path", "replace_all"]) && text(input, "file_path").is_some(),
        "MultiEdit" => {
            let edits = input.get("edits").and_then(Value::as_array);
            let all_plain = edits.is_some_and(|edits| edits.iter().all(|one| edit(one, &["replace_all"])));
            all_plain && text(input, "file_path").is_some() && input.as_object().is_some_and(|input| input.len() == 2)
        }
        "Write" => has_only(input, &["file_path", "content"], &["file_path", "content"]),
        _ => {
            let known = ["notebook_path", "new_source", "cell_id", "cell_type", "edit_mode"];
            has_only(input, &known, &["notebook_path", "new_source"])
                && known.iter().all(|key| input.get(key).is_none_or(Value::is_string))
        }
    }
}

/// An object with no other fields than these, in which the needed ones are texts.
fn has_only(input: &Value, known: &[&str], needed: &[&str]) -> bool {
    let Some(fields) = input.as_object() else { return false };
    fields.keys().all(|key| known.contains(&key.as_str())) && needed.iter().all(|key| text(input, key).is_some())
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// One replacement.
#[derive(Debug, Clone, Copy)]
struct Swap<'a> {
    old: &'a str,
    new: &'a str,
    all: bool,
}

fn swaps(input: &Value) -> Vec<Swap<'_>> {
    let one = |edit| -> Option<Swap<'_>> {
        let all = Value::get(edit, "replace_all").and_then(Value::as_bool).unwrap_or(false);
        Some(Swap { old: text(edit, "old_string")?, new: text(edit, "new_string")?, all })
    };
    match input.get("edits").and_then(Value::as_array) {
        Some(edits) => edits.iter().filter_map(one).collect(),
        None => one(input).into_iter().collect(),
    }
}

/// The text after the replacements, one after another, as the CLI makes them: it takes all line ends for
/// the same when it looks for the text, and gives the file its own again.
fn apply(before: &str, swaps: &[Swap<'_>]) -> Result<String, Doubt> {
    let is_crlf = before.contains("\r\n");
    let plain = |text: &str| text.replace("\r\n", "\n");
    let mut after = plain(before);
    for swap in swaps {
        let (old, new) = (plain(swap.old), plain(swap.new));
        if old.is_empty() {
            // An empty text to replace stands for the whole of an empty file.
            if !after.is_empty() {
                return Err(Doubt::NotFound);
            }
            after.push_str(&new);
            continue;
        }
        after = match after.matches(&old).count() {
            0 => return Err(Doubt::NotFound),
            1 => after.replacen(&old, &new, 1),
            _ if swap.all => after.replace(&old, &new),
            n => return Err(Doubt::Ambiguous(n)),
        };
    }
    Ok(if is_crlf { after.replace('\n', "\r\n") } else { after })
}

fn not_compared(before: Option<&FileBefore>) -> Doubt {
    match before {
        Some(FileBefore::Unknown(why)) => Doubt::NotCompared(why.clone()),
        _ => Doubt::NotCompared("nobody looked at it".into()),
    }
}

fn written<'a>(content: &'a str, before: Option<&'a FileBefore>) -> FileChange<'a> {
    let (fate, old, doubts) = match before {
        Some(FileBefore::Text(old)) => (Fate::Replaced, Some(old.as_str()), Vec::new()),
        Some(FileBefore::Missing) => (Fate::Made, None, Vec::new()),
        unknown => (Fate::Written, None, vec![not_compared(unknown)]),
    };
    FileChange { path: "", fate, doubts, pieces: vec![Piece::whole(old, content)], brought: vec![content] }
}

fn edited<'a>(swaps: &[Swap<'a>], before: Option<&'a FileBefore>) -> FileChange<'a> {
    let change = |fate, doubts, pieces| {
        let brought = swaps.iter().map(|swap| swap.new).collect();
        FileChange { path: "", fate, doubts, pieces, brought }
    };
    let (fate, doubt) = match before {
        Some(FileBefore::Text(old)) => match apply(old, swaps) {
            Ok(after) => return change(Fate::Edited, Vec::new(), vec![Piece::whole(Some(old), after)]),
            Err(doubt) => (Fate::Misfit, doubt),
        },
        Some(FileBefore::Missing) => {
            if let [Swap { old: "", new, .. }] = swaps {
                return change(Fate::Made, Vec::new(), vec![Piece::whole(None, *new)]);
            }
            (Fate::Missing, Doubt::NoSuchFile)
        }
        unknown => (Fate::EditedUnseen, not_compared(unknown)),
    };
    change(fate, vec![doubt], swaps.iter().map(as_lines).collect())
}

/// Pieces from the middle of a file: that neither ends with a newline means nothing.
fn as_lines<'a>(swap: &Swap<'a>) -> Piece<'a> {
    let ends = |text: &str| text.is_empty() || !text.ends_with('\n');
    let ended = |text: &'a str| -> Cow<'a, str> {
        if text.is_empty() || !(ends(swap.old) && ends(swap.new)) { text.into() } else { format!("{text}\n").into() }
    };
    Piece { before: Some(ended(swap.old)), after: ended(swap.new), everywhere: swap.all }
}

fn cell(input: &Value) -> CellChange<'_> {
    CellChange {
        path: text(input, "notebook_path").unwrap_or_default(),
        cell: text(input, "cell_id"),
        is_markdown: text(input, "cell_type") == Some("markdown"),
        how: match text(input, "edit_mode") {
            Some("delete") => CellFate::Deleted,
            Some("insert") => CellFate::Inserted,
            _ => CellFate::Replaced,
        },
        source: text(input, "new_source").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::approval::FilePreview;
    use crate::core::ids::ApprovalId;
    use crate::core::ids::SessionId;

    fn swap<'a>(old: &'a str, new: &'a str, all: bool) -> Swap<'a> {
        Swap { old, new, all }
    }

    #[test]
    fn replacements_apply_as_the_cli_makes_them() {
        assert_eq!(apply("a b a", &[swap("b", "c", false)]), Ok("a c a".into()));
        assert_eq!(apply("a b a", &[swap("a", "c", true)]), Ok("c b c".into()));
        assert_eq!(apply("a b a", &[swap("a", "c", false)]), Err(Doubt::Ambiguous(2)));
        assert_eq!(apply("a", &[swap("x", "y", false)]), Err(Doubt::NotFound));
        assert_eq!(apply("a", &[swap("a", "b", false), swap("b", "c", false)]), Ok("c".into()));
        assert_eq!(apply("", &[swap("", "new", false)]), Ok("new".into()));
        assert_eq!(apply("full", &[swap("", "new", false)]), Err(Doubt::NotFound));
        assert_eq!(apply("a\r\nb\r\n", &[swap("a\nb", "c\nd", false)]), Ok("c\r\nd\r\n".into()));
    }

    fn asked(tool: &str, input: Value, before: Option<FileBefore>) -> Approval {
        let preview = before.map(|before| FilePreview { path: "/p/a".into(), before, changed_since_read: false });
        Approval { preview, ..Approval::new(ApprovalId(1), SessionId(1), tool, input) }
    }

    fn file(approval: &Approval) -> FileChange<'_> {
        match of(approval) {
            Some(Change::File(change)) => change,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_becomes_of_a_file_is_told_by_what_is_there() {
        let write = json!({ "file_path": "/p/a", "content": "new\n" });
        let edit = json!({ "file_path": "/p/a", "old_string": "old", "new_string": "new", "replace_all": false });
        let make = json!({ "file_path": "/p/a", "old_string": "", "new_string": "new" });
        let there = |text: &str| Some(FileBefore::Text(text.into()));
        let unknown = || Some(FileBefore::Unknown("too large".into()));
        for (tool, input, before, fate, n_doubts) in [
            ("Write", &write, there("old\n"), Fate::Replaced, 0),
            ("Write", &write, Some(FileBefore::Missing), Fate::Made, 0),
            ("Write", &write, unknown(), Fate::Written, 1),
            ("Write", &write, None, Fate::Written, 1),
            ("Edit", &edit, there("an old one"), Fate::Edited, 0),
            ("Edit", &edit, there("old and old"), Fate::Misfit, 1),
            ("Edit", &edit, there("none"), Fate::Misfit, 1),
            ("Edit", &edit, Some(FileBefore::Missing), Fate::Missing, 1),
            ("Edit", &edit, unknown(), Fate::EditedUnseen, 1),
            ("Edit", &make, Some(FileBefore::Missing), Fate::Made, 0),
        ] {
            let approval = asked(tool, input.clone(), before);
            let change = file(&approval);
            assert_eq!((change.path, change.fate, change.doubts.len()), ("/p/a", fate, n_doubts), "{approval:?}");
            assert!(change.brought[0].starts_with("new") && change.pieces[0].after.contains("new"), "{change:?}");
        }
    }

    #[test]
    fn a_call_with_anything_unknown_is_no_change() {
        for (tool, input) in [
            ("Bash", json!({ "command": "rm a" })),
            ("Write", json!({ "file_path": "/a", "content": "x", "mode": "0777" })),
            ("Write", json!({ "file_path": "/a", "content": 7 })),
            ("Edit", json!({ "file_path": "/a", "old_string": "a", "new_string": "b", "replace_all": "yes" })),
            ("MultiEdit", json!({ "file_path": "/a", "edits": [{ "old_string": "a", "new_string": "b", "x": 1 }] })),
            ("NotebookEdit", json!({ "notebook_path": "/a", "new_source": "b", "cell_id": 1 })),
            ("Write", json!("text")),
        ] {
            assert_eq!(of(&asked(tool, input.clone(), None)), None, "{tool} {input}");
        }
        let edits = json!([{ "old_string": "a", "new_string": "b" }, { "old_string": "b\n", "new_string": "c" }]);
        let several = asked("MultiEdit", json!({ "file_path": "/a", "edits": edits }), None);
        let change = file(&several);
        assert_eq!(change.pieces.iter().map(|piece| piece.after.as_ref()).collect::<Vec<_>>(), ["b\n", "c"]);
        let cell =
            asked("NotebookEdit", json!({ "notebook_path": "/a", "new_source": "", "edit_mode": "delete" }), None);
        assert!(matches!(of(&cell), Some(Change::Cell(CellChange { how: CellFate::Deleted, .. }))));
    }
}
