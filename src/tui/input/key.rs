//! Keys as people write them: `ctrl-x ctrl-e`, `alt-1`, `shift-tab`, `f1`.

use std::fmt;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

/// One key with its modifiers, in one form for each: capital letters are `shift-` and the small letter,
/// back-tab is `shift-tab`, as different terminals report the same press in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: KeyCode,
    pub modifiers: KeyModifiers,
}

/// One key, or two pressed after each other.
pub type KeySequence = Vec<Key>;

const NAMED: [(&str, KeyCode); 19] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("escape", KeyCode::Esc),
    ("minus", KeyCode::Char('-')),
];

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        let kept = KeyModifiers::SHIFT | KeyModifiers::CONTROL | KeyModifiers::ALT;
        Self::normal(event.code, event.modifiers & kept)
    }
}

impl Key {
    fn normal(code: KeyCode, mut modifiers: KeyModifiers) -> Self {
        let code = match code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(c) if c.is_uppercase() => {
                let mut small = c.to_lowercase();
                match (small.next(), small.next()) {
                    (Some(small), None) => {
                        modifiers |= KeyModifiers::SHIFT;
                        KeyCode::Char(small)
                    }
                    _ => code,
                }
            }
            // Shift is part of the character that came: `?` is `?` on every keyboard.
            KeyCode::Char(c) if !c.is_alphabetic() && c != ' ' => {
                modifiers -= KeyModifiers::SHIFT;
                code
            }
            _ => code,
        };
        Self { code, modifiers }
    }

    /// The character that this key types into a text, if it types one.
    pub fn typed(self) -> Option<char> {
        let KeyCode::Char(c) = self.code else { return None };
        if self.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            return None;
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) { c.to_uppercase().next() } else { Some(c) }
    }

    /// Reads `ctrl-shift-x`; the sentence says what is wrong with anything else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        loop {
            let (word, after) = match rest.split_once('-') {
                Some((word, after)) if !word.is_empty() && !after.is_empty() => (word, after),
                _ => break,
            };
            modifiers |= match word.to_ascii_lowercase().as_str() {
                "ctrl" | "c" => KeyModifiers::CONTROL,
                "alt" | "a" | "m" | "meta" => KeyModifiers::ALT,
                "shift" | "s" => KeyModifiers::SHIFT,
                _ => return Err(format!("“{text}”: “{word}” is no modifier; write ctrl, alt or shift")),
            };
            rest = after;
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_whitespace() && !c.is_control() => KeyCode::Char(c),
            _ => named(rest).ok_or_else(|| {
                format!("“{text}”: there is no key “{rest}”; write a character or one of {}", names())
            })?,
        };
        Ok(Self::normal(code, modifiers))
    }

    /// Reads one key, or two with a space between.
    pub fn parse_sequence(text: &str) -> Result<KeySequence, String> {
        let keys: Vec<Key> = text.split_whitespace().map(Key::parse).collect::<Result<_, _>>()?;
        match keys.len() {
            1 | 2 => Ok(keys),
            0 => Err("an empty text is no key".into()),
            n => Err(format!("“{text}”: a sequence has at most two keys, this one has {n}")),
        }
    }
}

fn named(word: &str) -> Option<KeyCode> {
    let lower = word.to_ascii_lowercase();
    let function =
        lower.strip_prefix('f').and_then(|number| number.parse::<u8>().ok()).filter(|number| (1..=24).contains(number));
    function.map(KeyCode::F).or_else(|| NAMED.iter().find(|(name, _)| *name == lower).map(|(_, code)| *code))
}

fn names() -> String {
    let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
    format!("{}, f1 to f24", names.join(", "))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, word) in
            [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-"), (KeyModifiers::SHIFT, "shift-")]
        {
            if self.modifiers.contains(modifier) {
                f.write_str(word)?;
            }
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(number) => write!(f, "f{number}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// A key as a hint shows it: a capital letter rather than `shift-n`.
pub fn label(sequence: &[Key]) -> String {
    let one = |key: &Key| match key.typed() {
        Some(c) if c != ' ' && c != '-' => c.to_string(),
        _ => key.to_string(),
    };
    sequence.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_parse_as_they_print() {
        for text in [
            "enter",
            "ctrl-x",
            "alt-1",
            "shift-tab",
            "f12",
            "ctrl-alt-shift-left",
            "?",
            "minus",
            "ctrl-minus",
            "[",
            "shift-n",
            "space",
            "é",
        ] {
            assert_eq!(Key::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Key::parse("N"), Key::parse("shift-n"));
        assert_eq!(Key::parse("Ctrl-X"), Key::parse("ctrl-shift-x"));
        assert_eq!(Key::parse("-").unwrap().to_string(), "minus");
        for bad in ["", "foo", "hyper-x", "ctrl-", "f25", "f0", " ", "ctrl-foo"] {
            assert!(Key::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_terminals_report_differently_is_one_key() {
        let event = |code, modifiers| Key::from(KeyEvent::new(code, modifiers));
        let capital = Key::parse("shift-n").unwrap();
        assert_eq!(event(KeyCode::Char('N'), KeyModifiers::NONE), capital);
        assert_eq!(event(KeyCode::Char('N'), KeyModifiers::SHIFT), capital);
        assert_eq!(event(KeyCode::BackTab, KeyModifiers::SHIFT), Key::parse("shift-tab").unwrap());
        assert_eq!(event(KeyCode::BackTab, KeyModifiers::NONE), Key::parse("shift-tab").unwrap());
        assert_eq!(event(KeyCode::Char('?'), KeyModifiers::SHIFT), Key::parse("?").unwrap());
        assert_eq!(capital.typed(), Some('N'));
        assert_eq!(Key::parse("ctrl-n").unwrap().typed(), None);
    }

    #[test]
    fn sequences_have_one_or_two_keys() {
        assert_eq!(Key::parse_sequence("ctrl-x ctrl-e").unwrap().len(), 2);
        assert!(Key::parse_sequence("").is_err());
        assert!(Key::parse_sequence("a b c").is_err());
    }
}
