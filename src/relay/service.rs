//! The relay at work: what happens becomes cards and notices, what is heard becomes commands.
//!
//! **For:** one task that owns the ledger and folds the engine's events. **Not for:** a messenger's own ways. It is a
//! client of the engine like any terminal, and can do no more than one.
//!
//! Invariants: whatever is heard is answered from what is at hand, without waiting for anybody; what is promised is
//! in the ledger before; a card is pressed once; while it is paused nothing is sent and nothing heard counts.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::access::Member;
use super::ledger::Ledger;
use super::ledger::LedgerError;
use super::ledger::Reach;
use super::ledger::outbox::Lane;
use super::messenger::ChatId;
use super::messenger::MessageId;
use super::messenger::Messenger;
use super::messenger::Parcel;
use super::messenger::PersonId;
use super::words;
use crate::clock;
use crate::config::feishu::Presence;
use crate::core::event::Event;
use crate::core::fleet::Fleet;
use crate::core::ids::ApprovalId;
use crate::core::ids::ConversationId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::phone::Connection;
use crate::core::phone::PhoneView;
use crate::core::phone::PhoneWish;
use crate::link::Update;
use crate::link::attention::Attention;
use crate::redact::Redactor;

/// Requests answered by words.
mod answering;
/// What is told of somebody's own message.
mod asides;
/// Files and images of messages.
mod attached;
/// Earlier conversations, gone on with and copied.
mod conversations;
/// Work that takes longer than an answer may.
mod errands;
/// Photos that are sent one after the other.
mod gathering;
/// What people write becomes commands.
mod hearing;
/// What belongs to a chat that is lost goes to its people directly.
mod lost;
/// The bot's menu, and the wish for quiet.
mod menu;
/// Sessions that are opened from the phone.
mod openings;
/// Strangers, and the code that makes somebody known.
mod pairing;
/// Presses on cards become decisions.
mod presses;
/// What a session is doing, on a card and as text.
mod progress;
/// What waits in a session's queue, and what stopping and closing does to it.
mod queues;
/// Messages that are taken back, and what came of them.
mod recalls;
/// What is commanded is recorded.
mod record;
/// What waits is sent.
mod sending;
/// How the relay is set up, and the ends that it holds.
mod settings;
/// Events become cards and notices.
mod telling;
/// Worktrees of sessions are looked at, removed and put back.
mod trees;
/// What messages asked for and what has not come about yet.
mod undertakings;
/// A request that waits too long rings the phone.
mod urging;

/// At the latest after so long, who is away and what is due is looked at again while anything may change by that.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// While something is being sent, what else is due is looked at this often.
const WHILE_SENDING: Duration = Duration::from_secs(1);
/// The ledger is tidied so often.
const TIDY: Duration = Duration::from_hours(1);

pub use record::Commanded;
pub use record::Witness;
pub use settings::Ends;
pub use settings::Settings;

/// A session that was asked for from the phone, and is not there yet.
#[derive(Debug, Clone)]
struct Opening {
    reach: Reach,
    message: MessageId,
    prompt: Option<String>,
}

#[derive(Debug)]
struct Service<M> {
    settings: Settings,
    messenger: Arc<M>,
    ledger: Ledger,
    redactor: Arc<Redactor>,
    fleet: Fleet,
    orders: crate::link::Orders,
    attention: Arc<Attention>,
    /// Requests that nobody was told of, because somebody is at the terminal.
    held: BTreeSet<ApprovalId>,
    /// What happened, and could not be told yet because the ledger failed.
    untold: VecDeque<Arc<Event>>,
    /// The ledger failed while the whole state was looked at or something heard was acted on: it is looked at again.
    is_unsettled: bool,
    openings: HashMap<u64, Opening>,
    undertakings: undertakings::Undertakings,
    /// Who asked what the removal of a session's worktree would lose.
    looks: HashMap<SessionId, ChatId>,
    /// Sessions whose progress card is behind.
    stale: BTreeSet<SessionId>,
    progress_due: Option<Timestamp>,
    /// Turns that run and are not shown yet, and when they will be.
    running: HashMap<SessionId, Timestamp>,
    sending: JoinSet<sending::Done>,
    busy_lanes: Vec<Lane>,
    busy_cards: Vec<i64>,
    /// Work that takes longer than an answer may: it comes back as what is to be done.
    errands: JoinSet<errands::Errand>,
    pairing: pairing::Pairing,
    /// When a stranger was last told who they are.
    strangers: HashMap<PersonId, Timestamp>,
    recalls: recalls::Recalls,
    gathering: gathering::Gathering,
    /// Sessions that are being closed, where that is told, and what they were called.
    closing: HashMap<SessionId, (ChatId, String)>,
    /// Conversations whose owner is in the ledger.
    noted: HashSet<(SessionId, ConversationId)>,
    /// The conversations that were shown last, to whom, in their order.
    listed: HashMap<(ChatId, PersonId), Vec<ConversationId>>,
    witness: Witness,
    /// Commands that are not done yet, by their messages.
    ordered: HashMap<MessageId, record::Order>,
    /// What was said last.
    last_said: Option<String>,
    /// Requests for which a phone was rung.
    urged: BTreeSet<ApprovalId>,
    paused: bool,
    trouble: Option<String>,
    tested: Option<Timestamp>,
    /// Since when there is the connection that was last heeded.
    connected: Option<Timestamp>,
    gauge: Gauge,
}

/// What the ledger holds, as far as every turn of the loop asks for it. It is read anew only after a change: a stream of
/// events must not become a stream of queries.
#[derive(Debug, Default)]
struct Gauge {
    revision: Option<u64>,
    n_waiting: usize,
    n_people: usize,
    due: Option<Timestamp>,
}

/// Runs the relay until the engine has ended or it is told to stop.
pub async fn run<M: Messenger>(
    settings: Settings,
    messenger: Arc<M>,
    ledger: Ledger,
    redactor: Arc<Redactor>,
    ends: Ends,
) {
    let Ends { mut link, mut heard, mut connection, mut wishes, view, attention, witness, quit } = ends;
    let paused = ledger.is_paused().unwrap_or(true);
    let mut service = Service {
        settings,
        messenger,
        ledger,
        redactor,
        fleet: Fleet::default(),
        orders: link.orders(),
        attention,
        held: BTreeSet::new(),
        untold: VecDeque::new(),
        is_unsettled: false,
        openings: HashMap::new(),
        undertakings: undertakings::Undertakings::default(),
        looks: HashMap::new(),
        stale: BTreeSet::new(),
        progress_due: None,
        running: HashMap::new(),
        sending: JoinSet::new(),
        busy_lanes: Vec::new(),
        busy_cards: Vec::new(),
        errands: JoinSet::new(),
        pairing: pairing::Pairing::default(),
        strangers: HashMap::new(),
        recalls: recalls::Recalls::default(),
        gathering: gathering::Gathering::default(),
        closing: HashMap::new(),
        noted: HashSet::new(),
        listed: HashMap::new(),
        witness,
        ordered: HashMap::new(),
        last_said: None,
        urged: BTreeSet::new(),
        // Who cannot tell whether it was paused takes it for so.
        paused,
        trouble: None,
        tested: None,
        connected: None,
        gauge: Gauge::default(),
    };
    let mut tidy = tokio::time::interval(TIDY);
    let mut known = false;
    loop {
        service.heed(&connection.borrow());
        service.read_gauge();
        service.show(&view, &connection.borrow_and_update().clone());
        let wake = service.next_wake();
        let done = tokio::select! {
            biased;
            () = quit.cancelled() => return,
            Some(heard) = heard.recv(), if known => service.heard(heard),
            () = std::future::ready(()), if service.is_behind() => service.catch_up_with_itself(),
            update = link.recv() => match update {
                Some(Update::Snapshot(fleet)) => {
                    known = true;
                    service.catch_up(*fleet)
                }
                Some(Update::Events(events)) => service.events(events),
                Some(Update::History { .. } | Update::Phone(_) | Update::Hooks(_)) => Ok(()),
                None => return,
            },
            Some(done) = service.sending.join_next(), if !service.sending.is_empty() => service.sent(done),
            Some(errand) = service.errands.join_next(), if !service.errands.is_empty() => service.ran(errand),
            Some(wish) = wishes.recv() => service.wish(wish),
            Ok(()) = connection.changed() => Ok(()),
            _ = tidy.tick() => service.ledger.tidy(clock::now()),
            () = sleep_until(wake) => Ok(()),
        };
        let done = done.and_then(|()| service.work());
        if let Err(error) = done {
            tracing::error!(%error, "the relay cannot keep its ledger");
            service.trouble = Some(error.to_string());
            // A disk that is full now may not be in a while; nothing was promised.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        // What was answered goes out before the next is looked at.
        tokio::task::yield_now().await;
    }
}

async fn sleep_until(wake: Option<Duration>) {
    match wake {
        Some(wake) => tokio::time::sleep(wake).await,
        None => std::future::pending().await,
    }
}

impl<M: Messenger> Service<M> {
    /// Does something that changes the ledger wholly, or leaves the ledger as it was.
    fn whole<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        self.ledger.begin()?;
        let done = work(self).and_then(|done| self.ledger.keep().map(|()| done));
        if done.is_err() {
            self.ledger.undo();
        }
        done
    }

    /// What is due by now.
    fn work(&mut self) -> Result<(), LedgerError> {
        if self.paused {
            return Ok(());
        }
        self.tell_held()?;
        self.tell_progress()?;
        self.send_gathered()?;
        self.urge_due()?;
        self.read_gauge();
        if self.gauge.due.is_some_and(|due| due <= clock::now()) { self.send_due() } else { Ok(()) }
    }

    /// The ledger failed, and something waits for it to work again.
    fn is_behind(&self) -> bool {
        !self.untold.is_empty() || self.is_unsettled
    }

    fn catch_up_with_itself(&mut self) -> Result<(), LedgerError> {
        self.events([])?;
        if self.is_unsettled {
            self.settle()?;
        }
        self.trouble = None;
        Ok(())
    }

    /// The way is free again: what failed while it was not need not wait any longer.
    fn heed(&mut self, connection: &Connection) {
        let Connection::Connected { since } = connection else { return };
        if self.connected == Some(*since) {
            return;
        }
        let now = clock::now();
        // After a clock was put back everything that is due would be far away.
        self.progress_due = self.progress_due.map(|due| due.min(now));
        match self.ledger.hurry(now) {
            Ok(()) => self.connected = Some(*since),
            Err(error) => tracing::warn!(%error, "the ledger cannot be written"),
        }
    }

    fn read_gauge(&mut self) {
        let revision = Some(self.ledger.revision());
        if self.gauge.revision == revision {
            return;
        }
        match self.gauge_at(revision) {
            Ok(gauge) => self.gauge = gauge,
            // It is tried again with the next turn.
            Err(error) => tracing::warn!(%error, "the ledger cannot be read"),
        }
    }

    fn gauge_at(&self, revision: Option<u64>) -> Result<Gauge, LedgerError> {
        Ok(Gauge {
            revision,
            n_waiting: self.ledger.n_waiting()?,
            n_people: self.members()?.len(),
            due: self.ledger.next_due()?,
        })
    }

    /// How long nothing needs to be done.
    fn next_wake(&self) -> Option<Duration> {
        if self.paused {
            return None;
        }
        let now = clock::now();
        let until = |at: Timestamp| Duration::from_millis(at.millis_since(now));
        let shortest = if self.sending.is_empty() { Duration::ZERO } else { WHILE_SENDING };
        let due = self.gauge.due.map(|at| until(at).max(shortest));
        let progress = self.progress_due.into_iter().chain(self.running.values().copied()).min().map(until);
        let held = (!self.held.is_empty() && self.settings.presence == Presence::Away).then_some(LOOK_AGAIN);
        let pairing = self.pairing.until().map(until);
        let gathered = self.gathering.next_due().map(until);
        [due, progress, held, pairing, gathered, self.next_urge()].into_iter().flatten().min()
    }

    fn show(&mut self, view: &watch::Sender<Option<PhoneView>>, connection: &Connection) {
        self.pairing.expire(clock::now());
        let now = PhoneView {
            messenger: self.settings.name.clone(),
            connection: connection.clone(),
            paused: self.paused,
            n_waiting: self.gauge.n_waiting,
            n_people: self.gauge.n_people,
            trouble: self.trouble.clone(),
            pairing: self.pairing.shown(),
            tested: self.tested,
        };
        view.send_if_modified(|shown| {
            let is_new = shown.as_ref() != Some(&now);
            if is_new {
                *shown = Some(now);
            }
            is_new
        });
    }

    fn wish(&mut self, wish: PhoneWish) -> Result<(), LedgerError> {
        match wish {
            PhoneWish::Pause(paused) => {
                self.paused = paused;
                self.ledger.set_paused(paused, clock::now())?;
            }
            PhoneWish::Pair(true) => self.pairing.begin(clock::now()),
            PhoneWish::Pair(false) => self.pairing.end(),
            PhoneWish::Unpair => self.ledger.unpair()?,
            PhoneWish::TestCard => self.test_card()?,
        }
        Ok(())
    }

    /// Everybody who may speak: the configuration's, and those who were paired.
    fn members(&self) -> Result<Vec<Member>, LedgerError> {
        let configured = self.settings.allowed.iter().map(|person| Member { person: person.clone(), tenant: None });
        let mut members: Vec<Member> = configured.collect();
        members.extend(self.ledger.members()?);
        Ok(members)
    }

    /// Nobody is at the terminal, as far as keys tell.
    fn is_away(&self) -> bool {
        match self.settings.presence {
            Presence::Always => true,
            Presence::Never => false,
            Presence::Away => self.attention.is_away(clock::now(), self.settings.away_ms),
        }
    }

    /// Where news of a session goes; nowhere while somebody is at the terminal that it was opened in.
    fn chats_of(&self, session: SessionId) -> Result<Vec<ChatId>, LedgerError> {
        if let Some(owner) = self.ledger.owner(session)? {
            let is_told = self.is_member(&owner.person)? && !self.ledger.is_quiet(&owner.person)?;
            return Ok(if is_told { vec![owner.chat] } else { Vec::new() });
        }
        if !self.is_away() {
            return Ok(Vec::new());
        }
        let mut chats = Vec::new();
        for reach in self.everybody()? {
            if !self.ledger.is_quiet(&reach.person)? {
                chats.push(reach.chat);
            }
        }
        Ok(chats)
    }

    /// Every member, and where they are told things. Somebody who was known once and is not any more is none.
    fn everybody(&self) -> Result<Vec<Reach>, LedgerError> {
        let members = self.members()?;
        let mut all = self.ledger.reaches()?;
        all.retain(|reach| members.iter().any(|member| member.person == reach.person));
        // Where nobody has spoken yet, the person's id is their chat.
        let unmet = |member: &&Member| !all.iter().any(|reach| reach.person == member.person);
        let unmet: Vec<PersonId> = members.iter().filter(unmet).map(|member| member.person.clone()).collect();
        all.extend(unmet.into_iter().map(|person| Reach { chat: ChatId(person.0.clone()), person }));
        Ok(all)
    }

    fn is_member(&self, person: &PersonId) -> Result<bool, LedgerError> {
        Ok(self.members()?.iter().any(|member| member.person == *person))
    }

    fn say(&mut self, chat: &ChatId, text: impl Into<String>) -> Result<(), LedgerError> {
        let text = text.into();
        let text = self.redactor.text(&text).into_owned();
        self.last_said = text.lines().next().map(str::to_owned);
        self.post(chat, &Parcel::Text(text))
    }

    fn post(&mut self, chat: &ChatId, parcel: &Parcel) -> Result<(), LedgerError> {
        let given_up = self.ledger.post(chat, parcel)?;
        self.note_given_up(given_up);
        Ok(())
    }

    /// News of a session: who replies to it speaks to the session.
    fn post_of(&mut self, session: SessionId, chat: &ChatId, parcel: &Parcel) -> Result<(), LedgerError> {
        let given_up = self.ledger.post_of(session, chat, parcel)?;
        self.note_given_up(given_up);
        Ok(())
    }

    fn note_given_up(&mut self, n: usize) {
        if n > 0 {
            self.trouble = Some(format!("{n} notices were given up: too many wait to be sent"));
        }
    }

    fn title(&self, session: SessionId) -> String {
        // It may be the beginning of a prompt.
        let title = |session: &crate::core::session::Session| {
            format!("{} · {}", session.id, self.redactor.text(words::whole(&session.title)))
        };
        self.fleet.get(session).map_or_else(|| format!("{session}"), title)
    }
}
