//! Trying a CLI: started as a session would start it, asked who it is, and ended.
//!
//! **For:** telling before the first prompt what keeps sessions from working. **Not for:** sessions. Nothing is sent to
//! a model.
//!
//! Invariants: it ends with the process, and the process with it; it runs in the root directory, where nobody else can
//! have left settings for it.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::process;
use super::process::FromProcess;
use super::process::FromStdout;
use super::process::Process;
use super::process::Rung;
use super::process::ToWriter;
use super::spawn;
use super::spawn::CommandLine;
use super::spawn::Launch;
use super::unasked::unasked;
use crate::config::Claude;
use crate::config::Profile;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;
use crate::wire::decode::Decoded;
use crate::wire::encode::encode;
use crate::wire::inbound::Message;
use crate::wire::inbound::control::ControlResponse;
use crate::wire::inbound::control::Outcome;
use crate::wire::inbound::replies::Account;
use crate::wire::inbound::replies::InitializeReply;
use crate::wire::outbound::ClientRequest;
use crate::wire::outbound::Outbound;

/// The oldest version that the tests run.
pub const OLDEST_TRIED: &str = "2.1.197";

const DIRECTORY: &str = "/";
/// A program that only prints its version.
const VERSION_TIME: Duration = Duration::from_secs(10);
/// How long it may take to end when its input is closed.
const END_TIME: Duration = Duration::from_secs(2);
/// How long the settings may take when the rest was told.
const SETTINGS_TIME: Duration = Duration::from_secs(5);
/// What was said on standard error, at most, when it did not answer.
const MAX_WORDS: usize = 300;

/// Whose account the CLI works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// Nobody's: a prompt would fail.
    Nobody,
    /// Of a person or an organisation, as the CLI names them.
    Person(String),
    /// By a key or token from there.
    Key(String),
    /// Of another provider, which has its own ways.
    Provider(String),
}

/// What a CLI says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// Its file.
    pub program: String,
    /// Such as `2.1.197`, where it says so.
    pub version: Option<String>,
    pub login: Login,
    /// What in the settings keeps requests from the person.
    pub unasked: Vec<String>,
}

impl Probed {
    /// Whether it is older than all that were tried.
    pub fn is_old(&self) -> bool {
        let numbers = |version: &str| -> Vec<u32> {
            let plain = version.split(['-', '+', ' ']).next().unwrap_or_default();
            plain.split('.').map_while(|part| part.parse().ok()).collect()
        };
        self.version.as_deref().is_some_and(|version| numbers(version) < numbers(OLDEST_TRIED))
    }
}

/// Starts the CLI of a profile and asks it.
pub async fn probe(claude: &Claude, profile: &Profile) -> Result<Probed, Trouble> {
    let launch = Launch { directory: DIRECTORY.into(), ..Launch::default() };
    let mark = uuid::Uuid::new_v4().to_string();
    let line = spawn::command_line(claude, profile, &launch, std::env::vars_os(), &mark);
    line.check()?;
    let program = line.find_program().unwrap_or_default().display().to_string();
    let (reply, settings) = ask(claude, &line, mark).await?;
    let version = match reply.claude_code_version {
        Some(version) => Some(version),
        None => printed_version(claude, profile, &line).await,
    };
    Ok(Probed { program, version, login: login(reply.account), unasked: unasked(&settings) })
}

async fn ask(claude: &Claude, line: &CommandLine, mark: String) -> Result<(InitializeReply, Value), Trouble> {
    let max_line = usize::try_from(claude.max_line_mib << 20).unwrap_or(usize::MAX);
    let failed = |error: &dyn std::fmt::Display| {
        Trouble::new(
            TroubleKind::CliMissing { program: line.program.to_string_lossy().into_owned() },
            error.to_string(),
        )
    };
    // It is no session: what it starts ends with its process group.
    let mut process = process::start(line, None, mark.clone(), max_line).map_err(|error| failed(&error))?;
    let send = |process: &mut Process, request_id: &str, request: ClientRequest| {
        let request = Outbound::Request { request_id: request_id.to_owned(), request };
        let line = encode(&request).map_err(|error| failed(&error))?;
        let _ = process.write(ToWriter { line, receipt: None });
        Ok(())
    };
    send(&mut process, &mark, ClientRequest::Initialize(Box::default()))?;
    let time = Duration::from_secs(claude.initialize_timeout_s);
    let reply = answer(&mut process, &mark, Instant::now() + time).await;
    let mut settings = Value::Null;
    if reply.is_ok() {
        // One that tells no settings is tried all the same.
        let id = format!("{mark}-settings");
        send(&mut process, &id, ClientRequest::GetSettings)?;
        settings = answer(&mut process, &id, Instant::now() + SETTINGS_TIME).await.unwrap_or_default();
    }
    end(process).await;
    reply.map(|payload| (InitializeReply::from_payload(payload), settings))
}

/// Waits for the answer. What else comes is of no interest, but for the words about a failure.
async fn answer(process: &mut Process, id: &str, until: Instant) -> Result<Value, Trouble> {
    let mut words = String::new();
    loop {
        let Ok(event) = tokio::time::timeout_at(until, process.events.recv()).await else {
            return Err(Trouble::new(TroubleKind::CliSilent, words));
        };
        match event {
            Some(FromProcess::Lines(lines)) => {
                for line in lines {
                    match response(line, id) {
                        Some(Outcome::Success(payload)) => return Ok(payload),
                        Some(Outcome::Error { message, .. }) => {
                            return Err(Trouble::new(TroubleKind::CliTooOld, message));
                        }
                        None => {}
                    }
                }
            }
            Some(FromProcess::Stderr(lines)) => {
                for line in lines {
                    let room = MAX_WORDS.saturating_sub(words.chars().count());
                    words.extend(line.chars().chain([' ']).take(room));
                }
            }
            Some(FromProcess::Written(_)) => {}
            Some(FromProcess::Gone(_)) | None => return Err(Trouble::new(TroubleKind::Crashed, words)),
        }
    }
}

fn response(line: FromStdout, id: &str) -> Option<Outcome> {
    let FromStdout::Line(Decoded::Message(inbound)) = line else { return None };
    match inbound.message {
        Message::ControlResponse(ControlResponse { request_id, outcome, .. }) if request_id == id => Some(outcome),
        _ => None,
    }
}

/// Closes its input, and uses force when that does not end it.
async fn end(mut process: Process) {
    process.close_input();
    for rung in [None, Some(Rung::Terminate), Some(Rung::Destroy)] {
        if let Some(rung) = rung {
            process.signal(rung);
        }
        let gone = async { while !matches!(process.events.recv().await, None | Some(FromProcess::Gone(_))) {} };
        if tokio::time::timeout(END_TIME, gone).await.is_ok() {
            return;
        }
    }
}

/// Older ones print their version only.
async fn printed_version(claude: &Claude, profile: &Profile, line: &CommandLine) -> Option<String> {
    let before = profile.command.as_ref().unwrap_or(&claude.command).iter().skip(1);
    let mut command = tokio::process::Command::new(&line.program);
    command.args(before).arg("--version").current_dir(&line.directory);
    command.env_clear().envs(line.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(std::process::Stdio::null()).kill_on_drop(true);
    let printed = tokio::time::timeout(VERSION_TIME, command.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&printed.stdout);
    text.split_whitespace().next().filter(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

fn login(account: Account) -> Login {
    let known = |text: Option<String>| text.filter(|text| !text.is_empty() && text != "none");
    if let Some(provider) = known(account.api_provider).filter(|provider| provider != "firstParty") {
        return Login::Provider(provider);
    }
    let plan = known(account.subscription_type).map(|plan| format!(", plan {plan}")).unwrap_or_default();
    match (
        known(account.email).or(known(account.organization)),
        known(account.api_key_source),
        known(account.token_source),
    ) {
        (Some(person), _, _) => Login::Person(format!("{person}{plan}")),
        (None, Some(source), _) | (None, None, Some(source)) => Login::Key(source),
        (None, None, None) => Login::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probed(version: Option<&str>) -> Probed {
        Probed {
            program: String::new(),
            version: version.map(str::to_owned),
            login: Login::Nobody,
            unasked: Vec::new(),
        }
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, is_old) in [
            ("2.1.197", false),
            ("2.1.1000", false),
            ("3.0.0", false),
            ("2.1.96", true),
            ("1.9", true),
            ("2.1.197-beta", false),
        ] {
            assert_eq!(probed(Some(version)).is_old(), is_old, "{version}");
        }
        assert!(!probed(None).is_old(), "what is not known is not held against it");
    }

    #[test]
    fn the_account_says_whether_a_prompt_can_work() {
        let read = |json: serde_json::Value| {
            login(InitializeReply::from_payload(serde_json::json!({ "account": json })).account)
        };
        assert_eq!(read(serde_json::json!({"tokenSource": "none", "apiProvider": "firstParty"})), Login::Nobody);
        assert_eq!(read(serde_json::json!({})), Login::Nobody);
        assert_eq!(
            read(serde_json::json!({"tokenSource": "none", "apiKeySource": "ANTHROPIC_API_KEY"})),
            Login::Key("ANTHROPIC_API_KEY".into())
        );
        assert_eq!(
            read(serde_json::json!({"email": "a@b.c", "subscriptionType": "max", "tokenSource": "claude.ai"})),
            Login::Person("a@b.c, plan max".into())
        );
        assert_eq!(read(serde_json::json!({"apiProvider": "bedrock"})), Login::Provider("bedrock".into()));
    }
}
