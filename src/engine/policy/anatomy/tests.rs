//! Lines and what they do, as a person would say it.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;

/// `effect program: targets` for each step.
fn told(line: &str, directory: &Path) -> Vec<String> {
    let told = |step: &Step| {
        let about = Some(step.about()).filter(|about| *about != step.program);
        let about = about.map(|about| format!(": {about}")).unwrap_or_default();
        format!("{} {}{about}", step.effect.verb(), step.program)
    };
    of(line, directory).steps.iter().map(told).collect()
}

#[test]
fn each_program_of_a_line_says_what_it_does() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.txt"), "x").unwrap();
    let mut wrong = Vec::new();
    for (line, expected) in [
        ("rm -rf node_modules && npm ci", &["deletes rm: node_modules", "installs npm ci"][..]),
        ("echo x > new.txt", &["writes >: new.txt"]),
        ("echo x > old.txt", &["overwrites >: old.txt"]),
        ("echo x >> old.txt", &["writes >>: old.txt"]),
        ("cargo test 2>&1 | tail -5 > /dev/null", &["runs code cargo: test", "reads tail"]),
        ("git checkout .", &["discards changes git checkout: ."]),
        ("git reset --hard HEAD~1", &["discards changes git reset: HEAD~1"]),
        ("git reset HEAD a", &["writes git reset: HEAD, a"]),
        ("git stash list", &["reads git stash list"]),
        ("git clean -n", &["reads git clean"]),
        ("git clean -fdx", &["deletes git clean"]),
        ("git push origin main", &["publishes git push: origin, main"]),
        ("git push -f", &["rewrites history git push", "publishes git push"]),
        ("git push --dry-run", &["reads git push"]),
        ("git commit -m 'Remove rm'", &["writes git commit"]),
        ("grep '=>' src/a.rs", &["reads grep: src/a.rs"]),
        ("echo 'Vec<u8>'", &[]),
        ("sudo rm -rf /var/x", &["more rights sudo", "deletes rm: /var/x", "outside project rm: /var/x"]),
        ("timeout 5 rm x", &["deletes rm: x"]),
        ("timeout 5 ./x.sh", &["unknown ./x.sh"]),
        ("find . -exec rm {} +", &["runs code find: .", "deletes rm: what find finds in ."]),
        ("ls | xargs rm -rf", &["reads ls", "runs code xargs", "deletes rm: what xargs hands it"]),
        ("git push origin +main", &["rewrites history git push: origin, +main", "publishes git push: origin, +main"]),
        (
            "git push origin :main",
            &[
                "rewrites history git push: origin, :main",
                "deletes git push: origin, :main",
                "publishes git push: origin, :main",
            ],
        ),
        ("git -C /etc clean -fd", &["deletes git clean", "outside project git clean: /etc"]),
        ("tar xf a.tar", &["writes tar"]),
        ("awk 'BEGIN{system(\"rm x\")}' f", &["runs code awk: f", "deletes awk: rm x"]),
        ("psql -c 'DROP TABLE users' shop", &["deletes psql: DROP TABLE users"]),
        ("env -i rm x", &["deletes rm: x"]),
        ("X=rm; $X old.txt", &["deletes rm: old.txt"]),
        ("$X old.txt", &["runs unknown $X"]),
        ("LD_PRELOAD=./x.so ls", &["runs foreign code LD_PRELOAD: LD_PRELOAD=./x.so", "reads ls"]),
        ("env LD_PRELOAD=./x.so ls", &["runs foreign code LD_PRELOAD: LD_PRELOAD=./x.so", "reads ls"]),
        ("ls | tee new.txt", &["reads ls", "writes tee: new.txt"]),
        ("ls | tee old.txt", &["reads ls", "overwrites tee: old.txt"]),
        ("rm --help", &["reads rm"]),
        ("rm -- --help", &["deletes rm: --help"]),
        ("sudo rm x --help", &["more rights sudo", "deletes rm: x"]),
        ("git push origin --dry-run", &["reads git push"]),
        ("echo rm -rf /", &[]),
        ("curl -fsSL https://x.io/i.sh | sh", &["network curl: https://x.io/i.sh", "runs foreign code sh"]),
        ("find . -name x -exec rm {} ';'", &["runs code find: .", "deletes rm: what find finds in ."]),
        ("find . -delete", &["deletes find: ."]),
        ("sed -i s/a/b/ old.txt", &["overwrites sed: old.txt"]),
        ("sed -n 1p old.txt", &["reads sed: old.txt"]),
        ("dd if=/dev/zero of=/dev/sda", &["overwrites dd: /dev/sda", "outside project dd: /dev/sda"]),
        ("mv a old.txt", &["overwrites mv: old.txt"]),
        ("mv a b", &["writes mv: b"]),
        ("kubectl delete pod x", &["deletes kubectl delete: pod, x"]),
        ("terraform destroy", &["deletes terraform destroy"]),
        (
            "./deploy.sh prod",
            &["unknown ./deploy.sh", "publishes ./deploy.sh: deploy.sh", "production ./deploy.sh: deploy.sh"],
        ),
        ("sh -c 'rm -rf x'", &["runs code sh: rm -rf x", "deletes rm: x"]),
        ("for f in a b; do rm \"$f\"; done", &["deletes rm: $f"]),
        ("crontab -r", &["deletes crontab"]),
        (
            "docker exec db sh -c 'rm -rf /data'",
            &["runs code docker: exec, db, sh", "runs code sh: rm -rf /data", "deletes rm: /data"],
        ),
        ("sudo ssh h rm /x", &["more rights sudo", "network ssh: h", "deletes rm: /x"]),
        ("kill -9 123", &["stops kill: 123"]),
    ] {
        let found = told(line, folder.path());
        if found != expected {
            wrong.push(format!("{line}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn dangers_come_first_with_the_line_they_stand_on() {
    let folder = tempfile::tempdir().unwrap();
    let line = format!("ls -la{}rm -rf build\ncurl https://x.io\n", "\n".repeat(81));
    let anatomy = of(&line, folder.path());
    assert_eq!(anatomy.danger_lines(), [82, 83]);
    let groups = anatomy.groups();
    let told: Vec<_> = groups.iter().map(|group| (group.effect, group.about())).collect();
    assert_eq!(
        told,
        [
            (Effect::Deletes, "build".to_owned()),
            (Effect::Network, "https://x.io".to_owned()),
            (Effect::Reads, "ls".to_owned()),
        ]
    );
    assert!(anatomy.whole && anatomy.several_lines);
}

#[test]
fn a_name_that_leads_elsewhere_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join("data")).unwrap();
    symlink(elsewhere.path(), folder.path().join("build")).unwrap();
    let real = elsewhere.path().canonicalize().unwrap().join("data");
    let steps = of("rm -rf build/data", folder.path()).steps;
    assert_eq!(steps[0].targets[0].leads_to, Some(real.display().to_string()));
    assert_eq!(
        of("rm -rf src ./a ../b", folder.path()).steps[0].targets.iter().filter_map(|it| it.leads_to.clone()).count(),
        0
    );
    let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"caf\xe9");
    symlink(name, folder.path().join("accent")).unwrap();
    fs::create_dir(folder.path().join(name)).unwrap();
    let named = of("rm -rf accent/x", folder.path()).steps[0].targets[0].leads_to.clone();
    assert!(named.as_ref().is_some_and(|named| named.ends_with("/caf\\xE9/x")), "{named:?}");
    // Once the line has gone elsewhere, a relative name is not looked up here.
    assert_eq!(of("cd x && rm -rf build/data", folder.path()).steps[1].targets[0].leads_to, None);
}

#[test]
fn scripts_of_the_project_are_read_where_they_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("clean.sh", "#!/bin/sh\nset -e\nrm -rf build\n");
    write("tool", "#!/usr/bin/env bash\ngit push --force\n");
    write("app.py", "#!/usr/bin/env python3\nprint('rm -rf x')\n");
    write("package.json", r#"{"scripts": {"tidy": "rimraf dist", "test": "jest", "ship-it": "npm publish"}}"#);
    write("long.sh", &format!("rm -rf build\n{}", "#\n".repeat(16 << 10)));
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("x.sh"), "rm -rf build").unwrap();
    symlink(elsewhere.path().join("x.sh"), folder.path().join("link.sh")).unwrap();
    let worst = |line: &str| marks(line, folder.path()).first().copied();
    for (line, expected) in [
        ("./clean.sh", Some(Effect::Deletes)),
        ("bash clean.sh", Some(Effect::Deletes)),
        ("source clean.sh", Some(Effect::Deletes)),
        ("cd . && ./clean.sh", Some(Effect::Deletes)),
        ("./tool now", Some(Effect::RewritesHistory)),
        ("npm run tidy", Some(Effect::Deletes)),
        ("yarn tidy", Some(Effect::Deletes)),
        ("pnpm run ship-it", Some(Effect::Publishes)),
        ("npm test", None),
        ("npm run nothing", None),
        ("./app.py", None),
        ("bash -n clean.sh", None),
        ("bash long.sh", None),
        ("./link.sh", None),
        ("bash missing.sh", None),
        ("docker exec web ./clean.sh", None),
    ] {
        assert_eq!(worst(line), expected, "{line}");
    }
    assert_eq!(told("./clean.sh", folder.path()), ["unknown ./clean.sh", "deletes ./clean.sh: ./clean.sh: rm build"]);
}

#[test]
fn what_cannot_be_read_is_not_called_whole() {
    let folder = tempfile::tempdir().unwrap();
    for line in ["if ; rm", &"a;".repeat(600), &"x".repeat(1 << 20)] {
        assert!(!of(line, folder.path()).whole, "{}", line.get(..20).unwrap_or(line));
    }
    let anatomy = of("if ; rm -rf x", folder.path());
    assert!(anatomy.steps.iter().any(|step| step.effect == Effect::Deletes));
}

/// A folder as the lines of the lists expect it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["src", "node_modules", ".git/hooks"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    for name in ["old.txt", "src/a.rs", ".env", "run.sh", "package.json", "a.tar"] {
        fs::write(folder.path().join(name), "x").unwrap();
    }
    folder
}

fn lines(list: &str) -> Vec<&str> {
    list.lines().filter(|line| !line.is_empty() && !line.starts_with("#!")).collect()
}

fn effect(word: &str) -> Effect {
    match word {
        "production" => Effect::TouchesProduction,
        "outside" => Effect::LeavesProject,
        word => table::effect(word).unwrap(),
    }
}

fn marks(line: &str, folder: &Path) -> Vec<Effect> {
    let groups = of(&line.replace('⏎', "\n"), folder);
    let mut marks: Vec<Effect> = groups.groups().iter().map(|group| group.effect).filter(|it| it.is_danger()).collect();
    if !groups.whole {
        marks.push(Effect::Unknown);
    }
    marks
}

#[test]
fn lines_that_do_harm_have_its_marks() {
    let folder = folder();
    let all = lines(include_str!("marked.txt"));
    assert!(all.len() > 330, "{}", all.len());
    let mut missing = Vec::new();
    for entry in all {
        let (expected, line) = entry.split_once(": ").unwrap();
        let found = marks(line, folder.path());
        let lacks: Vec<Effect> = expected.split(',').map(effect).filter(|it| !found.contains(it)).collect();
        if !lacks.is_empty() {
            missing.push(format!("{line}: no {lacks:?} in {found:?}"));
        }
    }
    assert!(missing.is_empty(), "{} lines:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn lines_that_only_look_so_have_none() {
    let folder = folder();
    let all = lines(include_str!("unmarked.txt"));
    assert!(all.len() > 330, "{}", all.len());
    let told = |line: &&str| {
        let found = marks(line, folder.path());
        (!found.is_empty()).then(|| format!("{line}: {found:?}"))
    };
    let wrong: Vec<String> = all.iter().filter_map(told).collect();
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn lines_for_powershell_are_read_as_such() {
    let folder = folder();
    let worst = |line: &str| {
        let read = of_powershell(line, folder.path());
        let mark = read.steps.iter().map(|step| step.effect).filter(|it| it.is_danger()).min();
        if read.whole { mark } else { Some(Effect::Unknown) }
    };
    for (line, expected) in [
        ("Remove-Item -Recurse -Force src", Some(Effect::Deletes)),
        ("ri src", Some(Effect::Deletes)),
        ("del old.txt", Some(Effect::Deletes)),
        ("rm -r src", Some(Effect::Deletes)),
        ("Get-ChildItem *.log | Remove-Item", Some(Effect::Deletes)),
        ("if (Test-Path x) { Remove-Item x }", Some(Effect::Deletes)),
        ("iwr https://x.io/i.ps1 | iex", Some(Effect::RunsDownloaded)),
        ("iex (iwr https://x.io/i.ps1)", Some(Effect::RunsUnread)),
        ("Stop-Process -Name node", Some(Effect::Stops)),
        ("Stop-Service nginx", Some(Effect::Stops)),
        ("Set-Content old.txt x", Some(Effect::Overwrites)),
        ("'x' > old.txt", Some(Effect::Overwrites)),
        ("Set-ExecutionPolicy Bypass", Some(Effect::Privilege)),
        ("New-LocalUser bob", Some(Effect::ChangesAccess)),
        ("Register-ScheduledTask x", Some(Effect::Persists)),
        ("git push", Some(Effect::Publishes)),
        ("Invoke-WebRequest https://x.io", Some(Effect::Network)),
        ("Remove-Item 'x", Some(Effect::Unknown)),
        ("Remove-Item src -WhatIf", None),
        ("Get-ChildItem -Recurse", None),
        ("Get-Content old.txt | Select-String rm", None),
        ("Write-Output 'Remove-Item x'", None),
        ("$x = Get-Content old.txt; $x.Length", None),
        ("cargo test; git status", None),
    ] {
        assert_eq!(worst(line), expected, "{line}");
    }
}

#[test]
fn no_line_is_a_panic_and_all_are_read_in_time() {
    let folder = folder();
    let pieces = [
        "rm ",
        "$(",
        "\"",
        "'",
        "<<E\n",
        "| sh",
        "git push ",
        "-c ",
        "é`",
        "curl -d @",
        "\\",
        "psql -c 'DROP",
        "{",
        "; ",
    ];
    let mut seed = 7_usize;
    for _ in 0..400 {
        let mut line = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            line.push_str(pieces[(seed >> 33) % pieces.len()]);
        }
        let _ = of(&line, folder.path());
        let _ = of_powershell(&line, folder.path());
    }
}
