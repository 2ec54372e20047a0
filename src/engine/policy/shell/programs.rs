//! Programs whose options are known, and which of these are harmless.
//!
//! **For:** the table. **Not for:** reading it (`harmless` does).
//!
//! How to read `options`: `-a` a flag; `-a:` takes a value, attached or in the next word; `-a=` takes one
//! only when it is attached; `--name`, `--name:`, `--name=` likewise; `-0` stands for a number such as
//! `-5`. What is not listed is not harmless. Left out on purpose is everything that writes a file
//! (`sort -o`, `--output`), runs a program (`rg --pre`, `find -exec`, `git --ext-diff`), loads a
//! configuration (`-c`, `--config`), reads a list of names (`--files0-from`, `-f`), or looks where others
//! keep secrets (`rg --hidden`, links that are followed).

use super::harmless::Operands;
use super::scripts::awk_only_prints;
use super::scripts::jq_only_selects;
use super::scripts::sed_only_prints;

/// One program, or one of its subcommands.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) words: &'static str,
    pub(super) options: &'static str,
    pub(super) operands: Operands,
    /// Its long options begin with one dash.
    pub(super) long_with_one_dash: bool,
}

const fn program(words: &'static str, options: &'static str, operands: Operands) -> Program {
    Program { words, options, operands, long_with_one_dash: false }
}

const fn one_dash(words: &'static str, options: &'static str, operands: Operands) -> Program {
    Program { words, options, operands, long_with_one_dash: true }
}

/// Programs that only read files, so that it does not matter in which directory they run.
pub(super) const ONLY_READ: [&str; 14] =
    ["basename", "cat", "cut", "dirname", "echo", "false", "head", "ls", "pwd", "stat", "tail", "tr", "true", "wc"];

const LOG: &str = "-p -u -s -q -z -i -E -F -P -w -b -n: -S: -G: -L: -U: -M= -C= -0 --oneline --graph --decorate= --all --stat= --numstat \
    --shortstat --dirstat= --summary --name-only --name-status --patch --no-patch --raw --follow --author: --committer: --grep: \
    --since: --until: --after: --before: --max-count: --skip: --format: --pretty= --date: --abbrev-commit --abbrev= --merges \
    --no-merges --first-parent --reverse --topo-order --date-order --branches= --tags= --remotes= --color= --word-diff= \
    --no-ext-diff --no-textconv --no-renames --find-renames= --cached --staged --merge-base --unified= --ignore-all-space \
    --ignore-space-change --ignore-blank-lines --minimal --patience --histogram --diff-filter: --relative --check --exit-code \
    --no-prefix --function-context --show-signature --left-right --cherry-pick --boundary --full-index --compact-summary";

const CARGO: &str = "-p: -F: -j: -r -q -v --package: --workspace --all --exclude: --lib --bins --bin: --tests --test: --examples \
    --example: --benches --bench: --all-targets --features: --all-features --no-default-features --release --profile: \
    --locked --offline --frozen --jobs: --keep-going --message-format: --color:";

/// Options of the programs that `cargo test` builds stand behind its own.
const CARGO_TEST: &str = "-p: -F: -j: -r -q -v --package: --workspace --all --exclude: --lib --bins --bin: --tests --test: \
    --examples --example: --benches --bench: --all-targets --features: --all-features --no-default-features --release \
    --profile: --locked --offline --frozen --jobs: --keep-going --message-format: --color: --doc --no-run --no-fail-fast \
    --nocapture --no-capture --test-threads: --ignored --include-ignored --exact --skip: --show-output --list";

const CLIPPY: &str = "-p: -F: -j: -r -q -v -D: -W: -A: --package: --workspace --all --exclude: --lib --bins --bin: --tests --test: \
    --examples --example: --benches --bench: --all-targets --features: --all-features --no-default-features --release \
    --profile: --locked --offline --frozen --jobs: --keep-going --message-format: --color: --no-deps";

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
        "-s -n -e -0 --summary --numbered --email --all --since: --until: --no-merges",
        Operands::Names,
    ),
    program("git rev-list", LOG, Operands::Names),
    program("git diff-tree", LOG, Operands::Names),
    program(
        "git blame",
        "-L: -w -e -s -l -t -f -n -M -C --line-porcelain --porcelain --date: --show-email --since:",
        Operands::Names,
    ),
    program(
        "git branch",
        "-a -r -v -i -l --all --remotes --list --verbose --show-current --merged= --no-merged= --contains= --no-contains= --sort: \
         --format: --color= --ignore-case --points-at:",
        Operands::None,
    ),
    program(
        "git tag",
        "-l -n= -i --list --sort: --format: --merged= --no-merged= --contains= --column= --ignore-case",
        Operands::None,
    ),
    program("git remote", "-v --verbose", Operands::None),
    program("git stash list", "", Operands::None),
    program("git stash show", "-p -u --stat= --patch --name-only --name-status", Operands::Names),
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
    program("git merge-base", "-a --all --is-ancestor --octopus --fork-point", Operands::Names),
    program("git cat-file", "-p -t -s -e", Operands::Names),
    program("git count-objects", "-v -H --verbose --human-readable", Operands::None),
    program("git check-ignore", "-v -q -n --verbose --quiet --non-matching --no-index", Operands::Names),
    program(
        "git grep",
        "-n -i -w -v -l -L -c -h -H -E -F -G -P -p -q -A: -B: -C: -m: --line-number --ignore-case --word-regexp --name-only --count \
         --files-with-matches --cached --untracked --heading --break --color= --and --or --not --all-match --max-depth:",
        Operands::TextThenFiles,
    ),
    // Files, reading.
    program(
        "ls",
        "-a -A -l -h -t -r -R -S -s -d -F -g -G -i -k -m -n -o -p -q -u -c -C -x -X -v -Q -1 --all --almost-all --human-readable \
         --recursive --reverse --size --directory --classify= --color= --sort: --time: --time-style: --group-directories-first \
         --full-time --inode --no-group --numeric-uid-gid --si",
        Operands::Files,
    ),
    program(
        "cat",
        "-A -b -e -E -n -s -t -T -u -v --number --number-nonblank --show-all --show-ends --show-tabs --squeeze-blank",
        Operands::Files,
    ),
    program("head", "-n: -c: -q -v -0 --lines: --bytes: --quiet --silent --verbose", Operands::Files),
    program("tail", "-n: -c: -q -v -0 --lines: --bytes: --quiet --silent --verbose", Operands::Files),
    program("wc", "-l -w -c -m -L --lines --words --bytes --chars --max-line-length", Operands::Files),
    program("nl", "-b: -n: -w: -s: -v: -i:", Operands::Files),
    program("tac", "", Operands::Files),
    program("rev", "", Operands::Files),
    program(
        "cut",
        "-d: -f: -c: -b: -s --delimiter: --fields: --characters: --bytes: --only-delimited --complement --output-delimiter:",
        Operands::Files,
    ),
    program("tr", "-d -s -c -C -t --delete --squeeze-repeats --complement --truncate-set1", Operands::Text),
    program(
        "sort",
        "-b -d -f -g -h -i -M -n -r -R -s -u -V -z -k: -t: -c -C --reverse --numeric-sort --human-numeric-sort --unique --key: \
         --field-separator: --stable --version-sort --ignore-case --check= --general-numeric-sort",
        Operands::Files,
    ),
    program(
        "uniq",
        "-c -d -D -i -u -z -f: -s: -w: --count --repeated --unique --ignore-case --skip-fields: --skip-chars:",
        Operands::OneFile,
    ),
    program("comm", "-1 -2 -3 -i --check-order --nocheck-order", Operands::Files),
    program("cmp", "-b -l -s -n: --silent --quiet --verbose --bytes:", Operands::Files),
    program(
        "diff",
        "-u -U: -c -C: -r -q -s -i -w -b -B -N -y -a -W: -I: -x: --unified= --context= --recursive --brief --ignore-case \
         --ignore-all-space --ignore-space-change --ignore-blank-lines --new-file --side-by-side --color= --exclude: --text \
         --report-identical-files --width: --suppress-common-lines",
        Operands::Files,
    ),
    program("stat", "-c: -f -L -t -x -s --format: --printf: --file-system --terse", Operands::Files),
    program("file", "-b -i -k -h --brief --mime --mime-type --mime-encoding --no-dereference", Operands::Files),
    program(
        "du",
        "-a -b -c -h -k -m -s -x -d: --all --total --human-readable --summarize --max-depth: --apparent-size --exclude: --bytes",
        Operands::Files,
    ),
    program("df", "-h -H -k -m -T -i -a -l --human-readable --print-type --inodes --local", Operands::Files),
    program(
        "tree",
        "-a -d -f -i -s -h -D -F -C -n -r -t -p -u -g -L: -I: -P: --dirsfirst --noreport --filelimit: --prune --gitignore --du --si",
        Operands::Files,
    ),
    program("md5sum", "-b -t --binary --text --tag", Operands::Files),
    program("sha1sum", "-b -t --binary --text --tag", Operands::Files),
    program("sha256sum", "-b -t --binary --text --tag", Operands::Files),
    program("realpath", "-e -m -q -s -z --relative-to: --relative-base:", Operands::Names),
    program("readlink", "-f -e -m -n -q -z", Operands::Names),
    program("basename", "-a -s: -z --multiple --suffix:", Operands::Text),
    program("dirname", "-z", Operands::Text),
    program("cd", "", Operands::OneFile),
    // Searching.
    program(
        "grep",
        "-A: -B: -C: -E -F -G -H -I -L -P -T -Z -a -b -c -h -i -l -m: -n -o -q -r -s -v -w -x -z -0 --after-context: \
         --before-context: --context: --count --extended-regexp --fixed-strings --perl-regexp --files-with-matches \
         --files-without-match --ignore-case --no-ignore-case --include: --exclude: --exclude-dir: --invert-match --line-number \
         --line-regexp --word-regexp --max-count: --no-filename --with-filename --only-matching --recursive --color= --colour= \
         --no-messages --null --text --binary-files:",
        Operands::TextThenFiles,
    ),
    program(
        "rg",
        "-A: -B: -C: -F -H -I -N -P -S -T: -U -c -g: -i -l -m: -n -o -p -q -s -t: -v -w -x -r: -d: --after-context: \
         --before-context: --context: --count --count-matches --fixed-strings --files-with-matches --files-without-match \
         --glob: --iglob: --ignore-case --case-sensitive --smart-case --invert-match --json --line-number --no-line-number \
         --line-regexp --word-regexp --max-count: --max-depth: --max-columns: --multiline --multiline-dotall --no-filename \
         --with-filename --no-heading --heading --only-matching --pcre2 --pretty --color: --colors: --replace: --sort: --sortr: \
         --stats --trim --type: --type-not: --type-list --vimgrep --column --no-messages --no-config --null",
        Operands::TextThenFiles,
    ),
    program(
        "rg --files",
        "-g: -t: --glob: --iglob: --type: --max-depth: --sort: --no-messages --no-config",
        Operands::Files,
    ),
    program(
        "fd",
        "-i -s -g -F -a -p -0 -1 -d: -t: -e: -E: --ignore-case --case-sensitive --glob --fixed-strings --absolute-path --full-path \
         --max-depth: --min-depth: --type: --extension: --exclude: --color: --max-results: --changed-within: --changed-before: --size:",
        Operands::TextThenFiles,
    ),
    one_dash(
        "find",
        "-P -name: -iname: -path: -ipath: -wholename: -regex: -iregex: -regextype: -type: -maxdepth: -mindepth: -depth -mount \
         -xdev -size: -mtime: -mmin: -ctime: -cmin: -atime: -amin: -newer: -empty -perm: -user: -group: -links: -not -a -and -o -or \
         -print -print0 -ls -prune -quit -readable -writable -executable -true -false -daystart",
        Operands::Expression,
    ),
    // Printing, and looking around.
    program("echo", "-n -e -E", Operands::Text),
    program("printf", "", Operands::Text),
    program("true", "", Operands::Text),
    program("false", "", Operands::Text),
    program("pwd", "-L -P", Operands::None),
    program("seq", "-s: -w -f:", Operands::Text),
    program("date", "-u -R -I= --utc --iso-8601= --rfc-3339:", Operands::Format),
    program("sleep", "", Operands::Text),
    program("uname", "-a -s -n -r -v -m -p -i -o", Operands::None),
    program("whoami", "", Operands::None),
    program("id", "-u -g -G -n -r", Operands::None),
    program("nproc", "--all", Operands::None),
    program("uptime", "-p -s", Operands::None),
    program("which", "-a", Operands::Text),
    // Scripts, as far as they only print.
    program("sed", "-n -E -r --quiet --silent --regexp-extended", Operands::Script(sed_only_prints)),
    program("awk", "-F:", Operands::Script(awk_only_prints)),
    program(
        "jq",
        "-r -c -e -s -n -S -M -a -j --raw-output --compact-output --slurp --sort-keys --tab",
        Operands::Script(jq_only_selects),
    ),
    // Building and testing: what the project's own files say is run, by the rule's own will.
    program("cargo test", CARGO_TEST, Operands::Text),
    program("cargo bench", CARGO_TEST, Operands::Text),
    program("cargo check", CARGO, Operands::None),
    program("cargo build", CARGO, Operands::None),
    program(
        "cargo doc",
        "-p: -q -v --package: --workspace --no-deps --document-private-items --locked --offline --all-features",
        Operands::None,
    ),
    program("cargo clippy", CLIPPY, Operands::None),
    program("cargo fmt", "-p: -q -v --all --check --package:", Operands::None),
    program(
        "cargo tree",
        "-p: -i: -e: -d -f: --package: --invert= --edges: --duplicates --depth: --prefix: --workspace --locked --offline",
        Operands::None,
    ),
    program("cargo metadata", "-q --no-deps --format-version: --locked --offline --all-features", Operands::None),
    program("npm test", "-s --silent", Operands::None),
    program("npm run", "-s --silent --if-present", Operands::None),
    program("npm ls", "-a -l --all --long --json --parseable --depth: --omit:", Operands::None),
    program("npm ci", "-s --silent --ignore-scripts --no-audit --no-fund", Operands::None),
    program("npm install", "-s --silent --ignore-scripts --no-audit --no-fund", Operands::None),
    one_dash(
        "go test",
        "-v -run: -count: -race -short -timeout: -cover -bench: -benchmem -failfast -json -parallel: -p: -list:",
        Operands::Names,
    ),
    one_dash("go vet", "-v -json", Operands::Names),
    one_dash("go build", "-v -race", Operands::Names),
    one_dash("go list", "-m -json -deps -test -u", Operands::Names),
    program(
        "pytest",
        "-q -v -x -s -l -k: -m: -r: --maxfail: --tb: --lf --ff --last-failed --failed-first --exitfirst --collect-only --durations: \
         --no-header --verbose --quiet --capture: --co",
        Operands::Names,
    ),
    program("make", "-s -k -j= -n -B --silent --keep-going --dry-run", Operands::None),
    program(
        "curl",
        "-s -S -f -I -L -m: --silent --show-error --fail --head --location --max-time: --compressed",
        Operands::None,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_option_is_listed_that_writes_runs_or_loads() {
        let dangerous = [
            ("git log", "--output --ext-diff --textconv -O --no-index --exec -c -o"),
            ("git diff", "--output --ext-diff --textconv -O --no-index -o"),
            ("git grep", "-O --open-files-in-pager -f --no-index --textconv"),
            ("git branch", "-d -D -m -M -c -C -f -u --set-upstream-to --edit-description --delete"),
            ("git tag", "-d -f -a -s -m -F"),
            ("sort", "-o -T --output --compress-program --files0-from --random-source"),
            ("find", "-exec -execdir -ok -okdir -delete -fprint -fprint0 -fprintf -fls -files0-from -L -H -follow"),
            ("fd", "-x -X --exec --exec-batch -H -u -I -L"),
            (
                "rg",
                "-e --regexp --files --pre --pre-glob --hostname-bin -f --file --ignore-file -z --search-zip -L --follow -u --hidden -. --no-ignore",
            ),
            ("grep", "-f -e --regexp --file -R --dereference-recursive -D -d"),
            ("sed", "-i -e -f -s --in-place --file --expression -z"),
            ("awk", "-f -v -i -l -e --file --include --load"),
            ("jq", "-f -L --from-file --rawfile --slurpfile --args --exit-status"),
            ("cargo test", "--config -Z --manifest-path --target-dir --target -C --logfile --fix"),
            ("cargo clippy", "--config -Z --manifest-path --target-dir --target -C --fix --allow-dirty"),
            ("npm run", "--prefix -C --script-shell --node-options --userconfig"),
            (
                "go test",
                "-exec -o -toolexec -C -vettool -coverprofile -cpuprofile -memprofile -trace -outputdir -overlay -mod -modfile",
            ),
            (
                "curl",
                "-o -O -d -F -T -K -x -u -H -X --output --config --data --upload-file --proxy -e -b -c -J -w --unix-socket",
            ),
            ("tree", "-o -l --fromfile --infofile -H"),
            ("file", "-C -m -f --files-from --magic-file --compile -L"),
            ("wc", "--files0-from"),
            ("du", "--files0-from -X -L -D"),
            ("date", "-s --set -f --file -d -r"),
            ("make", "-f -C -I -E --eval --file --directory --include-dir -e -o -W"),
            ("pytest", "-c -p -o --rootdir --confcutdir --basetemp --junitxml --pdb --pdbcls --override-ini --pyargs"),
        ];
        for (words, options) in dangerous {
            let program = PROGRAMS.iter().find(|program| program.words == words).unwrap();
            for option in options.split(' ') {
                let listed =
                    program.options.split_whitespace().any(|known| known.trim_end_matches([':', '=']) == option);
                assert!(!listed, "{words} {option}");
            }
        }
    }
}
