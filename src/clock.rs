//! The wall clock, as the domain counts: the one place that reads it. Nothing pure does.

use std::cell::Cell;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use crate::core::ids::Timestamp;

thread_local! {
    static INSTEAD: Cell<Option<fn() -> Timestamp>> = const { Cell::new(None) };
}

/// What time it is. A clock that stands before 1970 says zero.
pub fn now() -> Timestamp {
    INSTEAD.get().map_or_else(system, |clock| clock())
}

fn system() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// As long as this is kept everything on this thread goes by that clock: for tests in which hours pass.
pub fn go_by(clock: fn() -> Timestamp) -> Instead {
    INSTEAD.set(Some(clock));
    Instead(())
}

/// Another clock than the system's.
#[derive(Debug)]
#[must_use = "dropped, the clock is the system's again"]
pub struct Instead(());

impl Drop for Instead {
    fn drop(&mut self) {
        INSTEAD.set(None);
    }
}
