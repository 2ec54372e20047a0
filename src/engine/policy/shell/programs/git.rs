//! Version control: what only looks, and what only keeps.

use super::Program;
use super::program;
use crate::engine::policy::shell::harmless::Operands;

const LOG: &str = "-p -u -s -q -z -i -E -F -P -w -b -n: -S~ -G~ -L: -U: -M= -C= -m -0 --oneline --graph --decorate= --all --stat= --numstat \
    --shortstat --dirstat= --summary --name-only --name-status --patch --no-patch --raw --follow --author~ --committer~ --grep~ \
    --since~ --until~ --after~ --before~ --max-count: --skip: --format~ --pretty= --date~ --abbrev-commit --abbrev= --merges \
    --no-merges --first-parent --reverse --topo-order --date-order --branches= --tags= --remotes= --color= --word-diff= \
    --no-ext-diff --no-textconv --no-renames --find-renames= --cached --staged --merge-base --unified= --ignore-all-space \
    --ignore-space-change --ignore-blank-lines --minimal --patience --histogram --diff-filter: --relative --check --exit-code \
    --no-prefix --function-context --no-color --cc --no-decorate --no-pager --name-only --no-notes --find-copies= --follow --source --walk-reflogs --word-diff-regex~ --color-words= --dense --sparse --simplify-merges --ancestry-path --stat-width: --stat-count: --no-relative --ignore-submodules= --submodule= --show-signature --left-right --cherry-pick --boundary --full-index --compact-summary";

pub(super) const PROGRAMS: &[Program] = &[
    // Version control, reading.
    program(
        "git status",
        "-s -b -v -u= -z --short --branch --long --porcelain= --verbose --untracked-files= --ignored= --show-stash --ahead-behind \
         --no-ahead-behind --renames --no-renames --column= --no-column",
        Operands::Names,
    ),
    program("git log", LOG, Operands::Names),
    program("git diff", LOG, Operands::Names),
    program("git show", LOG, Operands::Names),
    program(
        "git shortlog",
        "-s -n -e -0 --summary --numbered --email --all --since~ --until~ --no-merges",
        Operands::Names,
    ),
    program("git rev-list", LOG, Operands::Names),
    program("git diff-tree", LOG, Operands::Names),
    program(
        "git blame",
        "-L: -w -e -s -l -t -f -n -M -C --line-porcelain --porcelain --date~ --show-email --since~",
        Operands::Names,
    ),
    program(
        "git branch",
        "-a -r -v -i -l --all --remotes --list --verbose --show-current --merged= --no-merged= --contains= --no-contains= --sort: \
         --format~ --color= --no-color --ignore-case --points-at: -vv",
        Operands::None,
    ),
    program(
        "git tag",
        "-l -n= -i --list --sort: --format~ --merged= --no-merged= --contains= --column= --ignore-case",
        Operands::None,
    ),
    program("git remote", "-v --verbose", Operands::None),
    program("git stash list", "", Operands::None),
    program("git worktree list", "-v -z --porcelain --verbose", Operands::None),
    program(
        "git ls-files",
        "-c -d -m -o -i -s -t -z -u --cached --deleted --modified --others --ignored --stage --unmerged --exclude-standard \
         --full-name --error-unmatch --directory",
        Operands::Names,
    ),
    program(
        "git ls-tree",
        "-r -d -t -l -z --name-only --name-status --long --full-name --full-tree --abbrev=",
        Operands::Names,
    ),
    program(
        "git rev-parse",
        "-q --abbrev-ref= --short= --verify --show-toplevel --git-dir --is-inside-work-tree --is-bare-repository --show-prefix \
         --symbolic --symbolic-full-name --git-common-dir --absolute-git-dir --is-shallow-repository --show-cdup",
        Operands::Names,
    ),
    program(
        "git describe",
        "--tags --all --always --long --dirty= --abbrev= --match: --exact-match --contains --first-parent",
        Operands::Names,
    ),
    program("git reflog", LOG, Operands::None),
    program("git whatchanged", LOG, Operands::Names),
    program("git range-diff", LOG, Operands::Names),
    program("git cherry", "-v --verbose --abbrev=", Operands::Names),
    program("git name-rev", "--tags --refs: --all --name-only --always", Operands::Names),
    program(
        "git for-each-ref",
        "--format~ --sort: --count: --points-at: --merged= --no-merged= --contains= --no-contains= --ignore-case",
        Operands::Names,
    ),
    program("git show-ref", "--head --heads --tags -d -s --hash= --verify -q --abbrev=", Operands::Names),
    program("git show-branch", "-a -r --all --remotes --current --list --topo-order --sha1-name", Operands::Names),
    program("git symbolic-ref", "-q --short", Operands::OneOf(&["HEAD", "refs/remotes/origin/HEAD"])),
    program("git submodule status", "--cached --recursive", Operands::Names),
    program("git diff-index", LOG, Operands::Names),
    program("git diff-files", LOG, Operands::Names),
    program("git stash show", LOG, Operands::Names),
    program(
        "git config --get",
        "",
        Operands::OneOf(&[
            "user.name",
            "user.email",
            "init.defaultBranch",
            "core.autocrlf",
            "core.bare",
            "core.ignorecase",
            "pull.rebase",
            "commit.gpgsign",
            "push.default",
            "core.fileMode",
        ]),
    ),
    // Keeping work: what the repository's own hooks do with it is the person's will.
    program(
        "git add",
        "-A -u -v -n -N --all --update --verbose --dry-run --intent-to-add --ignore-errors",
        Operands::Names,
    ),
    program(
        "git commit",
        "-m~ -a -q -v -s -F: --message~ --all --quiet --verbose --signoff --file: --allow-empty --dry-run --author~ --date~ --only \
         --no-status --status --short --porcelain --branch --trailer~ --cleanup: --fixup: --squash:",
        Operands::Names,
    ),
    program("git merge-base", "-a --all --is-ancestor --octopus --fork-point", Operands::Names),
    program("git cat-file", "-p -t -s -e", Operands::Names),
    program("git count-objects", "-v -H --verbose --human-readable", Operands::None),
    program("git check-ignore", "-v -q -n --verbose --quiet --non-matching --no-index", Operands::Names),
    program(
        "git grep",
        "-n -i -w -v -l -L -c -h -H -E -F -G -P -p -q -A: -B: -C: -m: -e! -o -W --function-context --only-matching --show-function --line-number --ignore-case --word-regexp --name-only --count \
         --files-with-matches --cached --untracked --heading --break --color= --and --or --not --all-match --max-depth:",
        Operands::TextThenFiles,
    ),
];
