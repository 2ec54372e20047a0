//! Where the names of a line lead.

use std::path::Path;
use std::path::PathBuf;

use super::MAX_TARGETS;
use crate::core::anatomy::Target;
use crate::core::file_name;
use crate::core::sensitive::looks_secret;
use crate::engine::policy::paths;

/// Places that are everybody's and nobody's.
const SHARED: [&str; 4] = ["/tmp", "/var/tmp", "/private/tmp", "/private/var/tmp"];

/// Where relative names begin, as far as it is known.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The session's directory.
    root: PathBuf,
    /// The same, links followed.
    real: PathBuf,
    /// Where the line is by now; none where that cannot be told.
    now: Option<PathBuf>,
    home: Option<PathBuf>,
    /// Names are those of another machine.
    elsewhere: bool,
    /// Directories that the line makes.
    made: Vec<String>,
}

impl Place {
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            root: directory.to_path_buf(),
            real: directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf()),
            now: Some(directory.to_path_buf()),
            home: std::env::home_dir(),
            elsewhere: false,
            made: Vec::new(),
        }
    }

    /// The same where names are those of another machine, or of an unknown directory.
    pub(super) fn elsewhere(&self) -> Self {
        Self { now: None, elsewhere: true, ..self.clone() }
    }

    pub(super) fn unknown(&self) -> Self {
        Self { now: None, ..self.clone() }
    }

    pub(super) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// Whether it is a path that is surely inside the session's directory.
    pub(super) fn is_inside(&self, named: &str) -> bool {
        self.file(named).is_some()
    }

    /// Where a file of the project is that may be read.
    pub(super) fn file(&self, named: &str) -> Option<PathBuf> {
        let path = paths::flat(&self.path(named)?);
        path.starts_with(&self.root).then_some(path)
    }

    /// Goes where a call goes. Only the first call of a line surely does.
    pub(super) fn follow(&mut self, words: &[String], is_first: bool) {
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["cd" | "pushd" | "popd" | "chdir" | "set-location" | "Set-Location" | "sl", ..] => {
                let to = words.get(1).filter(|to| is_first && words.len() == 2 && is_literal(to) && *to != "-");
                self.now = to.and_then(|to| Some(self.now.as_ref()?.join(self.at_home(to))));
            }
            ["mkdir", ..] => self.made.extend(words[1..].iter().filter(|word| !word.starts_with('-')).cloned()),
            _ => {}
        }
    }

    fn at_home(&self, named: &str) -> PathBuf {
        let rest =
            named.strip_prefix('~').or_else(|| named.strip_prefix("$HOME")).or_else(|| named.strip_prefix("${HOME}"));
        match (rest, &self.home) {
            (Some(""), Some(home)) => home.clone(),
            (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
            _ => PathBuf::from(named),
        }
    }

    /// Where a name is, if that can be told.
    fn path(&self, named: &str) -> Option<PathBuf> {
        let named = self.at_home(named);
        if self.elsewhere || !is_literal(&named.to_string_lossy()) {
            return None;
        }
        if named.is_absolute() { Some(named) } else { Some(self.now.as_ref()?.join(named)) }
    }

    pub(super) fn target(&self, named: &str) -> Target {
        // A link on the way is what a reader of the line cannot see.
        let leads_to = self.path(named).and_then(|path| {
            let real = paths::resolve(&path)?;
            let below = path.strip_prefix(&self.root).map(|rest| paths::flat(&self.real.join(rest)));
            let is_same = real == paths::flat(&path) || below.is_ok_and(|below| below == real);
            (!is_same).then(|| file_name::shown(&real))
        });
        Target { named: named.to_owned(), leads_to }
    }

    pub(super) fn targets(&self, named: &[String]) -> Vec<Target> {
        named.iter().take(MAX_TARGETS).map(|named| self.target(named)).collect()
    }

    /// Whether something is there; what cannot be told is.
    pub(super) fn exists(&self, named: &str) -> bool {
        // A device is always somebody's, also where it is not plugged in.
        // ... and a name that is made to be a new one is new.
        let is_made_up = ["$$", "$RANDOM", "$(date", "$(mktemp", "$(uuidgen"].iter().any(|part| named.contains(part));
        !is_made_up
            && (named.starts_with("/dev/") || self.path(named).is_none_or(|path| path.symlink_metadata().is_ok()))
    }

    /// Whether something is surely there.
    pub(super) fn holds(&self, named: &str) -> bool {
        self.path(named).is_some_and(|path| path.symlink_metadata().is_ok())
    }

    pub(super) fn is_directory(&self, named: &str) -> bool {
        self.path(named).is_some_and(|path| path.is_dir())
    }

    /// Whether the directory that it would be made in is there.
    pub(super) fn has_parent(&self, named: &str) -> bool {
        let is_made = self.made.iter().any(|made| Path::new(named).starts_with(made));
        let parent = self.path(named).and_then(|path| path.parent().map(Path::to_path_buf));
        is_made || parent.is_none_or(|parent| parent.is_dir())
    }

    /// Whether it is surely outside the session's directory, and no place for scratch files.
    pub(super) fn is_outside(&self, named: &str) -> bool {
        if self.elsewhere || named.is_empty() {
            return false;
        }
        let named_at = self.at_home(named);
        let text = named_at.to_string_lossy();
        if text.starts_with('~') {
            return true;
        }
        if is_a_stream(&text)
            || SHARED.iter().any(|shared| Path::new(&*text).starts_with(shared)) && !text.contains("..")
        {
            return false;
        }
        // The beginning tells enough, whatever the shell makes of the rest.
        let literal = text.split(['*', '?', '[', '$', '`']).next().unwrap_or_default();
        let path = if named_at.is_absolute() {
            PathBuf::from(literal)
        } else {
            match &self.now {
                Some(now) if literal.contains("..") => now.join(literal),
                Some(now) => now.join("."),
                None => return literal.starts_with("../"),
            }
        };
        let path = paths::flat(&path);
        !path.starts_with(&self.root) && !path.starts_with(&self.real) && !literal.is_empty()
    }
}

fn is_literal(named: &str) -> bool {
    !named.contains(['$', '*', '?', '`', '['])
}

/// Files that are no files.
pub(super) fn is_a_stream(named: &str) -> bool {
    matches!(
        named,
        "/dev/null"
            | "/dev/stdout"
            | "/dev/stderr"
            | "/dev/stdin"
            | "/dev/tty"
            | "/dev/zero"
            | "/dev/random"
            | "/dev/urandom"
            | "NUL"
            | "nul"
            | "$null"
            | "-"
    ) || named.starts_with("/dev/fd/")
}

/// Whether a word may be the name of a file rather than of something else.
pub(super) fn is_path_like(word: &str) -> bool {
    !word.contains("://")
        && !word.contains(char::is_whitespace)
        && (word.contains('/') || word.contains('.') || is_key(word))
}

fn is_key(word: &str) -> bool {
    word.starts_with("id_") && looks_secret(word)
}
