//! What the tests stand on.

#![allow(dead_code, reason = "each test module uses its part")]

pub mod api;
pub mod cli;
pub mod pty;
pub mod rig;
