//! `relay`: how the connection to the phone is, pairing one, pausing.

use std::sync::Arc;

use super::Attached;
use super::attach;
use super::block_on;
use super::flat;
use super::say;
use super::say_json;
use crate::cli::Global;
use crate::cli::RelayVerb;
use crate::cli::doctor::Finding;
use crate::cli::doctor::State;
use crate::cli::exit;
use crate::cli::setup;
use crate::cli::setup::Stop;
use crate::config::Config;
use crate::config::places::Places;
use crate::core::phone::Connection;
use crate::core::phone::PhoneView;
use crate::core::phone::PhoneWish;
use crate::link::Link;
use crate::link::Update;
use crate::relay::feishu::account::Account;
use crate::relay::feishu::check;
use crate::relay::feishu::check::Outcome;
use crate::relay::feishu::check::Step;
use crate::server::client;
use crate::server::protocol::Purpose;

/// How long the runner may take to tell of the relay.
const FIRST_VIEW: std::time::Duration = std::time::Duration::from_secs(3);

const WHAT: &str = "phone";
/// How long a person has to press.
const PRESS_TIME: std::time::Duration = std::time::Duration::from_mins(1);

pub fn main(global: &Global, verb: Option<&RelayVerb>, json: bool) -> Result<u8, Stop> {
    block_on(async {
        let Attached { mut link, .. } = match attach(global).await {
            // Without a runner there is still much that can be tried.
            Err(_) if matches!(verb, Some(RelayVerb::Test)) => return test_alone(global).await,
            attached => attached?,
        };
        let view = first_view(&mut link).await?;
        match verb {
            None => show(&view, json)?,
            Some(RelayVerb::Pause) => {
                pause(&mut link, &view, true).await?;
                say("Paused: nothing is sent, and nothing that comes in counts. `adjutant relay resume` ends it.")?;
            }
            Some(RelayVerb::Resume) => {
                pause(&mut link, &view, false).await?;
                say("The relay goes on.")?;
            }
            Some(RelayVerb::Unpair) => {
                let n = unpair(&mut link, view.n_people).await?;
                say(&format!(
                    "{} forgotten; {} of the configuration may speak.",
                    crate::core::figures::count(n as u64, "person who was paired is", "people who were paired are"),
                    view.n_people - n
                ))?;
            }
            Some(RelayVerb::Test) => return test(global, &mut link, &view).await,
            Some(RelayVerb::Pair) => {
                link.orders().phone(PhoneWish::Pair(true)).await.map_err(|_| gone())?;
                return pair(&mut link, view.n_people).await;
            }
        }
        Ok(exit::OK)
    })
}

fn gone() -> Stop {
    Stop::failed("the runner has ended")
}

/// Returns when it is so: a wish that was only handed over may end with this process.
async fn pause(link: &mut Link, view: &PhoneView, paused: bool) -> Result<(), Stop> {
    if view.paused == paused {
        return Ok(());
    }
    link.orders().phone(PhoneWish::Pause(paused)).await.map_err(|_| gone())?;
    let done = async {
        while next_view(link).await.ok_or_else(gone)?.paused != paused {}
        Ok(())
    };
    let late = |_| Stop::failed("the relay does not answer; `adjutant relay` tells how it is");
    tokio::time::timeout(FIRST_VIEW, done).await.map_err(late)?
}

/// Gives how many there were.
async fn unpair(link: &mut Link, n_before: usize) -> Result<usize, Stop> {
    link.orders().phone(PhoneWish::Unpair).await.map_err(|_| gone())?;
    // It is shown when it is done; who was not paired changes nothing.
    let fewer = async {
        loop {
            let n = next_view(link).await?.n_people;
            if n < n_before {
                return Some(n_before - n);
            }
        }
    };
    match tokio::time::timeout(FIRST_VIEW, fewer).await {
        Ok(n) => n.ok_or_else(gone),
        Err(_) => Ok(0),
    }
}

async fn first_view(link: &mut Link) -> Result<PhoneView, Stop> {
    let found = tokio::time::timeout(FIRST_VIEW, next_view(link)).await;
    found.map_err(|_| no_relay())?.ok_or_else(no_relay)
}

fn no_relay() -> Stop {
    Stop::failed(
        "there is no relay: [relay.feishu] enabled in config.toml sets it up, then `adjutant stop` and start again",
    )
}

async fn next_view(link: &mut Link) -> Option<PhoneView> {
    loop {
        if let Update::Phone(view) = link.recv().await? {
            return Some(*view);
        }
    }
}

fn show(view: &PhoneView, json: bool) -> Result<(), Stop> {
    if json {
        return say_json(view);
    }
    let connection = match &view.connection {
        Connection::Connected { since } => {
            let at = jiff::Timestamp::from_millisecond(since.0).unwrap_or_default();
            format!("connected since {}", at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M"))
        }
        Connection::Connecting { attempt, trouble } => {
            let why = trouble.as_deref().map(|why| format!(": {}", flat(why))).unwrap_or_default();
            format!("connecting, attempt {attempt}{why}")
        }
        Connection::Refused { why } => format!("refused: {}", flat(why)),
    };
    say(&format!("{}: {connection}{}", flat(&view.messenger), if view.paused { ", paused" } else { "" }))?;
    say(&format!(
        "{} may speak; {} to be sent",
        crate::core::figures::count(view.n_people as u64, "person", "people"),
        crate::core::figures::count(view.n_waiting as u64, "message waits", "messages wait")
    ))?;
    match &view.trouble {
        Some(trouble) => say(&format!("last trouble: {}", flat(trouble))),
        None => Ok(()),
    }
}

/// Shows the code, and waits until somebody has used it or its time is over.
async fn pair(link: &mut Link, n_before: usize) -> Result<u8, Stop> {
    let code = loop {
        let view = next_view(link).await.ok_or_else(gone)?;
        if let Some(pairing) = view.pairing {
            break pairing;
        }
    };
    say(&format!("Send this code to the bot, in a direct chat, within five minutes:\n\n    {}\n", code.code))?;
    loop {
        let view = tokio::select! {
            view = next_view(link) => view.ok_or_else(gone)?,
            // The code is good for no longer than it is shown.
            _ = tokio::signal::ctrl_c() => {
                link.orders().phone(PhoneWish::Pair(false)).await.map_err(|_| gone())?;
                while next_view(link).await.is_some_and(|view| view.pairing.is_some()) {}
                return Err(Stop::failed("nobody was paired, and the code counts no more"));
            }
        };
        if view.n_people > n_before {
            say("Paired.")?;
            return Ok(exit::OK);
        }
        if view.pairing.is_none_or(|pairing| pairing != code) {
            return Err(Stop::failed(
                "nobody was paired: the code was not used in time, or was tried wrongly too often",
            ));
        }
    }
}

/// Tries every step from the settings to a press, and says of each what came of it.
async fn test(global: &Global, link: &mut Link, view: &PhoneView) -> Result<u8, Stop> {
    let places = setup::places(global)?;
    let (config, _) = setup::read_config(&places).map_err(|error| Stop::usage(error.to_string()))?;
    if !tell(&looked_at(&places, &config, Some(view)).await)? {
        return Ok(exit::FAILED);
    }
    pressed(link, view).await
}

/// The same without a runner, as far as it goes.
async fn test_alone(global: &Global) -> Result<u8, Stop> {
    let places = setup::places(global)?;
    let (config, _) = setup::read_config(&places).map_err(|error| Stop::usage(error.to_string()))?;
    if !config.feishu.enabled {
        return Err(no_relay());
    }
    let is_good = tell(&looked_at(&places, &config, None).await)?;
    say("No runner is at work: `adjutant serve`, then again, to try a press.")?;
    Ok(if is_good { exit::OK } else { exit::FAILED })
}

/// Tells each; whether all went well.
fn tell(findings: &[Finding]) -> Result<bool, Stop> {
    for finding in findings {
        say(&finding.line())?;
    }
    Ok(findings.iter().all(|finding| finding.state == State::Good))
}

/// What `doctor` tells of the relay: through the runner where one is at work, since a second connection would take
/// its pushes away.
pub(in crate::cli) async fn findings(places: &Places, config: &Config) -> Vec<Finding> {
    if !config.feishu.enabled {
        return vec![Finding::new(WHAT, State::Off, "not set up; [relay.feishu] in the configuration does")];
    }
    let connected = client::connect(&places.data_dir, Purpose::Verb).await;
    let Ok((mut link, _)) = connected else { return looked_at(places, config, None).await };
    match tokio::time::timeout(FIRST_VIEW, next_view(&mut link)).await {
        Ok(Some(view)) => looked_at(places, config, Some(&view)).await,
        _ => {
            let finding = Finding::new(WHAT, State::Warning, "it is set up, but the runner at work began without it");
            vec![finding.advise("`adjutant stop`, then start again")]
        }
    }
}

async fn looked_at(places: &Places, config: &Config, view: Option<&PhoneView>) -> Vec<Finding> {
    let account = match account(places, config) {
        Ok(account) => account,
        Err(why) => return vec![Finding::new("Feishu: settings", State::Bad, why)],
    };
    let settings = format!("the app {}, and its secret", account.app_id());
    let mut findings = vec![Finding::new("Feishu: settings", State::Good, settings)];
    let steps = match view {
        Some(_) => check::bot_alone(account).await,
        None => check::check(account, None).await,
    };
    findings.extend(steps.into_iter().map(finding));
    findings.extend(view.map(connection));
    findings
}

fn finding(step: Step) -> Finding {
    let state = match step.outcome {
        Outcome::Good => State::Good,
        Outcome::Bad => State::Bad,
        Outcome::Skipped => State::Off,
    };
    let finding = Finding::new(format!("Feishu: {}", step.what), state, step.result);
    Finding { advice: step.advice, ..finding }
}

fn connection(view: &PhoneView) -> Finding {
    const WHAT: &str = "Feishu: connection";
    match &view.connection {
        Connection::Connected { .. } if view.paused => {
            Finding::new(WHAT, State::Warning, "it stands, but the relay is paused").advise("`adjutant relay resume`")
        }
        Connection::Connected { .. } => Finding::new(WHAT, State::Good, "it stands"),
        Connection::Connecting { trouble, .. } => {
            Finding::new(WHAT, State::Bad, trouble.as_deref().unwrap_or("it is being made"))
        }
        Connection::Refused { why } => Finding::new(WHAT, State::Bad, why),
    }
}

fn account(places: &Places, config: &Config) -> Result<Arc<Account>, String> {
    let secret = setup::app_secret(config, &places.config_file).map_err(|error| error.to_string())?;
    let app_id = config.feishu.app_id.as_deref().unwrap_or_default();
    Account::new(app_id, secret, &config.feishu.base_url).map_err(|fault| fault.to_string())
}

/// Whether a press on a card arrives.
async fn pressed(link: &mut Link, view: &PhoneView) -> Result<u8, Stop> {
    let before = view.tested;
    link.orders().phone(PhoneWish::TestCard).await.map_err(|_| gone())?;
    say("… a card was sent to everybody who is known: press its button within a minute")?;
    let pressed = async {
        loop {
            let view = next_view(link).await?;
            if view.tested > before {
                return Some(view);
            }
        }
    };
    match tokio::time::timeout(PRESS_TIME, pressed).await {
        Ok(Some(_)) => {
            say("✓ the press arrived")?;
            Ok(exit::OK)
        }
        Ok(None) => Err(gone()),
        Err(_) => Err(Stop::failed(
            "✗ no press arrived. If no card came: is anybody known (`adjutant relay pair`)? If the phone shows 200340: set the \
             callbacks to the long connection, add card.action.trigger, and publish a version",
        )),
    }
}
