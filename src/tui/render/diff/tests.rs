use super::*;
use crate::tui::render::sanitize::{reveal, sanitize};
use crate::tui::render::width;
use proptest::prelude::*;
use ratatui::style::Modifier;

fn view(before: &str, after: &str, width: usize) -> DiffView {
    diff(Some(&reveal(before).text), Some(&reveal(after).text), &DiffOptions::new(width), &Theme::ansi())
}

fn shown(view: &DiffView) -> String {
    let lines: Vec<String> = view.lines.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn numbered(n_lines: usize) -> String {
    let lines: Vec<String> = (1..=n_lines).map(|n| format!("line {n}\n")).collect();
    lines.concat()
}

#[test]
fn shows_hunks_with_context_and_gaps() {
    let before = numbered(20);
    let after = before.replace("line 5\n", "line five\n").replace("line 18\n", "");
    let view = view(&before, &after, 40);
    insta::assert_snapshot!(shown(&view), @"
      1   line 1
      2   line 2
      3   line 3
      4   line 4
      5 - line 5
      5 + line five
      6   line 6
      7   line 7
      8   line 8
       ⋯ 6
     15   line 15
     16   line 16
     17   line 17
     18 - line 18
     18   line 19
     19   line 20
    ");
    assert_eq!((view.n_added, view.n_removed), (1, 2));
}

#[test]
fn wraps_hard_and_keeps_every_character() {
    let view = view("", "let a = \"a long  line\";\n", 20);
    insta::assert_snapshot!(shown(&view), @r#"
      1 + let a = "a lon
          g  line";
    "#);
}

#[test]
fn new_deleted_and_empty_files() {
    let text = sanitize("a\nb\n");
    let theme = Theme::ansi();
    let options = DiffOptions::new(40);
    let new = diff(None, Some(&text), &options, &theme);
    assert_eq!((new.n_added, new.n_removed), (2, 0));
    let gone = diff(Some(&text), None, &options, &theme);
    assert_eq!((gone.n_added, gone.n_removed), (0, 2));
    let empty = diff(None, Some(&sanitize("")), &options, &theme);
    assert_eq!(shown(&empty), "empty file");
    assert_eq!(shown(&view("a\n", "a\n", 40)), "no change");
}

#[test]
fn a_missing_newline_is_a_change_and_says_so() {
    insta::assert_snapshot!(shown(&view("a\nb", "a\nb\n", 40)), @r"
      1   a
      2 - b
        \ no newline at end of file
      2 + b
    ");
}

#[test]
fn changed_line_endings_show() {
    insta::assert_snapshot!(shown(&view("a\r\nb\n", "a\nb\n", 40)), @"
      1 - a⟨U+000D⟩
      1 + a
      2   b
    ");
    insta::assert_snapshot!(shown(&view("a\r\nb\r\n", "a\r\nc\r\n", 40)), @"
    CRLF line endings on both sides
      1   a
      2 - b
      2 + c
    ");
}

#[test]
fn changed_blanks_show() {
    let view = view("a b\nc\n", "a  b\nc \n", 40);
    let reversed: Vec<&str> = view
        .lines
        .iter()
        .flat_map(|line| &line.spans)
        .filter(|span| span.style.add_modifier.contains(Modifier::REVERSED))
        .map(|span| span.content.as_ref())
        .collect();
    assert!(reversed.contains(&" "), "{reversed:?}");
}

#[test]
fn changed_words_are_emphasised() {
    let view = view("let tries = 3;\n", "let tries = config.retry.max_attempts;\n", 60);
    let theme = Theme::ansi();
    let words = |style| -> Vec<String> {
        let spans = view.lines.iter().flat_map(|line| &line.spans);
        let of_style = spans.filter(|span| span.style == style);
        of_style.map(|span| span.content.to_string()).collect()
    };
    assert_eq!(words(theme.diff.remove_word), ["3"]);
    assert_eq!(words(theme.diff.add_word), ["config.retry.max_attempts"]);
}

#[test]
fn a_spelled_out_placeholder_is_a_change() {
    let view = view("x⟨U+202E⟩\n", "x\u{202e}\n", 40);
    assert_eq!((view.n_added, view.n_removed), (1, 1));
}

#[test]
fn too_large_to_compare_still_shows_everything() {
    let before = numbered(MAX_DIFF_LINES);
    let after = before.replace("line ", "row ");
    let view = view(&before, &after, 80);
    assert!(!view.is_compared);
    assert_eq!((view.n_added, view.n_removed), (MAX_DIFF_LINES, MAX_DIFF_LINES));
    assert_eq!(view.lines.len(), 1 + 2 * MAX_DIFF_LINES);
}

#[test]
fn a_piece_is_numbered_as_in_its_file() {
    let mut options = DiffOptions::new(40);
    options.first_line = 41;
    let (before, after) = (sanitize("old\n"), sanitize("new\n"));
    let view = diff(Some(&before), Some(&after), &options, &Theme::ansi());
    assert_eq!(shown(&view), " 41 - old\n 41 + new");
}

proptest! {
    #[test]
    fn fits_and_shows_every_changed_line(
        before in "([ab \t中\u{202e}]{0,3}\n?){0,6}",
        after in "([ab \t中\u{202e}]{0,3}\n?){0,6}",
        width in 1usize..120,
    ) {
        let view = view(&before, &after, width);
        for line in &view.lines {
            prop_assert!(width::of_spans(&line.spans) <= width);
        }
        prop_assert_eq!(view.n_added + view.n_removed == 0, before == after);
    }

    #[test]
    fn the_new_side_can_be_read_off(
        before in "([ab ]{0,3}\n){0,8}",
        after in "([ab ]{0,3}\n){0,8}",
    ) {
        let mut options = DiffOptions::new(80);
        options.context = 100;
        let view = diff(Some(&sanitize(&before)), Some(&sanitize(&after)), &options, &Theme::ansi());
        let side = |sign: &str| -> String {
            let lines = view.lines.iter().map(ToString::to_string);
            let of_side = lines.filter(|line| line.get(4..5).is_some_and(|s| s == " " || s == sign));
            let texts: Vec<String> = of_side
                .map(|line| format!("{}\n", line.get(6..).unwrap_or_default()))
                .collect();
            texts.concat()
        };
        if before != after {
            prop_assert_eq!(side("+"), after);
            prop_assert_eq!(side("-"), before);
        }
    }
}
