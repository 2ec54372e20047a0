//! Who works on a conversation: what each running CLI says of itself, as long as its process is alive.
//!
//! A CLI names its process and its conversation in `<config>/sessions/<pid>.json`. Such a file may be left
//! behind, so the process must be alive and have started when the file says. A CLI that says nothing is
//! guessed at: one that was started with the conversation's name as an argument.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::Path;

use super::open_regular;
use crate::core::ids::ConversationId;
use crate::wire::transcript::RunningCli;

/// What a CLI says of itself is a line.
const MAX_BYTES: u64 = 64 << 10;
/// Running CLIs that are looked at.
const MAX_CLIS: usize = 10_000;
/// The name by which a process of one of our own sessions is known.
const OWN_MARK: &[u8] = b"ADJUTANT_SESSION=";

/// A process that works on a conversation, and that no adjutant has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub pid: u32,
    /// It says so itself; otherwise it only looks like it.
    pub is_certain: bool,
    /// Such as `busy`, when it says.
    pub status: Option<String>,
}

impl Holder {
    /// In words that fit after "by" or before "holds it".
    pub fn describe(&self) -> String {
        let surely = if self.is_certain { "" } else { "probably " };
        format!("{surely}a claude in another terminal (process {})", self.pid)
    }
}

/// The process that works on a conversation; `None` when none is known to.
pub fn of(claude_home: &Path, id: &ConversationId) -> Option<Holder> {
    said(claude_home, id).or_else(|| guessed(id))
}

fn said(claude_home: &Path, id: &ConversationId) -> Option<Holder> {
    let entries = std::fs::read_dir(claude_home.join("sessions")).ok()?.flatten().take(MAX_CLIS);
    let files = entries.map(|entry| entry.path()).filter(|path| path.extension() == Some(OsStr::new("json")));
    files.filter_map(|path| read(&path)).find_map(|cli| {
        let pid = u32::try_from(cli.pid?).ok()?;
        let is_it = cli.session_id.as_deref() == Some(&*id.0);
        let same = |said: &String| started(pid).is_none_or(|started| started == *said);
        let lives = is_alive(pid) && cli.proc_start.as_ref().is_none_or(same);
        (is_it && lives && !is_ours(pid)).then_some(Holder { pid, is_certain: true, status: cli.status })
    })
}

fn read(path: &Path) -> Option<RunningCli> {
    let (file, _) = open_regular(path).ok()?;
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    RunningCli::read(&text)
}

fn guessed(id: &ConversationId) -> Option<Holder> {
    let pids = std::fs::read_dir("/proc").ok()?.flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).find_map(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let mut words = line.split(|byte| *byte == 0);
        let is_claude = words.clone().take(2).any(|word| word.ends_with(b"claude") || word.ends_with(b"claude.js"));
        let names_it = words.any(|word| word.ends_with(id.0.as_bytes()));
        let is_fork = line.split(|byte| *byte == 0).any(|word| word == b"--fork-session");
        let holds = is_claude && names_it && !is_fork && !is_ours(pid);
        holds.then_some(Holder { pid, is_certain: false, status: None })
    })
}

fn is_alive(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return false };
    let answer = rustix::process::test_kill_process(pid);
    // One of another user cannot be asked, but is there.
    matches!(answer, Ok(()) | Err(rustix::io::Errno::PERM)) && !is_dead(pid.as_raw_nonzero().get())
}

/// A process that has ended and that nobody has taken note of.
fn is_dead(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| matches!(rest.trim_start().chars().next(), Some('Z' | 'X')))
}

/// When a process started, as the system counts; `None` where it does not say.
fn started(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold blanks and brackets; the 22nd field is the 20th behind it.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19).map(str::to_owned)
}

/// Whether it is the process of a session of ours: those are told apart by their locks.
fn is_ours(pid: u32) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(OWN_MARK))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-2222-4333-8444-555555555555";

    fn home(pid: u32, start: &str, id: &str) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("sessions")).unwrap();
        let text = serde_json::json!({"pid": pid, "procStart": start, "sessionId": id, "status": "busy"}).to_string();
        std::fs::write(home.path().join(format!("sessions/{pid}.json")), text).unwrap();
        home
    }

    #[test]
    fn a_cli_that_says_so_holds_a_conversation_while_it_lives() {
        let me = std::process::id();
        let start = started(me).unwrap();
        let holder = of(home(me, &start, ID).path(), &ID.into()).unwrap();
        assert_eq!((holder.pid, holder.is_certain), (me, true));
        assert!(holder.describe().contains(&me.to_string()) && !holder.describe().contains("probably"));
        assert_eq!(of(home(me, &start, "other").path(), &ID.into()), None);
        assert_eq!(of(home(me, "1", ID).path(), &ID.into()), None, "another process has that number now");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = home(child.id(), "1", ID);
        child.wait().unwrap();
        assert_eq!(of(dead.path(), &ID.into()), None);
        assert_eq!(of(Path::new("/nowhere"), &ID.into()), None);
    }
}
