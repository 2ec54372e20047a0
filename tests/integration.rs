//! All integration tests in one binary: linking once is most of what they cost.

mod screens;
mod support;
