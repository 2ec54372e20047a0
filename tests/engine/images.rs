//! Prompts with images in the queue, over a restart.

use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::image::ImageKind;
use adjutant::core::image::ImageRef;
use adjutant::core::prompt::Prompt;
use adjutant::core::prompt::SendHow;
use adjutant::core::prompt::Surface;

use super::play;

const GIF: &[u8] = b"GIF89a\x03\0\x05\0\0\0\0;";

const ASKS: &str = r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "ls"}, "result": "x", "allowed": [], "denied": []}}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_image_waits_in_the_queue_over_a_restart_and_one_that_is_gone_by_then_costs_no_prompt() {
    let (mut rig, _script) = play(&[ASKS, r#"{"turn": [{"say": "seen"}]}"#, r#"{"turn": [{"say": "seen"}]}"#]);
    let image = |name: &str| {
        let path = rig.folder.path().join(name);
        std::fs::write(&path, GIF).unwrap();
        let bytes = GIF.len() as u64;
        ImageRef {
            path: path.display().to_string(),
            name: name.into(),
            kind: ImageKind::Gif,
            bytes,
            width: 3,
            height: 5,
        }
    };
    let (kept, gone) = (image("kept.gif"), image("gone.gif"));
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    rig.approval().await;
    let (text, by) = ("look".to_owned(), Surface::Phone("me".into()));
    let images = vec![kept.clone(), gone.clone()];
    rig.send(Command::Send { session: id, text, how: SendHow::Queue, by, id: None, images: images.clone() }).await;
    rig.wait("the queue", |kind| matches!(kind, EventKind::QueueChanged(queue) if queue.len() == 1)).await;
    let mut rig = rig.restart().await;
    let waiting: Vec<Prompt> = rig.session(id).queue.iter().cloned().collect();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].images, images);
    std::fs::remove_file(&gone.path).unwrap();
    rig.send(Command::Retry { session: id }).await;
    let sent = rig.wait("the prompt", |kind| matches!(kind, EventKind::PromptSent(_))).await;
    let EventKind::PromptSent(prompt) = &sent.kind else { unreachable!("just matched") };
    assert_eq!((prompt.id.clone(), prompt.images.clone()), (waiting[0].id.clone(), vec![kept]));
    assert_eq!(prompt.text, "look\n(The image gone.gif could not be attached.)");
    let told = |kind: &EventKind| matches!(kind, EventKind::Noted(note) if note.text.contains("is gone"));
    assert!(rig.events.iter().any(|event| told(&event.kind)));
    rig.engine.shutdown().await;
}
