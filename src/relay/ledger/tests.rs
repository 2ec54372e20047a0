//! What survives, and what happens once.

use serde_json::json;

use super::outbox::MAX_WAITING;
use super::*;
use crate::relay::access::Member;
use crate::relay::card::Block;
use crate::relay::card::Tone;
use crate::relay::messenger::TenantId;

const NOW: Timestamp = Timestamp(1_000_000);

fn later(millis: i64) -> Timestamp {
    Timestamp(NOW.0 + millis)
}

fn chat(name: &str) -> ChatId {
    ChatId(name.into())
}

fn said(message: &str) -> Said {
    Said { message: MessageId(message.into()), text: "hello".into(), ..Said::default() }
}

fn card(title: &str) -> Card {
    Card::new(Tone::Pending, title, "x").with(Block::Text("…".into()))
}

fn text(text: &str) -> Parcel {
    Parcel::Text(text.into())
}

fn approval(ledger: &mut Ledger, about: u32, in_chat: &str) -> i64 {
    ledger.make((Kind::Approval, about, SessionId(1)), "nonce", &chat(in_chat), |_| card("asked"), NOW).unwrap()
}

#[test]
fn a_ledger_is_private_and_keeps_what_it_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path()).unwrap();
    let member = Member { person: PersonId("ou_1".into()), tenant: Some(TenantId("t".into())) };
    ledger.pair(&member, &chat("c"), NOW).unwrap();
    let reach = Reach { chat: chat("c"), person: PersonId("ou_1".into()) };
    ledger.own(SessionId(7), &reach).unwrap();
    assert!(ledger.take_in(&said("m"), NOW).unwrap());
    drop(ledger);
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&folder.path().join("relay.db").metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let ledger = Ledger::open(folder.path()).unwrap();
    assert_eq!(ledger.members().unwrap(), [member]);
    assert_eq!(ledger.reaches().unwrap(), std::slice::from_ref(&reach));
    assert_eq!(ledger.owner(SessionId(7)).unwrap(), Some(reach));
    assert_eq!(ledger.active(&chat("c")).unwrap(), Some(SessionId(7)));
    assert!(!ledger.take_in(&said("m"), NOW).unwrap(), "heard before");
    assert_eq!(ledger.left_over().unwrap(), [said("m")], "not acted on yet");
    ledger.acted_on(&MessageId("m".into())).unwrap();
    assert!(ledger.left_over().unwrap().is_empty() && !ledger.take_in(&said("m"), NOW).unwrap());
    ledger.tidy(later(49 * 3_600_000)).unwrap();
    assert!(ledger.take_in(&said("m"), NOW).unwrap());
    ledger.unpair().unwrap();
    assert!(ledger.members().unwrap().is_empty());
}

#[test]
fn a_newer_ledger_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join(FILE)).unwrap();
    connection.pragma_update(None, "user_version", FORMAT + 1).unwrap();
    drop(connection);
    assert!(matches!(Ledger::open(folder.path()), Err(LedgerError::Newer { found, .. }) if found == FORMAT + 1));
    std::fs::write(folder.path().join(FILE), "no database".repeat(100)).unwrap();
    assert!(matches!(Ledger::open(folder.path()), Err(LedgerError::Unusable { .. })));
}

#[test]
fn an_approval_is_claimed_once_over_all_its_cards() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let (one, two) = (approval(&mut ledger, 5, "a"), approval(&mut ledger, 5, "b"));
    let one = ledger.card(one).unwrap().unwrap();
    let two = ledger.card(two).unwrap().unwrap();
    assert!(ledger.claim(&one).unwrap());
    assert!(!ledger.claim(&one).unwrap() && !ledger.claim(&two).unwrap());
    ledger.reopen(Kind::Approval, 5).unwrap();
    assert!(ledger.claim(&two).unwrap());
    ledger.want(two.id, &card("over"), true, NOW).unwrap();
    ledger.reopen(Kind::Approval, 5).unwrap();
    assert!(!ledger.claim(&one).unwrap(), "one of them is over");
}

#[test]
fn only_the_right_nonce_opens_a_card() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let id = approval(&mut ledger, 5, "a");
    assert!(ledger.of_press(&json!({"rid": id, "n": "nonce"})).unwrap().is_some());
    for wrong in [
        json!({"rid": id, "n": "nonc"}),
        json!({"rid": id, "n": "nonce "}),
        json!({"rid": id, "n": ""}),
        json!({"rid": id}),
        json!({"rid": id + 1, "n": "nonce"}),
        json!({"rid": id.to_string(), "n": "nonce"}),
        json!("x"),
        json!(null),
    ] {
        assert_eq!(ledger.of_press(&wrong).unwrap(), None, "{wrong}");
    }
}

#[test]
fn a_file_that_waits_holds_up_nothing_and_comes_by_its_own_lane() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let file = |name: &str| Parcel::TextFile { name: name.into(), text: "x".into() };
    for what in [file("1"), text("2"), file("3"), text("4")] {
        ledger.post(&chat("a"), &what).unwrap();
    }
    let first = ledger.due(NOW, &[]).unwrap();
    assert_eq!(first.iter().map(|item| item.parcel.clone()).collect::<Vec<_>>(), [file("1"), text("2")]);
    ledger.again(first[0].id, later(60_000), None).unwrap();
    ledger.sent(&first[1], &MessageId("m2".into()), NOW).unwrap();
    assert_eq!(ledger.due(NOW, &[]).unwrap()[0].parcel, text("4"));
    assert_eq!(ledger.next_due().unwrap(), Some(Timestamp(0)), "the text waits for nothing");
}

#[test]
fn whoever_is_met_gets_what_was_for_them_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let made = Card::new(Tone::Pending, "t", "s");
    let what = (Kind::Approval, 1, SessionId(1));
    let id = ledger.make(what, "n", &chat("ou_1"), |_| made, NOW).unwrap();
    ledger.meet(&Reach { chat: chat("oc_1"), person: PersonId("ou_1".into()) }).unwrap();
    assert_eq!(ledger.card(id).unwrap().unwrap().chat, chat("oc_1"));
    assert_eq!(ledger.due(NOW, &[]).unwrap()[0].chat, chat("oc_1"));
}

#[test]
fn each_chat_gets_its_own_in_order_and_nothing_twice_under_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    for (to, what) in [("a", "1"), ("b", "2"), ("a", "3")] {
        ledger.post(&chat(to), &text(what)).unwrap();
    }
    let first = ledger.due(NOW, &[]).unwrap();
    let said = |items: &[outbox::Item]| items.iter().map(|item| item.parcel.clone()).collect::<Vec<_>>();
    assert_eq!(said(&first), [text("1"), text("2")]);
    assert_eq!(said(&ledger.due(NOW, &[first[0].lane()]).unwrap()), [text("2")], "a is being sent to");
    ledger.again(first[0].id, later(500), None).unwrap();
    ledger.sent(&first[1], &MessageId("m2".into()), Timestamp(1)).unwrap();
    assert_eq!(ledger.due(later(499), &[]).unwrap(), [], "what follows waits for what is before it");
    assert_eq!(ledger.next_due().unwrap(), Some(later(500)));
    drop(ledger);
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let again = ledger.due(later(500), &[]).unwrap();
    assert_eq!((said(&again), &again[0].key), (vec![text("1")], &first[0].key), "the same key, after a restart too");
    ledger.again(again[0].id, later(500), Some(&text("plain"))).unwrap();
    let plain = ledger.due(later(500), &[]).unwrap();
    assert!(plain[0].parcel == text("plain") && plain[0].key != first[0].key);
    ledger.give_up(plain[0].id).unwrap();
    assert_eq!(said(&ledger.due(later(500), &[]).unwrap()), [text("3")]);
}

#[test]
fn a_card_that_is_over_before_it_was_sent_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let id = approval(&mut ledger, 5, "a");
    ledger.want(id, &card("over"), true, NOW).unwrap();
    assert_eq!(ledger.due(NOW, &[]).unwrap(), []);
    assert_eq!(ledger.changes(NOW, &[]).unwrap(), []);
    assert_eq!(ledger.next_due().unwrap(), None);

    // One that is under way arrives, and is changed at once.
    let id = approval(&mut ledger, 6, "a");
    let item = ledger.due(NOW, &[]).unwrap().remove(0);
    ledger.want(id, &card("over"), true, NOW).unwrap();
    assert_eq!(ledger.changes(NOW, &[]).unwrap(), []);
    ledger.sent(&item, &MessageId("m".into()), Timestamp(1)).unwrap();
    let change = ledger.changes(NOW, &[]).unwrap().remove(0);
    assert_eq!((change.card.title.as_str(), &change.message), ("over", &MessageId("m".into())));
}

#[test]
fn of_many_changes_the_newest_is_made_and_not_too_often() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let id = ledger.make((Kind::Progress, 1, SessionId(1)), "n", &chat("a"), |_| card("0"), NOW).unwrap();
    let item = ledger.due(NOW, &[]).unwrap().remove(0);
    ledger.sent(&item, &MessageId("m".into()), Timestamp(1)).unwrap();
    for title in ["1", "2", "3"] {
        ledger.want(id, &card(title), false, NOW).unwrap();
    }
    let changes = ledger.changes(NOW, &[]).unwrap();
    assert_eq!(changes.iter().map(|change| change.card.title.as_str()).collect::<Vec<_>>(), ["3"]);
    ledger.want(id, &card("4"), false, NOW).unwrap();
    ledger.changed(&changes[0], NOW).unwrap();
    assert_eq!(ledger.changes(NOW, &[]).unwrap(), [], "not within a second");
    assert_eq!(ledger.changes(later(1_000), &[]).unwrap()[0].card.title, "4", "what came meanwhile is not lost");
    ledger.change_again(&ledger.changes(later(1_000), &[]).unwrap()[0], later(9_000)).unwrap();
    assert_eq!(ledger.changes(later(8_999), &[]).unwrap(), []);
    let last = ledger.changes(later(9_000), &[]).unwrap().remove(0);
    assert_eq!(last.tries, 1);
    ledger.changed(&last, later(9_000)).unwrap();
    assert_eq!(ledger.n_waiting().unwrap(), 0);
}

#[test]
fn an_outbox_that_nobody_empties_is_bounded_but_keeps_the_cards() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    approval(&mut ledger, 5, "a");
    let mut given_up = 0;
    for n in 0..MAX_WAITING + 20 {
        given_up += ledger.post(&chat("a"), &text(&n.to_string())).unwrap();
    }
    assert!(given_up >= 20, "{given_up}");
    assert_eq!(ledger.n_waiting().unwrap() as i64, MAX_WAITING + 1);
    assert!(matches!(ledger.due(NOW, &[]).unwrap()[0].parcel, Parcel::Card(_)));
}

#[test]
fn a_card_that_was_never_sent_is_forgotten_too_and_so_is_one_for_a_test() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let id = approval(&mut ledger, 1, "oc_1");
    ledger.make((Kind::Test, 0, SessionId(0)), "nonce", &chat("oc_1"), |_| card("test"), NOW).unwrap();
    ledger.want(id, &card("over"), true, NOW).unwrap();
    let left = |ledger: &Ledger| ledger.entries("1 = 1", &[]).unwrap().len();
    ledger.tidy(later(OVER_MS)).unwrap();
    assert_eq!(left(&ledger), 2, "their time is not over yet");
    ledger.tidy(later(OVER_MS + 1)).unwrap();
    assert_eq!(left(&ledger), 0);
}

#[test]
fn what_waits_is_hurried_and_a_clock_that_is_put_back_keeps_no_card_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let id = approval(&mut ledger, 1, "oc_1");
    let item = ledger.due(NOW, &[]).unwrap().remove(0);
    ledger.again(item.id, later(3_600_000), None).unwrap();
    assert_eq!(ledger.due(later(1_000), &[]).unwrap(), []);
    ledger.hurry(later(1_000)).unwrap();
    let item = ledger.due(later(1_000), &[]).unwrap().remove(0);
    assert_eq!(item.tries, 1, "it is known to have been tried");
    ledger.sent(&item, &MessageId("om_1".into()), Timestamp(1)).unwrap();
    ledger.want(id, &card("first"), false, NOW).unwrap();
    let change = ledger.changes(NOW, &[]).unwrap().remove(0);
    ledger.changed(&change, NOW).unwrap();
    ledger.want(id, &card("second"), false, NOW).unwrap();
    ledger.hurry(NOW).unwrap();
    assert_eq!(ledger.changes(NOW, &[]).unwrap(), [], "it was changed just now");
    let before = later(-600_000);
    ledger.hurry(before).unwrap();
    assert_eq!(ledger.changes(before, &[]).unwrap().len(), 1);
}

#[test]
fn what_cannot_be_read_is_given_up_instead_of_being_due_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let id = approval(&mut ledger, 1, "oc_1");
    let item = ledger.due(NOW, &[]).unwrap().remove(0);
    ledger.sent(&item, &MessageId("om_1".into()), Timestamp(1)).unwrap();
    ledger.want(id, &card("over"), true, NOW).unwrap();
    ledger.post(&chat("oc_1"), &text("a")).unwrap();
    ledger.connection.execute_batch("UPDATE cards SET wanted = '{'; UPDATE outbox SET parcel = '{'").unwrap();
    assert_eq!((ledger.changes(NOW, &[]).unwrap(), ledger.due(NOW, &[]).unwrap()), (Vec::new(), Vec::new()));
    assert_eq!((ledger.next_due().unwrap(), ledger.n_waiting().unwrap()), (None, 0));
}
