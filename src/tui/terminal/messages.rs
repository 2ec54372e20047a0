//! Messages to the terminal emulator: clipboard, notifications, title.

use std::io;
use std::io::Write as _;
use std::process::Command;
use std::process::Stdio;

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;
use crossterm::terminal::SetTitle;

use crate::config::NotifyHow;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::sanitize::sanitize_joined;

/// Terminals drop a longer clipboard message without a word.
pub const MAX_CLIPBOARD_BYTES: usize = 74_000;

/// Puts text on the clipboard, and says how, or what was not possible. tmux takes it by a command of its own: what a
/// program inside it writes to the terminal it drops by default.
pub fn copy(text: &str) -> Result<&'static str, String> {
    if text.len() > MAX_CLIPBOARD_BYTES {
        return Err(format!(
            "Too long for the terminal's clipboard: {} bytes of at most {MAX_CLIPBOARD_BYTES}.",
            text.len()
        ));
    }
    let clean = sanitize_joined(text);
    if std::env::var_os("TMUX").is_some() {
        return match load_buffer(clean.as_str()) {
            Ok(()) => Ok("Copied, by tmux."),
            Err(error) => Err(format!("Not copied: tmux did not take it ({error}).")),
        };
    }
    execute!(io::stdout(), CopyToClipboard::to_clipboard_from(clean.as_str()))
        .map(|()| "Handed to the terminal's clipboard.")
        .map_err(|error| format!("Not copied: the terminal did not take the text ({error})."))
}

/// Gives tmux a buffer, which it hands on to the clipboard of the terminal around it.
fn load_buffer(text: &str) -> io::Result<()> {
    let mut command = Command::new("tmux");
    command.args(["load-buffer", "-w", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(text.as_bytes()));
    let status = child.wait()?;
    written?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("it ended with {status}"))) }
}

/// Calls the person.
pub fn notify(how: NotifyHow, title: &str, body: &str) {
    let mut out = io::stdout();
    let text = sanitize(&format!("{title}: {body}")).as_str().replace(['\n', ';'], " ");
    let sent = match how {
        NotifyHow::None => Ok(()),
        NotifyHow::Bell => out.write_all(b"\x07"),
        NotifyHow::Terminal => out.write_all(notification(&text).as_bytes()),
    };
    if let Err(error) = sent.and_then(|()| out.flush()) {
        tracing::debug!(%error, "the terminal took no notification");
    }
}

/// A desktop notification of the terminal, wrapped for tmux where that stands between, and the bell.
fn notification(text: &str) -> String {
    let message = format!("\x1b]9;{text}\x07");
    let in_tmux = std::env::var_os("TMUX").is_some();
    let message = if in_tmux { format!("\x1bPtmux;{}\x1b\\", message.replace('\x1b', "\x1b\x1b")) } else { message };
    format!("{message}\x07")
}

/// Names the terminal's window.
pub fn set_title(title: &str) {
    let clean = sanitize(title).as_str().replace('\n', " ");
    if let Err(error) = execute!(io::stdout(), SetTitle(clean)) {
        tracing::debug!(%error, "the terminal took no title");
    }
}
