//! Questions, dialogs and background tasks on the real CLI.

use std::path::PathBuf;
use std::time::Duration;

use adjutant::core::approval::Answer;
use adjutant::core::approval::Ask;
use adjutant::core::approval::Decision;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::session::SessionSpec;
use adjutant::core::task::TaskState;
use adjutant::core::tool::ToolState;
use serde_json::json;

use super::rig;
use super::with_each_cli;
use crate::support::api::Reply;
use crate::support::api::text;
use crate::support::api::tool;

#[tokio::test(flavor = "multi_thread")]
async fn the_model_reads_which_question_was_left_unanswered() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let question = |text: &str| {
            json!({"question": text, "header": "H", "multiSelect": false,
                "options": [{"label": "A", "description": "a"}, {"label": "B", "description": "b"}]})
        };
        let questions = json!({"questions": [question("Which one?"), question("And which then?")]});
        api.script("ask me", vec![tool("AskUserQuestion", questions), text("thanks")]);
        let id = rig.open().await;
        rig.prompt(id, "ask me").await;
        let asked = rig.approval().await;
        let answer = Answer { question: "Which one?".into(), answer: "B".into() };
        rig.answer(id, asked.id, Decision::Answers(vec![answer])).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let told = api.tool_results().join("\n");
        assert!(told.contains("\"Which one?\"=\"B\"") && told.contains("not answered"), "{told}");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_asks_whether_another_model_is_asked() {
    async fn test(cli: PathBuf) {
        let is_old = cli.display().to_string().contains("2.1.197");
        let (mut rig, api) = rig(cli, &[]).await;
        let folder = rig.folder.path().join("home/.claude");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("settings.json"), json!({"switchModelsOnFlag": false}).to_string()).unwrap();
        let model = is_old.then(|| "claude-fable-5".to_owned());
        let directory = rig.project().display().to_string();
        let id = rig.open_spec(SessionSpec { directory, model, ..SessionSpec::default() }).await;
        for (choice, is_answered) in [(2, false), (0, true)] {
            api.first(vec![Reply::Refusal; 20]);
            rig.prompt(id, "say something").await;
            let asked = rig.approval().await;
            api.first(Vec::new());
            let Ask::Questions(questions) = &asked.ask else { panic!("{asked:?}") };
            let label = questions[0].options[choice].label.clone();
            let answer = Answer { question: questions[0].text.clone(), answer: label };
            rig.answer(id, asked.id, Decision::Answers(vec![answer])).await;
            assert_eq!(rig.turn_end().await == TurnOutcome::Completed, is_answered, "{:?}", rig.session(id).last_turn);
        }
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_in_the_background_is_read_and_stopped() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let command = "touch begun; echo first line; echo second line; sleep 3209";
        let input = json!({"command": command, "description": "work on", "run_in_background": true});
        api.script("in the background", vec![tool("Bash", input), text("started")]);
        let id = rig.open().await;
        rig.prompt(id, "in the background").await;
        let asked = rig.approval().await;
        rig.answer(id, asked.id, Decision::allow_once()).await;
        let started = rig.wait("the task", |kind| matches!(kind, EventKind::TaskStarted { .. })).await;
        let EventKind::TaskStarted { task, call, .. } = started.kind.clone() else { unreachable!("just matched") };
        rig.turn_end().await;
        let printed = |rig: &crate::support::rig::Rig| {
            rig.session(id).tasks[0].output.as_ref().is_some_and(|output| output.contains("second line"))
        };
        for _ in 0..100 {
            rig.send(Command::ReadTask { session: id, task: task.clone() }).await;
            rig.listen(Duration::from_millis(100)).await;
            if printed(&rig) {
                break;
            }
        }
        assert!(printed(&rig), "{:?}", rig.session(id).tasks);
        let shown = rig.session(id).transcript.call(&call.unwrap()).unwrap().clone();
        assert_eq!(shown.state, ToolState::Background);
        assert!(shown.output.unwrap().text.contains("first line\nsecond line"));
        rig.send(Command::StopTask { session: id, task: task.clone() }).await;
        rig.wait("its end", |kind| matches!(kind, EventKind::TaskEnded { .. })).await;
        assert_eq!(rig.session(id).tasks[0].state, TaskState::Stopped);
        rig.end().await;
    }
    with_each_cli!(test);
}
