use super::*;
use crate::tui::render::sanitize::sanitize;
use proptest::prelude::*;
use ratatui::style::Stylize;

fn shown(lines: &[Line<'_>]) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    shown(&wrap(&[Span::raw(text.to_owned())], width, &Indent::default()))
}

#[test]
fn wraps_prose_between_words() {
    for (text, width, lines) in [
        ("", 5, vec![""]),
        ("one two three", 7, vec!["one two", "three"]),
        ("one two   three", 7, vec!["one two", "three"]),
        ("  indented text", 10, vec!["  indented", "text"]),
        ("abcdefgh", 3, vec!["abc", "def", "gh"]),
        ("a abcdefgh", 4, vec!["a", "abcd", "efgh"]),
        ("see https://example.org/a now", 22, vec!["see", "https://example.org/a", "now"]),
        ("/usr/local/share/long", 12, vec!["/usr/local/", "share/long"]),
        ("中文字很长，所以换行", 8, vec!["中文字很", "长，所以", "换行"]),
        ("中文字很，好", 8, vec!["中文字", "很，好"]),
        ("用 cargo 测试", 8, vec!["用 cargo", "测试"]),
        ("见https://a.b/c", 14, vec!["见", "https://a.b/c"]),
        ("   ", 2, vec![""]),
    ] {
        assert_eq!(wrapped(text, width), lines, "{text:?} at {width}");
    }
}

#[test]
fn hard_wrap_drops_nothing() {
    let line = [Span::raw("a  b   c".to_owned())];
    assert_eq!(shown(&wrap_hard(&line, 3, &Indent::default())), ["a  ", "b  ", " c"]);
}

#[test]
fn hangs_the_indent_and_drops_it_when_too_narrow() {
    let line = [Span::raw("one two three".to_owned())];
    let indent = Indent::hanging(vec!["• ".dim()]);
    assert_eq!(shown(&wrap(&line, 7, &indent)), ["• one", "  two", "  three"]);
    assert_eq!(shown(&wrap(&line, 5, &indent)), ["one", "two", "three"]);
}

#[test]
fn styles_stay_with_their_text() {
    let lines = wrap(&[Span::raw("one "), "two three".bold()], 7, &Indent::default());
    assert_eq!(lines, vec![Line::from(vec![Span::raw("one "), "two".bold()]), Line::from("three".bold()),]);
}

#[test]
fn a_grapheme_wider_than_the_line_is_replaced() {
    assert_eq!(wrapped("a中b", 1), ["a", "\u{fffd}", "b"]);
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,60}", "[a-z /中，。（👩‍👧e\u{301}\u{1100}]{0,80}",]
}

proptest! {
    #[test]
    fn wrap_fits_and_keeps_text(text in any_text(), cut in 0usize..40, width in 1usize..200) {
        // One line is wrapped at a time; some separators become line ends when they are cleaned.
        let clean = sanitize(&sanitize(&text).as_str().replace('\n', " "));
        let at = clean.as_str().char_indices().nth(cut).map_or(clean.as_str().len(), |(i, _)| i);
        let (left, right) = clean.as_str().split_at(at);
        let spans = [Span::raw(left.to_owned()), right.to_owned().bold()];
        let indent = Indent::hanging(vec![Span::raw("- ")]);
        for (lines, is_hard) in [
            (wrap(&spans, width, &Indent::default()), false),
            (wrap_hard(&spans, width, &Indent::default()), true),
            (wrap(&spans, width, &indent), false),
        ] {
            for line in &lines {
                prop_assert!(width::of_spans(&line.spans) <= width, "{:?}", line);
            }
            if width > 20 && !lines[0].to_string().starts_with("- ") {
                let strip = |text: &str| text.replace(' ', "");
                let joined: String = shown(&lines).concat();
                if is_hard {
                    prop_assert_eq!(joined, clean.as_str());
                } else {
                    prop_assert_eq!(strip(&joined), strip(clean.as_str()));
                }
            }
        }
    }
}
