//! HTTP as all of this needs it: TLS checked as the system does, no redirects, nothing unbounded.
//!
//! Proxies are taken from the environment (`HTTPS_PROXY`, `NO_PROXY`), for the long connection too, because it
//! begins as a call of this client; a stand-in on this machine is never reached through one.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::Response;
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde_json::Value;

use super::address::Base;
use super::fault::Fault;

/// Connecting to anything.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// No answer but a file is longer.
pub(super) const MAX_ANSWER: usize = 4 << 20;

/// A client for everything that goes to this base.
pub(super) fn client(base: &Base) -> Result<Client, Fault> {
    let mut builder = Client::builder()
        // A redirect would carry the app secret to wherever it points.
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIME)
        .user_agent(concat!("adjutant/", env!("CARGO_PKG_VERSION")))
        .http1_only();
    if base.is_plain() {
        builder = builder.no_proxy();
    }
    builder.tls_backend_preconfigured(tls()?).build().map_err(|error| unusable(&error))
}

fn tls() -> Result<ClientConfig, Fault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| unusable(&error))?;
    let builder = builder.with_platform_verifier().map_err(|error| unusable(&error))?;
    Ok(builder.with_no_client_auth())
}

fn unusable(error: &dyn std::error::Error) -> Fault {
    Fault::Configuration(format!(
        "encrypted connections cannot be made on this machine ({error}): install its CA certificates (the package \
         ca-certificates)"
    ))
}

/// What went wrong on the way, without the address: that of a connection is a secret.
pub(super) fn transport(error: reqwest::Error) -> Fault {
    let error = error.without_url();
    if error.is_timeout() {
        return Fault::Transport("it did not answer in time".to_owned());
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    Fault::Transport(text)
}

/// Reads the body as JSON; `Null` when it is none, which only Feishu's gateways do.
pub(super) async fn json(response: Response) -> Result<Value, Fault> {
    let bytes = body(response).await?;
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn body(mut response: Response) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(more) = response.chunk().await.map_err(transport)? {
        if bytes.len() + more.len() > MAX_ANSWER {
            return Err(Fault::Transport(format!("an answer of more than {MAX_ANSWER} bytes came back")));
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

/// How long Feishu asks to wait, in seconds.
pub(super) fn wait_s(response: &Response) -> Option<u64> {
    ["x-ogw-ratelimit-reset", "retry-after"]
        .iter()
        .find_map(|name| response.headers().get(*name)?.to_str().ok()?.trim().parse().ok())
}
