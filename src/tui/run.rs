//! The loop: keys first, then what the engine tells, then time; one frame for all that was ready.
//!
//! **For:** waiting, and deciding when a frame is due. **Not for:** deciding anything else. It sleeps
//! without a single wake-up while nothing happens and nothing turns.

use std::io;
use std::time::Instant;

use crossterm::event::EventStream;
use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use super::app::App;
use super::app::Ended;
use super::app::Options;
use super::terminal::guard::Guard;
use crate::link::Link;

/// Keys and pastes that are taken before the screen is drawn again.
const MAX_INPUT_BATCH: usize = 64;

/// Runs the terminal until the person quits, the terminal goes away or the engine does.
pub async fn run(link: Link, options: Options) -> io::Result<Ended> {
    let guard = Guard::take()?;
    let mut signals =
        [signal(SignalKind::terminate())?, signal(SignalKind::hangup())?, signal(SignalKind::interrupt())?];
    let mut events = Some(EventStream::new());
    let mut app = App::new(link, options)?;
    app.draw()?;
    app.start();
    while app.ended().is_none() {
        let due = app.next_frame();
        let stream = events.get_or_insert_with(EventStream::new);
        tokio::select! {
            biased;
            () = any(&mut signals) => app.end(Ended::Signal),
            event = stream.next() => {
                let mut event = event;
                for _ in 0..MAX_INPUT_BATCH {
                    match event {
                        Some(Ok(found)) => app.input(found),
                        // The terminal is gone: there is nobody to tell.
                        Some(Err(_)) | None => app.end(Ended::Signal),
                    }
                    match stream.next().now_or_never() {
                        Some(next) if app.ended().is_none() && !app.has_visit() => event = next,
                        _ => break,
                    }
                }
            }
            () = sleep_until(due) => {}
            update = app.link().recv() => app.learn(update),
        }
        if app.has_visit() {
            // Whoever borrows the terminal must be the only one to read it.
            events = None;
            app.visit().await?;
        }
        if app.next_frame().is_some_and(|due| due <= Instant::now()) {
            app.draw()?;
        }
    }
    drop(guard);
    Ok(app.ended().unwrap_or(Ended::Quit))
}

async fn any(signals: &mut [Signal; 3]) {
    let [terminate, hangup, interrupt] = signals;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
        _ = interrupt.recv() => {}
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
