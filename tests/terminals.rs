//! What was drawn is what stands on the screen, cell by cell, whatever the terminal makes of a cluster: the bytes
//! of whole sessions are fed to several terminals, and each frame is compared with what was meant.

/// Clusters of every kind.
pub(super) mod clusters;
/// Terminals that say what stands in their cells.
mod models;
/// A session as frames.
mod play;

use adjutant::core::approval::Ask;
use adjutant::core::approval::Question;
use adjutant::core::approval::QuestionOption;
use adjutant::core::permission::PermissionMode;
use adjutant::tui::render::width::certain::is_certain;
use adjutant::tui::render::width::certain::is_plain_emoji;
use adjutant::tui::terminal::screen::Screen;
use adjutant::tui::ui::approval::ApprovalFocus;
use adjutant::tui::ui::approval::ApprovalForm;
use adjutant::tui::ui::approval::Pane;
use models::Alacritty;
use models::Model;
use models::Row;
use models::Vt100;
use play::Cause;
use play::Shot;
use play::play;
use ratatui::buffer::Buffer;
use serde_json::json;
use unicode_width::UnicodeWidthChar as _;

use crate::support::fleet::Story;
use crate::support::screen::Stage;
use crate::support::tmux;
use crate::support::tmux::Show;

/// Turns frames into bytes.
trait Painter {
    fn paint(&mut self, shot: &Shot) -> Vec<u8>;
}

const SIZE: (u16, u16) = (80, 24);

/// A stretch of columns of a row, and what was meant to stand there.
struct Piece {
    x: usize,
    wide: usize,
    symbol: String,
}

impl Piece {
    /// Every terminal puts it into the same cells: it is one character with a body.
    fn is_exact(&self) -> bool {
        let mut chars = self.symbol.chars();
        chars.next().is_some_and(|c| c.width().is_some_and(|wide| wide > 0)) && chars.next().is_none()
    }
}

fn pieces(meant: &Buffer, y: u16) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut x = meant.area.left();
    while x < meant.area.right() {
        let symbol = meant[(x, y)].symbol();
        let wide = adjutant::tui::render::width::of_grapheme(symbol).max(1);
        pieces.push(Piece { x: x.into(), wide, symbol: symbol.to_owned() });
        x += u16::try_from(wide).unwrap();
    }
    pieces
}

/// Where a row differs from what was meant, if it does.
fn fault(pieces: &[Piece], row: &Row) -> Option<String> {
    for piece in pieces {
        let cells = &row[piece.x..(piece.x + piece.wide).min(row.len())];
        let first = cells[0].as_deref().map(|text| if text.is_empty() { " " } else { text });
        let is_right = if piece.is_exact() {
            let stands_in = !piece.symbol.is_ascii() && first == Some("□");
            (first == Some(&piece.symbol) && cells[1..].iter().all(Option::is_none)) || stands_in
        } else {
            // Its own cells are the terminal's affair, as long as nothing foreign stands in them.
            let foreign = |c: char| c != ' ' && c != '□' && !piece.symbol.contains(c);
            cells.iter().flatten().all(|text| !text.contains(foreign))
        };
        if !is_right {
            return Some(format!("column {}: {:?} was meant, {cells:?} stands there", piece.x, piece.symbol));
        }
    }
    None
}

fn faults(model: &dyn Model, meant: &Buffer) -> Vec<String> {
    let rows = model.rows();
    assert_eq!(rows.len(), usize::from(meant.area.height));
    let of_row = |y: u16| {
        let fault = fault(&pieces(meant, y), &rows[usize::from(y)])?;
        Some(format!("{}, row {y}, {fault}", model.name()))
    };
    (meant.area.top()..meant.area.bottom()).filter_map(of_row).collect()
}

/// The bytes of a whole session and the faults that two terminals show on the way.
fn faults_of(painter: &mut dyn Painter, clusters: &[String]) -> Vec<String> {
    let mut models: [Box<dyn Model>; 2] =
        [Box::new(Vt100::new(SIZE.0, SIZE.1)), Box::new(Alacritty::new(SIZE.0, SIZE.1))];
    let mut found = Vec::new();
    let mut n_shots = 0;
    play(clusters, SIZE, |shot| {
        n_shots += 1;
        let bytes = painter.paint(&shot);
        for model in &mut models {
            if let Cause::Size(width, height) = shot.cause {
                model.resize(width, height);
            }
            model.feed(&bytes);
            found.extend(faults(&**model, &shot.meant).into_iter().map(|fault| format!("frame {n_shots}, {fault}")));
        }
    });
    assert!(n_shots > 200, "{n_shots}");
    found
}

/// ratatui's own way from a frame to bytes.
struct Ratatui {
    terminal: Option<ratatui::Terminal<ratatui::backend::CrosstermBackend<Written>>>,
    written: Written,
}

#[derive(Debug, Clone, Default)]
struct Written(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Painter for Ratatui {
    fn paint(&mut self, shot: &Shot) -> Vec<u8> {
        if self.terminal.as_ref().is_none_or(|_| matches!(shot.cause, Cause::Size(..))) {
            self.written.0.lock().unwrap().extend_from_slice(b"\x1b[2J");
            let backend = ratatui::backend::CrosstermBackend::new(self.written.clone());
            let options = ratatui::TerminalOptions { viewport: ratatui::Viewport::Fixed(shot.meant.area) };
            self.terminal = Some(ratatui::Terminal::with_options(backend, options).unwrap());
        }
        let terminal = self.terminal.as_mut().unwrap();
        terminal
            .draw(|frame| {
                *frame.buffer_mut() = shot.meant.clone();
                if let Some(cursor) = shot.cursor {
                    frame.set_cursor_position(cursor);
                }
            })
            .unwrap();
        self.written.take()
    }
}

/// Our own.
struct Own(Screen<Written>, Written);

impl Own {
    fn new() -> Self {
        let written = Written::default();
        Self(Screen::new(written.clone(), SIZE.0, SIZE.1), written)
    }
}

impl Painter for Own {
    fn paint(&mut self, shot: &Shot) -> Vec<u8> {
        match shot.cause {
            Cause::Change => {}
            Cause::Layer => self.0.rewrite(),
            Cause::Size(width, height) => self.0.resize(width, height),
        }
        self.0.canvas().clone_from(&shot.meant);
        self.0.show(shot.cursor).unwrap();
        self.1.take()
    }
}

impl Written {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn told(found: &[String]) -> String {
    format!("{} faults\n{}", found.len(), found.iter().take(40).cloned().collect::<Vec<_>>().join("\n"))
}

/// `ADJUTANT_SEED` tries other clusters.
fn seed() -> u64 {
    std::env::var("ADJUTANT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7)
}

#[test]
fn every_cell_of_every_frame_is_what_was_meant() {
    let found = faults_of(&mut Own::new(), &clusters::all(seed()));
    assert!(found.is_empty(), "{}", told(&found));
}

/// Whoever looks must be able to see: the way that most programs take leaves letters behind.
#[test]
fn the_comparison_finds_what_a_plain_diff_leaves_behind() {
    let mut painter = Ratatui { terminal: None, written: Written::default() };
    let found = faults_of(&mut painter, &clusters::all(7));
    assert!(found.len() > 100, "{}", told(&found));
}

/// Whatever a request holds, and wherever it is shown, only what every terminal draws alike stands raw.
#[test]
fn no_request_shows_a_doubtful_cluster() {
    let clusters = clusters::all(seed());
    for part in clusters.chunks(6) {
        let text = part.join(" and ");
        for (number, tool, input) in [
            (0, "Bash", json!({"command": text, "description": text})),
            (1, "Write", json!({"file_path": format!("/tmp/{text}"), "content": text})),
            (3, "AskUserQuestion", json!({"questions": []})),
            (2, "mcp__web__fetch", json!({"what": text, "more": {"deep": [text]}, text.clone(): 1})),
        ] {
            let mut story = Story::default();
            story.open(1, Some("web"), "/home/me/web", Some("main"));
            story.ready("claude-opus-5-5", PermissionMode::Default);
            let mut approval = story.approval(None, tool, input);
            approval.place.directory.clone_from(&text);
            approval.place.branch = Some(text.clone());
            if number == 2 {
                approval.ask = Ask::Plan(format!("# {text}\n\n- {text}\n  `{text}`\n"));
            }
            if number == 3 {
                let option =
                    QuestionOption { label: text.clone(), description: text.clone(), preview: Some(text.clone()) };
                approval.ask = Ask::Questions(vec![Question {
                    text: text.clone(),
                    header: text.clone(),
                    options: vec![option.clone(), option],
                    multiple: true,
                }]);
            }
            let id = approval.id;
            let mut form = ApprovalForm::new(&approval);
            story.ask(approval);
            let mut stage = Stage::of(&story.fleet);
            for pane in [None, Some(Pane::Main), Some(Pane::Whole)] {
                if let Some(pane) = pane {
                    form.pane = pane;
                    stage.ui.forms.insert(id, form.clone());
                    stage.ui.approval = Some(ApprovalFocus::new(id, None));
                }
                let (meant, _) = stage.draw(&story.fleet, story.now, 120, 60);
                let raw = meant.content.iter().map(ratatui::buffer::Cell::symbol);
                let doubtful = raw.filter(|symbol| !certain(symbol) && !symbol.chars().all(is_plain_emoji));
                assert_eq!(doubtful.collect::<Vec<_>>(), Vec::<&str>::new(), "{tool} {text:?}");
            }
        }
    }
}

/// What streams in are a few words at a time: they cost no more than they must.
#[test]
fn plain_text_costs_no_more_than_with_a_plain_diff() {
    let words: Vec<String> = (0..240).map(|n| format!("word{n}")).collect();
    let bytes_of = |painter: &mut dyn Painter| {
        let mut n_bytes = 0;
        play(&words, SIZE, |shot| {
            let bytes = painter.paint(&shot);
            n_bytes += if shot.cause == Cause::Change { bytes.len() } else { 0 };
        });
        n_bytes
    };
    let own = bytes_of(&mut Own::new());
    let plain = bytes_of(&mut Ratatui { terminal: None, written: Written::default() });
    assert!(own <= plain, "{own} bytes, {plain} with a plain diff");
}

/// The longest stretch of each row that every terminal must show alike: its first column, and its text.
fn stretches(meant: &Buffer) -> Vec<(u16, String)> {
    let longest = |y: u16| {
        let pieces = pieces(meant, y);
        let runs = pieces.split(|piece| !piece.is_exact() || !certain(&piece.symbol));
        let run = runs.max_by_key(|run| run.iter().map(|piece| piece.wide).sum::<usize>()).unwrap_or_default();
        let text: String = run.iter().map(|piece| piece.symbol.as_str()).collect();
        (run.first().map_or(0, |piece| u16::try_from(piece.x).unwrap()), text)
    };
    (meant.area.top()..meant.area.bottom()).map(longest).collect()
}

/// What may not be replaced at the edge.
fn certain(symbol: &str) -> bool {
    symbol.chars().all(is_certain)
}

#[test]
fn a_real_tmux_shows_every_request_as_it_was_meant() {
    if !tmux::is_there() {
        return;
    }
    let mut own = Own::new();
    let mut bytes = Vec::new();
    let mut found = Vec::new();
    let mut n_requests = 0;
    let mut show = Show::start(SIZE.0, SIZE.1);
    play(&clusters::all(seed()), SIZE, |shot| {
        if let Cause::Size(width, height) = shot.cause {
            show.resize(width, height);
            bytes.clear();
        }
        bytes.extend(own.paint(&shot));
        // Looking at it spoils it: everything since the size last changed is shown again for the next.
        if shot.asks && shot.cause != Cause::Change {
            n_requests += 1;
            show.feed(b"\x1bc");
            show.feed(&bytes);
            let stretches = stretches(&shot.meant);
            let columns: Vec<u16> = stretches.iter().map(|(x, _)| *x).collect();
            let rows = show.rows_from(&columns);
            for (y, (x, text)) in stretches.iter().enumerate() {
                let row = rows.get(y).map_or("", String::as_str);
                let text = text.trim_end();
                let is_right = row.starts_with(text)
                    && (row.len() == text.len() || !text.is_empty() || *x > 0 || row.trim().is_empty());
                if !is_right {
                    found.push(format!(
                        "request {n_requests}, row {y} from column {x}:\n  {text:?} was meant\n  {row:?} stands there"
                    ));
                }
            }
        }
    });
    assert!(n_requests > 20, "{n_requests}");
    assert!(found.is_empty(), "{}", told(&found));
}

/// Rows that hold these characters and nothing else, as long as they fit, and how many cells they should take.
fn rows_of(chars: impl Iterator<Item = char>) -> Vec<(u16, String)> {
    let mut rows = vec![(0, String::new())];
    for c in chars {
        let wide = u16::try_from(c.width().unwrap()).unwrap();
        let mut row = rows.pop().unwrap();
        if row.0 + wide >= SIZE.0 {
            rows.push(std::mem::take(&mut row));
        }
        rows.push((row.0 + wide, row.1 + c.encode_utf8(&mut [0; 4])));
    }
    rows
}

#[test]
fn a_real_tmux_agrees_on_what_is_certain() {
    if !tmux::is_there() {
        return;
    }
    let every = (0x20..=0x3_ffff).filter_map(char::from_u32);
    let of_all = every.filter(|c| is_certain(*c) || is_plain_emoji(*c));
    // Of the many thousand Chinese characters a few are enough.
    let chars = of_all.filter(|c| !('\u{3400}'..'\u{f900}').contains(c) && *c < '\u{20000}' || u32::from(*c) % 61 == 0);
    let rows = rows_of(chars);
    assert!(rows.len() > 100);
    let mut show = Show::start(SIZE.0, SIZE.1);
    let mut wrong = Vec::new();
    for page in rows.chunks(SIZE.1.into()) {
        let text: Vec<_> = page.iter().map(|(_, row)| format!("{row}|")).collect();
        show.feed(format!("\x1bc{}", text.join("\r\n")).as_bytes());
        let columns: Vec<u16> = page.iter().map(|(cells, _)| *cells).collect();
        let seen = show.rows_from(&columns);
        for ((_, row), seen) in page.iter().zip(seen) {
            if seen != "|" {
                wrong.push(format!("{row}: {seen:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", told(&wrong));
}
