//! A scripted stand-in for the CLI: speaks its protocol, calls no model, touches nothing.
//!
//! **For:** tests of the engine against a real process, and `adjutant demo`. **Not for:** anything that
//! needs a real conversation. It is this same program with a hidden first argument, used as
//! `[claude] command = ["adjutant", "__stand-in", "SCRIPT"]`; of the CLI's own arguments it reads
//! `--resume`, `--permission-mode` and `--model`.
//!
//! The script is one [`Step`](script::Step) in JSON after another; lines that begin with `//`
//! are skipped. A `turn` waits for a prompt and plays its steps as the answer; other steps at the top
//! run at once. Prompts beyond the last turn get the turns again from the first.

use std::process::ExitCode;

/// What goes on after its call.
mod background;
/// The lines of the protocol, from our side of it.
mod lines;
/// Plays a script.
mod player;
/// What a script may say.
pub mod script;

/// The hidden first argument.
pub const STAND_IN: &str = "__stand-in";
/// The hidden first argument of a child in a session of its own.
const CHILD: &str = "__stand-in-child";

/// Plays the script when the arguments ask for it; `None` means that this is an ordinary start.
pub fn run() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next()?.as_str() {
        STAND_IN => {}
        CHILD => return Some(player::be_child(arguments.next())),
        _ => return None,
    }
    let Some(path) = arguments.next() else { return Some(ExitCode::from(2)) };
    let steps = std::fs::read_to_string(&path).map_err(|error| error.to_string()).and_then(|text| script::parse(&text));
    Some(match steps {
        Ok(steps) => player::Player::new(arguments).play(&steps),
        Err(error) => {
            lines::to_stderr(&format!("{path}: {error}"));
            ExitCode::from(2)
        }
    })
}
