//! The boundary between the engine and those who look at it: commands one way, updates the other.
//!
//! **For:** a terminal, a headless run and later a socket, which all see the same values. **Not for:**
//! deciding anything. Invariant: a client that does not keep up never blocks the engine; it misses
//! events and is handed a snapshot of the whole state instead.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::fleet::Fleet;

/// Listeners that must not miss an event: records on the disk.
pub mod tap;

/// Events in one update, at most: a client looks at its keyboard between two updates.
pub const MAX_BATCH: usize = 256;
/// Updates that wait for a client before it is considered slow.
const UPDATE_BUFFER: usize = 64;
/// Commands that wait for the engine.
const COMMAND_BUFFER: usize = 256;

/// What a client learns.
#[derive(Debug, Clone)]
pub enum Update {
    /// The whole state: the first update of every client, and again after it fell behind.
    Snapshot(Box<Fleet>),
    /// What happened since, in order.
    Events(Vec<Arc<Event>>),
}

/// The engine does not listen any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the engine has stopped")]
pub struct EngineGone;

/// Why a command was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    #[error("the engine has too much to do; try again")]
    Busy,
    #[error("the engine has stopped")]
    Gone,
}

/// A client's end.
#[derive(Debug)]
pub struct Link {
    commands: mpsc::Sender<Command>,
    updates: mpsc::Receiver<Update>,
}

/// The engine's end of one client.
#[derive(Debug)]
pub struct Peer {
    updates: mpsc::Sender<Update>,
    /// It missed something; only a snapshot can make it whole.
    behind: bool,
}

/// A channel for the commands of all clients.
pub fn command_channel() -> (mpsc::Sender<Command>, mpsc::Receiver<Command>) {
    mpsc::channel(COMMAND_BUFFER)
}

/// Connects a client that sends its commands into `commands`.
pub fn connect(commands: mpsc::Sender<Command>) -> (Link, Peer) {
    let (sender, receiver) = mpsc::channel(UPDATE_BUFFER);
    (Link { commands, updates: receiver }, Peer { updates: sender, behind: true })
}

impl Link {
    /// Sends a command, waiting while the engine has too many already.
    pub async fn send(&self, command: Command) -> Result<(), EngineGone> {
        self.commands.send(command).await.map_err(|_| EngineGone)
    }

    /// Sends a command without waiting.
    pub fn try_send(&self, command: Command) -> Result<(), NotSent> {
        self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotSent::Busy,
            mpsc::error::TrySendError::Closed(_) => NotSent::Gone,
        })
    }

    /// The next update; `None` when the engine is gone. Cancel-safe.
    pub async fn recv(&mut self) -> Option<Update> {
        self.updates.recv().await
    }
}

impl Peer {
    /// Hands over events, or the snapshot that is due. Never waits. Returns `false` when the client has left.
    pub fn offer(&mut self, events: &[Arc<Event>], fleet: &Fleet) -> bool {
        if self.behind {
            return self.offer_snapshot(fleet);
        }
        for batch in events.chunks(MAX_BATCH) {
            match self.updates.try_send(Update::Events(batch.to_vec())) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(_)) => {
                    self.behind = true;
                    return true;
                }
                Err(mpsc::error::TrySendError::Closed(_)) => return false,
            }
        }
        true
    }

    /// Tries to send the snapshot that is due, if one is. A snapshot is costly: it waits until the client
    /// has read all that was sent before.
    pub fn offer_snapshot(&mut self, fleet: &Fleet) -> bool {
        if self.updates.is_closed() {
            return false;
        }
        if self.behind && self.updates.capacity() == self.updates.max_capacity() {
            self.behind = self.updates.try_send(Update::Snapshot(Box::new(fleet.clone()))).is_err();
        }
        true
    }

    /// Returns when the client has read everything it was sent, or has left. Cancel-safe.
    pub async fn drained(&self) {
        // The permits are given back at once; an error means that the client has left.
        drop(self.updates.reserve_many(self.updates.max_capacity()).await);
    }

    /// Whether the client waits for a snapshot.
    pub fn is_behind(&self) -> bool {
        self.behind
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::EventKind;
    use crate::core::ids::Generation;
    use crate::core::ids::SessionId;
    use crate::core::ids::Timestamp;
    use crate::core::session::SessionSpec;

    fn opened(seq: u64) -> Arc<Event> {
        let kind = EventKind::Opened { spec: SessionSpec::default(), tag: None };
        Arc::new(Event { seq, session: SessionId(seq as u32), generation: Generation(0), at: Timestamp(1), kind })
    }

    #[tokio::test]
    async fn a_slow_client_never_blocks_and_gets_a_snapshot() {
        let (commands, _receiver) = command_channel();
        let (mut link, mut peer) = connect(commands);
        let mut fleet = Fleet::default();
        for seq in 1..=500 {
            let event = opened(seq);
            fleet.apply(&event);
            assert!(peer.offer(&[event], &fleet));
        }
        assert!(peer.is_behind());
        let mut seen = Fleet::default();
        for _ in 0..UPDATE_BUFFER {
            match link.recv().await {
                Some(Update::Snapshot(fleet)) => seen = *fleet,
                Some(Update::Events(events)) => events.iter().for_each(|event| seen.apply(event)),
                None => panic!("the engine is there"),
            }
        }
        assert!(peer.offer_snapshot(&fleet));
        let Some(Update::Snapshot(snapshot)) = link.recv().await else { panic!("a snapshot was due") };
        assert_eq!(*snapshot, fleet);
        drop(link);
        assert!(!peer.offer(&[opened(501)], &fleet));
    }
}
