use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = adjutant::engine::guard::run() {
        return code;
    }
    ExitCode::SUCCESS
}
