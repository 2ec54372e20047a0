//! Keyboards of other scripts: ctrl and alt with a letter mean the key that stands in the same place on a Latin
//! keyboard. Letters alone are text and stay as they are.
//!
//! Terminals that report keys by the kitty protocol name the character of the layout; the place of the key is in a
//! field that the library which reads them drops. Facts: the standard layouts of Russian, Ukrainian, Belarusian,
//! Bulgarian (phonetic letters aside), Greek and Hebrew keyboards.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

/// The letters of a layout and, in the same order, those of a Latin keyboard.
const LAYOUTS: [(&str, &str); 4] = [
    ("йцукенгшщзхъфывапролджэячсмитьбю", "qwertyuiop[]asdfghjkl;'zxcvbnm,."),
    // Letters that Ukrainian and Belarusian have in the place of some of these.
    ("іїєґў", "s]'\\o"),
    ("ςερτυθιοπασδφγηξκλζχψωβνμ", "wertyuiopasdfghjklzxcvbnm"),
    ("קראטוןםפשדגכעיחלךףזסבהנמצתץ", "ertyuiopasdfghjkl;zxcvbnm,."),
];

/// The event with the Latin letter of its key, where it is a shortcut.
pub fn by_place(event: KeyEvent) -> KeyEvent {
    let KeyCode::Char(c) = event.code else { return event };
    if c.is_ascii() || !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
        return event;
    }
    let small = c.to_lowercase().next().unwrap_or(c);
    let latin = LAYOUTS.iter().find_map(|(letters, latin)| {
        let place = letters.chars().position(|letter| letter == small)?;
        latin.chars().nth(place)
    });
    match latin {
        Some(latin) => KeyEvent { code: KeyCode::Char(latin), ..event },
        None => event,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcuts_go_by_the_place_of_the_key_and_letters_stay_text() {
        for (typed, modifiers, expected) in [
            ('з', KeyModifiers::CONTROL, 'p'),
            ('З', KeyModifiers::CONTROL, 'p'),
            ('ф', KeyModifiers::ALT, 'a'),
            ('і', KeyModifiers::CONTROL, 's'),
            ('α', KeyModifiers::ALT, 'a'),
            ('π', KeyModifiers::CONTROL, 'p'),
            ('פ', KeyModifiers::CONTROL, 'p'),
            ('ש', KeyModifiers::ALT, 'a'),
            ('н', KeyModifiers::NONE, 'н'),
            ('н', KeyModifiers::SHIFT, 'н'),
            ('p', KeyModifiers::CONTROL, 'p'),
            ('文', KeyModifiers::CONTROL, '文'),
        ] {
            let event = by_place(KeyEvent::new(KeyCode::Char(typed), modifiers));
            assert_eq!((event.code, event.modifiers), (KeyCode::Char(expected), modifiers), "{typed}");
        }
    }

    #[test]
    fn every_letter_has_a_key() {
        for (letters, latin) in LAYOUTS {
            assert_eq!(letters.chars().count(), latin.chars().count(), "{letters}");
        }
    }
}
