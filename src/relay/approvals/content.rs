//! What is asked and what is known about it, as blocks of a card.

use std::borrow::Cow;

use serde_json::Value;

use super::MAX_SHOWN;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::about::Fact;
use crate::core::approval::about::Note;
use crate::core::change;
use crate::core::change::CellChange;
use crate::core::change::CellFate;
use crate::core::change::Change;
use crate::core::change::Doubt;
use crate::core::change::Fate;
use crate::core::change::FileChange;
use crate::core::change::Remark;
use crate::core::figures;
use crate::core::language;
use crate::core::language::Language;
use crate::redact;
use crate::redact::Redactor;
use crate::relay::card::Block;
use crate::relay::steps;

/// What would run or be written.
#[derive(Debug)]
pub(super) struct Content {
    pub language: &'static str,
    pub text: String,
    /// What the text does not say: names and values.
    pub facts: Vec<(&'static str, String)>,
    pub warnings: Vec<String>,
}

pub(super) fn content(approval: &Approval, language: Language) -> Content {
    match change::of(approval) {
        Some(Change::File(file)) => return file_content(&file, &approval.place.directory, language),
        Some(Change::Cell(cell)) => return cell_content(&cell, &approval.place.directory, language),
        None => {}
    }
    let mut warnings = Vec::new();
    if change::is_change(&approval.tool) {
        let text = language
            .pick("This request has an unusual form; it is shown just as it came.", "请求格式异常，以下为原始内容。");
        warnings.push(text.to_owned());
    }
    let plain = Content { language: "json", text: String::new(), facts: Vec::new(), warnings };
    let command = approval.input.get("command").and_then(Value::as_str).filter(|_| approval.is_command());
    let Some((command, fields)) = command.zip(approval.input.as_object()) else {
        return Content { text: serde_json::to_string_pretty(&approval.input).unwrap_or_default(), ..plain };
    };
    // A field beyond those that are known must not go unseen.
    let mut facts = Vec::new();
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("command" | "description", Value::String(_)) => {}
            ("timeout", Value::Number(ms)) => facts.push((language.pick("timeout", "超时"), format!("{ms} ms"))),
            ("run_in_background" | "dangerouslyDisableSandbox", Value::Bool(false)) => {}
            ("run_in_background", Value::Bool(true)) => {
                facts.push((language.pick("runs", "运行方式"), language.pick("in the background", "后台").to_owned()));
            }
            ("dangerouslyDisableSandbox", Value::Bool(true)) => {
                let text = language.pick("outside the sandbox", "沙箱之外");
                facts.push((language.pick("runs", "运行方式"), text.to_owned()));
            }
            _ => return Content { text: serde_json::to_string_pretty(&approval.input).unwrap_or_default(), ..plain },
        }
    }
    let language = if approval.tool == "PowerShell" { "powershell" } else { "bash" };
    Content { language, text: command.to_owned(), facts, ..plain }
}

fn file_content(file: &FileChange<'_>, directory: &str, language: Language) -> Content {
    let is_same = file.pieces.iter().all(|piece| piece.before.as_deref() == Some(piece.after.as_ref()));
    let fate = match file.fate {
        _ if is_same && file.remarks.is_empty() => language.pick("stays as it is: nothing changes", "内容相同，无变化"),
        Fate::Made => language.pick("new file", "新文件"),
        Fate::Replaced => language.pick("is replaced", "整体替换"),
        Fate::Written => language.pick("is written whole", "整体写入"),
        Fate::Edited | Fate::EditedUnseen => language.pick("is edited", "修改"),
        Fate::Misfit => language.pick("does not fit the file", "与文件不符"),
        Fate::Missing => language.pick("does not exist", "文件不存在"),
        Fate::Refused => language.pick("will be refused", "将被拒绝"),
    };
    let mut text = String::new();
    for (at, piece) in file.pieces.iter().enumerate() {
        if file.pieces.len() > 1 {
            text.push_str(&format!("# {} / {}\n", at + 1, file.pieces.len()));
        }
        if piece.everywhere {
            text.push_str(language.pick("# everywhere in the file\n", "# 文件中所有位置\n"));
        }
        let before = piece.before.as_deref().unwrap_or_default();
        let diff = similar::TextDiff::from_lines(before, &piece.after);
        text.push_str(&diff.unified_diff().context_radius(3).to_string());
    }
    text.truncate(text.trim_end_matches('\n').len());
    let facts = file_facts(inside(file.path, directory), file.leads_to, &format!(" · {fate}"), language);
    let warnings = warnings(&file.doubts, &file.remarks, language);
    Content { language: "diff", text, facts, warnings }
}

/// A path as it is below the directory that the session works in; any other stands whole.
fn inside<'p>(path: &'p str, directory: &str) -> &'p str {
    let rest = path.strip_prefix(directory.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'));
    let is_below = |rest: &&str| !rest.is_empty() && !rest.split('/').any(|part| matches!(part, "" | "." | ".."));
    rest.filter(is_below).filter(|_| directory.len() > 1).unwrap_or(path)
}

/// The file, and where it leads when its path goes through a link.
fn file_facts(path: &str, leads_to: Option<&str>, fate: &str, language: Language) -> Vec<(&'static str, String)> {
    let mut facts = vec![(language.pick("file", "文件"), format!("{path}{fate}"))];
    facts.extend(leads_to.map(|to| (language.pick("leads to", "实际路径"), format!("→ {to}"))));
    facts
}

fn warnings(doubts: &[Doubt], remarks: &[Remark], language: Language) -> Vec<String> {
    let doubts = doubts.iter().map(|doubt| language::doubt(doubt, language).into_owned());
    doubts.chain(remarks.iter().map(|remark| language::remark(remark, language).into_owned())).collect()
}

fn cell_content(cell: &CellChange<'_>, directory: &str, language: Language) -> Content {
    let fate = match cell.how {
        CellFate::Replaced => language.pick("is replaced", "替换"),
        CellFate::Inserted if cell.cell.is_some() => {
            language.pick("a new one is inserted after it", "在其后插入新单元格")
        }
        CellFate::Inserted => language.pick("a new one is inserted at the top", "在开头插入新单元格"),
        CellFate::Deleted => language.pick("is deleted", "删除"),
    };
    let mut facts = file_facts(inside(cell.path, directory), cell.leads_to, "", language);
    let name = cell.cell.map(|name| format!("{name} · ")).unwrap_or_default();
    facts.push((language.pick("cell", "单元格"), format!("{name}{fate}")));
    let warnings = warnings(&cell.doubts, &cell.remarks, language);
    let old = cell.old.as_ref().filter(|_| cell.how != CellFate::Inserted);
    if let Some(old) = old {
        let ended = |text: &str| if text.is_empty() { String::new() } else { format!("{text}\n") };
        let (old, new) = (ended(&old.source), ended(cell.source));
        let diff = similar::TextDiff::from_lines(&old, &new);
        let text = diff.unified_diff().context_radius(3).to_string();
        return Content { language: "diff", text: text.trim_end_matches('\n').to_owned(), facts, warnings };
    }
    let language = if cell.is_markdown { "markdown" } else { "python" };
    Content { language, text: cell.source.to_owned(), facts, warnings }
}

/// Why a request can only be denied from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnlyDeny {
    /// The CLI wants it so.
    AtSession,
    /// More than a key is taken out of what is shown.
    Obscured,
    /// There is nothing to show.
    NoPlan,
}

impl OnlyDeny {
    pub fn describe(self, language: Language) -> &'static str {
        match self {
            Self::AtSession => language.pick(
                "Only somebody at the session itself may allow this. From here it can be denied.",
                "只能在会话所在终端允许，此处仅可拒绝。",
            ),
            Self::Obscured => language.pick(
                "What is hidden here is more than a key: only the terminal, which shows it, can allow this.",
                "此处脱敏的不只是密钥：只能在终端查看全部内容后允许。",
            ),
            Self::NoPlan => language.pick(
                "The plan itself is not known here: look at the terminal before you accept it.",
                "此处没有计划内容：请在终端查看后再接受。",
            ),
        }
    }
}

/// Whether the request can only be denied from here.
pub fn only_deny(approval: &Approval, redactor: &Redactor) -> Option<OnlyDeny> {
    let is_obscured = |text: &str| {
        let shown = redactor.text(text);
        shown != text && !redact::hides_keys_alone(text, &shown)
    };
    match &approval.ask {
        _ if approval.is_for_the_session() => Some(OnlyDeny::AtSession),
        Ask::Questions(_) | Ask::Elicitation(_) => None,
        Ask::Trust(brought) => {
            let text = super::folders::listing(brought, Language::English);
            is_obscured(&text).then_some(OnlyDeny::Obscured)
        }
        Ask::Plan(plan) if plan.trim().is_empty() => Some(OnlyDeny::NoPlan),
        Ask::Plan(plan) => {
            let more = beside_the_plan(approval).unwrap_or_default();
            (is_obscured(plan) || is_obscured(&more)).then_some(OnlyDeny::Obscured)
        }
        Ask::Tool => {
            let content = content(approval, Language::English);
            let mut texts = content.facts.iter().map(|(_, value)| value).chain([&content.text]);
            texts.any(|text| is_obscured(text)).then_some(OnlyDeny::Obscured)
        }
    }
}

/// What comes with a plan and is not its text, as it came.
pub(super) fn beside_the_plan(approval: &Approval) -> Option<String> {
    let more = approval.beside_the_plan()?;
    serde_json::to_string_pretty(&more).ok()
}

/// What is known about the request, with names for it: what is in view, and what is folded away.
pub(super) fn about(approval: &Approval, language: Language) -> (Vec<Block>, Vec<Block>) {
    let fact = |name: &str, value: String| Block::Fact { name: name.to_owned(), value };
    let mut blocks = vec![fact(language.pick("where", "位置"), place(approval, language))];
    let mut folded = vec![fact(language.pick("directory", "目录"), approval.place.directory.clone())];
    let is_folded = |known: &Fact<'_>| matches!(known, Fact::AskedByRule(_) | Fact::NotAllowed(_) | Fact::Agent { .. });
    let (later, first): (Vec<Fact<'_>>, Vec<Fact<'_>>) = approval.facts().into_iter().partition(is_folded);
    let named = |known: Fact<'_>| match known {
        Fact::Why(text) => fact(language.pick("the model says", "Claude 的说明"), text.trim().to_owned()),
        Fact::AskedByRule(rule) => fact(language.pick("asked by rule", "按规则询问"), rule.to_owned()),
        Fact::AskedBySafetyCheck => {
            let text = language.pick("the CLI's own safety check", "Claude Code 自身的安全检查");
            fact(language.pick("asked by", "触发者"), text.to_owned())
        }
        Fact::AskedByHook(text) => fact(language.pick("asked because", "询问原因"), language::told(text, language)),
        Fact::Hook(text) => fact(language.pick("hooks", "hook"), text),
        Fact::Reason(text) => fact(language.pick("asked because", "询问原因"), language::told(text, language)),
        Fact::NotAllowed(why) => fact(language.pick("your rules", "你的规则"), language::told(why, language)),
        Fact::Agent { what, kind } => {
            let kind = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
            fact(language.pick("sub-agent", "子 agent"), format!("{what}{kind}"))
        }
        Fact::Path(path) => fact(language.pick("path", "路径"), path.to_owned()),
        Fact::DirectoryLeadsTo(to) => fact(language.pick("directory leads to", "目录实际路径"), format!("→ {to}")),
        Fact::RunsIn(place) => fact(language.pick("runs in", "运行目录"), place.to_owned()),
        Fact::PerhapsNotIn(_) => {
            let text = language.pick("perhaps not in this directory", "可能不在此目录");
            fact(language.pick("directory", "目录"), text.to_owned())
        }
    };
    blocks.extend(first.into_iter().map(named));
    folded.extend(later.into_iter().map(named));
    let warnings = approval.notes().into_iter().filter_map(|note| match note {
        Note::Posing => {
            let text = language.pick(
                "The tool comes from an MCP server, but has a name of the CLI's own.",
                "此工具来自 MCP 服务器，却使用了 CLI 自带工具的名称。",
            );
            Some(text.to_owned())
        }
        Note::NotUnderstood(names) => Some(match language {
            Language::English => format!("The request says more than adjutant understands: {names}"),
            Language::Chinese => format!("请求包含 adjutant 无法理解的内容：{names}"),
        }),
        // The keys of the card say so.
        Note::TypeYes | Note::OnceOnly | Note::AtSession => None,
    });
    blocks.extend(warnings.map(Block::Warning));
    (blocks, folded)
}

/// The project and its branch. Where several have one name, the whole path is a tap away.
fn place(approval: &Approval, language: Language) -> String {
    let directory = approval.place.directory.as_str();
    let project = directory.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty());
    let project = project.unwrap_or(directory);
    match (&approval.place.branch, language) {
        (Some(branch), Language::English) => format!("{project} ({branch})"),
        (Some(branch), Language::Chinese) => format!("{project}（{branch}）"),
        (None, _) => project.to_owned(),
    }
}

/// All dangers in one line.
pub(super) fn dangers(approval: &Approval, language: Language) -> Option<String> {
    let dangers: Vec<String> = approval.dangers().iter().map(|danger| language::danger(danger, language)).collect();
    (!dangers.is_empty()).then(|| dangers.join(" · "))
}

/// Rows of a narrow phone that a request takes before the rest is folded, and characters of a row.
const MAX_ROWS: usize = 20;
const ROW: usize = 40;

/// What would run or be written: the beginning in view, the rest folded away right below it.
pub(super) fn in_view(of: &str, text: &str, language: Language) -> Vec<Block> {
    let code = |text: &str| Block::Code { language: of.to_owned(), text: text.to_owned() };
    let (mut n_rows, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        n_rows += line.trim_end_matches('\n').chars().count().div_ceil(ROW).max(1);
        if n_rows > MAX_ROWS && end > 0 {
            break;
        }
        end += line.len();
    }
    let (head, rest) = text.split_at(end);
    if rest.trim().is_empty() {
        return vec![code(text)];
    }
    let n = rest.lines().count();
    let title = match language {
        Language::English => figures::count(n as u64, "more line, tap to see it", "more lines, tap to see them"),
        Language::Chinese => format!("还有 {n} 行，点开查看"),
    };
    vec![code(head.trim_end_matches('\n')), Block::Folded { title, blocks: vec![code(rest)] }]
}

/// A way to shorten a text that is too long for a card.
pub(super) type Cut = for<'t> fn(&'t str, Language) -> Cow<'t, str>;

/// A plan that is too long for a card, without steps from its middle.
pub(super) fn cut_between_steps(text: &str, language: Language) -> Cow<'_, str> {
    if text.len() <= MAX_SHOWN {
        return text.into();
    }
    steps::cut(text, MAX_SHOWN, language).map_or_else(|| cut_middle(text, language), Cow::Owned)
}

/// Both ends of a text that is too long for a card, with what is missing said between them.
pub(super) fn cut_middle(text: &str, language: Language) -> Cow<'_, str> {
    if text.len() <= MAX_SHOWN {
        return text.into();
    }
    let (head, tail) =
        (text.floor_char_boundary(MAX_SHOWN * 2 / 3), text.floor_char_boundary(text.len() - MAX_SHOWN / 3));
    format!("{}\n{}\n{}", &text[..head], steps::gap(tail - head, language), &text[tail..]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_has_no_steps_is_cut_all_the_same() {
        let plan = "x".repeat(MAX_SHOWN * 2);
        assert!(cut_between_steps(&plan, Language::English).len() < MAX_SHOWN + 64);
        assert_eq!(cut_between_steps("short", Language::English), "short");
    }
}
