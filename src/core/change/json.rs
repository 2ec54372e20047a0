//! JSON as JavaScript reads and writes it, with one blank of indent for each level.

use serde_json::Map;
use serde_json::Value;

/// JavaScript sorts keys that look like indexes below this before all others.
const MAX_INDEX: u32 = u32::MAX;

pub(super) fn write(value: &Value) -> String {
    let mut out = String::new();
    add(value, 0, &mut out);
    out
}

fn add(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Number(n) => out.push_str(&number(n.as_f64().unwrap_or_default())),
        Value::Array(items) => {
            let items = items.iter().map(|item| (None, item));
            list(('[', ']'), items, depth, out);
        }
        Value::Object(fields) => {
            let fields = in_order(fields).into_iter().map(|(key, value)| (Some(key), value));
            list(('{', '}'), fields, depth, out);
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn list<'v>(
    (open, close): (char, char),
    items: impl Iterator<Item = (Option<&'v String>, &'v Value)>,
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    let mut is_empty = true;
    for (key, value) in items {
        out.push_str(if is_empty { "\n" } else { ",\n" });
        out.extend(std::iter::repeat_n(' ', depth + 1));
        if let Some(key) = key {
            out.push_str(&Value::String(key.clone()).to_string());
            out.push_str(": ");
        }
        add(value, depth + 1, out);
        is_empty = false;
    }
    if !is_empty {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', depth));
    }
    out.push(close);
}

/// Keys that are array indexes come first, by their number.
fn in_order(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let index = |key: &str| {
        let is_plain = key == "0" || !key.starts_with('0');
        let is_number = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
        (is_plain && is_number).then(|| key.parse::<u32>().ok().filter(|index| *index < MAX_INDEX)).flatten()
    };
    let (mut indexes, rest): (Vec<_>, Vec<_>) = fields.iter().partition(|(key, _)| index(key).is_some());
    indexes.sort_by_key(|(key, _)| index(key));
    indexes.into_iter().chain(rest).collect()
}

/// The shortest form that reads back as the same number, laid out as JavaScript does it.
fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { "null".into() };
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let digits = mantissa.replace('.', "");
    let n_digits = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or_default());
    let point = exponent + 1;
    let text = match point {
        point if (n_digits..=21).contains(&point) => format!("{digits}{}", zeros(point - n_digits)),
        point if (1..=21).contains(&point) => {
            let (whole, part) = digits.split_at(usize::try_from(point).unwrap_or_default());
            format!("{whole}.{part}")
        }
        point if (-5..=0).contains(&point) => format!("0.{}{digits}", zeros(-point)),
        _ => {
            let direction = if exponent < 0 { "-" } else { "+" };
            let part = if digits.len() > 1 { format!(".{}", &digits[1..]) } else { String::new() };
            format!("{}{part}e{direction}{}", &digits[..1], exponent.abs())
        }
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_keys_stand_as_javascript_puts_them() {
        let written = |text: &str| write(&serde_json::from_str(text).unwrap());
        for (number, text) in [
            ("1.0", "1"),
            ("-0", "0"),
            ("1e3", "1000"),
            ("0.000001", "0.000001"),
            ("1.5e-7", "1.5e-7"),
            ("1e21", "1e+21"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("9007199254740993", "9007199254740992"),
            ("-12.50", "-12.5"),
        ] {
            assert_eq!(written(number), text);
        }
        assert_eq!(
            written(r#"{"b":{},"10":[],"2":"\u00e9\u001f"}"#),
            "{\n \"2\": \"é\\u001f\",\n \"10\": [],\n \"b\": {}\n}"
        );
    }
}
