//! Permission modes and permission updates ("always allow" in its various forms).

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

pub use shell_words::changes_shell;
pub use shell_words::runs_anything;

/// Words of the shell, and programs that run others.
mod shell_words;
/// What remembering a rule would give away.
mod warning;

/// The CLI's permission modes, in the order in which shift-tab walks them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PermissionMode {
    #[default]
    Default,
    AcceptEdits,
    Plan,
    Auto,
    DontAsk,
    BypassPermissions,
}

impl PermissionMode {
    pub const ALL: [Self; 6] =
        [Self::Default, Self::AcceptEdits, Self::Plan, Self::Auto, Self::DontAsk, Self::BypassPermissions];

    /// The CLI's word for it, as `--permission-mode` and `set_permission_mode` take it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::AcceptEdits => "acceptEdits",
            Self::Plan => "plan",
            Self::Auto => "auto",
            Self::DontAsk => "dontAsk",
            Self::BypassPermissions => "bypassPermissions",
        }
    }

    /// Parses the CLI's word; `None` for a mode this version does not know.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word)
    }

    /// What the mode means for the person, in one line.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Default => "asks before edits and commands",
            Self::AcceptEdits => "edits files without asking, asks before commands",
            Self::Plan => "only reads, then proposes a plan",
            Self::Auto => "the model decides what is safe and asks for the rest",
            Self::DontAsk => "denies whatever is not already allowed",
            Self::BypassPermissions => "runs everything without asking",
        }
    }

    /// Whether every tool runs unasked: needs an explicit confirmation and stays visible in red.
    pub fn is_dangerous(self) -> bool {
        matches!(self, Self::BypassPermissions)
    }

    /// The next mode for shift-tab. Bypass is not on the round trip: it must be chosen by name.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Default => Self::AcceptEdits,
            Self::AcceptEdits => Self::Plan,
            Self::Plan => Self::Auto,
            Self::Auto => Self::DontAsk,
            Self::DontAsk | Self::BypassPermissions => Self::Default,
        }
    }
}

/// Where a permission update is kept: the CLI's four destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Until this session's process ends; nothing is written.
    Session,
    /// `.claude/settings.local.json` of the project.
    Local,
    /// `.claude/settings.json` of the project, usually under version control.
    Project,
    /// `~/.claude/settings.json`: every project of this user.
    User,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::Session, Self::Local, Self::Project, Self::User];

    /// The file that a rule of this scope is saved to; `None` when none is.
    pub fn file(self) -> Option<&'static str> {
        match self {
            Self::Session => None,
            Self::Local => Some(".claude/settings.local.json"),
            Self::Project => Some(".claude/settings.json"),
            Self::User => Some("~/.claude/settings.json"),
        }
    }

    /// The scope in words, as the dialog shows it.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Session => "this session",
            Self::Local => "this project, only for me",
            Self::Project => "this project, for everyone who works on it",
            Self::User => "all my projects",
        }
    }

    /// The next scope when the person cycles through them.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Session => Self::Local,
            Self::Local => Self::Project,
            Self::Project => Self::User,
            Self::User => Self::Session,
        }
    }
}

/// What a rule does with the calls it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleBehavior {
    Allow,
    Deny,
    Ask,
}

impl RuleBehavior {
    pub const ALL: [Self; 3] = [Self::Allow, Self::Ask, Self::Deny];

    /// The word for it in settings, in the configuration and in what is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Ask => "ask",
        }
    }
}

/// One permission rule: `Bash(npm ci *)` is the tool `Bash` with the content `npm ci *`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub tool: String,
    /// `None` matches every call of the tool.
    pub content: Option<String>,
}

impl Rule {
    /// The rule as the CLI's settings files write it.
    pub fn text(&self) -> String {
        match &self.content {
            Some(content) => format!("{}({content})", self.tool),
            None => self.tool.clone(),
        }
    }

    /// Which calls it matches, in words.
    fn words(&self, quote: &dyn Fn(&str) -> String) -> String {
        let tool = &self.tool;
        let Some(content) = self.content.as_deref() else { return format!("every call of {tool}") };
        if tool == "Bash" {
            let beginning =
                content.strip_suffix(":*").or_else(|| content.strip_suffix(" *")).or_else(|| content.strip_suffix('*'));
            return match beginning {
                Some("") => "every Bash command".to_owned(),
                Some(beginning) => format!("every Bash command beginning with {}", quote(beginning)),
                None => format!("the Bash command {}", quote(content)),
            };
        }
        if let Some(domain) = content.strip_prefix("domain:") {
            return format!("{tool} from {domain}");
        }
        format!("{tool} in {content}")
    }

    /// Reads `Tool` or `Tool(content)`; the sentence says what is wrong with anything else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (tool, content) = match text.split_once('(') {
            None => (text, None),
            Some((tool, rest)) => match rest.strip_suffix(')') {
                Some(content) if !content.is_empty() => (tool, Some(content.to_owned())),
                Some(_) => return Err(format!("“{text}”: the parentheses are empty; write {tool}(what) or {tool}")),
                None => return Err(format!("“{text}”: the closing parenthesis is missing")),
            },
        };
        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '*');
        if tool.is_empty() || !tool.chars().all(word) {
            return Err(format!("“{text}”: a rule begins with a tool's name, as in Bash(git status)"));
        }
        Ok(Self { tool: tool.to_owned(), content })
    }
}

/// A change to the CLI's permissions that goes back with an "allow".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PermissionUpdate {
    AddRules {
        rules: Vec<Rule>,
        behavior: RuleBehavior,
        scope: Scope,
    },
    AddDirectories {
        directories: Vec<String>,
        scope: Scope,
    },
    SetMode {
        mode: PermissionMode,
        scope: Scope,
    },
    /// A kind this version does not know. It is shown as it is and can be sent back, never edited.
    Other(Value),
}

impl PermissionUpdate {
    pub fn scope(&self) -> Option<Scope> {
        match self {
            Self::AddRules { scope, .. } | Self::AddDirectories { scope, .. } | Self::SetMode { scope, .. } => {
                Some(*scope)
            }
            Self::Other(_) => None,
        }
    }

    /// What is remembered, as the CLI's settings write it.
    pub fn text(&self) -> String {
        match self {
            Self::AddRules { rules, .. } => rules.iter().map(Rule::text).collect::<Vec<_>>().join(", "),
            Self::AddDirectories { directories, .. } => directories.join(", "),
            Self::SetMode { mode, .. } => mode.as_str().to_owned(),
            Self::Other(value) => value.to_string(),
        }
    }

    /// What it means, in a few words; `quote` puts quotation marks around what comes from outside.
    pub fn words(&self, quote: &dyn Fn(&str) -> String) -> String {
        match self {
            Self::AddRules { rules, behavior, .. } => {
                let verb = match behavior {
                    RuleBehavior::Allow => "allow",
                    RuleBehavior::Deny => "deny",
                    RuleBehavior::Ask => "ask before",
                };
                let what: Vec<String> = rules.iter().map(|rule| rule.words(quote)).collect();
                format!("{verb} {}", what.join(" and "))
            }
            Self::AddDirectories { directories, .. } => {
                format!("let the session work in {} too", directories.join(" and "))
            }
            Self::SetMode { mode, .. } => format!("go to the mode {}: {}", mode.as_str(), mode.meaning()),
            Self::Other(_) => "send back what the CLI suggests".to_owned(),
        }
    }

    /// The same update kept somewhere else. `Other` has no scope that we could change safely.
    #[must_use]
    pub fn with_scope(&self, new: Scope) -> Self {
        let mut update = self.clone();
        match &mut update {
            Self::AddRules { scope, .. } | Self::AddDirectories { scope, .. } | Self::SetMode { scope, .. } => {
                *scope = new;
            }
            Self::Other(_) => {}
        }
        update
    }

    /// A line that remembering this would allow too, where one is known.
    pub fn example(&self) -> Option<&'static str> {
        match self {
            Self::AddRules { rules, behavior: RuleBehavior::Allow, .. } => rules.iter().find_map(warning::example_of),
            Self::AddRules { .. } | Self::AddDirectories { .. } | Self::SetMode { .. } | Self::Other(_) => None,
        }
    }

    /// Why remembering this would allow far more than the call at hand, if it would.
    pub fn warning(&self) -> Option<String> {
        match self {
            Self::AddRules { rules, behavior: RuleBehavior::Allow, .. } => rules.iter().find_map(warning::of_rule),
            Self::SetMode { mode, .. } if mode.is_dangerous() => {
                Some("runs everything from now on without asking".into())
            }
            Self::SetMode { mode: PermissionMode::AcceptEdits, .. } => {
                Some("every later edit runs without asking".into())
            }
            Self::SetMode { mode: PermissionMode::Auto, .. } => {
                Some("the model itself decides from now on what runs without asking".into())
            }
            Self::AddDirectories { directories, .. } => directories.iter().find_map(|path| wide_directory(path)),
            Self::Other(_) => Some("adjutant does not know this kind of permission".into()),
            Self::AddRules { .. } | Self::SetMode { .. } => None,
        }
    }
}

/// What is wide about a directory: a folder of the system, a whole home, or one with secrets. A folder inside a
/// home lies deeper than this.
pub fn wide_directory(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let mut climbs = false;
    for part in path.trim().split('/') {
        match part {
            "" | "." => {}
            ".." => climbs |= parts.pop().is_none(),
            part => parts.push(part),
        }
    }
    let is_absolute = path.trim().starts_with('/');
    let what = match parts[..] {
        _ if path.trim().is_empty() => "a place without a name",
        [] if is_absolute => "the whole disk",
        _ if climbs && !is_absolute => "a directory above the session's own",
        ["~" | "$HOME" | "${HOME}" | "root"] => "your whole home directory",
        ["home" | "Users"] => "every home directory",
        ["home" | "Users", _] if is_absolute => "a whole home directory",
        [home] if home.starts_with('~') => "a whole home directory",
        ["mnt" | "media" | "Volumes", _] if is_absolute => "a whole disk",
        [_] if is_absolute => "a whole directory of the system",
        _ if parts.iter().any(|part| [".ssh", ".gnupg", ".aws", ".kube", ".config"].contains(part)) => {
            "a directory where secrets are kept"
        }
        _ => return None,
    };
    Some(format!("{path} is {what}: every tool may work there without asking"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_said_in_words() {
        let said = |text: &str| Rule::parse(text).unwrap().words(&|text| format!("“{text}”"));
        assert_eq!(said("Bash(npm ci *)"), "every Bash command beginning with “npm ci”");
        assert_eq!(said("Bash(npm test:*)"), "every Bash command beginning with “npm test”");
        assert_eq!(said("Bash(git status)"), "the Bash command “git status”");
        assert_eq!(said("Bash(*)"), "every Bash command");
        assert_eq!(said("Edit"), "every call of Edit");
        assert_eq!(said("WebFetch(domain:docs.rs)"), "WebFetch from docs.rs");
        assert_eq!(said("Edit(src/**)"), "Edit in src/**");
    }

    #[test]
    fn modes_round_trip_and_shift_tab_never_reaches_bypass() {
        for mode in PermissionMode::ALL {
            assert_eq!(PermissionMode::parse(mode.as_str()), Some(mode));
        }
        let mut mode = PermissionMode::Default;
        for _ in 0..20 {
            mode = mode.next();
            assert_ne!(mode, PermissionMode::BypassPermissions);
        }
        assert_eq!(PermissionMode::BypassPermissions.next(), PermissionMode::Default);
    }

    #[test]
    fn rules_parse_as_they_print() {
        for text in ["Bash", "Bash(npm ci *)", "Read(//etc/**)", "mcp__x__y", "WebFetch(domain:a.b)", "Bash(echo (x))"]
        {
            assert_eq!(Rule::parse(text).unwrap().text(), text);
        }
        for bad in ["", "(x)", "Bash(", "Bash()", "Bash(x", "Ba sh(x)"] {
            assert!(Rule::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn warns_of_wide_directories_and_of_modes_that_no_longer_ask() {
        let warning = |path: &str| {
            PermissionUpdate::AddDirectories { directories: vec!["/a/b/c".into(), path.into()], scope: Scope::Session }
                .warning()
        };
        for wide in [
            "/",
            "//",
            "/.",
            "/a/..",
            "~",
            "~/",
            "~root",
            "/home",
            "/home/",
            "/home/me",
            "/home/me/x/..",
            "/Users/me",
            "/root",
            "/etc",
            "/usr/",
            "..",
            "../..",
            "a/../..",
            "$HOME",
            "",
            " / ",
            "/mnt/c",
            "~/.ssh",
            "/home/me/.aws",
        ] {
            assert!(warning(wide).is_some(), "{wide}");
        }
        for narrow in ["/home/me/src", "/home/me/src/web", "~/src", "src", "./src", "/srv/www", "/tmp/x", "a/.."] {
            assert_eq!(warning(narrow), None, "{narrow}");
        }
        let mode = |mode: PermissionMode| PermissionUpdate::SetMode { mode, scope: Scope::Session }.warning().is_some();
        assert!(
            mode(PermissionMode::Auto) && mode(PermissionMode::AcceptEdits) && mode(PermissionMode::BypassPermissions)
        );
        assert!(!mode(PermissionMode::Plan) && !mode(PermissionMode::Default));
    }
}
