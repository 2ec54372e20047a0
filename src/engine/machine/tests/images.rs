//! Prompts with images: read first, sent with what could be read.

use super::*;
use crate::core::image::ImageKind;
use crate::core::image::ImageRef;
use crate::wire::outbound::ImageType;
use crate::wire::outbound::UserBlock;
use crate::wire::outbound::UserContent;
use crate::wire::outbound::UserImage;

fn image(name: &str) -> ImageRef {
    let path = format!("/data/{name}");
    ImageRef { path, name: name.into(), kind: ImageKind::Png, bytes: 3, width: 2, height: 1 }
}

fn source() -> UserImage {
    UserImage::Base64 { media_type: ImageType::Png, data: "aGk=".into() }
}

fn send(text: &str, images: &[&str]) -> Command {
    let images = images.iter().map(|name| image(name)).collect();
    Command::Send { session: ID, text: text.into(), how: SendHow::Queue, by: Surface::Terminal, id: None, images }
}

impl Bench {
    fn load(&mut self, images: Vec<Result<UserImage, String>>) -> &mut Self {
        let prompt = self.loads.pop().expect("images are to be read");
        self.give(Input::ImagesLoaded(Loaded { prompt, images, mentioned: Vec::new() }))
    }

    fn contents(&self) -> Vec<UserContent> {
        let content = |line: &Outbound| if let Outbound::User(user) = line { Some(user.content.clone()) } else { None };
        self.lines.iter().filter_map(content).collect()
    }
}

fn text(text: &str) -> UserBlock {
    UserBlock::Text { text: text.into() }
}

#[test]
fn a_prompt_waits_for_its_images_and_goes_with_them() {
    let mut bench = Bench::running(|_| {});
    bench.line(&result()).command(send("look", &["a.png", "b.png"]));
    assert_eq!((bench.n_prompts_sent(), bench.loads.len()), (1, 1));
    bench.wait(1);
    assert_eq!(bench.loads.len(), 1, "read once");
    bench.load(vec![Ok(source()), Err("its file is gone".into())]);
    let shown = UserBlock::Image { source: source() };
    let said = text("look\n(The image b.png could not be attached.)");
    assert_eq!(bench.contents()[1], UserContent::Blocks(vec![shown.clone(), said]));
    let told =
        |event: &Event| matches!(&event.kind, EventKind::Noted(note) if note.text.contains("b.png was not sent"));
    assert!(bench.log.iter().any(told));
    // The timeline shows what was sent, and a retry sends it again.
    let last = bench.fleet.get(ID).unwrap().last_prompt().unwrap().clone();
    assert_eq!(last.images, [image("a.png")]);
    assert!(last.shown().ends_with("[image: a.png, 2x1]"), "{}", last.shown());
    bench.line(&result()).command(Command::Retry { session: ID }).load(vec![Ok(source())]);
    assert!(matches!(&bench.contents()[2], UserContent::Blocks(blocks) if blocks[0] == shown));
}

#[test]
fn a_prompt_without_words_is_its_images_and_never_nothing() {
    let mut bench = Bench::running(|_| {});
    bench.line(&result()).command(send("", &["a.png"])).load(vec![Ok(source())]);
    assert_eq!(bench.contents()[1], UserContent::Blocks(vec![UserBlock::Image { source: source() }]));
    bench.line(&result()).command(send("", &["a.png"])).load(vec![Err("gone".into())]);
    assert_eq!(bench.contents()[2], UserContent::Text("(The image a.png could not be attached.)".into()));
}

#[test]
fn what_was_read_for_a_prompt_that_left_the_queue_goes_with_no_other() {
    let mut bench = Bench::running(|_| {});
    bench.line(&result()).command(send("one", &["a.png"])).command(send("two", &["b.png"]));
    let first = bench.fleet.get(ID).unwrap().queue.iter().next().unwrap().id.clone();
    bench.command(Command::DropQueued { session: ID, prompt: first });
    bench.load(vec![Ok(source())]);
    let sent = bench.contents().len();
    bench.give(Input::ImagesLoaded(Loaded {
        prompt: "unknown".into(),
        images: vec![Ok(source())],
        mentioned: Vec::new(),
    }));
    if sent == 1 {
        bench.load(vec![Ok(source())]);
    }
    assert_eq!(bench.contents()[1], UserContent::Blocks(vec![UserBlock::Image { source: source() }, text("two")]));
    assert_eq!(bench.contents().len(), 2);
}

#[test]
fn an_image_that_the_text_names_is_sent_smaller_or_refused_with_a_word() {
    use crate::core::image::named;
    use crate::engine::images::Mentioned;
    let mut bench = Bench::running(|_| {});
    let words = "compare @big.png with @\"my moves.gif\" and @src/a.rs";
    bench.line(&result()).command(send(words, &[]));
    let prompt = bench.loads.pop().expect("the text names images");
    let mut mentions = named::mentions(words).into_iter();
    let mut mentioned = |instead| Mentioned { mention: mentions.next().unwrap(), instead };
    let mentioned = vec![mentioned(Ok((image("big.png"), source()))), mentioned(Err("it is too large".into()))];
    bench.give(Input::ImagesLoaded(Loaded { prompt, images: Vec::new(), mentioned }));
    let said = text("compare big.png with my moves.gif and @src/a.rs\n(The image my moves.gif could not be attached.)");
    assert_eq!(bench.contents()[1], UserContent::Blocks(vec![UserBlock::Image { source: source() }, said]));
    let told = |words: &str| {
        bench.log.iter().any(|event| matches!(&event.kind, EventKind::Noted(note) if note.text.contains(words)))
    };
    assert!(told("big.png is larger than the model takes: it is shown as 2x1"));
    assert!(told("my moves.gif was not sent: it is too large"));
    assert!(bench.fleet.get(ID).unwrap().last_prompt().unwrap().shown().contains("[image: big.png, 2x1]"));
    // A text without images goes at once.
    bench.line(&result()).command(send("see @src/a.rs", &[]));
    assert_eq!(bench.contents()[2], UserContent::Text("see @src/a.rs".into()));
}
