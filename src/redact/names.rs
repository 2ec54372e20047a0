//! Names that say that their value is a secret: of variables, fields, options and headers.

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The word in the mark.
    pub label: &'static str,
    /// The name leaves no doubt. Otherwise the value has to look like a secret, too.
    pub is_certain: bool,
}

/// Parts that leave no doubt, wherever they stand in a name written without separators.
const CERTAIN: [(&str, &str); 14] = [
    ("password", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("passcode", "password"),
    ("secret", "secret"),
    ("apikey", "api-key"),
    ("accesskey", "api-key"),
    ("authkey", "api-key"),
    ("privatekey", "private-key"),
    ("signingkey", "private-key"),
    ("encryptionkey", "private-key"),
    ("authorization", "authorization"),
    ("credential", "credential"),
    ("cookie", "cookie"),
];

/// Last words that name something about a secret and not the secret.
const ABOUT: [&str; 42] = [
    "file",
    "files",
    "path",
    "dir",
    "url",
    "uri",
    "name",
    "names",
    "count",
    "limit",
    "ttl",
    "length",
    "len",
    "size",
    "type",
    "types",
    "expiry",
    "expires",
    "at",
    "in",
    "budget",
    "policy",
    "field",
    "label",
    "hint",
    "placeholder",
    "manager",
    "store",
    "storage",
    "index",
    "endpoint",
    "kind",
    "env",
    "prompt",
    "mode",
    "helper",
    "enabled",
    "version",
    "provider",
    "required",
    "sock",
    "jar",
];

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
    let is_directory = matches!(name, "PWD" | "OLDPWD");
    if is_directory || name.len() > MAX_NAME_BYTES || name.contains(char::is_whitespace) {
        return None;
    }
    let words = words(name);
    let last = words.iter().rev().find(|word| !word.bytes().all(|byte| byte.is_ascii_digit()))?;
    if ABOUT.contains(&last.as_str()) {
        return None;
    }
    let joined = words.concat();
    if let Some((_, label)) = CERTAIN.iter().find(|(part, _)| joined.contains(part)) {
        return Some(Kind { label, is_certain: true });
    }
    let likely = |label| Some(Kind { label, is_certain: false });
    match last.as_str() {
        "token" | "jwt" | "bearer" => likely("token"),
        // A variable in capitals is named by the surroundings, not by a programmer: its token is one.
        word if word.ends_with("token") => likely("token"),
        "pwd" | "pass" => likely("password"),
        "sig" | "signature" => likely("signature"),
        "key" if words.len() > 1 => likely("key"),
        "auth" => likely("authorization"),
        _ if words.iter().any(|word| word == "token") => likely("token"),
        _ => None,
    }
}

/// `GITHUB_TOKEN`, `x-api-key`, `clientSecret` in lower-case words.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let starts = c.is_uppercase() && before.is_lowercase();
        if !c.is_alphanumeric() || starts {
            words.push(String::new());
        }
        if c.is_alphanumeric()
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
