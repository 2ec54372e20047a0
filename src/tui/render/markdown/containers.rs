//! What surrounds a block: quotes, list entries, footnotes.
//!
//! For the indent of every line within them. A deep stack on a narrow screen gives an indent
//! without room beside it; wrapping drops that, so this file need not care.

use ratatui::text::{Line, Span};

use crate::tui::render::width;
use crate::tui::render::wrap::Indent;
use crate::tui::theme::Theme;

#[derive(Debug)]
enum Container {
    Quote,
    List {
        next_number: Option<u64>,
        /// A list is loose once one of its entries holds a paragraph; then gaps part the entries.
        is_loose: bool,
        has_entry: bool,
    },
    /// A list entry or a footnote: a mark on the first line, blanks on the others.
    Entry {
        mark: Span<'static>,
        is_written: bool,
    },
}

/// The stack, outermost first.
#[derive(Debug, Default)]
pub(super) struct Containers(Vec<Container>);

impl Containers {
    pub(super) fn open_quote(&mut self) {
        self.0.push(Container::Quote);
    }

    pub(super) fn open_list(&mut self, next_number: Option<u64>) {
        self.0.push(Container::List { next_number, is_loose: false, has_entry: false });
    }

    pub(super) fn open_entry(&mut self, mark: Span<'static>) {
        self.0.push(Container::Entry { mark, is_written: false });
    }

    pub(super) fn close(&mut self) {
        self.0.pop();
    }

    /// A paragraph begins: if it stands in an entry, the list is loose.
    pub(super) fn loosen(&mut self) {
        if let [.., Container::List { is_loose, .. }, Container::Entry { .. }] = self.0.as_mut_slice() {
            *is_loose = true;
        }
    }

    /// Whether a gap parts the next entry from the one before it, if there is one.
    pub(super) fn gap_before_entry(&self) -> Option<bool> {
        match self.0.last() {
            Some(Container::List { is_loose, has_entry: true, .. }) => Some(*is_loose),
            _ => None,
        }
    }

    /// The bullet or number of the next entry.
    pub(super) fn next_mark(&mut self, theme: &Theme) -> Span<'static> {
        let is_list = |container: &&Container| matches!(container, Container::List { .. });
        let depth = self.0.iter().filter(is_list).count();
        let bullets = &theme.glyphs.bullets;
        let bullet = bullets.get(depth.saturating_sub(1) % bullets.len());
        let mut text = format!("{} ", bullet.copied().unwrap_or_default());
        if let Some(Container::List { next_number, has_entry, .. }) = self.0.last_mut() {
            *has_entry = true;
            if let Some(number) = next_number {
                text = format!("{number}. ");
                *number = number.saturating_add(1);
            }
        }
        Span::styled(text, theme.accent)
    }

    /// The entry is a task: a box takes the place of its bullet.
    pub(super) fn mark_task(&mut self, is_done: bool, theme: &Theme) {
        let [open, done] = theme.glyphs.tasks;
        let (glyph, style) = if is_done { (done, theme.success) } else { (open, theme.dim) };
        if let Some(Container::Entry { mark, .. }) = self.0.last_mut() {
            *mark = Span::styled(format!("{glyph} "), style);
        }
    }

    /// Whether the innermost entry has shown nothing yet.
    pub(super) fn has_unwritten_mark(&self) -> bool {
        let last = self.0.last();
        last.is_some_and(|c| matches!(c, Container::Entry { is_written, .. } if !is_written))
    }

    pub(super) fn set_marks_written(&mut self) {
        for container in &mut self.0 {
            if let Container::Entry { is_written, .. } = container {
                *is_written = true;
            }
        }
    }

    pub(super) fn indent(&self, theme: &Theme) -> Indent {
        let mut indent = Indent::default();
        for container in &self.0 {
            match container {
                Container::List { .. } => {}
                Container::Quote => {
                    let bar = Span::styled(format!("{} ", theme.glyphs.quote_bar), theme.quote);
                    indent.first.push(bar.clone());
                    indent.rest.push(bar);
                }
                Container::Entry { mark, is_written } => {
                    let blanks = Span::raw(" ".repeat(width::of(&mark.content)));
                    let first = if *is_written { &blanks } else { mark };
                    indent.first.push(first.clone());
                    indent.rest.push(blanks);
                }
            }
        }
        indent
    }

    /// The line between two blocks: empty but for the bars of quotes around both.
    pub(super) fn gap(&self, width: usize, theme: &Theme) -> Line<'static> {
        let is_in_quote = self.0.iter().any(|c| matches!(c, Container::Quote));
        let mut rest = self.indent(theme).fitting(width).rest;
        if !is_in_quote || rest.is_empty() {
            return Line::default();
        }
        while rest.last().is_some_and(|span| span.content.trim().is_empty()) {
            rest.pop();
        }
        Line::from(rest)
    }
}
