//! The order in which hooks are asked: each sees what the one before it made of the question.
//!
//! Invariants: a refusal ends the chain; a failure that asks does not, so that a later hook can still refuse; no answer
//! and no failure allows, but for an approval of a hook that may, and only when every other hook had its say.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::answer;
use super::answer::AfterLlm;
use super::answer::AfterTool;
use super::answer::ApproveTool;
use super::answer::BeforeLlm;
use super::answer::BeforeTool;
use super::calls::CallError;
use super::life::Life;
use super::params;
use crate::core::hook::HookDid;
use crate::core::hook::HookMark;
use crate::core::hook::OnFailure;
use crate::engine::hooks::Abort;
use crate::engine::hooks::Aftermath;
use crate::engine::hooks::Call;
use crate::engine::hooks::Finished;
use crate::engine::hooks::Outgoing;
use crate::engine::hooks::Permission;
use crate::engine::hooks::PromptWord;
use crate::engine::hooks::Reply;
use crate::engine::hooks::Said;
use crate::engine::hooks::Slow;
use crate::engine::hooks::Verdict;
use crate::engine::hooks::Word;

/// Whoever waits for longer is told what for.
const SLOW: Duration = Duration::from_millis(700);

type Lives = Vec<Arc<Life>>;

/// Asks one hook, and tells when it takes long.
async fn patiently<T>(
    life: &Life,
    method: &str,
    params: &Value,
    read: impl FnOnce(Value) -> Result<T, String>,
    slow: &Slow,
) -> Result<T, CallError> {
    let asked = life.ask(method, params, read);
    tokio::pin!(asked);
    tokio::select! {
        answer = &mut asked => return answer,
        () = tokio::time::sleep(SLOW) => {}
    }
    // Whoever has several such words already needs no more.
    let _ = slow.try_send(life.hook.name.clone());
    asked.await
}

/// The marks of a chain.
struct Marks(Vec<HookMark>);

impl Marks {
    fn add(&mut self, life: &Life, did: HookDid) {
        self.0.push(HookMark::new(&life.hook.name, did));
    }

    fn failed(&mut self, life: &Life, why: &str) -> OnFailure {
        let then = life.hook.on_failure;
        tracing::warn!(hook = life.hook.name, why, "a hook failed");
        self.add(life, HookDid::Failed { why: why.to_owned(), then });
        then
    }

    fn aborted(&mut self, life: &Life, reason: String, hard: bool) -> Abort {
        self.add(life, HookDid::Aborted { reason: reason.clone(), hard });
        Abort { hook: life.hook.name.clone(), reason, hard }
    }

    fn reply<T>(self, outcome: T) -> Reply<T> {
        Reply { marks: self.0, outcome }
    }
}

pub(super) async fn before_call(hooks: Lives, call: Call, slow: Slow) -> Reply<Verdict> {
    let mut marks = Marks(Vec::new());
    let mut input = call.input.clone();
    let mut ask = None;
    for life in hooks {
        let hook = life.hook.name.clone();
        let params = params::before_tool(&call, &input);
        let read = |answer: Value| answer::before_tool(&answer, &call.tool);
        let failed = match patiently(&life, "hook.before_tool", &params, read, &slow).await {
            Ok(BeforeTool::Continue) => continue,
            Ok(BeforeTool::Modify(arguments)) if arguments == input => continue,
            Ok(BeforeTool::Modify(arguments)) => {
                let from = std::mem::replace(&mut input, arguments);
                marks.add(&life, HookDid::Changed { from, to: input.clone() });
                continue;
            }
            Ok(BeforeTool::Deny { reason }) => {
                marks.add(&life, HookDid::Refused { reason: reason.clone() });
                return marks.reply(Verdict::Deny { hook, reason });
            }
            Ok(BeforeTool::Respond(result)) if life.hook.may_respond => {
                let text = result.for_llm;
                marks.add(&life, HookDid::Answered { text: text.clone() });
                return marks.reply(Verdict::Respond { hook, text });
            }
            Ok(BeforeTool::Respond(_)) => {
                format!("it answers for {}, which is not its own tool, and may_respond is not set", call.tool)
            }
            Ok(BeforeTool::Abort { reason, hard }) => {
                let abort = marks.aborted(&life, reason, hard);
                return marks.reply(Verdict::Abort(abort));
            }
            Err(error) => error.to_string(),
        };
        match marks.failed(&life, &failed) {
            OnFailure::Deny => {
                let reason = format!("The user's hook {hook} could not check this call: {failed}.");
                return marks.reply(Verdict::Deny { hook, reason });
            }
            OnFailure::Ask => {
                ask.get_or_insert((hook, failed));
            }
        }
    }
    let changed = (input != call.input).then_some(input);
    marks.reply(match ask {
        Some((hook, why)) => Verdict::Ask { hook, why, changed },
        None => Verdict::Pass(changed),
    })
}

pub(super) async fn permission(hooks: Lives, request: Permission, slow: Slow) -> Reply<Word> {
    let mut marks = Marks(Vec::new());
    let (mut ask, mut allowed) = (None, None);
    let params = params::approve_tool(&request);
    for life in hooks {
        let hook = life.hook.name.clone();
        let read = |answer: Value| answer::approve_tool(&answer);
        match patiently(&life, "hook.approve_tool", &params, read, &slow).await {
            Ok(ApproveTool::Approved) if life.hook.may_allow => {
                allowed.get_or_insert(hook);
            }
            Ok(ApproveTool::Approved) => {}
            Ok(ApproveTool::Denied { reason }) => {
                marks.add(&life, HookDid::Refused { reason: reason.clone() });
                return marks.reply(Word::Denied { hook, reason });
            }
            Ok(ApproveTool::Abort { reason, hard }) => {
                let abort = marks.aborted(&life, reason, hard);
                return marks.reply(Word::Abort(abort));
            }
            Err(error) => {
                let why = error.to_string();
                if marks.failed(&life, &why) == OnFailure::Deny {
                    let reason = format!("The user's hook {hook} could not check this call: {why}.");
                    return marks.reply(Word::Denied { hook, reason });
                }
                ask.get_or_insert((hook, why));
            }
        }
    }
    marks.reply(match (ask, allowed) {
        (Some((hook, why)), _) => Word::Ask { hook, why },
        (None, Some(hook)) => Word::Allowed { hook },
        (None, None) => Word::NoObjection,
    })
}

pub(super) async fn after_call(hooks: Lives, finished: Finished, slow: Slow) -> Reply<Aftermath> {
    let mut marks = Marks(Vec::new());
    let (mut text, mut changed_by) = (finished.result.clone(), None);
    for life in hooks {
        let params = params::after_tool(&finished, &text);
        match patiently(&life, "hook.after_tool", &params, |answer| answer::after_tool(&answer), &slow).await {
            Ok(AfterTool::Continue) => {}
            Ok(AfterTool::Modify(other)) if other == text => {}
            Ok(AfterTool::Modify(other)) => {
                let from = std::mem::replace(&mut text, other);
                marks.add(&life, HookDid::ChangedResult { from, to: text.clone(), added: false });
                changed_by = Some(life.hook.name.clone());
            }
            Ok(AfterTool::Abort { reason, hard }) => {
                let abort = marks.aborted(&life, reason, hard);
                return marks.reply(Aftermath::Abort(abort));
            }
            Err(error) => {
                let why = error.to_string();
                // The tool has run: what can still be kept back is the rest of the turn.
                if marks.failed(&life, &why) == OnFailure::Deny {
                    let reason = format!("it could not look at the result of {}: {why}", finished.call.tool);
                    let abort = Abort { hook: life.hook.name.clone(), reason, hard: false };
                    return marks.reply(Aftermath::Abort(abort));
                }
            }
        }
    }
    marks.reply(match changed_by {
        Some(hook) => Aftermath::Change { hook, text },
        None => Aftermath::Keep,
    })
}

pub(super) async fn before_prompt(hooks: Lives, prompt: Outgoing, slow: Slow) -> Reply<PromptWord> {
    let mut marks = Marks(Vec::new());
    let mut text = prompt.text.clone();
    for life in hooks {
        let params = params::before_llm(&prompt, &text, &[]);
        match patiently(&life, "hook.before_llm", &params, |answer| answer::before_llm(&answer, &[]), &slow).await {
            Ok(BeforeLlm::Continue) => {}
            Ok(BeforeLlm::Modify { text: other, tools, remarks }) => {
                life.offer(tools, remarks);
                if let Some(other) = other.filter(|other| *other != text) {
                    let from = std::mem::replace(&mut text, other);
                    marks.add(&life, HookDid::Changed { from: from.into(), to: text.clone().into() });
                }
            }
            Ok(BeforeLlm::Abort { reason, hard }) => {
                let abort = marks.aborted(&life, reason, hard);
                return marks.reply(PromptWord::Abort(abort));
            }
            Err(error) => {
                let why = error.to_string();
                let then = marks.failed(&life, &why);
                return marks.reply(PromptWord::Hold { hook: life.hook.name.clone(), why, then });
            }
        }
    }
    marks.reply(if text == prompt.text { PromptWord::Send } else { PromptWord::Change(text) })
}

pub(super) async fn after_message(hooks: Lives, said: Said, slow: Slow) -> Reply<Option<Abort>> {
    let mut marks = Marks(Vec::new());
    let params = params::after_llm(&said);
    for life in hooks {
        match patiently(&life, "hook.after_llm", &params, |answer| answer::after_llm(&answer), &slow).await {
            // That nothing can be changed there was said when it started.
            Ok(AfterLlm::Continue | AfterLlm::Modify) => {}
            Ok(AfterLlm::Abort { reason, hard }) => {
                let abort = marks.aborted(&life, reason, hard);
                return marks.reply(Some(abort));
            }
            Err(error) => {
                let why = error.to_string();
                if marks.failed(&life, &why) == OnFailure::Deny {
                    let reason = format!("it could not look at the model's message: {why}");
                    return marks.reply(Some(Abort { hook: life.hook.name.clone(), reason, hard: false }));
                }
            }
        }
    }
    marks.reply(None)
}
