//! What NotebookEdit does to the bytes of a notebook: the whole file is written anew.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::edit::Made;
use super::encoding;
use super::encoding::Decoded;
use super::json;
use super::refusal::Refusal;
use super::remark;
use super::remark::Remark;
use super::rules::CliRules;
use super::units;
use super::units::NEWLINE;

/// Stands for the id of a new cell, which the CLI makes up: eight hexadecimal digits.
pub(super) const NEW_ID: &str = "????????";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellFate {
    Replaced,
    Inserted,
    Deleted,
}

/// The edit, as the request has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellEdit<'a> {
    pub(super) cell: Option<&'a str>,
    pub(super) kind: Option<&'a str>,
    pub(super) how: CellFate,
    pub(super) source: &'a str,
}

/// A cell as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Its place, from 1.
    pub number: usize,
    pub kind: String,
    pub source: String,
    pub has_outputs: bool,
}

/// What is looked at before anybody is asked.
pub(super) fn check(rules: CliRules, path: &str, file: Option<&[u8]>, edit: &CellEdit<'_>) -> Result<(), Refusal> {
    if !path.ends_with(".ipynb") {
        return Err(Refusal::NotNotebook);
    }
    if edit.how == CellFate::Inserted && edit.kind.is_none_or(str::is_empty) {
        return Err(Refusal::NoCellType);
    }
    let bytes = file.ok_or(Refusal::NoSuchFile)?;
    encoding::check(rules, bytes)?;
    let book = read(&Decoded::new(rules, bytes))?;
    place(&book, edit).map(drop)
}

fn read(file: &Decoded) -> Result<Value, Refusal> {
    // A lone surrogate in it is no text here.
    let text = String::from_utf16(&file.text).map_err(|_| Refusal::BrokenNotebook)?;
    let book: Value = serde_json::from_str(&text).map_err(|_| Refusal::BrokenNotebook)?;
    let cells = book.get("cells").and_then(Value::as_array).ok_or(Refusal::BrokenNotebook)?;
    if cells.iter().all(Value::is_object) { Ok(book) } else { Err(Refusal::BrokenNotebook) }
}

fn cells(book: &Value) -> &[Value] {
    book.get("cells").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The place of the cell that is meant; `None` where the edit names none and a new one comes first.
fn place(book: &Value, edit: &CellEdit<'_>) -> Result<Option<usize>, Refusal> {
    let Some(name) = edit.cell.filter(|name| !name.is_empty()) else {
        return if edit.how == CellFate::Inserted { Ok(None) } else { Err(Refusal::NoCellNamed) };
    };
    let cells = cells(book);
    let by_id = cells.iter().position(|cell| cell.get("id").and_then(Value::as_str) == Some(name));
    let digits = name.strip_prefix("cell-").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let by_number = || digits?.parse().ok().filter(|at| *at < cells.len());
    by_id.or_else(by_number).map(Some).ok_or(Refusal::NoSuchCell)
}

/// The cell that the edit names.
pub(super) fn cell(rules: CliRules, bytes: &[u8], edit: &CellEdit<'_>) -> Option<Cell> {
    let book = read(&Decoded::new(rules, bytes)).ok()?;
    let at = place(&book, edit).ok()??;
    let cell = cells(&book).get(at)?;
    let source = match cell.get("source") {
        Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
        source => source.and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    let kind = cell.get("cell_type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let has_outputs = cell.get("outputs").and_then(Value::as_array).is_some_and(|outputs| !outputs.is_empty());
    Some(Cell { number: at + 1, kind, source, has_outputs })
}

/// What is done once it is allowed.
pub(super) fn apply(rules: CliRules, file: Option<&[u8]>, edit: &CellEdit<'_>) -> Result<Made, Refusal> {
    let bytes = file.ok_or(Refusal::NoSuchFile)?;
    encoding::check(rules, bytes)?;
    let file = Decoded::new(rules, bytes);
    let mut book = read(&file)?;
    let at = place(&book, edit)?;
    if rules.is_old() && !book.get("metadata").is_some_and(Value::is_object) {
        return Err(Refusal::BrokenNotebook);
    }
    let has_ids = has_ids(&book);
    let cells = book.get_mut("cells").and_then(Value::as_array_mut).ok_or(Refusal::BrokenNotebook)?;
    match (edit.how, at) {
        (CellFate::Inserted, at) => cells.insert(at.map_or(0, |at| at + 1), new_cell(edit, has_ids)),
        (CellFate::Deleted, Some(at)) => drop(cells.remove(at)),
        (CellFate::Replaced, Some(at)) => {
            let cell = cells.get_mut(at).and_then(Value::as_object_mut).ok_or(Refusal::BrokenNotebook)?;
            replace(rules, cell, edit);
        }
        (_, None) => return Err(Refusal::NoCellNamed),
    }
    let mut text = units::of(&json::write(&book));
    if !rules.is_old() && file.text.last() == Some(&NEWLINE) {
        text.push(NEWLINE);
    }
    Ok(Made::new(file.save_with_ends(&text, false), file.encoding))
}

/// Whether cells of this notebook have ids, by the version of its format.
fn has_ids(book: &Value) -> bool {
    let number = |key| book.get(key).and_then(Value::as_f64).unwrap_or_default();
    let (major, minor) = (number("nbformat"), number("nbformat_minor"));
    major > 4.0 || (major >= 4.0 && minor >= 5.0)
}

fn new_cell(edit: &CellEdit<'_>, has_id: bool) -> Value {
    let kind = edit.kind.filter(|kind| !kind.is_empty()).unwrap_or("code");
    let mut cell = Map::new();
    cell.insert("cell_type".into(), kind.into());
    if has_id {
        cell.insert("id".into(), NEW_ID.into());
    }
    cell.insert("source".into(), edit.source.into());
    cell.insert("metadata".into(), json!({}));
    if kind == "code" {
        clear(&mut cell);
    }
    Value::Object(cell)
}

fn clear(cell: &mut Map<String, Value>) {
    cell.insert("execution_count".into(), Value::Null);
    cell.insert("outputs".into(), json!([]));
}

fn replace(rules: CliRules, cell: &mut Map<String, Value>, edit: &CellEdit<'_>) {
    let is_code = |cell: &Map<String, Value>| cell.get("cell_type").and_then(Value::as_str) == Some("code");
    let was_code = is_code(cell);
    cell.insert("source".into(), edit.source.into());
    if rules != CliRules::Newest && was_code {
        clear(cell);
    }
    if let Some(kind) = edit.kind.filter(|kind| !kind.is_empty()) {
        cell.insert("cell_type".into(), kind.into());
    }
    if rules != CliRules::Newest {
        return;
    }
    if is_code(cell) {
        clear(cell);
    } else {
        cell.shift_remove("execution_count");
        cell.shift_remove("outputs");
    }
}

/// What else becomes of the notebook.
pub(super) fn remarks(before: Option<&[u8]>, made: &Made, old: Option<&Cell>, edit: &CellEdit<'_>) -> Vec<Remark> {
    let Some(before) = before else { return Vec::new() };
    let faces = remark::faces(Some(before), made);
    let mut remarks = remark::remarks(&faces, made);
    if edit.how == CellFate::Replaced && old.is_some_and(|cell| cell.has_outputs) {
        remarks.push(Remark::OutputsGone);
    }
    // The same notebook written as the CLI writes it, without the edit: what differs is form.
    let old_text = faces.old.map(|old| old.text).unwrap_or_default();
    let plain = with_lf_text(&old_text);
    let n_other =
        serde_json::from_str::<Value>(&plain).map_or(0, |book| n_lines_that_differ(&plain, &json::write(&book)));
    if n_other > 0 {
        remarks.push(Remark::Rewritten(n_other));
    }
    remarks
}

fn with_lf_text(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// Lines of the old text that the new one has not at the same distance from either end.
fn n_lines_that_differ(old: &str, new: &str) -> usize {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let n_head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old[n_head..].iter().rev().zip(new[n_head..].iter().rev());
    old.len() - n_head - rest.take_while(|(old, new)| old == new).count()
}
