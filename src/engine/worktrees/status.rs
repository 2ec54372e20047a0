//! What `git status --porcelain=v2 -z --branch` says. Pure.

use crate::core::file_name;
use crate::core::worktree::Listed;

/// The words that ask for it. Submodules are looked at one by one: git would run in them with their own
/// configuration.
pub(super) const WORDS: [&str; 8] = [
    "status",
    "--porcelain=v2",
    "-z",
    "--branch",
    "--untracked-files=all",
    "--ignored=matching",
    "--ignore-submodules=dirty",
    "--no-renames",
];

/// A longer name is cut: it is told, not used.
const MAX_NAME: usize = 80;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// The branch that is checked out.
    pub(super) head: Option<String>,
    /// The commit that is; none before the first.
    pub(super) tip: Option<String>,
    pub(super) changed: Listed,
    pub(super) untracked: Listed,
    pub(super) ignored: Listed,
}

/// Reads it; `None` when it is something else.
pub(super) fn read(bytes: &[u8]) -> Option<Status> {
    let text = file_name::escaped(bytes);
    let mut status = Status::default();
    let mut entries = text.split_terminator('\0');
    let mut has_head = false;
    while let Some(entry) = entries.next() {
        let (kind, rest) = entry.split_once(' ')?;
        match kind {
            "#" => {
                has_head = true;
                if let Some(oid) = rest.strip_prefix("branch.oid ") {
                    status.tip = Some(oid.to_owned()).filter(|oid| oid != "(initial)");
                }
                if let Some(head) = rest.strip_prefix("branch.head ") {
                    status.head = Some(head.to_owned()).filter(|head| head != "(detached)");
                }
            }
            // A name may hold blanks; the fields before it do not.
            "1" => status.changed.push(short(rest.splitn(8, ' ').nth(7)?)),
            "2" => {
                status.changed.push(short(rest.splitn(9, ' ').nth(8)?));
                entries.next()?;
            }
            "u" => status.changed.push(short(rest.splitn(10, ' ').nth(9)?)),
            "?" => status.untracked.push(short(rest)),
            "!" => status.ignored.push(short(rest)),
            _ => return None,
        }
    }
    has_head.then_some(status)
}

/// A name on one line, of a length that can be told.
pub(super) fn short(name: &str) -> String {
    let line = name.replace(['\n', '\r'], "⏎");
    match line.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_entry_is_read() {
        let text = "# branch.oid 0123abcd\0# branch.head feat/x\0# branch.upstream origin/x\0\
            1 .M N... 100644 100644 100644 aaaa bbbb a file.txt\0\
            2 R. N... 100644 100644 100644 aaaa bbbb R100 new name\0old name\0\
            u UU N... 100644 100644 100644 100644 aaaa bbbb cccc 冲突.txt\0\
            ? two\nlines\0! target/\0";
        let status = read(text.as_bytes()).unwrap();
        assert_eq!((status.head.as_deref(), status.tip.as_deref()), (Some("feat/x"), Some("0123abcd")));
        assert_eq!(
            (status.changed.n, status.changed.first),
            (3, vec!["a file.txt".into(), "new name".into(), "冲突.txt".into()])
        );
        assert_eq!(status.untracked.first, ["two⏎lines"]);
        assert_eq!(status.ignored.first, ["target/"]);
        let status = read(b"# branch.oid 1\0? caf\xe9.txt\0").unwrap();
        assert_eq!(status.untracked.first, ["caf\\xE9.txt"]);
    }

    #[test]
    fn no_branch_and_no_commit_are_read_too() {
        let status = read(b"# branch.oid (initial)\0# branch.head (detached)\0").unwrap();
        assert_eq!((status.head, status.tip, status.changed.n), (None, None, 0));
    }

    #[test]
    fn what_is_no_status_is_not_taken_for_a_clean_one() {
        for bad in ["", "fatal: x", "? a\0", "# branch.oid 1\x001 .M short\0", "# branch.oid 1\0Z what\0"] {
            assert_eq!(read(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
