//! What a worktree holds, in both languages.

use super::Language;
use super::told;
use crate::core::worktree::Listed;
use crate::core::worktree::Place;
use crate::core::worktree::Report;
use crate::core::worktree::Verdict;

fn tell(listed: &Listed, what: &str) -> Option<String> {
    if listed.is_empty() {
        return None;
    }
    let rest = if listed.n > listed.first.len() as u64 { " 等" } else { "" };
    Some(format!("{} {what}：{}{rest}", listed.n, listed.first.join("、")))
}

/// What git is in the middle of.
fn under_way(what: &str) -> String {
    let known = [
        ("a rebase", "rebase"),
        ("a merge", "merge"),
        ("a cherry-pick", "cherry-pick"),
        ("a revert", "revert"),
        ("a bisection", "bisect"),
    ];
    known.iter().find(|(english, _)| *english == what).map_or(what, |(_, name)| name).to_owned()
}

/// What would be lost, or is not finished, a line each.
pub fn losses(report: &Report, language: Language) -> Vec<String> {
    if language == Language::English {
        return report.losses();
    }
    let lines = [
        tell(&report.changed, "个已修改的文件"),
        tell(&report.untracked, "个未跟踪的文件"),
        tell(&report.commits, "个未推送也未合并的 commit"),
        tell(&report.submodules, "个有自己改动的 submodule"),
        report.under_way.as_ref().map(|what| format!("{} 正在进行", under_way(what))),
        tell(&report.stashes, "个在此产生的 stash（会留在仓库的列表中）"),
    ];
    lines.into_iter().flatten().collect()
}

/// What else goes, and does not count.
pub fn remarks(report: &Report, place: &Place, language: Language) -> Vec<String> {
    if language == Language::English {
        return report.remarks(place);
    }
    let ignored = tell(&report.ignored, "个被 git 忽略的文件或目录也会删除");
    let other = match &report.head {
        Some(head) if *head != place.branch => Some(format!("当前检出的分支 {head} 会保留")),
        Some(_) => None,
        None => Some("没有检出任何分支".to_owned()),
    };
    let branch = (report.verdict() == Verdict::Free).then(|| {
        if report.is_merged {
            format!("分支 {} 也会删除：其内容别处都有", place.branch)
        } else {
            format!("分支 {} 会保留：已推送，未合并", place.branch)
        }
    });
    [ignored, other, branch].into_iter().flatten().collect()
}

/// What a report allows; why it is kept, where it is.
pub fn verdict(report: &Report, language: Language) -> Verdict {
    match report.verdict() {
        Verdict::Kept(why) => Verdict::Kept(told(&why, language)),
        verdict => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(names: &[&str]) -> Listed {
        let mut listed = Listed::default();
        for name in names {
            listed.push(*name);
        }
        listed
    }

    #[test]
    fn every_loss_is_told_in_both_languages() {
        let report = Report {
            changed: some(&["a", "b", "c", "d", "e", "f"]),
            untracked: some(&["x"]),
            commits: some(&["1a2b fix"]),
            stashes: some(&["WIP"]),
            submodules: some(&["lib"]),
            under_way: Some("a rebase".into()),
            ..Report::default()
        };
        let chinese = losses(&report, Language::Chinese);
        assert_eq!(chinese.len(), report.losses().len());
        assert_eq!(
            (chinese[0].as_str(), chinese[4].as_str()),
            ("6 个已修改的文件：a、b、c、d、e 等", "rebase 正在进行")
        );
        let locked = Report { locked: Some("usb".into()), ..Report::default() };
        assert_eq!(
            verdict(&locked, Language::Chinese),
            Verdict::Kept("已锁定（「usb」），可用 `git worktree unlock` 解锁".into())
        );
    }
}
