//! What values look like: made by somebody or a machine, or a place for one, or code.

/// A digit or a sign beside letters, or letters of both cases: nobody's word.
pub(in crate::redact) fn looks_made(value: &str) -> bool {
    let letters = value.chars().any(char::is_alphanumeric);
    let sign = value.chars().any(|c| c.is_ascii_digit() || "!@#$%^*+=~".contains(c));
    letters && sign
}

/// A place where a value would stand: `$TOKEN`, `${{ secrets.X }}`, `<token>`, `%s`, `***`.
pub(in crate::redact) fn is_reference(value: &str) -> bool {
    value.starts_with(['$', '<', '%', '{'])
        || value.starts_with("http://")
        || value.starts_with("https://")
        || value.bytes().all(|byte| b"*.x_-".contains(&byte))
        || is_place(value)
}

/// Words that say "put yours here".
fn is_place(value: &str) -> bool {
    let lower = value.to_lowercase();
    ["your", "<", "example_", "placeholder", "changeme_", "insert_"].iter().any(|word| lower.starts_with(word))
        && !value.bytes().any(|byte| byte.is_ascii_digit())
        && lower.contains(['_', '-', ' ', '<'])
}

pub(super) fn is_constant(value: &str) -> bool {
    matches!(value, "true" | "false" | "null" | "none" | "None" | "nil" | "undefined" | "yes" | "no" | "0" | "1")
}

/// An expression of a program rather than a value.
pub(super) fn is_code(name: &str, value: &str) -> bool {
    let is_path = value.contains('.') && value.split('.').all(is_identifier);
    is_constant(value) || is_path || value.eq_ignore_ascii_case(name) || value.starts_with(['&', '*', '!', '@', ':'])
}

fn is_identifier(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn has_digit(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit())
}

/// Eight characters with letters and digits, or a long mixture of cases.
pub(in crate::redact) fn looks_random(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    let is_path = value.starts_with(['/', '.', '~']) || value.split('.').filter(|part| !part.is_empty()).count() > 1;
    let long_digits = value.len() >= 8 && has_digit(value) && has(u8::is_ascii_alphabetic);
    let long_mixture = value.len() >= 24 && mixed && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (long_digits && !(is_path && value.split(['.', '/']).all(is_identifier))) || long_mixture
}

/// For a variable or an option whose name is not certain.
pub(in crate::redact) fn looks_likely(value: &str) -> bool {
    looks_random(value)
        || (value.len() >= 12 && !value.contains(['/', '.']) && !value.bytes().all(|b| b.is_ascii_digit()))
}
