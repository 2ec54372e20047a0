//! Changes of files: what is said of links, cells of notebooks, bytes that are lost and requests that are asked anew,
//! and how the timeline counts what it does not keep.

use adjutant::core::approval::Approval;
use adjutant::core::approval::FileBefore;
use adjutant::core::approval::FilePreview;
use adjutant::core::permission::PermissionMode;
use adjutant::core::tool::ChangedLines;
use adjutant::core::tool::ToolOutput;
use adjutant::tui::ui::Panel;
use serde_json::Value;
use serde_json::json;

use crate::support::fleet;
use crate::support::fleet::Story;
use crate::support::screen::Stage;
use crate::support::screen::looked_at;
use crate::support::screen::snapshot;

/// A request, with the eyes on it for a second.
fn asked(name: &str, tool: &str, input: Value, change: impl FnOnce(&mut Approval)) {
    let mut story = fleet::busy();
    story.in_session(1).tool("ask", tool, input.clone());
    let mut approval = story.approval(Some("ask"), tool, input);
    change(&mut approval);
    let (story, mut stage) = looked_at(story, approval);
    check(name, &mut stage, &story, 100, 26);
}

fn check(name: &str, stage: &mut Stage, story: &Story, width: u16, height: u16) {
    let (buffer, drawn) = stage.draw(&story.fleet, story.now, width, height);
    insta::assert_snapshot!(name, snapshot(&buffer, drawn.cursor));
}

fn edit() -> Value {
    json!({"file_path": "/home/me/src/api/notes.txt", "old_string": "beta", "new_string": "BETA"})
}

fn before(text: &str) -> FilePreview {
    FilePreview::new("/home/me/src/api/notes.txt", FileBefore::Text(text.into()))
}

const THREE: &str = "alpha\nbeta\ngamma\n";

#[test]
fn a_path_through_a_link_shows_where_it_leads() {
    asked("link_in_the_path", "Edit", edit(), |approval| {
        approval.preview = Some(FilePreview { leads_to: Some("/etc/notes.txt".into()), ..before(THREE) });
        approval.place.leads_to = Some("/srv/checkouts/api".into());
    });
    asked("link_itself", "Edit", edit(), |approval| {
        let preview = FilePreview { leads_to: Some("/home/me/.ssh/config".into()), is_link: true, ..before(THREE) };
        approval.preview = Some(preview);
    });
}

#[test]
fn bytes_that_will_be_lost_are_named() {
    asked("lost_bytes", "Edit", edit(), |approval| {
        let bytes = b"caf\xe9\nbeta\nna\xefve\n".to_vec();
        approval.preview = Some(FilePreview::new("/home/me/src/api/notes.txt", FileBefore::of(bytes)));
    });
}

#[test]
fn what_is_asked_anew_says_why() {
    asked("asked_anew", "Edit", edit(), |approval| {
        approval.preview = Some(FilePreview { asked_again: true, ..before("alpha\nbeta\nsomebody's line\n") });
    });
    asked("asked_as_edited", "Edit", edit(), |approval| {
        approval.original = Some(json!({"file_path": "/a", "old_string": "beta", "new_string": "b"}));
        approval.preview = Some(before(THREE));
    });
}

#[test]
fn cells_of_a_notebook_are_told_apart() {
    let cell = |id: &str, kind: &str, source: &str| {
        let mut cell = json!({"cell_type": kind, "id": id, "metadata": {}, "source": [source]});
        if kind == "code" {
            cell["execution_count"] = Value::Null;
            cell["outputs"] = json!([]);
        }
        cell
    };
    let notebook = json!({"cells": [cell("intro", "markdown", "# Load"), cell("load", "code", "import os\nx = 1")],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5});
    let path = "/home/me/src/api/load.ipynb";
    let text = serde_json::to_string_pretty(&notebook).expect("it is JSON");
    let input = |mode: &str, cell: &str, source: &str| json!({"notebook_path": path, "edit_mode": mode, "cell_id": cell, "cell_type": "code", "new_source": source});
    let preview =
        |approval: &mut Approval| approval.preview = Some(FilePreview::new(path, FileBefore::Text(text.clone())));
    asked("cell_replaced", "NotebookEdit", input("replace", "load", "import os\nx = 2"), preview);
    asked("cell_inserted", "NotebookEdit", input("insert", "intro", "import sys"), preview);
    asked("cell_deleted", "NotebookEdit", input("delete", "load", ""), preview);
}

#[test]
fn the_timeline_counts_the_whole_of_a_change_and_says_what_is_not_kept() {
    let mut story = Story::default();
    story.open(1, Some("api"), "/home/me/src/api", Some("main")).ready("claude-opus-5-5", PermissionMode::Default);
    story.prompt("rename it everywhere").wait(1_000);
    let hunk = json!({"newStart": 41, "lines": [" fn a() {", "-    old();", "+    new();", " }"]});
    let many = ToolOutput {
        text: "done".into(),
        detail: json!({"structuredPatch": [hunk]}),
        changed: Some(ChangedLines { added: 1_204, removed: 1_203, omitted: 3_608 }),
        ..ToolOutput::default()
    };
    let input =
        json!({"file_path": "/home/me/src/api/a.rs", "old_string": "old", "new_string": "new", "replace_all": true});
    story.tool("e1", "Edit", input).done("e1", many);
    let input = json!({"file_path": "/home/me/src/api/b.txt", "content": "one\ntwo… (65536 bytes more)"});
    let changed = Some(ChangedLines { added: 9_000, ..ChangedLines::default() });
    story.event(adjutant::core::event::EventKind::ToolStarted {
        call: "w1".into(),
        parent: None,
        name: "Write".into(),
        input,
        changed,
    });
    story.done("w1", fleet::output("created"));
    let cell = json!({"edit_mode": "delete", "old_source": "import os\nx = 1"});
    let input = json!({"notebook_path": "/home/me/src/api/c.ipynb", "cell_id": "load", "edit_mode": "delete", "new_source": ""});
    story.tool("n1", "NotebookEdit", input).done("n1", fleet::output_with("deleted", cell));
    let mut stage = Stage::of(&story.fleet);
    stage.ui.panel = Panel::Hidden;
    check("counted_changes", &mut stage, &story, 100, 30);
}
