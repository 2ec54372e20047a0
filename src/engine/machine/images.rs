//! Images of a prompt: read before it is sent, so that the disk holds up nothing else.
//!
//! Invariants: what cannot be sent is told, and the rest of the prompt is sent; a prompt that leaves the queue while
//! its images are read takes them along.

use super::Effect;
use super::Machine;
use super::io::Loaded;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::prompt::Prompt;
use crate::wire::outbound::UserBlock;
use crate::wire::outbound::UserContent;

impl Machine {
    /// Whether the next prompt has its images at hand; else they are read.
    pub(super) fn has_images(&mut self) -> bool {
        let Some(next) = self.queue.iter().next() else { return true };
        if self.loaded.as_ref().is_some_and(|loaded| loaded.prompt != next.id) {
            self.loaded = None;
        }
        if next.images.is_empty() || self.loaded.is_some() {
            return true;
        }
        if self.loading.as_ref() != Some(&next.id) {
            let (prompt, images) = (next.id.clone(), next.images.clone());
            self.loading = Some(prompt.clone());
            self.effects.push(Effect::LoadImages { prompt, images });
        }
        false
    }

    pub(super) fn images_loaded(&mut self, loaded: Loaded) {
        if self.loading.as_ref() == Some(&loaded.prompt) {
            self.loading = None;
            self.loaded = Some(loaded);
        }
        self.advance();
    }

    /// What the CLI is sent of a prompt; what cannot be sent is taken out of it, and told.
    pub(super) fn content_of(&mut self, prompt: &mut Prompt) -> UserContent {
        let loaded = self.loaded.take().filter(|loaded| loaded.prompt == prompt.id);
        let loaded = loaded.map(|loaded| loaded.images).unwrap_or_default();
        let mut blocks = Vec::new();
        for (image, loaded) in std::mem::take(&mut prompt.images).into_iter().zip(loaded) {
            match loaded {
                Ok(source) => {
                    blocks.push(UserBlock::Image { source });
                    prompt.images.push(image);
                }
                Err(why) => {
                    let text = format!("The image {} was not sent: {why}.", image.name);
                    self.emit(EventKind::Noted(Notice::warning(text)));
                    // The model must not look for what it was not shown.
                    let line = format!("(The image {} could not be attached.)", image.name);
                    if !prompt.text.is_empty() {
                        prompt.text.push('\n');
                    }
                    prompt.text.push_str(&line);
                }
            }
        }
        if blocks.is_empty() {
            return UserContent::Text(prompt.text.clone());
        }
        if !prompt.text.is_empty() {
            blocks.push(UserBlock::Text { text: prompt.text.clone() });
        }
        UserContent::Blocks(blocks)
    }
}
