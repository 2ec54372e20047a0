//! `send`: a prompt for a session that is open.

use std::io::Write as _;
use std::path::Path;

use super::Attached;
use super::attach;
use super::block_on;
use super::find;
use super::flat;
use super::say;
use super::say_json;
use crate::cli::Global;
use crate::cli::Send;
use crate::cli::exit;
use crate::cli::setup;
use crate::cli::setup::Stop;
use crate::cli::trust;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::cell::TurnOutcome;
use crate::core::command::Command;
use crate::core::event::EventKind;
use crate::core::ids::PromptId;
use crate::core::prompt::Prompt;
use crate::core::prompt::PromptOrigin;
use crate::core::prompt::SendHow;
use crate::core::prompt::Surface;
use crate::core::session::SessionSpec;
use crate::core::trust::TrustAnswer;
use crate::core::trust::summary;
use crate::engine;
use crate::link::Update;
use crate::tui::render::sanitize::sanitize;

pub fn main(global: &Global, send: &Send) -> Result<u8, Stop> {
    let text = match send.text.as_str() {
        "-" => std::io::read_to_string(std::io::stdin())
            .map_err(|error| Stop::usage(format!("the prompt could not be read: {error}")))?,
        text => text.to_owned(),
    };
    if text.trim().is_empty() {
        return Err(Stop::usage("the prompt is empty"));
    }
    block_on(deliver(global, send, text))
}

async fn deliver(global: &Global, send: &Send, text: String) -> Result<u8, Stop> {
    let Attached { mut link, fleet, .. } = attach(global).await?;
    let session = find(&fleet, &send.session)?;
    let id = session.id;
    let known: Vec<PromptId> = session.queue.iter().map(|prompt| prompt.id.clone()).collect();
    let mut trusts = folder(global, send, &session.spec)?;
    let how = if send.now { SendHow::InterruptFirst } else { SendHow::Queue };
    let gone = || Stop::failed("the runner has ended; what became of the prompt shows with the next `adjutant`");
    let by = Surface::Headless;
    link.send(Command::Send { session: id, text: text.clone(), how, by, id: None, images: Vec::new() })
        .await
        .map_err(|_| gone())?;
    let is_ours = |prompt: &Prompt| {
        prompt.text == text && prompt.origin == PromptOrigin::Surface(Surface::Headless) && !known.contains(&prompt.id)
    };
    let mut accepted: Option<PromptId> = None;
    let mut runs = false;
    loop {
        let events = match link.recv().await.ok_or_else(gone)? {
            Update::Events(events) => events,
            Update::Snapshot(_) | Update::History { .. } | Update::Phone(_) | Update::Hooks(_) => continue,
        };
        for event in events.iter().filter(|event| event.session == id) {
            let found = match &event.kind {
                EventKind::QueueChanged(queue) => queue.iter().find(|prompt| is_ours(prompt)),
                EventKind::PromptSent(prompt) if is_ours(prompt) => Some(prompt),
                _ => None,
            };
            if let (None, Some(prompt)) = (&accepted, found) {
                accepted = Some(prompt.id.clone());
                if !send.wait {
                    if send.json {
                        say_json(&serde_json::json!({"session": id, "prompt": prompt.id}))?;
                    }
                    return Ok(exit::OK);
                }
            }
            match &event.kind {
                EventKind::TurnStarted { prompt, .. } => runs = prompt.is_some() && *prompt == accepted,
                EventKind::TurnEnded { outcome, text, .. } if runs => {
                    return ended(outcome, text.as_deref(), send.json);
                }
                EventKind::Exited(end) if runs => {
                    let why = end.trouble.as_ref().map_or("the session was stopped".into(), |trouble| trouble.what());
                    return Err(Stop::failed(why));
                }
                // Nobody is here to be asked, and who waits for the answer does not wait for a person.
                EventKind::ApprovalAsked(approval) if send.wait && matches!(approval.ask, Ask::Trust(_)) => {
                    let answer = if std::mem::take(&mut trusts) { TrustAnswer::Trust } else { TrustAnswer::Without };
                    let decision = Box::new(Decision::Trust(answer));
                    let by = Surface::Headless;
                    let command = Command::Answer { session: id, approval: approval.id, decision, by };
                    link.send(command).await.map_err(|_| gone())?;
                }
                EventKind::ApprovalAsked(approval) if runs && !send.json => {
                    let what = super::look::whole(&approval.input);
                    say(&format!("request {} waits: {} {what}", approval.id, flat(&approval.tool)))?;
                }
                EventKind::Closed => return Err(Stop::failed("the session was closed")),
                _ => {}
            }
        }
    }
}

/// Looks at the session's folder: trusts what it brings if that is asked for, or says what becomes of it. Returns
/// whether what is still asked about is to be trusted.
fn folder(global: &Global, send: &Send, spec: &SessionSpec) -> Result<bool, Stop> {
    let ground = setup::ground(global)?;
    let keeper = trust::keeper(&ground);
    let (directory, home) = (Path::new(&spec.directory), engine::claude_home(&ground.config, spec.profile.as_deref()));
    // A folder that is gone brings nothing; the session says so itself.
    let Ok(standing) = keeper.standing(directory, &home) else { return Ok(send.trust) };
    if standing.unknown.is_empty() {
        return Ok(send.trust);
    }
    let brings = summary(&standing.unknown);
    let text = if send.trust {
        trust::add(&ground, &keeper, directory, &home, false)?;
        format!("the directory is trusted with what it brings: {brings}")
    } else if send.wait {
        format!("what the directory brings takes no effect, because nobody has trusted it: {brings}; --trust trusts it")
    } else {
        format!(
            "the directory brings what nobody has trusted: {brings}; the prompt waits until somebody answers, or --trust trusts it"
        )
    };
    let _ = writeln!(std::io::stderr(), "adjutant: {text}");
    Ok(send.trust)
}

fn ended(outcome: &TurnOutcome, text: Option<&str>, json: bool) -> Result<u8, Stop> {
    if json {
        say_json(&serde_json::json!({"outcome": outcome.word(), "text": text}))?;
        return Ok(if *outcome == TurnOutcome::Completed { exit::OK } else { exit::FAILED });
    }
    if let Some(text) = text {
        say(sanitize(text).as_str())?;
    }
    match outcome {
        TurnOutcome::Completed => Ok(exit::OK),
        TurnOutcome::Interrupted => Err(Stop::failed("the turn was interrupted")),
        TurnOutcome::Failed(trouble) => Err(Stop::failed(sanitize(&trouble.in_full()).to_string())),
    }
}
