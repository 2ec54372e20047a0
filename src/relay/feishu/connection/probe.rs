//! One short connection, to see whether it can be.
//!
//! Feishu gives each push to one connection of an app only: what it gives to this one is not answered, so that an
//! event is pushed again. It lasts no longer than one ping takes.

use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use tokio_tungstenite::tungstenite::Message;

use super::Timing;
use super::Trouble;
use super::discovery;
use super::handshake;
use crate::relay::feishu::account::Account;
use crate::relay::feishu::frame;
use crate::relay::feishu::frame::Frame;

/// How far a connection came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    Nothing,
    /// Feishu told where to connect to.
    Discovery,
    /// It let the connection in.
    Opened,
    /// It answered a ping.
    Pong,
}

/// Why it came no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    pub why: String,
    /// A person must change something; what, it says.
    pub is_refused: bool,
}

impl From<Trouble> for Stopped {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Passing(why) => Self { why, is_refused: false },
            Trouble::Refused(why) => Self { why, is_refused: true },
        }
    }
}

/// Connects, pings once, and closes.
pub async fn probe(account: &Account, timing: &Timing) -> (Reached, Option<Stopped>) {
    let found = match discovery::find(account, timing.handshake).await {
        Ok(found) => found,
        Err(trouble) => return (Reached::Nothing, Some(trouble.into())),
    };
    let mut socket = match handshake::open(account, found.url, timing.handshake).await {
        Ok(socket) => socket,
        Err(trouble) => return (Reached::Discovery, Some(trouble.into())),
    };
    let pong = tokio::time::timeout(timing.sign_of_life, pong(&mut socket, found.service_id)).await;
    let stopped = match pong {
        Ok(Ok(())) => None,
        Ok(Err(why)) => Some(Stopped { why, is_refused: false }),
        Err(_) => {
            let why = format!("no answer came to a ping within {} s", timing.sign_of_life.as_secs());
            Some(Stopped { why, is_refused: false })
        }
    };
    // Whether it hears of our leaving changes nothing.
    let _ = tokio::time::timeout(timing.handshake, socket.close(None)).await;
    (if stopped.is_none() { Reached::Pong } else { Reached::Opened }, stopped)
}

async fn pong(socket: &mut handshake::Socket, service_id: i32) -> Result<(), String> {
    let broke = |error| format!("the connection broke: {error}");
    socket.send(Message::binary(Frame::ping(service_id).bytes())).await.map_err(broke)?;
    while let Some(message) = socket.next().await {
        let Message::Binary(bytes) = message.map_err(broke)? else { continue };
        let is_pong = |frame: Frame| frame.method == frame::CONTROL && frame.header(frame::TYPE) == Some("pong");
        if Frame::read(&bytes).is_ok_and(is_pong) {
            return Ok(());
        }
    }
    Err("Feishu closed the connection".to_owned())
}
