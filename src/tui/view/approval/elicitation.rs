//! A server's form, field by field, or the page that it wants to be opened.

use std::ops::Range;

use ratatui::text::Line;

use super::questions::row;
use super::sheet::Sheet;
use crate::core::approval::elicitation::Elicitation;
use crate::core::approval::elicitation::Field;
use crate::core::approval::elicitation::Wanted;
use crate::tui::render::spans;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::render::wrap::wrap_hard;
use crate::tui::ui::approval::ApprovalForm;
use crate::tui::ui::elicitation::Filling;
use crate::tui::ui::elicitation::Row;
use crate::tui::ui::elicitation::rows;
use crate::tui::view::paint::quoted;
use crate::tui::view::paint::span;

/// The dialog as lines, and the lines of the row under the cursor.
pub(super) fn lines(
    asked: &Elicitation,
    form: Option<&ApprovalForm>,
    sheet: Sheet<'_>,
) -> (Vec<Line<'static>>, Range<usize>) {
    let mut sheet = sheet;
    let theme = sheet.theme;
    let preset;
    let filling = match form {
        Some(form) => &form.filling,
        None => {
            preset = Filling::of(asked);
            &preset
        }
    };
    sheet.row("server", &asked.server, theme.strong);
    sheet.row("it says", &quoted(asked.message.trim(), theme), theme.emphasis);
    match &asked.wanted {
        Wanted::Form(_) => {}
        Wanted::Page { url, host } => {
            sheet.row("host", host, theme.strong);
            let address = sheet.reveal(url);
            sheet.say("It asks you to open this address in your browser:", theme.text);
            for line in spans::of_text(&address, theme.text, theme) {
                sheet.lines.extend(wrap_hard(&line, sheet.room, &Indent::default()));
            }
        }
        Wanted::Unfit(why) => {
            let why = sheet.reveal(why).as_str().replace('\n', " ");
            sheet.warn(&format!("It can only be declined or dismissed: {why}."), theme.warning);
        }
    }
    let mut current = 0..0;
    for (idx, at) in rows(asked).into_iter().enumerate() {
        let fields = match &asked.wanted {
            Wanted::Form(fields) => fields.as_slice(),
            Wanted::Page { .. } | Wanted::Unfit(_) => &[],
        };
        let mut start = sheet.lines.len();
        let has_cursor = idx == filling.row;
        match at {
            Row::Write(place) | Row::Option(place, 0) => {
                sheet.blank();
                start = sheet.lines.len();
                if let Some(field) = fields.get(place) {
                    heading(&mut sheet, field, filling.fault.as_ref().filter(|fault| fault.0 == place));
                }
            }
            Row::Send => sheet.blank(),
            Row::OpenPage => sheet.blank(),
            Row::Dismiss => {
                if matches!(asked.wanted, Wanted::Unfit(_)) {
                    sheet.blank();
                }
            }
            Row::Option(..) => {}
        }
        let given = |place: usize| filling.fields.get(place);
        let drawn = match at {
            Row::Write(place) => {
                let text = given(place).map(|given| given.text.clone()).unwrap_or_default();
                let text = sheet.reveal(&text).as_str().replace('\n', " ");
                let (text, style) =
                    if text.is_empty() { ("write…".to_owned(), theme.dim) } else { (text, theme.text) };
                let style = if has_cursor { theme.selection } else { style };
                let cursor = if has_cursor { theme.glyphs.folded } else { " " };
                wrap_hard(
                    &[span(text, style)],
                    sheet.room,
                    &Indent::hanging(vec![span(format!("{cursor} "), theme.key)]),
                )
            }
            Row::Option(place, option) => {
                let field = fields.get(place);
                let label = field.and_then(|field| field.options().get(option).map(|label| (*label).to_owned()));
                let label = sheet.reveal(&label.unwrap_or_default()).as_str().replace('\n', " ");
                let chosen = given(place).is_some_and(|given| given.chosen.contains(&option));
                row(&label, chosen, field.is_some_and(Field::is_multiple), has_cursor, sheet.room, theme)
            }
            Row::Send => ending("send this to the server", has_cursor, &sheet),
            Row::OpenPage => {
                let host = match &asked.wanted {
                    Wanted::Page { host, .. } => sheet.reveal(host).as_str().to_owned(),
                    Wanted::Form(_) | Wanted::Unfit(_) => String::new(),
                };
                ending(&format!("agree, and copy the address at {host} to open it"), has_cursor, &sheet)
            }
            Row::Dismiss => ending("close without an answer", has_cursor, &sheet),
        };
        sheet.lines.extend(drawn);
        if has_cursor {
            current = start..sheet.lines.len();
        }
    }
    let findings = sheet.findings();
    if !findings.is_empty() {
        sheet.blank();
        sheet.lines.extend(findings);
    }
    (sheet.lines, current)
}

/// A field's name, whether it must be filled in, what it says of itself, and what is wrong with it.
fn heading(sheet: &mut Sheet<'_>, field: &Field, fault: Option<&(usize, String)>) {
    let theme = sheet.theme;
    let name = sheet.reveal(field.label()).as_str().replace('\n', " ");
    let mut line = vec![span(name, theme.strong)];
    if field.required {
        line.push(span(" (required)", theme.accent));
    }
    let limits = field.limits();
    let more = if field.is_multiple() { "several may be chosen" } else { "" };
    for text in [limits.as_str(), more].into_iter().filter(|text| !text.is_empty()) {
        line.push(span(format!(" {} {text}", theme.glyphs.separator), theme.dim));
    }
    sheet.lines.extend(wrap(&line, sheet.room, &Indent::default()));
    if let Some(text) = field.description.as_deref().filter(|text| !text.trim().is_empty()) {
        let text = sheet.reveal(text.trim());
        for line in spans::of_text(&text, theme.dim, theme) {
            sheet.lines.extend(wrap(&line, sheet.room, &Indent::default()));
        }
    }
    if let Some((_, why)) = fault {
        sheet.warn(why, theme.warning);
    }
}

fn ending(words: &str, has_cursor: bool, sheet: &Sheet<'_>) -> Vec<Line<'static>> {
    let theme = sheet.theme;
    let cursor = if has_cursor { theme.glyphs.folded } else { " " };
    let style = if has_cursor { theme.selection } else { theme.text };
    let indent = Indent::hanging(vec![span(format!("{cursor} "), theme.key)]);
    wrap(&[span(words.to_owned(), style)], sheet.room, &indent)
}
