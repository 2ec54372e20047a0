//! The boundary between the engine and those who look at it: commands one way, updates the other.
//!
//! **For:** a terminal, a headless run and a socket, which all see the same values. **Not for:**
//! deciding anything. Invariant: a client that does not keep up never blocks the engine; it misses
//! events and is handed a snapshot of the whole state instead.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::core::cell::Cell;
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::fleet::Fleet;
use crate::core::hook::HookWish;
use crate::core::hook::HooksView;
use crate::core::ids::CellId;
use crate::core::ids::SessionId;
use crate::core::phone::PhoneView;
use crate::core::phone::PhoneWish;

/// Whether somebody is at a terminal.
pub mod attention;
/// Between the relay and the terminals.
pub mod phone;
/// Listeners that must not miss an event: records on the disk.
pub mod tap;

/// Events in one update, at most: a client looks at its keyboard between two updates.
pub const MAX_BATCH: usize = 256;
/// Updates that wait for a client before it is considered slow.
pub const UPDATE_BUFFER: usize = 64;
/// Orders that wait for the engine.
const ORDER_BUFFER: usize = 256;
/// Cells of each session in a snapshot; the older ones come when they are asked for.
pub const SNAPSHOT_CELLS: usize = 200;
/// Older cells that are handed over at once.
pub const HISTORY_CELLS: usize = 2_000;

/// What a client learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Update {
    /// The whole state, but for older cells: the first update of every client, and again after it fell behind.
    Snapshot(Box<Fleet>),
    /// What happened since, in order.
    Events(Vec<Arc<Event>>),
    /// Older cells that were asked for, as they are now; none when there are none.
    History { session: SessionId, cells: Vec<Cell> },
    /// How the relay to the phone is; nothing where there is none.
    Phone(Box<PhoneView>),
    /// How the hooks are, for whoever asked.
    Hooks(Box<HooksView>),
}

/// Which client an order comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientId(u64);

/// What clients send.
#[derive(Debug)]
pub enum Order {
    Command(Command),
    /// The cells before this one, for this client alone.
    History {
        client: ClientId,
        session: SessionId,
        before: CellId,
    },
    /// For the relay to the phone.
    Phone(PhoneWish),
    /// For the person's hooks; the answer is for this client alone.
    Hooks {
        client: ClientId,
        wish: HookWish,
    },
    /// A key was pressed in a terminal.
    Key,
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
    id: ClientId,
    orders: mpsc::Sender<Order>,
    updates: mpsc::Receiver<Update>,
}

/// The engine's end of one client.
#[derive(Debug)]
pub struct Peer {
    id: ClientId,
    updates: mpsc::Sender<Update>,
    /// It missed something; only a snapshot can make it whole.
    behind: bool,
}

/// A channel for the orders of all clients.
pub fn order_channel() -> (mpsc::Sender<Order>, mpsc::Receiver<Order>) {
    mpsc::channel(ORDER_BUFFER)
}

/// Connects a client that sends its orders into `orders`, and for whom so many updates are kept.
pub fn connect_holding(orders: mpsc::Sender<Order>, n_updates: usize) -> (Link, Peer) {
    let (sender, receiver) = mpsc::channel(n_updates);
    let id = next_id();
    (Link { id, orders, updates: receiver }, Peer { id, updates: sender, behind: true })
}

/// A link whose other end is elsewhere: what it sends and what it is sent pass through these channels.
pub fn remote() -> (Link, mpsc::Receiver<Order>, mpsc::Sender<Update>) {
    let (orders, receiver) = order_channel();
    let (sender, updates) = mpsc::channel(UPDATE_BUFFER);
    (Link { id: next_id(), orders, updates }, receiver, sender)
}

fn next_id() -> ClientId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    ClientId(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The sending half of a link, for a task of its own.
#[derive(Debug, Clone)]
pub struct Orders {
    id: ClientId,
    orders: mpsc::Sender<Order>,
}

impl Orders {
    pub async fn command(&self, command: Command) -> Result<(), EngineGone> {
        self.send(Order::Command(command)).await
    }

    pub async fn history(&self, session: SessionId, before: CellId) -> Result<(), EngineGone> {
        self.send(Order::History { client: self.id, session, before }).await
    }

    /// Sends a command without waiting.
    pub fn try_command(&self, command: Command) -> Result<(), NotSent> {
        try_order(&self.orders, Order::Command(command))
    }

    pub async fn phone(&self, wish: PhoneWish) -> Result<(), EngineGone> {
        self.send(Order::Phone(wish)).await
    }

    pub async fn hooks(&self, wish: HookWish) -> Result<(), EngineGone> {
        self.send(Order::Hooks { client: self.id, wish }).await
    }

    pub async fn key(&self) -> Result<(), EngineGone> {
        self.send(Order::Key).await
    }

    async fn send(&self, order: Order) -> Result<(), EngineGone> {
        self.orders.send(order).await.map_err(|_| EngineGone)
    }
}

impl Link {
    pub fn orders(&self) -> Orders {
        Orders { id: self.id, orders: self.orders.clone() }
    }

    /// Sends a command, waiting while the engine has too many already.
    pub async fn send(&self, command: Command) -> Result<(), EngineGone> {
        self.orders.send(Order::Command(command)).await.map_err(|_| EngineGone)
    }

    /// Sends a command without waiting.
    pub fn try_send(&self, command: Command) -> Result<(), NotSent> {
        self.try_order(Order::Command(command))
    }

    /// Asks for the cells before this one; the answer is an [`Update::History`].
    pub fn try_history(&self, session: SessionId, before: CellId) -> Result<(), NotSent> {
        self.try_order(Order::History { client: self.id, session, before })
    }

    pub fn try_phone(&self, wish: PhoneWish) -> Result<(), NotSent> {
        self.try_order(Order::Phone(wish))
    }

    /// Tells that somebody is there.
    pub fn try_key(&self) -> Result<(), NotSent> {
        self.try_order(Order::Key)
    }

    fn try_order(&self, order: Order) -> Result<(), NotSent> {
        try_order(&self.orders, order)
    }

    /// The next update; `None` when the engine is gone. Cancel-safe.
    pub async fn recv(&mut self) -> Option<Update> {
        self.updates.recv().await
    }
}

fn try_order(orders: &mpsc::Sender<Order>, order: Order) -> Result<(), NotSent> {
    orders.try_send(order).map_err(|error| match error {
        mpsc::error::TrySendError::Full(_) => NotSent::Busy,
        mpsc::error::TrySendError::Closed(_) => NotSent::Gone,
    })
}

impl Peer {
    /// Hands over how the relay is. One that is missed is followed by the next.
    pub fn offer_phone(&self, view: &PhoneView) {
        let _ = self.updates.try_send(Update::Phone(Box::new(view.clone())));
    }

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
            self.behind = self.updates.try_send(Update::Snapshot(Box::new(fleet.tail(SNAPSHOT_CELLS)))).is_err();
        }
        true
    }

    /// Hands over older cells. Without room there is nothing to do: the client asks again after its snapshot.
    pub fn offer_history(&mut self, session: SessionId, before: CellId, fleet: &Fleet) {
        let Some(transcript) = fleet.get(session).map(|session| &session.transcript) else { return };
        if !self.behind {
            let cells = transcript.before(before, HISTORY_CELLS);
            self.behind = self.updates.try_send(Update::History { session, cells }).is_err();
        }
    }

    pub fn is(&self, client: ClientId) -> bool {
        self.id == client
    }

    /// Returns when the client has read everything it was sent, or has left. Cancel-safe.
    pub async fn drained(&self) {
        // The permits are given back at once; an error means that the client has left.
        drop(self.updates.reserve_many(self.updates.max_capacity()).await);
    }

    /// Hands over how the hooks are. Without room there is nothing to do: the client asks again.
    pub fn offer_hooks(&self, view: HooksView) {
        let _ = self.updates.try_send(Update::Hooks(Box::new(view)));
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
        let (orders, _receiver) = order_channel();
        let (mut link, mut peer) = connect_holding(orders, UPDATE_BUFFER);
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
                Some(Update::Phone(_) | Update::Hooks(_)) => {}
                Some(Update::History { .. }) => panic!("nobody asked for it"),
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
