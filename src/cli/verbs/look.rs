//! `list`, `status`: what is going on.

use serde::Serialize;
use serde_json::Value;

use super::Attached;
use super::attach;
use super::block_on;
use super::find;
use super::flat;
use super::say;
use super::say_json;
use super::say_table;
use crate::cli::Global;
use crate::cli::exit;
use crate::cli::setup::Stop;
use crate::clock;
use crate::core::anatomy::Anatomy;
use crate::core::approval::danger::Danger;
use crate::core::approval::danger::Mark;
use crate::core::cell::BlockKind;
use crate::core::cell::CellBody;
use crate::core::figures;
use crate::core::ids::Timestamp;
use crate::core::session::Activity;
use crate::core::session::Session;
use crate::core::task::Task;
use crate::core::trust::TrustState;
use crate::core::usage::Tokens;
use crate::core::worktree::Worktree;

/// Texts and tool calls of a session that `status` tells.
const LAST_TEXTS: usize = 5;
const LAST_CALLS: usize = 10;
/// Characters of a text that is told in passing.
const TEXT_CHARS: usize = 1_000;

/// What stays stable for scripts; fields are only added.
#[derive(Debug, Serialize)]
struct Line {
    id: u32,
    title: String,
    state: &'static str,
    directory: String,
    branch: Option<String>,
    /// The git worktree of its own.
    worktree: Option<Tree>,
    mode: &'static str,
    model: Option<String>,
    conversation: Option<String>,
    waiting: Vec<Waiting>,
    queue: usize,
    tasks: usize,
    /// What runs in the background.
    background: Vec<Background>,
    cost_usd: f64,
    /// It goes on by itself when a usage limit has lifted, and when it will do so.
    goes_on: bool,
    resumes: Option<Timestamp>,
    /// What of its directory takes effect: `nothing` to speak of, `trusted`, `without`; null before the first start.
    trust: Option<TrustState>,
}

#[derive(Debug, Serialize)]
struct Background {
    id: String,
    kind: String,
    description: String,
    started: Timestamp,
    /// What it did last, as it said.
    last: Option<String>,
    /// The end of what it has printed, as far as it was read.
    output: Option<String>,
}

#[derive(Debug, Serialize)]
struct Tree {
    path: String,
    branch: String,
    repository: String,
    base: String,
    base_branch: Option<String>,
    /// It is removed, and this can still be undone.
    removed: bool,
}

#[derive(Debug, Serialize)]
struct Waiting {
    id: u32,
    tool: String,
    input: Value,
    asked: String,
    agent: Option<String>,
    reason: Option<String>,
    not_allowed: Option<String>,
    /// What must be seen before it is allowed, the worst first.
    marks: Vec<Mark>,
    /// What a command line does, program by program.
    anatomy: Option<Anatomy>,
}

#[derive(Debug, Serialize)]
struct Detail {
    #[serde(flatten)]
    line: Line,
    prompt: Option<String>,
    elapsed_ms: Option<u64>,
    texts: Vec<String>,
    calls: Vec<Call>,
    last: Option<Last>,
    error: Option<String>,
    tokens: Tokens,
}

#[derive(Debug, Serialize)]
struct Call {
    tool: String,
    about: String,
    state: String,
}

#[derive(Debug, Serialize)]
struct Last {
    outcome: &'static str,
    text: Option<String>,
    duration_ms: u64,
    cost_usd: f64,
}

#[derive(Debug, Serialize)]
struct Overview {
    version: String,
    pid: u32,
    sessions: usize,
    working: usize,
    waiting: usize,
    cost_usd: f64,
    trouble: Option<String>,
    list: Vec<Line>,
}

pub fn list(global: &Global, json: bool) -> Result<u8, Stop> {
    block_on(async {
        let Attached { fleet, .. } = attach(global).await?;
        if json {
            say_json(&fleet.sessions().map(line).collect::<Vec<_>>())?;
            return Ok(exit::OK);
        }
        let mut rows = vec![["ID", "STATE", "TITLE", "DIRECTORY", "BRANCH", "COST"].map(str::to_owned).to_vec()];
        rows.extend(fleet.sessions().map(|session| {
            vec![
                session.id.to_string(),
                in_words(session),
                flat(&session.title),
                flat(session.directory()),
                branch(session).unwrap_or_default(),
                figures::money(session.usage.cost_usd),
            ]
        }));
        if rows.len() == 1 {
            say("There is no session.")?;
        } else {
            say_table(&rows)?;
        }
        Ok(exit::OK)
    })
}

pub fn status(global: &Global, named: Option<&str>, json: bool) -> Result<u8, Stop> {
    block_on(async {
        let Attached { fleet, welcome, .. } = attach(global).await?;
        if let Some(named) = named {
            let session = find(&fleet, named)?;
            if json {
                say_json(&detail(session))?;
            } else {
                tell(session)?;
            }
            return Ok(exit::OK);
        }
        let list: Vec<Line> = fleet.sessions().map(line).collect();
        let overview = Overview {
            version: welcome.version,
            pid: welcome.pid,
            sessions: list.len(),
            working: fleet.sessions().filter(|session| session.turn.is_some()).count(),
            waiting: fleet.inbox().len(),
            cost_usd: fleet.cost_usd(),
            trouble: welcome.trouble,
            list,
        };
        if json {
            say_json(&overview)?;
            return Ok(exit::OK);
        }
        say(&format!(
            "runner {} (process {}): {}, {} at work, {}, {}",
            overview.version,
            overview.pid,
            figures::count(overview.sessions as u64, "session", "sessions"),
            overview.working,
            figures::count(overview.waiting as u64, "request waits", "requests wait"),
            figures::money(overview.cost_usd)
        ))?;
        if let Some(trouble) = overview.trouble {
            say(&trouble)?;
        }
        for open in fleet.inbox() {
            let approval = &open.approval;
            let title = fleet.get(approval.session).map(|session| flat(&session.title)).unwrap_or_default();
            say(&format!("request {} of {title}: {} {}", approval.id, flat(&approval.tool), whole(&approval.input)))?;
        }
        Ok(exit::OK)
    })
}

/// An input as it is, with everything visible that would hide.
pub(in crate::cli) fn whole(input: &Value) -> String {
    crate::tui::render::sanitize::reveal(&input.to_string()).text.to_string()
}

fn state(session: &Session) -> &'static str {
    match session.activity() {
        Activity::NotStarted => "not_started",
        Activity::Starting => "starting",
        Activity::Working => "working",
        Activity::Waiting(_) => "waiting",
        Activity::Background(_) => "background",
        Activity::Idle => "idle",
        Activity::Failed => "failed",
        Activity::Limited => "limited",
        Activity::Stopping => "stopping",
        Activity::Followed | Activity::FollowedToEnd => "followed",
    }
}

fn in_words(session: &Session) -> String {
    match session.activity() {
        Activity::Waiting(n) => format!("waits for you ({n})"),
        Activity::Background(n) => format!("{n} in the background"),
        Activity::NotStarted => "not started".into(),
        Activity::Limited => "usage limit".into(),
        _ => state(session).into(),
    }
}

fn line(session: &Session) -> Line {
    let waiting = session.approvals.iter().map(|open| Waiting {
        id: open.approval.id.0,
        tool: open.approval.tool.clone(),
        input: open.approval.input.clone(),
        asked: jiff::Timestamp::from_millisecond(open.approval.asked.0).map(|at| at.to_string()).unwrap_or_default(),
        agent: open.approval.agent.as_ref().and_then(|agent| agent.description.clone()),
        reason: open.approval.reason.clone(),
        not_allowed: open.approval.not_allowed.clone(),
        marks: open.approval.dangers().iter().map(Danger::mark).collect(),
        anatomy: open.approval.anatomy.clone(),
    });
    Line {
        id: session.id.0,
        title: session.title.clone(),
        state: state(session),
        directory: session.directory().to_owned(),
        branch: session.branch.clone(),
        worktree: session.worktree.as_ref().map(tree),
        mode: session.mode.as_str(),
        model: session.model.clone(),
        conversation: session.conversation.as_ref().map(ToString::to_string),
        waiting: waiting.collect(),
        queue: session.queue.len(),
        tasks: session.running_tasks().count(),
        background: session.running_tasks().map(background).collect(),
        cost_usd: session.usage.cost_usd,
        goes_on: session.goes_on,
        resumes: session.resume.as_ref().map(|resume| resume.at),
        trust: session.trust,
    }
}

fn background(task: &Task) -> Background {
    Background {
        id: task.id.to_string(),
        kind: task.kind.clone(),
        description: task.description.clone(),
        started: task.started,
        last: task.last.clone(),
        output: task.output.clone(),
    }
}

fn tree(worktree: &Worktree) -> Tree {
    let place = &worktree.place;
    Tree {
        path: place.path.clone(),
        branch: place.branch.clone(),
        repository: place.origin.clone(),
        base: place.base.clone(),
        base_branch: place.base_branch.clone(),
        removed: worktree.aside.is_some(),
    }
}

/// The branch, and whether it is that of a worktree.
fn branch(session: &Session) -> Option<String> {
    let branch = session.branch.as_deref().map(flat)?;
    Some(match &session.worktree {
        Some(Worktree { aside: Some(_), .. }) => format!("{branch} (worktree, removed)"),
        Some(_) => format!("{branch} (worktree)"),
        None => branch,
    })
}

fn detail(session: &Session) -> Detail {
    let newest = |n: usize, pick: &dyn Fn(&CellBody) -> Option<String>| {
        let mut found: Vec<String> =
            session.transcript.iter().rev().filter_map(|cell| pick(&cell.body)).take(n).collect();
        found.reverse();
        found
    };
    let mut calls: Vec<Call> = session
        .transcript
        .iter()
        .rev()
        .filter_map(|cell| match &cell.body {
            CellBody::Tool(call) => Some(Call {
                tool: call.name.clone(),
                about: cut(&cell.plain_text()),
                state: format!("{:?}", call.state).to_lowercase(),
            }),
            _ => None,
        })
        .take(LAST_CALLS)
        .collect();
    calls.reverse();
    let now = clock::now();
    Detail {
        line: line(session),
        prompt: session.last_prompt().map(|prompt| prompt.text.clone()),
        elapsed_ms: session.turn.as_ref().map(|turn| now.millis_since(turn.started)),
        texts: newest(LAST_TEXTS, &|body| match body {
            CellBody::Block(block) if block.kind == BlockKind::Text => Some(cut(&block.text)),
            _ => None,
        }),
        calls,
        last: session.last_turn.as_ref().map(|end| Last {
            outcome: end.outcome.word(),
            text: end.text.as_deref().map(cut),
            duration_ms: end.duration_ms,
            cost_usd: end.cost_usd,
        }),
        error: session.last_trouble().map(crate::core::trouble::Trouble::what),
        tokens: session.usage.all_tokens(),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}

fn tell(session: &Session) -> Result<(), Stop> {
    let detail = detail(session);
    let mut rows = vec![
        vec!["session".into(), format!("{} {}", session.id, flat(&session.title))],
        vec!["state".into(), in_words(session)],
        vec!["directory".into(), flat(session.directory())],
    ];
    let mut row = |name: &str, value: Option<String>| rows.extend(value.map(|value| vec![name.into(), value]));
    row("branch", branch(session));
    row("worktree of", session.worktree.as_ref().map(|worktree| flat(&worktree.place.origin)));
    row("prompt", detail.prompt.as_deref().map(flat));
    row("elapsed", detail.elapsed_ms.map(|ms| figures::duration(std::time::Duration::from_millis(ms))));
    row("error", detail.error.as_deref().map(flat));
    for open in &session.approvals {
        let approval = &open.approval;
        row("waits", Some(format!("request {}: {} {}", approval.id, flat(&approval.tool), whole(&approval.input))));
    }
    for call in &detail.calls {
        row("call", Some(format!("{} {}", call.state, flat(&call.about))));
    }
    for text in &detail.texts {
        row("said", Some(flat(text)));
    }
    row("cost", Some(figures::money(session.usage.cost_usd)));
    say_table(&rows)
}
