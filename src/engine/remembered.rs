//! What the CLI was told to remember, in its own settings files: taking it out again.
//!
//! **For:** grants that are taken back. **Not for:** writing anything into these files but what is left of
//! them. Blocking.
//!
//! Invariants: a file that cannot be understood is left as it is; what is written replaces the file whole or
//! not at all, keeps its permissions, its order and everything else in it. No link is followed: a repository may bring
//! one, and what is behind it is not what the grant was saved to.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use crate::core::permission::PermissionUpdate;
use crate::core::permission::Rule;
use crate::core::permission::RuleBehavior;
use crate::core::permission::Scope;
use crate::disk;

/// No settings file is larger; a larger one is something else.
const MAX_BYTES: u64 = 1 << 20;

/// What was done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// In a sentence.
    pub(crate) text: String,
    /// The folder in whose settings it stood.
    pub(crate) home: Option<PathBuf>,
}

/// Takes what an update added out of the file that it was saved to. `homes`: the folders in whose settings the CLI may have
/// saved it, the session's own first. It is taken out of the first that has it, and those that also have it are named:
/// there somebody else may have written it.
pub(crate) fn forget(update: &PermissionUpdate, homes: &[PathBuf], claude_home: &Path) -> Result<Done, String> {
    let (key, gone): (&str, Vec<String>) = match update {
        PermissionUpdate::AddRules { rules, behavior, .. } => {
            let key = match behavior {
                RuleBehavior::Allow => "allow",
                RuleBehavior::Deny => "deny",
                RuleBehavior::Ask => "ask",
            };
            (key, rules.iter().map(Rule::text).collect())
        }
        PermissionUpdate::AddDirectories { directories, .. } => ("additionalDirectories", directories.clone()),
        PermissionUpdate::SetMode { .. } | PermissionUpdate::Other(_) => {
            return Err("adjutant does not know where the CLI keeps it".into());
        }
    };
    let own_home = [claude_home.to_owned()];
    let (name, homes) = match update.scope() {
        Some(Scope::Local) => (".claude/settings.local.json", homes),
        Some(Scope::Project) => (".claude/settings.json", homes),
        Some(Scope::User) => ("settings.json", own_home.as_slice()),
        Some(Scope::Session) | None => return Err("it is kept in no file".into()),
    };
    let is_gone = |entry: &Value| entry.as_str().is_some_and(|text| gone.iter().any(|gone| gone == text));
    let mut taken: Option<Done> = None;
    let mut without = None;
    for home in homes {
        let path = home.join(name);
        let shown = path.display().to_string();
        let mut settings = match (read(&path, update.scope()), &taken) {
            (Ok(Some(settings)), _) => settings,
            (Ok(None), _) => {
                without = without.or(Some(format!("There is no {shown} any more; nothing was left to take back.")));
                continue;
            }
            // What was to be done is done.
            (Err(_), Some(_)) => continue,
            (Err(why), None) => return Err(why),
        };
        let list = settings.get_mut("permissions").and_then(|permissions| permissions.get_mut(key));
        let list = list.and_then(Value::as_array_mut).filter(|list| list.iter().any(is_gone));
        match (list, &mut taken) {
            (None, _) => without = Some(format!("{shown} did not have it any more.")),
            (Some(_), Some(done)) => done.text += &format!(" It also stands in {shown}, which is left as it is."),
            (Some(list), None) => {
                list.retain(|entry| !is_gone(entry));
                replace(&path, &settings).map_err(|error| format!("{shown} cannot be written: {error}"))?;
                let text = format!("Taken out of {shown}: {}.", gone.join(", "));
                taken = Some(Done { text, home: Some(home.clone()) });
            }
        }
    }
    Ok(taken.unwrap_or_else(|| Done { text: without.unwrap_or_default(), home: None }))
}

/// The settings in a file; `None` when there is none.
fn read(path: &Path, scope: Option<Scope>) -> Result<Option<Value>, String> {
    let shown = path.display();
    let by_hand = |error: io::Error| format!("{error}; or take it out by hand");
    if let Some(folder) = path.parent().filter(|_| scope != Some(Scope::User)) {
        disk::check_no_link(folder).map_err(by_hand)?;
    }
    let bytes = match disk::read(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if disk::is_refusal(&error) => return Err(by_hand(error)),
        Err(error) => return Err(format!("{shown} cannot be read: {error}")),
    };
    let settings = serde_json::from_slice(&bytes);
    settings.map(Some).map_err(|error| format!("{shown} is no JSON ({error}); take it out by hand"))
}

fn replace(path: &Path, settings: &Value) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(settings)?;
    text.push('\n');
    disk::replace(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::fs::symlink;

    use super::*;

    fn rule(text: &str, scope: Scope) -> PermissionUpdate {
        let rules = vec![Rule::parse(text).unwrap()];
        PermissionUpdate::AddRules { rules, behavior: RuleBehavior::Allow, scope }
    }

    fn forget(update: &PermissionUpdate, project: &Path, home: &Path) -> Result<String, String> {
        super::forget(update, &[project.to_owned()], home).map(|done| done.text)
    }

    #[test]
    fn what_the_cli_saved_at_the_top_of_the_repository_is_taken_out_there() {
        let base = tempfile::tempdir().unwrap();
        let homes = ["top/pkg", "top"].map(|name| base.path().join(name));
        let files = homes.clone().map(|home| home.join(".claude/settings.local.json"));
        let text = r#"{"permissions":{"allow":["Bash(ls)"]}}"#;
        fs::create_dir_all(files[1].parent().unwrap()).unwrap();
        fs::create_dir_all(&homes[0]).unwrap();
        fs::write(&files[1], text).unwrap();
        let done = super::forget(&rule("Bash(ls)", Scope::Local), &homes, base.path()).unwrap();
        assert!(done.text.contains("top/.claude/settings.local.json: Bash(ls)"), "{}", done.text);
        assert_eq!(done.home.as_ref(), Some(&homes[1]));
        assert!(!fs::read_to_string(&files[1]).unwrap().contains("Bash(ls)"));
        // Where both have it, the session's own goes, and the other is named.
        fs::create_dir_all(files[0].parent().unwrap()).unwrap();
        for file in &files {
            fs::write(file, text).unwrap();
        }
        let done = super::forget(&rule("Bash(ls)", Scope::Local), &homes, base.path()).unwrap();
        assert_eq!(done.home.as_ref(), Some(&homes[0]));
        assert!(done.text.contains("It also stands in") && done.text.contains("top/.claude"), "{}", done.text);
        assert_eq!(fs::read_to_string(&files[1]).unwrap(), text);
        // One that cannot be read at the top is said when it is needed.
        fs::write(&files[1], "{ // mine").unwrap();
        let why = super::forget(&rule("Bash(ls)", Scope::Local), &homes, base.path()).unwrap_err();
        assert!(why.contains("is no JSON"), "{why}");
    }

    #[test]
    fn takes_the_rule_out_and_leaves_the_rest_as_it_was() {
        let project = tempfile::tempdir().unwrap();
        let home = tempfile::tempdir().unwrap();
        let file = project.path().join(".claude/settings.local.json");
        fs::create_dir(file.parent().unwrap()).unwrap();
        let before = r#"{"z": 1, "permissions": {"deny": ["Bash(ls)"], "allow": ["Read", "Bash(ls)", 3]}, "a": {}}"#;
        fs::write(&file, before).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let done = forget(&rule("Bash(ls)", Scope::Local), project.path(), home.path()).unwrap();
        assert!(done.contains("settings.local.json: Bash(ls)"), "{done}");
        let after: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let wanted = r#"{"z":1,"permissions":{"deny":["Bash(ls)"],"allow":["Read",3]},"a":{}}"#;
        assert_eq!(after.to_string(), wanted);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        let again = forget(&rule("Bash(ls)", Scope::Local), project.path(), home.path()).unwrap();
        assert!(again.contains("did not have it"), "{again}");
    }

    #[test]
    fn a_file_that_is_not_there_or_not_understood_is_left_as_it_is() {
        let project = tempfile::tempdir().unwrap();
        let home = tempfile::tempdir().unwrap();
        let gone = forget(&rule("Read", Scope::User), project.path(), home.path()).unwrap();
        assert!(gone.contains("no "), "{gone}");
        fs::write(home.path().join("settings.json"), "{ // mine\n}").unwrap();
        let why = forget(&rule("Read", Scope::User), project.path(), home.path()).unwrap_err();
        assert!(why.contains("by hand"), "{why}");
        assert_eq!(fs::read_to_string(home.path().join("settings.json")).unwrap(), "{ // mine\n}");
        assert!(forget(&rule("Read", Scope::Session), project.path(), home.path()).is_err());
    }

    #[test]
    fn no_link_is_followed_to_another_file() {
        let (project, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let text = r#"{"permissions":{"allow":["Read"]}}"#;
        let victim = home.path().join("victim.json");
        fs::write(&victim, text).unwrap();
        fs::create_dir(project.path().join(".claude")).unwrap();
        symlink(&victim, project.path().join(".claude/settings.json")).unwrap();
        let why = forget(&rule("Read", Scope::Project), project.path(), home.path()).unwrap_err();
        assert!(why.contains("is a link") && why.contains("by hand"), "{why}");
        let other = tempfile::tempdir().unwrap();
        fs::write(home.path().join("settings.local.json"), text).unwrap();
        symlink(home.path(), other.path().join(".claude")).unwrap();
        let why = forget(&rule("Read", Scope::Local), other.path(), home.path()).unwrap_err();
        assert!(why.contains(".claude is a link"), "{why}");
        for file in [victim, home.path().join("settings.local.json")] {
            assert_eq!(fs::read_to_string(file).unwrap(), text);
        }
        let pipe = home.path().join("settings.json");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        assert!(forget(&rule("Read", Scope::User), project.path(), home.path()).unwrap_err().contains("named pipe"));
    }
}
