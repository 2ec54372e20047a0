//! One chain over files, processes and interruptions.

use std::io::Write as _;
use std::path::PathBuf;

use super::*;
use crate::audit::verify::Damage;
use crate::audit::verify::Report;
use crate::audit::verify::verify;

const LARGE: Limits = Limits { file_bytes: 1 << 20, keep: 0 };
const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn entries(n: usize) -> Vec<Entry> {
    let redactor = Redactor::default();
    let body = |at: usize| Body::Command {
        who: "test".into(),
        person: None,
        chat: None,
        text: format!("number {at}"),
        came: None,
    };
    (0..n).map(|at| Entry::new(&Record { at: NOW, session: None, body: body(at) }, &redactor)).collect()
}

fn log(folder: &Path, n: usize, limits: Limits) {
    let mut appender = Appender::new(folder, limits);
    for entry in entries(n) {
        appender.append(&[entry], NOW).unwrap();
    }
}

fn whats(report: &Report) -> Vec<Damage> {
    report.findings.iter().map(|finding| finding.what).collect()
}

fn active(folder: &Path) -> PathBuf {
    folder.join("audit.jsonl")
}

#[test]
fn a_log_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    log(folder.path(), 3, LARGE);
    log(folder.path(), 2, LARGE);
    Appender::new(folder.path(), LARGE).append(&entries(4), NOW).unwrap();
    let report = verify(folder.path()).unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!((report.records, report.head.unwrap().n), (9, 9));
    #[cfg(unix)]
    for name in ["audit.jsonl", "audit.head", "audit.lock"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_full_file_is_put_aside_and_the_chain_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    log(folder.path(), 20, Limits { file_bytes: 1500, keep: 0 });
    let full = Folder::new(folder.path()).all_full().unwrap();
    assert!(full.len() >= 3, "{full:?}");
    let report = verify(folder.path()).unwrap();
    assert!(report.ok && report.records == 20, "{report:?}");
    std::fs::remove_file(&full[1].1).unwrap();
    let report = verify(folder.path()).unwrap();
    assert_eq!(whats(&report), [Damage::Removed], "{report:?}");
    assert_eq!(report.findings[0].file, "audit-000003.jsonl");
}

#[test]
fn files_that_are_too_many_go_and_the_log_says_so() {
    let folder = tempfile::tempdir().unwrap();
    log(folder.path(), 40, Limits { file_bytes: 1500, keep: 2 });
    let full = Folder::new(folder.path()).all_full().unwrap();
    assert_eq!(full.len(), 2);
    assert!(full[0].0 > 1, "{full:?}");
    let report = verify(folder.path()).unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(whats(&report), [Damage::Forgotten]);
    // One more than the log itself forgot.
    std::fs::remove_file(&full[0].1).unwrap();
    let report = verify(folder.path()).unwrap();
    assert_eq!(whats(&report), [Damage::Removed], "{report:?}");
}

#[test]
fn a_torn_line_stays_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    log(folder.path(), 3, LARGE);
    let torn = r#"{"n":4,"at":"2023-11-14T22:13:20.000Z","session":nu"#;
    File::options().append(true).open(active(folder.path())).unwrap().write_all(torn.as_bytes()).unwrap();
    let report = verify(folder.path()).unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(whats(&report), [Damage::Torn]);
    log(folder.path(), 2, LARGE);
    let report = verify(folder.path()).unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(whats(&report), [Damage::Torn]);
    assert_eq!((report.findings[0].line, report.head.unwrap().n), (4, 6));
    let text = std::fs::read_to_string(active(folder.path())).unwrap();
    assert!(text.lines().nth(3) == Some(torn) && text.lines().nth(4).unwrap().contains(&sha256(torn.as_bytes())));
}

#[test]
fn a_line_torn_while_a_torn_one_is_named_is_kept_with_it() {
    let folder = tempfile::tempdir().unwrap();
    log(folder.path(), 1, LARGE);
    File::options().append(true).open(active(folder.path())).unwrap().write_all(b"{\"n\":2\n{\"n\":2,\"at").unwrap();
    log(folder.path(), 1, LARGE);
    let report = verify(folder.path()).unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(whats(&report), [Damage::Torn, Damage::Torn]);
}

#[test]
fn a_cut_end_is_not_forgotten_when_the_log_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    log(folder.path(), 5, LARGE);
    let text = std::fs::read_to_string(active(folder.path())).unwrap();
    let kept: String = text.split_inclusive('\n').take(3).collect();
    std::fs::write(active(folder.path()), kept).unwrap();
    log(folder.path(), 2, LARGE);
    let report = verify(folder.path()).unwrap();
    assert!(!report.ok);
    assert_eq!(whats(&report), [Damage::CutTail], "{report:?}");
    assert!(report.findings[0].text.contains("records 4 to 5 were cut off"), "{report:?}");
}

#[test]
fn an_edited_last_line_or_a_lost_head_is_not_forgotten_either() {
    let folder = tempfile::tempdir().unwrap();
    log(folder.path(), 3, LARGE);
    let text = std::fs::read_to_string(active(folder.path())).unwrap();
    std::fs::write(active(folder.path()), text.replace("number 2", "number 7")).unwrap();
    log(folder.path(), 1, LARGE);
    assert!(!verify(folder.path()).unwrap().ok);

    let folder = tempfile::tempdir().unwrap();
    log(folder.path(), 3, LARGE);
    std::fs::remove_file(folder.path().join("audit.head")).unwrap();
    log(folder.path(), 1, LARGE);
    let report = verify(folder.path()).unwrap();
    assert_eq!(whats(&report), [Damage::CutTail], "{report:?}");
}

#[test]
fn several_writers_share_one_chain() {
    const WRITERS: usize = 4;
    const EACH: usize = 25;
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| log(folder.path(), EACH, Limits { file_bytes: 4000, keep: 0 }));
        }
    });
    let report = verify(folder.path()).unwrap();
    assert!(report.ok && report.findings.is_empty(), "{report:?}");
    assert_eq!(report.records, (WRITERS * EACH) as u64);
}

#[test]
fn what_is_no_ordinary_file_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("elsewhere");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&elsewhere, active(folder.path())).unwrap();
    assert!(Appender::new(folder.path(), LARGE).append(&entries(1), NOW).is_err());
    assert!(!elsewhere.exists());
}
