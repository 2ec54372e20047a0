//! The relay at work on an engine, with a messenger that remembers: what reaches the phone, and what the phone can do.

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use adjutant::clock;
use adjutant::config::feishu::Presence;
use adjutant::core::approval::Decision;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::ids::Timestamp;
use adjutant::core::language::Language;
use adjutant::core::phone::PhoneView;
use adjutant::core::phone::PhoneWish;
use adjutant::core::prompt::Surface;
use adjutant::core::session::SessionSpec;
use adjutant::link::attention::Attention;
use adjutant::redact::Redactor;
use adjutant::relay::card::Block;
use adjutant::relay::card::Card;
use adjutant::relay::card::Tone;
use adjutant::relay::ledger::Ledger;
use adjutant::relay::messenger::Attachment;
use adjutant::relay::messenger::ChatId;
use adjutant::relay::messenger::Connection;
use adjutant::relay::messenger::Failure;
use adjutant::relay::messenger::Happening;
use adjutant::relay::messenger::Heard;
use adjutant::relay::messenger::MessageId;
use adjutant::relay::messenger::Messenger;
use adjutant::relay::messenger::Mood;
use adjutant::relay::messenger::Parcel;
use adjutant::relay::messenger::PersonId;
use adjutant::relay::messenger::Pressed;
use adjutant::relay::messenger::Reply;
use adjutant::relay::messenger::Said;
use adjutant::relay::messenger::TenantId;
use adjutant::relay::messenger::Who;
use adjutant::relay::service;
use adjutant::relay::service::Commanded;
use adjutant::relay::service::Ends;
use adjutant::relay::service::Settings;
use adjutant::relay::service::Witness;
use serde_json::Value;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::play;
use crate::support::rig::Rig;
use crate::support::stage::all_sent;

const PATIENCE: Duration = Duration::from_mins(1);
pub(super) const ME: &str = "ou_me";
pub(super) const CHAT: &str = "oc_mine";

/// A message as it stands in the chat now.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: MessageId,
    pub(super) chat: ChatId,
    parcel: Parcel,
    n_changes: usize,
}

impl Message {
    pub(super) fn card(&self) -> Option<&Card> {
        if let Parcel::Card(card) = &self.parcel { Some(card) } else { None }
    }

    pub(super) fn text(&self) -> String {
        match &self.parcel {
            Parcel::Text(text) => text.clone(),
            Parcel::Card(card) => card.plain(),
            Parcel::TextFile { name, text } => format!("{name}: {text}"),
            Parcel::File { path, name } => format!("{name} from {path}"),
        }
    }
}

/// A messenger that remembers, and fails when told to.
#[derive(Debug, Default)]
pub(super) struct Phone {
    messages: Mutex<Vec<Message>>,
    keys: Mutex<HashMap<String, MessageId>>,
    pub(super) rung: Mutex<Vec<(MessageId, PersonId)>>,
    /// What files hold that are fetched; others name their key.
    pub(super) contents: Mutex<HashMap<String, Vec<u8>>>,
    /// What sending fails with before it succeeds again.
    pub(super) failures: Mutex<Vec<Failure>>,
}

impl Messenger for Phone {
    async fn send(&self, chat: &ChatId, what: &Parcel, key: &str) -> Result<MessageId, Failure> {
        let failure = self.failures.lock().unwrap().pop();
        // One that fails "later" may have arrived all the same.
        if let Some(failure) = failure.clone().filter(|failure| !matches!(failure, Failure::Later(_))) {
            return Err(failure);
        }
        let mut keys = self.keys.lock().unwrap();
        let mut messages = self.messages.lock().unwrap();
        let n = messages.len();
        let id = keys.entry(key.to_owned()).or_insert_with(|| {
            let id = MessageId(format!("om_{n}"));
            messages.push(Message { id: id.clone(), chat: chat.clone(), parcel: what.clone(), n_changes: 0 });
            id
        });
        failure.map_or_else(|| Ok(id.clone()), Err)
    }

    async fn update(&self, message: &MessageId, card: &Card) -> Result<(), Failure> {
        let mut messages = self.messages.lock().unwrap();
        let found = messages.iter_mut().find(|sent| sent.id == *message).ok_or(Failure::Gone("unknown".into()))?;
        if found.card().is_none() {
            return Err(Failure::Form("it is no card".into()));
        }
        found.parcel = Parcel::Card(Box::new(card.clone()));
        found.n_changes += 1;
        Ok(())
    }

    async fn seen(&self, _: &MessageId) {}

    async fn urge(&self, message: &MessageId, person: &PersonId) -> Result<(), Failure> {
        self.rung.lock().unwrap().push((message.clone(), person.clone()));
        Err(Failure::Settings("the app lacks the scope im:message.urgent".into()))
    }

    async fn fetch(&self, _: &MessageId, it: &Attachment, to: &Path, _: u64) -> Result<Option<String>, Failure> {
        let known = self.contents.lock().unwrap().get(&it.key).cloned();
        std::fs::write(to, known.unwrap_or_else(|| format!("content of {}", it.key).into_bytes())).unwrap();
        Ok(None)
    }
}

/// The relay of a test, and a hand that holds the phone.
pub(super) struct Hand {
    pub(super) phone: Arc<Phone>,
    heard: mpsc::Sender<Heard>,
    pub(super) wishes: mpsc::Sender<PhoneWish>,
    pub(super) view: watch::Receiver<Option<PhoneView>>,
    attention: Arc<Attention>,
    quit: CancellationToken,
    /// What was commanded, as it is recorded.
    pub(super) recorded: Arc<Mutex<Vec<Commanded>>>,
    pub(super) n_said: u32,
    /// Of the ledger.
    folder: PathBuf,
}

fn witness(recorded: &Arc<Mutex<Vec<Commanded>>>) -> Witness {
    let recorded = Arc::clone(recorded);
    Witness::new(move |commanded| {
        recorded.lock().unwrap().push(commanded);
        true
    })
}

pub(super) fn who(person: &str) -> Who {
    Who { person: PersonId(person.into()), tenant: TenantId("t".into()), of: TenantId("t".into()) }
}

impl Hand {
    pub(super) fn start(rig: &Rig, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_on(Arc::default(), rig, change)
    }

    /// With this phone, which may have shown something before.
    fn start_on(phone: Arc<Phone>, rig: &Rig, change: impl FnOnce(&mut Settings)) -> Self {
        let data = rig.folder.path().join("relay");
        std::fs::create_dir_all(&data).unwrap();
        let mut settings = Settings {
            name: "Test".into(),
            language: Language::English,
            allowed: vec![PersonId(ME.into())],
            roots: vec![rig.folder.path().display().to_string()],
            presence: Presence::Always,
            away_ms: 1_000,
            groups: false,
            deadline_s: 0,
            urgent_ms: None,
            files: data.join("files"),
            conversations: rig.folder.path().join("conversations"),
            gather: Duration::ZERO,
            progress_every: Duration::from_millis(20),
            progress_after: Duration::ZERO,
        };
        change(&mut settings);
        let (heard, heard_end) = mpsc::channel(64);
        let (wishes, wishes_end) = mpsc::channel(8);
        let (view_end, view) = watch::channel(None);
        let (_, connection) = watch::channel(Connection::Connected { since: Timestamp(0) });
        let (attention, quit) = (Arc::new(Attention::default()), CancellationToken::new());
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let ends = Ends {
            link: rig.engine.connect(),
            heard: heard_end,
            connection,
            wishes: wishes_end,
            view: view_end,
            attention: Arc::clone(&attention),
            witness: witness(&recorded),
            quit: quit.clone(),
        };
        let ledger = Ledger::open(&data).unwrap();
        let redactor = Arc::new(Redactor::new(["s3cr3t-word".to_owned()]));
        tokio::spawn(service::run(settings, Arc::clone(&phone), ledger, redactor, ends));
        Self { phone, heard, wishes, view, attention, quit, recorded, n_said: 0, folder: data }
    }

    /// Its person has spoken to the bot before.
    pub(super) async fn known(rig: &Rig, change: impl FnOnce(&mut Settings)) -> Self {
        let mut hand = Self::start(rig, change);
        hand.say("/help").await;
        hand.wait("the help", |message| message.text().contains("/new DIR")).await;
        hand
    }

    pub(super) async fn happens(&self, what: Happening) -> Reply {
        let (sender, reply) = oneshot::channel();
        self.heard.send(Heard::new(what, move |reply| drop(sender.send(reply)))).await.unwrap();
        tokio::time::timeout(PATIENCE, reply).await.expect("it is answered").expect("once")
    }

    pub(super) fn said(&mut self, text: &str) -> Said {
        self.n_said += 1;
        Said {
            message: MessageId(format!("om_said_{}", self.n_said)),
            chat: ChatId(CHAT.into()),
            who: who(ME),
            at: Some(clock::now()),
            text: text.into(),
            ..Said::default()
        }
    }

    pub(super) async fn say(&mut self, text: &str) {
        let said = self.said(text);
        assert_eq!(self.happens(Happening::Said(said)).await, Reply::Done);
    }

    /// The relay knows of everything it sent that it has arrived.
    pub(super) async fn settled(&self) {
        all_sent(&self.folder).await;
    }

    pub(super) fn messages(&self) -> Vec<Message> {
        self.phone.messages.lock().unwrap().clone()
    }

    pub(super) async fn wait(&self, what: &str, wanted: impl Fn(&Message) -> bool) -> Message {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.messages().into_iter().find(|message| wanted(message)) {
                return found;
            }
            assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}: {:#?}", self.messages());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The card that asks and can be pressed.
    pub(super) async fn asked(&self) -> Message {
        let is_live =
            |message: &Message| message.card().is_some_and(|card| card.is_live() && card.tone == Tone::Pending);
        let asked = self.wait("a card that asks", is_live).await;
        // No finger is as fast as this test.
        self.settled().await;
        asked
    }

    pub(super) fn press(message: &Message, act: &str, form: Value) -> Pressed {
        let value = values(message.card().expect("a card")).into_iter().find(|value| value["act"] == act);
        let Value::Object(form) = form else { panic!("a form is an object") };
        let value = value.unwrap_or_else(|| panic!("{act} is offered: {message:?}"));
        Pressed { message: message.id.clone(), chat: message.chat.clone(), who: who(ME), value, form }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.quit.cancel();
    }
}

/// What the buttons of a card carry.
pub(super) fn values(card: &Card) -> Vec<Value> {
    let of = |block: &Block| match block {
        Block::Buttons(buttons) => buttons.iter().map(|button| button.value.clone()).collect(),
        Block::Form(form) => form.buttons().map(|button| button.value.clone()).collect(),
        _ => Vec::new(),
    };
    card.blocks.iter().flat_map(of).collect()
}

const ASKS: &str = r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "touch made"}, "result": "made it",
    "allowed": [{"say": "it-was-allowed"}], "denied": [{"say": "it-was-denied"}]}}]}"#;

pub(super) fn asks(n: usize) -> (Rig, tempfile::TempDir) {
    let line = ASKS.replace('\n', " ");
    play(&vec![line.as_str(); n])
}

pub(super) fn note(reply: &Reply) -> (Mood, &str) {
    match reply {
        Reply::Note { mood, text, .. } => (*mood, text),
        other => panic!("a note: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_opened_asked_and_finished_from_the_phone() {
    let (mut rig, _script) = asks(1);
    let mut hand = Hand::known(&rig, |settings| settings.deadline_s = 600).await;
    hand.say("/new project make something --timeout 5").await;
    let asked = hand.asked().await;
    assert!(asked.text().contains("touch made") && asked.text().contains("600 seconds"), "{}", asked.text());
    let reply = hand.happens(Happening::Pressed(Hand::press(&asked, "allow", json!({})))).await;
    assert_eq!(note(&reply), (Mood::Success, "allowed once"));
    assert!(matches!(&reply, Reply::Note { card: Some(card), .. } if !card.is_live()));
    hand.wait("the answer", |message| message.text().contains("it-was-allowed")).await;
    hand.wait("the final card", |message| message.id == asked.id && message.text().contains("allowed once by ou_me"))
        .await;
    let resolved = rig.wait("the verdict", |kind| matches!(kind, EventKind::ApprovalResolved { .. })).await;
    let EventKind::ApprovalResolved { verdict, .. } = &resolved.kind else { unreachable!() };
    assert_eq!(verdict.by, Surface::Phone(ME.into()));
    let session = rig.fleet.sessions().next().unwrap();
    assert_eq!((session.spec.timeout_minutes, session.spec.deadline_s), (Some(5), Some(600)));
    hand.say("/list").await;
    hand.wait("the list", |message| message.text().contains("▸ 1 · make something")).await;
    hand.say("/progress").await;
    hand.wait("the progress", |message| {
        let text = message.text();
        text.contains("✓ Bash touch made") && text.contains("1 tool call") && !text.contains("calls")
    })
    .await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_terminal_was_first_the_card_says_so_and_counts_no_more() {
    let (mut rig, _script) = asks(1);
    let hand = Hand::known(&rig, |_| {}).await;
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let approval = rig.approval().await;
    let asked = hand.asked().await;
    rig.answer(id, approval.id, Decision::deny("no")).await;
    hand.wait("the final card", |message| message.id == asked.id && message.text().contains("denied at the terminal"))
        .await;
    let reply = hand.happens(Happening::Pressed(Hand::press(&asked, "allow", json!({})))).await;
    assert!(note(&reply).1.contains("Already"), "{reply:?}");
    assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    rig.listen(Duration::from_millis(100)).await;
    let verdicts = rig.events.iter().filter(|event| matches!(event.kind, EventKind::ApprovalResolved { .. }));
    assert_eq!(verdicts.count(), 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_presses_at_once_one_counts() {
    let (mut rig, _script) = asks(1);
    let hand = Hand::known(&rig, |_| {}).await;
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let asked = hand.asked().await;
    let press = |act: &str| hand.happens(Happening::Pressed(Hand::press(&asked, act, json!({}))));
    let replies =
        futures_util::future::join_all((0..50).map(|n| press(if n % 2 == 0 { "allow" } else { "deny" }))).await;
    let counted = replies.iter().filter(|reply| note(reply).0 == Mood::Success).count();
    assert_eq!(counted, 1, "{replies:?}");
    // The verdict may come a moment after the end of the turn.
    rig.idle(id).await;
    rig.listen(Duration::from_millis(300)).await;
    let verdicts = rig.events.iter().filter(|event| matches!(event.kind, EventKind::ApprovalResolved { .. }));
    assert_eq!(verdicts.count(), 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_that_is_not_right_in_every_way_changes_nothing() {
    let (mut rig, _script) = asks(1);
    let hand = Hand::known(&rig, |_| {}).await;
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let asked = hand.asked().await;
    let right = Hand::press(&asked, "allow", json!({}));
    let with = |change: &dyn Fn(&mut Pressed)| {
        let mut wrong = right.clone();
        change(&mut wrong);
        wrong
    };
    let foreign = Who { tenant: TenantId("other".into()), ..who(ME) };
    let wrongs: Vec<(&str, Pressed)> = vec![
        ("a stranger", with(&|press| press.who = who("ou_stranger"))),
        ("a guest of another organisation", with(&|press| press.who = foreign.clone())),
        ("nobody", with(&|press| press.who = Who::default())),
        ("another message", with(&|press| press.message = MessageId("om_forwarded".into()))),
        ("another chat", with(&|press| press.chat = ChatId("oc_other".into()))),
        ("a wrong nonce", with(&|press| press.value["n"] = json!("0".repeat(32)))),
        ("no nonce", with(&|press| drop(press.value.as_object_mut().unwrap().remove("n")))),
        ("another card", with(&|press| press.value["rid"] = json!(99))),
        ("what was not offered", with(&|press| press.value["act"] = json!("plan"))),
        ("always without a choice", with(&|press| press.value["act"] = json!("always"))),
        ("a text for a value", with(&|press| press.value = json!("allow"))),
    ];
    for (what, wrong) in wrongs {
        let reply = hand.happens(Happening::Pressed(wrong)).await;
        assert_ne!(note(&reply).0, Mood::Success, "{what}");
    }
    rig.listen(Duration::from_millis(100)).await;
    assert_eq!(rig.fleet.inbox().len(), 1, "it waits still");
    assert!(!rig.events.iter().any(|event| matches!(event.kind, EventKind::ApprovalClaimed { .. })));
    assert_eq!(note(&hand.happens(Happening::Pressed(right)).await).0, Mood::Success);
    rig.turn_end().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_old_messages_and_repeated_ones_do_nothing() {
    let (mut rig, _script) = asks(2);
    let mut hand = Hand::known(&rig, |_| {}).await;
    let mut stranger = hand.said("/new project rm -rf");
    stranger.who = who("ou_stranger");
    stranger.chat = ChatId("oc_theirs".into());
    hand.happens(Happening::Said(stranger.clone())).await;
    let told = hand.wait("a word to the stranger", |message| message.chat.0 == "oc_theirs").await;
    assert!(told.text().contains("does not know you") && told.text().contains("ou_stranger"));
    let mut again = hand.said("hello?");
    (again.who, again.chat) = (stranger.who.clone(), stranger.chat.clone());
    hand.happens(Happening::Said(again)).await;
    let mut old = hand.said("/new project old");
    old.at = Some(Timestamp(clock::now().0 - 11 * 60_000));
    hand.happens(Happening::Said(old)).await;
    let mut group = hand.said("/new project group");
    (group.is_group, group.mentions_us) = (true, true);
    hand.happens(Happening::Said(group)).await;
    let once = hand.said("/new project once");
    for _ in 0..3 {
        assert_eq!(hand.happens(Happening::Said(once.clone())).await, Reply::Done);
    }
    hand.asked().await;
    rig.listen(Duration::from_millis(200)).await;
    assert_eq!(rig.fleet.len(), 1, "one session, of the one message");
    assert_eq!(hand.messages().iter().filter(|message| message.chat.0 == "oc_theirs").count(), 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_somebody_is_at_the_terminal_the_phone_is_quiet() {
    let (mut rig, _script) = asks(2);
    let hand = Hand::known(&rig, |settings| (settings.presence, settings.away_ms) = (Presence::Away, 3_000)).await;
    hand.attention.set_terminals(1);
    hand.attention.note_key(clock::now());
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let approval = rig.approval().await;
    rig.listen(Duration::from_millis(300)).await;
    assert_eq!(hand.messages().len(), 1, "the help and nothing else: {:?}", hand.messages());
    // No key for a while: what waits still is told.
    let asked = hand.asked().await;
    assert!(asked.text().contains(&format!("/approve {}", approval.id)));
    rig.answer(id, approval.id, Decision::allow_once()).await;
    rig.turn_end().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_answer_where_cards_do_not_arrive() {
    let (mut rig, _script) = asks(3);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("y").await;
    hand.wait("nothing waits", |message| message.text().contains("No such request")).await;
    let id = rig.open().await;
    for (words, outcome) in [("y".to_owned(), "it-was-allowed"), ("/deny use another name".to_owned(), "it-was-denied")]
    {
        rig.prompt(id, "go").await;
        let approval = rig.approval().await;
        hand.wait("the card", |message| message.text().contains(&format!("/approve {}", approval.id))).await;
        hand.settled().await;
        hand.say(&words).await;
        rig.wait("the verdict", |kind| matches!(kind, EventKind::ApprovalResolved { .. })).await;
        rig.turn_end().await;
        hand.wait("the end", |message| message.text().contains(outcome)).await;
    }
    rig.prompt(id, "go").await;
    let approval = rig.approval().await;
    hand.wait("the card", |message| message.text().contains(&format!("/approve {}", approval.id))).await;
    hand.settled().await;
    hand.say(&format!("/approve {}", approval.id.0 + 1)).await;
    hand.say(&format!("/approve {}", approval.id)).await;
    rig.turn_end().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_sent_again_once_and_in_order() {
    let (mut rig, _script) = asks(1);
    let mut hand = Hand::known(&rig, |_| {}).await;
    let later = || Failure::Later(Duration::from_millis(1));
    *hand.phone.failures.lock().unwrap() = vec![later(), later()];
    hand.say("/list").await;
    hand.say("/help").await;
    hand.wait("both", |_| hand.messages().len() >= 3).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let texts: Vec<String> = hand.messages().iter().skip(1).map(|message| message.text()).collect();
    assert!(texts.len() == 2 && texts[0].contains("no session") && texts[1].contains("/new DIR"), "{texts:?}");
    // A card that is not taken comes as text; what is withheld says so.
    *hand.phone.failures.lock().unwrap() = vec![Failure::Form("too large".into())];
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let approval = rig.approval().await;
    let command = format!("/approve {}", approval.id);
    hand.wait("the request as text or card", |message| message.text().contains(&command)).await;
    // What went out as text cannot be changed: how it ended is said beside it.
    rig.answer(id, approval.id, Decision::deny("no")).await;
    rig.turn_end().await;
    hand.wait("how it ended", |message| message.text().contains("[denied]") && !message.text().contains("/approve"))
        .await;
    *hand.phone.failures.lock().unwrap() = vec![Failure::Withheld];
    hand.say("/help").await;
    hand.wait("a word about it", |message| message.text().contains("withheld by a filter")).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_from_the_terminal_makes_somebody_known() {
    let (rig, _script) = asks(1);
    let mut hand = Hand::start(&rig, |settings| settings.allowed.clear());
    hand.say("/list").await;
    hand.wait("a stranger", |message| message.text().contains("does not know you")).await;
    hand.wishes.send(PhoneWish::Pair(true)).await.unwrap();
    let code = loop {
        hand.view.changed().await.unwrap();
        let code = hand.view.borrow().as_ref().and_then(|view| view.pairing.clone());
        if let Some(code) = code {
            break code.code;
        }
    };
    let mut foreign = hand.said(&code);
    foreign.who.of = TenantId("other".into());
    hand.happens(Happening::Said(foreign)).await;
    hand.say("２２２２-2222").await;
    hand.wait("word of it", |message| message.text().contains("This code is not valid")).await;
    hand.say(&code.to_lowercase()).await;
    hand.wait("the welcome", |message| message.text().contains("Paired")).await;
    hand.say("/list").await;
    hand.wait("an answer", |message| message.text().contains("There is no session")).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_like_a_code_is_a_prompt_of_somebody_known_and_a_refusal_is_told_in_the_apis_words() {
    let refuses = r#"{"turn": [{"fail": {"status": 400, "text": "API Error: 400 messages.401: no connection"}}]}"#;
    let (mut rig, _script) = play(&[refuses, refuses]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    rig.turn_end().await;
    let card = hand.wait("the end", |message| message.text().contains("400 messages.401: no connection")).await;
    assert!(card.text().contains("fork the conversation"), "{}", card.text());
    hand.say("K7M2PQ9X").await;
    let sent = |kind: &EventKind| matches!(kind, EventKind::PromptSent(prompt) if prompt.text == "K7M2PQ9X");
    rig.wait("the prompt", sent).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_again_after_a_restart_is_closed_where_it_ended() {
    let (mut rig, _script) = asks(1);
    let hand = Hand::known(&rig, |_| {}).await;
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let approval = rig.approval().await;
    let asked = hand.asked().await;
    hand.quit.cancel();
    // It shows its state until it has ended.
    let mut view = hand.view.clone();
    while view.changed().await.is_ok() {}
    rig.answer(id, approval.id, Decision::allow_once()).await;
    rig.turn_end().await;
    // The relay begins anew on the same ledger; the phone is the same.
    let again = Hand::start_on(Arc::clone(&hand.phone), &rig, |_| {});
    let over = again.wait("the card to be closed", |message| message.id == asked.id && message.n_changes > 0).await;
    assert!(!over.card().unwrap().is_live() && over.text().contains("audit log"), "{}", over.text());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_both_ways_under_safe_names_and_secrets_stay() {
    let (mut rig, _script) =
        play(&[r#"{"turn": [{"say": "the word is s3cr3t-word"}]}"#, r#"{"turn": [{"say": "seen"}]}"#]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project hello").await;
    let done = hand.wait("the end of the turn", |message| message.text().contains("the word is")).await;
    assert!(!done.text().contains("s3cr3t-word"), "{}", done.text());
    std::fs::write(rig.project().join("notes.txt"), "x").unwrap();
    std::fs::write(rig.project().join(".env"), "KEY=1").unwrap();
    for (path, expected) in
        [("notes.txt", "notes.txt from"), (".env", "no such file"), ("../relay/relay.db", "no such file")]
    {
        hand.say(&format!("/file {path}")).await;
        hand.wait(path, |message| message.text().contains(expected)).await;
    }
    let mut said = hand.said("look at this");
    said.attachments =
        vec![Attachment { key: "k".into(), is_image: false, name: Some("../../evil.sh".into()), of: None }];
    hand.happens(Happening::Said(said)).await;
    let sent = rig.wait(
        "the prompt with the file",
        |kind| matches!(kind, EventKind::PromptSent(prompt) if prompt.text.contains("Attached")),
    );
    let EventKind::PromptSent(prompt) = &sent.await.kind.clone() else { unreachable!() };
    let path = prompt.text.rsplit(": ").next().unwrap();
    assert!(path.ends_with("files/1/evil.sh"), "{path}");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "content of k");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_events_make_few_changes_and_a_session_is_its_openers_alone() {
    let tools: Vec<Value> =
        (0..200).map(|n| json!({"name": "Read", "input": {"file_path": format!("/{n}")}, "result": "x"})).collect();
    let script = json!({"turn": [{"tools": tools}, {"say": "all read"}]}).to_string();
    let (mut rig, _script) = play(&[&script]);
    let other = PersonId("ou_other".into());
    let mut hand = Hand::known(&rig, |settings| settings.allowed.push(other.clone())).await;
    hand.say("/new project read it all").await;
    hand.wait("the end", |message| message.text().contains("all read")).await;
    hand.wait("the progress card's last word", |message| message.text().contains("/199")).await;
    let progress: Vec<Message> =
        hand.messages().into_iter().filter(|message| message.text().contains("/199")).collect();
    assert_eq!(progress.len(), 1, "one card shows how it went");
    assert!(progress[0].n_changes < 20, "{} changes", progress[0].n_changes);
    let mut theirs = hand.said("/list");
    (theirs.who, theirs.chat) = (who("ou_other"), ChatId("oc_other".into()));
    hand.happens(Happening::Said(theirs)).await;
    let list = hand.wait("their list", |message| message.chat.0 == "oc_other").await;
    assert!(list.text().contains("There is no session"), "{}", list.text());
    // One that the terminal opened is reached by both.
    let directory = rig.project().display().to_string();
    rig.open_spec(SessionSpec { directory, title: Some("common".into()), ..SessionSpec::default() }).await;
    let mut theirs = hand.said("/list");
    (theirs.who, theirs.chat) = (who("ou_other"), ChatId("oc_other".into()));
    tokio::time::sleep(Duration::from_millis(50)).await;
    hand.happens(Happening::Said(theirs)).await;
    hand.wait("the common one", |message| message.chat.0 == "oc_other" && message.text().contains("common")).await;
    rig.send(Command::Interrupt { session: rig.fleet.sessions().next().unwrap().id }).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_at_the_terminal_nothing_is_sent_and_nothing_counts() {
    let (mut rig, _script) = asks(1);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.wishes.send(PhoneWish::Pause(true)).await.unwrap();
    hand.view.wait_for(|view| view.as_ref().is_some_and(|view| view.paused)).await.unwrap();
    let said = hand.said("/new project x");
    assert!(matches!(hand.happens(Happening::Said(said)).await, Reply::Note { .. }));
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    rig.approval().await;
    rig.listen(Duration::from_millis(200)).await;
    assert_eq!(hand.messages().len(), 1);
    hand.wishes.send(PhoneWish::Pause(false)).await.unwrap();
    hand.asked().await;
    assert_eq!(rig.fleet.len(), 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_commanded_is_recorded_with_who_where_and_what_came_of_it() {
    let (rig, _script) = play(&[r#"{"turn": [{"say": "done here"}]}"#]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project go").await;
    hand.wait("the end", |message| message.text().contains("done here")).await;
    for line in ["/new nowhere", "/close 9", "/file nothing", "/stop", "/mode yolo", "22222222", "hello there"] {
        let n = hand.messages().len();
        hand.say(line).await;
        hand.wait("an answer", |_| hand.messages().len() > n).await;
    }
    let mut stranger = hand.said("/close 1");
    stranger.who = who("ou_stranger");
    hand.happens(Happening::Said(stranger)).await;
    let recorded = hand.recorded.lock().unwrap().clone();
    assert!(recorded.iter().all(|it| it.person.0 == ME && it.chat.0 == CHAT), "{recorded:?}");
    let of = |line: &str| {
        let found: Vec<&Commanded> = recorded.iter().filter(|it| it.line == line).collect();
        assert_eq!(found.len(), 1, "{line}: {recorded:?}");
        (found[0].session.map(|session| session.0), found[0].came.clone())
    };
    let (session, came) = of("/new project go");
    assert!(session == Some(1) && came.starts_with("Opened session 1 in "), "{came}");
    assert_eq!(of("/new nowhere"), (None, "There is no such directory.".into()));
    assert!(of("/close 9").1.contains("There is no session 9"));
    assert!(of("/file nothing").1.contains("no such file"));
    assert_eq!(of("/stop").1, "Nothing is running there.");
    assert_eq!(recorded.len(), 6, "a prompt, a code and what is no command are none: {recorded:?}");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_from_the_phone_makes_the_cli_read_nothing_that_may_not_leave() {
    let (mut rig, _script) = play(&[r#"{"turn": [{"say": "seen"}]}"#; 3]);
    std::fs::write(rig.folder.path().join("outside.txt"), "x").unwrap();
    std::fs::write(rig.project().join(".env"), "x").unwrap();
    std::fs::write(rig.project().join("inside.txt"), "x").unwrap();
    let mut hand = Hand::known(&rig, |_| {}).await;
    let outside = rig.folder.path().join("outside.txt").display().to_string();
    hand.say(&format!("/new project show @{outside}")).await;
    hand.wait("a refusal", |message| message.text().contains("outside.txt without asking")).await;
    hand.say("show @.env").await;
    hand.wait("a refusal", |message| message.text().contains("@.env without asking")).await;
    hand.say("show @inside.txt").await;
    hand.wait("the answer", |message| message.text().contains("seen")).await;
    rig.listen(Duration::from_millis(100)).await;
    let sent = rig.events.iter().filter_map(|event| match &event.kind {
        EventKind::PromptSent(prompt) => Some(prompt.text.as_str()),
        _ => None,
    });
    assert_eq!(sent.collect::<Vec<_>>(), ["show @inside.txt"]);
    rig.end().await;
}
