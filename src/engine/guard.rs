//! The guard: a tiny parent between adjutant and the CLI that lets no process of a session outlive it.
//!
//! **For:** two things that nobody else can do without `unsafe`. It learns of adjutant's death, also by
//! SIGKILL, and it is the subreaper of everything the CLI starts, so that children in sessions of their
//! own (every command of the Bash tool is one) still come back to it and are ended.
//! **Not for:** the protocol: the CLI inherits standard input, output and error, and the guard lets go
//! of its own copies, so that each end of file is seen where it belongs.
//!
//! It is this same program, started with a hidden first argument that `main` hands to [`run`] before it
//! does anything else. There are two steps: `__guard PARENT -- PROGRAM …` supervises, and
//! `__guarded PARENT -- PROGRAM …` asks to be told of the guard's death and becomes the program.
//!
//! Invariants: the guard ends only after every process below it has, or after [`SURRENDER`] when the
//! system does not let one die; its exit code is the CLI's, or 128 and the signal.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::process::ExitCode;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::WaitOptions;
use rustix::process::kill_process;
use signal_hook::consts::SIGCHLD;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use signal_hook::consts::SIGUSR1;
use signal_hook::consts::SIGUSR2;
use signal_hook::iterator::Signals;

/// Finding processes: by their parents, and by the mark in their environment.
pub mod tree;

/// The hidden first argument of the supervising step.
pub const GUARD: &str = "__guard";
/// The hidden first argument of the step that becomes the program.
const GUARDED: &str = "__guarded";
/// The exit code when the program could not be started, as shells have it.
pub const CANNOT_START: u8 = 127;

/// How long the CLI may take to end after SIGTERM once adjutant is gone.
const ORPHAN_GRACE: Duration = Duration::from_secs(2);
/// How long what the CLI left behind may take to end after SIGTERM.
const LEFTOVER_GRACE: Duration = Duration::from_millis(500);
/// A process that SIGKILL does not end within this time is the system's problem.
const SURRENDER: Duration = Duration::from_secs(5);
/// How often the process table is looked at while something is being ended; never otherwise.
const STEP: Duration = Duration::from_millis(10);

/// Runs the guard when the arguments ask for it; `None` means that this is an ordinary start.
pub fn run() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let step = arguments.next()?;
    if step != GUARD && step != GUARDED {
        return None;
    }
    let parent = arguments.next().and_then(|text| text.to_str()?.parse().ok()).and_then(Pid::from_raw);
    let command: Vec<OsString> = arguments.skip(1).collect();
    let (Some(parent), Some((program, arguments))) = (parent, command.split_first()) else {
        return Some(ExitCode::from(2));
    };
    let code = if step == GUARD {
        supervise(parent, program, arguments)
    } else {
        Err(become_program(parent, program, arguments))
    };
    Some(code.unwrap_or_else(|error| {
        // Standard error is the CLI's, which adjutant reads: the sentence arrives as the reason.
        let _ = io::Write::write_all(
            &mut io::stderr(),
            format!("could not start {}: {error}\n", program.display()).as_bytes(),
        );
        ExitCode::from(CANNOT_START)
    }))
}

/// Dies with the guard and becomes the CLI; returns only when that failed.
fn become_program(parent: Pid, program: &OsString, arguments: &[OsString]) -> io::Error {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(Signal::TERM)) {
        return error.into();
    }
    // The guard may have died before the request for the signal was in place.
    if rustix::process::getppid() != Some(parent) {
        return io::Error::other("its guard is gone");
    }
    // A session of its own has no controlling terminal: nothing the CLI starts can write to, or read from,
    // the one that adjutant draws on. It is no group leader, so this cannot fail for that reason.
    if let Err(error) = rustix::process::setsid() {
        return error.into();
    }
    Command::new(program).args(arguments).exec()
}

fn supervise(parent: Pid, program: &OsString, arguments: &[OsString]) -> io::Result<ExitCode> {
    // The handlers come first: the default of SIGUSR2 would end the guard.
    let mut signals = Signals::new([SIGCHLD, SIGTERM, SIGINT, SIGUSR1, SIGUSR2])?;
    #[cfg(target_os = "linux")]
    {
        rustix::process::set_parent_process_death_signal(Some(Signal::USR2))?;
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    }
    let is_orphan = || rustix::process::getppid() != Some(parent);
    if is_orphan() {
        return Ok(ExitCode::SUCCESS);
    }
    let me = rustix::process::getpid();
    let child = Command::new(tree::own_program()?)
        .arg(GUARDED)
        .arg(me.as_raw_nonzero().to_string())
        .arg("--")
        .arg(program)
        .args(arguments)
        .spawn()?;
    let cli = Pid::from_child(&child);
    release_standard_streams()?;

    for signal in signals.forever() {
        match signal {
            SIGCHLD => {
                if let Some(code) = reap(cli) {
                    end_leftovers(LEFTOVER_GRACE);
                    return Ok(code);
                }
            }
            SIGTERM => drop(kill_process(cli, Signal::TERM)),
            SIGINT => drop(kill_process(cli, Signal::INT)),
            SIGUSR1 => return Ok(end_all(cli, Duration::ZERO)),
            // The signal belongs to the thread that started the guard, and threads end: only a new
            // parent proves that adjutant is gone.
            SIGUSR2 if is_orphan() => {
                let _ = kill_process(cli, Signal::TERM);
                return Ok(end_all(cli, ORPHAN_GRACE));
            }
            _ => {}
        }
    }
    Ok(ExitCode::FAILURE)
}

/// Lets go of the pipes, so that the CLI alone holds them.
fn release_standard_streams() -> io::Result<()> {
    let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

/// Reaps everything that has ended; tells the exit code once the CLI is among it.
fn reap(cli: Pid) -> Option<ExitCode> {
    let mut code = None;
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        if pid == cli {
            let number = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
            code = Some(ExitCode::from(number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX)));
        }
    }
    code
}

/// Gives the CLI some time, then ends everything.
fn end_all(cli: Pid, grace: Duration) -> ExitCode {
    let until = Instant::now() + grace;
    let mut code = reap(cli);
    while code.is_none() && Instant::now() < until {
        std::thread::sleep(STEP);
        code = reap(cli);
    }
    let killed = ExitCode::from(128 + 9);
    let code = code.unwrap_or(killed);
    end_leftovers(Duration::ZERO);
    code
}

/// Ends every process below the guard: SIGTERM, some time, SIGKILL until none is left.
fn end_leftovers(grace: Duration) {
    let below = || tree::descendants(rustix::process::getpid());
    let mut left = below();
    if left.is_empty() {
        return;
    }
    let start = Instant::now();
    if !grace.is_zero() {
        for pid in &left {
            let _ = kill_process(*pid, Signal::TERM);
        }
    }
    loop {
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
        left = below();
        if left.is_empty() || start.elapsed() > SURRENDER {
            return;
        }
        if start.elapsed() >= grace {
            for pid in &left {
                let _ = kill_process(*pid, Signal::KILL);
            }
        }
        std::thread::sleep(STEP);
    }
}

/// How adjutant starts a program under a guard.
pub fn command(guard: &std::path::Path, program: &OsString, arguments: &[OsString]) -> Command {
    let mut command = Command::new(guard);
    command
        .arg(GUARD)
        .arg(std::process::id().to_string())
        .arg("--")
        .arg(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    command
}
