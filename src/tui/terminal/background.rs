//! Asks the terminal for its background (OSC 11), before anything else reads or draws.

use std::io;
use std::io::IsTerminal as _;
use std::time::Duration;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use terminal_colorsaurus::QueryOptions;
use terminal_colorsaurus::ThemeMode;

/// A terminal that answers does so within a few milliseconds; over a slow line the question is not worth more.
const PATIENCE: Duration = Duration::from_millis(120);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}

/// What the terminal answers; `None` where it does not, or where keys wait already: reading the answer would
/// swallow them.
pub fn ask() -> Option<Background> {
    let stdin = io::stdin();
    if !stdin.is_terminal() || !io::stdout().is_terminal() || has_input(&stdin) {
        return None;
    }
    let mut options = QueryOptions::default();
    options.timeout = PATIENCE;
    match terminal_colorsaurus::theme_mode(options) {
        Ok(ThemeMode::Dark) => Some(Background::Dark),
        Ok(ThemeMode::Light) => Some(Background::Light),
        Err(error) => {
            tracing::debug!(%error, "the terminal does not tell its background");
            None
        }
    }
}

fn has_input(stdin: &io::Stdin) -> bool {
    let mut polled = [PollFd::new(stdin, PollFlags::IN)];
    rustix::event::poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|n| n > 0)
}
