//! The prompt of a run: what was given with it, and what comes on standard input.

use std::io;
use std::io::IsTerminal as _;
use std::io::Read as _;
use std::time::Duration;

use super::complain;
use crate::cli::Approve;
use crate::cli::Run;
use crate::cli::setup::Stop;

/// Bytes of standard input that go with a prompt.
const MAX_INPUT: u64 = 8 << 20;
/// A pipe that brings nothing for so long was left open by whoever started us.
const PATIENCE: Duration = Duration::from_secs(3);

/// The prompt in full.
pub(super) fn prompt(run: &Run) -> Result<String, Stop> {
    if run.prompt == "-" && run.approve == Approve::Stdin {
        return Err(Stop::usage(
            "standard input cannot bring both the prompt and the answers; give the prompt with -p TEXT",
        ));
    }
    let prompt = match run.prompt.as_str() {
        "-" => read_all()?,
        text if run.approve == Approve::Stdin || !brings_something()? => text.to_owned(),
        text => joined(text, &read_all()?),
    };
    if prompt.trim().is_empty() {
        return Err(Stop::usage("the prompt is empty"));
    }
    Ok(prompt)
}

fn joined(prompt: &str, input: &str) -> String {
    if input.trim().is_empty() { prompt.to_owned() } else { format!("{prompt}\n\n{input}") }
}

fn read_all() -> Result<String, Stop> {
    let failed = |why: String| Stop::usage(format!("the prompt could not be read from standard input: {why}"));
    let mut bytes = Vec::new();
    io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(failed(format!("it is larger than {} MiB; name a file in the prompt instead", MAX_INPUT >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| failed("it is not text in UTF-8".into()))
}

/// Whether standard input is a file or a pipe with something in it. A terminal and `/dev/null` bring nothing.
fn brings_something() -> Result<bool, Stop> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Ok(false);
    }
    // A descriptor that cannot be looked at is closed.
    let Ok(kind) = rustix::fs::fstat(&stdin).map(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode)) else {
        return Ok(false);
    };
    if kind.is_file() {
        return Ok(true);
    }
    if !kind.is_fifo() && !kind.is_socket() {
        return Ok(false);
    }
    let mut waiting = [rustix::event::PollFd::new(&stdin, rustix::event::PollFlags::IN)];
    let limit = rustix::event::Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
    match rustix::event::poll(&mut waiting, Some(&limit)) {
        Ok(0) => {
            complain("standard input is open and brings nothing: the prompt goes without it")?;
            Ok(false)
        }
        Ok(_) => Ok(true),
        Err(error) => Err(Stop::usage(format!("standard input cannot be read: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_piped_stands_behind_the_prompt() {
        assert_eq!(joined("sum up", "a\nb\n"), "sum up\n\na\nb\n");
        assert_eq!(joined("sum up", " \n"), "sum up");
    }
}
