//! What is shown, and what is on the disk by then.

use std::time::Duration;
use std::time::Instant;

use adjutant::config;
use adjutant::core::cell::Notice;
use adjutant::core::cell::NoticeLevel;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::ids::SessionId;
use adjutant::core::session::SessionSpec;
use adjutant::engine::Engine;
use adjutant::engine::Settings;
use adjutant::link::Link;
use adjutant::link::Update;
use adjutant::link::tap;

/// Kinds that arrive until nothing comes for a while.
async fn shown(link: &mut Link) -> Vec<EventKind> {
    let mut kinds = Vec::new();
    while let Ok(Some(update)) = tokio::time::timeout(Duration::from_millis(400), link.recv()).await {
        match update {
            Update::Events(events) => kinds.extend(events.iter().map(|event| event.kind.clone())),
            Update::Snapshot(fleet) => assert_eq!(fleet.sessions().count(), 0, "nothing unkept in a snapshot"),
            Update::History { .. } | Update::Phone(_) | Update::Hooks(_) => {}
        }
    }
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_shown_when_it_is_on_the_disk_and_a_hanging_disk_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (tap, mut recorder) = tap::tap_awaited();
    let settings = Settings::new(config::parse("").unwrap().into(), folder.path().to_owned());
    let engine = Engine::start_tapped(settings, vec![tap]);
    let mut link = engine.connect_holding(1000);
    assert_eq!(shown(&mut link).await, []);
    let spec = SessionSpec { directory: folder.path().display().to_string(), ..SessionSpec::default() };
    link.send(Command::Open { spec: spec.into(), tag: None }).await.unwrap();

    assert_eq!(shown(&mut link).await, [], "the disk does not have it yet");
    let mut late = engine.connect();
    assert_eq!(shown(&mut late).await, []);
    let mut tapped = Vec::new();
    assert!(recorder.recv_many(&mut tapped, 100).await);
    recorder.settle(20);
    assert!(matches!(shown(&mut link).await[0], EventKind::Opened { .. }));
    let Some(Update::Snapshot(fleet)) = late.recv().await else { panic!("a snapshot comes first") };
    assert_eq!(fleet.sessions().count(), 1);

    // The numbers go on far behind what was settled: the disk hangs.
    let started = Instant::now();
    let rename = |n: u32| Command::Rename { session: SessionId(1), title: format!("title {n}") };
    for n in 0..60 {
        link.send(rename(n)).await.unwrap();
    }
    let mut kinds = Vec::new();
    let is_told = |kinds: &[EventKind]| {
        kinds.iter().any(|kind| {
            matches!(kind, EventKind::Noted(Notice { level: NoticeLevel::Warning, text, .. }) if text.contains("disk"))
        })
    };
    while !is_told(&kinds) {
        assert!(started.elapsed() < Duration::from_secs(20), "{kinds:?}");
        kinds.extend(shown(&mut link).await);
    }
    assert!(started.elapsed() >= Duration::from_secs(2), "it waited");
    kinds.extend(shown(&mut link).await);
    let n_renamed = kinds.iter().filter(|kind| matches!(kind, EventKind::Renamed { .. })).count();
    assert_eq!(n_renamed, 60, "nothing is lost");
    engine.shutdown().await;
}
