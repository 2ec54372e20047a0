//! The CLI's own record of folders that a person trusted in its terminal.

use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

/// It also holds the person's history.
const MAX_BYTES: u64 = 64 << 20;

/// Whether one of these folders was trusted there. What cannot be read says nothing.
pub(super) fn trusts(claude_home: &Path, folders: &[PathBuf]) -> bool {
    let beside = claude_home.parent().map(|home| home.join(".claude.json"));
    let inside = Some(claude_home.join(".claude.json"));
    [inside, beside].into_iter().flatten().any(|file| names(&file, folders).unwrap_or(false))
}

fn names(file: &Path, folders: &[PathBuf]) -> Option<bool> {
    let meta = std::fs::metadata(file).ok()?;
    if !meta.is_file() || meta.len() > MAX_BYTES {
        return None;
    }
    let mut text = String::new();
    std::fs::File::open(file).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    let whole: Value = serde_json::from_str(&text).ok()?;
    let projects = whole.get("projects")?.as_object()?;
    let is_trusted = |folder: &PathBuf| {
        let project = projects.get(folder.to_str()?)?;
        (project.get("hasTrustDialogAccepted")? == &Value::Bool(true)).then_some(())
    };
    Some(folders.iter().any(|folder| is_trusted(folder).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_that_is_named_and_accepted_counts() {
        let home = tempfile::tempdir().unwrap();
        let claude = home.path().join(".claude");
        assert!(!trusts(&claude, &["/a".into()]));
        let text = r#"{"projects": {"/a": {"hasTrustDialogAccepted": true}, "/b": {"hasTrustDialogAccepted": false}, "/c": {}}}"#;
        std::fs::write(home.path().join(".claude.json"), text).unwrap();
        let of = |path: &str| trusts(&claude, &[path.into()]);
        assert_eq!(["/a", "/b", "/c", "/a/below", "/"].map(of), [true, false, false, false, false]);
        std::fs::write(home.path().join(".claude.json"), "{").unwrap();
        assert!(!of("/a"));
    }
}
