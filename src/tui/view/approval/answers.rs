//! The answers under a request: keys from the keymap, the selected one highlighted, and only those that
//! are possible.

use ratatui::style::Style;
use ratatui::text::Line;

use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::tui::input::action::Action;
use crate::tui::input::keymap::Keymap;
use crate::tui::theme::Theme;
use crate::tui::ui::approval::CHOICES;
use crate::tui::ui::elicitation::Filling;
use crate::tui::ui::elicitation::Row;
use crate::tui::ui::elicitation::keys_on;
use crate::tui::ui::guard::Status;
use crate::tui::view::footer;
use crate::tui::view::modal;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::span;
use crate::tui::view::paint::spelled;

/// How the answers show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers<'a> {
    pub(super) keymap: &'a Keymap,
    pub(super) theme: &'a Theme,
    pub(super) room: usize,
    /// Keys count already.
    pub(super) is_armed: bool,
    /// Lines that were not on the screen yet.
    pub(super) n_unseen: usize,
    pub(super) choice: Option<usize>,
    /// What was put into a server's form.
    pub(super) filling: Option<&'a Filling>,
    /// What is being said of the last key.
    pub(super) status: Option<Status>,
    /// Few rows: the shortest words.
    pub(super) is_tight: bool,
}

impl Answers<'_> {
    /// A key and what it does.
    fn piece(&self, action: Action, words: &str) -> Option<Spans> {
        let key = self.keymap.key_of(action)?;
        let (key_style, text_style) =
            if self.is_armed { (self.theme.key, self.theme.text) } else { (self.theme.dim, self.theme.dim) };
        let is_held = self.status == Some(Status::Holding(action));
        let is_chosen = is_held || self.choice.and_then(|choice| CHOICES.get(choice)) == Some(&action);
        let dress = |style: Style| if is_chosen { style.patch(self.theme.selection) } else { style };
        // While there is more to read, the key that allows scrolls on instead.
        let reads_on =
            self.n_unseen > 0 && matches!(action, Action::AllowOnce | Action::AcceptPlan | Action::TrustFolder);
        let words = if reads_on { "read on" } else { words };
        Some(vec![
            span(format!("[{key}]"), dress(key_style)),
            span(format!(" {}", spelled(words, self.theme)), dress(text_style)),
        ])
    }

    fn flow(&self, pieces: &[(Action, &str)]) -> Vec<Line<'static>> {
        let pieces: Vec<Spans> = pieces.iter().filter_map(|(action, words)| self.piece(*action, words)).collect();
        modal::flow(pieces, self.room, self.theme)
    }

    pub(super) fn lines(&self, approval: &Approval) -> Vec<Line<'static>> {
        match &approval.ask {
            Ask::Tool => self.of_tool(approval),
            Ask::Questions(questions) => {
                let mut pieces = vec![
                    (Action::OptionToggle, Action::OptionToggle.def().hint),
                    (Action::SubmitAnswers, Action::SubmitAnswers.def().hint),
                ];
                if questions.len() > 1 {
                    pieces.push((Action::QuestionNext, Action::QuestionNext.def().hint));
                    // On the smallest screens the answers themselves need the row.
                    if !self.is_tight {
                        pieces.push((Action::SkipQuestion, Action::SkipQuestion.def().hint));
                    }
                }
                pieces.push((Action::DeclineQuestions, Action::DeclineQuestions.def().hint));
                self.flow(&pieces)
            }
            Ask::Elicitation(asked) => {
                let row = self.filling.map_or(Row::Dismiss, |filling| filling.current(asked));
                self.flow(&keys_on(asked, row))
            }
            Ask::Trust(_) => {
                let words = if self.is_tight {
                    ["trust", "without", "no"]
                } else {
                    [Action::TrustFolder.def().hint, Action::StartWithout.def().hint, Action::DoNotStart.def().hint]
                };
                let actions = [Action::TrustFolder, Action::StartWithout, Action::DoNotStart];
                self.flow(&actions.into_iter().zip(words).collect::<Vec<_>>())
            }
            Ask::Plan(_) => {
                let words = |action: Action, short: &'static str| {
                    (action, if self.is_tight { short } else { action.def().hint })
                };
                let mut lines =
                    self.flow(&[words(Action::AcceptPlan, "accept"), words(Action::AcceptPlanEdits, "accept+edit")]);
                let rest = [words(Action::KeepPlanning, "keep planning"), words(Action::StopPlanning, "stop")];
                lines.extend(self.flow(&rest));
                lines
            }
        }
    }

    /// Two rows that stay in their place: what ends the request above, what looks at it or changes it below.
    fn of_tool(&self, approval: &Approval) -> Vec<Line<'static>> {
        let words = |action: Action| {
            let (long, short) = match action {
                Action::AllowOnce => ("allow once", "once"),
                Action::Deny => ("deny", "deny"),
                Action::DenyWithMessage => ("deny, say why", "why"),
                Action::DenyAndStop => ("deny and stop", "stop"),
                Action::AllowAlways => ("always…", "more…"),
                Action::EditInput => ("edit", "edit"),
                Action::AllowWithComment => ("allow, say more", "note"),
                _ => ("raw request", "raw"),
            };
            (action, if self.is_tight { short } else { long })
        };
        let answers = [Action::AllowOnce, Action::Deny, Action::DenyWithMessage, Action::DenyAndStop];
        let changes = [Action::AllowAlways, Action::EditInput, Action::AllowWithComment, Action::WholeInput];
        let always = footer::offers_always(approval);
        let pieces: Vec<Spans> = answers
            .into_iter()
            .chain(changes)
            .filter_map(|action| {
                let (action, words) = words(action);
                // The place stays taken, so that no key moves.
                let is_once_only = action == Action::AllowAlways && !always;
                if is_once_only { Some(vec![span("once only", self.theme.dim)]) } else { self.piece(action, words) }
            })
            .collect();
        let gap = if self.is_tight { 1 } else { 4 };
        modal::grid(&pieces, answers.len(), self.room, gap)
    }
}
