//! What comes to the terminal beside keys: from the engine, and from the thread that looks for conversations.

use tokio::sync::mpsc;

use super::App;
use super::now;
use crate::link::Update;
use crate::transcripts::list::Entry;
use crate::transcripts::list::list_in_batches;
use crate::tui::update;

/// Something that came to the terminal, other than keys.
#[derive(Debug)]
pub enum News {
    /// The engine told something; `None`: it is gone.
    Update(Option<Update>),
    /// Conversations were found; `None`: these are all.
    Found(Option<Vec<Entry>>),
}

impl App {
    /// What comes next from the engine or from a thread that looks for something.
    pub async fn news(&mut self) -> News {
        let found = async {
            match &mut self.finding {
                Some(finding) => finding.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            update = self.link.recv() => News::Update(update),
            found = found => News::Found(found),
        }
    }

    /// Takes what [`news`](Self::news) gave.
    pub fn hear(&mut self, news: News) {
        match news {
            News::Update(update) => self.learn(update),
            News::Found(batch) => {
                if batch.is_none() {
                    self.finding = None;
                }
                self.update(|ui, _| update::conversations::found(ui, batch.as_deref()));
                self.changed();
            }
        }
    }

    /// Reads the CLI's record of conversations on a thread of its own. A list that was asked for before is
    /// no longer wanted: its thread ends with the next piece.
    pub(super) fn find_conversations(&mut self) {
        let (sender, finding) = mpsc::unbounded_channel();
        let projects = self.conversations.clone();
        let reader = std::thread::Builder::new().name("conversations".into()).spawn(move || {
            list_in_batches(&projects, &mut |batch| sender.send(batch).is_ok());
        });
        match reader {
            Ok(_) => self.finding = Some(finding),
            Err(error) => self.ui.say(format!("The conversations cannot be read: {error}."), true, now()),
        }
    }
}
