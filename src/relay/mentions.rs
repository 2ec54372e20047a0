//! Files that a prompt names with an `@`: the CLI reads them by itself, without asking anybody.
//!
//! At the terminal that is the person's own affair; from the phone it must reach no further than `/file` does.
//! Invariants: what the CLI may take for a name is looked at, also where it would not; a name that leaves the session's
//! directory, or looks secret, is not sent.

use std::path::Path;

use super::access;
use super::access::Shut;

/// More are not looked at, and not sent.
const MAX_NAMES: usize = 5_000;
/// Bytes of a path; no system takes more.
const MAX_PATH: usize = 4_096;
/// What names have in them beside letters and digits.
const IN_NAMES: &str = "/\\.-_+~#:@%=";

/// Names that a text may mention, in every reading.
pub fn mentioned(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices('@') {
        let rest = &text[at + 1..];
        let closing = match rest.chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => Some(quote),
            Some('“') => Some('”'),
            _ => None,
        };
        if let Some(closing) = closing {
            let inside = rest.trim_start_matches(['"', '\'', '`', '“']);
            names.push(inside.split([closing, '\n']).next().unwrap_or_default().to_owned());
        }
        let word = rest.split(char::is_whitespace).next().unwrap_or_default();
        let bare = word.trim_start_matches(['"', '\'', '`', '“', '(', '[', '<', '{']);
        names.extend((word.len() <= MAX_PATH).then(|| word.to_owned()));
        // It may end where a bracket, a comma or the like stands.
        let ends = bare.char_indices().filter(|(_, c)| !c.is_alphanumeric() && !IN_NAMES.contains(*c));
        for end in ends.map(|(end, _)| end).chain([bare.len()]).take_while(|end| *end <= MAX_PATH) {
            if names.len() > MAX_NAMES {
                break;
            }
            let name = &bare[..end];
            names.push(name.to_owned());
            names.push(name.trim_end_matches(['.', ':']).to_owned());
            // Lines of a file may be named too.
            names.extend(name.split_once('#').map(|(name, _)| name.to_owned()));
            names.extend(name.rsplit_once(':').map(|(name, _)| name.to_owned()));
        }
        if names.len() > MAX_NAMES {
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    if names.len() <= MAX_NAMES {
        names.sort_unstable();
        names.dedup();
    }
    names
}

/// The first name in a text that may not be sent from the phone. Blocking.
pub fn forbidden(text: &str, directory: &Path) -> Option<String> {
    let names = mentioned(text);
    if names.len() > MAX_NAMES {
        return Some("…".to_owned());
    }
    names.into_iter().find(|name| !may_be_named(name, directory))
}

fn may_be_named(name: &str, directory: &Path) -> bool {
    // What is read otherwise than here must prove that it is inside.
    let must_prove = name.starts_with('~') || name.contains('\\');
    match access::file(name, directory) {
        Ok(_) => true,
        Err(Shut::Missing | Shut::NoRoots | Shut::Blank(_) | Shut::NotText | Shut::NoConversation) => !must_prove,
        Err(Shut::Outside) => is_folder_inside(name, directory),
    }
}

/// A folder is listed, not read.
fn is_folder_inside(name: &str, directory: &Path) -> bool {
    let (Ok(root), Ok(real)) = (directory.canonicalize(), directory.join(name).canonicalize()) else { return false };
    real.is_dir() && real.starts_with(&root) && !crate::core::sensitive::looks_secret(&real.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_prompt_names_no_file_that_may_not_leave() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let web = base.join("web");
        std::fs::create_dir_all(web.join("src")).unwrap();
        for name in ["web/src/a b.rs", "web/src/a.rs", "web/.env", "other.txt"] {
            std::fs::write(base.join(name), "x").unwrap();
        }
        symlink(base.join("other.txt"), web.join("link")).unwrap();
        let outside = base.join("other.txt").display().to_string();
        let inside = web.join("src/a.rs").display().to_string();
        for allowed in [
            "fix it".to_owned(),
            "look at @src/a.rs, please".into(),
            "look at @src/a.rs#L1-5 and @src/".into(),
            "look at @\"src/a b.rs\"".into(),
            format!("look at @{inside}."),
            "write to me@example.org, or bump @types/node".into(),
            "@nobody @src/missing.rs".into(),
        ] {
            assert_eq!(forbidden(&allowed, &web), None, "{allowed}");
        }
        for refused in [
            format!("look at @{outside}"),
            format!("look at @\"{outside}\""),
            format!("look at @{outside}#L1"),
            format!("look at @{outside}:1"),
            format!("（@{outside}）"),
            format!("look at @{outside},"),
            "look at @../other.txt".into(),
            "look at @src/../../other.txt".into(),
            "look at @link".into(),
            "look at @.env".into(),
            "look at @./.env.".into(),
            "look at @~/.ssh/id_rsa".into(),
            "look at @/srv/my\\ file".into(),
            "look at @/etc/passwd".into(),
            "look at @/".into(),
            "a\n@..".into(),
            "@x ".repeat(MAX_NAMES),
        ] {
            assert!(forbidden(&refused, &web).is_some(), "{refused}: {:?}", mentioned(&refused));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_fail(text in "[@/~\"'“”a.# \\n:]{0,40}|\\PC{0,40}") {
            let _ = forbidden(&text, Path::new("/nonexistent"));
        }
    }
}
