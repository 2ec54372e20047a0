//! The beginning of a connection: a call that becomes a WebSocket.
//!
//! It is made by the client of all other calls, so that TLS is checked in one way and proxies are obeyed. The
//! address stands in no error: it is a credential.

use std::time::Duration;

use reqwest::Response;
use reqwest::StatusCode;
use reqwest::Upgraded;
use reqwest::Url;
use reqwest::header::CONNECTION;
use reqwest::header::SEC_WEBSOCKET_ACCEPT;
use reqwest::header::SEC_WEBSOCKET_KEY;
use reqwest::header::SEC_WEBSOCKET_VERSION;
use reqwest::header::UPGRADE;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::Trouble;
use crate::relay::feishu::account::Account;
use crate::relay::feishu::chunks::MAX_BYTES;
use crate::relay::feishu::http;

/// No part of a message is longer; a little more for what is around it.
const MAX_MESSAGE: usize = MAX_BYTES + 64 * 1024;
/// `Handshake-Status`: not let in.
const AUTH_FAILED: u16 = 514;
/// `Handshake-Status`: banned.
const FORBIDDEN: u16 = 403;
/// `Handshake-Autherrcode`: too many connections of this app.
const TOO_MANY: &str = "1000040350";

pub(super) type Socket = WebSocketStream<Upgraded>;

pub(super) async fn open(account: &Account, url: Url, patience: Duration) -> Result<Socket, Trouble> {
    match tokio::time::timeout(patience, upgrade(account, url)).await {
        Ok(opened) => opened,
        Err(_) => Err(Trouble::Passing("Feishu did not open the connection in time".to_owned())),
    }
}

async fn upgrade(account: &Account, url: Url) -> Result<Socket, Trouble> {
    let passing = |error| Trouble::Passing(http::transport(error).to_string());
    let key = generate_key();
    let request = account
        .http
        .get(url)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, &key);
    let response = request.send().await.map_err(passing)?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(refusal(account, &response));
    }
    if header(&response, SEC_WEBSOCKET_ACCEPT.as_str()) != Some(&derive_accept_key(key.as_bytes())) {
        return Err(Trouble::Passing("what answered in Feishu's place speaks no WebSocket".to_owned()));
    }
    let upgraded = response.upgrade().await.map_err(passing)?;
    let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// Why it was not let in: Feishu says so in headers; the status counts when it does not.
fn refusal(account: &Account, response: &Response) -> Trouble {
    let status = header(response, "Handshake-Status").and_then(|status| status.trim().parse().ok());
    let status = status.unwrap_or_else(|| response.status().as_u16());
    let text = header(response, "Handshake-Msg").unwrap_or("no reason given");
    let text = account.quote(text);
    match (status, header(response, "Handshake-Autherrcode").map(str::trim)) {
        (AUTH_FAILED, Some(TOO_MANY)) => Trouble::Refused(format!(
            "Feishu refuses the connection: {text}; more than 50 connections of this app are open: use an app of its own \
             for this machine"
        )),
        (FORBIDDEN, _) => Trouble::Refused(format!(
            "Feishu has banned this app from connecting: {text}; look at its state in the developer console"
        )),
        _ => Trouble::Passing(format!("Feishu did not let the connection in: {text} (status {status})")),
    }
}
