//! The way that real traffic takes: TLS, by a proxy of the environment. The environment cannot be changed in a
//! process with other tests in it, so the client is a process of its own: this binary, with one test to run.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use adjutant::relay::feishu::account::Account;
use adjutant::relay::feishu::api::Api;
use adjutant::relay::feishu::api::Outgoing;
use adjutant::relay::feishu::api::Target;
use adjutant::relay::feishu::connection;
use adjutant::relay::feishu::connection::Status;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_util::sync::CancellationToken;

use super::PATIENCE;
use super::quick;
use crate::support::feishu::APP_ID;
use crate::support::feishu::APP_SECRET;
use crate::support::feishu::Feishu;
use crate::support::feishu::USER;
use crate::support::feishu::pushes::message;

/// A name that no name server knows: it is reached by the proxy or not at all.
const HOST: &str = "feishu.test";
/// Tells the client's process what to do.
const ROLE: &str = "ADJUTANT_TEST_ENCRYPTED";

/// A proxy that answers for the host itself, with this certificate, and leads to the stand-in.
async fn proxy(feishu: &Feishu, folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(vec![HOST.to_owned()]).unwrap();
    std::fs::write(folder.join("ca.pem"), made.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let behind = feishu.url.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move { tunnel(client, acceptor, &behind).await });
        }
    });
    url
}

async fn tunnel(mut client: TcpStream, acceptor: TlsAcceptor, behind: &str) -> Option<()> {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        asked.push(client.read_u8().await.ok()?);
    }
    if !asked.starts_with(format!("CONNECT {HOST}:443 ").as_bytes()) {
        return None;
    }
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
    let mut client = acceptor.accept(client).await.ok()?;
    let mut server = TcpStream::connect(behind).await.ok()?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}

fn client(role: &str, proxy: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["relay::encrypted::the_client", "--exact", "--nocapture"]).env(ROLE, role).env("HTTPS_PROXY", proxy);
    for name in ["https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn ended(client: Child) -> String {
    let output = tokio::time::timeout(PATIENCE, client.wait_with_output()).await.expect("it does not end").unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

#[tokio::test]
async fn everything_works_over_tls_and_a_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let feishu = Feishu::start_as(Some(&format!("https://{HOST}"))).await;
    let proxy = proxy(&feishu, folder.path()).await;
    let client = client("works", &proxy).env("SSL_CERT_FILE", folder.path().join("ca.pem")).spawn().unwrap();
    feishu.connected(1).await;
    let number = feishu.push(&message("om_1", "over TLS"));
    assert_eq!(feishu.ack(number).await.code, 200);
    feishu.break_connection();
    ended(client).await;
    assert_eq!(feishu.taken()[0].content["text"], "om_1");
}

#[tokio::test]
async fn who_cannot_prove_to_be_feishu_gets_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let feishu = Feishu::start_as(Some(&format!("https://{HOST}"))).await;
    let proxy = proxy(&feishu, folder.path()).await;
    // Nobody vouches for this certificate.
    let said = ended(client("refuses", &proxy).spawn().unwrap()).await;
    assert!(said.contains("certificate"), "{said}");
    assert_eq!(feishu.with(|state| state.seen.len()), 0);
}

/// No test of its own: what the two above run in another process.
#[tokio::test]
async fn the_client() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let account = Account::new(APP_ID, APP_SECRET.into(), &format!("https://{HOST}")).unwrap();
    let cancel = CancellationToken::new();
    let mut connection = connection::start(Arc::clone(&account), quick(), cancel.clone());
    let failed = |status: &Status| matches!(status, Status::Connecting { last_error: Some(_), .. });
    if role == "refuses" {
        let status = connection.status.wait_for(failed).await.unwrap().clone();
        eprintln!("{status:?} {:?}", Api::new(account).bot().await.unwrap_err());
        return;
    }
    let push = connection.pushes.recv().await.unwrap();
    let adjutant::relay::feishu::event::Event::Message(message) = push.event else { panic!("{:?}", push.event) };
    let api = Api::new(account);
    api.send(&Target::Person(USER.into()), &Outgoing::Text(message.message_id), "u1").await.unwrap();
    assert!(push.answer.done());
    // The answer is on its way; it is over when the other end says so.
    connection.status.wait_for(failed).await.unwrap();
    cancel.cancel();
}
