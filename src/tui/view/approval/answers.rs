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
    /// What is being said of the last key.
    pub(super) status: Option<Status>,
    /// Few rows: the shortest words.
    pub(super) is_tight: bool,
}

/// What is about to happen, unless another key follows.
fn holding(action: Action) -> &'static str {
    match action {
        Action::AllowOnce | Action::AcceptPlan | Action::AcceptPlanEdits => "allowing…",
        Action::Deny | Action::DenyAndStop | Action::StopPlanning => "denying…",
        _ => "opening…",
    }
}

impl Answers<'_> {
    /// A key and what it does.
    fn piece(&self, action: Action, words: &str) -> Option<Spans> {
        let key = self.keymap.key_of(action)?;
        let (key_style, text_style) =
            if self.is_armed { (self.theme.key, self.theme.text) } else { (self.theme.dim, self.theme.dim) };
        let is_held = self.status == Some(Status::Holding(action));
        let words = if is_held { holding(action) } else { words };
        let is_chosen = is_held || self.choice.and_then(|choice| CHOICES.get(choice)) == Some(&action);
        let dress = |style: Style| if is_chosen { style.patch(self.theme.selection) } else { style };
        let mut piece = vec![
            span(format!("[{key}]"), dress(key_style)),
            span(format!(" {}", spelled(words, self.theme)), dress(text_style)),
        ];
        if self.n_unseen > 0 && action == Action::AllowOnce {
            piece.push(span(format!(" {} {} unread", self.theme.glyphs.down, self.n_unseen), self.theme.warning));
        }
        Some(piece)
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
                }
                pieces.push((Action::DeclineQuestions, Action::DeclineQuestions.def().hint));
                pieces.push((Action::LaterQuestions, Action::LaterQuestions.def().hint));
                self.flow(&pieces)
            }
            Ask::Plan(_) => {
                let words = |action: Action, short: &'static str| {
                    (action, if self.is_tight { short } else { action.def().hint })
                };
                let mut lines =
                    self.flow(&[words(Action::AcceptPlan, "accept"), words(Action::AcceptPlanEdits, "accept+edit")]);
                let rest = [
                    words(Action::KeepPlanning, "keep planning"),
                    words(Action::StopPlanning, "stop"),
                    words(Action::LaterPlan, "later"),
                ];
                lines.extend(self.flow(&rest));
                lines
            }
        }
    }

    fn of_tool(&self, approval: &Approval) -> Vec<Line<'static>> {
        let always = footer::offers_always(approval);
        let short = |action: Action| match action {
            Action::AllowOnce => "once",
            Action::DenyWithMessage => "deny, say why",
            Action::DenyAndStop => "stop",
            Action::EditInput => "edit",
            Action::AllowWithComment => "comment",
            Action::WholeInput => "all",
            other => other.def().hint,
        };
        let words = |action: Action| (action, if self.is_tight { short(action) } else { action.def().hint });
        let mut allow = vec![words(Action::AllowOnce)];
        if always {
            allow.push(words(Action::AllowAlways));
        }
        allow.push(words(Action::EditInput));
        allow.push(words(Action::AllowWithComment));
        let deny = [words(Action::Deny), words(Action::DenyWithMessage), words(Action::DenyAndStop)];
        let look = [words(Action::WholeInput), words(Action::Later)];
        if self.is_tight {
            // The answers that are wanted most come first, should there be no room for all.
            let mut all = vec![allow[0], deny[0]];
            all.extend(allow.iter().skip(1).take(usize::from(always)));
            all.extend(&deny[1..]);
            all.extend(allow.iter().skip(1 + usize::from(always)));
            all.extend(look);
            return self.flow(&all);
        }
        let mut lines = self.flow(&allow);
        lines.extend(self.flow(&deny));
        lines.extend(self.flow(&look));
        lines
    }
}
