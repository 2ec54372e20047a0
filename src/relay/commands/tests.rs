use super::*;

fn english(text: &str) -> Wish {
    read(text, Language::English)
}

fn opened(directory: &str, prompt: Option<&str>, timeout: Option<u64>, idle: Option<u64>) -> Wish {
    Wish::New {
        directory: directory.into(),
        prompt: prompt.map(Into::into),
        timeout_minutes: timeout,
        idle_minutes: idle,
        worktree: None,
    }
}

fn resumed(which: Option<Conversation>, prompt: Option<&str>) -> Wish {
    Wish::Resume { which, prompt: prompt.map(Into::into) }
}

fn in_a_worktree(prompt: Option<&str>, branch: Option<&str>) -> Wish {
    let prompt = prompt.map(Into::into);
    let worktree = Some(WorktreeSpec::Wanted { branch: branch.map(Into::into) });
    Wish::New { directory: "web".into(), prompt, timeout_minutes: None, idle_minutes: None, worktree }
}

#[test]
fn a_worktree_is_asked_for_before_the_text_or_after_it() {
    for (text, expected) in [
        ("/new web --worktree", in_a_worktree(None, None)),
        ("/new web --worktree fix the tests", in_a_worktree(Some("fix the tests"), None)),
        ("/new web --worktree=fix-1 fix the tests", in_a_worktree(Some("fix the tests"), Some("fix-1"))),
        ("/new web fix the tests --worktree=fix/1", in_a_worktree(Some("fix the tests"), Some("fix/1"))),
        ("/new web fix the tests --worktree", in_a_worktree(Some("fix the tests"), None)),
        ("/new web —worktree fix", in_a_worktree(Some("fix"), None)),
        ("/new web --工作树＝修复 修复测试", in_a_worktree(Some("修复测试"), Some("修复"))),
        ("/worktree", Wish::Worktree(None)),
        ("/工作树 3", Wish::Worktree(Some(3))),
    ] {
        assert_eq!(english(text), expected, "{text}");
    }
    for text in ["/new web --worktree= go", "/new web --worktree --worktree go", "/worktree x"] {
        assert!(matches!(english(text), Wish::Wrong(_)), "{text}: {:?}", english(text));
    }
}

#[test]
fn every_command_is_read() {
    let deny = |request, reason: Option<&str>| Wish::Deny { request, reason: reason.map(Into::into) };
    let table = [
        ("/new web", opened("web", None, None, None)),
        ("/new ~/src/web fix the tests", opened("~/src/web", Some("fix the tests"), None, None)),
        ("/new \"my web\" fix --timeout 5", opened("my web", Some("fix"), Some(5), None)),
        ("/new “我的 项目” 修复 --idle 9 --timeout 5", opened("我的 项目", Some("修复"), Some(5), Some(9))),
        ("/new web --timeout 5 --idle 6 go\non", opened("web", Some("go\non"), Some(5), Some(6))),
        ("/new web explain --timeout", opened("web", Some("explain --timeout"), None, None)),
        ("/list", Wish::List),
        (" /LIST ", Wish::List),
        ("/switch 3", Wish::Switch(3)),
        ("/close", Wish::Close(None)),
        ("/close 2", Wish::Close(Some(2))),
        ("/stop", Wish::Stop(None)),
        ("/progress 7", Wish::Progress(Some(7))),
        ("/tail", Wish::Tail(None)),
        ("/mode plan", Wish::Mode(PermissionMode::Plan)),
        ("/approve", Wish::Approve(None)),
        ("/approve 12", Wish::Approve(Some(12))),
        ("/deny", deny(None, None)),
        ("/deny 12", deny(Some(12), None)),
        ("/deny 12 use the lock file", deny(Some(12), Some("use the lock file"))),
        ("/deny not now", deny(None, Some("not now"))),
        ("/file src/my file.rs", Wish::File("src/my file.rs".into())),
        ("/pause", Wish::Quiet(true)),
        ("/unpause", Wish::Quiet(false)),
        ("/恢复推送。", Wish::Quiet(false)),
        ("/resume", resumed(None, None)),
        ("/resume。", resumed(None, None)),
        ("/恢复 ２", resumed(Some(Conversation::Nth(2)), None)),
        ("/resume 2，继续修测试", resumed(Some(Conversation::Nth(2)), Some("继续修测试"))),
        (
            "/resume 0B9C6F0E-3a52-4a73-9d0a-6a2f6f3a9f10 go on",
            resumed(Some(Conversation::Id("0b9c6f0e-3a52-4a73-9d0a-6a2f6f3a9f10".into())), Some("go on")),
        ),
        ("/fork", Wish::Fork { session: None, prompt: None }),
        ("/fork 2：换个思路", Wish::Fork { session: Some(2), prompt: Some("换个思路".into()) }),
        ("/分叉 try another way", Wish::Fork { session: None, prompt: Some("try another way".into()) }),
        ("/queue", Wish::Queue(None)),
        ("/队列 ３", Wish::Queue(Some(3))),
        ("/help", Wish::Help),
        ("y", Wish::Prompt("y".into())),
        ("k7m2pq9x", Wish::Prompt("k7m2pq9x".into())),
        ("、list", Wish::List),
        ("、然后跑测试", Wish::Prompt("、然后跑测试".into())),
        ("/new：～/src/web", opened("~/src/web", None, None, None)),
        ("/new 「我的 项目」，修复", opened("我的 项目", Some("修复"), None, None)),
        ("/new web，修复测试 --timeout ５", opened("web", Some("修复测试"), Some(5), None)),
        ("/file 「我的 文件.txt」。", Wish::File("我的 文件.txt".into())),
        ("/mode 计划模式。", Wish::Mode(PermissionMode::Plan)),
        ("/mode AcceptEdits", Wish::Mode(PermissionMode::AcceptEdits)),
        ("/answer 1 ２；1", Wish::Answer { request: 1, text: "２；1".into() }),
        ("/compact now", Wish::Prompt("/compact now".into())),
        ("  fix it\n", Wish::Prompt("fix it".into())),
        ("yes please", Wish::Prompt("yes please".into())),
        ("", Wish::Prompt(String::new())),
    ];
    for (text, expected) in table {
        assert_eq!(english(text), expected, "{text}");
    }
}

#[test]
fn what_is_written_wrong_is_told_and_never_a_prompt() {
    for text in [
        "/new",
        "/new .",
        "/new ./ fix it",
        "/new .. go",
        "/new \"unclosed dir",
        "/new web --timeout x",
        "/new web --timeout 99999999",
        "/new web --tiemout 5 go",
        "/resume it",
        "/resume ../../x",
        "/resume 2a",
        "/fork 2a",
        "/queue all",
        "/switch",
        "/switch x",
        "/switch -1",
        "/close all",
        "/mode yolo",
        "/mode",
        "/approve x",
        "/approve 4294967296",
        "/file",
    ] {
        assert!(matches!(english(text), Wish::Wrong(_)), "{text}: {:?}", english(text));
    }
    assert!(matches!(read("/mode x", Language::Chinese), Wish::Wrong(why) if why.contains("可用模式")));
}

#[test]
fn a_code_is_read_in_any_width_and_with_anything_between() {
    for text in [
        "k7m2pq9x",
        "Ｋ７Ｍ２ＰＱ９Ｘ",
        " K7M2 PQ9X。",
        "k7m2-pq9x",
        "「K7M2PQ9X」",
        "K7M2　PQ9X",
        "配对码：K7M2PQ9X",
        "配对码是「k7m2pq9x」",
        "/pair K7M2PQ9X",
        "K7M2PQ9X！",
    ] {
        assert_eq!(code(text).as_deref(), Some("K7M2PQ9X"), "{text}");
    }
    for text in ["", "K7M2PQ9", "K7M2PQ9XX", "ABCDEFGH", "K7M2PQ9O", "code: K7M2PQ9XX", "K7M2PQ9X 请"] {
        assert_eq!(code(text), None, "{text}");
    }
}

#[test]
fn what_was_meant_for_a_code_is_told_from_words() {
    for text in ["K7M2PQ9O", "K7M2PQ9", "K7M2PQ9XXX", "１２３４５６", "code ABCDEFGH", "配对码：K7M2-PQ9"] {
        assert!(is_like_a_code(text), "{text}");
    }
    for text in ["hello", "ABCDEFGH", "code review", "配对码在哪里看", "12345", "", "修复 3 个测试"] {
        assert!(!is_like_a_code(text), "{text}");
    }
}

#[test]
fn every_command_has_its_usage_and_its_names_are_its_own() {
    let mut seen = std::collections::HashSet::new();
    for (_, names, (english, chinese)) in VERBS {
        let command = format!("/{}", names[0]);
        assert!(english.starts_with(&command) && chinese.starts_with(&command), "{english} {chinese}");
        for name in *names {
            assert!(seen.insert(*name) && fold::folded(name) == **name, "{name}");
        }
    }
}

#[test]
fn the_help_names_every_command_in_both_languages() {
    for language in [Language::English, Language::Chinese] {
        let help: String = help(language).into_iter().map(|(_, rows)| rows).collect();
        for name in [
            "new", "list", "switch", "close", "stop", "progress", "mode", "approve", "deny", "file", "tail",
            "worktree", "pause", "unpause", "resume", "fork", "queue", "help",
        ] {
            assert!(help.contains(&format!("/{name}")), "{name}");
        }
    }
    assert_eq!(help(Language::Chinese)[0].0, "会话");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_fail(text in "\\PC*", prefix in "(/new |/deny |/close |/file |)") {
        let _ = read(&format!("{prefix}{text}"), Language::Chinese);
    }
}
