//! Turns that the model has begin later, on the real CLI: shown as waiting, kept alive, shown with their prompt, and judged
//! like any other.

use std::path::PathBuf;
use std::time::Duration;

use adjutant::core::approval::Decision;
use adjutant::core::event::EventKind;
use adjutant::core::prompt::PromptOrigin;
use serde_json::json;
use tokio::time::Instant;

use super::rig;
use crate::support::api::text;
use crate::support::api::tool;

/// The clock of such schedules counts minutes, and the CLI spreads their beginnings.
const MINUTES: Duration = Duration::from_secs(200);

async fn wakes(cli: PathBuf) {
    let prompt = "WOKEN by the clock";
    let schedule = json!({ "cron": "* * * * *", "prompt": prompt, "recurring": false });
    let search = json!({ "query": "select:CronCreate", "max_results": 1 });
    let touch = json!({ "command": "touch by-the-clock", "description": "look" });
    let (mut rig, api) = rig(cli.clone(), &[("WOKEN", vec![tool("Bash", touch), text("done")])]).await;
    // In this order, whatever is said between: newer CLIs tell the model in a text that a tool was loaded.
    api.first(vec![tool("ToolSearch", search), tool("CronCreate", schedule), text("it is scheduled")]);
    let id = rig.open().await;
    rig.prompt(id, "schedule one").await;
    let until = Instant::now() + MINUTES;
    let mut asked = false;
    while rig.session(id).last_turn.is_none() || !asked {
        assert!(Instant::now() < until, "nothing woke with {}; asked: {asked}", cli.display());
        rig.listen(Duration::from_millis(200)).await;
        if let Some(open) = rig.fleet.inbox().first() {
            let approval = open.approval.clone();
            let decision = if approval.tool == "Bash" { Decision::deny("no") } else { Decision::allow_once() };
            asked |= approval.tool == "Bash";
            rig.answer(id, approval.id, decision).await;
        }
    }
    let waited = rig.events.iter().find_map(|event| match &event.kind {
        EventKind::TaskStarted { kind, description, .. } if kind == "schedule" => Some(description.clone()),
        _ => None,
    });
    assert!(waited.is_some_and(|text| text.contains(prompt)), "it was shown as waiting with {}", cli.display());
    let sent = rig.events.iter().find_map(|event| match &event.kind {
        EventKind::PromptSent(sent) if sent.origin == PromptOrigin::Scheduled => Some(sent.text.clone()),
        _ => None,
    });
    assert_eq!(sent.as_deref(), Some(prompt), "the turn shows its prompt with {}", cli.display());
    let is_over =
        |kind: &EventKind| matches!(kind, EventKind::TaskEnded { task, .. } if task.0.starts_with("schedule"));
    assert!(rig.events.iter().any(|event| is_over(&event.kind)), "it waits no more with {}", cli.display());
    assert!(!rig.project().join("by-the-clock").exists(), "and was asked like any other");
    rig.end().await;
}

/// All CLIs at once: each takes up to a minute.
#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_the_model_scheduled_shows_its_prompt_and_is_judged() {
    let mut all = tokio::task::JoinSet::new();
    for cli in crate::support::cli::all() {
        all.spawn(wakes(cli));
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}
