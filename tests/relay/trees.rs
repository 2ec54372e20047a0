//! Worktrees from the phone, on an engine with the real git: opened, looked at, removed, put back.

use std::path::PathBuf;
use std::time::Duration;

use adjutant::core::event::EventKind;
use adjutant::core::ids::SessionId;
use adjutant::core::worktree::Place;
use adjutant::relay::messenger::Happening;
use adjutant::relay::messenger::Mood;
use serde_json::json;

use super::service::Hand;
use super::service::note;
use crate::engine::play;
use crate::engine::worktrees::git;
use crate::support::rig::Rig;

/// A repository with one commit, which is pushed, in the test's project.
fn repository(rig: &Rig) -> PathBuf {
    let root = std::fs::canonicalize(rig.project()).unwrap();
    git(&root, &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    git(&root, &["clone", "-q", "remote.git", "web"]);
    let path = root.join("web");
    git(&path, &["checkout", "-q", "-b", "main"]);
    std::fs::create_dir(path.join("sub")).unwrap();
    std::fs::write(path.join("sub/a.txt"), "one\n").unwrap();
    git(&path, &["add", "."]);
    git(&path, &["commit", "-q", "-m", "first"]);
    git(&path, &["push", "-q", "-u", "origin", "main"]);
    path
}

async fn opened(rig: &mut Rig, hand: &mut Hand, line: &str) -> (SessionId, Place) {
    hand.say(line).await;
    let event = rig.wait("the session", |kind| matches!(kind, EventKind::Opened { .. })).await;
    let id = event.session;
    hand.wait("word of it", |message| message.text().contains(&format!("Opened session {id}"))).await;
    let worktree = rig.session(id).worktree.clone().expect("it has a worktree");
    (id, worktree.place)
}

const SAYS: &str = r#"{"turn": [{"say": "hi there"}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_gets_a_worktree_and_nothing_in_it_is_lost_by_one_press() {
    let (mut rig, _script) = play(&[SAYS]);
    repository(&rig);
    let mut hand = Hand::known(&rig, |_| {}).await;
    let (id, place) = opened(&mut rig, &mut hand, "/new project/web --worktree=fix-1 say hi").await;
    assert_eq!(place.branch, "fix-1");
    let told = hand.wait("its branch", |message| message.text().contains("Opened session")).await;
    assert!(told.text().contains("in the git worktree of the branch fix-1"), "{}", told.text());
    hand.wait("the end of the turn", |message| message.text().contains("hi there")).await;
    rig.idle(id).await;
    std::fs::write(PathBuf::from(&place.path).join("new.txt"), "mine").unwrap();
    hand.say("/worktree").await;
    let asked = hand.asked().await;
    assert!(asked.text().contains("1 untracked file: new.txt"), "{}", asked.text());
    let wrong = Hand::press(&asked, "tree_remove_named", json!({"branch": "main"}));
    assert_eq!(note(&hand.happens(Happening::Pressed(wrong)).await).0, Mood::Warning);
    let mut forged = Hand::press(&asked, "tree_remove_named", json!({"branch": "fix-1"}));
    forged.value["act"] = json!("tree_remove");
    assert_eq!(note(&hand.happens(Happening::Pressed(forged)).await).0, Mood::Warning);
    // Something else comes up between the look and the press: what is shown is not what would be removed.
    std::fs::write(PathBuf::from(&place.path).join("newer.txt"), "mine too").unwrap();
    hand.settled().await;
    let press = Hand::press(&asked, "tree_remove_named", json!({"branch": "fix-1"}));
    assert_eq!(note(&hand.happens(Happening::Pressed(press)).await).0, Mood::Success);
    let again = hand
        .wait("a newer look", |message| {
            message.text().contains("2 untracked files") && message.card().is_some_and(|card| card.is_live())
        })
        .await;
    assert!(PathBuf::from(&place.path).join("newer.txt").exists());
    hand.settled().await;
    let press = Hand::press(&again, "tree_remove_named", json!({"branch": "fix-1"}));
    assert_eq!(note(&hand.happens(Happening::Pressed(press)).await).0, Mood::Success);
    let undo = hand
        .wait("the way back", |message| {
            message.text().contains("can be put back") && message.card().is_some_and(|card| card.is_live())
        })
        .await;
    assert!(!PathBuf::from(&place.path).exists());
    hand.settled().await;
    let press = Hand::press(&undo, "tree_restore", json!({}));
    assert_eq!(note(&hand.happens(Happening::Pressed(press)).await).0, Mood::Success);
    hand.wait("word of it", |message| message.id == undo.id && message.text().contains("put back by ou_me")).await;
    assert_eq!(std::fs::read_to_string(PathBuf::from(&place.path).join("new.txt")).unwrap(), "mine");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worktree_that_holds_nothing_goes_with_its_session() {
    let (mut rig, _script) = play(&[SAYS]);
    let web = repository(&rig);
    let mut hand = Hand::known(&rig, |_| {}).await;
    let (id, place) = opened(&mut rig, &mut hand, "/new project/web/sub --worktree").await;
    assert!(rig.session(id).spec.directory.ends_with("/sub"));
    // The worktree lies elsewhere, and counts as its repository does.
    hand.say(&format!("/new {}", place.path)).await;
    let second = rig.wait("another session", |kind| matches!(kind, EventKind::Opened { .. })).await.session;
    hand.wait("word of it", |message| message.text().contains(&format!("Opened session {second}"))).await;
    hand.say("/worktree").await;
    hand.wait("a refusal", |message| message.text().contains("works in it too")).await;
    hand.say(&format!("/close {second}")).await;
    rig.wait("its end", |kind| matches!(kind, EventKind::Closed)).await;
    hand.say(&format!("/worktree {id}")).await;
    let asked = hand.asked().await;
    assert!(asked.text().contains("Nothing in it would be lost"), "{}", asked.text());
    hand.settled().await;
    let press = Hand::press(&asked, "tree_remove", json!({}));
    assert_eq!(note(&hand.happens(Happening::Pressed(press.clone())).await).0, Mood::Success);
    assert_ne!(note(&hand.happens(Happening::Pressed(press)).await).0, Mood::Success, "once");
    let undo = hand.wait("the way back", |message| message.text().contains("can be put back")).await;
    rig.wait("the session's end", |kind| matches!(kind, EventKind::Closed)).await;
    hand.wait("its end", |message| message.id == undo.id && message.text().contains("It is deleted")).await;
    assert!(!git(&web, &["branch", "--list"]).contains(&place.branch));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_opened_is_told_where_it_was_asked_for() {
    let (mut rig, _script) = play(&[SAYS]);
    let web = repository(&rig);
    let roots = vec![web.join("sub").display().to_string(), rig.project().join("plain").display().to_string()];
    std::fs::create_dir(rig.project().join("plain")).unwrap();
    let mut hand = Hand::known(&rig, |settings| settings.roots = roots).await;
    // The directory is below a root, but not the repository that it is a part of.
    hand.say(&format!("/new {} --worktree go", web.join("sub").display())).await;
    hand.wait("a refusal", |message| message.text().contains("the repository that it is a part of")).await;
    hand.say(&format!("/new {} --worktree go", rig.project().join("plain").display())).await;
    hand.wait("git's word", |message| message.text().contains("No session was opened, and nothing was sent")).await;
    rig.listen(Duration::from_millis(200)).await;
    assert_eq!(rig.fleet.len(), 0);
    drop(hand);
    let mut hand = Hand::start(&rig, |_| {});
    hand.n_said = 10;
    git(&web, &["branch", "taken"]);
    hand.say("/new project/web --worktree=taken go").await;
    let told = hand.wait("a free name", |message| message.text().contains("--worktree=taken-")).await;
    assert!(told.text().contains("nothing was sent"), "{}", told.text());
    rig.listen(Duration::from_millis(200)).await;
    assert_eq!(rig.fleet.len(), 0);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_at_work_is_not_stopped_by_a_look() {
    let (mut rig, _script) = super::service::asks(1);
    repository(&rig);
    let mut hand = Hand::known(&rig, |_| {}).await;
    let (id, _) = opened(&mut rig, &mut hand, "/new project/web --worktree go").await;
    let asked = hand.asked().await;
    hand.say("/worktree").await;
    hand.wait("a refusal", |message| message.text().contains("at work")).await;
    rig.listen(Duration::from_millis(100)).await;
    assert_eq!(rig.fleet.inbox().len(), 1, "it waits still");
    hand.settled().await;
    let press = Hand::press(&asked, "deny", json!({}));
    hand.happens(Happening::Pressed(press)).await;
    rig.idle(id).await;
    rig.end().await;
}
