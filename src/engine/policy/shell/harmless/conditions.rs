//! Conditions of the shell: `[ -f x ]`, `test -d x`, `[[ -n x ]]`.
//!
//! Left out on purpose: what some shells compute (`-v`, `-eq` with anything but a number), patterns, and `-a` and `-o`.

use super::super::Ground;
use super::super::plain::PlainWord;

/// What is asked of a file.
const OF_FILES: [&str; 14] = ["-e", "-f", "-d", "-s", "-r", "-w", "-x", "-L", "-h", "-p", "-S", "-b", "-c", "-k"];
const OF_TEXTS: [&str; 2] = ["-z", "-n"];
const OF_NUMBERS: [&str; 6] = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];

/// Judges the words behind `[`, `[[` or `test`.
pub(super) fn judge(program: &str, words: &[PlainWord], ground: &Ground<'_>) -> Result<(), String> {
    let mut texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let end = match program {
        "[" => Some("]"),
        "[[" => Some("]]"),
        _ => None,
    };
    if let Some(end) = end
        && texts.pop() != Some(end)
    {
        return Err(format!("“{program}” has no end"));
    }
    while texts.first() == Some(&"!") {
        texts.remove(0);
    }
    let is_number = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    match texts[..] {
        [file, place] if OF_FILES.contains(&file) => ground.inside(place).map(|_| ()),
        [text, _] if OF_TEXTS.contains(&text) => Ok(()),
        [left, by, right] if OF_NUMBERS.contains(&by) && is_number(left) && is_number(right) => Ok(()),
        // In double brackets the right side is a pattern, which is harmless too.
        [left, "=" | "==" | "!=", right] if !left.starts_with(['-', '(']) && !right.starts_with(['-', '(']) => Ok(()),
        _ => Err(format!("adjutant does not know this condition of “{program}”")),
    }
}
