//! `approve`, `deny`: answering a request by its number.

use serde::Serialize;

use super::Attached;
use super::attach;
use super::block_on;
use super::flat;
use super::look::whole;
use super::say;
use super::say_json;
use crate::cli::Global;
use crate::cli::exit;
use crate::cli::setup::Stop;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::command::Command;
use crate::core::event::EventKind;
use crate::core::ids::ApprovalId;
use crate::core::prompt::Surface;
use crate::link::Update;

#[derive(Debug, Serialize)]
struct Answered {
    id: u32,
    decision: &'static str,
    tool: String,
    input: serde_json::Value,
}

/// Allows once exactly what the request asks for now.
pub fn approve(global: &Global, id: u32, json: bool) -> Result<u8, Stop> {
    answer(global, id, Decision::allow_once(), json)
}

pub fn deny(global: &Global, id: u32, message: Option<&str>, stop: bool, json: bool) -> Result<u8, Stop> {
    answer(global, id, Decision::Deny { message: message.unwrap_or_default().to_owned(), stop }, json)
}

fn answer(global: &Global, id: u32, decision: Decision, json: bool) -> Result<u8, Stop> {
    block_on(async {
        let Attached { mut link, fleet, .. } = attach(global).await?;
        let id = ApprovalId(id);
        let Some(open) = fleet.approval(id) else {
            return Err(Stop::failed(format!("request {id} does not wait; `adjutant status` shows those that do")));
        };
        let approval = &open.approval;
        let decision = match (&approval.ask, decision) {
            (Ask::Questions(_), Decision::Allow { .. }) => {
                return Err(Stop::failed(format!("request {id} is a question: it wants an answer, in a terminal")));
            }
            (Ask::Elicitation(_), Decision::Allow { .. }) => {
                return Err(Stop::failed(format!("request {id} is a form of a server: it is filled in in a terminal")));
            }
            (Ask::Trust(_), Decision::Allow { .. }) => {
                let text =
                    format!("request {id} is about a folder: `adjutant trust add DIR`, or answer it in a terminal");
                return Err(Stop::failed(text));
            }
            // The mode that the person is in now asks for no less than before.
            (Ask::Plan(_), Decision::Allow { .. }) => {
                Decision::AcceptPlan { mode: crate::core::permission::PermissionMode::Default }
            }
            (_, decision) => decision,
        };
        let command = Command::Answer {
            session: approval.session,
            approval: id,
            decision: Box::new(decision.clone()),
            by: Surface::Headless,
        };
        let gone = || Stop::failed("the runner has ended");
        link.send(command).await.map_err(|_| gone())?;
        loop {
            let events = match link.recv().await.ok_or_else(gone)? {
                Update::Events(events) => events,
                // What happened in between is not known; the request either waits still or it does not.
                Update::Snapshot(fleet) if fleet.approval(id).is_none() => {
                    return Err(Stop::failed(format!("request {id} has ended; the audit log says how")));
                }
                Update::Snapshot(_) | Update::History { .. } | Update::Phone(_) | Update::Hooks(_) => continue,
            };
            for event in events {
                match &event.kind {
                    EventKind::ApprovalResolved { approval: ended, verdict } if *ended == id => {
                        let is_ours = verdict.by == Surface::Headless && verdict.decision == decision;
                        if !is_ours {
                            let by = verdict.by.describe();
                            let how = verdict.decision.describe();
                            return Err(Stop::failed(format!("request {id} was {how} by {by} before")));
                        }
                        let decision = verdict.decision.describe();
                        if json {
                            let (tool, input) = (approval.tool.clone(), approval.input.clone());
                            say_json(&Answered { id: id.0, decision, tool, input })?;
                        } else {
                            say(&format!("{decision}: {} {}", flat(&approval.tool), whole(&approval.input)))?;
                        }
                        return Ok(exit::OK);
                    }
                    EventKind::ApprovalWithdrawn { approval: ended, why } if *ended == id => {
                        return Err(Stop::failed(format!("request {id} has ended: {}", why.describe())));
                    }
                    EventKind::AnswerRefused { approval: refused, why } if *refused == id => {
                        return Err(Stop::failed(format!("the answer did not count: {why}")));
                    }
                    _ => {}
                }
            }
        }
    })
}
