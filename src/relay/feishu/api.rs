//! The calls: messages, cards, files.
//!
//! **For:** one call each, at the pace that Feishu allows, with a token that works, and a failure as a
//! [`Fault`]. **Not for:** trying again (but once, with a new token): who sends has the order, the uuid and the
//! patience for it.
//!
//! Invariants: no call is made faster than [`Limits`] allow, whoever makes it; a call that was repeated
//! carries the same uuid; neither tokens nor the app secret stand in a log or a fault.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::Response;
use serde_json::Value;
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::account::Account;
use super::fault;
use super::fault::Failure;
use super::fault::Fault;
use super::http;
use super::limits::Key;
use super::limits::Limits;
use super::limits::Wait;
use super::secret::ExposeSecret as _;
use super::token::Tokens;

/// Files and pictures, up and down.
mod files;
/// Messages: sent, answered, changed.
mod messages;

pub use files::Downloaded;
pub use files::MAX_FILE;
pub use files::MAX_IMAGE;
pub use files::Resource;
pub use messages::MAX_CARD;
pub use messages::MAX_TEXT;
pub use messages::Outgoing;
pub use messages::Sent;
pub use messages::Target;

/// A call with a short body.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes calls for one app. Cheap to share behind an [`Arc`].
#[derive(Debug)]
pub struct Api {
    account: Arc<Account>,
    tokens: Tokens,
    limits: Mutex<Limits>,
    /// A call has ended.
    ended: Notify,
}

/// The bot itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    pub open_id: String,
    pub name: String,
}

/// What came back of a call that was done.
enum Got {
    Json(Value),
    File(Response),
}

/// A call that is under way.
#[derive(Debug)]
struct Turn<'a> {
    api: &'a Api,
    key: Option<&'a Key>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.api.limits().end(self.key, Instant::now().into_std());
        self.api.ended.notify_waiters();
    }
}

/// One call, as often as it must be made.
struct Call<'a> {
    method: Method,
    /// Begins with a slash; its parts are escaped.
    path: &'a str,
    key: Option<&'a Key>,
    patience: Duration,
}

impl Api {
    pub fn new(account: Arc<Account>) -> Self {
        Self { tokens: Tokens::new(Arc::clone(&account)), account, limits: Mutex::default(), ended: Notify::new() }
    }

    /// Who the bot is; also tells whether the app's id and secret are right.
    pub async fn bot(&self) -> Result<Bot, Fault> {
        let call = Call { method: Method::GET, path: "/open-apis/bot/v3/info", key: None, patience: PATIENCE };
        let answer = self.json(&call, |request| request).await?;
        let text = |name: &str| answer["bot"][name].as_str().unwrap_or_default().to_owned();
        Ok(Bot { open_id: text("open_id"), name: text("app_name") })
    }

    /// Puts a reaction such as `OnIt` or `DONE` under a message, which rings nobody's phone; gives its id.
    pub async fn react(&self, message_id: &str, emoji: &str) -> Result<String, Fault> {
        let path = message_path(message_id, "/reactions")?;
        let body = json!({ "reaction_type": { "emoji_type": emoji } });
        let answer = self.post(Method::POST, &path, None, &body).await?;
        Ok(answer["data"]["reaction_id"].as_str().unwrap_or_default().to_owned())
    }

    /// Takes a reaction away again.
    pub async fn unreact(&self, message_id: &str, reaction_id: &str) -> Result<(), Fault> {
        let path = message_path(message_id, &format!("/reactions/{}", part(reaction_id)?))?;
        let call = Call { method: Method::DELETE, path: &path, key: None, patience: PATIENCE };
        self.json(&call, |request| request).await.map(|_| ())
    }

    /// Rings the phones of these people for a message of the bot's; gives those that could not be rung.
    pub async fn urge(&self, message_id: &str, open_ids: &[&str]) -> Result<Vec<String>, Fault> {
        let path = message_path(message_id, "/urgent_app?user_id_type=open_id")?;
        let answer = self.post(Method::PATCH, &path, None, &json!({ "user_id_list": open_ids })).await?;
        let invalid = answer["data"]["invalid_user_id_list"].as_array().into_iter().flatten();
        Ok(invalid.filter_map(|id| Some(id.as_str()?.to_owned())).collect())
    }

    async fn post(&self, method: Method, path: &str, key: Option<&Key>, body: &Value) -> Result<Value, Fault> {
        self.json(&Call { method, path, key, patience: PATIENCE }, |request| request.json(body)).await
    }

    /// Makes a call whose answer is JSON.
    async fn json(&self, call: &Call<'_>, fill: impl Fn(RequestBuilder) -> RequestBuilder) -> Result<Value, Fault> {
        let response = match self.exchange(call, fill).await? {
            Got::Json(answer) => return Ok(answer),
            Got::File(response) => response,
        };
        Err(Fault::Transport(format!("an answer with status {} that is no JSON came back", response.status().as_u16())))
    }

    /// Makes a call; gives the JSON of its answer, or the answer itself when it is a file.
    async fn exchange(&self, call: &Call<'_>, fill: impl Fn(RequestBuilder) -> RequestBuilder) -> Result<Got, Fault> {
        let mut is_second = false;
        loop {
            let token = self.tokens.get().await?;
            let turn = self.turn(call.key).await;
            let url = self.account.base.call("/");
            let url = url.join(call.path).map_err(|_| Fault::Format("an id that cannot be one".to_owned()))?;
            let request = self.account.http.request(call.method.clone(), url).timeout(call.patience);
            let request = fill(request.bearer_auth(token.expose_secret()));
            let response = request.send().await.map_err(http::transport)?;
            let status = response.status().as_u16();
            drop(turn);
            let wait_s = http::wait_s(&response);
            let log_id = header(&response, "x-tt-logid");
            if status == 200 && is_file(&response) {
                return Ok(Got::File(response));
            }
            let answer = http::json(response).await?;
            let code = fault::code(&answer);
            if code == Some(0) {
                tracing::debug!(method = %call.method, path = call.path, "Feishu did a call");
                return Ok(Got::Json(answer));
            }
            if code.is_some_and(fault::is_stale_token) && !is_second {
                tracing::info!(code, "Feishu wants a new token");
                self.tokens.drop_stale(&token).await;
                is_second = true;
                continue;
            }
            let text = self.account.quote(fault::message(&answer));
            let fault = fault::classify(Failure { status, body: &answer, text: &text, wait_s });
            let log_id = fault::log_id(&answer).map(str::to_owned).or(log_id).unwrap_or_default();
            let log_id: String = log_id.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
            tracing::warn!(method = %call.method, path = call.path, status, code, log_id, %fault, "Feishu refused a call");
            self.heed(&fault, code, call.key);
            return Err(fault);
        }
    }

    /// Waits until a call may be made, and counts it until the turn is dropped.
    async fn turn<'a>(&'a self, key: Option<&'a Key>) -> Turn<'a> {
        loop {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            // From here on no end is missed.
            ended.as_mut().enable();
            let begun = self.limits().begin(key, Instant::now().into_std());
            match begun {
                Ok(()) => return Turn { api: self, key },
                Err(Wait::Until(at)) => tokio::time::sleep_until(at.into()).await,
                Err(Wait::ForAnother) => ended.await,
            }
        }
    }

    /// Whoever comes next waits too when Feishu found it too fast.
    fn heed(&self, fault: &Fault, code: Option<i64>, key: Option<&Key>) {
        /// The limit of a chat or a message; all others are the app's.
        const KEYED: i64 = 230_020;
        let Fault::RateLimited { after } = fault else { return };
        let now = Instant::now().into_std();
        let key = key.filter(|_| code == Some(KEYED));
        self.limits().hold(key, now + *after, now);
    }

    fn limits(&self) -> std::sync::MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}

/// A file may be JSON too; then it still comes with a name.
fn is_file(response: &Response) -> bool {
    let is_json = header(response, "content-type").is_some_and(|kind| kind.contains("json"));
    !is_json || response.headers().contains_key("content-disposition")
}

/// The path of a message, or of something of it.
fn message_path(message_id: &str, rest: &str) -> Result<String, Fault> {
    Ok(format!("/open-apis/im/v1/messages/{}{rest}", part(message_id)?))
}

/// An id as a part of a path. They come from outside: one that would lead elsewhere is none.
fn part(id: &str) -> Result<&str, Fault> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let is_id = !id.is_empty() && id.len() <= 200 && id.bytes().all(is_good);
    if is_id { Ok(id) } else { Err(Fault::Format("an id that cannot be one".to_owned())) }
}
