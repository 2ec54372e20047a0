//! Conversations of the CLI: listed, shown as they were lived, resumed, forked, followed, and never held twice.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use adjutant::core::cell::CellBody;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::ids::ConversationId;
use adjutant::core::ids::PromptId;
use adjutant::core::ids::SessionId;
use adjutant::core::session::Followed;
use adjutant::core::session::Session;
use adjutant::core::session::SessionSpec;
use adjutant::core::trouble::TroubleKind;
use adjutant::transcripts;
use adjutant::transcripts::list;
use serde_json::json;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::AsyncWriteExt as _;

use super::rig;
use super::with_each_cli;
use crate::support::api::Api;
use crate::support::api::Block;
use crate::support::api::message;
use crate::support::api::text;
use crate::support::api::tool;
use crate::support::api::tools;
use crate::support::rig::Rig;
use crate::support::rig::environment;

/// What a session shows, but for times and money, which the CLI does not write down.
fn shown(session: &Session) -> Vec<String> {
    let cell = |cell: &adjutant::core::cell::Cell| {
        let text = match &cell.body {
            CellBody::Prompt(prompt) => format!("prompt {} {}", prompt.id, prompt.text),
            CellBody::Block(block) => format!("block {:?} {} {}", block.kind, block.done, block.text),
            CellBody::Tool(call) => {
                let output = call.output.as_ref().map(|output| (&output.text, &output.detail));
                format!("call {} {} {:?} {} {output:?}", call.id, call.name, call.state, call.input)
            }
            CellBody::Notice(notice) => format!("notice {}", notice.text),
            CellBody::Retry(_) => "retry".into(),
            CellBody::Compaction(compaction) => {
                format!("compaction {:?} {}", compaction.tokens_before, compaction.done)
            }
            CellBody::TurnEnd(end) => {
                format!("end {} {:?} {} {:?} {:?}", end.turn, end.outcome, end.n_calls, end.tokens, end.text)
            }
        };
        format!("{} {text}", cell.depth)
    };
    session.transcript.iter().map(cell).collect()
}

fn projects(rig: &Rig) -> PathBuf {
    rig.folder.path().join("home/.claude/projects")
}

fn resuming(rig: &Rig, conversation: &ConversationId) -> SessionSpec {
    let directory = rig.project().display().to_string();
    SessionSpec { directory, resume: Some(conversation.clone()), ..SessionSpec::default() }
}

/// Waits until the whole past of a session was told: it ends with the end of a turn.
async fn past(rig: &mut Rig, n_turns: u32) {
    for _ in 0..n_turns {
        rig.wait(
            "the past",
            |kind| matches!(kind, EventKind::Past { kind, .. } if matches!(**kind, EventKind::TurnEnded { .. })),
        )
        .await;
    }
}

/// A conversation with calls of every kind; closed, so that it can be opened again.
async fn lived(rig: &mut Rig, api: &Api) -> (ConversationId, Vec<String>) {
    let file = rig.project().join("notes.txt");
    std::fs::write(&file, "the notes").unwrap();
    api.script(
        "survey-the-place",
        vec![message(vec![Block::Thinking("let me see".into()), Block::Text("I look.".into())])],
    );
    api.script(
        "inspect-the-notes",
        vec![
            tools(&[("Read", json!({ "file_path": file })), ("Glob", json!({ "pattern": "*.txt" }))]),
            tool("Read", json!({ "file_path": rig.project().join("missing.txt") })),
            text("It says: the notes."),
        ],
    );
    let id = rig.open().await;
    for prompt in ["survey-the-place", "inspect-the-notes", "thanks-a-lot"] {
        rig.prompt(id, prompt).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    }
    let session = rig.session(id);
    let (conversation, cells) = (session.conversation.clone().unwrap(), shown(session));
    close(rig, id).await;
    (conversation, cells)
}

async fn close(rig: &mut Rig, id: SessionId) {
    rig.send(Command::Close { session: id }).await;
    rig.wait("the close", |kind| matches!(kind, EventKind::Closed)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_conversation_is_listed_shown_as_it_was_and_gone_on_with() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let (conversation, lived) = lived(&mut rig, &api).await;
        let entries = list::list(&projects(&rig));
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert_eq!(entries[0].id, conversation);
        assert_eq!(entries[0].title.as_deref(), Some("survey-the-place"));
        assert_eq!(entries[0].directory, Some(rig.project().display().to_string()));

        let id = rig.open_spec(resuming(&rig, &conversation)).await;
        past(&mut rig, 3).await;
        assert_eq!(shown(rig.session(id)), lived);
        assert!(rig.session(id).usage.tokens.is_zero(), "what was used before is not used again");
        rig.prompt(id, "what was it").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let last = api.requests().pop().unwrap().to_string();
        assert!(last.contains("survey-the-place") && last.contains("the notes"), "the history went along");
        assert_eq!(rig.session(id).conversation, Some(conversation));
        assert_eq!(shown(rig.session(id))[..lived.len()], lived);
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_before_a_prompt_sends_only_what_came_before_it() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let (conversation, lived) = lived(&mut rig, &api).await;
        let prompts: Vec<PromptId> = rig
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::PromptSent(prompt) => Some(prompt.id.clone()),
                _ => None,
            })
            .collect();
        let fork =
            |n: usize| SessionSpec { fork: true, fork_at: Some(prompts[n].clone()), ..resuming(&rig, &conversation) };
        let (second, first) = (fork(1), fork(0));
        let id = rig.open_spec(second).await;
        past(&mut rig, 1).await;
        assert_eq!(shown(rig.session(id)), lived[..shown(rig.session(id)).len()]);
        rig.prompt(id, "another way").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let last = api.requests().pop().unwrap().to_string();
        assert!(
            last.contains("survey-the-place") && last.contains("I look.") && last.contains("another way"),
            "{last}"
        );
        assert!(!last.contains("inspect-the-notes") && !last.contains("thanks-a-lot"), "{last}");
        assert_ne!(rig.session(id).conversation, Some(conversation.clone()));

        let id = rig.open_spec(first).await;
        rig.prompt(id, "from nothing").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let last = api.requests().pop().unwrap().to_string();
        assert!(last.contains("from nothing") && !last.contains("survey-the-place"), "{last}");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_adjutants_the_second_is_told_who_works_on_the_conversation() {
    async fn test(cli: PathBuf) {
        let (mut first, api) = rig(cli, &[]).await;
        let (conversation, _) = lived(&mut first, &api).await;
        let spec = resuming(&first, &conversation);
        let held = first.open_spec(spec.clone()).await;
        first.prompt(held, "mine").await;
        assert_eq!(first.turn_end().await, TurnOutcome::Completed);

        let mut second = first.beside();
        let id = second.open_spec(spec).await;
        second.prompt(id, "no, mine").await;
        let refused = second.wait("the refusal", |kind| matches!(kind, EventKind::Exited(_))).await;
        let EventKind::Exited(exit) = &refused.kind else { unreachable!("just matched") };
        let trouble = exit.trouble.clone().unwrap();
        let TroubleKind::ConversationHeld { by } = &trouble.kind else { panic!("{trouble:?}") };
        assert!(by.contains("another session of this adjutant"), "they share this process: {by}");
        assert_eq!(second.session(id).queue.len(), 1, "the prompt is not lost");
        assert!(!api.user_texts().contains(&"no, mine".to_owned()));

        first.send(Command::Stop { session: held }).await;
        first.wait("the exit", |kind| matches!(kind, EventKind::Exited(_))).await;
        second.send(Command::Retry { session: id }).await;
        assert_eq!(second.turn_end().await, TurnOutcome::Completed);
        assert!(api.user_texts().contains(&"no, mine".to_owned()));
        first.end().await;
        second.end().await;
    }
    with_each_cli!(test);
}

/// A CLI that no adjutant has started, on a conversation.
struct Plain {
    child: tokio::process::Child,
    lines: tokio::io::Lines<tokio::io::BufReader<tokio::process::ChildStdout>>,
}

impl Plain {
    fn start(rig: &Rig, cli: &PathBuf, api: &Api, conversation: &ConversationId) -> Self {
        let mut command = tokio::process::Command::new(cli);
        command.args(["-p", "--output-format=stream-json", "--input-format=stream-json", "--verbose"]);
        command.arg(format!("--resume={conversation}")).current_dir(rig.project()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(environment(&rig.folder.path().join("home"), Some(api)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let lines = tokio::io::BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn prompt(&mut self, text: &str) {
        let line = json!({"type": "user", "message": {"role": "user", "content": text}, "session_id": "",
            "parent_tool_use_id": null});
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        stdin.flush().await.unwrap();
        while !self.lines.next_line().await.unwrap().unwrap().contains("\"type\":\"result\"") {}
    }

    async fn end(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_a_plain_cli_holds_is_followed_and_then_taken_over() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli.clone(), &[]).await;
        let (conversation, lived) = lived(&mut rig, &api).await;
        let mut plain = Plain::start(&rig, &cli, &api, &conversation);
        plain.prompt("said elsewhere").await;

        let id = rig.open_spec(resuming(&rig, &conversation)).await;
        rig.prompt(id, "said here").await;
        let refused = rig.wait("the refusal", |kind| matches!(kind, EventKind::Exited(_))).await;
        let EventKind::Exited(exit) = &refused.kind else { unreachable!("just matched") };
        let trouble = exit.trouble.clone().unwrap();
        let pid = plain.child.id().unwrap();
        let named = format!("a claude in another terminal (process {pid})");
        assert_eq!(trouble.kind, TroubleKind::ConversationHeld { by: named.clone() });
        close(&mut rig, id).await;

        let id = rig.open_spec(SessionSpec { follow: true, ..resuming(&rig, &conversation) }).await;
        let by = |wanted: Option<String>| {
            move |kind: &EventKind| *kind == EventKind::Followed(Some(Followed { by: wanted.clone() }))
        };
        rig.wait("the other one's name", by(Some(named))).await;
        while shown(rig.session(id)).len() < lived.len() {
            rig.listen(Duration::from_millis(20)).await;
        }
        assert_eq!(shown(rig.session(id))[..lived.len()], lived);
        plain.prompt("and more").await;
        let is_text = |kind: &EventKind, wanted: &str| matches!(kind, EventKind::Past { kind, .. } if matches!(&**kind, EventKind::PromptSent(p) if p.text == wanted));
        rig.wait("what is said elsewhere", |kind| is_text(kind, "and more")).await;
        rig.prompt(id, "not yet").await;
        rig.wait("no", |kind| matches!(kind, EventKind::Noted(notice) if notice.text.contains("only followed"))).await;
        rig.send(Command::TakeOver { session: id }).await;
        rig.wait("not yet", |kind| matches!(kind, EventKind::Noted(n) if n.text.contains("cannot be taken over")))
            .await;
        assert!(!rig.session(id).is_busy());

        plain.end().await;
        rig.wait("its end", by(None)).await;
        rig.send(Command::TakeOver { session: id }).await;
        rig.wait("the take-over", |kind| *kind == EventKind::Followed(None)).await;
        rig.prompt(id, "now mine").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let last = api.requests().pop().unwrap().to_string();
        assert!(last.contains("and more") && last.contains("now mine"), "{last}");
        assert!(!api.user_texts().iter().any(|text| text == "not yet" || text == "said here"));
        assert_eq!(rig.session(id).conversation, Some(conversation));
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn sub_agents_and_compactions_are_shown_as_they_were() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[("hello", vec![text("good day")]), ("summar", vec![text("a summary")])]).await;
        api.script(
            "delegate",
            vec![
                tool(
                    "Agent",
                    json!({"description": "look", "prompt": "inner task", "subagent_type": "general-purpose"}),
                ),
                text("delegated"),
            ],
        );
        let file = rig.project().join("inner.txt");
        std::fs::write(&file, "inner text").unwrap();
        api.script("inner task", vec![tool("Read", json!({ "file_path": file })), text("nothing there")]);
        let id = rig.open().await;
        rig.prompt(id, "delegate").await;
        rig.turn_end().await;
        for n in 0..3 {
            rig.prompt(id, &format!("hello {n}")).await;
            rig.turn_end().await;
        }
        rig.prompt(id, "/compact").await;
        rig.wait("the compaction", |kind| matches!(kind, EventKind::Compacted { .. })).await;
        rig.turn_end().await;
        let conversation = rig.session(id).conversation.clone().unwrap();
        close(&mut rig, id).await;
        let path = transcripts::find(&projects(&rig), &conversation, "").unwrap();
        let id = rig.open_spec(resuming(&rig, &conversation)).await;
        rig.wait("the past", |kind| {
            matches!(kind, EventKind::Past { kind, .. } if matches!(&**kind, EventKind::CompactionSummary { .. }))
        })
        .await;
        let cells = shown(rig.session(id));
        let has = |start: &str, part: &str| cells.iter().any(|cell| cell.starts_with(start) && cell.contains(part));
        assert!(has("0 call", "Agent Done"), "{cells:?}");
        assert!(has("1 call", "Read Done") && has("1 block", "nothing there"), "{cells:?} {}", path.display());
        assert!(has("0 prompt", "/compact") && has("0 compaction", "true"), "{cells:?}");
        assert!(!cells.iter().any(|cell| cell.contains("<command-name>") || cell.contains("Caveat")), "{cells:?}");
        rig.end().await;
    }
    with_each_cli!(test);
}
