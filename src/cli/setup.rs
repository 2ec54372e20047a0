//! What every verb needs: places, configuration, log, engine.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use tracing_appender::non_blocking::NonBlocking;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::RollingFileAppender;
use tracing_appender::rolling::Rotation;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::Global;
use super::exit;
use crate::config;
use crate::config::Config;
use crate::config::places::Places;
use crate::disk;
use crate::redact::Redactor;
use crate::relay::feishu::secret;
use crate::relay::feishu::secret::ExposeSecret as _;
use crate::relay::feishu::secret::NoSecret;
use crate::relay::feishu::secret::SecretString;
use crate::tui::input::keymap::Keymap;

/// A reason not to go on: the sentence for the person, and the exit code.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Stop {
    pub text: String,
    pub code: u8,
}

impl Stop {
    pub fn usage(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: exit::USAGE }
    }

    pub fn failed(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: exit::FAILED }
    }
}

/// The ground everything stands on.
#[derive(Debug)]
pub struct Ground {
    pub places: Places,
    pub config: Arc<Config>,
    pub keymap: Keymap,
    /// Knows the secrets of the environment and of the profiles.
    pub redactor: Arc<Redactor>,
    /// Flushes the log when it is dropped.
    _log: Option<WorkerGuard>,
}

/// Where the configuration and the data are.
pub fn places(global: &Global) -> Result<Places, Stop> {
    Places::find(global.config.clone(), global.data_dir.clone()).map_err(Stop::usage)
}

/// Finds the places, reads the configuration, opens the log. All mistakes of the configuration, those in
/// `[keys]` too, are told at once.
pub fn ground(global: &Global) -> Result<Ground, Stop> {
    let places = places(global)?;
    places.check().map_err(|error| Stop::usage(error.to_string()))?;
    let (config, keymap) = read_config(&places).map_err(|error| Stop::usage(error.to_string()))?;
    let redactor = Arc::new(redactor(&config, &places.config_file));
    let log = open_log(&places, &config, &redactor);
    Ok(Ground { places, config: Arc::new(config), keymap, redactor, _log: log })
}

/// The configuration and the keymap in it, or everything that is wrong with both.
pub fn read_config(places: &Places) -> Result<(Config, Keymap), config::ConfigError> {
    let mut keymap = Keymap::default();
    let mut config = config::load(&places.config_file, places.config_named, |lines| match Keymap::resolve(lines) {
        Ok(resolved) => {
            keymap = resolved;
            Vec::new()
        }
        Err(problems) => problems,
    })?;
    let open = vec![config.worktrees_in(&places.data_dir)];
    // What a hook runs is as much the person's own as the file that names it.
    let folder = places.config_dir();
    let words = config.hooks.iter().flat_map(|hook| hook.command.iter().map(|word| folder.join(word)));
    let of_hooks = words.filter(|path| path.is_file());
    let private = [places.config_file.clone(), places.data_dir.clone()].into_iter().chain(of_hooks).collect();
    config.approvals.own = config::OwnPlaces { private, open };
    Ok((config, keymap))
}

/// Changes with the configuration file: tells whether the runner works with the one that is there now.
pub fn config_mark(places: &Places) -> String {
    use std::hash::Hash as _;
    use std::hash::Hasher as _;
    let mut hasher = std::hash::DefaultHasher::new();
    config::read_file(&places.config_file).map(|(bytes, _)| bytes).unwrap_or_default().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Knows the secrets that this process and its profiles were given.
fn redactor(config: &Config, config_file: &Path) -> Redactor {
    let profiles = config.profiles.values().flat_map(|profile| profile.env.clone());
    let hooks = config.hooks.iter().flat_map(|hook| hook.env.clone());
    // Under a name that says secret, whatever the variable or file is called.
    let feishu = app_secret(config, config_file).ok().map(|secret| secret.expose_secret().to_owned());
    let feishu = feishu.map(|secret| ("FEISHU_APP_SECRET".to_owned(), secret));
    Redactor::of_variables(own_variables().chain(profiles).chain(hooks).chain(feishu))
}

/// The app secret of the Feishu relay, wherever the configuration says that it is.
pub fn app_secret(config: &Config, config_file: &Path) -> Result<SecretString, NoSecret> {
    secret::find(&config.feishu, config_file, |name| std::env::var(name).ok())
}

/// What this process was given.
pub fn own_variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Takes secrets out of what is written to the log: an event is one write.
#[derive(Debug, Clone)]
struct Redacting {
    writer: NonBlocking,
    redactor: Arc<Redactor>,
}

impl io::Write for Redacting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.writer.write_all(self.redactor.text(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl<'a> MakeWriter<'a> for Redacting {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Libraries that would write whole frames and addresses to the log, secrets included.
const TALKATIVE: [&str; 6] =
    ["tungstenite=warn", "tokio_tungstenite=warn", "reqwest=warn", "hyper=warn", "hyper_util=warn", "rustls=warn"];

/// What is written to the log: as the configuration says, but for libraries that would tell secrets.
pub fn log_filter(level: &str) -> EnvFilter {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let directives = TALKATIVE.iter().filter_map(|directive| directive.parse().ok());
    directives.fold(filter, EnvFilter::add_directive)
}

/// Opens the daily log. Without one the program goes on: a full disk must not keep anyone from working.
fn open_log(places: &Places, config: &Config, redactor: &Arc<Redactor>) -> Option<WorkerGuard> {
    let folder = places.log_dir();
    disk::private_dir(&folder).ok()?;
    let keep = usize::try_from(config.log.keep_days).unwrap_or(7);
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("adjutant")
        .filename_suffix("log")
        .max_log_files(keep)
        .build(&folder)
        .ok()?;
    let (writer, guard) = tracing_appender::non_blocking(appender);
    let filter = log_filter(&config.log.level);
    let writer = Redacting { writer, redactor: Arc::clone(redactor) };
    tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).try_init().ok()?;
    Some(guard)
}

/// A directory as the person named it, made absolute; it must exist.
pub fn directory(named: Option<&Path>) -> Result<PathBuf, Stop> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => std::env::current_dir()
            .map_err(|error| Stop::usage(format!("the current directory cannot be used: {error}")))?,
    };
    let found = std::fs::canonicalize(&path)
        .map_err(|error| Stop::usage(format!("the directory {} cannot be used: {error}", path.display())))?;
    if found.is_dir() { Ok(found) } else { Err(Stop::usage(format!("{} is not a directory", path.display()))) }
}

/// The name of a directory as text. The CLI's protocol, and so a session, has no other.
pub fn name_of(directory: &Path) -> Result<String, Stop> {
    directory.to_str().map(str::to_owned).ok_or_else(|| {
        let shown = crate::tui::render::sanitize::sanitize(&directory.to_string_lossy()).to_string();
        Stop::usage(format!(
            "the name of the directory {shown} is not UTF-8, and the CLI's protocol can carry no other: rename it, or \
             give it a second name that is (`sudo mount --bind`)"
        ))
    })
}

/// A profile must exist when it is named.
pub fn check_profile(config: &Config, name: Option<&str>) -> Result<(), Stop> {
    let Some(name) = name.filter(|name| !config.profiles.contains_key(*name)) else { return Ok(()) };
    let hint = config::section::did_you_mean(name, config.profiles.keys().map(String::as_str));
    Err(Stop::usage(format!("the configuration has no [profiles.{name}]{hint}")))
}

/// Whether a program can be found, as a shell would look for it.
pub fn is_on_path(program: &str) -> bool {
    let runs = |path: &Path| {
        let Ok(meta) = path.metadata() else { return false };
        #[cfg(unix)]
        let may_run = std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o111 != 0;
        #[cfg(not(unix))]
        let may_run = true;
        meta.is_file() && may_run
    };
    if program.contains('/') {
        return runs(Path::new(program));
    }
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| runs(&folder.join(program))))
}

/// A runtime for the engine and its clients.
pub fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Stop::failed(format!("the runtime could not be started: {error}")))
}
