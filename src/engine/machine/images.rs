//! Images of a prompt: read before it is sent, so that the disk holds up nothing else.
//!
//! Invariants: what cannot be sent is told, and the rest of the prompt is sent; a prompt that leaves the queue while
//! its images are read takes them along.

use std::path::PathBuf;

use super::Effect;
use super::Machine;
use super::io::Loaded;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::image::ImageKind;
use crate::core::image::ImageRef;
use crate::core::image::named;
use crate::core::prompt::Prompt;
use crate::engine::images::Mentioned;
use crate::engine::images::Wanted;
use crate::wire::outbound::UserBlock;
use crate::wire::outbound::UserContent;

impl Machine {
    /// Whether the next prompt has its images at hand; else they are read.
    pub(super) fn has_images(&mut self) -> bool {
        let Some(next) = self.queue.iter().next() else { return true };
        if self.loaded.as_ref().is_some_and(|loaded| loaded.prompt != next.id) {
            self.loaded = None;
        }
        let names_none = named::mentions(&next.text).is_empty();
        if (next.images.is_empty() && names_none) || self.loaded.is_some() {
            return true;
        }
        if self.loading.as_ref() != Some(&next.id) {
            let prompt = next.id.clone();
            let wanted = Wanted {
                images: next.images.clone(),
                text: next.text.clone(),
                directory: PathBuf::from(&self.directory),
            };
            self.loading = Some(prompt.clone());
            self.effects.push(Effect::LoadImages { prompt, wanted });
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
        let (loaded, mentioned) = loaded.map(|loaded| (loaded.images, loaded.mentioned)).unwrap_or_default();
        let mut wanted: Vec<_> = std::mem::take(&mut prompt.images).into_iter().zip(loaded).collect();
        // From the last one on, so that the places of those before it stay.
        let mut instead = Vec::new();
        for Mentioned { mention, instead: what } in mentioned.into_iter().rev() {
            // Without its `@` the CLI does not look for it once more.
            if named::mentions(&prompt.text).contains(&mention) {
                prompt.text.replace_range(mention.range, &mention.path);
            }
            instead.push(match what {
                Ok((image, source)) => {
                    let text =
                        format!("{} is larger than the model takes: it is shown as {}.", mention.path, size(&image));
                    self.emit(EventKind::Noted(Notice::info(text)));
                    (image, Ok(source))
                }
                Err(why) => (named_only(mention.path), Err(why)),
            });
        }
        wanted.extend(instead.into_iter().rev());
        let mut blocks = Vec::new();
        for (image, loaded) in wanted {
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

/// `2000x1333`
fn size(image: &ImageRef) -> String {
    format!("{}x{}", image.width, image.height)
}

/// An image of which nothing goes out but its name.
fn named_only(name: String) -> ImageRef {
    ImageRef { path: String::new(), name, kind: ImageKind::Png, bytes: 0, width: 0, height: 0 }
}
