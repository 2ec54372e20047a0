//! The phone in Chinese: nothing that it shows is English, but names, commands and code.

use std::path::Path;

use adjutant::core::language::Language;
use adjutant::relay::card::Block;
use adjutant::relay::card::Card;
use adjutant::relay::card::Tone;
use adjutant::relay::messenger::Happening;
use serde_json::json;

use super::service::Hand;
use super::service::Message;
use crate::engine::play;

/// Names, commands and terms that Chinese speakers write in Latin letters.
const NAMES: &[&str] = &[
    "adjutant",
    "Claude",
    "Code",
    "CLI",
    "MCP",
    "API",
    "git",
    "commit",
    "worktree",
    "branch",
    "diff",
    "hook",
    "skill",
    "agent",
    "token",
    "JSON",
    "UTF",
    "NUL",
    "CRLF",
    "LF",
    "CR",
    "stash",
    "submodule",
    "rebase",
    "merge",
    "cherry-pick",
    "revert",
    "bisect",
    "fork",
    "runner",
    "relay",
    "DIR",
    "ID",
    "PATH",
    "BRANCH",
    "Feishu",
    "Bash",
    "Write",
    "Read",
    "Edit",
    "ms",
    "ok",
    "No",
    "OK",
    "no",
    "yes",
    "HEAD",
    "event",
    "text",
    "project",
    "made",
    "touch",
    "say",
    "status",
    "list",
    "help",
    "pause",
    "resume",
    "unpause",
    "Test",
    "Linux",
    "URL",
    "README",
    "SQLite",
    "Postgres",
    "proxy",
    "sudo",
    "chmod",
    "chown",
    "npm",
    "install",
    "safe",
    "directory",
    "config",
    "toml",
    "command",
    "make",
    "AskUserQuestion",
    "ExitPlanMode",
    "MB",
    "uXXXX",
    "roots",
    "all",
];

/// English words of a text that is ours. What stands between quotation marks or backticks came from outside, or is code.
fn english(text: &str) -> Vec<String> {
    let mut depth = 0_i32;
    let mut in_code = false;
    let outside: String = text
        .chars()
        .map(|c| {
            match c {
                '「' => depth += 1,
                '」' => depth -= 1,
                '`' => in_code = !in_code,
                _ => return if depth > 0 || in_code { ' ' } else { c },
            }
            ' '
        })
        .collect();
    // Placeholders are what is filled in.
    let mut plain = String::new();
    let mut rest = outside.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        plain.push_str(before);
        rest = after.split_once('}').map_or("", |(_, behind)| behind);
    }
    plain.push_str(rest);
    let is_word = |word: &&str| {
        let is_code = word.starts_with(['/', '-', '[', '~', '@']) || word.contains(['/', '_', '.', '=', '\\', '<']);
        let is_plain =
            word.chars().filter(char::is_ascii_alphabetic).count() > 1 && !word.chars().any(|c| c.is_ascii_digit());
        !is_code && is_plain
    };
    let cut = |c: char| c.is_whitespace() || !(c.is_ascii_graphic()) || ",;:()!?|\"'".contains(c);
    let words = plain.split(cut).filter(|word| !word.is_empty()).filter(is_word);
    words
        .map(|word| word.trim_matches(|c: char| !c.is_ascii_alphabetic()).to_owned())
        .filter(|word| !NAMES.contains(&word.as_str()))
        .collect()
}

/// String literals of a piece of Rust, without their escapes.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some((_, after)) = rest.split_once('"') {
        let mut text = String::new();
        let mut chars = after.char_indices();
        let mut end = after.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => {
                    chars.next();
                    text.push(' ');
                }
                c => text.push(c),
            }
        }
        found.push(text);
        rest = &after[end..];
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = path.display().to_string();
        if path.is_dir() {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((name, text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned()));
        }
    }
}

/// Every Chinese text of the program, wherever it is written.
#[test]
fn no_chinese_text_has_an_english_word_in_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    sources(&root.join("src/relay"), &mut all);
    sources(&root.join("src/core/language"), &mut all);
    let (mut n_texts, mut wrong) = (0, Vec::new());
    for (name, text) in all {
        // Words that people type are no words of ours; the message of a test is in both languages.
        if name.contains("/typed/answer") || name.contains("/commands/naming") || name.ends_with("feishu/check.rs") {
            continue;
        }
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for literal in
                literals(line).into_iter().filter(|text| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)))
            {
                n_texts += 1;
                let words = english(&literal);
                if !words.is_empty() {
                    wrong.push(format!("{name}: {literal} {words:?}"));
                }
            }
        }
    }
    assert!(n_texts > 300, "{n_texts}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What of a message is ours.
fn ours(message: &Message) -> Vec<String> {
    let Some(card) = message.card() else { return vec![message.text()] };
    of_card(card)
}

fn of_card(card: &Card) -> Vec<String> {
    let mut texts = vec![card.title.clone(), card.summary.clone()];
    texts.extend(card.tag.clone());
    of_blocks(&card.blocks, &mut texts);
    texts
}

fn of_blocks(blocks: &[Block], texts: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Text(text) | Block::Small(text) | Block::Warning(text) => texts.push(text.clone()),
            Block::Fact { name, value } => texts.extend([name.clone(), value.clone()]),
            Block::Person { words, .. } => texts.push(words.clone()),
            Block::Buttons(buttons) => {
                for button in buttons {
                    texts.extend([Some(button.label.clone()), button.confirm.clone()].into_iter().flatten());
                }
            }
            Block::Form(form) => {
                texts.extend(form.fields.iter().map(|field| field.label.clone()));
                texts.extend(form.buttons().map(|button| button.label.clone()));
                texts.extend(form.folded.clone());
            }
            Block::Folded { title, blocks } => {
                texts.push(title.clone());
                of_blocks(blocks, texts);
            }
            Block::Code { .. } | Block::Prose(_) | Block::Divider => {}
        }
    }
}

const SCRIPT: [&str; 5] = [
    r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "touch made"}, "result": "made"}}, {"say": "好了"}]}"#,
    r#"{"turn": [{"tool": {"name": "AskUserQuestion", "ask": true, "result": "x", "request": {"requires_user_interaction": true}, "input": {"questions": [{"question": "用哪个？", "header": "", "options": [{"label": "甲", "description": ""}, {"label": "乙", "description": ""}]}]}}}, {"say": "好"}]}"#,
    r#"{"turn": [{"tool": {"name": "ExitPlanMode", "ask": true, "result": "x", "input": {"plan": "一步一步来"}}}, {"say": "好"}]}"#,
    r#"{"turn": [{"fail": {"status": 529, "text": "API Error: 529 overloaded"}}]}"#,
    r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "make all"}, "result": "made", "request": {"requires_user_interaction": true}}}, {"say": "好"}]}"#,
];

async fn asked(hand: &Hand, what: &str) -> Message {
    let is_it = |message: &Message| {
        message.card().is_some_and(|card| card.tone == Tone::Pending && card.is_live()) && message.text().contains(what)
    };
    let asked = hand.wait(what, is_it).await;
    hand.settled().await;
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_phone_shows_is_chinese() {
    let (mut rig, _script) = play(&SCRIPT);
    let mut hand = Hand::start(&rig, |settings| settings.language = Language::Chinese);
    hand.say("/help").await;
    hand.wait("the help", |message| message.text().contains("/new 目录")).await;
    // The card that asks this, when its turn has come.
    hand.say("/new project 开始").await;
    let press = |message: &Message, act: &str| Happening::Pressed(Hand::press(message, act, json!({})));
    let first = asked(&hand, "touch made").await;
    hand.happens(press(&first, "allow")).await;
    rig.turn_end().await;
    hand.say("再来").await;
    asked(&hand, "用哪个").await;
    hand.say("1").await;
    rig.turn_end().await;
    hand.say("计划").await;
    let plan = asked(&hand, "一步一步来").await;
    hand.happens(press(&plan, "plan_edits")).await;
    rig.turn_end().await;
    hand.say("失败").await;
    rig.turn_end().await;
    hand.say("最后").await;
    asked(&hand, "make all").await;
    for text in [
        "/list",
        "/progress",
        "/tail",
        "/mode 计划",
        "/mode 不知道",
        "/approve 99",
        "/deny 99",
        "/help",
        "/queue",
        "/resume",
        "/fork 99",
        "/switch 9",
        "/worktree",
        "/file 没有",
        "/answer 1 2",
        "/pause",
        "/unpause",
        "好的",
        "排队",
        "/queue",
        "/stop",
        "/new 没有的目录",
        "/resume 3",
        "/close",
    ] {
        let n_before = hand.messages().len();
        hand.say(text).await;
        hand.wait(text, |_| hand.messages().len() > n_before).await;
    }
    hand.wait("the end", |message| message.text().starts_with("已关闭")).await;
    hand.settled().await;
    let wrong: Vec<String> = hand
        .messages()
        .iter()
        .flat_map(ours)
        .map(|text| (english(&text), text))
        .filter(|(words, _)| !words.is_empty())
        .map(|(words, text)| format!("{words:?} in {text}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    rig.end().await;
}
