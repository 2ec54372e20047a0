//! Whether what the folder brings may take effect: looked at before each start and each turn, asked when nobody knows.
//!
//! Invariants: without a look that found nothing unknown, or a decision of a person, no process is started with the
//! project's settings; a decision is for what was shown; what is not decided waits, with its prompts.

use super::Effect;
use super::Machine;
use super::lifecycle::Life;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::Place;
use crate::core::approval::Verdict;
use crate::core::approval::Withdrawal;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::ids::ApprovalId;
use crate::core::permission::PermissionUpdate;
use crate::core::permission::RuleBehavior;
use crate::core::permission::Scope;
use crate::core::prompt::Surface;
use crate::core::trust::Brought;
use crate::core::trust::Item;
use crate::core::trust::TrustAnswer;
use crate::core::trust::TrustChoice;
use crate::core::trust::TrustState;
use crate::engine::approvals::Pending;
use crate::engine::approvals::Stage;
use crate::engine::trust::AT_TERMINAL;
use crate::engine::trust::Restraint;
use crate::engine::trust::Sighting;
use crate::engine::trust::Start;
use crate::wire::outbound::Answer;

/// What a change of the CLI's settings is asked under.
pub(super) const SETTINGS_CALLBACK: &str = "adjutant-settings";
/// What the request stands under where a request names its tool.
const NAME: &str = "Folder";

/// What a session knows of its folder.
#[derive(Debug)]
pub(super) struct Trusting {
    /// Somebody knows folders; otherwise everything starts as the CLI does it.
    is_gated: bool,
    choice: TrustChoice,
    step: Step,
    /// How the process is started next, or was.
    start: Start,
    /// What the person refused by this mark stays refused for this session.
    refused: Option<String>,
    n_asked: u64,
    /// What was last told.
    told: Option<TrustState>,
    /// Requests of the CLI about a change of its settings, which wait for a look.
    changes: Vec<String>,
    /// A change was kept from the running process; whatever has it read its settings again would take it over.
    is_blocked: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// It must be looked at before anything goes on.
    Due,
    Looking,
    /// Nothing stands in the way of the next start or turn.
    Settled,
    Asking {
        request_id: String,
        without: Restraint,
    },
    /// A decision is being written down.
    Remembering {
        request_id: String,
    },
}

impl Trusting {
    pub(super) fn new(is_gated: bool, choice: TrustChoice) -> Self {
        Self {
            is_gated,
            choice,
            step: Step::Due,
            start: Start::default(),
            refused: None,
            n_asked: 0,
            told: None,
            changes: Vec::new(),
            is_blocked: false,
        }
    }

    /// How a process that is started now is to be started.
    pub(super) fn start(&self) -> Start {
        self.start.clone()
    }

    /// Whether the CLI must ask before it takes over changed settings.
    pub(super) fn watches_settings(&self) -> bool {
        self.is_gated && self.start == Start::Whole
    }

    pub(super) fn process_starts(&mut self) {
        self.changes.clear();
        self.is_blocked = false;
    }

    pub(super) fn instructions(&self) -> Option<String> {
        match &self.start {
            Start::Restrained(restraint) => restraint.instructions.clone(),
            Start::Whole => None,
        }
    }

    /// The next start or turn looks anew.
    pub(super) fn is_used(&mut self) {
        if self.step == Step::Settled {
            self.step = Step::Due;
        }
    }
}

/// Whether a process that was started in one way must be started anew to be as the other says.
fn is_other(running: &Start, wanted: &Start) -> bool {
    match (running, wanted) {
        (Start::Whole, Start::Whole) => false,
        (Start::Restrained(running), Start::Restrained(wanted)) => {
            running.is_refused != wanted.is_refused || running.git_keys != wanted.git_keys
        }
        (Start::Whole, Start::Restrained(_)) | (Start::Restrained(_), Start::Whole) => true,
    }
}

impl Machine {
    /// Whether the next start or turn may go ahead. If not yet, what follows sees to it.
    pub(super) fn is_folder_settled(&mut self) -> bool {
        if !self.trust.is_gated {
            return true;
        }
        if self.trust.step == Step::Due {
            self.trust.step = Step::Looking;
            self.effects.push(Effect::LookAtFolder);
        }
        self.trust.step == Step::Settled
    }

    /// The folder as it is now.
    pub(super) fn sighted(&mut self, sighting: Sighting) {
        self.answer_changes(&sighting);
        if self.trust.step != Step::Looking {
            return;
        }
        match sighting {
            Sighting::Clear(start) => self.settle_folder(start),
            Sighting::Unknown { brought, without } => match self.trust.choice {
                _ if self.trust.refused.as_ref() == Some(&brought.mark) => {
                    self.settle_folder(Start::Restrained(without));
                }
                TrustChoice::Ask => drop(self.ask_about_folder(*brought, without)),
                // Asked and answered like any other, so that it is on the record.
                TrustChoice::Without => {
                    let text = format!(
                        "What this folder brings takes no effect, because nobody has trusted it: {}.",
                        brought.summary()
                    );
                    self.emit(EventKind::Noted(Notice::warning(text)));
                    let id = self.ask_about_folder(*brought, without);
                    self.decide_about_folder(id, &Decision::Trust(TrustAnswer::Without), &Surface::Headless);
                }
                TrustChoice::Trust => {
                    let id = self.ask_about_folder(*brought, without);
                    self.decide_about_folder(id, &Decision::Trust(TrustAnswer::Trust), &Surface::Headless);
                }
            },
        }
    }

    /// Nothing stands in the way: a process that was started in another way is started anew first.
    fn settle_folder(&mut self, start: Start) {
        self.trust.step = Step::Settled;
        let must_renew = !matches!(self.life, Life::Absent) && is_other(&self.trust.start, &start);
        if must_renew {
            self.trust.step = Step::Due;
            self.wanted = true;
            self.stop(None);
            return;
        }
        if matches!(self.life, Life::Absent) {
            self.trust.start = start;
        }
        let state = match &self.trust.start {
            Start::Whole => TrustState::Trusted,
            Start::Restrained(restraint) if restraint.is_refused => TrustState::Without,
            Start::Restrained(_) => TrustState::Nothing,
        };
        if self.trust.told.replace(state) != Some(state) {
            self.emit(EventKind::FolderStands(state));
        }
        self.advance();
    }

    /// The CLI is about to take over settings that have changed: it must not before it is known what they bring.
    pub(super) fn settings_changed(&mut self, request_id: String) {
        self.trust.changes.push(request_id);
        self.effects.push(Effect::LookAtFolder);
    }

    fn answer_changes(&mut self, sighting: &Sighting) {
        let waiting = std::mem::take(&mut self.trust.changes);
        if waiting.is_empty() {
            return;
        }
        let is_clear = matches!(sighting, Sighting::Clear(_));
        let answer = if is_clear {
            serde_json::json!({})
        } else {
            serde_json::json!({ "decision": "block", "reason": "The person has not trusted this change yet." })
        };
        for request_id in waiting {
            self.answer(request_id, Answer::Hook(answer.clone()));
        }
        if let Sighting::Unknown { brought, .. } = sighting
            && !std::mem::replace(&mut self.trust.is_blocked, true)
        {
            let text = format!(
                "The folder brings something new, which takes no effect yet: {}. It is asked about before the next turn.",
                brought.summary()
            );
            self.emit(EventKind::Noted(Notice::warning(text)));
        }
    }

    /// Why a decision cannot be sent now: the CLI would read its settings again with it, and take over what was kept
    /// from it.
    pub(super) fn blocks_saving(&self, decision: &Decision) -> Option<String> {
        let Decision::Allow { remember, .. } = decision else { return None };
        let is_saved = |update: &PermissionUpdate| update.scope().is_some_and(|scope| scope != Scope::Session);
        (self.trust.is_blocked && remember.iter().any(is_saved)).then(|| {
            "the folder's settings have changed, and saving a rule would have them take effect: allow it once".into()
        })
    }

    fn ask_about_folder(&mut self, brought: Brought, without: Restraint) -> ApprovalId {
        self.trust.n_asked += 1;
        let request_id = format!("adjutant-folder-{}-{}", self.generation, self.trust.n_asked);
        let input = serde_json::json!({ "folder": brought.folder, "brings": told(&brought) });
        let approval = Approval {
            ask: Ask::Trust(Box::new(brought)),
            place: Place { directory: self.directory.clone(), branch: self.branch.clone(), ..Place::default() },
            asked: self.now.wall,
            ..Approval::new(ApprovalId(0), self.session, NAME, input)
        };
        self.trust.step = Step::Asking { request_id: request_id.clone(), without };
        self.ask_at_once(Pending::open(request_id, approval, self.now.mono))
    }

    /// Whether a request is about the folder.
    pub(super) fn asks_about_folder(&mut self, id: ApprovalId) -> bool {
        self.desk.get(id).is_some_and(|pending| matches!(pending.approval.ask, Ask::Trust(_)))
    }

    /// What somebody answered to the question about the folder.
    pub(super) fn decide_about_folder(&mut self, id: ApprovalId, decision: &Decision, by: &Surface) {
        if let Err(why) = self.try_folder_decision(id, decision, by) {
            self.emit(EventKind::AnswerRefused { approval: id, why });
        }
    }

    fn try_folder_decision(&mut self, id: ApprovalId, decision: &Decision, by: &Surface) -> Result<(), String> {
        let (asked, without) = match &self.trust.step {
            Step::Asking { request_id, without } => (request_id.clone(), without.clone()),
            _ => return Err("an answer is being written down already".into()),
        };
        let now = self.now.mono;
        let pending = self.desk.get(id).filter(|pending| pending.request_id == asked);
        let Some(pending) = pending else { return Err("the folder is asked about anew".into()) };
        let Ask::Trust(brought) = &pending.approval.ask else {
            return Err("this is no question about a folder".into());
        };
        let brought = brought.clone();
        match decision {
            Decision::Deny { .. } => {}
            // A script that says so in so many words (`--trust`) is a person's word; a rule or a deadline is not.
            Decision::Trust(_) if matches!(by, Surface::Policy(_) | Surface::Engine) => {
                return Err("only a person may answer this".into());
            }
            Decision::Trust(TrustAnswer::Trust) if matches!(by, Surface::Phone(_)) && !brought.from_phone => {
                return Err(AT_TERMINAL.into());
            }
            Decision::Trust(_) => {}
            Decision::Allow { .. }
            | Decision::Grant(_)
            | Decision::Answers(_)
            | Decision::AcceptPlan { .. }
            | Decision::Fill(_)
            | Decision::Dismiss => {
                return Err("a folder is trusted, started without what it brings, or not started".into());
            }
        }
        let after_ms = u64::try_from(now.saturating_sub(pending.asked).as_millis()).unwrap_or(u64::MAX);
        let verdict = Verdict { decision: decision.clone(), by: by.clone(), after_ms };
        pending.stage = Stage::Claimed(verdict);
        self.emit(EventKind::ApprovalClaimed { approval: id, by: by.clone() });
        match decision {
            Decision::Trust(TrustAnswer::Trust) => {
                self.trust.step = Step::Remembering { request_id: asked };
                self.effects.push(Effect::TrustFolder { brought, by: by.clone() });
            }
            Decision::Trust(TrustAnswer::Without) => {
                self.trust.refused = Some(brought.mark);
                self.folder_resolved(&asked);
                self.wanted = true;
                self.settle_folder(Start::Restrained(without));
            }
            _ => {
                self.trust.step = Step::Due;
                self.wanted = false;
                self.folder_resolved(&asked);
                let text = "Nothing was started. What waits in the queue goes out when a prompt or a retry asks again.";
                self.emit(EventKind::Noted(Notice::info(text)));
                self.stop(None);
            }
        }
        Ok(())
    }

    fn folder_resolved(&mut self, request_id: &str) {
        let Some(Pending { stage: Stage::Claimed(verdict), .. }) = self.desk.of_request(request_id) else { return };
        let verdict = verdict.clone();
        let how = format!("it was answered by {}", verdict.by.describe());
        if let Some(pending) = self.desk.end(request_id, &how) {
            self.emit(EventKind::ApprovalResolved { approval: pending.approval.id, verdict });
        }
    }

    /// The decision is written down, or could not be: then the folder is looked at, and asked about, anew.
    pub(super) fn folder_trusted(&mut self, done: Result<(), String>) {
        let Step::Remembering { request_id } = &self.trust.step else { return };
        let request_id = request_id.clone();
        self.trust.step = Step::Due;
        match done {
            Ok(()) => {
                self.folder_resolved(&request_id);
                self.wanted = true;
            }
            Err(why) => {
                self.emit(EventKind::Noted(Notice::warning(format!("The folder was not trusted: {why}."))));
                if let Some(pending) = self.desk.end(&request_id, "it is asked anew") {
                    let approval = pending.approval.id;
                    self.emit(EventKind::ApprovalWithdrawn { approval, why: Withdrawal::FileChanged });
                }
                // What was to be trusted unasked, and cannot be, is kept out.
                if self.trust.choice == TrustChoice::Trust {
                    self.trust.choice = TrustChoice::Without;
                }
            }
        }
        self.advance();
    }

    /// Rules that an answer has the CLI save in the project's own settings are the person's: noted before it is sent.
    pub(super) fn adopt_rules(&mut self, decision: &Decision) {
        let Decision::Allow { remember, .. } = decision else { return };
        let is_saved_here = |update: &&PermissionUpdate| matches!(update.scope(), Some(Scope::Local | Scope::Project));
        let (mut rules, mut directories) = (Vec::new(), Vec::new());
        for update in remember.iter().filter(is_saved_here) {
            match update {
                PermissionUpdate::AddRules { rules: added, behavior: RuleBehavior::Allow, .. } => {
                    rules.extend(added.iter().map(crate::core::permission::Rule::text));
                }
                PermissionUpdate::AddDirectories { directories: added, .. } => {
                    directories.extend(added.iter().cloned());
                }
                PermissionUpdate::AddRules { .. } | PermissionUpdate::SetMode { .. } | PermissionUpdate::Other(_) => {}
            }
        }
        if self.trust.is_gated && !(rules.is_empty() && directories.is_empty()) {
            self.effects.push(Effect::AdoptRules { rules, directories });
        }
    }
}

/// The items for the records, whole.
fn told(brought: &Brought) -> Vec<serde_json::Value> {
    let item = |item: &Item| serde_json::json!({ "kind": item.kind, "place": item.place, "name": item.name, "text": item.text });
    brought.items.iter().map(item).collect()
}
