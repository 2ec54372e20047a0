//! `user` lines: what tools gave back, the summary after a compaction, output of local commands.

use std::path::PathBuf;

use serde_json::Value;

use super::Output;
use super::Translator;
use super::bound;
use crate::core::event::EventKind;
use crate::core::ids::ToolCallId;
use crate::core::tool::ToolOutcome;
use crate::core::tool::ToolOutput;
use crate::wire::inbound::api::Content;
use crate::wire::inbound::api::ContentBlock;
use crate::wire::inbound::api::ToolResult;
use crate::wire::inbound::turn::User;

/// How the CLI's note about an interrupt begins.
const INTERRUPTED: &str = "[Request interrupted by user";

/// What a person reads of a sub-agent that goes on by itself.
const LAUNCHED: &str = "started in the background";

/// Whether a result tells only that a sub-agent was started. Its words are for the model: how to wait for it, and what
/// not to say of it.
fn is_launch(text: &str, detail: Option<&Value>) -> bool {
    let status = detail.and_then(|detail| detail.get("status")).and_then(Value::as_str);
    status == Some("async_launched") || text.starts_with("Async agent launched successfully")
}

/// The file that a call reads or writes, when it is such a call.
pub(super) fn file_of(tool: &str, input: &Value) -> Option<String> {
    let key = match tool {
        "Read" | "Edit" | "MultiEdit" | "Write" => "file_path",
        "NotebookEdit" => "notebook_path",
        _ => return None,
    };
    input.get(key).and_then(Value::as_str).map(str::to_owned)
}

impl Translator {
    pub(super) fn user(&mut self, line: User, output: &mut Output) {
        let parent = line.parent_tool_use_id;
        let mut detail = line.tool_use_result;
        match line.message.content {
            Content::Text(text) => self.user_text(&text, parent.as_ref(), output),
            Content::Blocks(blocks) => {
                let n_results = blocks.iter().filter(|block| matches!(block, ContentBlock::ToolResult(_))).count();
                if n_results != 1 {
                    // The structured result does not say to which of them it belongs.
                    detail = None;
                }
                for block in blocks {
                    match block {
                        ContentBlock::ToolResult(result) => self.tool_ended(result, detail.take(), output),
                        ContentBlock::Text(text) => self.user_text(&text.text, parent.as_ref(), output),
                        _ => {}
                    }
                }
            }
        }
    }

    fn user_text(&mut self, text: &str, parent: Option<&String>, output: &mut Output) {
        if parent.is_some() {
            // The task given to a sub-agent, which stands in the call that started it.
            return;
        }
        let inside = |tag: &str| {
            let body = text.trim().strip_prefix(&format!("<{tag}>"))?;
            Some(body.strip_suffix(&format!("</{tag}>")).unwrap_or(body).trim().to_owned())
        };
        if let Some(told) = inside("local-command-stdout").or_else(|| inside("local-command-stderr")) {
            if !told.is_empty() {
                output.push(self.local_output(told, None));
            }
        } else if self.summary_due && !text.trim_start().starts_with('<') {
            self.summary_due = false;
            let (text, _) = bound::output(text);
            output.push(EventKind::CompactionSummary { text });
        }
    }

    fn tool_ended(&mut self, result: ToolResult, detail: Option<Value>, output: &mut Output) {
        let call = ToolCallId::from(result.tool_use_id.as_str());
        let text = plain_text(result.content);
        let was_denied = self.denied.remove(&call);
        let outcome = if was_denied {
            ToolOutcome::Denied
        } else if text.starts_with(INTERRUPTED) || (result.is_error && self.cutting) {
            ToolOutcome::Cut
        } else if result.is_error {
            ToolOutcome::Failed
        } else {
            ToolOutcome::Done
        };
        if let Some(file) = self.files.remove(&call)
            && outcome == ToolOutcome::Done
        {
            if file.is_plan {
                self.plan_file = Some(PathBuf::from(&file.path));
            }
            output.touched.push(file.path);
        }
        self.plans.remove(&call);
        let text = if is_launch(&text, detail.as_ref()) {
            self.tasks.goes_on(&call.0);
            LAUNCHED.to_owned()
        } else {
            text
        };
        let (text, omitted) = bound::output(&text);
        let (detail, changed) = super::changes::of_result(detail);
        let is_done = outcome == ToolOutcome::Done;
        self.schedule_told(&call, is_done, Some(&detail), output);
        output.push(EventKind::ToolEnded { call, outcome, output: ToolOutput { text, omitted, detail, changed } });
    }
}

fn plain_text(content: Content) -> String {
    let blocks = match content {
        Content::Text(text) => return text,
        Content::Blocks(blocks) => blocks,
    };
    let texts: Vec<String> = blocks
        .into_iter()
        .map(|block| match block {
            ContentBlock::Text(text) => text.text,
            ContentBlock::Image(image) => {
                format!("[image {}]", image.source.media_type.unwrap_or(image.source.kind))
            }
            ContentBlock::Unknown(unknown) => format!("[{}]", unknown.kind),
            _ => String::new(),
        })
        .filter(|text| !text.is_empty())
        .collect();
    texts.join("\n")
}
