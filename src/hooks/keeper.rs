//! All hooks of a runner, in the order in which they are asked.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use serde_json::json;
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::answer;
use super::chain;
use super::events;
use super::life::Life;
use super::params;
use crate::config::hooks::Hook;
use crate::config::section::did_you_mean;
use crate::core::event::EventKind;
use crate::core::hook::HookMode;
use crate::core::hook::HookState;
use crate::core::hook::HookStatus;
use crate::core::hook::HookWish;
use crate::core::hook::HooksView;
use crate::engine::hooks::Abort;
use crate::engine::hooks::Aftermath;
use crate::engine::hooks::Call;
use crate::engine::hooks::Finished;
use crate::engine::hooks::Hooks;
use crate::engine::hooks::Meta;
use crate::engine::hooks::News;
use crate::engine::hooks::Outgoing;
use crate::engine::hooks::Permission;
use crate::engine::hooks::Point;
use crate::engine::hooks::PromptWord;
use crate::engine::hooks::Reply;
use crate::engine::hooks::Said;
use crate::engine::hooks::Slow;
use crate::engine::hooks::Verdict;
use crate::engine::hooks::Word;

/// News that wait for a session that does not listen.
const NEWS_BUFFER: usize = 64;

/// The running hooks.
#[derive(Debug)]
pub struct Keeper {
    lives: Vec<Arc<Life>>,
    news: broadcast::Sender<News>,
    quit: CancellationToken,
    tasks: Mutex<JoinSet<()>>,
}

fn mode_of(point: Point) -> HookMode {
    match point {
        Point::Observe => HookMode::Observe,
        Point::BeforePrompt | Point::AfterMessage => HookMode::Llm,
        Point::BeforeCall | Point::AfterCall => HookMode::Tool,
        Point::Permission => HookMode::Approve,
    }
}

impl Keeper {
    /// Starts them, in the configuration's folder. Must be called in a runtime.
    pub fn start(hooks: &[Hook], folder: &Path, guard_program: Option<&Path>) -> Arc<Self> {
        let (news, _) = broadcast::channel(NEWS_BUFFER);
        let quit = CancellationToken::new();
        let mut hooks = hooks.to_vec();
        // Those of one order stay as they stand in the file.
        hooks.sort_by_key(|hook| hook.order);
        let guard_program: Option<PathBuf> = guard_program.map(Path::to_owned);
        let life =
            |hook| Arc::new(Life::new(hook, folder.to_owned(), guard_program.clone(), news.clone(), quit.clone()));
        let lives: Vec<Arc<Life>> = hooks.into_iter().map(life).collect();
        let mut tasks = JoinSet::new();
        for life in &lives {
            tasks.spawn(Arc::clone(life).keep());
        }
        Arc::new(Self { lives, news, quit, tasks: Mutex::new(tasks) })
    }

    pub fn statuses(&self) -> Vec<HookStatus> {
        self.lives.iter().map(|life| life.status()).collect()
    }

    fn life(&self, name: &str) -> Result<&Arc<Life>, String> {
        self.lives.iter().find(|life| life.hook.name == name).ok_or_else(|| {
            let names = self.lives.iter().map(|life| life.hook.name.as_str());
            format!("there is no hook “{name}” in the configuration{}", did_you_mean(name, names))
        })
    }

    /// Ends its process, if one is there, and starts another.
    pub fn restart(&self, name: &str) -> Result<(), String> {
        self.life(name)?.restart();
        Ok(())
    }

    /// Returns when it is up, or why it is not.
    pub async fn up(&self, name: &str) -> Result<u32, String> {
        let mut state = self.life(name)?.state();
        loop {
            match &*state.borrow_and_update() {
                HookState::Up { pid, .. } => return Ok(*pid),
                HookState::Waiting { why, .. } | HookState::Off { why } => return Err(why.clone()),
                HookState::Stopped => return Err("it was stopped".to_owned()),
                HookState::Starting => {}
            }
            state.changed().await.map_err(|_| "it was stopped".to_owned())?;
        }
    }

    /// Sends one call and gives the answer as it came.
    pub async fn call(&self, name: &str, method: &str, params: &Value) -> Result<Value, String> {
        self.life(name)?.ask(method, params, Ok).await.map_err(|error| error.to_string())
    }

    /// Whether an answer counts, to a message of that kind.
    pub fn understood(method: &str, params: &Value, answer: &Value) -> Result<(), String> {
        let tool = params.get("tool").and_then(Value::as_str).unwrap_or_default();
        match method {
            "hook.before_tool" => answer::before_tool(answer, tool).map(drop),
            "hook.approve_tool" => answer::approve_tool(answer).map(drop),
            "hook.after_tool" => answer::after_tool(answer).map(drop),
            "hook.before_llm" => answer::before_llm(answer, &[]).map(drop),
            "hook.after_llm" => answer::after_llm(answer).map(drop),
            _ => Ok(()),
        }
    }

    /// Sends what wants no answer.
    pub fn notify(&self, name: &str, method: &str, params: &Value) -> Result<(), String> {
        self.life(name)?.calls.tell(method, params).map_err(|error| error.to_string())
    }

    /// Ends all of them; returns when no process is left.
    pub async fn stop(&self) {
        self.quit.cancel();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
    }

    fn asked(&self, point: Point, profile: Option<&str>, tool: Option<&str>) -> Vec<Arc<Life>> {
        self.lives.iter().filter(|life| is_asked(life, point, profile, tool)).map(Arc::clone).collect()
    }
}

fn is_asked(life: &Life, point: Point, profile: Option<&str>, tool: Option<&str>) -> bool {
    let hook = &life.hook;
    hook.has(mode_of(point)) && hook.is_for_profile(profile) && tool.is_none_or(|tool| hook.is_for_tool(tool))
}

impl Hooks for Keeper {
    fn wants(&self, point: Point, profile: Option<&str>, tool: Option<&str>) -> bool {
        self.lives.iter().any(|life| is_asked(life, point, profile, tool))
    }

    fn before_call(&self, call: Call, slow: Slow) -> BoxFuture<'static, Reply<Verdict>> {
        let hooks = self.asked(Point::BeforeCall, call.meta.profile.as_deref(), Some(&call.tool));
        chain::before_call(hooks, call, slow).boxed()
    }

    fn permission(&self, request: Permission, slow: Slow) -> BoxFuture<'static, Reply<Word>> {
        let call = &request.call;
        let hooks = self.asked(Point::Permission, call.meta.profile.as_deref(), Some(&call.tool));
        chain::permission(hooks, request, slow).boxed()
    }

    fn after_call(&self, finished: Finished, slow: Slow) -> BoxFuture<'static, Reply<Aftermath>> {
        let call = &finished.call;
        let hooks = self.asked(Point::AfterCall, call.meta.profile.as_deref(), Some(&call.tool));
        chain::after_call(hooks, finished, slow).boxed()
    }

    fn before_prompt(&self, prompt: Outgoing, slow: Slow) -> BoxFuture<'static, Reply<PromptWord>> {
        let hooks = self.asked(Point::BeforePrompt, prompt.meta.profile.as_deref(), None);
        chain::before_prompt(hooks, prompt, slow).boxed()
    }

    fn after_message(&self, said: Said, slow: Slow) -> BoxFuture<'static, Reply<Option<Abort>>> {
        let hooks = self.asked(Point::AfterMessage, said.meta.profile.as_deref(), None);
        chain::after_message(hooks, said, slow).boxed()
    }

    fn observe(&self, meta: &Meta, kind: &EventKind) {
        let mut observers = self.asked(Point::Observe, meta.profile.as_deref(), None);
        if observers.is_empty() {
            return;
        }
        let Some((name, payload)) = events::of(kind) else { return };
        observers.retain(|life| life.hook.events.is_empty() || life.hook.events.iter().any(|event| event == name));
        let params = json!({ "Kind": name, "Meta": params::meta(meta, name), "Payload": payload });
        for life in observers {
            if let Err(error) = life.calls.tell("hook.event", &params) {
                tracing::debug!(hook = life.hook.name, %error, "a hook is not told of an event");
            }
        }
    }

    fn wish(&self, wish: &HookWish) -> HooksView {
        let trouble = match wish {
            HookWish::List => None,
            HookWish::Restart(name) => self.restart(name).err(),
        };
        HooksView { hooks: self.statuses(), trouble }
    }

    fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }
}
