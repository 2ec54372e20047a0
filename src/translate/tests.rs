//! Lines in, events out; and nothing in any line panics.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::core::cell::BlockKind;
use crate::core::cell::TurnOutcome;
use crate::core::tool::ToolOutcome;
use crate::core::trouble::TroubleKind;
use crate::wire::decode::Decoded;
use crate::wire::decode::decode;

#[derive(Default)]
struct Reader {
    translator: Translator,
    events: Vec<EventKind>,
}

impl Reader {
    fn line(&mut self, line: &Value) -> &mut Self {
        if let Decoded::Message(inbound) = decode(&line.to_string()) {
            let mut output = Output::default();
            self.translator.read(inbound.message, &mut output);
            self.events.extend(output.events);
        }
        self
    }

    fn event(&mut self, event: &Value) -> &mut Self {
        self.line(&json!({"type": "stream_event", "event": event, "parent_tool_use_id": null}))
    }

    fn message_start(&mut self, id: &str) -> &mut Self {
        self.event(&json!({"type": "message_start", "message": {"id": id, "role": "assistant", "content": []}}))
    }

    fn streamed(&mut self, index: u64, kind: &str, pieces: &[&str]) -> &mut Self {
        self.event(&json!({"type": "content_block_start", "index": index, "content_block": {"type": kind, kind: ""}}));
        for piece in pieces {
            let delta = json!({"type": format!("{kind}_delta"), kind: piece});
            self.event(&json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        self
    }

    fn whole(&mut self, id: &str, block: &Value) -> &mut Self {
        self.line(&json!({"type": "assistant", "message": {"id": id, "role": "assistant", "content": [block]}}))
    }

    fn result(&mut self, call: &str, text: &str, error: bool) -> &mut Self {
        self.line(&json!({"type": "user", "message": {"role": "user", "content":
            [{"type": "tool_result", "tool_use_id": call, "content": text, "is_error": error}]}}))
    }

    /// Started and ended blocks, as `+id` and `-id text`.
    fn blocks(&self) -> Vec<String> {
        self.events
            .iter()
            .filter_map(|event| match event {
                EventKind::BlockStarted { block, .. } => Some(format!("+{block}")),
                EventKind::BlockEnded { block, text, .. } => Some(format!("-{block} {text}")),
                _ => None,
            })
            .collect()
    }

    fn outcomes(&self) -> Vec<ToolOutcome> {
        let outcome = |event: &EventKind| match event {
            EventKind::ToolEnded { outcome, .. } => Some(*outcome),
            _ => None,
        };
        self.events.iter().filter_map(outcome).collect()
    }
}

#[test]
fn a_streamed_block_and_its_whole_are_one() {
    let mut reader = Reader::default();
    reader
        .message_start("m")
        .streamed(0, "thinking", &["h", "m"])
        .whole("m", &json!({"type": "thinking", "thinking": "hm"}))
        .streamed(1, "text", &["a", "b"])
        .whole("m", &json!({"type": "text", "text": "ab"}))
        .streamed(2, "text", &["c"])
        .whole("m", &json!({"type": "text", "text": "c"}));
    assert_eq!(reader.blocks(), ["+m:0", "-m:0 hm", "+m:1", "-m:1 ab", "+m:2", "-m:2 c"]);
}

#[test]
fn thinking_without_a_text_is_no_block_and_does_not_shift_the_others() {
    let mut reader = Reader::default();
    reader
        .message_start("m")
        .streamed(0, "thinking", &[])
        .whole("m", &json!({"type": "thinking", "thinking": "", "signature": "x"}))
        .streamed(1, "text", &["a"])
        .whole("m", &json!({"type": "text", "text": "a"}));
    assert_eq!(reader.blocks(), ["+m:1", "-m:1 a"]);
}

#[test]
fn blocks_without_deltas_are_counted() {
    let mut reader = Reader::default();
    for text in ["a", "b"] {
        reader.whole("m", &json!({"type": "text", "text": text}));
    }
    reader.whole("n", &json!({"type": "text", "text": "c"}));
    assert_eq!(reader.blocks(), ["-m:0 a", "-m:1 b", "-n:0 c"]);
}

#[test]
fn a_server_that_uses_an_id_twice_confuses_nobody() {
    let mut reader = Reader::default();
    for text in ["a", "b"] {
        reader.message_start("m").streamed(0, "text", &[text]).whole("m", &json!({"type": "text", "text": text}));
    }
    assert_eq!(reader.blocks(), ["+m:0", "-m:0 a", "+m~1:0", "-m~1:0 b"]);
}

#[test]
fn what_a_compaction_repeats_is_not_shown_again() {
    let mut reader = Reader::default();
    let synthetic =
        |text: &str| json!({"type": "assistant", "message": {"id": text, "model": "<synthetic>", "content": text}});
    reader.line(&synthetic("# Context"));
    reader.whole("m", &json!({"type": "text", "text": "kept"}));
    reader.line(&json!({"type": "system", "subtype": "compact_boundary",
        "compact_metadata": {"trigger": "auto", "pre_tokens": 9, "post_tokens": 3}}));
    reader.line(&json!({"type": "user", "message": {"role": "user", "content": "The summary"}}));
    reader.line(&synthetic("# Context"));
    reader.whole("m", &json!({"type": "text", "text": "kept"}));
    reader.line(&synthetic("Compacted"));
    assert_eq!(reader.blocks(), ["-local:1 # Context", "-m:0 kept", "-local:2 Compacted"]);
    assert!(reader.events.contains(&EventKind::CompactionSummary { text: "The summary".into() }));
}

#[test]
fn the_outcome_of_a_call_says_who_ended_it() {
    use ToolOutcome::Cut;
    use ToolOutcome::Denied;
    use ToolOutcome::Done;
    use ToolOutcome::Failed;
    let mut reader = Reader::default();
    reader.translator.note_denied("b".into());
    reader.line(&json!({"type": "system", "subtype": "permission_denied", "tool_use_id": "c"}));
    reader.result("a", "fine", false).result("b", "no", true).result("c", "no", true).result("d", "boom", true);
    reader.translator.note_interrupt();
    reader.result("e", "stopped", true).result("f", "fine", false);
    reader.translator.begin_turn();
    reader.result("g", "[Request interrupted by user for tool use]", true).result("h", "boom", true);
    assert_eq!(reader.outcomes(), [Done, Denied, Denied, Failed, Cut, Done, Cut, Failed]);
}

#[test]
fn neighbouring_deltas_become_one_event() {
    let delta = |block: &str, text: &str| EventKind::BlockDelta { block: block.into(), text: text.into() };
    let joined = coalesce(vec![delta("a", "1"), delta("a", "2"), delta("b", "3"), delta("a", "4")]);
    assert_eq!(joined, [delta("a", "12"), delta("b", "3"), delta("a", "4")]);
}

#[test]
fn a_foreground_task_is_not_ended_by_the_list_of_background_ones() {
    let mut reader = Reader::default();
    reader
        .line(&json!({"type": "system", "subtype": "task_started", "task_id": "f", "description": "x"}))
        .line(&json!({"type": "system", "subtype": "background_tasks_changed", "tasks": [{"task_id": "b"}]}))
        .line(&json!({"type": "system", "subtype": "background_tasks_changed", "tasks": []}));
    let listed: Vec<usize> = reader
        .events
        .iter()
        .filter_map(|event| match event {
            EventKind::TasksListed(tasks) => Some(tasks.len()),
            _ => None,
        })
        .collect();
    assert_eq!(listed, [2, 1]);
    assert!(reader.translator.has_running_tasks());
}

fn report(translator: &mut Translator, line: &Value, interrupting: bool) -> TurnReport {
    let Decoded::Message(inbound) = decode(&line.to_string()) else { panic!("a message") };
    let Message::Result(result) = inbound.message else { panic!("a result") };
    translator.turn_report(&result, interrupting)
}

#[test]
fn a_turn_costs_what_the_total_grew_by() {
    let mut translator = Translator::default();
    let mut cost = |total: f64| {
        report(&mut translator, &json!({"type": "result", "subtype": "success", "total_cost_usd": total}), false)
            .cost_usd
    };
    let costs = [cost(0.5), cost(0.75), cost(0.25)];
    assert_eq!(costs.map(|cost| (cost * 100.0).round() as i64), [50, 25, 25]);
}

#[test]
fn results_become_outcomes() {
    let outcome = |line: Value, interrupting: bool| report(&mut Translator::default(), &line, interrupting).outcome;
    let kind = |line: Value| match outcome(line, false) {
        TurnOutcome::Failed(trouble) => trouble.kind,
        other => panic!("{other:?}"),
    };
    let aborted = json!({"type": "result", "subtype": "error_during_execution", "is_error": true,
        "terminal_reason": "aborted_tools"});
    assert_eq!(outcome(aborted, false), TurnOutcome::Interrupted);
    let signalled = json!({"type": "result", "subtype": "error_during_execution", "is_error": true});
    assert_eq!(outcome(signalled.clone(), true), TurnOutcome::Interrupted);
    assert_eq!(kind(signalled), TroubleKind::Other);
    assert_eq!(outcome(json!({"type": "result", "subtype": "success"}), true), TurnOutcome::Completed);
    let with_error = json!({"type": "result", "subtype": "success", "is_error": true, "api_error_status": 401,
        "result": "no"});
    assert_eq!(kind(with_error), TroubleKind::Authentication);
    assert_eq!(kind(json!({"type": "result", "subtype": "error_max_turns"})), TroubleKind::MaxTurns);
    let long = json!({"type": "result", "is_error": true, "terminal_reason": "prompt_too_long", "result": "x"});
    assert_eq!(kind(long), TroubleKind::ContextTooLong);
    let limited = json!({"type": "result", "is_error": true, "result": "usage limit reached|1799846000"});
    let lifts = crate::core::ids::Timestamp(1_799_846_000_000);
    assert_eq!(kind(limited), TroubleKind::UsageLimit { lifts: Some(lifts) });
}

#[test]
fn a_limit_is_told_once_and_dates_the_trouble() {
    let mut reader = Reader::default();
    let limit = json!({"type": "rate_limit_event", "rate_limit_info":
        {"status": "rejected", "resetsAt": 1_799_846_000, "rateLimitType": "five_hour"}});
    reader.line(&limit).line(&limit);
    assert_eq!(reader.events.len(), 1);
    let failed = json!({"type": "result", "is_error": true, "api_error_status": 429, "result": "limit"});
    let report = report(&mut reader.translator, &failed, false);
    let lifts = Some(crate::core::ids::Timestamp(1_799_846_000_000));
    let TurnOutcome::Failed(trouble) = report.outcome else { panic!() };
    assert_eq!(trouble.kind, TroubleKind::UsageLimit { lifts });
}

#[test]
fn output_of_local_commands_is_text_of_its_own_kind() {
    let mut reader = Reader::default();
    let user = |text: &str| json!({"type": "user", "message": {"role": "user", "content": text}});
    reader
        .line(&user("<local-command-stdout>Set the model</local-command-stdout>"))
        .line(&user("<command-name>/model</command-name>"))
        .line(&user("<local-command-stdout></local-command-stdout>"));
    let expected = EventKind::BlockEnded {
        block: "local:1".into(),
        parent: None,
        kind: BlockKind::CommandOutput,
        text: "Set the model".into(),
    };
    assert_eq!(reader.events, [expected]);
}

/// JSON of any shape, with the words of the protocol in it more often than chance has them.
fn any_line() -> impl Strategy<Value = Value> {
    let words = [
        "type",
        "system",
        "assistant",
        "user",
        "stream_event",
        "subtype",
        "message",
        "content",
        "id",
        "m",
        "index",
        "event",
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block",
        "delta",
        "text",
        "text_delta",
        "tool_use",
        "tool_result",
        "tool_use_id",
        "task_started",
        "task_id",
        "task_notification",
        "background_tasks_changed",
        "tasks",
        "compact_boundary",
        "status",
        "parent_tool_use_id",
        "usage",
        "result",
        "total_cost_usd",
        "is_error",
        "rate_limit_event",
        "rate_limit_info",
        "rejected",
        "resetsAt",
        "thinking",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(word.clone(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_line_panics(lines in prop::collection::vec(any_line(), 0..30)) {
        let mut reader = Reader::default();
        for line in &lines {
            reader.line(line);
            for kind in ["assistant", "user", "system", "stream_event", "rate_limit_event"] {
                let mut line = line.clone();
                if let Some(object) = line.as_object_mut() {
                    object.insert("type".into(), kind.into());
                    reader.line(&line);
                }
            }
        }
    }
}

#[test]
fn only_a_written_file_in_the_own_folder_of_the_cli_is_the_plan() {
    let mut reader = Reader::default();
    reader.translator.plans_are_in("/home/me/.claude/plans".into());
    let cases = [
        ("a", "/project/.claude/plans/fake.md", false, None),
        ("b", "/home/me/.claude/plans/sub/../../../x.md", false, None),
        ("c", "/home/me/.claude/plans/failed.md", true, None),
        ("d", "/home/me/.claude/plans/real.md", false, Some("/home/me/.claude/plans/real.md")),
        ("e", "/project/.claude/plans/later.md", false, Some("/home/me/.claude/plans/real.md")),
    ];
    for (call, path, failed, expected) in cases {
        let input = json!({"file_path": path, "content": "# Plan"});
        reader.whole("m", &json!({"type": "tool_use", "id": call, "name": "Write", "input": input}));
        reader.result(call, "written", failed);
        assert_eq!(reader.translator.plan_file().and_then(Path::to_str), expected, "{path}");
    }
}

#[test]
fn a_rejection_without_a_limits_name_is_none() {
    let mut reader = Reader::default();
    reader
        .line(&json!({"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "isUsingOverage": false}}));
    assert_eq!(reader.events, []);
    let failed = json!({"type": "result", "is_error": true, "api_error_status": 429, "result": "API Error: x"});
    let report = report(&mut reader.translator, &failed, false);
    let TurnOutcome::Failed(trouble) = report.outcome else { panic!() };
    assert_eq!(trouble.kind, TroubleKind::Throttled);
}

#[test]
fn how_a_turn_ended_goes_before_what_was_said_of_it() {
    let end = |line: Value| report(&mut Translator::default(), &line, false);
    let kind = |line: Value| match end(line).outcome {
        TurnOutcome::Failed(trouble) => trouble.kind,
        other => panic!("{other:?}"),
    };
    for (reason, expected) in [
        ("blocking_limit", TroubleKind::ContextTooLong),
        ("rapid_refill_breaker", TroubleKind::ContextTooLong),
        ("malformed_tool_use_exhausted", TroubleKind::MalformedCall),
        ("structured_output_retry_exhausted", TroubleKind::StructuredOutput),
        ("tool_deferred_unavailable", TroubleKind::DeferredCall),
        ("turn_setup_failed", TroubleKind::TurnSetup),
    ] {
        // Some of these come with a subtype that sounds well.
        for is_error in [true, false] {
            let line = json!({"type": "result", "subtype": "success", "is_error": is_error, "terminal_reason": reason,
                "result": "usage limit reached"});
            assert_eq!(kind(line), expected, "{reason}");
        }
    }
    for reason in ["tool_deferred", "background_requested"] {
        let report = end(json!({"type": "result", "subtype": "success", "terminal_reason": reason}));
        assert_eq!(report.outcome, TurnOutcome::Completed);
        assert!(report.note.is_some(), "{reason}");
    }
    let image = json!({"type": "result", "is_error": true, "api_error_status": 400, "terminal_reason": "image_error"});
    assert_eq!(kind(image), TroubleKind::ImageRefused);
    let large = json!({"type": "result", "is_error": true, "api_error_status": 413, "terminal_reason": "image_error"});
    assert_eq!(kind(large), TroubleKind::Refused);
}

#[test]
fn the_clis_word_for_a_failure_counts_for_its_turn() {
    let mut reader = Reader::default();
    let said = |word: &str| json!({"type": "assistant", "error": word, "message": {"id": "e", "model": "<synthetic>", "content": []}});
    let failed = json!({"type": "result", "is_error": true, "api_error_status": 404, "result": "no such thing"});
    let mut kind = |word: &str| {
        reader.line(&said(word));
        let report = report(&mut reader.translator, &failed, false);
        reader.translator.begin_turn();
        let TurnOutcome::Failed(trouble) = report.outcome else { panic!() };
        trouble
    };
    assert_eq!(kind("model_not_found").kind, TroubleKind::ModelMissing);
    let refused = kind("unknown");
    assert_eq!(refused.kind, TroubleKind::Refused);
    assert!(!refused.is_retryable() && refused.in_full().contains("no such thing"), "{}", refused.in_full());
}
