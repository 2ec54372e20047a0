//! `result` lines: how a turn ended, what it used, how full the context is.

use super::Translator;
use super::bound;
use super::tokens_of;
use crate::core::cell::Notice;
use crate::core::cell::TurnOutcome;
use crate::core::ids::Timestamp;
use crate::core::trouble::ApiFault;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;
use crate::core::usage::ContextUse;
use crate::core::usage::Tokens;
use crate::wire::inbound::turn::TurnResult;
use crate::wire::inbound::words::ResultKind;
use crate::wire::inbound::words::TerminalReason;

/// Bytes of a final answer that a turn's end repeats.
const MAX_TEXT: usize = 16 << 10;

/// What a `result` says, without the turn it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TurnReport {
    pub(crate) outcome: TurnOutcome,
    pub(crate) duration_ms: u64,
    pub(crate) tokens: Tokens,
    /// Of this turn alone.
    pub(crate) cost_usd: f64,
    pub(crate) text: Option<String>,
    pub(crate) context: Option<ContextUse>,
    /// What else is to be said of how it ended.
    pub(crate) note: Option<Notice>,
}

impl Translator {
    /// Reads the end of a turn. `interrupting`: we asked for it.
    pub(crate) fn turn_report(&mut self, result: &TurnResult, interrupting: bool) -> TurnReport {
        let total = result.total_cost_usd.filter(|total| total.is_finite()).unwrap_or(self.cost_usd);
        // A cleared conversation counts from zero again.
        let cost_usd = if total >= self.cost_usd { total - self.cost_usd } else { total };
        self.cost_usd = total;
        let streamed = self.tokens.plus(self.message_tokens);
        let tokens = result.usage.as_ref().map(tokens_of).filter(|tokens| !tokens.is_zero()).unwrap_or(streamed);
        TurnReport {
            outcome: self.outcome(result, interrupting),
            duration_ms: result.duration_ms,
            tokens,
            cost_usd,
            text: result.result.as_deref().filter(|text| !text.is_empty()).map(|text| bound::cut(text, MAX_TEXT)),
            context: self.context_use(result),
            note: result.terminal_reason.as_ref().and_then(note),
        }
    }

    fn context_use(&self, result: &TurnResult) -> Option<ContextUse> {
        let of_model = self.model.as_deref().and_then(|model| result.model_usage.get(model));
        let limit = of_model
            .or_else(|| result.model_usage.values().max_by_key(|usage| usage.context_window))
            .map(|usage| usage.context_window)
            .filter(|limit| *limit > 0)?;
        Some(ContextUse { tokens: self.context_tokens?, limit })
    }

    fn outcome(&self, result: &TurnResult, interrupting: bool) -> TurnOutcome {
        let aborted =
            matches!(result.terminal_reason, Some(TerminalReason::AbortedTools | TerminalReason::AbortedStreaming));
        let failed = result.is_error
            || result.kind.as_ref().is_some_and(|kind| !matches!(kind, ResultKind::Success))
            || result.terminal_reason.as_ref().is_some_and(is_failure);
        if aborted || (interrupting && failed) {
            return TurnOutcome::Interrupted;
        }
        if failed { TurnOutcome::Failed(self.trouble(result)) } else { TurnOutcome::Completed }
    }

    fn trouble(&self, result: &TurnResult) -> Trouble {
        let mut raw = result.result.clone().filter(|text| !text.is_empty()).unwrap_or_default();
        for error in &result.errors {
            if !raw.is_empty() {
                raw.push('\n');
            }
            raw.push_str(error);
        }
        if raw.is_empty() {
            raw.push_str(result.kind.as_ref().map_or("an error without a text", ResultKind::as_str));
        }
        let raw = bound::cut(&raw, MAX_TEXT);
        let word = self.fault_word.as_deref().filter(|word| !word.is_empty());
        let fault = ApiFault { status: result.api_error_status, word, at_limit: self.is_at_limit() };
        let mut trouble = Trouble::from_api(fault, raw);
        match (&result.kind, &result.terminal_reason) {
            (Some(ResultKind::ErrorMaxTurns), _) | (_, Some(TerminalReason::MaxTurns)) => {
                trouble.kind = TroubleKind::MaxTurns;
            }
            (Some(ResultKind::ErrorMaxBudgetUsd), _) | (_, Some(TerminalReason::BudgetExhausted)) => {
                trouble.kind = TroubleKind::Budget;
            }
            (Some(ResultKind::ErrorMaxStructuredOutputRetries), _)
            | (_, Some(TerminalReason::StructuredOutputRetryExhausted)) => trouble.kind = TroubleKind::StructuredOutput,
            // The first when a request would not fit, the second before it is sent, the third when each summary of
            // the conversation was full again at once.
            (
                _,
                Some(
                    TerminalReason::PromptTooLong | TerminalReason::BlockingLimit | TerminalReason::RapidRefillBreaker,
                ),
            ) => {
                trouble.kind = TroubleKind::ContextTooLong;
            }
            (_, Some(TerminalReason::MalformedToolUseExhausted)) => trouble.kind = TroubleKind::MalformedCall,
            (_, Some(TerminalReason::TurnSetupFailed))
                if !matches!(trouble.kind, TroubleKind::Authentication | TroubleKind::Billing) =>
            {
                trouble.kind = TroubleKind::TurnSetup;
            }
            (_, Some(TerminalReason::ToolDeferredUnavailable)) => trouble.kind = TroubleKind::DeferredCall,
            // A request that is too large as a whole stays too large.
            (_, Some(TerminalReason::ImageError)) if result.api_error_status != Some(413) => {
                trouble.kind = TroubleKind::ImageRefused;
            }
            _ => {}
        }
        if let TroubleKind::UsageLimit { lifts } = &mut trouble.kind {
            *lifts = self.lifts.or_else(|| lifts_in(&trouble.raw)).map(|seconds| Timestamp(seconds * 1000));
        }
        trouble
    }
}

/// Whether a turn that ended so has failed, whatever else its result says.
fn is_failure(reason: &TerminalReason) -> bool {
    match reason {
        TerminalReason::PromptTooLong
        | TerminalReason::BlockingLimit
        | TerminalReason::RapidRefillBreaker
        | TerminalReason::ApiError
        | TerminalReason::ModelError
        | TerminalReason::ImageError
        | TerminalReason::MalformedToolUseExhausted
        | TerminalReason::StructuredOutputRetryExhausted
        | TerminalReason::ToolDeferredUnavailable
        | TerminalReason::TurnSetupFailed
        | TerminalReason::BudgetExhausted => true,
        TerminalReason::Completed
        | TerminalReason::AbortedTools
        | TerminalReason::AbortedStreaming
        | TerminalReason::MaxTurns
        | TerminalReason::HookStopped
        | TerminalReason::StopHookPrevented
        | TerminalReason::ToolDeferred
        | TerminalReason::BackgroundRequested
        | TerminalReason::Other(_) => false,
    }
}

/// Ends that look like any other, though the work is not done.
fn note(reason: &TerminalReason) -> Option<Notice> {
    match reason {
        TerminalReason::ToolDeferred => {
            Some(Notice::warning("The turn ended because a hook put a tool call off: it has not been made."))
        }
        TerminalReason::BackgroundRequested => {
            Some(Notice::info("The turn ended because its work goes on in the background."))
        }
        _ => None,
    }
}

/// Older CLIs put the time behind the sentence: `…limit reached|1719846000`.
fn lifts_in(text: &str) -> Option<i64> {
    let digits: String = text.rsplit_once('|')?.1.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|seconds| (1_000_000_000..10_000_000_000).contains(seconds))
}
