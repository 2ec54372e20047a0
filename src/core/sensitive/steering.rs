//! What runs something, or loosens a guard, once it is changed.
//!
//! **For:** one judgement of names for rules, grants and marks. **Not for:** contents. A change of such a file takes
//! effect later, by itself, outside of any question: when a shell starts, a tool runs, or somebody pulls.

use std::ops::Range;

use super::is_named;
use super::outermost;
use super::parts;

mod names;

use names::READ_BY_TOOLS;
use names::STARTED;

/// Folders whose content steers, all of it.
const FOLDERS: &[&str] = &[
    ".git",
    ".claude",
    ".vscode",
    ".idea",
    ".fleet",
    ".zed",
    ".cursor",
    ".windsurf",
    ".codex",
    ".gemini",
    ".continue",
    ".roo",
    ".kiro",
    ".amazonq",
    ".aider",
    ".clinerules",
    ".husky",
    ".githooks",
    "githooks",
    ".lefthook",
    ".circleci",
    ".buildkite",
    ".woodpecker",
    ".teamcity",
    ".devcontainer",
    ".cargo",
    ".direnv",
    ".yarn",
    ".mvn",
    ".vim",
    ".nvim",
    ".emacs.d",
    ".doom.d",
    ".bashrc.d",
    ".zshrc.d",
    ".zsh",
    ".oh-my-zsh",
    ".bash_it",
    "profile.d",
    "cron.d",
    "cron.daily",
    "cron.hourly",
    "cron.weekly",
    "cron.monthly",
    "crontabs",
    "sudoers.d",
    "pam.d",
    "ld.so.conf.d",
    "launchagents",
    "launchdaemons",
    "autostart",
    "init.d",
    "xinitrc.d",
    "modprobe.d",
    "udev",
    "polkit-1",
    "node_modules",
    "site-packages",
    "dist-packages",
    ".venv",
    "venv",
    "virtualenv",
    ".tox",
    ".nox",
    ".bundle",
    ".gem",
    ".rustup",
    ".sdkman",
    ".nvm",
    ".pyenv",
    ".rbenv",
    ".asdf",
    ".volta",
    ".ssh",
    ".gnupg",
    ".aws",
    ".kube",
    ".docker",
    ".m2",
    ".ivy2",
    ".sbt",
    ".ipython",
    ".jupyter",
    ".pip",
    ".meteor",
    ".husky.d",
    "git-hooks",
    ".pulumi",
    ".terraform",
    ".terraform.d",
    ".npm",
    ".pnpm-store",
    ".deno",
    ".bun",
    ".vs",
    ".settings",
    ".nuget",
    ".dotnet",
    ".config.d",
    "pre-commit-hooks",
    ".ansible",
    ".tmux",
    ".w3m",
    ".mutt",
];

/// Folders that tools read from when somebody runs them, or where they keep what they installed.
const READ_BY_TOOLS_IN: &[&str] = &[
    "node_modules",
    "site-packages",
    "dist-packages",
    ".venv",
    "venv",
    "virtualenv",
    ".tox",
    ".nox",
    ".bundle",
    ".gem",
    ".yarn",
    ".mvn",
    ".rustup",
    ".sdkman",
    ".nvm",
    ".pyenv",
    ".rbenv",
    ".asdf",
    ".volta",
    ".m2",
    ".ivy2",
    ".sbt",
    ".meteor",
    ".pulumi",
    ".terraform",
    ".terraform.d",
    ".npm",
    ".pnpm-store",
    ".deno",
    ".bun",
    ".vs",
    ".settings",
    ".nuget",
    ".dotnet",
    ".jupyter",
    ".ansible",
    ".cargo",
    ".docker",
    ".kube",
    ".aws",
    ".gnupg",
    ".w3m",
    ".mutt",
    ".idea",
    ".pip",
];

/// Folders and files that steer only together.
const SEQUENCES: &[&[&str]] = &[
    &[".github", "workflows"],
    &[".github", "actions"],
    &[".github", "copilot-instructions.md"],
    &[".github", "dependabot.yml"],
    &[".github", "instructions"],
    &[".github", "prompts"],
    &[".github", "agents"],
    &[".github", "hooks"],
    &[".gitea", "workflows"],
    &[".forgejo", "workflows"],
    &[".gitlab", "ci"],
    &[".local", "bin"],
    &[".local", "lib"],
    &["systemd", "user"],
    &["systemd", "system"],
    &[".config", "systemd"],
    &[".config", "autostart"],
    &[".config", "environment.d"],
    &[".config", "fish"],
    &[".config", "nvim"],
    &[".config", "helix"],
    &[".config", "zed"],
    &[".config", "git"],
    &[".config", "mise"],
    &[".config", "direnv"],
    &[".config", "tmux"],
    &[".config", "kitty"],
    &[".config", "alacritty"],
    &[".config", "wezterm"],
    &[".config", "ghostty"],
    &[".config", "zsh"],
    &[".config", "nushell"],
    &[".config", "emacs"],
    &[".config", "doom"],
    &[".config", "code"],
    &[".config", "pip"],
    &[".config", "npm"],
    &[".config", "yarn"],
    &[".config", "pnpm"],
    &[".config", "pypoetry"],
    &[".config", "uv"],
    &[".config", "cargo"],
    &[".config", "gh"],
    &[".config", "lazygit"],
    &[".config", "i3"],
    &[".config", "sway"],
    &[".config", "hypr"],
    &[".config", "starship.toml"],
    &[".config", "powershell"],
    &[".config", "containers"],
    &[".config", "htop"],
    &[".config", "opencode"],
    &[".config", "goose"],
    &[".config", "claude"],
    &["gradle", "wrapper"],
    &["gradle", "init.d"],
    &["library", "scripts"],
    &["start menu", "programs", "startup"],
    &["etc", "hosts"],
    &["etc", "environment"],
    &["etc", "profile"],
    &["etc", "ld.so.preload"],
    &["etc", "rc.local"],
    &["etc", "crontab"],
    &["etc", "sudoers"],
    &["etc", "passwd"],
    &["etc", "group"],
    &["etc", "fstab"],
    &["etc", "resolv.conf"],
    &["etc", "shells"],
];

/// Ends of names.
const ENDS: &[&str] = &[
    ".mk",
    ".mak",
    ".cmake",
    ".gradle",
    ".gradle.kts",
    ".bzl",
    ".pth",
    ".egg-link",
    ".gemspec",
    ".cabal",
    ".nimble",
    ".podspec",
    ".csproj",
    ".fsproj",
    ".vbproj",
    ".vcxproj",
    ".props",
    ".targets",
    ".sln",
    ".code-workspace",
    ".sublime-project",
    ".desktop",
    ".service",
    ".timer",
    ".socket",
    ".mount",
    ".automount",
    ".plist",
    ".rockspec",
    ".workflow",
    ".command",
    ".just",
    ".code-profile",
    ".code-snippets",
];

/// Ends of names of what a machine starts.
const STARTED_ENDS: &[&str] =
    &[".pth", ".desktop", ".service", ".timer", ".socket", ".mount", ".automount", ".plist", ".workflow", ".command"];

/// Beginnings of names that mean the same with any end.
const BEGINNINGS: &[&str] = &[
    "dockerfile.",
    "containerfile.",
    "makefile.",
    "docker-compose.",
    "compose.",
    "requirements",
    "constraints",
    "gulpfile.",
    "gruntfile.",
    ".gitlab-ci",
    ".eslintrc.",
    ".prettierrc.",
    ".babelrc.",
    ".mocharc.",
    ".stylelintrc.",
    ".lintstagedrc.",
    ".commitlintrc.",
    ".releaserc.",
    ".env.",
    "tsconfig.",
    "jenkinsfile.",
    ".travis",
    "renovate.",
    ".bashrc.",
    ".zshrc.",
    ".profile.",
    "taskfile.",
    "karma.conf.",
    "protractor.conf.",
    "wdio.conf.",
    "playwright-ct.",
    ".huskyrc.",
    ".huskyrc",
];

/// What a tool executes when it reads its configuration: `vite.config.ts`.
const CONFIG_ENDS: &[&str] = &["js", "cjs", "mjs", "ts", "cts", "mts", "jsx", "tsx", "json", "py", "rb", "lua", "exs"];

/// Whether a change of the path steers tools, shells or adjutant itself.
pub fn steers(path: &str) -> bool {
    marked(&parts(path)).is_some()
}

/// Whether a change of the path takes effect by itself, with nobody running a tool of the project: at a start, at a
/// commit, at a push, by a clock, or as what an agent is told.
pub fn takes_effect(path: &str) -> bool {
    let all = parts(path);
    let Some(range) = marked(&all) else { return false };
    match &all[range] {
        [name] if READ_BY_TOOLS_IN.contains(&name.as_str()) => false,
        [name] if !FOLDERS.contains(&name.as_str()) => {
            STARTED.contains(&name.as_str()) || STARTED_ENDS.iter().any(|end| name.ends_with(end))
        }
        _ => true,
    }
}

/// Whether a pattern names what steers about the path; true when nothing does.
pub fn names_steering(pattern: &str, path: &str) -> bool {
    is_named(path, pattern, &marked)
}

/// Which parts of a path steer.
fn marked(parts: &[String]) -> Option<Range<usize>> {
    outermost(parts, FOLDERS, SEQUENCES, is_steering_name)
}

fn is_steering_name(name: &str) -> bool {
    let is_config = |name: &str| {
        let Some((stem, end)) = name.rsplit_once('.') else { return false };
        CONFIG_ENDS.contains(&end) && (stem.ends_with(".config") || (stem.starts_with('.') && stem.ends_with("rc")))
    };
    // On some file systems an end of blanks and dots is no part of the name.
    let name = name.trim_end_matches(['.', ' ']);
    STARTED.contains(&name)
        || READ_BY_TOOLS.contains(&name)
        || ENDS.iter().any(|end| name.ends_with(end))
        || BEGINNINGS.iter().any(|start| name.starts_with(start))
        || is_config(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_take_effect_by_themselves_are_told_from_those_that_do_not() {
        for path in [
            ".github/workflows/ci.yml",
            ".gitlab-ci.yml",
            "CLAUDE.md",
            "docs/claude.md",
            "AGENTS.md",
            ".cargo/config.toml",
            "rust-toolchain",
            "rust-toolchain.toml",
            "build.rs",
            "crates/a/build.rs",
            "package.json",
            ".npmrc",
            ".yarnrc.yml",
            "conftest.py",
            "tests/conftest.py",
            "sitecustomize.py",
            "Makefile",
            "GNUmakefile",
            "rules.mk",
            ".pre-commit-config.yaml",
            "lefthook.yml",
            ".mise.toml",
            "mise.toml",
            ".devcontainer/devcontainer.json",
            ".gitattributes",
            "a/.gitattributes",
            ".gitmodules",
            ".bashrc",
            "~/.zshenv",
            "~/.config/fish/config.fish",
            ".vimrc",
            "~/.config/nvim/init.lua",
            "~/.local/bin/ls",
            "~/.config/systemd/user/x.service",
            "~/Library/LaunchAgents/x.plist",
            "~/.config/adjutant/config.toml",
            "~/.local/share/adjutant/x.db",
            ".git/hooks/pre-commit",
            ".GIT/config",
            ".claude/settings.json",
            ".mcp.json",
            ".vscode/tasks.json",
            ".idea/workspace.xml",
            ".envrc",
            ".husky/pre-push",
            "vite.config.ts",
            "jest.config.js",
            ".eslintrc.cjs",
            "requirements-dev.txt",
            "Dockerfile",
            "Dockerfile.prod",
            "docker-compose.override.yml",
            "node_modules/.bin/tsc",
            ".venv/bin/activate",
            "x.pth",
            "a.csproj",
            "go.mod",
            "Cargo.toml",
            "pyproject.toml",
            "setup.py",
            "Makefile.",
            "~/.config/autostart/x.desktop",
            "/etc/profile.d/x.sh",
        ] {
            assert!(steers(path), "{path}");
        }
        for path in [
            "src/a.rs",
            "README.md",
            "docs/guide.md",
            "src/config.ts",
            "src/index.html",
            "tests/a.py",
            "data.json",
            "x.service.ts",
            ".github/ISSUE_TEMPLATE/bug.md",
            "src/build.ts",
            ".gitignore",
            "main.go",
            "src/git/mod.rs",
            "notes.txt",
            "~/.local/share/adjutant/worktrees/web/src/a.rs",
            "src/config/rules.rs",
        ] {
            assert!(!steers(path), "{path}");
        }
    }

    #[test]
    fn what_takes_effect_by_itself_is_told_from_what_a_tool_reads() {
        for path in [
            ".git/hooks/pre-commit",
            ".github/workflows/ci.yml",
            "~/.bashrc",
            "~/.config/fish/config.fish",
            ".envrc",
            ".claude/settings.json",
            "CLAUDE.md",
            ".mcp.json",
            ".vscode/tasks.json",
            "~/.config/systemd/user/x.timer",
            "/etc/cron.d/x",
            "~/Library/LaunchAgents/x.plist",
            ".gitconfig",
            ".pre-commit-config.yaml",
            "~/.local/bin/ls",
            "~/.config/adjutant/config.toml",
            "x.desktop",
        ] {
            assert!(takes_effect(path), "{path}");
        }
        for path in [
            "package.json",
            "Cargo.toml",
            "Makefile",
            "Dockerfile",
            "node_modules/x/index.js",
            ".venv/bin/python",
            "go.mod",
            "tsconfig.json",
            "vite.config.ts",
            ".editorconfig",
            "src/a.rs",
        ] {
            assert!(!takes_effect(path), "{path}");
        }
    }

    #[test]
    fn a_pattern_covers_it_only_by_naming_it() {
        for (pattern, path) in [
            (".git/**", "/p/.git/hooks/x"),
            ("**/Makefile", "/p/a/Makefile"),
            (".github/workflows/**", "/p/.github/workflows/ci.yml"),
            ("**/*.mk", "/p/rules.mk"),
            ("**/package.json", "/p/web/package.json"),
            ("**", "/p/src/a.rs"),
        ] {
            assert!(names_steering(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("**", "/p/.GIT/hooks/x"),
            (".github/**", "/p/.github/workflows/ci.yml"),
            ("**/*.json", "/p/package.json"),
            ("**/*.toml", "/p/Cargo.toml"),
            ("src/**", "/p/src/build.rs"),
            ("**/*.md", "/p/CLAUDE.md"),
            ("~/**", "/home/me/.local/bin/ls"),
        ] {
            assert!(!names_steering(pattern, path), "{pattern} {path}");
        }
    }
}
