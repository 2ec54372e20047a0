//! What the newest public types have that the wire does not read: a list that changes with the pins, under eyes.

use std::fmt::Write as _;

use crate::wire::decode::known_fields;
use crate::wire::inbound::control::Elicitation;
use crate::wire::inbound::control::HookCallback;
use crate::wire::inbound::control::HookInput;
use crate::wire::permission::CanUseTool;

const PUBLIC: &str = include_str!("public-fields.txt");
/// Tags that every line has.
const TAGS: [&str; 2] = ["session_id", "uuid"];

fn known(name: &str) -> Option<&'static [&'static str]> {
    match name.split_once('/') {
        Some(("control_request", "can_use_tool")) => Some(CanUseTool::FIELDS),
        Some(("control_request", "hook_callback")) => Some(HookCallback::FIELDS),
        Some(("control_request", "elicitation")) => Some(Elicitation::FIELDS),
        Some(("hook", "PreToolUse" | "UserPromptSubmit")) => Some(HookInput::FIELDS),
        // What we send: leaving a field out is no loss.
        Some(("hook", _)) => None,
        Some((kind, subtype)) => known_fields(kind, subtype),
        None => known_fields(name, ""),
    }
}

/// The fields of a type that are not read.
fn unread(name: &str, fields: &str) -> Vec<String> {
    let known = known(name).unwrap_or_default();
    let is_new = |field: &&str| !known.contains(field) && !TAGS.contains(field);
    fields.split_whitespace().filter(is_new).map(str::to_owned).collect()
}

#[test]
fn what_the_public_types_have_and_the_wire_does_not_read_is_listed() {
    let mut list = String::new();
    let types = PUBLIC.lines().filter(|line| !line.starts_with('#'));
    for (name, fields) in types.filter_map(|line| line.split_once(": ")) {
        let unread = if name.starts_with("hook/matcher") || name.ends_with("/output") {
            Vec::new()
        } else {
            unread(name, fields)
        };
        if !unread.is_empty() {
            let _ = writeln!(list, "{name}: {}", unread.join(" "));
        }
        // An unknown field of a request for permission keeps every automatic answer from it.
        assert!(!name.ends_with("can_use_tool") || unread.is_empty(), "{unread:?}");
    }
    insta::assert_snapshot!(list);
}
