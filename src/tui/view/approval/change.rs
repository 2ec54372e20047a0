//! What a call would change in a file: a diff against the file as it is now, or both texts where no
//! comparison is possible, and then in so many words.

use serde_json::Value;

use super::sheet::Sheet;
use crate::core::approval::Approval;
use crate::core::approval::FileBefore;
use crate::tui::render::diff::DiffOptions;
use crate::tui::render::diff::diff;
use crate::tui::render::highlight::Language;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::view::cells::short_path;
use crate::tui::view::paint::count;
use crate::tui::view::paint::span;
use crate::tui::view::paint::spelled;

/// One replacement.
#[derive(Debug, Clone, Copy)]
struct Swap<'a> {
    old: &'a str,
    new: &'a str,
    all: bool,
}

/// Why a change cannot be shown as a diff.
#[derive(Debug, PartialEq, Eq)]
enum Misfit {
    NotFound,
    /// So many places, and only one is meant.
    Ambiguous(usize),
}

pub(super) fn is_change(tool: &str) -> bool {
    matches!(tool, "Edit" | "MultiEdit" | "Write" | "NotebookEdit")
}

/// Whether a call has just the fields, of just the types, that its diff shows. One that has others is shown
/// as it came: a field that the diff leaves out may be the one that counts.
pub(super) fn is_as_expected(tool: &str, input: &Value) -> bool {
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

/// Fields that the diff shows already.
pub(super) const SHOWN_FIELDS: [&str; 9] = [
    "file_path",
    "notebook_path",
    "old_string",
    "new_string",
    "replace_all",
    "edits",
    "content",
    "new_source",
    "cell_id",
];

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
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
fn apply(before: &str, swaps: &[Swap<'_>]) -> Result<String, Misfit> {
    let is_crlf = before.contains("\r\n");
    let plain = |text: &str| text.replace("\r\n", "\n");
    let mut after = plain(before);
    for swap in swaps {
        let (old, new) = (plain(swap.old), plain(swap.new));
        let swap = &Swap { old: &old, new: &new, all: swap.all };
        if swap.old.is_empty() {
            // An empty text to replace stands for the whole of an empty file.
            if !after.is_empty() {
                return Err(Misfit::NotFound);
            }
            after.push_str(swap.new);
            continue;
        }
        after = match after.matches(swap.old).count() {
            0 => return Err(Misfit::NotFound),
            1 => after.replacen(swap.old, swap.new, 1),
            _ if swap.all => after.replace(swap.old, swap.new),
            n => return Err(Misfit::Ambiguous(n)),
        };
    }
    Ok(if is_crlf { after.replace('\n', "\r\n") } else { after })
}

pub(super) fn show(sheet: &mut Sheet<'_>, approval: &Approval, home: &str) {
    let theme = sheet.theme;
    let input = &approval.input;
    let path = text(input, "file_path").or_else(|| text(input, "notebook_path")).unwrap_or_default();
    let short = short_path(path, &approval.place.directory, home, sheet.room, theme.glyphs.ellipsis);
    // What is shortened for the eye is shown whole where it hides something.
    let clean = sheet.reveal(if reveal_with(path, &theme.glyphs).is_plain() { &short } else { path });
    let head_at = sheet.lines.len();
    let preview = approval.preview.as_ref();
    if preview.is_some_and(|preview| preview.changed_since_read) {
        sheet.warn("Somebody else changed this file since the session last read it.", theme.warning);
    }
    let before = preview.map(|preview| &preview.before);
    for new in swaps(input).iter().map(|swap| swap.new).chain(text(input, "content")) {
        sheet.reveal(new);
    }
    let fact = if approval.tool == "Write" {
        written(sheet, text(input, "content").unwrap_or_default(), before)
    } else if approval.tool == "NotebookEdit" {
        notebook(sheet, input)
    } else {
        edited(sheet, &swaps(input), before)
    };
    let mut head = vec![span(clean.as_str().replace('\n', " "), theme.strong)];
    if !fact.is_empty() {
        head.push(span(format!("  {}", spelled(&fact, theme)), theme.dim));
    }
    let none = crate::tui::render::wrap::Indent::default();
    let lines = crate::tui::render::wrap::wrap_hard(&head, sheet.room, &none);
    sheet.lines.splice(head_at..head_at, lines);
}

/// Shows a whole new text; tells what becomes of the file.
fn written(sheet: &mut Sheet<'_>, content: &str, before: Option<&FileBefore>) -> String {
    match before {
        Some(FileBefore::Text(old)) => {
            let (added, removed) = compare(sheet, Some(old), content, 1);
            format!("is replaced · {}", changes(added, removed))
        }
        Some(FileBefore::Missing) => {
            let (added, _) = compare(sheet, None, content, 1);
            format!("new file · {}", count(added as u64, "line", "lines"))
        }
        unknown => {
            let why = if let Some(FileBefore::Unknown(why)) = unknown { why.as_str() } else { "nobody looked at it" };
            cannot_compare(sheet, why);
            let (added, _) = compare(sheet, None, content, 1);
            format!("is written whole · {}", count(added as u64, "line", "lines"))
        }
    }
}

fn cannot_compare(sheet: &mut Sheet<'_>, why: &str) {
    let why = sheet.reveal(why);
    let text = format!("Not compared with the file as it is now: {}.", why.as_str().trim_end_matches('.'));
    sheet.warn(&text.replace('\n', " "), sheet.theme.text);
}

fn edited(sheet: &mut Sheet<'_>, swaps: &[Swap<'_>], before: Option<&FileBefore>) -> String {
    let what = match before {
        Some(FileBefore::Text(old)) => match apply(old, swaps) {
            Ok(after) => {
                let (added, removed) = compare(sheet, Some(old), &after, 1);
                return changes(added, removed);
            }
            Err(Misfit::NotFound) => {
                sheet.warn("The text to be replaced is not in the file as it is written here: the CLI will probably refuse this edit.", sheet.theme.warning);
                "does not fit the file"
            }
            Err(Misfit::Ambiguous(n)) => {
                let text = format!("The text to be replaced is in the file {n} times: this edit will fail.");
                sheet.warn(&text, sheet.theme.warning);
                "does not fit the file"
            }
        },
        Some(FileBefore::Missing) => {
            if let [Swap { old: "", new, .. }] = swaps {
                let (added, _) = compare(sheet, None, new, 1);
                return format!("new file · {}", count(added as u64, "line", "lines"));
            }
            sheet.warn("There is no such file: this edit will fail.", sheet.theme.warning);
            "does not exist"
        }
        Some(FileBefore::Unknown(why)) => {
            cannot_compare(sheet, why);
            ""
        }
        None => {
            cannot_compare(sheet, "nobody looked at it");
            ""
        }
    };
    for (idx, swap) in swaps.iter().enumerate() {
        if swaps.len() > 1 {
            sheet.say(&format!("replacement {} of {}", idx + 1, swaps.len()), sheet.theme.dim);
        }
        if swap.all {
            sheet.say("everywhere in the file", sheet.theme.dim);
        }
        let (old, new) = as_lines(swap);
        compare(sheet, Some(&old), &new, 0);
    }
    what.to_owned()
}

/// Pieces from the middle of a file: that neither ends with a newline means nothing.
fn as_lines(swap: &Swap<'_>) -> (String, String) {
    let ends = |text: &str| text.is_empty() || !text.ends_with('\n');
    if !ends(swap.old) || !ends(swap.new) {
        return (swap.old.to_owned(), swap.new.to_owned());
    }
    let ended = |text: &str| if text.is_empty() { String::new() } else { format!("{text}\n") };
    (ended(swap.old), ended(swap.new))
}

fn notebook(sheet: &mut Sheet<'_>, input: &Value) -> String {
    let mode = text(input, "edit_mode").unwrap_or("replace");
    let cell = text(input, "cell_id").map(|cell| sheet.reveal(cell).as_str().to_owned());
    let cell = cell.map_or_else(|| "a cell".to_owned(), |cell| format!("cell {cell}"));
    if mode == "delete" {
        return format!("{cell} is deleted");
    }
    let language = if text(input, "cell_type") == Some("markdown") { "markdown" } else { "python" };
    sheet.code(text(input, "new_source").unwrap_or_default(), Language::from_token(language));
    let verb = if mode == "insert" { "is inserted" } else { "is replaced by this" };
    format!("{cell} {verb}")
}

fn changes(added: usize, removed: usize) -> String {
    format!("{} added, {removed} removed", count(added as u64, "line", "lines"))
}

/// Adds a diff to the page; tells how many lines were added and removed. What is hidden in the texts shows,
/// but is not counted: the file's own oddities are nobody's doing.
fn compare(sheet: &mut Sheet<'_>, before: Option<&str>, after: &str, first_line: usize) -> (usize, usize) {
    let theme = sheet.theme;
    let old = before.map(|before| reveal_with(before, &theme.glyphs).text);
    let new = reveal_with(after, &theme.glyphs).text;
    let options = DiffOptions { first_line, ..DiffOptions::new(sheet.room) };
    let view = diff(old.as_ref(), Some(&new), &options, theme);
    sheet.lines.extend(view.lines);
    (view.n_added, view.n_removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swap<'a>(old: &'a str, new: &'a str, all: bool) -> Swap<'a> {
        Swap { old, new, all }
    }

    #[test]
    fn replacements_apply_as_the_cli_makes_them() {
        assert_eq!(apply("a b a", &[swap("b", "c", false)]), Ok("a c a".into()));
        assert_eq!(apply("a b a", &[swap("a", "c", true)]), Ok("c b c".into()));
        assert_eq!(apply("a b a", &[swap("a", "c", false)]), Err(Misfit::Ambiguous(2)));
        assert_eq!(apply("a", &[swap("x", "y", false)]), Err(Misfit::NotFound));
        assert_eq!(apply("a", &[swap("a", "b", false), swap("b", "c", false)]), Ok("c".into()));
        assert_eq!(apply("", &[swap("", "new", false)]), Ok("new".into()));
        assert_eq!(apply("full", &[swap("", "new", false)]), Err(Misfit::NotFound));
    }
}
