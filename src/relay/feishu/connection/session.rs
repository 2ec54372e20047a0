//! One connection, from its first ping to its end.
//!
//! One task reads, one writes, and each push that waits for its consumer has one of its own: a slow consumer
//! or a full pipe holds up nothing else. What is not understood is ignored and logged, and never ends it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use futures_util::stream::SplitSink;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::task::AbortOnDropHandle;

use super::Timing;
use super::discovery::ClientConfig;
use super::handshake::Socket;
use super::watchdog::Due;
use super::watchdog::Watchdog;
use crate::relay::feishu::account::Account;
use crate::relay::feishu::answer;
use crate::relay::feishu::answer::Push;
use crate::relay::feishu::chunks::Chunks;
use crate::relay::feishu::chunks::Part;
use crate::relay::feishu::event;
use crate::relay::feishu::event::Event;
use crate::relay::feishu::event::Reading;
use crate::relay::feishu::frame;
use crate::relay::feishu::frame::Frame;

/// Frames that wait to be written.
const OUT_BUFFER: usize = 3_072;
/// Pushes whose answer is waited for.
const MAX_AWAITED: usize = 2_048;
/// A pipe that takes nothing for this long is dead.
const WRITE_TIME: Duration = Duration::from_secs(10);
/// How long answers may still come when we end it ourselves.
const FAREWELL: Duration = Duration::from_millis(500);
/// The server asks for nothing: as often as it is known to.
const PING: Duration = Duration::from_mins(2);

/// What a connection works with.
#[derive(Debug, Clone, Copy)]
pub(super) struct With<'a> {
    pub(super) account: &'a Account,
    pub(super) timing: &'a Timing,
    pub(super) pushes: &'a mpsc::Sender<Push>,
    /// A permit for each byte of the pushes that nobody has answered.
    pub(super) room: &'a Arc<Semaphore>,
    pub(super) service_id: i32,
}

/// A connection while it runs.
#[derive(Debug)]
struct Session<'a> {
    with: With<'a>,
    chunks: Chunks,
    watchdog: Watchdog,
    out: mpsc::Sender<Message>,
    awaited: JoinSet<()>,
}

/// Runs a connection until it ends, and tells why it did.
pub(super) async fn run(
    socket: Socket,
    config: ClientConfig,
    with: With<'_>,
    slept: impl Future<Output = ()>,
    cancelled: impl Future<Output = ()>,
) -> String {
    let timing = with.timing;
    let (sink, mut incoming) = socket.split();
    let (out, outbox) = mpsc::channel(OUT_BUFFER);
    let mut writer = AbortOnDropHandle::new(tokio::spawn(write(sink, outbox)));
    let mut session = Session {
        with,
        chunks: Chunks::default(),
        watchdog: Watchdog::new(pause(config, timing), timing.sign_of_life, Instant::now()),
        out,
        awaited: JoinSet::new(),
    };
    tokio::pin!(slept, cancelled);
    loop {
        tokio::select! {
            message = incoming.next() => match message {
                Some(Ok(message)) => if let Some(why) = session.message(message) { return why },
                Some(Err(error)) => return format!("the connection broke: {error}"),
                None => return "Feishu closed the connection".to_owned(),
            },
            () = tokio::time::sleep_until(session.watchdog.wake()) => if session.is_dead() {
                return format!("nothing came for {} s after a ping", timing.sign_of_life.as_secs());
            },
            written = &mut writer => return written.unwrap_or_else(|error| format!("the writing task failed: {error}")),
            () = &mut slept => return "the machine slept".to_owned(),
            () = &mut cancelled => {
                // Who does not answer by then is answered for by the next connection, or not at all.
                let _ = tokio::time::timeout(FAREWELL, session.farewell(writer)).await;
                return "we closed it".to_owned();
            }
            Some(_) = session.awaited.join_next() => {}
        }
    }
}

/// The pause between pings: as the server asks, within reason.
fn pause(config: ClientConfig, timing: &Timing) -> Duration {
    let (shortest, longest) = timing.ping;
    config.ping.unwrap_or(PING).clamp(shortest, longest)
}

/// Writes what comes, in order; returns why it cannot any more.
async fn write(mut sink: SplitSink<Socket, Message>, mut outbox: mpsc::Receiver<Message>) -> String {
    while let Some(message) = outbox.recv().await {
        match tokio::time::timeout(WRITE_TIME, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return format!("nothing can be sent: {error}"),
            Err(_) => return "nothing can be sent: the connection takes no more".to_owned(),
        }
    }
    "the session ended".to_owned()
}

impl Session<'_> {
    /// Sends the answers that were given, takes no more pushes, and closes the connection in order.
    async fn farewell(mut self, writer: AbortOnDropHandle<String>) {
        while self.awaited.join_next().await.is_some() {}
        let _ = self.out.send(Message::Close(None)).await;
        drop(self.out);
        let _ = writer.await;
    }

    /// Pings when it is time to; `true` when the connection is given up.
    fn is_dead(&mut self) -> bool {
        match self.watchdog.due(Instant::now()) {
            Due::Ping => self.send(&Frame::ping(self.with.service_id)),
            Due::Nothing => {}
            Due::Dead => return true,
        }
        false
    }

    /// What waits is bounded: with this much of it, the other side reads nothing, and the next ping shows it.
    fn send(&self, frame: &Frame) {
        if self.out.try_send(Message::binary(frame.bytes())).is_err() {
            tracing::warn!("an answer to Feishu was dropped: too many wait to be sent");
        }
    }

    /// Takes what came; gives the reason when it is the end.
    fn message(&mut self, message: Message) -> Option<String> {
        self.watchdog.heard();
        match message {
            Message::Binary(bytes) => match Frame::read(&bytes) {
                Ok(frame) => self.frame(frame),
                Err(error) => tracing::warn!(%error, n_bytes = bytes.len(), "a frame cannot be read"),
            },
            Message::Close(reason) => {
                let code = reason.map_or(1005, |reason| u16::from(reason.code));
                return Some(format!("Feishu closed the connection (code {code})"));
            }
            Message::Text(text) => tracing::debug!(n_bytes = text.len(), "a text message is ignored"),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
        None
    }

    fn frame(&mut self, frame: Frame) {
        let kind = frame.header(frame::TYPE).unwrap_or_default();
        match (frame.method, kind) {
            (frame::CONTROL, "pong") => self.pong(frame.payload.as_deref().unwrap_or_default()),
            (frame::DATA, "event") => self.part(frame),
            (frame::DATA, "card") => tracing::warn!(
                "Feishu sent a press in the old way, which it does not take an answer to: in the developer console set \
                 the callbacks to the long connection and publish a version"
            ),
            (method, _) => tracing::debug!(method, "a frame of an unknown kind is ignored"),
        }
    }

    /// A pong may say what the server wants from now on.
    fn pong(&mut self, payload: &[u8]) {
        if payload.is_empty() {
            return;
        }
        match serde_json::from_slice(payload) {
            Ok(value) => {
                let every = pause(ClientConfig::read(&value), self.with.timing);
                self.watchdog.set_every(every, Instant::now());
            }
            Err(error) => tracing::debug!(%error, "what a pong carries cannot be read"),
        }
    }

    /// A push, or a part of one. Only the part that completes it is answered.
    fn part(&mut self, mut frame: Frame) {
        let since = Instant::now();
        let (Some(sum), Some(seq)) = (frame.number(frame::SUM, 1), frame.number(frame::SEQ, 0)) else {
            tracing::warn!("a part of a push has no usable number");
            return;
        };
        let bytes = frame.payload.take().unwrap_or_default();
        let message = frame.header(frame::MESSAGE_ID).unwrap_or_default();
        match self.chunks.take(Part { message, sum, seq, bytes: &bytes }, since.into_std()) {
            Ok(Some(payload)) => self.push(frame, &payload, since),
            Ok(None) => {}
            Err(why) => tracing::warn!(%why, "a part of a push is not taken"),
        }
    }

    /// Hands a push to the consumer, in the order in which they came, and answers when it has.
    fn push(&mut self, frame: Frame, payload: &[u8], since: Instant) {
        match event::read(payload, &self.with.account.app_id) {
            Reading::Ignored { is_callback, why } => {
                tracing::debug!(why, "a push is ignored");
                self.send(&frame.answered(answer::ignored(is_callback), since.elapsed().as_millis()));
            }
            Reading::Event(event) => self.hand_on(frame, (*event, payload.len()), since),
        }
    }

    fn hand_on(&mut self, frame: Frame, (event, n_bytes): (Event, usize), since: Instant) {
        let (mut push, awaited) = answer::push(event);
        let n_bytes = u32::try_from(n_bytes).unwrap_or(u32::MAX);
        let room = Arc::clone(self.with.room).try_acquire_many_owned(n_bytes);
        let is_taken = room.is_ok_and(|room| {
            push.answer.hold(room);
            self.awaited.len() < MAX_AWAITED && self.with.pushes.try_send(push).is_ok()
        });
        if !is_taken {
            tracing::warn!("a push is refused: too many wait to be acted on");
            self.send(&frame.answered(awaited.refused(), since.elapsed().as_millis()));
            return;
        }
        let out = self.out.clone();
        let patience = self.with.timing.answer;
        self.awaited.spawn(async move {
            let payload = awaited.payload(patience).await;
            let answer = frame.answered(payload, since.elapsed().as_millis());
            if out.send(Message::binary(answer.bytes())).await.is_err() {
                tracing::warn!("an answer to Feishu was lost: the connection had ended");
            }
        });
    }
}
