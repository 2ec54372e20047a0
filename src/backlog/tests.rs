use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use super::*;
use crate::core::backlog::Access;
use crate::core::backlog::Draft;
use crate::core::ids::SessionId;

fn draft(name: &str) -> Draft {
    Draft { name: name.into(), ..Draft::default() }
}

fn session(number: u32) -> Who {
    Who::Session(SessionId(number))
}

#[test]
fn what_was_changed_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut project = Project::open(dir.path(), dir.path()).unwrap();
    assert_eq!(project.read().unwrap(), Backlog::default());
    project
        .change(&Who::Person, |backlog, now| backlog.create(vec![draft("a"), draft("b")], &Who::Person, now))
        .unwrap();
    let (claimed, happened) = project.change(&session(3), |backlog, now| backlog.claim_next(&session(3), now)).unwrap();
    assert_eq!((claimed, happened), (FeatureId(1), vec![(FeatureId(1), What::Claimed)]));
    project.change(&session(3), |backlog, now| backlog.skip(FeatureId(1), &session(3), now)).unwrap();
    project.change(&Who::Person, |backlog, now| backlog.remove(FeatureId(2), false, now)).unwrap();
    let before = project.read().unwrap();
    drop(project);
    let mut project = Project::open(dir.path(), dir.path()).unwrap();
    assert_eq!(project.read().unwrap(), before);
    assert_eq!(
        before.features().iter().map(|feature| (feature.id, feature.skipped)).collect::<Vec<_>>(),
        [(FeatureId(1), 1)]
    );
    let made =
        project.change(&Who::Person, |backlog, now| backlog.create(vec![draft("c")], &Who::Person, now)).unwrap();
    assert_eq!(made.0, [FeatureId(3)], "a number is never given twice");
    let told: Vec<(Who, What)> =
        project.history(FeatureId(1)).unwrap().into_iter().map(|happened| (happened.who, happened.what)).collect();
    assert_eq!(told, [(Who::Person, What::Created), (session(3), What::Claimed), (session(3), What::Skipped)]);
}

#[test]
fn projects_are_apart_and_work_trees_together() {
    let dir = tempfile::tempdir().unwrap();
    let folder = |name: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    };
    let (one, two) = (folder("one"), folder("two"));
    for inner in ["objects", "refs"] {
        folder(&format!("one/.git/{inner}"));
    }
    std::fs::write(one.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    let below = folder("one/src/deep");
    let mut project = Project::open(dir.path(), &one).unwrap();
    project.change(&Who::Person, |backlog, now| backlog.create(vec![draft("a")], &Who::Person, now)).unwrap();
    assert_eq!(Project::open(dir.path(), &below).unwrap().read().unwrap().features().len(), 1);
    assert_eq!(Project::open(dir.path(), &two).unwrap().read().unwrap().features().len(), 0);
    let error = Project::open(dir.path(), &dir.path().join("none")).unwrap_err().to_string();
    assert!(error.contains("none cannot be reached"), "{error}");
}

#[test]
fn a_file_of_a_newer_program_or_with_other_content_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut project = Project::open(dir.path(), dir.path()).unwrap();
    project.change(&Who::Person, |backlog, now| backlog.create(vec![draft("a")], &Who::Person, now)).unwrap();
    project.connection.execute("UPDATE features SET steps = 'no list'", []).unwrap();
    let error = project.read().unwrap_err().to_string();
    assert!(error.contains("the steps of a feature") && error.contains("left as it is"), "{error}");
    project.connection.pragma_update(None, "user_version", 9).unwrap();
    let error = Project::open(dir.path(), dir.path()).unwrap_err().to_string();
    assert!(error.contains("newer adjutant") && error.contains('9'), "{error}");
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join(FILE), "this is no database, however long one reads in it").unwrap();
    let error = Project::open(other.path(), other.path()).unwrap_err().to_string();
    assert!(error.contains("cannot be used"), "{error}");
    assert!(std::fs::read_to_string(other.path().join(FILE)).unwrap().starts_with("this is no"));
}

/// Eight clients, each with a connection of its own, do whatever comes to them at the same time.
#[test]
fn no_feature_is_ever_two_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let n_features = 30;
    let mut project = Project::open(dir.path(), dir.path()).unwrap();
    let drafts = (0..n_features).map(|n| draft(&format!("f{n}"))).collect();
    project.change(&Who::Person, |backlog, now| backlog.create(drafts, &Who::Person, now)).unwrap();
    let seed = std::env::var("ADJUTANT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7_u64);
    let work = |number: u32| {
        let path = dir.path().to_owned();
        move || {
            let mut random = fastrand::Rng::with_seed(seed + u64::from(number));
            let who = session(number);
            let mut mine: BTreeSet<FeatureId> = BTreeSet::new();
            for _ in 0..60 {
                let any = FeatureId(random.u32(1..=n_features));
                let other = FeatureId(random.u32(1..=n_features));
                let call = |name: &str, input: Value| tools::call(&path, &path, Access::Work, &who, name, &input);
                match random.u8(0..6) {
                    0 | 1 => {
                        let answer = call("feature_claim_next", json!({}));
                        if !answer.is_error {
                            let id = answer.changed[0].0;
                            assert!(mine.insert(id), "{id} was given to {who} twice");
                        }
                    }
                    2 => {
                        let Some(id) = mine.iter().next().copied() else { continue };
                        let answer = call("feature_mark_passing", json!({ "feature_id": id, "evidence": "seen" }));
                        assert!(!answer.is_error, "{who} has {id}: {}", answer.text);
                        mine.remove(&id);
                    }
                    3 => {
                        let Some(id) = mine.iter().next().copied() else { continue };
                        let answer = call("feature_clear_in_progress", json!({ "feature_id": id }));
                        assert!(!answer.is_error, "{who} has {id}: {}", answer.text);
                        mine.remove(&id);
                    }
                    4 => {
                        let answer = call("feature_skip", json!({ "feature_id": any }));
                        if !answer.is_error {
                            mine.remove(&any);
                        }
                    }
                    _ => {
                        call("feature_add_dependency", json!({ "feature_id": any, "dependency_id": other }));
                    }
                }
            }
            (who, mine)
        }
    };
    let workers: Vec<_> = (1..=8).map(|number| std::thread::spawn(work(number))).collect();
    let left: Vec<(Who, BTreeSet<FeatureId>)> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    let backlog = project.read().unwrap();
    for (who, mine) in left {
        let has = backlog.features().iter().filter(|feature| feature.worker.as_ref() == Some(&who));
        assert_eq!(has.map(|feature| feature.id).collect::<BTreeSet<_>>(), mine, "{who}");
    }
    let positions: Vec<i64> = project
        .connection
        .prepare("SELECT position FROM features ORDER BY position")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(positions, (0..i64::from(n_features)).collect::<Vec<_>>());
    crate::core::backlog::tests::check(&backlog);
}

#[test]
fn tools_say_what_is_wrong_and_change_nothing_then() {
    let dir = tempfile::tempdir().unwrap();
    let call =
        |access, name: &str, input: Value| tools::call(dir.path(), dir.path(), access, &session(1), name, &input);
    let made = call(
        Access::Manage,
        "feature_create",
        json!({ "category": "c", "name": "a", "description": "d", "steps": ["s"] }),
    );
    let value: Value = serde_json::from_str(&made.text).unwrap();
    assert_eq!((&value["feature"]["id"], &value["feature"]["standing"]), (&json!(1), &json!("ready")));
    let bulk = json!({ "features": [
        { "name": "b", "depends_on": [1] },
        { "name": "c", "depends_on_indices": [0] },
    ] });
    assert_eq!(call(Access::Manage, "feature_create_bulk", bulk).text, r#"{"created":2,"ids":[2,3]}"#);
    for (access, name, input, sentence) in [
        (Access::Read, "feature_create", json!({ "name": "x" }), "there is no tool feature_create here"),
        (Access::Manage, "feature_claim_next", json!({}), "there is no tool feature_claim_next here"),
        (Access::Work, "feature_delete", json!({}), "there is no tool feature_delete here"),
        (Access::Work, "feature_skip", json!({}), "feature_id is missing"),
        (Access::Work, "feature_skip", json!({ "feature_id": "two" }), "feature_id must be a whole number"),
        (Access::Work, "feature_skip", json!({ "feature_id": 77 }), "there is no feature 77 in this project's backlog"),
        (Access::Work, "feature_mark_in_progress", json!({ "feature_id": 3 }), "feature 3 is blocked: it waits for 2"),
        (
            Access::Work,
            "feature_mark_passing",
            json!({ "feature_id": 1, "evidence": "x" }),
            "feature 1 is not in progress: claim it first",
        ),
        (
            Access::Manage,
            "feature_create_bulk",
            json!({ "features": [] }),
            "features has 0; 1 to 500 can be made at once",
        ),
        (
            Access::Manage,
            "feature_create",
            json!({ "name": 7 }),
            "the input: invalid type: integer `7`, expected a string",
        ),
        (
            Access::Manage,
            "feature_create_bulk",
            json!({ "features": [{ "name": "x" }, { "name": "y", "steps": "none" }] }),
            "features[1]: invalid type: string \"none\", expected a sequence",
        ),
        (
            Access::Work,
            "feature_add_dependency",
            json!({ "feature_id": 1, "dependency_id": 3 }),
            "feature 1: it would depend on itself (1 → 3 → 2 → 1)",
        ),
    ] {
        let answer = call(access, name, input);
        assert_eq!((answer.text.as_str(), answer.is_error, answer.changed), (sentence, true, Vec::new()));
    }
    let ready: Value =
        serde_json::from_str(&call(Access::Read, "feature_get_ready", json!({ "limit": "5" })).text).unwrap();
    assert_eq!((&ready["count"], &ready["features"][0]["id"]), (&json!(1), &json!(1)));
    let blocked: Value = serde_json::from_str(&call(Access::Read, "feature_get_blocked", json!({})).text).unwrap();
    assert_eq!((&blocked["count"], &blocked["features"][1]["waits_for"]), (&json!(2), &json!([2])));
    let stats: Value = serde_json::from_str(&call(Access::Read, "feature_get_stats", json!({})).text).unwrap();
    assert_eq!(stats["total"], 3);
    let offered = |access| tools::Tool::offered(access).count();
    assert_eq!((offered(Access::Read), offered(Access::Manage), offered(Access::Work)), (4, 7, 13));
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut project = Project::open(dir.path(), dir.path()).unwrap();
    let list = "# Core\n- first: does it\n  - step one\n  - Depends on: second\n- second\n";
    let add = |project: &mut Project, bytes: &[u8]| {
        let drafts = import::read(bytes).unwrap().drafts;
        project.change(&Who::Person, |backlog, now| backlog.create(drafts, &Who::Person, now)).unwrap();
    };
    add(&mut project, list.as_bytes());
    project
        .change(&Who::Person, |backlog, now| backlog.pass(FeatureId(2), "cargo test".into(), &Who::Person, now))
        .unwrap();
    let all = export::all(&project.read().unwrap());
    let written = serde_json::to_vec(&json!({ "features": all })).unwrap();
    let mut copy = Project::open(other.path(), other.path()).unwrap();
    add(&mut copy, &written);
    let of = |project: &mut Project| {
        let backlog = project.read().unwrap();
        let features = backlog.features().iter().cloned();
        features.map(|f| (f.name, f.description, f.steps, f.status, f.depends_on, f.evidence)).collect::<Vec<_>>()
    };
    assert_eq!(of(&mut copy), of(&mut project));
    assert_eq!(of(&mut copy)[0].2, ["step one"]);
}
