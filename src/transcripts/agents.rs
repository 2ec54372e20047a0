//! The sub-agents of a conversation: each has a file of its own beside it, read piece by piece.

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;

use super::ENDING;
use super::open_regular;
use super::read::Lines;
use super::tell::Teller;
use super::tell::Told;
use crate::core::ids::ToolCallId;
use crate::wire::transcript::AgentFacts;

/// Sub-agents that are read; a conversation has far fewer.
const MAX_FILES: usize = 2_000;
/// The facts beside a file are a line.
const MAX_FACTS: u64 = 64 << 10;
/// How deep sub-agents may start others.
const MAX_DEPTH: usize = 8;
/// Bytes of one sub-agent's file that are read at a time.
const MAX_PIECE: u64 = 16 << 20;

/// The files, by the call that started each.
#[derive(Debug, Default)]
pub(super) struct Agents {
    folder: PathBuf,
    by_call: HashMap<ToolCallId, (Teller, Lines)>,
    /// Facts that were read already.
    known: Vec<PathBuf>,
}

impl Agents {
    /// Of a conversation, by its file.
    pub(super) fn beside(transcript: &Path) -> Self {
        Self { folder: transcript.with_extension("").join("subagents"), ..Self::default() }
    }

    /// Tells what a sub-agent did since it was last told.
    pub(super) fn tell(&mut self, call: &ToolCallId, told: &mut Vec<Told>) {
        self.tell_at(call, told, 0);
    }

    fn tell_at(&mut self, call: &ToolCallId, told: &mut Vec<Told>, depth: usize) {
        if depth == 0 && !self.by_call.contains_key(call) {
            self.look();
        }
        if depth >= MAX_DEPTH {
            return;
        }
        // Taken out meanwhile: a file that names itself is read once.
        let Some((mut teller, mut lines)) = self.by_call.remove(call) else { return };
        let (records, _) = lines.read_on(MAX_PIECE).unwrap_or_default();
        for record in records {
            teller.tell(record, told, &mut |inner, told| self.tell_at(inner, told, depth + 1));
        }
        self.by_call.insert(call.clone(), (teller, lines));
    }

    /// Tells what every known sub-agent did since.
    pub(super) fn tell_all(&mut self, told: &mut Vec<Told>) {
        let calls: Vec<ToolCallId> = self.by_call.keys().cloned().collect();
        for call in calls {
            self.tell_at(&call, told, 1);
        }
    }

    /// Finds files that have come.
    fn look(&mut self) {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten().take(MAX_FILES) {
            let path = entry.path();
            let is_facts = path.to_str().is_some_and(|path| path.ends_with(".meta.json"));
            if !is_facts || self.known.contains(&path) {
                continue;
            }
            let Some(call) = call_of(&path) else { continue };
            let file = path.with_extension("").with_extension(ENDING);
            let call = ToolCallId::from(call.as_str());
            self.by_call.insert(call.clone(), (Teller::of_agent(call), Lines::new(file)));
            self.known.push(path);
        }
    }
}

fn call_of(facts: &Path) -> Option<String> {
    use std::io::Read as _;
    let (file, _) = open_regular(facts).ok()?;
    let mut text = String::new();
    file.take(MAX_FACTS).read_to_string(&mut text).ok()?;
    AgentFacts::read(&text)?.tool_use_id
}
