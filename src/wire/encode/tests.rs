//! Every line of ours is one line with the documented JSON in it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::wire::decode::{Decoded, decode};
use crate::wire::inbound::Message;
use crate::wire::inbound::control::Outcome;
use crate::wire::inbound::words::PermissionMode;
use crate::wire::outbound::{
    ClientRequest, ElicitationAnswer, HookMatcher, ImageType, Initialize, UserBlock, UserDialogAnswer, UserImage,
};
use crate::wire::permission::{Change, Classification, Destination, PermissionAnswer, PermissionUpdate};

fn json_of(outbound: &Outbound) -> Value {
    let line = encode(outbound).unwrap();
    assert_eq!(line.find('\n'), Some(line.len() - 1));
    serde_json::from_str(&line).unwrap()
}

#[test]
fn a_user_message_has_the_documented_shape() {
    let plain = UserMessage { content: UserContent::Text("hi\n\u{2028}".into()), ..UserMessage::default() };
    assert_eq!(
        encode(&Outbound::User(plain)).unwrap(),
        concat!(
            r#"{"type":"user","message":{"role":"user","content":"hi\n\u2028"},"#,
            r#""parent_tool_use_id":null,"session_id":""}"#,
            "\n"
        )
    );
    let full = UserMessage {
        content: UserContent::Blocks(vec![
            UserBlock::Text { text: "see".into() },
            UserBlock::Image { source: UserImage::Base64 { media_type: ImageType::Png, data: "aGk=".into() } },
        ]),
        uuid: Some("u".into()),
        session_id: "s".into(),
        priority: Some(Priority::Later),
        origin: Some(UserOrigin::Human),
    };
    assert_eq!(
        json_of(&Outbound::User(full)),
        json!({
            "type": "user",
            "message": {"role": "user", "content": [
                {"type": "text", "text": "see"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
            ]},
            "parent_tool_use_id": null,
            "session_id": "s",
            "uuid": "u",
            "priority": "later",
            "origin": {"kind": "human"},
        })
    );
}

#[test]
fn requests_have_the_documented_shape() {
    let text = || "x".to_owned();
    let hooks =
        HookMatcher { matcher: Some(text()), hook_callback_ids: vec![text()], timeout: Some(5), on_failure: None };
    let initialize = Initialize {
        hooks: BTreeMap::from([("Stop".to_owned(), vec![hooks])]),
        sdk_mcp_servers: vec![text()],
        supported_dialog_kinds: vec![text()],
        agent_progress_summaries: Some(true),
        ..Initialize::default()
    };
    let cases = [
        (ClientRequest::Initialize(Box::default()), json!({"subtype": "initialize"})),
        (
            ClientRequest::Initialize(Box::new(initialize)),
            json!({"subtype": "initialize", "hooks": {"Stop": [
                {"matcher": "x", "hookCallbackIds": ["x"], "timeout": 5}]},
                "sdkMcpServers": ["x"], "agentProgressSummaries": true, "supportedDialogKinds": ["x"]}),
        ),
        (ClientRequest::Interrupt { cancel_queued: false }, json!({"subtype": "interrupt"})),
        (ClientRequest::Interrupt { cancel_queued: true }, json!({"subtype": "interrupt", "cancel_queued": true})),
        (
            ClientRequest::SetPermissionMode { mode: PermissionMode::AcceptEdits },
            json!({"subtype": "set_permission_mode", "mode": "acceptEdits"}),
        ),
        (ClientRequest::SetModel { model: None }, json!({"subtype": "set_model", "model": null})),
        (
            ClientRequest::SetMaxThinkingTokens { max_thinking_tokens: Some(0) },
            json!({"subtype": "set_max_thinking_tokens", "max_thinking_tokens": 0}),
        ),
        (ClientRequest::GetContextUsage, json!({"subtype": "get_context_usage"})),
        (ClientRequest::GetSessionCost, json!({"subtype": "get_session_cost"})),
        (ClientRequest::GetUsage, json!({"subtype": "get_usage"})),
        (ClientRequest::GetSettings, json!({"subtype": "get_settings"})),
        (ClientRequest::ListModels, json!({"subtype": "list_models"})),
        (ClientRequest::ListPermissionRules, json!({"subtype": "list_permission_rules"})),
        (ClientRequest::McpStatus, json!({"subtype": "mcp_status"})),
        (ClientRequest::McpReconnect { server_name: text() }, json!({"subtype": "mcp_reconnect", "serverName": "x"})),
        (
            ClientRequest::McpToggle { server_name: text(), enabled: true },
            json!({"subtype": "mcp_toggle", "serverName": "x", "enabled": true}),
        ),
        (ClientRequest::FileSuggestions { query: text() }, json!({"subtype": "file_suggestions", "query": "x"})),
        (ClientRequest::StopTask { task_id: text() }, json!({"subtype": "stop_task", "task_id": "x"})),
        (ClientRequest::BackgroundTasks { tool_use_id: None }, json!({"subtype": "background_tasks"})),
        (ClientRequest::GetTaskOutput { task_id: text() }, json!({"subtype": "get_task_output", "task_id": "x"})),
        (
            ClientRequest::RewindFiles { user_message_id: text(), dry_run: true },
            json!({"subtype": "rewind_files", "user_message_id": "x", "dry_run": true}),
        ),
        (
            ClientRequest::CancelAsyncMessage { message_uuid: text() },
            json!({"subtype": "cancel_async_message", "message_uuid": "x"}),
        ),
        (ClientRequest::RenameSession { title: text() }, json!({"subtype": "rename_session", "title": "x"})),
        (
            ClientRequest::ApplyFlagSettings { settings: json!({}) },
            json!({"subtype": "apply_flag_settings", "settings": {}}),
        ),
        (ClientRequest::Other(json!({"subtype": "novel", "x": 1})), json!({"subtype": "novel", "x": 1})),
    ];
    for (request, expected) in cases {
        let request_id = "r".to_owned();
        let line = json_of(&Outbound::Request { request_id, request });
        assert_eq!(line, json!({"type": "control_request", "request_id": "r", "request": expected}));
    }
    let cancel = json_of(&Outbound::CancelRequest { request_id: "r".into() });
    assert_eq!(cancel, json!({"type": "control_cancel_request", "request_id": "r"}));
}

#[test]
fn answers_have_the_documented_shape() {
    let mode = Change::SetMode { mode: PermissionMode::Plan, destination: Destination::Session };
    let update = PermissionUpdate::new(mode).unwrap();
    let cases = [
        (
            Answer::Permission(PermissionAnswer::Allow {
                updated_input: json!({"b": 1, "a": 2}),
                updated_permissions: vec![],
                decision_classification: None,
            }),
            json!({"behavior": "allow", "updatedInput": {"b": 1, "a": 2}}),
        ),
        (
            Answer::Permission(PermissionAnswer::Allow {
                updated_input: json!({}),
                updated_permissions: vec![update],
                decision_classification: Some(Classification::UserPermanent),
            }),
            json!({"behavior": "allow", "updatedInput": {},
                "updatedPermissions": [{"type": "setMode", "mode": "plan", "destination": "session"}],
                "decisionClassification": "user_permanent"}),
        ),
        (
            Answer::Permission(PermissionAnswer::Deny {
                message: "no".into(),
                interrupt: false,
                decision_classification: None,
            }),
            json!({"behavior": "deny", "message": "no"}),
        ),
        (
            Answer::Permission(PermissionAnswer::Deny {
                message: "no".into(),
                interrupt: true,
                decision_classification: Some(Classification::UserReject),
            }),
            json!({"behavior": "deny", "message": "no", "interrupt": true, "decisionClassification": "user_reject"}),
        ),
        (Answer::Hook(json!({})), json!({})),
        (Answer::Mcp(json!({"id": 1})), json!({"mcp_response": {"id": 1}})),
        (
            Answer::McpNoSuchServer { id: json!(4), server_name: "n".into() },
            json!({"mcp_response": {"jsonrpc": "2.0", "id": 4,
                "error": {"code": -32601, "message": "there is no MCP server named `n` here"}}}),
        ),
        (
            Answer::Elicitation(ElicitationAnswer::Accept { content: json!({"a": 1}) }),
            json!({"action": "accept", "content": {"a": 1}}),
        ),
        (Answer::Elicitation(ElicitationAnswer::Decline), json!({"action": "decline"})),
        (
            Answer::UserDialog(UserDialogAnswer::Completed { result: json!(1) }),
            json!({"behavior": "completed", "result": 1}),
        ),
        (Answer::UserDialog(UserDialogAnswer::Cancelled), json!({"behavior": "cancelled"})),
    ];
    for (answer, expected) in cases {
        let line = json_of(&Outbound::Answer { request_id: "r".into(), answer });
        let response = json!({"subtype": "success", "request_id": "r", "response": expected});
        assert_eq!(line.to_string(), json!({"type": "control_response", "response": response}).to_string());
    }
    let line = json_of(&Outbound::Answer { request_id: "r".into(), answer: Answer::Error("no".into()) });
    let response = json!({"subtype": "error", "request_id": "r", "error": "no"});
    assert_eq!(line, json!({"type": "control_response", "response": response}));
}

proptest! {
    #[test]
    fn any_text_is_one_line_and_reads_back(
        text in r"(\PC|[\x00-\x1f\x7f]|\u{2028}|\u{2029}|\u{85}|\\){0,40}",
        request_id in r"(\PC|\n|\u{2028}){0,10}",
    ) {
        let message = UserMessage { content: UserContent::Text(text.clone()), ..UserMessage::default() };
        let line = json_of(&Outbound::User(message));
        prop_assert_eq!(&line["message"]["content"], &json!(text));

        let deny = Answer::Permission(PermissionAnswer::Deny {
            message: text.clone(),
            interrupt: false,
            decision_classification: None,
        });
        let line = encode(&Outbound::Answer { request_id: request_id.clone(), answer: deny }).unwrap();
        let is_one_line = !line.trim_end_matches('\n').contains(['\n', '\r', '\u{2028}', '\u{2029}']);
        prop_assert!(is_one_line);
        let Decoded::Message(inbound) = decode(line.trim_end_matches('\n')) else { panic!() };
        let Message::ControlResponse(response) = inbound.message else { panic!() };
        prop_assert_eq!(response.request_id, request_id);
        let Outcome::Success(answer) = response.outcome else { panic!() };
        prop_assert_eq!(&answer["message"], &json!(text));
    }
}
