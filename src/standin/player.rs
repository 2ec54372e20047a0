//! Plays a script: steps go out as lines, and whatever comes in meanwhile is answered.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::process::Command;
use std::process::ExitCode;
use std::process::Stdio;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::background::Running;
use super::lines::Heard;
use super::lines::failure;
use super::lines::introduction;
use super::lines::listen;
use super::lines::put;
use super::lines::put_line;
use super::lines::stop_listening;
use super::lines::success;
use super::lines::to_stderr;
use super::script::Step;
use super::script::Text;
use super::script::Tool;

mod told;

use told::Told;

pub(super) const INTERRUPTED: &str = "[Request interrupted by user for tool use]";
/// Tokens that one turn is said to use, and what they are said to cost.
const TURN_TOKENS: u64 = 1800;
const TURN_COST: f64 = 0.0124;
const CONTEXT_WINDOW: u64 = 200_000;
/// The model writes a few characters at a time.
const PIECE: usize = 4;

/// Why a turn stops before its last step.
pub(super) enum Stop {
    Interrupted,
    Failed { status: Option<u64>, text: String },
    Exit(ExitCode),
}

pub(super) struct Player {
    heard: Receiver<Heard>,
    prompts: VecDeque<(Option<String>, String)>,
    answers: HashMap<String, Value>,
    session: String,
    mode: String,
    model: String,
    tells_state: bool,
    /// Tools that were allowed for good.
    always: HashSet<String>,
    initialized: bool,
    /// The host wants to be told of each call.
    callback: Option<String>,
    never_initialize: bool,
    deaf: bool,
    interrupted: bool,
    ended: bool,
    n: u64,
    n_turns: u64,
    pub(super) parent: Option<String>,
    last_text: String,
    pub(super) background: Vec<Running>,
}

/// A child that nothing but SIGKILL ends before its time.
pub(super) fn be_child(seconds: Option<String>) -> ExitCode {
    let _ = rustix::process::setsid();
    let _ignored = signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM]);
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(60);
    std::thread::sleep(Duration::from_secs(seconds));
    ExitCode::SUCCESS
}

impl Player {
    pub(super) fn new(arguments: impl Iterator<Item = String>) -> Self {
        let arguments: Vec<String> = arguments.collect();
        let value = |flag: &str| arguments.iter().find_map(|word| word.strip_prefix(flag)).map(str::to_owned);
        Self {
            heard: listen(),
            prompts: VecDeque::new(),
            answers: HashMap::new(),
            session: value("--resume=").unwrap_or_else(|| uuid::Uuid::new_v4().to_string()),
            mode: value("--permission-mode=").unwrap_or_else(|| "default".into()),
            model: value("--model=").unwrap_or_else(|| "claude-stand-in".into()),
            tells_state: std::env::var_os("CLAUDE_CODE_SDK_READS_SESSION_STATE").is_some(),
            always: HashSet::new(),
            initialized: false,
            callback: None,
            never_initialize: false,
            deaf: false,
            interrupted: false,
            ended: false,
            n: 0,
            n_turns: 0,
            parent: None,
            last_text: String::new(),
            background: Vec::new(),
        }
    }

    pub(super) fn play(mut self, steps: &[Step]) -> ExitCode {
        let has_turns = steps.iter().any(|step| matches!(step, Step::Turn(_)));
        loop {
            for step in steps {
                let played = match step {
                    Step::Turn(steps) => {
                        if !self.await_prompt() {
                            return ExitCode::SUCCESS;
                        }
                        self.turn(steps)
                    }
                    step => self.step(step).map_or_else(Some, |()| None),
                };
                if let Some(Stop::Exit(code)) = played {
                    return code;
                }
            }
            if !has_turns {
                // Nothing but what was done: wait for the end of the input.
                while self.hear(None) {}
                return ExitCode::SUCCESS;
            }
        }
    }

    fn await_prompt(&mut self) -> bool {
        while self.prompts.is_empty() {
            let due = self.next_background();
            if !self.hear(due) && (self.ended || due.is_none()) {
                return false;
            }
            self.end_due_background();
        }
        true
    }

    /// Takes in one message, or waits until `deadline` for one; `false` when nothing comes any more.
    fn hear(&mut self, deadline: Option<Instant>) -> bool {
        let message = match deadline {
            None => self.heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => self.heard.recv_timeout(deadline.saturating_duration_since(Instant::now())),
        };
        match message {
            Ok(Heard::Prompt { uuid, text }) => self.prompts.push_back((uuid, text)),
            Ok(Heard::Answer { id, response }) => drop(self.answers.insert(id, response)),
            Ok(Heard::Request { id, request }) => self.request(&id, &request),
            Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => {
                self.ended = true;
                return false;
            }
            Err(RecvTimeoutError::Timeout) => return false,
        }
        true
    }

    fn request(&mut self, id: &str, request: &Value) {
        let reply = match request["subtype"].as_str().unwrap_or_default() {
            "initialize" if self.never_initialize => return,
            "initialize" => {
                self.initialized = true;
                let callback = request.pointer("/hooks/PreToolUse/0/hookCallbackIds/0");
                self.callback = callback.and_then(Value::as_str).map(str::to_owned);
                introduction()
            }
            "interrupt" => {
                self.interrupted = !self.deaf;
                json!({"still_queued": []})
            }
            "set_permission_mode" => {
                self.mode = request["mode"].as_str().map_or_else(|| "default".into(), str::to_owned);
                self.system("status", json!({"status": null, "permissionMode": self.mode}));
                json!({})
            }
            "set_model" => {
                self.model = request["model"].as_str().map_or_else(|| "claude-stand-in".into(), str::to_owned);
                json!({})
            }
            "get_context_usage" => {
                let used = TURN_TOKENS * (self.n_turns + 1);
                json!({"totalTokens": used, "maxTokens": CONTEXT_WINDOW, "rawMaxTokens": CONTEXT_WINDOW})
            }
            "stop_task" => {
                self.stop_background(request["task_id"].as_str().unwrap_or_default());
                json!({})
            }
            "get_task_output" => {
                let Some(output) = self.output_of(request["task_id"].as_str().unwrap_or_default()) else {
                    put_line(&failure(id, "no such task"));
                    return;
                };
                output
            }
            _ => json!({}),
        };
        put_line(&success(id, &reply));
    }

    /// Lets time pass while listening.
    fn pause(&mut self, time: Duration) -> Result<(), Stop> {
        let until = Instant::now() + time;
        loop {
            if self.interrupted {
                return Err(Stop::Interrupted);
            }
            if self.ended {
                // The input is closed: the turn goes on to its end, as the CLI's does.
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
                return Ok(());
            }
            if !self.hear(Some(until)) && !self.ended {
                return Ok(());
            }
        }
    }

    pub(super) fn id(&mut self, kind: &str) -> String {
        self.n += 1;
        format!("{kind}_{}_{}", std::process::id(), self.n)
    }

    fn line(&self, kind: &str, mut fields: Value) {
        if let Some(object) = fields.as_object_mut() {
            object.insert("type".into(), kind.into());
            object.insert("session_id".into(), self.session.clone().into());
            object.insert("parent_tool_use_id".into(), self.parent.clone().into());
        }
        put_line(&fields);
    }

    pub(super) fn system(&self, subtype: &str, mut fields: Value) {
        fields["subtype"] = subtype.into();
        self.line("system", fields);
    }

    fn state(&self, state: &str) {
        if self.tells_state {
            self.system("session_state_changed", json!({"state": state}));
        }
    }

    fn turn(&mut self, steps: &[Step]) -> Option<Stop> {
        let (uuid, _) = self.prompts.pop_front()?;
        self.turn_of(uuid.as_deref(), steps)
    }

    /// A turn that follows something else than a prompt.
    pub(super) fn own_turn(&mut self, steps: &[Step]) {
        let _ = self.turn_of(None, steps);
    }

    fn turn_of(&mut self, uuid: Option<&str>, steps: &[Step]) -> Option<Stop> {
        let started = Instant::now();
        self.interrupted = false;
        self.n_turns += 1;
        self.state("running");
        let init = json!({"cwd": std::env::current_dir().unwrap_or_default(), "model": self.model, "tools": [],
            "permissionMode": self.mode, "claude_code_version": "0.0.0-stand-in"});
        self.system("init", init);
        let stop = self.steps(steps).err();
        self.parent = None;
        let mut result = json!({"subtype": "success", "is_error": false, "terminal_reason": "completed",
            "result": self.last_text, "duration_ms": started.elapsed().as_millis() as u64,
            "user_message_uuid": uuid, "total_cost_usd": TURN_COST * self.n_turns as f64,
            "usage": {"input_tokens": 400, "cache_read_input_tokens": 1200, "cache_creation_input_tokens": 0,
                "output_tokens": 200},
            "modelUsage": {self.model.clone(): {"contextWindow": CONTEXT_WINDOW}}});
        match &stop {
            None => {}
            Some(Stop::Exit(_)) => return stop,
            Some(Stop::Interrupted) => {
                self.line(
                    "user",
                    json!({"message": {"role": "user", "content": [
                    {"type": "text", "text": INTERRUPTED}]}}),
                );
                result["subtype"] = "error_during_execution".into();
                result["is_error"] = true.into();
                result["terminal_reason"] = "aborted_tools".into();
            }
            Some(Stop::Failed { status, text }) => {
                result["is_error"] = true.into();
                result["api_error_status"] = json!(status);
                result["terminal_reason"] = "api_error".into();
                result["result"] = text.clone().into();
            }
        }
        self.line("result", result);
        self.state("idle");
        self.interrupted = false;
        stop
    }

    pub(super) fn steps(&mut self, steps: &[Step]) -> Result<(), Stop> {
        steps.iter().try_for_each(|step| self.step(step))
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        match step {
            // A turn inside a turn is its steps.
            Step::Turn(steps) => self.steps(steps)?,
            Step::Say(text) => self.text("text", text)?,
            Step::Think(text) => self.text("thinking", text)?,
            Step::Tool(tool) => self.tools(std::slice::from_ref(&**tool))?,
            Step::Tools(tools) => self.tools(tools)?,
            Step::Agent(agent) => self.agent(agent)?,
            Step::Background(work) => self.begin_background(work),
            Step::SleepMs(ms) => self.pause(Duration::from_millis(*ms))?,
            Step::Deltas { count, per_second } => {
                let text = "word ".repeat(usize::try_from(*count).unwrap_or_default());
                self.stream("text", &text, "word ".len(), *per_second)?;
            }
            Step::Raw(Value::String(text)) => put(format!("{text}\n").as_bytes()),
            Step::Raw(value) => put_line(value),
            Step::Flood(bytes) => {
                let chunk = vec![b'x'; 1 << 16];
                for _ in 0..(bytes >> 16) {
                    put(&chunk);
                }
            }
            Step::InvalidUtf8 => put(b"caf\xe9 \xff\n"),
            Step::Deep(depth) => put(format!("{}{}\n", "[".repeat(*depth), "]".repeat(*depth)).as_bytes()),
            Step::Stderr(text) => to_stderr(text),
            Step::Fail { status, text } => return Err(Stop::Failed { status: *status, text: text.clone() }),
            Step::Exit(code) => return Err(Stop::Exit(ExitCode::from(*code))),
            Step::Die => drop(rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)),
            Step::IgnoreSigterm => {
                // Registering and never looking is ignoring.
                if let Ok(signals) = signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM]) {
                    std::mem::forget(signals);
                }
            }
            Step::NeverInitialize => self.never_initialize = true,
            Step::Deaf => self.deaf = true,
            Step::StopReading => stop_listening(),
            Step::Child(seconds) => {
                let child = Command::new("/proc/self/exe")
                    .args([super::CHILD, &seconds.to_string()])
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn();
                if let Err(error) = child {
                    to_stderr(&error.to_string());
                }
            }
        }
        Ok(())
    }

    fn text(&mut self, kind: &str, text: &Text) -> Result<(), Stop> {
        let (text, chars_per_second) = match text {
            Text::Plain(text) => (text, 0),
            Text::Paced { text, chars_per_second } => (text, *chars_per_second),
        };
        self.stream(kind, text, PIECE, chars_per_second.div_ceil(PIECE as u64))
    }

    fn event(&self, event: &Value) {
        self.line("stream_event", json!({"event": event}));
    }

    /// Streams one block as a message of its own, and sends it again whole.
    fn stream(&mut self, kind: &str, text: &str, piece: usize, per_second: u64) -> Result<(), Stop> {
        let message = self.id("msg");
        let field = if kind == "thinking" { "thinking" } else { "text" };
        let usage = json!({"input_tokens": 400, "cache_read_input_tokens": 1200, "output_tokens": 1});
        self.event(&json!({"type": "message_start", "message": {"id": message, "role": "assistant",
            "model": self.model, "content": [], "usage": usage}}));
        self.event(&json!({"type": "content_block_start", "index": 0, "content_block": {"type": kind, field: ""}}));
        let mut sent = 0;
        let mut stop = Ok(());
        while sent < text.len() && stop.is_ok() {
            let end = text.ceil_char_boundary((sent + piece).min(text.len()));
            let delta = json!({"type": format!("{field}_delta"), field: &text[sent..end]});
            self.event(&json!({"type": "content_block_delta", "index": 0, "delta": delta}));
            sent = end;
            let wait = if per_second > 0 { Duration::from_secs(1) / per_second as u32 } else { Duration::ZERO };
            stop = self.pause(wait);
        }
        let whole = &text[..sent];
        self.line(
            "assistant",
            json!({"message": {"id": message, "role": "assistant", "model": self.model,
            "content": [{"type": kind, field: whole}]}}),
        );
        self.event(&json!({"type": "content_block_stop", "index": 0}));
        let output = whole.len() as u64 / 4 + 1;
        self.event(&json!({"type": "message_delta", "delta": {}, "usage": {"output_tokens": output}}));
        self.event(&json!({"type": "message_stop"}));
        if kind == "text" && self.parent.is_none() {
            self.last_text = whole.chars().take(2000).collect();
        }
        stop
    }

    pub(super) fn call(&mut self, name: &str, input: &Value) -> String {
        let (message, call) = (self.id("msg"), self.id("toolu"));
        let input = if input.is_null() { json!({}) } else { input.clone() };
        self.line(
            "assistant",
            json!({"message": {"id": message, "role": "assistant", "model": self.model,
            "content": [{"type": "tool_use", "id": call, "name": name, "input": input}]}}),
        );
        call
    }

    pub(super) fn result(&self, call: &str, text: &str, detail: &Value, error: bool) {
        self.line(
            "user",
            json!({"message": {"role": "user", "content": [{"type": "tool_result",
            "tool_use_id": call, "content": text, "is_error": error}]}, "tool_use_result": detail}),
        );
    }

    fn tools(&mut self, tools: &[Tool]) -> Result<(), Stop> {
        let mut calls = Vec::new();
        for tool in tools {
            let call = self.call(&tool.name, &tool.input);
            let told = self.tell(tool, &call)?;
            let free = self.mode == "bypassPermissions" || self.always.contains(&tool.name);
            let request = match told {
                Told::Pass => (tool.ask && !free).then(|| self.ask(tool, &call, &Value::Null)),
                Told::Ask(reason) => {
                    let why = json!({"decision_reason": reason, "decision_reason_type": "hook"});
                    Some(self.ask(tool, &call, &why))
                }
                Told::Deny(reason) => {
                    self.result(&call, &format!("PreToolUse:{} hook error: {reason}", tool.name), &Value::Null, true);
                    self.steps(&tool.denied)?;
                    continue;
                }
            };
            calls.push((tool, call, request));
        }
        if calls.iter().any(|(_, _, request)| request.is_some()) {
            self.state("requires_action");
        }
        for (place, (tool, call, request)) in calls.iter().enumerate() {
            let done = self.one_tool(tool, call, request.as_deref());
            if let Err(stop) = done {
                for (_, call, request) in &calls[place..] {
                    if let Some(id) = request.as_ref().filter(|id| !self.answers.contains_key(*id)) {
                        put_line(&json!({"type": "control_cancel_request", "request_id": id}));
                    }
                    self.result(call, INTERRUPTED, &Value::Null, true);
                }
                return Err(stop);
            }
        }
        Ok(())
    }

    fn one_tool(&mut self, tool: &Tool, call: &str, request: Option<&str>) -> Result<(), Stop> {
        if let Some(id) = request {
            let until = tool.withdraw_after_ms.map(|ms| Instant::now() + Duration::from_millis(ms));
            while !self.answers.contains_key(id) {
                let heard = self.hear(until);
                if self.interrupted {
                    return Err(Stop::Interrupted);
                }
                if self.ended {
                    return Err(Stop::Exit(ExitCode::from(1)));
                }
                if !heard {
                    put_line(&json!({"type": "control_cancel_request", "request_id": id}));
                    self.result(call, "The request was withdrawn.", &Value::Null, true);
                    return self.steps(&tool.denied);
                }
            }
            self.state("running");
            let answer = self.answers.get(id).cloned().unwrap_or_default();
            if answer["behavior"] != "allow" {
                let message = answer["message"].as_str().unwrap_or("no reason");
                self.result(call, message, &Value::Null, true);
                if answer["interrupt"] == true {
                    return Err(Stop::Interrupted);
                }
                return self.steps(&tool.denied);
            }
            if answer["updatedPermissions"].as_array().is_some_and(|updates| !updates.is_empty()) {
                self.always.insert(tool.name.clone());
            }
        }
        self.pause(Duration::from_millis(tool.takes_ms))?;
        self.result(call, &tool.result, &tool.detail, tool.error);
        self.steps(&tool.allowed)
    }
}
