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

/// The same in other languages, where they stand in a name.
const FOREIGN: &[(&str, &str)] = &[
    // Chinese
    ("密码", "password"),
    ("密碼", "password"),
    ("口令", "password"),
    ("密钥", "key"),
    ("密鑰", "key"),
    ("金鑰", "key"),
    ("私钥", "private-key"),
    ("私鑰", "private-key"),
    ("令牌", "token"),
    ("权杖", "token"),
    ("凭证", "credential"),
    ("凭据", "credential"),
    ("憑證", "credential"),
    ("秘钥", "key"),
    // Japanese, Korean
    ("パスワード", "password"),
    ("暗証番号", "password"),
    ("合言葉", "password"),
    ("パスフレーズ", "password"),
    ("秘密鍵", "private-key"),
    ("シークレット", "secret"),
    ("トークン", "token"),
    ("アクセスキー", "key"),
    ("鍵", "key"),
    ("비밀번호", "password"),
    ("암호", "password"),
    ("패스워드", "password"),
    ("토큰", "token"),
    ("비밀키", "key"),
    ("개인키", "private-key"),
    ("시크릿", "secret"),
    // Cyrillic, Greek, Hebrew, Arabic, Thai, Hindi
    ("пароль", "password"),
    ("пароля", "password"),
    ("парола", "password"),
    ("лозинка", "password"),
    ("секрет", "secret"),
    ("токен", "token"),
    ("ключ", "key"),
    ("κωδικός", "password"),
    ("κωδικος", "password"),
    ("סיסמה", "password"),
    ("סיסמא", "password"),
    ("المرور", "password"),
    ("السر", "password"),
    ("รหัสผ่าน", "password"),
    ("पासवर्ड", "password"),
    // Latin scripts
    ("passwort", "password"),
    ("kennwort", "password"),
    ("geheimnis", "secret"),
    ("zugangsdaten", "credential"),
    ("losungswort", "password"),
    ("motdepasse", "password"),
    ("motpasse", "password"),
    ("contraseña", "password"),
    ("contrasena", "password"),
    ("secreto", "secret"),
    ("senha", "password"),
    ("segredo", "secret"),
    ("parola", "password"),
    ("parolă", "password"),
    ("wachtwoord", "password"),
    ("hasło", "password"),
    ("haslo", "password"),
    ("heslo", "password"),
    ("lösenord", "password"),
    ("losenord", "password"),
    ("adgangskode", "password"),
    ("salasana", "password"),
    ("jelszó", "password"),
    ("jelszo", "password"),
    ("şifre", "password"),
    ("sifre", "password"),
    ("khẩu", "password"),
    ("matkhau", "password"),
    ("sandi", "password"),
    ("lozinka", "password"),
    ("geslo", "password"),
    ("parool", "password"),
    ("slaptažodis", "password"),
];

/// Whole names that say it, too short to be looked for in others.
const WHOLE: [(&str, &str); 15] = [
    ("pw", "password"),
    ("psw", "password"),
    ("pswd", "password"),
    ("pword", "password"),
    ("mdp", "password"),
    ("passe", "password"),
    ("clave", "password"),
    ("jeton", "token"),
    ("schluessel", "key"),
    ("schlüssel", "key"),
    ("chiave", "key"),
    ("clé", "key"),
    ("klucz", "key"),
    ("nøkkel", "key"),
    ("sleutel", "key"),
];

/// What comes before "key" where it is the key of something that is stored.
const STORED: [&str; 38] = [
    "foreign",
    "primary",
    "sort",
    "partition",
    "cache",
    "row",
    "hash",
    "public",
    "index",
    "unique",
    "range",
    "composite",
    "natural",
    "group",
    "object",
    "map",
    "dict",
    "translation",
    "i18n",
    "query",
    "event",
    "arrow",
    "hot",
    "shortcut",
    "surrogate",
    "join",
    "shard",
    "routing",
    "config",
    "settings",
    "storage",
    "state",
    "lookup",
    "idempotency",
    "pub",
    "json",
    "bucket",
    "react",
];

/// What is said of a secret where it could stand: types, states, and words for anybody's.
const SAID: [&str; 68] = [
    "required",
    "optional",
    "string",
    "str",
    "text",
    "number",
    "int",
    "integer",
    "bool",
    "boolean",
    "bytes",
    "any",
    "unknown",
    "object",
    "void",
    "char",
    "varchar",
    "true",
    "false",
    "null",
    "none",
    "nil",
    "undefined",
    "yes",
    "no",
    "ok",
    "on",
    "off",
    "incorrect",
    "invalid",
    "missing",
    "expired",
    "wrong",
    "changed",
    "unchanged",
    "hidden",
    "set",
    "unset",
    "empty",
    "enabled",
    "disabled",
    "not",
    "is",
    "must",
    "the",
    "a",
    "your",
    "please",
    "see",
    "auto",
    "default",
    "valid",
    "masked",
    "redacted",
    "removed",
    "here",
    "todo",
    "tbd",
    "vergessen",
    "oublié",
    "incorrecto",
    "错误",
    "失败",
    "failed",
    "passed",
    "password",
    "token",
    "secret",
];

/// Whether this is no secret but what is said of one.
pub(super) fn is_said_of(value: &str) -> bool {
    let value = value.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    value.is_empty() || SAID.contains(&value.as_str())
}

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

/// The words of other languages, for a pattern.
pub(super) fn foreign() -> impl Iterator<Item = &'static str> {
    FOREIGN.iter().map(|(word, _)| *word).chain(WHOLE.iter().map(|(word, _)| *word).filter(|word| word.len() > 3))
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
    if let Some((_, label)) = FOREIGN.iter().find(|(part, _)| joined.contains(part)) {
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
    for c in name.chars() {
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
