//! What must never stand in a log, however much is logged and whatever goes wrong.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use adjutant::cli::setup::log_filter;
use adjutant::relay::feishu::api::Outgoing;
use adjutant::relay::feishu::api::Target;
use adjutant::relay::feishu::connection::Status;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::Rig;
use super::quick;
use crate::support::feishu::APP_SECRET;
use crate::support::feishu::Act;
use crate::support::feishu::USER;
use crate::support::feishu::code;
use crate::support::feishu::html;
use crate::support::feishu::pushes::message;
use crate::support::feishu::pushes::press;

/// What is secret: of the app, of a call, of a connection (twice), of a card.
const SECRETS: [&str; 5] =
    [APP_SECRET, "t-TokenOfTheTenant", "TicketOfAConnection", "KeyOfAConnection", "c-TokenOfACard"];

#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// An exchange with everything in it that has a secret, and everything that can go wrong with those.
async fn exchange() -> Vec<String> {
    let mut told = Vec::new();
    // A server that sends back what it was sent, to be quoted.
    let echo = |status: u16, number: i64| code(status, number, &format!("no {APP_SECRET}"));
    let echo_all =
        |status: u16, number: i64| code(status, number, &format!("no {APP_SECRET} and no t-TokenOfTheTenant00000001"));
    let mut rig = Rig::beginning(quick(), |feishu| {
        feishu.script("discovery", [echo(200, 1_000_040_345), html(502), Act::DropBefore]);
        feishu.script(
            "handshake",
            [
                Act::DropBefore,
                html(503),
                Act::Answer {
                    status: 400,
                    headers: vec![("handshake-status", "514".into()), ("handshake-msg", APP_SECRET.into())],
                    body: APP_SECRET.into(),
                },
            ],
        );
    })
    .await;
    let status = rig.status(|status| matches!(status, Status::Refused { .. })).await;
    told.push(format!("{status:?}"));
    rig.feishu.connected(1).await;
    let number = rig.feishu.push(&press("om_1", &json!({ "n": "9f2c" })));
    let push = rig.pushed().await;
    told.push(format!("{push:?}"));
    assert!(push.answer.done());
    rig.feishu.ack(number).await;
    let number = rig.feishu.push_parts(&message("om_2", "hello"), &[1, 0], 2);
    rig.message().await;
    rig.feishu.ack(number).await;
    let api = rig.api();
    rig.feishu.script("token", [echo(200, 10_014), Act::DropAfter, html(500)]);
    for _ in 0..3 {
        told.push(format!("{:?}", api.bot().await.unwrap_err()));
    }
    let failures = [
        echo_all(400, 230_001),
        echo_all(400, 77),
        echo_all(400, 99_991_672),
        html(502),
        Act::DropAfter,
        echo_all(400, 99_991_663),
    ];
    rig.feishu.script("send", failures);
    for n in 0..6 {
        let sent = api.send(&Target::Person(USER.into()), &Outgoing::Text("hi".into()), &format!("u{n}")).await;
        told.push(format!("{sent:?}"));
    }
    told.push(format!("{api:?} {:?}", rig.connection));
    rig.feishu.break_connection();
    rig.feishu.connected(2).await;
    told
}

#[tokio::test]
async fn no_secret_of_feishu_reaches_the_log_or_a_fault_at_the_highest_level() {
    let log = Log::default();
    let told = {
        let filter = log_filter("trace");
        let writer = log.clone();
        let _guard =
            tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).set_default();
        exchange().await
    };
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for expected in ["connected to Feishu", "Feishu refused a call", "LOG123", "no connection to Feishu"] {
        assert!(log.contains(expected), "the log was not kept: {expected} is not in it");
    }
    for secret in SECRETS {
        let line = log.lines().chain(told.iter().map(String::as_str)).find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} was told");
    }
}

#[tokio::test]
async fn without_the_filter_the_libraries_would_tell() {
    let log = Log::default();
    {
        let writer = log.clone();
        let filter = tracing_subscriber::EnvFilter::new("trace");
        let _guard =
            tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).set_default();
        exchange().await;
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    // If this ever fails, the libraries keep silent by themselves, and the filter may go.
    assert!(SECRETS.iter().any(|secret| log.contains(secret)));
}
