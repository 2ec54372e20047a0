use super::*;

fn given(restraint: &Restraint) -> String {
    Value::Object(restraint.settings.clone()).to_string()
}

struct Ground {
    base: tempfile::TempDir,
    keeper: Keeper,
}

impl Ground {
    fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        for name in ["data", "home/.claude", "project"] {
            std::fs::create_dir_all(base.path().join(name)).unwrap();
        }
        let keeper = Keeper::of(&base.path().join("data"));
        Self { base, keeper }
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.base.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn at(&self, folder: &str) -> Look {
        Look { directory: self.base.path().join(folder), claude_home: self.base.path().join("home/.claude") }
    }

    fn look(&self) -> Sighting {
        self.keeper.look(&self.at("project"))
    }

    fn unknown(&self) -> Vec<String> {
        match self.look() {
            Sighting::Unknown { brought, .. } => brought.items.iter().map(|item| item.text.clone()).collect(),
            Sighting::Clear(_) => Vec::new(),
        }
    }

    fn trust(&self) -> Result<(), String> {
        let Sighting::Unknown { brought, .. } = self.look() else { panic!("nothing to trust") };
        self.keeper.trust(&self.at("project"), &brought, &Surface::Terminal)
    }

    fn hook(&self, command: &str) {
        let hook =
            format!(r#"{{"hooks": {{"Stop": [{{"hooks": [{{"type": "command", "command": "{command}"}}]}}]}}}}"#);
        self.put("project/.claude/settings.json", &hook);
    }
}

#[test]
fn a_folder_that_brings_nothing_is_restrained_and_asks_nothing() {
    let ground = Ground::new();
    ground.put("project/.claude/settings.json", r#"{"permissions": {"deny": ["Read(.env)"]}}"#);
    let Sighting::Clear(Start::Restrained(restraint)) = ground.look() else { panic!("{:?}", ground.look()) };
    assert_eq!(given(&restraint), r#"{"permissions":{"deny":["Read(.env)"]}}"#);
    assert!(!restraint.is_refused && restraint.git_keys.is_empty());
}

#[test]
fn what_was_trusted_is_trusted_until_it_changes_and_then_only_the_change_is_shown() {
    let ground = Ground::new();
    ground.hook("sh check.sh");
    ground.put("project/check.sh", "1");
    ground.put("project/.claude/commands/c.md", "x");
    assert_eq!(ground.unknown(), ["sh check.sh", "words for the model only"]);
    ground.trust().unwrap();
    assert_eq!(ground.look(), Sighting::Clear(Start::Whole));
    ground.put("project/check.sh", "2");
    assert_eq!(ground.unknown(), ["sh check.sh"]);
    ground.trust().unwrap();
    ground.put("project/check.sh", "1");
    assert_eq!(ground.unknown(), ["sh check.sh"], "an earlier content is not trusted for ever");
    ground.put("project/.mcp.json", r#"{"mcpServers": {"m": {"command": "m"}}}"#);
    assert_eq!(ground.unknown(), ["sh check.sh", "m"]);
}

#[test]
fn an_answer_is_only_for_what_was_shown() {
    let ground = Ground::new();
    ground.hook("a");
    let Sighting::Unknown { brought, .. } = ground.look() else { panic!() };
    ground.hook("b");
    let refused = ground.keeper.trust(&ground.at("project"), &brought, &Surface::Terminal);
    assert!(refused.unwrap_err().contains("has changed"));
    assert_eq!(ground.unknown(), ["b"]);
}

#[test]
fn from_the_phone_only_what_lies_below_its_roots_by_its_real_path() {
    let mut ground = Ground::new();
    ground.hook("a");
    let phone = Surface::Phone("ou_x".into());
    let asked = |ground: &Ground| match ground.look() {
        Sighting::Unknown { brought, .. } => brought,
        Sighting::Clear(_) => panic!("nothing to trust"),
    };
    let link = ground.base.path().join("link");
    std::os::unix::fs::symlink(ground.base.path(), &link).unwrap();
    let mut config = crate::config::parse("").unwrap();
    config.feishu.trusted_roots = vec![link.join("other").display().to_string()];
    ground.keeper = Keeper::configured(&ground.base.path().join("data"), &config);
    let brought = asked(&ground);
    assert!(!brought.from_phone);
    let refused = ground.keeper.trust(&ground.at("project"), &brought, &phone);
    assert!(refused.unwrap_err().contains("only at the terminal"));
    config.feishu.trusted_roots = vec![link.display().to_string()];
    ground.keeper = Keeper::configured(&ground.base.path().join("data"), &config);
    let brought = asked(&ground);
    assert!(brought.from_phone);
    ground.keeper.trust(&ground.at("project"), &brought, &phone).unwrap();
    assert_eq!(ground.look(), Sighting::Clear(Start::Whole));
}

#[test]
fn parents_count_only_when_the_person_said_so() {
    let ground = Ground::new();
    ground.hook("a");
    let home = ground.base.path().join("home/.claude");
    ground.keeper.add(ground.base.path(), &home, false, "test").unwrap();
    assert_eq!(ground.unknown(), ["a"]);
    ground.keeper.add(ground.base.path(), &home, true, "test").unwrap();
    assert_eq!(ground.look(), Sighting::Clear(Start::Whole));
    assert!(ground.keeper.remove(&ground.base.path().canonicalize().unwrap()).unwrap());
    assert_eq!(ground.unknown(), ["a"]);
}

#[test]
fn the_clis_own_record_is_honoured_once_and_later_changes_are_shown() {
    let ground = Ground::new();
    ground.hook("a");
    let project = ground.base.path().join("project").canonicalize().unwrap();
    let record = format!(r#"{{"projects": {{"{}": {{"hasTrustDialogAccepted": true}}}}}}"#, project.display());
    ground.put("home/.claude.json", &record);
    assert_eq!(ground.look(), Sighting::Clear(Start::Whole));
    ground.hook("b");
    assert_eq!(ground.unknown(), ["b"]);
}

#[test]
fn rules_of_our_own_answers_ask_nothing_and_others_do() {
    let ground = Ground::new();
    ground.keeper.adopt(&ground.at("project"), &["Bash(mine)".into()], &["/lib".into()]).unwrap();
    ground.put(
        "project/.claude/settings.local.json",
        r#"{"permissions": {"allow": ["Bash(mine)"], "additionalDirectories": ["/lib"]}}"#,
    );
    let Sighting::Clear(Start::Restrained(restraint)) = ground.look() else { panic!("{:?}", ground.look()) };
    let expected = r#"{"permissions":{"allow":["Bash(mine)"],"additionalDirectories":["/lib"]}}"#;
    assert_eq!(given(&restraint), expected);
    ground.put("project/.claude/settings.local.json", r#"{"permissions": {"allow": ["Bash(mine)", "Bash(theirs)"]}}"#);
    assert_eq!(ground.unknown(), ["Bash(theirs)"]);
    ground.trust().unwrap();
    assert!(ground.unknown().is_empty());
    ground.put("home/.claude.json", "{}");
    assert!(ground.unknown().is_empty());
}

#[test]
fn without_it_nothing_untrusted_is_given() {
    let ground = Ground::new();
    ground.put("project/.git/config", "[core]\nfsmonitor = x\n");
    ground.put("project/.git/HEAD", "ref: refs/heads/main\n");
    ground.put("project/.git/objects/x", "");
    ground.put("project/.git/refs/x", "");
    ground.put(
        "project/.claude/settings.json",
        r#"{"env": {"A": "1"}, "model": "opus", "permissions": {"allow": ["Bash"], "deny": ["Read"]}}"#,
    );
    let Sighting::Unknown { without, .. } = ground.look() else { panic!() };
    assert!(without.is_refused);
    assert_eq!(without.git_keys, ["core.fsmonitor"]);
    assert_eq!(given(&without), r#"{"model":"opus","permissions":{"deny":["Read"]}}"#);
}

#[test]
fn unusable_records_trust_nothing() {
    let ground = Ground::new();
    ground.hook("a");
    ground.trust().unwrap();
    ground.put("data/trust.json", "{");
    assert_eq!(ground.unknown(), ["a"]);
    assert!(ground.trust().unwrap_err().contains("trust.json"));
}
