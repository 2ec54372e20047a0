//! The terminal's whole state, and the one place that performs effects.

use std::io;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use crossterm::event::Event as TerminalEvent;
use crossterm::event::KeyEventKind;
use crossterm::terminal;
use tokio::sync::mpsc;

use super::files::HistoryFile;
use super::finder::Finder;
use super::input::keymap::Keymap;
use super::terminal::messages;
use super::terminal::screen::Screen;
use super::theme::Theme;
use super::ui::Ui;
use super::ui::dialog::Layer;
use super::ui::dialog::Over;
use super::update;
use super::update::Effect;
use super::update::World;
use super::view;
use super::view::Drawn;
use super::view::Layouts;
use super::view::Scene;
use crate::clock::now;
use crate::core::command::Command;
use crate::core::event::EventKind;
use crate::core::fleet::Fleet;
use crate::core::ids::Timestamp;
use crate::core::session::SessionSpec;
use crate::link::Link;
use crate::link::Update;
use crate::transcripts::list::Entry;

mod early;
mod finding;
mod opening;
/// Programs that borrow the terminal.
mod visiting;

use early::Early;
pub use finding::News;
use visiting::Visit;

/// A session to open, with its first prompt if there is one.
#[derive(Debug, Clone)]
pub struct Opening {
    pub spec: SessionSpec,
    pub prompt: Option<String>,
}

/// What the terminal is given at the start.
#[derive(Debug)]
pub struct Options {
    pub ui: Ui,
    pub keymap: Keymap,
    pub theme: Theme,
    pub editor: Option<String>,
    /// For texts on their way to an editor.
    pub folder: PathBuf,
    pub history: HistoryFile,
    pub open: Vec<Opening>,
    /// Something to say at the start.
    pub notice: Option<String>,
    /// Where the CLI keeps its record of conversations.
    pub conversations: PathBuf,
    /// Where the store is.
    pub data_dir: PathBuf,
    /// Begin with the list of them.
    pub pick: bool,
    /// When the last terminal left the sessions that are there already.
    pub left: Option<Timestamp>,
    /// What "show me the demo" opens.
    pub demo: Vec<Opening>,
}

/// Why the terminal closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Quit,
    /// The terminal went away, or the system asked us to go.
    Signal,
    EngineGone,
    /// The person wants the runner to end too.
    StopRunner,
}

/// Streaming alone is drawn this often; what a key changes is drawn at once.
/// The engine is told so often at most that somebody is here.
const PRESENCE_MS: u64 = 10_000;
const STREAM_FRAME: Duration = Duration::from_millis(33);
/// Something that turns moves this often.
const ANIMATION_FRAME: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub struct App {
    ui: Ui,
    fleet: Fleet,
    keymap: Keymap,
    theme: Theme,
    layouts: Layouts,
    link: Link,
    screen: Screen<io::Stdout>,
    /// What lay over the screen in the last frame.
    over: Over,
    editor: Option<String>,
    folder: PathBuf,
    history: HistoryFile,
    open: Vec<Opening>,
    notice: Option<String>,
    left: Option<Timestamp>,
    demo: Vec<Opening>,
    /// First prompts of sessions that are being opened, by the tag of the opening command.
    first_prompts: Vec<(u64, String)>,
    visit: Option<Visit>,
    conversations: PathBuf,
    pick: bool,
    data_dir: PathBuf,
    searcher: Option<finding::Searcher>,
    finder: Option<Finder>,
    /// Conversations on their way from the thread that reads them.
    finding: Option<mpsc::UnboundedReceiver<Vec<Entry>>>,
    /// When a frame is due because something changed.
    due: Option<Instant>,
    /// When a frame is due because time passes.
    wake: Option<Instant>,
    drawn_at: Instant,
    /// When the engine was last told that somebody is here.
    told_key: Timestamp,
    title: String,
    ended: Option<Ended>,
    /// What is typed before the session is there that it is meant for.
    early: Early,
}

impl App {
    pub fn new(link: Link, options: Options) -> io::Result<Self> {
        let mut ui = options.ui;
        (ui.screen.width, ui.screen.height) = terminal::size()?;
        let screen = Screen::new(io::stdout(), ui.screen.width, ui.screen.height);
        // Other terminals open sessions too: a tag of theirs must not be taken for one of ours.
        ui.next_tag = uuid::Uuid::new_v4().as_u64_pair().0 >> 16 << 16;
        Ok(Self {
            ui,
            fleet: Fleet::default(),
            keymap: options.keymap,
            theme: options.theme,
            layouts: Layouts::default(),
            link,
            screen,
            over: Over::default(),
            editor: options.editor,
            folder: options.folder,
            history: options.history,
            open: options.open,
            notice: options.notice,
            left: options.left,
            demo: options.demo,
            first_prompts: Vec::new(),
            visit: None,
            conversations: options.conversations,
            data_dir: options.data_dir,
            searcher: None,
            finder: None,
            pick: options.pick,
            finding: None,
            due: None,
            wake: None,
            drawn_at: Instant::now(),
            told_key: Timestamp(i64::MIN),
            title: String::new(),
            ended: None,
            early: Early::new(Instant::now()),
        })
    }

    pub fn ended(&self) -> Option<Ended> {
        self.ended
    }

    pub fn end(&mut self, how: Ended) {
        self.ended.get_or_insert(how);
    }

    pub fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Whether a session that was asked for is not there yet.
    pub fn is_opening(&self) -> bool {
        !self.open.is_empty() || !self.ui.awaited_tags.is_empty()
    }

    pub fn has_visit(&self) -> bool {
        self.visit.is_some()
    }

    /// When the next frame is due, if one is.
    pub fn next_frame(&self) -> Option<Instant> {
        self.due.into_iter().chain(self.wake).min()
    }

    /// What is done once the first frame stands: nothing of it may delay that.
    pub fn start(&mut self) {
        self.ui.history = self.history.load();
        self.changed();
    }

    fn world(&self) -> World<'_> {
        World { fleet: &self.fleet, keymap: &self.keymap, now: now() }
    }

    /// Runs an update with everything it may look at.
    fn update<T>(&mut self, change: impl FnOnce(&mut Ui, World<'_>) -> T) -> T {
        let world = World { fleet: &self.fleet, keymap: &self.keymap, now: now() };
        let result = change(&mut self.ui, world);
        update::settle(&mut self.ui, world);
        self.fetch_history();
        self.search_what_is_typed();
        self.find_what_is_typed();
        result
    }

    /// Asks for what came before in the session that is looked at: a snapshot has only the newest.
    fn fetch_history(&mut self) {
        let Some((session, before)) = update::sessions::missing_history(&self.ui, &self.fleet) else { return };
        if self.link.try_history(session, before).is_ok()
            && let Some(tab) = self.ui.tabs.get_mut(&session)
        {
            tab.asked_before = Some(before);
        }
    }

    fn settle(&mut self) {
        self.update(|_, _| ());
    }

    /// The screen is not what it was: an open approval must be seen again before a key can answer it.
    fn see_anew(&mut self) {
        self.ui.see_anew(now());
    }

    /// A frame is due at once.
    fn changed(&mut self) {
        self.due = Some(Instant::now());
    }

    /// Something came from the terminal.
    /// `is_burst`: it arrived in one piece with other keys.
    pub fn input(&mut self, event: TerminalEvent, is_burst: bool) {
        // What lies over the screen takes its keys.
        let is_opening = self.is_opening() && self.ui.layers.is_empty();
        let is_alone = self.ui.session(&self.fleet).is_none();
        let Some(event) = self.early.hold(event, is_opening, is_alone, Instant::now()) else { return };
        let effects = match event {
            TerminalEvent::Key(key) if key.kind != KeyEventKind::Release => {
                self.tell_presence();
                self.update(|ui, world| update::keys::key(ui, world, key, is_burst))
            }
            TerminalEvent::Paste(text) => self.update(|ui, world| update::keys::paste(ui, world, &text)),
            TerminalEvent::Resize(width, height) => {
                (self.ui.screen.width, self.ui.screen.height) = (width, height);
                self.screen.resize(width, height);
                self.see_anew();
                Vec::new()
            }
            TerminalEvent::FocusGained => {
                // Keys that came while nobody looked do not count.
                if !std::mem::replace(&mut self.ui.screen.focused, true) {
                    self.see_anew();
                }
                Vec::new()
            }
            TerminalEvent::FocusLost => {
                self.ui.screen.focused = false;
                self.see_anew();
                Vec::new()
            }
            TerminalEvent::Key(_) | TerminalEvent::Mouse(_) => return,
        };
        self.perform(effects);
        self.changed();
    }

    fn release_early(&mut self) {
        for event in self.early.release(self.is_opening()) {
            self.input(event, true);
        }
    }

    /// Whether somebody is at a terminal decides what goes to the phone.
    fn tell_presence(&mut self) {
        let now = now();
        if self.ui.phone.is_some() && now.millis_since(self.told_key) >= PRESENCE_MS && self.link.try_key().is_ok() {
            self.told_key = now;
        }
    }

    /// The engine told something.
    pub fn learn(&mut self, update: Option<Update>) {
        match update {
            None => self.end(Ended::EngineGone),
            Some(Update::Snapshot(fleet)) => {
                self.fleet = *fleet;
                self.layouts = Layouts::default();
                self.ui.tabs.values_mut().for_each(|tab| tab.asked_before = None);
                self.settle();
                self.open_all();
                self.release_early();
                self.changed();
            }
            Some(Update::Hooks(_)) => {}
            Some(Update::Phone(view)) => {
                self.ui.phone = Some(*view);
                self.changed();
            }
            Some(Update::History { session, cells }) => {
                self.fleet.prepend(session, cells);
                self.settle();
                self.changed();
            }
            Some(Update::Events(events)) => {
                for event in events {
                    self.fleet.apply(&event);
                    self.first_prompt(&event);
                    let at = now();
                    let effects = update::events::note(&mut self.ui, &self.fleet, &event, at);
                    self.perform(effects);
                    if matches!(event.kind, EventKind::ApprovalAsked(_)) {
                        self.changed();
                    }
                }
                self.settle();
                self.release_early();
                let soon = self.drawn_at + STREAM_FRAME;
                self.due.get_or_insert(soon);
            }
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(command) => self.send(command),
                Effect::Phone(wish) => {
                    if self.link.try_phone(wish).is_err() {
                        self.ui.say("The engine is too busy; try again.", true, now());
                    }
                }
                Effect::Copy(text) => match messages::copy(&text) {
                    Ok(how) => self.ui.say(how, false, now()),
                    Err(what) => self.ui.say(what, true, now()),
                },
                Effect::Attention { title, body } => messages::notify(self.ui.notify, &title, &body),
                Effect::Edit { text, target } => self.visit = Some(Visit::Edit { text, target }),
                Effect::OpenFile { path, line } => self.visit = Some(Visit::Open { path, line }),
                Effect::Suspend => self.visit = Some(Visit::Suspend),
                Effect::SavePrompt(past) => self.history.append(&past),
                Effect::FindConversations => self.find_conversations(),
                Effect::StartDemo => {
                    self.ui.is_demo = true;
                    self.ui.cli_missing = None;
                    for opening in self.demo.clone() {
                        self.open(opening);
                    }
                }
                Effect::Redraw => self.screen.clear(),
                Effect::Quit => self.end(Ended::Quit),
                Effect::StopRunner => self.end(Ended::StopRunner),
            }
        }
    }

    /// Sends a command without waiting; what the engine could not take is not lost.
    fn send(&mut self, command: Command) {
        let Err(error) = self.link.try_send(command.clone()) else { return };
        match command {
            Command::Answer { approval, .. } => {
                self.ui.answered.remove(&approval);
            }
            Command::Send { session, text, .. } => {
                if let Some(tab) = self.ui.tabs.get_mut(&session).filter(|tab| tab.composer.is_blank()) {
                    tab.composer.set_text(&text);
                }
            }
            _ => {}
        }
        self.ui.say(format!("That was not done: {error}."), true, now());
    }

    /// Whether an answer waits for its moment, and the moment is here.
    pub fn is_answer_due(&self) -> bool {
        self.ui.guard.is_due(now())
    }

    /// Gives the answer that was held; the caller has seen that no key waits which would take it back.
    pub fn give_held(&mut self) {
        let effects = self.update(update::give_held);
        self.perform(effects);
        self.changed();
    }

    /// Draws one frame. What is laid over the screen, or taken away, has every row written again: nothing of
    /// what stood there before may be taken for a part of it.
    pub fn draw(&mut self) -> io::Result<()> {
        let at = now();
        self.settle();
        let entries = update::lists::entries(&self.ui, self.world());
        // The word of a new size may still be on its way.
        let size = terminal::size()?;
        if size != self.screen.size() {
            self.screen.resize(size.0, size.1);
        }
        let over = self.ui.over(&self.fleet);
        if over != self.over {
            self.screen.rewrite();
            self.over = over;
        }
        let scene = Scene {
            fleet: &self.fleet,
            ui: &self.ui,
            keymap: &self.keymap,
            theme: &self.theme,
            now: at,
            entries: entries.as_deref(),
        };
        let drawn = view::draw(self.screen.canvas(), &scene, &mut self.layouts);
        self.screen.show(drawn.cursor)?;
        self.drawn_at = Instant::now();
        self.due = None;
        self.take_note(&drawn, now());
        self.set_title();
        Ok(())
    }

    /// Keeps what only drawing knows, and when the picture changes by itself.
    fn take_note(&mut self, drawn: &Drawn, at: Timestamp) {
        if let Some((session, scroll)) = drawn.scroll
            && let Some(tab) = self.ui.tabs.get_mut(&session)
        {
            tab.scroll = scroll;
            tab.scroll_by.clear();
        }
        if let (Some(Layer::Page(page)), Some(max)) = (self.ui.layers.last_mut(), drawn.page_max_scroll) {
            page.max_scroll = max;
            page.scroll = page.scroll.min(max);
        }
        if let (Some(Layer::Confirm(confirm)), Some(reading)) = (self.ui.layers.last_mut(), drawn.confirm) {
            confirm.reading.note(reading);
        }
        if let Some(seen) = &drawn.approval {
            if let Some(focus) = self.ui.approval.as_mut().filter(|focus| focus.id == seen.id) {
                focus.drawn.get_or_insert(at);
                // What was counted when the key was pressed is what it answers.
                if !self.ui.guard.is_holding() {
                    focus.twins = self.fleet.same_requests(seen.id);
                    focus.twins.retain(|id| !self.ui.deferred.contains(id));
                }
            }
            if let Some(form) = self.ui.forms.get_mut(&seen.id) {
                form.note(&seen.seen);
            }
        }
        let changes = drawn.next_change.into_iter().chain(update::next_wake(&self.ui, self.world())).min();
        let in_time = changes.map(|change| self.drawn_at + Duration::from_millis(change.millis_since(at).max(1)));
        let spin = drawn.animates.then(|| self.drawn_at + ANIMATION_FRAME);
        self.wake = in_time.into_iter().chain(spin).min();
    }

    fn set_title(&mut self) {
        let n_waiting = update::waiting(&self.ui, &self.fleet).len();
        let name = self.ui.session(&self.fleet).map_or("adjutant", |session| session.title.as_str());
        let title = if n_waiting > 0 { format!("▲ {n_waiting} waiting · {name}") } else { name.to_owned() };
        if title != self.title {
            messages::set_title(&title);
            self.title = title;
        }
    }
}
