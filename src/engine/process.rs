//! A running CLI: the tasks that read and write it, and the signals it gets.
//!
//! **For:** bytes to decoded lines and back, the end of the process, and making sure that nothing of it
//! is left. **Not for:** what a line means (`machine`).
//!
//! Invariants: standard output, standard error, standard input and the process itself each have a task
//! of their own and meet in one bounded channel; [`FromProcess::Gone`] is the last thing in it, after
//! everything that the process wrote; a signal is sent only while the process has not been reaped.

use std::path::Path;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::process::Child;
use tokio::process::ChildStdin;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::engine::guard;
use crate::engine::spawn::CommandLine;
use crate::engine::spawn::MARK;
use crate::wire::decode::BadLine;
use crate::wire::decode::Decoded;
use crate::wire::decode::cut_short;
use crate::wire::decode::decode;
use crate::wire::framing::Frame;
use crate::wire::framing::LineDecoder;

/// Batches that wait for the session's task; behind it the pipe fills and the CLI waits.
const FROM_BUFFER: usize = 16;
/// Lines that wait for the CLI. One that reads nothing for so long is not alive.
const TO_BUFFER: usize = 1024;
/// Bytes of one read: what is ready together becomes one batch of events.
const READ_BYTES: usize = 64 << 10;
/// A line of standard error is cut here.
const MAX_STDERR_LINE: usize = 4 << 10;
/// How long a process that nobody owns any more may take to end after each signal; its input was closed.
const ABANDONED_GRACE: Duration = Duration::from_secs(5);
/// How long the pipes may stay open after the process has ended.
const DRAIN: Duration = Duration::from_secs(1);

/// What a process does.
#[derive(Debug)]
pub(crate) enum FromProcess {
    /// Everything that one read brought.
    Lines(Vec<FromStdout>),
    Stderr(Vec<String>),
    /// A line with a receipt is in the pipe.
    Written(String),
    /// It has ended and nothing of it is left. `None`: not even its status is known.
    Gone(Option<ExitStatus>),
}

/// One thing that came on standard output.
#[derive(Debug)]
pub(crate) enum FromStdout {
    Line(Decoded),
    /// A line over the cap is being thrown away; told when the cap is passed, not at its end. What stood at
    /// its beginning may be a request that waits for an answer.
    TooLong(BadLine),
    NotUtf8 {
        preview: String,
    },
}

/// A signal for the process, in the order of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rung {
    Interrupt,
    Terminate,
    /// The guard ends everything below it at once.
    Kill,
    /// The guard itself does not answer.
    Destroy,
}

#[derive(Debug)]
pub(crate) struct ToWriter {
    pub(crate) line: String,
    pub(crate) receipt: Option<String>,
}

/// The handle of a running process. Dropping it closes the process's input.
#[derive(Debug)]
pub(crate) struct Process {
    writer: Option<mpsc::Sender<ToWriter>>,
    signals: mpsc::Sender<Rung>,
    pub(crate) events: mpsc::Receiver<FromProcess>,
}

/// Starts a program, under a guard where there is one.
pub(crate) fn start(
    line: &CommandLine,
    guard_program: Option<&Path>,
    mark: String,
    max_line: usize,
) -> std::io::Result<Process> {
    let guarded = guard_program.is_some();
    let mut command = if let Some(guard_program) = guard_program {
        Command::from(guard::command(guard_program, &line.program, &line.arguments))
    } else {
        let mut command = Command::new(&line.program);
        command.args(&line.arguments).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    command.current_dir(&line.directory).env_clear().envs(line.environment.iter().map(|(n, v)| (n, v)));
    let mut child = command.spawn()?;

    let (sender, events) = mpsc::channel(FROM_BUFFER);
    let (writer, lines) = mpsc::channel(TO_BUFFER);
    let (signals, signal_receiver) = mpsc::channel(8);
    if let Some(stdin) = child.stdin.take() {
        tokio::spawn(write(stdin, lines, sender.clone()));
    }
    let mut readers = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        readers.push(tokio::spawn(read_stdout(stdout, max_line, sender.clone())));
    }
    if let Some(stderr) = child.stderr.take() {
        readers.push(tokio::spawn(read_stderr(stderr, sender.clone())));
    }
    tokio::spawn(watch(child, guarded, signal_receiver, readers, mark, sender));
    Ok(Process { writer: Some(writer), signals, events })
}

impl Process {
    /// Hands a line to the writer; `false` when the input is closed or the CLI does not read.
    pub(crate) fn write(&self, line: ToWriter) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.try_send(line).is_ok())
    }

    /// Closes the input after what was handed over.
    pub(crate) fn close_input(&mut self) {
        self.writer = None;
    }

    pub(crate) fn signal(&self, rung: Rung) {
        // A full channel holds the same signals already.
        let _ = self.signals.try_send(rung);
    }
}

async fn write(mut stdin: ChildStdin, mut lines: mpsc::Receiver<ToWriter>, sender: mpsc::Sender<FromProcess>) {
    while let Some(ToWriter { line, receipt }) = lines.recv().await {
        let written = async {
            stdin.write_all(line.as_bytes()).await?;
            stdin.flush().await
        };
        if let Err(error) = written.await {
            tracing::debug!(%error, "the CLI has closed its input");
            return;
        }
        if let Some(receipt) = receipt
            && sender.send(FromProcess::Written(receipt)).await.is_err()
        {
            return;
        }
    }
}

async fn read_stdout(mut stdout: impl AsyncRead + Unpin, max_line: usize, sender: mpsc::Sender<FromProcess>) {
    let mut decoder = LineDecoder::new(max_line);
    let mut buffer = vec![0; READ_BYTES];
    let mut long = LongLine { max: max_line, so_far: 0, told: false };
    loop {
        let n = match stdout.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(n) => n,
        };
        let mut batch: Vec<FromStdout> =
            decoder.push(&buffer[..n]).into_iter().filter_map(|frame| from_frame(frame, &mut long)).collect();
        if long.passes_cap(&buffer[..n]) {
            batch.push(too_long(&decoder.discarded_head().unwrap_or_default()));
        }
        if !batch.is_empty() && sender.send(FromProcess::Lines(batch)).await.is_err() {
            return;
        }
    }
    let rest: Vec<FromStdout> = decoder.finish().and_then(|frame| from_frame(frame, &mut long)).into_iter().collect();
    if !rest.is_empty() {
        let _ = sender.send(FromProcess::Lines(rest)).await;
    }
}

/// Tells of a line over the cap when the cap is passed: its end may never come.
struct LongLine {
    max: usize,
    so_far: usize,
    told: bool,
}

impl LongLine {
    fn passes_cap(&mut self, bytes: &[u8]) -> bool {
        self.so_far = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => bytes.len() - end - 1,
            None => self.so_far.saturating_add(bytes.len()),
        };
        let passes = self.so_far > self.max && !self.told;
        self.told |= passes;
        passes
    }
}

fn from_frame(frame: Frame, long: &mut LongLine) -> Option<FromStdout> {
    match frame {
        Frame::Line(line) => Some(FromStdout::Line(decode(&line))),
        Frame::TooLong { head, .. } => (!std::mem::take(&mut long.told)).then(|| too_long(&head)),
        Frame::NotUtf8 { preview, .. } => Some(FromStdout::NotUtf8 { preview }),
    }
}

fn too_long(head: &str) -> FromStdout {
    FromStdout::TooLong(cut_short(head, "its line is too long"))
}

async fn read_stderr(mut stderr: impl AsyncRead + Unpin, sender: mpsc::Sender<FromProcess>) {
    let mut decoder = LineDecoder::new(MAX_STDERR_LINE);
    let mut buffer = vec![0; MAX_STDERR_LINE];
    loop {
        let n = match stderr.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(n) => n,
        };
        let lines: Vec<String> = decoder.push(&buffer[..n]).into_iter().map(stderr_line).collect();
        if !lines.is_empty() && sender.send(FromProcess::Stderr(lines)).await.is_err() {
            return;
        }
    }
    if let Some(frame) = decoder.finish() {
        let _ = sender.send(FromProcess::Stderr(vec![stderr_line(frame)])).await;
    }
}

fn stderr_line(frame: Frame) -> String {
    match frame {
        Frame::Line(line) => line,
        Frame::TooLong { bytes, .. } => format!("(a line of {bytes} bytes)"),
        Frame::NotUtf8 { preview, .. } => preview,
    }
}

/// Owns the process: sends it signals, waits for its end, and ends whatever it left.
async fn watch(
    mut child: Child,
    guarded: bool,
    mut signals: mpsc::Receiver<Rung>,
    readers: Vec<JoinHandle<()>>,
    mark: String,
    sender: mpsc::Sender<FromProcess>,
) {
    let mut open = true;
    // Whoever should have stopped it is gone, by a defect of ours: then it is stopped from here.
    let mut ladder = [Rung::Terminate, Rung::Kill, Rung::Destroy].into_iter();
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.ok(),
            rung = signals.recv(), if open => match rung {
                Some(rung) => send_signal(&child, guarded, rung),
                None => open = false,
            },
            () = tokio::time::sleep(ABANDONED_GRACE), if !open => {
                if let Some(rung) = ladder.next() {
                    send_signal(&child, guarded, rung);
                }
            }
        }
    };
    // Also after an orderly end: the guard may have been killed before it could do its work.
    let _ = tokio::task::spawn_blocking(move || end_marked(&mark)).await;
    for mut reader in readers {
        if tokio::time::timeout(DRAIN, &mut reader).await.is_err() {
            reader.abort();
        }
    }
    let _ = sender.send(FromProcess::Gone(status)).await;
}

fn send_signal(child: &Child, guarded: bool, rung: Rung) {
    use rustix::process::Signal;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    let Some(pid) = pid else { return };
    let signal = match rung {
        Rung::Interrupt => Signal::INT,
        Rung::Terminate => Signal::TERM,
        Rung::Kill if guarded => Signal::USR1,
        Rung::Kill | Rung::Destroy => Signal::KILL,
    };
    let sent = if guarded {
        rustix::process::kill_process(pid, signal)
    } else {
        rustix::process::kill_process_group(pid, signal)
    };
    if let Err(error) = sent {
        tracing::debug!(%error, ?rung, "the signal found nobody");
    }
}

/// Ends every process that carries the session's mark, however far it has run.
fn end_marked(mark: &str) {
    const ROUNDS: usize = 50;
    for _ in 0..ROUNDS {
        let left = guard::tree::marked(MARK, mark);
        if left.is_empty() {
            return;
        }
        for pid in left {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    tracing::warn!("a process of an ended session could not be killed");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock jumps whenever nothing else is to be done, so the patience costs no time.
    #[tokio::test(start_paused = true)]
    async fn a_process_that_nobody_owns_any_more_is_ended() {
        for script in ["sleep 600", "trap '' TERM; while :; do sleep 1; done"] {
            let line = CommandLine {
                program: "sh".into(),
                arguments: ["-c", script].map(Into::into).into(),
                directory: "/".into(),
                environment: std::env::vars_os().collect(),
            };
            let process = start(&line, None, uuid::Uuid::new_v4().to_string(), 1 << 20).unwrap();
            let Process { writer, signals, mut events } = process;
            // The session's task is gone; only the one that watches the process is left.
            drop((writer, signals));
            let end = loop {
                match events.recv().await {
                    Some(FromProcess::Gone(status)) => break status,
                    Some(_) => {}
                    None => panic!("the end was not told"),
                }
            };
            assert!(end.is_some_and(|status| !status.success()), "{script}");
        }
    }
}
