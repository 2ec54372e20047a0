//! Takes escape sequences, control characters and overwritten lines out of a text.
//!
//! For the first half of `sanitize`. A sequence is taken out whole: its introducer alone would
//! leave its parameters behind as garbage. A sequence that never ends costs at most its own line,
//! so that a stray introducer cannot swallow what a person should read.

const ESC: char = '\u{1b}';
const STRING_TERMINATOR: char = '\u{9c}';

/// `raw` without escape sequences and without any control character but `\n` and `\t`.
pub fn strip(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut line_start = 0;
    // A carriage return takes effect with the next thing written, as on a terminal; so a line
    // that ends in one, or in `\r\n`, keeps its text.
    let mut is_rewound = false;
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let skipped = match c {
            ESC => escape_len(after),
            '\u{9b}' => csi_len(after),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => string_len(after),
            '\r' => {
                is_rewound = true;
                0
            }
            '\n' | '\u{2028}' | '\u{2029}' => {
                out.push('\n');
                line_start = out.len();
                is_rewound = false;
                0
            }
            _ if c.is_control() && c != '\t' => 0,
            _ => {
                if std::mem::take(&mut is_rewound) {
                    out.truncate(line_start);
                }
                out.push(c);
                0
            }
        };
        rest = after.get(skipped..).unwrap_or_default();
    }
    out
}

/// Bytes of the sequence after its ESC.
fn escape_len(after: &str) -> usize {
    match after.chars().next() {
        Some('[') => 1 + csi_len(after.get(1..).unwrap_or_default()),
        Some(']' | 'P' | 'X' | '^' | '_') => 1 + string_len(after.get(1..).unwrap_or_default()),
        Some(' '..='~') => {
            let intermediates = after.bytes().take_while(|b| matches!(b, b' '..=b'/'));
            let n_intermediates = intermediates.count();
            let ends = after.as_bytes().get(n_intermediates).is_some_and(|b| matches!(b, b'0'..=b'~'));
            n_intermediates + usize::from(ends)
        }
        _ => 0,
    }
}

/// Bytes of a control sequence after its introducer: parameters, intermediates, a final byte.
fn csi_len(after: &str) -> usize {
    let n_params = after.bytes().take_while(|b| matches!(b, b' '..=b'?')).count();
    let ends = after.as_bytes().get(n_params).is_some_and(|b| matches!(b, b'@'..=b'~'));
    n_params + usize::from(ends)
}

/// Bytes of a string sequence (OSC, DCS, SOS, PM, APC) after its introducer.
fn string_len(after: &str) -> usize {
    for (at, c) in after.char_indices() {
        match c {
            '\u{7}' | '\u{18}' | '\u{1a}' | STRING_TERMINATOR => return at + c.len_utf8(),
            // Any other escape cancels the string and begins a sequence of its own.
            ESC if after.get(at + 1..).is_some_and(|s| s.starts_with('\\')) => return at + 2,
            ESC | '\n' => return at,
            _ => {}
        }
    }
    after.len()
}
