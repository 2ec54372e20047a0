//! `system` lines: retries, compaction, notices; tasks go to their own file.

use super::Output;
use super::Translator;
use super::bound;
use super::notices;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::ids::ToolCallId;
use crate::core::permission::PermissionMode;
use crate::core::trouble::ApiFault;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;
use crate::wire::inbound::System;
use crate::wire::inbound::words::Activity;

/// A text for the timeline that nobody promised to be short.
pub(super) const MAX_NOTICE: usize = 4 << 10;

impl Translator {
    pub(super) fn system(&mut self, system: System, output: &mut Output) {
        match system {
            System::Status(status) => {
                if let Some(mode) = status.permission_mode.and_then(|mode| PermissionMode::parse(mode.as_str())) {
                    output.push(EventKind::ModeChanged(mode));
                }
                if status.status == Some(Activity::Compacting) {
                    output.push(EventKind::CompactionStarted);
                }
                if let Some(error) = status.compact_error {
                    let notice = Notice::error("The conversation could not be summarised.");
                    output.push(EventKind::Noted(notice.with_detail(bound::cut(&error, MAX_NOTICE))));
                }
            }
            System::ApiRetry(retry) => {
                let word = retry.error.filter(|word| !word.is_empty() && word != "unknown");
                let raw = match (retry.error_status, &word) {
                    (_, Some(word)) => word.clone(),
                    (Some(status), None) => format!("HTTP status {status}"),
                    (None, None) => "connection error".into(),
                };
                let at_limit = self.is_at_limit();
                let fault = ApiFault { status: retry.error_status, word: word.as_deref(), at_limit };
                let mut trouble = Trouble::from_api(fault, bound::cut(&raw, MAX_NOTICE));
                // Without a status there was no answer.
                if trouble.kind == TroubleKind::Other && retry.error_status.is_none() {
                    trouble.kind = TroubleKind::Network;
                }
                output.push(EventKind::Retrying {
                    attempt: retry.attempt,
                    max: retry.max_retries,
                    delay_ms: retry.retry_delay_ms.max(0.0) as u64,
                    trouble,
                });
            }
            System::CompactBoundary(boundary) => {
                let facts = boundary.compact_metadata;
                self.summary_due = true;
                self.repeating = true;
                self.context_tokens = facts.post_tokens.or(self.context_tokens);
                output.push(EventKind::Compacted {
                    automatic: facts.trigger != "manual",
                    tokens_before: Some(facts.pre_tokens),
                    tokens_after: facts.post_tokens,
                });
            }
            System::PermissionDenied(denied) => self.note_denied(ToolCallId::from(denied.tool_use_id.as_str())),
            System::LocalCommandOutput(line) if !line.content.trim().is_empty() => {
                output.push(self.local_output(line.content, None));
            }
            System::TaskStarted(line) => self.task_started(line, output),
            System::TaskProgress(line) => Self::task_progress(&line, output),
            System::TaskUpdated(line) => self.task_updated(line, output),
            System::TaskNotification(line) => self.task_notification(line, output),
            System::BackgroundTasksChanged(line) => self.tasks_listed(&line, output),
            System::Unknown(unknown) => {
                tracing::debug!(kind = unknown.kind, "a system line of an unknown kind");
                let kind = format!("system/{}", unknown.kind.chars().take(80).collect::<String>());
                output.push(EventKind::UnknownMessage { kind });
            }
            other => {
                if let Some(notice) = notices::of_system(other) {
                    output.push(EventKind::Noted(notice));
                }
            }
        }
    }
}
