use super::*;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::width;
use crate::tui::theme::Glyphs;
use proptest::prelude::*;

fn shown(source: &str, width: usize) -> String {
    let lines = markdown(&sanitize(source), width, &Theme::ansi());
    let lines: Vec<String> = lines.iter().map(|line| line.to_string().trim_end().to_owned()).collect();
    lines.join("\n")
}

#[test]
fn blocks_stand_apart() {
    insta::assert_snapshot!(shown("# Title\ntext *with* `code`\nand more\n\n---\n> a quote\n> goes on\n>\n> twice\n", 30), @"
    Title

    text with code and more

    ──────────────────────────────

    ▎ a quote goes on
    ▎
    ▎ twice
    ");
}

#[test]
fn lists_nest_and_hang() {
    insta::assert_snapshot!(shown("- one is long enough to wrap\n  - two\n    1. three\n    2. four\n- [x] done\n- [ ] open\n-\n\n7. loose\n\n   more\n\n8. last\n", 20), @"
    • one is long enough
      to wrap
      ◦ two
        1. three
        2. four
    ☑ done
    ☐ open
    •

    7. loose

       more

    8. last
    ");
}

#[test]
fn code_keeps_its_blanks_and_wraps_hard() {
    insta::assert_snapshot!(shown("- see\n  ```rust\n  fn  main() { loop {} }\n  ```\n\nafter\n\n    indented\n", 18), @"
    • see
        fn  main() { l
        oop {} }

    after

      indented
    ");
}

#[test]
fn an_unclosed_fence_is_code() {
    assert_eq!(shown("a\n\n```rust\nfn main", 40), "a\n\n  fn main");
}

#[test]
fn tables_align_shrink_and_become_records() {
    let source = "| 名字 | n | what it does |\n|:--|--:|:-:|\n| 中文 | 12 | wraps when narrow |\n| b | 7 | x |\n";
    insta::assert_snapshot!(shown(source, 60), @"
    名字 │  n │   what it does
    ─────┼────┼──────────────────
    中文 │ 12 │ wraps when narrow
    b    │  7 │         x
    ");
    insta::assert_snapshot!(shown(source, 24), @"
    名字 │  n │ what it does
    ─────┼────┼─────────────
    中文 │ 12 │  wraps when
         │    │    narrow
    b    │  7 │      x
    ");
    insta::assert_snapshot!(shown(source, 14), @"
    名字: 中文
    n: 12
    what it does:
    wraps when
    narrow
    ────────
    名字: b
    n: 7
    what it does:
    x
    ");
}

#[test]
fn links_name_their_address_once() {
    insta::assert_snapshot!(shown("[docs](https://e.org) <https://e.org/x> ![pic](a.png) <b>hi</b> ~~no~~ note[^1]\n\n[^1]: the *note*\n", 80), @"
    docs (https://e.org) https://e.org/x pic (a.png) <b>hi</b> no note[1]

    [1] the note
    ");
}

#[test]
fn html_blocks_are_text() {
    assert_eq!(shown("<div>\nhello\n</div>\n\nx", 40), "<div>\nhello\n</div>\n\nx");
}

#[test]
fn entities_cannot_smuggle_control_characters() {
    let text = shown("a&#27;[31mb&#x202e;c [x&#7;](y&#27;z) &#10;d", 80);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(!text.contains('\u{202e}'));
}

#[test]
fn without_colour_code_keeps_its_quotes() {
    let theme = Theme::no_color().with_glyphs(Glyphs::ascii());
    let lines = markdown(&sanitize("- run `ls`"), 40, &theme);
    assert_eq!(lines[0].to_string(), "* run `ls`");
}

const DOCUMENT: &str = "# Title\n\npara *one*\ngoes on\n\n- a\n  - b\n\n  loose\n- c\n\n> quote\n> more\n\n```rust\nfn main() {\n    let x = 1;\n}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n    indented\n\nsetext\n---\n\n1. x\n2. y\n\n***\nend\n";

#[test]
fn a_stream_ends_as_the_whole_document() {
    let theme = Theme::ansi();
    let mut stream = MarkdownStream::new();
    for end in 0..=DOCUMENT.len() {
        let text = sanitize(&DOCUMENT[..end]);
        let streamed = stream.update(&text, 30, &theme).to_vec();
        assert_eq!(streamed, markdown(&text, 30, &theme), "after {:?}", text.as_str());
    }
    assert!(stream.n_settled_lines > 20);
    let narrow = stream.update(&sanitize(DOCUMENT), 12, &theme).to_vec();
    assert_eq!(narrow, markdown(&sanitize(DOCUMENT), 12, &theme));
}

fn any_markdown() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,80}", "([-*>#|`1. ~_\\[\\]()a中\n:&;<]|\n\n|```|&#27;|  |\\| a \\|\n\\|-\\|\n){0,60}",]
}

proptest! {
    #[test]
    fn lines_fit_and_nothing_panics(source in any_markdown(), width in 1usize..200) {
        let lines = markdown(&sanitize(&source), width, &Theme::ansi());
        for line in &lines {
            prop_assert!(width::of_spans(&line.spans) <= width, "{:?}", line);
            prop_assert!(!line.to_string().chars().any(char::is_control));
        }
    }

    #[test]
    fn streaming_equals_rendering(source in any_markdown(), width in 1usize..60) {
        // A link definition may come after the link; that is what the final rendering is for.
        prop_assume!(!source.contains("]:"));
        let theme = Theme::no_color();
        let mut stream = MarkdownStream::new();
        let clean = sanitize(&source);
        for (end, _) in clean.as_str().char_indices().step_by(3) {
            let text = sanitize(&clean.as_str()[..end]);
            let streamed = stream.update(&text, width, &theme).to_vec();
            prop_assert_eq!(streamed, markdown(&text, width, &theme), "{:?}", text.as_str());
        }
    }
}
