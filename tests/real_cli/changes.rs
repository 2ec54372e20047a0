//! Changes of files on the real CLI: what is predicted is what happens, byte for byte, over files and edits at random.

use std::path::Path;
use std::path::PathBuf;

use adjutant::core::approval::Approval;
use adjutant::core::approval::Decision;
use adjutant::core::cell::CellBody;
use adjutant::core::change;
use adjutant::core::change::expected;
use adjutant::core::change::expected::Verdict;
use adjutant::core::event::EventKind;
use serde_json::Value;
use serde_json::json;

use super::rig;
use super::with_each_cli;
use crate::support::api::Api;
use crate::support::api::text;
use crate::support::api::tool;
use crate::support::api::tools;
use crate::support::rig::Rig;

/// Files and edits that are tried.
const N_CASES: usize = 210;
const N_NOTEBOOKS: usize = 40;
/// Calls of one message.
const N_AT_ONCE: usize = 35;

/// Small numbers that are the same at each run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn words(&mut self, n: usize, of: &[&str]) -> String {
        (0..n).map(|_| self.one(of)).collect()
    }
}

const PARTS: &[&str] =
    &["alpha", "beta", " ", "\t", "\n", "\r\n", "\n\n", "“hi”", "it’s", "\"hi\"", "'", "é", "\\u00e9", "字", "𝒳", "\r"];

/// The bytes of a file: some of each kind.
fn content(dice: &mut Dice) -> Vec<u8> {
    let n = 3 + dice.below(20);
    let body = dice.words(n, PARTS);
    match dice.below(10) {
        0 => format!("\u{feff}{body}").into_bytes(),
        1 => format!("\u{feff}{body}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        2 => body.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes(),
        3 => [body.as_bytes(), b"caf\xe9 beta\n"].concat(),
        _ => body.into_bytes(),
    }
}

/// A piece of the file as an edit may name it.
fn piece(dice: &mut Dice, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let chars: Vec<char> = text.chars().filter(|c| *c != '\0').collect();
    if chars.is_empty() || dice.below(8) == 0 {
        return dice.words(2, PARTS);
    }
    let from = dice.below(chars.len());
    let len = 1 + dice.below(8);
    let piece: String = chars[from..chars.len().min(from + len)].iter().collect();
    match dice.below(5) {
        0 => piece.replace(['“', '”'], "\"").replace('’', "'"),
        1 => piece.replace("\\u00e9", "é"),
        _ => piece,
    }
}

fn case(dice: &mut Dice, file: &Path) -> (&'static str, Value) {
    let bytes = content(dice);
    let is_new = dice.below(15) == 0;
    if !is_new {
        std::fs::write(file, &bytes).unwrap();
    }
    if dice.below(6) == 0 {
        let n = dice.below(9);
        return ("Write", json!({ "file_path": file, "content": dice.words(n, PARTS) }));
    }
    let old = if is_new { String::new() } else { piece(dice, &bytes) };
    let n = dice.below(4);
    let new = dice.words(n, PARTS);
    ("Edit", json!({ "file_path": file, "old_string": old, "new_string": new, "replace_all": dice.below(2) == 0 }))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_predicted_is_what_happens() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli.clone(), &[]).await;
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let mut calls: Vec<(&str, Value)> = Vec::new();
        for n in 0..N_CASES {
            let file = rig.project().join(format!("{n}.txt"));
            calls.push(case(&mut dice, &file));
        }
        // Older CLIs change only what was read before.
        let mut replies = Vec::new();
        for part in calls.chunks(N_AT_ONCE) {
            let there = part.iter().filter(|(_, input)| Path::new(input["file_path"].as_str().unwrap()).exists());
            let reads: Vec<(&str, Value)> =
                there.map(|(_, input)| ("Read", json!({ "file_path": input["file_path"] }))).collect();
            replies.extend([tools(&reads), tools(part)]);
        }
        replies.push(text("done"));
        api.script("change them", replies);
        let id = rig.open().await;
        rig.prompt(id, "change them").await;
        let mut expectations = Vec::new();
        loop {
            let next = |kind: &EventKind| matches!(kind, EventKind::ApprovalAsked(_) | EventKind::TurnEnded { .. });
            let event = rig.wait("a request, or the end", next).await;
            let EventKind::ApprovalAsked(approval) = &event.kind else { break };
            assert!(change::of(approval).is_some(), "{approval:?}");
            let file = PathBuf::from(approval.input["file_path"].as_str().unwrap());
            let expected =
                expected::of(approval, None).unwrap_or_else(|| panic!("nothing is expected of {approval:?}"));
            rig.answer(id, approval.id, Decision::allow_once()).await;
            expectations.push((file, approval.clone(), expected));
        }
        assert!(expectations.len() > N_CASES / 3, "{} were asked", expectations.len());
        let wrong: Vec<String> = expectations
            .iter()
            .filter(|(file, _, expected)| expected.compare(std::fs::read(file).ok().as_deref()) != Verdict::AsShown)
            .map(|(file, approval, _)| {
                let now = std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                format!("{}: {:?} -> {now:?}", approval.input, approval.preview)
            })
            .collect();
        assert!(wrong.is_empty(), "{}: {} of {}\n{}", cli.display(), wrong.len(), expectations.len(), wrong.join("\n"));
        let told: Vec<_> = rig
            .session(id)
            .transcript
            .iter()
            .filter_map(|cell| if let CellBody::Notice(notice) = &cell.body { Some(notice.text.clone()) } else { None })
            .filter(|text| text.contains("not as it was shown"))
            .collect();
        assert!(told.is_empty(), "{told:?}");
        rig.end().await;
    }
    with_each_cli!(test);
}

/// A notebook in a form of its own, and an edit of it.
fn notebook_case(dice: &mut Dice, file: &Path) -> Value {
    let has_ids = dice.below(4) > 0;
    let n = 1 + dice.below(4);
    let cells: Vec<Value> = (0..n)
        .map(|n| {
            let kind = dice.one(&["code", "markdown", "raw"]);
            let n_words = dice.below(6);
            let source = dice.words(n_words, PARTS);
            let lines: Vec<&str> = source.split_inclusive('\n').collect();
            let mut cell = json!({ "cell_type": kind, "metadata": {},
                "source": if dice.below(2) == 0 { json!(lines) } else { json!(source) } });
            if kind == "code" {
                cell["execution_count"] = if dice.below(2) == 0 { json!(3) } else { Value::Null };
                cell["outputs"] = json!([{"output_type": "stream", "name": "stdout", "text": ["é\n"]}]);
            }
            if has_ids {
                cell["id"] = json!(format!("c{n}"));
            }
            cell
        })
        .collect();
    let minor = if has_ids { 5 } else { 2 };
    let notebook = json!({ "cells": cells, "nbformat": 4, "nbformat_minor": minor,
        "metadata": {"language_info": {"name": "python"}} });
    let text = if dice.below(2) == 0 { notebook.to_string() } else { format!("{notebook:#}\n") };
    std::fs::write(file, text).unwrap();
    let at = dice.below(n);
    let id = if has_ids { format!("c{at}") } else { format!("cell-{at}") };
    let n_words = 1 + dice.below(5);
    let mut input = json!({ "notebook_path": file, "cell_id": id, "new_source": dice.words(n_words, PARTS) });
    match dice.below(4) {
        0 => input["edit_mode"] = json!("delete"),
        1 => {
            input["edit_mode"] = json!("insert");
            input["cell_type"] = json!(dice.one(&["code", "markdown"]));
        }
        2 => input["cell_type"] = json!(dice.one(&["code", "markdown"])),
        _ => {}
    }
    input
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_predicted_of_a_notebook_is_what_happens() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli.clone(), &[]).await;
        let mut dice = Dice(0x1234_5678_9abc_def1);
        let calls: Vec<Value> =
            (0..N_NOTEBOOKS).map(|n| notebook_case(&mut dice, &rig.project().join(format!("{n}.ipynb")))).collect();
        let reads: Vec<(&str, Value)> =
            calls.iter().map(|input| ("Read", json!({ "file_path": input["notebook_path"] }))).collect();
        let edits: Vec<(&str, Value)> = calls.iter().map(|input| ("NotebookEdit", input.clone())).collect();
        api.script("change them", vec![tools(&reads), tools(&edits), text("done")]);
        let id = rig.open().await;
        rig.prompt(id, "change them").await;
        let mut expectations = Vec::new();
        loop {
            let next = |kind: &EventKind| matches!(kind, EventKind::ApprovalAsked(_) | EventKind::TurnEnded { .. });
            let event = rig.wait("a request, or the end", next).await;
            let EventKind::ApprovalAsked(approval) = &event.kind else { break };
            let file = PathBuf::from(approval.input["notebook_path"].as_str().unwrap());
            assert!(matches!(change::of(approval), Some(change::Change::Cell(_))), "{approval:?}");
            let expected =
                expected::of(approval, None).unwrap_or_else(|| panic!("nothing is expected of {approval:?}"));
            rig.answer(id, approval.id, Decision::allow_once()).await;
            expectations.push((file, approval.clone(), expected));
        }
        assert!(expectations.len() > N_NOTEBOOKS / 2, "{} were asked", expectations.len());
        let mut n_made = 0;
        for (file, approval, expected) in &expectations {
            let now = std::fs::read(file).unwrap();
            let verdict = expected.compare(Some(&now));
            let told = format!("{}: {}\n{}", cli.display(), approval.input, String::from_utf8_lossy(&now));
            assert_eq!(verdict, Verdict::AsShown, "{told}");
            n_made += usize::from(approval.preview.as_ref().unwrap().before.bytes() != Ok(Some(&now[..])));
        }
        assert!(n_made > N_NOTEBOOKS / 2, "{n_made} were made");
        let session = rig.session(id);
        let calls = session.transcript.iter().filter_map(|cell| match &cell.body {
            CellBody::Tool(call) if call.name == "NotebookEdit" => call.output.as_ref(),
            _ => None,
        });
        let n_told = calls.filter(|output| output.detail.get("old_source").is_some() && output.changed.is_some());
        assert!(n_told.count() > N_NOTEBOOKS / 4, "the timeline knows what the cells were");
        rig.end().await;
    }
    with_each_cli!(test);
}

/// A session in which the model asks to change "one" to "two" in a file.
async fn one_asked_for_two(cli: PathBuf) -> (Rig, Api, PathBuf, Approval) {
    let (mut rig, api) = rig(cli, &[]).await;
    let file = rig.project().join("text.txt");
    std::fs::write(&file, "one\n").unwrap();
    let write = json!({ "file_path": file, "old_string": "one", "new_string": "two" });
    api.script("edit", vec![tool("Read", json!({ "file_path": file })), tool("Edit", write), text("done")]);
    let id = rig.open().await;
    rig.prompt(id, "edit").await;
    let asked = rig.approval().await;
    (rig, api, file, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_edits_is_shown_and_made() {
    async fn test(cli: PathBuf) {
        let (mut rig, _api, file, first) = one_asked_for_two(cli).await;
        let id = first.session;
        let mine = json!({ "file_path": file, "old_string": "one", "new_string": "mine" });
        let edited = Decision::Allow { edited: Some(mine.clone()), remember: Vec::new(), comment: None };
        rig.answer(id, first.id, edited).await;
        let again = rig.approval().await;
        assert_eq!((&again.input, std::fs::read_to_string(&file).unwrap().as_str()), (&mine, "one\n"));
        rig.answer(id, again.id, Decision::allow_once()).await;
        rig.turn_end().await;
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine\n");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_while_it_is_asked_is_asked_anew() {
    async fn test(cli: PathBuf) {
        let (mut rig, _api, file, first) = one_asked_for_two(cli).await;
        let id = first.session;
        std::fs::write(&file, "one\nmore\n").unwrap();
        rig.answer(id, first.id, Decision::allow_once()).await;
        let again = rig.approval().await;
        assert!(again.id != first.id && again.preview.as_ref().unwrap().asked_again);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "one\nmore\n");
        rig.answer(id, again.id, Decision::deny("leave it")).await;
        rig.turn_end().await;
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "one\nmore\n");
        rig.end().await;
    }
    with_each_cli!(test);
}
