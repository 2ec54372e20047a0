//! What is worth a line in the timeline although neither the model nor a tool said it.

use super::Output;
use super::Translator;
use super::bound;
use super::system::MAX_NOTICE;
use crate::core::cell::Notice;
use crate::core::cell::NoticeLevel;
use crate::core::event::EventKind;
use crate::wire::inbound::System;
use crate::wire::inbound::notices::AuthStatus;
use crate::wire::inbound::notices::RateLimitInfo;
use crate::wire::inbound::words::HookOutcome;
use crate::wire::inbound::words::InformationLevel;
use crate::wire::inbound::words::RateLimitStatus;

/// The notice in a `system` line, if it deserves one.
pub(super) fn of_system(line: System) -> Option<Notice> {
    let (level, text, detail) = match line {
        System::HookResponse(hook) if hook.outcome == Some(HookOutcome::Error) => {
            let detail = if hook.stderr.is_empty() { hook.output } else { hook.stderr };
            (NoticeLevel::Warning, format!("The hook {} failed.", hook.hook_name), Some(detail))
        }
        System::Notification(line) if !matches!(line.priority.as_deref(), Some("low" | "medium")) => {
            (NoticeLevel::Info, line.text, None)
        }
        System::Informational(line) => match line.level {
            Some(InformationLevel::Warning) => (NoticeLevel::Warning, line.content, None),
            Some(InformationLevel::Notice | InformationLevel::Suggestion) => (NoticeLevel::Info, line.content, None),
            _ if line.prevent_continuation => (NoticeLevel::Warning, line.content, None),
            _ => return None,
        },
        System::ModelRefusalFallback(line) => (NoticeLevel::Warning, line.content, line.api_refusal_explanation),
        System::ModelRefusalNoFallback(line) => (NoticeLevel::Warning, line.content, None),
        System::PluginInstall(line) if line.error.is_some() => {
            let text = format!("The plugin {} could not be installed.", line.name.unwrap_or_default());
            (NoticeLevel::Warning, text, line.error)
        }
        System::SessionWritesLost(line) => {
            let text = "The disk is full: the CLI could not save the conversation.".to_owned();
            (NoticeLevel::Error, text, Some(line.error_code))
        }
        _ => return None,
    };
    if text.trim().is_empty() {
        return None;
    }
    let notice = Notice::new(level, bound::cut(&text, MAX_NOTICE));
    Some(match detail.filter(|detail| !detail.trim().is_empty()) {
        Some(detail) => notice.with_detail(bound::cut(&detail, MAX_NOTICE)),
        None => notice,
    })
}

pub(super) fn auth_status(status: &AuthStatus, output: &mut Output) {
    if let Some(error) = &status.error {
        let notice = Notice::error("The sign-in failed.").with_detail(bound::cut(error, MAX_NOTICE));
        output.push(EventKind::Noted(notice));
    }
}

impl Translator {
    /// Whether the CLI's last word about the account's limit was that it is reached.
    pub(super) fn is_at_limit(&self) -> bool {
        self.at_limit
    }

    pub(super) fn rate_limit(&mut self, info: &RateLimitInfo, output: &mut Output) {
        let Some(status) = &info.status else { return };
        // The CLI says "rejected" of any answer with status 429; only a limit of the account has a name or an end.
        let is_limit = info.rate_limit_type.is_some() || info.resets_at.is_some();
        self.at_limit = *status == RateLimitStatus::Rejected && is_limit;
        if *status == RateLimitStatus::Rejected && !is_limit {
            self.lifts = None;
            return;
        }
        let kind = info.rate_limit_type.clone().unwrap_or_else(|| "usage".into());
        self.lifts = match status {
            RateLimitStatus::Rejected => info.resets_at.and_then(|seconds| i64::try_from(seconds).ok()),
            _ => None,
        };
        let now = (kind.clone(), status.as_str().to_owned());
        if self.limit.replace(now.clone()).as_ref() == Some(&now) {
            return;
        }
        let name = kind.replace('_', "-");
        let until = info.resets_at.and_then(local_time).map(|time| format!(" It starts anew {time}."));
        let until = until.unwrap_or_default();
        match status {
            RateLimitStatus::AllowedWarning => {
                let part = info.utilization.map(|part| format!("{:.0} % of ", (part * 100.0).clamp(0.0, 100.0)));
                let text = format!("{}the {name} limit is used.{until}", part.unwrap_or_else(|| "Most of ".into()));
                output.push(EventKind::Noted(Notice::warning(text)));
            }
            RateLimitStatus::Rejected => {
                let paid = if info.is_using_overage { " Paid use has begun." } else { "" };
                let text = format!("The {name} limit is reached.{until}{paid}");
                output.push(EventKind::Noted(Notice::error(text)));
            }
            RateLimitStatus::Allowed | RateLimitStatus::Other(_) => {}
        }
    }
}

/// A time in the person's own zone.
fn local_time(seconds: u64) -> Option<String> {
    let time = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::system()).strftime("%a %H:%M").to_string())
}
