//! `config check` and `config default`.

use std::io::Write as _;

use super::ConfigVerb;
use super::Global;
use super::exit;
use super::hooks;
use super::print::printed;
use super::setup::Stop;
use super::setup::app_secret;
use super::setup::places;
use super::setup::read_config;
use crate::config::DEFAULTS;

pub fn main(global: &Global, verb: &ConfigVerb) -> Result<u8, Stop> {
    let mut out = std::io::stdout();
    let written = match verb {
        ConfigVerb::Default => out.write_all(DEFAULTS.as_bytes()),
        ConfigVerb::Check => {
            let places = places(global)?;
            let (config, _) = read_config(&places).map_err(|error| Stop::usage(error.to_string()))?;
            if config.feishu.enabled {
                app_secret(&config, &places.config_file).map_err(|error| Stop::usage(error.to_string()))?;
            }
            hooks::check_programs(&places, &config)?;
            let path = places.config_file.display();
            if let Some(what) = config.approvals.gone_tools() {
                printed(writeln!(out, "⚠ {what}. It allows nothing; its models search by Bash, which needs rules."))?;
            }
            for rule in &config.approvals.rules {
                if let Some(what) = rule.gives_away() {
                    printed(writeln!(out, "⚠ {rule} {what}."))?;
                }
            }
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
    printed(written)?;
    Ok(exit::OK)
}
