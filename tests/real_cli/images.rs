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

/// Noise, which no encoding makes small.
fn noise(path: &Path, width: u32, height: u32) {
    let mut state = 7_u32;
    let picture = ::image::RgbImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, _] = state.to_be_bytes();
        ::image::Rgb([a, b, c])
    });
    picture.save(path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_too_large_is_sent_smaller_and_one_that_cannot_be_is_refused_with_a_word() {
    async fn test(cli: PathBuf) {
        let script = [("this one", vec![text("I see")]), ("dropped", vec![text("I see")]), ("moves", vec![text("no")])];
        let (mut rig, api) = rig(cli, &script).await;
        noise(&rig.project().join("big one.png"), 1_500, 1_000);
        let mut gif = b"GIF89a\x03\0\x05\0\0\0\0;".to_vec();
        gif.resize(5_000_000, 0);
        std::fs::write(rig.project().join("moves.gif"), gif).unwrap();
        image(&rig.project().join("small one.png"));
        let id = rig.open().await;
        let newest = |word: &str| {
            let requests = api.requests();
            let request = requests.into_iter().rev().find(|request| request.to_string().contains(word)).unwrap();
            let shown = images_of(&request);
            (shown, request)
        };
        rig.prompt(id, "look at this one: @\"big one.png\", please").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let (shown, request) = newest("this one");
        assert_eq!(shown.len(), 1, "once, whoever reads it");
        let bytes = STANDARD.decode(shown[0]["source"]["data"].as_str().unwrap()).unwrap();
        let seen = image::recognise(&bytes).unwrap();
        assert!(image::unfit(seen, bytes.len() as u64).is_none(), "{seen:?}");
        assert!(request.to_string().contains("look at this one: big one.png, please"));
        // As it is dropped on a terminal.
        let dropped = adjutant::core::image::named::pasted(&format!("'{}/small one.png'", rig.project().display()));
        rig.prompt(id, &format!("{}was dropped", dropped.unwrap())).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert_eq!(newest("was dropped").0.len(), 2, "the CLI shows it by itself");
        rig.prompt(id, "what @moves.gif").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let (shown, request) = newest("what moves.gif");
        assert_eq!(shown.len(), 2);
        assert!(request.to_string().contains("(The image moves.gif could not be attached.)"));
        let told =
            |kind: &EventKind| matches!(kind, EventKind::Noted(note) if note.text.contains("moves.gif was not sent"));
        assert!(rig.events.iter().any(|event| told(&event.kind)));
        rig.end().await;
    }
    with_each_cli!(test);
}
