//! Programs whose options are known, and which of these are harmless.
//!
//! **For:** the tables. **Not for:** reading them (`harmless` does).
//!
//! How to read `options`: `-a` a flag; `-a:` takes a value, attached or in the next word; `-a=` takes one
//! only when it is attached; `-a~` takes a text that is never a file; `-a!` takes the pattern or script that otherwise
//! is the first operand; `-a@` takes an assignment; `--name`, `--name:` and so on likewise; `-0` stands for a number
//! such as `-5`. What is not listed is not harmless. Left out on purpose is everything that writes a file
//! (`sort -o`, `--output`), runs a program (`rg --pre`, `find -exec`, `git --ext-diff`), loads a
//! configuration (`-c`, `--config`), reads a list of names (`--files0-from`, `-f`), or looks where others
//! keep secrets (`rg --hidden`, links that are followed).

use super::harmless::Operands;
use super::plain::PlainWord;

/// Builds and tests.
mod builds;
/// Containers, as far as they are only looked at.
mod containers;
/// Files: reading and searching.
mod files;
/// Version control.
mod git;
/// Printing, looking around, tests of the shell.
mod shells;

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

/// Every entry.
pub(super) fn all() -> impl Iterator<Item = &'static Program> {
    [git::PROGRAMS, files::PROGRAMS, shells::PROGRAMS, builds::PROGRAMS, containers::PROGRAMS].into_iter().flatten()
}

pub(super) use builds::TEST_RUNNER;

/// Programs that look at no file at all.
pub(super) const ONLY_SPEAK: [&str; 20] = [
    "echo", "printf", "true", "false", "pwd", "sleep", "date", "uname", "whoami", "id", "nproc", "seq", "which",
    "basename", "dirname", "exit", "command", "type", "hostname", ":",
];

/// Programs that only read files, so that it does not matter in which directory they run.
pub(super) const ONLY_READ: [&str; 47] = [
    "cat",
    "cut",
    "head",
    "ls",
    "stat",
    "tail",
    "tr",
    "wc",
    "nl",
    "tac",
    "rev",
    "sort",
    "uniq",
    "comm",
    "cmp",
    "diff",
    "file",
    "du",
    "df",
    "tree",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "realpath",
    "readlink",
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "fd",
    "find",
    "sed",
    "awk",
    "jq",
    "column",
    "paste",
    "fold",
    "od",
    "xxd",
    "hexdump",
    "strings",
    "base64",
    "test",
    "[",
    "[[",
    "cksum",
    "expand",
];

/// Programs that do the same wherever they run: no file of a directory steers them, and what they are to read is
/// looked at where they would run.
pub(super) fn is_unsteered(words: &[PlainWord]) -> bool {
    let program = words.first().map_or("", |word| word.text.as_str());
    ONLY_READ.contains(&program) || ONLY_SPEAK.contains(&program) || program == "cd"
}

/// Programs that a pattern of file names may be given to: they look at the files and no more.
pub(super) fn takes_names(words: &[PlainWord]) -> bool {
    let program = words.first().map_or("", |word| word.text.as_str());
    ONLY_READ.contains(&program) || ["git", "pytest"].contains(&program)
}

/// Whether the command only reads what it is given, so that a text on its input stays a text.
pub(super) fn only_reads(words: &[PlainWord]) -> bool {
    let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    ONLY_READ.contains(&word(0)) || ONLY_SPEAK.contains(&word(0)) || (word(0) == "git" && word(1) == "commit")
}

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
                "--files --pre --pre-glob --hostname-bin -f --file --ignore-file -z --search-zip -L --follow -u --hidden -. --no-ignore",
            ),
            ("grep", "-f --file -R --dereference-recursive -D -d"),
            ("sed", "-i -f --in-place --file -z"),
            ("awk", "-f -i -l -e --file --include --load"),
            ("jq", "-f -L --from-file --rawfile --slurpfile --args --arg --argjson"),
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
            (
                "npx eslint",
                "--fix --rulesdir -c --config --resolve-plugins-relative-to --plugin -o --output-file --parser",
            ),
            ("npx tsc", "--outDir --outFile -w --watch --build -b --plugins --declaration --tsBuildInfoFile --init"),
            (
                "npm test --",
                "--config -c --globalSetup --setupFiles --setupFilesAfterEnv --testRunner --transform --require -r --loader --ui",
            ),
            (
                "python -m pytest",
                "-c -p -o --rootdir --confcutdir --basetemp --junitxml --pdb --pdbcls --override-ini --pyargs --import-mode",
            ),
            ("ruff check", "--fix --unsafe-fixes --config --add-noqa -o --output-file --watch --cache-dir"),
            (
                "mypy",
                "--python-executable --config-file --plugin --install-types --junit-xml --cache-dir --shadow-file",
            ),
            (
                "git commit",
                "--amend -n --no-verify -e --edit -t --template -S --gpg-sign -C -c -p --patch --interactive --reset-author",
            ),
            ("git add", "-f --force -p --patch -i -e --edit --pathspec-from-file --chmod"),
            ("docker ps", "-H --host --context --config --tls"),
            ("docker logs", "-f --follow -H --host"),
            ("xxd", "-r -revert"),
            ("base64", "-o --output"),
            ("ps", "e -E"),
            ("go build", "-o -toolexec -exec -C -overlay -mod -modfile -ldflags -gcflags -pkgdir -asmflags"),
            ("gofmt", "-w -r"),
            ("make", "-f -C -I -E --eval --file --directory --include-dir -e -o -W"),
            ("pytest", "-c -p -o --rootdir --confcutdir --basetemp --junitxml --pdb --pdbcls --override-ini --pyargs"),
        ];
        for (words, options) in dangerous {
            let program = all().chain([&TEST_RUNNER]).find(|program| program.words == words).unwrap();
            for option in options.split(' ') {
                let listed = program
                    .options
                    .split_whitespace()
                    .any(|known| known.trim_end_matches([':', '=', '~', '!', '@']) == option);
                assert!(!listed, "{words} {option}");
            }
        }
    }
}
