//! A call before it begins: the policy is asked whether or not the CLI would ask.
//!
//! **For:** what a callback about a call is answered. **Not for:** requests for permission, which `inspect` looks at.
//! Blocking: it follows links and reads the disk.
//!
//! Invariants: it never allows, so the CLI's own checks stay as they are; what cannot be judged is asked.

use crate::config::Approvals;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::permission::RuleBehavior;
use crate::engine::policy;
use crate::engine::policy::Scene;

/// What to judge.
#[derive(Debug)]
pub(crate) struct Job {
    /// Of the callback.
    pub(crate) request_id: String,
    pub(crate) approval: Approval,
    pub(crate) scene: Scene,
    /// Why the text of the call is not to be relied on.
    pub(crate) doubt: Option<String>,
}

/// Why a call is asked that the CLI might have run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    /// An ask rule: only a person answers.
    Rule { rule: String, why: String },
    /// It touches this, which looks secret.
    Secret(String),
    /// The policy could not say.
    NotJudged(String),
    /// The audit log must be kept, and is not.
    NotRecorded,
    /// A hook could not look at it, and a person answers then.
    Hook { hook: String, why: String },
}

impl Question {
    /// In words, for the person.
    pub(crate) fn words(&self) -> Option<String> {
        match self {
            // The rule is named beside it.
            Self::Rule { .. } => None,
            Self::Secret(what) => Some(format!("“{what}” looks secret")),
            Self::NotJudged(why) => Some(format!("adjutant could not judge it: {why}")),
            Self::Hook { hook, why } => Some(format!("hook {hook} could not check it: {why}")),
            Self::NotRecorded => Some("the audit log cannot be written, so nothing runs unasked".to_owned()),
        }
    }

    /// What the CLI is told, and tells again in its request.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Rule { rule, why } => format!("adjutant asks: {rule}; {why}"),
            Self::Secret(_) | Self::NotJudged(_) | Self::NotRecorded | Self::Hook { .. } => {
                format!("adjutant asks: {}", self.words().unwrap_or_default())
            }
        }
    }

    pub(crate) fn rule(&self) -> Option<&str> {
        match self {
            Self::Rule { rule, .. } => Some(rule),
            Self::Secret(_) | Self::NotJudged(_) | Self::NotRecorded | Self::Hook { .. } => None,
        }
    }
}

/// What the policy makes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Nothing is against it: the CLI does as it would.
    Pass,
    Ask(Question),
    Deny {
        rule: String,
        why: String,
    },
}

/// Judges a call. Blocking.
pub(crate) fn judge(job: &Job, config: &Approvals) -> Judgement {
    let Job { approval, scene, doubt, .. } = job;
    let ruling = policy::decide(approval, config, scene);
    match (ruling.action, ruling.rule) {
        (RuleBehavior::Deny, rule) => {
            Judgement::Deny { rule: rule.unwrap_or_else(|| "a rule".to_owned()), why: ruling.why }
        }
        // Questions and plans reach the person in any case.
        _ if approval.ask != Ask::Tool => Judgement::Pass,
        (RuleBehavior::Ask, Some(rule)) => Judgement::Ask(Question::Rule { rule, why: ruling.why }),
        _ if doubt.is_some() => Judgement::Ask(Question::NotJudged(doubt.clone().unwrap_or_default())),
        (RuleBehavior::Allow, _) => Judgement::Pass,
        (RuleBehavior::Ask, None) => match policy::secret(approval) {
            Some(what) => Judgement::Ask(Question::Secret(what)),
            None => Judgement::Pass,
        },
    }
}
