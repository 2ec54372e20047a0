//! Pictures from the phone: what they are stands in their bytes, and the model is shown them.

use std::time::Duration;

use adjutant::core::event::EventKind;
use adjutant::core::image;
use adjutant::core::prompt::Prompt;
use adjutant::relay::messenger::Attachment;
use adjutant::relay::messenger::ChatId;
use adjutant::relay::messenger::Happening;
use adjutant::relay::messenger::Said;

use super::service::CHAT;
use super::service::Hand;
use crate::engine::play;
use crate::support::rig::Rig;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0";

fn sized(bytes: &[u8], n: usize) -> Vec<u8> {
    let mut sized = bytes.to_vec();
    sized.resize(n, 0);
    sized
}

async fn sent(rig: &mut Rig, hand: &mut Hand, text: &str, files: &[(&str, &str, bool)]) -> Prompt {
    let mut said = hand.said(text);
    let attachment = |(key, name, is_image): &(&str, &str, bool)| Attachment {
        key: (*key).into(),
        is_image: *is_image,
        name: Some((*name).to_owned()).filter(|name| !name.is_empty()),
        of: None,
    };
    said.attachments = files.iter().map(attachment).collect();
    hand.happens(Happening::Said(said)).await;
    let event = rig.wait("the prompt", |kind| matches!(kind, EventKind::PromptSent(_))).await;
    let EventKind::PromptSent(prompt) = &event.kind else { unreachable!("just matched") };
    let prompt = prompt.clone();
    rig.wait("the end of the turn", |kind| matches!(kind, EventKind::TurnEnded { .. })).await;
    prompt
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_an_image_by_its_bytes_is_shown_and_the_rest_is_a_file() {
    let (mut rig, _script) = play(&[r#"{"turn": [{"say": "seen"}]}"#; 5]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    {
        let mut contents = hand.phone.contents.lock().unwrap();
        contents.insert("png".into(), PNG.to_vec());
        contents.insert("large".into(), sized(PNG, image::MAX_BYTES as usize + 1));
        contents.insert("big".into(), sized(PNG, image::MAX_BYTES as usize));
    }
    hand.say("/new project").await;
    hand.wait("the session", |message| message.text().contains("Opened session")).await;
    // A name proves nothing, neither way.
    let files = [("png", "notes.txt", false), ("text", "picture.png", true)];
    let prompt = sent(&mut rig, &mut hand, "look", &files).await;
    assert_eq!(prompt.images.len(), 1, "{prompt:?}");
    assert_eq!((prompt.images[0].name.as_str(), prompt.images[0].width), ("notes.txt", 640));
    assert!(prompt.text.starts_with("look\nAttached file: ") && prompt.text.ends_with("/picture.png"), "{prompt:?}");
    // Without a word.
    let prompt = sent(&mut rig, &mut hand, "", &[("png", "", true)]).await;
    assert_eq!((prompt.text.as_str(), prompt.shown().as_str()), ("", "[image: image.png, 640x480]"));
    // What the API would not take is a file as any other.
    let prompt = sent(&mut rig, &mut hand, "this", &[("large", "large.png", true)]).await;
    assert!(prompt.images.is_empty() && prompt.text.contains("/large.png"), "{prompt:?}");
    hand.wait("word of it", |message| message.text().contains("large.png goes along as a file")).await;
    let four = [("big", "", true); 4];
    let prompt = sent(&mut rig, &mut hand, "these", &four).await;
    assert_eq!((prompt.images.len(), prompt.text.matches("Attached file").count()), (2, 2), "{prompt:?}");
    rig.end().await;
}

/// A photo alone, as a messenger sends each of several.
async fn photo(hand: &mut Hand, key: &str) -> Said {
    let mut said = hand.said("");
    said.attachments = vec![Attachment { key: key.into(), is_image: true, name: None, of: None }];
    hand.happens(Happening::Said(said.clone())).await;
    said
}

async fn next_prompt(rig: &mut Rig) -> Prompt {
    let event = rig.wait("the prompt", |kind| matches!(kind, EventKind::PromptSent(_))).await;
    let EventKind::PromptSent(prompt) = &event.kind else { unreachable!("just matched") };
    prompt.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_in_a_row_are_one_prompt_with_the_text_that_follows_them() {
    let (mut rig, _script) = play(&[r#"{"turn": [{"say": "seen"}]}"#; 4]);
    let mut hand = Hand::known(&rig, |settings| settings.gather = Duration::from_millis(400)).await;
    hand.phone.contents.lock().unwrap().extend([("a".into(), PNG.to_vec()), ("b".into(), PNG.to_vec())]);
    hand.say("/new project").await;
    hand.wait("the session", |message| message.text().contains("Opened session")).await;
    let first = photo(&mut hand, "a").await;
    photo(&mut hand, "b").await;
    let prompt = next_prompt(&mut rig).await;
    assert_eq!((prompt.text.as_str(), prompt.images.len()), ("", 2), "{prompt:?}");
    rig.turn_end().await;
    // A command waits for nothing and ends nothing; a text does.
    photo(&mut hand, "a").await;
    hand.say("/list").await;
    photo(&mut hand, "b").await;
    hand.say("what differs?").await;
    let prompt = next_prompt(&mut rig).await;
    assert_eq!((prompt.text.as_str(), prompt.images.len()), ("what differs?", 2), "{prompt:?}");
    rig.turn_end().await;
    // One that is taken back in time is not sent.
    let wrong = photo(&mut hand, "a").await;
    photo(&mut hand, "b").await;
    let recalled = |said: &Said| Happening::Recalled { chat: ChatId(CHAT.into()), message: said.message.clone() };
    hand.happens(recalled(&wrong)).await;
    let prompt = next_prompt(&mut rig).await;
    assert_eq!((prompt.text.as_str(), prompt.images.len()), ("", 1), "{prompt:?}");
    rig.turn_end().await;
    let told = hand.messages().iter().filter(|message| message.text().contains("taken back")).count();
    assert_eq!(told, 1);
    // Heard again, they are no second prompt.
    hand.happens(Happening::Said(first)).await;
    rig.listen(Duration::from_millis(600)).await;
    assert_eq!(rig.events.iter().filter(|event| matches!(event.kind, EventKind::PromptSent(_))).count(), 3);
    rig.end().await;
}
