//! What the terminal remembers beside the fold: tabs, scrolling, drafts, open dialogs.
//!
//! **For:** plain state, changed only by `update`. **Not for:** drawing, and not for anything the engine
//! knows: a session's state is read from the fleet, never copied here. Focus is computed, not stored.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;

use crate::config::NotifyHow;
use crate::core::fleet::Fleet;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::phone::PhoneView;
use crate::core::session::Session;
use crate::core::session::SessionSpec;
use crate::tui::input::action::Context;
use crate::tui::input::key::Key;

/// The approval dialog: what is selected, typed, scrolled; and when its keys count.
pub mod approval;
/// The input box, and every other place where text is typed.
pub mod composer;
/// Dialogs over the main screen.
pub mod dialog;
/// A server's form while it is filled in.
pub mod elicitation;
/// Which requests may be allowed together.
pub mod glance;
/// Whether a key is an answer, part of a sentence, or neither.
pub mod guard;
/// Words of a command that are marked as free.
pub mod marks;
/// The menu that completes what is typed.
pub mod menu;
/// One tab's view of its session.
pub mod tab;

use approval::ApprovalFocus;
use approval::ApprovalForm;
use dialog::Layer;
use dialog::Over;
use guard::AnswerGuard;
use menu::Completing;
use tab::Tab;

/// Whether the progress panel shows beside the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Panel {
    /// Where there is room.
    #[default]
    Auto,
    Hidden,
    /// Over the timeline, on a screen that has no room beside it.
    Overlay,
}

/// A short message in the last line, gone after a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    pub text: String,
    pub is_error: bool,
    pub until: Timestamp,
}

/// A prompt of an earlier day, for the history.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PastPrompt {
    pub directory: String,
    pub text: String,
}

/// What the terminal needs to know about itself.
#[derive(Debug, Clone)]
pub struct Screen {
    pub width: u16,
    pub height: u16,
    /// The terminal window has the focus, as far as it tells.
    pub focused: bool,
}

#[derive(Debug)]
pub struct Ui {
    /// Sessions in the order of their tabs.
    pub order: Vec<SessionId>,
    pub active: Option<SessionId>,
    /// The relay to the phone, where there is one.
    pub phone: Option<PhoneView>,
    pub tabs: HashMap<SessionId, Tab>,
    /// Sessions closed here, to be opened again; the last one last.
    pub closed: Vec<SessionSpec>,
    /// Open dialogs, the topmost last.
    pub layers: Vec<Layer>,
    /// The approval that is looked at, under any layers.
    pub approval: Option<ApprovalFocus>,
    /// What was typed and selected for each approval; kept while it is pending.
    pub forms: HashMap<ApprovalId, ApprovalForm>,
    /// Approvals put off: they open by themselves no more, until another one is asked.
    pub deferred: HashSet<ApprovalId>,
    /// Approvals whose answer was given here and is on its way.
    pub answered: HashSet<ApprovalId>,
    pub panel: Panel,
    pub toast: Option<Toast>,
    /// The last messages and when each came, newest last.
    pub messages: VecDeque<(Timestamp, Toast)>,
    /// The first key of a sequence, while the second is awaited.
    pub pending_key: Option<Key>,
    pub screen: Screen,
    /// Whether a key answers.
    pub guard: AnswerGuard,
    /// The menu over the input box.
    pub completing: Completing,
    /// When text was last typed or pasted somewhere, if it was not sent since.
    pub last_typed: Option<Timestamp>,
    /// When the last approval dialog went away.
    pub dialog_closed: Option<Timestamp>,
    /// Keys only write until then: the box they were meant for has vanished.
    pub deaf_until: Option<Timestamp>,
    /// When ctrl-c was pressed on an empty input.
    pub quit_armed: Option<Timestamp>,
    /// When esc was pressed on an idle session.
    pub escape_armed: Option<Timestamp>,
    /// Tags of sessions that this terminal opened and wants to look at.
    pub awaited_tags: HashSet<u64>,
    pub next_tag: u64,
    /// Texts for the input boxes of sessions that are being opened, by tag.
    pub drafts: HashMap<u64, String>,
    /// What sessions in worktrees were asked for with, by tag, until they are there.
    pub worktrees_wanted: HashMap<u64, SessionSpec>,
    /// The session that is closed once its worktree has been looked at.
    pub closing: Option<SessionId>,
    /// Prompts of this and earlier days, newest last.
    pub history: Vec<PastPrompt>,
    pub notify: NotifyHow,
    /// Lines of a tool's output that show unfolded.
    pub output_lines: usize,
    /// The program that was looked for and not found on the PATH.
    pub cli_missing: Option<String>,
    /// Where relative directories begin, and the person's home.
    pub here: String,
    pub home: String,
    /// The scripted demo runs: no account, no network.
    pub is_demo: bool,
    /// The sessions live in the runner and go on without this terminal.
    pub is_attached: bool,
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            order: Vec::new(),
            active: None,
            phone: None,
            tabs: HashMap::new(),
            closed: Vec::new(),
            layers: Vec::new(),
            approval: None,
            forms: HashMap::new(),
            deferred: HashSet::new(),
            answered: HashSet::new(),
            panel: Panel::Auto,
            toast: None,
            messages: VecDeque::new(),
            pending_key: None,
            screen: Screen { width: 80, height: 24, focused: true },
            guard: AnswerGuard::default(),
            completing: Completing::default(),
            last_typed: None,
            dialog_closed: None,
            deaf_until: None,
            quit_armed: None,
            escape_armed: None,
            awaited_tags: HashSet::new(),
            next_tag: 1,
            drafts: HashMap::new(),
            worktrees_wanted: HashMap::new(),
            closing: None,
            history: Vec::new(),
            notify: NotifyHow::Bell,
            output_lines: 12,
            cli_missing: None,
            here: "/".into(),
            home: String::new(),
            is_demo: false,
            is_attached: false,
        }
    }
}

impl Ui {
    /// The session of the active tab.
    pub fn session<'f>(&self, fleet: &'f Fleet) -> Option<&'f Session> {
        fleet.get(self.active?)
    }

    pub fn tab(&self) -> Option<&Tab> {
        self.tabs.get(&self.active?)
    }

    pub fn tab_mut(&mut self) -> Option<&mut Tab> {
        self.tabs.get_mut(&self.active?)
    }

    /// The session whose timeline shows: the one that asks while its request has the focus, else that of the tab.
    pub fn in_view(&self, fleet: &Fleet) -> Option<SessionId> {
        self.shown_approval(fleet).map(|open| open.approval.session).or(self.active)
    }

    /// The approval that has the focus, if it is still open.
    pub fn shown_approval<'f>(&self, fleet: &'f Fleet) -> Option<&'f crate::core::approval::OpenApproval> {
        fleet.approval(self.approval.as_ref()?.id)
    }

    /// What lies over the main screen.
    pub fn over(&self, fleet: &Fleet) -> Over {
        let approval = self.shown_approval(fleet).map(|open| open.approval.id);
        let layers = self.layers.iter().map(std::mem::discriminant).collect();
        let message = self.toast.as_ref().map(|toast| toast.until);
        Over { approval, layers, menu: self.completing.n_rows(), message }
    }

    /// Which layer has the keys. Computed from what is open, so that it can never disagree with it.
    pub fn focus(&self, fleet: &Fleet) -> Context {
        if let Some(layer) = self.layers.last() {
            return layer.context();
        }
        if let Some(open) = self.shown_approval(fleet) {
            let form = self.forms.get(&open.approval.id);
            return approval::context(&open.approval, form);
        }
        match self.tab() {
            Some(tab) if tab.selected.is_some() => Context::Timeline,
            Some(_) if self.completing.is_open() => Context::Menu,
            _ => Context::Input,
        }
    }

    /// The screen is not what it was, or nobody looked: a dialog must be seen again before a key answers it.
    pub fn see_anew(&mut self, now: Timestamp) {
        if let Some(focus) = &mut self.approval {
            focus.drawn = None;
        }
        if let Some(Layer::Confirm(confirm)) = self.layers.last_mut() {
            confirm.opened = now;
            confirm.reading = dialog::Reading::default();
        }
        self.guard.drop_held(now);
    }

    /// Takes the dialog of an approval away; the request stays pending.
    pub fn close_approval(&mut self, now: Timestamp) -> Option<ApprovalId> {
        let focus = self.approval.take()?;
        self.dialog_closed = Some(now);
        self.guard.drop_held(now);
        Some(focus.id)
    }

    /// Shows a short message for a few seconds.
    pub fn say(&mut self, text: impl Into<String>, is_error: bool, now: Timestamp) {
        const TOAST_MS: i64 = 5_000;
        /// Nobody reads faster than this.
        const CHAR_MS: i64 = 60;
        const MAX_MS: i64 = 20_000;
        const MAX_MESSAGES: usize = 50;
        let text = text.into();
        let n_chars = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        let shows_ms = n_chars.saturating_mul(CHAR_MS).clamp(TOAST_MS, MAX_MS);
        let toast = Toast { text, is_error, until: Timestamp(now.0 + shows_ms) };
        if self.messages.len() >= MAX_MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back((now, toast.clone()));
        self.toast = Some(toast);
    }
}
