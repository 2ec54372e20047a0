use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = adjutant::engine::guard::run().or_else(adjutant::standin::run) {
        return code;
    }
    ExitCode::SUCCESS
}
