//! Accepting clients and serving them, each in tasks of its own.

use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use tokio::net::UnixListener;
use tokio::net::UnixStream;
use tokio_util::codec::Framed;
use tokio_util::sync::CancellationToken;

use super::frames::Frames;
use super::place;
use super::presence::Presence;
use super::protocol::Hello;
use super::protocol::PROTOCOL;
use super::protocol::Purpose;
use super::protocol::ToRunner;
use super::protocol::VERSION;
use super::protocol::Welcome;
use super::protocol::codec_of_runner;
use super::protocol::greeting_codec;
use super::protocol::pack;
use super::protocol::unpack;
use crate::link::Link;

/// Whoever connects and says nothing is sent away.
const GREETING_TIME: Duration = Duration::from_secs(10);
/// A listener that cannot accept tries again after this.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The socket, in place until it is dropped.
#[derive(Debug)]
pub struct Door {
    listener: UnixListener,
    path: PathBuf,
}

/// What is behind the door.
pub struct House {
    /// Gives a new client its link to the engine.
    pub connect: Box<dyn Fn() -> Link + Send + Sync>,
    /// Which configuration the engine works with.
    pub config: String,
    /// What whoever comes must know.
    pub trouble: Option<String>,
    /// Somebody wants the runner to end.
    pub quit: CancellationToken,
    pub presence: Presence,
}

impl std::fmt::Debug for House {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("House").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Door {
    /// Opens the socket of a data directory. The caller holds its lock, so a socket that is there already was
    /// left by a dead process.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let path = place::socket(data_dir);
        place::prepare_folder(&path)?;
        remove_stale(&path)?;
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Serves clients until the house is left.
    pub async fn serve(&self, house: Arc<House>) {
        loop {
            let accepted = tokio::select! {
                () = house.quit.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => drop(tokio::spawn(guest(stream, Arc::clone(&house)))),
                Err(error) => {
                    tracing::warn!(%error, "a client could not be let in");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Removes the socket of a dead process. What is no socket was put there by somebody, and stays.
fn remove_stale(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(meta) if meta.file_type().is_socket() => std::fs::remove_file(path),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!("{} is in the way of the socket, and is none: move it away", path.display()),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Gone already when the data directory is.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn guest(stream: UnixStream, house: Arc<House>) {
    if let Err(error) = receive(stream, &house).await {
        tracing::debug!(%error, "a client left");
    }
}

/// Whether the process at the other end belongs to the same user, or to the system's own.
fn is_ours(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::getuid().as_raw() || peer.uid() == 0)
}

async fn receive(stream: UnixStream, house: &House) -> io::Result<()> {
    if !is_ours(&stream) {
        tracing::warn!("somebody else tried to connect");
        return Ok(());
    }
    let mut greeting = Framed::new(stream, greeting_codec());
    let Ok(Some(first)) = tokio::time::timeout(GREETING_TIME, greeting.next()).await else { return Ok(()) };
    let hello: Hello = unpack(&first?)?;
    let mut welcome = Welcome {
        protocol: PROTOCOL,
        version: VERSION.into(),
        pid: std::process::id(),
        config: house.config.clone(),
        trouble: house.trouble.clone(),
        left: house.presence.left(),
        refused: None,
    };
    // A client of any version may end the runner: that is how one gets from an old version to a new one.
    if hello.purpose != Purpose::Stop && hello.protocol != PROTOCOL {
        welcome.refused = Some(format!("it is adjutant {VERSION}, and you are adjutant {}", hello.version));
    }
    let is_refused = welcome.refused.is_some();
    greeting.send(pack(&welcome)?).await?;
    if is_refused {
        return Ok(());
    }
    match hello.purpose {
        Purpose::Attach | Purpose::Verb => {
            let _present = house.presence.enter(hello.purpose == Purpose::Attach);
            serve(greeting.map_codec(|_| codec_of_runner()), house).await
        }
        Purpose::Stop => {
            house.quit.cancel();
            // The client waits for the end of the connection, which comes with the end of the process.
            while greeting.next().await.is_some() {}
            Ok(())
        }
    }
}

/// Carries orders in and updates out. A client that does not read holds up only its own link, which the
/// engine passes over.
async fn serve(framed: Framed<UnixStream, Frames>, house: &House) -> io::Result<()> {
    let (mut sink, mut stream) = framed.split();
    let mut link = (house.connect)();
    let orders = link.orders();
    let inwards = async {
        while let Some(frame) = stream.next().await {
            let sent = match unpack(&frame?)? {
                ToRunner::Command(command) => orders.command(command).await,
                ToRunner::History { session, before } => orders.history(session, before).await,
                ToRunner::Phone(wish) => orders.phone(wish).await,
                ToRunner::Hooks(wish) => orders.hooks(wish).await,
                ToRunner::Key => orders.key().await,
            };
            if sent.is_err() {
                break;
            }
        }
        Ok::<(), io::Error>(())
    };
    let outwards = async {
        while let Some(update) = link.recv().await {
            sink.send(pack(&update)?).await?;
        }
        Ok::<(), io::Error>(())
    };
    tokio::select! {
        done = inwards => done,
        done = outwards => done,
    }
}
