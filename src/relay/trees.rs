//! The worktree of a session on a card: what removing it would lose, and what a press decides.
//!
//! Pure. Invariants: what is removed is what was looked at when the card was made; where anything would be lost,
//! nobody removes it without typing the branch's name.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::approvals::Around;
use super::approvals::Mark;
use super::card::Block;
use super::card::Button;
use super::card::Card;
use super::card::Field;
use super::card::FieldKind;
use super::card::Form;
use super::card::Style;
use super::card::Tone;
use crate::core::ids::SessionId;
use crate::core::language;
use crate::core::language::Language;
use crate::core::worktree::Place;
use crate::core::worktree::Report;
use crate::core::worktree::Verdict;

/// What a press on a card about a worktree decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    Remove {
        /// The mark of the report that the card shows.
        seen: String,
        named: Option<String>,
    },
    Restore,
    Leave,
}

fn button(mark: Mark<'_>, act: &str, label: &str, style: Style) -> Button {
    let value = json!({ "v": 1, "act": act, "rid": mark.card, "n": mark.nonce });
    Button { label: label.to_owned(), style, value, confirm: None }
}

/// What was found, and the question whether it is removed.
pub fn looked(session: SessionId, place: &Place, report: &Report, mark: Mark<'_>, around: Around<'_>) -> Card {
    let language = around.language;
    let safe = |text: &str| around.redactor.text(text).into_owned();
    let summary = match language {
        Language::English => format!("The worktree of session {session}"),
        Language::Chinese => format!("会话 {session} 的 worktree"),
    };
    let title = format!("{} · {}", language.pick("Worktree", "worktree"), around.session);
    let mut card = Card::new(Tone::Pending, title, summary).tagged(language.pick("remove it?", "是否删除"));
    let mut fact = |name: &str, value: &str| {
        card.blocks.push(Block::Fact { name: name.to_owned(), value: safe(value) });
    };
    fact(language.pick("branch", "分支"), &place.branch);
    fact(language.pick("where", "位置"), &place.path);
    let losses = language::losses(report, language);
    if losses.is_empty() {
        let text = language.pick("Nothing in it would be lost.", "删除不会丢失任何内容。");
        card.blocks.push(Block::Text(text.to_owned()));
    } else {
        let text = language.pick("In it there is what is nowhere else:", "其中有别处没有的内容：");
        card.blocks.push(Block::Warning(text.to_owned()));
        card.blocks.push(Block::Code { language: String::new(), text: safe(&losses.join("\n")) });
    }
    for remark in language::remarks(report, place, language) {
        card.blocks.push(Block::Small(safe(&remark)));
    }
    let leave = button(mark, "tree_leave", language.pick("Leave it", "保留"), Style::Plain);
    let carry = |mut button: Button| {
        button.value["seen"] = json!(report.mark);
        button
    };
    match language::verdict(report, language) {
        Verdict::Free => {
            let label = language.pick("Remove it and close the session", "删除并关闭会话");
            let remove = carry(button(mark, "tree_remove", label, Style::Danger));
            card.blocks.push(Block::Buttons(vec![remove, leave]));
        }
        Verdict::Named => {
            let label = match language {
                Language::English => format!("To remove it all the same, type {}", place.branch),
                Language::Chinese => format!("仍要删除，请输入 {}", place.branch),
            };
            let field =
                Field { name: "branch".into(), label, kind: FieldKind::Text { max_chars: 300, required: true } };
            let label = language.pick("Remove it with all that", "连同上述内容删除");
            let submit = carry(button(mark, "tree_remove_named", label, Style::Danger));
            card.blocks.push(Block::Form(Form::new("f_tree", vec![field], submit)));
            card.blocks.push(Block::Buttons(vec![leave]));
        }
        Verdict::Kept(why) => card.blocks.push(Block::Warning(kept(&safe(&why), language))),
    }
    card
}

/// It is not removed, and why.
pub fn kept(why: &str, language: Language) -> String {
    match language {
        Language::English => format!("The worktree stays: {why}."),
        Language::Chinese => format!("worktree 保留：{}。", language::told(why, language)),
    }
}

/// It is removed, and can be put back for a moment.
pub fn aside(place: &Place, seconds: Option<u64>, lost: &[String], mark: Mark<'_>, around: Around<'_>) -> Card {
    let language = around.language;
    let summary = language.pick("A worktree is removed", "worktree 已删除");
    let title = format!("{} · {}", language.pick("Worktree", "worktree"), around.session);
    let mut card = Card::new(Tone::Warning, title, summary).tagged(language.pick("removed", "已删除"));
    card.blocks.push(Block::Fact { name: language.pick("branch", "分支").into(), value: place.branch.clone() });
    if !lost.is_empty() {
        let lost: Vec<String> = lost.iter().map(|line| language::told(line, language)).collect();
        let text = around.redactor.text(&lost.join("\n")).into_owned();
        card.blocks.push(Block::Code { language: String::new(), text });
    }
    let text = match (seconds, language) {
        (Some(seconds), Language::English) => {
            format!("For {} it can be put back.", crate::core::figures::count(seconds, "second", "seconds"))
        }
        (Some(seconds), Language::Chinese) => format!("{seconds} 秒内可撤销。"),
        (None, _) => language.pick("It is kept until somebody decides.", "在有人决定之前会一直保留。").to_owned(),
    };
    card.blocks.push(Block::Text(text));
    let undo = button(mark, "tree_restore", language.pick("Put it back", "撤销删除"), Style::Primary);
    card.with(Block::Buttons(vec![undo]))
}

/// The card with nothing to press, and how it ended.
pub fn over(card: &Card, tone: Tone, tag: &str, text: &str) -> Card {
    over_with(card, tone, tag, Block::Text(text.to_owned()))
}

/// The same with a last word that is more than text.
pub fn over_with(card: &Card, tone: Tone, tag: &str, last: Block) -> Card {
    let mut over = card.clone();
    over.blocks.retain(|block| !matches!(block, Block::Buttons(_) | Block::Form(_)));
    over.tone = tone;
    over.blocks.push(Block::Divider);
    over.blocks.push(last);
    over.tagged(tag)
}

/// The report that a card shows, if it asks about one.
pub fn shown_mark(card: &Card) -> Option<&str> {
    card.carried().find_map(|value| value.get("seen")?.as_str())
}

/// Whether the card offers the way back.
pub fn offers_undo(card: &Card) -> bool {
    card.offers("tree_restore").is_some()
}

/// What a press decides; the sentence says why it decides nothing. What counts is what stood on the card as it was
/// made, not what the press carries.
pub fn decide(
    card: &Card,
    branch: &str,
    value: &Value,
    form: &Map<String, Value>,
    language: Language,
) -> Result<Choice, String> {
    let act = value.get("act").and_then(Value::as_str).unwrap_or_default();
    let offered = card.offers(act);
    let seen = offered.and_then(|value| value.get("seen")?.as_str()).map(str::to_owned);
    match (offered.is_some(), act, seen) {
        (true, "tree_leave", _) => Ok(Choice::Leave),
        (true, "tree_restore", _) => Ok(Choice::Restore),
        (true, "tree_remove", Some(seen)) => Ok(Choice::Remove { seen, named: None }),
        (true, "tree_remove_named", Some(seen)) => {
            let typed = form.get("branch").and_then(Value::as_str).map(str::trim).unwrap_or_default();
            if typed == branch {
                return Ok(Choice::Remove { seen, named: Some(branch.to_owned()) });
            }
            Err(match language {
                Language::English => format!("That is not {branch}. Nothing was removed."),
                Language::Chinese => format!("输入与 {branch} 不符，未删除任何内容。"),
            })
        }
        _ => Err(language.pick("That was not offered.", "该操作不可用。").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::worktree::Listed;
    use crate::redact::Redactor;

    const MARK: Mark<'_> = Mark { card: 7, nonce: "n" };

    fn place() -> Place {
        Place {
            path: "/data/t".into(),
            git_dir: String::new(),
            common_dir: String::new(),
            origin: "/p".into(),
            branch: "fix-1".into(),
            base: String::new(),
            base_branch: None,
        }
    }

    fn card(report: &Report) -> Card {
        let redactor = Redactor::new(["s3cr3t-word".to_owned()]);
        let around = Around { session: "web", language: Language::English, redactor: &redactor };
        looked(SessionId(1), &place(), report, MARK, around)
    }

    fn press(card: &Card, act: &str, typed: &str) -> Result<Choice, String> {
        let form = json!({ "branch": typed });
        let value = json!({ "act": act, "seen": "forged" });
        decide(card, "fix-1", &value, form.as_object().unwrap(), Language::English)
    }

    #[test]
    fn what_would_be_lost_is_removed_only_by_its_name() {
        let clean = Report { mark: "m1".into(), is_merged: true, ..Report::default() };
        let seen = || "m1".to_owned();
        assert_eq!(press(&card(&clean), "tree_remove", ""), Ok(Choice::Remove { seen: seen(), named: None }));
        assert!(press(&card(&clean), "tree_remove_named", "fix-1").is_err(), "not offered");
        let mut untracked = Listed::default();
        untracked.push("s3cr3t-word.txt");
        let lossy = card(&Report { untracked, ..clean.clone() });
        assert!(lossy.plain().contains("1 untracked file") && !lossy.plain().contains("s3cr3t"), "{}", lossy.plain());
        assert!(press(&lossy, "tree_remove", "").is_err(), "one press is not enough");
        for wrong in ["", "fix", "FIX-1", "fix-1 x"] {
            assert!(press(&lossy, "tree_remove_named", wrong).is_err(), "{wrong}");
        }
        let named = Choice::Remove { seen: seen(), named: Some("fix-1".into()) };
        assert_eq!(press(&lossy, "tree_remove_named", " fix-1\n"), Ok(named));
        assert_eq!(press(&lossy, "tree_leave", ""), Ok(Choice::Leave));
        let locked = card(&Report { locked: Some("usb".into()), ..clean });
        assert!(!locked.is_live() && locked.plain().contains("git worktree unlock"), "{}", locked.plain());
        assert!(press(&locked, "tree_remove", "").is_err());
        assert!(press(&lossy, "tree_restore", "").is_err());
    }
}
