//! What a person feels who answers from the phone: a press to what the phone shows, to the CLI's input, and what the
//! relay costs. The whole relay, against a stand-in for Feishu on loopback.

use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::now_us;
use crate::report;
use crate::support::feishu::APP_ID;
use crate::support::feishu::APP_SECRET;
use crate::support::feishu::Feishu;
use crate::support::feishu::USER;
use crate::support::feishu::pushes;
use crate::support::stage::Stage;
use crate::support::stage::button;
use crate::support::stage::person;
use crate::support::stage::pressed;
use crate::support::stage::said;
use crate::wait_for_answer;

const N_AT_ONCE: usize = 100;
const N_EVENTS: usize = 1_000;

pub(crate) fn measure() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        presses_at_once().await;
        events_at_once().await;
        press_to_cli().await;
        memory().await;
    });
}

/// A hundred people press at the same moment, each on a card of their own.
async fn presses_at_once() {
    let stage = Stage::start(N_AT_ONCE).await;
    for at in 0..N_AT_ONCE {
        stage.feishu.push(&said(at, &format!("om_ask{at}"), &format!("ask {at}")));
        // As fast as Feishu takes the cards.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stage.settled().await;
    let cards: Vec<(usize, String, Value)> = stage.feishu.with(|state| {
        let card = |taken: &crate::support::feishu::Taken| {
            let at = (0..N_AT_ONCE).find(|at| person(*at).1 == taken.chat_id)?;
            Some((at, taken.message_id.clone(), button(&taken.content, "allow")?))
        };
        state.taken.iter().filter_map(card).collect()
    });
    assert_eq!(cards.len(), N_AT_ONCE, "everybody has a card");
    let presses: Vec<Value> = cards.iter().map(|(at, card, value)| pressed(*at, card, value)).collect();
    let numbers: Vec<u64> = presses.iter().map(|press| stage.feishu.push(press)).collect();
    let mut times = Vec::new();
    for number in numbers {
        let ack = stage.feishu.ack(number).await;
        assert_eq!(ack.data.unwrap()["toast"]["type"], "success");
        times.push(ack.after);
    }
    report("from the press to the phone's answer, 100 at once", times, "50/500 ms");
}

async fn events_at_once() {
    let stage = Stage::start(20).await;
    stage.settled().await;
    let payloads: Vec<Value> =
        (0..N_EVENTS).map(|nth| said(nth % 20, &format!("om_m{nth}"), &format!("do m{nth}"))).collect();
    let numbers: Vec<u64> = payloads.iter().map(|payload| stage.feishu.push(payload)).collect();
    let mut times = Vec::new();
    for number in numbers {
        let ack = stage.feishu.ack(number).await;
        assert_eq!(ack.code, 200);
        times.push(ack.after);
    }
    report("from a message to its acknowledgement, 1,000 at once", times, "3000 ms");
}

/// The real program with this one as its CLI.
struct Runner {
    folder: tempfile::TempDir,
    child: Child,
}

impl Runner {
    fn start(feishu: &Feishu, is_enabled: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "data", "project"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let secret = folder.path().join("secret");
        std::fs::write(&secret, APP_SECRET).unwrap();
        std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let word = |path: &Path| Value::from(path.display().to_string()).to_string();
        let config = format!(
            "[claude]\ncommand = [{}, \"--as-cli\", {}]\n[relay.feishu]\nenabled = {is_enabled}\napp_id = \"{APP_ID}\"\n\
             app_secret_file = {}\nbase_url = \"{}\"\nallowed_open_ids = [\"{USER}\"]\nroots = [{}]\n\
             presence = \"always\"\n",
            word(&std::env::current_exe().unwrap()),
            word(&folder.path().join("times")),
            word(&secret),
            feishu.url,
            word(folder.path()),
        );
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        let child = program(folder.path(), "serve").spawn().unwrap();
        Self { folder, child }
    }

    fn memory_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = program(self.folder.path(), "stop").status();
        let _ = self.child.wait();
    }
}

fn program(folder: &Path, verb: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_adjutant"));
    command.arg(verb).current_dir(folder).stdout(Stdio::null()).env("HOME", folder.join("home"));
    command.env("ADJUTANT_CONFIG", folder.join("config.toml")).env("ADJUTANT_DATA_DIR", folder.join("data"));
    command
}

fn says(feishu: &Feishu, id: &str, text: &str) {
    let mut payload = pushes::message(id, text);
    payload["event"]["message"]["create_time"] = adjutant::clock::now().0.to_string().into();
    feishu.push(&payload);
}

/// From the push of a press to the line on the CLI's input.
async fn press_to_cli() {
    let feishu = Feishu::start().await;
    let runner = Runner::start(&feishu, true);
    feishu.connected(1).await;
    let mut times = Vec::new();
    for nth in 0..20 {
        let text = if nth == 0 { "/new project go" } else { "go" };
        says(&feishu, &format!("om_{nth}"), text);
        let (card, value) = feishu
            .until("a card that asks", |state| {
                let asks = state
                    .taken
                    .iter()
                    .rev()
                    .find(|taken| taken.content.to_string().contains(&format!("number-{nth}-")))?;
                Some((asks.message_id.clone(), button(&asks.content, "allow")?))
            })
            .await;
        // The card is known as sent a moment after it was.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let press = pushes::press(&card, &value);
        let pushed = now_us();
        let number = feishu.push(&press);
        assert_eq!(feishu.ack(number).await.data.unwrap()["toast"]["type"], "success");
        let log = runner.folder.path().join("times");
        let answered = tokio::task::spawn_blocking(move || wait_for_answer(&log, nth).1).await.unwrap();
        times.push(Duration::from_micros(u64::try_from(answered.saturating_sub(pushed)).unwrap()));
        // The turn ends before the next prompt.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    report("from the press to the answer on the CLI's input", times, "100 ms");
}

/// What a runner needs more when its relay is connected and has said something.
async fn memory() {
    let mut medians = [0.0; 2];
    for (place, is_enabled) in [false, true].into_iter().enumerate() {
        let mut sizes = Vec::new();
        for _ in 0..3 {
            let feishu = Feishu::start().await;
            let runner = Runner::start(&feishu, is_enabled);
            if is_enabled {
                feishu.connected(1).await;
                says(&feishu, "om_1", "/help");
                feishu.until("the help", |state| (!state.taken.is_empty()).then_some(())).await;
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
            sizes.push(runner.memory_mb());
        }
        sizes.sort_by(f64::total_cmp);
        medians[place] = sizes[1];
    }
    let [without, with] = medians;
    let what = format!("memory that the relay adds to the runner's {without:.1} MB");
    println!("{what:<58} {:>7.1} MB {:>19}", with - without, "15 MB");
}
