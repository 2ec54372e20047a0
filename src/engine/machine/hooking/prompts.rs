//! Prompts before they are sent, and what the model says: what hooks make of both.

use super::Asking;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::hook::OnFailure;
use crate::core::ids::PromptId;
use crate::engine::hooks::Abort;
use crate::engine::hooks::Outgoing;
use crate::engine::hooks::Point;
use crate::engine::hooks::PromptWord;
use crate::engine::hooks::Reply;
use crate::engine::hooks::Said;
use crate::engine::machine::Effect;
use crate::engine::machine::Machine;
use crate::engine::machine::lifecycle::Life;
use crate::wire::inbound::api::Content;
use crate::wire::inbound::api::ContentBlock;
use crate::wire::inbound::turn::Assistant;

/// The next prompt, while hooks look at it and when they have.
#[derive(Debug)]
pub(super) struct Prompted {
    prompt: PromptId,
    text: String,
    word: Looked,
}

/// What hooks made of a prompt.
#[derive(Debug)]
enum Looked {
    NotYet,
    Same,
    Changed(String),
}

impl Machine {
    /// Whether the next prompt may go out; else the hooks are asked.
    pub(in crate::engine::machine) fn has_word_of_hooks(&mut self) -> bool {
        let Some(next) = self.queue.iter().next() else { return true };
        if self.hooking.waived.as_ref() == Some(&next.id) || !self.wants_hooks(Point::BeforePrompt, None) {
            return true;
        }
        let (id, text) = (next.id.clone(), next.text.clone());
        match &self.hooking.prompt {
            Some(asked) if asked.prompt == id && asked.text == text => return !matches!(asked.word, Looked::NotYet),
            _ => {}
        }
        self.hooking.prompt = Some(Prompted { prompt: id.clone(), text: text.clone(), word: Looked::NotYet });
        let outgoing = Outgoing { meta: self.meta(None), text };
        self.effects.push(Effect::AskHooks(Box::new(Asking::Prompt { prompt: id, outgoing })));
        false
    }

    /// What the hooks made of the text that is sent now.
    pub(in crate::engine::machine) fn text_of_hooks(&mut self, prompt: &PromptId) -> Option<String> {
        self.hooking.waived = None;
        match self.hooking.prompt.take().filter(|asked| asked.prompt == *prompt)?.word {
            Looked::Changed(text) => Some(text),
            Looked::NotYet | Looked::Same => None,
        }
    }

    pub(super) fn prompt_hooked(&mut self, prompt: &PromptId, reply: Reply<PromptWord>) {
        let Some(asked) = self
            .hooking
            .prompt
            .as_mut()
            .filter(|asked| asked.prompt == *prompt && matches!(asked.word, Looked::NotYet))
        else {
            return;
        };
        match &reply.outcome {
            PromptWord::Send => asked.word = Looked::Same,
            PromptWord::Change(text) => asked.word = Looked::Changed(text.clone()),
            PromptWord::Hold { .. } | PromptWord::Abort(_) => self.hooking.prompt = None,
        }
        let (text, waives) = match reply.outcome {
            PromptWord::Send | PromptWord::Change(_) => {
                self.tell_marks(None, &reply.marks);
                return self.advance();
            }
            PromptWord::Hold { hook, why, then: OnFailure::Ask } => {
                let text = format!(
                    "Hook {hook} could not look at the prompt: {why}. It waits in the queue: the next prompt, or a retry, \
                     sends it as it is."
                );
                (text, true)
            }
            PromptWord::Hold { hook, why, then: OnFailure::Deny } => {
                let text = format!(
                    "Hook {hook} could not look at the prompt: {why}. It waits in the queue: the next prompt, or a retry, \
                     asks the hook again."
                );
                (text, false)
            }
            PromptWord::Abort(Abort { hook, reason, .. }) => {
                let text = format!(
                    "Hook {hook} keeps the prompt back: {reason}. It waits in the queue: change or drop it there, or retry."
                );
                (text, false)
            }
        };
        if waives {
            self.hooking.waived = Some(prompt.clone());
        }
        // It was told why already.
        self.hold_queue();
        self.interrupt_hold_told = true;
        self.emit(EventKind::Noted(Notice::error(text)));
    }

    /// A block of the model's message is whole.
    pub(in crate::engine::machine) fn note_said(&mut self, line: &Assistant) {
        let Some(id) = line.message.id.clone().filter(|_| line.parent_tool_use_id.is_none()) else { return };
        if !self.wants_hooks(Point::AfterMessage, None) {
            return;
        }
        if self.hooking.said.as_ref().is_none_or(|(of, _)| *of != id) {
            let said = Said { meta: self.meta(None), text: String::new(), calls: Vec::new() };
            self.hooking.said = Some((id, said));
        }
        let Some((_, said)) = &mut self.hooking.said else { return };
        let Content::Blocks(blocks) = &line.message.content else { return };
        for block in blocks {
            match block {
                ContentBlock::Text(block) => said.text.push_str(&block.text),
                ContentBlock::ToolUse(call) => {
                    said.calls.push((call.id.clone(), call.name.clone(), call.input.clone()));
                }
                _ => {}
            }
        }
    }

    /// The model's message is whole.
    pub(in crate::engine::machine) fn message_is_whole(&mut self) {
        self.hooking.iteration += 1;
        if let Some((_, said)) = self.hooking.said.take()
            && matches!(self.life, Life::Up)
        {
            self.effects.push(Effect::AskHooks(Box::new(Asking::Said(said))));
        }
    }
}
