//! The one integration binary: linking is the slow part, so every test lives in a module of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests may panic and talk"
)]

mod audit;
mod backlog;
mod doctor;
mod engine;
mod kills;
mod pty;
mod real_cli;
mod relay;
mod screens;
mod secretary;
mod support;
mod terminals;
mod tidy;
