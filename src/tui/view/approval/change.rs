//! What a call would change in a file: a diff against the file as it is now, or both texts where no
//! comparison is possible, and then in so many words.

use std::borrow::Cow;

use super::sheet::Sheet;
use crate::core::approval::Approval;
use crate::core::change::CellChange;
use crate::core::change::CellFate;
use crate::core::change::Change;
use crate::core::change::Doubt;
use crate::core::change::Fate;
use crate::core::change::FileChange;
use crate::core::change::Piece;
use crate::core::change::Remark;
use crate::core::figures::count;
use crate::tui::render::diff::DiffOptions;
use crate::tui::render::diff::diff;
use crate::tui::render::highlight::Language;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::view::cells::short_path;
use crate::tui::view::paint::span;
use crate::tui::view::paint::spelled;

/// Fields that the page of a change shows already.
pub(super) const SHOWN_FIELDS: [&str; 10] = [
    "file_path",
    "notebook_path",
    "old_string",
    "new_string",
    "replace_all",
    "edits",
    "content",
    "new_source",
    "cell_id",
    "edit_mode",
];

pub(super) fn show(sheet: &mut Sheet<'_>, change: &Change<'_>, approval: &Approval, home: &str) {
    let theme = sheet.theme;
    let (path, leads_to) = match change {
        Change::File(file) => (file.path, file.leads_to),
        Change::Cell(cell) => (cell.path, cell.leads_to),
    };
    let short = short_path(path, &approval.place.directory, home, sheet.room, theme.glyphs.ellipsis);
    // What is shortened for the eye is shown whole where it hides something.
    let clean = sheet.reveal(if reveal_with(path, &theme.glyphs).is_plain() { &short } else { path });
    let head_at = sheet.lines.len();
    let fact = match change {
        Change::File(file) => file_lines(sheet, file),
        Change::Cell(cell) => cell_lines(sheet, cell),
    };
    let mut head = vec![span(clean.as_str().replace('\n', " "), theme.strong)];
    if !fact.is_empty() {
        head.push(span(format!("  {}", spelled(&fact, theme)), theme.dim));
    }
    let none = crate::tui::render::wrap::Indent::default();
    let mut lines = crate::tui::render::wrap::wrap_hard(&head, sheet.room, &none);
    if let Some(to) = leads_to {
        let to = sheet.reveal(to).as_str().replace('\n', " ");
        let row = [span(format!("{} ", theme.glyphs.arrow), theme.warning), span(to, theme.strong)];
        lines.extend(crate::tui::render::wrap::wrap_hard(&row, sheet.room, &none));
    }
    sheet.lines.splice(head_at..head_at, lines);
}

/// What is to be known beside the texts.
fn words(sheet: &mut Sheet<'_>, doubts: &[Doubt], remarks: &[Remark]) {
    for doubt in doubts {
        let is_plain = matches!(doubt, Doubt::NotCompared(_));
        let text = sheet.reveal(&doubt.describe()).as_str().replace('\n', " ");
        sheet.warn(&text, if is_plain { sheet.theme.text } else { sheet.theme.warning });
    }
    for remark in remarks {
        let text = spelled(&remark.describe(), sheet.theme).into_owned();
        if remark.is_danger() {
            sheet.warn(&text, sheet.theme.warning);
        } else {
            sheet.say(&text, sheet.theme.text);
        }
    }
}

/// Shows the texts of a file; tells what becomes of it.
fn file_lines(sheet: &mut Sheet<'_>, change: &FileChange<'_>) -> String {
    words(sheet, &change.doubts, &change.remarks);
    for brought in &change.brought {
        sheet.reveal(brought);
    }
    let is_part = matches!(change.fate, Fate::EditedUnseen | Fate::Misfit | Fate::Missing | Fate::Refused);
    let (mut added, mut removed) = (0, 0);
    for (idx, piece) in change.pieces.iter().enumerate() {
        if change.pieces.len() > 1 {
            sheet.say(&format!("replacement {} of {}", idx + 1, change.pieces.len()), sheet.theme.dim);
        }
        if piece.everywhere {
            sheet.say("everywhere in the file", sheet.theme.dim);
        }
        (added, removed) = compare(sheet, piece, usize::from(!is_part));
    }
    let lines = count(added as u64, "line", "lines");
    match change.fate {
        Fate::Made => format!("new file · {lines}"),
        Fate::Replaced => format!("is replaced · {lines} added, {removed} removed"),
        Fate::Written => format!("is written whole · {lines}"),
        Fate::Edited => format!("{lines} added, {removed} removed"),
        Fate::EditedUnseen => String::new(),
        Fate::Misfit => "does not fit the file".to_owned(),
        Fate::Missing => "does not exist".to_owned(),
        Fate::Refused => "will be refused".to_owned(),
    }
}

fn cell_lines(sheet: &mut Sheet<'_>, change: &CellChange<'_>) -> String {
    words(sheet, &change.doubts, &change.remarks);
    let name = change.cell.map(|cell| sheet.reveal(cell).as_str().replace('\n', " "));
    let number = change.old.as_ref().map(|old| format!(" (number {})", old.number)).unwrap_or_default();
    let name = name.map(|name| format!("cell {name}{number}"));
    let language = if change.is_markdown { "markdown" } else { "python" };
    sheet.reveal(change.source);
    match (change.how, name) {
        (CellFate::Inserted, name) => {
            sheet.code(change.source, Language::from_token(language));
            match name {
                Some(name) => format!("a new cell after {name}"),
                None => "a new cell at the top".to_owned(),
            }
        }
        (how, name) => {
            let name = name.unwrap_or_else(|| "a cell".to_owned());
            let verb = if how == CellFate::Deleted { "is deleted" } else { "is replaced" };
            match &change.old {
                Some(old) => {
                    let after = (how != CellFate::Deleted).then_some(change.source);
                    let (added, removed) = compare_cells(sheet, &old.source, after);
                    let lines = count(added as u64, "line", "lines");
                    format!("{name} {verb} · {lines} added, {removed} removed")
                }
                None => {
                    sheet.code(change.source, Language::from_token(language));
                    format!("{name} {verb}{}", if how == CellFate::Deleted { "" } else { " by this" })
                }
            }
        }
    }
}

/// Cells end without a newline, and that means nothing.
fn compare_cells(sheet: &mut Sheet<'_>, old: &str, new: Option<&str>) -> (usize, usize) {
    let ended =
        |text: &str| -> Cow<'static, str> { if text.is_empty() { "".into() } else { format!("{text}\n").into() } };
    let piece = Piece { before: Some(ended(old)), after: ended(new.unwrap_or_default()), everywhere: false };
    compare(sheet, &piece, 1)
}

/// Adds a diff to the page; tells how many lines were added and removed. What is hidden in the texts shows,
/// but is not counted: the file's own oddities are nobody's doing.
fn compare(sheet: &mut Sheet<'_>, piece: &Piece<'_>, first_line: usize) -> (usize, usize) {
    let theme = sheet.theme;
    let old = piece.before.as_ref().map(|before| reveal_with(before, &theme.glyphs).text);
    let new = reveal_with(&piece.after, &theme.glyphs).text;
    let options = DiffOptions { first_line, ..DiffOptions::new(sheet.room) };
    let view = diff(old.as_ref(), Some(&new), &options, theme);
    sheet.lines.extend(view.lines);
    (view.n_added, view.n_removed)
}
