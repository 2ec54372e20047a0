//! What hooks are told: events in the protocol's words.

use serde_json::Value;
use serde_json::json;

use crate::core::cell::NoticeLevel;
use crate::core::event::EventKind;
use crate::core::prompt::PromptOrigin;
use crate::core::tool::ToolOutcome;

/// The kind and its payload, of an event that hooks are told of.
pub(super) fn of(kind: &EventKind) -> Option<(&'static str, Value)> {
    Some(match kind {
        EventKind::TurnStarted { turn, prompt } => {
            ("turn_start", json!({ "Turn": turn.0, "Prompt": prompt.as_ref().map(|prompt| prompt.0.to_string()) }))
        }
        EventKind::TurnEnded { turn, outcome, duration_ms, cost_usd, text, .. } => (
            "turn_end",
            json!({
                "Turn": turn.0, "Status": outcome.word(), "DurationMs": duration_ms, "CostUSD": cost_usd, "Text": text,
            }),
        ),
        EventKind::PromptSent(prompt) => match prompt.origin {
            PromptOrigin::Surface(_) | PromptOrigin::Scheduled => ("llm_request", json!({ "Text": prompt.text })),
            // It comes into a turn that runs.
            PromptOrigin::Comment(_) => ("steering_injected", json!({ "Text": prompt.text })),
        },
        EventKind::BlockEnded { kind, text, parent, .. } => (
            "llm_response",
            json!({ "Kind": kind, "Text": text, "Parent": parent.as_ref().map(|call| call.0.to_string()) }),
        ),
        EventKind::ToolStarted { call, name, input, parent, .. } => (
            "tool_exec_start",
            json!({
                "CallID": call.0.to_string(), "Tool": name, "Arguments": input,
                "Parent": parent.as_ref().map(|call| call.0.to_string()),
            }),
        ),
        EventKind::ToolEnded { call, outcome, output } => match outcome {
            ToolOutcome::Done | ToolOutcome::Failed => (
                "tool_exec_end",
                json!({
                    "CallID": call.0.to_string(), "IsError": *outcome == ToolOutcome::Failed, "Result": output.text,
                }),
            ),
            ToolOutcome::Denied | ToolOutcome::Cut => {
                ("tool_exec_skipped", json!({ "CallID": call.0.to_string(), "Reason": output.text }))
            }
        },
        EventKind::Interrupting => ("interrupt_received", json!({})),
        EventKind::Noted(notice) if notice.level == NoticeLevel::Error => {
            ("error", json!({ "Message": notice.text, "Detail": notice.detail }))
        }
        EventKind::Exited(exit) => {
            let trouble = exit.trouble.as_ref()?;
            ("error", json!({ "Message": trouble.headline(), "Detail": trouble.raw }))
        }
        EventKind::ApprovalAsked(approval) => (
            "approval_asked",
            json!({ "Approval": approval.id.0, "Tool": approval.tool, "Arguments": approval.input, "Reason": approval.reason }),
        ),
        EventKind::ApprovalResolved { approval, verdict } => (
            "approval_resolved",
            json!({
                "Approval": approval.0, "Decision": verdict.decision.describe(), "Allowed": verdict.decision.is_allow(),
                "AfterMs": verdict.after_ms,
            }),
        ),
        EventKind::Opened { spec, .. } => {
            ("session_opened", json!({ "Directory": spec.directory, "Profile": spec.profile }))
        }
        EventKind::Closed => ("session_closed", json!({})),
        _ => return None,
    })
}
