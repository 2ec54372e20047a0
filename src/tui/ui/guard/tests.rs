//! The guard as tables, and under a million hands.

use crossterm::event::KeyCode;
use crossterm::event::KeyModifiers;

use super::*;

/// A dialog that was opened at some time, and the hand before it.
struct Scene {
    guard: AnswerGuard,
    shown: Option<Timestamp>,
    /// The dialog has the keys.
    is_open: bool,
    given: Vec<(i64, char)>,
    text: String,
}

fn event(c: char) -> KeyEvent {
    match c {
        '\n' => KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE),
        '\x1b' => KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE),
        '↓' => KeyEvent::new(KeyCode::Down, KeyModifiers::NONE),
        '⌫' => KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE),
        c => KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE),
    }
}

/// The keys of the approval dialog as they are by default.
fn role(c: char) -> Role {
    match c {
        'y' | 'a' | 'n' | 'N' | 'x' | 'e' | 'c' | '\n' => Role::Answers,
        'j' | 'k' | 'g' | 'G' | 'd' | ' ' | '↓' => Role::Moves,
        '\x1b' => Role::Leaves,
        _ => Role::Foreign,
    }
}

impl Scene {
    fn new() -> Self {
        Self {
            guard: AnswerGuard::default(),
            shown: Some(Timestamp(0)),
            is_open: true,
            given: Vec::new(),
            text: String::new(),
        }
    }

    /// Time passes, and a held answer is given when its moment comes.
    fn until(&mut self, at: i64) {
        if let Some((_, event)) = self.guard.due(Timestamp(at)) {
            self.given.push((at, Key::from(event).typed().unwrap()));
        }
    }

    fn press(&mut self, at: i64, c: char) -> Outcome {
        self.until(at - 1);
        if !self.is_open {
            let before = self.guard.elsewhere(event(c), Timestamp(at));
            self.text.extend(before.into_iter().chain([event(c)]).filter_map(|event| Key::from(event).typed()));
            return Outcome::Act;
        }
        let (event, role, now) = (event(c), role(c), Timestamp(at));
        let outcome = self.guard.press(Press {
            event,
            role,
            is_burst: false,
            may_follow: matches!(c, 'y' | 'n'),
            shown: self.shown,
            now,
        });
        match &outcome {
            Outcome::Act if role == Role::Answers => self.given.push((at, c)),
            Outcome::Hold => self.guard.hold(Action::AllowOnce, event, now),
            Outcome::Text(events) => {
                self.text.extend(events.iter().filter_map(|event| Key::from(*event).typed()));
                self.is_open = false;
            }
            Outcome::Act | Outcome::TooEarly | Outcome::TakenBack => {}
        }
        outcome
    }

    /// Presses keys at their times and tells what was answered by which.
    fn play(mut self, keys: &[(i64, char)]) -> (String, String) {
        for (at, c) in keys {
            self.press(*at, *c);
        }
        self.until(i64::MAX);
        (self.given.iter().map(|(_, c)| c).collect(), self.text)
    }
}

#[test]
fn when_a_key_answers_and_when_it_is_text() {
    for (name, keys, given, text) in [
        ("an answer, after it was seen", &[(400, 'y')][..], "y", ""),
        ("too early", &[(399, 'y')], "", ""),
        ("too early, then again after a rest", &[(399, 'y'), (799, 'y')], "y", ""),
        ("again without a rest", &[(399, 'y'), (798, 'y')], "", ""),
        ("a sentence that begins like an answer", &[(900, 'y'), (1150, 'e'), (1300, 's')], "", "yes"),
        ("a sentence that begins like no answer", &[(900, 't'), (1000, 'r'), (1100, 'y')], "", "try"),
        ("an answer and nothing for long enough", &[(900, 'y'), (1152, 'e')], "y", ""),
        ("a sentence that begins before the dialog was seen", &[(100, 'y'), (300, 'e'), (500, 's')], "", "yes"),
        ("a sentence that begins with keys that scroll", &[(900, 'g'), (1000, 'o')], "", "go"),
        ("scrolling fast", &[(900, 'j'), (950, 'j'), (1000, 'k'), (1900, 'y')], "y", ""),
        ("an answer too soon after scrolling", &[(900, 'j'), (1200, 'y')], "", ""),
        ("taken back by enter", &[(900, 'y'), (1000, '\n')], "", ""),
        ("taken back by backspace", &[(900, 'y'), (1000, '⌫')], "", ""),
        ("taken back by esc", &[(900, 'n'), (1000, '\x1b')], "", ""),
        ("enter on what an arrow selected", &[(900, '↓'), (950, '\n')], "\n", ""),
        ("enter after another key", &[(900, 'j'), (950, '⌫'), (1000, '\n')], "", ""),
        ("enter, held down", &[(900, '\n'), (1500, '\n'), (1533, '\n'), (1566, '\n')], "\n", ""),
        ("answers in a row", &[(900, 'y'), (1800, 'y'), (2600, 'n'), (3000, 'y')], "yyny", ""),
        (
            "after answers in a row, a sentence that begins with another key",
            &[(900, 'y'), (2000, 'e'), (2100, 'd')],
            "y",
            "ed",
        ),
        ("a letter held down", &[(900, 'y'), (1560, 'y'), (1593, 'y'), (1626, 'y'), (1659, 'y')], "y", ""),
        ("a letter held down on a quick keyboard", &[(900, 'y'), (1100, 'y'), (1133, 'y')], "", "yyy"),
        ("after a row, a sentence", &[(900, 'y'), (20_000, 'n'), (20_200, 'o')], "y", "no"),
    ] {
        assert_eq!(Scene::new().play(keys), (given.to_owned(), text.to_owned()), "{name}");
    }
}

#[test]
fn an_answer_in_a_row_goes_at_once_and_the_first_one_waits() {
    let mut scene = Scene::new();
    assert_eq!(scene.press(900, 'y'), Outcome::Hold);
    assert_eq!(scene.guard.status(Timestamp(1000)), Some(Status::Holding(Action::AllowOnce)));
    scene.until(1150);
    assert!(scene.given.is_empty(), "the time is not over");
    scene.until(1151);
    assert_eq!(scene.given, [(1151, 'y')]);
    assert_eq!(scene.press(1900, 'y'), Outcome::Act);
    assert_eq!(scene.press(2310, 'n'), Outcome::Act);
    // What is typed elsewhere ends the row.
    scene.guard.elsewhere(event('q'), Timestamp(2800));
    assert_eq!(scene.press(3300, 'y'), Outcome::Hold);
    assert_eq!(scene.press(3400, 'e'), Outcome::Text(vec![event('y'), event('e')]));
    scene.is_open = true;
    assert_eq!(scene.press(9_000, 'y'), Outcome::Hold, "and so does a sentence");
}

#[test]
fn a_key_that_did_not_count_says_so() {
    let mut scene = Scene::new();
    assert_eq!(scene.press(200, 'y'), Outcome::TooEarly);
    assert_eq!(scene.guard.status(Timestamp(300)), Some(Status::PressAgain));
    assert_eq!(scene.guard.status(Timestamp(1_700)), None);
    scene.shown = None;
    assert_eq!(scene.press(5_000, 'y'), Outcome::TooEarly, "it is not on the screen");
}

#[test]
fn what_was_typed_over_a_dialog_that_went_away_comes_before_the_rest() {
    let mut scene = Scene::new();
    scene.press(100, 'y');
    scene.guard.drop_held(Timestamp(150));
    assert_eq!(scene.guard.elsewhere(event('e'), Timestamp(300)), [event('y')]);
    assert_eq!(scene.guard.elsewhere(event('s'), Timestamp(400)), []);
    scene.press(1_000, 'y');
    assert_eq!(scene.guard.elsewhere(event('e'), Timestamp(1_300)), [], "too long ago to belong together");
}

const WORDS: &str = "yes no now not never next and any are all also allow ask a again enter edit else even each exactly \
     explain can cannot could check change commit continue cancel come x xml xcode delete deny do does don't done \
     docs just keep kill go good get give great you your yet yank nope nice need explain why try it the rest of that \
     this first then but more tests please run stop wait ok I we he she they what how when where 3 42 2nd \
     ni hao xie qing an xian kan yi xia dai ma gai zhe ge wen jian yao shan chu xin de fen zhi nin jia dan yuan ceshi";

/// A person who types sentences in English and pinyin while dialogs open, close and are put away at random.
#[test]
fn a_million_typed_sentences_answer_nothing_and_lose_nothing() {
    const SENTENCES: usize = 1_000_000;
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut random = fastrand::Rng::with_seed(20_26);
    let mut now = 1_000_i64;
    let mut scene = Scene::new();
    let (mut n_keys, mut n_parked) = (0_u64, 0_u64);
    let mut typed = String::new();
    for sentence in 0..SENTENCES {
        // A pause of any length, in which a dialog may come, go, or have been there for long.
        now += random.i64(60..3_000);
        scene.until(now);
        if random.u8(..4) == 0 {
            scene.is_open = true;
            scene.shown = Some(Timestamp(now - random.i64(0..2_000)));
        }
        typed.clear();
        scene.text.clear();
        for place in 0..random.usize(1..4) {
            if place > 0 {
                typed.push(' ');
            }
            typed.push_str(words[random.usize(..words.len())]);
        }
        for c in typed.chars() {
            n_keys += 1;
            now += random.i64(60..=250);
            scene.until(now - 1);
            // A request comes while nothing stands in the box, or is withdrawn at any moment.
            match random.u8(..16) {
                0 if scene.text.is_empty() => {
                    scene.is_open = true;
                    scene.shown = Some(Timestamp(now - random.i64(0..250)));
                }
                1 => {
                    scene.is_open = false;
                    scene.guard.drop_held(Timestamp(now));
                }
                _ => {}
            }
            n_parked += u64::from(matches!(scene.press(now, c), Outcome::Text(_)));
            assert_eq!(scene.given, [], "sentence {sentence}: {typed:?} at {c:?}");
        }
        now += random.i64(60..=250);
        scene.press(now, '\n');
        assert_eq!(scene.given, [], "sentence {sentence}: {typed:?} and enter");
        // A single letter over a dialog is neither a sentence nor an answer.
        let is_kept = scene.text == typed || typed.chars().count() == 1;
        assert!(is_kept, "sentence {sentence}: {typed:?} became {:?}", scene.text);
        scene.is_open &= random.bool();
    }
    assert!(n_parked > 200_000 && n_keys > 5_000_000, "{n_parked} of {n_keys}: the model must meet dialogs");
}

/// Any keys at any times: what was answered fulfils the rule as it is written, told without the machine.
#[test]
fn whatever_is_pressed_an_answer_had_quiet_on_both_sides() {
    const KEYS: [char; 12] = ['y', 'n', 'e', 'x', 'j', ' ', 't', 'h', '\n', '\x1b', '↓', '⌫'];
    let mut random = fastrand::Rng::with_seed(7);
    let mut n_given = 0;
    for _ in 0..100_000 {
        let mut scene = Scene::new();
        let mut now = 0;
        let mut keys: Vec<(i64, char)> = Vec::new();
        for _ in 0..random.usize(1..12) {
            now += [random.i64(0..100), random.i64(0..500), random.i64(0..2_000)][random.usize(..3)];
            let c = KEYS[random.usize(..KEYS.len())];
            keys.push((now, c));
            if matches!(scene.press(now, c), Outcome::Text(_)) || c == '\x1b' {
                // It is opened again at once, as a person would do it.
                (scene.is_open, scene.shown) = (true, Some(Timestamp(now + random.i64(0..300))));
            }
        }
        scene.until(now + 10_000);
        for (at, c) in &scene.given {
            n_given += 1;
            let exactly = keys.iter().position(|(pressed, key)| pressed == at && key == c);
            let place = exactly.or_else(|| keys.iter().rposition(|(pressed, key)| pressed < at && key == c)).unwrap();
            let (pressed, _) = keys[place];
            let before = place.checked_sub(1).map(|before| keys[before]);
            let quiet = before.is_none_or(|(at, key)| pressed - at >= 400 || (*c == '\n' && role(key) == Role::Moves));
            assert!(quiet && pressed >= 400, "{keys:?}: {c:?} at {pressed}");
            let after = keys.get(place + 1).map(|(next, _)| next - pressed);
            let is_first = scene.given[0] == (*at, *c);
            let is_letter = *c != '\n';
            assert!(!is_first || !is_letter || after.is_none_or(|after| after > 250), "{keys:?}: {c:?} at {pressed}");
        }
    }
    assert!(n_given > 10_000, "{n_given}: the keys must answer at times");
}
