//! What goes on in the background: its output, and what an interrupt does to it.

use super::*;

const LAUNCH: &str = "Command running in background with ID: s1. Output is being written to: /tmp/t/s1.output";

impl Bench {
    /// A shell begins in the background.
    fn shell(&mut self) -> &mut Self {
        let call = json!({"type": "tool_use", "id": "c1", "name": "Bash",
            "input": {"command": "make", "run_in_background": true}});
        self.line(&json!({"type": "assistant", "message": {"id": "m1", "content": [call]}}));
        self.line(&json!({"type": "system", "subtype": "task_started", "task_id": "s1", "tool_use_id": "c1",
            "description": "build it", "task_type": "local_bash"}));
        let result = json!({"type": "tool_result", "tool_use_id": "c1", "content": LAUNCH});
        self.line(&json!({"type": "user", "message": {"role": "user", "content": [result]}}))
    }

    fn reads_it(&mut self) -> &mut Self {
        self.command(Command::ReadTask { session: ID, task: "s1".into() })
    }

    /// The id of the newest request for an output.
    fn asked_output(&self) -> Option<String> {
        self.lines.iter().rev().find_map(|line| match line {
            Outbound::Request { request_id, request: ClientRequest::GetTaskOutput { task_id } } if task_id == "s1" => {
                Some(request_id.clone())
            }
            _ => None,
        })
    }

    fn told(&mut self, response: &Value) -> &mut Self {
        let mut response = response.clone();
        response["request_id"] = self.asked_output().expect("it was asked").into();
        self.line(&json!({"type": "control_response", "response": response}))
    }

    fn printed(&self) -> Option<String> {
        let session = self.fleet.get(ID).unwrap();
        let call = session.transcript.call(&"c1".into()).unwrap();
        let shown = call.output.as_ref().map(|output| output.text.clone());
        assert!(session.tasks[0].output.is_none() || session.tasks[0].output == shown, "the timeline shows it too");
        session.tasks[0].output.clone()
    }
}

#[test]
fn the_output_of_a_task_is_asked_of_the_cli_and_kept_bounded() {
    let mut bench = Bench::running(|_| {});
    bench.shell().reads_it();
    bench.told(&json!({"subtype": "success", "response": {"output": "line 1\nline 2\n", "total_bytes": 14}}));
    assert_eq!(bench.printed().as_deref(), Some("line 1\nline 2\n"));
    bench.reads_it().told(&json!({"subtype": "success", "response": {"output": "é".repeat(1 << 20)}}));
    assert!(bench.printed().unwrap().len() <= crate::core::task::MAX_OUTPUT);
    assert!(bench.reads.is_empty(), "no file is read where the CLI tells it");
    // Its end brings the last of it.
    let n_lines = bench.lines.len();
    bench.line(&json!({"type": "system", "subtype": "task_notification", "task_id": "s1", "status": "completed",
        "summary": "done"}));
    assert!(bench.lines.len() > n_lines);
    bench.told(&json!({"subtype": "success", "response": {"output": "all\n[exited with code 0]"}}));
    assert_eq!(bench.printed().as_deref(), Some("all\n[exited with code 0]"));
}

#[test]
fn an_older_cli_has_it_in_the_file_that_it_named_at_the_launch() {
    let mut bench = Bench::running(|_| {});
    bench.shell();
    // Another launch cannot lead elsewhere.
    let result = json!({"type": "tool_result", "tool_use_id": "c9", "content": LAUNCH.replace("/tmp/t/s1.output", "/etc/passwd")});
    bench.line(&json!({"type": "user", "message": {"role": "user", "content": [result]}}));
    bench.reads_it();
    bench.told(&json!({"subtype": "error", "error": "Unsupported control request subtype: get_task_output"}));
    assert_eq!(bench.reads, [("s1".into(), PathBuf::from("/tmp/t/s1.output"))]);
    bench.give(Input::TaskRead { task: "s1".into(), text: "from the file".into() });
    assert_eq!(bench.printed().as_deref(), Some("from the file"));
    bench.reads_it();
    assert_eq!(bench.reads.len(), 2, "it is not asked in vain again");
}

#[test]
fn an_interrupt_that_ends_background_agents_says_so_on_older_clis() {
    for (version, n) in [("2.1.197", 1), ("2.1.332", 0)] {
        let mut bench = Bench::running(|_| {});
        bench.line(
            &json!({"type": "system", "subtype": "init", "session_id": "s", "model": "m", "cwd": "/w", "tools": [],
            "permissionMode": "default", "claude_code_version": version}),
        );
        let call = json!({"type": "tool_use", "id": "a1", "name": "Agent", "input": {"prompt": "x"}});
        bench.line(&json!({"type": "assistant", "message": {"id": "m1", "content": [call]}}));
        bench.line(&json!({"type": "system", "subtype": "task_started", "task_id": "t1", "tool_use_id": "a1",
            "description": "look around", "subagent_type": "Explore", "task_type": "local_agent"}));
        let result =
            json!({"type": "tool_result", "tool_use_id": "a1", "content": "Async agent launched successfully"});
        bench.line(&json!({"type": "user", "message": {"role": "user", "content": [result]}}));
        bench.command(Command::Interrupt { session: ID });
        let says = |kind: &&&EventKind| matches!(kind, EventKind::Noted(notice) if notice.text.contains("ends agents in the background with an interrupt: look around"));
        assert_eq!(bench.kinds().iter().filter(says).count(), n, "{version}");
    }
}
