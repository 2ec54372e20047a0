//! The token that calls carry: asked for once for all who need one, kept as long as Feishu says.
//!
//! Invariants: one request at a time; those who waited for one that failed share its failure instead of
//! asking again one by one; a token shows in no `Debug` and no log.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::account::Account;
use super::fault;
use super::fault::Failure;
use super::fault::Fault;
use super::http;
use super::secret::ExposeSecret as _;
use super::secret::SecretString;

const PATH: &str = "/open-apis/auth/v3/tenant_access_token/internal";
const PATIENCE: Duration = Duration::from_secs(15);
/// With less than this left a new one is asked for: Feishu gives one out only under half an hour.
const RENEW_BEFORE: Duration = Duration::from_mins(10);
/// Feishu names no time.
const SHORTEST_S: u64 = 60;

#[derive(Debug)]
pub(super) struct Tokens {
    account: Arc<Account>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<(Arc<SecretString>, Instant)>,
    /// The last failure, and when it was.
    failed: Option<(Fault, Instant)>,
}

impl Tokens {
    pub(super) fn new(account: Arc<Account>) -> Self {
        Self { account, state: Mutex::default() }
    }

    /// A token that is good for a while.
    pub(super) async fn get(&self) -> Result<Arc<SecretString>, Fault> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if let Some((token, until)) = &state.token
            && *until > Instant::now()
        {
            return Ok(Arc::clone(token));
        }
        if let Some((fault, at)) = &state.failed
            && *at >= asked
        {
            return Err(fault.clone());
        }
        match self.fetch().await {
            Ok((token, until)) => {
                state.failed = None;
                state.token = Some((Arc::clone(&token), until));
                Ok(token)
            }
            Err(fault) => {
                state.failed = Some((fault.clone(), Instant::now()));
                Err(fault)
            }
        }
    }

    /// Feishu did not accept this token. Another one may be there already.
    pub(super) async fn drop_stale(&self, stale: &Arc<SecretString>) {
        let mut state = self.state.lock().await;
        if state.token.as_ref().is_some_and(|(token, _)| Arc::ptr_eq(token, stale)) {
            state.token = None;
        }
    }

    async fn fetch(&self) -> Result<(Arc<SecretString>, Instant), Fault> {
        let account = &self.account;
        let body = json!({ "app_id": account.app_id, "app_secret": account.secret.expose_secret() });
        let request = account.http.post(account.base.call(PATH)).json(&body).timeout(PATIENCE);
        let response = request.send().await.map_err(http::transport)?;
        let status = response.status().as_u16();
        let wait_s = http::wait_s(&response);
        let answer = http::json(response).await?;
        tracing::debug!(status, code = fault::code(&answer), "asked Feishu for a token");
        if fault::code(&answer) != Some(0) {
            let text = account.quote(fault::message(&answer));
            return Err(fault::classify(Failure { status, body: &answer, text: &text, wait_s }));
        }
        let token = answer["tenant_access_token"].as_str().filter(|token| !token.is_empty());
        let Some(token) = token else {
            return Err(Fault::Transport("an answer without a token came back".to_owned()));
        };
        let lifetime = Duration::from_secs(answer["expire"].as_u64().unwrap_or(SHORTEST_S));
        // One that ends sooner than it would be renewed is used for half of its time.
        let good_for = lifetime.checked_sub(RENEW_BEFORE).filter(|rest| !rest.is_zero()).unwrap_or(lifetime / 2);
        Ok((Arc::new(SecretString::from(token)), Instant::now() + good_for))
    }
}
