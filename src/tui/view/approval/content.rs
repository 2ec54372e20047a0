//! What an approval shows: what will run, whole; then what is known about it, and from whom.

use ratatui::style::Style;
use ratatui::text::Line;
use serde_json::Value;

use super::sheet::Sheet;
use crate::core::anatomy::Anatomy;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::about::Fact;
use crate::core::approval::about::Note;
use crate::core::change;
use crate::core::figures::count;
use crate::core::grant::GrantRule;
use crate::tui::render::highlight::Language;
use crate::tui::render::markdown::markdown;
use crate::tui::ui::approval::QUICK_GRANT_MINUTES;
use crate::tui::view::layouts::ApprovalLines;
use crate::tui::view::paint::quoted;
use crate::tui::view::paint::spelled;

/// What the page says beside the request itself.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// So many requests are the same.
    pub(super) n_same: usize,
    pub(super) home: &'a str,
    /// The key that allows for a while.
    pub(super) grant_key: Option<String>,
}

/// Narrower pages do not say how to ask less.
const MIN_GRANT_ROOM: usize = 56;
/// Effects that get a row each under a command.
const MAX_EFFECTS: usize = 3;

/// The page of a request for a tool, or of a plan.
pub(super) fn lines(approval: &Approval, known: Known<'_>, sheet: Sheet<'_>) -> ApprovalLines {
    let Known { n_same, home, .. } = known;
    let mut sheet = sheet;
    match &approval.ask {
        Ask::Plan(plan) => {
            // Marks of markup are no text, so the plan is rendered; kinds of line ends and of blanks before a
            // line mean nothing in it.
            let plan = plan.replace("\r\n", "\n").replace('\t', "    ");
            let text = sheet.reveal(&plan);
            sheet.lines = markdown(&text, sheet.room, sheet.theme);
            if plan.trim().is_empty() {
                sheet.warn("The CLI sent no plan, and none is known from before.", sheet.theme.warning);
            }
            if let Some(more) = approval.beside_the_plan() {
                sheet.warn("With the plan comes:", sheet.theme.warning);
                fields(&mut sheet, &more, &[]);
            }
        }
        Ask::Trust(brought) => super::folder::show(&mut sheet, brought),
        Ask::Tool | Ask::Questions(_) | Ask::Elicitation(_) => subject(&mut sheet, approval, home),
    }
    anatomy(&mut sheet, approval);
    let place = sheet.lines.len();
    about(&mut sheet, approval, n_same, known.grant_key);
    let mut findings = sheet.findings();
    if !findings.is_empty() {
        findings.insert(0, Line::default());
        sheet.lines.splice(place..place, findings);
    }
    let read = approval.anatomy.as_ref();
    let dangers = read.map(Anatomy::danger_lines).unwrap_or_default();
    let danger_rows = dangers.iter().filter_map(|line| sheet.command_rows.get(line - 1).copied()).collect();
    ApprovalLines { lines: sheet.lines, danger_rows }
}

/// What the command does, worked out from its words: the worst effects a row each, the rest in one.
fn anatomy(sheet: &mut Sheet<'_>, approval: &Approval) {
    let Some(read) = &approval.anatomy else { return };
    let theme = sheet.theme;
    let groups = read.groups();
    sheet.blank();
    for group in groups.iter().take(MAX_EFFECTS) {
        let style = if group.effect.is_danger() { theme.strong } else { theme.text };
        sheet.row(group.effect.verb(), &group.about(), style);
    }
    let rest: Vec<&str> = groups.iter().skip(MAX_EFFECTS).map(|group| group.effect.verb()).collect();
    if !rest.is_empty() {
        sheet.row("and", &rest.join(", "), theme.dim);
    }
}

/// The request as it came, for whoever wants to see all of it.
pub(super) fn whole(approval: &Approval, sheet: Sheet<'_>) -> ApprovalLines {
    let mut sheet = sheet;
    let mut all = serde_json::Map::new();
    all.insert("tool_name".into(), Value::String(approval.tool.clone()));
    all.insert("input".into(), approval.input.clone());
    let texts = [
        ("title", &approval.title),
        ("description", &approval.description),
        ("decision_reason", &approval.reason),
        ("blocked_path", &approval.blocked_path),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            all.insert(key.into(), Value::String(text.clone()));
        }
    }
    let text = serde_json::to_string_pretty(&Value::Object(all)).unwrap_or_default();
    sheet.code(&text, Language::from_token("json"));
    let findings = sheet.findings();
    if !findings.is_empty() {
        sheet.blank();
        sheet.lines.extend(findings);
    }
    ApprovalLines { lines: sheet.lines, danger_rows: Vec::new() }
}

fn subject(sheet: &mut Sheet<'_>, approval: &Approval, home: &str) {
    let input = &approval.input;
    let theme = sheet.theme;
    let command = input.get("command").and_then(Value::as_str);
    if let Some(command) = command.filter(|_| approval.is_command()) {
        let language = if approval.tool == "PowerShell" { "powershell" } else { "bash" };
        let steps = approval.anatomy.iter().flat_map(|read| &read.steps);
        let dangers: Vec<(usize, &str)> = steps
            .filter(|step| step.effect.is_danger())
            .filter_map(|step| Some((step.line?, step.program.as_str())))
            .collect();
        sheet.command(command, Language::from_token(language), &dangers);
        fields(sheet, input, &["command", "description"]);
        return;
    }
    if let Some(change) = change::of(approval) {
        super::change::show(sheet, &change, approval, home);
        fields(sheet, input, &super::change::SHOWN_FIELDS);
        return;
    }
    if change::is_change(&approval.tool) {
        sheet.warn("This request has an unusual form; it is shown just as it came.", theme.warning);
    }
    fields(sheet, input, &[]);
    if sheet.lines.is_empty() {
        sheet.say("without any input", theme.dim);
    }
}

/// The fields of an input, each whole; those that were shown already are left out.
fn fields(sheet: &mut Sheet<'_>, input: &Value, shown: &[&str]) {
    let theme = sheet.theme;
    let Some(all) = input.as_object() else {
        if !input.is_null() {
            sheet.code(&input.to_string(), Language::from_token("json"));
        }
        return;
    };
    let rest: Vec<_> = all.iter().filter(|(key, _)| !shown.contains(&key.as_str())).collect();
    if rest.is_empty() {
        return;
    }
    sheet.blank();
    for (key, value) in rest {
        let label = sheet.reveal(key).as_str().replace('\n', " ");
        match value {
            Value::String(text) if !text.contains('\n') => sheet.row(&label, text, theme.text),
            Value::String(text) => {
                sheet.say(&label, theme.dim);
                sheet.code(text, None);
            }
            Value::Array(_) | Value::Object(_) => {
                sheet.say(&label, theme.dim);
                sheet.code(&serde_json::to_string_pretty(value).unwrap_or_default(), Language::from_token("json"));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => sheet.row(&label, &value.to_string(), theme.text),
        }
    }
}

/// What is known about the request, and who says so. The marks stand beside the answers.
fn about(sheet: &mut Sheet<'_>, approval: &Approval, n_same: usize, key: Option<String>) {
    let theme = sheet.theme;
    sheet.blank();
    let mut row = |label: &str, text: &str, style: Style| sheet.row(label, text, style);
    for fact in approval.facts() {
        match fact {
            // The model's words may lie: they are quoted and said to be its own.
            Fact::Why(words) => {
                row("Claude says", &quoted(words.trim(), theme), theme.emphasis);
            }
            Fact::AskedByRule(rule) => row("asked because", &format!("your rule {rule}"), theme.text),
            Fact::AskedBySafetyCheck => row("asked because", "a safety check of Claude Code", theme.text),
            Fact::AskedByHook(text) => row("asked because", text, theme.warning),
            Fact::Hook(text) => row("hooks", &text, theme.warning),
            Fact::Reason(text) => row("asked because", text, theme.text),
            Fact::NotAllowed(why) => row("your rules", why, theme.text),
            Fact::Agent { what, kind } => {
                let kind = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
                row("sub-agent", &format!("{what}{kind}"), theme.text);
            }
            Fact::Path(path) => row("path", path, theme.text),
            Fact::DirectoryLeadsTo(to) => row("directory", &format!("{} {to}", theme.glyphs.arrow), theme.text),
            Fact::RunsIn(place) => row("runs in", place, theme.warning),
            Fact::PerhapsNotIn(place) => {
                row("directory", &format!("perhaps not in this directory: {place}"), theme.warning);
            }
        }
    }
    if n_same > 1 {
        let others = count(n_same as u64 - 1, "identical one", "identical ones");
        row("also", &format!("and {others}: one answer serves all"), theme.accent);
    }
    // On a small screen it would push what must be read out of sight; the key works all the same.
    let has_room = sheet.room >= MIN_GRANT_ROOM;
    if let Some((rule, key)) = approval.smallest_grant().zip(key).filter(|_| has_room) {
        let what = match rule {
            GrantRule::Same { .. } => "exactly this again".to_owned(),
            rule => rule.describe(),
        };
        let text = format!("[{key}] allows it and, for {QUICK_GRANT_MINUTES} minutes, {what}");
        sheet.row("to ask less", &text, theme.text);
    }
    let mut row = |label: &str, text: &str, style: Style| sheet.row(label, text, style);
    for note in approval.notes() {
        let (text, style) = match note {
            Note::Posing => {
                ("the tool comes from an MCP server, but has a name of the CLI's own".into(), theme.warning)
            }
            Note::NotUnderstood(what) => {
                (format!("the request says more than this adjutant understands: {what}"), theme.warning)
            }
            Note::TypeYes => (spelled("high risk: to allow it you type “yes”", theme).into_owned(), theme.accent),
            Note::OnceOnly => ("can only be allowed once".into(), theme.dim),
            Note::AtSession => ("only somebody at this terminal may allow it".into(), theme.dim),
        };
        row("note", &text, style);
    }
    while sheet.lines.last().is_some_and(|line| line.spans.is_empty()) {
        sheet.lines.pop();
    }
}
