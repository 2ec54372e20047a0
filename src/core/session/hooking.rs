//! What hooks did, on the call itself; what was no call's is a notice.

use super::Session;
use crate::core::cell::CellBody;
use crate::core::cell::Notice;
use crate::core::hook::HookDid;
use crate::core::hook::HookMark;
use crate::core::ids::Timestamp;
use crate::core::ids::ToolCallId;

/// Marks that one call keeps.
const MAX_MARKS: usize = 32;

impl Session {
    pub(super) fn hook_acted(&mut self, call: Option<&ToolCallId>, mark: &HookMark, at: Timestamp) {
        self.hear(at);
        let known = call.filter(|call| self.transcript.call(call).is_some());
        let Some(call) = known else {
            let notice = match &mark.did {
                HookDid::Changed { .. }
                | HookDid::ChangedResult { .. }
                | HookDid::Answered { .. }
                | HookDid::Allowed => Notice::info(mark.headline()),
                HookDid::Refused { .. } | HookDid::Aborted { .. } | HookDid::Failed { .. } => {
                    Notice::warning(mark.headline())
                }
            };
            let notice = Notice { detail: mark.detail(), ..notice };
            self.transcript.push(at, None, CellBody::Notice(notice));
            return;
        };
        self.transcript.change_call(call, |call| {
            call.hook_waits = None;
            if let HookDid::Changed { to, .. } = &mark.did {
                call.input = to.clone();
                call.changed = None;
            }
            if call.hooks.len() < MAX_MARKS {
                call.hooks.push(mark.clone());
            }
        });
    }

    pub(super) fn hook_waits(&mut self, call: &ToolCallId, hook: Option<&String>, at: Timestamp) {
        self.hear(at);
        self.transcript.change_call(call, |call| {
            call.hook_waits = hook.filter(|_| call.state.is_open()).map(|hook| (hook.clone(), at));
        });
    }
}
