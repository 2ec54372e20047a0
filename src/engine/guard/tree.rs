//! Finding processes: by their parents, and by the mark in their environment.
//!
//! On systems without `/proc` nothing is found, and the process group is all there is.

use std::io;
use std::path::PathBuf;

use rustix::process::Pid;

/// The program that runs now, also when its file was replaced meanwhile.
pub fn own_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}

/// All processes whose chain of parents leads to `root`, without those that have ended already.
pub fn descendants(root: Pid) -> Vec<Pid> {
    let table: Vec<(Pid, Pid)> = all().filter_map(|pid| Some((pid, parent_of(pid)?))).collect();
    let mut found: Vec<Pid> = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let children = table.iter().filter(|(pid, above)| *above == parent && !found.contains(pid));
        let children: Vec<Pid> = children.map(|(pid, _)| *pid).collect();
        found.extend(children);
        next += 1;
    }
    found.split_off(1)
}

/// All processes that have `variable=value` in the environment they were started with.
pub fn marked(variable: &str, value: &str) -> Vec<Pid> {
    let mark = format!("{variable}={value}");
    let has_mark = |pid: &Pid| {
        std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero()))
            .is_ok_and(|bytes| bytes.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes()))
    };
    all().filter(has_mark).collect()
}

fn all() -> impl Iterator<Item = Pid> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw))
}

/// The parent of a process that has not ended. The name in the line may hold anything, spaces and
/// parentheses too: what counts stands behind the last parenthesis.
fn parent_of(pid: Pid) -> Option<Pid> {
    let line = std::fs::read(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let line = String::from_utf8_lossy(&line);
    let mut fields = line.get(line.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then(|| Pid::from_raw(parent)).flatten()
}
