//! Where to connect to: asked anew for each connection.

use std::time::Duration;

use reqwest::Url;
use serde_json::Value;
use serde_json::json;

use super::Trouble;
use crate::relay::feishu::account::Account;
use crate::relay::feishu::fault;
use crate::relay::feishu::http;
use crate::relay::feishu::secret::ExposeSecret as _;

const PATH: &str = "/callback/ws/endpoint";

/// A place to connect to.
pub(super) struct Found {
    /// For one connection; a credential.
    pub(super) url: Url,
    pub(super) device_id: String,
    /// Stands in every frame that we begin.
    pub(super) service_id: i32,
    pub(super) config: ClientConfig,
}

/// What the server asks of its clients, as far as we listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ClientConfig {
    pub(super) ping: Option<Duration>,
    /// How far apart attempts to connect should be at most.
    pub(super) reconnect: Option<Duration>,
}

impl ClientConfig {
    /// Reads it leniently: what is absent or strange is not asked.
    pub(super) fn read(value: &Value) -> Self {
        let seconds = |name: &str| value[name].as_u64().filter(|s| *s > 0).map(Duration::from_secs);
        Self { ping: seconds("PingInterval"), reconnect: seconds("ReconnectInterval") }
    }
}

/// Asks where to connect to.
pub(super) async fn find(account: &Account, patience: Duration) -> Result<Found, Trouble> {
    let body = json!({ "AppID": account.app_id, "AppSecret": account.secret.expose_secret() });
    let request = account.http.post(account.base.call(PATH)).header("locale", "zh").json(&body).timeout(patience);
    let passing = |fault: fault::Fault| Trouble::Passing(fault.to_string());
    let response = request.send().await.map_err(http::transport).map_err(passing)?;
    let status = response.status().as_u16();
    let answer = http::json(response).await.map_err(passing)?;
    tracing::debug!(status, code = fault::code(&answer), "asked Feishu where to connect to");
    match fault::code(&answer) {
        Some(0) if status == 200 => found(account, &answer["data"]),
        Some(code) => Err(trouble(code, &account.quote(fault::message(&answer)))),
        None => Err(Trouble::Passing(format!("Feishu answered with status {status} and nothing that can be read"))),
    }
}

fn found(account: &Account, data: &Value) -> Result<Found, Trouble> {
    let address = data["URL"].as_str().unwrap_or_default();
    let url = account.base.socket(address).map_err(Trouble::Passing)?;
    let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let Some(service_id) = value("service_id").and_then(|id| id.parse().ok()) else {
        return Err(Trouble::Passing("Feishu named an address for the connection without its service_id".to_owned()));
    };
    let device_id = value("device_id").unwrap_or_default();
    let device_id = device_id.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    Ok(Found { url, device_id, service_id, config: ClientConfig::read(&data["ClientConfig"]) })
}

/// What a code means. The secret may be right for some of them, so they are tried again all the same.
fn trouble(code: i64, text: &str) -> Trouble {
    let refused =
        |advice: &str| Trouble::Refused(format!("Feishu refuses the connection: {text} (code {code}); {advice}"));
    match code {
        1_000_040_344 | 1_000_040_345 | 1_000_040_351 | 10_003 | 10_012 | 10_014 | 10_015 => refused(
            "compare app_id and the app secret with the developer console, under Credentials, and see that a version \
             of the app is published",
        ),
        1_000_040_350 => {
            refused("more than 50 connections of this app are open: use an app of its own for this machine")
        }
        _ => Trouble::Passing(format!("Feishu is not ready: {text} (code {code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_asks_is_read_leniently() {
        let config = ClientConfig::read(&json!({ "PingInterval": 90, "ReconnectInterval": 120, "ReconnectCount": 1 }));
        assert_eq!(
            config,
            ClientConfig { ping: Some(Duration::from_secs(90)), reconnect: Some(Duration::from_mins(2)) }
        );
        for strange in [
            Value::Null,
            json!(3),
            json!({ "PingInterval": "x", "ReconnectInterval": -1 }),
            json!({ "PingInterval": 0 }),
        ] {
            assert_eq!(ClientConfig::read(&strange), ClientConfig::default());
        }
    }

    #[test]
    fn a_wrong_secret_is_for_a_person_and_a_busy_server_is_not() {
        for code in [1_000_040_344, 1_000_040_345, 1_000_040_350, 1_000_040_351] {
            assert!(matches!(trouble(code, "x"), Trouble::Refused(_)), "{code}");
        }
        for code in [1, 1_000_040_343, 7] {
            assert!(matches!(trouble(code, "x"), Trouble::Passing(_)), "{code}");
        }
    }
}
