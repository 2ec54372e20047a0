//! Where Feishu is, and which addresses are safe to send a secret to.
//!
//! The app secret travels in the body of a call, and nothing in the long connection is signed: all there is
//! to trust is TLS. Without it only this machine itself is spoken to, for tests.

use url::Url;

use crate::net;

/// The settings' `base_url`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    url: Url,
}

impl Base {
    /// Takes a scheme and a host, and says of anything else what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let url = net::address(text)?;
        match url.path() {
            "/" => Ok(Self { url }),
            path => Err(format!("ends with {path}, which does not belong there")),
        }
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The address of a call: `path` begins with a slash, its parts are escaped already.
    pub fn call(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(path);
        url
    }

    /// The address that discovery named, as the HTTP address that a WebSocket begins as. Without encryption
    /// only this machine is spoken to, and only when the base is spoken to in that way. The error tells no more
    /// of it than its host.
    pub fn socket(&self, text: &str) -> Result<Url, String> {
        let unusable = || "Feishu named no usable address for the connection".to_owned();
        let mut url = Url::parse(text).map_err(|_| unusable())?;
        let host = url.host_str().ok_or_else(unusable)?;
        let is_plain = self.url.scheme() == "http";
        let scheme = match url.scheme() {
            "wss" => "https",
            "ws" if is_plain && net::is_this_machine(&url) => "http",
            scheme => {
                return Err(format!(
                    "Feishu named an address for the connection that is not encrypted: {scheme}://{host}"
                ));
            }
        };
        url.set_scheme(scheme).map_err(|()| unusable())?;
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clouds_and_this_machine_are_accepted() {
        for good in [
            "https://open.feishu.cn",
            "https://open.larksuite.com/",
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:9",
        ] {
            assert!(Base::new(good).is_ok(), "{good}");
        }
        let base = Base::new("https://open.feishu.cn").unwrap();
        assert_eq!(base.call("/open-apis/bot/v3/info").as_str(), "https://open.feishu.cn/open-apis/bot/v3/info");
    }

    #[test]
    fn what_would_send_the_secret_in_the_open_is_refused() {
        for bad in [
            "http://open.feishu.cn",
            "http://127.0.0.1.example.org",
            "http://127.0.0.2",
            "http://localhost.example.org",
            "http://2130706434",
            "ftp://open.feishu.cn",
            "ws://127.0.0.1",
            "https://user:pw@open.feishu.cn",
            "http://127.0.0.1@example.org",
            "https://open.feishu.cn/path",
            "https://open.feishu.cn?x=1",
            "https://",
            "open.feishu.cn",
            "",
            "file:///etc/passwd",
        ] {
            assert!(Base::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_connection_is_encrypted_wherever_the_calls_are() {
        let cloud = Base::new("https://open.feishu.cn").unwrap();
        assert_eq!(cloud.socket("wss://msg.feishu.cn/ws?a=b").unwrap().as_str(), "https://msg.feishu.cn/ws?a=b");
        for bad in ["ws://127.0.0.1/ws", "ws://msg.feishu.cn", "https://msg.feishu.cn", "", "wss:", "/ws"] {
            assert!(cloud.socket(bad).is_err(), "{bad}");
        }
        let here = Base::new("http://127.0.0.1:80").unwrap();
        assert_eq!(here.socket("ws://localhost:5/ws").unwrap().as_str(), "http://localhost:5/ws");
        assert!(here.socket("ws://msg.feishu.cn/ws").is_err());
    }

    #[test]
    fn an_error_tells_no_ticket() {
        let cloud = Base::new("https://open.feishu.cn").unwrap();
        let error = cloud.socket("ws://msg.feishu.cn/ws?ticket=s3cret&access_key=k3y").unwrap_err();
        assert!(!error.contains("s3cret") && !error.contains("k3y"), "{error}");
    }
}
