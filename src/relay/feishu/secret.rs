//! The app secret: where it may stand, and what it is held in.
//!
//! Invariants: a file that others may read is refused and not only warned of; the value shows in no
//! `Debug`, and is wiped from memory when it is dropped.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use rustix::fs::OFlags;
pub use secrecy::ExposeSecret;
pub use secrecy::SecretString;

use crate::config::Feishu;

/// A secret is a line; this is generous.
const MAX_BYTES: u64 = 4096;
/// Any right of the group or of others.
const NOT_OURS_ALONE: u32 = 0o077;

/// Why there is no app secret. Tells places, never values.
#[derive(Debug, thiserror::Error)]
pub enum NoSecret {
    #[error(
        "[relay.feishu] names no app secret: put it into a file that only you can read and name that as \
         app_secret_file, or name an environment variable as app_secret_env"
    )]
    None,
    #[error("the environment variable {0}, which [relay.feishu] app_secret_env names, is not set")]
    NotSet(String),
    #[error("the app secret in {0} is empty")]
    Empty(String),
    #[error("the app secret in {0} is not one line of text")]
    NoText(String),
    #[error("the file {path}, which holds the app secret, could not be read: {error}")]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{0} holds no app secret: it is not a regular file")]
    NotAFile(PathBuf),
    #[error("{0}, which holds the app secret, belongs to somebody else: make a copy of your own, with mode 600")]
    NotOurs(PathBuf),
    #[error("{path}, which holds the app secret, can be read by others (mode {mode:o}): run chmod 600 {path}")]
    Open { path: PathBuf, mode: u32 },
}

/// Finds the app secret: in the environment, in a file, or in the configuration file itself; the
/// configuration names only one of them. `inherited` looks up a variable.
pub fn find(
    config: &Feishu,
    config_file: &Path,
    inherited: impl Fn(&str) -> Option<String>,
) -> Result<SecretString, NoSecret> {
    if let Some(name) = &config.app_secret_env {
        let value = inherited(name).ok_or_else(|| NoSecret::NotSet(name.clone()))?;
        return checked(value, &format!("the environment variable {name}"));
    }
    if let Some(path) = &config.app_secret_file {
        let text = read(&home(path, &inherited))?;
        return checked(text, path);
    }
    match &config.app_secret {
        Some(secret) => {
            private(config_file)?;
            checked(secret.expose_secret().to_owned(), &config_file.display().to_string())
        }
        None => Err(NoSecret::None),
    }
}

fn checked(value: String, place: &str) -> Result<SecretString, NoSecret> {
    let value = SecretString::from(value);
    let text = value.expose_secret().trim();
    if text.is_empty() {
        return Err(NoSecret::Empty(place.to_owned()));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(NoSecret::NoText(place.to_owned()));
    }
    Ok(SecretString::from(text))
}

/// `~/` is the person's home, as in a shell.
fn home(path: &str, inherited: impl Fn(&str) -> Option<String>) -> PathBuf {
    match (path.strip_prefix("~/"), inherited("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(path),
    }
}

fn read(path: &Path) -> Result<String, NoSecret> {
    let mut file = private(path)?;
    let unreadable = |error| NoSecret::Unreadable { path: path.to_owned(), error };
    let mut text = String::new();
    file.by_ref().take(MAX_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// Opens a file that is ours alone. What is checked is what is read: the open file, not its name.
fn private(path: &Path) -> Result<File, NoSecret> {
    let unreadable = |error| NoSecret::Unreadable { path: path.to_owned(), error };
    // Opening a pipe would otherwise wait for whoever writes to it.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC).bits() as i32;
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(NoSecret::NotAFile(path.to_owned()));
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(NoSecret::NotOurs(path.to_owned()));
    }
    let mode = meta.mode() & 0o7777;
    if mode & NOT_OURS_ALONE != 0 {
        return Err(NoSecret::Open { path: path.to_owned(), mode });
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn in_file(text: &str, mode: u32) -> (tempfile::TempDir, Feishu) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let config = Feishu { app_secret_file: Some(path.display().to_string()), ..Feishu::default() };
        (folder, config)
    }

    fn found(config: &Feishu) -> Result<String, String> {
        let secret = find(config, Path::new("/nowhere"), |name| (name == "MINE").then(|| " s3cret\n".to_owned()));
        secret.map(|secret| secret.expose_secret().to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_private_file_and_a_variable_are_read() {
        let (_folder, config) = in_file("s3cret\n", 0o600);
        assert_eq!(found(&config), Ok("s3cret".into()));
        let config = Feishu { app_secret_env: Some("MINE".into()), ..Feishu::default() };
        assert_eq!(found(&config), Ok("s3cret".into()));
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_way_out() {
        for mode in [0o640, 0o604, 0o644, 0o660, 0o610] {
            let (_folder, config) = in_file("s3cret", mode);
            let error = found(&config).unwrap_err();
            assert!(error.contains(&format!("(mode {mode:o}): run chmod 600 /")), "{error}");
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_and_never_quoted() {
        for text in ["", "\n \n", "two words-s3cret", "s3cret\nmore", "s3cret\u{0}x"] {
            let (_folder, config) = in_file(text, 0o600);
            let error = found(&config).unwrap_err();
            assert!(!error.contains("s3cret") && error.contains("the app secret in /"), "{error}");
        }
        assert!(found(&Feishu::default()).unwrap_err().contains("app_secret_file"));
        let config = Feishu { app_secret_env: Some("OTHER".into()), ..Feishu::default() };
        assert!(found(&config).unwrap_err().contains("OTHER"));
    }

    #[test]
    fn only_a_regular_file_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
        for path in [folder.path(), &pipe, Path::new("/dev/null")] {
            let config = Feishu { app_secret_file: Some(path.display().to_string()), ..Feishu::default() };
            assert!(found(&config).unwrap_err().contains("is not a regular file"), "{}", path.display());
        }
    }

    #[test]
    fn in_the_configuration_it_needs_a_private_configuration() {
        let (folder, _) = in_file("", 0o600);
        let file = folder.path().join("secret");
        let config = Feishu { app_secret: Some("s3cret".into()), ..Feishu::default() };
        assert_eq!(find(&config, &file, |_| None).unwrap().expose_secret(), "s3cret");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(find(&config, &file, |_| None).is_err());
        assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
    }
}
