//! What the tests stand on.

#![allow(dead_code, unreachable_pub, reason = "each test module uses its part")]

pub mod api;
pub mod clerk;
pub mod cli;
pub mod feishu;
pub mod fleet;
pub mod pty;
pub mod rig;
pub mod screen;
pub mod stage;
pub mod tmux;
