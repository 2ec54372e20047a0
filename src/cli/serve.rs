//! The runner: the engine without a terminal, behind its socket.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio_util::sync::CancellationToken;

use super::Global;
use super::Serve;
use super::exit;
use super::phone;
use super::print::say;
use super::setup;
use super::setup::Ground;
use super::setup::Stop;
use crate::cli;
use crate::engine::Engine;
use crate::link::Update;
use crate::server::door::Door;
use crate::server::door::House;
use crate::server::place;
use crate::server::presence::Presence;

pub fn main(global: &Global, serve: &Serve) -> Result<u8, Stop> {
    let ground = setup::ground(global)?;
    let lock = place::lock(&ground.places.data_dir).map_err(|error| Stop::failed(error.to_string()))?;
    if serve.background {
        // The end of the terminal it was started from, or of the connection to it, is no end of ours. It
        // fails only where that is the case already.
        let _ = rustix::process::setsid();
    }
    let runtime = setup::runtime()?;
    let done = runtime.block_on(run(&ground, serve.background));
    drop(lock);
    done
}

async fn run(ground: &Ground, is_background: bool) -> Result<u8, Stop> {
    let failed = |error: std::io::Error| Stop::failed(format!("the runner could not be started: {error}"));
    let door = Door::open(&ground.places.data_dir).map_err(failed)?;
    let mut signals =
        [signal(SignalKind::terminate()).map_err(failed)?, signal(SignalKind::interrupt()).map_err(failed)?];
    let relay_end = CancellationToken::new();
    let inside = cli::house::House::start(ground, Arc::clone(&ground.config));
    let relay = phone::start(ground, &inside, &relay_end);
    let engine = inside.engine.clone();
    let quit = CancellationToken::new();
    let house = Arc::new(House {
        connect: {
            let engine = engine.clone();
            Box::new(move || engine.connect())
        },
        config: setup::config_mark(&ground.places),
        trouble: inside.trouble.clone(),
        quit: quit.clone(),
        presence: Presence::told_to(Arc::clone(&inside.phone.attention)),
    });
    tracing::info!(pid = std::process::id(), socket = %door.path().display(), "the runner is at work");
    if !is_background {
        // Nobody may be reading.
        let _ = say(&format!("The runner is at work on {}; ctrl-c ends it.", ground.places.data_dir.display()));
    }
    let linger = Duration::from_secs(ground.config.runner.linger_minutes.saturating_mul(60));
    let [terminate, interrupt] = &mut signals;
    tokio::select! {
        () = door.serve(Arc::clone(&house)) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = nobody_needs_it(&engine, &house.presence, linger), if is_background && !linger.is_zero() && relay.is_none() => {
            tracing::info!("nothing runs and nobody is attached");
        }
    }
    quit.cancel();
    relay_end.cancel();
    drop((engine, house));
    inside.shutdown().await;
    // Those who wait for the end of the connection get it only now, when no process is left.
    drop((door, relay));
    tracing::info!("the runner has ended");
    Ok(exit::OK)
}

/// Returns when for so long no client was there and no session had anything to do.
async fn nobody_needs_it(engine: &Engine, presence: &Presence, linger: Duration) {
    let mut clients = presence.watch();
    loop {
        if clients.wait_for(|n| *n == 0).await.is_err() {
            return;
        }
        tokio::select! {
            came = clients.wait_for(|n| *n > 0) => {
                if came.is_err() {
                    return;
                }
            }
            () = tokio::time::sleep(linger) => {
                let mut link = engine.connect();
                match link.recv().await {
                    Some(Update::Snapshot(fleet)) if fleet.sessions().any(|session| session.is_busy()) => {}
                    _ => return,
                }
            }
        }
    }
}
