//! What is refused, what is whole, and that nothing waits for ever.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;

use rustix::fs::CWD;
use rustix::fs::FileType;
use rustix::fs::Mode;

use super::*;

fn pipe(path: &Path) {
    rustix::fs::mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Everything that may be asked of a file, by name.
fn all(path: &Path) -> Vec<(&'static str, io::Result<()>)> {
    vec![
        ("keep", open_private(path, Content::Keep).map(drop)),
        ("append", open_private(path, Content::Append).map(drop)),
        ("empty", open_private(path, Content::Empty).map(drop)),
        ("read", read(path, 100).map(drop)),
        ("replace", replace(path, b"x")),
        ("lock", lock(path, Duration::ZERO).map(drop)),
        ("check", check_file(path)),
        ("database", database(path).map(drop)),
    ]
}

#[test]
fn nothing_but_a_regular_file_of_ours_is_used_and_nothing_waits() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("victim"), "precious").unwrap();
    symlink(at("victim"), at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    symlink("/dev/zero", at("endless")).unwrap();
    pipe(&at("pipe"));
    std::fs::create_dir(at("folder")).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    std::fs::write(at("open"), "x").unwrap();
    chmod(&at("open"), 0o666);
    std::fs::write(at("group"), "x").unwrap();
    chmod(&at("group"), 0o660);
    let mut names = vec!["link", "dangling", "endless", "pipe", "folder", "socket", "open", "group"];
    if rustix::process::geteuid().is_root() {
        std::fs::write(at("foreign"), "x").unwrap();
        std::os::unix::fs::chown(at("foreign"), Some(12345), None).unwrap();
        rustix::fs::mknodat(
            CWD,
            at("device"),
            FileType::CharacterDevice,
            Mode::RUSR | Mode::WUSR,
            rustix::fs::makedev(1, 5),
        )
        .unwrap();
        names.extend(["foreign", "device"]);
    }
    for name in names {
        for (how, done) in all(&at(name)) {
            let error = done.expect_err(&format!("{how} {name}"));
            assert!(is_refusal(&error), "{how} {name}: {error}");
            let text = error.to_string();
            assert!(
                text.contains(name) && (text.contains("move it away") || text.contains('`')),
                "{how} {name}: {text}"
            );
        }
    }
    assert_eq!(std::fs::read_to_string(at("victim")).unwrap(), "precious");
    assert!(!at("nowhere").exists());
}

#[test]
fn a_file_is_replaced_whole_and_keeps_its_rights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head");
    replace(&path, b"old").unwrap();
    let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    chmod(&path, 0o640);
    let before = File::open(&path).unwrap();
    replace(&path, b"new").unwrap();
    assert_eq!((read(&path, 10).unwrap(), mode()), (b"new".to_vec(), 0o640));
    assert_eq!(bounded(&path, &before, 10).unwrap(), b"old", "whoever reads has the old one whole");
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing is left beside it");
    assert!(is_refusal(&read(&path, 2).unwrap_err()), "too large");
}

#[test]
fn removing_takes_what_a_kill_left_behind_along() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entry.json");
    for name in ["entry.json", ".entry.json.x7.new", "other.new", ".entry.jsonx"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    remove(&path).unwrap();
    remove(&path).unwrap();
    let mut left: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".entry.jsonx", "other.new"]);
}

#[test]
fn a_lock_is_waited_for_but_not_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let held = lock(&path, Duration::ZERO).unwrap();
    let start = Instant::now();
    let error = lock(&path, Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert!(start.elapsed() >= Duration::from_millis(50));
    let waiting = std::thread::spawn({
        let path = path.clone();
        move || lock(&path, Duration::from_secs(20)).map(drop)
    });
    drop(held);
    waiting.join().unwrap().unwrap();
}

#[test]
fn a_directory_is_made_closed_and_one_of_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    private_dir(&at("a/b")).unwrap();
    private_dir(&at("a/b")).unwrap();
    assert_eq!(at("a/b").metadata().unwrap().permissions().mode() & 0o777, 0o700);
    symlink(at("a"), at("link")).unwrap();
    pipe(&at("pipe"));
    private_dir(&at("open")).unwrap();
    chmod(&at("open"), 0o777);
    let mut names = vec!["link", "link/", "link/.", "pipe", "open"];
    if rustix::process::geteuid().is_root() {
        private_dir(&at("foreign")).unwrap();
        std::os::unix::fs::chown(at("foreign"), Some(12345), None).unwrap();
        names.push("foreign");
    }
    for name in names {
        assert!(is_refusal(&private_dir(&at(name)).unwrap_err()), "{name}");
        assert!(is_refusal(&check_directory(&at(name)).unwrap_err()), "{name}");
    }
    check_directory(&at("missing")).unwrap();
}

#[test]
fn a_persons_own_link_is_followed_and_what_it_leads_to_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("real"), "text").unwrap();
    symlink(at("real"), at("link")).unwrap();
    let (bytes, closed) = read_of_person(&at("link"), 10).unwrap();
    assert_eq!((bytes.as_slice(), closed), (b"text".as_slice(), Ok(())));
    chmod(&at("real"), 0o664);
    let (_, closed) = read_of_person(&at("link"), 10).unwrap();
    assert!(closed.unwrap_err().to_string().contains(&format!("chmod go-w {}", at("real").display())));
    symlink(at("nowhere"), at("dangling")).unwrap();
    pipe(&at("pipe"));
    symlink(at("pipe"), at("to-pipe")).unwrap();
    symlink("/dev/zero", at("endless")).unwrap();
    for name in ["dangling", "pipe", "to-pipe", "endless"] {
        let error = read_of_person(&at(name), 10).unwrap_err();
        assert_ne!(error.kind(), io::ErrorKind::NotFound, "{name} is not taken for a file that is missing");
    }
    assert_eq!(read_of_person(&at("missing"), 10).unwrap_err().kind(), io::ErrorKind::NotFound);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(at("real"), Some(12345), None).unwrap();
        assert!(is_refusal(&read_of_person(&at("link"), 10).unwrap_err()));
    }
}
