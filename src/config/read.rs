//! The tables of the file, one function each. A key that a function does not ask for is a mistake.

use toml::de::DeTable;
use toml::de::DeValue;

use super::Config;
use super::KeyLine;
use super::NotifyHow;
use super::Problem;
use super::Profile;
use super::READING_TOOLS;
use super::Secretary;
use super::ThemeName;
use super::feishu;
use super::hooks;
use super::presets;
use super::rules::rules;
use super::section::Section;
use super::section::did_you_mean;
use super::section::kind;
use super::section::line_of;
use crate::core::backlog::Access;
use crate::core::permission::PermissionMode;
use crate::net;

const TABLES: [&str; 14] = [
    "claude",
    "profiles",
    "approvals",
    "ui",
    "keys",
    "budget",
    "runner",
    "worktrees",
    "log",
    "store",
    "audit",
    "relay",
    "secretary",
    "hooks",
];
/// The names of MCP servers in this program.
const OWN_SERVERS: [&str; 2] = ["features", "hooks"];
const HOUR_S: u64 = 3600;
const DAY_MINUTES: u64 = 24 * 60;

/// Reads one layer over what is there.
pub(super) fn layer(source: &str, config: &mut Config, problems: &mut Vec<Problem>) {
    let (root, errors) = DeTable::parse_recoverable(source);
    for error in errors {
        let line = error.span().map_or(1, |span| line_of(source, span.start));
        problems.push(Problem { line, text: error.message().trim().replace('\n', "; ") });
    }
    let mut found = Vec::new();
    for (key, value) in root.get_ref() {
        let name: &str = key.get_ref();
        let line = line_of(source, key.span().start);
        match value.get_ref() {
            _ if !TABLES.contains(&name) => {
                found.push(Problem {
                    line, text: format!("there is no table “{name}”{}", did_you_mean(name, TABLES))
                });
            }
            value if name == "hooks" => hooks::hooks(source, line, value, config, &mut found),
            DeValue::Table(table) => {
                let section = Section::new(source, name.to_owned(), table, &mut found);
                match name {
                    "claude" => claude(section, config),
                    "approvals" => approvals(section, config),
                    "ui" => ui(section, config),
                    "budget" => budget(section, config),
                    "secretary" => secretary(section, config),
                    "runner" => runner(section, config),
                    "worktrees" => worktrees(section, config),
                    "log" => log(section, config),
                    "store" => store(section, config),
                    "audit" => audit(section, config),
                    "relay" => relay(section, config),
                    "keys" => keys(source, table, config, &mut found),
                    _ => profiles(source, table, config, &mut found),
                }
            }
            other => {
                found.push(Problem { line, text: format!("{name}: expected a table [{name}], found {}", kind(other)) });
            }
        }
    }
    found.sort_by_key(|problem| problem.line);
    problems.append(&mut found);
}

/// Tables that only change how things look, are counted or are kept.
const HARMLESS: [&str; 4] = ["keys", "budget", "runner", "log"];

/// The first table by which the file names commands, rules, people or places. What cannot be read may be one.
pub(super) fn steers(source: &str) -> Option<String> {
    let (root, errors) = DeTable::parse_recoverable(source);
    let is_harmless_ui = |value: &DeValue<'_>| matches!(value, DeValue::Table(table) if !table.contains_key("editor"));
    let mut names: Vec<_> = root
        .get_ref()
        .iter()
        .filter(|(name, value)| {
            let name: &str = name.get_ref();
            let is_harmless = HARMLESS.contains(&name) || (name == "ui" && is_harmless_ui(value.get_ref()));
            !is_harmless
        })
        .map(|(name, _)| (name.span().start, name.get_ref().to_string()))
        .collect();
    names.sort();
    let first = names.into_iter().next().map(|(_, name)| name);
    first.or_else(|| errors.first().map(|_| "?".to_owned()))
}

/// What only the whole configuration can tell.
pub(super) fn whole(config: &Config, source: &str, problems: &mut Vec<Problem>) {
    for rule in &config.approvals.rules {
        if let Some(name) = rule.profile.as_ref().filter(|name| !config.profiles.contains_key(*name)) {
            let hint = did_you_mean(name, config.profiles.keys().map(String::as_str));
            let text = format!("[approvals.rules] profile: there is no [profiles.{name}]{hint}");
            problems.push(Problem { line: rule.line, text });
        }
    }
    let Secretary { base_url, model, .. } = &config.secretary;
    if let (Some(_), None) = (base_url, model) {
        let line = source.lines().position(|line| line.trim() == "[secretary]").map_or(1, |line| line + 1);
        problems.push(Problem { line, text: "[secretary] model: is missing; name the model to ask".into() });
    }
    feishu::whole(&config.feishu, source, problems);
    let Some(name) = &config.claude.default_profile else { return };
    if !config.profiles.contains_key(name) {
        let line =
            source.lines().position(|line| line.trim_start().starts_with("default_profile")).map_or(1, |line| line + 1);
        problems.push(Problem { line, text: format!("[claude] default_profile: there is no [profiles.{name}]") });
    }
}

pub(super) fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// An empty text takes a default back.
pub(super) fn set_text(place: &mut Option<String>, value: Option<String>) {
    if let Some(value) = value {
        *place = Some(value).filter(|text| !text.is_empty());
    }
}

fn command(section: &mut Section<'_, '_>) -> Option<Vec<String>> {
    let words = section.strings("command")?;
    if words.first().is_none_or(|word| word.trim().is_empty()) {
        section.wrong("command", "names no program");
        return None;
    }
    Some(words)
}

fn claude(mut section: Section<'_, '_>, config: &mut Config) {
    let claude = &mut config.claude;
    set(&mut claude.command, command(&mut section));
    set_text(&mut claude.default_profile, section.string("default_profile"));
    set(&mut claude.env_pass, section.strings("env_pass"));
    set(&mut claude.max_line_mib, section.number("max_line_mib", 1..=1024));
    set(&mut claude.initialize_timeout_s, section.number("initialize_timeout_s", 1..=HOUR_S));
    set(&mut claude.stop_grace_s, section.number("stop_grace_s", 0..=HOUR_S));
    set(&mut claude.stall_after_s, section.number("stall_after_s", 0..=24 * HOUR_S));
    set(&mut claude.interrupt_wait_s, section.number("interrupt_wait_s", 1..=HOUR_S));
    set(&mut claude.raw_model_names, section.boolean("raw_model_names"));
    if let Some(folders) = section.strings("trusted_folders") {
        for folder in folders.iter().filter(|folder| !folder.starts_with('/') && !folder.starts_with("~/")) {
            section.wrong("trusted_folders", format!("“{folder}” must be a whole path, or begin with ~/"));
        }
        claude.trusted_folders = folders;
    }
    section.finish();
}

fn approvals(mut section: Section<'_, '_>, config: &mut Config) {
    let approvals = &mut config.approvals;
    if let Some(tools) = section.strings("auto_allow") {
        for tool in tools.iter().filter(|tool| !READING_TOOLS.contains(&tool.as_str())) {
            let hint = did_you_mean(tool, READING_TOOLS);
            section.wrong(
                "auto_allow",
                format!("“{tool}” is none of the reading tools {}{hint}", READING_TOOLS.join(", ")),
            );
        }
        approvals.auto_allow = tools;
    }
    set(&mut approvals.anywhere, section.boolean("anywhere"));
    if let Some(rules) = rules(&mut section) {
        approvals.rules = rules;
    }
    if let Some(names) = section.strings("presets") {
        // Behind the person's own rules: these are stronger.
        match presets::rules(&names) {
            Ok(rules) => approvals.rules.extend(rules),
            Err(why) => section.wrong("presets", why),
        }
        approvals.presets = names;
    }
    set(&mut approvals.deadline_s, section.number("deadline_s", 0..=24 * HOUR_S));
    section.finish();
}

fn ui(mut section: Section<'_, '_>, config: &mut Config) {
    let ui = &mut config.ui;
    set(
        &mut ui.theme,
        section.choice(
            "theme",
            &[
                ("auto", ThemeName::Auto),
                ("ansi", ThemeName::Ansi),
                ("dark", ThemeName::Dark),
                ("light", ThemeName::Light),
            ],
        ),
    );
    set(&mut ui.ascii, section.boolean("ascii"));
    let how = [("none", NotifyHow::None), ("bell", NotifyHow::Bell), ("terminal", NotifyHow::Terminal)];
    set(&mut ui.notify, section.choice("notify", &how));
    set_text(&mut ui.editor, section.string("editor"));
    set(&mut ui.output_lines, section.number("output_lines", 0..=1000));
    section.finish();
}

fn budget(mut section: Section<'_, '_>, config: &mut Config) {
    set(&mut config.budget.day_usd, section.money("day_usd"));
    section.finish();
}

fn secretary(mut section: Section<'_, '_>, config: &mut Config) {
    let base_url = section.string("base_url");
    if let Some(why) = base_url.as_deref().filter(|url| !url.is_empty()).and_then(|url| net::address(url).err()) {
        section.wrong("base_url", why);
    }
    set_text(&mut config.secretary.base_url, base_url);
    set_text(&mut config.secretary.api_key_env, section.string("api_key_env"));
    set_text(&mut config.secretary.model, section.string("model"));
    set(&mut config.secretary.titles, section.boolean("titles"));
    section.finish();
}

fn runner(mut section: Section<'_, '_>, config: &mut Config) {
    set(&mut config.runner.linger_minutes, section.number("linger_minutes", 0..=DAY_MINUTES));
    section.finish();
}

fn worktrees(mut section: Section<'_, '_>, config: &mut Config) {
    if let Some(dir) = section.string("dir") {
        if !dir.is_empty() && !dir.starts_with('/') {
            section.wrong("dir", "expected a whole path, which begins with /");
        }
        config.worktrees.dir = Some(dir).filter(|dir| !dir.is_empty()).map(Into::into);
    }
    if let Some(names) = section.strings("copy") {
        for name in names
            .iter()
            .filter(|name| name.is_empty() || name.starts_with('/') || name.split('/').any(|piece| piece == ".."))
        {
            section.wrong("copy", format!("“{name}” is no file inside of a repository"));
        }
        config.worktrees.copy = names;
    }
    section.finish();
}

fn log(mut section: Section<'_, '_>, config: &mut Config) {
    set(&mut config.log.level, section.string("level"));
    set(&mut config.log.keep_days, section.number("keep_days", 1..=365));
    section.finish();
}

fn store(mut section: Section<'_, '_>, config: &mut Config) {
    set(&mut config.store.redact, section.boolean("redact"));
    section.finish();
}

fn audit(mut section: Section<'_, '_>, config: &mut Config) {
    set(&mut config.audit.rotate_mib, section.number("rotate_mib", 1..=1024));
    set(&mut config.audit.keep, section.number("keep", 0..=100_000));
    set(&mut config.audit.required, section.boolean("required"));
    section.finish();
}

fn relay(mut section: Section<'_, '_>, config: &mut Config) {
    if let Some(table) = section.table("feishu") {
        feishu::feishu(section.inner("relay.feishu", table, 0), &mut config.feishu);
    }
    section.finish();
}

fn keys(source: &str, table: &DeTable<'_>, config: &mut Config, problems: &mut Vec<Problem>) {
    for (key, value) in table {
        let action = key.get_ref().to_string();
        let line = line_of(source, key.span().start);
        let keys: Option<Vec<String>> = match value.get_ref() {
            DeValue::String(text) => Some(vec![text.to_string()]),
            DeValue::Array(items) => items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        match keys {
            Some(keys) => {
                config.keys.retain(|line| line.action != action);
                config.keys.push(KeyLine { action, keys, line });
            }
            None => problems.push(Problem {
                line,
                text: format!("[keys] {action}: expected a key such as \"ctrl-x\", or a list of keys"),
            }),
        }
    }
}

fn profiles(source: &str, table: &DeTable<'_>, config: &mut Config, problems: &mut Vec<Problem>) {
    for (key, value) in table {
        let name = key.get_ref().to_string();
        let line = line_of(source, key.span().start);
        match value.get_ref() {
            DeValue::Table(_) if name.is_empty() => {
                problems.push(Problem { line, text: "a profile needs a name: [profiles.NAME]".into() });
            }
            DeValue::Table(table) => {
                let mut profile = config.profiles.remove(&name).unwrap_or_default();
                read_profile(Section::new(source, format!("profiles.{name}"), table, problems), &mut profile);
                config.profiles.insert(name, profile);
            }
            other => problems.push(Problem {
                line,
                text: format!("[profiles] {name}: expected a table [profiles.{name}], found {}", kind(other)),
            }),
        }
    }
}

fn read_profile(mut section: Section<'_, '_>, profile: &mut Profile) {
    if let Some(words) = command(&mut section) {
        profile.command = Some(words);
    }
    let modes = PermissionMode::ALL.map(|mode| (mode.as_str(), mode));
    if let Some(mode) = section.choice("mode", &modes) {
        profile.mode = Some(mode);
    }
    set_text(&mut profile.model, section.string("model"));
    set_text(&mut profile.effort, section.string("effort"));
    if let Some(tools) = section.strings("tools") {
        profile.tools = Some(tools);
    }
    set(&mut profile.allowed_tools, section.strings("allowed_tools"));
    set(&mut profile.disallowed_tools, section.strings("disallowed_tools"));
    set(&mut profile.directories, section.strings("directories"));
    set_text(&mut profile.system_prompt, section.string("system_prompt"));
    set(&mut profile.idle_minutes, section.number("idle_minutes", 0..=DAY_MINUTES * 7));
    set(&mut profile.timeout_minutes, section.number("timeout_minutes", 0..=DAY_MINUTES));
    set(&mut profile.go_on_after_limit, section.boolean("go_on_after_limit"));
    let access =
        [("off", None), ("read", Some(Access::Read)), ("manage", Some(Access::Manage)), ("work", Some(Access::Work))];
    set(&mut profile.backlog, section.choice("backlog", &access));
    if let Some(servers) = section.table("mcp_servers") {
        if let Some((name, _)) = servers.iter().find(|(name, _)| OWN_SERVERS.contains(&name.get_ref().as_ref())) {
            let name = name.get_ref().to_string();
            section
                .wrong("mcp_servers", format_args!("{name} is the name of a server of adjutant's own: choose another"));
        }
        profile.mcp_servers = Some(json_table(servers));
    }
    if let Some(env) = section.table("env") {
        for (key, value) in env {
            match value.get_ref() {
                DeValue::String(text) => {
                    profile.env.insert(key.get_ref().to_string(), text.to_string());
                }
                other => section.wrong("env", format!("{}: expected text, found {}", key.get_ref(), kind(other))),
            }
        }
    }
    section.finish();
}

fn json_table(table: &DeTable<'_>) -> serde_json::Value {
    table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect()
}

/// A TOML value as the JSON that the CLI takes; dates become text.
fn json(value: &DeValue<'_>) -> serde_json::Value {
    match value {
        DeValue::String(text) => text.to_string().into(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).unwrap_or_default().into(),
        DeValue::Float(number) => number.as_str().parse::<f64>().unwrap_or_default().into(),
        DeValue::Boolean(value) => (*value).into(),
        DeValue::Datetime(date) => date.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => json_table(table),
    }
}
