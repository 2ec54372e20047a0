//! Every kind of line, odd lines, and lines that are no messages.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::wire::inbound::api::{Content, ContentBlock};
use crate::wire::inbound::control::{Outcome, Request};
use crate::wire::inbound::stream::{Delta, Event};
use crate::wire::inbound::words::{
    Activity, CommandState, HookOutcome, InformationLevel, PermissionMode, RateLimitStatus, ResultKind, RunState,
    TaskStatus, TerminalReason,
};
use crate::wire::permission::Approvable;

/// One line of each kind that the declared union has, and of the kinds beside it.
const LINES: &[&str] = &[
    r#"{"type":"assistant","message":{"id":"m1","model":"x","role":"assistant","content":[{"type":"text","text":"hi"}],"stop_reason":null,"usage":{"input_tokens":3,"cache_read_input_tokens":4,"output_tokens":1}},"parent_tool_use_id":null,"uuid":"u","session_id":"s"}"#,
    r#"{"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"out","is_error":true}]},"parent_tool_use_id":"p1","tool_use_result":{"stdout":"out"},"uuid":"u","session_id":"s"}"#,
    r#"{"type":"user","message":{"role":"user","content":"again"},"isReplay":true,"isSynthetic":true,"origin":{"kind":"human"},"uuid":"u","session_id":"s"}"#,
    r#"{"duration_ms":12,"subtype":"success","is_error":true,"api_error_status":529,"num_turns":1,"result":"busy","total_cost_usd":0.25,"usage":{"output_tokens":2},"modelUsage":{"x":{"contextWindow":200000,"costUSD":0.25}},"permission_denials":[{"tool_name":"Bash","tool_use_id":"t","tool_input":{}}],"terminal_reason":"api_error","queued_turn_count":1,"type":"result","uuid":"u","session_id":"s"}"#,
    r#"{"type":"result","subtype":"error_during_execution","is_error":true,"errors":["it broke"],"terminal_reason":"aborted_tools","uuid":"u","session_id":"s"}"#,
    r#"{"type":"stream_event","event":{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"wo"}},"parent_tool_use_id":null,"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"init","cwd":"/w","model":"x","tools":["Bash"],"permissionMode":"plan","slash_commands":["compact"],"mcp_servers":[{"name":"n","status":"connected"}],"claude_code_version":"2.1.197","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"compact_boundary","compact_metadata":{"trigger":"auto","pre_tokens":9,"post_tokens":3,"duration_ms":1},"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"status","status":"compacting","permissionMode":"auto","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"api_retry","attempt":2,"max_retries":10,"retry_delay_ms":550.5,"error_status":529,"error":"overloaded","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"control_request_progress","request_id":"r","status":"started","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"model_refusal_fallback","trigger":"refusal","direction":"retry","original_model":"a","fallback_model":"b","content":"c","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"model_refusal_no_fallback","original_model":"a","content":"c","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"local_command_output","content":"text","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"hook_started","hook_id":"h","hook_name":"n","hook_event":"Stop","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"hook_progress","hook_id":"h","hook_name":"n","hook_event":"Stop","stdout":"o","stderr":"","output":"o","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"hook_response","hook_id":"h","hook_name":"n","hook_event":"Stop","output":"o","stdout":"o","stderr":"","exit_code":-1,"outcome":"error","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"plugin_install","status":"failed","name":"p","error":"e","uuid":"u","session_id":"s"}"#,
    r#"{"type":"tool_progress","tool_use_id":"t","tool_name":"Bash","parent_tool_use_id":null,"elapsed_time_seconds":3,"subagent_retry":{"agent_id":"a","attempt":1},"uuid":"u","session_id":"s"}"#,
    r#"{"type":"auth_status","isAuthenticating":true,"output":["a","b"],"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"task_notification","task_id":"k","tool_use_id":"t","status":"completed","output_file":"/f","summary":"done","usage":{"total_tokens":5,"tool_uses":1,"duration_ms":7},"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"task_started","task_id":"k","tool_use_id":"t","description":"d","subagent_type":"Explore","is_backgrounded":true,"spawn_depth":1,"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"task_updated","task_id":"k","patch":{"status":"killed","end_time":1700000000000},"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"task_progress","task_id":"k","description":"d","usage":{"total_tokens":5,"tool_uses":1,"duration_ms":7},"last_tool_name":"Read","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"background_tasks_changed","tasks":[{"task_id":"k","task_type":"local_bash","description":"d"}],"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"thinking_tokens","estimated_tokens":50,"estimated_tokens_delta":10,"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"session_state_changed","state":"requires_action","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"worker_shutting_down","reason":"host_exit","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"commands_changed","commands":[{"name":"n","description":"d","argumentHint":"<f>","aliases":["m"]}],"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"notification","key":"k","text":"t","priority":"high","timeout_ms":100,"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"files_persisted","files":[{"filename":"f","file_id":"i"}],"failed":[{"filename":"g","error":"e"}],"processed_at":"z","uuid":"u","session_id":"s"}"#,
    r#"{"type":"tool_use_summary","summary":"read two files","preceding_tool_use_ids":["a","b"],"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"memory_recall","mode":"select","memories":[{"path":"/m","scope":"team"}],"uuid":"u","session_id":"s"}"#,
    r#"{"type":"rate_limit_event","rate_limit_info":{"status":"allowed_warning","resetsAt":1700000000,"rateLimitType":"five_hour","utilization":0.9},"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"elicitation_complete","mcp_server_name":"n","elicitation_id":"e","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"permission_denied","tool_name":"Bash","tool_use_id":"t","decision_reason_type":"rule","message":"no","uuid":"u","session_id":"s"}"#,
    r#"{"type":"prompt_suggestion","suggestion":"next","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"mirror_error","error":"e","key":{"projectKey":"p","sessionId":"s"},"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"informational","content":"c","level":"warning","prevent_continuation":true,"uuid":"u","session_id":"s"}"#,
    r#"{"type":"conversation_reset","new_conversation_id":"n","trigger":"clear","uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"session_writes_lost","error_code":"ENOSPC","lost":["transcript"],"transcript_session_ids":["s"],"uuid":"u","session_id":"s"}"#,
    r#"{"type":"system","subtype":"session_title_changed","title":"t","uuid":"u","session_id":"s"}"#,
    r#"{"type":"command_lifecycle","command_uuid":"c","state":"queued","uuid":"u","session_id":"s"}"#,
    r#"{"type":"active_goal","value":null,"uuid":"u","session_id":"s"}"#,
    r#"{"type":"keep_alive"}"#,
    r#"{"type":"control_request","request_id":"r","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"b":1,"a":2},"tool_use_id":"t","classifier_approvable":false,"default_to_no":true,"permission_suggestions":[{"type":"setMode","mode":"acceptEdits","destination":"session"}]}}"#,
    r#"{"type":"control_request","request_id":"r","request":{"subtype":"hook_callback","callback_id":"c","tool_use_id":"t","input":{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{}}}}"#,
    r#"{"type":"control_request","request_id":"r","request":{"subtype":"mcp_message","server_name":"n","message":{"jsonrpc":"2.0","id":0,"method":"initialize"}}}"#,
    r#"{"type":"control_request","request_id":"r","request":{"subtype":"elicitation","mcp_server_name":"n","message":"which?","mode":"form","requested_schema":{}}}"#,
    r#"{"type":"control_request","request_id":"r","request":{"subtype":"request_user_dialog","dialog_kind":"k","payload":{"x":1}}}"#,
    r#"{"type":"control_response","response":{"subtype":"success","request_id":"r","response":{"pid":7},"pending_permission_requests":[{"type":"control_request","request_id":"old","request":{"subtype":"can_use_tool","tool_name":"Read"}}]}}"#,
    r#"{"type":"control_response","response":{"subtype":"error","request_id":"r","error":"no","error_code":"unsupported_request"}}"#,
    r#"{"type":"control_cancel_request","request_id":"r"}"#,
];

fn inbound(line: &str) -> Inbound {
    match decode(line) {
        Decoded::Message(inbound) => *inbound,
        other => panic!("{line}: {other:?}"),
    }
}

fn message(line: &str) -> Message {
    inbound(line).message
}

/// The line with this type and, for `system`, this subtype.
fn line_of(kind: &str, subtype: &str) -> &'static str {
    let is_it = |line: &&&str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let inner = if kind == "control_request" { &value["request"] } else { &value };
        value["type"] == kind && (subtype.is_empty() || inner["subtype"] == subtype)
    };
    LINES.iter().find(is_it).unwrap()
}

fn system(subtype: &str) -> System {
    match message(line_of("system", subtype)) {
        Message::System(system) => system,
        other => panic!("{other:?}"),
    }
}

fn request(subtype: &str) -> Request {
    match message(line_of("control_request", subtype)) {
        Message::ControlRequest(request) => request.request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn knows_every_kind_and_every_field_of_its_own_lines() {
    for line in LINES {
        let inbound = inbound(line);
        assert!(!format!("{:?}", inbound.message).contains("Unknown("), "{line}");
        let is_control = line.starts_with(r#"{"type":"control_"#) || line.contains("keep_alive");
        assert_eq!(inbound.session_id.as_deref(), (!is_control).then_some("s"), "{line}");
        assert_eq!(inbound.uuid.as_deref(), (!is_control).then_some("u"), "{line}");
        let unread = unknown_fields(line);
        let not_read: &[&str] = match inbound.message {
            Message::System(System::MirrorError(_)) => &["key"],
            Message::System(System::ModelRefusalFallback(_)) => &["trigger"],
            _ => &[],
        };
        assert_eq!(unread, not_read, "{line}");
    }
}

#[test]
fn key_order_does_not_matter() {
    for line in LINES {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(message(&reversed(&value).to_string()), message(line), "{line}");
    }
}

/// The same value with the keys of every object but the tool's input turned around.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().rev().map(|(k, v)| (k.clone(), reversed(v))).collect(),
        Value::Array(items) => items.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

#[test]
fn reads_what_the_turn_says() {
    let Message::Assistant(assistant) = message(line_of("assistant", "")) else { panic!() };
    assert_eq!(assistant.message.id.as_deref(), Some("m1"));
    assert_eq!(assistant.message.usage.map(|u| u.prompt_tokens()), Some(7));
    let Content::Blocks(blocks) = assistant.message.content else { panic!() };
    assert!(matches!(&blocks[..], [ContentBlock::Text(block)] if block.text == "hi"));

    let Message::User(user) = message(line_of("user", "")) else { panic!() };
    assert_eq!(user.parent_tool_use_id.as_deref(), Some("p1"));
    let Content::Blocks(blocks) = user.message.content else { panic!() };
    assert!(matches!(&blocks[..], [ContentBlock::ToolResult(result)]
        if result.is_error && result.content == Content::Text("out".into())));

    let Message::User(replay) = message(LINES[2]) else { panic!() };
    assert!(replay.is_replay && replay.is_synthetic);
    assert_eq!(replay.message.content, Content::Text("again".into()));

    let Message::Result(result) = message(line_of("result", "success")) else { panic!() };
    assert_eq!(result.kind, Some(ResultKind::Success));
    assert!(result.is_error);
    assert_eq!(result.api_error_status, Some(529));
    assert_eq!(result.terminal_reason, Some(TerminalReason::ApiError));
    assert_eq!(result.model_usage["x"].context_window, 200_000);
    let Message::Result(result) = message(line_of("result", "error_during_execution")) else { panic!() };
    assert_eq!(result.errors, ["it broke"]);
    assert_eq!(result.terminal_reason, Some(TerminalReason::AbortedTools));
}

#[test]
fn reads_what_the_system_says() {
    assert!(matches!(system("init"), System::Init(init)
        if init.permission_mode == Some(PermissionMode::Plan) && init.mcp_servers[0].name == "n"));
    assert!(matches!(system("status"), System::Status(status)
        if status.status == Some(Activity::Compacting)
            && status.permission_mode == Some(PermissionMode::Auto)));
    assert!(matches!(system("session_state_changed"), System::SessionStateChanged(change)
        if change.state == Some(RunState::RequiresAction)));
    assert!(matches!(system("api_retry"), System::ApiRetry(retry)
        if retry.attempt == 2 && retry.error_status == Some(529)));
    assert!(matches!(system("compact_boundary"), System::CompactBoundary(boundary)
        if boundary.compact_metadata.pre_tokens == 9));
    assert!(matches!(system("task_updated"), System::TaskUpdated(update)
        if update.patch.status == Some(TaskStatus::Killed)
            && update.patch.end_time == Some(1_700_000_000_000)));
    assert!(matches!(system("task_notification"), System::TaskNotification(task)
        if task.status == Some(TaskStatus::Completed) && task.summary == "done"));
    assert!(matches!(system("hook_response"), System::HookResponse(hook)
        if hook.exit_code == Some(-1) && hook.outcome == Some(HookOutcome::Error)));
    assert!(matches!(system("informational"), System::Informational(info)
        if info.level == Some(InformationLevel::Warning) && info.prevent_continuation));
    assert!(matches!(message(line_of("rate_limit_event", "")), Message::RateLimit(event)
        if event.rate_limit_info.status == Some(RateLimitStatus::AllowedWarning)));
    assert!(matches!(message(line_of("command_lifecycle", "")), Message::CommandLifecycle(command)
        if command.state == Some(CommandState::Queued)));
    assert!(matches!(message(line_of("tool_progress", "")), Message::ToolProgress(progress)
        if progress.subagent_retry.as_ref().is_some_and(|retry| retry.attempt == 1)));
}

#[test]
fn reads_the_control_protocol() {
    let Request::CanUseTool(ask) = request("can_use_tool") else { panic!() };
    assert_eq!(ask.input.to_string(), r#"{"b":1,"a":2}"#);
    assert!(ask.default_to_no.is_set() && !ask.requires_user_interaction.is_set());
    assert_eq!(ask.classifier_approvable, Approvable::No);
    assert!(matches!(request("hook_callback"), Request::HookCallback(hook)
        if hook.input.hook_event_name == "PreToolUse"));
    assert!(matches!(request("mcp_message"), Request::McpMessage(message)
        if message.message["method"] == "initialize"));

    let responses = LINES.iter().filter(|line| line.contains("control_response"));
    let responses: Vec<_> = responses.map(|line| message(line)).collect();
    let [Message::ControlResponse(success), Message::ControlResponse(error)] = &responses[..] else {
        panic!("{responses:?}")
    };
    assert_eq!(success.outcome, Outcome::Success(json!({"pid": 7})));
    assert_eq!(success.pending[0].request_id, "old");
    let code = Some("unsupported_request".to_owned());
    assert_eq!(error.outcome, Outcome::Error { message: "no".into(), code });
}

#[test]
fn reads_every_event_and_delta() {
    let cases = [
        (json!({"type":"message_start","message":{"id":"m"}}), "MessageStart"),
        (
            json!({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"Bash","input":{}}}),
            "ToolUse",
        ),
        (json!({"type":"content_block_start","index":1,"content_block":{"type":"thinking"}}), "Thinking"),
        (
            json!({"type":"content_block_start","index":1,"content_block":{"type":"novel","x":1}}),
            "Unknown { kind: \"novel\"",
        ),
        (json!({"delta":{"text":"a","type":"text_delta"},"type":"content_block_delta"}), "Text(\"a\")"),
        (json!({"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"a"}}), "Thinking(\"a\")"),
        (json!({"type":"content_block_delta","delta":{"type":"signature_delta","signature":"a"}}), "Signature(\"a\")"),
        (
            json!({"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"a"}}),
            "InputJson(\"a\")",
        ),
        (json!({"type":"content_block_stop","index":1}), "BlockStop { index: 1 }"),
        (
            json!({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4,"input_tokens":null}}),
            "Some(\"end_turn\")",
        ),
        (json!({"type":"message_stop"}), "MessageStop"),
        (json!({"type":"ping"}), "Ping"),
        (json!({"type":"error","error":{"type":"overloaded_error","message":"busy"}}), "overloaded_error"),
    ];
    for (event, expected) in cases {
        let line = json!({"type":"stream_event","event":event,"session_id":"s"}).to_string();
        let inbound = inbound(&line);
        assert_eq!(inbound.session_id.as_deref(), Some("s"));
        let debug = format!("{:?}", inbound.message);
        assert!(debug.contains(expected), "{line}: {debug}");
    }
}

#[test]
fn keeps_what_it_does_not_know() {
    let cases = [
        json!({"type":"novel","x":[1]}),
        json!({"x":1}),
        json!({"type":7}),
        json!({"type":"system","subtype":"novel","x":1}),
        json!({"type":"system"}),
        json!({"type":"control_request","request":{"subtype":"can_use_tool"}}),
        json!({"type":"control_response","response":{"subtype":"success"}}),
        json!({"type":"control_cancel_request","request_id":5}),
    ];
    for line in cases {
        let (Message::Unknown(unknown) | Message::System(System::Unknown(unknown))) = message(&line.to_string()) else {
            panic!("{line}");
        };
        assert_eq!(unknown.raw, line);
    }

    let line = json!({"type":"control_request","request_id":"r","request":{"subtype":"novel","x":1}});
    let Message::ControlRequest(request) = message(&line.to_string()) else { panic!() };
    assert_eq!(request.request_id, "r");
    assert!(matches!(request.request, Request::Unknown(unknown) if unknown.raw["x"] == 1));

    let line = json!({"type":"control_request","request_id":"r","request":
        {"subtype":"can_use_tool","tool_name":"Bash","must_be_read_aloud":true}});
    let Message::ControlRequest(request) = message(&line.to_string()) else { panic!() };
    assert_eq!(request.unknown_fields, ["must_be_read_aloud"]);

    for (event, at) in [
        (json!({"type":"novel_event","x":1}), ""),
        (json!({"type":"content_block_delta","delta":{"type":"novel_delta","x":1}}), "/delta"),
    ] {
        let line = json!({"type":"stream_event","event":event}).to_string();
        let Message::StreamEvent(stream) = message(&line) else { panic!() };
        let (Event::Unknown(unknown) | Event::BlockDelta { delta: Delta::Unknown(unknown), .. }) = stream.event else {
            panic!("{line}");
        };
        assert_eq!(Some(&unknown.raw), event.pointer(at));
    }

    let extra = r#"{"type":"keep_alive","newly":1,"session_id":"s"}"#;
    assert_eq!(unknown_fields(extra), ["newly"]);
}

#[test]
fn an_odd_field_never_costs_the_message() {
    let oddities = [json!(null), json!(true), json!(-1.5), json!("odd"), json!(["odd", 1]), json!({"odd": 1})];
    for line in LINES {
        let value: Value = serde_json::from_str(line).unwrap();
        let expected = std::mem::discriminant(&message(line));
        for name in value
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| !["type", "subtype", "request_id", "request", "response"].contains(&name.as_str()))
        {
            for oddity in &oddities {
                let mut odd = value.clone();
                odd[name] = oddity.clone();
                let found = message(&odd.to_string());
                assert_eq!(std::mem::discriminant(&found), expected, "{odd}");
            }
            let mut missing = value.clone();
            missing.as_object_mut().unwrap().remove(name);
            let found = message(&missing.to_string());
            assert_eq!(std::mem::discriminant(&found), expected, "{missing}");
        }
    }
}

#[test]
fn a_bad_line_is_a_value() {
    for line in ["", "warning: x", "{", "{\"type\":\"user\"", "{} {}", "nul"] {
        assert!(matches!(decode(line), Decoded::NotJson(_)), "{line}");
    }
    for line in ["null", "1", "\"{}\"", "[{}]", "true"] {
        assert!(matches!(decode(line), Decoded::NotObject(_)), "{line}");
    }
    let long = "x".repeat(100_000);
    let Decoded::NotJson(bad) = decode(&long) else { panic!() };
    assert_eq!((bad.bytes, bad.preview.len()), (100_000, PREVIEW_CHARS));
}

#[test]
fn a_request_nested_too_deeply_keeps_its_id() {
    let depth = 100_000;
    let line = format!(
        r#"{{"type":"control_request","request_id":"r","request":{{"subtype":"can_use_tool","input":{}{}}}}}"#,
        "[".repeat(depth),
        "]".repeat(depth),
    );
    let behind = format!(
        r#"{{"request":{{"subtype":"can_use_tool","input":{}1{}}},"request_id":"r","type":"control_request"}}"#,
        r#"{"a":"#.repeat(130),
        "}".repeat(130),
    );
    for line in [line, behind] {
        let Decoded::NotJson(bad) = decode(&line) else { panic!() };
        assert!(bad.reason.contains("nested"), "{}", bad.reason);
        assert_eq!(bad.request_id.as_deref(), Some("r"));
        assert_eq!(bad.kind.as_deref(), Some("control_request"));
    }
}

#[test]
fn a_line_nested_too_deeply_still_counts_as_what_it_is() {
    for depth in [90, 110, 130, 50_000] {
        let deep = format!("{}1{}", r#"{"a":["#.repeat(depth / 2), "]}".repeat(depth / 2));
        let line = format!(
            r#"{{"permission_denials":[{{"tool_name":"T","tool_input":{deep}}}],"type":"result","subtype":"success","result":"done"}}"#
        );
        let Message::Result(result) = message(&line) else { panic!("{depth}") };
        assert_eq!((result.result.as_deref(), &*result.permission_denials[0].tool_name), (Some("done"), "T"));
    }
}

#[test]
fn a_bom_costs_no_line() {
    assert!(matches!(message("\u{feff}{\"type\":\"keep_alive\"}"), Message::KeepAlive));
}

/// A request for permission, or why it is none that may be offered.
fn asked(request: &str) -> Result<Value, String> {
    let line =
        format!(r#"{{"type":"control_request","request_id":"r","request":{{"subtype":"can_use_tool",{request}}}}}"#);
    match message(&line) {
        Message::ControlRequest(ControlRequest { request: Request::CanUseTool(request), .. }) => Ok(request.input),
        Message::ControlRequest(ControlRequest { request: Request::Unfit(why), request_id, .. })
            if request_id == "r" =>
        {
            Err(why)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_sent_back_as_it_is_shown_is_no_question() {
    for odd in [
        r#""input":{"a":1}"#,
        r#""tool_name":" ","input":{}"#,
        r#""tool_name":7,"input":{}"#,
        r#""tool_name":"T""#,
        r#""tool_name":"T","input":null"#,
        r#""tool_name":"T","input":[{"a":1}]"#,
        r#""tool_name":"T","input":"{}""#,
        r#""tool_name":"T","input":{"a":1,"a":2}"#,
        r#""tool_name":"T","input":{},"input":{"x":1}"#,
        r#""tool_name":"T","tool_name":"U","input":{}"#,
        r#""tool_name":"T","input":{"a\ud800":1,"a\ud800":2}"#,
        r#""tool_name":"T","input":{"a":0.10000000000000000555}"#,
        r#""tool_name":"T","input":{"a":[18446744073709551617]}"#,
    ] {
        assert!(asked(odd).is_err(), "{odd}");
    }
    assert!(asked(r#""tool_name":"T","input":{}"#).is_ok());
    let pending = r#"{"type":"control_response","response":{"subtype":"success","request_id":"q","pending_permission_requests":[
        {"request_id":"r","request":{"subtype":"can_use_tool","tool_name":"T","input":{"a":1,"a":2}}}]}}"#;
    let Message::ControlResponse(response) = message(&pending.replace('\n', "")) else { panic!() };
    assert!(matches!(response.pending[0].request, Request::Unfit(_)));
}

proptest! {
    /// Whatever is offered is sent back as the same value, key for key and digit for digit.
    #[test]
    fn what_is_offered_is_sent_back_as_it_came(input in json_value(), more in json_value()) {
        let input = serde_json::json!({"x": input, "y": more}).to_string();
        let line = format!(r#""tool_name":"T","input":{input}"#);
        if let Ok(value) = asked(&line) {
            prop_assert_eq!(value.to_string(), input);
        } else {
            prop_assert!(false, "{}", line);
        }
    }
}

#[test]
fn half_an_emoji_does_not_cost_the_line() {
    let ask = |command: &str| {
        let line = format!(
            r#"{{"type":"control_request","request_id":"r","request":{{"subtype":"can_use_tool","tool_name":"T","input":{{"c":"{command}"}}}}}}"#
        );
        let inbound = inbound(&line);
        let Message::ControlRequest(ControlRequest { request: Request::CanUseTool(ask), .. }) = inbound.message else {
            panic!("{line}")
        };
        (inbound.repaired, ask.input["c"].as_str().unwrap().to_owned())
    };
    assert_eq!(ask(r"cut \ud83d"), (true, "cut \u{fffd}".into()));
    assert_eq!(ask(r"\ude00\ud83dx"), (true, "\u{fffd}\u{fffd}x".into()));
    assert_eq!(ask(r"\ud83d\ud83d\ude00"), (true, "\u{fffd}\u{1f600}".into()));
    assert_eq!(ask(r"\ud83d\ude00"), (false, "\u{1f600}".into()));
    assert_eq!(ask(r"\\ud83d"), (false, r"\ud83d".into()));
}

#[test]
fn of_a_key_that_stands_twice_the_last_counts() {
    let line = r#"{"type":"prompt_suggestion","suggestion":"a","suggestion":"b"}"#;
    assert!(matches!(message(line), Message::PromptSuggestion(s) if s.suggestion == "b"));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        prop::sample::select(vec!["text", "tool_use", "success", "session", "addRules"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop::sample::select(vec!["type", "subtype", "text", "content", "index", "rules", "status", "x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|fields| fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

/// Puts `new` somewhere into `value`; `path` says where.
fn put(value: &mut Value, path: &[usize], new: Value) {
    let Some((step, rest)) = path.split_first() else {
        *value = new;
        return;
    };
    let child = match value {
        Value::Object(fields) if !fields.is_empty() => {
            let n_fields = fields.len();
            fields.values_mut().nth(step % n_fields)
        }
        Value::Array(items) if !items.is_empty() => {
            let n_items = items.len();
            items.get_mut(step % n_items)
        }
        _ => None,
    };
    match child {
        Some(child) => put(child, rest, new),
        None => *value = new,
    }
}

proptest! {
    #[test]
    fn no_text_panics(line in ".{0,200}") {
        let _ = decode(&line);
        let _ = unknown_fields(&line);
    }

    #[test]
    fn no_damaged_line_panics(
        line in prop::sample::select(LINES),
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..4),
        n_removed in 0usize..8,
    ) {
        let mut damaged = line.as_bytes().to_vec();
        let at = at.index(damaged.len());
        let end = (at + n_removed).min(damaged.len());
        damaged.splice(at..end, bytes);
        let damaged = String::from_utf8_lossy(&damaged);
        let _ = decode(&damaged);
        let _ = unknown_fields(&damaged);
    }

    #[test]
    fn a_line_with_any_value_anywhere_is_still_a_message(
        line in prop::sample::select(LINES),
        path in prop::collection::vec(0usize..12, 1..6),
        new in json_value(),
    ) {
        let mut value: Value = serde_json::from_str(line).unwrap();
        put(&mut value, &path, new);
        prop_assert!(matches!(decode(&value.to_string()), Decoded::Message(_)), "{}", value);
    }
}

#[test]
fn a_line_cut_short_still_tells_what_stood_before_the_cut() {
    let head =
        r#"{"type":"control_request","request_id":"r1","request":{"type":"x","request_id":"inner","input":"aaaa"#;
    let bad = cut_short(head, "cut");
    assert_eq!((bad.kind.as_deref(), bad.request_id.as_deref()), (Some("control_request"), Some("r1")));
    let later = cut_short(r#"{"request":{"request_id":"inner"},"type":"cont"#, "cut");
    assert_eq!((later.kind, later.request_id), (None, None));
    for odd in ["", "[1", "7", "{", r#"{"type":7,"request_id":"r"}"#] {
        assert_eq!(cut_short(odd, "cut").request_id, None, "{odd}");
    }
}
