//! `NAME=value`: variables by which other programs run something that nobody sees in the line.
//!
//! **For:** the marks of a line. **Not for:** rules, which allow only names of a table of harmless ones.

use super::place::Place;
use super::steps::Deed;
use super::steps::deed;
use crate::core::anatomy::Effect;
use crate::engine::policy::shell;

/// A program, a library or a file of code is loaded or run by whatever starts with it, whatever the value.
const LOADS: [&str; 63] = [
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "DYLD_INSERT_LIBRARIES",
    "DYLD_LIBRARY_PATH",
    "DYLD_FRAMEWORK_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "GCONV_PATH",
    "OPENSSL_CONF",
    "OPENSSL_MODULES",
    "BASH_ENV",
    "ENV",
    "ZDOTDIR",
    "PROMPT_COMMAND",
    "PS0",
    "PS1",
    "PS4",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "PYTHONBREAKPOINT",
    "PERL5OPT",
    "PERL5LIB",
    "PERL5DB",
    "RUBYOPT",
    "RUBYLIB",
    "NODE_PATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_PROXY_COMMAND",
    "GIT_EXTERNAL_DIFF",
    "GIT_ASKPASS",
    "GIT_EXEC_PATH",
    "GIT_TEMPLATE_DIR",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIFF_OPTS",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "SVN_SSH",
    "RSYNC_RSH",
    "CVS_RSH",
    "LESSOPEN",
    "LESSCLOSE",
    "MAKESHELL",
    "TAR_OPTIONS",
    "CLASSPATH",
    "RUSTC",
    "RUSTDOC",
    "GOPROXY",
    "GONOSUMDB",
    "GONOSUMCHECK",
    "GOFLAGS",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "NPM_CONFIG_REGISTRY",
    "NPM_CONFIG_SCRIPT_SHELL",
    "NPM_CONFIG_USERCONFIG",
    "YARN_RC_FILENAME",
    "COMPOSER_HOME",
];
/// A program, which is harmless where it is one of those that only show or do nothing.
const PROGRAMS: [&str; 14] = [
    "EDITOR",
    "VISUAL",
    "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
    "PAGER",
    "GIT_PAGER",
    "MANPAGER",
    "BROWSER",
    "SHELL",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CC",
    "CXX",
    "LD",
];
const KNOWN_PROGRAMS: [&str; 34] = [
    "", "cat", "true", ":", "less", "more", "vim", "vi", "nvim", "nano", "emacs", "code", "bat", "delta", "echo",
    "none", "sh", "bash", "zsh", "fish", "sccache", "ccache", "gcc", "g++", "clang", "clang++", "cc", "c++", "ld",
    "lld", "mold", "open", "xdg-open", "head",
];
/// Options in it may load code.
const OPTIONS: [&str; 8] = [
    "NODE_OPTIONS",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "MAVEN_OPTS",
    "GRADLE_OPTS",
    "MAKEFLAGS",
    "BUN_OPTIONS",
];
/// Such options.
const LOADING: [&str; 12] = [
    "--require",
    "-r",
    "--import",
    "--loader",
    "--experimental-loader",
    "--env-file",
    "--inspect",
    "-javaagent",
    "-agentpath",
    "-agentlib",
    "--eval",
    "shell=",
];

/// Directories in which a machine keeps its programs, as they begin.
const TOOL_FOLDERS: [&str; 22] = [
    "/usr/",
    "/bin",
    "/sbin",
    "/opt/",
    "/snap/bin",
    "/nix/",
    "/Library/",
    "~/.cargo/bin",
    "~/.local/bin",
    "~/.local/share/",
    "~/go/bin",
    "~/.go/bin",
    "~/bin",
    "~/.bun/bin",
    "~/.deno/bin",
    "~/.nvm/",
    "~/.volta/bin",
    "~/.pyenv/",
    "~/.rbenv/",
    "~/.asdf/",
    "~/.npm-global/bin",
    "~/.dotnet",
];
/// Names of variables that hold such a directory.
const TOOL_VARIABLES: [&str; 8] = [
    "$PATH",
    "$GOPATH/bin",
    "$GOROOT/bin",
    "$JAVA_HOME/bin",
    "$CARGO_HOME/bin",
    "$PNPM_HOME",
    "$VOLTA_HOME/bin",
    "$NVM_BIN",
];

/// What a variable makes others run; none for a name that does no such thing.
pub(super) fn deed_of(setting: &str, place: &Place) -> Option<Deed> {
    let (name, value) = setting.split_once('=')?;
    let name = name.trim_end_matches('+');
    let upper = name.to_ascii_uppercase();
    let loads = match upper.as_str() {
        // The shells' own names are in capitals.
        "ENV" | "PS0" | "PS1" | "PS4" if name != upper => false,
        // Colours and words only, or text that a shell runs.
        "PS1" | "PS0" | "PS4" => value.contains(['$', '`']) && value.contains(['(', '`']),
        "ENV" => value.contains(['/', '.', '$']),
        "GOPROXY" => !["off", "direct", "https://proxy.golang.org"].contains(&value.trim_end_matches(",direct")),
        "GOFLAGS" => value.contains("toolexec") || value.contains("overlay"),
        "PATH" => !value.split(':').all(|entry| is_tool_folder(entry, place)),
        "PYTHONPATH" => value
            .split(':')
            .any(|entry| entry.starts_with(['/', '~']) && !place.is_inside(entry) || entry.contains("..")),
        _ if LOADS.contains(&upper.as_str()) => !value.is_empty(),
        _ if PROGRAMS.contains(&upper.as_str()) => {
            let program = value.split_whitespace().next().unwrap_or_default();
            let is_usual = !program.contains(['$', '`']) && KNOWN_PROGRAMS.contains(&shell::name(program).as_str());
            !is_usual
                || program.starts_with(['.', '/']) && place.is_inside(program)
                || value.contains([';', '|', '`', '('])
        }
        _ if OPTIONS.contains(&upper.as_str()) => {
            let lower = value.to_ascii_lowercase();
            lower.split_whitespace().any(|word| LOADING.iter().any(|option| word.starts_with(option)))
        }
        // `GIT_CONFIG_KEY_0=core.sshCommand`, `CARGO_TARGET_…_RUNNER=x`, functions handed to bash.
        _ => {
            upper.starts_with("GIT_CONFIG_KEY_")
                || upper.starts_with("BASH_FUNC_")
                || upper.starts_with("CARGO_TARGET_") && (upper.ends_with("_RUNNER") || upper.ends_with("_LINKER"))
        }
    };
    loads.then(|| deed(Effect::RunsDownloaded, &[setting]))
}

/// Whether only the machine's own programs are looked for there.
fn is_tool_folder(entry: &str, place: &Place) -> bool {
    let plain = entry.replace("${", "$").replace('}', "").replace("$HOME", "~");
    if plain.contains("..") || plain.contains('`') || plain.contains("$(") {
        return false;
    }
    let local = plain.trim_start_matches("$PWD/").trim_start_matches("./");
    if matches!(local, "node_modules/.bin" | ".venv/bin" | "venv/bin") {
        return true;
    }
    let is_below_home = || {
        let home = place.home().map(|home| home.display().to_string());
        home.and_then(|home| plain.strip_prefix(&home).map(|rest| format!("~{rest}")))
            .is_some_and(|plain| TOOL_FOLDERS.iter().any(|folder| plain.starts_with(folder)))
    };
    TOOL_VARIABLES.contains(&plain.as_str())
        || TOOL_FOLDERS.iter().any(|folder| plain.starts_with(folder))
        || is_below_home()
}

/// Whether a variable says that what follows is in earnest.
pub(super) fn is_production(setting: &str) -> bool {
    let Some((name, value)) = setting.split_once('=') else { return false };
    let says_where = [
        "ENV",
        "PROFILE",
        "CONTEXT",
        "STAGE",
        "WORKSPACE",
        "KUBECONFIG",
        "ENVIRONMENT",
        "URL",
        "HOST",
        "CONFIG_NAME",
        "PROJECT",
    ];
    let upper = name.to_ascii_uppercase();
    says_where.iter().any(|end| upper.ends_with(end))
        && value
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|part| matches!(part.to_ascii_lowercase().as_str(), "prod" | "production" | "prd"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn variables_that_run_something_are_told_from_those_that_do_not() {
        let place = Place::new(Path::new("/p"));
        for setting in [
            "LD_PRELOAD=./x.so",
            "LD_LIBRARY_PATH=/tmp",
            "BASH_ENV=x",
            "ENV=./x",
            "PROMPT_COMMAND=./x",
            "PYTHONSTARTUP=x.py",
            "NODE_OPTIONS=--require ./x.js",
            "NODE_OPTIONS=--max-old-space-size=1 -r ./x",
            "GIT_SSH_COMMAND=./x",
            "PATH=.:$PATH",
            "PATH=$PWD/bin:$PATH",
            "PATH=/tmp/x:$PATH",
            "PATH=:$PATH",
            "PATH=$(x):$PATH",
            "PATH=/usr/../tmp:$PATH",
            "PAGER=./x",
            "GIT_EDITOR=sh -c 'x'; y",
            "EDITOR=$X",
            "RUSTC_WRAPPER=./x",
            "GIT_CONFIG_KEY_0=core.pager",
            "PYTHONPATH=/tmp/x",
            "PS1=$(x)",
            "npm_config_registry=http://x",
        ] {
            assert!(deed_of(setting, &place).is_some(), "{setting}");
        }
        for setting in [
            "PATH=$HOME/.cargo/bin:$PATH",
            "PATH=/usr/local/bin:/usr/bin:/bin",
            "PATH=$PATH:./node_modules/.bin",
            "NODE_OPTIONS=--max-old-space-size=4096",
            "GIT_PAGER=cat",
            "GIT_EDITOR=true",
            "EDITOR=vim",
            "RUSTC_WRAPPER=sccache",
            "RUSTC_WRAPPER=",
            "CC=clang",
            "ENV=test",
            "env=./x",
            "NODE_ENV=production",
            "PYTHONPATH=src",
            "MAKEFLAGS=-j4",
            "X=1",
            "GOFLAGS=-mod=mod",
        ] {
            assert!(deed_of(setting, &place).is_none(), "{setting}");
        }
    }

    #[test]
    fn what_is_in_earnest_says_so() {
        assert!(is_production("RAILS_ENV=production") && is_production("AWS_PROFILE=shop-prod"));
        assert!(!is_production("PRODUCT=prod") && !is_production("NODE_ENV=test"));
    }
}
