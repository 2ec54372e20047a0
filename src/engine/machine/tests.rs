//! The machine under any order of commands and lines: invariants 1 to 3 of `ARCHITECTURE.md`, and the
//! cases that a real process does not show on cue.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use super::*;
use crate::core::approval::Decision;
use crate::core::cell::CellBody;
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::fleet::Fleet;
use crate::core::ids::ApprovalId;
use crate::core::ids::Timestamp;
use crate::core::permission::RuleBehavior;
use crate::core::prompt::Prompt;
use crate::core::prompt::PromptOrigin;
use crate::core::prompt::SendHow;
use crate::core::prompt::Surface;
use crate::core::session::SessionSpec;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;
use crate::engine::approvals::before;
use crate::engine::approvals::before::Judgement;
use crate::engine::approvals::before::Question;
use crate::engine::approvals::inspect::Inspection;
use crate::engine::approvals::look::Compare;
use crate::engine::approvals::look::Recheck;
use crate::engine::hooks::Hooks;
use crate::engine::policy::Ruling;
use crate::engine::process::FromStdout;
use crate::engine::process::Rung;
use crate::engine::trust::Start;
use crate::engine::worktrees::Job;
use crate::wire::decode::decode;
use crate::wire::outbound::CallAnswer;
use crate::wire::permission::PermissionAnswer;

/// What goes on in the background.
mod background;
/// Calls before they begin.
mod calls;
/// Changes of files.
mod changing;
/// Servers that ask for input.
mod eliciting;
/// Grants.
mod granting;
/// The person's hooks.
mod hooking;
mod images;
/// Usage limits.
mod limits;
/// MCP servers in this program.
mod serving;
/// Worktrees.
mod tree;
/// What a folder brings.
mod trusting;
/// What waits for a person.
mod waiting;

const ID: SessionId = SessionId(1);

/// A machine with a perfect task around it, and a log of all it did.
struct Bench {
    machine: Machine,
    fleet: Fleet,
    log: Vec<Event>,
    /// Answers to permission requests, by request.
    answers: BTreeMap<String, Vec<PermissionAnswer>>,
    /// Answers to callbacks about calls, by request.
    said: BTreeMap<String, Vec<CallAnswer>>,
    /// Calls that the policy is asked about.
    judging: Vec<before::Job>,
    /// Prompts whose images are to be read.
    loads: Vec<PromptId>,
    /// Files of outputs that are to be read.
    reads: Vec<(TaskId, PathBuf)>,
    lines: Vec<Outbound>,
    signals: Vec<Rung>,
    /// A process runs.
    alive: bool,
    n_launches: usize,
    /// Watches that were begun and not ended.
    n_watches: usize,
    n_looks: usize,
    trusted: Vec<String>,
    adopted: Vec<String>,
    launches: Vec<Start>,
    inspections: Vec<String>,
    /// What hooks are asked.
    askings: Vec<Asking>,
    /// Messages for servers in this program.
    messages: Vec<(Generation, String, Value)>,
    rechecks: Vec<Recheck>,
    compares: Vec<Compare>,
    /// What was to be done with the worktree.
    jobs: Vec<Job>,
    receipts: Vec<String>,
    now: Duration,
    /// What the clock on the wall is set forward, or back, in milliseconds.
    wall_off: i64,
    finished: bool,
}

impl Bench {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        Self::with(SessionSpec { directory: "/w".into(), ..SessionSpec::default() }, change)
    }

    /// A session on an earlier conversation.
    fn resuming(follow: bool) -> Self {
        let resume = Some("c1".into());
        Self::with(SessionSpec { directory: "/w".into(), resume, follow, ..SessionSpec::default() }, |_| ())
    }

    fn with(spec: SessionSpec, change: impl FnOnce(&mut Config)) -> Self {
        Self::made(spec, change, false, None)
    }

    fn made(
        spec: SessionSpec,
        change: impl FnOnce(&mut Config),
        is_gated: bool,
        hooks: Option<Arc<dyn Hooks>>,
    ) -> Self {
        let mut config = crate::config::parse("").unwrap();
        change(&mut config);
        let approval_ids = Arc::new(AtomicU32::new(1));
        let session = Session::new(ID, spec.clone(), Timestamp(0));
        let budget = Arc::new(Budget::new(config.budget.day_usd, Timestamp(0), 0.0));
        let machine = Machine::new(Origin {
            session: &session,
            config: Arc::new(config),
            approval_ids,
            grant_ids: Arc::new(AtomicU32::new(1)),
            grants: Vec::new(),
            budget,
            is_gated,
            hooks,
            offers: Vec::new(),
        });
        let mut bench = Self {
            machine,
            fleet: Fleet::default(),
            log: Vec::new(),
            answers: BTreeMap::new(),
            said: BTreeMap::new(),
            judging: Vec::new(),
            loads: Vec::new(),
            reads: Vec::new(),
            lines: Vec::new(),
            signals: Vec::new(),
            alive: false,
            n_launches: 0,
            n_watches: 0,
            n_looks: 0,
            trusted: Vec::new(),
            adopted: Vec::new(),
            launches: Vec::new(),
            inspections: Vec::new(),
            askings: Vec::new(),
            messages: Vec::new(),
            rechecks: Vec::new(),
            compares: Vec::new(),
            jobs: Vec::new(),
            receipts: Vec::new(),
            now: Duration::ZERO,
            wall_off: 0,
            finished: false,
        };
        bench.tell(Generation(0), EventKind::Opened { spec, tag: None });
        bench
    }

    fn tell(&mut self, generation: Generation, kind: EventKind) {
        let seq = self.log.len() as u64 + 1;
        let at = self.wall();
        let event = Event { seq, session: ID, generation, at, kind };
        self.fleet.apply(&event);
        self.log.push(event);
    }

    fn wall(&self) -> Timestamp {
        Timestamp(self.now.as_millis() as i64 + self.wall_off)
    }

    fn give(&mut self, input: Input) -> &mut Self {
        if self.finished {
            return self;
        }
        if matches!(input, Input::Gone { .. }) {
            self.alive = false;
            self.receipts.clear();
        }
        let now = Now { wall: self.wall(), mono: self.now };
        let mut launched = false;
        for effect in self.machine.handle(input, now) {
            match effect {
                Effect::Emit(generation, kind) => self.tell(generation, kind),
                Effect::Launch(launch) => {
                    self.launches.push(launch.trust);
                    assert!(!self.alive, "two processes at once");
                    self.alive = true;
                    self.n_launches += 1;
                    launched = true;
                }
                Effect::Write { line, receipt } => {
                    if let Outbound::Answer { request_id, answer: Answer::Permission(answer) } = &line {
                        self.answers.entry(request_id.clone()).or_default().push(answer.clone());
                    }
                    if let Outbound::Answer { request_id, answer: Answer::Call(answer) } = &line {
                        self.said.entry(request_id.clone()).or_default().push(answer.clone());
                    }
                    self.lines.push(line);
                    self.receipts.extend(receipt);
                }
                Effect::Signal(rung) => self.signals.push(rung),
                Effect::Judge(job) => self.judging.push(*job),
                Effect::AskHooks(asking) => self.askings.push(*asking),
                Effect::Inspect(job) => self.inspections.push(job.request_id),
                Effect::AskServer { generation, request_id, message, .. } => {
                    self.messages.push((generation, request_id, message));
                }
                Effect::Recheck(job) => self.rechecks.push(*job),
                Effect::Compare(job) => self.compares.push(*job),
                Effect::Worktree { job, .. } => self.jobs.push(job),
                Effect::Finish => self.finished = true,
                Effect::LookAtFolder => self.n_looks += 1,
                Effect::TrustFolder { brought, .. } => self.trusted.push(brought.mark),
                Effect::AdoptRules { rules, .. } => self.adopted.extend(rules),
                Effect::CloseInput | Effect::NoteFile(_) | Effect::LookUpBranch(_) | Effect::ReadHistory { .. } => {}
                Effect::LoadImages { prompt, .. } => self.loads.push(prompt),
                Effect::ReadTask { task, file } => self.reads.push((task, file)),
                Effect::Watch(_) => self.n_watches += 1,
                Effect::EndWatch => self.n_watches -= 1,
            }
        }
        if launched {
            self.give(Input::Launched { plans: "/home/me/.claude/plans".into(), real: None });
        }
        self
    }

    fn line(&mut self, line: &Value) -> &mut Self {
        if self.alive {
            self.give(Input::Lines(vec![FromStdout::Line(decode(&line.to_string()))]));
        }
        self
    }

    fn command(&mut self, command: Command) -> &mut Self {
        self.give(Input::Command(command))
    }

    fn prompt(&mut self, text: &str, how: SendHow) -> &mut Self {
        self.command(Command::Send {
            session: ID,
            text: text.into(),
            how,
            by: Surface::Terminal,
            id: None,
            images: Vec::new(),
        })
    }

    /// Answers our own newest request of a subtype.
    fn reply(&mut self, subtype: &str) -> &mut Self {
        let found = self.lines.iter().rev().find_map(|line| match line {
            Outbound::Request { request_id, request } => {
                let request = serde_json::to_value(request).unwrap();
                (request["subtype"] == subtype).then(|| request_id.clone())
            }
            _ => None,
        });
        match found {
            Some(id) => self.line(&json!({"type": "control_response",
                "response": {"subtype": "success", "request_id": id, "response": {}}})),
            None => self,
        }
    }

    fn ask(&mut self, request: &str, extra: &Value) -> &mut Self {
        let mut body = json!({"subtype": "can_use_tool", "tool_name": "Bash", "input": {"command": request},
            "tool_use_id": format!("call-{request}")});
        for (key, value) in extra.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        self.line(&json!({"type": "control_request", "request_id": request, "request": body}))
    }

    fn inspect_all(&mut self, rule: Option<&str>) -> &mut Self {
        for request_id in std::mem::take(&mut self.inspections) {
            let ruling = rule.map(|rule| Ruling {
                action: RuleBehavior::Allow,
                rule: Some(rule.to_owned()),
                why: String::new(),
                parts: Vec::new(),
            });
            let inspection = Inspection { ruling, ..Inspection::default() };
            self.give(Input::Inspected { request_id, inspection: Box::new(inspection) });
        }
        self
    }

    fn write_all(&mut self) -> &mut Self {
        for receipt in std::mem::take(&mut self.receipts) {
            self.give(Input::Written(receipt));
        }
        self
    }

    fn decide(&mut self, approval: u32, decision: Decision) -> &mut Self {
        let approval = ApprovalId(approval);
        self.command(Command::Answer { session: ID, approval, decision: Box::new(decision), by: Surface::Terminal })
    }

    fn wait(&mut self, seconds: u64) -> &mut Self {
        self.now += Duration::from_secs(seconds);
        self.give(Input::Tick)
    }

    fn running(change: impl FnOnce(&mut Config)) -> Self {
        let mut bench = Self::new(change);
        bench.prompt("go", SendHow::Queue).reply("initialize").line(&init());
        bench
    }

    fn kinds(&self) -> Vec<&EventKind> {
        self.log.iter().map(|event| &event.kind).collect()
    }

    fn n_prompts_sent(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line, Outbound::User(_))).count()
    }

    fn trouble(&self) -> Option<TroubleKind> {
        self.fleet.get(ID)?.last_trouble().map(|trouble| trouble.kind.clone())
    }
}

fn init() -> Value {
    json!({"type": "system", "subtype": "init", "session_id": "c", "model": "m", "permissionMode": "default"})
}

fn result() -> Value {
    json!({"type": "result", "subtype": "success", "is_error": false})
}

fn state(state: &str) -> Value {
    json!({"type": "system", "subtype": "session_state_changed", "state": state})
}

#[test]
fn a_cli_that_tells_its_state_gets_the_next_prompt_when_idle() {
    let mut bench = Bench::running(|_| {});
    bench.line(&state("running")).prompt("next", SendHow::Queue).line(&result());
    assert_eq!(bench.n_prompts_sent(), 1);
    bench.line(&state("idle"));
    assert_eq!(bench.n_prompts_sent(), 2);
}

#[test]
fn an_older_cli_gets_it_after_the_result() {
    let mut bench = Bench::running(|_| {});
    bench.prompt("next", SendHow::Queue).line(&result());
    assert_eq!(bench.n_prompts_sent(), 2);
}

#[test]
fn a_turn_that_begins_by_itself_is_a_turn_of_its_own() {
    let mut bench = Bench::running(|_| {});
    bench.line(&state("running")).line(&result()).line(&init()).line(&result()).line(&state("idle"));
    let turns: Vec<bool> = bench
        .kinds()
        .iter()
        .filter_map(|kind| match kind {
            EventKind::TurnStarted { prompt, .. } => Some(prompt.is_some()),
            _ => None,
        })
        .collect();
    assert_eq!(turns, [true, false]);
    assert!(bench.fleet.get(ID).unwrap().turn.is_none());
}

#[test]
fn the_end_of_a_foreign_turn_does_not_end_ours() {
    let mut bench = Bench::running(|_| {});
    bench.line(&json!({"type": "result", "subtype": "success", "origin": {"kind": "task-notification"}}));
    let session = bench.fleet.get(ID).unwrap();
    assert!(session.turn.as_ref().is_some_and(|turn| turn.prompt.is_some()));
}

#[test]
fn a_missing_idle_does_not_hold_the_queue_for_ever() {
    let mut bench = Bench::running(|_| {});
    bench.line(&state("running")).prompt("next", SendHow::Queue).line(&result()).wait(3);
    assert_eq!(bench.n_prompts_sent(), 2);
}

#[test]
fn what_is_written_is_what_was_shown() {
    let mut bench = Bench::running(|_| {});
    bench.ask("a", &json!({})).inspect_all(None).decide(1, Decision::allow_once()).write_all();
    let PermissionAnswer::Allow { updated_input, .. } = &bench.answers["a"][0] else { panic!("allowed") };
    assert_eq!(*updated_input, json!({"command": "a"}));
}

#[test]
fn a_request_sent_twice_gets_one_answer() {
    let mut bench = Bench::running(|_| {});
    bench.ask("a", &json!({})).ask("a", &json!({})).inspect_all(None).decide(1, Decision::allow_once());
    bench.decide(2, Decision::allow_once()).write_all().ask("a", &json!({})).inspect_all(Some("x"));
    assert_eq!(bench.answers["a"].len(), 1);
}

#[test]
fn a_request_that_was_withdrawn_while_the_disk_was_read_is_never_shown() {
    let mut bench = Bench::running(|_| {});
    bench
        .ask("a", &json!({}))
        .line(&json!({"type": "control_cancel_request", "request_id": "a"}))
        .inspect_all(Some("x"));
    assert!(bench.answers.is_empty());
    assert!(!bench.kinds().iter().any(|kind| matches!(kind, EventKind::ApprovalAsked(_))));
}

#[test]
fn an_accepted_plan_carries_its_mode() {
    let mut bench = Bench::running(|_| {});
    let block = json!({"type": "tool_use", "id": "p", "name": "ExitPlanMode", "input": {"plan": "# Do it"}});
    bench.line(&json!({"type": "assistant", "message": {"id": "m", "content": [block]}}));
    bench.ask("a", &json!({"tool_name": "ExitPlanMode", "input": {}, "tool_use_id": "p"})).inspect_all(None);
    let plan = &bench.fleet.inbox()[0].approval.ask;
    assert_eq!(*plan, crate::core::approval::Ask::Plan("# Do it".into()));
    bench.decide(1, Decision::AcceptPlan { mode: PermissionMode::AcceptEdits });
    let PermissionAnswer::Allow { updated_permissions, .. } = &bench.answers["a"][0] else { panic!("allowed") };
    let sent: Vec<&Value> = updated_permissions.iter().map(|update| update.as_value()).collect();
    assert_eq!(sent, [&json!({"type": "setMode", "mode": "acceptEdits", "destination": "session"})]);
}

#[test]
fn a_conversation_that_answers_nothing_after_a_resume_is_noticed() {
    let noticed = |resumed: bool, prompt: &str, result: &Value| {
        let mut bench = Bench::new(|_| {});
        if resumed {
            bench.machine.conversation = Some("old".into());
        }
        bench.prompt(prompt, SendHow::Queue).reply("initialize").line(&init()).line(result);
        bench.kinds().iter().any(|kind| matches!(kind, EventKind::Noted(notice) if notice.text.contains("alt-f")))
    };
    let nothing = json!({"type": "result", "subtype": "success", "result": "", "num_turns": 0, "total_cost_usd": 0.0});
    let something =
        json!({"type": "result", "subtype": "success", "result": "hi", "num_turns": 1, "total_cost_usd": 0.1});
    assert!(noticed(true, "go on", &nothing));
    assert!(!noticed(true, "/context", &nothing), "a command of the CLI costs nothing");
    assert!(!noticed(true, "go on", &something));
    assert!(!noticed(false, "go on", &nothing));
}

#[test]
fn a_flood_of_requests_is_denied_and_never_allowed() {
    let mut bench = Bench::running(|_| {});
    let n_asked = crate::engine::approvals::MAX_PENDING + 3;
    for number in 0..n_asked {
        bench.ask(&format!("r{number}"), &json!({}));
    }
    bench.inspect_all(None);
    assert_eq!(bench.fleet.inbox().len(), crate::engine::approvals::MAX_PENDING);
    assert_eq!(bench.answers.len(), 3);
    let denied = |answers: &Vec<PermissionAnswer>| matches!(answers[..], [PermissionAnswer::Deny { .. }]);
    assert!(bench.answers.values().all(denied));
}

#[test]
fn a_question_that_is_skipped_is_told_to_the_model_in_words_and_marked_where_the_cli_takes_it() {
    for capable in [false, true] {
        let mut bench = Bench::running(|_| {});
        let words: &[&str] = if capable { &["ask_user_question_unanswered_v1"] } else { &[] };
        bench.line(
            &json!({"type": "system", "subtype": "init", "session_id": "s", "model": "m", "cwd": "/w", "tools": [],
            "permissionMode": "default", "capabilities": words}),
        );
        let question =
            |text: &str| json!({"question": text, "header": "H", "options": [{"label": "a", "description": ""}]});
        let questions = json!([question("One?"), question("Two?")]);
        bench.ask("a", &json!({"tool_name": "AskUserQuestion", "input": {"questions": questions}})).inspect_all(None);
        let answer = crate::core::approval::Answer { question: "One?".into(), answer: "a".into() };
        bench.decide(1, Decision::Answers(vec![answer]));
        let PermissionAnswer::Allow { updated_input, .. } = &bench.answers["a"][0] else { panic!("allowed") };
        assert_eq!(updated_input["answers"]["One?"], "a");
        assert!(updated_input["answers"]["Two?"].as_str().unwrap().contains("not answered"));
        let expected = if capable { json!({"Two?": {"unanswered": "skipped"}}) } else { Value::Null };
        assert_eq!(updated_input["annotations"], expected);
    }
}

#[test]
fn answers_go_into_the_input() {
    let mut bench = Bench::running(|_| {});
    let questions = json!([{"question": "Q?", "header": "H", "options": [{"label": "a", "description": ""}]}]);
    bench.ask("a", &json!({"tool_name": "AskUserQuestion", "input": {"questions": questions}})).inspect_all(None);
    bench.decide(1, Decision::allow_once());
    assert!(matches!(bench.kinds().last(), Some(EventKind::AnswerRefused { .. })));
    let answer = crate::core::approval::Answer { question: "Q?".into(), answer: "a, b".into() };
    bench.decide(1, Decision::Answers(vec![answer]));
    let PermissionAnswer::Allow { updated_input, .. } = &bench.answers["a"][0] else { panic!("allowed") };
    assert_eq!(*updated_input, json!({"questions": questions, "answers": {"Q?": "a, b"}}));
}

#[test]
fn an_offered_rule_goes_back_as_it_came() {
    let mut bench = Bench::running(|_| {});
    let offered = json!([{"destination": "session", "type": "addRules", "behavior": "allow",
        "rules": [{"toolName": "Bash", "ruleContent": "x"}], "from": {"later": 1}}]);
    bench.ask("a", &json!({"permission_suggestions": offered})).inspect_all(None);
    let remember = bench.fleet.inbox()[0].approval.suggestions.clone();
    let invented = crate::core::permission::PermissionUpdate::Other(json!({"type": "addEverything"}));
    bench.decide(1, Decision::Allow { edited: None, remember: vec![invented], comment: None });
    assert!(bench.answers.is_empty());
    bench.decide(1, Decision::Allow { edited: None, remember, comment: None });
    let PermissionAnswer::Allow { updated_permissions, .. } = &bench.answers["a"][0] else { panic!("allowed") };
    assert_eq!(serde_json::to_value(updated_permissions).unwrap(), offered);
}

#[test]
fn requests_that_nobody_can_serve_are_declined() {
    let mut bench = Bench::running(|_| {});
    for (id, request) in [
        ("h", json!({"subtype": "hook_callback", "callback_id": "x"})),
        ("m", json!({"subtype": "mcp_message", "server_name": "s", "message": {"id": 3}})),
        ("d", json!({"subtype": "request_user_dialog", "dialog_kind": "x"})),
        ("u", json!({"subtype": "brand_new"})),
    ] {
        bench.line(&json!({"type": "control_request", "request_id": id, "request": request}));
    }
    let answers: Vec<&Answer> = bench
        .lines
        .iter()
        .filter_map(|line| match line {
            Outbound::Answer { answer, .. } => Some(answer),
            _ => None,
        })
        .collect();
    assert_eq!(answers.len(), 3, "a dialog that is not known is left to the CLI");
    assert!(!answers.iter().any(|answer| matches!(answer, Answer::Permission(_))));
}

#[test]
fn the_ladder_has_a_deadline_at_every_rung() {
    let mut bench = Bench::running(|_| {});
    bench.command(Command::Stop { session: ID });
    for _ in 0..4 {
        bench.wait(10);
    }
    assert_eq!(bench.signals, [Rung::Terminate, Rung::Kill, Rung::Destroy, Rung::Destroy]);
    bench.give(Input::Gone { code: Some(137), signal: None });
    assert_eq!(bench.trouble(), None, "it was asked for");
    assert_eq!(bench.machine.next_deadline(), None);
}

#[test]
fn an_interrupt_without_effect_becomes_a_signal_and_then_a_stop() {
    let mut bench = Bench::running(|_| {});
    bench.command(Command::Interrupt { session: ID }).wait(11);
    assert_eq!(bench.signals, [Rung::Interrupt]);
    bench.wait(6);
    assert!(matches!(bench.machine.life, Life::Stopping(_)));
    bench.prompt("again", SendHow::Queue).give(Input::Gone { code: Some(0), signal: None });
    assert_eq!((bench.n_launches, bench.trouble()), (2, None));
}

#[test]
fn a_lost_conversation_starts_anew() {
    let mut bench = Bench::new(|_| {});
    bench.machine.conversation = Some("old".into());
    bench.prompt("go", SendHow::Queue);
    bench.give(Input::Stderr(vec!["No conversation found with session ID: old".into()]));
    bench.give(Input::Gone { code: Some(1), signal: None });
    assert_eq!(bench.trouble(), Some(TroubleKind::ConversationGone));
    assert_eq!(bench.machine.conversation, None);
    bench.command(Command::Retry { session: ID }).reply("initialize");
    assert_eq!((bench.n_launches, bench.n_prompts_sent()), (2, 1));
}

#[test]
fn a_mode_that_wants_a_new_process_waits_for_the_end_of_the_turn() {
    let mut bench = Bench::running(|_| {});
    bench.command(Command::SetMode { session: ID, mode: PermissionMode::BypassPermissions });
    let Some(Outbound::Request { request_id, .. }) = bench.lines.last().cloned() else { panic!("a request") };
    bench.line(&json!({"type": "control_response",
        "response": {"subtype": "error", "request_id": request_id, "error": "not launched with it"}}));
    assert!(matches!(bench.machine.life, Life::Up));
    bench.prompt("next", SendHow::Queue).line(&result());
    assert!(matches!(bench.machine.life, Life::Stopping(_)));
    bench.give(Input::Gone { code: Some(0), signal: None });
    assert_eq!((bench.n_launches, bench.machine.mode), (2, Some(PermissionMode::BypassPermissions)));
}

#[test]
fn an_idle_session_never_wakes_up() {
    let mut bench = Bench::running(|_| {});
    bench.line(&result());
    assert_eq!(bench.machine.next_deadline(), None);
    assert_eq!(Bench::new(|_| {}).machine.next_deadline(), None);
}

#[test]
fn idle_sessions_and_long_turns_end_by_the_profile() {
    let with = |config: &mut Config| {
        let profile = Profile { idle_minutes: 5, timeout_minutes: 3, ..Profile::default() };
        config.profiles.insert("p".into(), profile);
        config.claude.default_profile = Some("p".into());
    };
    let mut bench = Bench::running(with);
    bench.line(&result()).wait(299);
    assert!(matches!(bench.machine.life, Life::Up));
    bench.wait(2);
    assert!(matches!(bench.machine.life, Life::Stopping(_)));
    let mut bench = Bench::running(with);
    bench.wait(181);
    assert!(bench.kinds().contains(&&EventKind::Interrupting));
}

/// What may happen to a session, in any order.
#[derive(Debug, Clone)]
enum Happening {
    Prompt(bool),
    Interrupt,
    Stop,
    Retry,
    Close,
    Decide(u32, u8),
    Ask(u8),
    Cancel(u8),
    Inspect(bool),
    Write,
    Init,
    Result,
    State(bool),
    ReplyInit,
    Die,
    Garbage,
    Wait(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => any::<bool>().prop_map(Happening::Prompt),
        1 => Just(Happening::Interrupt),
        1 => Just(Happening::Stop),
        1 => Just(Happening::Retry),
        4 => (1..12_u32, 0..6_u8).prop_map(|(id, how)| Happening::Decide(id, how)),
        5 => (0..12_u8).prop_map(Happening::Ask),
        1 => (0..12_u8).prop_map(Happening::Cancel),
        4 => prop::bool::weighted(0.1).prop_map(Happening::Inspect),
        4 => Just(Happening::Write),
        2 => Just(Happening::Init),
        2 => Just(Happening::Result),
        2 => any::<bool>().prop_map(Happening::State),
        4 => Just(Happening::ReplyInit),
        1 => Just(Happening::Die),
        1 => Just(Happening::Garbage),
        1 => (0..200_u64).prop_map(Happening::Wait),
        1 => prop::bool::weighted(0.1).prop_map(|close| if close { Happening::Close } else { Happening::Write }),
    ]
}

fn happen(bench: &mut Bench, happening: &Happening) {
    match happening {
        Happening::Prompt(first) => {
            let how = if *first { SendHow::InterruptFirst } else { SendHow::Queue };
            bench.prompt("text", how);
        }
        Happening::Interrupt => {
            bench.command(Command::Interrupt { session: ID });
        }
        Happening::Stop => {
            bench.command(Command::Stop { session: ID });
        }
        Happening::Retry => {
            bench.command(Command::Retry { session: ID });
        }
        Happening::Close => {
            bench.command(Command::Close { session: ID });
        }
        Happening::Decide(id, how) => {
            let comment = (*how == 1).then(|| "c".to_owned());
            let decision = match how {
                0 | 1 => Decision::Allow { edited: None, remember: Vec::new(), comment },
                2 => Decision::Allow { edited: Some(json!({"command": "edited"})), remember: Vec::new(), comment },
                3 => Decision::Answers(Vec::new()),
                4 => Decision::deny("no"),
                _ => Decision::Deny { message: String::new(), stop: true },
            };
            bench.decide(*id, decision);
        }
        Happening::Ask(request) => {
            bench.ask(&request.to_string(), &json!({}));
        }
        Happening::Cancel(request) => {
            bench.line(&json!({"type": "control_cancel_request", "request_id": request.to_string()}));
        }
        Happening::Inspect(allowed) => {
            bench.inspect_all(allowed.then_some("rule"));
        }
        Happening::Write => {
            bench.write_all();
        }
        Happening::Init => {
            bench.line(&init());
        }
        Happening::Result => {
            bench.line(&result());
        }
        Happening::State(idle) => {
            bench.line(&state(if *idle { "idle" } else { "running" }));
        }
        Happening::ReplyInit => {
            bench.reply("initialize");
        }
        Happening::Die if bench.alive => {
            bench.give(Input::Gone { code: None, signal: Some(9) });
        }
        Happening::Die => {}
        Happening::Garbage => {
            bench.line(&json!({"type": "assistant", "message": [1]}));
        }
        Happening::Wait(seconds) => {
            bench.wait(*seconds);
        }
    }
}

proptest! {
    #[test]
    fn every_request_ends_exactly_once_and_nothing_is_lost(
        happenings in prop::collection::vec(happening(), 0..120),
        deadline_s in prop_oneof![Just(0_u64), Just(60)],
    ) {
        let mut bench = Bench::new(|config| config.approvals.deadline_s = deadline_s);
        for happening in &happenings {
            happen(&mut bench, happening);
        }
        bench.command(Command::Close { session: ID });
        if bench.alive {
            bench.give(Input::Gone { code: Some(0), signal: None });
        }
        prop_assert!(bench.finished);

        // Invariant 1: one end for each request that was shown, at most one answer for each that came
        // from one process, and "allow" only where somebody, or the policy, said so.
        let mut open = BTreeSet::new();
        let mut n_allowed = 0;
        for event in &bench.log {
            match &event.kind {
                EventKind::ApprovalAsked(approval) => prop_assert!(open.insert(approval.id)),
                EventKind::ApprovalResolved { approval, .. } | EventKind::ApprovalWithdrawn { approval, .. } => {
                    prop_assert!(open.remove(approval), "ended twice or never asked");
                }
                EventKind::ApprovedByPolicy { .. } => n_allowed += 1,
                EventKind::ApprovalClaimed { .. } => n_allowed += 1,
                _ => {}
            }
        }
        prop_assert!(open.is_empty());
        let n_answers = bench.answers.values().flatten().count();
        prop_assert!(n_answers <= n_allowed, "an answer that nobody gave");
        let n_starts = bench.n_launches;
        prop_assert!(bench.answers.values().all(|answers| answers.len() <= n_starts));

        // Invariant 2: the fold of the log is the live state.
        let mut again = Fleet::default();
        bench.log.iter().for_each(|event| again.apply(event));
        prop_assert_eq!(&again, &bench.fleet);

        // Invariant 3: generations never go back.
        prop_assert!(bench.log.is_sorted_by_key(|event| event.generation));

        // A turn that began ended, or its process did.
        let mut turn = None;
        for event in &bench.log {
            match &event.kind {
                EventKind::TurnStarted { turn: id, .. } => prop_assert_eq!(turn.replace(*id), None),
                EventKind::TurnEnded { turn: id, .. } => prop_assert_eq!(turn.take(), Some(*id)),
                EventKind::Exited(_) => turn = None,
                _ => {}
            }
        }
        prop_assert_eq!(turn, None);
    }
}

#[test]
fn a_spent_budget_holds_the_queue_until_a_person_insists() {
    let mut bench = Bench::new(|config| config.budget.day_usd = 1.0);
    let costs = |total: f64| json!({"type": "result", "subtype": "success", "result": "x", "num_turns": 1, "total_cost_usd": total});
    let said = |bench: &Bench, words: &str| {
        bench
            .kinds()
            .iter()
            .filter(|kind| matches!(kind, EventKind::Noted(notice) if notice.text.contains(words)))
            .count()
    };
    bench.prompt("one", SendHow::Queue).reply("initialize").line(&init()).line(&costs(0.9));
    assert_eq!(said(&bench, "90 %"), 1);
    bench.prompt("two", SendHow::Queue).line(&init()).line(&costs(1.2));
    assert!(bench.fleet.get(ID).unwrap().turn.is_none());
    bench.prompt("three", SendHow::Queue).prompt("four", SendHow::Queue);
    assert_eq!(bench.fleet.get(ID).unwrap().queue.len(), 2, "nothing new begins");
    assert_eq!(said(&bench, "is spent ($1.20)"), 1, "and that is told once");
    bench.command(Command::Retry { session: ID });
    assert_eq!(bench.fleet.get(ID).unwrap().queue.len(), 1, "one goes out when somebody insists");
    bench.line(&init()).line(&costs(1.3));
    assert_eq!(bench.fleet.get(ID).unwrap().queue.len(), 1, "and only one");
}

fn past(at: i64, text: &str) -> (Timestamp, EventKind) {
    let origin = PromptOrigin::Surface(Surface::Terminal);
    (Timestamp(at), EventKind::PromptSent(Prompt::new(text.into(), text, origin)))
}

fn prompts(bench: &Bench) -> Vec<String> {
    let texts = bench.fleet.get(ID).unwrap().transcript.iter().filter_map(|cell| match &cell.body {
        CellBody::Prompt(prompt) => Some(prompt.text.clone()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn a_prompt_waits_until_what_was_said_before_is_shown() {
    let mut bench = Bench::resuming(false);
    bench.give(Input::Begin).prompt("go on", SendHow::Queue);
    assert_eq!(bench.n_launches, 0);
    bench.give(Input::History(Ok(vec![past(5, "before")]))).reply("initialize").line(&init());
    assert_eq!((bench.n_launches, bench.n_prompts_sent()), (1, 1));
    assert_eq!(prompts(&bench), ["before", "go on"]);

    let mut bench = Bench::resuming(false);
    bench.give(Input::Begin).prompt("go on", SendHow::Queue).give(Input::History(Err("no such file".into())));
    assert_eq!(bench.n_launches, 1, "a history that cannot be read holds nothing up");
}

#[test]
fn what_is_followed_gets_no_prompt_before_it_is_taken_over() {
    let mut bench = Bench::resuming(true);
    let by = |name: Option<&str>| name.map(str::to_owned);
    bench.give(Input::Begin).give(Input::Watched { told: vec![past(5, "one")], by: by(Some("a claude")) });
    assert_eq!(bench.n_watches, 1);
    bench.prompt("mine", SendHow::Queue).command(Command::Retry { session: ID });
    bench.prompt("mine", SendHow::InterruptFirst).command(Command::TakeOver { session: ID });
    bench.give(Input::Watched { told: vec![past(6, "two")], by: by(Some("a claude")) });
    assert_eq!((bench.n_launches, prompts(&bench)), (0, vec!["one".to_owned(), "two".into()]));
    bench.give(Input::Watched { told: Vec::new(), by: None });
    bench.prompt("mine", SendHow::Queue);
    assert_eq!(bench.n_launches, 0, "it has to be taken over first");
    bench.command(Command::TakeOver { session: ID }).prompt("mine", SendHow::Queue).reply("initialize");
    assert_eq!((bench.n_launches, bench.n_watches, bench.n_prompts_sent()), (1, 0, 1));
    bench.give(Input::Watched { told: vec![past(7, "late")], by: None });
    assert_eq!(prompts(&bench), ["one", "two", "mine"], "what was under way changes nothing any more");
}

#[test]
fn following_again_tells_only_what_is_new() {
    let mut bench = Bench::resuming(false);
    bench.give(Input::Begin).give(Input::History(Ok(vec![past(5, "one"), past(6, "two")])));
    bench.command(Command::Follow { session: ID });
    bench.give(Input::Watched { told: vec![past(5, "one"), past(6, "two"), past(7, "three")], by: None });
    bench.give(Input::Watched { told: vec![past(2, "an odd clock")], by: None });
    assert_eq!(prompts(&bench), ["one", "two", "three", "an odd clock"]);
    let mut running = Bench::running(|_| ());
    running.command(Command::Follow { session: ID });
    assert_eq!(running.n_watches, 0, "what works on it itself has nobody to follow");
}

#[test]
fn a_conversation_that_is_held_keeps_the_prompt() {
    let mut bench = Bench::resuming(false);
    bench.give(Input::Begin).give(Input::History(Ok(Vec::new())));
    bench.prompt("mine", SendHow::Queue);
    let held = Trouble::new(TroubleKind::ConversationHeld { by: "a claude".into() }, "a claude");
    bench.alive = false;
    bench.give(Input::LaunchFailed(held.clone()));
    assert_eq!(bench.trouble(), Some(held.kind));
    assert_eq!(bench.fleet.get(ID).unwrap().queue.len(), 1);
    bench.command(Command::Retry { session: ID });
    assert_eq!(bench.n_launches, 2);
}

#[test]
fn a_clock_that_is_set_moves_no_deadline() {
    const DAY_MS: i64 = 86_400_000;
    for jump in [DAY_MS, -DAY_MS, i64::MAX / 2, i64::MIN / 2] {
        let mut bench = Bench::running(|config| config.approvals.deadline_s = 60);
        bench.ask("a", &json!({})).inspect_all(None);
        bench.wall_off = jump;
        bench.wait(59);
        assert!(!bench.answers.contains_key("a"), "{jump}: not before its time");
        assert_eq!(bench.fleet.inbox().len(), 1);
        bench.wait(1).write_all();
        assert!(matches!(bench.answers["a"][0], PermissionAnswer::Deny { .. }), "{jump}: on time");
        bench.line(&result());
        let session = bench.fleet.get(ID).unwrap();
        assert!(session.turn.is_none() && session.last_turn.as_ref().unwrap().duration_ms < 100_000, "{jump}");
        bench.prompt("next", SendHow::Queue);
        assert_eq!(bench.n_prompts_sent(), 2, "{jump}");
        assert!(bench.log.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    }
}
