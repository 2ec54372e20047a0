//! `[relay.feishu]`: the bot, whom it listens to, and when it speaks.
//!
//! **For:** typed settings, and mistakes that the file alone shows. **Not for:** finding the app secret:
//! the relay does that when it starts.
//!
//! Invariants: nobody is listened to unless named; the app secret shows in no `Debug`.

use secrecy::SecretString;

use super::Problem;
use super::read::set;
use super::read::set_text;
use super::section::Section;
use crate::core::language::Language;
use crate::net;

/// What an app's id begins with.
const APP: &str = "cli_";
/// What the id of a person, as an app sees them, begins with.
const PERSON: &str = "ou_";
const TABLE: &str = "relay.feishu";
const DAY_S: u64 = 24 * 3600;

/// When requests and news go to the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    Always,
    /// Only when no key was pressed for a while, or no terminal is attached.
    #[default]
    Away,
    /// Only when the phone asks.
    Never,
}

#[derive(Debug, Clone, Default)]
pub struct Feishu {
    pub enabled: bool,
    pub app_id: Option<String>,
    /// At most one of these three is set.
    pub app_secret: Option<SecretString>,
    pub app_secret_env: Option<String>,
    pub app_secret_file: Option<String>,
    pub base_url: String,
    /// Who is listened to, besides those who were paired; an empty list adds nobody.
    pub allowed_open_ids: Vec<String>,
    /// Directories, as written, below which the phone may open sessions; an empty list allows none.
    pub roots: Vec<String>,
    /// Folders below these may be trusted from the phone, with what they bring.
    pub trusted_roots: Vec<String>,
    pub presence: Presence,
    /// How long without a key counts as away.
    pub away_minutes: u64,
    pub language: Language,
    /// Requests of a session that the phone opened are denied by themselves after so many seconds; zero never.
    pub approval_seconds: u64,
    /// Answer in group chats too, when mentioned.
    pub groups: bool,
    /// Ring the phone for a request that nobody has answered for so many minutes.
    pub urgent: bool,
    pub urgent_minutes: u64,
}

pub(super) fn feishu(mut section: Section<'_, '_>, feishu: &mut Feishu) {
    set(&mut feishu.enabled, section.boolean("enabled"));
    set_text(&mut feishu.app_id, section.string("app_id"));
    if feishu.app_id.as_ref().is_some_and(|id| !is_id(id, APP)) {
        section.wrong("app_id", "expected the App ID from the developer console, which begins with cli_");
    }
    if let Some(secret) = section.string("app_secret") {
        feishu.app_secret = Some(secret).filter(|text| !text.is_empty()).map(SecretString::from);
    }
    set_text(&mut feishu.app_secret_env, section.string("app_secret_env"));
    set_text(&mut feishu.app_secret_file, section.string("app_secret_file"));
    if let Some(url) = section.string("base_url") {
        if let Err(why) = net::address(&url) {
            section.wrong("base_url", why);
        }
        feishu.base_url = url;
    }
    if let Some(ids) = section.strings("allowed_open_ids") {
        for id in ids.iter().filter(|id| !is_id(id, PERSON)) {
            section.wrong("allowed_open_ids", format!("“{id}” is no open_id: one begins with ou_"));
        }
        feishu.allowed_open_ids = ids;
    }
    for (key, kept) in [("roots", &mut feishu.roots), ("trusted_roots", &mut feishu.trusted_roots)] {
        if let Some(roots) = section.strings(key) {
            for root in roots.iter().filter(|root| !root.starts_with('/') && !root.starts_with("~/")) {
                section.wrong(key, format!("“{root}” must be a whole path, or begin with ~/"));
            }
            *kept = roots;
        }
    }
    let presences = [("always", Presence::Always), ("away", Presence::Away), ("never", Presence::Never)];
    set(&mut feishu.presence, section.choice("presence", &presences));
    set(&mut feishu.away_minutes, section.number("away_minutes", 1..=24 * 60));
    let languages = [("en", Language::English), ("zh", Language::Chinese)];
    set(&mut feishu.language, section.choice("language", &languages));
    set(&mut feishu.approval_seconds, section.number("approval_seconds", 0..=DAY_S));
    set(&mut feishu.groups, section.boolean("groups"));
    set(&mut feishu.urgent, section.boolean("urgent"));
    set(&mut feishu.urgent_minutes, section.number("urgent_minutes", 1..=24 * 60));
    section.finish();
}

fn is_id(text: &str, prefix: &str) -> bool {
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// What all keys together must be.
pub(super) fn whole(feishu: &Feishu, source: &str, problems: &mut Vec<Problem>) {
    let line = source.lines().position(|line| line.trim_start().starts_with("[relay")).map_or(1, |line| line + 1);
    let mut wrong = |text: &str| problems.push(Problem { line, text: format!("[{TABLE}] {text}") });
    let n_secrets = [feishu.app_secret.is_some(), feishu.app_secret_env.is_some(), feishu.app_secret_file.is_some()];
    let n_secrets = n_secrets.into_iter().filter(|is_set| *is_set).count();
    if n_secrets > 1 {
        wrong("name one place of the app secret only: app_secret_file, app_secret_env or app_secret");
    }
    if feishu.enabled && feishu.app_id.is_none() {
        wrong("is enabled but has no app_id: it stands in the developer console, under Credentials");
    }
    if feishu.enabled && n_secrets == 0 {
        wrong("is enabled but names no app secret: name a file with it, of mode 600, as app_secret_file");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn problems(text: &str) -> Vec<String> {
        parse(text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn it_is_off_and_listens_to_nobody_by_default() {
        let feishu = parse("").unwrap().feishu;
        assert!(!feishu.enabled && !feishu.groups && !feishu.urgent);
        assert_eq!(feishu.urgent_minutes, 3);
        assert_eq!(feishu.allowed_open_ids, Vec::<String>::new());
        assert_eq!(feishu.roots, Vec::<String>::new());
        assert_eq!((feishu.presence, feishu.away_minutes), (Presence::Away, 5));
        assert_eq!((feishu.language, feishu.approval_seconds), (Language::English, 120));
        assert_eq!(feishu.base_url, "https://open.feishu.cn");
        assert!(feishu.app_id.is_none() && feishu.app_secret.is_none() && feishu.app_secret_file.is_none());
    }

    #[test]
    fn a_file_says_what_it_says() {
        let text = "[relay.feishu]\nenabled = true\napp_id = \"cli_a1\"\napp_secret = \"s3cret\"\n\
                    allowed_open_ids = [\"ou_x\"]\nroots = [\"~/src\", \"/srv\"]\npresence = \"always\"\nlanguage = \"zh\"\n";
        let config = parse(text).unwrap();
        assert_eq!(config.feishu.presence, Presence::Always);
        assert_eq!(config.feishu.language, Language::Chinese);
        assert_eq!(config.feishu.roots, ["~/src", "/srv"]);
        assert!(!format!("{config:?}").contains("s3cret"));
    }

    #[test]
    fn names_every_mistake_with_its_line() {
        let text = "[relay.feishu]\napp_idd = \"x\"\napp_id = \"a1\"\nallowed_open_ids = [\"ou_a\", \"on_b\", \"*\"]\n\
                    roots = [\"src\"]\nbase_url = \"http://open.feishu.cn\"\npresence = \"allways\"\naway_minutes = 0\n[relay.lark]\nx = 1\n";
        assert_eq!(
            problems(text),
            [
                "2: [relay.feishu] has no key “app_idd”; did you mean “app_id”?",
                "3: [relay.feishu] app_id: expected the App ID from the developer console, which begins with cli_",
                "4: [relay.feishu] allowed_open_ids: “on_b” is no open_id: one begins with ou_",
                "4: [relay.feishu] allowed_open_ids: “*” is no open_id: one begins with ou_",
                "5: [relay.feishu] roots: “src” must be a whole path, or begin with ~/",
                "6: [relay.feishu] base_url: http://open.feishu.cn is not encrypted: the key would be readable on the way; use https://",
                "7: [relay.feishu] presence: “allways” is none of always, away, never; did you mean “always”?",
                "8: [relay.feishu] away_minutes: expected a whole number from 1 to 1440, found 0",
                "9: [relay] has no key “lark”",
            ]
        );
    }

    #[test]
    fn an_enabled_relay_needs_an_app_and_one_secret() {
        let found = problems("[relay.feishu]\nenabled = true\n");
        assert!(found[0].starts_with("1: [relay.feishu] is enabled but has no app_id"), "{found:?}");
        assert!(found[1].contains("names no app secret"), "{found:?}");
        let found = problems("\n[relay.feishu]\napp_secret_env = \"A\"\napp_secret_file = \"/b\"\n");
        assert!(found[0].starts_with("2: [relay.feishu] name one place of the app secret only"), "{found:?}");
        assert!(parse("[relay]\nfeishu = 3\n").is_err());
        assert!(parse("[relay]\n").is_ok());
    }
}
