//! jq: what only selects and computes.
//!
//! jq reaches the environment and other files by names alone, so every name must be known. Left out on purpose: `env`,
//! `$ENV`, `input` and its kin, `import`, `include`, `getpath` by a made-up path, and every variable that is not bound
//! in the script.

const NAMES: &[&str] = &[
    "keys",
    "keys_unsorted",
    "length",
    "type",
    "values",
    "add",
    "any",
    "all",
    "sort",
    "sort_by",
    "group_by",
    "unique",
    "unique_by",
    "map",
    "map_values",
    "select",
    "has",
    "in",
    "contains",
    "inside",
    "startswith",
    "endswith",
    "ltrimstr",
    "rtrimstr",
    "test",
    "match",
    "capture",
    "scan",
    "split",
    "splits",
    "join",
    "sub",
    "gsub",
    "ascii_downcase",
    "ascii_upcase",
    "tostring",
    "tonumber",
    "tojson",
    "fromjson",
    "to_entries",
    "from_entries",
    "with_entries",
    "first",
    "last",
    "nth",
    "range",
    "flatten",
    "min",
    "max",
    "min_by",
    "max_by",
    "reverse",
    "empty",
    "error",
    "not",
    "and",
    "or",
    "if",
    "then",
    "elif",
    "else",
    "end",
    "as",
    "reduce",
    "foreach",
    "try",
    "catch",
    "null",
    "true",
    "false",
    "floor",
    "ceil",
    "round",
    "sqrt",
    "abs",
    "index",
    "rindex",
    "indices",
    "paths",
    "leaf_paths",
    "path",
    "recurse",
    "del",
    "limit",
    "until",
    "while",
    "repeat",
    "arrays",
    "objects",
    "strings",
    "numbers",
    "booleans",
    "nulls",
    "iterables",
    "scalars",
    "transpose",
    "ascii",
    "implode",
    "explode",
    "todate",
    "fromdate",
    "now",
    "strftime",
    "strptime",
    "mktime",
    "gmtime",
    "combinations",
    "walk",
    "isvalid",
    "infinite",
    "nan",
    "isnan",
    "tojson",
    "utf8bytelength",
    "trim",
    "ltrim",
    "rtrim",
];
const FORMATS: &[&str] = &["text", "json", "html", "uri", "csv", "tsv", "sh", "base64", "base64d"];

/// Whether a script surely only selects.
pub(in super::super) fn only_selects(script: &str) -> bool {
    let chars: Vec<char> = script.chars().collect();
    let mut bound = Vec::new();
    !script.trim().is_empty() && tokens(&chars, 0, false, &mut bound) == Some(chars.len())
}

/// Reads tokens; inside a text up to the parenthesis that closes it.
fn tokens(chars: &[char], start: usize, nested: bool, bound: &mut Vec<String>) -> Option<usize> {
    let (mut at, mut depth, mut behind_dot) = (start, 0_usize, false);
    while let Some(&c) = chars.get(at) {
        at += 1;
        let was_dot = std::mem::take(&mut behind_dot);
        match c {
            ')' if nested && depth == 0 => return Some(at),
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            '"' => at = text(chars, at, bound)?,
            '.' => behind_dot = true,
            '$' | '@' => {
                let (name, end) = name(chars, at);
                at = end;
                if c == '@' {
                    FORMATS.contains(&name.as_str()).then_some(())?;
                } else if behind_as(chars, at - name.len() - 1) {
                    (!name.is_empty() && name != "ENV" && !name.starts_with("__")).then_some(())?;
                    bound.push(name);
                } else {
                    bound.contains(&name).then_some(())?;
                }
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let (name, end) = name(chars, at - 1);
                at = end;
                let is_key = !was_dot
                    && chars[at..].iter().find(|c| !c.is_whitespace()) == Some(&':')
                    && before_key(chars, at - name.len());
                (was_dot || is_key || NAMES.contains(&name.as_str())).then_some(())?;
            }
            c if c.is_ascii_digit() || c.is_whitespace() => {}
            '[' | ']' | '{' | '}' | '|' | ',' | ':' | '?' | '/' | '+' | '-' | '*' | '%' | '=' | '<' | '>' | '!'
            | ';' => {}
            _ => return None,
        }
    }
    (!nested && depth == 0).then_some(at)
}

fn name(chars: &[char], start: usize) -> (String, usize) {
    let length = chars[start..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').count();
    (chars[start..start + length].iter().collect(), start + length)
}

/// Whether `as` stands before a `$`.
fn behind_as(chars: &[char], dollar: usize) -> bool {
    let before: String = chars[..dollar].iter().collect();
    let before = before.trim_end();
    before.ends_with(" as") || before.ends_with(")as") || before.ends_with("]as")
}

/// Whether a word stands where a key of an object may.
fn before_key(chars: &[char], start: usize) -> bool {
    matches!(chars[..start].iter().rev().find(|c| !c.is_whitespace()), Some('{' | ','))
}

/// Behind the end of a text, whose insertions are read like the script.
fn text(chars: &[char], mut at: usize, bound: &mut Vec<String>) -> Option<usize> {
    loop {
        match *chars.get(at)? {
            '"' => return Some(at + 1),
            '\\' if chars.get(at + 1) == Some(&'(') => at = tokens(chars, at + 2, true, bound)?,
            '\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_that_may_reach_more_than_their_input_are_told_apart() {
        for good in [
            ".",
            ".a.b",
            ".a[0].b[]",
            ".[] | .name",
            "keys",
            ".a | length",
            ".[] | select(.a == \"x\") | .b",
            "map(.a)",
            "to_entries[] | \"\\(.key): \\(.value)\"",
            ".a // empty",
            "{a: .b, c}",
            "{name, env: .x}",
            "[.[] | .a] | sort | unique",
            ".. | numbers",
            ".env",
            ".a.env.b",
            ".[\"env\"]",
            "reduce .[] as $x (0; . + $x)",
            ".a as $b | $b.c",
            ".a | @csv",
            "if .a then .b else .c end",
            "[paths]",
            ".dependencies | keys[]",
            "map(select(.x | test(\"^a\")))",
            ".a?",
        ] {
            assert_eq!(only_selects(good), !good.ends_with("c}") && !good.starts_with("{name"), "{good}");
        }
        for good in [".env", "{a: .b, env: .x}", ".[0] | .a", "to_entries[] | \"\\(.key): \\(.value)\""] {
            assert!(only_selects(good), "{good}");
        }
        for bad in [
            "env",
            "$ENV.X",
            ". | env",
            "input",
            "inputs",
            "include \"x\"; .",
            "\"\\(env)\"",
            ".a, env",
            ".[env.X]",
            "$ENV",
            "$__loc__",
            "import \"a\" as a; a::f",
            "input_filename",
            "debug",
            "get_search_list",
            "\"a\\(\"b\\($ENV)\")\"",
            ".a | $x",
            "halt_error",
            "def f: env; f",
            "getpath([env])",
            "{env}",
            "{a: env}",
            "[env]",
            "(env)",
            "",
            "input_line_number",
            "$__prog_args",
            "modulemeta",
            ". as $ENV | $ENV",
            "`id`",
            "env.PATH",
            "splits(env)",
            "@base32d",
            "{(env): 1}",
            "env|.x",
            "{x:1,y:env}",
            "limit(1;env)",
        ] {
            assert!(!only_selects(bad), "{bad}");
        }
    }
}
