//! What a script may say.

use serde::Deserialize;
use serde_json::Value;

/// One step of a script, as `{"name": …}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Wait for a prompt, and answer it with these steps.
    Turn(Vec<Step>),
    /// A text of the model, streamed.
    Say(Text),
    /// Its thinking, streamed.
    Think(Text),
    /// A tool call with its result, asked for when `ask` is set.
    Tool(Box<Tool>),
    /// Several calls at once: all are asked, then all answers are awaited, in any order.
    Tools(Vec<Tool>),
    /// A sub-agent whose steps carry its call as their parent.
    Agent(Agent),
    /// A shell that goes on after its call has returned.
    Background(Background),
    SleepMs(u64),
    /// Many small deltas, `per_second` of them; zero is as fast as the pipe takes them.
    Deltas {
        count: u64,
        per_second: u64,
    },
    /// A line as it is: a text verbatim, anything else as JSON.
    Raw(Value),
    /// So many bytes without a newline.
    Flood(u64),
    /// A line that is not UTF-8.
    InvalidUtf8,
    /// JSON nested so deep.
    Deep(usize),
    Stderr(String),
    /// The turn ends with an API error.
    Fail {
        status: Option<u64>,
        text: String,
    },
    /// The process ends at once.
    Exit(u8),
    /// The process kills itself.
    Die,
    IgnoreSigterm,
    /// `initialize` is never answered.
    NeverInitialize,
    /// Interrupts are acknowledged and have no effect.
    Deaf,
    /// Standard input is not read any more.
    StopReading,
    /// A child in a session of its own, that ignores SIGTERM and lives for so many seconds.
    Child(u64),
}

/// A text, and how fast it comes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Text {
    Plain(String),
    Paced { text: String, chars_per_second: u64 },
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    pub name: String,
    #[serde(default)]
    pub input: Value,
    /// Ask for permission first.
    #[serde(default)]
    pub ask: bool,
    /// Where it is said to run; without it, where the process is.
    pub directory: Option<std::path::PathBuf>,
    /// The host is not told of it before it runs.
    #[serde(default)]
    pub untold: bool,
    /// More fields of the request, such as `permission_suggestions`.
    #[serde(default)]
    pub request: Value,
    /// Take the request back when it is not answered in time.
    pub withdraw_after_ms: Option<u64>,
    /// How long the tool works.
    #[serde(default)]
    pub takes_ms: u64,
    #[serde(default)]
    pub result: String,
    /// The result as data.
    #[serde(default)]
    pub detail: Value,
    #[serde(default)]
    pub error: bool,
    /// What follows when it was allowed ...
    #[serde(default)]
    pub allowed: Vec<Step>,
    /// ... and when it was denied.
    #[serde(default)]
    pub denied: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    pub description: String,
    pub kind: String,
    pub steps: Vec<Step>,
    #[serde(default)]
    pub result: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Background {
    pub command: String,
    pub description: String,
    pub takes_ms: u64,
    /// What it prints.
    #[serde(default)]
    pub output: String,
    /// The turn that follows its end.
    #[serde(default)]
    pub then: Vec<Step>,
}

/// Reads a script: steps one after another, over as many lines as they like, with comment lines that
/// begin with two slashes. The error names the line.
pub fn parse(text: &str) -> Result<Vec<Step>, String> {
    let blank = |line: &str| line.trim_start().starts_with("//");
    let steps: Vec<&str> = text.lines().map(|line| if blank(line) { "" } else { line }).collect();
    let steps = steps.join("\n");
    let steps = serde_json::Deserializer::from_str(&steps).into_iter::<Step>();
    steps.map(|step| step.map_err(|error| format!("line {}: {error}", error.line()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_steps_and_names_the_line_of_a_mistake() {
        let text = "// a comment\n\n{\"turn\": [{\"say\": \"hi\"}, {\"sleep_ms\": 5}, \"die\"]}\n\"deaf\"\n";
        let say = Step::Say(Text::Plain("hi".into()));
        assert_eq!(parse(text).unwrap(), [Step::Turn(vec![say, Step::SleepMs(5), Step::Die]), Step::Deaf]);
        assert!(parse("\"deaf\"\n{\"sing\": 1}").unwrap_err().starts_with("line 2: "));
        assert!(parse("{\"tool\": {\"name\": \"x\", \"asks\": true}}").is_err());
    }
}
