//! A git worktree of a session: what is asked for, where it is, and what removing it would lose.
//!
//! The judgement is made here, so that every surface and the engine make the same one.

use serde::Deserialize;
use serde::Serialize;

use super::ids::Timestamp;

/// Names that are listed of what would be lost; the rest is counted.
pub const MAX_LISTED: usize = 5;

/// What a session is opened with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorktreeSpec {
    /// One is to be made, on a new branch of this name or of one that the engine chooses.
    Wanted {
        branch: Option<String>,
    },
    Made(Box<Place>),
}

impl WorktreeSpec {
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Wanted { .. } => None,
            Self::Made(place) => Some(place),
        }
    }
}

/// Where a worktree is, and what it began with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its folder.
    pub path: String,
    /// What git keeps of it in the repository.
    pub git_dir: String,
    /// What all worktrees of the repository share.
    pub common_dir: String,
    /// The directory that it was asked for in.
    pub origin: String,
    /// Made for it.
    pub branch: String,
    /// The commit that it began at.
    pub base: String,
    /// The branch that the commit was the end of.
    pub base_branch: Option<String>,
}

impl Place {
    /// Whether a directory is inside the worktree.
    pub fn holds(&self, directory: &str) -> bool {
        directory.strip_prefix(&self.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The worktree of an open session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worktree {
    pub place: Place,
    /// What was found when it was last looked at.
    pub report: Option<Report>,
    /// It is removed, and can be put back for a while.
    pub aside: Option<Aside>,
}

impl Worktree {
    pub fn new(place: Place) -> Self {
        Self { place, report: None, aside: None }
    }
}

/// A removal that can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    /// Names the removal in the journal beside the worktrees.
    pub id: String,
    /// Where the folder is meanwhile.
    pub path: String,
    /// When it is deleted; `None`: not before somebody has decided.
    pub until: Option<Timestamp>,
    /// The commit that was checked out.
    pub tip: Option<String>,
    /// The branch goes with it.
    pub branch_goes: bool,
}

/// So many of something, and the first of them by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Listed {
    pub n: u64,
    pub first: Vec<String>,
}

impl Listed {
    pub fn push(&mut self, name: impl Into<String>) {
        self.n = self.n.saturating_add(1);
        if self.first.len() < MAX_LISTED {
            self.first.push(name.into());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// `2 modified files: a, b`.
    fn tell(&self, one: &str, many: &str) -> Option<String> {
        let what = match self.n {
            0 => return None,
            1 => one,
            _ => many,
        };
        let n_more = self.n.saturating_sub(self.first.len() as u64);
        let more = if n_more > 0 { format!(" and {n_more} more") } else { String::new() };
        Some(format!("{} {what}: {}{more}", self.n, self.first.join(", ")))
    }
}

/// What was found in a worktree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// Changes with what was found: a removal names the report that it follows from.
    pub mark: String,
    /// The branch that is checked out, which need not be the one that was made for it.
    pub head: Option<String>,
    pub tip: Option<String>,
    /// Tracked files that differ from the commit.
    pub changed: Listed,
    pub untracked: Listed,
    /// Files and folders that git ignores.
    pub ignored: Listed,
    /// Commits on no remote and not in the base branch.
    pub commits: Listed,
    /// Stashes that were made on the branch.
    pub stashes: Listed,
    /// Submodules with changes or commits of their own, and what they have.
    pub submodules: Listed,
    /// Such as "a rebase".
    pub under_way: Option<String>,
    /// The branch has no commit that the base branch lacks.
    pub is_merged: bool,
    /// It is locked, for this reason.
    pub locked: Option<String>,
    /// Who works in it.
    pub users: Vec<String>,
    /// Why it cannot be judged.
    pub odd: Option<String>,
}

/// What a report allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing would be lost.
    Free,
    /// Something would be lost: only a person who names the branch may remove it.
    Named,
    /// Not at all, for this reason.
    Kept(String),
}

impl Report {
    pub fn verdict(&self) -> Verdict {
        if let Some(odd) = &self.odd {
            return Verdict::Kept(odd.clone());
        }
        if let Some(reason) = &self.locked {
            let because = if reason.is_empty() { String::new() } else { format!(" (“{reason}”)") };
            return Verdict::Kept(format!("it is locked{because}; `git worktree unlock` opens it"));
        }
        if !self.users.is_empty() {
            return Verdict::Kept(format!("in use by {}", self.users.join(", ")));
        }
        if self.losses().is_empty() { Verdict::Free } else { Verdict::Named }
    }

    /// What would be lost, or is not finished, a line each.
    pub fn losses(&self) -> Vec<String> {
        let lines = [
            self.changed.tell("changed file", "changed files"),
            self.untracked.tell("untracked file", "untracked files"),
            self.commits
                .tell("commit that is on no remote and not merged", "commits that are on no remote and not merged"),
            self.submodules.tell("submodule with work of its own", "submodules with work of their own"),
            self.under_way.as_ref().map(|what| format!("{what} is under way")),
            self.stashes
                .tell("stash that was made here", "stashes that were made here")
                .map(|line| format!("{line} (kept in the repository's list)")),
        ];
        lines.into_iter().flatten().collect()
    }

    /// What else goes, and does not count.
    pub fn remarks(&self, place: &Place) -> Vec<String> {
        let ignored = self.ignored.tell("ignored file or folder goes too", "ignored files and folders go too");
        let other = match &self.head {
            Some(head) if *head != place.branch => Some(format!("the branch {head}, which is checked out, stays")),
            Some(_) => None,
            None => Some("no branch is checked out".to_owned()),
        };
        let branch = (self.verdict() == Verdict::Free).then(|| {
            if self.is_merged {
                format!("the branch {} goes too: nothing on it is missing elsewhere", place.branch)
            } else {
                format!("the branch {} stays: it is pushed, and not merged", place.branch)
            }
        });
        [ignored, other, branch].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(name: &str) -> Listed {
        let mut listed = Listed::default();
        listed.push(name);
        listed
    }

    #[test]
    fn what_would_be_lost_decides() {
        let clean = Report { is_merged: true, ..Report::default() };
        let named = [
            (Report { changed: some("a"), ..clean.clone() }, "1 changed file: a"),
            (Report { untracked: some("b"), ..clean.clone() }, "1 untracked file: b"),
            (
                Report { commits: some("1a2b fix"), ..clean.clone() },
                "1 commit that is on no remote and not merged: 1a2b fix",
            ),
            (Report { submodules: some("lib"), ..clean.clone() }, "1 submodule with work of its own: lib"),
            (Report { under_way: Some("a rebase".into()), ..clean.clone() }, "a rebase is under way"),
            (
                Report { stashes: some("WIP"), ..clean.clone() },
                "1 stash that was made here: WIP (kept in the repository's list)",
            ),
        ];
        for (report, loss) in named {
            assert_eq!((report.verdict(), report.losses()), (Verdict::Named, vec![loss.to_owned()]));
        }
        for free in [
            clean.clone(),
            Report { ignored: some("target/"), ..clean.clone() },
            Report { is_merged: false, ..clean.clone() },
        ] {
            assert_eq!(free.verdict(), Verdict::Free);
        }
        for kept in [
            Report { locked: Some(String::new()), ..clean.clone() },
            Report { users: vec!["zsh (process 7)".into()], ..clean.clone() },
            Report { odd: Some("its folder is gone".into()), ..clean.clone() },
            Report { locked: Some("usb".into()), changed: some("a"), ..clean.clone() },
        ] {
            assert!(matches!(kept.verdict(), Verdict::Kept(_)), "{kept:?}");
        }
    }

    #[test]
    fn many_are_counted_and_the_first_are_named() {
        let mut listed = Listed::default();
        (0..7).for_each(|n| listed.push(format!("f{n}")));
        let report = Report { untracked: listed, ..Report::default() };
        assert_eq!(report.losses(), ["7 untracked files: f0, f1, f2, f3, f4 and 2 more"]);
    }

    #[test]
    fn a_directory_beside_it_is_not_inside() {
        let place = Place {
            path: "/w/api".into(),
            git_dir: String::new(),
            common_dir: String::new(),
            origin: String::new(),
            branch: "b".into(),
            base: String::new(),
            base_branch: None,
        };
        let held: Vec<bool> = ["/w/api", "/w/api/src", "/w/api2", "/w"].iter().map(|path| place.holds(path)).collect();
        assert_eq!(held, [true, true, false, false]);
    }

    #[test]
    fn sessions_that_were_opened_before_there_were_worktrees_are_read() {
        let old = r#"{"directory":"/p","title":null,"profile":null,"mode":null,"model":null,"resume":null,"fork":false,"branch":"main"}"#;
        let spec: crate::core::session::SessionSpec = serde_json::from_str(old).unwrap();
        assert_eq!((spec.worktree, spec.branch.as_deref()), (None, Some("main")));
    }
}
