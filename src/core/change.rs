//! What a call would change in a file, as far as its input and the file as it is now tell.
//!
//! **For:** every surface that shows a change before it is allowed, and the comparison with what became of it.
//! **Not for:** drawing it, and not for the disk. Invariants: what the CLI's rules make of the bytes is worked out, not
//! what the request says; a call with fields or types that this does not know is no [`Change`]: what it leaves out
//! may be what counts.

use std::borrow::Cow;

use serde_json::Value;

use self::edit::Made;
use self::edit::Swap;
pub use self::notebook::Cell;
use self::notebook::CellEdit;
pub use self::notebook::CellFate;
pub use self::refusal::Refusal;
pub use self::remark::LineEnd;
pub use self::remark::Remark;
pub use self::rules::CliRules;
use super::approval::Approval;
use super::approval::FilePreview;

/// What Edit does.
mod edit;
/// Bytes to text and back.
mod encoding;
/// `\uXXXX` in files and edits.
mod escapes;
/// What was shown against what is there.
pub mod expected;
/// JSON as JavaScript writes it.
mod json;
/// What NotebookEdit does.
mod notebook;
/// Curly quotes.
mod quotes;
/// Why a change is refused.
mod refusal;
/// What lines do not show.
mod remark;
/// Which version does what.
mod rules;
#[cfg(test)]
mod tests;
/// UTF-16.
mod units;
/// What Write does.
mod write;

/// A change of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
    File(FileChange<'a>),
    Cell(CellChange<'a>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange<'a> {
    pub path: &'a str,
    /// Where the path leads, when it goes through a link.
    pub leads_to: Option<&'a str>,
    pub fate: Fate,
    /// What to know before the texts are read.
    pub doubts: Vec<Doubt>,
    /// What the texts do not show.
    pub remarks: Vec<Remark>,
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
    /// The CLI will not do it.
    Refused,
}

/// Why the texts are not all there is to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The person had allowed it when it was found that the file was another.
    ChangedSinceShown,
    ChangedSinceRead,
    /// It is not what was asked: the person has edited it.
    Edited,
    NotCompared(String),
    Refused(Refusal),
}

impl Doubt {
    pub fn describe(&self) -> Cow<'static, str> {
        match self {
            Self::ChangedSinceShown => {
                "The file changed while this was asked, so nothing was sent: this is the change as it would be now."
                    .into()
            }
            Self::ChangedSinceRead => "Somebody else changed this file since the session last read it.".into(),
            Self::Edited => "This is the change as you have edited it. Nothing was sent yet.".into(),
            Self::NotCompared(why) => {
                format!("Not compared with the file as it is now: {}.", why.trim_end_matches('.')).into()
            }
            Self::Refused(refusal) => refusal.describe(),
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

/// A cell of a notebook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellChange<'a> {
    pub path: &'a str,
    pub leads_to: Option<&'a str>,
    /// As the call names it: for a new one, the cell that it comes after.
    pub cell: Option<&'a str>,
    pub is_markdown: bool,
    pub how: CellFate,
    /// What the call brings; nothing for a cell that is deleted.
    pub source: &'a str,
    /// The named cell as it is, when it is known.
    pub old: Option<Cell>,
    pub doubts: Vec<Doubt>,
    pub remarks: Vec<Remark>,
}

/// Whether a tool of this name changes a file.
pub fn is_change(tool: &str) -> bool {
    matches!(tool, "Edit" | "MultiEdit" | "Write" | "NotebookEdit")
}

/// The field of such a tool's input that names the file.
pub fn path_field(tool: &str) -> Option<&'static str> {
    match tool {
        "NotebookEdit" => Some("notebook_path"),
        tool => is_change(tool).then_some("file_path"),
    }
}

/// The change that is asked for; `None` for a call that makes none, or whose input is not as expected.
pub fn of(approval: &Approval) -> Option<Change<'_>> {
    let (tool, input) = (approval.tool.as_str(), &approval.input);
    if !is_change(tool) || !is_as_expected(tool, input) {
        return None;
    }
    let preview = approval.preview.as_ref();
    let leads_to = preview.and_then(|preview| preview.leads_to.as_deref());
    let mut doubts: Vec<Doubt> = approval.original.iter().map(|_| Doubt::Edited).collect();
    if preview.is_some_and(|preview| preview.asked_again) {
        doubts.push(Doubt::ChangedSinceShown);
    }
    if preview.is_some_and(|preview| preview.changed_since_read) {
        doubts.push(Doubt::ChangedSinceRead);
    }
    let known = preview.ok_or("nobody looked at it").and_then(|preview| Ok((preview, preview.before.bytes()?)));
    let (path, made) =
        (text(input, path_field(tool)?).unwrap_or_default(), outcome(tool, input, known, approval.original.is_none()));
    if let Err(doubt) = &made {
        doubts.push(doubt.clone());
    }
    let mut remarks = Vec::new();
    if tool == "NotebookEdit" {
        let cell = cell(input, leads_to, known, made.ok().as_ref());
        return Some(Change::Cell(CellChange { path, doubts, ..cell }));
    }
    let swaps = swaps(tool, input);
    let brought = match tool {
        "Write" => vec![text(input, "content").unwrap_or_default()],
        _ => swaps.iter().map(|swap| swap.new).collect(),
    };
    let before = known.ok().and_then(|(_, before)| before);
    let (fate, pieces) = match made {
        Ok(made) => {
            let faces = remark::faces(before, &made);
            remarks = remark::remarks(&faces, &made);
            let fate = match (tool, before) {
                (_, None) => Fate::Made,
                ("Write", _) => Fate::Replaced,
                _ => Fate::Edited,
            };
            let old = faces.old.map(|old| old.text.into());
            (fate, vec![Piece { before: old, after: faces.new.text.into(), everywhere: false }])
        }
        Err(doubt) => match tool {
            "Write" => {
                let fate = if matches!(doubt, Doubt::Refused(_)) { Fate::Refused } else { Fate::Written };
                (fate, vec![Piece { before: None, after: brought[0].into(), everywhere: false }])
            }
            _ => (edit_fate(&doubt), swaps.iter().map(as_lines).collect()),
        },
    };
    if let (Some(preview), false) = (preview, matches!(fate, Fate::Refused | Fate::Misfit | Fate::Missing)) {
        remarks.extend(of_the_file(preview));
    }
    Some(Change::File(FileChange { path, leads_to, fate, doubts, remarks, pieces, brought }))
}

fn edit_fate(doubt: &Doubt) -> Fate {
    match doubt {
        Doubt::Refused(Refusal::NoSuchFile) => Fate::Missing,
        Doubt::Refused(Refusal::NotFound | Refusal::Several(_)) => Fate::Misfit,
        Doubt::Refused(_) => Fate::Refused,
        Doubt::NotCompared(_) | Doubt::ChangedSinceRead | Doubt::ChangedSinceShown | Doubt::Edited => {
            Fate::EditedUnseen
        }
    }
}

/// What the CLI's way of writing does to this file, whatever the text.
fn of_the_file(preview: &FilePreview) -> Vec<Remark> {
    let names = (preview.n_other_names > 0).then_some(Remark::OtherNames(preview.n_other_names));
    names.into_iter().chain(preview.read_only.then_some(Remark::ReadOnly)).collect()
}

/// The bytes that the call will make of the file, or why it will make none, or why that is not known. `is_asked`: the
/// input is the one that the CLI looked at before it asked.
fn outcome(
    tool: &str,
    input: &Value,
    known: Result<(&FilePreview, Option<&[u8]>), &str>,
    is_asked: bool,
) -> Result<Made, Doubt> {
    let (preview, before) = known.map_err(|why| Doubt::NotCompared(why.to_owned()))?;
    let rules = CliRules::of(preview.cli.as_deref());
    let path = path_field(tool).and_then(|field| text(input, field)).unwrap_or_default();
    let made = match tool {
        "Write" => write::apply(rules, before, text(input, "content").unwrap_or_default()),
        "NotebookEdit" => {
            let edit = cell_edit(input);
            let checked = match notebook::check(rules, path, before, &edit) {
                // Older CLIs do not check a cell that a person names.
                Err(_) if !is_asked && rules.is_old() => Err(Refusal::BrokenNotebook),
                Err(_) if !is_asked => Ok(()),
                checked => checked,
            };
            checked.and_then(|()| notebook::apply(rules, before, &edit))
        }
        tool => edited(rules, path, before, &swaps(tool, input), is_asked),
    };
    // A link is refused whatever is written to it.
    match made {
        Ok(_) if preview.is_link => Err(Doubt::Refused(Refusal::Link)),
        made => made.map_err(Doubt::Refused),
    }
}

/// The replacements one after another.
fn edited(
    rules: CliRules,
    path: &str,
    before: Option<&[u8]>,
    swaps: &[Swap<'_>],
    is_asked: bool,
) -> Result<Made, Refusal> {
    let mut made: Option<Made> = None;
    for swap in swaps {
        let now = made.as_ref().map_or(before, |made| Some(made.bytes.as_slice()));
        if is_asked {
            edit::check(rules, path, now, swap)?;
        }
        made = Some(edit::apply(rules, now, swap)?);
    }
    made.ok_or(Refusal::NothingChanges)
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
                && text(input, "edit_mode").is_none_or(|mode| matches!(mode, "replace" | "insert" | "delete"))
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

fn swaps<'a>(tool: &str, input: &'a Value) -> Vec<Swap<'a>> {
    let one = |edit| -> Option<Swap<'_>> {
        let all = Value::get(edit, "replace_all").and_then(Value::as_bool).unwrap_or(false);
        Some(Swap { old: text(edit, "old_string")?, new: text(edit, "new_string")?, all })
    };
    match input.get("edits").and_then(Value::as_array) {
        Some(edits) if tool == "MultiEdit" => edits.iter().filter_map(one).collect(),
        _ => one(input).into_iter().collect(),
    }
}

/// Pieces from the middle of a file: that neither ends with a newline means nothing.
fn as_lines<'a>(swap: &Swap<'a>) -> Piece<'a> {
    let ends = |text: &str| text.is_empty() || !text.ends_with('\n');
    let ended = |text: &'a str| -> Cow<'a, str> {
        if text.is_empty() || !(ends(swap.old) && ends(swap.new)) { text.into() } else { format!("{text}\n").into() }
    };
    Piece { before: Some(ended(swap.old)), after: ended(swap.new), everywhere: swap.all }
}

fn cell_edit(input: &Value) -> CellEdit<'_> {
    CellEdit {
        cell: text(input, "cell_id"),
        kind: text(input, "cell_type"),
        how: match text(input, "edit_mode") {
            Some("delete") => CellFate::Deleted,
            Some("insert") => CellFate::Inserted,
            _ => CellFate::Replaced,
        },
        source: text(input, "new_source").unwrap_or_default(),
    }
}

fn cell<'a>(
    input: &'a Value,
    leads_to: Option<&'a str>,
    known: Result<(&'a FilePreview, Option<&'a [u8]>), &str>,
    made: Option<&Made>,
) -> CellChange<'a> {
    let edit = cell_edit(input);
    let (preview, before) = known.ok().unzip();
    let rules = CliRules::of(preview.and_then(|preview| preview.cli.as_deref()));
    let before = before.flatten();
    let old = before.and_then(|bytes| notebook::cell(rules, bytes, &edit));
    let mut remarks = Vec::new();
    if let Some(made) = made {
        remarks = notebook::remarks(before, made, old.as_ref(), &edit);
        remarks.extend(preview.map(of_the_file).unwrap_or_default());
    }
    let kind =
        edit.kind.or_else(|| old.as_ref().map(|old| old.kind.as_str()).filter(|_| edit.how != CellFate::Inserted));
    CellChange {
        path: "",
        leads_to,
        cell: edit.cell.filter(|name| !name.is_empty()),
        is_markdown: kind == Some("markdown"),
        how: edit.how,
        source: if edit.how == CellFate::Deleted { "" } else { edit.source },
        old,
        doubts: Vec::new(),
        remarks,
    }
}
