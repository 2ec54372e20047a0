//! The person's own programs that are asked: the narrow trait by which the engine asks them.
//!
//! **For:** what is asked at each point, and what an answer may be. **Not for:** processes and their protocol;
//! `crate::hooks` does.
//!
//! Invariant: no answer here allows a call, but for [`Word::Allowed`], which the session's machine counts only where a
//! rule of the person could have allowed as well. Whatever goes wrong is a failure, which asks or denies.

use std::fmt;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::broadcast;
use tokio::sync::mpsc;

use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::hook::HookMark;
use crate::core::hook::HookWish;
use crate::core::hook::HooksView;
use crate::core::hook::OnFailure;
use crate::core::ids::SessionId;
use crate::core::ids::TurnId;

/// Where a hook may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    Observe,
    BeforePrompt,
    AfterMessage,
    BeforeCall,
    Permission,
    AfterCall,
}

/// Where something happens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meta {
    pub session: SessionId,
    pub turn: TurnId,
    /// The sub-agent.
    pub agent: Option<String>,
    /// Messages of the model in this turn so far.
    pub iteration: u64,
    pub directory: String,
    pub branch: Option<String>,
    pub profile: Option<String>,
    /// The title that a person gave.
    pub title: Option<String>,
    pub model: Option<String>,
}

/// A call that has not begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub meta: Meta,
    pub tool: String,
    pub input: Value,
}

/// A request for permission.
#[derive(Debug, Clone, PartialEq)]
pub struct Permission {
    pub call: Call,
    pub reason: Option<String>,
    /// What the CLI suggests to remember, in words.
    pub suggestions: Vec<String>,
    /// Marks of the request, in words.
    pub risk: Vec<String>,
}

/// A call that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    pub call: Call,
    /// As text.
    pub result: String,
    pub is_error: bool,
    pub duration_ns: u64,
}

/// A prompt that is about to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    pub meta: Meta,
    pub text: String,
}

/// A whole message of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub meta: Meta,
    pub text: String,
    /// Id, name and arguments.
    pub calls: Vec<(String, String, Value)>,
}

/// Somebody ends the turn; `hard`: the process too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abort {
    pub hook: String,
    pub reason: String,
    pub hard: bool,
}

/// An answer, and what each hook did on the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply<T> {
    pub marks: Vec<HookMark>,
    pub outcome: T,
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing is against it; with these arguments, when they are others.
    Pass(Option<Value>),
    /// The person is asked.
    Ask {
        hook: String,
        why: String,
        /// What the hooks before it made of the arguments.
        changed: Option<Value>,
    },
    Deny {
        hook: String,
        reason: String,
    },
    /// The tool does not run, and this is what the model reads.
    Respond {
        hook: String,
        text: String,
    },
    Abort(Abort),
}

/// What is said of a request for permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Rules and people decide.
    NoObjection,
    /// It answers in the person's place.
    Allowed {
        hook: String,
    },
    /// A person decides, whatever rules allow.
    Ask {
        hook: String,
        why: String,
    },
    Denied {
        hook: String,
        reason: String,
    },
    Abort(Abort),
}

/// What becomes of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aftermath {
    Keep,
    /// The text that is to take its place, and the last hook that changed it.
    Change {
        hook: String,
        text: String,
    },
    Abort(Abort),
}

/// What becomes of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptWord {
    Send,
    /// Another text is sent.
    Change(String),
    /// It waits for a word of the person. `then`: whether that word is enough.
    Hold {
        hook: String,
        why: String,
        then: OnFailure,
    },
    Abort(Abort),
}

/// Tells by name which hook keeps something waiting.
pub type Slow = mpsc::Sender<String>;

/// Something that every session is told.
#[derive(Debug, Clone)]
pub struct News {
    pub notice: Notice,
}

/// The person's hooks. No call blocks.
pub trait Hooks: fmt::Debug + Send + Sync {
    /// Whether any is to be asked there. `tool`: `None` asks for any tool.
    fn wants(&self, point: Point, profile: Option<&str>, tool: Option<&str>) -> bool;

    fn before_call(&self, call: Call, slow: Slow) -> BoxFuture<'static, Reply<Verdict>>;
    fn permission(&self, request: Permission, slow: Slow) -> BoxFuture<'static, Reply<Word>>;
    fn after_call(&self, finished: Finished, slow: Slow) -> BoxFuture<'static, Reply<Aftermath>>;
    fn before_prompt(&self, prompt: Outgoing, slow: Slow) -> BoxFuture<'static, Reply<PromptWord>>;
    fn after_message(&self, said: Said, slow: Slow) -> BoxFuture<'static, Reply<Option<Abort>>>;

    /// Tells what happened; nobody waits.
    fn observe(&self, meta: &Meta, kind: &EventKind);

    /// Does what somebody wants, and tells how all of them are.
    fn wish(&self, wish: &HookWish) -> HooksView;

    fn news(&self) -> broadcast::Receiver<News>;
}
