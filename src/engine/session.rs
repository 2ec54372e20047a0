//! A session's task: performs what its machine decides.
//!
//! **For:** owning the process, the clock and the channels of one session. **Not for:** deciding.
//!
//! Invariants: commands come before lines, so that an answer is on its way within milliseconds however
//! much the CLI writes; nothing here waits for the CLI; the task ends only after the process has.

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::clock;
use crate::config::Config;
use crate::config::Profile;
use crate::core::command::Command;
use crate::core::event::EventKind;
use crate::core::ids::ConversationId;
use crate::core::ids::Generation;
use crate::core::ids::PromptId;
use crate::core::ids::SessionId;
use crate::core::ids::TaskId;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;
use crate::core::worktree::Place;
use crate::engine::approvals::inspect::ReadMarks;
use crate::engine::branch;
use crate::engine::hooks::Hooks;
use crate::engine::images;
use crate::engine::images::Wanted;
use crate::engine::lock;
use crate::engine::lock::Holder;
use crate::engine::lock::Lock;
use crate::engine::lock::NotLocked;
use crate::engine::machine::Effect;
use crate::engine::machine::Input;
use crate::engine::machine::Loaded;
use crate::engine::machine::Machine;
use crate::engine::machine::Now;
use crate::engine::process;
use crate::engine::process::FromProcess;
use crate::engine::process::Process;
use crate::engine::process::ToWriter;
use crate::engine::served::Connection;
use crate::engine::served::Servers;
use crate::engine::spawn;
use crate::engine::spawn::Launch;
use crate::engine::tasks;
use crate::engine::trust::Gate;
use crate::engine::watch;
use crate::engine::watch::Ground;
use crate::engine::worktrees;
use crate::engine::worktrees::Outcome;
use crate::link::tap::Health;
use crate::transcripts::holder;
use crate::wire::encode::encode;

/// What the folder brings.
mod folder;
/// The person's hooks.
mod hooking;
/// Looks at the disk.
mod looks;
/// MCP servers in this program.
mod servers;

/// A disk that does not answer for so long must not hold up an approval.
const DISK_PATIENCE: Duration = Duration::from_secs(2);
/// A prompt waits no longer for its images.
const IMAGE_PATIENCE: Duration = Duration::from_secs(10);
/// Results of looking at the disk that wait for the task.
const FOUND_BUFFER: usize = 32;

/// Events of one session, on their way to the hub.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) session: SessionId,
    pub(crate) events: Vec<(Generation, EventKind)>,
}

/// What a session's task is made from, beside its machine.
#[derive(Debug)]
pub(crate) struct Outfit {
    pub(crate) session: SessionId,
    pub(crate) directory: PathBuf,
    pub(crate) config: Arc<Config>,
    /// What the spec names; a name that does not exist was told to the machine.
    pub(crate) profile: Profile,
    pub(crate) guard_program: Option<PathBuf>,
    pub(crate) data_dir: PathBuf,
    /// Where all engines of a person keep who works on which conversation.
    pub(crate) locks: PathBuf,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) reports: mpsc::Sender<Report>,
    pub(crate) quit: CancellationToken,
    /// The records that must be kept for anything to be allowed without a person.
    pub(crate) records: Arc<[Health]>,
    /// Knows folders.
    pub(crate) trust: Option<Arc<dyn Gate>>,
    /// The person's own programs that are asked.
    pub(crate) hooks: Option<Arc<dyn Hooks>>,
    /// Knows the MCP servers in this program.
    pub(crate) servers: Option<Arc<dyn Servers>>,
}

struct Task {
    outfit: Outfit,
    machine: Machine,
    process: Option<Process>,
    /// The right to work on the conversation, while the process runs.
    lock: Option<Lock>,
    /// Looks at the conversation, while it is followed.
    watch: Option<AbortOnDropHandle<()>>,
    epoch: Instant,
    marks: ReadMarks,
    found: mpsc::Sender<Input>,
    last_look: Option<tokio::task::JoinHandle<()>>,
    /// The process's connections to MCP servers in this program, by name.
    connections: HashMap<String, Box<dyn Connection>>,
    done: bool,
}

/// Runs a session until it is closed or the engine stops.
pub(crate) async fn run(outfit: Outfit, machine: Machine) {
    let (found, mut findings) = mpsc::channel(FOUND_BUFFER);
    let marks = ReadMarks::default();
    let mut task = Task {
        outfit,
        machine,
        process: None,
        lock: None,
        watch: None,
        epoch: Instant::now(),
        marks,
        found,
        last_look: None,
        connections: HashMap::new(),
        done: false,
    };
    task.look_up_branch(task.outfit.directory.clone());
    task.take(Input::Begin).await;
    let (mut quitting, mut is_heard) = (false, true);
    while !task.done {
        let deadline = task.machine.next_deadline().map(|at| task.epoch + at);
        let input = tokio::select! {
            biased;
            command = task.outfit.commands.recv(), if is_heard => match command {
                Some(command) => Input::Command(command),
                // The hub is gone, and with it everybody who could want something. That is told once.
                None => {
                    is_heard = false;
                    Input::Quit
                }
            },
            () = task.outfit.quit.cancelled(), if !quitting => {
                quitting = true;
                Input::Quit
            }
            Some(found) = findings.recv() => found,
            () = sleep_until(deadline) => Input::Tick,
            event = next_event(task.process.as_mut()) => input_of(event),
        };
        if matches!(input, Input::Gone { .. }) {
            task.process = None;
            task.lock = None;
        }
        task.take(input).await;
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn next_event(process: Option<&mut Process>) -> FromProcess {
    match process {
        Some(process) => process.events.recv().await.unwrap_or(FromProcess::Gone(None)),
        None => std::future::pending().await,
    }
}

fn input_of(event: FromProcess) -> Input {
    use std::os::unix::process::ExitStatusExt;
    match event {
        FromProcess::Lines(lines) => Input::Lines(lines),
        FromProcess::Stderr(lines) => Input::Stderr(lines),
        FromProcess::Written(receipt) => Input::Written(receipt),
        FromProcess::Gone(status) => Input::Gone {
            code: status.and_then(|status| status.code()),
            signal: status.and_then(|status| status.signal()),
        },
    }
}

impl Task {
    fn now(&self) -> Now {
        Now { wall: clock::now(), mono: self.epoch.elapsed() }
    }

    /// Hands an input to the machine and performs what it says, and what follows from that.
    async fn take(&mut self, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let effects = self.machine.handle(input, self.now());
            let mut events = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Emit(generation, kind) => {
                        if let EventKind::Conversation { id, .. } = &kind {
                            self.hold(id).await;
                        }
                        self.tell_hooks(&kind);
                        events.push((generation, kind));
                    }
                    Effect::Launch(launch) => {
                        // Everybody learns that it starts before it has.
                        self.report(std::mem::take(&mut events)).await;
                        next = Some(self.launch(launch).await);
                    }
                    Effect::Write { line, receipt } => {
                        let written = match (encode(&line), &self.process) {
                            (Ok(line), Some(process)) => process.write(ToWriter { line, receipt }),
                            _ => false,
                        };
                        if !written && next.is_none() {
                            next = Some(Input::Unwritable);
                        }
                    }
                    Effect::CloseInput => {
                        if let Some(process) = &mut self.process {
                            process.close_input();
                        }
                    }
                    Effect::Signal(rung) => {
                        if let Some(process) = &self.process {
                            process.signal(rung);
                        }
                    }
                    Effect::AskHooks(asking) => self.ask_hooks(*asking),
                    Effect::Judge(job) => self.judge(*job),
                    Effect::Inspect(job) => self.inspect(*job),
                    Effect::AskServer { generation, request_id, server, message } => {
                        self.ask_server(generation, request_id, &server, message);
                    }
                    Effect::Recheck(job) => self.recheck(*job),
                    Effect::Compare(job) => self.compare(*job),
                    Effect::NoteFile(file) => self.note_file(file),
                    Effect::LookUpBranch(directory) => self.look_up_branch(directory),
                    Effect::ReadHistory { conversation, before } => {
                        watch::read_history(self.ground(), conversation, before, self.found.clone());
                    }
                    Effect::Watch(conversation) => {
                        self.watch = Some(watch::watch(self.ground(), conversation, self.found.clone()));
                    }
                    Effect::EndWatch => self.watch = None,
                    Effect::ReadTask { task, file } => self.read_task(task, file),
                    Effect::LoadImages { prompt, wanted } => self.load_images(prompt, wanted),
                    Effect::Worktree { place, job } => self.work(*place, job),
                    Effect::LookAtFolder => self.look_at_folder(),
                    Effect::TrustFolder { brought, by } => self.trust_folder(*brought, by),
                    Effect::AdoptRules { rules, directories } => self.adopt_rules(rules, directories).await,
                    Effect::Finish => self.done = true,
                }
            }
            self.report(events).await;
        }
    }

    async fn report(&self, events: Vec<(Generation, EventKind)>) {
        if !events.is_empty() {
            let report = Report { session: self.outfit.session, events };
            // Without a hub there is nobody to tell; the task ends by its other channel.
            let _ = self.outfit.reports.send(report).await;
        }
    }

    /// Where the CLI will look for conversations.
    fn ground(&self) -> Ground {
        let Outfit { config, profile, directory, locks, .. } = &self.outfit;
        let claude_home = spawn::claude_home(&config.claude, profile);
        Ground { claude_home, locks: locks.clone(), directory: directory.clone() }
    }

    /// The process has named its conversation: it is ours while it runs.
    async fn hold(&mut self, conversation: &ConversationId) {
        if self.process.is_none() || self.lock.as_ref().is_some_and(|lock| lock.conversation == *conversation) {
            return;
        }
        let (folder, id) = (self.outfit.locks.clone(), conversation.clone());
        let holder = Holder::new(&self.outfit.data_dir, clock::now());
        let locking = tokio::task::spawn_blocking(move || lock::lock(&folder, &id, &holder));
        match tokio::time::timeout(DISK_PATIENCE, locking).await {
            Ok(Ok(Ok(lock))) => self.lock = Some(lock),
            failed => tracing::warn!(%conversation, ?failed, "a conversation could not be locked"),
        }
    }

    /// Sees to it that a conversation may be gone on with, and where a fork begins. Reads and writes the disk.
    async fn prepare(&mut self, mut launch: Launch) -> Result<Launch, Trouble> {
        let Some(conversation) = launch.resume.clone() else { return Ok(launch) };
        let ground = self.ground();
        let holder = Holder::new(&self.outfit.data_dir, clock::now());
        let look = tokio::task::spawn_blocking(move || {
            if let Some(prompt) = &launch.fork_at {
                let other = |why: String| {
                    Trouble::new(TroubleKind::Other, format!("the conversation cannot be forked at that prompt: {why}"))
                };
                launch.resume_at = ground.fork_point(&conversation, prompt).map_err(other)?;
                if launch.resume_at.is_none() {
                    // Nothing came before it: the copy is a new conversation.
                    (launch.resume, launch.fork) = (None, false);
                }
            }
            if launch.fork || launch.resume.is_none() {
                return Ok((launch, None));
            }
            let held = |by: String| Trouble::new(TroubleKind::ConversationHeld { by: by.clone() }, by);
            let lock = match lock::lock(&ground.locks, &conversation, &holder) {
                Ok(lock) => Some(lock),
                Err(NotLocked::Held(holder)) => return Err(held(holder.describe())),
                // A folder that cannot be written must not keep anybody from working.
                Err(NotLocked::Unusable(error)) => {
                    tracing::warn!(%error, "conversations cannot be locked");
                    None
                }
            };
            match holder::of(&ground.claude_home, &conversation) {
                Some(holder) => Err(held(holder.describe())),
                None => Ok((launch, lock)),
            }
        });
        match tokio::time::timeout(DISK_PATIENCE, look).await {
            Ok(Ok(Ok((launch, lock)))) => {
                self.lock = lock;
                Ok(launch)
            }
            Ok(Ok(Err(trouble))) => Err(trouble),
            Ok(Err(error)) => Err(Trouble::new(TroubleKind::Other, error.to_string())),
            Err(_) => Err(Trouble::new(TroubleKind::Other, "the disk with the CLI's conversations does not answer")),
        }
    }

    async fn launch(&mut self, launch: Launch) -> Input {
        let launch = match self.prepare(launch).await {
            Ok(launch) => launch,
            Err(trouble) => return Input::LaunchFailed(trouble),
        };
        let launched = self.start(&launch).await;
        if matches!(launched, Input::LaunchFailed(_)) {
            self.lock = None;
        }
        launched
    }

    async fn start(&mut self, launch: &Launch) -> Input {
        self.connections.clear();
        let outfit = &self.outfit;
        let mark = uuid::Uuid::new_v4().to_string();
        let line = spawn::command_line(&outfit.config.claude, &outfit.profile, launch, std::env::vars_os(), &mark);
        let checked = line.clone();
        let directory = outfit.directory.clone();
        let check = tokio::task::spawn_blocking(move || checked.check().map(|()| directory.canonicalize().ok()));
        let checked = match tokio::time::timeout(DISK_PATIENCE, check).await {
            Ok(Ok(checked)) => checked,
            Ok(Err(error)) => Err(Trouble::new(TroubleKind::Other, error.to_string())),
            Err(_) => Err(Trouble::new(TroubleKind::Other, "the session's directory does not answer")),
        };
        let real = match checked {
            Ok(real) => real,
            Err(trouble) => return Input::LaunchFailed(trouble),
        };
        let max_line = usize::try_from(outfit.config.claude.max_line_mib << 20).unwrap_or(usize::MAX);
        match process::start(&line, outfit.guard_program.as_deref(), mark, max_line) {
            Ok(process) => {
                tracing::info!(session = %outfit.session, ?line, "started the CLI");
                self.process = Some(process);
                Input::Launched { plans: line.claude_home().join("plans"), real }
            }
            Err(error) => {
                let program = line.program.to_string_lossy().into_owned();
                Input::LaunchFailed(match &outfit.guard_program {
                    // The program itself was there a moment ago.
                    Some(guard) => {
                        let raw = format!("the guard {} could not be started: {error}", guard.display());
                        Trouble::new(TroubleKind::Other, raw)
                    }
                    None => Trouble::new(
                        TroubleKind::CliMissing { program: program.clone() },
                        format!("{program}: {error}"),
                    ),
                })
            }
        }
    }

    fn note_file(&self, file: String) {
        let (marks, directory) = (self.marks.clone(), self.outfit.directory.clone());
        tokio::task::spawn_blocking(move || marks.note(&directory, &file));
    }

    /// Does something with the worktree, however long it takes.
    fn work(&self, place: Place, job: worktrees::Job) {
        let found = self.found.clone();
        let at_work = tokio::spawn(worktrees::work(place, job));
        tokio::spawn(async move {
            let outcome = at_work.await.unwrap_or_else(|error| {
                let why = format!("adjutant's own work on it failed: {error}");
                Outcome::Refused { why, report: None }
            });
            let _ = found.send(Input::Worktree(Box::new(outcome))).await;
        });
    }

    fn load_images(&self, prompt: PromptId, wanted: Wanted) {
        let found = self.found.clone();
        tokio::spawn(async move {
            let n = wanted.images.len();
            let load = tokio::task::spawn_blocking(move || images::load(&wanted));
            // Without an answer the text goes as it stands, as the CLI reads it.
            let (images, mentioned) = match tokio::time::timeout(IMAGE_PATIENCE, load).await {
                Ok(Ok(found)) => found,
                Ok(Err(error)) => (vec![Err(format!("adjutant's own work on it failed: {error}")); n], Vec::new()),
                Err(_) => (vec![Err("the disk does not answer".to_owned()); n], Vec::new()),
            };
            let _ = found.send(Input::ImagesLoaded(Loaded { prompt, images, mentioned })).await;
        });
    }

    fn read_task(&self, task: TaskId, file: PathBuf) {
        let found = self.found.clone();
        tokio::spawn(async move {
            let look = tokio::task::spawn_blocking(move || tasks::read(&file));
            if let Ok(Ok(Some(text))) = tokio::time::timeout(DISK_PATIENCE, look).await {
                let _ = found.send(Input::TaskRead { task, text }).await;
            }
        });
    }

    fn look_up_branch(&self, directory: PathBuf) {
        let found = self.found.clone();
        tokio::spawn(async move {
            let look = tokio::task::spawn_blocking(move || branch::of(Path::new(&directory)));
            if let Ok(Ok(branch)) = tokio::time::timeout(DISK_PATIENCE, look).await {
                let _ = found.send(Input::Branch(branch)).await;
            }
        });
    }
}
