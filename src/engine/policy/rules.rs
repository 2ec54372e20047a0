//! Which of the person's rules matches a call.
//!
//! **For:** tools, paths, hosts, profiles and sessions. **Not for:** the words of commands (`shell`).
//!
//! Invariants: the first rule that matches decides. To allow, everything that the call names must be
//! covered; to deny or ask, one thing that may be covered is enough.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use url::Url;

use super::Ruling;
use super::Scene;
use super::paths;
use super::paths::Own;
use super::reading;
use super::shell;
use super::shell::Ground;
use crate::config::READING_TOOLS;
use crate::config::places::below_home;
use crate::config::rules::HostPattern;
use crate::config::rules::Rule;
use crate::core::approval::Approval;
use crate::core::permission::RuleBehavior;
use crate::core::tool::table;
use crate::core::tool::table::Does;

/// Fields of Bash and its kind that do not change what runs. Any other may.
const SHELL_FIELDS: [&str; 7] =
    ["command", "description", "timeout", "run_in_background", "dangerouslyDisableSandbox", "timeout_ms", "persistent"];
/// Fields of an input that name a place on the disk.
const PATH_FIELDS: [&str; 5] = ["file_path", "notebook_path", "path", "directory", "dir_path"];

/// What rules call every tool that runs command lines.
const SHELL: &str = "Bash";

/// Whether a rule speaks of this tool in this session.
pub(super) fn is_for(rule: &Rule, tool: &str, scene: &Scene) -> bool {
    let same_profile = rule.profile.is_none() || rule.profile == scene.profile;
    let same_session =
        rule.session.as_ref().is_none_or(|pattern| scene.session.as_ref().is_some_and(|title| pattern.matches(title)));
    let is_named = match table::of(tool).map(|tool| tool.does) {
        // Whatever runs commands is Bash to a rule.
        Some(Does::Runs { .. }) => rule.tool.matches(tool) || rule.tool.matches(SHELL),
        // What only another program reads is never allowed by words that are meant for a shell.
        Some(Does::RunsOther { .. }) => {
            rule.tool.matches(tool) || (rule.action != RuleBehavior::Allow && rule.tool.matches(SHELL))
        }
        _ => rule.tool.matches(tool),
    };
    is_named && same_profile && same_session
}

/// A command line for Bash.
pub(super) fn of_command(approval: &Approval, line: &str, rules: &[&Rule], scene: &Scene, own: Own<'_>) -> Ruling {
    // Without rules there is nothing that reading the line could tell, and no reason to let a parser at it.
    if rules.is_empty() {
        return Ruling::ask("no rule is for it".into());
    }
    let directory = Path::new(&approval.place.directory);
    let roots = roots(scene);
    let at_home = scene.granted_there || is_at_home(approval, scene);
    let temporary = scene.directories.first().and_then(|root| shell::temporary_folder(root));
    let ground = Ground::new(directory, &roots, own, temporary.as_deref(), at_home);
    let ruling = shell::judge(line, rules, &ground);
    if ruling.action != RuleBehavior::Allow {
        return ruling;
    }
    if approval.place.is_doubtful {
        let why = "where it would run is not known, so no rule can allow it".to_owned();
        return Ruling { action: RuleBehavior::Ask, rule: None, why, ..ruling };
    }
    let fields = approval.input.as_object();
    let odd = fields.and_then(|fields| fields.keys().find(|key| !SHELL_FIELDS.contains(&key.as_str())));
    let is_unboxed = approval.input.get("dangerouslyDisableSandbox").is_some_and(|flag| *flag != Value::Bool(false));
    let is_blocked = approval.blocked_path.as_deref().is_some_and(|path| !is_readable(path, directory, &roots, own));
    let why = match odd {
        Some(field) => format!("the call has a field “{field}” whose meaning is not known"),
        None if is_unboxed => "the call would leave the CLI's sandbox".into(),
        None if is_blocked => "the CLI names a path outside the session's directories".into(),
        None => return ruling,
    };
    Ruling { action: RuleBehavior::Ask, why, ..ruling }
}

/// Whether the call runs where the session was opened.
pub(super) fn is_at_home(approval: &Approval, scene: &Scene) -> bool {
    let directory = Path::new(&approval.place.directory);
    scene.directories.iter().any(|home| is_same_place(home, directory))
}

/// Whether two paths name one directory, also by way of links.
fn is_same_place(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

pub(super) fn roots(scene: &Scene) -> Vec<PathBuf> {
    scene.directories.iter().filter_map(|root| root.canonicalize().ok()).collect()
}

fn is_readable(path: &str, directory: &Path, roots: &[PathBuf], own: Own<'_>) -> bool {
    let real = paths::resolve(&directory.join(path));
    real.is_some_and(|real| {
        roots.iter().any(|root| real.starts_with(root)) && !paths::is_private(path, &real, None, own)
    })
}

/// A text for another program than the shell: what it may do is read liberally, and nothing allows it.
pub(super) fn of_foreign(approval: &Approval, text: &str, rules: &[&Rule], scene: &Scene, own: Own<'_>) -> Ruling {
    let strict: Vec<&Rule> = rules.iter().copied().filter(|rule| rule.action != RuleBehavior::Allow).collect();
    let ruling = of_command(approval, text, &strict, scene, own);
    let is_open = ruling.action == RuleBehavior::Allow || (ruling.rule.is_none() && !rules.is_empty());
    if is_open { Ruling::ask(format!("no rule can allow what {} runs", approval.tool)) } else { ruling }
}

/// Any other call.
pub(super) fn of_call(approval: &Approval, rules: &[&Rule], own: Own<'_>) -> Ruling {
    let mut nearest = None;
    for rule in rules {
        let is_allow = rule.action == RuleBehavior::Allow;
        let fit = match (&rule.path, &rule.host) {
            // Without the text of a command nobody knows what it would be.
            _ if rule.command.is_some() => Err("the call has no command that can be read".to_owned()),
            (Some(glob), _) if is_allow => covers_all(glob, approval, own),
            (Some(glob), _) => covers_any(glob, approval),
            (_, Some(host)) => is_on(host, approval, is_allow),
            // A rule for every call; reading a place outside the session's directories is not meant by it.
            (None, None) if is_allow && approval.blocked_path.is_some() => {
                Err("the CLI names a path that is out of bounds".to_owned())
            }
            (None, None) => Ok("the rule is for every call of this tool".to_owned()),
        };
        match fit {
            Ok(why) => return Ruling::by_rule(rule, why),
            Err(why) => nearest = nearest.or(is_allow.then(|| format!("the rule “{rule}” does not allow it: {why}"))),
        }
    }
    Ruling::ask(nearest.unwrap_or_else(|| "no rule is for it".into()))
}

/// Whether the glob covers every place that the call names, wherever links lead.
fn covers_all(pattern: &str, approval: &Approval, own: Own<'_>) -> Result<String, String> {
    let is_reading = READING_TOOLS.contains(&approval.tool.as_str());
    let directory = Path::new(&approval.place.directory);
    let mut places = places(approval, directory).ok_or("the places it names cannot be told for sure")?;
    places.extend(approval.blocked_path.as_deref().map(PathBuf::from));
    let glob = paths::strict(pattern, directory).ok_or("where the pattern begins cannot be told")?;
    if places.is_empty() {
        return Err("it names no place".into());
    }
    for place in &places {
        let shown = place.display();
        let real =
            paths::resolve(&directory.join(place)).ok_or_else(|| format!("where “{shown}” leads cannot be told"))?;
        let is_search = ["Glob", "Grep", "LS"].contains(&approval.tool.as_str()) && pattern.ends_with("**");
        let is_covered = glob.is_match(&real) || (is_search && glob.is_match(&real.join("x")));
        if !is_covered {
            return Err(format!("“{shown}” is not covered by the path"));
        }
        let written = place.to_string_lossy();
        if paths::is_private(&written, &real, Some(pattern), own) {
            return Err(format!("“{shown}” looks secret, and the path does not name it"));
        }
        if !is_reading && paths::is_steering(&written, &real, Some(pattern), own) {
            return Err(format!("“{shown}” steers tools or shells, and the path does not name that"));
        }
    }
    Ok("every place that it names is covered by the path".into())
}

/// Every place that the call names; `None` when it could name more than can be told.
fn places(approval: &Approval, directory: &Path) -> Option<Vec<PathBuf>> {
    let Some(Does::Changes { path: path_field, others }) = table::of(&approval.tool).map(|tool| tool.does) else {
        return reading::places(approval, directory);
    };
    let fields = approval.input.as_object()?;
    let is_known = |field: &String| field == path_field || others.contains(&field.as_str());
    let path = fields.get(path_field)?.as_str()?;
    // Only a path that means the same to the CLI and to us is judged.
    let is_plain = path.starts_with('/') && path.trim() == path && !path.contains('\0');
    (is_plain && fields.keys().all(is_known)).then(|| vec![PathBuf::from(path)])
}

/// Whether the glob may cover a place that the call names.
fn covers_any(pattern: &str, approval: &Approval) -> Result<String, String> {
    let directory = Path::new(&approval.place.directory);
    let nothing = || "no place that it names is covered".to_owned();
    let glob = paths::liberal(pattern, directory).ok_or_else(nothing)?;
    let mut places: Vec<String> = Vec::new();
    for field in PATH_FIELDS {
        places.extend(approval.input.get(field).and_then(Value::as_str).map(|path| path.trim().to_owned()));
    }
    places.extend(approval.blocked_path.clone());
    if ["Glob", "Grep"].contains(&approval.tool.as_str()) {
        let base = places.first().cloned().unwrap_or_else(|| approval.place.directory.clone());
        let names = ["pattern", "glob"].into_iter().filter(|field| *field == "glob" || approval.tool == "Glob");
        let named: Vec<String> = names
            .filter_map(|field| approval.input.get(field).and_then(Value::as_str))
            .map(|text| Path::new(&base).join(text).to_string_lossy().into_owned())
            .collect();
        places.extend(named);
        places.push(base);
    }
    for place in &places {
        let written = below_home(place).unwrap_or_else(|| directory.join(place));
        let flat = paths::flat(&written);
        let real = paths::resolve(&written).or_else(|| paths::resolve(&flat));
        // Two stars cover the folder itself when the call is about everything below it.
        let covered = |path: &Path| glob.is_match(path) || (pattern.ends_with("**") && glob.is_match(&path.join("x")));
        if covered(&flat) || covered(&written) || real.as_deref().is_some_and(covered) {
            return Ok(format!("“{place}” is covered by the path"));
        }
    }
    Err(nothing())
}

/// Whether the call fetches from the host.
fn is_on(host: &HostPattern, approval: &Approval, is_allow: bool) -> Result<String, String> {
    let text = approval.input.get("url").and_then(Value::as_str).ok_or("it names no address")?;
    // Without a scheme it may still be fetched; “host:80/” alone would be read as one.
    let parsed = Url::parse(text.trim()).ok().filter(Url::has_host);
    let parsed = parsed.map_or_else(|| Url::parse(&format!("https://{}", text.trim())), Ok);
    let url = parsed.map_err(|error| format!("the address cannot be read: {error}"))?;
    let found = url.host_str().ok_or("the address has no host")?.trim_matches(['[', ']']).to_owned();
    let name = if is_allow { found.as_str() } else { found.trim_end_matches('.') };
    let is_below = name.strip_suffix(&host.domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'));
    if !(if host.below { is_below } else { name == host.domain }) {
        return Err(format!("its host is {found}"));
    }
    match odd_address(text, &url).filter(|_| is_allow) {
        Some(why) => Err(why.into()),
        None => Ok(format!("its host is {found}")),
    }
}

/// What about an address may be read differently elsewhere, or reach something else on the host.
fn odd_address(text: &str, url: &Url) -> Option<&'static str> {
    if !["http", "https"].contains(&url.scheme()) {
        return Some("its address is neither http nor https");
    }
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        return Some("its address has an @, which may hide the host");
    }
    if url.port().is_some() {
        return Some("its address names a port");
    }
    let is_plain = |c: char| c.is_ascii_graphic() && c != '\\';
    (!text.chars().all(is_plain)).then_some("its address has characters that may be read in more than one way")
}

#[cfg(test)]
mod tests;
