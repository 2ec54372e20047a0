//! The app: its id, its secret, and the way to Feishu. Calls and the long connection share one.

use std::sync::Arc;

use reqwest::Client;

use super::address::Base;
use super::fault;
use super::fault::Fault;
use super::secret::ExposeSecret as _;
use super::secret::SecretString;
use crate::net;
use crate::redact::Redactor;

#[derive(Debug)]
pub struct Account {
    pub(super) app_id: String,
    pub(super) secret: SecretString,
    pub(super) base: Base,
    pub(super) http: Client,
}

impl Account {
    /// Fails only with a [`Fault::Configuration`].
    pub fn new(app_id: impl Into<String>, secret: SecretString, base_url: &str) -> Result<Arc<Self>, Fault> {
        let base =
            Base::new(base_url).map_err(|error| Fault::Configuration(format!("[relay.feishu] base_url {error}")))?;
        let http = net::client(base.url()).map_err(Fault::Configuration)?;
        Ok(Arc::new(Self { app_id: app_id.into(), secret, base, http }))
    }

    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// What Feishu says, in case it sends back what is ours alone.
    pub(super) fn quote(&self, text: &str) -> String {
        fault::quote(text, &Redactor::new([self.secret.expose_secret().to_owned()]))
    }
}
