//! Who is told what: people of the configuration who never spoke, people who are no members any more, and what of what
//! is sent may hold up what.

use std::time::Duration;

use adjutant::core::phone::PhoneWish;
use adjutant::relay::card::Tone;
use adjutant::relay::messenger::ChatId;
use adjutant::relay::messenger::Failure;
use adjutant::relay::messenger::Happening;
use adjutant::relay::messenger::Mood;
use serde_json::json;

use super::service::CHAT;
use super::service::Hand;
use super::service::ME;
use super::service::Message;
use super::service::asks;
use super::service::note;
use crate::engine::play;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_the_configuration_is_asked_before_they_ever_spoke_and_may_press() {
    let (mut rig, _script) = asks(2);
    let hand = Hand::start(&rig, |_| {});
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let asked = hand.asked().await;
    assert_eq!(asked.chat, ChatId(ME.into()), "by the person's id alone");
    let mut press = Hand::press(&asked, "allow", json!({}));
    press.chat = ChatId("oc_of_somebody".into());
    press.who.person.0 = "ou_you".into();
    assert_eq!(note(&hand.happens(Happening::Pressed(press)).await).0, Mood::Warning);
    // The press tells which chat it is; from then on it is known by that.
    let mut press = Hand::press(&asked, "allow", json!({}));
    press.chat = ChatId(CHAT.into());
    assert_eq!(note(&hand.happens(Happening::Pressed(press)).await), (Mood::Success, "allowed once"));
    hand.wait("the end", |message| message.chat.0 == CHAT && message.text().contains("it-was-allowed")).await;
    rig.turn_end().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_member_any_more_is_told_nothing_and_may_answer_nothing() {
    let (mut rig, _script) = asks(2);
    let mut hand = Hand::start(&rig, |settings| settings.allowed.clear());
    hand.wishes.send(PhoneWish::Pair(true)).await.unwrap();
    let code = loop {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if let Some(code) = hand.view.borrow().clone().and_then(|view| view.pairing) {
            break code.code;
        }
    };
    hand.say(&code).await;
    hand.wait("word of it", |message| message.text().contains("Paired")).await;
    hand.say("/new project go").await;
    let asked = hand.asked().await;
    let n_before = hand.messages().len();
    hand.wishes.send(PhoneWish::Unpair).await.unwrap();
    while hand.view.borrow().clone().is_none_or(|view| view.n_people > 0) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let reply = hand.happens(Happening::Pressed(Hand::press(&asked, "allow", json!({})))).await;
    assert!(note(&reply).1.contains("may not answer"), "{reply:?}");
    let approval = rig.approval().await;
    rig.answer(approval.session, approval.id, adjutant::core::approval::Decision::allow_once()).await;
    rig.turn_end().await;
    rig.listen(Duration::from_millis(200)).await;
    let told: Vec<Message> = hand.messages().into_iter().skip(n_before).collect();
    assert!(told.is_empty(), "neither the end of their session nor its answer: {told:?}");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_sent_says_so_and_holds_up_no_request() {
    let (mut rig, _script) = asks(2);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project").await;
    hand.wait("the session", |message| message.text().contains("Opened session")).await;
    hand.settled().await;
    std::fs::write(rig.folder.path().join("project/notes.txt"), "x").unwrap();
    *hand.phone.failures.lock().unwrap() = vec![Failure::Settings("the app lacks the scope im:resource".into())];
    hand.say("/file notes.txt").await;
    let told = hand.wait("a word of it", |message| message.text().contains("notes.txt could not be sent")).await;
    assert!(told.text().contains("im:resource"), "{}", told.text());
    hand.say("go").await;
    hand.asked().await;
    rig.approval().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_turn_rings_once_and_a_long_one_shows_how_it_goes() {
    let (mut rig, _script) = asks(2);
    let mut hand = Hand::known(&rig, |settings| settings.progress_after = Duration::from_secs(6)).await;
    hand.say("/new project go").await;
    let asked = hand.asked().await;
    hand.happens(Happening::Pressed(Hand::press(&asked, "allow", json!({})))).await;
    hand.wait("the end", |message| message.text().contains("it-was-allowed")).await;
    rig.turn_end().await;
    hand.say("again").await;
    let shows = |message: &Message| message.card().is_some_and(|card| card.summary.contains("waits for you"));
    hand.wait("how it goes", shows).await;
    let cards = hand.messages().into_iter().filter(|message| {
        message
            .card()
            .is_some_and(|card| card.offers("command").is_none() && (card.tone != Tone::Pending || shows(message)))
    });
    assert_eq!(
        cards.count(),
        3,
        "the request as it ended, the end of the first turn, how the second goes: {:?}",
        hand.messages()
    );
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_taken_out_before_anything_is_cut() {
    let secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let said = format!("{} {secret} and more", "word ".repeat(30));
    let (rig, _script) = play(&[&format!(r#"{{"turn": [{{"say": "{said}"}}]}}"#)]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say(&format!("/new project tell me of the key that is called {secret} please")).await;
    hand.wait("the end", |message| message.text().contains("word word")).await;
    for (line, answer) in [("/tail", "❯ tell me"), ("/progress", "/project\nword"), ("/list", "▸ 1 · tell me")] {
        hand.say(line).await;
        hand.wait(line, |message| message.card().is_none() && message.text().contains(answer)).await;
    }
    let told = format!("{:?}", hand.messages());
    assert!(!told.contains("ghp_"), "{told}");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_too_late_is_said_to_have_and_nothing_runs_to_be_stopped() {
    let (mut rig, _script) = asks(1);
    let mut hand = Hand::known(&rig, |_| {}).await;
    let mut late = hand.said("/new project late");
    late.at = late.at.map(|at| adjutant::core::ids::Timestamp(at.0 - 25 * 60_000));
    hand.happens(Happening::Said(late)).await;
    hand.wait("word of it", |message| message.text().contains("came 25 minutes late, and nothing was done")).await;
    hand.say("/new project").await;
    hand.wait("the session", |message| message.text().contains("Opened session 1")).await;
    hand.say("/stop").await;
    hand.wait("nothing", |message| message.text().contains("Nothing is running there")).await;
    rig.listen(Duration::from_millis(100)).await;
    assert_eq!(rig.fleet.len(), 1);
    rig.end().await;
}
