use super::*;
use ratatui::style::Color;
use ratatui::style::Style;

const WIDTH: u16 = 20;

fn screen() -> Screen<Vec<u8>> {
    Screen::new(Vec::new(), WIDTH, 4)
}

/// Shows rows and tells what was written for it.
fn shown(screen: &mut Screen<Vec<u8>>, rows: &[(&str, Style)], cursor: Option<Position>) -> String {
    screen.out.clear();
    for ((text, style), y) in rows.iter().zip(0..) {
        screen.canvas().set_string(0, y, text, *style);
    }
    screen.show(cursor).unwrap();
    String::from_utf8(screen.out.clone()).unwrap()
}

fn plain<'r>(rows: &[&'r str]) -> Vec<(&'r str, Style)> {
    rows.iter().map(|row| (*row, Style::new())).collect()
}

#[test]
fn begins_with_an_empty_screen_and_writes_every_row() {
    let written = shown(&mut screen(), &plain(&["one", "two"]), None);
    assert_eq!(
        written,
        "\x1b[?2026h\x1b[2J\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K\x1b[3;1H\x1b[K\x1b[4;1H\x1b[K\x1b[?25l\x1b[?2026l"
    );
}

#[test]
fn a_frame_without_a_change_costs_nothing() {
    let mut screen = screen();
    let rows = plain(&["one 🇩🇪", "two"]);
    shown(&mut screen, &rows, Some(Position::new(1, 1)));
    assert_eq!(shown(&mut screen, &rows, Some(Position::new(1, 1))), "");
    assert_eq!(shown(&mut screen, &rows, Some(Position::new(2, 1))), "\x1b[?2026h\x1b[2;3H\x1b[?2026l");
}

#[test]
fn certain_text_costs_only_what_changed() {
    let mut screen = screen();
    shown(&mut screen, &plain(&["some words", "中文字"]), None);
    assert_eq!(
        shown(&mut screen, &plain(&["some wordy", "中文宇"]), None),
        "\x1b[?2026h\x1b[1;10Hy\x1b[2;5H宇\x1b[?2026l"
    );
    // A wide character that goes takes both its columns along.
    assert_eq!(shown(&mut screen, &plain(&["some wordy", "中a"]), None), "\x1b[?2026h\x1b[2;3Ha   \x1b[?2026l");
}

#[test]
fn a_row_with_a_doubtful_cluster_is_written_whole_with_the_cursor_placed_behind_it() {
    let mut screen = screen();
    shown(&mut screen, &plain(&["one", "two"]), None);
    assert_eq!(
        shown(&mut screen, &plain(&["one", "a🇩🇪b e\u{301}."]), None),
        "\x1b[?2026h\x1b[2;1Ha  \x1b[2;2H🇩🇪\x1b[2;4Hb e\u{301}\x1b[2;7H.\x1b[K\x1b[?2026l"
    );
    // And once more when it goes.
    assert_eq!(shown(&mut screen, &plain(&["one", "a"]), None), "\x1b[?2026h\x1b[2;1Ha\x1b[K\x1b[?2026l");
}

#[test]
fn blanks_are_written_as_far_as_a_cluster_may_reach() {
    let mut screen = screen();
    shown(&mut screen, &plain(&[]), None);
    assert_eq!(
        shown(&mut screen, &plain(&["🇩🇪"]), None),
        "\x1b[?2026h\x1b[1;1H  \x1b[1;1H🇩🇪\x1b[1;3H  \x1b[K\x1b[?2026l"
    );
}

#[test]
fn a_rewrite_writes_every_row_and_clears_nothing_first() {
    let mut screen = screen();
    shown(&mut screen, &plain(&["one"]), None);
    screen.rewrite();
    let written = shown(&mut screen, &plain(&["one"]), None);
    assert!(written.contains("\x1b[1;1Hone\x1b[K\x1b[2;1H\x1b[K") && !written.contains("\x1b[2J"), "{written:?}");
}

#[test]
fn looks_are_changed_by_as_little_as_it_takes() {
    let mut screen = screen();
    shown(&mut screen, &[], None);
    let bold = Style::new().bold();
    assert_eq!(
        shown(&mut screen, &[("a", bold), ("b", bold.fg(Color::Indexed(9))), ("c", Style::new())], None),
        "\x1b[?2026h\x1b[1;1H\x1b[1ma\x1b[2;1H\x1b[38;5;9mb\x1b[3;1H\x1b[0mc\x1b[?2026l"
    );
    let ground = Style::new().on_red();
    assert_eq!(
        shown(&mut screen, &[("a", bold), ("b ", ground), ("c", Style::new())], None),
        "\x1b[?2026h\x1b[2;1H\x1b[48;5;1mb \x1b[0m\x1b[?2026l"
    );
}

#[test]
fn after_a_failure_nothing_is_taken_for_drawn() {
    struct Broken(bool);
    impl Write for Broken {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 { Ok(bytes.len()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut screen = Screen::new(Broken(true), WIDTH, 2);
    screen.show(None).unwrap();
    screen.out.0 = false;
    screen.canvas().set_string(0, 0, "x", Style::new());
    assert!(screen.show(None).is_err());
    assert_eq!(screen.trust, Trust::Clear);
}
