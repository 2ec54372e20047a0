//! A fleet told as a story: each call applies the event that the engine would send.

use adjutant::core::approval::Approval;
use adjutant::core::approval::Place;
use adjutant::core::approval::Verdict;
use adjutant::core::cell::BlockKind;
use adjutant::core::cell::Notice;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::event::Event;
use adjutant::core::event::EventKind;
use adjutant::core::fleet::Fleet;
use adjutant::core::grant::Grant;
use adjutant::core::grant::Granted;
use adjutant::core::ids::ApprovalId;
use adjutant::core::ids::Generation;
use adjutant::core::ids::GrantId;
use adjutant::core::ids::PromptId;
use adjutant::core::ids::SessionId;
use adjutant::core::ids::Timestamp;
use adjutant::core::ids::TurnId;
use adjutant::core::permission::PermissionMode;
use adjutant::core::prompt::Prompt;
use adjutant::core::prompt::PromptOrigin;
use adjutant::core::prompt::Queue;
use adjutant::core::prompt::Surface;
use adjutant::core::risk;
use adjutant::core::session::CliInfo;
use adjutant::core::session::SessionSpec;
use adjutant::core::tool::ToolOutcome;
use adjutant::core::tool::ToolOutput;
use adjutant::core::usage::Tokens;
use adjutant::engine::policy::Question;
use adjutant::engine::policy::described;
use serde_json::Value;
use serde_json::json;

/// 10:12 on a Tuesday in UTC.
pub const START: i64 = 1_772_532_720_000;

pub struct Story {
    pub fleet: Fleet,
    pub now: Timestamp,
    seq: u64,
    session: SessionId,
    turn: TurnId,
    n_prompts: u32,
    n_blocks: u32,
    n_approvals: u32,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            fleet: Fleet::default(),
            now: Timestamp(START),
            seq: 0,
            session: SessionId(0),
            turn: TurnId(0),
            n_prompts: 0,
            n_blocks: 0,
            n_approvals: 0,
        }
    }
}

pub fn output(text: &str) -> ToolOutput {
    ToolOutput { text: text.into(), ..ToolOutput::default() }
}

pub fn output_with(text: &str, detail: Value) -> ToolOutput {
    ToolOutput { text: text.into(), detail, ..ToolOutput::default() }
}

impl Story {
    pub fn event(&mut self, kind: EventKind) -> &mut Self {
        self.seq += 1;
        let event = Event { seq: self.seq, session: self.session, generation: Generation(1), at: self.now, kind };
        self.fleet.apply(&event);
        self
    }

    /// Time passes.
    pub fn wait(&mut self, millis: i64) -> &mut Self {
        self.now = Timestamp(self.now.0 + millis);
        self
    }

    /// Opens a session and goes on with it.
    pub fn open(&mut self, number: u32, title: Option<&str>, directory: &str, branch: Option<&str>) -> &mut Self {
        self.session = SessionId(number);
        let spec = SessionSpec {
            directory: directory.into(),
            title: title.map(Into::into),
            branch: branch.map(Into::into),
            ..SessionSpec::default()
        };
        self.event(EventKind::Opened { spec, tag: None })
    }

    /// Goes on with another session.
    pub fn in_session(&mut self, number: u32) -> &mut Self {
        self.session = SessionId(number);
        self
    }

    pub fn ready(&mut self, model: &str, mode: PermissionMode) -> &mut Self {
        self.event(EventKind::Starting);
        self.event(EventKind::Ready(CliInfo { version: Some("2.1.329".into()), ..CliInfo::default() }));
        self.event(EventKind::Conversation { id: "c".into(), model: model.into(), mode })
    }

    pub fn prompt(&mut self, text: &str) -> &mut Self {
        self.n_prompts += 1;
        let id = PromptId::from(format!("p{}", self.n_prompts).as_str());
        let origin = PromptOrigin::Surface(Surface::Terminal);
        self.event(EventKind::PromptSent(Prompt::new(id.clone(), text, origin)));
        self.turn = self.turn.next();
        let turn = self.turn;
        self.event(EventKind::TurnStarted { turn, prompt: Some(id) })
    }

    pub fn queue(&mut self, texts: &[&str]) -> &mut Self {
        let mut queue = Queue::default();
        for (idx, text) in texts.iter().enumerate() {
            let origin = PromptOrigin::Surface(Surface::Terminal);
            queue.push(Prompt::new(format!("q{idx}").as_str().into(), *text, origin));
        }
        self.event(EventKind::QueueChanged(queue))
    }

    fn block(&mut self, kind: BlockKind, text: &str, done: bool) -> &mut Self {
        self.n_blocks += 1;
        let id = format!("b{}", self.n_blocks);
        let block = id.as_str().into();
        if done {
            return self.event(EventKind::BlockEnded { block, parent: None, kind, text: text.into() });
        }
        self.event(EventKind::BlockStarted { block: id.as_str().into(), parent: None, kind });
        self.event(EventKind::BlockDelta { block, text: text.into() })
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.block(BlockKind::Text, text, true)
    }

    /// A text that is still coming in.
    pub fn streaming(&mut self, text: &str) -> &mut Self {
        self.block(BlockKind::Text, text, false)
    }

    pub fn thinking(&mut self, text: &str) -> &mut Self {
        self.block(BlockKind::Thinking, text, true)
    }

    pub fn tool(&mut self, call: &str, name: &str, input: Value) -> &mut Self {
        self.child_tool(None, call, name, input)
    }

    pub fn child_tool(&mut self, parent: Option<&str>, call: &str, name: &str, input: Value) -> &mut Self {
        let parent = parent.map(Into::into);
        self.event(EventKind::ToolStarted { call: call.into(), parent, name: name.into(), input, changed: None })
    }

    pub fn done(&mut self, call: &str, output: ToolOutput) -> &mut Self {
        self.event(EventKind::ToolEnded { call: call.into(), outcome: ToolOutcome::Done, output })
    }

    pub fn failed(&mut self, call: &str, text: &str) -> &mut Self {
        self.event(EventKind::ToolEnded { call: call.into(), outcome: ToolOutcome::Failed, output: output(text) })
    }

    pub fn end(&mut self, outcome: TurnOutcome, duration_ms: u64, text: &str) -> &mut Self {
        let tokens = Tokens { uncached: 12_400, cache_read: 118_000, cache_write: 2_300, output: 3_100 };
        let text = Some(text.to_owned());
        let turn = self.turn;
        self.event(EventKind::TurnEnded { turn, outcome, duration_ms, tokens, cost_usd: 0.42, text })
    }

    pub fn note(&mut self, notice: Notice) -> &mut Self {
        self.event(EventKind::Noted(notice))
    }

    /// A request as the engine would make it of a tool call.
    pub fn approval(&mut self, call: Option<&str>, tool: &str, input: Value) -> Approval {
        self.n_approvals += 1;
        let session = self.fleet.get(self.session).expect("the session is open");
        let directory = session.directory().to_owned();
        let place = Place { directory, branch: session.branch.clone(), ..Place::default() };
        let risks = risk::judge(tool, &input, &place.directory);
        let question = Question {
            tool: tool.to_owned(),
            input: input.to_string(),
            directory: place.directory.clone().into(),
            profile: None,
            session: None,
        };
        Approval {
            call: call.map(Into::into),
            risks,
            anatomy: described(&question).ok().and_then(|approval| approval.anatomy),
            place,
            asked: self.now,
            ..Approval::new(ApprovalId(self.n_approvals), self.session, tool, input)
        }
    }

    pub fn ask(&mut self, approval: Approval) -> ApprovalId {
        let id = approval.id;
        self.event(EventKind::ApprovalAsked(Box::new(approval)));
        id
    }

    /// The session may do this unasked for twenty minutes, or the CLI remembers it.
    pub fn grant(&mut self, number: u32, granted: Granted) -> &mut Self {
        let directory = self.fleet.get(self.session).map(|session| session.spec.directory.clone());
        let grant = Grant {
            id: GrantId(number),
            session: self.session,
            directory: directory.unwrap_or_default(),
            granted,
            by: Surface::Terminal,
            at: self.now,
            approval: ApprovalId(number),
            used: 0,
        };
        self.event(EventKind::Granted(Box::new(grant)))
    }

    pub fn resolve(&mut self, approval: ApprovalId, verdict: Verdict) -> &mut Self {
        self.event(EventKind::ApprovalResolved { approval, verdict })
    }
}

/// Three sessions: one at work with all kinds of entries, one that works unseen, one that waits.
pub fn busy() -> Story {
    let mut story = Story::default();
    story.open(1, Some("api-refactor"), "/home/me/src/api", Some("retry-policy"));
    story.open(2, Some("web"), "/home/me/src/web", Some("main"));
    story.open(3, Some("docs"), "/home/me/src/docs", None);
    story.in_session(2).ready("claude-sonnet-5-20260301", PermissionMode::AcceptEdits).prompt("fix the flaky test");
    story.text("Looking.").tool("w1", "Bash", json!({"command": "npm test"}));
    story.in_session(3).ready("claude-opus-5-5", PermissionMode::Default).prompt("clean the build");
    story.tool("d1", "Bash", json!({"command": "rm -rf build && make html"}));
    let approval = story.approval(Some("d1"), "Bash", json!({"command": "rm -rf build && make html"}));
    story.ask(approval);
    story.in_session(1).ready("claude-opus-5-5", PermissionMode::Default);
    working(&mut story);
    story
}

/// A turn in the active session, half way through.
pub fn working(story: &mut Story) {
    story.prompt("make the retry policy configurable and test it").wait(1_000);
    story.thinking("The client hard-codes three attempts.\nI should read it first.").wait(4_000);
    story.text("I'll look at the client first.").wait(100);
    story.tool("t1", "Read", json!({"file_path": "/home/me/src/api/src/client.rs"})).wait(100);
    story.done("t1", output_with("use std;\n", json!({"file": {"numLines": 214}})));
    story.tool("t2", "Grep", json!({"pattern": "retry", "path": "/home/me/src/api/src"})).wait(200);
    story.done("t2", output_with("a\nb", json!({"numMatches": 9})));
    let (old, new) = ("    let tries = 3;", "    let tries = config.retry.max_attempts;");
    story.tool(
        "t3",
        "Edit",
        json!({"file_path": "/home/me/src/api/src/client.rs", "old_string": old, "new_string": new}),
    );
    story.wait(100);
    story.done(
        "t3",
        output_with(
            "ok",
            json!({"structuredPatch": [{"oldStart": 40, "newStart": 40, "lines": [
                " fn send(&self) {",
                "-    let tries = 3;",
                "+    let tries = config.retry.max_attempts;",
                "+    let wait = config.retry.backoff;",
                "     for attempt in 0..tries {",
            ]}]}),
        ),
    );
    story.tool(
        "t4",
        "TodoWrite",
        json!({"todos": [
            {"content": "read the client", "status": "completed"},
            {"content": "add a config type", "status": "completed"},
            {"content": "wire it through the client and the retry loop", "status": "in_progress"},
            {"content": "tests", "status": "pending"},
        ]}),
    );
    story.done("t4", output("Todos have been modified"));
    story.tool("t5", "Agent", json!({"description": "explore the tests", "subagent_type": "Explore"}));
    story.child_tool(Some("t5"), "c1", "Glob", json!({"pattern": "tests/**/*.rs"})).wait(200);
    story.done("c1", output_with("x", json!({"numFiles": 12})));
    story.child_tool(Some("t5"), "c2", "Read", json!({"file_path": "/home/me/src/api/tests/retry.rs"}));
    story.wait(23_000);
    story.tool("t6", "Bash", json!({"command": "cargo test retry", "description": "Run the retry tests"}));
    story.event(EventKind::TokensCounted(Tokens {
        uncached: 12_400,
        cache_read: 118_000,
        cache_write: 2_300,
        output: 3_100,
    }));
    story.event(EventKind::ContextMeasured(adjutant::core::usage::ContextUse { tokens: 82_000, limit: 200_000 }));
    story.queue(&["then update the docs", "and the changelog"]).wait(8_000);
    story.event(EventKind::Heard).wait(2_000);
}
