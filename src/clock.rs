//! The wall clock, as the domain counts: the one place that reads it. Nothing pure does.

use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use crate::core::ids::Timestamp;

/// What time it is. A clock that stands before 1970 says zero.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
