//! Parser events to lines.
//!
//! Blocks are written as they end. What surrounds a block (quotes, list entries, footnotes) stands
//! on a stack and becomes the indent of every line within.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Tag, TagEnd};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::code::CodeCache;
use super::containers::Containers;
use super::inline::{Inline, one_line};
use super::table::Table;
use crate::tui::render::highlight::Language;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::width;
use crate::tui::render::wrap::{Indent, wrap, wrap_hard};
use crate::tui::theme::Theme;

/// Blanks before code.
const CODE_INDENT: &str = "  ";

#[derive(Debug)]
pub(super) struct Writer<'t> {
    width: usize,
    theme: &'t Theme,
    cache: &'t mut CodeCache,
    lines: Vec<Line<'static>>,
    containers: Containers,
    inline: Inline<'t>,
    /// Language and text of the code block that is open.
    code: Option<(String, String)>,
    html: Option<String>,
    table: Option<Table>,
    /// Whether an empty line parts the next block from the last.
    needs_gap: bool,
    /// The gap before a block that has begun and shown nothing yet; an empty one never will.
    gap: Option<Line<'static>>,
}

impl<'t> Writer<'t> {
    pub(super) fn new(width: usize, theme: &'t Theme, cache: &'t mut CodeCache) -> Self {
        Self {
            width: width.max(1),
            theme,
            cache,
            lines: Vec::new(),
            containers: Containers::default(),
            inline: Inline::new(theme),
            code: None,
            html: None,
            table: None,
            needs_gap: false,
            gap: None,
        }
    }

    pub(super) fn finish(mut self) -> Vec<Line<'static>> {
        self.flush_inline();
        self.lines
    }

    pub(super) fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match (&mut self.code, &mut self.html) {
                (Some((_, code)), _) => code.push_str(&text),
                (_, Some(html)) => html.push_str(&text),
                _ => self.inline.text(&text),
            },
            Event::Html(text) => match &mut self.html {
                Some(html) => html.push_str(&text),
                None => self.inline.dim(&text),
            },
            Event::InlineHtml(text) => self.inline.dim(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.inline.code(&text);
            }
            Event::FootnoteReference(label) => self.inline.dim(&format!("[{label}]")),
            Event::SoftBreak => self.inline.soft_break(),
            Event::HardBreak => self.flush_inline(),
            Event::Rule => self.rule(),
            Event::TaskListMarker(is_done) => self.containers.mark_task(is_done, self.theme),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => {
                self.containers.loosen();
                self.start_block();
            }
            Tag::Heading { level, .. } => {
                self.start_block();
                let style = self.heading_style(level);
                self.inline.open_style(style);
            }
            Tag::BlockQuote(_) => {
                self.start_block();
                self.containers.open_quote();
                self.inline.open_style(self.theme.quote);
            }
            Tag::CodeBlock(kind) => {
                self.start_block();
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((info, String::new()));
            }
            Tag::HtmlBlock => {
                self.start_block();
                self.html = Some(String::new());
            }
            Tag::List(next_number) => {
                self.start_block();
                self.containers.open_list(next_number);
            }
            Tag::Item => {
                if let Some(needs_gap) = self.containers.gap_before_entry() {
                    self.needs_gap = needs_gap;
                }
                if self.needs_gap {
                    self.start_block();
                }
                let mark = self.containers.next_mark(self.theme);
                self.containers.open_entry(mark);
            }
            Tag::FootnoteDefinition(label) => {
                self.start_block();
                let mark = format!("[{}] ", one_line(&label));
                self.containers.open_entry(Span::styled(mark, self.theme.dim));
            }
            Tag::Table(alignments) => {
                self.start_block();
                self.table = Some(Table::new(alignments));
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.start_row();
                }
            }
            Tag::Emphasis => self.inline.open_style(self.theme.emphasis),
            Tag::Strong => self.inline.open_style(self.theme.strong),
            Tag::Strikethrough => self.inline.open_style(self.theme.strike),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.inline.open_link(&dest_url);
            }
            Tag::TableCell
            | Tag::Superscript
            | Tag::Subscript
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.end_block(),
            TagEnd::Heading(_) => {
                self.inline.close_style();
                self.end_block();
            }
            TagEnd::BlockQuote(_) => {
                self.flush_inline();
                self.inline.close_style();
                self.containers.close();
                self.needs_gap = true;
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::HtmlBlock => self.end_html(),
            TagEnd::List(_) => {
                self.containers.close();
                self.needs_gap = true;
            }
            TagEnd::Item | TagEnd::FootnoteDefinition => {
                self.flush_inline();
                if self.containers.has_unwritten_mark() {
                    self.write(&[]);
                }
                self.containers.close();
                self.needs_gap |= matches!(tag, TagEnd::FootnoteDefinition);
            }
            TagEnd::Table => self.end_table(),
            TagEnd::TableCell => {
                let cell = self.inline.take();
                if let Some(table) = &mut self.table {
                    table.push_cell(cell);
                }
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.inline.close_style(),
            TagEnd::Link | TagEnd::Image => self.inline.close_link(),
            TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    fn heading_style(&self, level: HeadingLevel) -> Style {
        let style = self.theme.heading;
        match level {
            HeadingLevel::H1 => style.add_modifier(Modifier::UNDERLINED),
            HeadingLevel::H2 => style,
            _ => style.add_modifier(Modifier::ITALIC),
        }
    }

    /// Writes what a tight entry has said so far, and the gap before the next block.
    fn start_block(&mut self) {
        self.flush_inline();
        if std::mem::take(&mut self.needs_gap) && !self.lines.is_empty() {
            let gap = self.containers.gap(self.width, self.theme);
            self.gap.get_or_insert(gap);
        }
    }

    fn end_block(&mut self) {
        self.flush_inline();
        self.needs_gap = true;
    }

    fn rule(&mut self) {
        self.start_block();
        let rule = self.theme.glyphs.border.horizontal.repeat(self.room());
        self.write(&[Span::styled(rule, self.theme.border)]);
        self.needs_gap = true;
    }

    fn end_code(&mut self) {
        let Some((info, text)) = self.code.take() else {
            return;
        };
        let token = info.split([' ', ',', '{']).next().unwrap_or_default();
        let language = Language::from_token(&token.to_lowercase());
        let code = sanitize(&text);
        let mut rows = self.cache.rows(&code, language, self.theme);
        if rows.is_empty() {
            rows.push(Vec::new());
        }
        for row in rows {
            let mut indent = self.indent();
            indent.first.push(Span::raw(CODE_INDENT));
            indent.rest.push(Span::raw(CODE_INDENT));
            self.push(wrap_hard(&row, self.width, &indent));
        }
        self.needs_gap = true;
    }

    fn end_html(&mut self) {
        let text = self.html.take().unwrap_or_default();
        for line in sanitize(text.trim_end()).lines() {
            let span = Span::styled(line.as_str().to_owned(), self.theme.dim);
            self.write(&[span]);
        }
        self.needs_gap = true;
    }

    fn end_table(&mut self) {
        let Some(table) = self.table.take() else {
            return;
        };
        for line in table.lines(self.room(), self.theme) {
            let indent = self.indent();
            self.push(wrap_hard(&line, self.width, &indent));
        }
        self.needs_gap = true;
    }

    fn flush_inline(&mut self) {
        if !self.inline.is_empty() {
            let spans = self.inline.take();
            self.write(&spans);
        }
    }

    fn write(&mut self, spans: &[Span<'static>]) {
        let indent = self.indent();
        self.push(wrap(spans, self.width, &indent));
    }

    fn push(&mut self, lines: Vec<Line<'static>>) {
        self.lines.extend(self.gap.take());
        self.lines.extend(lines);
    }

    /// Columns beside the indent.
    fn room(&self) -> usize {
        let indent = self.containers.indent(self.theme).fitting(self.width);
        let used = width::of_spans(&indent.first).max(width::of_spans(&indent.rest));
        self.width - used
    }

    /// The indent of the next block, whose marks are then written.
    fn indent(&mut self) -> Indent {
        let indent = self.containers.indent(self.theme);
        self.containers.set_marks_written();
        indent
    }
}
