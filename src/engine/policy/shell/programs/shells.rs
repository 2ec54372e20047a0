//! Printing, looking around, tests of the shell.

use super::Program;
use super::program;
use crate::engine::policy::shell::harmless::Operands;

pub(super) const PROGRAMS: &[Program] = &[
    // Printing, and looking around.
    program("echo", "-n -e -E", Operands::Text),
    program("printf", "", Operands::Printed),
    program("exit", "", Operands::Number),
    program("return", "", Operands::Number),
    program("break", "", Operands::Number),
    program("continue", "", Operands::Number),
    program("bye", "", Operands::Number),
    program("logout", "", Operands::Number),
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
    program("which", "-a", Operands::Plain),
    program("type", "-a -t -p -P", Operands::Plain),
    program("command -v", "", Operands::Plain),
    program("command -V", "", Operands::Plain),
    program(":", "", Operands::Text),
    program("hostname", "-s -f", Operands::None),
    program("free", "-h -m -g -b -k -t --human", Operands::None),
    program("lscpu", "-e -p -J", Operands::None),
    program("arch", "", Operands::None),
    program("tty", "-s", Operands::None),
    program("getconf", "", Operands::OneOf(&["_NPROCESSORS_ONLN", "LONG_BIT", "PAGE_SIZE", "PATH_MAX", "ARG_MAX"])),
    program(
        "ps",
        "-e -f -A -x -p: -o: -u: -C: --sort: --no-headers --pid: --ppid:",
        Operands::OneOf(&["aux", "ax", "auxf", "auxww"]),
    ),
    program("pgrep", "-f -l -a -x -u: -n -o -c", Operands::Text),
    program("lsof", "-i: -P -n -t -p: -s:", Operands::None),
    program("ss", "-t -l -n -p -u -a -x -s -4 -6", Operands::None),
    program("netstat", "-t -l -n -p -u -a -r", Operands::None),
    program("test", "", Operands::Test),
    program("[", "", Operands::Test),
    program("[[", "", Operands::Test),
];
