//! Every single change of a log shows, and where.

use proptest::prelude::*;

use super::*;
use crate::audit::append::Appender;
use crate::audit::append::Limits;
use crate::audit::entry::Entry;
use crate::audit::record::Body;
use crate::audit::record::Record;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::redact::Redactor;

const N: usize = 8;

fn entry(text: &str) -> Entry {
    let body = Body::Command { who: "test".into(), person: None, chat: None, text: text.into(), came: None };
    Entry::new(&Record { at: Timestamp(1), session: Some(SessionId(1)), body }, &Redactor::default())
}

/// A log of some lines, in one file.
fn log() -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let mut appender = Appender::new(folder.path(), Limits { file_bytes: 1 << 20, keep: 0 });
    for at in 1..=N {
        appender.append(&[entry(&format!("line {at} é"))], Timestamp(1)).unwrap();
    }
    let text = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    (folder, text.lines().map(str::to_owned).collect())
}

fn check(folder: &Path, lines: &[String]) -> Report {
    let text = lines.iter().fold(String::new(), |text, line| text + line + "\n");
    std::fs::write(folder.join("audit.jsonl"), text).unwrap();
    verify(folder).unwrap()
}

fn brief(report: &Report) -> Vec<(Damage, u64, Option<u64>)> {
    report.findings.iter().map(|finding| (finding.what, finding.line, finding.record)).collect()
}

#[test]
fn each_change_is_named_with_its_line_and_record() {
    let (folder, lines) = log();
    let folder = folder.path();
    assert!(check(folder, &lines).ok);
    let with = |change: fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        brief(&check(folder, &lines))
    };
    assert_eq!(with(|lines| lines[3] = lines[3].replace("line", "lime")), [(Damage::Edited, 4, Some(4))]);
    assert_eq!(with(|lines| lines[7] = lines[7].replace("line", "lime")), [(Damage::Edited, 8, Some(8))]);
    assert_eq!(with(|lines| lines[0] = lines[0].replace("line", "lime")), [(Damage::Edited, 1, Some(1))]);
    assert_eq!(with(|lines| lines[3] = "junk".into()), [(Damage::Edited, 4, Some(4))]);
    assert_eq!(with(|lines| drop(lines.remove(3))), [(Damage::Removed, 4, Some(4))]);
    assert_eq!(with(|lines| drop(lines.drain(2..5))), [(Damage::Removed, 3, Some(3))]);
    assert_eq!(with(|lines| drop(lines.remove(0))), [(Damage::Removed, 1, Some(1))]);
    assert_eq!(with(|lines| lines.truncate(6)), [(Damage::CutTail, 6, Some(7))]);
    assert_eq!(with(|lines| lines.clear()), [(Damage::CutTail, 0, Some(1))]);
    assert_eq!(with(|lines| lines.swap(3, 4)), [(Damage::Reordered, 5, Some(4))]);
    assert_eq!(with(|lines| lines.insert(5, lines[2].clone())), [(Damage::Inserted, 6, Some(3))]);
    assert_eq!(with(|lines| lines.insert(5, "junk".into())), [(Damage::Inserted, 6, None)]);
    assert_eq!(with(|lines| lines.push("{}".into())), [(Damage::Inserted, 9, None)]);
    assert_eq!(with(|lines| lines.insert(0, String::new())), [(Damage::Inserted, 1, None)]);
}

#[test]
fn a_line_made_anew_does_not_fit_its_neighbours() {
    let (folder, lines) = log();
    let folder = folder.path();
    let anew = |n: u64, prev: &str| {
        let (mut tip, mut text) = (Tip { n: n - 1, hash: prev.to_owned() }, String::new());
        crate::audit::chain::seal(&mut tip, &entry("forged"), &mut text);
        text.trim_end().to_owned()
    };
    let hash = |line: &String| crate::audit::chain::read(line.as_bytes()).unwrap().hash.to_owned();
    let mut replaced = lines.clone();
    replaced[3] = anew(4, &hash(&lines[2]));
    assert_eq!(brief(&check(folder, &replaced)), [(Damage::Edited, 5, Some(4))]);
    let mut last = lines.clone();
    last[7] = anew(8, &hash(&lines[6]));
    assert_eq!(brief(&check(folder, &last)), [(Damage::Edited, 8, Some(8))]);
    let mut first = lines.clone();
    first[0] = anew(1, &hash(&lines[0]));
    assert!(!check(folder, &first).ok);
    // What was added after the last line looks like a line that the head does not know yet: see the
    // limits in the documentation of the room.
    let mut added = lines.clone();
    added.push(anew(9, &hash(&lines[7])));
    assert!(check(folder, &added).ok);
    let mut inserted = lines.clone();
    inserted.insert(4, anew(5, &hash(&lines[3])));
    assert!(!check(folder, &inserted).ok);
    for n in [0, u64::MAX] {
        let mut odd = lines.clone();
        odd.insert(2, anew(n.max(1), &hash(&lines[1])).replacen("\"n\":1,", &format!("\"n\":{n},"), 1));
        assert!(!check(folder, &odd).ok);
    }
}

#[test]
fn without_a_head_or_a_log_it_says_so() {
    let (folder, lines) = log();
    std::fs::remove_file(folder.path().join("audit.head")).unwrap();
    assert_eq!(brief(&check(folder.path(), &lines)), [(Damage::CutTail, 8, None)]);
    let empty = tempfile::tempdir().unwrap();
    let report = verify(empty.path()).unwrap();
    assert!(report.ok && report.head.is_none());
    assert!(verify(&empty.path().join("missing")).unwrap().ok);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_change_is_found(at in 0..N, other in 0..N, byte in any::<prop::sample::Index>(), value in any::<u8>(), how in 0..6) {
        let (folder, lines) = log();
        let mut changed = lines.clone();
        match how {
            0 => drop(changed.remove(at)),
            1 => changed.swap(at, other),
            2 => changed.insert(at, lines[other].clone()),
            3 => changed.insert(at, format!("{{\"n\":{value}}}")),
            4 => {
                let moved = changed.remove(at);
                changed.insert(other, moved);
            }
            _ => {
                let path = folder.path().join("audit.jsonl");
                let mut bytes = std::fs::read(&path).unwrap();
                let place = byte.index(bytes.len());
                let was = bytes[place];
                bytes[place] = value;
                std::fs::write(&path, &bytes).unwrap();
                prop_assert_eq!(verify(folder.path()).unwrap().ok, was == value);
                return Ok(());
            }
        }
        prop_assert_eq!(check(folder.path(), &changed).ok, changed == lines);
    }
}
