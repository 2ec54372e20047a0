//! From one call of a line to what it does.

use super::inline;
use super::names::about_files;
use super::names::about_words;
use super::names::has_pattern;
use super::place::Place;
use super::place::is_a_stream;
use super::scripts;
use super::settings;
use super::special;
use super::table::About;
use super::table::Table;
use super::transfer;
use super::words::Words;
use super::words::is_computed_text;
use super::words::is_fed_code;
use super::words::read_words;
use super::words::settled;
use crate::core::anatomy::Effect;
use crate::core::anatomy::Step;
use crate::engine::policy::shell;
use crate::engine::policy::shell::flow::Call;
use crate::engine::policy::shell::flow::Calls;
use crate::engine::policy::shell::flow::ELSEWHERE;
use crate::engine::policy::shell::flow::Written;

/// Programs that know `--dry-run`.
const REHEARSED: [&str; 45] = [
    "git",
    "npm",
    "pnpm",
    "yarn",
    "bun",
    "cargo",
    "kubectl",
    "oc",
    "k",
    "helm",
    "aws",
    "apt",
    "apt-get",
    "pip",
    "pip3",
    "docker",
    "docker-compose",
    "podman",
    "uv",
    "rsync",
    "poetry",
    "brew",
    "stow",
    "goreleaser",
    "semantic-release",
    "release-it",
    "firebase",
    "wrangler",
    "argocd",
    "rclone",
    "restic",
    "borg",
    "certbot",
    "conda",
    "mamba",
    "make",
    "gmake",
    "gem",
    "velero",
    "hatch",
    "logrotate",
    "flux",
    "gsutil",
    "patch",
    "just",
];
/// Programs whose words are those of what they run.
const HANDS_ON: [&str; 10] =
    ["sudo", "doas", "su", "pkexec", "runuser", "nohup", "timeout", "nice", "chroot", "strace"];
/// Programs that fetch what somebody else may have written.
pub(super) const FETCHERS: [&str; 14] = [
    "curl",
    "wget",
    "fetch",
    "http",
    "https",
    "httpie",
    "xh",
    "aria2c",
    "lynx",
    "iwr",
    "irm",
    "invoke-webrequest",
    "invoke-restmethod",
    "nc",
];
/// Programs that run what they read.
const INTERPRETERS: [&str; 17] = [
    "python",
    "python2",
    "python3",
    "node",
    "nodejs",
    "perl",
    "ruby",
    "php",
    "deno",
    "bun",
    "lua",
    "tclsh",
    "rscript",
    "osascript",
    "pwsh",
    "powershell",
    "iex",
];

/// One thing that a call does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deed {
    pub(super) effect: Effect,
    pub(super) named: Vec<String>,
}

pub(super) fn deed(effect: Effect, named: &[&str]) -> Deed {
    Deed { effect, named: named.iter().map(|name| (*name).to_owned()).collect() }
}

/// One program of a call, with all that is known of it.
pub(super) struct Run<'a> {
    pub(super) name: &'a str,
    pub(super) words: &'a [String],
    pub(super) parsed: &'a Words<'a>,
    pub(super) place: &'a Place,
    pub(super) calls: &'a Calls,
    /// The call that it is of.
    pub(super) at: usize,
    pub(super) table: &'static Table,
}

impl Run<'_> {
    pub(super) fn call(&self) -> &Call {
        &self.calls.all[self.at]
    }

    /// Calls whose output ends up here, the nearest first.
    pub(super) fn feeders(&self) -> impl Iterator<Item = &Call> {
        let next = |call: &&Call| call.from.and_then(|from| self.calls.all.get(from));
        let first = self.call().from.and_then(|from| self.calls.all.get(from));
        std::iter::successors(first, next).take(50)
    }

    /// What it is given to read, where the line itself holds it.
    pub(super) fn given(&self) -> Option<String> {
        let call = self.call();
        let own = (!call.given.is_empty()).then(|| call.given.join("\n"));
        own.or_else(|| shell::flow::said(self.calls, call.from))
    }
}

/// Reads the calls of a line one after another.
pub(super) struct Reader<'a> {
    table: &'static Table,
    line: &'a str,
    calls: &'a Calls,
    /// Files that the line has fetched, and whether it has fetched a whole project.
    fetched: Vec<String>,
    cloned: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(table: &'static Table, line: &'a str, calls: &'a Calls) -> Self {
        Self { table, line, calls, fetched: Vec::new(), cloned: false }
    }

    /// A file that the shell opens to write: it is overwritten only when there is one.
    pub(super) fn written(write: &Written, place: &Place, line: Option<usize>) -> Vec<Step> {
        let name = write.name.as_str();
        if is_a_stream(name) || name.is_empty() {
            return Vec::new();
        }
        let program = if write.appends { ">>" } else { ">" };
        let place = if write.at.is_none() { &place.unknown() } else { place };
        let mut deeds = Vec::new();
        if name.starts_with("/dev/tcp/") || name.starts_with("/dev/udp/") {
            deeds.push(deed(Effect::Exfiltrates, &[name]));
            deeds.push(deed(Effect::Network, &[name]));
        } else {
            // In a text for a shell the place is unknown: only what is told by the name counts.
            let is_new = write.at.is_none() && !name.starts_with('/') || !place.exists(name);
            let effect = if write.appends || is_new { Effect::Writes } else { Effect::Overwrites };
            deeds.push(deed(effect, &[name]));
            deeds.extend(about_files(&[name], effect, place));
        }
        let shown = deeds.into_iter().filter(|deed| write.at.is_some() || deed.effect.is_danger());
        shown.map(|deed| step(program, &deed, place, line)).collect()
    }

    /// A variable by which others run something.
    pub(super) fn set(setting: &str, place: &Place, line: Option<usize>) -> Option<Step> {
        let deed = settings::deed_of(setting, place)?;
        let mut step = step(setting.split('=').next().unwrap_or_default(), &deed, place, line);
        for target in &mut step.targets {
            target.leads_to = None;
        }
        Some(step)
    }

    /// What one simple command does: itself, and what it runs as a wrapper.
    pub(super) fn steps(&mut self, at: usize, place: &Place, line: Option<usize>) -> Vec<Step> {
        let call = &self.calls.all[at];
        let mut steps = Vec::new();
        let outer = call.words.first().map(|word| shell::name(word)).unwrap_or_default();
        let mut has_inner = false;
        if matches!(outer.as_str(), "env" | "sudo" | "doas" | "cross-env" | "export") {
            // Whatever stands before the command may set something.
            let end = call.beginnings.last().filter(|at| **at > 0).map_or(call.words.len(), |at| *at);
            let words = call.words.get(1..end).unwrap_or_default().iter();
            steps.extend(words.filter_map(|word| Self::set(word, place, line)));
        }
        let unknown = place.unknown();
        let elsewhere = place.elsewhere();
        for start in &call.beginnings {
            // What such a wrapper runs has words of its own.
            let end = match call.beginnings.get(1) {
                Some(inner) if *start == 0 && HANDS_ON.contains(&outer.as_str()) => *inner,
                _ => call.words.len(),
            };
            let Some(words) = self.resolved(&call.words[*start..end]) else { continue };
            let name = self.canonical(&words[0]);
            let is_computed = name.contains(['$', '`']) || name.starts_with("<(");
            // Behind a wrapper only what the table knows is surely a program.
            if *start > 0 && !self.table.knows(&name) && !is_computed {
                continue;
            }
            has_inner |= *start > 0;
            let is_elsewhere = call.elsewhere
                || call
                    .beginnings
                    .iter()
                    .take_while(|before| *before < start)
                    .any(|before| ELSEWHERE.contains(&shell::name(&call.words[*before]).as_str()));
            let place = match (is_elsewhere, call.at) {
                (true, _) => &elsewhere,
                (false, None) => &unknown,
                (false, Some(_)) => place,
            };
            let mut found =
                if is_computed { self.computed(at, &words) } else { self.program(at, &name, &words, place) };
            if *start > 0 && matches!(outer.as_str(), "xargs" | "parallel") && is_fed_code(&name, &words) {
                found.push((words[0].clone(), deed(Effect::RunsUnread, &[])));
            }
            for (label, deed) in &mut found {
                if *start > 0 {
                    given_by_wrapper(&outer, &call.words, deed);
                }
                // What only speaks or looks at nothing in particular is no news.
                let is_silent = deed.effect == Effect::Reads && deed.named.is_empty() && self.table.only_speaks(&name);
                // A text that some shell may read counts only for what is bad in it.
                if (call.at.is_some() && !is_silent) || deed.effect.is_danger() {
                    steps.push(step(label, deed, place, line));
                }
            }
        }
        // A program behind a wrapper that nobody knows.
        let inner = call.beginnings.iter().find(|start| **start > 0).filter(|_| !has_inner && call.at.is_some());
        if let Some(program) = inner.and_then(|start| call.words.get(*start)).filter(|_| outer != "git") {
            steps.push(step(program, &deed(Effect::Unknown, &[]), place, line));
        }
        steps
    }

    /// The name of a program as the tables have it: without what Windows adds, and GNU's on other systems.
    fn canonical(&self, word: &str) -> String {
        let name = shell::name(word.rsplit('\\').next().filter(|_| word.contains(".exe")).unwrap_or(word));
        let stem = [".exe", ".cmd", ".bat"].iter().find_map(|end| name.strip_suffix(end));
        let other = stem.or_else(|| name.strip_prefix('g'));
        match other.filter(|other| !self.table.knows(&name) && self.table.knows(other)) {
            Some(other) => other.to_owned(),
            None => name,
        }
    }

    /// The words, with a variable in the place of the program replaced by what the line itself puts into it.
    fn resolved(&self, words: &[String]) -> Option<Vec<String>> {
        let first = words.first()?;
        let variable = first.strip_prefix('$').map(|name| name.trim_start_matches('{').trim_end_matches('}'));
        let is_name = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty();
        let Some(value) = variable.filter(is_name).and_then(|name| self.assigned(name)) else {
            return Some(words.to_vec());
        };
        let value = value.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        if value.is_empty() { None } else { Some(value.into_iter().chain(words[1..].iter().cloned()).collect()) }
    }

    /// What the line puts into a variable, if that is a plain text, and only one.
    fn assigned(&self, name: &str) -> Option<&'a str> {
        let mark = format!("{name}=");
        let mut found = self.line.match_indices(&mark).filter(|(at, _)| {
            let before = self.line[..*at].chars().next_back();
            before.is_none_or(|c| c.is_whitespace() || ";&|(".contains(c))
        });
        let (at, _) = found.next()?;
        if found.next().is_some() {
            return None;
        }
        let value = &self.line[at + mark.len()..];
        let value = match value.chars().next()? {
            quote @ ('\'' | '"') => value[1..].split(quote).next()?,
            _ => value.split([' ', '\t', '\n', ';', '&', '|', ')']).next()?,
        };
        (!value.contains(['$', '`'])).then_some(value)
    }

    /// A program that the line computes.
    fn computed(&self, at: usize, words: &[String]) -> Vec<(String, Deed)> {
        let fetches = self.within(at).any(Self::fetches);
        let effect = if fetches { Effect::RunsDownloaded } else { Effect::RunsUnread };
        vec![(words[0].clone(), deed(effect, &[]))]
    }

    fn within(&self, at: usize) -> impl Iterator<Item = &Call> {
        self.calls.all.iter().filter(move |call| call.within == Some(at))
    }

    fn fetches(call: &Call) -> bool {
        call.beginnings.iter().any(|start| FETCHERS.contains(&shell::name(&call.words[*start]).as_str()))
    }

    /// What one program does.
    fn program(&mut self, at: usize, name: &str, words: &[String], place: &Place) -> Vec<(String, Deed)> {
        let settled = settled(name, words);
        let table = self.table;
        let base = |option: &str| table.takes(name).contains(&option);
        let sub = Words::read(&settled[1..], &base).operands.first().map(|sub| format!("{name}:{sub}"));
        let takes = |option: &str| base(option) || sub.as_deref().is_some_and(|sub| table.takes(sub).contains(&option));
        let parsed = read_words(table, name, &settled[1..], &takes);
        let run = Run { name, words: &settled, parsed: &parsed, place, calls: self.calls, at, table };
        let (mut label, row) = self.by_table(&run);
        let mut deeds = special::deeds(&run, &row);
        self.brought_from_outside(&run, &mut deeds);
        deeds.extend(transfer::sends(&run, &deeds));
        if self.calls.all[at].at.is_some() {
            deeds.extend(scripts::deeds(&run));
        }
        let mut more = Vec::new();
        for deed in &deeds {
            let named: Vec<&str> = deed.named.iter().map(String::as_str).collect();
            if !matches!(deed.effect, Effect::Network | Effect::Publishes | Effect::Exfiltrates) {
                more.extend(
                    about_files(&named, deed.effect, place).into_iter().filter(|it| it.effect != Effect::Secrets),
                );
            }
        }
        more.extend(about_words(&run));
        for deed in more {
            let is_told = deed.named.is_empty() && deeds.iter().any(|it| it.effect == deed.effect);
            if !is_told && !deeds.contains(&deed) {
                deeds.push(deed);
            }
        }
        deeds.extend(special::in_production(&run, &deeds));
        self.remember(&run, &deeds);
        if !table.knows(name) {
            label.clone_from(&words[0]);
        }
        deeds.into_iter().map(|deed| (label.clone(), deed)).collect()
    }

    /// What its row says.
    fn by_table(&self, run: &Run<'_>) -> (String, Vec<Deed>) {
        let Run { name, parsed, .. } = *run;
        let Some((row, n_words)) = self.table.row(name, &parsed.operands, &|option| parsed.has(option)) else {
            let sub = parsed.operands.first().filter(|_| self.table.knows(name));
            let label = sub.map_or_else(|| run.words[0].clone(), |sub| format!("{name} {sub}"));
            return (label, special::unknown(run));
        };
        let words = parsed.operands.iter().take(if row.words.len() > 1 { n_words.min(3) } else { n_words });
        let label = std::iter::once(&name).chain(words).copied().collect::<Vec<_>>().join(" ");
        // What a wrapper runs has options of its own.
        let is_wrapper = matches!(row.effects[0], Effect::Privilege | Effect::Network);
        let is_danger = row.effects.iter().any(|effect| effect.is_danger());
        if is_danger && !is_wrapper && parsed.only_tells(REHEARSED.contains(&name), n_words) {
            return (label, vec![deed(Effect::Reads, &[])]);
        }
        let operands = parsed.operands.get(n_words..).unwrap_or_default();
        let named: Vec<&str> = match row.about {
            About::Itself => Vec::new(),
            About::Operands => operands.to_vec(),
            About::Last => operands.last().copied().into_iter().collect(),
            About::First => operands.first().copied().into_iter().collect(),
            About::AllButFirst if has_pattern(parsed) => operands.to_vec(),
            About::AllButFirst => operands.get(1..).unwrap_or_default().to_vec(),
            About::Values(options) => options.split(',').filter_map(|option| parsed.value(option)).collect(),
            About::Behind(mark) => run.words.iter().filter_map(|word| word.strip_prefix(mark)).collect(),
        };
        (label, row.effects.iter().map(|effect| deed(*effect, &named)).collect())
    }

    /// Code that comes from outside with the line.
    fn brought_from_outside(&self, run: &Run<'_>, deeds: &mut Vec<Deed>) {
        let reads_commands = shell::reads_commands(run.name) || run.name == "source" || run.name == ".";
        let is_interpreter = reads_commands || INTERPRETERS.contains(&run.name);
        let has_own_text = run.parsed.has_any(&["-c", "-e", "-m", "-p", "--eval", "--print", "-E", "-r", "-n", "-V"]);
        let has_script = run.parsed.operands.iter().any(|operand| *operand != "-" && *operand != "/dev/stdin");
        let reads_input = is_interpreter && !has_own_text && (!has_script || run.parsed.has("-s") && reads_commands);
        let fetched_into = || self.within(run.at).any(Self::fetches);
        let fed = || run.feeders().any(Self::fetches);
        let is_fetched = |word: &str| self.fetched.iter().any(|file| word.rsplit('/').next() == Some(file));
        let runs_fetched =
            is_fetched(&run.words[0]) || is_interpreter && run.parsed.operands.first().is_some_and(|it| is_fetched(it));
        let runs = |deed: &Deed| matches!(deed.effect, Effect::RunsCode | Effect::Unknown | Effect::RunsUnread);
        let is_code = deeds.iter().any(runs);
        let named: Vec<&str> = run.parsed.operands.iter().filter(|word| word.contains("://")).copied().collect();
        // `deno run https://…`
        let n_before = if matches!(run.name, "deno" | "bun") { 2 } else { 1 };
        let is_address = |word: &&str| word.contains("://") && !word.contains(char::is_whitespace);
        let has_address = is_interpreter && !has_own_text && run.parsed.operands.iter().take(n_before).any(is_address);
        if is_code
            && (reads_input && fed() || is_interpreter && fetched_into() || runs_fetched || self.cloned || has_address)
        {
            deeds.retain(|deed| !runs(deed));
            deeds.insert(0, deed(Effect::RunsDownloaded, &named));
        } else if reads_input
            && run.call().from.is_some()
            && run.given().is_none()
            && run.name != "xargs"
            && run.name != "parallel"
        {
            deeds.retain(|deed| !runs(deed));
            deeds.insert(0, deed(Effect::RunsUnread, &[]));
        } else if is_interpreter && has_own_text && run.words[1..].iter().any(|word| is_computed_text(word)) {
            deeds.insert(0, deed(Effect::RunsUnread, &[]));
        } else if is_interpreter {
            let given = run.given().filter(|_| reads_input && !reads_commands);
            let said = inline::deeds(run, given.as_deref());
            if !said.is_empty() {
                deeds.extend(said);
            }
        }
    }

    fn remember(&mut self, run: &Run<'_>, deeds: &[Deed]) {
        if FETCHERS.contains(&run.name) {
            let files = deeds.iter().filter(|deed| matches!(deed.effect, Effect::Writes | Effect::Overwrites));
            let named = files.flat_map(|deed| &deed.named).filter_map(|file| file.rsplit('/').next());
            self.fetched.extend(named.map(str::to_owned));
            // `curl … > install.sh`
            self.fetched
                .extend(self.calls.writes.iter().filter_map(|it| it.name.rsplit('/').next()).map(str::to_owned));
        }
        let unpacks = matches!(run.name, "tar" | "bsdtar" | "unzip" | "7z" | "7za" | "unrar" | "unar" | "gunzip");
        let is_fetched = |word: &&str| self.fetched.iter().any(|file| word.rsplit('/').next() == Some(file));
        let archive = run.parsed.value("-f");
        self.cloned |=
            unpacks && (run.feeders().any(Self::fetches) || run.parsed.operands.iter().chain(&archive).any(is_fetched));
        self.cloned |= matches!(run.name, "git" | "hg" | "svn" | "gh")
            && run.parsed.operands.iter().take(2).any(|word| matches!(*word, "clone" | "checkout-from"));
    }
}

fn step(program: &str, deed: &Deed, place: &Place, line: Option<usize>) -> Step {
    let mut targets = place.targets(&deed.named);
    if matches!(deed.effect, Effect::Network | Effect::Publishes | Effect::ChangesRemote | Effect::Secrets) {
        for target in &mut targets {
            target.leads_to = None;
        }
    }
    Step { program: program.to_owned(), effect: deed.effect, targets, line }
}

/// What a wrapper hands on stands for files that the line does not name.
fn given_by_wrapper(wrapper: &str, words: &[String], deed: &mut Deed) {
    let is_find = matches!(wrapper, "find" | "fd" | "fdfind");
    if !is_find && wrapper != "xargs" || matches!(deed.effect, Effect::LeavesProject | Effect::Network) {
        return;
    }
    deed.named.retain(|named| !matches!(named.as_str(), "{}" | ";" | "+" | "\\;"));
    deed.named.push(match words.get(1).filter(|word| is_find && !word.starts_with('-')) {
        Some(place) => format!("what {wrapper} finds in {place}"),
        None => format!("what {wrapper} hands it"),
    });
}
