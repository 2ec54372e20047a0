//! Arguments to wiring; everything else is in the library.

use std::io::Write as _;
use std::process::ExitCode;

use adjutant::cli;
use adjutant::cli::Cli;
use adjutant::cli::Verb;
use adjutant::cli::setup::Stop;
use clap::Parser as _;

fn main() -> ExitCode {
    // First of all, because these are not the program a person started: they stand between us and the CLI,
    // or in its place.
    if let Some(code) = adjutant::engine::guard::run().or_else(adjutant::standin::run) {
        return code;
    }
    if let Err(error) = color_eyre::config::HookBuilder::default().display_env_section(false).install() {
        return report(&Stop::failed(format!("the error reports could not be set up: {error}")));
    }
    let arguments = Cli::parse();
    if let Some(stop) = arguments.contradiction() {
        return report(&stop);
    }
    let done = match &arguments.verb {
        None => cli::open::main(&arguments.global, &arguments.open),
        Some(Verb::Demo) => cli::open::demo(&arguments.global),
        Some(Verb::Run(run)) => cli::run::main(&arguments.global, run),
        Some(Verb::Audit(verb)) => cli::audit::main(&arguments.global, verb),
        Some(Verb::Config(verb)) => cli::config::main(&arguments.global, verb),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(stop) => report(&stop),
    }
}

fn report(stop: &Stop) -> ExitCode {
    // There is nobody left to tell when this cannot be written either.
    let _ = writeln!(std::io::stderr(), "adjutant: {stop}");
    ExitCode::from(stop.code)
}
