//! `[[approvals.rules]]`: what a rule may say, and every way in which it may be wrong.
//!
//! **For:** typed rules with their line. **Not for:** matching them: the engine's policy does.
//!
//! Invariants: a rule that could never match, or would allow more than it shows, is a mistake and not a
//! rule; a condition that cannot be read is never left out.

use std::fmt;

use globset::GlobBuilder;
use globset::GlobMatcher;
use toml::Spanned;
use toml::de::DeValue;

use super::section::Section;
use super::section::did_you_mean;
use super::section::kind;
use crate::core::gives_away::by_operands;
use crate::core::permission::RuleBehavior;
use crate::core::permission::changes_shell;
use crate::core::permission::runs_anything;
use crate::core::tool::table;

/// Tools whose input names files.
pub const FILE_TOOLS: [&str; 9] =
    ["Read", "Write", "Edit", "MultiEdit", "NotebookEdit", "NotebookRead", "Glob", "Grep", "LS"];
/// Requests that are dialogs of their own; no rule answers yes to them.
const DIALOGS: [&str; 2] = ["AskUserQuestion", "ExitPlanMode"];
/// Programs whose first word says nothing yet about what they do.
const NEEDS_MORE: [&str; 22] = [
    "git",
    "cargo",
    "npm",
    "pnpm",
    "yarn",
    "go",
    "gh",
    "glab",
    "docker",
    "podman",
    "kubectl",
    "helm",
    "pip",
    "apt",
    "brew",
    "systemctl",
    "terraform",
    "aws",
    "curl",
    "wget",
    "nc",
    "rsync",
];

/// One rule. A condition that is absent matches everything.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Where it stands in the file.
    pub line: usize,
    /// The preset that it is from, if it stands in no file of the person.
    pub preset: Option<&'static str>,
    pub tool: Pattern,
    pub command: Option<CommandPattern>,
    /// A glob as written; what it is relative to is known only with the call.
    pub path: Option<String>,
    pub host: Option<HostPattern>,
    pub profile: Option<String>,
    pub session: Option<Pattern>,
    pub action: RuleBehavior,
}

/// What a rule that is made while the program runs asks of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Command {
        words: Vec<String>,
        more: bool,
    },
    /// A glob.
    Path(String),
    Host(String),
    None,
}

impl Rule {
    /// A rule that allows, made while the program runs; it must stand every test that one of the file must.
    pub fn allowing(tool: &str, condition: Condition) -> Result<Self, String> {
        let tool = Pattern::new(&globset::escape(tool))?;
        let mut rule = Self {
            line: 0,
            preset: None,
            tool,
            command: None,
            path: None,
            host: None,
            profile: None,
            session: None,
            action: RuleBehavior::Allow,
        };
        match condition {
            Condition::Command { words, more } => rule.command = Some(CommandPattern::new(words, more)?),
            Condition::Path(glob) => rule.path = Some(glob),
            Condition::Host(host) => rule.host = Some(HostPattern::new(&host)?),
            Condition::None => {}
        }
        match objections(&rule).into_iter().next() {
            Some((_, why)) => Err(why),
            None => Ok(rule),
        }
    }
}

impl Rule {
    /// What an allowing rule with a star gives away, as a sentence that follows the rule.
    pub fn gives_away(&self) -> Option<String> {
        if self.action != RuleBehavior::Allow {
            return None;
        }
        if self.tool.is_glob() {
            return Some(format!(
                "allows every call of every tool whose name matches “{}”, also of tools that its server adds later",
                self.tool.text
            ));
        }
        if let Some(command) = self.command.as_ref().filter(|command| command.more) {
            let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
            let what = match by_operands(&words) {
                Some(example) => format!(", for example {example}"),
                None => format!("; adjutant does not know what {} does with them", command.words[0]),
            };
            return Some(format!(
                "allows every plain word and every file of the session's directories behind it{what}"
            ));
        }
        let path = self.path.as_deref().filter(|path| path.contains("**"))?;
        Some(format!(
            "allows it for every file that matches “{path}”, also for new ones, but for those that look secret or steer tools"
        ))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action.as_str(), self.tool.text)?;
        let command = self.command.as_ref().map(ToString::to_string);
        let host = self.host.as_ref().map(ToString::to_string);
        for condition in [command.as_ref(), self.path.as_ref(), host.as_ref()].into_iter().flatten() {
            write!(f, " “{condition}”")?;
        }
        if let Some(profile) = &self.profile {
            write!(f, " in profile {profile}")?;
        }
        if let Some(session) = &self.session {
            write!(f, " in session “{}”", session.text)?;
        }
        match self.preset {
            Some(preset) => write!(f, " (preset {preset})"),
            None => write!(f, " (config.toml line {})", self.line),
        }
    }
}

/// A text with `*` and `?` in it.
#[derive(Debug, Clone)]
pub struct Pattern {
    pub text: String,
    matcher: GlobMatcher,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text).backslash_escape(true).build().map_err(|error| error.kind().to_string())?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }

    pub fn matches(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }

    fn is_glob(&self) -> bool {
        self.text.contains(['*', '?', '[', '{', '\\'])
    }
}

/// The first words of a simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandPattern {
    pub words: Vec<String>,
    /// It ended in `*`: plain operands may follow, also those of a program that nobody knows.
    pub more: bool,
}

impl CommandPattern {
    fn new(words: Vec<String>, more: bool) -> Result<Self, String> {
        if let Some(word) = words.iter().find(|word| word.is_empty() || word.contains(char::is_control)) {
            return Err(no_word(word));
        }
        let is_named = words.first().is_some_and(|name| !name.starts_with('-') && !name.contains('='));
        if !is_named {
            return Err("names no program; it begins with one, as in “git status”".into());
        }
        Ok(Self { words, more })
    }
}

impl fmt::Display for CommandPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.words.join(" "), if self.more { " *" } else { "" })
    }
}

/// A host, or every host below a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// As a URL carries it: lower case, other scripts in punycode.
    pub domain: String,
    /// `*.domain`: only what is below it.
    pub below: bool,
}

impl HostPattern {
    fn new(text: &str) -> Result<Self, String> {
        let (domain, below) = text.strip_prefix("*.").map_or((text, false), |rest| (rest, true));
        let parsed = url::Host::parse(domain.trim_end_matches('.')).ok().filter(|_| !domain.contains(['*', '/', '@']));
        match parsed {
            Some(url::Host::Domain(domain)) => Ok(Self { domain, below }),
            Some(address) if !below => Ok(Self { domain: address.to_string(), below }),
            _ => Err(format!("“{text}” is no host; write example.org, or *.example.org for all below it")),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*." } else { "" }, self.domain)
    }
}

/// Reads `rules` of `[approvals]`; `None` when there are none.
pub(super) fn rules(section: &mut Section<'_, '_>) -> Option<Vec<Rule>> {
    match section.value("rules")? {
        DeValue::Array(items) => Some(items.iter().filter_map(|item| rule(section, item)).collect()),
        other => {
            section.wrong("rules", format!("expected tables [[approvals.rules]], found {}", kind(other)));
            None
        }
    }
}

fn rule(outer: &mut Section<'_, '_>, item: &Spanned<DeValue<'_>>) -> Option<Rule> {
    let DeValue::Table(table) = item.get_ref() else {
        outer.wrong("rules", format!("expected tables [[approvals.rules]], found {}", kind(item.get_ref())));
        return None;
    };
    let mut section = outer.inner("approvals.rules", table, item.span().start);
    let n_before = section.n_problems();
    let behaviors = RuleBehavior::ALL.map(|behavior| (behavior.as_str(), behavior));
    let action = section.choice("action", &behaviors);
    let tool = pattern(&mut section, "tool");
    let command = command(&mut section);
    let path = path(&mut section);
    let host = host(&mut section);
    let profile = section.string("profile");
    let session = pattern(&mut section, "session");
    for (key, what) in [("tool", "Bash"), ("action", "allow, ask or deny")] {
        if !table.contains_key(key) {
            section.wrong(key, format!("is missing; every rule needs one, such as {what}"));
        }
    }
    let line = section.line();
    let rule = tool.zip(action).map(|(tool, action)| Rule {
        line,
        preset: None,
        tool,
        command,
        path,
        host,
        profile,
        session,
        action,
    });
    for (key, why) in rule.iter().flat_map(objections) {
        section.wrong(key, why);
    }
    let is_right = section.n_problems() == n_before;
    section.finish();
    rule.filter(|_| is_right)
}

fn pattern(section: &mut Section<'_, '_>, key: &'static str) -> Option<Pattern> {
    let text = section.string(key)?;
    if text.trim().is_empty() {
        section.wrong(key, "is empty; leave the key out to match everything");
        return None;
    }
    Pattern::new(&text).map_err(|why| section.wrong(key, format!("“{text}” is no pattern: {why}"))).ok()
}

/// A text is cut at blanks; a list has its words as they are.
fn command(section: &mut Section<'_, '_>) -> Option<CommandPattern> {
    let is_list = matches!(section.value("command")?, DeValue::Array(_));
    let texts = section.strings("command")?;
    let mut words: Vec<String> = match texts.first() {
        Some(text) if !is_list => text.split_whitespace().map(str::to_owned).collect(),
        _ => texts,
    };
    let more = words.pop_if(|word| word == "*").is_some();
    let odd = |c: char| !is_list && (!c.is_ascii() || "'\"\\$`;|&<>()*?[]{}#!".contains(c));
    let pattern = match words.iter().find(|word| word.contains(odd) && !["[", "[["].contains(&word.as_str())) {
        Some(word) => Err(no_word(word)),
        None => CommandPattern::new(words, more),
    };
    pattern.map_err(|why| section.wrong("command", why)).ok()
}

fn no_word(word: &str) -> String {
    format!(
        "“{word}” is no plain word; a rule names the first words of one simple command, without quotes and operators, \
         and perhaps a last word *; a word with blanks or marks needs a list such as [\"git\", \"log\", \
         \"--format=%h %s\"]"
    )
}

fn path(section: &mut Section<'_, '_>) -> Option<String> {
    let text = section.string("path")?;
    let glob = GlobBuilder::new(&text).literal_separator(true).build();
    let why = match glob {
        Err(error) => error.kind().to_string(),
        Ok(_) if text.trim().is_empty() => "it is empty".into(),
        Ok(_) if text.split('/').any(|part| part == "..") => "“..” means nothing in a pattern; name the place".into(),
        Ok(_) if text.starts_with('~') && text != "~" && !text.starts_with("~/") => {
            "only your own home directory is known: ~/…".into()
        }
        Ok(_) => return Some(text),
    };
    section.wrong("path", format!("“{text}” is no pattern of paths: {why}"));
    None
}

fn host(section: &mut Section<'_, '_>) -> Option<HostPattern> {
    let text = section.string("host")?;
    HostPattern::new(&text).map_err(|why| section.wrong("host", why)).ok()
}

/// What is wrong with a rule whose parts are right, each with the key that it is about.
fn objections(rule: &Rule) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let tool = rule.tool.text.as_str();
    let known = || table::all().map(|tool| tool.name);
    let hint = did_you_mean(tool, known());
    if !rule.tool.is_glob() && !tool.starts_with("mcp__") && !known().any(|known| known == tool) && !hint.is_empty() {
        wrong.push(("tool", format!("there is no tool “{tool}”{hint}")));
    }
    if rule.command.is_some() && !table::runs_text(tool) {
        wrong.push(("command", format!("only Bash and its kind have commands, and this rule is for {tool}")));
    }
    if rule.path.is_some() && !FILE_TOOLS.contains(&tool) {
        wrong.push(("path", format!("only {} have paths, and this rule is for {tool}", FILE_TOOLS.join(", "))));
    }
    if rule.host.is_some() && tool != "WebFetch" {
        wrong.push(("host", format!("only WebFetch has a host, and this rule is for {tool}")));
    }
    if rule.action == RuleBehavior::Allow {
        object_to_allowing(rule, &mut wrong);
    }
    wrong
}

fn object_to_allowing(rule: &Rule, wrong: &mut Vec<(&'static str, String)>) {
    let tool = rule.tool.text.as_str();
    let needed = match tool {
        _ if table::is_shell(tool) => rule.command.is_none().then_some("command"),
        "WebFetch" => rule.host.is_none().then_some("host"),
        _ => (FILE_TOOLS.contains(&tool) && rule.path.is_none()).then_some("path"),
    };
    if let Some(key) = needed {
        wrong.push(("action", format!("allowing {tool} needs a {key}: without one it would allow every call")));
    }
    if table::runs_text(tool) && !table::is_shell(tool) {
        wrong.push(("action", format!("what {tool} runs cannot be read, so a rule can only deny or ask it")));
    }
    if DIALOGS.contains(&tool) {
        wrong.push(("action", format!("{tool} is answered by you; a rule can only deny or ask it")));
    }
    if rule.tool.is_glob() && !tool.starts_with("mcp__") {
        let why = format!("“{tool}” may match any tool; only patterns that begin with mcp__ can be allowed");
        wrong.push(("tool", why));
    }
    let Some(command) = &rule.command else { return };
    let program = command.words[0].as_str();
    // It only tells where a program is.
    let only_looks =
        program == "command" && command.words.get(1).is_some_and(|word| ["-v", "-V"].contains(&word.as_str()));
    let why = if changes_shell(program) && !only_looks {
        format!("{program} changes what later commands mean, so it is always asked")
    } else if command.more && runs_anything(program) {
        format!("{program} executes what follows it, so “{command}” would allow anything; name the whole command")
    } else if command.more && command.words.len() == 1 && NEEDS_MORE.contains(&program) {
        format!("“{command}” would allow whatever {program} can do; name what it is to do")
    } else {
        return;
    };
    wrong.push(("command", why));
}

#[cfg(test)]
mod tests {
    use crate::config::parse;

    fn problems(rule: &str) -> Vec<String> {
        let text = format!("[[approvals.rules]]\n{rule}");
        parse(&text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn right_rules_are_kept_in_order_with_their_lines() {
        let text = "[approvals]\nanywhere = true\n\n[[approvals.rules]]\ntool = \"Bash\"\ncommand = \"git status\"\n\
                    action = \"allow\"\n\n[[approvals.rules]]\ntool = \"mcp__github__*\"\nsession = \"web *\"\n\
                    action = \"deny\"\n[[approvals.rules]]\naction = \"ask\"\ntool = \"WebFetch\"\n\
                    host = \"*.BÜCHER.example\"\n[[approvals.rules]]\ntool = \"Bash\"\n\
                    command = [\"git\", \"log\", \"--format=%h %s\", \"*\"]\naction = \"allow\"\n";
        let config = parse(text).unwrap();
        let shown: Vec<String> = config.approvals.rules.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "allow Bash “git status” (config.toml line 4)",
                "deny mcp__github__* in session “web *” (config.toml line 9)",
                "ask WebFetch “*.xn--bcher-kva.example” (config.toml line 13)",
                "allow Bash “git log --format=%h %s *” (config.toml line 17)",
            ]
        );
        assert!(config.approvals.anywhere);
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let cases = [
            ("action = \"allow\"", "1: [approvals.rules] tool: is missing"),
            ("tool = \"Read\"", "1: [approvals.rules] action: is missing"),
            (
                "tool = \"Bash\"\naction = \"alow\"",
                "3: [approvals.rules] action: “alow” is none of allow, ask, deny; did",
            ),
            ("tool = \"Bash\"\naction = \"deny\"\ncomand = \"x\"", "4: [approvals.rules] has no key “comand”; did you"),
            (
                "tool = \"bash\"\naction = \"deny\"",
                "2: [approvals.rules] tool: there is no tool “bash”; did you mean “Bash”?",
            ),
            (
                "tool = \"Read\"\ncommand = \"x\"\naction = \"deny\"",
                "3: [approvals.rules] command: only Bash and its kind have",
            ),
            ("tool = \"Bash\"\npath = \"x\"\naction = \"deny\"", "3: [approvals.rules] path: only Read, Write"),
            ("tool = \"Read\"\nhost = \"x.y\"\naction = \"deny\"", "3: [approvals.rules] host: only WebFetch"),
            ("tool = \"Read\"\npath = \"a[\"\naction = \"deny\"", "3: [approvals.rules] path: “a[” is no pattern"),
            ("tool = \"Read\"\npath = \"../**\"\naction = \"deny\"", "3: [approvals.rules] path: “../**” is no"),
            ("tool = \"Read\"\npath = \"~root/x\"\naction = \"deny\"", "3: [approvals.rules] path: “~root/x” is no"),
            ("tool = \"x[\"\naction = \"deny\"", "2: [approvals.rules] tool: “x[” is no pattern"),
            ("tool = \"\"\naction = \"deny\"", "2: [approvals.rules] tool: is empty"),
            ("tool = 4\naction = \"deny\"", "2: [approvals.rules] tool: expected text, found a number"),
            ("tool = \"WebFetch\"\nhost = \"a b\"\naction = \"deny\"", "3: [approvals.rules] host: “a b” is no host"),
            ("tool = \"WebFetch\"\nhost = \"*\"\naction = \"deny\"", "3: [approvals.rules] host: “*” is no host"),
            (
                "tool = \"WebFetch\"\nhost = \"*.1.2.3.4\"\naction = \"deny\"",
                "3: [approvals.rules] host: “*.1.2.3.4” is",
            ),
            ("tool = \"WebFetch\"\naction = \"allow\"", "3: [approvals.rules] action: allowing WebFetch needs a host"),
            ("tool = \"Bash\"\naction = \"allow\"", "3: [approvals.rules] action: allowing Bash needs a command"),
            ("tool = \"Write\"\naction = \"allow\"", "3: [approvals.rules] action: allowing Write needs a path"),
            ("tool = \"ExitPlanMode\"\naction = \"allow\"", "3: [approvals.rules] action: ExitPlanMode is answered by"),
            ("tool = \"*\"\naction = \"allow\"", "2: [approvals.rules] tool: “*” may match any tool"),
            ("tool = \"B*\"\naction = \"allow\"", "2: [approvals.rules] tool: “B*” may match any tool"),
            (
                "tool = \"Bash\"\ncommand = \"a; b\"\naction = \"deny\"",
                "3: [approvals.rules] command: “a;” is no plain",
            ),
            (
                "tool = \"Bash\"\ncommand = \"git * x\"\naction = \"deny\"",
                "3: [approvals.rules] command: “*” is no plain",
            ),
            ("tool = \"Bash\"\ncommand = \"*\"\naction = \"deny\"", "3: [approvals.rules] command: names no program"),
            (
                "tool = \"Bash\"\ncommand = \"X=1 ls\"\naction = \"deny\"",
                "3: [approvals.rules] command: names no program",
            ),
            (
                "tool = \"Bash\"\ncommand = [1]\naction = \"deny\"",
                "3: [approvals.rules] command: expected a list of texts",
            ),
            ("tool = \"Bash\"\ncommand = \"sh -c *\"\naction = \"allow\"", "3: [approvals.rules] command: sh executes"),
            (
                "tool = \"Bash\"\ncommand = \"source x\"\naction = \"allow\"",
                "3: [approvals.rules] command: source changes",
            ),
            ("tool = \"Bash\"\ncommand = \"git *\"\naction = \"allow\"", "3: [approvals.rules] command: “git *” would"),
            (
                "tool = \"Read\"\nprofile = \"x\"\naction = \"deny\"",
                "1: [approvals.rules] profile: there is no [profiles.x]",
            ),
        ];
        for (rule, expected) in cases {
            let found = problems(rule);
            assert!(found.iter().any(|problem| problem.starts_with(expected)), "{rule}: {found:?}");
        }
        assert!(parse("[approvals]\nrules = 3\n").is_err());
        assert!(parse("[approvals]\nrules = [3]\n").is_err());
    }
}
