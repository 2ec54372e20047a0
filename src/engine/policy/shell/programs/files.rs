//! Files: reading and searching, and scripts that only print.

use super::Program;
use super::one_dash;
use super::program;
use crate::engine::policy::shell::harmless::Operands;
use crate::engine::policy::shell::scripts::awk_only_prints;
use crate::engine::policy::shell::scripts::jq_only_selects;
use crate::engine::policy::shell::scripts::sed_only_prints;

const GREP: &str = "-A: -B: -C: -e! --regexp! -E -F -G -H -I -L -P -T -Z -a -b -c -h -i -l -m: -n -o -q -r -s -v -w -x -z -0 --after-context: \
    --before-context: --context: --count --extended-regexp --fixed-strings --perl-regexp --files-with-matches \
    --files-without-match --ignore-case --no-ignore-case --include: --exclude: --exclude-dir: --invert-match --line-number \
    --line-regexp --word-regexp --max-count: --no-filename --with-filename --only-matching --recursive --color= --colour= \
    --no-messages --null --null-data --byte-offset --text --binary-files:";
const CHECKSUM: &str = "-b -t --binary --text --tag";
const HEAD_OR_TAIL: &str = "-n: -c: -q -v -0 --lines: --bytes: --quiet --silent --verbose";

pub(super) const PROGRAMS: &[Program] = &[
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
    program("head", HEAD_OR_TAIL, Operands::Files),
    program("tail", HEAD_OR_TAIL, Operands::Files),
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
    program("md5sum", CHECKSUM, Operands::Files),
    program("sha1sum", CHECKSUM, Operands::Files),
    program("sha256sum", CHECKSUM, Operands::Files),
    program("cksum", "", Operands::Files),
    program("column", "-t -s: -o: -c: -x -n -e -N: --table --separator: --output-separator:", Operands::Files),
    program("paste", "-s -d: -z --serial --delimiters:", Operands::Files),
    program("fold", "-w: -s -b --width: --spaces", Operands::Files),
    program("expand", "-t: -i --tabs:", Operands::Files),
    program("od", "-A: -t: -N: -j: -w= -v -c -x -b -d -o -a", Operands::Files),
    program("xxd", "-l: -s: -c: -g: -p -u -e -b", Operands::OneFile),
    program("hexdump", "-C -n: -s: -v -x -c -d -o -b", Operands::Files),
    program("strings", "-n: -a -t: -e: -0 --bytes: --all", Operands::Files),
    program("base64", "-w: -i --wrap:", Operands::Files),
    program("realpath", "-e -m -q -s -z --relative-to: --relative-base:", Operands::Names),
    program("readlink", "-f -e -m -n -q -z", Operands::Names),
    program("basename", "-a -s: -z --multiple --suffix:", Operands::Text),
    program("dirname", "-z", Operands::Text),
    program("cd", "", Operands::OneFile),
    // Searching.
    program("grep", GREP, Operands::TextThenFiles),
    program("egrep", GREP, Operands::TextThenFiles),
    program("fgrep", GREP, Operands::TextThenFiles),
    program(
        "rg",
        "-A: -B: -C: -e! --regexp! -F -H -I -N -P -S -T: -U -c -g: -i -l -m: -n -o -p -q -s -t: -v -w -x -r~ -d: --after-context: \
         --before-context: --context: --count --count-matches --fixed-strings --files-with-matches --files-without-match \
         --glob: --iglob: --ignore-case --case-sensitive --smart-case --invert-match --json --line-number --no-line-number \
         --line-regexp --word-regexp --max-count: --max-depth: --max-columns: --multiline --multiline-dotall --no-filename \
         --with-filename --no-heading --heading --only-matching --pcre2 --pretty --color: --colors: --replace~ --sort: --sortr: \
         --stats --trim --type: --type-not: --type-list --vimgrep --column --no-column --max-filesize: --max-count: --crlf --passthru --sort-files --no-unicode --auto-hybrid-regex --block-buffered --line-buffered --context-separator~ --field-match-separator~ --include-zero --no-messages --no-config --null",
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
        "-P -name~ -iname~ -path: -ipath: -wholename: -regex~ -iregex~ -regextype: -type: -maxdepth: -mindepth: -depth -mount \
         -xdev -size: -mtime: -mmin: -ctime: -cmin: -atime: -amin: -newer: -empty -perm: -user: -group: -links: -not -a -and -o -or \
         -print -print0 -printf~ -ls -prune -quit -readable -writable -executable -true -false -daystart",
        Operands::Expression,
    ),
    // Scripts, as far as they only print.
    program(
        "sed",
        "-n -E -r -s -u -e! --expression! --quiet --silent --regexp-extended",
        Operands::Script(sed_only_prints),
    ),
    program("awk", "-F~ -v@ --field-separator~ --assign@", Operands::Script(awk_only_prints)),
    program(
        "jq",
        "-r -c -e -s -n -S -M -a -j -C -R --raw-output --raw-input --null-input --exit-status --monochrome-output --color-output --join-output --ascii-output --seq --stream --indent: --compact-output --slurp --sort-keys --tab",
        Operands::Script(jq_only_selects),
    ),
];
