//! Reading tools, where they may read.
//!
//! **For:** the configured list `auto_allow`. **Not for:** the person's own rules. It follows links and
//! reads the disk, so it runs where blocking is allowed.
//!
//! Invariants: only a definite yes is an answer; whatever cannot be resolved, read or understood is
//! asked. A tool that is not known to only read is never answered, whatever the configuration says.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::paths;
use super::paths::Own;
use super::paths::resolve;
use crate::config::Approvals;
use crate::config::READING_TOOLS;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::permission::PermissionMode;
use crate::core::permission::PermissionUpdate;
use crate::core::sensitive::looks_secret;

/// Input fields that name a place on the disk.
const PATH_KEYS: [&str; 5] = ["file_path", "notebook_path", "path", "directory", "dir_path"];

/// The rule that allows the request, in words, or nothing: then it is asked.
pub(super) fn allows(approval: &Approval, config: &Approvals, directories: &[PathBuf]) -> Option<String> {
    let listed = config.auto_allow.contains(&approval.tool) && READING_TOOLS.contains(&approval.tool.as_str());
    if !listed || approval.ask != Ask::Tool || !approval.binding.permits_automatic() {
        return None;
    }
    let directory = Path::new(&approval.place.directory);
    let mut places = places(approval, directory)?;
    places.extend(approval.blocked_path.as_deref().map(PathBuf::from));
    for update in &approval.suggestions {
        match update {
            PermissionUpdate::AddDirectories { directories, .. } => {
                places.extend(directories.iter().map(|place| directory.join(place)));
            }
            PermissionUpdate::SetMode { mode: PermissionMode::BypassPermissions, .. } => return None,
            PermissionUpdate::SetMode { .. } | PermissionUpdate::AddRules { .. } | PermissionUpdate::Other(_) => {}
        }
    }
    if approval.tool == "Grep" && prints_lines(&approval.input) && !is_narrow(&approval.input) {
        return None;
    }
    let roots: Vec<PathBuf> = directories.iter().filter_map(|root| root.canonicalize().ok()).collect();
    for place in &places {
        let real = resolve(&directory.join(place))?;
        let inside = config.anywhere || roots.iter().any(|root| real.starts_with(root));
        if !inside || paths::is_private(&place.to_string_lossy(), &real, None, Own(&config.own)) {
            return None;
        }
    }
    Some(format!("auto_allow {}", approval.tool))
}

/// Whether a search shows what it finds, and not only where.
fn prints_lines(input: &Value) -> bool {
    !matches!(input.get("output_mode").and_then(Value::as_str), None | Some("files_with_matches" | "count"))
        || input.get("output_mode").is_some_and(|mode| !mode.is_string())
}

/// Whether a search looks into one file only, which is judged like one that is read: it looks into hidden
/// files too, and a kind of file is no protection (`credentials.json` is JSON).
fn is_narrow(input: &Value) -> bool {
    input.get("path").and_then(Value::as_str).is_some_and(|path| Path::new(path).is_file())
}

/// Every place on the disk that the input names; `None` when it could name more than can be told.
pub(super) fn places(approval: &Approval, directory: &Path) -> Option<Vec<PathBuf>> {
    let fields = approval.input.as_object()?;
    let web = matches!(approval.tool.as_str(), "WebSearch" | "WebFetch");
    let mut places = Vec::new();
    for (key, value) in fields {
        match (key.as_str(), value) {
            (key, Value::String(path)) if PATH_KEYS.contains(&key) => {
                // The CLI takes blanks off and follows its own directory, which a command may have changed:
                // only a path that means the same to both of us is judged here.
                let is_plain = path.starts_with('/') && path.trim() == path && !path.contains('\0');
                if !is_plain {
                    return None;
                }
                places.push(PathBuf::from(path));
            }
            (key, _) if PATH_KEYS.contains(&key) => return None,
            // What Grep searches for is no path; what limits its files is a pattern of paths.
            ("pattern", Value::String(_)) if approval.tool == "Grep" => {}
            ("pattern" | "glob", Value::String(pattern)) if escapes(pattern) || looks_secret(pattern) => return None,
            (_, Value::String(text)) if !web && (escapes(text) || text.contains("../")) => return None,
            (_, Value::Array(_) | Value::Object(_)) if !web => return None,
            _ => {}
        }
    }
    if places.is_empty() && matches!(approval.tool.as_str(), "Glob" | "Grep") && !approval.place.is_doubtful {
        places.push(directory.to_owned());
    }
    // A tool that reads files and names none reads we know not what.
    if places.is_empty() && !web { None } else { Some(places) }
}

/// Whether a pattern may reach out of the directory it starts from.
fn escapes(pattern: &str) -> bool {
    pattern.starts_with(['/', '~', '\\'])
        || pattern.split(['/', '\\', '{', '}', ',']).any(|part| part == ".." || part.starts_with('~'))
        || pattern.contains("{/")
        || pattern.contains(",/")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use serde_json::json;

    use super::*;
    use crate::core::approval::Place;
    use crate::core::ids::ApprovalId;
    use crate::core::ids::SessionId;
    use crate::core::permission::Scope;

    fn approval(directory: &Path, tool: &str, input: Value) -> Approval {
        Approval {
            place: Place { directory: directory.to_string_lossy().into_owned(), ..Place::default() },
            ..Approval::new(ApprovalId(1), SessionId(1), tool, input)
        }
    }

    fn config(anywhere: bool) -> Approvals {
        let tools = ["Read", "Glob", "Grep", "WebSearch", "Bash", "Write", "mcp__x__y"];
        Approvals { auto_allow: tools.map(str::to_owned).into(), anywhere, ..Approvals::default() }
    }

    /// A project with links out of it, beside something private.
    fn project() -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("web");
        fs::create_dir_all(home.join("src")).unwrap();
        fs::create_dir_all(root.path().join("other")).unwrap();
        fs::write(home.join("src/a.rs"), "x").unwrap();
        fs::write(home.join(".env"), "x").unwrap();
        fs::write(root.path().join("other/b.txt"), "x").unwrap();
        symlink(root.path().join("other"), home.join("out")).unwrap();
        symlink(home.join(".env"), home.join("plain.txt")).unwrap();
        symlink(root.path().join("nowhere"), home.join("dangling")).unwrap();
        (root, home)
    }

    #[test]
    fn reads_inside_the_project_are_allowed_and_nothing_else() {
        let (root, home) = project();
        let other = root.path().join("other/b.txt").to_string_lossy().into_owned();
        let cases = [
            ("Read", json!({"file_path": home.join("src/a.rs")}), true),
            ("Read", json!({"file_path": home.join("src/a.rs"), "offset": 3, "limit": 10}), true),
            ("Read", json!({"file_path": "src/a.rs"}), false),
            ("Read", json!({"file_path": format!(" {}", home.join("src/a.rs").display())}), false),
            ("Grep", json!({"pattern": "x", "output_mode": "content"}), false),
            ("Grep", json!({"pattern": "x", "output_mode": "content", "glob": ".e*"}), false),
            ("Grep", json!({"pattern": "x", "output_mode": "content", "glob": "*.pem"}), false),
            ("Grep", json!({"pattern": "x", "output_mode": 7}), false),
            ("Grep", json!({"pattern": "x", "output_mode": "content", "glob": "**/*.rs"}), false),
            ("Grep", json!({"pattern": "x", "output_mode": "content", "type": "json"}), false),
            ("Grep", json!({"pattern": "x", "output_mode": "content", "path": home.join("src/a.rs")}), true),
            ("Grep", json!({"pattern": "x", "output_mode": "files_with_matches"}), true),
            ("Read", json!({"file_path": home.join("src/new.rs")}), true),
            ("Read", json!({"file_path": other}), false),
            ("Read", json!({"file_path": home.join("../other/b.txt")}), false),
            ("Read", json!({"file_path": home.join("out/b.txt")}), false),
            ("Read", json!({"file_path": home.join("dangling")}), false),
            ("Read", json!({"file_path": home.join("dangling/x")}), false),
            ("Read", json!({"file_path": home.join("src/none/../../../other/b.txt")}), false),
            ("Read", json!({"file_path": home.join(".env")}), false),
            ("Read", json!({"file_path": home.join("plain.txt")}), false),
            ("Read", json!({"file_path": "~/x"}), false),
            ("Read", json!({"file_path": 7}), false),
            ("Read", json!({}), false),
            ("Read", json!("src/a.rs"), false),
            ("Glob", json!({"pattern": "**/*.rs"}), true),
            ("Glob", json!({"pattern": "*.rs", "path": home.join("src")}), true),
            ("Glob", json!({"pattern": "../**"}), false),
            ("Glob", json!({"pattern": "/etc/*"}), false),
            ("Glob", json!({"pattern": "{src,../other}/*"}), false),
            ("Glob", json!({"pattern": "{/etc,src}/*"}), false),
            ("Glob", json!({"pattern": ".env"}), false),
            ("Grep", json!({"pattern": "/etc/../x", "glob": "*.rs", "-n": true}), true),
            ("Grep", json!({"pattern": "x", "path": "out"}), false),
            ("Grep", json!({"pattern": "x", "glob": "../*"}), false),
            ("WebSearch", json!({"query": "a/../b"}), true),
            ("WebFetch", json!({"url": "https://x"}), false),
            ("Bash", json!({"command": "ls"}), false),
            ("Write", json!({"file_path": home.join("src/a.rs")}), false),
            ("mcp__x__y", json!({"file": "/etc/passwd"}), false),
        ];
        for (tool, input, expected) in cases {
            let verdict = allows(&approval(&home, tool, input.clone()), &config(false), std::slice::from_ref(&home));
            assert_eq!(verdict.is_some(), expected, "{tool} {input}");
        }
    }

    #[test]
    fn extra_directories_count_and_anywhere_still_keeps_secrets() {
        let (root, home) = project();
        let other = root.path().join("other");
        let read = |path: &Path| approval(&home, "Read", json!({"file_path": path}));
        let both = [home.clone(), other.clone()];
        assert!(allows(&read(&home.join("out/b.txt")), &config(false), &both).is_some());
        assert!(allows(&read(&other.join("b.txt")), &config(true), std::slice::from_ref(&home)).is_some());
        assert!(allows(&read(&home.join("plain.txt")), &config(true), &both).is_none());
        assert!(allows(&read(Path::new("/root/.ssh/id_rsa")), &config(true), &both).is_none());
    }

    #[test]
    fn a_bound_request_is_always_asked() {
        let (_root, home) = project();
        let good = || approval(&home, "Read", json!({"file_path": home.join("src/a.rs")}));
        let ask = |change: fn(&mut Approval)| {
            let mut approval = good();
            change(&mut approval);
            allows(&approval, &config(false), std::slice::from_ref(&home)).is_none()
        };
        assert!(!ask(|_| {}));
        assert!(ask(|approval| approval.binding.asked_by_rule = Some("Read".into())));
        assert!(ask(|approval| approval.binding.safety_check = true));
        assert!(ask(|approval| approval.binding.needs_person = true));
        assert!(ask(|approval| approval.binding.default_to_no = true));
        assert!(ask(|approval| approval.blocked_path = Some("/etc/passwd".into())));
        assert!(ask(|approval| {
            let directories = vec!["/etc".into()];
            approval.suggestions = vec![PermissionUpdate::AddDirectories { directories, scope: Scope::Session }];
        }));
        let nothing = Approvals::default();
        assert!(allows(&good(), &nothing, std::slice::from_ref(&home)).is_none());
    }
}
