//! A real tmux: as a terminal that is fed bytes, and as the terminal that the program runs in.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

/// When set, a missing tmux is a failure.
const REQUIRED: &str = "ADJUTANT_REQUIRE_TMUX";
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether there is a tmux; says so if not.
pub fn is_there() -> bool {
    let there = Command::new("tmux").arg("-V").output().is_ok_and(|output| output.status.success());
    assert!(there || std::env::var_os(REQUIRED).is_none(), "no tmux, and {REQUIRED} is set");
    if !there {
        eprintln!("skipped: there is no tmux on this machine");
    }
    there
}

/// A server with one window, until it is dropped.
pub struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    /// Starts it with this program in its window. Its socket goes into the folder.
    pub fn start<A: AsRef<OsStr>>(folder: &Path, size: (u16, u16), program: &[A]) -> Self {
        let tmux = Self { socket: folder.join("tmux.sock") };
        let (width, height) = (size.0.to_string(), size.1.to_string());
        let new = ["new-session", "-d", "-x", &width, "-y", &height].map(OsStr::new);
        tmux.ask(&[&new[..], &program.iter().map(AsRef::as_ref).collect::<Vec<_>>()].concat());
        // The line at the bottom goes, and the window gets its row.
        tmux.ask(&["set", "-g", "status", "off"]);
        tmux.resize(size.0, size.1);
        tmux
    }

    fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(&self.socket).args(["-f", "/dev/null", "-u"]).args(arguments);
        command.env_remove("TMUX").env("LANG", "C.UTF-8").env("LC_ALL", "C.UTF-8");
        command
    }

    pub fn ask<A: AsRef<OsStr>>(&self, arguments: &[A]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn resize(&self, width: u16, height: u16) {
        self.ask(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    /// What stands in the window.
    pub fn rows(&self) -> Vec<String> {
        self.ask(&["capture-pane", "-p"]).lines().map(str::to_owned).collect()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).output();
    }
}

/// A window that shows what is fed to it.
pub struct Show {
    tmux: Tmux,
    pipe: std::fs::File,
    n_fed: usize,
    /// Of the socket and the pipe.
    _folder: tempfile::TempDir,
}

impl Show {
    pub fn start(width: u16, height: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("bytes");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let show = format!("stty raw -echo; exec cat '{}'", fifo.display());
        let tmux = Tmux::start(folder.path(), (width, height), &[&show]);
        let pipe = std::fs::OpenOptions::new().write(true).open(fifo).unwrap();
        Self { tmux, pipe, n_fed: 0, _folder: folder }
    }

    pub fn resize(&self, width: u16, height: u16) {
        self.tmux.resize(width, height);
    }

    /// Feeds bytes and waits until they are on the screen.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.n_fed += 1;
        let mark = format!("fed-{}", self.n_fed);
        self.pipe.write_all(bytes).unwrap();
        self.pipe.write_all(format!("\x1b]2;{mark}\x07").as_bytes()).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while self.tmux.ask(&["display-message", "-p", "#{pane_title}"]).trim() != mark {
            assert!(Instant::now() < deadline, "tmux does not take what it is fed");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The rows, each from its column of these on; their first columns are gone afterwards.
    pub fn rows_from(&mut self, columns: &[u16]) -> Vec<String> {
        let cut = |(y, x): (usize, &u16)| if *x == 0 { String::new() } else { format!("\x1b[{};1H\x1b[{x}P", y + 1) };
        let cuts: Vec<_> = columns.iter().enumerate().map(cut).collect();
        self.feed(cuts.concat().as_bytes());
        self.tmux.rows()
    }
}
