//! awk: what only prints and computes.
//!
//! A text is cut into tokens, and every token must be known. Left out on purpose: `system`, `getline`, pipes, output to
//! files, `close`, `ENVIRON`, `ARGV`, functions of one's own, and every place at which a slash may be a division to one
//! reader and a pattern to another.

/// Functions that only compute.
const FUNCTIONS: &[&str] = &[
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "tolower", "toupper", "int", "sqrt",
    "exp", "log", "sin", "cos", "atan2", "rand", "srand", "gensub", "strftime", "systime", "asort", "asorti",
    "strtonum", "and", "or", "xor",
];
/// Words of the language.
const WORDS: &[&str] = &[
    "BEGIN", "END", "print", "printf", "if", "else", "while", "for", "do", "in", "next", "exit", "break", "continue",
    "delete",
];
/// Words that run, read or reach more, wherever they stand: also in a text, where they are not needed.
const NEVER: &[&str] = &[
    "system", "getline", "ENVIRON", "PROCINFO", "SYMTAB", "FUNCTAB", "ARGV", "ARGC", "close", "fflush", "@", "/inet",
    "/dev/", "function", "func ", "include", "load", "eval", "nextfile", "RS",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// A name, number, text or what closes: a slash behind it divides.
    Operand,
    /// Anything else.
    Operator,
    /// `++` and `--`: a slash behind it is both.
    Either,
}

/// Whether a script surely only prints.
pub(in super::super) fn only_prints(script: &str) -> bool {
    !script.trim().is_empty() && !NEVER.iter().any(|word| script.contains(word)) && tokens(script).is_some()
}

fn tokens(script: &str) -> Option<()> {
    let chars: Vec<char> = script.chars().collect();
    let (mut at, mut last) = (0, Token::Operator);
    // Parentheses that are open inside each brace.
    let mut parens: Vec<usize> = vec![0];
    while let Some(&c) = chars.get(at) {
        at += 1;
        let next = chars.get(at).copied();
        match c {
            ' ' | '\t' => {}
            '\n' | ';' => last = Token::Operator,
            '{' | '(' | '[' => {
                match c {
                    '{' => parens.push(0),
                    '(' => *parens.last_mut()? += 1,
                    _ => {}
                }
                last = Token::Operator;
            }
            '}' => {
                (parens.pop()? == 0 && !parens.is_empty()).then_some(())?;
                last = Token::Operator;
            }
            ')' => {
                let open = parens.last_mut()?;
                *open = open.checked_sub(1)?;
                last = Token::Operand;
            }
            ']' => last = Token::Operand,
            '"' => {
                at = text(&chars, at, '"')?;
                last = Token::Operand;
            }
            '/' => match last {
                Token::Operator => {
                    at = text(&chars, at, '/')?;
                    last = Token::Operand;
                }
                Token::Operand => last = Token::Operator,
                Token::Either => return None,
            },
            '+' | '-' if next == Some(c) => {
                at += 1;
                last = Token::Either;
            }
            '|' | '&' => {
                (next == Some(c)).then_some(())?;
                at += 1;
                last = Token::Operator;
            }
            '>' => {
                (next != Some('>')).then_some(())?;
                // In an action, outside parentheses, it writes to a file.
                let is_comparison = parens.len() == 1 || *parens.last()? > 0;
                is_comparison.then_some(())?;
                last = Token::Operator;
            }
            '$' | '+' | '-' | '*' | '%' | '^' | '!' | '<' | '=' | '~' | '?' | ':' | ',' => last = Token::Operator,
            c if c.is_ascii_digit() || (c == '.' && next.is_some_and(|c| c.is_ascii_digit())) => {
                while chars.get(at).is_some_and(|c| c.is_ascii_digit() || *c == '.') {
                    at += 1;
                }
                last = Token::Operand;
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let start = at - 1;
                while chars.get(at).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    at += 1;
                }
                let name: String = chars[start..at].iter().collect();
                let is_call = chars.get(at) == Some(&'(');
                let is_word = WORDS.contains(&name.as_str());
                (!is_call || is_word || FUNCTIONS.contains(&name.as_str())).then_some(())?;
                last = if is_word { Token::Operator } else { Token::Operand };
            }
            _ => return None,
        }
    }
    (parens == [0]).then_some(())
}

/// Behind the end of a text or a pattern.
fn text(chars: &[char], mut at: usize, end: char) -> Option<usize> {
    let mut in_set = false;
    loop {
        match *chars.get(at)? {
            '\n' => return None,
            '\\' => {
                // In a set some readers take a backslash for itself.
                (!in_set && *chars.get(at + 1)? != '\n').then_some(())?;
                at += 1;
            }
            '[' if end == '/' => in_set = true,
            ']' if end == '/' => in_set = false,
            c if c == end && in_set => return None,
            c if c == end => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_that_may_do_more_than_print_are_told_apart() {
        for good in [
            "{print $1}",
            "{ print $1, $NF }",
            "NR==5 {print $0}",
            "NR>1{print $2}",
            "/foo/",
            "/foo/ {print $2 \": \" $3}",
            "BEGIN{FS=\",\"} {s+=$3} END{print s}",
            "{sum += $1} END {print sum/NR}",
            "$3 > 5",
            "$1 == \"a\" && $2 ~ /b/",
            "NR>=10 && NR<=20",
            "{printf \"%s\\n\", $1}",
            "{a[$1]++} END {for (k in a) print k, a[k]}",
            "length($0) > 100",
            "!seen[$0]++",
            "{if ($1 > 3) print}",
            "END{print NR}",
            "{gsub(/a/, \"b\"); print}",
            "/a/,/b/",
            "{print $1 | 0}",
            "{print toupper(substr($0,1,1))}",
            "{print ($1 > 2) ? \"a\" : \"b\"}",
            "NF",
            "{print \"a | b\"}",
        ] {
            assert_eq!(only_prints(good), !good.contains("| 0"), "{good}");
        }
        for bad in [
            "{system(\"id\")}",
            "{print $1 > \"x\"}",
            "{print | \"sh\"}",
            "BEGIN{getline x < \"/etc/passwd\"}",
            "{print ENVIRON[\"X\"]}",
            "{print $(system(\"id\"))}",
            "BEGIN{\"id\" | getline}",
            "{print >> \"x\"}",
            "{print $1 |& \"sh\"}",
            "{print(1) > \"x\"}",
            "{printf \"a\" > \"/tmp/x\"}",
            "BEGIN{ARGV[1]=\"/etc/passwd\"}",
            "@include \"x\"",
            "@f()",
            "function f(){} {f()}",
            "{f(1)}",
            "{x++ / 2 / 1}",
            "{close(\"x\")}",
            "{print \"a\" \"b\" > \"c\"}",
            "{{print > \"x\"}}",
            "{print",
            "print}",
            "{(print > \"x\"}",
            "{print \"\\\n\"}",
            "",
            "{if (1) {print > \"x\"}}",
            "{print /a[/]b/ > \"x\"}",
            "{print `id`}",
            "{print $1 > $2}",
            "NR==1{print>FILENAME}",
            "{print 1; print 2 > 3}",
        ] {
            assert!(!only_prints(bad), "{bad}");
        }
    }
}
