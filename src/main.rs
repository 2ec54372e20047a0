//! Arguments to wiring; everything else is in the library.

use std::io::Write as _;
use std::process::ExitCode;

use adjutant::cli;
use adjutant::cli::Cli;
use adjutant::cli::GrantsVerb;
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
        Some(Verb::Serve(serve)) => cli::serve::main(&arguments.global, serve),
        Some(Verb::Attach) => cli::open::attach(&arguments.global),
        Some(Verb::Stop) => cli::runner::stop(&arguments.global),
        Some(Verb::Run(run)) => cli::run::main(&arguments.global, run),
        Some(Verb::List { json }) => cli::verbs::look::list(&arguments.global, *json),
        Some(Verb::Status { session, json }) => cli::verbs::look::status(&arguments.global, session.as_deref(), *json),
        Some(Verb::Send(send)) => cli::verbs::send::main(&arguments.global, send),
        Some(Verb::Hooks { verb, json }) => cli::hooks::main(&arguments.global, verb.as_ref(), *json),
        Some(Verb::Backlog { at, verb }) => cli::backlog::main(&arguments.global, at, verb.as_ref()),
        Some(Verb::Mcp(verb)) => cli::backlog::serve(&arguments.global, verb),
        Some(Verb::Trust { verb, json }) => cli::trust::main(&arguments.global, verb.as_ref(), *json),
        Some(Verb::Grants { verb: None, json }) => cli::verbs::grants::list(&arguments.global, *json),
        Some(Verb::Grants { verb: Some(GrantsVerb::Revoke { id }), json }) => {
            cli::verbs::grants::revoke(&arguments.global, *id, *json)
        }
        Some(Verb::Relay { verb, json }) => cli::verbs::relay::main(&arguments.global, verb.as_ref(), *json),
        Some(Verb::Approve { id, json }) => cli::verbs::answer::approve(&arguments.global, *id, *json),
        Some(Verb::Deny { id, message, stop, json }) => {
            cli::verbs::answer::deny(&arguments.global, *id, message.as_deref(), *stop, *json)
        }
        Some(Verb::Tail(tail)) => cli::verbs::tail::main(&arguments.global, tail),
        Some(Verb::Search { words, limit, json }) => {
            cli::verbs::records::search(&arguments.global, words, *limit, *json)
        }
        Some(Verb::Import(import)) => cli::verbs::import::main(&arguments.global, import),
        Some(Verb::Usage(usage)) => cli::verbs::records::usage(&arguments.global, usage),
        Some(Verb::Explain(explain)) => cli::explain::main(&arguments.global, explain),
        Some(Verb::Audit(verb)) => cli::audit::main(&arguments.global, verb),
        Some(Verb::Doctor { json }) => cli::doctor::main(&arguments.global, *json),
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
