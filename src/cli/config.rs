//! `config check` and `config default`.

use std::io::Write as _;

use super::ConfigVerb;
use super::Global;
use super::exit;
use super::setup::Stop;
use super::setup::read_config;
use crate::config::DEFAULTS;
use crate::config::places::Places;

pub fn main(global: &Global, verb: &ConfigVerb) -> Result<u8, Stop> {
    let mut out = std::io::stdout();
    let written = match verb {
        ConfigVerb::Default => out.write_all(DEFAULTS.as_bytes()),
        ConfigVerb::Check => {
            let places = Places::find(global.config.clone(), global.data_dir.clone()).map_err(Stop::usage)?;
            let (config, _) = read_config(&places).map_err(|error| Stop::usage(error.to_string()))?;
            let path = places.config_file.display();
            if places.config_file.exists() {
                writeln!(
                    out,
                    "{path} is right: {} profiles, {} changed keys.",
                    config.profiles.len(),
                    config.keys.len()
                )
            } else {
                writeln!(out, "There is no {path}: every setting has its default value.")
            }
        }
    };
    match written {
        // Whoever reads may have seen enough, as `head` has.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Stop::failed(format!("could not print: {error}")))
        }
        _ => Ok(exit::OK),
    }
}
