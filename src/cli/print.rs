//! Printing for the verbs.

use std::io;
use std::io::Write as _;

use super::setup::Stop;

/// Prints a line.
pub fn say(line: &str) -> Result<(), Stop> {
    printed(writeln!(io::stdout(), "{line}"))
}

/// What became of printing. A reader that has seen enough, as `head` has, is no failure.
pub fn printed(written: io::Result<()>) -> Result<(), Stop> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Stop::failed(format!("could not print: {error}")))
        }
        _ => Ok(()),
    }
}
