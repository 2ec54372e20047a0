//! Whether everything that the relay needs of Feishu works, step by step, in plain language.
//!
//! **For:** whoever sets a bot up, and whoever finds out why nothing arrives. **Not for:** printing it.
//!
//! Invariants: no secret stands in a step; a step whose ground is missing is skipped and not guessed; nothing but the
//! one text is sent, and that only where a chat is named.

use std::sync::Arc;

use super::account::Account;
use super::api::Api;
use super::api::Outgoing;
use super::api::Target;
use super::connection::Timing;
use super::connection::probe;
use super::connection::probe::Reached;
use super::connection::probe::Stopped;
use super::fault::Fault;
use super::token::Tokens;
use crate::relay::messenger::ChatId;

const CONSOLE: &str = "look at it in the developer console (open.feishu.cn, or open.larksuite.com for Lark)";
const WAY: &str = "see whether this machine reaches Feishu: a firewall may be in between, or a proxy needed \
                   (HTTPS_PROXY), and base_url in [relay.feishu] must be that of your cloud";

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Good,
    Bad,
    /// An earlier step that it needs did not go well.
    Skipped,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was tried.
    pub what: &'static str,
    pub outcome: Outcome,
    /// What came of it, in a sentence.
    pub result: String,
    /// What to do about it.
    pub advice: Option<String>,
}

/// Tries each step; `chat` gets a text when one is named.
pub async fn check(account: Arc<Account>, chat: Option<&ChatId>) -> Vec<Step> {
    with_timing(account, chat, &Timing::default()).await
}

/// As far as it goes without a connection, for when somebody else has one.
pub async fn bot_alone(account: Arc<Account>) -> Vec<Step> {
    known(&account).await
}

/// The same within other times.
pub async fn with_timing(account: Arc<Account>, chat: Option<&ChatId>, timing: &Timing) -> Vec<Step> {
    let mut steps = known(&account).await;
    let has_token = steps.first().is_some_and(|step| step.outcome == Outcome::Good);
    steps.extend(connection(&account, timing).await);
    match chat {
        Some(chat) if has_token => steps.push(text(&Api::new(account), chat).await),
        Some(_) => steps.push(skipped("a message")),
        None => {}
    }
    steps
}

async fn known(account: &Arc<Account>) -> Vec<Step> {
    let token = token(account).await;
    let bot = match token.outcome {
        Outcome::Good => bot(&Api::new(Arc::clone(account))).await,
        _ => skipped("the bot"),
    };
    vec![token, bot]
}

fn good(what: &'static str, result: impl Into<String>) -> Step {
    Step { what, outcome: Outcome::Good, result: result.into(), advice: None }
}

fn skipped(what: &'static str) -> Step {
    Step { what, outcome: Outcome::Skipped, result: "not tried: an earlier step failed".to_owned(), advice: None }
}

fn bad(what: &'static str, fault: &Fault, advice: &str) -> Step {
    let advice = match fault {
        // It says what to do itself.
        Fault::Configuration(_) => None,
        Fault::Transport(_) => Some(WAY.to_owned()),
        Fault::Retry { .. } | Fault::RateLimited { .. } => Some("try again in a minute".to_owned()),
        Fault::Quota => Some("wait for the next month, or ask the administrator for a larger plan".to_owned()),
        _ => Some(advice.to_owned()),
    };
    Step { what, outcome: Outcome::Bad, result: fault.to_string(), advice }
}

async fn token(account: &Arc<Account>) -> Step {
    const WHAT: &str = "app id and app secret";
    match Tokens::new(Arc::clone(account)).get().await {
        Ok(_) => good(WHAT, format!("Feishu knows {}", account.app_id())),
        Err(fault) => bad(WHAT, &fault, "compare app_id and the app secret with the console, under Credentials"),
    }
}

async fn bot(api: &Api) -> Step {
    const WHAT: &str = "the bot";
    match api.bot().await {
        Ok(bot) if bot.open_id.is_empty() => Step {
            what: WHAT,
            outcome: Outcome::Bad,
            result: "the app has no bot".to_owned(),
            advice: Some("add the ability Bot in the console, under Add features, and publish a version".to_owned()),
        },
        Ok(bot) => {
            let name: String = bot.name.chars().filter(|c| super::render::text::shows_itself(*c)).take(60).collect();
            good(WHAT, format!("it is called “{name}”"))
        }
        Err(fault) => bad(WHAT, &fault, CONSOLE),
    }
}

/// Where to connect to, the connection, a ping.
async fn connection(account: &Account, timing: &Timing) -> [Step; 3] {
    let (reached, stopped) = probe::probe(account, timing).await;
    let step = |what, needed: Reached, result: &str| {
        if reached >= needed {
            return good(what, result);
        }
        match &stopped {
            // The first that was not reached is the one that failed.
            Some(Stopped { why, is_refused }) if before(needed) == reached => {
                let advice = (!is_refused).then(|| WAY.to_owned());
                Step { what, outcome: Outcome::Bad, result: why.clone(), advice }
            }
            _ => skipped(what),
        }
    };
    [
        step("where to connect to", Reached::Discovery, "Feishu named an address"),
        step("the long connection", Reached::Opened, "it opens"),
        step("signs of life", Reached::Pong, "a ping is answered"),
    ]
}

fn before(reached: Reached) -> Reached {
    match reached {
        Reached::Pong => Reached::Opened,
        Reached::Opened => Reached::Discovery,
        Reached::Discovery | Reached::Nothing => Reached::Nothing,
    }
}

async fn text(api: &Api, chat: &ChatId) -> Step {
    const WHAT: &str = "a message";
    const TEXT: &str = "adjutant: this is a test. Messages from your computer arrive.\nadjutant：测试消息，可以收到。";
    let uuid = uuid::Uuid::new_v4().simple().to_string();
    match api.send(&Target::Chat(chat.0.clone()), &Outgoing::Text(TEXT.to_owned()), &uuid).await {
        Ok(_) => good(WHAT, "it was sent; see whether it is on the phone"),
        Err(fault) => bad(
            WHAT,
            &fault,
            "see in the console, under Permissions, that the app has the scope im:message:send_as_bot, and that you are in \
             the availability of its published version; then write to the bot once more",
        ),
    }
}
