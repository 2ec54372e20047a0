//! Searches that would print a secret, and those that would not.

use serde_json::json;

use super::*;
use crate::core::approval::Place;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;

fn project() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap().join("web");
    for (name, text) in [
        (".env", "API_KEY=stands-in\n# words\n"),
        ("id_rsa", "PRIVATE stands-in\n"),
        ("src/a.rs", "let key = API_KEY; // useState\n"),
        ("conf/credentials.json", "{\"token\": \"stands-in\"}\n"),
        ("ignored/.env", "OTHER=stands-in\n"),
        (".gitignore", "ignored/\n"),
        (".git/HEAD", "ref: refs/heads/main\n"),
    ] {
        std::fs::create_dir_all(base.join(name).parent().unwrap()).unwrap();
        std::fs::write(base.join(name), text).unwrap();
    }
    (folder, base)
}

fn found(base: &Path, tool: &str, input: Value) -> Option<String> {
    let place = Place { directory: base.to_string_lossy().into_owned(), ..Place::default() };
    secret(&Approval { place, ..Approval::new(ApprovalId(1), SessionId(1), tool, input) })
}

#[test]
fn a_search_that_would_print_a_secret_is_found() {
    let (_folder, base) = project();
    for (line, file) in [
        ("grep -rn API_KEY .", ".env"),
        ("grep -r API_KEY", ".env"),
        ("grep -rE 'API_(KEY|TOKEN)' .", ".env"),
        ("grep -r 'API_\\(KEY\\|TOKEN\\)' src .", ".env"),
        ("grep -rni api_key .", ".env"),
        ("grep -Rh -e nothing -e API_KEY .", ".env"),
        ("grep --recursive --regexp=API_KEY .", ".env"),
        ("grep -d recurse API_KEY .", ".env"),
        ("grep -rv nothing .", ".env"),
        ("grep -rf patterns .", ".env"),
        ("grep -A 3 -rw API_KEY .", ".env"),
        ("grep -rn --include='.e*' API_KEY .", ".env"),
        ("grep -r '[' .", ".env"),
        ("egrep -r 'KEY|x' .", ".env"),
        ("rg PRIVATE", "id_rsa"),
        ("rg -n --hidden API_KEY", ".env"),
        ("rg -uuu OTHER", "ignored/.env"),
        ("rg -g '*.json' token conf", "conf/credentials.json"),
        ("rg -t json token", "conf/credentials.json"),
        ("git grep API_KEY", ".env"),
        ("git -C conf grep token", "conf/credentials.json"),
        ("git --no-pager grep -n PRIVATE -- .", "id_rsa"),
        ("diff -r . src", ".env"),
        ("cd conf && grep -r token .", "conf/credentials.json"),
        ("sudo grep -r PRIVATE .", "id_rsa"),
        ("bash -c 'grep -r PRIVATE .'", "id_rsa"),
        ("ls; x=$(grep -rh PRIVATE .)", "id_rsa"),
    ] {
        let file = Some(file.to_owned());
        let is_one = |found: Option<String>| found == file || (found.is_some() && file.as_deref() == Some(".env"));
        assert!(is_one(found(&base, "Bash", json!({ "command": line }))), "{line}");
    }
    let grep = |input: Value| found(&base, "Grep", input);
    assert!(grep(json!({"pattern": "API_KEY", "output_mode": "content"})).is_some());
    assert!(grep(json!({"pattern": "token", "output_mode": "content", "path": base.join("conf")})).is_some());
    assert!(grep(json!({"pattern": "TOKEN", "-i": true, "output_mode": "content", "type": "json"})).is_some());
}

#[test]
fn a_search_that_prints_none_asks_nothing() {
    let (_folder, base) = project();
    for line in [
        "grep -rn useState .",
        "grep -rn API_KEY src",
        "grep -rln API_KEY .",
        "grep -rc API_KEY .",
        "grep -rq API_KEY .",
        "grep API_KEY src/a.rs",
        "grep -rn --include='*.rs' API_KEY .",
        "grep -rn --exclude=.env API_KEY .",
        "grep -rF 'API.KEY' .",
        "rg API_KEY",
        "rg -l PRIVATE",
        "rg OTHER",
        "rg -g '*.rs' PRIVATE",
        "rg -g '!id_rsa' PRIVATE",
        "rg -t rust PRIVATE",
        "rg --files",
        "git grep useState",
        "git log --grep PRIVATE",
        "diff -rq . src",
        "diff src/a.rs src/a.rs",
        "echo grep -r PRIVATE",
        "ls",
    ] {
        assert_eq!(found(&base, "Bash", json!({ "command": line })), None, "{line}");
    }
    let grep = |input: Value| found(&base, "Grep", input);
    assert_eq!(grep(json!({"pattern": "useState", "output_mode": "content"})), None);
    assert_eq!(grep(json!({"pattern": "API_KEY"})), None, "only names are printed");
    assert_eq!(grep(json!({"pattern": "API_KEY", "output_mode": "content", "glob": "*.rs"})), None);
    assert_eq!(grep(json!({"pattern": "OTHER", "output_mode": "content"})), None, "it minds .gitignore");
}

#[test]
fn pipes_and_links_are_neither_waited_for_nor_followed() {
    let (folder, base) = project();
    let made = std::process::Command::new("mkfifo").arg(base.join("secrets.pem")).status().unwrap();
    assert!(made.success());
    std::fs::write(folder.path().join("id_ed25519"), "OUTSIDE\n").unwrap();
    std::os::unix::fs::symlink(folder.path(), base.join("out")).unwrap();
    std::os::unix::fs::symlink("..", base.join("up")).unwrap();
    assert_eq!(found(&base, "Bash", json!({ "command": "grep -r OUTSIDE ." })), None);
    // Unless the program does.
    assert!(found(&base, "Bash", json!({ "command": "grep -R OUTSIDE ." })).is_some());
}
