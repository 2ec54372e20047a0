//! Running git where the repository is not trusted.
//!
//! A repository's own configuration can name programs that git runs: hooks, a file monitor, filters. None of them is
//! needed here. Configuration of the system and of the person counts as it does in a shell.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::process::Child;
use tokio::process::Command;

/// What looks at something is done by then.
pub(super) const LOOK: Duration = Duration::from_secs(30);
/// What writes a whole tree is.
pub(super) const WRITE: Duration = Duration::from_mins(5);
/// More than this is not read: a list of that many files is no list.
const MAX_OUTPUT: u64 = 64 << 20;
/// What git complains of is short.
const MAX_COMPLAINT: u64 = 4 << 10;
/// The oldest git that takes its configuration from the environment.
const OLDEST: (u32, u32) = (2, 31);

/// Variables of git that say where the person's own configuration is; all others would mislead it.
const KEPT: [&str; 5] =
    ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES"];

/// Stronger than anything that a repository says.
const STEADY: [(&str, &str); 12] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.pager", "cat"),
    ("protocol.allow", "never"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("log.showSignature", "false"),
    ("branch.autoSetupMerge", "false"),
    ("safe.bareRepository", "explicit"),
    ("advice.detachedHead", "false"),
    ("core.quotePath", "false"),
];

/// Why git did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum GitError {
    #[error("git is not installed, or not on the PATH")]
    Missing,
    #[error("git {0} is too old; 2.31 or newer is needed")]
    TooOld(String),
    #[error("`git {what}` took longer than {} seconds", limit.as_secs())]
    Slow { what: String, limit: Duration },
    #[error("`git {what}` found more than can be read")]
    TooMuch { what: String },
    #[error("{}", tell(what, said))]
    Failed { what: String, said: String },
    #[error("git could not be started: {0}")]
    NotStarted(String),
}

impl From<GitError> for String {
    fn from(error: GitError) -> Self {
        error.to_string()
    }
}

impl GitError {
    /// What git itself said.
    pub(super) fn said(&self) -> &str {
        match self {
            Self::Failed { said, .. } => said,
            _ => "",
        }
    }
}

fn tell(what: &str, said: &str) -> String {
    if said.contains("No space left on device") || said.contains("Disk quota exceeded") {
        return "the disk is full".into();
    }
    format!("`git {what}` failed: {said}")
}

/// What git said, and whether it was content.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) is_ok: bool,
    pub(super) bytes: Vec<u8>,
    said: String,
}

/// Git in a directory.
#[derive(Debug, Clone)]
pub(super) struct Git {
    program: PathBuf,
    directory: PathBuf,
    repository: Vec<(&'static str, OsString)>,
    config: Vec<(String, String)>,
    has_own_programs: bool,
}

impl Git {
    /// Git that finds the repository that the directory is in, and heeds none of its programs.
    pub(super) async fn open(directory: &Path) -> Result<Self, GitError> {
        Self::new(directory, Vec::new())?.steadied().await
    }

    /// Git on exactly this repository; a worktree of it, or none.
    pub(super) async fn on(git_dir: &Path, tree: Option<&Path>) -> Result<Self, GitError> {
        let mut repository = vec![("GIT_DIR", git_dir.as_os_str().to_owned())];
        repository.extend(tree.map(|tree| ("GIT_WORK_TREE", tree.as_os_str().to_owned())));
        Self::new(tree.unwrap_or(git_dir), repository)?.steadied().await
    }

    fn new(directory: &Path, repository: Vec<(&'static str, OsString)>) -> Result<Self, GitError> {
        let program = program().ok_or(GitError::Missing)?;
        let config = STEADY.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Ok(Self { program, directory: directory.to_owned(), repository, config, has_own_programs: false })
    }

    /// Takes away the programs that the repository's own configuration names. Reading it runs none.
    async fn steadied(mut self) -> Result<Self, GitError> {
        let listed = self.run(&["config", "--list", "--show-scope", "-z"], LOOK).await?;
        if !listed.is_ok {
            self.check_age().await?;
            return Err(listed.failed("config"));
        }
        let taken = own_programs(&listed.bytes);
        self.has_own_programs = !taken.is_empty();
        self.config.extend(taken);
        Ok(self)
    }

    /// Whether the repository names programs that were taken away.
    pub(super) fn has_own_programs(&self) -> bool {
        self.has_own_programs
    }

    /// Whether this git can do what is needed.
    pub(super) async fn check_age(&self) -> Result<(), GitError> {
        let said = self.run(&["version"], LOOK).await?;
        let said = String::from_utf8_lossy(&said.bytes).trim().to_owned();
        let version = said.strip_prefix("git version ").unwrap_or(&said);
        if age(version).is_some_and(|age| age < OLDEST) {
            return Err(GitError::TooOld(version.to_owned()));
        }
        Ok(())
    }

    /// Runs git and wants success.
    pub(super) async fn want<A: AsRef<OsStr>>(&self, words: &[A], limit: Duration) -> Result<Vec<u8>, GitError> {
        let output = self.run(words, limit).await?;
        if output.is_ok { Ok(output.bytes) } else { Err(output.failed(&name_of(words))) }
    }

    /// The same for one line of text.
    pub(super) async fn line<A: AsRef<OsStr>>(&self, words: &[A]) -> Result<String, GitError> {
        let bytes = self.want(words, LOOK).await?;
        let text = String::from_utf8(bytes).map_err(|_| GitError::Failed {
            what: name_of(words),
            said: "its answer is no text that can be used (a name that is not UTF-8)".into(),
        })?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }

    /// One line of text, where "no" is an answer.
    pub(super) async fn line_if<A: AsRef<OsStr>>(&self, words: &[A]) -> Result<Option<String>, GitError> {
        match self.line(words).await {
            Ok(line) => Ok(Some(line).filter(|line| !line.is_empty())),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn run<A: AsRef<OsStr>>(&self, words: &[A], limit: Duration) -> Result<Output, GitError> {
        let what = name_of(words);
        let mut child = self.command(words).spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if self.directory.is_dir() => GitError::Missing,
            std::io::ErrorKind::NotFound => {
                GitError::NotStarted(format!("there is no directory {}", self.directory.display()))
            }
            _ => GitError::NotStarted(error.to_string()),
        })?;
        let group = child.id().and_then(|pid| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?));
        match tokio::time::timeout(limit, finish(&mut child)).await {
            Ok(Ok((_, bytes, _))) if bytes.len() as u64 > MAX_OUTPUT => Err(GitError::TooMuch { what }),
            Ok(Ok((is_ok, bytes, said))) => Ok(Output { is_ok, bytes, said }),
            Ok(Err(error)) => Err(GitError::NotStarted(error.to_string())),
            Err(_) => {
                // What it started goes with it. One that waits for a disk ends when the disk answers.
                let _ = group.map(|group| rustix::process::kill_process_group(group, rustix::process::Signal::KILL));
                Err(GitError::Slow { what, limit })
            }
        }
    }

    fn command<A: AsRef<OsStr>>(&self, words: &[A]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--no-pager", "--literal-pathspecs"]).args(words).current_dir(&self.directory);
        for (name, _) in std::env::vars_os() {
            let is_git = name.to_str().is_some_and(|name| name.starts_with("GIT_") && !KEPT.contains(&name));
            if is_git {
                command.env_remove(name);
            }
        }
        command.envs(self.repository.iter().map(|(name, value)| (*name, value)));
        command.env("GIT_CONFIG_COUNT", self.config.len().to_string());
        for (n, (key, value)) in self.config.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{n}"), key).env(format!("GIT_CONFIG_VALUE_{n}"), value);
        }
        let quiet = [
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_ALLOW_PROTOCOL", "none"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_EDITOR", "false"),
            ("LC_ALL", "C"),
        ];
        command.envs(quiet).env_remove("SSH_ASKPASS");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        command
    }
}

impl Output {
    /// Whether another git was at work: the file's name in the message is the same in every language.
    pub(super) fn is_locked(&self) -> bool {
        !self.is_ok && self.said.contains(".lock'")
    }

    pub(super) fn failed(&self, what: &str) -> GitError {
        GitError::Failed { what: what.to_owned(), said: self.said.clone() }
    }
}

/// The words that tell what was asked for.
fn name_of<A: AsRef<OsStr>>(words: &[A]) -> String {
    let named = words.iter().map(|word| word.as_ref().to_string_lossy());
    named.take_while(|word| !word.starts_with('-')).take(2).collect::<Vec<_>>().join(" ")
}

async fn finish(child: &mut Child) -> std::io::Result<(bool, Vec<u8>, String)> {
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (bytes, said) = tokio::try_join!(read(out, MAX_OUTPUT + 1), read(err, MAX_COMPLAINT))?;
    if bytes.len() as u64 > MAX_OUTPUT {
        // It would wait for ever to be read.
        child.start_kill()?;
    }
    let status = child.wait().await?;
    let said: Vec<String> = String::from_utf8_lossy(&said).lines().map(|line| line.trim().to_owned()).collect();
    Ok((status.success(), bytes, said.join("; ").replace("fatal: ", "").replace("error: ", "")))
}

/// Reads so much, and throws away what follows while it is little: a complaint must not block its writer.
async fn read(pipe: Option<impl AsyncRead + Unpin>, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let Some(mut pipe) = pipe else { return Ok(bytes) };
    (&mut pipe).take(most).read_to_end(&mut bytes).await?;
    if most == MAX_COMPLAINT {
        tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

/// Where git is. Only whole paths are looked at: a relative one would lead into the repository.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).filter(|folder| folder.is_absolute()).map(|folder| folder.join("git")).find(|file| {
        use std::os::unix::fs::PermissionsExt as _;
        file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    })
}

fn age(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split(['.', ' ']).map(str::parse::<u32>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// What takes the programs away that the repository's own configuration names, from a list of it: scope, NUL, key,
/// newline, value, NUL.
fn own_programs(listed: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(listed);
    let mut pieces = text.split('\0');
    let mut taken = Vec::new();
    while let (Some(scope), Some(entry)) = (pieces.next(), pieces.next()) {
        let key = entry.split('\n').next().unwrap_or_default();
        if matches!(scope, "system" | "global" | "command") {
            continue;
        }
        let Some((table, rest)) = key.split_once('.') else { continue };
        let Some((name, what)) = rest.rsplit_once('.') else { continue };
        match (table, what) {
            ("filter", "clean" | "smudge" | "process") => taken.push((key.to_owned(), String::new())),
            ("filter", "required") => taken.push((key.to_owned(), "false".into())),
            ("hook", _) => {
                taken.push((format!("hook.{name}.enabled"), "false".into()));
                taken.push((format!("hook.{name}.event"), String::new()));
            }
            _ => {}
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_the_repository_are_taken_away_and_those_of_the_person_stay() {
        let listed = b"global\0filter.lfs.smudge\ngit-lfs smudge -- %f\0local\0filter.a.b=c.clean\nevil\nmore\0\
            worktree\0filter.x.required\ntrue\0local\0core.editor\nvi\0local\0hook.h.command\nevil\0local\0filter.flag\0";
        let expected = [
            ("filter.a.b=c.clean", ""),
            ("filter.x.required", "false"),
            ("hook.h.enabled", "false"),
            ("hook.h.event", ""),
        ];
        let taken = own_programs(listed);
        let taken: Vec<(&str, &str)> = taken.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(taken, expected);
    }

    #[test]
    fn versions_are_read_as_vendors_write_them() {
        assert_eq!(age("2.47.3"), Some((2, 47)));
        assert_eq!(age("2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(age("2.9"), Some((2, 9)));
        assert_eq!(age("next"), None);
    }

    /// Git that is this script.
    fn scripted(folder: &Path, script: &str) -> Git {
        use std::os::unix::fs::PermissionsExt as _;
        let program = folder.join("git");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Git { program, ..Git::new(folder, Vec::new()).unwrap() }
    }

    #[tokio::test]
    async fn git_that_hangs_is_given_up_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        let script = format!("sleep 1000 & echo $! > {}; echo begun; wait", pid_file.display());
        let git = scripted(folder.path(), &script);
        let limit = Duration::from_millis(500);
        let found = git.run(&["status", "--porcelain"], limit).await.map(|output| output.is_ok);
        assert_eq!(found, Err(GitError::Slow { what: "status".into(), limit }));
        let pid = std::fs::read_to_string(pid_file).unwrap().trim().parse().unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        let is_dead = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
            rustix::process::test_kill_process(pid).is_err() || stat.contains(") Z ")
        };
        while !is_dead() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn git_that_is_too_old_or_missing_or_talks_without_end_is_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let old = scripted(folder.path(), "echo git version 2.20.1");
        assert_eq!(old.check_age().await, Err(GitError::TooOld("2.20.1".into())));
        let loud = scripted(folder.path(), "yes complaint | head -c 1000000 >&2; exit 1");
        let said = loud.want(&["status"], LOOK).await.unwrap_err().to_string();
        assert!(said.starts_with("`git status` failed: complaint") && said.len() < 20_000);
        let missing = Git { program: folder.path().join("none"), ..loud.clone() };
        assert_eq!(missing.run(&["status"], LOOK).await.map(|output| output.is_ok), Err(GitError::Missing));
        let nowhere = Git { directory: folder.path().join("gone"), ..loud };
        let said = nowhere.want(&["status"], LOOK).await.unwrap_err().to_string();
        assert!(said.contains("there is no directory"), "{said}");
    }

    #[test]
    fn a_full_disk_is_said_to_be_full() {
        let error =
            GitError::Failed { what: "worktree add".into(), said: "write error: No space left on device".into() };
        assert_eq!(error.to_string(), "the disk is full");
    }
}
