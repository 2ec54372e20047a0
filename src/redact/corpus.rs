//! How many secrets of a corpus stand, and how many harmless lines are destroyed. None of the secrets is anybody's: they
//! are made by their shapes.

use proptest::strategy::Strategy as _;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::*;

/// What people take for passwords: words, words with a digit, and worse.
const PASSWORDS: [&str; 4] = ["sunflower", "hunter22", "Sommer2024!", "xK9mP2qLw7"];

/// A text with secrets in it, and the secrets.
type Case = (String, Vec<String>);

/// Keys of every shape that is known, as they stand in texts.
fn keys() -> Vec<Case> {
    let mut runner = TestRunner::deterministic();
    let mut cases = Vec::new();
    for (_, pattern) in shapes::patterns() {
        let made = proptest::string::string_regex(&pattern.replace(r"\b", "")).unwrap();
        for around in ["use {} now", "x = \"{}\"\n", "令牌{}。"] {
            let key = made.new_tree(&mut runner).unwrap().current();
            cases.push((around.replace("{}", &key), vec![key]));
        }
    }
    cases
}

/// Telling names of many languages.
fn foreign() -> Vec<Case> {
    let mut cases = Vec::new();
    for (place, word) in names::foreign().enumerate() {
        for (n, around) in ["{n}: {}", "{n}：{}", "{n}＝{}", "{n}=\"{}\""].iter().enumerate() {
            let secret = ["hunter2022", "abc123def", "Sommer2024"][(place + n) % 3];
            cases.push((around.replace("{n}", word).replace("{}", secret), vec![secret.to_owned()]));
        }
    }
    cases
}

/// Each context with each password.
fn contexts() -> Vec<Case> {
    let lines = include_str!("corpus/contexts.txt").lines();
    let with = |line: &str, secret: &str| (line.replace("\\n", "\n").replace("{}", secret), vec![secret.to_owned()]);
    lines.flat_map(|line| PASSWORDS.iter().map(move |secret| with(line, secret))).collect()
}

/// Lines that were written before any rule was, with each secret between « and ». A secret that begins with `b64:` or `hex:`
/// is that in these letters; `¦` parts what would look like somebody's key in this file.
fn held_out(lines: &str) -> Vec<Case> {
    let encoded = |secret: &str| match secret.split_once(':') {
        Some(("b64", text)) => base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text),
        Some(("hex", text)) => text.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")),
        _ => secret.to_owned(),
    };
    let case = |line: &str| {
        let line = line.replace("\\n", "\n").replace("\\t", "\t").replace('¦', "");
        let (mut text, mut secrets) = (String::new(), Vec::new());
        for (place, part) in line.split(['«', '»']).enumerate() {
            let is_secret = place % 2 == 1;
            let part = if is_secret { encoded(part) } else { part.to_owned() };
            text.push_str(&part);
            if is_secret {
                secrets.extend(part.lines().map(str::to_owned));
            }
        }
        (text, secrets)
    };
    lines.lines().map(case).collect()
}

fn stood(name: &str, cases: &[Case]) -> Vec<String> {
    let mut stood = Vec::new();
    let mut n_secrets = 0;
    for (text, secrets) in cases {
        let redacted = redact(text);
        n_secrets += secrets.len();
        stood.extend(
            secrets.iter().filter(|secret| redacted.contains(*secret)).map(|_| format!("{text} -> {redacted}")),
        );
    }
    println!("{name}: {} of {n_secrets} secrets stood", stood.len());
    stood
}

fn destroyed(name: &str, lines: &str) -> Vec<String> {
    let lines: Vec<String> = lines.lines().map(|line| line.replace("\\n", "\n").replace("\\t", "\t")).collect();
    let changed = |line: &String| {
        let redacted = redact(line);
        (redacted != line.as_str()).then(|| format!("{line} -> {redacted}"))
    };
    let destroyed: Vec<String> = lines.iter().filter_map(changed).collect();
    println!("{name}: {} of {} harmless lines were destroyed", destroyed.len(), lines.len());
    destroyed
}

#[test]
fn secrets_go_and_harmless_lines_stay() {
    let mut wrong = stood("keys by shape", &keys());
    wrong.extend(stood("telling names", &foreign()));
    wrong.extend(stood("contexts", &contexts()));
    wrong.extend(stood("held out", &held_out(include_str!("corpus/held_out_secrets.txt"))));
    wrong.extend(stood("more of them", &held_out(include_str!("corpus/more_secrets.txt"))));
    wrong.extend(destroyed("corpus", include_str!("corpus/harmless.txt")));
    wrong.extend(destroyed("held out", include_str!("corpus/held_out_harmless.txt")));
    wrong.extend(destroyed("more of them", include_str!("corpus/more_harmless.txt")));
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}

#[test]
fn known_secrets_go_in_any_clothes() {
    let secret = "correct-horse/battery+staple&9";
    let redactor = Redactor::new([secret.to_owned()]);
    let base64 = |text: String| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text);
    let hex = secret.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let (left, right) = secret.split_at(13);
    let mut clothes = vec![
        (format!("x {hex} y"), hex.clone()),
        (hex.to_uppercase(), hex.to_uppercase()),
        (format!("?q={url}&y"), url.clone()),
        (format!("{left}\n{right}"), right.to_owned()),
        (format!("{left}\\\n    {right}"), right.to_owned()),
    ];
    for before in ["", "a", "ab", "user:", "x=1;"] {
        let encoded = base64(format!("{before}{secret}{before}"));
        let inner = encoded[8..encoded.len() - 10].to_owned();
        clothes.push((format!("echo {encoded} | base64 -d"), inner));
    }
    let stood: Vec<_> = clothes.iter().filter(|(text, secret)| redactor.text(text).contains(secret)).collect();
    assert!(stood.is_empty(), "{stood:#?}");
}

#[test]
fn secrets_that_are_encoded_or_put_together_go() {
    let base64 = |text: &str| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text);
    let key = format!("ghp_{}", "a1B2c3D4e5".repeat(4));
    let (left, right) = key.split_at(14);
    for text in [
        format!("k = \"{left}\" + \"{right}\""),
        format!("k = '{left}'\n  '{right}'").replace('\n', " \\\n"),
        format!("curl -H {left}\\\n  {right}"),
        format!("k = \"{left}\" . \"{right}\";"),
        format!("echo {}", base64(&key)),
        format!("config: {}", base64("password=hunter22 user=bob")),
    ] {
        let redacted = redact(&text);
        assert!(redacted != text.as_str() && !redacted.contains(right), "{text} -> {redacted}");
    }
    for harmless in
        ["a = \"one\" + \"two\"", "echo one \\\n  two", &format!("x {}", base64("only a plain sentence here"))]
    {
        assert_eq!(redact(harmless), harmless);
    }
}
