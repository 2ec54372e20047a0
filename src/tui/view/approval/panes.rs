//! The part of the dialog under the line: answers, what to remember, or a text that is being written.

use ratatui::text::Line;

use super::Dialog;
use super::MAX_TEXT;
use super::TEXT_MARK;
use super::always;
use super::answers::Answers;
use super::questions;
use crate::core::approval::ApprovalState;
use crate::core::approval::Ask;
use crate::tui::input::action::Action;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::ui::approval::AlwaysChoice;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::composer::Composer;
use crate::tui::view::composer;
use crate::tui::view::modal;
use crate::tui::view::paint::flat;
use crate::tui::view::paint::span;
use crate::tui::view::paint::spelled;

/// The part under the line: answers, a list, or a text.
pub(super) struct Lower<'a> {
    pub(super) lines: Vec<Line<'static>>,
    /// The stretch of lines that must be on the screen.
    pub(super) keep: std::ops::Range<usize>,
    pub(super) text: Option<Text<'a>>,
    pub(super) keys: Vec<Line<'static>>,
}

/// A text that is being written.
pub(super) enum Text<'a> {
    Box(&'a Composer),
    Line(&'a str),
}

impl<'d> Dialog<'d, '_> {
    fn answers(&self, room: usize, n_unseen: usize) -> Answers<'d> {
        Answers {
            keymap: self.scene.keymap,
            theme: self.scene.theme,
            room,
            is_armed: self.is_armed,
            n_unseen,
            choice: self.form.and_then(|form| form.choice),
            filling: self.form.map(|form| &form.filling),
            status: self.scene.ui.guard.status(self.scene.now),
            is_tight: self.is_tight,
        }
    }

    pub(super) fn lower(&self, room: usize, n_unseen: usize) -> Lower<'d> {
        let theme = self.scene.theme;
        let none = Lower { lines: Vec::new(), keep: 0..0, text: None, keys: Vec::new() };
        let say = |text: &str| wrap(&[span(text, theme.text)], room, &Indent::default());
        let ApprovalState::Pending = self.open.state else {
            return Lower { lines: say("An answer is on its way."), ..none };
        };
        let keys = |pieces: &[(Action, &str)]| {
            let piece = |(action, words): &(Action, &str)| {
                let key = self.scene.keymap.key_of(*action)?;
                Some(vec![span(key, theme.key), span(format!(" {words}"), theme.dim)])
            };
            modal::flow(pieces.iter().filter_map(piece).collect(), room, theme)
        };
        let writing = |label: &str, done: &str, composer: &'d Composer| Lower {
            lines: say(label),
            text: Some(Text::Box(composer)),
            keys: keys(&[
                (Action::EditorDone, done),
                (Action::EditorNewline, "newline"),
                (Action::EditorClose, "back"),
            ]),
            keep: 0..0,
        };
        match self.pane() {
            Pane::Main => {
                let mut lines = Vec::new();
                if let Ask::Questions(all) = &self.approval().ask
                    && all.len() > 1
                {
                    lines.push(Line::from(span(questions::progress(all, self.form), theme.dim)));
                }
                lines.extend(self.answers(room, n_unseen).lines(self.approval()));
                Lower { lines, ..none }
            }
            Pane::Always(list) => {
                let (mut lines, mut keep) = always::lines(list, room, theme);
                let Some(edit) = &list.editing else {
                    let words = |long: &'static str, short: &'static str| if self.is_tight { short } else { long };
                    if matches!(list.current(), Some(AlwaysChoice::Marks(_))) {
                        let keys = keys(&[
                            (Action::ListTake, words("allow and remember", "allow")),
                            (Action::ListToggle, words("make the word free, or not", "free")),
                            (Action::ListEdit, words("next word", "next")),
                            (Action::ListScope, words("for how long", "time")),
                            (Action::ListClose, "back"),
                        ]);
                        return Lower { lines, keep, text: None, keys };
                    }
                    let keys = keys(&[
                        (Action::ListTake, words("allow and remember", "allow")),
                        (Action::ListScope, words("change where or for how long", "scope")),
                        (Action::ListEdit, words("change the rule", "rule")),
                        (Action::ListClose, "back"),
                    ]);
                    return Lower { lines, keep, text: None, keys };
                };
                lines.extend(say("the rule:"));
                if let Some(error) = &edit.error {
                    lines.push(Line::from(span(flat(error), theme.failure)));
                }
                keep.end = lines.len();
                let keys = keys(&[(Action::EditorDone, "use this rule"), (Action::EditorClose, "back")]);
                Lower { lines, keep, text: Some(Text::Line(&edit.text)), keys }
            }
            Pane::DenyMessage(composer) => writing("Deny, and tell the model:", "deny with this message", composer),
            Pane::Comment(composer) => writing("Allow, and say afterwards:", "allow and send this", composer),
            Pane::PlanFeedback(composer) => writing("Keep planning. What should be different?", "send", composer),
            Pane::FreeText(composer) => writing("Your own answer:", "use this answer", composer),
            Pane::Edit(edit) => {
                let label = match edit.field {
                    Some(field) => format!("Change the {field}; what stands here is what will run:"),
                    None => "Change the input; it must stay JSON. What stands here is what will run:".to_owned(),
                };
                let mut lines = say(&label);
                if let Some(error) = &edit.error {
                    let error = format!("{} {}", theme.glyphs.warning, flat(error));
                    lines.extend(wrap(&[span(error, theme.warning)], room, &Indent::default()));
                }
                let keys = keys(&[
                    (Action::EditorDone, "allow this"),
                    (Action::EditorNewline, "newline"),
                    (Action::EditorExternal, "your editor"),
                    (Action::EditorClose, "back"),
                ]);
                Lower { lines, text: Some(Text::Box(&edit.composer)), keys, keep: 0..0 }
            }
            Pane::TypeYes { typed, .. } => Lower {
                lines: say(&spelled("High risk. Type “yes” to allow:", theme)),
                text: Some(Text::Line(typed)),
                keys: keys(&[(Action::EditorDone, "allow, once it says yes"), (Action::EditorClose, "back")]),
                keep: 0..0,
            },
            Pane::Whole => Lower {
                keys: keys(&[
                    (Action::PagePageDown, "scroll"),
                    (Action::PageCopy, "copy"),
                    (Action::PageClose, "back"),
                ]),
                ..none
            },
        }
    }

    pub(super) fn text_rows(&self, lower: &Lower<'_>, room: usize, inside: u16) -> u16 {
        match &lower.text {
            None => 0,
            Some(Text::Line(_)) => 1,
            Some(Text::Box(composer)) => {
                let is_edit = matches!(self.pane(), Pane::Edit(_));
                let most = if is_edit { inside.saturating_sub(3) } else { MAX_TEXT }.max(1);
                let wide = u16::try_from(room).unwrap_or(u16::MAX).saturating_sub(TEXT_MARK);
                let n_rows = composer::lay(composer, wide, most).n_rows();
                u16::try_from(n_rows).unwrap_or(u16::MAX).clamp(if is_edit { 3 } else { 1 }, most.max(3))
            }
        }
    }
}
