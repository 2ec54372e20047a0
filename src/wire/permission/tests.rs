//! Guards hold when they cannot be read, and suggestions go back as they came.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::wire::lenient;

fn ask(fields: Value) -> CanUseTool {
    lenient::from_value(fields).unwrap()
}

#[test]
fn a_guard_that_cannot_be_read_holds() {
    for off in [json!(null), json!(false)] {
        assert!(!ask(json!({"default_to_no": off})).default_to_no.is_set());
    }
    for on in [json!(true), json!("false"), json!(0), json!(1.5), json!([]), json!({"a": 1})] {
        let ask = ask(json!({
            "default_to_no": on,
            "suppress_always_allow_rule": on,
            "requires_user_interaction": on,
            "matched_ask_rule": on,
        }));
        assert!(ask.default_to_no.is_set(), "{on}");
        assert!(ask.suppress_always_allow_rule.is_set(), "{on}");
        assert!(ask.requires_user_interaction.is_set(), "{on}");
        assert!(ask.matched_ask_rule.is_some(), "{on}");
    }
    let absent = ask(json!({}));
    assert_eq!(absent, CanUseTool::default());
    assert!(absent.matched_ask_rule.is_none());
}

#[test]
fn only_true_lets_a_classifier_approve() {
    for (value, expected) in [
        (json!(null), Approvable::NoSafetyCheck),
        (json!(true), Approvable::Yes),
        (json!(false), Approvable::No),
        (json!("true"), Approvable::No),
        (json!(1), Approvable::No),
    ] {
        assert_eq!(ask(json!({"classifier_approvable": value})).classifier_approvable, expected);
    }
}

#[test]
fn reads_suggestions_and_gives_them_back_as_they_came() {
    let suggestions = json!([
        {"type":"addRules","rules":[{"toolName":"Bash","ruleContent":"echo *"},{"toolName":"Read"}],"behavior":"allow","destination":"localSettings"},
        {"destination":"session","type":"replaceRules","rules":[],"behavior":"ask"},
        {"type":"removeRules","rules":[],"behavior":"deny","destination":"userSettings"},
        {"type":"setMode","mode":"acceptEdits","destination":"session"},
        {"type":"addDirectories","directories":["/a"],"destination":"projectSettings"},
        {"type":"removeDirectories","directories":["/a"],"destination":"cliArg"},
    ]);
    let ask = ask(json!({"permission_suggestions": suggestions}));
    let back = serde_json::to_string(&ask.permission_suggestions).unwrap();
    assert_eq!(back, suggestions.to_string());
    let changes: Vec<&Change> = ask.permission_suggestions.iter().map(PermissionUpdate::change).collect();
    assert!(
        matches!(changes[0], Change::AddRules { rules, behavior: Behavior::Allow, destination: Destination::LocalSettings }
        if rules[0].rule_content.as_deref() == Some("echo *") && rules[1].rule_content.is_none())
    );
    assert!(matches!(changes[1], Change::ReplaceRules { behavior: Behavior::Ask, .. }));
    assert!(matches!(changes[2], Change::RemoveRules { behavior: Behavior::Deny, .. }));
    assert!(matches!(changes[3], Change::SetMode { mode: PermissionMode::AcceptEdits, .. }));
    assert!(matches!(changes[4], Change::AddDirectories { directories, .. } if directories == &["/a"]));
    assert!(matches!(changes[5], Change::RemoveDirectories { destination: Destination::CliArg, .. }));
}

#[test]
fn a_suggestion_read_in_part_is_unknown_but_kept() {
    for raw in [
        json!({"type":"novel"}),
        json!({"type":"addRules","rules":[{"ruleContent":"*"}],"behavior":"allow","destination":"session"}),
        json!({"type":"addRules","rules":"Bash","behavior":"allow","destination":"session"}),
        json!({"type":"setMode","mode":3,"destination":"session"}),
        json!({"type":"addDirectories","directories":["/a"]}),
        json!("addRules"),
        json!({"type":"addDirectories","directories":["/a"],"destination":"session","new":{"z":1,"a":2}}),
        json!({"type":"setMode","mode":"plan","destination":"session","also":"bypassPermissions"}),
        json!({"type":"addRules","rules":[{"toolName":"Bash","ruleContent":"ls","until":"never"}],"behavior":"allow","destination":"session"}),
    ] {
        let ask = ask(json!({"permission_suggestions": [raw]}));
        assert_eq!(ask.permission_suggestions[0].change(), &Change::Unknown);
        assert_eq!(ask.permission_suggestions[0].as_value(), &raw);
    }
}

#[test]
fn a_change_of_our_own_has_the_documented_shape() {
    let change = Change::AddRules {
        rules: vec![Rule { tool_name: "Bash".into(), rule_content: Some("ls".into()) }],
        behavior: Behavior::Allow,
        destination: Destination::Session,
    };
    let update = PermissionUpdate::new(change.clone()).unwrap();
    assert_eq!(update.change(), &change);
    assert_eq!(
        update.as_value(),
        &json!({"type":"addRules","rules":[{"toolName":"Bash","ruleContent":"ls"}],"behavior":"allow","destination":"session"})
    );
    assert!(PermissionUpdate::new(Change::Unknown).is_none());
}

proptest! {
    #[test]
    fn words_survive_the_way_there_and_back(word in "[a-zA-Z]{0,12}") {
        let destination = Destination::from(word.as_str());
        prop_assert_eq!(destination.as_str(), &word);
        let mode = PermissionMode::from(word.as_str());
        prop_assert_eq!(mode.as_str(), &word);
    }
}
