#![allow(clippy::needless_pass_by_value, reason = "lines are written as literals")]

use std::io::Write as _;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use super::list;
use super::read;
use super::read::ForkPoint;
use super::read::Watch;
use super::*;
use crate::core::cell::BlockKind;
use crate::core::cell::CellBody;
use crate::core::cell::TurnOutcome;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::ids::Generation;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::session::Session;
use crate::core::session::SessionSpec;

const ID: &str = "11111111-2222-4333-8444-555555555555";

/// A conversation's file, written line by line.
struct Page {
    folder: tempfile::TempDir,
    path: PathBuf,
    last: Option<String>,
    n: i64,
}

impl Page {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("projects/-w");
        std::fs::create_dir_all(&project).unwrap();
        let path = project.join(format!("{ID}.jsonl"));
        Self { folder, path, last: None, n: 0 }
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        let mut file = File::options().append(true).create(true).open(&self.path).unwrap();
        file.write_all(bytes).unwrap();
        self
    }

    /// A line that follows the last one, with these fields beside the usual ones.
    fn line(&mut self, fields: Value) -> &mut Self {
        self.n += 1;
        let uuid = fields["uuid"].as_str().map_or_else(|| format!("u{}", self.n), str::to_owned);
        let mut line = json!({
            "parentUuid": self.last, "isSidechain": false, "uuid": uuid, "cwd": "/w", "sessionId": ID,
            "timestamp": format!("2026-01-01T00:00:{:02}.000Z", self.n % 60),
        });
        for (key, value) in fields.as_object().unwrap() {
            line[key] = value.clone();
        }
        if line["isSidechain"] == json!(false) {
            self.last = Some(uuid);
        }
        self.raw(format!("{line}\n").as_bytes())
    }

    fn prompt(&mut self, text: &str) -> &mut Self {
        self.line(json!({"type": "user", "message": {"role": "user", "content": text}}))
    }

    fn says(&mut self, text: &str) -> &mut Self {
        self.block(&format!("m{}", self.n), "end_turn", json!({"type": "text", "text": text}))
    }

    fn block(&mut self, id: &str, stop: &str, block: Value) -> &mut Self {
        let usage = json!({"input_tokens": 10, "output_tokens": 5});
        self.line(json!({"type": "assistant", "message": {
            "id": id, "role": "assistant", "model": "claude-x", "stop_reason": stop, "content": [block], "usage": usage}}))
    }

    fn calls(&mut self, id: &str, name: &str, input: Value) -> &mut Self {
        let message = format!("m-{id}");
        self.block(&message, "tool_use", json!({"type": "tool_use", "id": id, "name": name, "input": input}))
    }

    fn result(&mut self, id: &str, text: &str) -> &mut Self {
        let content = json!([{"type": "tool_result", "tool_use_id": id, "content": text}]);
        self.line(json!({"type": "user", "message": {"role": "user", "content": content}}))
    }

    fn after(&mut self, uuid: &str) -> &mut Self {
        self.last = Some(uuid.to_owned());
        self
    }

    fn shown(&self) -> Vec<String> {
        shown(&fold(read::read(&self.path, None).unwrap().events))
    }
}

fn fold(events: Vec<(Timestamp, EventKind)>) -> Session {
    let mut session = Session::new(SessionId(1), SessionSpec::default(), Timestamp(0));
    for (seq, (at, kind)) in events.into_iter().enumerate() {
        session.apply(&Event { seq: seq as u64, session: SessionId(1), generation: Generation(0), at, kind });
    }
    session
}

/// Each cell in a few words, in the order in which they stand.
fn shown(session: &Session) -> Vec<String> {
    let word = |cell: &crate::core::cell::Cell| {
        let text = match &cell.body {
            CellBody::Prompt(prompt) => format!("> {}", prompt.text),
            CellBody::Block(block) => match block.kind {
                BlockKind::Text => block.text.clone(),
                BlockKind::Thinking => format!("({})", block.text),
                BlockKind::CommandOutput => format!("= {}", block.text),
            },
            CellBody::Tool(call) => {
                let output = call.output.as_ref().map_or("", |output| output.text.as_str());
                format!("{} {:?} {output}", call.name, call.state)
            }
            CellBody::Notice(notice) => format!("! {}", notice.text),
            CellBody::Retry(_) => "retry".into(),
            CellBody::Compaction(compaction) => format!("compacted {:?}", compaction.summary),
            CellBody::TurnEnd(end) => match end.outcome {
                TurnOutcome::Completed => "end".into(),
                TurnOutcome::Interrupted => "cut".into(),
                TurnOutcome::Failed(_) => "failed".into(),
            },
        };
        format!("{}{}", " ".repeat(cell.depth.into()), text.trim_end())
    };
    session.transcript.iter().map(word).collect()
}

#[test]
fn a_conversation_reads_as_it_was_lived() {
    let mut page = Page::new();
    page.raw(b"{\"type\":\"queue-operation\",\"operation\":\"enqueue\",\"content\":\"hello\"}\n");
    page.prompt("hello");
    page.line(json!({"type": "attachment", "attachment": {"type": "skill_listing", "content": "many"}}));
    page.block("m1", "tool_use", json!({"type": "thinking", "thinking": "hm", "signature": "x"}));
    page.block("m1", "tool_use", json!({"type": "text", "text": "looking"}));
    page.block("m1", "tool_use", json!({"type": "tool_use", "id": "a", "name": "Bash", "input": {"command": "ls"}}));
    let call = page.last.clone().unwrap();
    page.block("m1", "tool_use", json!({"type": "tool_use", "id": "b", "name": "Read", "input": {"file_path": "/x"}}));
    page.result("b", "text of x");
    page.after(&call).result("a", "files");
    page.says("done").prompt("and now").says("that");
    let session = fold(read::read(&page.path, None).unwrap().events);
    assert_eq!(
        shown(&session),
        [
            "> hello",
            "(hm)",
            "looking",
            "Bash Done files",
            "Read Done text of x",
            "done",
            "end",
            "> and now",
            "that",
            "end"
        ]
    );
    assert!(session.turn.is_none());
    assert_eq!(session.title, "hello");
    let ends: Vec<(u32, u64, Option<String>)> = session
        .transcript
        .iter()
        .filter_map(|cell| match &cell.body {
            CellBody::TurnEnd(end) => Some((end.n_calls, end.tokens.output, end.text.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [(2, 10, Some("done".into())), (0, 5, Some("that".into()))], "each message is counted once");
}

#[test]
fn an_edited_prompt_takes_the_place_of_the_old_one() {
    let mut page = Page::new();
    page.prompt("one").says("1");
    let branch = page.last.clone().unwrap();
    page.prompt("two, wrong").calls("a", "Bash", json!({"command": "rm"})).result("a", "gone").says("2");
    page.after(&branch).prompt("two, right").says("two");
    assert_eq!(page.shown(), ["> one", "1", "end", "> two, right", "two", "end"]);

    let mut first = Page::new();
    first.prompt("first, wrong").says("1");
    first.last = None;
    first.prompt("first, right").says("2");
    assert_eq!(first.shown(), ["> first, right", "2", "end"]);
}

#[test]
fn a_line_whose_forerunner_is_missing_is_kept() {
    let mut page = Page::new();
    page.prompt("one").says("1").after("never-written").prompt("two").says("2");
    assert_eq!(page.shown(), ["> one", "1", "end", "> two", "2", "end"]);
}

#[test]
fn lines_of_the_cli_itself_are_no_prompts() {
    let mut page = Page::new();
    page.line(json!({"type": "user", "isMeta": true, "message": {"role": "user", "content": "Caveat"}}));
    page.prompt("<command-name>/context</command-name>\n<command-message>context</command-message>\n<command-args>all</command-args>");
    page.line(json!({"type": "system", "subtype": "local_command",
        "content": "<local-command-stdout>12 % used</local-command-stdout>"}));
    page.prompt("<bash-input>ls</bash-input>");
    page.prompt("<bash-stdout>a b</bash-stdout><bash-stderr></bash-stderr>");
    page.line(json!({"type": "user", "origin": {"kind": "task-notification"},
        "message": {"role": "user", "content": "<task-notification>x</task-notification>"}}));
    page.says("noted");
    page.line(json!({"type": "some-new-type", "message": {"role": "user", "content": "internal"}}));
    page.prompt("<system-reminder>be nice</system-reminder>");
    assert_eq!(page.shown(), ["> /context all", "= 12 % used", "end", "> ! ls", "= a b", "end", "noted", "end"]);
}

#[test]
fn interrupts_denials_and_open_calls_are_closed() {
    let mut page = Page::new();
    page.prompt("one").calls("a", "Bash", json!({"command": "sleep"}));
    page.line(json!({"type": "user", "message": {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "a", "is_error": true,
         "content": "The user doesn't want to proceed with this tool use. The tool use was rejected."}]}}));
    page.line(json!({"type": "user", "message": {"role": "user", "content": [
        {"type": "text", "text": "[Request interrupted by user for tool use]"}]}}));
    page.prompt("two").calls("b", "Bash", json!({"command": "sleep"}));
    page.prompt("three");
    page.line(json!({"type": "assistant", "isApiErrorMessage": true, "error": "rate_limit", "message": {
        "id": "e", "model": "<synthetic>", "content": [{"type": "text", "text": "You've hit your limit"}]}}));
    let shown = page.shown();
    assert_eq!(shown[0], "> one");
    assert!(shown[1].starts_with("Bash Denied"), "{shown:?}");
    assert_eq!(shown[2..], ["cut", "> two", "Bash Cut", "cut", "> three", "failed"]);
}

#[test]
fn a_compaction_stands_behind_its_command_with_the_summary() {
    let mut page = Page::new();
    page.prompt("one").says("1");
    let last = page.last.clone();
    page.line(json!({"type": "system", "subtype": "compact_boundary", "parentUuid": null, "logicalParentUuid": last,
        "compactMetadata": {"trigger": "manual", "preTokens": 9000, "postTokens": 900}}));
    page.line(json!({"type": "user", "isCompactSummary": true, "isVisibleInTranscriptOnly": true,
        "message": {"role": "user", "content": "what was said"}}));
    page.after(&last.unwrap()).prompt("<command-name>/compact</command-name>");
    page.prompt("<local-command-stdout>Compacted </local-command-stdout>");
    page.prompt("two").says("2");
    assert_eq!(
        page.shown(),
        [
            "> one",
            "1",
            "end",
            "> /compact",
            "compacted Some(\"what was said\")",
            "= Compacted",
            "end",
            "> two",
            "2",
            "end"
        ]
    );
}

#[test]
fn sub_agents_stand_under_their_call_wherever_their_lines_are() {
    let mut page = Page::new();
    page.prompt("go").calls("a", "Agent", json!({"prompt": "explore", "description": "x"}));
    let agents = page.path.with_extension("").join("subagents");
    std::fs::create_dir_all(&agents).unwrap();
    std::fs::write(agents.join("agent-1.meta.json"), r#"{"toolUseId":"a"}"#).unwrap();
    let inner = |id: &str, message: Value| {
        json!({"type": message["role"], "uuid": id, "isSidechain": true, "message": message}).to_string()
    };
    let call = json!({"type": "tool_use", "id": "i", "name": "Grep", "input": {"pattern": "x"}});
    let lines = [
        inner("s1", json!({"role": "user", "content": "explore"})),
        inner("s2", json!({"role": "assistant", "id": "n1", "content": [call]})),
        inner("s3", json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "i", "content": "3"}]})),
        inner("s4", json!({"role": "assistant", "id": "n2", "content": [{"type": "text", "text": "found"}]})),
    ];
    std::fs::write(agents.join("agent-1.jsonl"), lines.join("\n") + "\n").unwrap();
    page.result("a", "report").says("ok");
    assert_eq!(page.shown(), ["> go", "Agent Done report", " Grep Done 3", " found", "ok", "end"]);

    let mut old = Page::new();
    old.prompt("go").calls("a", "Task", json!({"prompt": "explore", "description": "x"}));
    old.line(json!({"type": "user", "uuid": "s1", "parentUuid": null, "isSidechain": true,
        "message": {"role": "user", "content": "explore"}}));
    old.line(json!({"type": "assistant", "uuid": "s2", "parentUuid": "s1", "isSidechain": true,
        "message": {"role": "assistant", "id": "n", "content": [{"type": "text", "text": "found"}]}}));
    old.result("a", "report");
    assert_eq!(old.shown(), ["> go", "Task Done report", " found", "end"]);
}

#[test]
fn a_fork_goes_on_behind_the_answer_before_the_prompt() {
    let mut page = Page::new();
    page.prompt("one").says("1");
    let answer = page.last.clone().unwrap();
    page.prompt("two");
    let prompt = page.last.clone().unwrap();
    page.says("2");
    let point = |name: &str| read::fork_point(&page.path, &name.into());
    assert_eq!(point(&prompt), Ok(ForkPoint::After(answer)));
    assert_eq!(point("u1"), Ok(ForkPoint::Beginning));
    assert!(point("none").is_err());
    let before = read::read(&page.path, Some(&prompt.as_str().into())).unwrap();
    assert_eq!(shown(&fold(before.events)), ["> one", "1", "end"]);
    page.line(json!({"type": "system", "subtype": "compact_boundary"}));
    page.prompt("three");
    let refused = read::fork_point(&page.path, &prompt.as_str().into()).unwrap_err();
    assert!(refused.contains("summarised"), "{refused}");
}

#[test]
fn titles_are_the_given_one_else_the_generated_else_the_first_prompt() {
    let entry = |page: &Page| list::entry(&page.path).unwrap();
    let mut page = Page::new();
    page.prompt("<command-name>/clear</command-name>").prompt("fix the\nflaky test");
    assert_eq!(entry(&page).title.as_deref(), Some("fix the"));
    assert_eq!(entry(&page).directory.as_deref(), Some("/w"));
    page.raw(b"{\"type\":\"ai-title\",\"aiTitle\":\"Flaky test\"}\n");
    assert_eq!(entry(&page).title.as_deref(), Some("Flaky test"));
    page.raw(b"{\"customTitle\":\"mine\",\"type\":\"custom-title\"}\n");
    page.raw(b"{\"type\":\"ai-title\",\"aiTitle\":\"other\"}\n");
    page.raw(b"{\"customTitle\":\"newer\",\"type\":\"custom-title\"}\n");
    assert_eq!(entry(&page).title.as_deref(), Some("newer"));
    let mut long = Page::new();
    long.prompt(&"x".repeat(200_000)).says("1");
    long.raw(b"{\"type\":\"last-prompt\",\"lastPrompt\":\"short\"}\n");
    assert_eq!(entry(&long).title.as_deref(), Some("short"));
    assert_eq!(entry(&long).directory.as_deref(), Some("/w"));
}

#[test]
fn only_regular_files_are_listed_or_opened() {
    let mut page = Page::new();
    page.prompt("real");
    let project = page.path.parent().unwrap();
    let named = |n: u32| project.join(format!("{n}1111111-2222-4333-8444-555555555555.jsonl"));
    std::os::unix::fs::symlink(&page.path, named(2)).unwrap();
    std::os::unix::fs::symlink("/dev/zero", named(3)).unwrap();
    let status = std::process::Command::new("mkfifo").arg(named(4)).status().unwrap();
    assert!(status.success());
    std::fs::create_dir(named(5)).unwrap();
    std::fs::write(named(6), "").unwrap();
    std::fs::write(project.join("agent-1.jsonl"), "{}").unwrap();
    std::fs::write(project.join("notes.txt"), "x").unwrap();
    std::os::unix::fs::symlink(project, page.folder.path().join("projects/-link")).unwrap();
    let projects = page.folder.path().join("projects");
    let found: Vec<PathBuf> = list::list(&projects).into_iter().map(|entry| entry.path).collect();
    assert_eq!(found, std::slice::from_ref(&page.path));
    for n in [2, 3, 4, 5] {
        assert!(read::read(&named(n), None).is_err(), "{n}");
    }
    assert_eq!(find(&projects, &ID.into(), "/w"), Some(page.path.clone()));
    assert_eq!(find(&projects, &ID.into(), "/elsewhere"), Some(page.path.clone()));
    assert_eq!(find(&projects, &"../-w/x".into(), "/w"), None);
}

#[test]
fn a_huge_file_is_read_at_its_end() {
    let mut page = Page::new();
    page.prompt("the beginning").says("1");
    File::options().write(true).open(&page.path).unwrap().set_len(1 << 30).unwrap();
    page.raw(b"\n").prompt("the end").says("2");
    let entry = list::entry(&page.path).unwrap();
    assert!(entry.bytes > 1 << 30 && entry.title.as_deref() == Some("the beginning"), "{entry:?}");
    let history = read::read(&page.path, None).unwrap();
    assert!(history.left_out > 900 << 20);
    let shown = shown(&fold(history.events));
    assert!(shown[0].starts_with("! The oldest") && shown[1..] == ["> the end", "2", "end"], "{shown:?}");
}

#[test]
fn what_comes_later_is_told_once_when_its_line_is_whole() {
    let mut page = Page::new();
    page.prompt("one").says("1");
    let (mut watch, history) = Watch::begin(&page.path).unwrap();
    let mut events = history.events;
    page.raw(b"{\"type\":\"user\",\"uuid\":\"p2\",\"message\":{\"content\":\"tw");
    events.extend(watch.step().unwrap());
    page.raw(b"o\"}}\n").says("2");
    events.extend(watch.step().unwrap());
    assert_eq!(shown(&fold(events.clone())), ["> one", "1", "end", "> two", "2"]);
    events.extend(watch.step().unwrap());
    events.extend(watch.step().unwrap());
    assert_eq!(shown(&fold(events.clone())), ["> one", "1", "end", "> two", "2", "end"], "it is quiet");
    page.prompt("three");
    events.extend(watch.end());
    assert_eq!(shown(&fold(events))[6..], ["> three", "cut"]);
}

#[test]
fn garbage_is_counted_and_skipped() {
    let mut page = Page::new();
    page.prompt("one").raw(b"\xff\xfe\0\0 no json\n[1,2]\n{\"type\":\n\n").says("1");
    let history = read::read(&page.path, None).unwrap();
    assert_eq!(history.n_garbage, 3);
    assert_eq!(shown(&fold(history.events))[0], "! 3 lines of its file could not be read.");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_the_reader_fail(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut page = Page::new();
        page.prompt("one").raw(&bytes).raw(b"\n").says("1");
        list::entry(&page.path).unwrap();
        let history = read::read(&page.path, None).unwrap();
        fold(history.events);
    }

    /// Lines of every kind, in any order, following any other, cut anywhere.
    #[test]
    fn no_order_of_lines_makes_the_reader_fail(
        lines in prop::collection::vec((0..9u8, 0..12u8, 0..12u8, any::<bool>()), 0..40),
        cut in 0..400usize,
    ) {
        let mut page = Page::new();
        for (kind, id, parent, side) in lines {
            let tool = json!({"type": "tool_use", "id": format!("t{}", id % 3), "name": "Agent", "input": {"prompt": "p"}});
            let result = json!({"type": "tool_result", "tool_use_id": format!("t{}", parent % 3), "content": "x"});
            let (kind, message) = match kind {
                0 | 1 => ("user", json!({"role": "user", "content": "p"})),
                2 => ("assistant", json!({"id": "m", "content": [tool]})),
                3 => ("user", json!({"content": [result]})),
                4 => ("assistant", json!({"id": "m", "stop_reason": "end_turn", "content": [{"type": "text", "text": "x"}]})),
                5 => ("system", Value::Null),
                6 => ("attachment", Value::Null),
                7 => ("user", json!({"content": [7, null, {"type": "image"}]})),
                _ => ("summary", json!([])),
            };
            page.line(json!({"type": kind, "uuid": format!("u{id}"), "parentUuid": format!("u{parent}"),
                "isSidechain": side, "message": message, "subtype": "compact_boundary"}));
        }
        let bytes = std::fs::read(&page.path).unwrap_or_default();
        std::fs::write(&page.path, &bytes[..bytes.len().saturating_sub(cut)]).unwrap();
        let session = fold(read::read(&page.path, None).unwrap().events);
        prop_assert!(session.turn.is_none(), "every turn ends");
    }
}

/// Each of these was tried on the CLIs: a conversation with the prompts `one` and `two`, whose second prompt's line is
/// damaged so, is resumed, and the model is sent `two`, or is not.
#[test]
fn what_the_cli_still_reads_of_a_damaged_file_is_shown() {
    type Damage = fn(&[u8]) -> Vec<u8>;
    let read: [(&str, Damage); 10] = [
        ("NULs before, in a large file", |line| [&[0; 64][..], line].concat()),
        ("NULs behind", |line| [line, &[0; 64]].concat()),
        ("NULs on a line of their own", |line| [&[0; 64][..], b"\n", line].concat()),
        ("blanks before", |line| [b" \t\r", line].concat()),
        ("something behind", |line| [line, b"xyz"].concat()),
        ("a brace too many", |line| [line, b"}"].concat()),
        ("CR LF", |line| [line, b"\r"].concat()),
        ("half a character", |line| replaced(line, "two", "two\\ud800")),
        ("a key twice", |line| replaced(line, "{\"role\"", "{\"content\":\"old\",\"role\"")),
        ("too deep", |line| {
            replaced(line, "\"isSidechain\"", &format!("\"z\":{}{},\"isSidechain\"", "[".repeat(200), "]".repeat(200)))
        }),
    ];
    let dropped: [(&str, Damage); 5] = [
        ("something before", |line| [b"xyz", line].concat()),
        ("a BOM inside", |line| [b"\xef\xbb\xbf", line].concat()),
        ("a list", |line| [b"[", line, b"]"].concat()),
        ("a tab in a text", |line| replaced(line, "two", "t\two")),
        ("half a record before", |line| [b"{\"type\":\"us", line].concat()),
    ];
    let shows = |damage: Damage| {
        let mut page = Page::new();
        page.prompt("one").says("1").prompt("two").says("2");
        let bytes = std::fs::read(&page.path).unwrap();
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        let lines: Vec<Vec<u8>> = lines.map(|(at, line)| if at == 2 { damage(line) } else { line.to_vec() }).collect();
        std::fs::write(&page.path, lines.join(&b'\n')).unwrap();
        page.shown().iter().any(|cell| cell.starts_with("> two"))
    };
    for (name, damage) in read {
        assert!(shows(damage), "{name}");
    }
    for (name, damage) in dropped {
        assert!(!shows(damage), "{name}");
    }
}

fn replaced(line: &[u8], old: &str, new: &str) -> Vec<u8> {
    let line = std::str::from_utf8(line).unwrap();
    assert!(line.contains(old), "{line}");
    line.replace(old, new).into_bytes()
}

#[test]
fn a_bom_before_the_first_line_costs_nothing() {
    let mut page = Page::new();
    page.raw(b"\xef\xbb\xbf").prompt("one").says("1");
    assert_eq!(page.shown()[0], "> one");
    let history = read::read(&page.path, None).unwrap();
    assert_eq!(history.n_garbage, 0);
    let entry = list::entry(&page.path).unwrap();
    assert_eq!((entry.title.as_deref(), entry.directory.as_deref()), (Some("one"), Some("/w")));
}
