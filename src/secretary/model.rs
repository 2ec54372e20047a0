//! Chat completions, as OpenAI's and everybody else's endpoints understand them.

use std::time::Duration;

use reqwest::Client;
use secrecy::ExposeSecret as _;
use secrecy::SecretString;
use serde_json::Value;
use serde_json::json;
use url::Url;

use crate::config::Secretary;
use crate::net;

/// From the question to the whole answer.
const ANSWER_TIME: Duration = Duration::from_mins(1);
/// No answer is longer.
const MAX_ANSWER: usize = 1 << 20;

/// A model that answers.
#[derive(Debug)]
pub struct Model {
    client: Client,
    url: Url,
    key: Option<SecretString>,
    name: String,
}

impl Model {
    /// The configured model; `None` when there is none, an error when it cannot be used. `inherited` looks up a
    /// variable of the environment.
    pub fn of(config: &Secretary, inherited: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let (Some(base), Some(name)) = (&config.base_url, &config.model) else { return Ok(None) };
        let mut url = net::address(base).map_err(|why| format!("[secretary] base_url: {why}"))?;
        let client = net::client(&url)?;
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(["chat", "completions"]);
        }
        let key = match &config.api_key_env {
            None => None,
            Some(variable) => {
                let value = inherited(variable).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
                let why =
                    || format!("the environment variable {variable}, which [secretary] api_key_env names, is not set");
                Some(SecretString::from(value.ok_or_else(why)?))
            }
        };
        Ok(Some(Self { client, url, key, name: name.clone() }))
    }

    /// Asks one question.
    pub async fn ask(&self, task: &str, text: &str) -> Result<String, String> {
        let body = json!({
            "model": self.name,
            "messages": [{"role": "system", "content": task}, {"role": "user", "content": text}],
        });
        let mut request = self.client.post(self.url.clone()).json(&body).timeout(ANSWER_TIME);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose_secret());
        }
        let response = request.send().await.map_err(net::transport)?;
        let status = response.status();
        let bytes = net::body(response, MAX_ANSWER).await?;
        let answer: Value = serde_json::from_slice(&bytes).map_err(|_| format!("its answer ({status}) is no JSON"))?;
        if !status.is_success() {
            let said = answer.pointer("/error/message").and_then(Value::as_str).unwrap_or("it did not say why");
            return Err(format!("it refused ({status}): {}", said.chars().take(300).collect::<String>()));
        }
        let content = answer.pointer("/choices/0/message/content").and_then(Value::as_str);
        content.map(str::to_owned).ok_or_else(|| "its answer holds no message".to_owned())
    }
}
