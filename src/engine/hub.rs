//! The hub: the one place where events get their number and time, are folded, and are handed out.
//!
//! **For:** routing commands to sessions and events to clients. **Not for:** deciding anything about a
//! session, which its own machine does.
//!
//! Invariants: events are folded in the order of their numbers, without gaps; a client that does not
//! keep up costs nobody else anything; the hub waits for nothing but its own channels; what is promised is shown
//! when it is on the disk.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use futures_util::future::select_all;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::core::cell::CellBody;
use crate::core::cell::Notice;
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::fleet::Fleet;
use crate::core::grant::Grant;
use crate::core::grant::GrantEnd;
use crate::core::grant::Granted;
use crate::core::ids::CellId;
use crate::core::ids::Generation;
use crate::core::ids::GrantId;
use crate::core::ids::SessionId;
use crate::core::permission::Scope;
use crate::core::prompt::Surface;
use crate::core::session::Exit;
use crate::core::session::SessionSpec;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;
use crate::core::worktree::Place;
use crate::core::worktree::WorktreeSpec;
use crate::engine::Restored;
use crate::engine::Settings;
use crate::engine::budget::Budget;
use crate::engine::machine::Machine;
use crate::engine::machine::Origin;
use crate::engine::numbers::Numbers;
use crate::engine::remembered;
use crate::engine::session;
use crate::engine::session::Outfit;
use crate::engine::session::Report;
use crate::engine::spawn;
use crate::link::ClientId;
use crate::link::Order;
use crate::link::Peer;
use crate::link::phone::PhoneLine;
use crate::link::tap;
use crate::link::tap::Tap;

/// Updates that wait for the disk.
mod holding;
mod hooks;
mod worktrees;

use holding::Due;
use holding::Holding;
use worktrees::Making;

/// Commands that wait for one session. They are few and quickly taken.
const COMMAND_BUFFER: usize = 64;
/// Reports of all sessions that wait for the hub.
const REPORT_BUFFER: usize = 256;
/// Reports taken at once: between two such batches, commands are looked at.
const REPORT_BATCH: usize = 32;

/// The hub's ends of its channels.
#[derive(Debug)]
pub(crate) struct Channels {
    pub(crate) orders: mpsc::Receiver<Order>,
    pub(crate) peers: mpsc::Receiver<Peer>,
    pub(crate) taps: Vec<Tap>,
    pub(crate) quit: CancellationToken,
}

/// A rule that was taken out of the CLI's settings, or why it was not.
#[derive(Debug)]
struct Forgotten {
    grant: Grant,
    by: Surface,
    done: Result<remembered::Done, String>,
}

#[derive(Debug)]
pub(crate) struct Hub {
    settings: Settings,
    /// Of the sessions to come.
    numbers: Numbers,
    phone: Arc<PhoneLine>,
    fleet: Fleet,
    peers: Vec<Peer>,
    taps: Vec<Tap>,
    holding: Holding,
    sessions: BTreeMap<SessionId, mpsc::Sender<Command>>,
    tasks: JoinSet<()>,
    task_sessions: HashMap<tokio::task::Id, SessionId>,
    approval_ids: Arc<AtomicU32>,
    grant_ids: Arc<AtomicU32>,
    budget: Arc<Budget>,
    reports: mpsc::Sender<Report>,
    /// Rules that are being taken out of the CLI's settings.
    forgetting: JoinSet<Forgotten>,
    /// Worktrees that are being made for sessions to come.
    making: JoinSet<Making>,
    /// Finds the worktrees that earlier sessions have left.
    sweeping: JoinSet<Vec<Place>>,
    /// Worktrees that adjutant has made and that are there.
    places: Vec<Place>,
    /// Sessions are told to stop by this; it is the engine's own end.
    quit: CancellationToken,
}

impl Hub {
    /// Runs until the engine is told to stop, or until nobody is left who could tell it anything.
    pub(crate) async fn run(mut settings: Settings, channels: Channels) {
        let Channels { mut orders, mut peers, taps, quit } = channels;
        let (reports, mut inbox) = mpsc::channel(REPORT_BUFFER);
        let Restored { fleet, last_approval, last_session, last_grant, spent_today } =
            std::mem::take(&mut settings.restored);
        let budget = Arc::new(Budget::new(settings.config.budget.day_usd, clock::now(), spent_today));
        let known = fleet.sessions().map(|session| session.id.0).chain([last_session]).max().unwrap_or(0);
        let numbers = Numbers::new(&settings.data_dir, known, settings.is_alone);
        let mut hub = Self {
            phone: Arc::clone(&settings.phone),
            numbers,
            settings,
            fleet,
            peers: Vec::new(),
            holding: Holding::new(&taps),
            taps,
            sessions: BTreeMap::new(),
            tasks: JoinSet::new(),
            task_sessions: HashMap::new(),
            approval_ids: Arc::new(AtomicU32::new(last_approval.saturating_add(1))),
            grant_ids: Arc::new(AtomicU32::new(last_grant.saturating_add(1))),
            budget,
            reports,
            forgetting: JoinSet::new(),
            making: JoinSet::new(),
            sweeping: JoinSet::new(),
            places: Vec::new(),
            quit: quit.clone(),
        };
        hub.revive();
        hub.sweep_worktrees();
        let mut news = hub.settings.hooks.as_ref().map(|hooks| hooks.news());
        let mut phone_view = hub.phone.view.subscribe();
        let mut batch = Vec::new();
        let (mut orders_open, mut peers_open) = (true, true);
        loop {
            let stopping = hub.quit.is_cancelled();
            let holding = hub.holding.is_holding();
            if stopping && hub.tasks.is_empty() && inbox.is_empty() && !holding {
                return;
            }
            tokio::select! {
                biased;
                () = quit.cancelled(), if !stopping => {}
                due = hub.holding.due(), if holding => hub.show_held(&due),
                // A snapshot must not show what waits for the disk.
                peer = peers.recv(), if peers_open && !holding => match peer {
                    Some(peer) => hub.welcome(peer),
                    None => peers_open = false,
                },
                order = orders.recv(), if orders_open => match order {
                    Some(Order::Command(command)) => hub.command(command),
                    Some(Order::Phone(wish)) => hub.phone.wish(wish),
                    Some(Order::Hooks { client, wish }) => hub.hooks_wish(client, &wish),
                    Some(Order::Key) => hub.phone.attention.note_key(clock::now()),
                    Some(Order::History { client, session, before }) => hub.history(client, session, before),
                    None => orders_open = false,
                },
                told = hooks::next(&mut news) => hub.tell_news(&told),
                _ = inbox.recv_many(&mut batch, REPORT_BATCH) => hub.publish(batch.drain(..)),
                Ok(()) = phone_view.changed() => {
                    if let Some(view) = phone_view.borrow_and_update().as_ref() {
                        hub.peers.iter().for_each(|peer| peer.offer_phone(view));
                    }
                }
                Some(ended) = hub.tasks.join_next_with_id(), if !hub.tasks.is_empty() => hub.session_ended(&ended),
                Some(Ok(forgotten)) = hub.forgetting.join_next(), if !hub.forgetting.is_empty() => {
                    hub.forgotten(forgotten);
                }
                Some(Ok(places)) = hub.sweeping.join_next(), if !hub.sweeping.is_empty() => hub.places.extend(places),
                Some(making) = hub.making.join_next(), if !hub.making.is_empty() => match making {
                    Ok(making) => hub.worktree_made(making),
                    Err(error) => tracing::error!(%error, "the making of a worktree failed by a defect of ours"),
                },
                () = drained(&hub.peers), if !holding => hub.catch_up(),
            }
            if !orders_open {
                quit.cancel();
            }
        }
    }

    fn welcome(&mut self, mut peer: Peer) {
        if peer.offer_snapshot(&self.fleet) {
            if let Some(view) = self.phone.view.borrow().as_ref() {
                peer.offer_phone(view);
            }
            self.peers.push(peer);
        }
    }

    /// Hands the snapshot that is due to every client that has read all it had.
    fn catch_up(&mut self) {
        let fleet = &self.fleet;
        self.peers.retain_mut(|peer| peer.offer_snapshot(fleet));
    }

    fn history(&mut self, client: ClientId, session: SessionId, before: CellId) {
        if let Some(peer) = self.peers.iter_mut().find(|peer| peer.is(client)) {
            peer.offer_history(session, before, &self.fleet);
        }
    }

    fn publish(&mut self, reports: impl Iterator<Item = Report>) {
        let mut events = Vec::new();
        for report in reports {
            for (generation, kind) in report.events {
                for cut in self.cut_blocks(report.session, &kind) {
                    events.push(self.stamp(report.session, generation, cut));
                }
                events.push(self.stamp(report.session, generation, kind));
            }
        }
        self.offer(events);
    }

    /// Texts that the model was writing when this ended it: what there is of them becomes the whole, so that
    /// it is kept.
    fn cut_blocks(&self, session: SessionId, kind: &EventKind) -> Vec<EventKind> {
        let ends_all = matches!(kind, EventKind::Exited(_));
        if !ends_all && !matches!(kind, EventKind::TurnEnded { .. }) {
            return Vec::new();
        }
        let Some(transcript) = self.fleet.get(session).map(|session| &session.transcript) else { return Vec::new() };
        let cells = transcript.open_cells().into_iter().filter_map(|id| transcript.get(id));
        let cut = cells.filter_map(|cell| match &cell.body {
            // A sub-agent in the background goes on writing.
            CellBody::Block(block) if ends_all || cell.parent.is_none() => Some(EventKind::BlockEnded {
                block: block.id.clone(),
                parent: cell.parent.clone(),
                kind: block.kind,
                text: block.text.clone(),
            }),
            _ => None,
        });
        cut.collect()
    }

    /// Numbers, dates and folds one event.
    fn stamp(&mut self, session: SessionId, generation: Generation, kind: EventKind) -> Arc<Event> {
        let event = Event { seq: self.fleet.seq() + 1, session, generation, at: clock::now(), kind };
        self.note_places(&event.kind);
        self.fleet.apply(&event);
        Arc::new(event)
    }

    fn offer(&mut self, events: Vec<Arc<Event>>) {
        let Some(session) = events.last().map(|event| event.session) else { return };
        let weighed = if self.taps.is_empty() { Vec::new() } else { tap::weigh(&events) };
        let notices: Vec<Notice> = self.taps.iter_mut().filter_map(|tap| tap.offer_weighed(&weighed)).collect();
        if let Some(events) = self.holding.hold(events) {
            self.show(&events);
        }
        for notice in notices {
            self.tell(session, EventKind::Noted(notice));
        }
    }

    fn show(&mut self, events: &[Arc<Event>]) {
        let (fleet, holding) = (&self.fleet, self.holding.is_holding());
        // Whoever needs a snapshot gets it when nothing waits for the disk any more.
        self.peers.retain_mut(|peer| (holding && peer.is_behind()) || peer.offer(events, fleet));
    }

    fn show_held(&mut self, due: &Due) {
        self.show(&due.events);
        if let Some(session) = due.late {
            let text = "The disk has not taken what happened here for two seconds. The session goes on; what you see \
                        from here on is lost if this machine stops now. Please look at the disk.";
            self.tell(session, EventKind::Noted(Notice::warning(text)));
        }
    }

    fn tell(&mut self, session: SessionId, kind: EventKind) {
        let generation = self.fleet.get(session).map(|session| session.generation).unwrap_or_default();
        let event = self.stamp(session, generation, kind);
        self.offer(vec![event]);
    }

    fn command(&mut self, command: Command) {
        let Some(session) = command.session() else {
            if let Command::Open { spec, tag } = command
                && !self.quit.is_cancelled()
            {
                self.open(*spec, tag);
            }
            return;
        };
        let command = match command {
            Command::Revoke { grant, by, .. } => match self.fleet.grants().get(grant) {
                Some(found) if !found.ends_with_session() => return self.forget(&found.clone(), by),
                Some(found) => Command::Revoke { session: found.session, grant, by },
                None => {
                    let text = format!("Grant {grant} has ended already.");
                    return self.tell(session, EventKind::Noted(Notice::warning(text)));
                }
            },
            command => command,
        };
        if self.refuse_shared(session, &command) {
            return;
        }
        let refused = match self.sessions.get(&session) {
            Some(commands) => commands.try_send(command).err().map(|error| match error {
                mpsc::error::TrySendError::Full(command) | mpsc::error::TrySendError::Closed(command) => command,
            }),
            None => Some(command),
        };
        match refused {
            None => {}
            // Whoever answered must learn that the answer reached nobody.
            Some(Command::Answer { approval, .. }) => {
                self.tell(session, EventKind::AnswerRefused { approval, why: "its session has ended".into() });
            }
            Some(_) => {
                tracing::warn!(%session, "a command reached nobody");
                if self.sessions.contains_key(&session) {
                    let text = "The session is too busy to take the command; please try again.";
                    self.tell(session, EventKind::Noted(Notice::warning(text)));
                }
            }
        }
    }

    /// Takes what the CLI keeps in a file out of it again.
    fn forget(&mut self, grant: &Grant, by: Surface) {
        let Granted::Remembered(update) = &grant.granted else { return };
        let profile = self.fleet.get(grant.session).and_then(|session| session.spec.profile.as_deref());
        let profile = self.settings.config.profile(profile).unwrap_or_default();
        let claude_home = spawn::claude_home(&self.settings.config.claude, &profile);
        let (grant, update, gate) = (grant.clone(), update.clone(), self.settings.trust.clone());
        self.forgetting.spawn_blocking(move || {
            let directory = Path::new(&grant.directory);
            let homes = gate.map_or_else(|| vec![directory.to_owned()], |gate| gate.homes_of_rules(directory));
            let done = remembered::forget(&update, &homes, &claude_home);
            Forgotten { grant, by, done }
        });
    }

    fn forgotten(&mut self, forgotten: Forgotten) {
        let Forgotten { grant, by, done } = forgotten;
        let remembered::Done { text, home } = match done {
            Ok(done) => done,
            Err(why) => {
                let text = format!("Grant {} could not be taken back: {why}.", grant.id);
                return self.tell(grant.session, EventKind::Noted(Notice::error(text)));
            }
        };
        self.tell(grant.session, EventKind::GrantEnded { grant: grant.id, why: GrantEnd::Revoked(by) });
        self.tell(grant.session, EventKind::Noted(Notice::info(text)));
        let Granted::Remembered(update) = &grant.granted else { return };
        let everywhere = update.scope() == Some(Scope::User);
        // What stood at the top of a repository was for all that works in it.
        let is_below = |directory: &str| home.as_deref().is_some_and(|home| Path::new(directory).starts_with(home));
        let concerned = self
            .fleet
            .sessions()
            .filter(|other| everywhere || other.spec.directory == grant.directory || is_below(&other.spec.directory));
        let concerned: Vec<SessionId> = concerned.map(|session| session.id).collect();
        for session in concerned {
            self.command(Command::Renew { session });
        }
    }

    fn open(&mut self, mut spec: SessionSpec, tag: Option<u64>) {
        let directory = std::path::absolute(&spec.directory).unwrap_or_else(|_| PathBuf::from(&spec.directory));
        spec.directory = directory.to_string_lossy().into_owned();
        match spec.worktree.take() {
            Some(WorktreeSpec::Wanted { branch }) => return self.make_worktree(spec, branch, tag),
            // Where worktrees are is for the engine to know.
            Some(WorktreeSpec::Made(_)) | None => spec.worktree = self.worktree_at(&spec.directory),
        }
        let id = SessionId(self.numbers.next());
        self.open_as(id, spec, tag);
    }

    fn open_as(&mut self, id: SessionId, mut spec: SessionSpec, tag: Option<u64>) {
        // Known from the start, so that a mode that asks nothing shows before anything runs in it.
        let profile = self.settings.config.profile(spec.profile.as_deref()).unwrap_or_default();
        spec.mode = spec.mode.or(profile.mode);
        spec.go_on = Some(spec.go_on.unwrap_or(profile.go_on_after_limit));
        let opened = EventKind::Opened { spec, tag };
        self.session_opened(id, &opened);
        self.tell(id, opened);
        self.run_session(id);
    }

    /// Brings the sessions of an earlier engine back: at rest, with their queues, nothing started.
    fn revive(&mut self) {
        let left: Vec<(SessionId, Vec<EventKind>)> =
            self.fleet.sessions().map(|session| (session.id, session.loose_ends())).collect();
        for (id, ends) in left {
            let gone: Vec<GrantId> =
                self.fleet.grants().of(id).filter(|grant| grant.ends_with_process()).map(|grant| grant.id).collect();
            let gone = gone.into_iter().map(|grant| EventKind::GrantEnded { grant, why: GrantEnd::ProcessEnded });
            for end in ends.into_iter().chain(gone) {
                self.tell(id, end);
            }
            self.run_session(id);
        }
    }

    /// Starts the task of a session that is in the fold.
    fn run_session(&mut self, id: SessionId) {
        let Some(session) = self.fleet.get(id) else { return };
        let directory = PathBuf::from(&session.spec.directory);
        let config = Arc::clone(&self.settings.config);
        let profile = config.profile(session.spec.profile.as_deref()).unwrap_or_default();
        let approval_ids = Arc::clone(&self.approval_ids);
        let machine = Machine::new(Origin {
            session,
            config: Arc::clone(&config),
            approval_ids,
            grant_ids: Arc::clone(&self.grant_ids),
            grants: self.fleet.grants().of(id).filter(|grant| grant.ends_with_session()).cloned().collect(),
            budget: Arc::clone(&self.budget),
            is_gated: self.settings.trust.is_some(),
            hooks: self.settings.hooks.clone(),
            offers: self.settings.servers.as_ref().map(|servers| servers.of(&profile)).unwrap_or_default(),
        });
        let (sender, commands) = mpsc::channel(COMMAND_BUFFER);
        let outfit = Outfit {
            session: id,
            directory,
            config,
            profile,
            guard_program: self.settings.guard_program.clone(),
            data_dir: self.settings.data_dir.clone(),
            locks: self.settings.locks.clone(),
            commands,
            reports: self.reports.clone(),
            quit: self.quit.clone(),
            records: self.taps.iter().map(Tap::health).collect(),
            trust: self.settings.trust.clone(),
            hooks: self.settings.hooks.clone(),
            servers: self.settings.servers.clone(),
        };
        let task = self.tasks.spawn(session::run(outfit, machine));
        self.task_sessions.insert(task.id(), id);
        self.sessions.insert(id, sender);
    }

    fn session_ended(&mut self, ended: &Result<(tokio::task::Id, ()), tokio::task::JoinError>) {
        let (task, failed) = match ended {
            Ok((task, ())) => (*task, None),
            Err(error) => (error.id(), Some(error.to_string())),
        };
        let Some(session) = self.task_sessions.remove(&task) else { return };
        self.sessions.remove(&session);
        if let Some(error) = failed {
            // A defect of ours must not look like a session that works for ever.
            tracing::error!(%session, error, "a session's task failed");
            let trouble = Trouble::new(TroubleKind::Other, format!("adjutant's own task for it failed: {error}"));
            self.tell(session, EventKind::Exited(Exit { trouble: Some(trouble), ..Exit::default() }));
        }
    }
}

/// Waits until a client that fell behind has read everything it was sent.
async fn drained(peers: &[Peer]) {
    let behind: Vec<_> = peers.iter().filter(|peer| peer.is_behind()).map(|peer| Box::pin(peer.drained())).collect();
    if behind.is_empty() {
        std::future::pending::<()>().await;
    }
    select_all(behind).await;
}
