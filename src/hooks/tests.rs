//! Hooks in Python, good ones and bad ones, asked as the engine asks.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use tokio::sync::mpsc;

use super::keeper::Keeper;
use crate::config;
use crate::core::hook::HookDid;
use crate::core::hook::HookState;
use crate::core::hook::OnFailure;
use crate::core::ids::SessionId;
use crate::core::ids::TurnId;
use crate::engine::hooks::Aftermath;
use crate::engine::hooks::Call;
use crate::engine::hooks::Finished;
use crate::engine::hooks::Hooks as _;
use crate::engine::hooks::Meta;
use crate::engine::hooks::Outgoing;
use crate::engine::hooks::Permission;
use crate::engine::hooks::Point;
use crate::engine::hooks::PromptWord;
use crate::engine::hooks::Reply;
use crate::engine::hooks::Verdict;
use crate::engine::hooks::Word;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hooks")
}

fn keeper(toml: &str) -> Arc<Keeper> {
    let config = config::parse(toml).unwrap();
    Keeper::start(&config.hooks, &folder(), None)
}

/// A table of a hook in Python, with more lines.
fn hook(name: &str, script: &str, modes: &str, more: &str) -> String {
    format!("[[hooks]]\nname = \"{name}\"\ncommand = [\"python3\", \"{script}\"]\nmodes = {modes}\n{more}\n")
}

fn hostile(way: &str, more: &str) -> String {
    let env = format!("env = {{ WAY = \"{way}\", N = \"1000\" }}\n{more}");
    hook("bad", "hostile.py", "[\"tool\", \"approve\", \"llm\"]", &env)
}

fn call(session: u32, tool: &str, input: Value) -> Call {
    let meta = Meta { session: SessionId(session), turn: TurnId(1), directory: "/w".into(), ..Meta::default() };
    Call { meta, tool: tool.into(), input }
}

fn bash(command: &str) -> Call {
    call(1, "Bash", json!({ "command": command }))
}

fn slow() -> mpsc::Sender<String> {
    mpsc::channel(1).0
}

async fn before(keeper: &Keeper, call: Call) -> Reply<Verdict> {
    keeper.before_call(call, slow()).await
}

async fn permission(keeper: &Keeper, call: Call) -> Word {
    let request = Permission { call, reason: None, suggestions: Vec::new(), risk: Vec::new() };
    keeper.permission(request, slow()).await.outcome
}

fn changed(command: &str) -> Verdict {
    Verdict::Pass(Some(json!({ "command": command })))
}

#[tokio::test]
async fn a_review_gate_refuses_changes_and_leaves_alone() {
    let keeper = keeper(&hook("gate", "gate.py", "[\"tool\", \"approve\"]", "env = { LEVEL = \"strict\" }"));
    assert_eq!(keeper.up("gate").await.map(|pid| pid > 0), Ok(true));
    assert_eq!(before(&keeper, bash("ls")).await, Reply { marks: Vec::new(), outcome: Verdict::Pass(None) });
    let refused = before(&keeper, bash("git push --force")).await;
    assert_eq!(refused.outcome, Verdict::Deny { hook: "gate".into(), reason: "no force here".into() });
    let other = before(&keeper, bash("rm x")).await;
    assert_eq!(other.outcome, changed("trash x"));
    assert_eq!(
        other.marks[0].did,
        HookDid::Changed { from: json!({ "command": "rm x" }), to: json!({ "command": "trash x" }) }
    );
    assert!(matches!(before(&keeper, bash("EVIL")).await.outcome, Verdict::Abort(abort) if !abort.hard));
    assert_eq!(permission(&keeper, bash("ls")).await, Word::NoObjection, "approved is no more than no objection");
    let write = call(1, "Write", json!({}));
    assert!(matches!(permission(&keeper, write).await, Word::Denied { .. }));
    let status = &keeper.statuses()[0];
    assert_eq!((status.calls, status.failures), (6, 0));
    assert!(status.p50_ms.is_some() && matches!(status.state, HookState::Up { .. }));
    keeper.stop().await;
    assert_eq!(keeper.statuses()[0].state, HookState::Stopped);
}

#[tokio::test]
async fn the_second_hook_sees_what_the_first_one_made_of_it() {
    let first = hook("first", "hostile.py", "[\"tool\"]", "order = 2");
    let gate = hook("gate", "gate.py", "[\"tool\"]", "order = 1\ntools = [\"Ba*\"]");
    let keeper = keeper(&format!("{first}{gate}"));
    let reply = before(&keeper, bash("rm x")).await;
    assert_eq!(reply.outcome, Verdict::Pass(Some(json!({ "command": "trash x", "seen": true }))));
    let by: Vec<&str> = reply.marks.iter().map(|mark| mark.hook.as_str()).collect();
    assert_eq!(by, ["gate", "first"]);
    assert!(matches!(&reply.marks[1].did, HookDid::Changed { from, .. } if from["command"] == "trash x"));
    // A refusal of the first is the end of it.
    assert_eq!(before(&keeper, bash("push --force")).await.marks.len(), 1);
    let other = before(&keeper, call(1, "Read", json!({ "command": "rm x" }))).await;
    assert_eq!(other.marks.len(), 1, "the gate is asked about other tools only");
    assert!(keeper.wants(Point::BeforeCall, None, Some("Read")) && !keeper.wants(Point::Permission, None, None));
    keeper.stop().await;
}

#[tokio::test]
async fn whatever_goes_wrong_asks_or_denies_and_never_allows() {
    for way in
        ["hang", "garbage", "long", "exit", "unknown", "error", "nonsense", "other tool", "deaf", "hello never", "late"]
    {
        for (on_failure, then) in [("ask", OnFailure::Ask), ("deny", OnFailure::Deny)] {
            let more = format!("timeout_ms = 400\non_failure = \"{on_failure}\"\nmay_allow = true");
            let keeper = keeper(&hostile(way, &more));
            if !["deaf", "hello never"].contains(&way) {
                keeper.up("bad").await.unwrap();
            }
            let begun = Instant::now();
            let reply = before(&keeper, bash("ls")).await;
            let is_right = matches!(
                (&reply.outcome, then),
                (Verdict::Ask { changed: None, .. }, OnFailure::Ask) | (Verdict::Deny { .. }, OnFailure::Deny)
            );
            assert!(is_right, "{way} {on_failure}: {reply:?}");
            assert!(matches!(&reply.marks[0].did, HookDid::Failed { then: told, .. } if *told == then), "{way}");
            let word = permission(&keeper, bash("ls")).await;
            let is_right =
                matches!((&word, then), (Word::Ask { .. }, OnFailure::Ask) | (Word::Denied { .. }, OnFailure::Deny));
            assert!(is_right, "{way} {on_failure}: {word:?}");
            assert!(begun.elapsed() < Duration::from_secs(3), "{way}: nobody waits longer than the configuration says");
            assert_eq!(keeper.statuses()[0].failures, 2, "{way}");
            keeper.stop().await;
        }
    }
}

#[tokio::test]
async fn a_prompt_that_could_not_be_looked_at_is_held_and_a_result_is_kept_or_ends_the_turn() {
    for (on_failure, then) in [("ask", OnFailure::Ask), ("deny", OnFailure::Deny)] {
        let keeper = keeper(&hostile("error", &format!("on_failure = \"{on_failure}\"")));
        let prompt = Outgoing { meta: Meta::default(), text: "hello".into() };
        let word = keeper.before_prompt(prompt, slow()).await.outcome;
        assert!(matches!(word, PromptWord::Hold { then: told, .. } if told == then), "{word:?}");
        let finished = Finished { call: bash("ls"), result: "x".into(), is_error: false, duration_ns: 1 };
        match (keeper.after_call(finished, slow()).await.outcome, then) {
            (Aftermath::Keep, OnFailure::Ask) | (Aftermath::Abort(_), OnFailure::Deny) => {}
            (other, _) => panic!("{on_failure}: {other:?}"),
        }
        keeper.stop().await;
    }
}

#[tokio::test]
async fn a_failure_that_asks_does_not_keep_a_later_hook_from_refusing() {
    let bad = hostile("error", "order = 1");
    let gate = hook("gate", "gate.py", "[\"tool\", \"approve\"]", "order = 2\nmay_allow = true");
    let keeper = keeper(&format!("{bad}{gate}"));
    assert!(matches!(before(&keeper, bash("push --force")).await.outcome, Verdict::Deny { .. }));
    let changed = before(&keeper, bash("rm x")).await.outcome;
    assert!(matches!(changed, Verdict::Ask { changed: Some(input), .. } if input["command"] == "trash x"));
    // An approval does not outweigh that another could not look at it.
    assert!(matches!(permission(&keeper, bash("ls")).await, Word::Ask { .. }));
    keeper.stop().await;
}

#[tokio::test]
async fn only_a_hook_that_may_allow_allows() {
    for (may, word) in [("true", Word::Allowed { hook: "gate".into() }), ("false", Word::NoObjection)] {
        let keeper = keeper(&hook("gate", "gate.py", "[\"approve\"]", &format!("may_allow = {may}")));
        assert_eq!(permission(&keeper, bash("ls")).await, word);
        keeper.stop().await;
    }
}

#[tokio::test]
async fn an_answer_that_comes_twice_or_with_the_last_breath_counts_once() {
    let keeper = keeper(&hostile("twice", ""));
    for _ in 0..20 {
        let reply = before(&keeper, bash("ls")).await;
        assert_eq!(reply.outcome, Verdict::Pass(Some(json!({ "command": "ls", "seen": true }))));
    }
    keeper.stop().await;
    let keeper = self::keeper(&hostile("answer and exit", ""));
    assert!(matches!(before(&keeper, bash("ls")).await.outcome, Verdict::Pass(Some(_))));
    keeper.stop().await;
    let keeper = self::keeper(&hostile("print first", ""));
    assert!(matches!(before(&keeper, bash("ls")).await.outcome, Verdict::Pass(Some(_))));
    keeper.stop().await;
}

#[tokio::test]
async fn a_hook_that_ended_is_started_again_and_open_calls_fail_at_once() {
    let keeper = keeper(&hostile("exit", "timeout_ms = 60000"));
    let mut news = keeper.news();
    let first = keeper.up("bad").await.unwrap();
    let begun = Instant::now();
    let calls: Vec<_> = (0..8).map(|_| before(&keeper, bash("ls"))).collect();
    for reply in futures_util::future::join_all(calls).await {
        assert!(matches!(reply.outcome, Verdict::Ask { .. }), "{reply:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(news.recv().await.unwrap().notice.text.contains("exit code 3"));
    keeper.restart("bad").unwrap();
    let mut second = keeper.up("bad").await;
    while second.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        second = keeper.up("bad").await;
    }
    assert_ne!(second, Ok(first));
    assert!(keeper.restart("badd").unwrap_err().contains("did you mean “bad”"));
    keeper.stop().await;
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let of = |way: &str| hostile(way, "");
    let missing = "[[hooks]]\nname = \"bad\"\ncommand = [\"/no/such/program\"]\nmodes = [\"tool\"]\n".to_owned();
    for (toml, part) in [
        (of("exit at once"), "no such module"),
        (of("hello no"), "\"ok\": true"),
        (of("hello error"), "not today"),
        (missing, "/no/such/program could not be started"),
    ] {
        let keeper = keeper(&toml);
        let why = keeper.up("bad").await.unwrap_err();
        assert!(why.contains(part) && !why.contains('\u{7}'), "{why}");
        keeper.stop().await;
    }
}

#[tokio::test]
async fn a_thousand_calls_of_many_sessions_are_not_mixed_up() {
    let keeper = keeper(&hostile("shuffle", "timeout_ms = 60000"));
    keeper.up("bad").await.unwrap();
    let calls = (0..1000_u32).map(|n| {
        let keeper = Arc::clone(&keeper);
        tokio::spawn(async move {
            let reply = before(&keeper, call(n % 32, "Bash", json!({ "command": format!("echo {n}"), "n": n }))).await;
            (n, reply)
        })
    });
    for done in futures_util::future::join_all(calls).await {
        let (n, reply) = done.unwrap();
        let expected = json!({ "command": format!("echo {n}"), "n": n, "seen": true });
        assert_eq!(reply.outcome, Verdict::Pass(Some(expected)));
        assert_eq!(reply.marks.len(), 1);
    }
    assert_eq!((keeper.statuses()[0].calls, keeper.statuses()[0].failures), (1000, 0));
    keeper.stop().await;
}

#[tokio::test]
async fn a_slow_hook_is_named_and_delays_only_what_waits_for_it() {
    let keeper = keeper(&format!(
        "{}{}",
        hostile("hang", "timeout_ms = 1500\ntools = [\"Bash\"]"),
        hook("gate", "gate.py", "[\"tool\"]", "")
    ));
    keeper.up("bad").await.unwrap();
    keeper.up("gate").await.unwrap();
    let (slow, mut named) = mpsc::channel(4);
    let asked = tokio::spawn(keeper.before_call(bash("ls"), slow));
    let begun = Instant::now();
    let other = before(&keeper, call(2, "Read", json!({}))).await;
    assert_eq!(other.outcome, Verdict::Pass(None));
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(named.recv().await.as_deref(), Some("bad"));
    assert!(matches!(asked.await.unwrap().outcome, Verdict::Ask { .. }));
    keeper.stop().await;
}

#[tokio::test]
async fn a_hook_has_a_small_environment_and_the_folder_of_the_configuration() {
    let script = "import json,os,sys\nfor l in sys.stdin:\n m=json.loads(l)\n r={'ok':True} if m['method']=='hook.hello' \
                  else {'action':'respond','result':{'for_llm':json.dumps([sorted(os.environ),os.getcwd()])}}\n \
                  print(json.dumps({'id':m['id'],'result':r}),flush=True)\n";
    let toml = format!(
        "[[hooks]]\nname = \"env\"\ncommand = [\"python3\", \"-c\", {script:?}]\nmodes = [\"tool\"]\nmay_respond = true\nenv = {{ MINE = \"1\" }}\n"
    );
    let keeper = keeper(&toml);
    let Verdict::Respond { text, .. } = before(&keeper, bash("ls")).await.outcome else { panic!("it responds") };
    let told: Value = serde_json::from_str(&text).unwrap();
    let names = told[0].as_array().unwrap().iter().filter_map(Value::as_str);
    // What a shell in front of the interpreter sets is its own.
    let names: Vec<&str> = names.filter(|name| !name.contains("PYENV")).collect();
    let known = ["HOME", "LANG", "LC_CTYPE", "MINE", "PATH", "PWD", "SHLVL", "TMPDIR", "_"];
    assert!(names.contains(&"MINE") && names.iter().all(|name| known.contains(name)), "{names:?}");
    assert_eq!(told[1].as_str().map(Path::new), Some(folder().as_path()));
    keeper.stop().await;
}
