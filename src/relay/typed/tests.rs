use serde_json::json;

use super::*;
use crate::core::anatomy::Anatomy;
use crate::core::anatomy::Effect;
use crate::core::approval::QuestionOption;
use crate::core::approval::elicitation::Elicitation;
use crate::core::approval::elicitation::Wanted;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;
use crate::core::trust::Brought;

const ASKED: Timestamp = Timestamp(1_000_000);
const SENT: Timestamp = Timestamp(1_001_000);
const LATER: Timestamp = Timestamp(1_060_000);

fn request(id: u32, ask: Ask) -> Approval {
    let mut approval = Approval::new(ApprovalId(id), SessionId(3), "Bash", json!({ "command": "make it" }));
    (approval.ask, approval.asked) = (ask, ASKED);
    // Its line was read, and has no mark.
    approval.anatomy = Some(Anatomy { whole: true, ..Anatomy::default() });
    approval
}

fn tool(id: u32) -> Approval {
    request(id, Ask::Tool)
}

fn marked(id: u32, change: impl FnOnce(&mut Approval)) -> Approval {
    let mut approval = tool(id);
    change(&mut approval);
    approval
}

fn question(text: &str, multiple: bool, labels: &[&str]) -> Question {
    let option = |label: &&str| QuestionOption { label: (*label).into(), description: String::new(), preview: None };
    Question { text: text.into(), header: String::new(), multiple, options: labels.iter().map(option).collect() }
}

fn store(id: u32) -> Approval {
    request(id, Ask::Questions(vec![question("Which store?", false, &["SQLite", "Postgres", "都行"])]))
}

fn plan(id: u32) -> Approval {
    request(id, Ask::Plan("1. do it".into()))
}

fn shown(approvals: &[Approval]) -> Vec<Waiting<'_>> {
    approvals.iter().map(|approval| Waiting { approval, shown: true }).collect()
}

fn read_in(text: &str, waiting: &[Approval], reply_to: ReplyTo, newest: Newest) -> Meaning {
    read(text, &Scene { reply_to, waiting: &shown(waiting), newest, at: Some(LATER) }, Language::Chinese)
}

/// One letter for what is done, for the table.
fn letter(meaning: &Meaning) -> char {
    match meaning {
        Meaning::Wish(Wish::Approve(Some(_))) => 'a',
        Meaning::Wish(Wish::Deny { reason: None, request: Some(_) }) => 'd',
        Meaning::Wish(Wish::Deny { reason: Some(_), request: Some(_) }) => 'r',
        Meaning::Wish(Wish::Answer { .. }) => 'n',
        Meaning::Wish(Wish::Prompt(_) | Wish::PromptTo(..)) => 'p',
        Meaning::Wish(Wish::Wrong(_)) => 'w',
        Meaning::Wish(Wish::Approve(None) | Wish::Deny { request: None, .. }) => '?',
        Meaning::Wish(_) => 'c',
        Meaning::Hint(_) => 'h',
    }
}

/// The columns of the table.
fn scenes() -> Vec<(Vec<Approval>, ReplyTo, Newest)> {
    let newest = |id| Newest::Request(id, SENT);
    let risky = || vec![marked(7, |it| it.risks = vec![Effect::Deletes])];
    vec![
        // Nothing waits, and the model spoke last.
        (vec![], ReplyTo::Nothing, Newest::Model),
        // A plain request, alone and newest.
        (vec![tool(7)], ReplyTo::Nothing, newest(7)),
        // The same, as a reply to its card, below something else.
        (vec![tool(7)], ReplyTo::Request(7), Newest::Model),
        // One that is marked as dangerous, newest; and as a reply to it.
        (risky(), ReplyTo::Nothing, newest(7)),
        (risky(), ReplyTo::Request(7), newest(7)),
        // A question, newest; and as a reply to it.
        (vec![store(7)], ReplyTo::Nothing, newest(7)),
        (vec![store(7)], ReplyTo::Request(7), newest(7)),
        // A plan, as a reply to it.
        (vec![plan(7)], ReplyTo::Request(7), newest(7)),
        // Two requests.
        (vec![tool(7), tool(8)], ReplyTo::Nothing, newest(8)),
        // One, below the model's own words.
        (vec![tool(7)], ReplyTo::Nothing, Newest::Model),
    ]
}

const TABLE: &str = include_str!("table.txt");

#[test]
fn the_table() {
    let scenes = scenes();
    let (mut n_rows, mut wrong) = (0, Vec::new());
    for line in TABLE.lines().filter(|line| !line.starts_with("//") && !line.trim().is_empty()) {
        let (expected, message) = line.split_once('\t').expect("a tab");
        let message = message.replace("\\n", "\n");
        let is: String = scenes
            .iter()
            .map(|(waiting, reply_to, newest)| letter(&read_in(&message, waiting, *reply_to, *newest)))
            .collect();
        if is != expected {
            wrong.push(format!("{is}\t{message}   (the table says {expected})"));
        }
        n_rows += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_rows >= 400, "{n_rows} messages");
}

#[test]
fn what_is_meant_is_said_word_for_word() {
    let deny = |id, reason: &str| Meaning::Wish(Wish::Deny { request: Some(id), reason: Some(reason.into()) });
    let answer = |text: &str| Meaning::Wish(Wish::Answer { request: 7, text: text.into() });
    let newest = Newest::Request(8, SENT);
    let in_two = |text: &str| read_in(text, &[tool(7), tool(8)], ReplyTo::Nothing, newest);
    assert_eq!(in_two("/deny 7：理由"), deny(7, "理由"));
    assert_eq!(in_two("/deny 8, 理由"), deny(8, "理由"));
    assert_eq!(in_two("/approve ７。"), Meaning::Wish(Wish::Approve(Some(7))));
    assert_eq!(in_two("/deny：理由"), Meaning::Hint(Hint::Unsure(vec![7, 8])));
    let in_one = |text: &str| read_in(text, &[tool(8)], ReplyTo::Nothing, newest);
    assert_eq!(in_one("/deny：理由"), deny(8, "理由"));
    assert_eq!(in_one("/deny 7：理由"), deny(7, "理由"), "it waits not, and no other is meant");
    assert_eq!(in_one("/deny 不要执行请求 7"), Meaning::Hint(Hint::Names(8, 7)));
    assert_eq!(in_one("y"), Meaning::Wish(Wish::Approve(Some(8))));
    let asked = |text: &str, reply_to| read_in(text, &[store(7)], reply_to, Newest::Request(7, SENT));
    assert_eq!(asked("２", ReplyTo::Nothing), answer("２"));
    assert_eq!(asked("postgres。", ReplyTo::Nothing), answer("postgres。"));
    assert_eq!(asked("用 DuckDB 吧", ReplyTo::Request(7)), answer("用 DuckDB 吧"));
    assert!(matches!(asked("4", ReplyTo::Nothing), Meaning::Hint(Hint::NoAnswer(7, _))));
    let text = |session, text: &str| Meaning::Wish(Wish::PromptTo(session, text.into()));
    assert_eq!(read_in("再跑一次", &[], ReplyTo::Session(3), Newest::Model), text(3, "再跑一次"));
    assert_eq!(read_in("是", &[], ReplyTo::Session(3), Newest::Model), text(3, "是"));
    assert_eq!(read_in("/stop", &[], ReplyTo::Session(3), Newest::Model), Meaning::Wish(Wish::Stop(Some(3))));
    assert_eq!(read_in("少一点步骤", &[plan(7)], ReplyTo::Request(7), Newest::Model), deny(7, "少一点步骤"));
    // A request that has ended is not another one.
    for word in ["y", "允许", "n"] {
        let is = read_in(word, &[tool(8)], ReplyTo::Request(7), newest);
        assert_eq!(is, Meaning::Hint(Hint::Ended(Some(7))), "{word}");
        assert_eq!(read_in(word, &[], ReplyTo::Nothing, newest), Meaning::Hint(Hint::Ended(Some(8))), "{word}");
    }
}

#[test]
fn a_word_counts_only_for_what_was_seen_before_it_was_written() {
    let approvals = [tool(7)];
    let said = |at, newest, is_shown| {
        let waiting = [Waiting { approval: &approvals[0], shown: is_shown }];
        read("y", &Scene { reply_to: ReplyTo::Nothing, waiting: &waiting, newest, at }, Language::English)
    };
    let newest = Newest::Request(7, SENT);
    assert_eq!(said(Some(SENT), newest, true), Meaning::Wish(Wish::Approve(Some(7))));
    for (at, newest, is_shown) in [
        (Some(Timestamp(SENT.0 - 1)), newest, true),
        (None, newest, true),
        (Some(LATER), newest, false),
        (Some(LATER), Newest::Other, true),
        (Some(LATER), Newest::Request(8, SENT), true),
    ] {
        assert_eq!(letter(&said(at, newest, is_shown)), 'h', "{at:?} {newest:?} {is_shown}");
    }
    // Named, and written long before it was asked.
    let waiting = shown(&approvals);
    let early = Scene { reply_to: ReplyTo::Nothing, waiting: &waiting, newest, at: Some(Timestamp(ASKED.0 - 6_000)) };
    assert_eq!(read("/approve 7", &early, Language::English), Meaning::Hint(Hint::Before(7)));
    assert_eq!(letter(&read("y", &early, Language::English)), 'h');
}

/// Everything that waits in the property: of each kind one.
fn all_kinds() -> Vec<Approval> {
    let form = Elicitation { server: "s".into(), message: String::new(), wanted: Wanted::Form(Vec::new()) };
    let brought =
        Brought { folder: "/p".into(), items: Vec::new(), n_trusted: 0, mark: String::new(), from_phone: true };
    vec![
        tool(1),
        marked(2, |it| it.risks = vec![Effect::Deletes]),
        marked(3, |it| it.binding.safety_check = true),
        marked(4, |it| it.binding.default_to_no = true),
        marked(5, |it| it.risks = vec![Effect::Privilege]),
        marked(6, |it| it.risks = vec![Effect::RunsDownloaded]),
        store(7),
        plan(8),
        request(9, Ask::Elicitation(Box::new(form))),
        request(10, Ask::Trust(Box::new(brought))),
    ]
}

fn messages() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let words: Vec<&str> = TABLE.lines().filter_map(|line| Some(line.split_once('\t')?.1)).collect();
    let one = proptest::sample::select(words);
    prop_oneof![
        3 => one.clone().prop_map(str::to_owned),
        2 => (one.clone(), "[ ,，。！!~1-9１-９]{0,3}", one).prop_map(|(a, between, b)| format!("{a}{between}{b}")),
        1 => "(/deny|/approve|/answer|/拒绝|/批准|、deny|／ａｐｐｒｏｖｅ|允许|拒绝|y|no)[ ：:,，、#]{0,2}[0-9０-９]{0,3}[ ：:,，、。.]{0,2}\\PC{0,6}",
        1 => "\\PC{0,12}",
    ]
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(20_000))]

    /// No text allows another request than the one it was written for, none allows without its number what must be
    /// looked at, and none denies what it does not mean.
    #[test]
    fn no_text_answers_what_it_was_not_written_for(
        text in messages(),
        waits in proptest::collection::vec(proptest::bool::ANY, 10),
        reply in 0_u32..13,
        newest in 0_u32..13,
        is_late in proptest::bool::ANY,
    ) {
        let waiting: Vec<Approval> = all_kinds().into_iter().zip(&waits).filter(|(_, waits)| **waits).map(|(it, _)| it).collect();
        let reply_to = match reply {
            0 => ReplyTo::Session(3),
            11 => ReplyTo::Elsewhere,
            12 => ReplyTo::Nothing,
            id => ReplyTo::Request(id),
        };
        let newest = match newest { 0 => Newest::Nothing, 11 => Newest::Model, 12 => Newest::Other, id => Newest::Request(id, SENT) };
        let at = Some(if is_late { LATER } else { Timestamp(SENT.0 - 10) });
        let scene = Scene { reply_to, waiting: &shown(&waiting), newest, at };
        let folded = fold::folded(&text);
        let is_named = |id: u32| folded.chars().any(|c| c.is_ascii_digit()) && folded.starts_with(['/', '、']) && folded.contains(&id.to_string());
        let is_meant = |id: u32| match reply_to {
            ReplyTo::Request(replied) => replied == id,
            ReplyTo::Nothing => waiting.len() == 1 && newest == Newest::Request(id, SENT) && is_late,
            ReplyTo::Session(_) | ReplyTo::Elsewhere => false,
        };
        match read(&text, &scene, Language::Chinese) {
            Meaning::Wish(Wish::Approve(id)) => {
                let id = id.expect("the one that is meant is named");
                proptest::prop_assert!(is_named(id) || is_meant(id), "{text:?} allows {id}");
                proptest::prop_assert!(is_named(id) || matches!(id, 1 | 8), "{text:?} allows {id}");
            }
            Meaning::Wish(Wish::Deny { request, .. }) => {
                let id = request.expect("the one that is meant is named");
                proptest::prop_assert!(is_named(id) || is_meant(id), "{text:?} denies {id}");
            }
            Meaning::Wish(Wish::Answer { request, .. }) => {
                let is_newest = newest == Newest::Request(7, SENT) && is_late && reply_to == ReplyTo::Nothing;
                proptest::prop_assert!(is_named(request) || reply_to == ReplyTo::Request(7) || is_newest);
            }
            // While something waits no answer is sent on.
            Meaning::Wish(Wish::Prompt(_) | Wish::PromptTo(..)) => {
                proptest::prop_assert!(waiting.is_empty() || word(&text).is_none() || text.trim().starts_with(['/', '／']), "{text:?} is sent on");
            }
            Meaning::Wish(_) | Meaning::Hint(_) => {}
        }
    }
}
