//! Names that say that their value is a secret: of variables, fields, options and headers.

use self::tables::ABOUT;
use self::tables::CERTAIN;
use self::tables::FOREIGN;
use self::tables::PARTS;
use self::tables::SAID;
use self::tables::STORED;
use self::tables::WHOLE;

mod tables;

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The word in the mark.
    pub label: &'static str,
    /// The name leaves no doubt. Otherwise the value has to look like a secret, too.
    pub is_certain: bool,
}

/// A password, without doubt.
pub(super) const PASSWORD: Kind = Kind { label: "password", is_certain: true };

/// Whether this is no secret but what is said of one.
pub(super) fn is_said_of(value: &str) -> bool {
    let value = value.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    value.is_empty() || SAID.contains(&value.as_str())
}

/// The words of other languages.
#[cfg(test)]
pub(super) fn foreign() -> impl Iterator<Item = &'static str> {
    FOREIGN.iter().chain(WHOLE).map(|(word, _)| *word).filter(|word| word.len() > 3)
}

/// Parts of which every telling name has one, in all the ways they are written where that is not ASCII.
pub(super) fn parts() -> Vec<String> {
    let mut parts = Vec::new();
    for word in PARTS.iter().copied().chain(FOREIGN.iter().chain(WHOLE).map(|(word, _)| *word)) {
        parts.push(word.to_owned());
        if word.is_ascii() {
            let wide = |c: char| char::from_u32(u32::from(c) + FULL_WIDTH).unwrap_or(c);
            parts.push(word.chars().map(wide).collect());
            parts.push(word.to_uppercase().chars().map(wide).collect());
            parts.push(capital(word).chars().map(wide).collect());
        } else {
            parts.extend([word.to_uppercase(), capital(word)]);
        }
    }
    parts.sort();
    parts.dedup();
    parts
}

fn capital(word: &str) -> String {
    let mut rest = word.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// What a sign of full width is away from the plain one.
const FULL_WIDTH: u32 = 0xfee0;

fn plain_width(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - FULL_WIDTH).unwrap_or(c),
        c => c,
    }
}

/// Whether it is the shell's name for where it is.
pub(super) fn is_directory(name: &str) -> bool {
    matches!(name, "PWD" | "OLDPWD")
}

/// Whether a variable holds a secret that is worth looking for everywhere.
pub fn is_secret_variable(name: &str, value: &str) -> bool {
    match kind(name) {
        Some(Kind { is_certain: true, .. }) => true,
        Some(Kind { label: "token", .. }) => !value.starts_with('/'),
        // An ordinary word would go from all texts.
        Some(_) => !value.starts_with('/') && super::assigned::looks_random(value),
        None => false,
    }
}

/// What the name says of its value; `None` when it says nothing.
pub fn kind(name: &str) -> Option<Kind> {
    // A long text is no name, whatever words it holds.
    const MAX_NAME_BYTES: usize = 100;
    if is_directory(name) || name.len() > MAX_NAME_BYTES || name.contains(char::is_whitespace) {
        return None;
    }
    let words = words(name);
    let last = words.iter().rev().find(|word| !word.bytes().all(|byte| byte.is_ascii_digit()))?;
    if ABOUT.contains(&last.as_str()) {
        return None;
    }
    let joined = words.concat();
    let is_plain = joined.is_ascii();
    if let Some((_, label)) = FOREIGN.iter().find(|(part, _)| part.is_ascii() >= is_plain && joined.contains(part)) {
        return Some(Kind {
            label,
            is_certain: matches!(*label, "password" | "secret" | "private-key" | "credential"),
        });
    }
    if let Some((_, label)) = WHOLE.iter().find(|(word, _)| last == word) {
        return Some(Kind { label, is_certain: *label == "password" && last != "passe" });
    }
    if let Some((_, label)) = CERTAIN.iter().find(|(part, _)| joined.contains(part)) {
        return Some(Kind { label, is_certain: true });
    }
    let likely = |label| Some(Kind { label, is_certain: false });
    match last.as_str() {
        "token" | "jwt" | "bearer" => likely("token"),
        // A variable in capitals is named by the surroundings, not by a programmer: its token is one.
        word if word.ends_with("token") => likely("token"),
        // What a test says of itself.
        "pass" if name == "PASS" || name == "Pass" => None,
        "pwd" | "pass" | "pin" => likely("password"),
        word if word.len() > 5 && word.ends_with("pass") && !word.ends_with("bypass") && !word.ends_with("compass") => {
            likely("password")
        }
        "sig" | "signature" => likely("signature"),
        "salt" if words.len() > 1 => likely("secret"),
        "key" if words.len() > 1 && !words.iter().any(|word| STORED.contains(&word.as_str())) => likely("key"),
        "auth" => likely("authorization"),
        _ if words.iter().any(|word| word == "token") => likely("token"),
        _ => None,
    }
}

/// What parts words. A sign that stands above or below a letter belongs to it.
fn is_between(c: char) -> bool {
    !c.is_alphanumeric() && (c.is_ascii() || c.is_whitespace() || c.is_control())
}

/// `GITHUB_TOKEN`, `x-api-key`, `clientSecret` in lower-case words.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars().map(plain_width) {
        let starts = c.is_uppercase() && before.is_lowercase();
        if is_between(c) || starts {
            words.push(String::new());
        }
        if !is_between(c)
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for certain in [
            "password",
            "DB_PASSWORD",
            "PGPASSWORD",
            "clientSecret",
            "app_secret",
            "x-api-key",
            "OPENAI_API_KEY",
            "apiKey",
            "AWS_SECRET_ACCESS_KEY",
            "Authorization",
            "cookie",
            "Set-Cookie",
            "private_key",
            "SECRET_KEY_BASE",
        ] {
            assert!(kind(certain).is_some_and(|kind| kind.is_certain), "{certain}");
        }
        for likely in [
            "token",
            "GITHUB_TOKEN",
            "accessToken",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "authtoken",
            "TOKEN_2",
            "STRIPE_KEY",
            "sig",
            "pwd",
        ] {
            assert!(kind(likely).is_some_and(|kind| !kind.is_certain), "{likely}");
        }
        for neither in [
            "tokens",
            "max_tokens",
            "cache_read_input_tokens",
            "tokenizer",
            "key",
            "keys",
            "keyboard",
            "secret_name",
            "api_key_env",
            "PASSWORD_FILE",
            "TOKEN_URL",
            "GIT_AUTHOR_NAME",
            "SSH_AUTH_SOCK",
            "monkey",
            "PWD",
            "session",
            "PATH",
            "",
            "what is the secret",
        ] {
            assert_eq!(kind(neither), None, "{neither}");
        }
    }
}
