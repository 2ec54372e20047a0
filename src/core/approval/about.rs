//! What is known about a request beside what it would do: from whom it comes, who says what, what binds the answer.

use serde_json::Value;

use super::Approval;
use super::Ask;
use crate::core::grant::GrantRule;
use crate::core::grant::marked::Hole;
use crate::core::tool::table;

/// One thing that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<'a> {
    /// The model's own words. They may lie.
    Why(&'a str),
    AskedByRule(&'a str),
    AskedBySafetyCheck,
    /// A hook could not look at it.
    AskedByHook(&'a str),
    /// What a hook made of it.
    Hook(String),
    /// Why the CLI asks.
    Reason(&'a str),
    /// Why no rule of the person allowed it.
    NotAllowed(&'a str),
    Agent {
        what: &'a str,
        kind: Option<&'a str>,
    },
    Path(&'a str),
    /// The working directory's path goes through a link, and leads there.
    DirectoryLeadsTo(&'a str),
    /// It runs here, and the session works elsewhere.
    RunsIn(&'a str),
    /// Where it runs is not known; the session works here.
    PerhapsNotIn(&'a str),
}

/// What whoever answers has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The tool comes from an MCP server, but has a name of the CLI's own.
    Posing,
    /// These fields say something that this version does not understand.
    NotUnderstood(String),
    TypeYes,
    OnceOnly,
    /// Nobody but a person at the session may allow it.
    AtSession,
}

impl Approval {
    /// Whether the call runs a command line.
    pub fn is_command(&self) -> bool {
        table::runs_text(&self.tool)
    }

    /// The smallest thing that may be granted with it, where anything beyond this once may be.
    pub fn smallest_grant(&self) -> Option<&GrantRule> {
        self.grants.first().filter(|_| !self.binding.no_always)
    }

    /// Whether this may be granted with it: it was offered, or is this call with some of the words free that may be.
    pub fn offers(&self, rule: &GrantRule) -> bool {
        match rule {
            GrantRule::Marked { tool, input, holes } => {
                let is_markable = |hole: &Hole| self.markable.contains(hole);
                let in_order = holes.windows(2).all(|pair| pair[0].end <= pair[1].start);
                let is_this = *tool == self.tool && *input == self.input;
                is_this && !holes.is_empty() && in_order && holes.iter().all(is_markable)
            }
            rule => self.grants.contains(rule),
        }
    }

    /// Whether it may only be denied away from the session. The CLI asks for that where a card elsewhere cannot show
    /// what there is to consent to; questions and plans are themselves what a person answers.
    pub fn is_for_the_session(&self) -> bool {
        self.binding.needs_person && self.ask == Ask::Tool
    }

    /// What comes with a plan besides its text and the file that holds it: an older CLI grants what is asked for there.
    pub fn beside_the_plan(&self) -> Option<Value> {
        let mut input = self.input.as_object()?.clone();
        input.retain(|field, value| !matches!(field.as_str(), "plan" | "planFilePath") && !value.is_null());
        (!input.is_empty()).then_some(Value::Object(input))
    }

    pub fn facts(&self) -> Vec<Fact<'_>> {
        let in_input = self.input.get("description").and_then(Value::as_str).filter(|_| self.is_command());
        // Of changes the CLI says no more than the name of the file.
        let path = self.input.get("file_path").and_then(Value::as_str).unwrap_or_default();
        let is_name = |text: &&str| path.strip_suffix(text).is_some_and(|folder| folder.ends_with('/'));
        let described = self.description.as_deref().filter(|text| !is_name(text));
        // Where the model said nothing, the CLI repeats the command.
        let command = self.input.get("command").and_then(Value::as_str).unwrap_or_default().trim();
        let repeats = |text: &&str| !command.is_empty() && command.starts_with(text.trim().trim_end_matches('…'));
        let described = described.filter(|text| !repeats(text));
        let in_input = in_input.filter(|text| described.map(str::trim) != Some(text.trim()));
        let facts = [
            described.map(Fact::Why),
            in_input.map(Fact::Why),
            self.binding.asked_by_rule.as_deref().map(Fact::AskedByRule),
            self.binding.safety_check.then_some(Fact::AskedBySafetyCheck),
            self.binding.asked_by_hook.as_deref().map(Fact::AskedByHook),
            self.reason.as_deref().map(Fact::Reason),
            self.not_allowed.as_deref().map(Fact::NotAllowed),
            self.agent.as_ref().map(|agent| Fact::Agent {
                what: agent.description.as_deref().unwrap_or(&agent.id),
                kind: agent.kind.as_deref(),
            }),
            self.blocked_path.as_deref().map(Fact::Path),
            self.place.leads_to.as_deref().map(Fact::DirectoryLeadsTo),
            self.place.session_in.as_ref().map(|_| Fact::RunsIn(&self.place.directory)),
            self.place.is_doubtful.then_some(Fact::PerhapsNotIn(&self.place.directory)),
        ];
        let says_something = |fact: &Fact<'_>| match fact {
            Fact::Why(text)
            | Fact::Reason(text)
            | Fact::NotAllowed(text)
            | Fact::AskedByRule(text)
            | Fact::AskedByHook(text)
            | Fact::Path(text) => !text.trim().is_empty(),
            Fact::Hook(_)
            | Fact::AskedBySafetyCheck
            | Fact::Agent { .. }
            | Fact::DirectoryLeadsTo(_)
            | Fact::RunsIn(_)
            | Fact::PerhapsNotIn(_) => true,
        };
        let by_hooks = self.hooks.iter().map(|mark| Fact::Hook(mark.with_before()));
        facts.into_iter().flatten().chain(by_hooks).filter(says_something).collect()
    }

    pub fn notes(&self) -> Vec<Note> {
        let binding = &self.binding;
        let not_understood = Some(binding.not_understood.join(", ")).filter(|fields| !fields.is_empty());
        let notes = [
            binding.posing.then_some(Note::Posing),
            not_understood.map(Note::NotUnderstood),
            binding.default_to_no.then_some(Note::TypeYes),
            binding.no_always.then_some(Note::OnceOnly),
            self.is_for_the_session().then_some(Note::AtSession),
        ];
        notes.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::approval::AgentLabel;
    use crate::core::approval::Binding;
    use crate::core::ids::ApprovalId;
    use crate::core::ids::SessionId;

    fn bash(input: Value) -> Approval {
        Approval::new(ApprovalId(1), SessionId(1), "Bash", input)
    }

    #[test]
    fn every_word_of_the_model_is_told_once() {
        let mut approval = bash(json!({ "command": "ls", "description": "look " }));
        assert_eq!(approval.facts(), [Fact::Why("look ")]);
        approval.description = Some("look".into());
        assert_eq!(approval.facts(), [Fact::Why("look")]);
        approval.description = Some("another".into());
        assert_eq!(approval.facts(), [Fact::Why("another"), Fact::Why("look ")]);
        approval.description = Some(" ".into());
        approval.agent = Some(AgentLabel { id: "a1".into(), description: None, kind: Some("Explore".into()) });
        approval.binding.safety_check = true;
        let agent = Fact::Agent { what: "a1", kind: Some("Explore") };
        assert_eq!(approval.facts(), [Fact::Why("look "), Fact::AskedBySafetyCheck, agent]);
        // The command is no word about itself, cut or whole.
        let mut long = bash(json!({ "command": "mkdir -p one && touch two" }));
        for (description, n) in [("mkdir -p one && touch two", 0), ("mkdir -p one…", 0), ("make one", 1)] {
            long.description = Some(description.into());
            assert_eq!(long.facts().len(), n, "{description}");
        }
        // A field of that name means something else elsewhere.
        approval.tool = "mcp__a__b".into();
        assert_eq!(approval.facts().len(), 2);
        // The name of the file is no word about the call.
        let mut write = Approval { tool: "Write".into(), ..bash(json!({ "file_path": "/p/a.rs" })) };
        for (description, n) in [("a.rs", 0), (".rs", 1), ("/p/a.rs", 1), ("harmless a.rs", 1)] {
            write.description = Some(description.into());
            assert_eq!(write.facts().len(), n, "{description}");
        }
    }

    #[test]
    fn what_binds_the_answer_is_noted() {
        let mut approval = bash(json!({ "command": "ls" }));
        assert_eq!(approval.notes(), []);
        approval.binding = Binding {
            default_to_no: true,
            no_always: true,
            needs_person: true,
            posing: true,
            not_understood: vec!["a".into(), "b".into()],
            ..Binding::default()
        };
        let all = [Note::Posing, Note::NotUnderstood("a, b".into()), Note::TypeYes, Note::OnceOnly, Note::AtSession];
        assert_eq!(approval.notes(), all);
        approval.ask = Ask::Plan("x".into());
        assert!(!approval.is_for_the_session() && !approval.notes().contains(&Note::AtSession));
    }
}
