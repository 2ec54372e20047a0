//! A session as the terminal draws it: text streams in and scrolls, requests open over it, pages lie on top, the
//! window changes its size. Every frame is told with what has changed.

use adjutant::core::approval::Decision;
use adjutant::core::approval::Verdict;
use adjutant::core::cell::BlockKind;
use adjutant::core::event::EventKind;
use adjutant::core::ids::ApprovalId;
use adjutant::core::ids::BlockId;
use adjutant::core::permission::PermissionMode;
use adjutant::core::prompt::Surface;
use adjutant::tui::ui::Panel;
use adjutant::tui::ui::approval::ApprovalFocus;
use adjutant::tui::ui::approval::ApprovalForm;
use adjutant::tui::ui::dialog::Layer;
use adjutant::tui::ui::dialog::Page;
use adjutant::tui::ui::dialog::PageContent;
use adjutant::tui::ui::tab::ScrollBy;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use serde_json::json;

use crate::support::fleet::Story;
use crate::support::screen::Stage;

/// What happened before a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Change,
    /// Something was laid over the screen, or taken away.
    Layer,
    /// The terminal has this size now.
    Size(u16, u16),
}

/// A frame as it was meant.
#[derive(Debug)]
pub(super) struct Shot {
    pub(super) cause: Cause,
    pub(super) meant: Buffer,
    pub(super) cursor: Option<Position>,
    /// A request lies over the screen.
    pub(super) asks: bool,
}

/// Clusters between two requests.
const BETWEEN_REQUESTS: usize = 24;

struct Play<'s> {
    story: Story,
    stage: Stage,
    size: (u16, u16),
    block: usize,
    show: &'s mut dyn FnMut(Shot),
}

/// Plays a session in which all these clusters are said and asked for.
pub(super) fn play(clusters: &[String], size: (u16, u16), mut show: impl FnMut(Shot)) {
    let mut story = Story::default();
    story.open(1, Some("web"), "/home/me/src/web", Some("main")).ready("claude-opus-5-5", PermissionMode::Default);
    story.prompt("say it in every script");
    let mut stage = Stage::of(&story.fleet);
    stage.ui.panel = Panel::Hidden;
    let mut play = Play { story, stage, size, block: 0, show: &mut show };
    play.frame(Cause::Size(size.0, size.1));
    for (number, part) in clusters.chunks(BETWEEN_REQUESTS).enumerate() {
        play.stream(part);
        match number % 4 {
            0 => play.ask(part),
            1 => play.scroll_and_ask(part),
            2 => play.page(part),
            _ => play.resize(part),
        }
    }
}

impl Play<'_> {
    fn frame(&mut self, cause: Cause) {
        if let Cause::Size(width, height) = cause {
            self.size = (width, height);
        }
        let (meant, drawn) = self.stage.draw(&self.story.fleet, self.story.now, self.size.0, self.size.1);
        if let Some((_, scroll)) = drawn.scroll {
            let tab = self.stage.tab(1);
            tab.scroll = scroll;
            tab.scroll_by.clear();
        }
        let asks = self.stage.ui.approval.is_some() && self.stage.ui.layers.is_empty();
        (self.show)(Shot { cause, meant, cursor: drawn.cursor, asks });
    }

    /// A text comes in, cluster by cluster, with letters between that must not be left behind.
    fn stream(&mut self, clusters: &[String]) {
        self.block += 1;
        let id = || BlockId::from(format!("s{}", self.block).as_str());
        let block = id();
        self.story.event(EventKind::BlockStarted { block: block.clone(), parent: None, kind: BlockKind::Text });
        for (idx, few) in clusters.chunks(3).enumerate() {
            let words: Vec<_> = few.iter().map(|cluster| format!("{cluster}left{idx}{cluster}{cluster} ")).collect();
            let words = words.concat();
            let end = if idx % 3 == 2 { "\n\n" } else { "" };
            self.story.event(EventKind::BlockDelta { block: block.clone(), text: format!("{words}{end}") });
            self.frame(Cause::Change);
        }
    }

    fn open_request(&mut self, clusters: &[String]) -> ApprovalId {
        let command = format!("rm -rf {}", clusters.join("/x "));
        let approval =
            self.story.approval(None, "Bash", json!({ "command": command, "description": clusters.concat() }));
        let form = ApprovalForm::new(&approval);
        let id = self.story.ask(approval);
        self.stage.ui.forms.insert(id, form);
        self.stage.ui.approval = Some(ApprovalFocus::new(id, None));
        self.frame(Cause::Layer);
        id
    }

    fn answer(&mut self, id: ApprovalId) {
        self.stage.ui.approval = None;
        let verdict = Verdict { decision: Decision::allow_once(), by: Surface::Terminal, after_ms: 1_000 };
        self.story.resolve(id, verdict);
        self.frame(Cause::Layer);
    }

    /// A request opens, its text scrolls, and what is said goes on behind it.
    fn ask(&mut self, clusters: &[String]) {
        let id = self.open_request(clusters);
        for scroll in 0..4 {
            if let Some(form) = self.stage.ui.forms.get_mut(&id) {
                form.scroll = scroll;
            }
            self.frame(Cause::Change);
        }
        self.stream(&clusters[..clusters.len() / 2]);
        self.answer(id);
    }

    fn scroll_and_ask(&mut self, clusters: &[String]) {
        for by in [ScrollBy::HalfPages(-1), ScrollBy::HalfPages(-2), ScrollBy::HalfPages(1)] {
            self.stage.tab(1).scroll_by.push(by);
            self.frame(Cause::Change);
        }
        let id = self.open_request(clusters);
        self.answer(id);
        self.stage.tab(1).scroll_by.push(ScrollBy::HalfPages(9_999));
        self.frame(Cause::Change);
    }

    /// A page over the timeline, and over a request.
    fn page(&mut self, clusters: &[String]) {
        let text = clusters.join(" page ");
        let page = |text: String| {
            Layer::Page(Page { title: "Details".into(), content: PageContent::Text(text), scroll: 0, max_scroll: 0 })
        };
        self.stage.ui.layers.push(page(text));
        self.frame(Cause::Layer);
        self.stage.ui.layers.clear();
        self.frame(Cause::Layer);
        let id = self.open_request(clusters);
        self.stage.ui.layers.push(page("nothing but ASCII".repeat(40)));
        self.frame(Cause::Layer);
        self.stage.ui.layers.clear();
        self.frame(Cause::Layer);
        self.answer(id);
    }

    /// The window changes its size while a request is open.
    fn resize(&mut self, clusters: &[String]) {
        let (width, height) = self.size;
        let id = self.open_request(clusters);
        for (wide, high) in [(width - 31, height - 7), (width + 9, height + 3), (width, height)] {
            self.frame(Cause::Size(wide, high));
            self.frame(Cause::Change);
        }
        self.answer(id);
    }
}
