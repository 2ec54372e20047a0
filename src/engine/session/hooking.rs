//! Asking the person's hooks, beside the session's task.

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::Task;
use crate::core::event::EventKind;
use crate::core::ids::ToolCallId;
use crate::engine::hooks::Aftermath;
use crate::engine::hooks::Point;
use crate::engine::hooks::PromptWord;
use crate::engine::hooks::Reply;
use crate::engine::hooks::Verdict;
use crate::engine::hooks::Word;
use crate::engine::machine::Asking;
use crate::engine::machine::Hooked;
use crate::engine::machine::Input;

/// Words about slow hooks that wait to be told.
const SLOW_BUFFER: usize = 4;
/// Whose failure it is when it is none of a hook's.
const NOBODY: &str = "of adjutant's own making";
const OWN_FAULT: &str = "adjutant's own work on it failed";

impl Task {
    pub(super) fn ask_hooks(&self, asking: Asking) {
        // The machine asks nothing where nobody is.
        let Some(hooks) = self.outfit.hooks.clone() else { return };
        let found = self.found.clone();
        tokio::spawn(async move {
            let (slow, names) = mpsc::channel(SLOW_BUFFER);
            let why = || (NOBODY.to_owned(), OWN_FAULT.to_owned());
            let hooked = match asking {
                Asking::Call { request_id, about, call } => {
                    let reply = attended(hooks.before_call(call, slow), names, Some(about), &found).await;
                    let failed = || {
                        let (hook, why) = why();
                        Verdict::Ask { hook, why, changed: None }
                    };
                    Hooked::Call { request_id, reply: reply.unwrap_or_else(|| unmarked(failed())) }
                }
                Asking::Permission { request_id, about, permission } => {
                    let reply = attended(hooks.permission(permission, slow), names, about, &found).await;
                    let failed = || {
                        let (hook, why) = why();
                        Word::Ask { hook, why }
                    };
                    Hooked::Permission { request_id, reply: reply.unwrap_or_else(|| unmarked(failed())) }
                }
                Asking::Result { request_id, about, finished } => {
                    let reply = attended(hooks.after_call(finished, slow), names, Some(about), &found).await;
                    Hooked::Result { request_id, reply: reply.unwrap_or_else(|| unmarked(Aftermath::Keep)) }
                }
                Asking::Prompt { prompt, outgoing } => {
                    let reply = attended(hooks.before_prompt(outgoing, slow), names, None, &found).await;
                    let failed = || {
                        let (hook, why) = why();
                        PromptWord::Hold { hook, why, then: crate::core::hook::OnFailure::Ask }
                    };
                    Hooked::Prompt { prompt, reply: reply.unwrap_or_else(|| unmarked(failed())) }
                }
                Asking::Said(said) => {
                    let reply = attended(hooks.after_message(said, slow), names, None, &found).await;
                    Hooked::Said(reply.unwrap_or_else(|| unmarked(None)))
                }
            };
            let _ = found.send(Input::Hooked(Box::new(hooked))).await;
        });
    }

    /// Tells the hooks what happened.
    pub(super) fn tell_hooks(&self, kind: &EventKind) {
        if let Some(hooks) = &self.outfit.hooks
            && kind.is_lasting()
            && self.machine.wants_hooks(Point::Observe, None)
        {
            hooks.observe(&self.machine.meta(None), kind);
        }
    }
}

fn unmarked<T>(outcome: T) -> Reply<T> {
    Reply { marks: Vec::new(), outcome }
}

/// Waits for the hooks, and tells meanwhile which of them takes long. `None`: a defect of ours.
async fn attended<T: Send + 'static>(
    asked: BoxFuture<'static, Reply<T>>,
    mut slow: mpsc::Receiver<String>,
    about: Option<ToolCallId>,
    found: &mpsc::Sender<Input>,
) -> Option<Reply<T>> {
    let mut asked = tokio::spawn(asked);
    loop {
        tokio::select! {
            reply = &mut asked => return reply.ok(),
            Some(hook) = slow.recv() => {
                if let Some(about) = about.clone() {
                    let _ = found.send(Input::Hooked(Box::new(Hooked::Slow { about, hook }))).await;
                }
            }
        }
    }
}
