//! The secretary: a language model for small words about the sessions.
//!
//! **For:** titles. **Not for:** the work itself, nor for deciding anything. Invariants: without a configured
//! endpoint nothing is sent anywhere; what is sent had its secrets taken out; an endpoint that fails costs a log
//! line and nothing else.

/// The endpoint.
pub mod model;
/// Titles for sessions that nobody gave one.
pub mod titles;
