//! `hooks`: how the person's hooks are, starting one again, and trying one while it is being written.

use std::time::Duration;

use clap::Subcommand;
use serde_json::Value;

use super::Global;
use super::doctor::Finding;
use super::doctor::State;
use super::exit;
use super::print::say;
use super::setup;
use super::setup::Stop;
use super::verbs::Attached;
use super::verbs::attach;
use super::verbs::flat;
use super::verbs::say_json;
use super::verbs::say_table;
use crate::config::Config;
use crate::config::hooks::Hook;
use crate::config::places::Places;
use crate::config::section::did_you_mean;
use crate::core::figures::count;
use crate::core::hook::HookState;
use crate::core::hook::HookStatus;
use crate::core::hook::HookWish;
use crate::core::hook::HooksView;
use crate::engine::guard;
use crate::hooks::keeper::Keeper;
use crate::link::Link;
use crate::link::Update;

/// How long the runner may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// How long a hook may take to be there again: its end, and its greeting.
const RESTART_TIME: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(150);
/// How long the end of a hook that is tried may take to be known.
const END_TIME: Duration = Duration::from_secs(2);
/// The messages that `try` can send.
const METHODS: [&str; 6] =
    ["hook.before_tool", "hook.approve_tool", "hook.after_tool", "hook.before_llm", "hook.after_llm", "hook.event"];
const EVENT: &str = "hook.event";

/// What can be done with hooks.
#[derive(Debug, Subcommand)]
pub enum HooksVerb {
    /// List the hooks of the runner.
    List,
    /// End a hook's process and start another; also one that stays off.
    Restart {
        /// Its name in the configuration.
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Start a hook on its own, send it one message, and print its answer. Needs no runner, and no session is touched.
    Try {
        /// Its name in the configuration.
        #[arg(value_name = "NAME")]
        name: String,
        /// Such as `hook.before_tool`; “hook.” may be left out.
        #[arg(value_name = "METHOD")]
        method: String,
        /// What is sent with it, as JSON.
        #[arg(value_name = "JSON", allow_hyphen_values = true)]
        params: String,
    },
}

pub fn main(global: &Global, verb: Option<&HooksVerb>, json: bool) -> Result<u8, Stop> {
    setup::runtime()?.block_on(async {
        match verb {
            None | Some(HooksVerb::List) => {
                let Attached { mut link, .. } = attach(global).await?;
                show(&ask(&mut link, HookWish::List).await?, json)
            }
            Some(HooksVerb::Restart { name }) => restart(global, name, json).await,
            Some(HooksVerb::Try { name, method, params }) => try_one(global, name, method, params).await,
        }
    })
}

async fn ask(link: &mut Link, wish: HookWish) -> Result<Vec<HookStatus>, Stop> {
    let gone = || Stop::failed("the runner has ended");
    link.orders().hooks(wish).await.map_err(|_| gone())?;
    let answered = async {
        loop {
            if let Update::Hooks(view) = link.recv().await? {
                return Some(*view);
            }
        }
    };
    let late = |_| Stop::failed("the runner does not answer; its log may say why");
    let HooksView { hooks, trouble } =
        tokio::time::timeout(ANSWER_TIME, answered).await.map_err(late)?.ok_or_else(gone)?;
    match trouble {
        Some(trouble) => Err(Stop::failed(trouble)),
        None => Ok(hooks),
    }
}

fn show(hooks: &[HookStatus], json: bool) -> Result<u8, Stop> {
    if json {
        say_json(&hooks)?;
        return Ok(exit::OK);
    }
    let ms = |time: Option<f64>| time.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms"));
    let mut rows = vec![["HOOK", "STATE", "PID", "SINCE", "CALLS", "FAILED", "P50", "P99"].map(str::to_owned).to_vec()];
    for hook in hooks {
        let (state, pid, since) = match &hook.state {
            HookState::Starting => ("starting", String::new(), String::new()),
            HookState::Up { pid, since } => ("up", pid.to_string(), clock_time(since.0)),
            HookState::Waiting { until, .. } => ("waiting", String::new(), format!("until {}", clock_time(until.0))),
            HookState::Off { .. } => ("off", String::new(), String::new()),
            HookState::Stopped => ("stopped", String::new(), String::new()),
        };
        rows.push(vec![
            flat(&hook.name),
            state.to_owned(),
            pid,
            since,
            hook.calls.to_string(),
            hook.failures.to_string(),
            ms(hook.p50_ms),
            ms(hook.p99_ms),
        ]);
    }
    say_table(&rows)?;
    for hook in hooks {
        if let HookState::Waiting { why, .. } | HookState::Off { why } = &hook.state {
            say(&format!("{}: {}", flat(&hook.name), flat(why)))?;
        }
        if !hook.tools.is_empty() {
            say(&format!("{} offers {}", flat(&hook.name), flat(&hook.tools.join(", "))))?;
        }
        for remark in &hook.remarks {
            say(&format!("{}: {}", flat(&hook.name), flat(remark)))?;
        }
    }
    Ok(exit::OK)
}

fn clock_time(millis: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn pid_of(hooks: &[HookStatus], name: &str) -> Option<u32> {
    hooks.iter().find(|hook| hook.name == name).and_then(|hook| match hook.state {
        HookState::Up { pid, .. } => Some(pid),
        _ => None,
    })
}

async fn restart(global: &Global, name: &str, json: bool) -> Result<u8, Stop> {
    let Attached { mut link, .. } = attach(global).await?;
    let before = pid_of(&ask(&mut link, HookWish::List).await?, name);
    let mut hooks = ask(&mut link, HookWish::Restart(name.to_owned())).await?;
    let until = tokio::time::Instant::now() + RESTART_TIME;
    loop {
        let state = hooks.iter().find(|hook| hook.name == name).map(|hook| &hook.state);
        match state {
            Some(HookState::Up { pid, .. }) if Some(*pid) != before => {
                if json {
                    return show(&hooks, true);
                }
                say(&format!("Hook {} is up again, as process {pid}.", flat(name)))?;
                return Ok(exit::OK);
            }
            Some(HookState::Waiting { why, .. }) if before.is_some() || tokio::time::Instant::now() > until => {
                return Err(Stop::failed(format!("hook {name} does not come up: {why}")));
            }
            _ if tokio::time::Instant::now() > until => {
                return Err(Stop::failed(format!("hook {name} does not come up; `adjutant hooks` tells how it is")));
            }
            _ => {}
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        hooks = ask(&mut link, HookWish::List).await?;
    }
}

/// Refuses hooks whose program is not there, or may not be run: each with its line.
pub(super) fn check_programs(places: &Places, config: &Config) -> Result<(), Stop> {
    let folder = places.config_dir();
    let missing: Vec<String> = config
        .hooks
        .iter()
        .filter_map(|hook| {
            let program = hook.command.first()?;
            let seen = if program.contains('/') { folder.join(program).display().to_string() } else { program.clone() };
            (!setup::is_on_path(&seen)).then(|| {
                let file = places.config_file.display();
                let (line, name) = (hook.line, &hook.name);
                format!("{file}:{line}: [[hooks]] command: {seen} is not there or may not be run, so hook {name} cannot start")
            })
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Stop::usage(missing.join("\n"))) }
}

/// The hook's own process, for as long as something is tried.
fn start_alone(places: &Places, hook: &Hook) -> std::sync::Arc<Keeper> {
    let guard_program = cfg!(target_os = "linux").then(guard::tree::own_program).and_then(Result::ok);
    Keeper::start(std::slice::from_ref(hook), &places.config_dir(), guard_program.as_deref())
}

async fn try_one(global: &Global, name: &str, method: &str, params: &str) -> Result<u8, Stop> {
    let places = setup::places(global)?;
    let (config, _) = setup::read_config(&places).map_err(|error| Stop::usage(error.to_string()))?;
    let hook = config.hooks.iter().find(|hook| hook.name == name).ok_or_else(|| {
        let hint = did_you_mean(name, config.hooks.iter().map(|hook| hook.name.as_str()));
        Stop::usage(format!("there is no hook “{}” in {}{hint}", flat(name), places.config_file.display()))
    })?;
    let method = if method.starts_with("hook.") { method.to_owned() } else { format!("hook.{method}") };
    if !METHODS.contains(&method.as_str()) {
        let hint = did_you_mean(&method, METHODS);
        return Err(Stop::usage(format!("“{}” is none of {}{hint}", flat(&method), METHODS.join(", "))));
    }
    let params: Value = serde_json::from_str(params).map_err(|error| {
        Stop::usage(format!("the message's content is no JSON: {error}; write it as '{{\"tool\": \"Bash\", …}}'"))
    })?;
    let keeper = start_alone(&places, hook);
    let answered = async {
        let up = keeper.up(name).await;
        up.map_err(|why| Stop::failed(format!("hook {} did not come up: {}", flat(name), flat(&why))))?;
        if method == EVENT {
            keeper.notify(name, &method, &params).map_err(Stop::failed)?;
            say("Sent. An event has no answer.")?;
            return Ok(exit::OK);
        }
        match keeper.call(name, &method, &params).await {
            Ok(answer) => {
                say_json(&answer)?;
                if let Err(why) = Keeper::understood(&method, &params, &answer) {
                    return Err(Stop::failed(format!("this answer does not count: {}", flat(&why))));
                }
                Ok(exit::OK)
            }
            Err(why) => {
                // Where it ended over the question, its last words say why.
                let end = tokio::time::timeout(END_TIME, keeper.up(name)).await;
                let end = end.ok().and_then(Result::err).map(|end| format!("; {}", flat(&end))).unwrap_or_default();
                Err(Stop::failed(format!("hook {} gave no answer: {}{end}", flat(name), flat(&why))))
            }
        }
    };
    let done = answered.await;
    keeper.stop().await;
    done
}

/// What `doctor` tells of the hooks: each is started and greeted, beside those of a runner.
pub(super) async fn findings(places: &Places, config: &Config) -> Vec<Finding> {
    if config.hooks.is_empty() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for hook in &config.hooks {
        let what = format!("hook {}", hook.name);
        let keeper = start_alone(places, hook);
        let up = keeper.up(&hook.name).await;
        let status = keeper.statuses().into_iter().next();
        keeper.stop().await;
        findings.push(match up {
            Ok(_) => {
                let status = status.map(|status| (status.tools, status.remarks)).unwrap_or_default();
                let modes: Vec<&str> = hook.modes.iter().map(|mode| mode.as_str()).collect();
                let tools = match status.0.len() {
                    0 => String::new(),
                    n => format!("; it offers {}", count(n as u64, "tool", "tools")),
                };
                let finding = Finding::new(what, State::Good, format!("answers; modes {}{tools}", modes.join(", ")));
                status.1.into_iter().fold(finding, |finding, remark| finding.advise(remark))
            }
            Err(why) => Finding::new(what, State::Bad, format!("does not come up: {why}")).advise(format!(
                "its command is {:?}, run in {}; what it writes to standard error stands in the log; `adjutant hooks try \
                 {} before_tool '{{\"tool\": \"Bash\", \"arguments\": {{}}}}'` tries it",
                hook.command,
                places.config_dir().display(),
                hook.name
            )),
        });
    }
    findings
}
