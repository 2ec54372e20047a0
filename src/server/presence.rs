//! Who is attached, and since when nobody is.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::watch;

use crate::clock;
use crate::core::ids::Timestamp;
use crate::link::attention::Attention;

#[derive(Debug, Clone, Default)]
struct State {
    n_clients: usize,
    n_terminals: usize,
    left: Option<Timestamp>,
}

/// Counts clients; a terminal is one that somebody looks at.
#[derive(Debug)]
pub struct Presence {
    state: Mutex<State>,
    n_clients: watch::Sender<usize>,
    /// The relay asks it whether somebody is at a terminal.
    attention: Arc<Attention>,
}

/// A client that is there, until it is dropped.
#[derive(Debug)]
pub struct Present<'a> {
    presence: &'a Presence,
    is_terminal: bool,
}

impl Default for Presence {
    fn default() -> Self {
        Self::told_to(Arc::default())
    }
}

impl Presence {
    pub fn told_to(attention: Arc<Attention>) -> Self {
        Self { state: Mutex::default(), n_clients: watch::Sender::new(0), attention }
    }

    pub fn enter(&self, is_terminal: bool) -> Present<'_> {
        self.change(|state| {
            state.n_clients += 1;
            state.n_terminals += usize::from(is_terminal);
        });
        Present { presence: self, is_terminal }
    }

    /// When the last terminal left; `None` while one is there, or when there never was one.
    pub fn left(&self) -> Option<Timestamp> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.left.filter(|_| state.n_terminals == 0)
    }

    /// Tells how many clients there are, and each change of it.
    pub fn watch(&self) -> watch::Receiver<usize> {
        self.n_clients.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        self.n_clients.send_replace(state.n_clients);
        self.attention.set_terminals(state.n_terminals);
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        let now = clock::now();
        self.presence.change(|state| {
            state.n_clients -= 1;
            if self.is_terminal {
                state.n_terminals -= 1;
                state.left = Some(now);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_that_leaves_is_missed() {
        let presence = Presence::default();
        let verb = presence.enter(false);
        assert_eq!(*presence.watch().borrow(), 1);
        drop(verb);
        assert_eq!(presence.left(), None);
        let (one, two) = (presence.enter(true), presence.enter(true));
        drop(one);
        assert_eq!(presence.left(), None, "the other one still looks");
        drop(two);
        assert!(presence.left().is_some());
        let _back = presence.enter(true);
        assert_eq!(presence.left(), None);
    }
}
