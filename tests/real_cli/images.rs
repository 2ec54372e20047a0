//! Images with a prompt, as the model gets them.

use std::path::Path;
use std::path::PathBuf;

use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::ids::SessionId;
use adjutant::core::image;
use adjutant::core::image::ImageRef;
use adjutant::core::prompt::SendHow;
use adjutant::core::prompt::Surface;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::rig;
use super::with_each_cli;
use crate::support::api::text;

/// One red point.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";

fn image(path: &Path) -> ImageRef {
    let bytes = STANDARD.decode(PNG).unwrap();
    std::fs::write(path, &bytes).unwrap();
    let image::Seen { kind, width, height } = image::recognise(&bytes).expect("a PNG");
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    ImageRef { path: path.display().to_string(), name, kind, bytes: bytes.len() as u64, width, height }
}

fn send(session: SessionId, text: &str, images: Vec<ImageRef>) -> Command {
    Command::Send { session, text: text.into(), how: SendHow::Queue, by: Surface::Phone("me".into()), id: None, images }
}

/// The images in the messages of a request.
fn images_of(request: &Value) -> Vec<Value> {
    let messages = request["messages"].as_array().into_iter().flatten();
    let blocks = messages.flat_map(|message| message["content"].as_array().cloned().unwrap_or_default());
    blocks.filter(|block| block["type"] == "image").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_reaches_the_model_as_a_block_also_after_a_restart_and_one_that_is_gone_is_told() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[("colour", vec![text("it is red")]), ("again", vec![text("still red")])]).await;
        let id = rig.open().await;
        let (here, gone) = (image(&rig.folder.path().join("a.png")), image(&rig.folder.path().join("b.png")));
        std::fs::remove_file(&gone.path).unwrap();
        rig.send(send(id, "which colour", vec![here.clone(), gone])).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let request = api.requests().into_iter().rev().find(|request| !images_of(request).is_empty());
        let images = images_of(&request.expect("an image reached the model"));
        assert_eq!(images.len(), 1, "{images:?}");
        assert_eq!(images[0]["source"]["media_type"], "image/png");
        let data = STANDARD.decode(images[0]["source"]["data"].as_str().unwrap()).unwrap();
        assert!(image::recognise(&data).is_some());
        let told =
            |kind: &EventKind| matches!(kind, EventKind::Noted(note) if note.text.contains("b.png was not sent"));
        assert!(rig.events.iter().any(|event| told(&event.kind)));
        assert!(rig.session(id).transcript.iter().any(|cell| cell.plain_text().contains("[image: a.png, 1x1]")));
        // The conversation goes on in another process, and has the image still.
        let mut rig = rig.restart().await;
        rig.prompt(id, "and again").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let last = api.requests().into_iter().rev().find(|request| request.to_string().contains("and again")).unwrap();
        assert_eq!(images_of(&last).len(), 1, "the image stays in the conversation");
        // An image without a word.
        let n_requests = api.requests().len();
        rig.send(send(id, "", vec![here])).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert!(api.requests()[n_requests..].iter().any(|request| images_of(request).len() == 2));
        rig.engine.shutdown().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_the_text_names_is_shown_by_the_cli_itself() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[("colour", vec![text("it is red")])]).await;
        image(&rig.project().join("a.png"));
        let id = rig.open().await;
        rig.prompt(id, "which colour has @a.png").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let n = api.requests().iter().map(|request| request.to_string().matches("image/png").count()).max();
        assert_eq!(n, Some(1), "{:#?}", api.requests().last());
        rig.end().await;
    }
    with_each_cli!(test);
}
