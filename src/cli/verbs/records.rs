//! `search`, `usage`: what the store knows, with or without a runner.

use super::flat;
use super::say;
use super::say_json;
use super::say_table;
use crate::cli::Global;
use crate::cli::Usage;
use crate::cli::exit;
use crate::cli::setup;
use crate::cli::setup::Stop;
use crate::cli::setup::places;
use crate::core::figures;
use crate::redact::Redactor;
use crate::store::Store;

/// Hits that are printed unless told otherwise.
pub const DEFAULT_HITS: usize = 50;

fn store(global: &Global) -> Result<Store, Stop> {
    Store::read(&places(global)?.data_dir).map_err(|error| Stop::failed(error.to_string()))
}

pub fn search(global: &Global, words: &[String], limit: usize, json: bool) -> Result<u8, Stop> {
    let mut hits = store(global)?.search(&words.join(" "), limit).map_err(|error| Stop::failed(error.to_string()))?;
    // What leaves the program for a file or a pipe takes no secret along.
    let redactor = Redactor::of_variables(setup::own_variables());
    for hit in &mut hits {
        hit.snippet = redactor.text(&hit.snippet).into_owned();
        hit.title = redactor.text(&hit.title).into_owned();
    }
    if json {
        for hit in &hits {
            say_json(hit)?;
        }
        return Ok(if hits.is_empty() { exit::FAILED } else { exit::OK });
    }
    for hit in &hits {
        let at = jiff::Timestamp::from_millisecond(hit.at.0).unwrap_or_default();
        let day = at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string();
        let state = if hit.is_open { "" } else { " (closed)" };
        say(&format!("{day}  {} {}{state}  {}", hit.session, flat(&hit.title), flat(&hit.directory)))?;
        say(&format!("    {}: {}", hit.who, flat(&hit.snippet)))?;
    }
    if hits.is_empty() {
        say("Nothing has all these words.")?;
    }
    Ok(if hits.is_empty() { exit::FAILED } else { exit::OK })
}

pub fn usage(global: &Global, usage: &Usage) -> Result<u8, Stop> {
    let lines = store(global)?.usage(usage.by, usage.days).map_err(|error| Stop::failed(error.to_string()))?;
    if usage.json {
        say_json(&lines)?;
        return Ok(exit::OK);
    }
    let head = ["", "TURNS", "IN", "CACHE READ", "CACHE WRITE", "OUT", "COST"].map(str::to_owned).to_vec();
    let mut rows = vec![head];
    let row = |name: String, line: &crate::store::usage::Line| {
        vec![
            name,
            line.turns.to_string(),
            figures::tokens(line.tokens.uncached),
            figures::tokens(line.tokens.cache_read),
            figures::tokens(line.tokens.cache_write),
            figures::tokens(line.tokens.output),
            figures::money(line.cost_usd),
        ]
    };
    rows.extend(lines.iter().map(|line| row(flat(&line.what), line)));
    let total = lines.iter().fold(crate::store::usage::Line::default(), |total, line| total.plus(line));
    rows.push(row("total".into(), &total));
    say_table(&rows)?;
    Ok(exit::OK)
}
