//! Updates that wait until what they promise is on the disk.
//!
//! **For:** a prompt, an answer or a grant that was shown and is still there after a loss of power. **Not for:** writing
//! it, which the recorder behind the tap does. Invariants: updates are shown in their order; nothing waits that comes
//! with no promise and after none; a disk that takes nothing costs [`PATIENCE`] once, is told, and is waited for again
//! only when it works.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::core::event::Event;
use crate::core::ids::SessionId;
use crate::link::tap::Settled;
use crate::link::tap::Tap;

/// How long an update waits for the disk.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(super) struct Holding {
    /// How far the disk is; nothing where nothing is kept.
    disk: Option<watch::Receiver<Settled>>,
    waiting: VecDeque<Held>,
    /// The disk took too long for this event: nobody waits until it has it.
    late: Option<u64>,
}

#[derive(Debug)]
struct Held {
    events: Vec<Arc<Event>>,
    /// The last promise of these events.
    promise: Option<u64>,
    deadline: Instant,
}

/// What is to be shown now.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) events: Vec<Arc<Event>>,
    /// The disk did not take it in time, in this session.
    pub(super) late: Option<SessionId>,
}

impl Holding {
    pub(super) fn new(taps: &[Tap]) -> Self {
        let disk = taps.iter().find(|tap| tap.is_awaited()).map(Tap::settled);
        Self { disk, ..Self::default() }
    }

    pub(super) fn is_holding(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes what has to wait; hands back what may be shown at once.
    pub(super) fn hold(&mut self, events: Vec<Arc<Event>>) -> Option<Vec<Arc<Event>>> {
        let promise = events.iter().rev().find(|event| event.kind.is_promise()).map(|event| event.seq);
        if self.waiting.is_empty() && promise.is_none_or(|seq| self.is_settled(seq)) {
            return Some(events);
        }
        self.waiting.push_back(Held { events, promise, deadline: Instant::now() + PATIENCE });
        None
    }

    /// Whether nobody has to wait for this event.
    fn is_settled(&mut self, seq: u64) -> bool {
        let Some(settled) = self.disk.as_ref().map(|disk| *disk.borrow()) else { return true };
        if self.late.is_some_and(|late| settled.seq >= late) {
            self.late = None;
        }
        self.late.is_some() || settled.is_past(seq)
    }

    /// Waits for the next update that may be shown; for ever when none waits. Cancel-safe.
    pub(super) async fn due(&mut self) -> Due {
        let Some(Held { promise, deadline, .. }) = self.waiting.front() else {
            return std::future::pending().await;
        };
        let (promise, deadline) = (*promise, *deadline);
        let mut late = None;
        if let Some(seq) = promise
            && !self.is_settled(seq)
            && let Some(disk) = &mut self.disk
        {
            // An error of the disk's end means that nobody writes any more: nothing to wait for.
            let in_time =
                tokio::time::timeout_at(deadline, disk.wait_for(|settled| settled.is_past(seq))).await.is_ok();
            if !in_time {
                self.late = Some(seq);
                late = self.waiting.front().and_then(|held| held.events.last()).map(|event| event.session);
            }
        }
        let events = self.waiting.pop_front().map(|held| held.events).unwrap_or_default();
        Due { events, late }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::EventKind;
    use crate::core::ids::Generation;
    use crate::core::ids::Timestamp;
    use crate::link::tap;
    use crate::link::tap::Recorder;

    fn event(seq: u64, kind: EventKind) -> Vec<Arc<Event>> {
        vec![Arc::new(Event { seq, session: SessionId(1), generation: Generation(1), at: Timestamp(1), kind })]
    }

    fn promise(seq: u64) -> Vec<Arc<Event>> {
        event(seq, EventKind::Renamed { title: "x".into() })
    }

    fn holding() -> (Holding, Tap, Recorder) {
        let (tap, recorder) = tap::tap_awaited();
        (Holding::new(std::slice::from_ref(&tap)), tap, recorder)
    }

    async fn is_waiting(holding: &mut Holding) -> bool {
        tokio::time::timeout(Duration::from_millis(500), holding.due()).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn a_promise_and_what_follows_wait_for_the_disk() {
        let (mut holding, _tap, recorder) = holding();
        assert!(holding.hold(event(1, EventKind::Heard)).is_some());
        assert!(holding.hold(promise(2)).is_none());
        assert!(holding.hold(event(3, EventKind::Heard)).is_none());
        assert!(holding.hold(promise(4)).is_none());
        assert!(is_waiting(&mut holding).await);
        recorder.settle(1);
        assert!(is_waiting(&mut holding).await);
        recorder.settle(2);
        assert_eq!(holding.due().await.events[0].seq, 2);
        assert_eq!(holding.due().await.events[0].seq, 3);
        assert!(is_waiting(&mut holding).await);
        recorder.settle(4);
        assert_eq!(holding.due().await.events[0].seq, 4);
        assert!(!holding.is_holding());
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_hangs_costs_its_patience_once_and_is_told() {
        let (mut holding, _tap, recorder) = holding();
        assert!(holding.hold(promise(1)).is_none());
        assert!(holding.hold(promise(2)).is_none());
        let started = Instant::now();
        assert_eq!(holding.due().await.late, Some(SessionId(1)));
        assert_eq!(holding.due().await.late, None);
        assert_eq!(started.elapsed(), PATIENCE);
        assert!(holding.hold(promise(3)).is_some(), "it is not waited for again");
        recorder.settle(3);
        assert!(holding.hold(promise(4)).is_none(), "it works again");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_disk_that_says_it_takes_nothing_or_for_none() {
        let (mut holding, tap, recorder) = holding();
        recorder.set_stuck(true);
        assert!(holding.hold(promise(1)).is_some());
        recorder.set_stuck(false);
        assert!(holding.hold(promise(2)).is_none());
        drop(recorder);
        assert_eq!(holding.due().await.late, None);
        drop(tap);
        assert!(Holding::new(&[]).hold(promise(1)).is_some());
    }
}
