//! The one integration binary: linking is the slow part, so every test lives in a module of it.

mod real_cli;
mod support;
