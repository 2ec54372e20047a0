//! Earlier conversations from the phone: listed, gone on with, copied; and who may know of which.

use std::path::Path;
use std::time::Duration;

use adjutant::core::event::EventKind;
use adjutant::core::session::SessionSpec;
use adjutant::relay::messenger::Happening;
use adjutant::relay::messenger::Mood;
use adjutant::relay::messenger::PersonId;
use serde_json::json;

use super::service::Hand;
use super::service::Message;
use super::service::asks;
use super::service::note;
use super::service::who;
use crate::engine::play;
use crate::support::rig::Rig;

const OLD: &str = "11111111-2222-4333-8444-555555555555";
const OUTSIDE: &str = "22222222-2222-4333-8444-555555555555";

/// A conversation as the CLI keeps it.
fn held(rig: &Rig, id: &str, directory: &Path, prompt: &str) {
    let folder = rig.folder.path().join("conversations/-p");
    std::fs::create_dir_all(&folder).unwrap();
    let line = json!({ "parentUuid": null, "isSidechain": false, "uuid": "u1", "type": "user", "cwd": directory,
        "sessionId": id, "timestamp": "2026-01-01T00:00:00.000Z", "message": { "role": "user", "content": prompt } });
    std::fs::write(folder.join(format!("{id}.jsonl")), format!("{line}\n")).unwrap();
}

fn is_list(message: &Message) -> bool {
    message.card().is_some_and(|card| card.offers("resume").is_some())
}

async fn opened(rig: &mut Rig) -> SessionSpec {
    let event = rig.wait("a session", |kind| matches!(kind, EventKind::Opened { .. })).await;
    rig.fleet.get(event.session).map(|session| session.spec.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_conversation_is_gone_on_with_by_a_press_or_by_its_number() {
    let (mut rig, _script) = asks(2);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/resume").await;
    hand.wait("that there is none", |message| message.text().contains("There is no conversation to go on with")).await;
    let project = rig.project();
    held(&rig, OLD, &project, "fix the s3cr3t-word tests");
    held(&rig, OUTSIDE, Path::new("/"), "not for the phone");
    hand.say("/resume").await;
    let list = hand.wait("the list", is_list).await;
    assert!(list.text().contains("1. fix the ") && !list.text().contains("s3cr3t-word"), "{}", list.text());
    assert!(!list.text().contains("not for the phone"), "outside the roots: {}", list.text());
    hand.settled().await;
    let mut press = Hand::press(&list, "resume", json!({}));
    press.value["conversation"] = json!(OUTSIDE);
    assert_eq!(note(&hand.happens(Happening::Pressed(press)).await).0, Mood::Warning, "that was not offered");
    let press = Hand::press(&list, "resume", json!({}));
    assert_eq!(note(&hand.happens(Happening::Pressed(press.clone())).await), (Mood::Success, "On it."));
    let spec = opened(&mut rig).await;
    assert_eq!((spec.resume, spec.fork, spec.deadline_s), (Some(OLD.into()), false, Some(0)));
    assert_eq!(spec.directory, project.canonicalize().unwrap().to_string_lossy());
    hand.wait("word of it", |message| message.text().contains("Went on with it as session 1")).await;
    assert_eq!(note(&hand.happens(Happening::Pressed(press)).await).0, Mood::Info, "once");
    // It is open now: nothing is opened a second time.
    hand.say("1").await;
    hand.wait("where it is", |message| message.text().contains("It is open already: 1")).await;
    for (said, told) in [
        ("/resume 9".to_owned(), "No conversation of this number"),
        (format!("/resume {OUTSIDE}"), "outside the roots"),
        ("/resume 33333333-2222-4333-8444-555555555555".to_owned(), "There is no such conversation"),
    ] {
        hand.say(&said).await;
        hand.wait(&said, |message| message.text().contains(told)).await;
    }
    assert_eq!(rig.fleet.len(), 1);
    // Closed, it can be brought back, and goes on with what was said beside the number.
    hand.say("/close").await;
    hand.wait("the end", |message| message.text().starts_with("Closed · 1")).await;
    hand.say("/resume 1 and the rest").await;
    let sent = rig.wait("the prompt", |kind| matches!(kind, EventKind::PromptSent(_))).await;
    assert!(matches!(&sent.kind, EventKind::PromptSent(prompt) if prompt.text == "and the rest"), "{sent:?}");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_a_session_of_its_own_and_only_where_its_person_may_work() {
    let (mut rig, _script) = play(&[r#"{"turn": [{"say": "hello"}]}"#; 3]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project").await;
    hand.wait("the session", |message| message.text().contains("Opened session 1")).await;
    hand.say("/fork").await;
    hand.wait("that there is none", |message| message.text().contains("no conversation yet")).await;
    hand.say("go").await;
    rig.turn_end().await;
    hand.wait("the relay's word of it", |message| message.text().contains("hello")).await;
    let conversation = rig.fleet.sessions().next().unwrap().conversation.clone();
    hand.say("/fork another way").await;
    hand.wait("the copy", |message| message.text().contains("Opened a copy as session 2")).await;
    let copy =
        rig.wait("the prompt", |kind| matches!(kind, EventKind::PromptSent(prompt) if prompt.text == "another way"));
    let copy = copy.await.session;
    let spec = rig.fleet.get(copy).map(|session| session.spec.clone()).unwrap();
    assert_eq!((spec.resume, spec.fork), (conversation, true));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_member_opened_another_learns_nothing_of_when_it_is_closed() {
    let (mut rig, _script) = play(&[r#"{"turn": [{"say": "hello"}]}"#; 3]);
    let change = |settings: &mut adjutant::relay::service::Settings| settings.allowed.push(PersonId("ou_mate".into()));
    let mut hand = Hand::known(&rig, change).await;
    hand.say("/new project go").await;
    rig.turn_end().await;
    hand.wait("the relay's word of it", |message| message.text().contains("hello")).await;
    let id = rig.fleet.sessions().next().unwrap().conversation.clone().unwrap();
    held(&rig, &id.0, &rig.project(), "my own plans");
    // Nobody knows whose this is.
    held(&rig, OLD, &rig.project(), "from before");
    hand.say("/close").await;
    hand.wait("the end", |message| message.text().starts_with("Closed · 1")).await;
    for text in ["/resume".to_owned(), format!("/resume {id}"), format!("/resume {OLD}")] {
        let n_before = hand.messages().len();
        let mut said = hand.said(&text);
        (said.who, said.chat.0) = (who("ou_mate"), "oc_mate".into());
        hand.happens(Happening::Said(said)).await;
        let told = hand.wait("an answer", |_| hand.messages().len() > n_before).await;
        let last = hand.messages().pop().unwrap_or(told);
        assert!(last.text().contains("There is no"), "{text}: {}", last.text());
    }
    rig.listen(Duration::from_millis(300)).await;
    assert_eq!(rig.fleet.len(), 0);
    hand.say("/resume").await;
    let list = hand.wait("the list", is_list).await;
    assert!(list.text().contains("my own plans") && !list.text().contains("from before"), "{}", list.text());
    rig.end().await;
}
