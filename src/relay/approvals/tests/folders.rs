//! What a folder brings, on a card.

use super::*;
use crate::core::trust::Brought;
use crate::core::trust::Item;
use crate::core::trust::Kind;

fn folder(from_phone: bool, text: &str) -> Approval {
    let item = Item {
        kind: Kind::Hook,
        place: ".claude/settings.json".into(),
        name: "Stop".into(),
        text: text.into(),
        digest: String::new(),
    };
    let brought = Brought { folder: "/p".into(), items: vec![item], n_trusted: 0, mark: "m".into(), from_phone };
    approval("Folder", json!({ "folder": "/p" }), Ask::Trust(Box::new(brought)))
}

#[test]
fn a_folder_is_trusted_only_where_the_configuration_says_so() {
    let allowed = folder(true, "sh check.sh");
    assert_eq!(acts(&shown(&allowed).card), ["trust", "trust_without", "deny"]);
    assert_eq!(press(&allowed, "trust", json!({})), Ok(Decision::Trust(TrustAnswer::Trust)));
    let elsewhere = folder(false, "sh check.sh");
    let card = shown(&elsewhere).card;
    assert_eq!(acts(&card), ["trust_without", "deny"]);
    assert!(card.plain().contains("trusted_roots") && card.plain().contains("sh check.sh"), "{}", card.plain());
    assert!(press(&elsewhere, "trust", json!({})).is_err());
    assert_eq!(press(&elsewhere, "trust_without", json!({})), Ok(Decision::Trust(TrustAnswer::Without)));
    assert!(matches!(press(&elsewhere, "deny", json!({})), Ok(Decision::Deny { .. })));
    assert!(press(&allowed, "allow", json!({})).is_err() && press(&allowed, "always", json!({})).is_err());
}

#[test]
fn chinese_has_its_own_words() {
    let redactor = Redactor::default();
    let around = Around { language: Language::Chinese, ..around(&redactor) };
    let text = asked(&folder(true, "sh check.sh"), Mark { card: 3, nonce: "n" }, around).card.plain();
    assert!(text.contains("信任此目录？") && text.contains("hook（自动执行）"), "{text}");
}
