//! `doctor`: whether everything that adjutant needs is there and works, and what to do where it does not.
//!
//! **For:** the first start, and finding out why something does not work. **Not for:** repairing anything: it changes
//! nothing, starts no runner and sends no prompt.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::Global;
use super::exit;
use super::hooks;
use super::print::say;
use super::setup;
use super::setup::Stop;
use super::verbs;
use crate::audit::verify;
use crate::config::Config;
use crate::config::places::Places;
use crate::core::figures::count;
use crate::core::trouble::TroubleKind;
use crate::core::trust::summary;
use crate::engine::probe;
use crate::engine::probe::Login;
use crate::engine::probe::OLDEST_TRIED;
use crate::server::client;
use crate::server::client::NotConnected;
use crate::server::protocol::Purpose;
use crate::store::Store;
use crate::store::StoreError;
use crate::trust::gate::Keeper;

/// Less room than this, and what happens is soon not kept any more.
const SCARCE_MIB: u64 = 1024;
const TOO_LITTLE_MIB: u64 = 64;
const GIT_TIME: Duration = Duration::from_secs(5);
/// A smaller terminal shows no timeline.
const SMALLEST: (u16, u16) = (40, 10);

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Good,
    /// It works, but not as well as it could.
    Warning,
    Bad,
    /// Not in use, or not looked at because of something else.
    Off,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub what: String,
    pub state: State,
    /// How it is, in a sentence.
    pub result: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    pub fn new(what: impl Into<String>, state: State, result: impl Into<String>) -> Self {
        Self { what: what.into(), state, result: result.into(), advice: None }
    }

    #[must_use]
    pub fn advise(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// As a line for a person.
    pub fn line(&self) -> String {
        let mark = match self.state {
            State::Good => "✓",
            State::Warning => "!",
            State::Bad => "✗",
            State::Off => "·",
        };
        let advice =
            self.advice.as_deref().map(|advice| format!("\n    → {}", verbs::flat(advice))).unwrap_or_default();
        format!("{mark} {}: {}{advice}", verbs::flat(&self.what), verbs::flat(&self.result))
    }
}

pub fn main(global: &Global, json: bool) -> Result<u8, Stop> {
    let places = setup::places(global)?;
    let findings =
        setup::runtime()?.block_on(look(&places, |finding| if json { Ok(()) } else { say(&finding.line()) }))?;
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (n_bad, n_warnings) = (count(State::Bad), count(State::Warning));
    if json {
        let all = serde_json::json!({ "ok": n_bad == 0, "version": env!("CARGO_PKG_VERSION"), "findings": findings });
        verbs::say_json(&all)?;
    } else {
        say(&match (n_bad, n_warnings) {
            (0, 0) => "Everything is in order.".to_owned(),
            (0, n) => format!("It works; {n} of these could be better."),
            (n, _) => format!("{n} of these must be put right."),
        })?;
    }
    Ok(if n_bad == 0 { exit::OK } else { exit::FAILED })
}

/// Looks at one thing after the other, and tells of each at once: some take a while.
async fn look(places: &Places, mut tell: impl FnMut(&Finding) -> Result<(), Stop>) -> Result<Vec<Finding>, Stop> {
    let mut findings = Vec::new();
    let mut add = |finding: Finding| {
        let told = tell(&finding);
        findings.push(finding);
        told
    };
    add(terminal())?;
    let (config, finding) = configuration(places);
    add(finding)?;
    add(data_dir(places))?;
    add(store(&places.data_dir))?;
    add(audit(&places.data_dir))?;
    add(runner(places).await)?;
    add(git().await)?;
    add(folder(places, config.as_ref()))?;
    // Without a configuration that can be read nobody knows what else is meant.
    if let Some(config) = config {
        if let Some(what) = config.approvals.gone_tools() {
            let advice = "take them out; searches run by Bash, and rules or presets under [approvals] allow those";
            add(Finding::new("automatic answers", State::Warning, what).advise(advice))?;
        }
        for (name, profile) in profiles(&config) {
            add(claude(&config, name, &profile).await)?;
        }
        for finding in hooks::findings(places, &config).await {
            add(finding)?;
        }
        for finding in verbs::relay::findings(places, &config).await {
            add(finding)?;
        }
    }
    Ok(findings)
}

fn terminal() -> Finding {
    const WHAT: &str = "terminal";
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| set(name)).unwrap_or_default();
    let is_utf8 = locale.to_lowercase().replace('-', "").contains("utf8");
    let term = set("TERM").unwrap_or_default();
    let size = crossterm::terminal::size().ok();
    let shown = size.map(|(width, height)| format!(", {width}x{height}")).unwrap_or_default();
    let result = format!("{}{shown}", if term.is_empty() { "TERM is not set" } else { &term });
    if term.is_empty() || term == "dumb" {
        return Finding::new(WHAT, State::Warning, result)
            .advise("colours and keys may not work: set TERM to what the terminal is, such as xterm-256color");
    }
    if size.is_some_and(|(width, height)| width < SMALLEST.0 || height < SMALLEST.1) {
        return Finding::new(WHAT, State::Warning, result)
            .advise(format!("make it at least {} columns by {} lines", SMALLEST.0, SMALLEST.1));
    }
    if !is_utf8 {
        let named = if locale.is_empty() { "no locale is set".to_owned() } else { format!("the locale is {locale}") };
        return Finding::new(WHAT, State::Warning, format!("{result}, {named}"))
            .advise("if frames look broken, use a UTF-8 locale, or `ascii = true` under [ui]");
    }
    Finding::new(WHAT, State::Good, result)
}

fn configuration(places: &Places) -> (Option<Config>, Finding) {
    const WHAT: &str = "configuration";
    let path = places.config_file.display();
    match setup::read_config(places) {
        Ok((config, _)) if places.config_file.exists() => {
            (Some(config), Finding::new(WHAT, State::Good, path.to_string()))
        }
        Ok((config, _)) => {
            (Some(config), Finding::new(WHAT, State::Good, format!("there is no {path}: everything has its default")))
        }
        Err(error) => (None, Finding::new(WHAT, State::Bad, error.to_string())),
    }
}

fn data_dir(places: &Places) -> Finding {
    const WHAT: &str = "data directory";
    let path = places.data_dir.as_path();
    if let Err(error) = places.check() {
        return Finding::new(WHAT, State::Bad, error.to_string());
    }
    let shown = path.display();
    // It is made with the first start; until then what it will be made in counts.
    let Some(existing) = path.ancestors().find(|path| path.exists()) else {
        return Finding::new(WHAT, State::Bad, format!("{shown} cannot be reached"));
    };
    if rustix::fs::access(existing, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_err() {
        return Finding::new(WHAT, State::Bad, format!("{} may not be written to", existing.display()))
            .advise("give yourself the right to, or name another one with --data-dir");
    }
    let free = rustix::fs::statvfs(existing).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) >> 20);
    match free {
        Ok(mib) if mib < TOO_LITTLE_MIB => Finding::new(WHAT, State::Bad, format!("{shown}: {mib} MiB are free"))
            .advise("make room: what happens is soon not kept any more"),
        Ok(mib) if mib < SCARCE_MIB => {
            Finding::new(WHAT, State::Warning, format!("{shown}: {mib} MiB are free")).advise("make room")
        }
        Ok(_) | Err(_) if existing == path && is_open_to_others(path) => {
            Finding::new(WHAT, State::Warning, format!("{shown} can be read by others"))
                .advise(format!("chmod 700 {shown}"))
        }
        Ok(_) | Err(_) => Finding::new(WHAT, State::Good, shown.to_string()),
    }
}

fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

fn store(data_dir: &Path) -> Finding {
    const WHAT: &str = "store";
    const AWAY: &str = "move it away to begin a new one; `adjutant import` still finds the CLI's own conversations";
    match Store::read(data_dir).and_then(|store| store.damage()) {
        Ok(None) => Finding::new(WHAT, State::Good, "what happened before is readable"),
        Ok(Some(damage)) => Finding::new(WHAT, State::Bad, format!("it is damaged: {damage}")).advise(AWAY),
        Err(StoreError::Missing(_)) => Finding::new(WHAT, State::Off, "nothing has happened yet"),
        Err(error) => Finding::new(WHAT, State::Bad, error.to_string()),
    }
}

fn audit(data_dir: &Path) -> Finding {
    const WHAT: &str = "audit log";
    match verify::verify(data_dir) {
        Ok(report) if report.ok && report.records == 0 => Finding::new(WHAT, State::Off, "nothing has happened yet"),
        Ok(report) if report.ok => Finding::new(
            WHAT,
            State::Good,
            format!("{} in order", crate::core::figures::count(report.records, "record", "records")),
        ),
        Ok(report) => {
            let first = report.findings.iter().find(|finding| finding.what.is_bad());
            let first = first.map_or("it is damaged", |finding| &finding.text);
            Finding::new(WHAT, State::Bad, first).advise("`adjutant audit verify` names every line")
        }
        Err(error) => Finding::new(WHAT, State::Bad, format!("it cannot be read: {error}")),
    }
}

async fn runner(places: &Places) -> Finding {
    const WHAT: &str = "runner";
    match client::connect(&places.data_dir, Purpose::Verb).await {
        Ok((_link, welcome)) => {
            let result = format!("at work, process {}, version {}", welcome.pid, welcome.version);
            if let Some(trouble) = welcome.trouble {
                return Finding::new(WHAT, State::Warning, format!("{result}: {trouble}"));
            }
            if welcome.config != setup::config_mark(places) {
                return Finding::new(WHAT, State::Warning, format!("{result}, with an earlier configuration"))
                    .advise("`adjutant stop` ends it in order; its sessions come back with the next `adjutant`");
            }
            Finding::new(WHAT, State::Good, result)
        }
        Err(NotConnected::NoRunner(_)) => Finding::new(WHAT, State::Off, "not at work; `adjutant` starts it"),
        Err(error) => Finding::new(WHAT, State::Bad, error.to_string()),
    }
}

async fn git() -> Finding {
    const WHAT: &str = "git";
    let printed = tokio::process::Command::new("git").arg("--version").kill_on_drop(true).output();
    match tokio::time::timeout(GIT_TIME, printed).await {
        Ok(Ok(printed)) if printed.status.success() => {
            Finding::new(WHAT, State::Good, String::from_utf8_lossy(&printed.stdout).trim().to_owned())
        }
        _ => Finding::new(WHAT, State::Warning, "it is not there, or does not work")
            .advise("sessions work without; branches are not shown, and worktrees cannot be made"),
    }
}

/// What the current directory brings, and whether that is trusted.
fn folder(places: &Places, config: Option<&Config>) -> Finding {
    const WHAT: &str = "this directory";
    let (Some(config), Ok(here)) = (config, std::env::current_dir()) else {
        return Finding::new(WHAT, State::Off, "not looked at");
    };
    let keeper = Keeper::configured(&places.data_dir, config);
    let standing = match keeper.standing(&here, &crate::engine::claude_home(config, None)) {
        Ok(standing) => standing,
        Err(why) => return Finding::new(WHAT, State::Warning, why),
    };
    let n = count(u64::try_from(standing.trusted.len()).unwrap_or(u64::MAX), "thing", "things");
    match (standing.unknown.as_slice(), standing.trusted.as_slice()) {
        ([], []) => Finding::new(WHAT, State::Good, "brings nothing that would run or decide something"),
        ([], _) => Finding::new(WHAT, State::Good, format!("trusted with the {n} that it brings")),
        (unknown, _) => {
            let result = format!("brings what nobody has trusted: {}", summary(unknown));
            Finding::new(WHAT, State::Warning, result)
                .advise("a session here asks first; `adjutant trust show` shows it, `adjutant trust add` trusts it")
        }
    }
}

/// Those that sessions can have; the one without a name where none is the default.
fn profiles(config: &Config) -> Vec<(Option<&str>, crate::config::Profile)> {
    let unnamed = config.claude.default_profile.is_none().then(|| (None, crate::config::Profile::default()));
    let named = config.profiles.iter().map(|(name, profile)| (Some(name.as_str()), profile.clone()));
    unnamed.into_iter().chain(named).collect()
}

async fn claude(config: &Config, name: Option<&str>, profile: &crate::config::Profile) -> Finding {
    let what = name.map_or_else(|| "Claude Code".to_owned(), |name| format!("Claude Code, profile {name}"));
    let probed = match probe::probe(&config.claude, profile).await {
        Ok(probed) => probed,
        Err(trouble) => {
            let raw = if trouble.raw.is_empty() { String::new() } else { format!(" ({})", trouble.raw.trim()) };
            let advice = match trouble.kind {
                TroubleKind::CliMissing { .. } => {
                    "install it (`npm install -g @anthropic-ai/claude-code`), or say under [claude] command where it \
                     is; `adjutant demo` works without"
                }
                _ => trouble.advice(),
            };
            return Finding::new(what, State::Bad, format!("{}{raw}", trouble.headline())).advise(advice);
        }
    };
    let version = probed.version.as_deref().unwrap_or("of an unknown version");
    let login = match &probed.login {
        Login::Nobody => {
            return Finding::new(what, State::Bad, format!("{version}, {}: nobody is signed in", probed.program))
                .advise("run `claude` in a shell and sign in, or set ANTHROPIC_API_KEY");
        }
        Login::Person(name) => format!("signed in as {name}"),
        Login::Key(source) => format!("with a key from {source}"),
        Login::Provider(name) => format!("on {name}"),
    };
    let result = format!("{version}, {}, {login}", probed.program);
    if probed.is_old() {
        let advice =
            format!("it may do: adjutant is tried with {OLDEST_TRIED} and later; `claude update` brings a new one");
        return Finding::new(what, State::Warning, result).advise(advice);
    }
    if let Some((first, more)) = probed.unasked.split_first() {
        let more = if more.is_empty() { String::new() } else { format!(" (and {} more)", more.len()) };
        return Finding::new(what, State::Warning, format!("{result}. {first}{more}"))
            .advise("what answers in your place is yours to know: look at those settings");
    }
    Finding::new(what, State::Good, result)
}
