//! What must be in view beside the answers: the marks of a request, and how careful a person has to be with it.
//!
//! **For:** dialogs, cards, lists, and what may be allowed together. **Not for:** rules: nothing here allows anything.
//!
//! Invariants: pure; what is not known is never harmless.

use serde::Deserialize;
use serde::Serialize;

use super::Approval;
use super::Ask;
use super::Binding;
use crate::core::anatomy::Anatomy;
use crate::core::anatomy::Effect;
use crate::core::change;
use crate::core::tool::table;
use crate::core::tool::table::Does;

/// How careful a person has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DangerClass {
    /// It only looks, or makes something new inside the project. Several of these may be allowed together.
    Harmless,
    /// It runs code, talks to others, or is not known: to be read before it is allowed.
    Notable,
    /// It may cost work, data, money or trust.
    Dangerous,
}

/// A mark as programs read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// `deletes`, `runs_downloaded` …; none where a part could not be read.
    pub effect: Option<&'static str>,
    pub class: DangerClass,
    pub says: String,
    /// The lines it stands on, where there are several.
    pub lines: Vec<usize>,
}

/// What must be in view beside the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Danger {
    /// The line does this, worked out from its words; with the lines it stands on, where there are several.
    Does { effect: Effect, about: String, lines: Vec<usize> },
    /// A mark of the whole request.
    Mark(Effect),
    /// A part of the line could not be read; what it does is not known.
    NotRead,
}

impl Danger {
    /// The mark in words.
    pub fn describe(&self) -> String {
        match self {
            Self::Does { effect, about, .. } => format!("{} {about}", effect.verb()),
            Self::Mark(effect) => effect.phrase().to_owned(),
            Self::NotRead => "a part of this could not be read".to_owned(),
        }
    }

    /// The mark for programs.
    pub fn mark(&self) -> Mark {
        let (effect, lines) = match self {
            Self::Does { effect, lines, .. } => (Some(effect.name()), lines.clone()),
            Self::Mark(effect) => (Some(effect.name()), Vec::new()),
            Self::NotRead => (None, Vec::new()),
        };
        Mark { effect, class: self.class(), says: self.describe(), lines }
    }

    pub fn class(&self) -> DangerClass {
        match self {
            Self::Does { effect, .. } => effect.class(),
            Self::Mark(effect) => effect.class(),
            Self::NotRead => DangerClass::Dangerous,
        }
    }
}

impl Approval {
    /// The marks, the worst first. For a command line they are what its programs do.
    pub fn dangers(&self) -> Vec<Danger> {
        let mut dangers = Vec::new();
        let read = self.anatomy.as_ref();
        for group in read.map(Anatomy::groups).unwrap_or_default() {
            if !group.effect.is_danger() {
                continue;
            }
            let mut lines: Vec<usize> = group.steps.iter().filter_map(|step| step.line).collect();
            lines.dedup();
            if !read.is_some_and(|anatomy| anatomy.several_lines) {
                lines.clear();
            }
            dangers.push(Danger::Does { effect: group.effect, about: group.about(), lines });
        }
        // What the line says already is not said again.
        let is_told =
            |mark: &Effect| dangers.iter().any(|it| matches!(it, Danger::Does { effect, .. } if effect == mark));
        let marks: Vec<Danger> = self
            .risks
            .iter()
            .filter(|mark| mark.is_danger() && !is_told(mark))
            .map(|mark| Danger::Mark(*mark))
            .collect();
        dangers.extend(marks);
        let is_read = read.map_or(!self.is_command(), |anatomy| anatomy.whole);
        dangers.extend((!is_read).then_some(Danger::NotRead));
        dangers
    }

    /// Whether nobody may allow it by a word that does not name it, such as "yes": whoever allows it has to look at it
    /// once more. That is so where the CLI wants it (its own safety check, an answer that must not be preselected, a
    /// person at the session), where the tool poses as another or the request says more than is understood, and where
    /// a mark is dangerous: at least wherever something is deleted, overwritten or thrown away, more rights are taken,
    /// something downloaded is run, or it is not known whether one of these is so.
    pub fn wants_a_look(&self) -> bool {
        let Binding { default_to_no, safety_check, posing, not_understood, .. } = &self.binding;
        let is_bound = *default_to_no || *safety_check || *posing || !not_understood.is_empty();
        let is_grave = |danger: &Danger| danger.class() == DangerClass::Dangerous;
        is_bound || self.is_for_the_session() || self.dangers().iter().any(is_grave)
    }

    /// How careful a person has to be with it: as careful as with the worst of it.
    pub fn danger_class(&self) -> DangerClass {
        let binding = &self.binding;
        if self.ask != Ask::Tool {
            return DangerClass::Notable;
        }
        if binding.posing || binding.safety_check || !binding.not_understood.is_empty() {
            return DangerClass::Dangerous;
        }
        let marks = self.dangers().iter().map(Danger::class).max();
        let does = match &self.anatomy {
            Some(read) => read.steps.iter().map(|step| step.effect.class()).max(),
            None if self.is_command() => Some(DangerClass::Dangerous),
            None => Some(class_of_call(self)),
        };
        let bound = (!binding.permits_automatic() || self.place.is_doubtful).then_some(DangerClass::Notable);
        [marks, does, bound].into_iter().flatten().max().unwrap_or(DangerClass::Harmless)
    }
}

/// A call that is no command line.
fn class_of_call(approval: &Approval) -> DangerClass {
    match table::of(&approval.tool).map(|tool| tool.does) {
        Some(Does::Reads | Does::Keeps) => DangerClass::Harmless,
        Some(Does::Changes { .. }) if approval.tool == "Write" => match change::of(approval) {
            Some(change::Change::File(file)) if file.fate == change::Fate::Made => DangerClass::Harmless,
            _ => DangerClass::Notable,
        },
        _ => DangerClass::Notable,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::*;
    use crate::core::anatomy::Step;
    use crate::core::ids::ApprovalId;
    use crate::core::ids::SessionId;

    fn call(tool: &str, input: Value) -> Approval {
        Approval::new(ApprovalId(1), SessionId(1), tool, input)
    }

    fn line(effects: &[Effect], whole: bool) -> Approval {
        let step = |effect: &Effect| Step { program: "x".into(), effect: *effect, targets: Vec::new(), line: Some(1) };
        let anatomy = Anatomy { steps: effects.iter().map(step).collect(), whole, several_lines: false };
        Approval { anatomy: Some(anatomy), ..call("Bash", json!({ "command": "x" })) }
    }

    #[test]
    fn a_call_is_as_dangerous_as_the_worst_of_it() {
        for (approval, class) in [
            (line(&[Effect::Reads, Effect::Writes], true), DangerClass::Harmless),
            (line(&[Effect::Reads, Effect::Unknown], true), DangerClass::Notable),
            (line(&[Effect::Network, Effect::Deletes], true), DangerClass::Dangerous),
            (line(&[Effect::Reads], false), DangerClass::Dangerous),
            (call("Bash", json!({ "command": "ls" })), DangerClass::Dangerous),
            (call("Read", json!({ "file_path": "/p/a" })), DangerClass::Harmless),
            (call("Edit", json!({ "file_path": "/p/a" })), DangerClass::Notable),
            (call("mcp__a__b", json!({})), DangerClass::Notable),
        ] {
            assert_eq!(approval.danger_class(), class, "{approval:?}");
        }
    }

    #[test]
    fn what_must_be_looked_at_is_told_by_its_marks_and_by_what_binds_it() {
        let plain = line(&[Effect::Reads, Effect::Network, Effect::RunsCode], true);
        assert!(!plain.wants_a_look());
        let with = |change: &dyn Fn(&mut Approval)| {
            let mut approval = plain.clone();
            change(&mut approval);
            approval.wants_a_look()
        };
        assert!(with(&|it| it.binding.safety_check = true) && with(&|it| it.binding.default_to_no = true));
        assert!(with(&|it| it.binding.needs_person = true) && with(&|it| it.binding.posing = true));
        assert!(with(&|it| it.binding.not_understood = vec!["x".into()]));
        for effect in Effect::ALL {
            let is_grave = effect.class() == DangerClass::Dangerous;
            assert_eq!(line(&[Effect::Reads, effect], true).wants_a_look(), is_grave, "{effect:?}");
        }
        for effect in [
            Effect::Deletes,
            Effect::Overwrites,
            Effect::DiscardsWork,
            Effect::RewritesHistory,
            Effect::RunsDownloaded,
            Effect::Privilege,
        ] {
            assert_eq!(effect.class(), DangerClass::Dangerous, "{effect:?}");
            let unread = call("Read", json!({ "file_path": "/p/a" }));
            assert!(Approval { risks: vec![Effect::Network, effect], ..unread }.wants_a_look(), "{effect:?}");
        }
        assert!(line(&[Effect::Reads], false).wants_a_look(), "what was not read may be anything");
    }

    #[test]
    fn what_binds_the_answer_is_never_harmless() {
        let safe = line(&[Effect::Reads], true);
        let bound = |binding: Binding| Approval { binding, ..safe.clone() }.danger_class();
        assert_eq!(bound(Binding { default_to_no: true, ..Binding::default() }), DangerClass::Notable);
        assert_eq!(bound(Binding { safety_check: true, ..Binding::default() }), DangerClass::Dangerous);
        assert_eq!(bound(Binding { posing: true, ..Binding::default() }), DangerClass::Dangerous);
        let plan = Approval { ask: Ask::Plan("x".into()), ..safe };
        assert_eq!(plan.danger_class(), DangerClass::Notable);
    }
}
