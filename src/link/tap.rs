//! A tap: a listener that gets every lasting event, each once, for records on the disk.
//!
//! **For:** the audit log and the store, which must not skip what a [`super::Link`] may skip. **Not for:**
//! clients that show something. Invariants: the engine never waits for a recorder; what is held for one
//! is bounded in bytes; what did not fit is counted, by session, and the counts are handed over in its place.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use tokio::sync::watch;

use crate::core::cell::Notice;
use crate::core::event::Event;
use crate::core::ids::SessionId;

/// Bytes of events that are held for a recorder that does not keep up.
pub const MAX_HELD_BYTES: usize = 64 * 1024 * 1024;
/// What an event costs beside its text.
const EVENT_BYTES: usize = 256;

/// What a recorder gets, in order.
#[derive(Debug, Clone)]
pub enum Tapped {
    Event(Arc<Event>),
    /// Events that did not fit here.
    Lost(Vec<Lost>),
}

/// Events of one session that did not fit.
#[derive(Debug, Clone)]
pub struct Lost {
    pub events: u64,
    /// The last of them: when it was, and its number, which no other event has.
    pub last: Arc<Event>,
}

/// The engine's end.
#[derive(Debug)]
pub struct Tap {
    sender: mpsc::UnboundedSender<(usize, Tapped)>,
    shared: Arc<Shared>,
    lost: BTreeMap<SessionId, Lost>,
    limit: usize,
    awaited: bool,
}

/// The recorder's end.
#[derive(Debug)]
pub struct Recorder {
    receiver: mpsc::UnboundedReceiver<(usize, Tapped)>,
    shared: Arc<Shared>,
    batch: Vec<(usize, Tapped)>,
}

#[derive(Debug, Default)]
struct Shared {
    held: AtomicUsize,
    /// What the recorder wants the person to know.
    notice: Mutex<Option<Notice>>,
    /// How far the disk is.
    settled: watch::Sender<Settled>,
    /// A recorder that must work does not.
    failing: AtomicBool,
    /// Events that did not fit, ever.
    missed: AtomicU64,
}

/// How far a recorder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// The last event that is on the disk.
    pub seq: u64,
    /// Nothing gets to the disk: waiting for it is of no use.
    pub stuck: bool,
}

impl Settled {
    /// Whether nobody has to wait for this event any more.
    pub fn is_past(self, seq: u64) -> bool {
        self.stuck || self.seq >= seq
    }
}

/// Tells whether a recorder that must work does.
#[derive(Debug, Clone)]
pub struct Health(Arc<Shared>);

impl Health {
    pub fn is_failing(&self) -> bool {
        self.0.failing.load(Ordering::Relaxed)
    }
}

/// Makes the two ends.
pub fn tap() -> (Tap, Recorder) {
    tap_holding(MAX_HELD_BYTES)
}

/// A tap whose disk is waited for before a promise is shown.
pub fn tap_awaited() -> (Tap, Recorder) {
    let (mut tap, recorder) = tap();
    tap.awaited = true;
    (tap, recorder)
}

/// A tap that holds this many bytes, at most.
pub(crate) fn tap_holding(limit: usize) -> (Tap, Recorder) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared::default());
    let tap = Tap { sender, shared: Arc::clone(&shared), lost: BTreeMap::new(), limit, awaited: false };
    (tap, Recorder { receiver, shared, batch: Vec::new() })
}

impl Tap {
    /// Hands over what lasts of these events. Returns what the recorder wants told.
    pub fn offer(&mut self, events: &[Arc<Event>]) -> Option<Notice> {
        self.offer_weighed(&weigh(events))
    }

    /// The same for events that were weighed once for several taps. Never waits.
    pub fn offer_weighed(&mut self, events: &[Weighed]) -> Option<Notice> {
        for Weighed { bytes, event } in events {
            let bytes = *bytes;
            let held = self.shared.held.load(Ordering::Relaxed);
            // One event of any size fits into an empty tap.
            if held > 0 && held.saturating_add(bytes) > self.limit {
                self.miss(event);
                continue;
            }
            self.tell_lost();
            self.send(bytes, Tapped::Event(Arc::clone(event)));
        }
        self.shared.notice.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether a promise is shown only when this recorder has it on the disk.
    pub fn is_awaited(&self) -> bool {
        self.awaited
    }

    /// How far the recorder is, as it goes on.
    pub fn settled(&self) -> watch::Receiver<Settled> {
        self.shared.settled.subscribe()
    }

    pub fn health(&self) -> Health {
        Health(Arc::clone(&self.shared))
    }

    fn miss(&mut self, event: &Arc<Event>) {
        self.shared.missed.fetch_add(1, Ordering::Relaxed);
        let lost = self.lost.entry(event.session);
        let lost = lost.or_insert_with(|| Lost { events: 0, last: Arc::clone(event) });
        lost.events += 1;
        lost.last = Arc::clone(event);
    }

    fn tell_lost(&mut self) {
        let lost: Vec<Lost> = std::mem::take(&mut self.lost).into_values().collect();
        if !lost.is_empty() {
            self.send(EVENT_BYTES, Tapped::Lost(lost));
        }
    }

    fn send(&self, bytes: usize, tapped: Tapped) {
        self.shared.held.fetch_add(bytes, Ordering::Relaxed);
        // A recorder that has left wants nothing any more.
        if self.sender.send((bytes, tapped)).is_err() {
            self.shared.held.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.tell_lost();
    }
}

impl Recorder {
    /// Waits for events and appends up to `max` of them; `false` when the engine has ended and all was
    /// read. Cancel-safe.
    pub async fn recv_many(&mut self, tapped: &mut Vec<Tapped>, max: usize) -> bool {
        let n_read = self.receiver.recv_many(&mut self.batch, max).await;
        self.hand_over(tapped);
        n_read > 0
    }

    /// The same for a thread of its own.
    pub fn blocking_recv_many(&mut self, tapped: &mut Vec<Tapped>, max: usize) -> bool {
        let n_read = self.receiver.blocking_recv_many(&mut self.batch, max);
        self.hand_over(tapped);
        n_read > 0
    }

    fn hand_over(&mut self, tapped: &mut Vec<Tapped>) {
        for (bytes, item) in self.batch.drain(..) {
            self.shared.held.fetch_sub(bytes, Ordering::Relaxed);
            tapped.push(item);
        }
    }

    /// Everything up to this event is on the disk.
    pub fn settle(&self, seq: u64) {
        self.shared.settled.send_if_modified(|settled| {
            let is_news = seq > settled.seq;
            settled.seq = settled.seq.max(seq);
            is_news
        });
    }

    /// Nothing gets to the disk for now, or does again.
    pub fn set_stuck(&self, stuck: bool) {
        self.shared.settled.send_if_modified(|settled| std::mem::replace(&mut settled.stuck, stuck) != stuck);
    }

    /// How many events did not fit, ever, those included that were not read yet.
    pub fn n_missed(&self) -> u64 {
        self.shared.missed.load(Ordering::Relaxed)
    }

    /// Whether the engine has ended: what is held now is all there will be.
    pub fn has_ended(&self) -> bool {
        self.receiver.is_closed()
    }

    /// Shows this to the person in the session where something happens next.
    pub fn tell(&self, notice: Notice) {
        *self.shared.notice.lock().unwrap_or_else(PoisonError::into_inner) = Some(notice);
    }

    /// While this is set, the engine allows nothing without asking.
    pub fn set_failing(&self, failing: bool) {
        self.shared.failing.store(failing, Ordering::Relaxed);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.set_stuck(true);
    }
}

/// An event, and what holding it costs.
#[derive(Debug)]
pub struct Weighed {
    bytes: usize,
    event: Arc<Event>,
}

/// What lasts of these events, weighed: that costs a pass over each.
pub fn weigh(events: &[Arc<Event>]) -> Vec<Weighed> {
    let lasting = events.iter().filter(|event| event.kind.is_lasting());
    lasting.map(|event| Weighed { bytes: EVENT_BYTES + written_bytes(event), event: Arc::clone(event) }).collect()
}

/// How long the event would be as JSON: a fair measure of what holding it costs.
fn written_bytes(event: &Event) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // An event that cannot be written costs what was counted until then.
    let _ = serde_json::to_writer(&mut count, event);
    count.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::EventKind;
    use crate::core::ids::BlockId;
    use crate::core::ids::Generation;
    use crate::core::ids::SessionId;
    use crate::core::ids::Timestamp;

    fn event(seq: u64, kind: EventKind) -> Arc<Event> {
        Arc::new(Event { seq, session: SessionId(1), generation: Generation(1), at: Timestamp(1), kind })
    }

    fn renamed(seq: u64) -> Arc<Event> {
        event(seq, EventKind::Renamed { title: "x".repeat(1000) })
    }

    async fn read(recorder: &mut Recorder) -> Vec<String> {
        let mut tapped = Vec::new();
        assert!(recorder.recv_many(&mut tapped, 100).await);
        let words = tapped.iter().map(|item| match item {
            Tapped::Event(event) => event.seq.to_string(),
            Tapped::Lost(lost) => format!("lost {}", lost.iter().map(|lost| lost.events).sum::<u64>()),
        });
        words.collect()
    }

    #[tokio::test]
    async fn every_lasting_event_arrives_once_and_in_order() {
        let (mut tap, mut recorder) = tap();
        let delta = EventKind::BlockDelta { block: BlockId::from("b"), text: "x".into() };
        tap.offer(&[renamed(1), event(2, delta), event(3, EventKind::Heard), renamed(4)]);
        assert_eq!(read(&mut recorder).await, ["1", "4"]);
        drop(tap);
        assert!(!recorder.recv_many(&mut Vec::new(), 1).await);
    }

    #[tokio::test]
    async fn what_a_slow_recorder_misses_is_counted_in_its_place() {
        let (mut tap, mut recorder) = tap_holding(5000);
        for seq in 1..=10 {
            tap.offer(&[renamed(seq)]);
        }
        assert_eq!(read(&mut recorder).await, ["1", "2", "3"]);
        tap.offer(&[renamed(11)]);
        assert_eq!(read(&mut recorder).await, ["lost 7", "11"]);
        for seq in 12..=16 {
            tap.offer(&[renamed(seq)]);
        }
        drop(tap);
        assert_eq!(read(&mut recorder).await, ["12", "13", "14", "lost 2"]);
    }

    #[tokio::test]
    async fn a_recorder_can_tell_the_person_something_once() {
        let (mut tap, recorder) = tap();
        assert_eq!(tap.offer(&[renamed(1)]), None);
        recorder.tell(Notice::warning("full"));
        assert_eq!(tap.offer(&[renamed(2)]), Some(Notice::warning("full")));
        assert_eq!(tap.offer(&[renamed(3)]), None);
        drop(recorder);
        assert_eq!(tap.offer(&[renamed(4)]), None);
    }
}
