//! The inbox: a row for each request that waits, over all sessions, and all that a line can say of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::core::anatomy::Anatomy;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::danger::Danger;
use crate::core::approval::danger::DangerClass;
use crate::core::ids::Timestamp;
use crate::tui::render::paths;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::render::width;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap_hard;
use crate::tui::theme::Theme;
use crate::tui::ui::dialog::ListDialog;
use crate::tui::ui::dialog::ListEntry;
use crate::tui::ui::dialog::ListItem;
use crate::tui::view::Scene;
use crate::tui::view::modal;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::exact;
use crate::tui::view::paint::exact_lines;
use crate::tui::view::paint::fit;
use crate::tui::view::paint::join;
use crate::tui::view::paint::put;
use crate::tui::view::paint::row;
use crate::tui::view::paint::select;
use crate::tui::view::paint::span;
use crate::tui::view::pulse::Pulse;
use crate::tui::view::strip;

/// Rows under the list for the selected request, with the line above them.
pub(super) const DETAIL_ROWS: u16 = 6;
/// From this width on danger and session have columns of their own.
const TABLE_WIDTH: u16 = 60;
/// From this width on the directory has one too.
const WIDE: u16 = 110;
const TOOL_COLUMN: usize = 14;

/// One request, as its row says it.
struct Row<'a> {
    approval: &'a Approval,
    session: String,
    tool: String,
    target: Spans,
    danger: String,
    class: DangerClass,
    age: String,
}

/// Columns of the table; none has room where it is 0.
struct Columns {
    tool: usize,
    danger: usize,
    age: usize,
    session: usize,
    directory: usize,
}

/// Draws the rows around the selected one, and below them what is known of it.
pub(super) fn draw(buf: &mut Buffer, area: Rect, list: &ListDialog, scene: &Scene<'_>, pulse: &mut Pulse) {
    let theme = scene.theme;
    let entries = scene.entries.unwrap_or_default();
    let selected = list.selected.min(entries.len().saturating_sub(1));
    let n_rows = u16::try_from(entries.len()).unwrap_or(u16::MAX);
    // The selected request comes first, then the other rows, then the heads of the columns.
    let is_table = area.width >= TABLE_WIDTH;
    let n_detail = DETAIL_ROWS.min(area.height.saturating_sub(3.min(n_rows))).min(area.height / 2 + 1);
    let n_detail = if n_detail < 3 { 0 } else { n_detail };
    let has_head = is_table && area.height > n_detail + n_rows.min(4);
    let head = Rect { height: u16::from(has_head), ..area };
    let rows_at = Rect { y: head.bottom(), height: area.height - n_detail - head.height, ..area };
    let made: Vec<Option<Row<'_>>> = entries.iter().map(|entry| made(entry, scene, pulse)).collect();
    let columns = columns(&made, area.width);
    if has_head {
        draw_head(buf, head, &columns, theme);
    }
    let height = usize::from(rows_at.height);
    let first = (selected + 1)
        .saturating_sub(height)
        .max(selected.saturating_sub(height / 2))
        .min(entries.len().saturating_sub(height));
    for (at, (idx, (entry, made))) in entries.iter().zip(&made).enumerate().skip(first).take(height).enumerate() {
        let line = Rect { y: rows_at.y + u16::try_from(at).unwrap_or(0), height: 1, ..rows_at };
        let is_marked = list.marked.contains(&entry.item);
        match made {
            Some(row) => draw_row(buf, line, row, is_marked, idx == selected, &columns, scene),
            None => super::list::draw_entry(buf, line, entry, idx == selected, is_marked, 0, theme),
        }
    }
    if let Some(Some(row)) = made.get(selected).filter(|_| n_detail > 0) {
        let at = Rect { y: rows_at.bottom(), height: n_detail, ..area };
        let rule = theme.glyphs.border.horizontal.repeat(usize::from(at.width));
        put(buf, at.x, at.y, at.width, &[span(rule, theme.border)]);
        let lines = detail(row, scene, usize::from(at.width), pulse);
        modal::window(buf, Rect { y: at.y + 1, height: at.height - 1, ..at }, &lines, 0);
    }
}

fn made<'a>(entry: &ListEntry, scene: &Scene<'a>, pulse: &mut Pulse) -> Option<Row<'a>> {
    let ListItem::Approval(id) = entry.item else { return None };
    let approval = &scene.fleet.approval(id)?.approval;
    let theme = scene.theme;
    let (tool, target) = strip::tool_and_target(approval, scene);
    let session = scene.fleet.get(approval.session).map(|session| exact(&session.title, theme)).unwrap_or_default();
    let class = approval.danger_class();
    Some(Row {
        approval,
        session,
        tool,
        target,
        danger: danger(approval, theme),
        class,
        age: age(approval, scene, pulse),
    })
}

/// How long it waits, to the second in the first minute.
fn age(approval: &Approval, scene: &Scene<'_>, pulse: &mut Pulse) -> String {
    let age_ms = scene.now.millis_since(approval.asked);
    let step: u64 = if age_ms < 60_000 { 1_000 } else { 60_000 };
    let next = i64::try_from((age_ms / step + 1) * step).unwrap_or(i64::MAX);
    pulse.change_at(Timestamp(approval.asked.0.saturating_add(next)));
    match age_ms / 60_000 {
        0 => format!("{}s", age_ms / 1_000),
        minutes @ 1..60 => format!("{minutes}m"),
        minutes => format!("{}h {:02}m", minutes / 60, minutes % 60),
    }
}

/// The worst that it does, in words.
fn danger(approval: &Approval, theme: &Theme) -> String {
    let marks = approval.dangers();
    let first = marks.first().map(Danger::describe);
    let more = marks.len().saturating_sub(1);
    let does = || {
        let groups = approval.anatomy.as_ref().map(Anatomy::groups).unwrap_or_default();
        groups.first().map(|group| format!("{} {}", group.effect.verb(), group.about()))
    };
    let words = match (approval.danger_class(), first) {
        (_, Some(words)) if more > 0 => format!("{words} +{more}"),
        (_, Some(words)) => words,
        (DangerClass::Harmless, None) => "harmless".to_owned(),
        (_, None) => match &approval.ask {
            Ask::Questions(_) => "a question".to_owned(),
            Ask::Plan(_) => "a plan".to_owned(),
            Ask::Elicitation(_) => "a form".to_owned(),
            Ask::Trust(_) => "brings what runs".to_owned(),
            Ask::Tool if matches!(approval.tool.as_str(), "Edit" | "MultiEdit" | "Write" | "NotebookEdit") => {
                "changes a file".to_owned()
            }
            Ask::Tool => does().unwrap_or_else(|| "not known".to_owned()),
        },
    };
    exact(&words, theme)
}

fn columns(rows: &[Option<Row<'_>>], wide: u16) -> Columns {
    let widest = |of: for<'r> fn(&'r Row<'_>) -> &'r str, most: usize| {
        rows.iter().flatten().map(|row| width::of(of(row))).max().unwrap_or(0).min(most)
    };
    let tool = widest(|row| &row.tool, TOOL_COLUMN);
    let age = widest(|row| &row.age, 7).max(3);
    if wide < TABLE_WIDTH {
        return Columns { tool: 0, danger: 0, age, session: 0, directory: 0 };
    }
    let wide = usize::from(wide);
    let directory = if wide >= usize::from(WIDE) { wide / 6 } else { 0 };
    Columns {
        tool,
        danger: widest(|row| &row.danger, wide / 4).max("danger".len()),
        age,
        session: widest(|row| &row.session, wide / 6).max("session".len()),
        directory,
    }
}

/// Columns before the tool: the cursor, what is marked, the class.
const MARKS: usize = 5;

fn draw_head(buf: &mut Buffer, at: Rect, columns: &Columns, theme: &Theme) {
    let left = vec![span(format!("{}{}", " ".repeat(MARKS), width::pad_end("wants", columns.tool)), theme.dim)];
    let mut right = format!("{}  {}  ", width::pad_end("danger", columns.danger), width::pad_start("age", columns.age));
    right.push_str(&width::pad_end("session", columns.session));
    if columns.directory > 0 {
        right.push_str(&format!("  {}", width::pad_end("directory", columns.directory)));
    }
    row(buf, at, left, &[span(right, theme.dim)], theme);
}

fn mark(class: DangerClass, theme: &Theme) -> (&'static str, Style) {
    match class {
        DangerClass::Dangerous => (theme.glyphs.warning, theme.warning),
        DangerClass::Notable => (theme.glyphs.bullets[0], theme.text),
        DangerClass::Harmless => (" ", theme.dim),
    }
}

fn danger_style(class: DangerClass, theme: &Theme) -> Style {
    match class {
        DangerClass::Dangerous => theme.warning,
        DangerClass::Notable => theme.text,
        DangerClass::Harmless => theme.dim,
    }
}

fn draw_row(
    buf: &mut Buffer,
    line: Rect,
    item: &Row<'_>,
    is_marked: bool,
    is_selected: bool,
    columns: &Columns,
    scene: &Scene<'_>,
) {
    let theme = scene.theme;
    let cursor = if is_selected { theme.glyphs.folded } else { " " };
    let chosen = if is_marked { theme.glyphs.success } else { " " };
    let (class, style) = mark(item.class, theme);
    let mut left = vec![
        span(cursor, theme.key),
        span(width::pad_end(chosen, 2), theme.success),
        span(width::pad_end(class, 2), style),
    ];
    if columns.session == 0 {
        left.push(span(format!("{}: ", item.session), theme.state_waiting));
        left.push(span(format!("{} ", item.tool), theme.text));
    } else {
        let tool = width::truncate_end(&item.tool, columns.tool, theme.glyphs.ellipsis).into_owned();
        left.push(span(format!("{} ", width::pad_end(&tool, columns.tool)), theme.text));
    }
    left.extend(item.target.iter().cloned().map(|part| part.patch_style(theme.strong)));
    let cut = |text: &str, wide: usize| width::pad_end(&width::truncate_end(text, wide, theme.glyphs.ellipsis), wide);
    let mut right = Vec::new();
    if columns.session > 0 {
        right.push(span(format!("{}  ", cut(&item.danger, columns.danger)), danger_style(item.class, theme)));
    }
    right.push(span(width::pad_start(&item.age, columns.age), theme.dim));
    if columns.session > 0 {
        right.push(span(format!("  {}", cut(&item.session, columns.session)), theme.state_waiting));
    }
    if columns.directory > 0 {
        let directory = reveal_with(&item.approval.place.directory, &theme.glyphs).text;
        let short = paths::short(&directory, Some(&scene.ui.home), columns.directory, theme.glyphs.ellipsis);
        right.push(span(format!("  {}", width::pad_end(&short.replace('\n', " "), columns.directory)), theme.dim));
    }
    // What it wants keeps what the other columns leave.
    let wanted = width::of_spans(&right);
    let room = usize::from(line.width).saturating_sub(wanted + 2);
    row(buf, line, fit(left, room, theme), &right, theme);
    if is_selected {
        select(buf, line, theme);
    }
}

/// All that is known of a request in a few lines.
fn detail(item: &Row<'_>, scene: &Scene<'_>, room: usize, pulse: &mut Pulse) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let approval = item.approval;
    let directory = reveal_with(&approval.place.directory, &theme.glyphs).text;
    let directory = paths::short(&directory, Some(&scene.ui.home), room / 2, theme.glyphs.ellipsis).replace('\n', " ");
    let mut facts: Vec<Spans> =
        vec![vec![span(item.session.clone(), theme.state_waiting)], vec![span(directory, theme.text)]];
    if let Some(branch) = &approval.place.branch {
        facts.push(vec![span(exact(branch, theme), theme.dim)]);
    }
    facts.push(vec![span(format!("waits for {}", item.age), theme.dim)]);
    if let Some(deadline) = approval.deadline {
        facts.push(vec![span(format!("{} left", pulse.until(deadline)), theme.warning)]);
    }
    let mut lines = vec![Line::from(fit(join(facts, theme), room, theme))];
    let dangers: Vec<Spans> = approval
        .dangers()
        .iter()
        .map(|danger| vec![span(exact(&danger.describe(), theme), danger_style(danger.class(), theme))])
        .collect();
    let (class, style) = mark(item.class, theme);
    let mut marks = vec![span(format!("{class} "), style)];
    if dangers.is_empty() {
        marks.push(span(item.danger.clone(), danger_style(item.class, theme)));
    } else {
        marks.extend(join(dangers, theme));
    }
    lines.push(Line::from(fit(marks, room, theme)));
    let command = approval.input.get("command").and_then(serde_json::Value::as_str);
    match command.filter(|_| approval.is_command()) {
        Some(command) => {
            let text = exact_lines(command, theme);
            for text in text.split('\n').filter(|text| !text.trim().is_empty()) {
                lines.extend(wrap_hard(&[span(text.to_owned(), theme.strong)], room, &Indent::default()));
            }
        }
        None => {
            let mut text = vec![span(format!("{} ", item.tool), theme.text)];
            text.extend(item.target.iter().cloned().map(|part| part.patch_style(theme.strong)));
            lines.extend(wrap_hard(&text, room, &Indent::default()));
        }
    }
    lines
}
