use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::encoding::Encoding;
use super::encoding::with_crlf;
use super::*;
use crate::core::approval::FileBefore;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;

/// One thing that the CLIs were seen to do.
#[derive(Debug, Deserialize)]
struct Seen {
    /// The versions that do so, by their last number.
    v: Vec<String>,
    t: String,
    p: String,
    i: Value,
    /// The file before, in Base64.
    f: Option<String>,
    /// Whether the input is as it was asked, or as a person edited it.
    a: bool,
    /// The file after, in Base64.
    b: Option<String>,
    /// The kind of error.
    e: Option<String>,
}

fn kind(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Same => "same",
        Refusal::NoSuchFile => "missing",
        Refusal::Exists => "exists",
        Refusal::IsNotebook => "notebook",
        Refusal::NotNotebook => "notnotebook",
        Refusal::Encoding => "encoding",
        Refusal::NotFound => "notfound",
        Refusal::Several(_) => "multiple",
        Refusal::NothingChanges => "noeffect",
        Refusal::Link => "symlink",
        Refusal::NoCellType => "notype",
        Refusal::NoCellNamed => "noid",
        Refusal::NoSuchCell => "nocell",
        Refusal::BrokenNotebook => "unknown",
    }
}

#[test]
fn what_the_clis_were_seen_to_do_is_what_is_predicted() {
    let seen: Vec<Seen> = serde_json::from_str(include_str!("cases.json")).unwrap();
    assert!(seen.len() > 900);
    let bytes = |text: &String| STANDARD.decode(text).unwrap();
    let (mut wrong, mut n) = (Vec::new(), 0);
    for case in &seen {
        for version in &case.v {
            n += 1;
            let before = case.f.as_ref().map(bytes).map_or(FileBefore::Missing, FileBefore::of);
            let mut preview = FilePreview::new(&*case.p, before);
            preview.cli = Some(format!("2.1.{version}"));
            let mut input = case.i.clone();
            input[path_field(&case.t).unwrap()] = case.p.clone().into();
            let known = Ok((&preview, preview.before.bytes().unwrap()));
            let got = outcome(&case.t, &input, known, case.a);
            let is_right = match (&got, &case.b, case.e.as_deref()) {
                (Ok(made), Some(after), _) => {
                    let (made, after) = (&made.bytes, bytes(after));
                    let text = String::from_utf8_lossy(made).replace(notebook::NEW_ID, "#NEWID##");
                    *made == after || text.as_bytes() == after
                }
                // The CLI has one word for two of ours, and two for one.
                (Err(Doubt::Refused(Refusal::NotFound)), _, Some("noeffect")) => true,
                (Err(Doubt::Refused(Refusal::NoSuchCell)), _, Some("noindex")) => true,
                (Err(Doubt::Refused(refusal)), _, Some(error)) => kind(refusal) == error,
                _ => false,
            };
            // What is not known is said to be not known.
            if !is_right && !matches!(&got, Err(Doubt::Refused(refusal)) if refusal.is_doubt()) {
                let got = got.map(|made| String::from_utf8_lossy(&made.bytes).into_owned());
                wrong.push(format!("{version} {case:?}: {got:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {n}:\n{}", wrong.len(), wrong[..wrong.len().min(8)].join("\n"));
}

fn asked(tool: &str, input: Value, before: Option<FileBefore>) -> Approval {
    let preview = before.map(|before| FilePreview::new("/p/a", before));
    Approval { preview, ..Approval::new(ApprovalId(1), SessionId(1), tool, input) }
}

fn file(approval: &Approval) -> FileChange<'_> {
    match of(approval) {
        Some(Change::File(change)) => change,
        other => panic!("{other:?}"),
    }
}

fn edit(old: &str, new: &str, before: &[u8], version: &str) -> Approval {
    let input = json!({ "file_path": "/p/a", "old_string": old, "new_string": new, "replace_all": false });
    let mut approval = asked("Edit", input, Some(FileBefore::of(before.to_vec())));
    approval.preview.as_mut().unwrap().cli = Some(version.into());
    approval
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
        ("Write", &write, Some(FileBefore::of(vec![0xff])), Fate::Refused, 1),
        ("Write", &write, unknown(), Fate::Written, 1),
        ("Write", &write, None, Fate::Written, 1),
        ("Edit", &edit, there("an old one"), Fate::Edited, 0),
        ("Edit", &edit, there("old and old"), Fate::Misfit, 1),
        ("Edit", &edit, there("none"), Fate::Misfit, 1),
        ("Edit", &edit, Some(FileBefore::of(b"old\0".to_vec())), Fate::Refused, 1),
        ("Edit", &edit, Some(FileBefore::Missing), Fate::Missing, 1),
        ("Edit", &edit, unknown(), Fate::EditedUnseen, 1),
        ("Edit", &make, Some(FileBefore::Missing), Fate::Made, 0),
        ("Edit", &make, there("full"), Fate::Refused, 1),
    ] {
        let approval = asked(tool, input.clone(), before);
        let change = file(&approval);
        assert_eq!((change.path, change.fate, change.doubts.len()), ("/p/a", fate, n_doubts), "{approval:?}");
        assert!(change.brought[0].starts_with("new") && change.pieces[0].after.contains("new"), "{change:?}");
    }
}

#[test]
fn a_line_that_is_emptied_goes_whole() {
    let approval = edit("two", "", b"one\ntwo\nthree\n", "2.1.332");
    assert_eq!(file(&approval).pieces[0].after, "one\nthree\n");
    let approval = edit(" two", "", b"one two\nthree\n", "2.1.332");
    let change = file(&approval);
    assert_eq!((change.pieces[0].after.as_ref(), change.remarks), ("onethree\n", vec![Remark::Joins]));
}

#[test]
fn line_ends_that_change_are_said() {
    let approval = edit("beta", "BETA", b"alpha\nbeta\ngamma\r\ndelta\nepsilon\n", "2.1.332");
    let change = file(&approval);
    assert_eq!(change.pieces[0].before.as_deref(), Some("alpha\nbeta\ngamma\ndelta\nepsilon\n"));
    assert_eq!(change.pieces[0].after, "alpha\nBETA\ngamma\ndelta\nepsilon\n");
    assert_eq!(change.remarks, [Remark::Ends { now: LineEnd::Lf, n: 1 }]);
}

#[test]
fn curly_quotes_of_the_file_are_kept_and_shown() {
    let approval = edit("say \"hi\"", "shout \"hi\"", "say “hi”\n".as_bytes(), "2.1.331");
    let change = file(&approval);
    assert_eq!((change.fate, change.pieces[0].after.as_ref()), (Fate::Edited, "shout “hi”\n"));
    assert_eq!(change.remarks, [Remark::CurlyQuotes]);
}

#[test]
fn bytes_that_are_no_text_are_lost_with_a_warning_or_refused() {
    let latin = b"caf\xe9\nold\n";
    let approval = edit("old", "new", latin, "2.1.197");
    let change = file(&approval);
    assert_eq!((change.fate, &change.remarks), (Fate::Edited, &vec![Remark::BytesLost(1)]));
    assert!(change.remarks[0].is_danger());
    let approval = edit("old", "new", latin, "2.1.332");
    assert_eq!(file(&approval).doubts, [Doubt::Refused(Refusal::Encoding)]);
    let utf16: Vec<u8> = "\u{feff}old\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let approval = edit("old", "new", &utf16, "2.1.332");
    let change = file(&approval);
    assert_eq!((change.pieces[0].before.as_deref(), change.pieces[0].after.as_ref()), (Some("old\n"), "new\n"));
    assert_eq!(change.remarks, [Remark::Utf16]);
}

#[test]
fn a_link_is_refused_and_where_it_leads_is_told() {
    let mut approval = edit("old", "new", b"old\n", "2.1.332");
    let preview = approval.preview.as_mut().unwrap();
    (preview.is_link, preview.leads_to) = (true, Some("/etc/hosts".into()));
    let change = file(&approval);
    assert_eq!((change.leads_to, change.doubts), (Some("/etc/hosts"), vec![Doubt::Refused(Refusal::Link)]));
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
        ("NotebookEdit", json!({ "notebook_path": "/a", "new_source": "b", "edit_mode": "append" })),
        ("Write", json!("text")),
    ] {
        assert_eq!(of(&asked(tool, input.clone(), None)), None, "{tool} {input}");
    }
    let edits = json!([{ "old_string": "a", "new_string": "b" }, { "old_string": "b\n", "new_string": "c" }]);
    let several = asked("MultiEdit", json!({ "file_path": "/a", "edits": edits }), None);
    let change = file(&several);
    assert_eq!(change.pieces.iter().map(|piece| piece.after.as_ref()).collect::<Vec<_>>(), ["b\n", "c"]);
}

#[test]
fn a_cell_is_shown_as_it_is_and_as_it_will_be() {
    let book = json!({ "cells": [
        { "cell_type": "code", "id": "one", "source": ["a = 1\n", "b = 2"], "metadata": {}, "outputs": [{}], "execution_count": 1 },
        { "cell_type": "markdown", "source": "# Two", "metadata": {} },
    ], "metadata": {}, "nbformat": 4, "nbformat_minor": 5 });
    let text = json::write(&book);
    let asked = |input: Value| {
        let mut approval = asked("NotebookEdit", input, Some(FileBefore::Text(text.clone())));
        approval.input["notebook_path"] = "/p/a.ipynb".into();
        approval
    };
    let cell = |approval: &Approval| match of(approval) {
        Some(Change::Cell(cell)) => (cell.how, cell.old.map(|old| (old.number, old.source)), cell.remarks, cell.doubts),
        other => panic!("{other:?}"),
    };
    let replace = asked(json!({ "cell_id": "one", "new_source": "a = 3" }));
    let first = Some((1, "a = 1\nb = 2".to_owned()));
    assert_eq!(cell(&replace), (CellFate::Replaced, first.clone(), vec![Remark::OutputsGone], vec![]));
    let insert = asked(json!({ "cell_id": "one", "new_source": "x", "cell_type": "code", "edit_mode": "insert" }));
    assert_eq!(cell(&insert), (CellFate::Inserted, first, vec![], vec![]));
    let delete = asked(json!({ "cell_id": "cell-1", "new_source": "", "edit_mode": "delete" }));
    assert_eq!(cell(&delete), (CellFate::Deleted, Some((2, "# Two".to_owned())), vec![], vec![]));
    let none = asked(json!({ "cell_id": "cell-2", "new_source": "", "edit_mode": "delete" }));
    assert_eq!(cell(&none).3, [Doubt::Refused(Refusal::NoSuchCell)]);
}

/// The bytes, from nothing but what is shown and said.
fn rebuilt(faces: &remark::Faces) -> Vec<u8> {
    let new = &faces.new;
    let mut text = units::of(&new.text);
    if !faces.is_raw && new.ends.only() == Some(LineEnd::Crlf) {
        text = with_crlf(&text);
    }
    if new.has_mark {
        text.insert(0, units::MARK);
    }
    new.encoding.encode(&text)
}

fn piece() -> impl Strategy<Value = String> {
    let parts =
        ["a", "b", "\n", "\r\n", "\r", " ", "\"", "'", "“", "”", "’", "é", "\\u00e9", "\\u00E9", "\\", "\u{feff}", "𝒳"];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..12).prop_map(|parts| parts.concat())
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let utf16 = |text: String| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let spoiled = |(text, at, byte): (String, usize, u8)| {
        let mut bytes = text.into_bytes();
        let at = at % (bytes.len() + 1);
        bytes.insert(at, byte);
        bytes
    };
    prop_oneof![
        6 => piece().prop_map(String::into_bytes),
        2 => piece().prop_map(utf16),
        1 => (piece(), any::<usize>(), any::<u8>()).prop_map(spoiled),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn what_is_shown_and_said_accounts_for_every_byte(
        before in bytes(), old in piece(), new in piece(), all: bool, write: bool,
        version in prop::sample::select(&["2.1.197", "2.1.331", "2.1.332"][..]),
    ) {
        let input = if write {
            json!({ "file_path": "/p/a", "content": new })
        } else {
            json!({ "file_path": "/p/a", "old_string": old, "new_string": new, "replace_all": all })
        };
        let tool = if write { "Write" } else { "Edit" };
        let mut approval = asked(tool, input.clone(), Some(FileBefore::of(before.clone())));
        approval.preview.as_mut().unwrap().cli = Some(version.to_owned());
        let change = file(&approval);
        let preview = approval.preview.as_ref().unwrap();
        if let Ok(made) = outcome(tool, &input, Ok((preview, Some(&before))), true) {
            let faces = remark::faces(Some(&before), &made);
            prop_assert!(change.pieces[0].after == faces.new.text);
            // Half a character is shown as U+FFFD.
            let is_whole = made.encoding == Encoding::Utf8 || String::from_utf16(&made.encoding.decode(&made.bytes).0).is_ok();
            if is_whole {
                prop_assert_eq!(rebuilt(&faces), made.bytes);
            }
            let old = faces.old.unwrap();
            let said = |remark: Remark| change.remarks.contains(&remark);
            prop_assert_eq!(old.has_mark && !faces.new.has_mark && faces.new.encoding == Encoding::Utf8, said(Remark::MarkGone));
            prop_assert_eq!(!old.has_mark && faces.new.has_mark, said(Remark::MarkAdded));
            if let (Some(was), Some(now), false) = (old.ends.only(), faces.new.ends.only(), faces.is_raw) {
                prop_assert_eq!(was != now, change.remarks.iter().any(|remark| matches!(remark, Remark::Ends { .. })));
            }
        }
    }

    #[test]
    fn no_notebook_makes_it_panic(text in piece(), id in piece(), source in piece(), mode in 0..3_usize) {
        let book = json!({ "cells": [{ "id": text, "source": text }], "metadata": {}, text.clone(): [1.5, {}] });
        let mode = ["replace", "insert", "delete"][mode];
        let input = json!({ "notebook_path": "/a.ipynb", "cell_id": id, "new_source": source, "edit_mode": mode, "cell_type": "code" });
        for text in [book.to_string(), text] {
            let approval = asked("NotebookEdit", input.clone(), Some(FileBefore::Text(text)));
            prop_assert!(of(&approval).is_some());
            let _ = expected::of(&approval, None);
        }
    }
}
