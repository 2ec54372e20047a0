//! How cards look: each kind, drawn as it is sent, is one that the messenger takes. With `ADJUTANT_CARDS=FOLDER` they are
//! written there, and `tests/support/feishu/draw.py FOLDER` makes pictures of them, as wide as a phone.

use adjutant::core::anatomy::Effect;
use adjutant::core::approval::Approval;
use adjutant::core::approval::Ask;
use adjutant::core::approval::FileBefore;
use adjutant::core::approval::FilePreview;
use adjutant::core::approval::Place;
use adjutant::core::approval::Question;
use adjutant::core::approval::QuestionOption;
use adjutant::core::approval::Verdict;
use adjutant::core::grant::CommandWords;
use adjutant::core::grant::GrantRule;
use adjutant::core::ids::ApprovalId;
use adjutant::core::ids::SessionId;
use adjutant::core::ids::Timestamp;
use adjutant::core::language::Language;
use adjutant::core::prompt::Surface;
use adjutant::redact::Redactor;
use adjutant::relay::approvals;
use adjutant::relay::approvals::Around;
use adjutant::relay::approvals::End;
use adjutant::relay::approvals::Mark;
use adjutant::relay::card::Card;
use adjutant::relay::feishu::render;
use serde_json::Value;
use serde_json::json;

use crate::support::feishu::lint;

fn request(tool: &str, input: Value, ask: Ask) -> Approval {
    let words = CommandWords { words: vec!["npm".into(), "test".into()], more: false };
    Approval {
        ask,
        grants: vec![GrantRule::Commands(vec![words])],
        description: Some("确认修改没有破坏测试".into()),
        place: Place { directory: "/home/me/src/web".into(), branch: Some("main".into()), ..Place::default() },
        deadline: Some(Timestamp(600_000)),
        ..Approval::new(ApprovalId(7), SessionId(3), tool, input)
    }
}

fn asked(approval: &Approval, language: Language) -> Card {
    let redactor = Redactor::default();
    let around = Around { session: "3 · 修复登录", language, redactor: &redactor };
    approvals::asked(approval, Mark { card: 1, nonce: "n" }, around).card
}

fn all(language: Language) -> Vec<(&'static str, Card)> {
    let bash = |command: &str| request("Bash", json!({ "command": command }), Ask::Tool);
    let before = (1..=80).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
    let other = |n: u32| format!("line {}\n", n * if n.is_multiple_of(2) { 1 } else { 7 });
    let after = (1..=80).map(other).collect::<Vec<_>>().concat();
    let edit =
        request("Write", json!({ "file_path": "/home/me/src/web/src/login/form.ts", "content": after }), Ask::Tool);
    let preview = FilePreview::new("/home/me/src/web/src/login/form.ts", FileBefore::Text(before));
    let edit = Approval { preview: Some(preview), ..edit };
    let grave =
        Approval { risks: vec![Effect::Deletes, Effect::LeavesProject], ..bash("rm -rf ~/build && npm run build") };
    let mut typed = grave.clone();
    typed.binding.default_to_no = true;
    let option =
        |label: &str, about: &str| QuestionOption { label: label.into(), description: about.into(), preview: None };
    let store = Question {
        text: "数据存在哪里？".into(),
        header: "存储".into(),
        multiple: false,
        options: vec![option("SQLite", "单个文件，无需服务"), option("Postgres", "需要服务器"), option("先不存", "")],
    };
    let other = Question { multiple: true, text: "还要哪些功能？".into(), ..store.clone() };
    let one = request("AskUserQuestion", json!({}), Ask::Questions(vec![store.clone()]));
    let two = request("AskUserQuestion", json!({}), Ask::Questions(vec![store, other]));
    let plan =
        "# 计划\n\n1. 先写一个失败的测试\n2. 修改 `login()`\n3. 跑全部测试，见 [文档](https://docs.example/login)";
    let plan = request("ExitPlanMode", json!({ "plan": plan }), Ask::Plan(plan.into()));
    let calm = bash("npm test");
    let verdict = Verdict {
        decision: adjutant::core::approval::Decision::allow_once(),
        by: Surface::Phone("ou_84aad35d084aa403a838cf73ee18467".into()),
        after_ms: 3_000,
    };
    let over = approvals::ended(&asked(&calm, language), &End::Decided(&verdict), language, &Redactor::default());
    vec![
        ("command", asked(&calm, language)),
        ("danger", asked(&grave, language)),
        ("typed", asked(&typed, language)),
        ("edit", asked(&edit, language)),
        ("question", asked(&one, language)),
        ("questions", asked(&two, language)),
        ("plan", asked(&plan, language)),
        ("over", over),
    ]
}

#[test]
fn each_kind_of_card_is_one_that_the_messenger_takes() {
    let folder = std::env::var_os("ADJUTANT_CARDS").map(std::path::PathBuf::from);
    for (language, word) in [(Language::Chinese, "zh"), (Language::English, "en")] {
        for (name, card) in all(language) {
            let drawn = render::card(&card, language);
            assert_eq!(lint::card(&drawn.json), Ok(()), "{name}");
            assert!(!drawn.cut, "{name}");
            if let Some(folder) = &folder {
                std::fs::create_dir_all(folder).unwrap();
                std::fs::write(folder.join(format!("{name}-{word}.json")), drawn.json.to_string()).unwrap();
            }
        }
    }
}
