//! From the phone to the tool and back: the real program with a stand-in for Feishu, and the real CLI.

use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::support::api::Api;
use crate::support::api::text;
use crate::support::api::tool;
use crate::support::feishu::APP_ID;
use crate::support::feishu::APP_SECRET;
use crate::support::feishu::Ack;
use crate::support::feishu::Feishu;
use crate::support::feishu::Taken;
use crate::support::feishu::USER;
use crate::support::feishu::pushes::message;
use crate::support::feishu::pushes::press;
use crate::support::rig::environment;

/// A machine with a runner, and a phone.
pub(super) struct Desk {
    pub(super) folder: TempDir,
    pub(super) feishu: Feishu,
    runner: Child,
}

impl Desk {
    pub(super) async fn start(command: &[String], api: Option<&Api>) -> Self {
        Self::with(command, api, "").await
    }

    /// With more lines in `[relay.feishu]`.
    pub(super) async fn with(command: &[String], api: Option<&Api>, more: &str) -> Self {
        let feishu = Feishu::start().await;
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "data", "project"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let secret = folder.path().join("secret");
        std::fs::write(&secret, APP_SECRET).unwrap();
        std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let env: Vec<String> = environment(&folder.path().join("home"), api)
            .iter()
            .map(|(name, value)| format!("{name} = {}", Value::from(value.as_str())))
            .collect();
        let config = format!(
            "[claude]\ncommand = {}\ndefault_profile = \"test\"\n[profiles.test.env]\n{}\n[relay.feishu]\nenabled = true\n\
             app_id = \"{APP_ID}\"\napp_secret_file = {}\nbase_url = \"{}\"\nallowed_open_ids = [\"{USER}\", \"ou_other\"]\n\
             roots = [{}]\npresence = \"always\"\n{more}",
            Value::from(command.to_vec()),
            env.join("\n"),
            Value::from(secret.to_str().unwrap()),
            feishu.url,
            Value::from(folder.path().to_str().unwrap()),
        );
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        let runner = adjutant(&folder, &["serve"]).stdout(Stdio::null()).spawn().unwrap();
        let desk = Self { folder, feishu, runner };
        desk.feishu.connected(1).await;
        desk
    }

    pub(super) fn says(&self, id: &str, text: &str) -> u64 {
        let mut payload = message(id, text);
        payload["event"]["message"]["create_time"] = jiff::Timestamp::now().as_millisecond().to_string().into();
        self.feishu.push(&payload)
    }

    /// The first message that has this in it.
    pub(super) async fn sees(&self, what: &str) -> Taken {
        self.feishu
            .until(what, |state| state.taken.iter().find(|taken| taken.content.to_string().contains(what)).cloned())
            .await
    }

    /// The card that asks, and what its button of this act carries; not the one for the other person.
    pub(super) async fn asked(&self, act: &str) -> (Taken, Value) {
        self.feishu
            .until("a card that asks", |state| {
                let value = |taken: &Taken| find(&taken.content, act).map(|value| (taken.clone(), value));
                state.taken.iter().filter(|taken| taken.chat_id != "oc_of_ou_other").find_map(value)
            })
            .await
    }

    pub(super) async fn presses(&self, card: &Taken, value: &Value) -> Ack {
        loop {
            let number = self.feishu.push(&press(&card.message_id, value));
            let ack = self.feishu.ack(number).await;
            // No finger is as fast as this test.
            if !ack.data.as_ref().is_some_and(|data| data.to_string().contains("still being sent")) {
                return ack;
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let stopped = adjutant(&self.folder, &["stop"]).stdout(Stdio::null()).status();
        let _ = self.runner.wait();
        assert!(std::thread::panicking() || stopped.is_ok_and(|status| status.success()), "the runner ends");
        assert!(std::thread::panicking() || self.feishu.complaints().is_empty(), "{:#?}", self.feishu.complaints());
    }
}

pub(super) fn adjutant(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_adjutant"));
    command.args(arguments).current_dir(folder.path()).env("HOME", folder.path().join("home"));
    command.env("ADJUTANT_CONFIG", folder.path().join("config.toml"));
    command.env("ADJUTANT_DATA_DIR", folder.path().join("data"));
    command
}

/// What the button of this act carries, wherever it stands on the card.
pub(super) fn find(card: &Value, act: &str) -> Option<Value> {
    match card {
        Value::Object(fields) if fields.get("act").is_some_and(|found| found == act) => Some(card.clone()),
        Value::Object(fields) => fields.values().find_map(|value| find(value, act)),
        Value::Array(values) => values.iter().find_map(|value| find(value, act)),
        _ => None,
    }
}

pub(super) fn stand_in(script: &str) -> (Vec<String>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    std::fs::write(&path, script).unwrap();
    (vec![env!("CARGO_BIN_EXE_adjutant").into(), "__stand-in".into(), path.display().to_string()], folder)
}

pub(super) const ASKS: &str = r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "touch made"}, "result": "made it", "allowed": [{"say": "it-was-allowed"}], "denied": [{"say": "it-was-denied"}]}}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_a_press_and_the_answer() {
    let (command, _script) = stand_in(ASKS);
    let desk = Desk::start(&command, None).await;
    let number = desk.says("om_1", "/new project make it");
    assert_eq!(desk.feishu.ack(number).await.code, 200);
    let (card, value) = desk.asked("allow").await;
    let ack = desk.presses(&card, &value).await;
    let data = ack.data.unwrap();
    assert_eq!(data["toast"]["type"], "success");
    assert_eq!(find(&data["card"], "allow"), None, "nothing can be pressed any more");
    desk.sees("it-was-allowed").await;
    desk.feishu
        .until("the card's last state", |state| {
            let now = state.taken.iter().find(|taken| taken.message_id == card.message_id)?;
            now.content.to_string().contains("allowed once by").then_some(())
        })
        .await;
    let late = desk.presses(&card, &value).await;
    assert!(late.data.unwrap()["toast"]["content"].as_str().unwrap().contains("Already"));
    // What the audit log says of it.
    let audit = adjutant(&desk.folder, &["audit", "search", "--who", "phone", "--json"]).output().unwrap();
    let audit = String::from_utf8_lossy(&audit.stdout).into_owned();
    assert!(audit.contains("\"kind\":\"command\"") && audit.contains("\"text\":\"/new project make it\""), "{audit}");
    assert!(audit.contains("\"kind\":\"decided\"") && audit.contains("\"kind\":\"prompt\""), "{audit}");
    // The steps that a person would try when setting it up.
    let test = adjutant(&desk.folder, &["relay", "test"]).stdout(Stdio::piped()).spawn().unwrap();
    let (card, value) = desk.asked("test").await;
    assert_eq!(desk.presses(&card, &value).await.data.unwrap()["toast"]["type"], "success");
    let test = test.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&test.stdout).into_owned();
    assert!(test.status.success() && said.contains("✓ the press arrived"), "{said}");
    let relay = adjutant(&desk.folder, &["relay"]).output().unwrap();
    assert!(String::from_utf8_lossy(&relay.stdout).contains("Feishu: connected since"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_cli_does_what_the_phone_allows() {
    for cli in crate::support::cli::all() {
        eprintln!("with {}", cli.display());
        let api = Api::start(&[]).await;
        let made: PathBuf = PathBuf::from("made.txt");
        api.script(
            "make it",
            vec![
                tool("Bash", json!({ "command": format!("touch {}", made.display()), "description": "make" })),
                text("all done here"),
            ],
        );
        let desk = Desk::start(&[cli.display().to_string()], Some(&api)).await;
        desk.says("om_1", "/new project make it");
        let (card, value) = desk.asked("allow").await;
        assert!(card.content.to_string().contains("touch made.txt"), "{}", card.content);
        assert_eq!(desk.presses(&card, &value).await.data.unwrap()["toast"]["type"], "success");
        desk.sees("all done here").await;
        assert!(desk.folder.path().join("project").join(&made).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_killed_closes_the_card_when_it_is_back() {
    let (command, _script) = stand_in(ASKS);
    let mut desk = Desk::start(&command, None).await;
    desk.says("om_1", "/new project make it");
    let (card, value) = desk.asked("allow").await;
    desk.runner.kill().unwrap();
    desk.runner.wait().unwrap();
    desk.runner = adjutant(&desk.folder, &["serve"]).stdout(Stdio::null()).spawn().unwrap();
    desk.feishu.connected(2).await;
    desk.feishu
        .until("the card to be closed", |state| {
            let now = state.taken.iter().find(|taken| taken.message_id == card.message_id)?;
            (now.n_changes > 0 && find(&now.content, "allow").is_none()).then_some(())
        })
        .await;
    let late = desk.presses(&card, &value).await;
    assert_ne!(late.data.unwrap()["toast"]["type"], "success");
    desk.says("om_2", "/list");
    desk.sees("make it · ").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_the_relay_from_starting_is_said() {
    let (command, _script) = stand_in(ASKS);
    let desk = Desk::start(&command, None).await;
    std::fs::set_permissions(desk.folder.path().join("secret"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    let other = desk.folder.path().join("other");
    let second = |folder: &TempDir| {
        let mut command = adjutant(folder, &["serve"]);
        command.env("ADJUTANT_DATA_DIR", &other).stdout(Stdio::null());
        command.spawn().unwrap()
    };
    let mut runner = second(&desk.folder);
    let said = loop {
        let mut command = adjutant(&desk.folder, &["relay"]);
        let said = command.env("ADJUTANT_DATA_DIR", &other).output().unwrap();
        if said.status.success() {
            break String::from_utf8_lossy(&said.stdout).into_owned();
        }
        assert!(runner.try_wait().unwrap().is_none());
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(said.contains("chmod 600"), "{said}");
    let stopped = adjutant(&desk.folder, &["stop"]).env("ADJUTANT_DATA_DIR", &other).status().unwrap();
    assert!(stopped.success());
    runner.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_looks_at_the_relay_through_the_runner_and_without_one_by_itself() {
    let (command, _script) = stand_in("");
    let mut desk = Desk::start(&command, None).await;
    let connections = || desk.feishu.until("connections", |state| Some(state.n_connections));
    let before = connections().await;
    let look = |desk: &Desk| {
        let mut doctor = adjutant(&desk.folder, &["doctor"]);
        tokio::task::spawn_blocking(move || String::from_utf8(doctor.output().unwrap().stdout).unwrap())
    };
    let told = look(&desk).await.unwrap();
    assert!(told.contains("✓ Feishu: the bot") && told.contains("✓ Feishu: connection"), "{told}");
    assert!(told.contains("✓ runner: at work"), "{told}");
    assert_eq!(connections().await, before, "a second connection would take pushes away");
    assert!(!told.contains(APP_SECRET), "{told}");

    desk.runner.kill().unwrap();
    desk.runner.wait().unwrap();
    let told = look(&desk).await.unwrap();
    assert!(told.contains("· runner: not at work") && told.contains("✓ Feishu: signs of life"), "{told}");

    std::fs::write(desk.folder.path().join("secret"), "wrong").unwrap();
    let told = look(&desk).await.unwrap();
    assert!(told.contains("✗ Feishu: app id and app secret") && told.contains("· Feishu: the bot"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_runner_of_the_same_app_says_so_waits_and_takes_over() {
    let (command, _script) = stand_in(ASKS);
    let mut desk = Desk::start(&command, None).await;
    let other = desk.folder.path().join("other");
    let of_other = |arguments: &[&str]| {
        let mut command = adjutant(&desk.folder, arguments);
        command.env("ADJUTANT_DATA_DIR", &other);
        command
    };
    let mut second = of_other(&["serve"]).stdout(Stdio::null()).spawn().unwrap();
    let status = async |what: &str| loop {
        let output = of_other(&["relay"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if said.contains(what) {
            return said;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let wait = Duration::from_mins(1);
    let said = tokio::time::timeout(wait, status("another runner")).await.expect("it says why it does nothing");
    assert!(said.contains(APP_ID) && said.contains("takes over when that one ends"), "{said}");
    // It looks every two seconds, and leaves the app alone as long as it is taken.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(desk.feishu.with(|state| state.n_connections), 1);
    desk.says("om_1", "/list");
    desk.sees("There is no session").await;
    // Killed or ended in order, it is the same: the lock goes with the process.
    desk.runner.kill().unwrap();
    desk.runner.wait().unwrap();
    desk.feishu.connected(2).await;
    tokio::time::timeout(wait, status("connected since")).await.expect("it has taken over");
    desk.says("om_2", "/new project make it");
    desk.asked("allow").await;
    // And the first one, back again, waits for the second.
    desk.runner = adjutant(&desk.folder, &["serve"]).stdout(Stdio::null()).spawn().unwrap();
    let first = async {
        loop {
            let output = adjutant(&desk.folder, &["relay"]).output().unwrap();
            if String::from_utf8_lossy(&output.stdout).contains("another runner") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(wait, first).await.expect("now it is the first that waits");
    assert!(of_other(&["stop"]).stdout(Stdio::null()).status().unwrap().success());
    second.wait().unwrap();
    desk.feishu.connected(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_killed_again_and_again_answers_each_message_once() {
    const N_KILLS: usize = 8;
    const N_MESSAGES: usize = 64;
    let seed =
        std::env::var("ADJUTANT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    eprintln!("ADJUTANT_SEED={seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let (command, _script) = stand_in(ASKS);
    let mut desk = Desk::start(&command, None).await;
    let text = |nth: usize| format!("/switch {}", 1_000 + nth);
    let answer = |nth: usize| format!("There is no session {};", 1_000 + nth);
    let mut pushes: Vec<Option<u64>> = vec![None; N_MESSAGES];
    let is_done = |desk: &Desk, push: Option<u64>| {
        let code = |number| desk.feishu.with(|state| state.pushed[&number].ack.as_ref().map(|ack| ack.code));
        push.and_then(code) == Some(200)
    };
    for round in 0..=N_KILLS {
        let n_connected = desk.feishu.with(|state| state.n_connections);
        desk.feishu.connected(n_connected).await;
        // Those that are new, and those that were not acknowledged.
        let n_said = (round + 1) * N_MESSAGES / (N_KILLS + 1);
        for (nth, push) in pushes.iter_mut().enumerate().take(n_said) {
            if !is_done(&desk, *push) {
                let mut payload = message(&format!("om_{nth}"), &text(nth));
                payload["event"]["message"]["create_time"] = jiff::Timestamp::now().as_millisecond().to_string().into();
                *push = desk.feishu.try_push(&payload);
            }
        }
        if round < N_KILLS {
            tokio::time::sleep(Duration::from_micros(rng.u64(..30_000))).await;
            desk.runner.kill().unwrap();
            desk.runner.wait().unwrap();
            desk.runner = adjutant(&desk.folder, &["serve"]).stdout(Stdio::null()).spawn().unwrap();
            desk.feishu.connected(n_connected + 1).await;
        }
    }
    // The last round was not killed: all are acknowledged, and what was promised is sent.
    for (nth, push) in pushes.iter().enumerate() {
        if !is_done(&desk, *push) {
            let again = desk.says(&format!("om_{nth}"), &text(nth));
            assert_eq!(desk.feishu.ack(again).await.code, 200);
        }
    }
    desk.says("om_last", "/switch 9999");
    desk.sees("There is no session 9999;").await;
    let taken = desk.feishu.taken();
    let times = |nth: usize| taken.iter().filter(|taken| taken.content.to_string().contains(&answer(nth))).count();
    let n_times: Vec<usize> = (0..N_MESSAGES).map(times).collect();
    assert!(n_times.iter().all(|times| *times == 1), "one was not answered once: {n_times:?}");
}

/// What a message asks for comes about once, wherever the runner is killed: the session, its owner and its prompt.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_killed_while_a_session_is_opened_opens_it_and_sends_its_prompt_once() {
    const N: u32 = 12;
    let seed =
        std::env::var("ADJUTANT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    eprintln!("ADJUTANT_SEED={seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let (command, _script) = stand_in(&vec![r#"{"turn": [{"say": "heard"}]}"#; 40 * N as usize].join("\n"));
    let mut desk = Desk::start(&command, None).await;
    for nth in 0..N {
        let n_connected = desk.feishu.with(|state| state.n_connections);
        let id = format!("om_{nth}");
        let push = desk.says(&id, &format!("/new project prompt number {nth}."));
        tokio::time::sleep(Duration::from_micros(rng.u64(..60_000))).await;
        desk.runner.kill().unwrap();
        desk.runner.wait().unwrap();
        desk.runner = adjutant(&desk.folder, &["serve"]).stdout(Stdio::null()).spawn().unwrap();
        desk.feishu.connected(n_connected + 1).await;
        let is_acknowledged = desk.feishu.with(|state| state.pushed[&push].ack.is_some());
        if !is_acknowledged {
            let again = desk.says(&id, &format!("/new project prompt number {nth}."));
            assert_eq!(desk.feishu.ack(again).await.code, 200);
        }
    }
    let store = rusqlite::Connection::open(desk.folder.path().join("data/adjutant.db")).unwrap();
    let n_events = |like: String| -> u32 {
        store.query_row("SELECT count(*) FROM events WHERE body LIKE ?1", [like], |row| row.get(0)).unwrap()
    };
    // What was in the queue when the runner was killed waits there; it was taken in all the same.
    let n_sent = |nth: u32| n_events(format!("%PromptSent%prompt number {nth}.%"));
    let n_queued = |nth: u32| n_events(format!("%QueueChanged%prompt number {nth}.%"));
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !(0..N).all(|nth| n_sent(nth) + n_queued(nth) > 0) && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let times: Vec<(u32, u32)> = (0..N).map(|nth| (n_queued(nth), n_sent(nth))).collect();
    assert!(times.iter().all(|(queued, sent)| *queued <= 1 && *sent <= 1 && queued + sent > 0), "{times:?}");
    assert_eq!(n_events("%\"Opened\"%".into()), N, "each session is opened once");
    // Each belongs to whoever asked for it.
    let ledger = rusqlite::Connection::open(desk.folder.path().join("data/relay.db")).unwrap();
    let n_owned: u32 = ledger.query_row("SELECT count(*) FROM owners", [], |row| row.get(0)).unwrap();
    assert_eq!(n_owned, N);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_from_the_moment_that_it_is_said_to_and_over_a_restart() {
    let (command, _script) = stand_in("");
    let mut desk = Desk::start(&command, None).await;
    let said =
        |arguments: &[&str]| String::from_utf8(adjutant(&desk.folder, arguments).output().unwrap().stdout).unwrap();
    for _ in 0..5 {
        assert!(said(&["relay", "pause"]).starts_with("Paused"));
        assert!(said(&["relay"]).contains(", paused"));
        assert!(said(&["doctor"]).contains("adjutant relay resume"));
        assert!(said(&["relay", "resume"]).contains("goes on"));
        assert!(!said(&["relay"]).contains(", paused"));
    }
    assert!(said(&["relay", "pause"]).starts_with("Paused"));
    desk.runner.kill().unwrap();
    desk.runner.wait().unwrap();
    desk.runner = adjutant(&desk.folder, &["serve"]).stdout(Stdio::null()).spawn().unwrap();
    desk.feishu.connected(2).await;
    let said =
        |arguments: &[&str]| String::from_utf8(adjutant(&desk.folder, arguments).output().unwrap().stdout).unwrap();
    assert!(said(&["relay"]).contains(", paused"));
    desk.says("om_1", "/list");
    assert!(said(&["relay", "resume"]).contains("goes on"));
    desk.says("om_2", "/list");
    desk.sees("There is no session").await;
    assert_eq!(desk.feishu.taken().len(), 1, "what came while it was paused does not count");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pairing_code_is_good_for_as_long_as_it_is_shown() {
    use std::io::BufRead as _;
    let (command, _script) = stand_in("");
    let desk = Desk::start(&command, None).await;
    let mut pair =
        adjutant(&desk.folder, &["relay", "pair"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = std::io::BufReader::new(pair.stdout.take().unwrap()).lines();
    let code = loop {
        let line = lines.next().expect("a code").unwrap();
        let word = line.trim();
        if word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            break word.to_owned();
        }
    };
    let pid = pair.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert!(!pair.wait().unwrap().success());
    let mut push = message("om_1", &code);
    push["event"]["sender"]["sender_id"]["open_id"] = "ou_new".into();
    push["event"]["message"]["chat_id"] = "oc_of_ou_new".into();
    push["event"]["message"]["create_time"] = jiff::Timestamp::now().as_millisecond().to_string().into();
    let number = desk.feishu.push(&push);
    assert_eq!(desk.feishu.ack(number).await.code, 200);
    desk.sees("This code is not valid").await;
    let forgotten = adjutant(&desk.folder, &["relay", "unpair"]).output().unwrap();
    assert!(String::from_utf8_lossy(&forgotten.stdout).starts_with("0 people who were paired are forgotten; 2 of"));
}
