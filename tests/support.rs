//! What the tests stand on.

#![allow(dead_code, unreachable_pub, reason = "each test module uses its part")]
#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

pub mod fleet;
pub mod screen;
