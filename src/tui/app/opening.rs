//! Sessions that the terminal is asked to open: at its start, and with their first prompts.

use super::App;
use super::Opening;
use crate::clock::now;
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::prompt::SendHow;
use crate::core::prompt::Surface;
use crate::tui::update;
use crate::tui::update::Effect;

impl App {
    /// Opens what was asked for, now that it is known what is there already.
    pub(super) fn open_all(&mut self) {
        let mut first = true;
        for opening in std::mem::take(&mut self.open) {
            match update::sessions::already_open(&self.fleet, &opening.spec) {
                Some(id) if opening.prompt.is_none() => {
                    if std::mem::take(&mut first) {
                        update::sessions::go_to(&mut self.ui, id);
                    }
                }
                _ => {
                    self.open(opening);
                    // The first of several is the one to look at.
                    if !std::mem::take(&mut first) {
                        let newest = self.ui.next_tag - 1;
                        self.ui.awaited_tags.remove(&newest);
                    }
                }
            }
        }
        if std::mem::take(&mut self.pick) {
            let effect = update::conversations::pick(&mut self.ui);
            self.perform(vec![effect]);
        }
        if let Some(notice) = self.notice.take() {
            self.ui.say(notice, true, now());
        }
        if let Some(left) = self.left.take() {
            self.update(|ui, world| update::away::tell(ui, world, left));
        }
        self.changed();
    }

    pub(super) fn open(&mut self, opening: Opening) {
        let effect = update::sessions::open(&mut self.ui, opening.spec);
        if let (Some(prompt), Effect::Send(Command::Open { tag: Some(tag), .. })) = (opening.prompt, &effect) {
            self.first_prompts.push((*tag, prompt));
        }
        self.perform(vec![effect]);
    }

    /// Sends the prompt that a session was opened with.
    pub(super) fn first_prompt(&mut self, event: &Event) {
        let (EventKind::Opened { tag: Some(tag), .. } | EventKind::OpenRefused { tag: Some(tag), .. }) = &event.kind
        else {
            return;
        };
        let Some(place) = self.first_prompts.iter().position(|(known, _)| known == tag) else { return };
        let (_, text) = self.first_prompts.remove(place);
        if matches!(event.kind, EventKind::OpenRefused { .. }) {
            // It is there again when the person opens the session after all.
            self.ui.drafts.insert(*tag, text);
            return;
        }
        let (session, how, by) = (event.session, SendHow::Queue, Surface::Terminal);
        self.perform(vec![Effect::Send(Command::Send { session, text, how, by, id: None, images: Vec::new() })]);
    }
}
