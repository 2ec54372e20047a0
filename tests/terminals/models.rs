//! Terminals that take bytes and say what stands in each of their cells.

use alacritty_terminal::Term;
use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Column;
use alacritty_terminal::index::Line;
use alacritty_terminal::index::Point;
use alacritty_terminal::term::Config;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::vte::ansi::Processor;

/// What stands in a cell; nothing in the second cell of a wide character.
pub(super) type Row = Vec<Option<String>>;

pub(super) trait Model {
    fn name(&self) -> &'static str;
    fn feed(&mut self, bytes: &[u8]);
    fn resize(&mut self, width: u16, height: u16);
    fn rows(&self) -> Vec<Row>;
}

pub(super) struct Vt100(vt100::Parser);

impl Vt100 {
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self(vt100::Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0))
    }
}

impl Model for Vt100 {
    fn name(&self) -> &'static str {
        "vt100"
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.0.process(bytes);
    }

    fn resize(&mut self, width: u16, height: u16) {
        self.0.screen_mut().set_size(height.try_into().unwrap(), width.try_into().unwrap());
    }

    fn rows(&self) -> Vec<Row> {
        let screen = self.0.screen();
        let (height, width) = screen.size();
        let cell = |row: u16, column: u16| {
            let cell = screen.cell(row, column).unwrap();
            (!cell.is_wide_continuation()).then(|| cell.contents().to_owned())
        };
        (0..height.into()).map(|y| (0..width.into()).map(|x| cell(y, x)).collect()).collect()
    }
}

#[derive(Clone, Copy)]
struct Size {
    width: usize,
    height: usize,
}

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        self.height
    }

    fn screen_lines(&self) -> usize {
        self.height
    }

    fn columns(&self) -> usize {
        self.width
    }
}

pub(super) struct Alacritty {
    term: Term<VoidListener>,
    parser: Processor,
}

impl Alacritty {
    pub(super) fn new(width: u16, height: u16) -> Self {
        let size = Size { width: width.into(), height: height.into() };
        Self { term: Term::new(Config::default(), &size, VoidListener), parser: Processor::new() }
    }
}

impl Model for Alacritty {
    fn name(&self) -> &'static str {
        "alacritty"
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.parser.advance(&mut self.term, bytes);
    }

    fn resize(&mut self, width: u16, height: u16) {
        self.term.resize(Size { width: width.into(), height: height.into() });
    }

    fn rows(&self) -> Vec<Row> {
        let grid = self.term.grid();
        let cell = |row: usize, column: usize| {
            let cell = &grid[Point::new(Line(i32::try_from(row).unwrap()), Column(column))];
            let mut text = cell.c.to_string();
            text.extend(cell.zerowidth().into_iter().flatten());
            (!cell.flags.contains(Flags::WIDE_CHAR_SPACER)).then_some(text)
        };
        (0..grid.screen_lines()).map(|y| (0..grid.columns()).map(|x| cell(y, x)).collect()).collect()
    }
}
