//! Programs of which a table cannot say all: what their words mean depends on each other, or on the disk.

use super::data;
use super::git;
use super::inline;
use super::place::is_a_stream;
use super::powershell;
use super::settings;
use super::steps::Deed;
use super::steps::Run;
use super::steps::deed;
use super::table::Domain;
use super::transfer;
use crate::core::anatomy::Effect;

/// What the call does, where its row does not say all.
pub(super) fn deeds(run: &Run<'_>, row: &[Deed]) -> Vec<Deed> {
    let is_real = row.first().is_some_and(|deed| deed.effect != Effect::Reads);
    let found = match run.name {
        "git" => git::deeds(run, row),
        "curl" | "wget" | "http" | "https" | "xh" | "httpie" => Some(transfer::web(run)),
        "scp" | "rsync" | "aws" | "gsutil" | "rclone" | "kubectl" | "oc" if is_real => transfer::copied(run, row),
        "npx" | "bunx" | "pnpx" | "uvx" | "pipx" => {
            Some(fetched_tool(run, 0)).filter(|_| is_real && row[0].effect == Effect::RunsDownloaded)
        }
        "npm" | "bun" if run.parsed.operands.first().is_some_and(|sub| matches!(*sub, "exec" | "x")) => {
            Some(fetched_tool(run, 1))
        }
        "npm" | "pnpm" | "yarn" | "bun" | "make" | "gmake" | "just" | "task" | "rake" | "mage" | "poetry"
        | "composer" | "invoke" => by_script_name(run, row),
        "go" if run.parsed.operands.first() == Some(&"run") => run
            .parsed
            .operands
            .get(1)
            .filter(|package| is_foreign_package(package))
            .map(|package| vec![deed(Effect::RunsDownloaded, &[package])]),
        "gh" | "glab" if run.parsed.operands.first() == Some(&"api") => Some(vec![api(run)]),
        "parallel" if run.parsed.operands.is_empty() && !run.parsed.has_any(&["--version", "--help"]) => {
            Some(vec![deed(Effect::RunsUnread, &[])])
        }
        // What is fed to a line editor writes the file in the end.
        "ed" | "ex" if run.given().is_some() || run.call().input.is_some() || run.call().from.is_some() => {
            Some(vec![deed(Effect::Overwrites, &run.parsed.operands)])
        }
        "chmod" => Some(vec![chmod(run)]),
        "date" | "hostname" => sets_the_machine(run),
        "env" | "printenv" => Some(environment(run)),
        "tar" | "bsdtar" => tar(run, row),
        "sed" => sed(run, row),
        "awk" | "gawk" | "mawk" | "nawk" => awk(run, row),
        "ssh" | "autossh" => given_program(run, row, "-o", |value| value.to_ascii_lowercase().contains("command=")),
        "sudo" | "doas" if is_real && !run.words[1..].iter().any(|word| !word.starts_with('-')) => None,
        "powershell" | "pwsh" | "cmd" => powershell::within(run),
        _ => data::deeds(run).or_else(|| unknown_script(run, row)),
    };
    let mut deeds = found.unwrap_or_else(|| row.to_vec());
    // What is fetched from an address runs code as it is installed.
    let named: Vec<&str> = run.parsed.operands.iter().filter(|word| word.contains("://")).copied().collect();
    if !named.is_empty() && deeds.iter().any(|deed| deed.effect == Effect::Installs) {
        deeds.push(deed(Effect::RunsDownloaded, &named));
    }
    as_the_disk_has_it(run, &mut deeds);
    deeds
}

/// Words by which programs are told to do something for good, whatever the program.
const VERBS: [(Effect, &[&str]); 3] = [
    (
        Effect::Deletes,
        &[
            "delete",
            "destroy",
            "purge",
            "wipe",
            "drop",
            "erase",
            "nuke",
            "terminate",
            "uninstall",
            "rm",
            "remove",
            "del",
            "unpublish",
            "decommission",
            "teardown",
            "truncate",
            "prune",
        ],
    ),
    (Effect::Publishes, &["publish", "deploy", "push"]),
    (Effect::Stops, &["shutdown", "poweroff", "reboot", "halt", "kill"]),
];

/// A program of which no row speaks: unknown, and what its sub-command says by its name.
pub(super) fn unknown(run: &Run<'_>) -> Vec<Deed> {
    let subs = run.parsed.operands.iter().take(2);
    let mut deeds = vec![deed(Effect::Unknown, &[])];
    for (effect, verbs) in VERBS {
        if let Some(verb) = subs.clone().find(|sub| verbs.contains(sub)) {
            deeds.push(deed(effect, &[verb]));
        }
    }
    deeds
}

/// `github.com/x/y@v1` is no file of the project.
fn is_foreign_package(package: &str) -> bool {
    let first = package.split('/').next().unwrap_or_default();
    package.contains('@') || !package.starts_with(['.', '/']) && package.contains('/') && first.contains('.')
}

/// A call of the interface of a forge, by its method.
fn api(run: &Run<'_>) -> Deed {
    let parsed = run.parsed;
    let address = parsed.operands.get(1).copied().unwrap_or_default();
    let fields = parsed.values(&["-f", "-F", "--field", "--raw-field"]);
    let method = parsed.value("-X").or_else(|| parsed.value("--method")).map(str::to_ascii_uppercase);
    let effect = match method.as_deref() {
        Some("DELETE") => Effect::Deletes,
        _ if address == "graphql" => {
            let text = fields.join(" ");
            let lower = text.to_ascii_lowercase();
            match (lower.contains("mutation"), lower.contains("delete")) {
                (true, true) => Effect::Deletes,
                (false, _) if !fields.is_empty() && !text.contains("=@") => Effect::Reads,
                _ => Effect::ChangesRemote,
            }
        }
        Some("GET" | "HEAD") => Effect::Reads,
        None if fields.is_empty() && !parsed.has("--input") => Effect::Reads,
        _ => Effect::ChangesRemote,
    };
    deed(effect, &[address])
}

/// What is to be overwritten is only what is there.
fn as_the_disk_has_it(run: &Run<'_>, deeds: &mut [Deed]) {
    // What edits in place edits something that is there.
    if matches!(run.name, "sed" | "perl" | "yq" | "patch" | "git" | "sqlite3" | "sqlite" | "duckdb") {
        return;
    }
    // What is elsewhere is not looked up here.
    let is_remote = run
        .table
        .row(run.name, &run.parsed.operands, &|option| run.parsed.has(option))
        .is_some_and(|(row, _)| row.domain == Domain::Remote);
    if is_remote && !matches!(run.name, "aws" | "gsutil" | "kubectl" | "oc" | "rclone") {
        return;
    }
    let place = run.place;
    for deed in deeds.iter_mut().filter(|deed| deed.effect == Effect::Overwrites && !deed.named.is_empty()) {
        deed.named.retain(|named| !is_a_stream(named));
        let is_there = |named: &String| match run.name {
            "mv" | "cp" | "install" | "ln" | "ditto" if place.is_directory(named) => {
                let sources = run.parsed.operands.iter().filter(|source| *source != named);
                sources.into_iter().any(|source| {
                    let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                    place.exists(&format!("{}/{name}", named.trim_end_matches('/')))
                })
            }
            "tee" | "sponge" => place.exists(named) || !place.has_parent(named),
            _ => place.exists(named),
        };
        let there: Vec<String> = deed.named.iter().filter(|named| is_there(named)).cloned().collect();
        if there.is_empty() {
            deed.effect = Effect::Writes;
        } else {
            deed.named = there;
        }
    }
}

/// A tool of others: known, or there already, or fetched to be run.
fn fetched_tool(run: &Run<'_>, at: usize) -> Vec<Deed> {
    let Some(tool) = run.parsed.operands.get(at) else { return vec![deed(Effect::RunsDownloaded, &[])] };
    let name = tool.trim_start_matches('@');
    let is_pinned = name.contains('@') || name.contains(':') || tool.contains("://");
    let is_there = run.place.holds(&format!("node_modules/.bin/{tool}"));
    let is_known = run.table.knows(tool) && !is_pinned;
    let only_local = run.parsed.has_any(&["--no-install", "--no", "--offline"]);
    // What stands behind the tool is the tool's own.
    let is_foreign = run.parsed.leads_with(&["-p", "--package", "--from", "--spec", "--with"], at);
    let effect =
        if (is_known || is_there || only_local) && !is_foreign { Effect::RunsCode } else { Effect::RunsDownloaded };
    vec![deed(effect, &[tool])]
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric())
}

/// What a script of the project is for, by its name.
fn by_script_name(run: &Run<'_>, row: &[Deed]) -> Option<Vec<Deed>> {
    if row.first()?.effect != Effect::RunsCode {
        return None;
    }
    if run.name == "yarn" && run.parsed.operands.is_empty() {
        return Some(vec![deed(Effect::Installs, &[])]);
    }
    let mut deeds = row.to_vec();
    // What stands behind the name of a script is the script's own.
    let n_names = match run.name {
        "npm" | "pnpm" | "yarn" | "bun" | "poetry" | "composer" => 2,
        _ => run.parsed.operands.len(),
    };
    let names = run.parsed.operands.iter().take(n_names);
    for script in names.filter(|word| !word.contains(['=', '/'])) {
        let has = |words: &[&str]| parts(script).any(|part| words.contains(&part.to_ascii_lowercase().as_str()));
        let first = parts(script).next().unwrap_or_default().to_ascii_lowercase();
        if has(&["deploy", "publish"]) || matches!(first.as_str(), "release" | "ship") {
            deeds.push(deed(Effect::Publishes, &[script]));
        }
        if has(&["destroy", "nuke", "wipe", "purge", "teardown", "undeploy", "uninstall"])
            || has(&["db", "database"]) && has(&["drop", "reset"])
        {
            deeds.push(deed(Effect::Deletes, &[script]));
        }
        let reaches = has(&["deploy", "migrate", "db", "rollback", "publish", "release", "sync", "seed"]);
        if has(&["prod", "production"])
            && (reaches || script.split(':').all(|part| matches!(part, "prod" | "production")))
        {
            deeds.push(deed(Effect::TouchesProduction, &[script]));
        }
    }
    Some(deeds)
}

/// A program that no table knows, by its name and its first words.
fn unknown_script(run: &Run<'_>, row: &[Deed]) -> Option<Vec<Deed>> {
    let is_script = matches!(run.name, "sh" | "bash" | "zsh" | "python" | "python3" | "node" | "ruby");
    if row.first()?.effect != Effect::Unknown && !is_script {
        return None;
    }
    let script = if is_script { *run.parsed.operands.first()? } else { run.name };
    let name = script.rsplit('/').next().unwrap_or(script).to_ascii_lowercase();
    let has = |words: &[&str]| parts(&name).any(|part| words.contains(&part));
    let mut deeds = row.to_vec();
    if has(&["deploy", "publish", "release"]) && !script.contains(' ') {
        deeds.push(deed(Effect::Publishes, &[script]));
    }
    let words = run.words.iter().skip(1);
    let is_prod =
        |word: &&String| matches!(word.trim_start_matches('-'), "prod" | "production" | "env=prod" | "env=production");
    if words.clone().any(|word| is_prod(&word)) {
        deeds.push(deed(Effect::TouchesProduction, &[script]));
    }
    (deeds.len() > row.len()).then_some(deeds)
}

/// More rights for others, or only a file that may be run.
fn chmod(run: &Run<'_>) -> Deed {
    let words: Vec<&str> = run.words[1..].iter().map(String::as_str).collect();
    let is_mode = |word: &&&str| !word.starts_with("--") && **word != "-R";
    let mode = words.iter().find(is_mode).copied().unwrap_or_default();
    let files: Vec<&str> = words.iter().copied().filter(|word| *word != mode && !word.starts_with('-')).collect();
    let digits = mode.bytes().all(|byte| byte.is_ascii_digit());
    let others = mode.bytes().next_back().unwrap_or(b'7');
    let is_wide = if digits {
        mode.len() > 3 && !mode.starts_with('0') || matches!(others, b'2' | b'3' | b'6' | b'7')
    } else {
        mode.contains('s')
            || mode.split(',').any(|part| {
                let (who, what) = part.split_at(part.find(['+', '=', '-']).unwrap_or(0));
                what.starts_with(['+', '=']) && what.contains('w') && (who.contains(['o', 'a']))
            })
    };
    let is_deep = run.words.iter().any(|word| word == "-R" || word == "--recursive")
        && files.iter().any(|it| matches!(*it, "/" | "." | "~" | "$HOME"));
    let effect = if is_wide || is_deep || files.iter().any(|it| run.place.is_outside(it)) {
        Effect::Privilege
    } else {
        Effect::Writes
    };
    deed(effect, &files)
}

fn sets_the_machine(run: &Run<'_>) -> Option<Vec<Deed>> {
    let sets = match run.name {
        "date" => run.parsed.has_any(&["-s", "--set"]),
        _ => !run.parsed.operands.is_empty(),
    };
    sets.then(|| vec![deed(Effect::Privilege, &run.parsed.operands)])
}

/// The environment may hold secrets; a single name that looks like none does not.
fn environment(run: &Run<'_>) -> Vec<Deed> {
    let is_whole = run.parsed.operands.is_empty()
        && !run.parsed.has_any(&["--help", "--version", "-i", "-u", "-S", "--split-string"]);
    let is_picked = run.calls.all.iter().any(|call| {
        let name = call.words.first().map(String::as_str);
        call.from == Some(run.at) && matches!(name, Some("grep" | "rg" | "wc" | "cut"))
    });
    let upper = run.parsed.operands.join(" ").to_ascii_uppercase();
    let is_secret = ["TOKEN", "SECRET", "PASSW", "KEY", "CREDENTIAL"].iter().any(|part| upper.contains(part));
    if is_whole && !is_picked || is_secret && run.name == "printenv" {
        return vec![deed(Effect::Secrets, if is_whole { &["the environment"] } else { &run.parsed.operands[..] })];
    }
    vec![deed(Effect::Reads, &[])]
}

fn tar(run: &Run<'_>, row: &[Deed]) -> Option<Vec<Deed>> {
    let mut deeds = row.to_vec();
    let programs = run.parsed.values(&[
        "-I",
        "--use-compress-program",
        "--to-command",
        "--checkpoint-action",
        "--rsh-command",
        "-F",
        "--info-script",
    ]);
    let is_compressor = |program: &&str| {
        let name = program.split_whitespace().next().unwrap_or_default();
        ["zstd", "pigz", "gzip", "xz", "pixz", "bzip2", "pbzip2", "lz4", "lzma", "lzop", "brotli"].contains(&name)
    };
    let programs: Vec<&str> = programs.into_iter().filter(|program| !is_compressor(program)).collect();
    if !programs.is_empty() {
        deeds.push(deed(Effect::RunsUnread, &programs));
    }
    if let Some(archive) = run.parsed.value("-f").or_else(|| run.parsed.value("--file")) {
        let is_made = row.first()?.effect == Effect::Writes && run.parsed.has_any(&["-c", "--create"]);
        if is_made && !is_a_stream(archive) {
            let effect = if run.place.exists(archive) { Effect::Overwrites } else { Effect::Writes };
            deeds = vec![deed(effect, &[archive])];
        }
    }
    Some(deeds)
}

/// Commands of sed that run a program or write a file.
fn sed(run: &Run<'_>, row: &[Deed]) -> Option<Vec<Deed>> {
    let mut scripts = run.parsed.values(&["-e", "--expression"]);
    if scripts.is_empty() {
        scripts.extend(run.parsed.operands.first());
    }
    let runs = |script: &&str| {
        script.split([';', '\n', '{', '}']).any(|part| {
            let command = part.trim().trim_start_matches(|c: char| c.is_ascii_digit() || ",$!~+ ".contains(c));
            let flags = part.rsplit(['/', '|', '#', ',']).next().unwrap_or_default();
            let is_substitution = part.trim_start().starts_with('s') && flags.len() < 4 && flags.contains('e');
            command == "e"
                || command.starts_with("e ")
                || is_substitution && flags.bytes().all(|b| b"egiIpmM0123456789".contains(&b))
        })
    };
    let found: Vec<&str> = scripts.into_iter().filter(runs).collect();
    if found.is_empty() {
        return None;
    }
    Some(row.iter().cloned().chain([deed(Effect::RunsUnread, &found)]).collect())
}

/// Programs of awk can write files and run commands.
fn awk(run: &Run<'_>, row: &[Deed]) -> Option<Vec<Deed>> {
    let script = *run.parsed.operands.first()?;
    let pipes = script.contains("| \"") || script.contains("|\"") || script.contains("|&");
    if script.contains("system(") || pipes {
        let mut deeds = vec![deed(Effect::RunsCode, &run.parsed.operands[1..])];
        deeds.extend(inline::of_texts(script, run));
        return Some(deeds);
    }
    let writes = script.contains("> \"") || script.contains(">\"") || script.contains(">>");
    let in_place = run.parsed.values(&["-i"]).contains(&"inplace")
        || run.words.windows(2).any(|it| it[0] == "-i" && it[1] == "inplace");
    if in_place {
        return Some(vec![deed(Effect::Overwrites, &run.parsed.operands[1..])]);
    }
    writes.then(|| row.iter().cloned().chain([deed(Effect::Writes, &[])]).collect())
}

/// An option whose value is a program.
fn given_program(run: &Run<'_>, row: &[Deed], option: &str, is_one: fn(&str) -> bool) -> Option<Vec<Deed>> {
    let found: Vec<&str> = run.parsed.values(&[option]).into_iter().filter(|value| is_one(value)).collect();
    (!found.is_empty()).then(|| row.iter().cloned().chain([deed(Effect::RunsUnread, &found)]).collect())
}

/// Whether words of a call that acts elsewhere name the place where it is in earnest.
pub(super) fn in_production(run: &Run<'_>, deeds: &[Deed]) -> Option<Deed> {
    let row = run.table.row(run.name, &run.parsed.operands, &|option| run.parsed.has(option));
    let is_remote =
        row.is_some_and(|(row, _)| row.domain == Domain::Remote) && !matches!(run.name, "docker" | "podman");
    let is_host = matches!(run.name, "ssh" | "scp" | "rsync" | "mosh" | "sftp");
    let is_push = run.name == "git" && run.parsed.operands.first() == Some(&"push");
    let reads = deeds.iter().all(|deed| matches!(deed.effect, Effect::Reads | Effect::Secrets));
    let reaches = |deed: &Deed| {
        matches!(
            deed.effect,
            Effect::ChangesRemote
                | Effect::Deletes
                | Effect::Publishes
                | Effect::Stops
                | Effect::Spends
                | Effect::ChangesAccess
        )
    };
    let set = run.calls.settings.iter().map(|(setting, _)| setting).find(|setting| settings::is_production(setting));
    let is_data =
        run.parsed.operands.iter().any(|word| parts(word).any(|part| matches!(part, "db" | "migrate" | "seed")));
    if let Some(setting) = set.filter(|_| is_data || deeds.iter().any(reaches)) {
        return Some(deed(Effect::TouchesProduction, &[setting]));
    }
    if reads || !(is_remote || is_host || is_push) {
        return None;
    }
    let words = run.words[1..].iter().filter(|word| !is_push || matches!(word.as_str(), "prod" | "production"));
    let found = words.into_iter().find(|word| {
        word.len() < 200
            && parts(word).any(|part| matches!(part.to_ascii_lowercase().as_str(), "prod" | "production" | "prd"))
    })?;
    Some(deed(Effect::TouchesProduction, &[found]))
}
