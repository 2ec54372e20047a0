//! The timeline: every kind of cell, scrolling, folding, selecting, finding.

use adjutant::core::approval::Answer;
use adjutant::core::approval::Decision;
use adjutant::core::approval::Verdict;
use adjutant::core::cell::BlockKind;
use adjutant::core::cell::CellBody;
use adjutant::core::cell::Notice;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::event::EventKind;
use adjutant::core::grant::GrantRule;
use adjutant::core::grant::GrantTerms;
use adjutant::core::hook::HookDid;
use adjutant::core::hook::HookMark;
use adjutant::core::hook::OnFailure;
use adjutant::core::ids::CellId;
use adjutant::core::ids::SessionId;
use adjutant::core::ids::Timestamp;
use adjutant::core::permission::PermissionMode;
use adjutant::core::prompt::Surface;
use adjutant::core::tool::ToolOutcome;
use adjutant::core::trouble::ApiFault;
use adjutant::core::trouble::Trouble;
use adjutant::core::trouble::TroubleKind;
use adjutant::tui::ui::Panel;
use adjutant::tui::ui::tab::Find;
use adjutant::tui::ui::tab::Scroll;
use adjutant::tui::ui::tab::ScrollBy;
use serde_json::json;

use crate::support::fleet::Story;
use crate::support::fleet::output;
use crate::support::fleet::working;
use crate::support::screen::Stage;
use crate::support::screen::rows;
use crate::support::screen::snapshot;

fn check(name: &str, stage: &mut Stage, story: &Story, width: u16, height: u16) {
    let (buffer, drawn) = stage.draw(&story.fleet, story.now, width, height);
    insta::assert_snapshot!(name, snapshot(&buffer, drawn.cursor));
}

fn session() -> Story {
    let mut story = Story::default();
    story.open(1, Some("api"), "/home/me/src/api", Some("main")).ready("claude-opus-5-5", PermissionMode::Default);
    story
}

fn eventful() -> Story {
    let mut story = session();
    story.prompt("fix the build").wait(2_000);
    story.text("The build fails in **two** places:\n\n- `client.rs` misses an import\n- the lock file is old\n\n```rust\nuse std::time::Duration; // for the backoff\n```");
    story.tool("b1", "Bash", json!({"command": "cargo build\ncargo test"})).wait(3_000);
    story.failed(
        "b1",
        "Exit code 101\nerror[E0433]: failed to resolve: use of undeclared type `Duration`\n  --> src/client.rs:7",
    );
    let input = json!({"command": "rm -rf target"});
    story.tool("b2", "Bash", input.clone());
    let approval = story.approval(Some("b2"), "Bash", input);
    let id = story.ask(approval);
    story.wait(3_000);
    let decision = Decision::deny("use cargo clean");
    story.resolve(id, Verdict { decision, by: Surface::Terminal, after_ms: 3_000 });
    story.failed("b2", "use cargo clean");
    let input = json!({"command": "cargo clean"});
    story.tool("b3", "Bash", input.clone());
    let approval = story.approval(Some("b3"), "Bash", input);
    let id = story.ask(approval);
    story.resolve(id, Verdict { decision: Decision::allow_once(), by: Surface::Terminal, after_ms: 3_100 });
    let lines: Vec<String> = (1..=50).map(|n| format!("removed file {n}")).collect();
    story.wait(900).done("b3", output(&lines.join("\n")));
    story.tool("m1", "mcp__github__search_issues", json!({"query": "build fails", "limit": 5})).wait(1_400);
    story.done("m1", output("3 issues"));
    story.tool("f1", "WebFetch", json!({"url": "https://docs.rs/tokio", "prompt": "summarise"})).wait(700);
    story.done("f1", output("text"));
    story.tool("g1", "WebSearch", json!({"query": "rust E0433"})).wait(700).done("g1", output("a"));
    story.note(Notice::info("The model changed to opus 5.5"));
    story.note(Notice::warning("A hook took longer than 5 s").with_detail("hook: pre-commit"));
    story.event(EventKind::CompactionStarted);
    story.event(EventKind::Compacted { automatic: true, tokens_before: Some(180_000), tokens_after: Some(24_000) });
    let trouble = Trouble::new(TroubleKind::Overloaded, "529 overloaded_error");
    story.event(EventKind::Retrying { attempt: 2, max: 10, delay_ms: 12_000, trouble });
    story.wait(1_000);
    story
}

#[test]
fn every_kind_of_cell() {
    let mut story = eventful();
    let mut stage = Stage::of(&story.fleet);
    stage.ui.panel = Panel::Hidden;
    check("cells", &mut stage, &story, 100, 50);
    let (_, drawn) = stage.draw(&story.fleet, story.now, 100, 50);
    assert!(drawn.animates && drawn.next_change.is_some_and(|at| at <= Timestamp(story.now.0 + 1_000)));
    story.end(TurnOutcome::Completed, 134_000, "Done.");
    story.prompt("again").wait(4_000);
    story.end(TurnOutcome::Interrupted, 4_000, "");
    story.prompt("once more").wait(2_000);
    let trouble =
        Trouble::new(TroubleKind::UsageLimit { lifts: Some(Timestamp(story.now.0 + 3_600_000)) }, "429 limit");
    story.end(TurnOutcome::Failed(trouble), 2_000, "");
    stage.tab(1).all_unfolded = Some(true);
    check("cells_unfolded", &mut stage, &story, 100, 100);
    let (_, drawn) = stage.draw(&story.fleet, story.now, 100, 100);
    assert!(!drawn.animates, "nothing runs any more");
}

#[test]
fn what_hooks_did_stands_on_the_call() {
    let mut story = session();
    story.prompt("tidy up").wait(2_000);
    let act = |story: &mut Story, call: Option<&str>, did: HookDid| {
        story.event(EventKind::HookActed { call: call.map(Into::into), mark: HookMark::new("review-gate", did) });
    };
    let changed = HookDid::Changed { from: "clean up, password hunter2".into(), to: "clean up, password ***".into() };
    act(&mut story, None, changed);
    story.tool("h1", "Bash", json!({"command": "rm old"}));
    let did = HookDid::Changed { from: json!({"command": "rm old"}), to: json!({"command": "trash old"}) };
    act(&mut story, Some("h1"), did);
    story.wait(900).done("h1", output("moved to the trash"));
    story.tool("h2", "Bash", json!({"command": "git push --force"}));
    act(&mut story, Some("h2"), HookDid::Refused { reason: "no force here".into() });
    story.failed("h2", "The user's hook review-gate refuses this call: no force here");
    story.tool("h3", "Bash", json!({"command": "cargo test"}));
    act(
        &mut story,
        Some("h3"),
        HookDid::Failed { why: "it gave no answer within 5000 ms".into(), then: OnFailure::Ask },
    );
    story.wait(400).done("h3", output("ok"));
    story.tool("h4", "Bash", json!({"command": "cargo doc"})).wait(900);
    story.event(EventKind::HookWaits { call: "h4".into(), hook: Some("review-gate".into()) });
    story.wait(3_000);
    let mut stage = Stage::of(&story.fleet);
    stage.ui.panel = Panel::Hidden;
    check("hooks", &mut stage, &story, 100, 34);
    check("hooks_40x10", &mut stage, &story, 40, 10);
}

#[test]
fn what_the_api_refuses_is_told_in_its_words_and_no_retry_is_offered() {
    let mut story = session();
    story.prompt("read the archive").wait(2_000);
    let raw = "API Error: 400 messages.3.content.0.tool_result: text is not valid UTF-8";
    let fault = ApiFault { status: Some(400), ..ApiFault::default() };
    story.end(TurnOutcome::Failed(Trouble::from_api(fault, raw)), 2_000, "");
    let mut stage = Stage::of(&story.fleet);
    check("refused", &mut stage, &story, 100, 20);
    let screen = stage.draw(&story.fleet, story.now, 100, 20).0;
    let text: String = screen.content().iter().map(ratatui::buffer::Cell::symbol).collect();
    assert!(text.contains("400 messages.3.content.0") && text.contains("fork the"), "{text}");
    assert!(!text.contains("retry"), "{text}");
}

#[test]
fn a_commands_answer_keeps_its_lines() {
    let mut story = session();
    story.prompt("/cost").wait(100);
    story.event(EventKind::BlockEnded {
        block: "l".into(),
        parent: None,
        kind: BlockKind::CommandOutput,
        text: "Total cost:   $0.12\nTotal time:   3s\n  * in API:   2s\n# no heading".into(),
    });
    let mut stage = Stage::of(&story.fleet);
    check("command_output", &mut stage, &story, 100, 20);
}

#[test]
fn under_a_call_it_says_who_decided_what() {
    let mut story = session();
    story.prompt("set it up");
    let phone = || Surface::Phone("ou_84aad35d084aa403a838cf73ee18467".into());
    let answer = |question: &str, answer: &str| Answer { question: question.into(), answer: answer.into() };
    let rule = GrantRule::Edits { path: "/home/me/src/api".into(), below: true };
    let decisions = [
        (Decision::Answers(vec![answer("Which?", "Postgres"), answer("What else?", "搜索, Sync")]), phone()),
        (Decision::Grant(GrantTerms { rule, minutes: 20, uses: None }), Surface::Terminal),
        (Decision::AcceptPlan { mode: PermissionMode::AcceptEdits }, phone()),
    ];
    for (at, (decision, by)) in decisions.into_iter().enumerate() {
        let (call, input) = (format!("c{at}"), json!({"command": format!("step {at}")}));
        story.tool(&call, "Bash", input.clone());
        let approval = story.approval(Some(&call), "Bash", input);
        let id = story.ask(approval);
        story.resolve(id, Verdict { decision, by, after_ms: 2_000 }).wait(500).done(&call, output("done"));
    }
    let mut stage = Stage::of(&story.fleet);
    check("decisions", &mut stage, &story, 100, 24);
    check("decisions_40x16", &mut stage, &story, 40, 16);
}

#[test]
fn chinese_and_emoji_stay_in_line() {
    let mut story = Story::default();
    story.open(1, Some("网站重构"), "/home/me/项目/网站", Some("主干")).ready("claude-opus-5-5", PermissionMode::Plan);
    story.prompt("把重试策略改成可配置的，然后测试一下 🚀 谢谢");
    story.text(
        "好的，我先看看客户端。代码里写死了三次重试，没有退避时间，所以网络不稳定的时候很容易失败。\n\n\
         | 文件 | 修改 |\n|---|---|\n| 客户端.rs | 读取配置 👍🏽 |\n| config.rs | 新增 |\n",
    );
    story.tool("t1", "Read", json!({"file_path": "/home/me/项目/网站/源码/客户端.rs"})).wait(100);
    story.done("t1", output("一\n二\n三"));
    story.tool("t2", "Bash", json!({"command": "echo '你好，世界' | grep 世界"}));
    story.queue(&["然后更新文档"]);
    let mut stage = Stage::of(&story.fleet);
    stage.tab(1).composer.insert("也在变更日志里提一下，写清楚为什么");
    check("cjk", &mut stage, &story, 100, 30);
    check("cjk_40x12", &mut stage, &story, 40, 12);
}

fn long() -> Story {
    let mut story = session();
    story.prompt("count");
    for n in 0..2_000 {
        story.text(&format!("paragraph {n} with some words in it"));
    }
    story
}

#[test]
fn a_long_transcript_scrolls_by_its_anchor() {
    let story = long();
    let mut stage = Stage::of(&story.fleet);
    let id = SessionId(1);
    let (buffer, drawn) = stage.draw(&story.fleet, story.now, 80, 24);
    assert_eq!(drawn.scroll, Some((id, Scroll::Follow)));
    assert!(rows(&buffer).iter().any(|row| row.contains("paragraph 1999 ")));
    stage.tab(1).scroll_by.push(ScrollBy::HalfPages(-2));
    let (_, drawn) = stage.draw(&story.fleet, story.now, 80, 24);
    let Some((_, at @ Scroll::At { cell, .. })) = drawn.scroll else { panic!("{drawn:?}") };
    assert!(cell > CellId(1_960) && cell < CellId(1_995), "{cell:?}");
    let tab = stage.tab(1);
    tab.scroll_by.clear();
    tab.scroll = at;
    check("scrolled_up", &mut stage, &story, 80, 24);
    let (before, _) = stage.draw(&story.fleet, story.now, 80, 24);
    let (after, drawn) = stage.draw(&story.fleet, story.now, 120, 40);
    assert_eq!(rows(&before)[1], rows(&after)[1].split('│').next().expect("a row").trim_end(), "the anchor stays");
    assert!(matches!(drawn.scroll, Some((_, Scroll::At { .. } | Scroll::Follow))));
    let tab = stage.tab(1);
    tab.scroll_by.push(ScrollBy::HalfPages(10));
    let (_, drawn) = stage.draw(&story.fleet, story.now, 80, 24);
    assert_eq!(drawn.scroll, Some((id, Scroll::Follow)), "the end is followed again");
    stage.tab(1).scroll_by = vec![ScrollBy::Top];
    let (buffer, drawn) = stage.draw(&story.fleet, story.now, 80, 24);
    assert_eq!(drawn.scroll, Some((id, Scroll::At { cell: CellId(0), line: 0 })));
    assert!(rows(&buffer)[1].contains("count"));
    stage.tab(1).scroll_by = vec![ScrollBy::Reveal(CellId(1_000))];
    let (buffer, _) = stage.draw(&story.fleet, story.now, 80, 24);
    assert!(rows(&buffer).iter().any(|row| row.contains("paragraph 999 ")));
}

#[test]
fn new_cells_do_not_move_what_is_read() {
    let mut story = long();
    let mut stage = Stage::of(&story.fleet);
    stage.tab(1).scroll = Scroll::At { cell: CellId(500), line: 0 };
    let (before, _) = stage.draw(&story.fleet, story.now, 80, 24);
    story.text("one more");
    let (after, _) = stage.draw(&story.fleet, story.now, 80, 24);
    assert_eq!(rows(&before)[1..15], rows(&after)[1..15]);
}

#[test]
fn the_selected_cell_and_hits_are_marked() {
    let mut story = session();
    working(&mut story);
    let mut stage = Stage::of(&story.fleet);
    let transcript = &story.fleet.get(SessionId(1)).expect("open").transcript;
    let of = |name: &str| {
        let found = transcript.iter().find(|cell| matches!(&cell.body, CellBody::Tool(call) if call.name == name));
        found.expect("a call of it").id
    };
    let tab = stage.tab(1);
    tab.selected = Some(of("Edit"));
    tab.find =
        Some(Find { text: "RETRY".into(), hits: vec![CellId(0), of("Grep"), of("Edit"), of("Bash")], current: 1 });
    check("selected_and_found", &mut stage, &story, 120, 40);
}

#[test]
fn a_folded_sub_agent_hides_what_it_did() {
    let mut story = session();
    working(&mut story);
    story.done("c2", output("x")).done("t5", output("The tests cover three cases."));
    let mut stage = Stage::of(&story.fleet);
    let (buffer, _) = stage.draw(&story.fleet, story.now, 120, 40);
    let text = rows(&buffer).join("\n");
    assert!(text.contains("explore the tests") && !text.contains("12 files"), "{text}");
    stage.tab(1).all_unfolded = Some(true);
    let (buffer, _) = stage.draw(&story.fleet, story.now, 120, 40);
    assert!(rows(&buffer).join("\n").contains("12 files"));
}

#[test]
fn a_streamed_text_grows_in_place() {
    let mut story = session();
    story.prompt("explain").streaming("# Retry\n\nThe client *tries*");
    let mut stage = Stage::of(&story.fleet);
    let (buffer, _) = stage.draw(&story.fleet, story.now, 80, 24);
    assert!(rows(&buffer).iter().any(|row| row.contains("The client tries")));
    story.event(EventKind::BlockDelta { block: "b1".into(), text: " three times.".into() });
    let (buffer, _) = stage.draw(&story.fleet, story.now, 80, 24);
    assert!(rows(&buffer).iter().any(|row| row.contains("The client tries three times.")));
}

#[test]
fn silence_is_said_and_changes_are_announced() {
    let mut story = session();
    story.prompt("think");
    let mut stage = Stage::of(&story.fleet);
    story.wait(14_000);
    let (buffer, drawn) = stage.draw(&story.fleet, story.now, 120, 40);
    assert!(rows(&buffer).iter().any(|row| row.contains("quiet for 14s")));
    assert!(drawn.animates && drawn.next_change.is_some());
}

#[test]
fn an_idle_screen_asks_for_no_frames() {
    let mut story = session();
    story.prompt("hi").text("Hello.").end(TurnOutcome::Completed, 1_000, "Hello.");
    let mut stage = Stage::of(&story.fleet);
    let (_, drawn) = stage.draw(&story.fleet, story.now, 120, 40);
    assert!(!drawn.animates);
    assert_eq!(drawn.next_change, None);
    stage.ui.say("Copied.", false, story.now);
    let (_, drawn) = stage.draw(&story.fleet, story.now, 120, 40);
    assert_eq!(drawn.next_change, Some(Timestamp(story.now.0 + 5_000)));
}

#[test]
fn what_the_cli_denied_by_itself_says_why() {
    let mut story = session();
    story.prompt("read it").wait(1_000);
    let why = "Refusing to read /home/me/src/api/link.txt: where it leads on disk could not be determined.";
    for (call, name) in [("r1", "Read"), ("e1", "Edit")] {
        let input = json!({"file_path": "/home/me/src/api/link.txt", "old_string": "a", "new_string": "b"});
        story.tool(call, name, input).wait(100);
        story.event(EventKind::ToolEnded { call: call.into(), outcome: ToolOutcome::Denied, output: output(why) });
    }
    let mut stage = Stage::of(&story.fleet);
    let (buffer, _) = stage.draw(&story.fleet, story.now, 120, 40);
    let shown = rows(&buffer).join("\n");
    assert_eq!(shown.matches("Refusing to read").count(), 2, "{shown}");
}
