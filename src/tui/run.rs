//! The loop: keys first, then what the engine tells, then time; one frame for all that was ready.
//!
//! **For:** waiting, and deciding when a frame is due. **Not for:** deciding anything else. It sleeps
//! without a single wake-up while nothing happens and nothing turns.

use std::io;
use std::time::Duration;
use std::time::Instant;

use crossterm::event::Event as TerminalEvent;
use crossterm::event::EventStream;
use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use futures_util::StreamExt as _;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::app::App;
use super::app::Ended;
use super::app::Options;
use super::terminal::guard::Guard;
use crate::link::Link;

/// Keys and pastes that are taken before the screen is drawn again.
const MAX_INPUT_BATCH: usize = 64;
/// No hand types so many keys between two looks at the keyboard.
const MIN_PASTE: usize = 16;
/// Events that come one behind another within this time came in one piece: crossterm hands each on by a thread of its
/// own, and no hand types so fast.
const TOGETHER: Duration = Duration::from_millis(4);
/// Batches that wait for the loop; what comes beyond waits in the terminal.
const INPUT_BUFFER: usize = 4;

/// Longer than it ever takes to open the first sessions; nothing is started for them yet.
const OPENING_TIME: Duration = Duration::from_millis(500);

/// Runs the terminal until the person quits, the terminal goes away or the engine does.
pub async fn run(link: Link, options: Options) -> io::Result<Ended> {
    let guard = Guard::take()?;
    let mut signals =
        [signal(SignalKind::terminate())?, signal(SignalKind::hangup())?, signal(SignalKind::interrupt())?];
    let mut keyboard = Some(Keyboard::listen());
    let mut app = App::new(link, options)?;
    app.draw()?;
    app.start();
    // Keys typed ahead wait in the terminal until there is a session that they are meant for.
    let opened = async {
        while app.is_opening() && app.ended().is_none() {
            let update = app.link().recv().await;
            app.learn(update);
        }
    };
    let _ = tokio::time::timeout(OPENING_TIME, opened).await;
    while app.ended().is_none() {
        let due = app.next_frame();
        let events = &mut keyboard.get_or_insert_with(Keyboard::listen).events;
        tokio::select! {
            biased;
            () = any(&mut signals) => app.end(Ended::Signal),
            batch = events.recv() => match batch {
                Some(batch) => take(&mut app, batch),
                // The terminal is gone: there is nobody to tell.
                None => app.end(Ended::Signal),
            },
            () = sleep_until(due) => {}
            news = app.news() => app.hear(news),
        }
        if app.is_answer_due() && app.ended().is_none() {
            // A key that is here already takes it back, however late the loop is.
            match keyboard.as_mut().and_then(|keyboard| keyboard.events.try_recv().ok()) {
                Some(batch) => take(&mut app, batch),
                None => app.give_held(),
            }
        }
        if app.has_visit() {
            // Whoever borrows the terminal must be the only one to read it.
            if let Some(keyboard) = keyboard.take() {
                keyboard.stop().await;
            }
            app.visit().await?;
        }
        if app.next_frame().is_some_and(|due| due <= Instant::now()) {
            app.draw()?;
        }
    }
    drop(guard);
    Ok(app.ended().unwrap_or(Ended::Quit))
}

/// Hands on what came from the terminal.
fn take(app: &mut App, batch: Vec<TerminalEvent>) {
    // What arrived in one piece was not typed by a hand that looked in between.
    let is_burst = batch.iter().filter(|event| is_typed(event)).count() > 1;
    for event in unmarked_paste(batch) {
        // What is typed into a program that borrows the terminal is not ours.
        if app.ended().is_none() && !app.has_visit() {
            app.input(event, is_burst);
        }
    }
}

fn is_typed(event: &TerminalEvent) -> bool {
    matches!(event, TerminalEvent::Key(_) | TerminalEvent::Paste(_))
}

/// A slow line brings a few keys at once; so many are a paste by a terminal that does not say so, and an enter with more
/// behind it is a newline.
fn unmarked_paste(mut batch: Vec<TerminalEvent>) -> Vec<TerminalEvent> {
    if batch.iter().filter(|event| is_typed(event)).count() < MIN_PASTE {
        return batch;
    }
    // More may follow a full batch.
    let last = if batch.len() >= MAX_INPUT_BATCH { None } else { batch.iter().rposition(is_typed) };
    for (place, event) in batch.iter_mut().enumerate() {
        if let TerminalEvent::Key(key) = event
            && key.code == KeyCode::Enter
            && key.modifiers.is_empty()
            && Some(place) != last
        {
            *key = KeyEvent { code: KeyCode::Char('j'), modifiers: KeyModifiers::CONTROL, ..*key };
        }
    }
    batch
}

/// The task that reads the terminal. It is a task of its own because the event stream remembers the first
/// waker it is polled with: looking at it in passing would make it forget to wake the loop.
struct Keyboard {
    /// Events that could be read together come together.
    events: mpsc::Receiver<Vec<TerminalEvent>>,
    reader: JoinHandle<()>,
}

impl Keyboard {
    fn listen() -> Self {
        let (sender, events) = mpsc::channel(INPUT_BUFFER);
        let reader = tokio::spawn(async move {
            let mut stream = EventStream::new();
            while let Some(Ok(event)) = stream.next().await {
                let mut batch = vec![event];
                while batch.len() < MAX_INPUT_BATCH
                    && let Ok(Some(Ok(event))) = tokio::time::timeout(TOGETHER, stream.next()).await
                {
                    batch.push(event);
                }
                if sender.send(batch).await.is_err() {
                    return;
                }
            }
        });
        Self { events, reader }
    }

    /// Returns when nothing of ours reads the terminal any more.
    async fn stop(self) {
        self.reader.abort();
        let _ = self.reader.await;
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<TerminalEvent> {
        let code = |c: char| if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
        text.chars().map(|c| TerminalEvent::Key(KeyEvent::new(code(c), KeyModifiers::NONE))).collect()
    }

    /// What each enter of the text becomes: N a newline, E an enter.
    fn enters(text: &str) -> String {
        let mark = |event: TerminalEvent| match event {
            TerminalEvent::Key(key) if key.code == KeyCode::Enter => Some('E'),
            TerminalEvent::Key(key) if key.modifiers == KeyModifiers::CONTROL => Some('N'),
            _ => None,
        };
        unmarked_paste(keys(text)).into_iter().filter_map(mark).collect()
    }

    #[test]
    fn an_enter_inside_a_paste_is_a_newline_and_a_typed_one_sends() {
        assert_eq!(enters("yes\nmore"), "E", "a few keys that a slow line brought together");
        assert_eq!(enters("a line of text\nand another one\n"), "NE");
        assert_eq!(enters("a line of text\nand another one"), "N");
        let full = format!("{}\n", "x".repeat(MAX_INPUT_BATCH - 1));
        assert_eq!(enters(&full), "N", "more may follow");
    }
}
