//! A client's side of the socket.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use tokio::net::UnixStream;
use tokio_util::codec::Framed;

use super::frames::Frames;
use super::place;
use super::protocol::Hello;
use super::protocol::PROTOCOL;
use super::protocol::Purpose;
use super::protocol::ToClient;
use super::protocol::ToRunner;
use super::protocol::VERSION;
use super::protocol::Welcome;
use super::protocol::codec_of_client;
use super::protocol::greeting_codec;
use super::protocol::pack;
use super::protocol::unpack;
use crate::link;
use crate::link::Link;
use crate::link::Order;

/// A runner that is alive greets within this.
const GREETING_TIME: Duration = Duration::from_secs(10);

type Greeting = Framed<UnixStream, Frames>;

/// Why a client does not get to a runner.
#[derive(Debug, thiserror::Error)]
pub enum NotConnected {
    #[error("no runner is at work on {}", .0.display())]
    NoRunner(PathBuf),
    #[error(
        "the runner at work (process {pid}) does not let this adjutant in: {why}; `adjutant stop` ends it, its \
         sessions come back with the next `adjutant`"
    )]
    Refused { pid: u32, why: String },
    #[error("the socket {} belongs to somebody else", .0.display())]
    NotOurs(PathBuf),
    #[error("the runner at {} does not answer: {error}", path.display())]
    Silent { path: PathBuf, error: io::Error },
}

/// Connects to the runner of a data directory: as a terminal, or as a verb.
pub async fn connect(data_dir: &Path, purpose: Purpose) -> Result<(Link, Welcome), NotConnected> {
    let path = place::socket(data_dir);
    let (greeting, welcome) = greet(data_dir, &path, purpose).await?;
    let (link, mut orders, updates) = link::remote();
    let (mut sink, mut stream) = greeting.map_codec(|_| codec_of_client()).split();
    tokio::spawn(async move {
        while let Some(order) = orders.recv().await {
            let frame = match order {
                Order::Command(command) => ToRunner::Command(command),
                Order::History { session, before, .. } => ToRunner::History { session, before },
                Order::Phone(wish) => ToRunner::Phone(wish),
                Order::Hooks { wish, .. } => ToRunner::Hooks(wish),
                Order::Key => ToRunner::Key,
            };
            let Ok(frame) = pack(&frame) else { continue };
            if sink.send(frame).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some(Ok(frame)) = stream.next().await {
            match unpack::<ToClient>(&frame) {
                Ok(update) => {
                    if updates.send(update).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the runner sent what cannot be read");
                    return;
                }
            }
        }
    });
    Ok((link, welcome))
}

/// Asks the runner to end, and returns when it has: with its process id.
pub async fn stop(data_dir: &Path) -> Result<u32, NotConnected> {
    let path = place::socket(data_dir);
    let (mut greeting, welcome) = greet(data_dir, &path, Purpose::Stop).await?;
    while let Some(Ok(_)) = greeting.next().await {}
    Ok(welcome.pid)
}

async fn greet(data_dir: &Path, path: &Path, purpose: Purpose) -> Result<(Greeting, Welcome), NotConnected> {
    let silent = |error| NotConnected::Silent { path: path.to_owned(), error };
    let stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Err(NotConnected::NoRunner(data_dir.to_owned()));
        }
        Err(error) => return Err(silent(error)),
    };
    // Whoever put a socket there for us to talk to would learn all there is to learn.
    if stream.peer_cred().map_err(silent)?.uid() != rustix::process::getuid().as_raw() {
        return Err(NotConnected::NotOurs(path.to_owned()));
    }
    let mut greeting = Framed::new(stream, greeting_codec());
    let exchange = async {
        greeting.send(pack(&Hello::new(purpose))?).await?;
        match greeting.next().await {
            Some(frame) => unpack::<Welcome>(&frame?),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    };
    let welcome = match tokio::time::timeout(GREETING_TIME, exchange).await {
        Ok(welcome) => welcome.map_err(silent)?,
        Err(_) => return Err(silent(io::ErrorKind::TimedOut.into())),
    };
    let why = welcome.refused.clone().or_else(|| {
        let is_other = purpose != Purpose::Stop && welcome.protocol != PROTOCOL;
        is_other.then(|| format!("it is adjutant {}, and this is adjutant {VERSION}", welcome.version))
    });
    match why {
        Some(why) => Err(NotConnected::Refused { pid: welcome.pid, why }),
        None => Ok((greeting, welcome)),
    }
}
