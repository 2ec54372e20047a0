//! The approval dialog: what is selected, typed, scrolled, and since when it is on the screen. When its keys
//! count is for [`guard`](super::guard) to say.

use super::composer::Composer;
use super::elicitation::Filling;
use super::marks::Marks;
use crate::core::approval::Answer;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::Question;
use crate::core::grant::GrantTerms;
use crate::core::grant::MAX_MINUTES;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::permission::PermissionUpdate;
use crate::core::permission::Scope;
use crate::tui::input::action::Action;
use crate::tui::input::action::Context;

/// The answers that the arrows walk through, in the order in which they are shown. Never one that
/// remembers: "always" is chosen on purpose or not at all.
pub const CHOICES: [Action; 3] = [Action::AllowOnce, Action::Deny, Action::DenyAndStop];

/// The approval that has the focus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalFocus {
    pub id: ApprovalId,
    /// When it was first drawn with the focus; `None` until then.
    pub drawn: Option<Timestamp>,
    /// The tab it was opened over: going to another one puts it away.
    pub over: Option<SessionId>,
    /// The same request asked several times: those that the last frame counted, itself included.
    pub twins: Vec<ApprovalId>,
}

impl ApprovalFocus {
    pub fn new(id: ApprovalId, over: Option<SessionId>) -> Self {
        Self { id, drawn: None, over, twins: Vec::new() }
    }
}

/// Which part of the dialog has the keys.
#[derive(Debug, Clone)]
pub enum Pane {
    /// What will run, and the answers.
    Main,
    /// What to remember.
    Always(AlwaysList),
    /// A message that goes with a denial.
    DenyMessage(Box<Composer>),
    /// A message that follows an allow.
    Comment(Box<Composer>),
    /// The input, while the person changes it.
    Edit(Box<EditBox>),
    /// "Type yes": a second step for what must not be allowed by one key.
    TypeYes { typed: String, then: Box<Decision> },
    /// The whole request as it came.
    Whole,
    /// Feedback on a plan.
    PlanFeedback(Box<Composer>),
    /// Free text for a question.
    FreeText(Box<Composer>),
}

/// The choices of "always": the CLI's suggestions, each with a scope and a rule that can be changed, and what
/// can be granted for a time.
#[derive(Debug, Clone, PartialEq)]
pub struct AlwaysList {
    pub choices: Vec<AlwaysChoice>,
    pub selected: usize,
    /// The rule's text while it is being changed.
    pub editing: Option<RuleEdit>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum AlwaysChoice {
    /// For the CLI to remember.
    Remember(PermissionUpdate),
    /// For us to allow, until the grant ends.
    Grant(GrantTerms),
    /// The same, with words that the person marks.
    Marks(Marks),
}

#[derive(Debug, Clone, PartialEq)]
pub struct RuleEdit {
    pub text: String,
    pub error: Option<String>,
}

/// How long the smallest grant lasts that one key gives.
pub const QUICK_GRANT_MINUTES: u32 = 20;

/// The limits that a grant goes through: minutes, and calls.
const LIMITS: [(u32, Option<u32>); 6] = [
    (QUICK_GRANT_MINUTES, None),
    (60, None),
    (8 * 60, None),
    (MAX_MINUTES, Some(1)),
    (MAX_MINUTES, Some(5)),
    (MAX_MINUTES, Some(20)),
];

impl AlwaysList {
    /// What can be remembered of a request, and what can be granted with it.
    pub fn of(approval: &Approval) -> Self {
        let remember = approval.suggestions.iter().cloned().map(AlwaysChoice::Remember);
        let (minutes, uses) = LIMITS[0];
        let grants = approval.grants.iter().map(|rule| GrantTerms { rule: rule.clone(), minutes, uses });
        // What ends by itself stands first: a permanent rule is never the one that enter takes unasked.
        let marks = Marks::of(approval, LIMITS[0]).map(AlwaysChoice::Marks);
        let choices = grants.map(AlwaysChoice::Grant).chain(marks).chain(remember).collect();
        Self { choices, selected: 0, editing: None }
    }

    pub fn current(&self) -> Option<&AlwaysChoice> {
        self.choices.get(self.selected)
    }

    /// The decision that the selected choice stands for.
    pub fn decision(&self) -> Option<Decision> {
        Some(match self.current()? {
            AlwaysChoice::Grant(terms) => Decision::Grant(terms.clone()),
            AlwaysChoice::Marks(marks) => Decision::Grant(marks.terms()?),
            AlwaysChoice::Remember(update) => Decision::remembering(update),
        })
    }

    /// Keeps the selected choice in the next place, or for the next time. A mode belongs to the session alone.
    pub fn next_scope(&mut self) {
        match self.choices.get_mut(self.selected) {
            Some(AlwaysChoice::Remember(choice)) => {
                let Some(scope) = choice.scope() else { return };
                let is_mode = matches!(choice, PermissionUpdate::SetMode { .. });
                *choice = choice.with_scope(if is_mode { Scope::Session } else { scope.next() });
            }
            Some(AlwaysChoice::Grant(terms)) => {
                (terms.minutes, terms.uses) = next_limit((terms.minutes, terms.uses));
            }
            Some(AlwaysChoice::Marks(marks)) => {
                (marks.minutes, marks.uses) = next_limit((marks.minutes, marks.uses));
            }
            None => {}
        }
    }

    /// The command of which words may be marked, when it is selected.
    pub fn marks_mut(&mut self) -> Option<&mut Marks> {
        match self.choices.get_mut(self.selected) {
            Some(AlwaysChoice::Marks(marks)) => Some(marks),
            Some(AlwaysChoice::Grant(_) | AlwaysChoice::Remember(_)) | None => None,
        }
    }
}

fn next_limit(limit: (u32, Option<u32>)) -> (u32, Option<u32>) {
    let here = LIMITS.iter().position(|known| *known == limit).unwrap_or(0);
    LIMITS[(here + 1) % LIMITS.len()]
}

/// The input while the person changes it.
#[derive(Debug, Clone)]
pub struct EditBox {
    pub composer: Composer,
    /// The field that is edited as plain text; `None` edits the whole input as JSON.
    pub field: Option<&'static str>,
    pub error: Option<String>,
}

/// What was answered to one question so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QuestionDraft {
    /// The row under the cursor; the one after the last option is the free text.
    pub row: usize,
    pub chosen: Vec<usize>,
    pub free_text: String,
    /// The person leaves it unanswered.
    pub skipped: bool,
}

/// How much of a text was under the person's eyes in a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Lines of what is asked, at this width.
    pub n_lines: usize,
    /// The first line below what was shown.
    pub seen_to: usize,
    pub max_scroll: usize,
    /// Lines that show at once.
    pub page: usize,
    /// The lines of what is dangerous, the worst first.
    pub danger_rows: Vec<usize>,
}

/// Everything typed and selected for one approval; kept until it is decided.
#[derive(Debug, Clone)]
pub struct ApprovalForm {
    pub pane: Pane,
    /// Lines scrolled down in the main part, or in the whole input.
    pub scroll: usize,
    /// The furthest line that has been on the screen, and how many there are; reported by the view.
    pub seen_to: usize,
    pub n_lines: usize,
    /// Lines that show at once; reported by the view.
    pub page: usize,
    /// The lines of what is dangerous, the worst first; reported by the view. And which of them was gone to.
    pub danger_rows: Vec<usize>,
    pub next_danger: usize,
    /// The answer selected with the arrows; without one, enter does nothing.
    pub choice: Option<usize>,
    pub questions: Vec<QuestionDraft>,
    pub question: usize,
    /// What was put into a server's form.
    pub filling: Filling,
}

impl ApprovalForm {
    pub fn new(approval: &Approval) -> Self {
        let n_questions = match &approval.ask {
            Ask::Questions(questions) => questions.len(),
            Ask::Tool | Ask::Plan(_) | Ask::Elicitation(_) | Ask::Trust(_) => 0,
        };
        let filling = match &approval.ask {
            Ask::Elicitation(asked) => Filling::of(asked),
            _ => Filling::default(),
        };
        Self {
            pane: Pane::Main,
            scroll: 0,
            seen_to: 0,
            n_lines: 0,
            page: 10,
            danger_rows: Vec::new(),
            next_danger: 0,
            choice: None,
            questions: vec![QuestionDraft::default(); n_questions],
            question: 0,
            filling,
        }
    }

    /// Takes note of a frame. Lines of another width are other lines: what was seen of those counts no more.
    pub fn note(&mut self, seen: &Seen) {
        let before = if self.n_lines == seen.n_lines { self.seen_to } else { 0 };
        self.seen_to = before.max(seen.seen_to).min(seen.n_lines);
        self.n_lines = seen.n_lines;
        self.page = seen.page;
        self.danger_rows.clone_from(&seen.danger_rows);
        self.scroll = self.scroll.min(seen.max_scroll);
    }

    /// Lines of the main part that were not on the screen yet.
    pub fn n_unseen(&self) -> usize {
        self.n_lines.saturating_sub(self.seen_to)
    }

    /// The answers, when every question has one or is skipped.
    pub fn answers(&self, questions: &[Question]) -> Option<Vec<Answer>> {
        let drafts = || questions.iter().zip(&self.questions);
        let is_whole = drafts().all(|(question, draft)| draft.skipped || draft.answer(question).is_some());
        is_whole.then(|| drafts().filter_map(|(question, draft)| draft.answer(question)).collect())
    }
}

impl QuestionDraft {
    /// The labels chosen, and the free text, as one answer; `None` while there is neither.
    pub fn answer(&self, question: &Question) -> Option<Answer> {
        let options = self.chosen.iter().filter_map(|place| question.options.get(*place));
        let mut parts: Vec<&str> = options.map(|option| option.label.as_str()).collect();
        let free = self.free_text.trim();
        if !free.is_empty() {
            parts.push(free);
        }
        (!parts.is_empty()).then(|| Answer { question: question.text.clone(), answer: parts.join(", ") })
    }

    /// Chooses a row or takes it back; where only one may be chosen, the others give way.
    pub fn toggle(&mut self, place: usize, multiple: bool) {
        self.skipped = false;
        if let Some(found) = self.chosen.iter().position(|chosen| *chosen == place) {
            self.chosen.remove(found);
            return;
        }
        if !multiple {
            self.chosen.clear();
            self.free_text.clear();
        }
        self.chosen.push(place);
        self.chosen.sort_unstable();
    }
}

/// Which keys the dialog takes in its present state.
pub fn context(approval: &Approval, form: Option<&ApprovalForm>) -> Context {
    match form.map(|form| &form.pane) {
        None | Some(Pane::Main) => match approval.ask {
            Ask::Tool => Context::Approval,
            Ask::Questions(_) | Ask::Elicitation(_) => Context::Questions,
            Ask::Plan(_) => Context::Plan,
            Ask::Trust(_) => Context::Trust,
        },
        Some(Pane::Always(list)) if list.editing.is_none() => Context::List,
        Some(Pane::Whole) => Context::Page,
        Some(
            Pane::Always(_)
            | Pane::DenyMessage(_)
            | Pane::Comment(_)
            | Pane::Edit(_)
            | Pane::TypeYes { .. }
            | Pane::PlanFeedback(_)
            | Pane::FreeText(_),
        ) => Context::Editor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::approval::QuestionOption;

    #[test]
    fn single_choices_replace_and_multiple_ones_add() {
        let option = |label: &str| QuestionOption { label: label.into(), description: String::new(), preview: None };
        let question = Question {
            text: "Which?".into(),
            header: String::new(),
            multiple: true,
            options: vec![option("a"), option("b")],
        };
        let mut draft = QuestionDraft::default();
        assert_eq!(draft.answer(&question), None);
        draft.toggle(1, true);
        draft.toggle(0, true);
        draft.free_text = " and c ".into();
        assert_eq!(draft.answer(&question).unwrap().answer, "a, b, and c");
        draft.toggle(0, false);
        draft.toggle(0, false);
        assert_eq!(draft.answer(&question).unwrap().answer, "a");
    }

    #[test]
    fn lines_of_another_width_must_be_seen_anew() {
        let approval = Approval::new(ApprovalId(1), SessionId(1), "Bash", serde_json::Value::Null);
        let mut form = ApprovalForm::new(&approval);
        let frame = |n_lines, seen_to| Seen { n_lines, seen_to, page: 20, ..Seen::default() };
        form.note(&frame(100, 20));
        form.note(&frame(100, 60));
        assert_eq!(form.n_unseen(), 40);
        // The window is made twice as wide.
        form.note(&frame(50, 20));
        assert_eq!(form.n_unseen(), 30);
        form.note(&frame(50, 10));
        assert_eq!(form.n_unseen(), 30, "scrolling back forgets nothing");
    }
}
