//! HTTP to the outside: TLS checked as the system does, no redirects, no secret in the open.
//!
//! **For:** whatever calls out. **Not for:** what is said there. Invariants: without encryption only this machine
//! itself is spoken to; an error never tells more of an address than its host.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::Response;
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;
use url::Host;
use url::Url;

/// Connecting to anything.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// An address that a key may be sent to, or what is wrong with it.
pub fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|_| "is no address such as https://example.org/v1".to_owned())?;
    let Some(host) = url.host_str() else { return Err("names no host".to_owned()) };
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("has a user, a question mark or a # in it, which do not belong there".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        scheme => {
            Err(format!("{scheme}://{host} is not encrypted: the key would be readable on the way; use https://"))
        }
    }
}

/// Whether the address is one of this machine's own, whatever a name server says.
pub fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        None => false,
    }
}

/// A client for calls to this address; a proxy of the environment is used, but never towards this machine.
pub fn client(url: &Url) -> Result<Client, String> {
    let mut builder = Client::builder()
        // A redirect would carry the key to wherever it points.
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIME)
        .user_agent(concat!("adjutant/", env!("CARGO_PKG_VERSION")))
        .http1_only();
    if is_this_machine(url) {
        builder = builder.no_proxy();
    }
    builder.tls_backend_preconfigured(tls()?).build().map_err(|error| unusable(&error))
}

fn tls() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| unusable(&error))?;
    let builder = builder.with_platform_verifier().map_err(|error| unusable(&error))?;
    Ok(builder.with_no_client_auth())
}

fn unusable(error: &dyn std::error::Error) -> String {
    format!(
        "encrypted connections cannot be made on this machine ({error}): install its CA certificates (the package \
         ca-certificates)"
    )
}

/// The body of an answer, when it is not longer than that.
pub async fn body(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(more) = response.chunk().await.map_err(transport)? {
        if bytes.len() + more.len() > max_bytes {
            return Err(format!("an answer of more than {max_bytes} bytes came back"));
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

/// What went wrong on the way, without the address.
pub fn transport(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return "it did not answer in time".to_owned();
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_nowhere_in_the_open() {
        for good in ["https://api.openai.com/v1", "http://127.0.0.1:11434/v1", "http://localhost/", "http://[::1]:8/v1"]
        {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.openai.com/v1",
            "http://127.0.0.1.example.org",
            "http://localhost.example.org",
            "http://2130706433.example.org",
            "https://me:pw@example.org",
            "https://example.org/?key=s3cret",
            "example.org",
            "",
            "file:///etc/passwd",
        ] {
            let why = address(bad).unwrap_err();
            assert!(!why.contains("s3cret") && !why.contains("pw"), "{why}");
        }
    }
}
