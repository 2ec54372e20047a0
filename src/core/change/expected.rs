//! What the file should be after a change that was allowed, and whether it is.

use serde_json::Value;

use super::encoding::Encoding;
use super::is_as_expected;
use super::is_change;
use super::notebook::NEW_ID;
use super::outcome;
use crate::core::approval::Approval;

/// The bytes that were shown, one way or another, when a change was allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// `None` when the file should be left as it was: the CLI refuses the change.
    after: Option<Vec<u8>>,
    /// As it was; `None` when there was no file.
    before: Option<Vec<u8>>,
    /// Eight of the bytes are an id that the CLI makes up.
    has_new_id: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    AsShown,
    /// The CLI refused a change that it was expected to make; the file is as it was.
    NotMade,
    /// The file is neither as it was shown nor as it was.
    Different,
}

/// What is to come of this call with this input; `None` where nobody can tell. `edited`: the person's own input.
pub fn of(approval: &Approval, edited: Option<&Value>) -> Option<Expected> {
    let (tool, input) = (approval.tool.as_str(), edited.unwrap_or(&approval.input));
    if !is_change(tool) || !is_as_expected(tool, input) {
        return None;
    }
    let preview = approval.preview.as_ref()?;
    // An edited path is another file, which nobody has looked at.
    let field = super::path_field(tool)?;
    if input.get(field) != approval.input.get(field) {
        return None;
    }
    let before = preview.before.bytes().ok()?;
    let is_asked = edited.is_none() && approval.original.is_none();
    let after = match outcome(tool, input, Ok((preview, before)), is_asked) {
        // The made-up id is not looked for in other encodings.
        Ok(made) if tool == "NotebookEdit" && made.encoding == Encoding::Utf16 => return None,
        Ok(made) => Some(made.bytes),
        Err(super::Doubt::Refused(refusal)) if !refusal.is_doubt() => None,
        Err(_) => return None,
    };
    let has_new_id = tool == "NotebookEdit" && after.as_ref().is_some_and(|bytes| new_id_at(bytes).is_some());
    Some(Expected { after, before: before.map(<[u8]>::to_vec), has_new_id })
}

fn new_id_at(bytes: &[u8]) -> Option<usize> {
    let line = format!("\"id\": \"{NEW_ID}\"");
    memchr::memmem::find(bytes, line.as_bytes()).map(|at| at + line.len() - NEW_ID.len() - 1)
}

impl Expected {
    /// Compares with the file as it is; `None` when there is none.
    pub fn compare(&self, now: Option<&[u8]>) -> Verdict {
        let is_made = match (&self.after, now) {
            (Some(after), Some(now)) => self.is_after(after, now),
            _ => false,
        };
        let is_as_before = now == self.before.as_deref();
        match &self.after {
            _ if is_made => Verdict::AsShown,
            None if is_as_before => Verdict::AsShown,
            Some(_) if is_as_before => Verdict::NotMade,
            _ => Verdict::Different,
        }
    }

    fn is_after(&self, after: &[u8], now: &[u8]) -> bool {
        let Some(at) = new_id_at(after).filter(|_| self.has_new_id) else { return after == now };
        let end = at + NEW_ID.len();
        now.len() == after.len()
            && now[..at] == after[..at]
            && now[at..end].iter().all(u8::is_ascii_hexdigit)
            && now[end..] == after[end..]
    }
}
