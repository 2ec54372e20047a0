use super::*;

fn names(import: &Import) -> Vec<(&str, &str, &str)> {
    import
        .drafts
        .iter()
        .map(|draft| (draft.category.as_str(), draft.name.as_str(), draft.description.as_str()))
        .collect()
}

#[test]
fn a_markdown_list_becomes_features_and_steps() {
    let text = "\u{feff}Intro that is no list.\n\n## Login\n\n1. **Sign in**: by mail\n   and password\n   - open the page\n   - \
                [ ] press it\n   - depends on: Sign up, #3\n\n   More about it.\n2. Sign up\n\n## 支付\n- [ ] 退款：原路退回\n- [x] done\n* \
                `code` thing\n";
    let import = read(text.as_bytes()).unwrap();
    assert_eq!(import.left_out, 1);
    assert_eq!(
        names(&import),
        [
            ("Login", "Sign in", "by mail and password\n\nMore about it."),
            ("Login", "Sign up", ""),
            ("支付", "退款", "原路退回"),
            ("支付", "code thing", ""),
        ]
    );
    assert_eq!(import.drafts[0].steps, ["open the page", "press it"]);
    assert_eq!(import.drafts[0].depends_on, [Needs::Draft(1), Needs::Draft(2)]);
}

#[test]
fn json_is_read_as_people_write_it() {
    let text = r#"[{"category":"functional","description":"It works\nwell","steps":["a","b"],"passes":false},
                   {"name":"Two","passes":true,"depends_on":[0]}]"#;
    let import = read(text.as_bytes()).unwrap();
    assert_eq!(names(&import), [("functional", "It works", "It works\nwell"), ("", "Two", "")]);
    assert_eq!(import.drafts[1].depends_on, [Needs::Draft(0)]);
    assert_eq!(import.drafts[1].evidence.as_deref(), Some(DONE_BEFORE));
    let text = r#"{"features":[{"id":40,"name":"a","dependencies":[50]},{"id":50,"name":"b"}]}"#;
    assert_eq!(read(text.as_bytes()).unwrap().drafts[0].depends_on, [Needs::Draft(1)]);
}

#[test]
fn issues_become_features_with_what_they_wait_for() {
    let text = r#"[{"number":7,"title":"Pay","body":"Blocked by #9, #12\r\n- [ ] refund\r\n- [x] charge","labels":[{"name":"shop"},{"name":"x"}],"state":"OPEN","url":"https://example.org/7"},
                   {"number":9,"title":"Cart","body":null,"labels":[],"state":"OPEN"},
                   {"number":12,"title":"Old","body":"","labels":[],"state":"CLOSED"}]"#;
    let import = read(text.as_bytes()).unwrap();
    assert_eq!(import.left_out, 1);
    assert_eq!(import.drafts[0].depends_on, [Needs::Draft(1)]);
    assert_eq!(import.drafts[0].steps, ["refund"]);
    assert!(import.drafts[0].description.ends_with("Issue #7: https://example.org/7"));
    assert_eq!(names(&import)[1], ("", "Cart", "Issue #9"));
}

#[test]
fn what_cannot_be_understood_is_said_with_its_place() {
    let many = format!("[{}]", vec![r#"{"name":"x"}"#; MAX_FEATURES + 1].join(","));
    let rows: Vec<(&[u8], &str)> = vec![
        (b"\xff\xfea", "it is not text in UTF-8 (byte 0): convert it first"),
        (b"", "no feature was found"),
        (b"Just prose.\n", "no feature was found"),
        (b"[]", "no feature was found"),
        (b"17", "the file: a list of features is expected"),
        (b"{\"name\":\"x\"}", "the file: a list of features is expected, or an object with `features`"),
        (b"[{\"name\":\"x\"", "it is neither JSON that can be read (EOF"),
        (b"[{\"name\":\"x\"},{\"steps\":\"s\"}]", "entry 2: invalid type: string"),
        (b"[{\"name\":\"x\"},7]", "entry 2: invalid type: integer"),
        (b"[{}]", "entry 1: has neither a name nor a description"),
        (b"[{\"id\":1,\"name\":\"x\"},{\"id\":1,\"name\":\"y\"}]", "entry 2: has the id 1, as entry 1 has"),
        (b"[{\"id\":1,\"name\":\"x\",\"depends_on\":[9]}]", "entry 1: depends on 9, which no entry is"),
        (
            b"- a\n  - depends on: nobody\n",
            "\u{201c}a\u{201d}: depends on \u{201c}nobody\u{201d}, which no open item is",
        ),
        (many.as_bytes(), "it has 5001 features; 5000 fit into a backlog: split it"),
    ];
    for (bytes, sentence) in rows {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.starts_with(sentence), "{error}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_fail(text in "[-#*\\[\\]x \\n:a{}\",0-9é字]{0,200}") {
        let _ = read(text.as_bytes());
    }
}
