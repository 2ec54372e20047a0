//! The last line: what the keys do here and now, or a short message; mode and model at the right.

use ratatui::buffer::Buffer;

use super::Scene;
use super::main_screen::Regions;
use super::paint::Spans;
use super::paint::fit;
use super::paint::flat;
use super::paint::join;
use super::paint::put;
use super::paint::span;
use super::paint::spelled;
use super::pulse::Pulse;
use super::state;
use super::toast;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::elicitation::Wanted;
use crate::core::cell::CellBody;
use crate::core::session::Activity;
use crate::core::session::Session;
use crate::tui::input::action::Action;
use crate::tui::input::action::Context;
use crate::tui::input::key;
use crate::tui::render::width;
use crate::tui::ui::approval::AlwaysChoice;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::ListKind;
use crate::tui::ui::dialog::TextDialog;
use crate::tui::ui::dialog::TextKind;

/// What a key does, in the words of the table unless others say it better now.
struct Hint {
    action: Action,
    words: &'static str,
}

fn hint(action: Action) -> Hint {
    Hint { action, words: action.def().hint }
}

fn said(action: Action, words: &'static str) -> Hint {
    Hint { action, words }
}

/// Draws it; tells how much room a message has in it.
pub(super) fn draw(buf: &mut Buffer, regions: &Regions, scene: &Scene<'_>, pulse: &mut Pulse) -> usize {
    let area = regions.footer;
    if area.width == 0 || area.height == 0 {
        return usize::from(regions.rule.width.saturating_sub(4));
    }
    let theme = scene.theme;
    let right = standing(scene);
    let right_width = width::of_spans(&right);
    let room = usize::from(area.width).saturating_sub(2);
    let shows_right = right_width > 0 && right_width + 12 <= room;
    let left_room = if shows_right { room - right_width - 2 } else { room };
    let left = removal(scene, pulse)
        .or_else(|| toast::line(scene, regions, pulse, left_room))
        .unwrap_or_else(|| hints(scene, left_room));
    put(buf, area.x + 1, area.y, area.width.saturating_sub(1), &fit(left, left_room, theme));
    if shows_right {
        let wide = u16::try_from(right_width).unwrap_or(u16::MAX);
        put(buf, area.right().saturating_sub(wide + 1), area.y, wide, &right);
    }
    left_room
}

/// The model and the mode of the session that is looked at.
fn standing(scene: &Scene<'_>) -> Spans {
    let theme = scene.theme;
    let Some(session) = scene.session() else { return Vec::new() };
    let model = state::model(session).map(|model| vec![span(model, theme.dim)]).unwrap_or_default();
    join(vec![model, state::mode(session.mode, theme)], theme)
}

/// A removal that can still be undone, and for how long.
fn removal(scene: &Scene<'_>, pulse: &mut Pulse) -> Option<Spans> {
    let theme = scene.theme;
    let removed = scene.fleet.sessions().filter_map(|session| {
        let worktree = session.worktree.as_ref()?;
        Some((worktree, worktree.aside.as_ref()?.until?))
    });
    let (worktree, until) = removed.filter(|(_, until)| *until > scene.now).min_by_key(|(_, until)| *until)?;
    let key = scene.keymap.key_of(Action::UndoRemoval)?;
    let left = pulse.until(until);
    Some(vec![
        span(format!("{} ", theme.glyphs.warning), theme.warning),
        span(format!("{left} "), theme.strong),
        span(key, theme.key),
        span(" undo", theme.text),
        span(
            format!(" {} removed the worktree of {}", theme.glyphs.separator, flat(&worktree.place.branch)),
            theme.dim,
        ),
    ])
}

/// As many hints as fit, the most wanted first.
pub(super) fn hints(scene: &Scene<'_>, room: usize) -> Spans {
    let theme = scene.theme;
    if let Some(first) = scene.ui.pending_key {
        let text = key::label(&[first]);
        return vec![span(text, theme.key), span(format!(" {} and then?", theme.glyphs.ellipsis), theme.dim)];
    }
    let mut out: Spans = Vec::new();
    let mut used = 0;
    for hint in possible(scene) {
        let Some(key) = scene.keymap.key_of(hint.action) else { continue };
        let gap = if out.is_empty() { String::new() } else { format!(" {} ", theme.glyphs.separator) };
        let words = spelled(hint.words, theme);
        let wide = width::of(&gap) + width::of(&key) + 1 + width::of(&words);
        if used + wide > room {
            break;
        }
        used += wide;
        out.push(span(gap, theme.dim));
        out.push(span(key, theme.key));
        out.push(span(format!(" {words}"), theme.dim));
    }
    out
}

/// What can be done now, where the focus is.
fn possible(scene: &Scene<'_>) -> Vec<Hint> {
    let session = scene.session();
    match scene.ui.focus(scene.fleet) {
        Context::Global | Context::Input => input(scene, session),
        Context::Menu => vec![
            hint(Action::MenuTake),
            hint(Action::MenuDown),
            hint(Action::MenuUp),
            hint(Action::MenuClose),
            hint(Action::Newline),
        ],
        Context::Timeline => timeline(scene, session),
        Context::Approval => approval(scene),
        Context::Questions => questions(scene),
        Context::Plan => vec![said(Action::PlanPageDown, "scroll"), hint(Action::LaterPlan)],
        Context::Trust => vec![said(Action::TrustPageDown, "scroll"), hint(Action::LaterTrust)],
        Context::List => list(scene),
        Context::Editor => match scene.ui.layers.last() {
            Some(Layer::Text(TextDialog { kind: TextKind::NewTab, .. })) => {
                vec![said(Action::EditorDone, "open"), hint(Action::EditorWorktree), hint(Action::EditorClose)]
            }
            Some(Layer::Text(TextDialog { kind: TextKind::NewWorktree(_), .. })) => {
                vec![said(Action::EditorDone, "open"), hint(Action::EditorClose)]
            }
            Some(Layer::Text(TextDialog { kind: TextKind::RemoveWorktree { .. }, .. })) => {
                vec![said(Action::EditorDone, "remove, if it is the name"), said(Action::EditorClose, "keep it")]
            }
            Some(_) => vec![hint(Action::EditorDone), hint(Action::EditorNewline), hint(Action::EditorClose)],
            None => written(scene),
        },
        Context::Confirm => match scene.ui.layers.last() {
            Some(Layer::Confirm(confirm)) => {
                confirm.kind.answers().iter().map(|(action, what)| said(*action, what)).collect()
            }
            _ => Vec::new(),
        },
        Context::Page => vec![said(Action::PagePageDown, "scroll"), hint(Action::PageCopy), hint(Action::PageClose)],
    }
}

fn input(scene: &Scene<'_>, session: Option<&Session>) -> Vec<Hint> {
    let mut out = Vec::new();
    let has_draft = scene.ui.tab().is_some_and(|tab| !tab.composer.is_blank());
    let is_running = session.is_some_and(|session| session.turn.is_some() && session.followed.is_none());
    if has_draft {
        out.push(said(Action::Send, if is_running { "queue" } else { "send" }));
        out.push(hint(Action::Newline));
        if is_running {
            out.push(said(Action::SendNow, "interrupt and send"));
        }
    }
    if session.is_some_and(|session| session.activity() == Activity::FollowedToEnd) {
        out.push(hint(Action::TakeOver));
    }
    // Esc ends no turn that waits for the person.
    if is_running && session.is_some_and(|session| session.approvals.is_empty()) {
        out.push(hint(Action::Escape));
    } else if has_draft && scene.ui.escape_armed.is_some() {
        out.push(said(Action::Escape, "again clears the input"));
    }
    if !state::waiting(scene.fleet, scene.ui).is_empty() {
        out.push(hint(Action::NextWaiting));
    }
    if !is_running && session.and_then(Session::last_trouble).is_some_and(crate::core::trouble::Trouble::is_retryable) {
        out.push(said(Action::Retry, "retry"));
    }
    if session.is_some_and(|session| !session.queue.is_empty()) {
        out.push(hint(Action::Queue));
    }
    if session.is_some_and(|session| !session.transcript.is_empty()) {
        out.push(hint(Action::EnterTimeline));
    }
    out.push(hint(Action::Palette));
    out.push(hint(Action::Help));
    if session.is_none() {
        out.push(said(Action::NewTab, "new session"));
    }
    if !has_draft {
        out.push(hint(Action::ClearOrQuit));
    }
    out
}

fn timeline(scene: &Scene<'_>, session: Option<&Session>) -> Vec<Hint> {
    let tab = scene.ui.tab();
    let selected = tab.and_then(|tab| session?.transcript.get(tab.selected?));
    let mut out = vec![said(Action::CellDown, "next"), said(Action::CellUp, "previous")];
    if let Some(cell) = selected {
        out.push(hint(Action::Unfold));
        out.push(hint(Action::CopyCell));
        if matches!(cell.body, CellBody::Prompt(_)) {
            out.push(hint(Action::ForkHere));
        }
        let has_file = matches!(&cell.body, CellBody::Tool(call)
            if ["file_path", "notebook_path", "path"].iter().any(|key| call.input.get(key).is_some()));
        if has_file {
            out.push(hint(Action::OpenInEditor));
        }
        out.push(hint(Action::ShowRaw));
    }
    out.push(hint(Action::Find));
    if tab.is_some_and(|tab| tab.find.as_ref().is_some_and(|find| find.hits.len() > 1)) {
        out.push(said(Action::FindNext, "next hit"));
    }
    out.push(said(Action::Bottom, "newest"));
    out.push(hint(Action::LeaveTimeline));
    out
}

fn approval(scene: &Scene<'_>) -> Vec<Hint> {
    let mut out = vec![said(Action::DialogPageDown, "scroll"), said(Action::ChoiceNext, "select")];
    if state::waiting(scene.fleet, scene.ui).len() > 1 {
        out.push(hint(Action::PreviousApproval));
    }
    out
}

/// Moving through a form; what its own rows do stands beside them.
fn questions(scene: &Scene<'_>) -> Vec<Hint> {
    let asked = scene.ui.shown_approval(scene.fleet).map(|open| &open.approval.ask);
    let (row, other) = match asked {
        Some(Ask::Elicitation(asked)) => {
            let n_fields = if let Wanted::Form(fields) = &asked.wanted { fields.len() } else { 0 };
            ("next row", (n_fields > 1).then_some("previous field"))
        }
        Some(Ask::Questions(asked)) => ("next answer", (asked.len() > 1).then_some("previous question")),
        Some(Ask::Tool | Ask::Plan(_) | Ask::Trust(_)) | None => return Vec::new(),
    };
    let mut out = vec![said(Action::OptionDown, row), said(Action::OptionUp, "previous row")];
    out.extend(other.map(|words| said(Action::QuestionPrevious, words)));
    out.push(hint(Action::LaterQuestions));
    out
}

/// What becomes of a text that is written inside an approval.
fn written(scene: &Scene<'_>) -> Vec<Hint> {
    let form = scene.ui.approval.as_ref().and_then(|focus| scene.ui.forms.get(&focus.id));
    let done = match form.map(|form| &form.pane) {
        Some(Pane::DenyMessage(_)) => "deny, and say this",
        Some(Pane::Comment(_)) => "allow, and say this",
        Some(Pane::PlanFeedback(_)) => "keep planning with this",
        Some(Pane::Edit(_)) => "allow what stands here",
        Some(Pane::FreeText(_)) => "take it",
        Some(Pane::Always(_)) => return vec![said(Action::EditorDone, "use this rule"), hint(Action::EditorClose)],
        Some(Pane::TypeYes { .. }) => return vec![said(Action::EditorDone, "allow"), hint(Action::EditorClose)],
        Some(Pane::Main | Pane::Whole) | None => return vec![hint(Action::EditorClose)],
    };
    let external = said(Action::EditorExternal, "in your editor");
    vec![said(Action::EditorDone, done), hint(Action::EditorClose), hint(Action::EditorNewline), external]
}

/// Whether words of a command can be marked now.
fn marks(scene: &Scene<'_>) -> bool {
    let form = scene.ui.approval.as_ref().and_then(|focus| scene.ui.forms.get(&focus.id));
    let current = form.and_then(|form| if let Pane::Always(list) = &form.pane { list.current() } else { None });
    matches!(current, Some(AlwaysChoice::Marks(_)))
}

fn list(scene: &Scene<'_>) -> Vec<Hint> {
    let Some(Layer::List(list)) = scene.ui.layers.last() else {
        // The list of what to remember, inside an approval.
        let take = said(Action::ListTake, "allow and more like it");
        if marks(scene) {
            let word = [said(Action::ListToggle, "free this word"), said(Action::ListEdit, "next word")];
            return [take].into_iter().chain(word).chain([hint(Action::ListScope), hint(Action::ListClose)]).collect();
        }
        return vec![take, hint(Action::ListScope), hint(Action::ListEdit), hint(Action::ListClose)];
    };
    let mut out = vec![hint(Action::ListTake)];
    match list.kind {
        ListKind::Queue(_) => {
            out = vec![
                said(Action::ListTake, "edit"),
                said(Action::ListMoveUp, "move up"),
                said(Action::ListMoveDown, "move down"),
                hint(Action::ListDrop),
            ];
        }
        ListKind::Tasks(_) => out = vec![said(Action::ListTake, "output"), said(Action::ListDrop, "stop")],
        ListKind::Grants => out = vec![said(Action::ListTake, "look at it"), said(Action::ListDrop, "take back")],
        ListKind::Inbox => {
            out = vec![said(Action::ListTake, "look at it"), hint(Action::ListTogether), hint(Action::ListToggle)];
        }
        ListKind::Conversations { .. } => {
            out = vec![said(Action::ListTake, "go on"), hint(Action::ListFork), hint(Action::ListFollow)];
        }
        ListKind::Found { .. } => out = vec![said(Action::ListTake, "go there")],
        ListKind::Palette | ListKind::Modes(_) | ListKind::Models(_) | ListKind::History(_) => {}
    }
    out.push(hint(Action::ListClose));
    out
}

/// Whether an approval offers "always" at all.
pub(super) fn offers_always(approval: &Approval) -> bool {
    !approval.binding.no_always
        && (!approval.suggestions.is_empty() || !approval.grants.is_empty() || !approval.markable.is_empty())
}
