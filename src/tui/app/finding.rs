//! What comes to the terminal beside keys: from the engine, and from the threads that look for conversations
//! and for words.

use std::path::Path;
use std::path::PathBuf;
use std::sync::mpsc as threads;

use tokio::sync::mpsc;

use super::App;
use crate::clock::now;
use crate::link::Update;
use crate::store::Store;
use crate::store::search::Hit;
use crate::transcripts::list::Entry;
use crate::transcripts::list::list_in_batches;
use crate::tui::finder::Answer;
use crate::tui::finder::Finder;
use crate::tui::update;
use crate::tui::update::World;

/// Something that came to the terminal, other than keys.
#[derive(Debug)]
pub enum News {
    /// The engine told something; `None`: it is gone.
    Update(Option<Update>),
    /// Conversations were found; `None`: these are all.
    Found(Option<Vec<Entry>>),
    /// What the store has for these words.
    Hits(String, Result<Vec<Hit>, String>),
    /// Files that are called as was typed.
    Files(Answer),
}

/// Hits of one search: more than anybody reads.
const MAX_HITS: usize = 200;

/// The thread that searches the store; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Searcher {
    queries: threads::Sender<String>,
    answers: mpsc::UnboundedReceiver<(String, Result<Vec<Hit>, String>)>,
}

impl Searcher {
    fn start(data_dir: PathBuf) -> std::io::Result<Self> {
        let (queries, asked) = threads::channel::<String>();
        let (sender, answers) = mpsc::unbounded_channel();
        std::thread::Builder::new().name("search".into()).spawn(move || {
            while let Ok(mut typed) = asked.recv() {
                // Only the newest words are still wanted.
                while let Ok(newer) = asked.try_recv() {
                    typed = newer;
                }
                let hits = search(&data_dir, &typed);
                if sender.send((typed, hits)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { queries, answers })
    }
}

fn search(data_dir: &Path, typed: &str) -> Result<Vec<Hit>, String> {
    let store = Store::read(data_dir).map_err(|error| error.to_string())?;
    store.search(typed, MAX_HITS).map_err(|error| error.to_string())
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
        let hits = async {
            let answer = match &mut self.searcher {
                Some(searcher) => searcher.answers.recv().await,
                None => None,
            };
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        };
        let files = async {
            let answer = match &mut self.finder {
                Some(finder) => finder.answer().await,
                None => None,
            };
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            update = self.link.recv() => News::Update(update),
            found = found => News::Found(found),
            (typed, hits) = hits => News::Hits(typed, hits),
            answer = files => News::Files(answer),
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
            News::Hits(typed, hits) => {
                self.update(|ui, _| update::search::answered(ui, &typed, hits));
                self.changed();
            }
            News::Files(answer) => {
                self.update(|ui, world| update::menu::found(ui, world, answer));
                self.changed();
            }
        }
    }

    /// Asks the store for the words that were typed, when they have changed.
    pub(super) fn search_what_is_typed(&mut self) {
        let Some(typed) = update::search::wanted(&mut self.ui) else { return };
        if self.searcher.is_none() {
            match Searcher::start(self.data_dir.clone()) {
                Ok(searcher) => self.searcher = Some(searcher),
                Err(error) => self.ui.say(format!("The search cannot be started: {error}."), true, now()),
            }
        }
        if let Some(searcher) = &self.searcher {
            // It ends only with us.
            let _ = searcher.queries.send(typed);
        }
    }

    /// Looks for the files whose name is being typed, when it has changed.
    pub(super) fn find_what_is_typed(&mut self) {
        let world = World { fleet: &self.fleet, keymap: &self.keymap, now: now() };
        let Some(query) = update::menu::wanted(&mut self.ui, world) else { return };
        if self.finder.is_none() {
            match Finder::start() {
                Ok(finder) => self.finder = Some(finder),
                Err(error) => self.ui.say(format!("Files cannot be looked for: {error}."), true, now()),
            }
        }
        if let Some(finder) = &self.finder {
            finder.ask(query);
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
