use serde_json::json;

use super::*;

fn field(kind: FieldKind, required: bool) -> Field {
    Field { name: "f".into(), title: None, description: None, required, kind }
}

fn text(format: Option<TextFormat>, min_chars: Option<u64>, max_chars: Option<u64>) -> FieldKind {
    FieldKind::Text { format, min_chars, max_chars, default: None }
}

fn whole(min: i64, max: i64) -> FieldKind {
    FieldKind::Number { is_whole: true, min: Some(min.into()), max: Some(max.into()), default: Some(3.into()) }
}

fn options() -> Vec<Offered> {
    ["a", "b", "c"].map(|value| Offered { value: value.into(), label: value.to_uppercase() }).to_vec()
}

fn written(text: &str) -> Given {
    Given { text: text.into(), chosen: Vec::new() }
}

fn chosen(places: &[usize]) -> Given {
    Given { text: String::new(), chosen: places.to_vec() }
}

#[test]
fn only_what_fits_a_field_is_its_value() {
    let choices = FieldKind::Choices { options: options(), min: Some(1), max: Some(2), default: vec![1] };
    let choice = FieldKind::Choice { options: options(), default: None };
    let fraction = FieldKind::Number { is_whole: false, min: None, max: None, default: None };
    for (kind, given, expected) in [
        (text(None, Some(2), Some(3)), written("您好"), Some(json!("您好"))),
        (text(None, Some(2), Some(3)), written("a"), None),
        (text(None, Some(2), Some(3)), written("abcd"), None),
        (text(Some(TextFormat::Email), None, None), written("a@b.c"), Some(json!("a@b.c"))),
        (text(Some(TextFormat::Email), None, None), written("@b.c"), None),
        (text(Some(TextFormat::Uri), None, None), written("https://b.c/d"), Some(json!("https://b.c/d"))),
        (text(Some(TextFormat::Uri), None, None), written("b.c"), None),
        (text(Some(TextFormat::Date), None, None), written("2026-02-28"), Some(json!("2026-02-28"))),
        (text(Some(TextFormat::Date), None, None), written("2026-02-30"), None),
        (
            text(Some(TextFormat::DateTime), None, None),
            written("2026-02-28T10:00:00Z"),
            Some(json!("2026-02-28T10:00:00Z")),
        ),
        (text(Some(TextFormat::DateTime), None, None), written("2026-02-28"), None),
        (whole(1, 5), written(" 5 "), Some(json!(5))),
        (whole(1, 5), written("6"), None),
        (whole(1, 5), written("1.5"), None),
        (whole(1, 5), written("many"), None),
        (fraction.clone(), written("1.5"), Some(json!(1.5))),
        (fraction.clone(), written("NaN"), None),
        (fraction, written("1e999"), None),
        (FieldKind::Boolean { default: None }, chosen(&[0]), Some(json!(true))),
        (FieldKind::Boolean { default: None }, chosen(&[1]), Some(json!(false))),
        (choice.clone(), chosen(&[2]), Some(json!("c"))),
        (choice, chosen(&[7]), None),
        (choices.clone(), chosen(&[0, 2]), Some(json!(["a", "c"]))),
        (choices.clone(), chosen(&[]), None),
        (choices, chosen(&[0, 1, 2]), None),
    ] {
        let found = field(kind.clone(), true).value(&given).ok().flatten();
        assert_eq!(found, expected, "{kind:?} {given:?}");
    }
}

#[test]
fn what_is_not_required_may_stay_empty_and_is_left_out() {
    let fields = [field(text(None, Some(2), None), false), Field { name: "g".into(), ..field(whole(1, 5), true) }];
    assert_eq!(filled(&fields, &[Given::default(), written("2")]).unwrap(), *json!({"g": 2}).as_object().unwrap());
    assert_eq!(filled(&fields, &[]), Err((1, "this is required".into())));
    assert_eq!(fields.each_ref().map(Field::preset), [Given::default(), written("3")]);
}

#[test]
fn an_answer_from_elsewhere_is_held_to_the_same_form() {
    let fields = [field(whole(1, 5), true)];
    for (content, fits) in [
        (json!({"f": 1}), true),
        (json!({}), false),
        (json!({"f": 9}), false),
        (json!({"f": "1"}), false),
        (json!({"f": 1, "more": true}), false),
    ] {
        assert_eq!(check(&fields, content.as_object().unwrap()).is_ok(), fits, "{content}");
    }
}
