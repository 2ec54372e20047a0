//! The phone: messengers through which a person is told and answers while away from the terminal.
//!
//! **For:** one folder for each messenger, which turns its pushes into typed events and carries messages
//! back. **Not for:** deciding anything: sessions and approvals change by commands alone.

/// Feishu and Lark, over their long connection: no public address is needed.
pub mod feishu;
