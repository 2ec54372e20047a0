//! One run of a hook's process: started, read, written, and ended with everything that it started.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use rustix::process::Pid;
use rustix::process::Signal;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Child;
use tokio::process::ChildStderr;
use tokio::process::ChildStdin;
use tokio::process::ChildStdout;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio_util::codec::FramedRead;

use super::codec::Line;
use super::codec::Lines;
use crate::config::hooks::Hook;
use crate::engine::guard;

/// What a hook's environment has of ours.
const PASSED: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];
/// How long it may take to end after its input was closed.
pub(super) const GRACE: Duration = Duration::from_secs(2);
/// How long the guard may take to end everything.
const KILL_GRACE: Duration = Duration::from_secs(6);
/// Of what it writes to standard error, a line is logged up to here,
const MAX_ERROR_LINE: usize = 2 << 10;
/// and so many lines of one run;
const MAX_ERROR_LINES: usize = 1000;
/// the last ones explain an end.
const LAST_LINES: usize = 3;

/// The last lines of standard error.
pub(super) type LastWords = Arc<Mutex<VecDeque<String>>>;

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    pid: Option<Pid>,
    guarded: bool,
}

#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

/// Starts it, in a folder, under a guard where there is one.
pub(super) fn start(hook: &Hook, folder: &Path, guard_program: Option<&Path>) -> io::Result<(Process, Pipes)> {
    let (program, arguments) = hook.command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let program = OsString::from(program);
    let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    let mut command = match guard_program {
        Some(guard_program) => Command::from(guard::command(guard_program, &program, &arguments)),
        None => {
            let mut command = Command::new(&program);
            command.args(&arguments).process_group(0);
            command
        }
    };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let passed = PASSED.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
    command.current_dir(folder).env_clear().envs(passed).envs(&hook.env).kill_on_drop(guard_program.is_none());
    let mut child = command.spawn()?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let closed = || io::Error::other("it has no pipes");
    let pipes = Pipes {
        stdin: child.stdin.take().ok_or_else(closed)?,
        stdout: child.stdout.take().ok_or_else(closed)?,
        stderr: child.stderr.take().ok_or_else(closed)?,
    };
    Ok((Process { child, pid, guarded: guard_program.is_some() }, pipes))
}

impl Process {
    pub(super) fn id(&self) -> u32 {
        self.pid.map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs())
    }

    /// Cancel-safe.
    pub(super) async fn ended(&mut self) -> Option<ExitStatus> {
        self.child.wait().await.ok()
    }

    /// Ends it, whose input is closed, and everything that it started. Returns when it has ended.
    pub(super) async fn end(&mut self, grace: Duration) -> Option<ExitStatus> {
        let status = match tokio::time::timeout(grace, self.child.wait()).await {
            Ok(status) => status.ok(),
            Err(_) => {
                self.kill_all();
                if let Ok(status) = tokio::time::timeout(KILL_GRACE, self.child.wait()).await {
                    status.ok()
                } else {
                    let _ = self.child.start_kill();
                    None
                }
            }
        };
        if !self.guarded
            && let Some(pid) = self.pid
        {
            // What it left behind in its group.
            let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        }
        status
    }

    fn kill_all(&self) {
        let Some(pid) = self.pid else { return };
        // Already gone: nothing is left to end.
        let _ = if self.guarded {
            rustix::process::kill_process(pid, Signal::USR1)
        } else {
            rustix::process::kill_process_group(pid, Signal::KILL)
        };
    }
}

/// Writes lines until there are no more to come; then its input is closed.
pub(super) async fn write(mut stdin: ChildStdin, mut lines: mpsc::Receiver<String>, waiting: Arc<AtomicUsize>) {
    while let Some(line) = lines.recv().await {
        let written = stdin.write_all(line.as_bytes()).await;
        waiting.fetch_sub(line.len(), Ordering::Relaxed);
        if let Err(error) = written {
            tracing::debug!(%error, "a hook has closed its input");
            return;
        }
    }
}

/// Reads lines until the end.
pub(super) async fn read(stdout: ChildStdout, mut take: impl FnMut(Line)) {
    let mut lines = FramedRead::new(stdout, Lines::default());
    while let Some(Ok(line)) = lines.next().await {
        take(line);
    }
}

/// Logs what it writes to standard error, and keeps the end of it.
pub(super) async fn read_stderr(mut stderr: ChildStderr, hook: String, last: LastWords) {
    let (mut buffer, mut rest, mut n_lines) = (vec![0; 4096], Vec::new(), 0);
    while let Ok(n @ 1..) = stderr.read(&mut buffer).await {
        for byte in &buffer[..n] {
            if *byte != b'\n' {
                if rest.len() < MAX_ERROR_LINE {
                    rest.push(*byte);
                }
                continue;
            }
            let line: String = String::from_utf8_lossy(&rest).chars().filter(|c| !c.is_control()).collect();
            rest.clear();
            if line.trim().is_empty() {
                continue;
            }
            n_lines += 1;
            if n_lines <= MAX_ERROR_LINES {
                tracing::info!(hook, line, "a hook says");
            }
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.len() >= LAST_LINES {
                last.pop_front();
            }
            last.push_back(line);
        }
    }
}

/// How it ended, in words.
pub(super) fn how(status: Option<ExitStatus>, last: &LastWords) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    let said = last.lock().unwrap_or_else(PoisonError::into_inner).back().cloned();
    let how = match status.map(|status| (status.code(), status.signal())) {
        Some((Some(code), _)) if code == i32::from(guard::CANNOT_START) => "it could not be started".to_owned(),
        // The guard reports its signal as shells do.
        Some((Some(code), _)) if code > 128 => format!("it was ended by signal {}", code - 128),
        Some((Some(code), _)) => format!("it ended with exit code {code}"),
        Some((None, Some(signal))) => format!("it was ended by signal {signal}"),
        Some((None, None)) | None => "it ended".to_owned(),
    };
    said.map_or(how.clone(), |said| format!("{how}: {said}"))
}
