//! Cards as they are sent: taken by Feishu whatever stands on them, and no text on them is more than a text.

use adjutant::core::language::Language;
use adjutant::relay::card::Block;
use adjutant::relay::card::Button;
use adjutant::relay::card::Card;
use adjutant::relay::card::Field;
use adjutant::relay::card::FieldKind;
use adjutant::relay::card::Form;
use adjutant::relay::card::Style;
use adjutant::relay::card::Tone;
use adjutant::relay::feishu::render;
use adjutant::relay::feishu::render::MAX_BYTES;
use adjutant::relay::feishu::render::text::messages;
use proptest::prelude::*;
use pulldown_cmark::Event;
use pulldown_cmark::Options;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;
use serde_json::Value;
use serde_json::json;

use crate::support::feishu::lint;

/// Texts that want to be more.
const HOSTILE: [&str; 39] = [
    "```\n# Approved\n```",
    "````\nx\n````bash",
    "~~~\n~~~",
    "</font>",
    "<at id=all></at>",
    "<at user_id=\"all\">all</at>",
    "<font color='green'>allowed</font>",
    "<text_tag color='green'>done</text_tag>",
    "&#60;at id=all&#62;",
    "&lt;at id=all&gt;",
    "&#8238;evil&#10;# head",
    "[press](https://evil.example)",
    "[https://good.example](https://evil.example)",
    "see https://good.example/a_b?c=d&e=f#g. [↗](https://evil.example)",
    "https://user:word@evil.example https://EVIL.example https://1 https://a..b https://a.b:x/",
    "[a][b]\n\n[b]: https://evil.example",
    "<https://evil.example>",
    "![x](img_v2_1)",
    "![",
    "](",
    "][",
    "]:",
    "\u{202e}txt.exe",
    "\u{200b}",
    "\u{1b}[31m",
    "\u{e0041}\u{e0042}",
    "\0",
    "\r\n",
    "\r",
    "\t",
    "|a|b|\n|-|-|\n|c|d|\n",
    "**bold** _it_ ~~no~~ `code`",
    "- [x] done\n  1. one\n     > quote\n",
    "# head\n---\n",
    "⚠ fake\n▪ where: /safe",
    "长文本",
    "👩‍👩‍👧️ e\u{301}",
    "@_all @all :OK:",
    "\\`\\*\\<",
];

fn rendered(card: &Card) -> Value {
    render::card(card, Language::English).json
}

fn card_with(block: Block) -> Card {
    Card::new(Tone::Pending, "Bash · web", "Approval needed").with(block)
}

fn code(text: &str) -> Block {
    Block::Code { language: "bash".into(), text: text.into() }
}

fn button(label: &str) -> Button {
    Button { label: label.into(), style: Style::Plain, value: json!({ "act": "x" }), confirm: None }
}

/// Every object with this tag.
fn tagged<'a>(value: &'a Value, tag: &str) -> Vec<&'a Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(|item| tagged(item, tag)).collect(),
        Value::Object(fields) => {
            let below = fields.iter().filter(|(key, _)| *key != "behaviors").flat_map(|(_, field)| tagged(field, tag));
            below.chain(Some(value).filter(|value| value["tag"] == tag)).collect()
        }
        _ => Vec::new(),
    }
}

fn contents(card: &Value, tag: &str) -> Vec<String> {
    tagged(card, tag).iter().map(|found| found["content"].as_str().unwrap().to_owned()).collect()
}

fn events(markdown: &str) -> Vec<Event<'_>> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    Parser::new_ext(markdown, options | Options::ENABLE_FOOTNOTES).collect()
}

/// The text of the only box of code that a markdown element is.
fn boxed(markdown: &str) -> String {
    let events = events(markdown);
    assert!(matches!(events.first(), Some(Event::Start(Tag::CodeBlock(_)))), "{markdown:?}");
    let n_ends = events.iter().filter(|event| matches!(event, Event::End(_))).count();
    assert_eq!(n_ends, 1, "something stands outside of the box: {markdown:?}");
    let text = |event: &Event<'_>| match event {
        Event::Text(text) => Some(text.to_string()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

/// Without the arrows that open an address which stands before them in full.
fn without_arrows(markdown: &str) -> String {
    const ARROW: &str = " [↗](";
    let mut left = String::new();
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once(ARROW) {
        let (address, behind) = after.split_once(')').expect("it ends");
        left.push_str(before);
        let seen = left
            .replace("&#58;", ":")
            .replace("&#38;", "&")
            .replace("&#35;", "#")
            .replace("&#126;", "~")
            .replace("&#95;", "_");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/?=&%+#:".contains(c);
        assert!(address.starts_with("https://") && address.chars().all(is_plain), "{address}");
        let seen = seen.trim_end_matches(')');
        assert!(seen.ends_with(address), "{address} behind {seen:?}");
        rest = behind;
    }
    left + rest
}

/// No tag, link, image or address is left, but arrows; nothing hides.
fn is_harmless(markdown: &str) {
    let markdown = &without_arrows(markdown);
    for event in events(markdown) {
        let is_bad = matches!(
            event,
            Event::Html(_)
                | Event::InlineHtml(_)
                | Event::FootnoteReference(_)
                | Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock | Tag::FootnoteDefinition(_))
        );
        assert!(!is_bad, "{event:?} in {markdown:?}");
    }
    no_tag(markdown);
    assert!(!markdown.contains("]("), "{markdown:?}");
    shows_all(markdown);
}

fn no_tag(text: &str) {
    for (at, _) in text.match_indices('<') {
        let next = text[at + 1..].chars().next();
        assert!(!next.is_some_and(|c| c.is_ascii_alphanumeric() || "/!?".contains(c)), "a tag in {text:?}");
    }
}

/// What does not show itself is only what we put there.
fn shows_all(text: &str) {
    let hides = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(*c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
            || matches!(*c, '\u{e0000}'..='\u{e007f}' | '\u{ad}' | '\u{2028}' | '\u{2029}')
    };
    assert_eq!(text.chars().find(hides), None, "{text:?}");
}

/// Numbered lines.
fn lines(n_lines: u32) -> String {
    let lines: Vec<String> = (0..n_lines).map(|n| format!("line {n}")).collect();
    lines.join("\n") + "\n"
}

#[test]
fn a_card_has_its_head_its_texts_and_its_buttons() {
    let allow = Button { style: Style::Primary, value: json!({ "act": "allow", "rid": 7 }), ..button("Allow once") };
    let deny = Button { style: Style::Danger, confirm: Some("Really?".into()), ..button("Deny") };
    let card = card_with(code("ls -l"))
        .tagged("waits")
        .with(Block::Fact { name: "where".into(), value: "/src\nallowed: yes".into() })
        .with(Block::Warning("deletes".into()))
        .with(Block::Divider)
        .with(Block::Buttons(vec![allow, deny]));
    let found = render::card(&card, Language::English);
    assert!(!found.cut);
    let json = found.json;
    assert_eq!(lint::card(&json), Ok(()), "{json:#}");
    assert_eq!(json["config"]["update_multi"], true);
    assert_eq!(json["config"]["enable_forward"], false);
    assert_eq!(json["config"]["enable_forward_interaction"], false);
    assert_eq!(json["config"]["summary"]["content"], "Approval needed");
    assert_eq!(
        (&json["header"]["template"], &json["header"]["title"]["content"]),
        (&json!("orange"), &json!("Bash · web"))
    );
    assert_eq!(json["header"]["text_tag_list"][0]["text"]["content"], "waits");
    let elements = json["body"]["elements"].as_array().unwrap();
    assert_eq!(elements[0]["content"], "```bash\nls -l\n```");
    assert_eq!(elements[1]["text"]["content"], "▪ where: /src ↵ allowed: yes");
    assert_eq!(elements[2]["text"]["content"], "⚠ deletes");
    assert_eq!((&elements[3]["tag"], &elements[4]["tag"]), (&json!("hr"), &json!("column_set")));
    let buttons = tagged(&json, "button");
    assert_eq!(buttons[0]["behaviors"], json!([{ "type": "callback", "value": { "act": "allow", "rid": 7 } }]));
    assert_eq!((&buttons[0]["type"], &buttons[1]["type"]), (&json!("primary_filled"), &json!("danger")));
    assert_eq!(buttons[1]["confirm"]["text"]["content"], "Really?");
}

#[test]
fn a_form_has_its_fields_under_their_names_and_a_button_that_sends_it() {
    let options = vec![("once".to_owned(), "this call".to_owned()), ("all".to_owned(), "all".to_owned())];
    let fields = vec![
        Field {
            name: "mode".into(),
            label: "Scope".into(),
            kind: FieldKind::Choice { options: options.clone(), initial: Some("once".into()) },
        },
        Field { name: "more".into(), label: "More".into(), kind: FieldKind::Choices { options } },
        Field { name: "none".into(), label: "None".into(), kind: FieldKind::Choices { options: Vec::new() } },
        Field { name: "why".into(), label: "Why".into(), kind: FieldKind::Text { max_chars: 5_000, required: true } },
    ];
    let card = card_with(Block::Form(Form::new("f", fields, button("Send"))));
    let json = rendered(&card);
    assert_eq!(lint::card(&json), Ok(()), "{json:#}");
    let form = tagged(&json, "form")[0];
    let names: Vec<&str> =
        form["elements"].as_array().unwrap().iter().filter_map(|found| found["name"].as_str()).collect();
    assert_eq!((&form["name"], names), (&json!("f"), vec!["mode", "more", "why", "submit"]));
    assert_eq!(tagged(form, "select_static")[0]["initial_option"], "once");
    let input = tagged(form, "input")[0];
    assert_eq!((&input["max_length"], &input["required"]), (&json!(1000), &json!(true)));
    assert_eq!(tagged(form, "button")[0]["form_action_type"], "submit");
}

#[test]
fn code_stays_in_its_box() {
    for hostile in HOSTILE {
        let json = rendered(&card_with(code(hostile)));
        let content = &contents(&json, "markdown")[0];
        boxed(content);
        no_tag(content);
        shows_all(content);
    }
    let json = rendered(&card_with(code("a\n```\n<at id=all></at>\n````\nb")));
    let shown = boxed(&contents(&json, "markdown")[0]).replace('\u{200b}', "");
    assert_eq!(shown, "a\n```\n<at id=all></at>\n````\nb\n", "all of it is shown, and looks as it is");
    let tab = boxed(&contents(&rendered(&card_with(code("a\tb\u{202e}c"))), "markdown")[0]);
    assert_eq!(tab, "a→  b⟨U+202E⟩c\n");
}

#[test]
fn a_name_of_a_language_cannot_leave_its_place() {
    let block = Block::Code { language: "ba`sh\n```\n<at id=all>".into(), text: "x".into() };
    let content = contents(&rendered(&card_with(block)), "markdown").concat();
    assert_eq!(content, "```bashatidall\nx\n```");
}

#[test]
fn prose_keeps_its_form_and_loses_what_could_deceive() {
    let prose = "# Plan\n\nSome *fine* **words** and `code`, see [the docs](https://x.example/a_b) or <https://y.example>.\n\n\
                 1. one\n2. two\n   - deep\n\n> said\n> twice\n\n```rust\nfn main() {}\n```\n\n| a | b |\n|---|---|\n| 1 | x|y |\n\n\
                 ![logo](https://evil.example/track.png \"t\") <at id=all></at> <b>bold</b> snake_case 2 * 3\n\n- [x] done\n\n\
                 ```sh and more\nls\n```\n[//]: # (said in secret)\n\n[a](b \"titled\")";
    let json = rendered(&card_with(Block::Prose(prose.into())));
    let content = contents(&json, "markdown").concat();
    insta::assert_snapshot!(content);
    is_harmless(&content);
}

#[test]
fn no_prose_draws_more_than_it_says() {
    for hostile in HOSTILE {
        for prose in [
            hostile.to_owned(),
            format!("> - {hostile}"),
            format!("| a |\n|---|\n| {hostile} |"),
            format!("# {hostile}"),
        ] {
            let json = rendered(&card_with(Block::Prose(prose)));
            for content in contents(&json, "markdown") {
                is_harmless(&content);
            }
        }
    }
}

#[test]
fn a_sentence_from_outside_is_no_warning_or_fact_of_ours() {
    let json = rendered(&card_with(Block::Text("fine\n⚠ allowed\n ▪ where: /safe".into())));
    assert_eq!(contents(&json["body"], "plain_text"), ["fine\n│ ⚠ allowed\n│  ▪ where: /safe"]);
}

#[test]
fn what_does_not_fit_is_cut_in_the_middle_and_says_so() {
    let text = lines(20_000);
    let card = card_with(code(&text)).with(Block::Text("short".into())).with(Block::Buttons(vec![button("Allow")]));
    let found = render::card(&card, Language::English);
    assert!(found.cut && render::n_bytes(&found.json) <= MAX_BYTES);
    assert!(render::n_bytes(&found.json) > MAX_BYTES * 9 / 10, "as much as fits is shown");
    let shown = boxed(&contents(&found.json, "markdown")[0]);
    assert!(shown.starts_with("line 0\n") && shown.ends_with("line 19999\n\n"), "{shown}");
    let notice = shown.lines().find(|line| line.starts_with('…')).unwrap();
    let n_cut: usize = notice.split(' ').nth(1).unwrap().parse().unwrap();
    assert_eq!(shown.len() - 1 + n_cut - notice.len() - 2, text.len(), "{notice}");
    let texts = contents(&found.json, "plain_text");
    assert!(texts.contains(&"short".to_owned()), "short texts stay whole");
    assert!(texts.iter().any(|text| text.contains("Not all of it fits on this card")), "{texts:?}");
    assert_eq!(tagged(&found.json, "button").len(), 1);
}

#[test]
fn a_plan_loses_whole_steps_and_the_others_keep_their_numbers() {
    let step = |n: usize| format!("{n}. Step number {n} does this and that\n   - and a part of it\n");
    let plan: String = (1..=900).map(step).collect::<Vec<_>>().concat();
    let card = card_with(Block::Prose(plan)).with(Block::Buttons(vec![button("Accept")]));
    for limit in [MAX_BYTES, render::SMALLER] {
        let found = render::within(&card, Language::English, limit);
        assert!(found.cut && render::n_bytes(&found.json) <= limit);
        let shown = contents(&found.json, "markdown").concat();
        let numbered = shown.lines().filter_map(|line| line.split_once(". Step number "));
        let steps: Vec<(usize, usize)> = numbered
            .map(|(number, rest)| (number.trim().parse().unwrap(), rest.split(' ').next().unwrap().parse().unwrap()))
            .collect();
        assert!(steps.iter().all(|(number, named)| number == named), "{shown}");
        assert_eq!((steps[0].0, steps.last().unwrap().0), (1, 900));
        let behind =
            shown.lines().skip_while(|line| !line.contains("bytes cut")).skip(1).find(|line| !line.trim().is_empty());
        assert!(behind.is_some_and(|line| line.contains(". Step number ")), "{shown}");
    }
}

#[test]
fn too_many_pieces_and_tables_become_fewer() {
    let mut card = card_with(Block::Divider);
    card.blocks.extend((0..400).map(|n| Block::Text(format!("piece {n}"))));
    card.blocks.push(Block::Buttons(vec![button("Allow")]));
    let json = rendered(&card);
    assert_eq!(lint::card(&json), Ok(()));
    let text = contents(&json["body"], "plain_text").concat();
    assert!(text.contains("piece 0\n") && text.contains("piece 399") && tagged(&json, "button").len() == 1, "{text}");
    let tables = "| a | b |\n|---|---|\n| cell | 2 |\n\n".repeat(8);
    let json = rendered(&card_with(Block::Prose(tables.clone())).with(Block::Prose(tables)));
    assert_eq!(lint::card(&json), Ok(()));
    assert_eq!(contents(&json, "markdown").concat().matches("cell").count(), 16, "none of them is lost");
    let mut full = card_with(Block::Divider);
    full.blocks.extend((0..300).map(|n| Block::Buttons(vec![button(&n.to_string())])));
    let found = render::card(&full, Language::Chinese);
    assert_eq!((lint::card(&found.json), found.cut), (Ok(()), true));
}

#[test]
fn messages_are_split_on_lines_and_ring_nobody() {
    let text = lines(1_000);
    let parts = messages(&text);
    assert!(parts.len() > 2 && parts.iter().all(|part| part.chars().count() <= 3_600));
    assert_eq!(parts.join("\n"), text.trim_end());
    for hostile in HOSTILE {
        for part in messages(hostile) {
            no_tag(&part);
            shows_all(&part);
            assert!(!part.contains("](") && !part.contains("**") && !part.contains("@_"), "{part:?}");
        }
    }
    assert_eq!(messages("").len(), 1);
    assert_eq!(messages(&"长".repeat(10_000)).len(), 3);
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[ -~\n]{0,30}",
        "[`*_~<>&|#\\[\\]()!: \n-]{0,20}",
    ];
    let short = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    prop_oneof![9 => short.clone(), 1 => (short, 1_usize..4_000).prop_map(|(text, n)| text.repeat(n))]
}

fn any_button() -> impl Strategy<Value = Button> {
    let value = prop_oneof![Just(json!({ "act": "note", "tag": "note" })), Just(json!("text")), Just(Value::Null)];
    (any_text(), value, prop::option::of(any_text())).prop_map(|(label, value, confirm)| Button {
        label,
        style: Style::Plain,
        value,
        confirm,
    })
}

fn any_field() -> impl Strategy<Value = Field> {
    let options = || prop::collection::vec((any_text(), any_text()), 0..5);
    let kind = prop_oneof![
        (options(), prop::option::of(any_text())).prop_map(|(options, initial)| FieldKind::Choice { options, initial }),
        options().prop_map(|options| FieldKind::Choices { options }),
        (any::<u32>(), any::<bool>()).prop_map(|(max_chars, required)| FieldKind::Text { max_chars, required }),
    ];
    (prop::sample::select(vec!["a", "b", "submit", "", "名"]), any_text(), kind).prop_map(|(name, label, kind)| Field {
        name: name.into(),
        label,
        kind,
    })
}

fn any_block() -> impl Strategy<Value = Block> {
    let form = (prop::collection::vec(any_field(), 0..5), any_button()).prop_map(|(fields, submit)| {
        let others = vec![submit.clone()];
        let folded = (fields.len() > 2).then(|| submit.label.clone());
        Block::Form(Form { others, folded, ..Form::new("a", fields, submit) })
    });
    prop_oneof![
        any_text().prop_map(Block::Text),
        any_text().prop_map(Block::Small),
        any_text().prop_map(Block::Warning),
        (any_text(), any_text()).prop_map(|(name, value)| Block::Fact { name, value }),
        (any_text(), any_text()).prop_map(|(words, person)| Block::Person { words, person }),
        (any_text(), any_text(), any_text()).prop_map(|(title, text, code)| Block::Folded {
            title,
            blocks: vec![Block::Text(text), Block::Code { language: "bash".into(), text: code }],
        }),
        (any_text(), any_text()).prop_map(|(language, text)| Block::Code { language, text }),
        any_text().prop_map(Block::Prose),
        Just(Block::Divider),
        prop::collection::vec(any_button(), 0..7).prop_map(Block::Buttons),
        form,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_card_is_taken(
        (title, tag, summary) in (any_text(), prop::option::of(any_text()), any_text()),
        blocks in prop::collection::vec(any_block(), 0..12),
    ) {
        let card = Card { tone: Tone::Warning, title, tag, summary, blocks };
        for limit in [MAX_BYTES, render::SMALLER] {
            let found = render::within(&card, Language::English, limit);
            prop_assert!(render::n_bytes(&found.json) <= limit);
            prop_assert_eq!(lint::card(&found.json), Ok(()));
            for text in contents(&found.json, "plain_text") {
shows_all(&text);
}
        }
    }

    #[test]
    fn no_code_leaves_its_box(text in any_text(), language in any_text()) {
        let json = rendered(&card_with(Block::Code { language, text }));
        let content = contents(&json, "markdown").concat();
        boxed(&content);
        no_tag(&content);
        shows_all(&content);
    }

    #[test]
    fn no_prose_draws_a_tag_or_a_link(text in any_text()) {
        let json = rendered(&card_with(Block::Prose(text)));
        for content in contents(&json, "markdown") {
is_harmless(&content);
}
    }

    #[test]
    fn no_message_rings_anybody(text in any_text()) {
        for part in messages(&text) {
            no_tag(&part);
            shows_all(&part);
            prop_assert!(!part.trim().is_empty());
        }
    }
}
