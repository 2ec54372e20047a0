//! A thousand events at once.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use crate::support::stage::Stage;
use crate::support::stage::button;
use crate::support::stage::person;
use crate::support::stage::pressed;
use crate::support::stage::said;

const N_EVENTS: usize = 1_000;
const N_PEOPLE: usize = 20;
/// What a relay needs for itself, and a task for each push whose answer is waited for.
const MAX_TASKS: usize = 1_200;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_messages_at_once_are_a_thousand_prompts() {
    let stage = Stage::start(N_PEOPLE).await;
    stage.settled().await;
    let mut waiting: HashMap<u64, Value> = HashMap::new();
    for nth in 0..N_EVENTS {
        let payload = said(nth % N_PEOPLE, &format!("om_m{nth}"), &format!("do m{nth}"));
        waiting.insert(stage.feishu.push(&payload), payload);
    }
    let (mut n_refused, mut most_tasks) = (0, 0);
    let all = async {
        while !waiting.is_empty() {
            most_tasks = most_tasks.max(stage.n_tasks());
            tokio::time::sleep(Duration::from_millis(5)).await;
            for push in waiting.keys().copied().collect::<Vec<_>>() {
                let code = stage.feishu.with(|state| state.pushed[&push].ack.as_ref().map(|ack| ack.code));
                match code {
                    None => {}
                    Some(200) => drop(waiting.remove(&push)),
                    // As Feishu does, though not as late.
                    Some(_) => {
                        n_refused += 1;
                        let payload = waiting.remove(&push).unwrap();
                        waiting.insert(stage.feishu.push(&payload), payload);
                    }
                }
            }
        }
    };
    let done = tokio::time::timeout(Duration::from_secs(20), all).await;
    assert!(
        done.is_ok(),
        "{} are not acknowledged; {n_refused} refused, {most_tasks} tasks, {} prompts, {} connections, {:?}",
        waiting.len(),
        stage.clerk.with(|books| books.prompts.len()),
        stage.feishu.with(|state| state.n_connections),
        stage.view()
    );
    stage.clerk.until("the prompts", |books| books.prompts.len() >= N_EVENTS).await;
    let mut prompts: Vec<String> =
        stage.clerk.with(|books| books.prompts.iter().map(|(_, text)| text.clone()).collect());
    let mut expected: Vec<String> = (0..N_EVENTS).map(|nth| format!("do m{nth}")).collect();
    prompts.sort();
    expected.sort();
    assert_eq!(prompts, expected);
    eprintln!("{n_refused} were refused and pushed again; {most_tasks} tasks at most");
    assert!(most_tasks < MAX_TASKS, "{most_tasks} tasks");
    // The answers go out in order, as fast as Feishu takes them.
    for (at, session) in stage.sessions.iter().enumerate() {
        let chat = person(at).1;
        let told = stage.clerk.with(|books| books.told[session].clone());
        stage
            .feishu
            .until("the first answers", |state| {
                let of_chat = state.taken.iter().filter(|taken| taken.chat_id == chat);
                let shown: Vec<String> = of_chat.map(|taken| taken.content.to_string()).collect();
                let answers: Vec<&String> = shown.iter().filter(|text| text.contains("answer-to-")).collect();
                let is_in_order = answers.iter().zip(&told).all(|(shown, told)| shown.contains(told.as_str()));
                assert!(is_in_order, "{answers:?} instead of {told:?}");
                (answers.len() >= 3).then_some(())
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_presses_at_once_each_request_gets_one_decision() {
    let stage = Stage::start(10).await;
    for at in 0..10 {
        stage.feishu.push(&said(at, &format!("om_ask{at}"), &format!("ask {at}")));
    }
    let asking = stage
        .feishu
        .until("the requests", |state| {
            let cards = state.taken.iter().filter_map(|taken| {
                let at = (0..10).find(|at| person(*at).1 == taken.chat_id)?;
                Some((at, taken.message_id.clone(), button(&taken.content, "allow")?, button(&taken.content, "deny")?))
            });
            let cards: Vec<_> = cards.collect();
            (cards.len() == 10).then_some(cards)
        })
        .await;
    stage.settled().await;
    let pushes: Vec<u64> = (0..N_EVENTS)
        .map(|nth| {
            let (at, card, allow, deny) = &asking[nth % 10];
            stage.feishu.push(&pressed(*at, card, if (nth / 10) % 2 == 0 { allow } else { deny }))
        })
        .collect();
    let mut n_counted = 0;
    for push in pushes {
        let ack = stage.feishu.ack(push).await;
        let data = ack.data.expect("a press always gets data");
        assert_eq!(ack.code, 200, "a press is never said to have failed");
        n_counted += usize::from(data["toast"]["type"] == "success");
    }
    assert_eq!(n_counted, 10, "one press of each card counts, and the others are told that it is over");
    let (n_decided, n_refused) = stage.clerk.with(|books| (books.decisions.len(), books.n_refused));
    assert_eq!((n_decided, n_refused), (10, 0));
    assert!(stage.n_tasks() < MAX_TASKS);
}
