//! Reaching the runner, and starting it when there is none.

use std::io::Read as _;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use super::Global;
use super::exit;
use super::print::say;
use super::setup;
use super::setup::Ground;
use super::setup::Stop;
use crate::config::places::Places;
use crate::disk;
use crate::disk::Content;
use crate::link::Link;
use crate::server::client;
use crate::server::client::NotConnected;
use crate::server::protocol::Purpose;
use crate::server::protocol::Welcome;

/// A runner opens its socket within this, also on a machine that is busy.
const START_TIME: Duration = Duration::from_secs(20);
const START_PAUSE: Duration = Duration::from_millis(10);
/// What a runner that did not start had to say, at most.
const MAX_LAST_WORDS: u64 = 2000;

/// Attaches a terminal; starts the runner first when there is none.
pub async fn reach(ground: &Ground) -> Result<(Link, Welcome), Stop> {
    let data_dir = &ground.places.data_dir;
    match client::connect(data_dir, Purpose::Attach).await {
        Err(NotConnected::NoRunner(_)) => {}
        other => return other.map_err(|error| Stop::failed(error.to_string())),
    }
    let mut child = start(&ground.places)?;
    let deadline = Instant::now() + START_TIME;
    loop {
        match client::connect(data_dir, Purpose::Attach).await {
            Err(NotConnected::NoRunner(_)) => {}
            other => return other.map_err(|error| Stop::failed(error.to_string())),
        }
        // Another one may have been quicker: then this one ends, and the next round finds the other.
        let has_ended = matches!(child.try_wait(), Ok(Some(status)) if !status.success());
        if has_ended || Instant::now() > deadline {
            if let Ok(reached) = client::connect(data_dir, Purpose::Attach).await {
                return Ok(reached);
            }
            return Err(Stop::failed(format!("the runner did not start; {}", last_words(&ground.places))));
        }
        tokio::time::sleep(START_PAUSE).await;
    }
}

/// Attaches a terminal to the runner that is at work.
pub async fn attach(ground: &Ground) -> Result<(Link, Welcome), Stop> {
    let connected = client::connect(&ground.places.data_dir, Purpose::Attach).await;
    connected.map_err(|error| Stop::failed(error.to_string()))
}

/// Attaches a terminal to the runner that is there, if one is.
pub async fn find(ground: &Ground) -> Option<(Link, Welcome)> {
    client::connect(&ground.places.data_dir, Purpose::Attach).await.ok()
}

/// Starts the runner in a session of its own.
fn start(places: &Places) -> Result<Child, Stop> {
    let failed = |error: std::io::Error| Stop::failed(format!("the runner could not be started: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    disk::private_dir(&places.log_dir()).map_err(failed)?;
    let words = disk::open_private(&last_words_file(places), Content::Empty).map_err(failed)?;
    let mut command = Command::new(program);
    command.arg("--data-dir").arg(std::path::absolute(&places.data_dir).map_err(failed)?);
    if places.config_named {
        command.arg("--config").arg(std::path::absolute(&places.config_file).map_err(failed)?);
    }
    command.args(["serve", "--background"]);
    // It must hold on to nothing of where it was started from.
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(words);
    command.spawn().map_err(failed)
}

fn last_words_file(places: &Places) -> std::path::PathBuf {
    places.log_dir().join("runner.stderr")
}

fn last_words(places: &Places) -> String {
    let mut words = String::new();
    let read =
        disk::open_read(&last_words_file(places)).and_then(|file| file.take(MAX_LAST_WORDS).read_to_string(&mut words));
    match words.trim() {
        text if read.is_ok() && !text.is_empty() => format!("it said: {text}"),
        _ => format!("the log in {} may say why", places.log_dir().display()),
    }
}

/// Ends the runner.
pub fn stop(global: &Global) -> Result<u8, Stop> {
    let places = setup::places(global)?;
    end(&setup::runtime()?, &places.data_dir)
}

/// Ends the runner of a data directory and says so.
pub fn end(runtime: &tokio::runtime::Runtime, data_dir: &Path) -> Result<u8, Stop> {
    let said = match runtime.block_on(client::stop(data_dir)) {
        Ok(pid) => format!("The runner (process {pid}) has ended."),
        Err(NotConnected::NoRunner(data_dir)) => format!("No runner is at work on {}.", data_dir.display()),
        Err(error) => return Err(Stop::failed(error.to_string())),
    };
    // Nobody may be reading.
    let _ = say(&said);
    Ok(exit::OK)
}
