use super::*;
use proptest::prelude::*;

#[test]
fn sanitizes_for_reading() {
    for (raw, clean) in [
        ("plain\ntext", "plain\ntext"),
        ("a\u{1b}[31mred\u{1b}[0m", "ared"),
        ("\u{1b}]0;title\u{7}x", "x"),
        ("\u{1b}]8;;http://e.org\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
        ("\u{1b}]0;never ends\nnext", "\nnext"),
        ("\u{1b}[31", ""),
        ("\u{1b}Pq#0\u{1b}\\x", "x"),
        ("\u{1b}(Bx\u{1b}7y\u{1b}", "xy"),
        ("\u{9b}31mx\u{9d}0;t\u{9c}y", "xy"),
        ("\u{1b}\u{1b}[1mx", "x"),
        ("\u{1b}[1\u{1b}[2mx", "x"),
        ("\u{1b}中", "中"),
        ("a\r\nb\r\r\nc", "a\nb\nc"),
        (" 10%\r 50%\r100%\ndone", "100%\ndone"),
        ("50%\r", "50%"),
        ("a\tb\n中\tc\t", "a   b\n中  c   "),
        ("a\u{0}\u{8}\u{7f}\u{85}b", "ab"),
        ("a\u{200b}\u{202e}\u{2066}\u{feff}\u{ad}b", "ab"),
        ("a\u{2028}b", "a\nb"),
        ("👩‍👩‍👧 ❤️ 1️⃣", "👩👩👧 ❤️ 1️⃣"),
        ("a\u{200d}b a\u{fe0f}", "ab a"),
        ("می‌خواهم", "میخواهم"),
        ("a\u{600}1 \u{d4e}ക", "a⟨U+0600⟩1 ⟨U+0D4E⟩ക"),
        ("x\u{e0041}\u{e0042}", "x"),
        ("🏴\u{e0067}\u{e0062}\u{e007f}", "🏴"),
    ] {
        assert_eq!(sanitize(raw).as_str(), clean, "{raw:?}");
    }
}

#[test]
fn text_that_leaves_the_screen_keeps_its_joiners() {
    for text in ["👩‍👩‍👧 ❤️ 1️⃣", "می‌خواهم", "\u{600}1"] {
        assert_eq!(sanitize_joined(text).as_str(), text);
    }
    assert_eq!(sanitize_joined("a\u{200d}b\u{1b}[1m\u{202e}").as_str(), "ab");
}

#[test]
fn too_many_combining_marks_are_cut() {
    let raw = format!("a{}b", "\u{301}".repeat(50));
    assert_eq!(sanitize(&raw).as_str().chars().count(), 8);
}

#[test]
fn reveals_for_deciding() {
    for (raw, shown) in [
        ("plain\ntext", "plain\ntext"),
        ("a\u{202e}b", "a⟨U+202E⟩b"),
        ("\u{1b}[2Jx", "⟨U+001B⟩[2Jx"),
        ("a\tb", "a→  b"),
        ("a\r\nb", "a⟨U+000D⟩\nb"),
        ("a\u{a0}b\u{3000}c", "a⟨U+00A0⟩b⟨U+3000⟩c"),
        ("a\u{200b}b", "a⟨U+200B⟩b"),
        ("x\u{e0041}", "x⟨U+E0041⟩"),
        ("\u{e000}\u{10ffff}\u{378}", "⟨U+E000⟩⟨U+10FFFF⟩⟨U+0378⟩"),
        ("é e\u{301}", "é e\u{301}"),
        ("\u{301} -\u{338}", "⟨U+0301⟩ -⟨U+0338⟩"),
        ("❤\u{fe0f}", "❤⟨U+FE0F⟩"),
        ("中文，测试。", "中文，测试。"),
        ("\u{3164}\u{2800}", "⟨U+3164⟩⟨U+2800⟩"),
    ] {
        assert_eq!(reveal(raw).text.as_str(), shown, "{raw:?}");
    }
}

#[test]
fn in_an_approval_only_what_every_terminal_draws_alike_stands_raw() {
    for (raw, shown) in [
        ("ls -la «né» Ωμ Привет Հայ გამ አማ", "ls -la «né» Ωμ Привет Հայ გამ አማ"),
        ("中文，テスト。ｶﾅ 한국어 ⚠ ⚡ 😀 ─", "中文，テスト。ｶﾅ 한국어 ⚠ ⚡ 😀 ─"),
        ("e\u{301}", "e⟨U+0301⟩"),
        ("ｶ\u{ff9e}", "ｶ⟨U+FF9E⟩"),
        ("か\u{3099}", "か⟨U+3099⟩"),
        ("🇩🇪", "⟨U+1F1E9⟩⟨U+1F1EA⟩"),
        ("1\u{fe0f}\u{20e3}", "1⟨U+FE0F⟩⟨U+20E3⟩"),
        ("👩\u{200d}👧", "👩⟨U+200D⟩👧"),
        ("👍🏽", "👍⟨U+1F3FD⟩"),
        ("שב", "⟨U+05E9⟩⟨U+05D1⟩"),
        ("بل", "⟨U+0628⟩⟨U+0644⟩"),
        ("क", "⟨U+0915⟩"),
        ("ก", "⟨U+0E01⟩"),
        ("\u{600}1", "⟨U+0600⟩1"),
        ("\u{1112}\u{1161}", "⟨U+1112⟩⟨U+1161⟩"),
        ("𝐫𝐦", "⟨U+1D42B⟩⟨U+1D426⟩"),
        ("\u{1fac8}", "⟨U+1FAC8⟩"),
    ] {
        let revealed = reveal_with(raw, &crate::tui::theme::Glyphs::unicode());
        assert_eq!(revealed.text.as_str(), shown, "{raw:?}");
    }
}

#[test]
fn revealed_characters_are_listed_with_what_they_do() {
    let revealed = reveal("a\u{202e}b\u{200b}\t");
    let listed: Vec<_> = revealed.hidden.iter().map(|h| (h.label(), h.kind)).collect();
    assert_eq!(listed, [("U+202E".to_owned(), HiddenKind::Bidi), ("U+200B".to_owned(), HiddenKind::Invisible),]);
    assert!(!revealed.is_plain());
    assert!(reveal("make\n\tall").is_plain(), "a tab is no secret");
}

#[test]
fn reveals_in_ascii_too() {
    let revealed = reveal_with("a\u{202e}\tb", &crate::tui::theme::Glyphs::ascii());
    assert_eq!(revealed.text.as_str(), "a<U+202E>>  b");
}

#[test]
fn finds_words_that_imitate_others() {
    for (text, imitated) in [
        ("curl https://pаypal.com", vec!["paypal"]),
        ("https://аррӏе.com/x", vec!["apple"]),
        ("ｒｍ -rf", vec!["rm"]),
        ("rm －ｒｆ x", vec!["-rf"]),
        ("cat a∕b", vec!["/"]),
        ("𝐫𝐦 x", vec!["rm"]),
        ("привет, мир", vec![]),
        ("сор и рос", vec![]),
        ("см.README", vec![]),
        ("修复，测试（abc）：好", vec![]),
        ("αβγ Δt 5 μm", vec![]),
        ("naïve café", vec![]),
    ] {
        let found = reveal(text).lookalikes;
        let words: Vec<_> = found.iter().map(|l| l.imitates.as_str()).collect();
        assert_eq!(words, imitated, "{text:?}");
    }
}

#[test]
fn lines_carry_their_marks() {
    let revealed = reveal("a\u{200b}\nb\u{202e}c\r\n");
    let lines = revealed.text.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1].marks()[0].range, 1..13);
    let (line, had) = lines[1].without_carriage_return();
    assert!(had);
    assert_eq!(line.as_str(), "b⟨U+202E⟩c");
    assert_eq!(line.marks().len(), 1);
}

#[test]
fn a_spelled_out_placeholder_is_not_the_character() {
    let (real, spelled) = (reveal("\u{202e}"), reveal("⟨U+202E⟩"));
    assert_eq!(real.text.as_str(), spelled.text.as_str());
    assert_ne!(real.text.lines(), spelled.text.lines());
}

/// Puts back what the marks stand for.
fn restored(revealed: &Revealed) -> String {
    let mut out = String::new();
    let mut at = 0;
    for mark in revealed.text.marks() {
        if mark.kind == MarkKind::Lookalike {
            continue;
        }
        out.push_str(&revealed.text.as_str()[at..mark.range.start]);
        at = mark.range.end;
        match mark.kind {
            MarkKind::Tab => out.push('\t'),
            _ => out.extend(revealed.hidden.iter().filter(|h| h.range == mark.range).map(|h| h.character)),
        }
    }
    out.push_str(&revealed.text.as_str()[at..]);
    out
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-c\\[\\];0-9\\\\ \u{1b}\u{9b}\u{9d}\u{90}\u{9c}\u{7}\r\n\t]{0,60}",
        "[ab\u{200d}\u{200c}\u{fe0f}\u{301}\u{202e}👩❤\u{1f3fd}می\u{94d}क\u{e0041}中\u{1160}\u{1100}]{0,60}",
    ]
}

proptest! {
    #[test]
    fn sanitize_is_idempotent_and_leaves_no_control(raw in hostile()) {
        let once = sanitize(&raw);
        prop_assert!(once.as_str().chars().all(|c| c == '\n' || !c.is_control()));
        let twice = sanitize(once.as_str());
        prop_assert_eq!(twice.as_str(), once.as_str());
    }

    #[test]
    fn reveal_loses_nothing_and_hides_nothing(raw in hostile()) {
        let revealed = reveal(&raw);
        prop_assert_eq!(restored(&revealed), raw);
        let text = revealed.text.as_str();
        prop_assert!(text.chars().all(|c| c == '\n' || invisible::hidden_kind(c).is_none()));
    }

    #[test]
    fn every_revealed_character_takes_room(raw in hostile()) {
        use unicode_segmentation::UnicodeSegmentation;
        let revealed = reveal(&raw);
        for grapheme in revealed.text.as_str().graphemes(true).filter(|g| *g != "\n") {
            prop_assert!(crate::tui::render::width::of_grapheme(grapheme) > 0, "{grapheme:?}");
        }
    }

    #[test]
    fn in_an_approval_every_cluster_is_one_character_and_nothing_is_lost(raw in hostile()) {
        use unicode_segmentation::UnicodeSegmentation;
        let revealed = reveal_with(&raw, &crate::tui::theme::Glyphs::unicode());
        prop_assert_eq!(restored(&revealed), raw);
        for grapheme in revealed.text.as_str().graphemes(true) {
            prop_assert_eq!(grapheme.chars().count(), 1, "{:?}", grapheme);
        }
    }
}
