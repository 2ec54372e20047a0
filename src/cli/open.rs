//! The terminal, on real sessions or on the demo.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::Global;
use super::Open;
use super::exit;
use super::house::House;
use super::runner;
use super::setup;
use super::setup::Ground;
use super::setup::Stop;
use crate::config::Config;
use crate::config::ThemeName;
use crate::core::ids::ConversationId;
use crate::core::session::SessionSpec;
use crate::core::worktree::WorktreeSpec;
use crate::demo;
use crate::server::place;
use crate::server::protocol::Welcome;
use crate::transcripts;
use crate::transcripts::list;
use crate::tui::app::Ended;
use crate::tui::app::Opening;
use crate::tui::app::Options;
use crate::tui::files::HistoryFile;
use crate::tui::terminal::background;
use crate::tui::terminal::background::Background;
use crate::tui::theme::Glyphs;
use crate::tui::theme::Theme;
use crate::tui::ui::Ui;

/// Opens a tab for each directory.
pub fn main(global: &Global, open: &Open) -> Result<u8, Stop> {
    let ground = setup::ground(global)?;
    setup::check_profile(&ground.config, open.profile.as_deref())?;
    let named: Vec<Option<&std::path::Path>> = match open.directories.as_slice() {
        [] => vec![None],
        all => all.iter().map(|path| Some(path.as_path())).collect(),
    };
    let mut opening = Vec::new();
    for path in named {
        let spec = SessionSpec {
            directory: setup::name_of(&setup::directory(path)?)?,
            profile: open.profile.clone(),
            worktree: open.worktree.as_deref().map(worktree),
            ..SessionSpec::default()
        };
        opening.push(Opening { spec, prompt: None });
    }
    if let Some(first) = opening.first_mut() {
        first.prompt.clone_from(&open.prompt);
        resume(&ground, open, first)?;
    }
    let pick = open.resume.as_deref() == Some("");
    if pick {
        opening.clear();
    }
    show(&ground, opening, if open.foreground { Where::Here } else { Where::Runner }, pick)
}

/// What `--worktree` asks for.
fn worktree(branch: &str) -> WorktreeSpec {
    WorktreeSpec::Wanted { branch: Some(branch.to_owned()).filter(|branch| !branch.is_empty()) }
}

/// Adds the conversation to go on with. Without a directory of its own choice it goes on where it was held.
fn resume(ground: &Ground, open: &Open, first: &mut Opening) -> Result<(), Stop> {
    let Some(id) = open.resume.as_deref().filter(|id| !id.is_empty()) else { return Ok(()) };
    if !transcripts::is_id(id) {
        let text = format!("“{id}” is no name of a conversation; `adjutant import` lists those there are");
        return Err(Stop::usage(text));
    }
    let id = ConversationId::from(id);
    if open.directories.is_empty() {
        let projects = conversations(&ground.config, open.profile.as_deref());
        let found = transcripts::find(&projects, &id, &first.spec.directory);
        if let Some(directory) = found.and_then(|path| list::entry(&path)).and_then(|entry| entry.directory) {
            first.spec.directory = directory;
        }
    }
    first.spec.resume = Some(id);
    Ok(())
}

/// Where the CLI keeps its record of conversations.
pub fn conversations(config: &Config, profile: Option<&str>) -> PathBuf {
    transcripts::projects(&config.claude_home(profile, |name| std::env::var_os(name)))
}

/// Opens the terminal on what the runner has.
pub fn attach(global: &Global) -> Result<u8, Stop> {
    let ground = setup::ground(global)?;
    show(&ground, Vec::new(), Where::Attached, false)
}

/// Opens the scripted sessions.
pub fn demo(global: &Global) -> Result<u8, Stop> {
    let ground = setup::ground(global)?;
    show(&ground, Vec::new(), Where::Demo, false)
}

/// Where the sessions live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    /// In a process of their own, which outlives the terminal.
    Runner,
    /// There too, and it must be at work already.
    Attached,
    /// In this process.
    Here,
    /// In this process, and scripted.
    Demo,
}

fn show(ground: &Ground, open: Vec<Opening>, home: Where, pick: bool) -> Result<u8, Stop> {
    if !std::io::stdout().is_terminal() {
        return Err(Stop::usage(
            "standard output is no terminal; for one prompt without a terminal there is `adjutant run -p TEXT`",
        ));
    }
    let failed = |what: &str, error: std::io::Error| Stop::failed(format!("{what}: {error}"));
    let mut config = (*ground.config).clone();
    let program = config.claude.command.first().cloned().unwrap_or_default();
    let is_demo = home == Where::Demo;
    let runtime = setup::runtime()?;
    let is_missing = !is_demo && !setup::is_on_path(&program);
    let reached = match home {
        // Without a CLI there is nothing to run; a runner that is at work may know of one.
        Where::Runner if is_missing => runtime.block_on(runner::find(ground)),
        Where::Runner => Some(runtime.block_on(runner::reach(ground))?),
        Where::Attached => Some(runtime.block_on(runner::attach(ground))?),
        Where::Here | Where::Demo => None,
    };
    let is_missing = is_missing && reached.is_none();
    let mut demo = Vec::new();
    if is_demo || is_missing {
        let laid_out = demo::lay_out(&ground.places.data_dir);
        let laid_out = laid_out.map_err(|error| failed("the demo could not be laid out", error))?;
        config.profiles.extend(laid_out.profiles);
        demo.extend(laid_out.sessions.into_iter().map(|(spec, prompt)| Opening { spec, prompt: Some(prompt) }));
    }
    let ui = Ui {
        notify: config.ui.notify,
        output_lines: usize::try_from(config.ui.output_lines).unwrap_or(12),
        cli_missing: is_missing.then_some(program),
        here: std::env::current_dir().map_or_else(|_| "/".into(), |path| path.display().to_string()),
        home: std::env::var("HOME").unwrap_or_default(),
        is_demo,
        is_attached: reached.is_some(),
        ..Ui::default()
    };
    let mut options = Options {
        ui,
        keymap: ground.keymap.clone(),
        theme: theme(config.ui.theme, config.ui.ascii),
        editor: config.ui.editor.clone(),
        folder: ground.places.data_dir.join("tmp"),
        history: HistoryFile::new(
            &ground.places.data_dir,
            ground.config.store.redact.then(|| Arc::clone(&ground.redactor)),
        ),
        notice: None,
        left: reached.as_ref().and_then(|(_, welcome)| welcome.left),
        data_dir: ground.places.data_dir.clone(),
        conversations: conversations(&config, open.first().and_then(|first| first.spec.profile.as_deref())),
        pick,
        open: if is_demo { demo.clone() } else { open },
        demo,
    };
    let data_dir = ground.places.data_dir.clone();
    let ended = match reached {
        Some((link, welcome)) => {
            options.notice = notice(ground, &welcome);
            runtime.block_on(crate::tui::run::run(link, options))
        }
        None if is_demo => runtime.block_on(async {
            let house = House::passing(ground, Arc::new(config));
            let ended = crate::tui::run::run(house.engine.connect(), options).await;
            house.shutdown().await;
            ended
        }),
        None => {
            let lock = place::lock(&data_dir).map_err(|error| Stop::failed(error.to_string()))?;
            let ended = runtime.block_on(async {
                let house = House::start(ground, Arc::new(config));
                options.notice.clone_from(&house.trouble);
                let ended = crate::tui::run::run(house.engine.connect(), options).await;
                house.shutdown().await;
                ended
            });
            drop(lock);
            ended
        }
    };
    match ended {
        Ok(Ended::Quit | Ended::Signal) => Ok(exit::OK),
        Ok(Ended::StopRunner) => runner::end(&runtime, &data_dir),
        Ok(Ended::EngineGone) => Err(Stop::failed(
            "the runner has ended; its log may say why, and `adjutant` starts it again with the same sessions",
        )),
        Err(error) => Err(failed("the terminal could not be used", error)),
    }
}

/// What the person must know of the runner.
fn notice(ground: &Ground, welcome: &Welcome) -> Option<String> {
    let is_older = welcome.config != setup::config_mark(&ground.places);
    let older = "The sessions run with the configuration of when the runner was started; `adjutant stop` renews it.";
    welcome.trouble.clone().or_else(|| is_older.then(|| older.to_owned()))
}

fn theme(name: ThemeName, ascii: bool) -> Theme {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let theme = match name {
        _ if variable("NO_COLOR").is_some() => Theme::no_color(),
        ThemeName::Auto => match background::ask() {
            Some(Background::Dark) => Theme::dark(),
            Some(Background::Light) => Theme::light(),
            None => Theme::ansi(),
        },
        ThemeName::Ansi => Theme::ansi(),
        ThemeName::Dark => Theme::dark(),
        ThemeName::Light => Theme::light(),
    };
    let locale = variable("LC_ALL").or_else(|| variable("LC_CTYPE")).or_else(|| variable("LANG"));
    let is_plain = needs_ascii(variable("TERM").as_deref(), locale.as_deref());
    if ascii || is_plain { theme.with_glyphs(Glyphs::ascii()) } else { theme }
}

/// Whether the terminal can be trusted with ASCII only: one without Unicode fonts, or a locale that says so. No
/// locale at all says nothing.
fn needs_ascii(term: Option<&str>, locale: Option<&str>) -> bool {
    let is_utf8 = |locale: &str| locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    matches!(term, Some("dumb" | "linux")) || locale.is_some_and(|locale| !is_utf8(locale))
}

#[cfg(test)]
mod tests {
    use super::needs_ascii;

    #[test]
    fn terminals_and_locales_without_unicode_get_ascii() {
        for (term, locale, expected) in [
            (Some("xterm-256color"), Some("en_US.UTF-8"), false),
            (Some("xterm-256color"), Some("C.utf8"), false),
            (Some("xterm-256color"), None, false),
            (Some("linux"), Some("en_US.UTF-8"), true),
            (Some("dumb"), None, true),
            (Some("xterm"), Some("C"), true),
            (Some("xterm"), Some("zh_CN.GB18030"), true),
            (Some("xterm"), Some("POSIX"), true),
        ] {
            assert_eq!(needs_ascii(term, locale), expected, "{term:?} {locale:?}");
        }
    }
}
