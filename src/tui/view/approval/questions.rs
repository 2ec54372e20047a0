//! Questions of the model as a form: one at a time, the others as tabs above.

use ratatui::text::Line;

use super::sheet::Sheet;
use crate::core::approval::Question;
use crate::tui::render::spans;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::theme::Theme;
use crate::tui::ui::approval::ApprovalForm;
use crate::tui::ui::approval::QuestionDraft;
use crate::tui::view::modal;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::exact;
use crate::tui::view::paint::flat;
use crate::tui::view::paint::span;

/// The form as lines, and the lines of the row under the cursor.
pub(super) fn lines(
    questions: &[Question],
    form: Option<&ApprovalForm>,
    sheet: Sheet<'_>,
) -> (Vec<Line<'static>>, std::ops::Range<usize>) {
    let mut sheet = sheet;
    let theme = sheet.theme;
    let room = sheet.room;
    let at = form.map_or(0, |form| form.question).min(questions.len().saturating_sub(1));
    let empty = QuestionDraft::default();
    let draft_of = |idx: usize| form.and_then(|form| form.questions.get(idx)).unwrap_or(&empty);
    if questions.len() > 1 {
        let tab = |(idx, question): (usize, &Question)| {
            let answered = draft_of(idx).skipped || draft_of(idx).answer(question).is_some();
            tab(idx, question, idx == at, answered, theme)
        };
        sheet.lines.extend(modal::flow(questions.iter().enumerate().map(tab).collect(), room, theme));
        sheet.blank();
    }
    let Some(question) = questions.get(at) else { return (sheet.lines, 0..0) };
    let draft = draft_of(at);
    let text = sheet.reveal(&question.text);
    for line in spans::of_text(&text, theme.strong, theme) {
        sheet.lines.extend(wrap(&line, room, &Indent::default()));
    }
    if question.multiple {
        sheet.say("several may be chosen", theme.dim);
    }
    if draft.skipped {
        sheet.say("skipped: the model is told that you did not answer this", theme.dim);
    }
    sheet.blank();
    let mut current = 0..0;
    for (idx, option) in question.options.iter().enumerate() {
        let start = sheet.lines.len();
        let has_cursor = draft.row == idx;
        let label = sheet.reveal(&option.label).as_str().replace('\n', " ");
        sheet.lines.extend(row(&label, draft.chosen.contains(&idx), question.multiple, has_cursor, room, theme));
        if !option.description.trim().is_empty() {
            let description = sheet.reveal(option.description.trim());
            let under = Indent { first: vec![span("      ", theme.text)], rest: vec![span("      ", theme.text)] };
            for line in spans::of_text(&description, theme.dim, theme) {
                sheet.lines.extend(wrap(&line, room, &under));
            }
        }
        if has_cursor {
            current = start..sheet.lines.len();
        }
    }
    let start = sheet.lines.len();
    let has_cursor = draft.row >= question.options.len();
    let free = draft.free_text.trim();
    let label = if free.is_empty() {
        "something else: write your own answer".to_owned()
    } else {
        format!("something else: {}", flat(free))
    };
    sheet.lines.extend(row(&label, !free.is_empty(), question.multiple, has_cursor, room, theme));
    if has_cursor {
        current = start..sheet.lines.len();
    }
    if let Some(option) = question.options.get(draft.row)
        && let Some(preview) = option.preview.as_deref().filter(|text| !text.trim().is_empty())
    {
        sheet.blank();
        sheet.say("what this answer would look like:", theme.dim);
        sheet.code(preview, None);
    }
    let findings = sheet.findings();
    if !findings.is_empty() {
        sheet.blank();
        sheet.lines.extend(findings);
    }
    (sheet.lines, current)
}

fn tab(idx: usize, question: &Question, is_current: bool, answered: bool, theme: &Theme) -> Spans {
    let name = exact(if question.header.trim().is_empty() { &question.text } else { &question.header }, theme);
    let name: String = name.chars().take(24).collect();
    let style = if is_current { theme.selection } else { theme.dim };
    let (mark, mark_style) =
        if answered { (theme.glyphs.success, theme.success) } else { (theme.glyphs.pending, theme.dim) };
    vec![span(format!("{mark} "), mark_style), span(format!(" {} {name} ", idx + 1), style)]
}

pub(super) fn row(
    label: &str,
    chosen: bool,
    multiple: bool,
    has_cursor: bool,
    room: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let dot = if theme.glyphs.ellipsis.is_ascii() { "(*)" } else { "(•)" };
    let mark = match (multiple, chosen) {
        (true, true) => "[x]",
        (true, false) => "[ ]",
        (false, true) => dot,
        (false, false) => "( )",
    };
    let cursor = if has_cursor { theme.glyphs.folded } else { " " };
    let mark_style = if chosen { theme.accent } else { theme.text };
    let indent = Indent::hanging(vec![span(format!("{cursor} "), theme.key), span(format!("{mark} "), mark_style)]);
    let style = if has_cursor { theme.selection } else { theme.text };
    wrap(&[span(label, style)], room, &indent)
}

/// `1 of 2 answered`.
pub(super) fn progress(questions: &[Question], form: Option<&ApprovalForm>) -> String {
    let drafts = form.map(|form| form.questions.as_slice()).unwrap_or_default();
    let n_answered = questions.iter().zip(drafts).filter(|(question, draft)| draft.answer(question).is_some()).count();
    format!("{n_answered} of {} answered", questions.len())
}
