//! `NAME=value` before a command: names that only change how programs speak, and what they may be set to.
//!
//! **For:** the table. **Not for:** names that say what runs, what is loaded or where from: none of these is here.

/// What a value may be.
enum Kind {
    /// Letters, digits and a few marks; never a path.
    Word,
    /// Names with slashes between them, relative and not upwards.
    Zone,
    /// One of these.
    OneOf(&'static [&'static str]),
}

const SETTINGS: &[(&str, Kind)] = &[
    // Builds and tests.
    ("RUST_BACKTRACE", Kind::Word),
    ("RUST_LIB_BACKTRACE", Kind::Word),
    ("RUST_LOG", Kind::Word),
    ("RUST_LOG_STYLE", Kind::Word),
    ("RUST_TEST_THREADS", Kind::Word),
    ("RUST_TEST_NOCAPTURE", Kind::Word),
    ("RUST_MIN_STACK", Kind::Word),
    ("CARGO_TERM_COLOR", Kind::Word),
    ("CARGO_TERM_PROGRESS_WHEN", Kind::Word),
    ("CARGO_TERM_VERBOSE", Kind::Word),
    ("CARGO_INCREMENTAL", Kind::Word),
    ("CARGO_BUILD_JOBS", Kind::Word),
    ("CARGO_NET_OFFLINE", Kind::Word),
    ("INSTA_UPDATE", Kind::OneOf(&["no", "new"])),
    ("PROPTEST_CASES", Kind::Word),
    ("CI", Kind::Word),
    ("NODE_ENV", Kind::Word),
    ("TZ", Kind::Zone),
    ("DEBUG", Kind::Word),
    ("VERBOSE", Kind::Word),
    ("LOG_LEVEL", Kind::Word),
    ("LOGLEVEL", Kind::Word),
    ("TEST_ENV", Kind::Word),
    ("APP_ENV", Kind::Word),
    ("RAILS_ENV", Kind::Word),
    ("RACK_ENV", Kind::Word),
    ("MIX_ENV", Kind::Word),
    ("PORT", Kind::Word),
    ("JEST_JUNIT", Kind::Word),
    ("VITEST_MAX_THREADS", Kind::Word),
    ("UV_OFFLINE", Kind::Word),
    ("NPM_CONFIG_LOGLEVEL", Kind::Word),
    ("NPM_CONFIG_FUND", Kind::Word),
    ("NPM_CONFIG_AUDIT", Kind::Word),
    ("NEXT_TELEMETRY_DISABLED", Kind::Word),
    ("DO_NOT_TRACK", Kind::Word),
    ("HUSKY", Kind::Word),
    ("PYTHONDONTWRITEBYTECODE", Kind::Word),
    ("PYTHONUNBUFFERED", Kind::Word),
    ("PYTHONIOENCODING", Kind::Word),
    ("PYTHONUTF8", Kind::Word),
    ("PYTHONHASHSEED", Kind::Word),
    ("PYTHONFAULTHANDLER", Kind::Word),
    ("PYTHONASYNCIODEBUG", Kind::Word),
    ("PYTHONPATH", Kind::OneOf(&[".", "src", "./src"])),
    ("PIP_DISABLE_PIP_VERSION_CHECK", Kind::Word),
    ("PIP_NO_INPUT", Kind::Word),
    ("DJANGO_DEBUG", Kind::Word),
    ("GOOS", Kind::Word),
    ("GOARCH", Kind::Word),
    ("GOMAXPROCS", Kind::Word),
    ("CGO_ENABLED", Kind::Word),
    ("GOTRACEBACK", Kind::Word),
    ("GO111MODULE", Kind::Word),
    ("MAKEFLAGS", Kind::OneOf(&["-j2", "-j4", "-j8", "-s"])),
    ("DOCKER_BUILDKIT", Kind::Word),
    ("COMPOSE_DOCKER_CLI_BUILD", Kind::Word),
    ("BUILDKIT_PROGRESS", Kind::OneOf(&["plain", "auto", "tty", "quiet"])),
    // Colours, languages, pagers.
    ("FORCE_COLOR", Kind::Word),
    ("CLICOLOR", Kind::Word),
    ("CLICOLOR_FORCE", Kind::Word),
    ("NO_COLOR", Kind::Word),
    ("COLUMNS", Kind::Word),
    ("LINES", Kind::Word),
    ("TERM", Kind::OneOf(&["dumb", "xterm", "xterm-256color", "linux", "vt100"])),
    ("LANG", Kind::Word),
    ("LC_ALL", Kind::Word),
    ("LC_CTYPE", Kind::Word),
    ("LC_COLLATE", Kind::Word),
    ("LC_NUMERIC", Kind::Word),
    ("LC_TIME", Kind::Word),
    ("LC_MESSAGES", Kind::Word),
    ("PAGER", Kind::OneOf(&["cat", ""])),
    ("GIT_PAGER", Kind::OneOf(&["cat", ""])),
    ("GH_PAGER", Kind::OneOf(&["cat", ""])),
    ("MANPAGER", Kind::OneOf(&["cat", ""])),
    ("AWS_PAGER", Kind::OneOf(&["cat", ""])),
    ("SYSTEMD_PAGER", Kind::OneOf(&["cat", ""])),
    ("GIT_TERMINAL_PROMPT", Kind::OneOf(&["0", "1"])),
    ("GIT_OPTIONAL_LOCKS", Kind::OneOf(&["0", "1"])),
    ("GIT_EDITOR", Kind::OneOf(&["true", ":"])),
    ("DEBIAN_FRONTEND", Kind::OneOf(&["noninteractive"])),
];

/// Whether an assignment is in the table; the sentence says why not.
pub(super) fn is_harmless(word: &str) -> Result<(), String> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let Some((_, kind)) = SETTINGS.iter().find(|(known, _)| *known == name) else {
        return Err(format!("a variable is set before the command, and {name} may change what it does"));
    };
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "._-+,:*".contains(c);
    let fits = match kind {
        Kind::Word => value.chars().all(|c| is_letter(c) || c == '=') && !value.contains("::="),
        Kind::Zone => {
            let is_up = |part: &str| part.is_empty() || part.starts_with('.');
            value.chars().all(|c| c.is_ascii_alphanumeric() || "_-+/".contains(c)) && !value.split('/').any(is_up)
        }
        Kind::OneOf(values) => values.contains(&value),
    };
    if fits { Ok(()) } else { Err(format!("{name} is set to “{value}”, which may change what the command does")) }
}
