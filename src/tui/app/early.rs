//! What is typed while the session that it is meant for is still being opened: it waits, and goes there.
//!
//! Invariants: nothing is lost and nothing goes to another session; what waits answers nothing, because it comes in one
//! piece; keys that are no text work at once.

use std::time::Duration;
use std::time::Instant;

use crossterm::event::Event as TerminalEvent;
use crossterm::event::KeyCode;
use crossterm::event::KeyEventKind;
use crossterm::event::KeyModifiers;

/// So long after the start, what is typed is meant for the session that was asked for, although another one shows.
const START: Duration = Duration::from_secs(3);
/// Nobody types more in that time.
const MAX_HELD: usize = 4_000;

#[derive(Debug)]
pub(super) struct Early {
    started: Instant,
    held: Vec<TerminalEvent>,
}

impl Early {
    pub(super) fn new(started: Instant) -> Self {
        Self { started, held: Vec::new() }
    }

    /// Keeps what is typed too early; gives back what is not. `is_alone`: no session shows.
    pub(super) fn hold(
        &mut self,
        event: TerminalEvent,
        is_opening: bool,
        is_alone: bool,
        now: Instant,
    ) -> Option<TerminalEvent> {
        let is_early = is_opening && (is_alone || now.saturating_duration_since(self.started) < START);
        if is_early && is_text(&event) && self.held.len() < MAX_HELD {
            self.held.push(event);
            return None;
        }
        Some(event)
    }

    /// What waits, once nothing is being opened any more.
    pub(super) fn release(&mut self, is_opening: bool) -> Vec<TerminalEvent> {
        if is_opening { Vec::new() } else { std::mem::take(&mut self.held) }
    }
}

fn is_text(event: &TerminalEvent) -> bool {
    match event {
        TerminalEvent::Paste(_) => true,
        TerminalEvent::Key(key) => {
            key.kind != KeyEventKind::Release
                && matches!(key.code, KeyCode::Char(_) | KeyCode::Enter | KeyCode::Backspace)
                && key.modifiers.difference(KeyModifiers::SHIFT).is_empty()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyEvent;

    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> TerminalEvent {
        TerminalEvent::Key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn what_is_typed_before_the_session_is_there_waits_for_it() {
        let start = Instant::now();
        let mut early = Early::new(start);
        let typed = [
            key(KeyCode::Char('g'), KeyModifiers::NONE),
            key(KeyCode::Char('O'), KeyModifiers::SHIFT),
            key(KeyCode::Enter, KeyModifiers::NONE),
            TerminalEvent::Paste("more".into()),
        ];
        for event in typed.clone() {
            assert_eq!(early.hold(event, true, true, start + Duration::from_mins(1)), None);
        }
        let quit = key(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(early.hold(quit.clone(), true, true, start), Some(quit), "the way out is open");
        assert!(early.release(true).is_empty());
        assert_eq!(early.release(false), typed);
        assert!(early.release(false).is_empty(), "once");
    }

    #[test]
    fn another_session_gets_it_only_when_the_start_is_over() {
        let start = Instant::now();
        let mut early = Early::new(start);
        let typed = key(KeyCode::Char('g'), KeyModifiers::NONE);
        assert_eq!(early.hold(typed.clone(), true, false, start + Duration::from_millis(200)), None);
        assert_eq!(early.hold(typed.clone(), true, false, start + START), Some(typed.clone()));
        assert_eq!(early.hold(typed.clone(), false, true, start), Some(typed));
    }
}
