//! Whether somebody is at a terminal: keys tell, and whether one is attached at all.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use crate::core::ids::Timestamp;

/// Shared by those who see terminals and those who ask.
#[derive(Debug)]
pub struct Attention {
    last_key: AtomicI64,
    n_terminals: AtomicUsize,
}

impl Default for Attention {
    fn default() -> Self {
        Self { last_key: AtomicI64::new(i64::MIN), n_terminals: AtomicUsize::new(0) }
    }
}

impl Attention {
    /// A key was pressed in a terminal.
    pub fn note_key(&self, now: Timestamp) {
        // The newest counts, whatever became of the clock.
        self.last_key.store(now.0, Ordering::Relaxed);
    }

    /// So many terminals are attached.
    pub fn set_terminals(&self, n: usize) {
        self.n_terminals.store(n, Ordering::Relaxed);
    }

    /// Whether no terminal is attached, or none had a key for so long.
    pub fn is_away(&self, now: Timestamp, after_ms: u64) -> bool {
        let last = self.last_key.load(Ordering::Relaxed);
        self.n_terminals.load(Ordering::Relaxed) == 0 || now.millis_since(Timestamp(last)) >= after_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn away_is_without_a_terminal_or_without_a_key() {
        let attention = Attention::default();
        attention.note_key(Timestamp(1_000));
        assert!(attention.is_away(Timestamp(1_000), 500), "no terminal");
        attention.set_terminals(1);
        assert!(!attention.is_away(Timestamp(1_400), 500));
        assert!(attention.is_away(Timestamp(1_500), 500));
        attention.note_key(Timestamp(900_000));
        attention.note_key(Timestamp(900));
        assert!(attention.is_away(Timestamp(1_400), 500), "the clock was put back");
        assert!(Attention::default().is_away(Timestamp(0), 500));
    }
}
