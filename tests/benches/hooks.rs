//! What a hook adds to a call beyond its own time: one that answers at once, asked as the engine asks.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use adjutant::config;
use adjutant::engine::hooks::Call;
use adjutant::engine::hooks::Hooks as _;
use adjutant::engine::hooks::Meta;
use adjutant::hooks::keeper::Keeper;
use serde_json::json;
use tokio::sync::mpsc;

const N_CALLS: usize = 2000;
const N_SESSIONS: usize = 32;

/// It tells with each answer how long it took for it, in seconds.
const HOOK: &str = "import json, sys, time
for line in sys.stdin:
    start = time.perf_counter()
    message = json.loads(line)
    if message['method'] == 'hook.hello':
        result = {'ok': True}
    else:
        took = time.perf_counter() - start
        result = {'action': 'deny_tool', 'reason': str(took)}
    print(json.dumps({'id': message['id'], 'result': result}), flush=True)
";

pub(super) fn measure() {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let toml =
            format!("[[hooks]]\nname = \"fast\"\ncommand = [\"python3\", \"-c\", {HOOK:?}]\nmodes = [\"tool\"]\n");
        let hooks = config::parse(&toml).unwrap().hooks;
        let guard = Path::new(env!("CARGO_BIN_EXE_adjutant"));
        let keeper = Keeper::start(&hooks, Path::new("/"), Some(guard));
        keeper.up("fast").await.unwrap();
        let mut times = Vec::new();
        for _ in 0..N_CALLS {
            times.push(ask(&keeper).await);
        }
        super::report("a hook adds to a call, beyond its own time", times, "2 ms");
        let busy = (0..N_SESSIONS).map(|_| {
            let keeper = Arc::clone(&keeper);
            tokio::spawn(async move {
                let mut times = Vec::new();
                for _ in 0..N_CALLS / N_SESSIONS {
                    times.push(ask(&keeper).await);
                }
                times
            })
        });
        let mut times = Vec::new();
        for done in busy.collect::<Vec<_>>() {
            times.extend(done.await.unwrap());
        }
        super::report("the same, 32 sessions at once (they queue in the hook)", times, "-");
        keeper.stop().await;
    });
}

/// The time of one question, without what the hook says that it took.
async fn ask(keeper: &Keeper) -> Duration {
    let call = Call { meta: Meta::default(), tool: "Bash".into(), input: json!({ "command": "ls -l" }) };
    let start = Instant::now();
    let reply = keeper.before_call(call, mpsc::channel(1).0).await;
    let took = start.elapsed();
    let adjutant::engine::hooks::Verdict::Deny { reason, .. } = reply.outcome else { panic!("it refuses") };
    took.saturating_sub(Duration::from_secs_f64(reason.parse().unwrap()))
}
