//! The real CLI, every version at hand, against a scripted model on loopback. Assertions are on what
//! reached the model and the disk, not only on what we think happened.

mod answering;
mod approvals;
mod backlog;
mod calls;
mod changes;
mod conversation;
mod disturbances;
mod elicitation;
mod hooks;
mod images;
mod import;
mod subagents;
mod trust;
mod unasked;
mod woken;
mod worktrees;

use std::path::PathBuf;

use crate::support::api::Api;
use crate::support::api::Reply;
use crate::support::rig::Rig;

/// Runs a test with each CLI at hand. A plain loop, so that a failure names the CLI.
macro_rules! with_each_cli {
    ($test:expr) => {
        for cli in crate::support::cli::all() {
            eprintln!("with {}", cli.display());
            $test(cli).await;
        }
    };
}
pub(crate) use with_each_cli;

/// An engine on a real CLI with a scripted model.
async fn rig(cli: PathBuf, scripts: &[(&str, Vec<Reply>)]) -> (Rig, Api) {
    let api = Api::start(scripts).await;
    let rig = Rig::start(vec![cli.display().to_string()], Some(&api));
    (rig, api)
}
