//! Answers over HTTP, read within bounds, and what goes wrong with them as faults.

use reqwest::Response;
use serde_json::Value;

use super::fault::Fault;
use crate::net;

/// No answer but a file is longer.
const MAX_ANSWER: usize = 4 << 20;

/// What went wrong on the way, without the address: that of a connection is a secret.
pub(super) fn transport(error: reqwest::Error) -> Fault {
    Fault::Transport(net::transport(error))
}

/// Reads the body as JSON; `Null` when it is none, which only Feishu's gateways do.
pub(super) async fn json(response: Response) -> Result<Value, Fault> {
    let bytes = net::body(response, MAX_ANSWER).await.map_err(Fault::Transport)?;
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

/// How long Feishu asks to wait, in seconds.
pub(super) fn wait_s(response: &Response) -> Option<u64> {
    ["x-ogw-ratelimit-reset", "retry-after"]
        .iter()
        .find_map(|name| response.headers().get(*name)?.to_str().ok()?.trim().parse().ok())
}
