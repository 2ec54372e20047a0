//! Feishu as the relay's messenger: what is heard, what is sent, and what becomes of it when Feishu minds.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use adjutant::core::language::Language;
use adjutant::core::phone::Connection;
use adjutant::relay::card::Block;
use adjutant::relay::card::Button;
use adjutant::relay::card::Card;
use adjutant::relay::card::Style;
use adjutant::relay::card::Tone;
use adjutant::relay::feishu::check;
use adjutant::relay::feishu::check::Outcome;
use adjutant::relay::feishu::messenger;
use adjutant::relay::messenger::Attachment;
use adjutant::relay::messenger::ChatId;
use adjutant::relay::messenger::Failure;
use adjutant::relay::messenger::Happening;
use adjutant::relay::messenger::Heard;
use adjutant::relay::messenger::MessageId;
use adjutant::relay::messenger::Messenger as _;
use adjutant::relay::messenger::Mood;
use adjutant::relay::messenger::Parcel;
use adjutant::relay::messenger::PersonId;
use adjutant::relay::messenger::Pressed;
use adjutant::relay::messenger::Reply;
use adjutant::relay::messenger::Said;
use serde_json::Value;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::sync::DropGuard;

use super::PATIENCE;
use super::account;
use super::quick;
use crate::support::feishu::APP_SECRET;
use crate::support::feishu::Act;
use crate::support::feishu::BOT;
use crate::support::feishu::CHAT;
use crate::support::feishu::Feishu;
use crate::support::feishu::TENANT;
use crate::support::feishu::USER;
use crate::support::feishu::code;
use crate::support::feishu::lint;
use crate::support::feishu::pushes::event;
use crate::support::feishu::pushes::message;
use crate::support::feishu::pushes::message_of;
use crate::support::feishu::pushes::press;

/// A stand-in and the messenger that speaks to it.
struct Phone {
    feishu: Feishu,
    messenger: Arc<messenger::Feishu>,
    heard: mpsc::Receiver<Heard>,
    _cancel: DropGuard,
}

impl Phone {
    async fn start() -> Self {
        Self::prepared(|_| {}).await
    }

    async fn prepared(prepare: impl FnOnce(&Feishu)) -> Self {
        let feishu = Feishu::start().await;
        prepare(&feishu);
        let cancel = CancellationToken::new();
        let (messenger, heard, mut connection) =
            messenger::start(account(&feishu), Language::English, quick(), cancel.clone());
        let connected = connection.wait_for(|connection| matches!(connection, Connection::Connected { .. }));
        tokio::time::timeout(PATIENCE, connected).await.expect("it never connects").unwrap();
        feishu.connected(1).await;
        Self { feishu, messenger: Arc::new(messenger), heard, _cancel: cancel.drop_guard() }
    }

    async fn heard(&mut self) -> (Happening, Box<dyn FnOnce(Reply) + Send>) {
        let heard = tokio::time::timeout(PATIENCE, self.heard.recv()).await.expect("nothing is heard");
        heard.expect("it has ended").split()
    }

    /// Pushes a message; gives what is heard of it.
    async fn said(&mut self, push: &Value) -> Said {
        let number = self.feishu.push(push);
        let (what, reply) = self.heard().await;
        reply(Reply::Done);
        assert_eq!(self.feishu.ack(number).await.code, 200);
        match what {
            Happening::Said(said) => said,
            other => panic!("nothing was said: {other:?}"),
        }
    }

    async fn send(&self, what: Parcel, key: &str) -> Result<MessageId, Failure> {
        self.messenger.send(&chat(), &what, key).await
    }

    /// The texts of the messages that were taken.
    fn texts(&self) -> Vec<String> {
        let taken = self.feishu.taken();
        taken.iter().filter_map(|taken| taken.content["text"].as_str().map(str::to_owned)).collect()
    }
}

fn chat() -> ChatId {
    ChatId(CHAT.to_owned())
}

fn card(text: &str) -> Card {
    let value = json!({ "act": "allow", "rid": 1, "n": "9f" });
    let button = Button { label: "Allow".into(), style: Style::Primary, value, confirm: None };
    Card::new(Tone::Pending, "Bash · web", "Approval needed")
        .with(Block::Code { language: "bash".into(), text: text.into() })
        .with(Block::Buttons(vec![button]))
}

fn parcel(text: &str) -> Parcel {
    Parcel::Card(Box::new(card(text)))
}

#[tokio::test]
async fn a_message_is_heard_with_who_said_it_and_without_the_mention_of_the_bot() {
    let mut phone = Phone::start().await;
    let said = phone.said(&message("om_1", "how far is it?")).await;
    assert_eq!((said.text.as_str(), said.chat, said.message), ("how far is it?", chat(), MessageId("om_1".into())));
    assert_eq!(
        (said.who.person.0.as_str(), said.who.tenant.0.as_str(), said.who.of.0.as_str()),
        (USER, TENANT, TENANT)
    );
    assert!(!said.is_group && !said.mentions_us && said.unsupported.is_none() && said.at.is_some());

    let mut group = message("om_2", "@_user_1 go on, @_user_2");
    group["event"]["message"]["chat_type"] = json!("group");
    group["event"]["sender"]["tenant_key"] = json!("t_guest");
    group["event"]["message"]["mentions"] = json!([
        { "key": "@_user_1", "id": { "open_id": BOT }, "name": "adjutant" },
        { "key": "@_user_2", "id": { "open_id": "ou_tom" }, "name": "Tom" } ]);
    let said = phone.said(&group).await;
    assert_eq!((said.text.as_str(), said.is_group, said.mentions_us), ("go on, @Tom", true, true));
    assert_eq!((said.who.tenant.0.as_str(), said.who.of.0.as_str()), ("t_guest", TENANT));
    group["event"]["message"]["mentions"] =
        json!([{ "key": "@_user_2", "id": { "open_id": "ou_tom" }, "name": "Tom" }]);
    assert!(!phone.said(&group).await.mentions_us);
}

#[tokio::test]
async fn a_message_to_a_bot_that_is_not_known_yet_comes_again() {
    let phone = Phone::prepared(|feishu| feishu.script("bot", vec![code(500, 1, "busy"); 1_000])).await;
    let mut group = message("om_1", "@_user_1 go on");
    group["event"]["message"]["mentions"] =
        json!([{ "key": "@_user_1", "id": { "open_id": BOT }, "name": "adjutant" }]);
    let number = phone.feishu.push(&group);
    assert_eq!(phone.feishu.ack(number).await.code, 500);
}

#[tokio::test]
async fn files_and_pictures_are_heard_by_harmless_names_and_the_rest_is_named() {
    let mut phone = Phone::start().await;
    for (name, expected) in [
        ("a.txt", Some("a.txt".to_owned())),
        ("../../x", Some("x".to_owned())),
        ("", None),
        ("a\u{1b}\n\u{202e}b", Some("ab".to_owned())),
        (&"x".repeat(300), Some("x".repeat(120))),
    ] {
        let push = message_of("om_1", "file", &json!({ "file_key": "file_1", "file_name": name }));
        let said = phone.said(&push).await;
        assert_eq!(said.attachments, [Attachment { key: "file_1".into(), is_image: false, name: expected, of: None }]);
    }
    let post = json!({ "title": "", "content": [[{ "tag": "text", "text": "look" }, { "tag": "img", "image_key": "img_1" }]] });
    let said = phone.said(&message_of("om_2", "post", &post)).await;
    assert_eq!((said.text.as_str(), said.attachments[0].is_image), ("look", true));
    let said = phone.said(&message_of("om_3", "sticker", &json!({}))).await;
    assert_eq!((said.unsupported.as_deref(), said.attachments.len()), (Some("sticker"), 0));
    let said = phone.said(&message_of("om_4", "audio", &json!({ "file_key": "f", "duration": 1 }))).await;
    assert_eq!(said.attachments[0].name.as_deref(), Some("audio.opus"));
}

#[tokio::test]
async fn other_events_are_heard_or_answered() {
    let mut phone = Phone::start().await;
    let entered = json!({ "chat_id": CHAT, "operator_id": { "open_id": USER } });
    phone.feishu.push(&event("im.chat.access_event.bot_p2p_chat_entered_v1", "e1", &entered));
    let (what, reply) = phone.heard().await;
    assert!(matches!(&what, Happening::Entered { chat, who } if chat.0 == CHAT && who.person.0 == USER), "{what:?}");
    reply(Reply::Done);
    let menu = json!({ "operator": { "operator_id": { "open_id": USER } }, "event_key": "k" });
    let number = phone.feishu.push(&event("application.bot.menu_v6", "e2", &menu));
    let (what, reply) = phone.heard().await;
    assert!(
        matches!(&what, Happening::Chosen { id, who, key, .. } if id.0 == "menu e2" && who.person.0 == USER && key == "k")
    );
    reply(Reply::Done);
    assert_eq!(phone.feishu.ack(number).await.code, 200);
    let recalled = json!({ "message_id": "om_1", "chat_id": CHAT });
    let number = phone.feishu.push(&event("im.message.recalled_v1", "e3", &recalled));
    let (what, reply) = phone.heard().await;
    assert_eq!(what, Happening::Recalled { chat: chat(), message: MessageId("om_1".into()) });
    reply(Reply::Failed);
    assert_eq!(phone.feishu.ack(number).await.code, 500);
}

#[tokio::test]
async fn a_press_is_heard_with_its_form_and_the_card_becomes_another_at_once() {
    let mut phone = Phone::start().await;
    let sent = phone.send(parcel("ls"), "k1").await.unwrap();
    let mut push = press(&sent.0, &json!({ "act": "allow", "rid": 1 }));
    push["event"]["action"]["form_value"] = json!({ "why": "so", "more": ["0", "2"] });
    let number = phone.feishu.push(&push);
    let (what, reply) = phone.heard().await;
    let Happening::Pressed(Pressed { message, chat: place, who, value, form }) = what else { panic!("{what:?}") };
    assert_eq!((&message, place, who.person.0.as_str()), (&sent, chat(), USER));
    assert_eq!(
        (value, &form["more"], &form["why"]),
        (json!({ "act": "allow", "rid": 1 }), &json!(["0", "2"]), &json!("so"))
    );
    let answered = Instant::now();
    let over = Card::new(Tone::Good, "Bash · web", "Approved").tagged("allowed");
    reply(Reply::Note { mood: Mood::Success, text: "allowed\nonce".into(), card: Some(Box::new(over.clone())) });
    let data = phone.feishu.ack(number).await.data.unwrap();
    assert_eq!(data["toast"], json!({ "type": "success", "content": "allowed ↵ once" }));
    assert_eq!((&data["card"]["type"], &data["card"]["data"]["header"]["template"]), (&json!("raw"), &json!("green")));
    assert_eq!(lint::card(&data["card"]["data"]), Ok(()));
    // A change that came sooner would race with the answer.
    phone.messenger.update(&sent, &over).await.unwrap();
    assert!(answered.elapsed() >= Duration::from_secs(1));
    assert_eq!(phone.feishu.taken()[0].content["header"]["template"], "green");
}

#[tokio::test]
async fn a_press_may_get_a_note_alone() {
    let mut phone = Phone::start().await;
    let number = phone.feishu.push(&press("om_1", &json!({})));
    let (_, reply) = phone.heard().await;
    reply(Reply::Note { mood: Mood::Warning, text: "<at id=all> ".repeat(100), card: None });
    let data = phone.feishu.ack(number).await.data.unwrap();
    assert!(data.get("card").is_none() && data["toast"]["content"].as_str().unwrap().chars().count() <= 200, "{data}");
}

#[tokio::test]
async fn what_is_sent_again_under_its_key_shows_once() {
    let phone = Phone::start().await;
    phone.feishu.script("send", [Act::DropAfter]);
    let long = "a line of some words\n".repeat(400);
    assert!(matches!(phone.send(parcel("ls"), "k1").await, Err(Failure::Later(_))));
    let first = phone.send(parcel("ls"), "k1").await.unwrap();
    assert_eq!(first.0, phone.feishu.taken()[0].message_id);
    phone.send(Parcel::Text(long.clone()), "k2").await.unwrap();
    let n_parts = phone.texts().len();
    assert!(n_parts >= 2);
    // The answer to the first part is lost.
    phone.feishu.script("send", [Act::DropAfter]);
    assert!(phone.send(Parcel::Text(long.clone()), "k2").await.is_err());
    phone.send(Parcel::Text(long.clone()), "k2").await.unwrap();
    assert_eq!(phone.texts().join("\n"), long.trim_end());
    assert!(phone.feishu.taken().iter().all(|taken| taken.uuid.len() == 40));
}

#[tokio::test]
async fn a_card_that_is_not_taken_becomes_smaller_and_then_text() {
    let phone = Phone::start().await;
    phone.send(parcel(&"x".repeat(100_000)), "k1").await.unwrap();
    assert_eq!(phone.feishu.taken()[0].kind, "interactive", "what is too long is cut before it is sent");
    phone.feishu.script("send", [code(400, 230_025, "too long")]);
    phone.send(parcel(&"y".repeat(100_000)), "k2").await.unwrap();
    let smaller = &phone.feishu.taken()[1];
    assert!(smaller.kind == "interactive" && smaller.content.to_string().len() < 13_000);
    phone.feishu.script("send", [code(400, 230_099, "ext=ErrCode: 11310"), code(400, 230_099, "ext=ErrCode: 200861")]);
    phone.send(parcel("echo '<at user_id=\"all\">'"), "k3").await.unwrap();
    assert_eq!(phone.texts(), ["Bash · web\n    echo '<\u{200b}at user_id=\"all\">'"]);
    phone.feishu.script("send", [code(400, 77, "new"), code(400, 230_001, "no")]);
    assert!(matches!(phone.send(parcel("ls"), "k4").await, Err(Failure::Form(_))));
}

#[tokio::test]
async fn what_the_filter_holds_back_is_withheld_and_never_sent_in_another_form() {
    let phone = Phone::start().await;
    phone.feishu.script("send", [code(400, 230_028, "DLP"), code(400, 230_022, "sensitive")]);
    assert_eq!(phone.send(parcel("call 13800000000"), "k1").await, Err(Failure::Withheld));
    assert_eq!(phone.send(Parcel::Text("x".into()), "k2").await, Err(Failure::Withheld));
    assert_eq!((phone.feishu.taken().len(), phone.feishu.n_calls("send")), (0, 2));
    let sent = phone.send(parcel("ls"), "k3").await.unwrap();
    phone.feishu.script("patch", [code(400, 230_028, "DLP")]);
    let over = Card { tone: Tone::Bad, blocks: vec![Block::Text("13800000000".into())], ..card("x") };
    phone.messenger.update(&sent, &over).await.unwrap();
    let shown = phone.feishu.taken()[0].content.to_string();
    assert!(
        shown.contains("withheld by a filter") && shown.contains("\"red\"") && !shown.contains("138000"),
        "{shown}"
    );
    assert!(!shown.contains("button"), "what cannot be read cannot be pressed: {shown}");
}

#[tokio::test]
async fn faults_are_told_in_the_words_of_all_messengers() {
    let phone = Phone::start().await;
    phone.feishu.script(
        "send",
        [
            code(400, 230_020, "too fast"),
            code(400, 99_991_403, "quota"),
            code(400, 230_018, "muted"),
            code(400, 230_002, "out"),
            code(400, 232_009, "gone"),
        ],
    );
    let send = async || phone.send(Parcel::Text("x".into()), "k").await.unwrap_err();
    assert!(matches!(send().await, Failure::Later(_)));
    assert!(matches!(send().await, Failure::Settings(_)));
    assert!(matches!(send().await, Failure::Settings(_)));
    assert!(matches!(send().await, Failure::Gone(_)), "a chat that the bot was put out of holds up nothing");
    assert!(matches!(send().await, Failure::Gone(_)));
    phone.feishu.expire_tokens();
    phone.send(Parcel::Text("x".into()), "k").await.unwrap();
    assert_eq!(phone.feishu.taken().len(), 1, "a token that expired in the middle is replaced");
    let gone = phone.messenger.update(&MessageId("om_never".into()), &card("x")).await;
    assert!(matches!(gone, Err(Failure::Gone(_))), "{gone:?}");
    phone.messenger.seen(&MessageId("om_1".into())).await;
    phone.messenger.seen(&MessageId("../om_1".into())).await;
    assert_eq!(phone.feishu.n_calls("react"), 1);
}

#[tokio::test]
async fn files_are_sent_and_what_cannot_be_is_said() {
    let phone = Phone::start().await;
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(place("a.pdf"), "%PDF").unwrap();
    std::fs::write(place("empty"), "").unwrap();
    std::fs::File::create(place("big")).unwrap().set_len(30_000_001).unwrap();
    std::os::unix::fs::symlink(place("a.pdf"), place("link")).unwrap();
    let file = |path: &str, name: &str| Parcel::File { path: place(path), name: name.to_owned() };
    phone.send(file("a.pdf", "../../报告.pdf"), "k1").await.unwrap();
    phone.send(Parcel::TextFile { name: "a\n/b\u{202e}.txt".into(), text: "all of it".into() }, "k2").await.unwrap();
    phone.feishu.with(|state| {
        let names: Vec<&str> = state.uploads.iter().map(|upload| upload.fields["file_name"].as_str()).collect();
        assert_eq!(names, ["报告.pdf", "b.txt"]);
        assert_eq!(state.uploads[1].bytes, b"all of it");
    });
    assert!(phone.feishu.taken().iter().all(|taken| taken.kind == "file"));
    // A picture is shown, whatever it is called; one that is not taken as such comes as a file.
    let picture = b"GIF89a\x03\0\x05\0\0\0\0;";
    std::fs::write(place("shot.txt"), picture).unwrap();
    phone.send(file("shot.txt", "shot.txt"), "k3").await.unwrap();
    assert_eq!(phone.feishu.taken().last().unwrap().kind, "image");
    assert_eq!(phone.feishu.with(|state| state.uploads.last().unwrap().bytes.clone()), picture);
    phone.feishu.script("image", [code(400, 234_011, "unknown format")]);
    phone.send(file("shot.txt", "shot.gif"), "k4").await.unwrap();
    assert_eq!(phone.feishu.taken().last().unwrap().kind, "file");
    for (path, expected) in [
        ("big", "big has 31 MB, and Feishu takes files of at most 30 MB."),
        ("empty", "empty is empty, and Feishu takes no empty files."),
        ("link", "link could not be read: "),
        ("gone", "gone could not be read: "),
        ("", " could not be read: it is no file"),
    ] {
        phone.send(file(path, path), &format!("k {path}")).await.unwrap();
        let said = phone.texts().pop().unwrap();
        assert!(said.contains(expected.trim()), "{said}");
    }
    assert_eq!(phone.feishu.n_calls("file"), 3);
}

#[tokio::test]
async fn files_are_fetched_whole_or_not_at_all() {
    let phone = Phone::start().await;
    let folder = tempfile::tempdir().unwrap();
    let header = |name: &str| vec![("content-disposition", format!("attachment; filename=\"{name}\""))];
    phone.feishu.with(|state| {
        state.resources.insert("file_1".into(), (b"hello".to_vec(), header("../../x.txt")));
        state.resources.insert("img_1".into(), (vec![7; 100], header(&"y".repeat(300))));
    });
    let fetch = async |key: &str, to: &str, most: u64| {
        let attachment = Attachment { key: key.into(), is_image: key.starts_with("img"), name: None, of: None };
        phone.messenger.fetch(&MessageId("om_1".into()), &attachment, &folder.path().join(to), most).await
    };
    assert_eq!(fetch("file_1", "a", 5).await, Ok(Some("x.txt".into())));
    assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"hello");
    assert_eq!(fetch("img_1", "b", 1_000).await, Ok(Some("y".repeat(120))));
    assert!(matches!(fetch("img_1", "c", 99).await, Err(Failure::Form(_))));
    assert!(!folder.path().join("c").exists());
    assert!(fetch("file_1", "a", 5).await.is_err(), "nothing is written over");
    assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"hello");
    assert!(fetch("../messages", "d", 5).await.is_err());
    let mode = std::os::unix::fs::PermissionsExt::mode(&folder.path().join("a").metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn the_check_says_what_works_and_what_to_do_about_the_rest() {
    let feishu = Feishu::start().await;
    let outcomes = |steps: &[check::Step]| steps.iter().map(|step| step.outcome).collect::<Vec<_>>();
    let steps = check::check(account(&feishu), Some(&chat())).await;
    assert_eq!(outcomes(&steps), [Outcome::Good; 6], "{steps:?}");
    assert_eq!(feishu.taken().len(), 1);
    assert_eq!(check::check(account(&feishu), None).await.len(), 5);

    let refused = format!("no {APP_SECRET}");
    feishu.script("token", [code(200, 10_014, &refused)]);
    feishu.script("discovery", [code(200, 1_000_040_345, &refused)]);
    let steps = check::check(account(&feishu), Some(&chat())).await;
    let (bad, skipped) = (Outcome::Bad, Outcome::Skipped);
    assert_eq!(outcomes(&steps), [bad, skipped, bad, skipped, skipped, skipped], "{steps:?}");
    assert!(steps[0].result.contains("its secret is wrong"), "{steps:?}");
    assert!(!format!("{steps:?}").contains(APP_SECRET), "{steps:?}");

    let scope = json!({ "code": 99_991_672, "msg": "Access denied",
        "error": { "permission_violations": [{ "subject": "im:message:send_as_bot" }] } });
    let headers = vec![("content-type", "application/json".into())];
    feishu.script("send", [Act::Answer { status: 400, headers, body: scope.to_string() }]);
    feishu.script("handshake", [code(400, 1, "no")]);
    feishu.script("bot", [code(400, 230_006, "no bot")]);
    let steps = check::check(account(&feishu), Some(&chat())).await;
    let good = Outcome::Good;
    assert_eq!(outcomes(&steps), [good, bad, good, bad, skipped, bad], "{steps:?}");
    assert!(steps[5].result.starts_with("the app lacks the scope im:message:send_as_bot: add it"), "{steps:?}");
    assert!(steps[1].result.contains("add the ability Bot"), "{steps:?}");
    assert!(steps[3].advice.is_some(), "{steps:?}");
}

#[tokio::test]
async fn a_persons_id_stands_for_the_direct_chat_and_a_ring_reaches_them() {
    let phone = Phone::start().await;
    let direct = ChatId(USER.to_owned());
    let sent = phone.messenger.send(&direct, &Parcel::Text("hello".into()), "k").await.unwrap();
    let bodies = |name: &str| {
        phone.feishu.with(|state| {
            let named = state.seen.iter().filter(|seen| seen.name == name);
            named.map(|seen| seen.body.clone()).collect::<Vec<Value>>()
        })
    };
    assert_eq!(bodies("send")[0]["receive_id"], USER);
    assert_eq!(phone.feishu.taken()[0].chat_id, CHAT, "Feishu takes it as the id of a person");
    assert_eq!(phone.texts(), ["hello"]);
    phone.messenger.urge(&sent, &PersonId(USER.into())).await.unwrap();
    assert_eq!(bodies("urge"), [json!({ "user_id_list": [USER] })]);
    phone.feishu.script("urge", vec![code(400, 230_023, "no right")]);
    assert!(phone.messenger.urge(&sent, &PersonId(USER.into())).await.is_err());
}
