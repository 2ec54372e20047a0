//! Which words may be free, and what is covered then.

use serde_json::json;

use super::super::GrantRule;
use super::super::covers as grant_covers;
use super::super::tests::Project;
use super::super::tests::project;
use super::*;
use crate::config::parse;

/// The line with every markable word as it is shown.
fn shown(project: &Project, line: &str) -> String {
    let call = project.bash(line);
    let holes = markable(&call, &parse("").unwrap().approvals, &project.scene());
    marked::pattern(line, &holes)
}

#[test]
fn only_values_may_be_marked_never_programs_options_sub_commands_or_texts() {
    let project = project();
    for (line, expected) in [
        ("npm run lint", "npm run ‹word›"),
        ("./tools/check api 7", "./tools/check ‹word› ‹number›"),
        ("mytool build web && mytool test web", "mytool ‹word› ‹word› && mytool ‹word› ‹word›"),
        ("mytool issue 12", "mytool ‹word› ‹number›"),
        ("gh pr checkout 12", "gh pr checkout ‹number›"),
        // Of this one the table knows the operands: the grant for the command covers more of them.
        ("docker logs web", "docker logs web"),
        ("mytool --jobs 4 --name x y | tail -3", "mytool --jobs ‹number› --name x ‹word› | tail -3"),
        ("mytool a/b /etc .env -x k=v x@y \"q\" 'r' a*b ~x", "mytool a/b /etc .env -x k=v x@y \"q\" 'r' a*b ~x"),
        // What the words of others mean is a command, a text, or a file that is run.
        ("sudo mytool x", "sudo mytool x"),
        ("env mytool x", "env mytool x"),
        ("xargs mytool x", "xargs mytool x"),
        ("sh -c x", "sh -c x"),
        ("bash x", "bash x"),
        ("python3.11 x", "python3.11 x"),
        ("node x", "node x"),
        ("awk x y", "awk x y"),
        ("sed p x", "sed p x"),
        ("jq keys x", "jq keys x"),
        ("npx x y", "npx x y"),
        ("eval x", "eval x"),
        ("export x", "export x"),
        ("exit x", "exit x"),
        ("ssh host x", "ssh host x"),
        // Sub-commands.
        ("git frobnicate x", "git frobnicate x"),
        ("kubectl get pods", "kubectl get pods"),
        ("kubectl -n x get pods", "kubectl -n x get pods"),
        ("terraform plan", "terraform plan"),
        ("make lint", "make lint"),
        // What is dangerous is granted as it is, or not at all.
        ("rm -rf build", "rm -rf build"),
        ("mytool x && rm y", "mytool x && rm y"),
        ("kill 12", "kill 12"),
        ("git push origin main", "git push origin main"),
        // Where the shells may differ, or the place does.
        // A new file is no danger; one that is there would be overwritten.
        ("mytool x > out", "mytool ‹word› > out"),
        ("mytool $x y", "mytool $x y"),
        ("cd src && mytool x", "cd src && mytool x"),
        ("for f in a b; do mytool x; done", "for f in a b; do mytool x; done"),
        ("mytool <<'E'\nx\nE\n", "mytool <<'E'\nx\nE\n"),
        // Values that look secret or steer tools are no values to begin with.
        ("mytool id_rsa", "mytool id_rsa"),
        ("mytool Makefile", "mytool Makefile"),
    ] {
        assert_eq!(shown(&project, line), expected, "{line}");
    }
}

#[test]
fn a_grant_with_free_words_covers_the_same_line_and_nothing_wider() {
    let project = project();
    std::fs::create_dir(project.root.join("outside-link")).unwrap();
    std::os::unix::fs::symlink("/etc", project.root.join("etc")).unwrap();
    std::os::unix::fs::symlink(".env", project.root.join("innocent")).unwrap();
    let call = project.bash("mytool run lint --jobs 4");
    let config = parse("").unwrap().approvals;
    let all = markable(&call, &config, &project.scene());
    assert_eq!(marked::pattern("mytool run lint --jobs 4", &all), "mytool ‹word› ‹word› --jobs ‹number›");
    let rule =
        |holes: &[Hole]| GrantRule::Marked { tool: "Bash".into(), input: call.input.clone(), holes: holes.to_vec() };
    let one = rule(&all[1..]);
    let covers = |line: &str, config: &str| {
        grant_covers(&one, &project.bash(line), &parse(config).unwrap().approvals, &project.scene())
    };
    for line in ["mytool run lint --jobs 4", "mytool run test --jobs 16", "mytool run v1.2-rc --jobs 0"] {
        assert!(covers(line, ""), "{line}");
    }
    for line in [
        "mytool walk lint --jobs 4",
        "mytool run lint --jobs four",
        "mytool run lint --jobs 4 ",
        "mytool run lint --jobs 4; id",
        "mytool run lint --jobs 4 extra",
        "mytool run -x --jobs 4",
        "mytool run a/b --jobs 4",
        "mytool run .. --jobs 4",
        "mytool run .env --jobs 4",
        "mytool run $(id) --jobs 4",
        "mytool run a b --jobs 4",
        "mytool run etc --jobs 4",
        "mytool run innocent --jobs 4",
        "mytool run id_rsa --jobs 4",
        "mytool run package.json --jobs 4",
        "othertool run lint --jobs 4",
        "",
    ] {
        assert!(!covers(line, ""), "{line}");
    }
    // Rules that deny or ask are stronger, other fields of the call are part of it, and so is the tool.
    let deny = "[[approvals.rules]]\ntool = \"Bash\"\ncommand = \"mytool run test\"\naction = \"deny\"\n";
    assert!(covers("mytool run lint --jobs 4", deny) && !covers("mytool run test --jobs 4", deny));
    let unboxed =
        project.call("Bash", json!({ "command": "mytool run lint --jobs 4", "dangerouslyDisableSandbox": true }));
    assert!(!grant_covers(&one, &unboxed, &config, &project.scene()));
    let monitor = project.call("Monitor", json!({ "command": "mytool run lint --jobs 4" }));
    assert!(!grant_covers(&one, &monitor, &config, &project.scene()));
    assert!(!grant_covers(&rule(&[]), &call, &config, &project.scene()), "without a free word it is no such grant");
}

#[test]
fn a_value_that_a_table_knows_to_do_more_is_asked() {
    let project = project();
    let config = parse("").unwrap().approvals;
    // Not offered, but made up: the free word is a sub-command.
    for (granted, asked) in [("terraform plan", "terraform destroy"), ("kubectl get", "kubectl delete")] {
        let call = project.bash(granted);
        let start = granted.find(' ').unwrap() + 1;
        let holes = vec![Hole { start, end: granted.len(), takes: Takes::Word }];
        let rule = GrantRule::Marked { tool: "Bash".into(), input: call.input.clone(), holes };
        assert!(!grant_covers(&rule, &project.bash(asked), &config, &project.scene()), "{asked}");
    }
}

#[test]
fn only_what_was_markable_is_granted() {
    let project = project();
    let mut call = project.bash("mytool run lint");
    call.markable = markable(&call, &parse("").unwrap().approvals, &project.scene());
    let rule = |tool: &str, input: &Value, holes: Vec<Hole>| GrantRule::Marked {
        tool: tool.into(),
        input: input.clone(),
        holes,
    };
    let holes = call.markable.clone();
    assert_eq!(holes.len(), 2);
    assert!(call.offers(&rule("Bash", &call.input, holes.clone())));
    assert!(call.offers(&rule("Bash", &call.input, holes[1..].to_vec())));
    let program = Hole { start: 0, end: 6, takes: Takes::Word };
    let reversed: Vec<Hole> = holes.iter().rev().cloned().collect();
    for (tool, input, holes) in [
        ("Bash", &call.input, vec![]),
        ("Bash", &call.input, vec![program]),
        ("Bash", &call.input, vec![Hole { end: holes[0].end - 1, ..holes[0].clone() }]),
        ("Bash", &call.input, vec![Hole { takes: Takes::Number, ..holes[0].clone() }]),
        ("Bash", &call.input, vec![holes[0].clone(), holes[0].clone()]),
        ("Bash", &call.input, reversed),
        ("Monitor", &call.input, holes.clone()),
        ("Bash", &json!({ "command": "other run lint" }), holes.clone()),
    ] {
        assert!(!call.offers(&rule(tool, input, holes.clone())), "{tool} {input} {holes:?}");
    }
}
