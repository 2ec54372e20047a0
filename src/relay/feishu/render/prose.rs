//! Markdown of the model, read by the rules and written anew, so that only what we know is left of it.
//!
//! Headings, emphasis, lists, quotes, tables and code stay; tags are shown as text, links by their targets, with an arrow
//! that opens what stands there in full, and of
//! images only their words are left. What Markdown would leave out is shown: definitions, titles, cells beyond the last
//! column, what stands beside the language of code. Invariants: every character of a text that could begin markup is escaped, as
//! Feishu documents it; what a text hides by an entity is revealed too.

use std::ops::Range;

use pulldown_cmark::CodeBlockKind;
use pulldown_cmark::Event;
use pulldown_cmark::HeadingLevel;
use pulldown_cmark::Options;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;
use pulldown_cmark::TagEnd;
use pulldown_cmark::TextMergeWithOffset;

use super::text;

/// Containers within each other that are drawn; what is deeper is drawn at this depth.
const MAX_DEPTH: usize = 6;

/// The same without anything that draws more than it says. Tables are drawn while some are left.
pub(super) fn safe(markdown: &str, n_tables_left: &mut usize) -> String {
    let calm = text::calm(markdown);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let parser = Parser::new_ext(&calm, options);
    let mut definitions: Vec<Range<usize>> =
        parser.reference_definitions().iter().map(|(_, definition)| definition.span.clone()).collect();
    definitions.sort_by_key(|span| span.start);
    let mut writer = Writer::new(n_tables_left);
    for (event, place) in TextMergeWithOffset::new(parser.into_offset_iter()) {
        match &event {
            Event::End(TagEnd::TableCell) => writer.shown_to = place.end,
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => {
                let beyond = calm.get(writer.shown_to..place.end).unwrap_or_default();
                writer.beyond(beyond);
            }
            _ => {}
        }
        writer.event(event);
    }
    for span in definitions {
        writer.is_apart = true;
        writer.block();
        writer.escaped(calm.get(span).unwrap_or_default());
    }
    writer.out.trim().to_owned()
}

/// What an address begins with that may be opened.
const SECURE: &str = "https://";
/// A longer one is read by nobody.
const MAX_ADDRESS: usize = 400;

fn is_of_address(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~/?=&%+#:".contains(c)
}

/// Whether an address is what it looks like: encrypted, of a host with a plain name, nobody's name before it.
fn is_plain_address(address: &str) -> bool {
    let Some(rest) = address.strip_prefix(SECURE).filter(|_| address.len() <= MAX_ADDRESS) else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, "443"));
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    name.contains('.')
        && name.split('.').all(is_name)
        && !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && rest.chars().all(is_of_address)
}

/// What surrounds a line.
#[derive(Debug, Clone, Copy)]
enum Around {
    Quote,
    /// Of a list: as wide as its mark.
    Item(usize),
}

#[derive(Debug)]
struct Writer<'a> {
    out: String,
    around: Vec<Around>,
    /// The next number of each list around; none for one without.
    lists: Vec<Option<u64>>,
    /// Targets of the links around, and the words of each.
    links: Vec<(String, String)>,
    code: Option<(String, String)>,
    table: Option<Table>,
    /// Nothing but what surrounds it stands on this line.
    is_line_start: bool,
    /// A blank line is due before the next block.
    is_apart: bool,
    in_heading: bool,
    n_tables_left: &'a mut usize,
    /// Where the last cell of a table ends in what is read.
    shown_to: usize,
}

#[derive(Debug, Clone, Copy)]
struct Table {
    is_drawn: bool,
    n_columns: usize,
    n_cells: usize,
}

impl<'a> Writer<'a> {
    fn new(n_tables_left: &'a mut usize) -> Self {
        Self {
            out: String::new(),
            around: Vec::new(),
            lists: Vec::new(),
            links: Vec::new(),
            code: None,
            table: None,
            is_line_start: true,
            is_apart: false,
            in_heading: false,
            n_tables_left,
            shown_to: 0,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some((_, code)) => code.push_str(&text),
                None => self.text(&text),
            },
            Event::Code(code) => self.inline_code(&code),
            Event::Html(text) | Event::InlineHtml(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.text(text.trim_end_matches('\n'));
            }
            Event::SoftBreak | Event::HardBreak => self.line_break(),
            Event::Rule => {
                self.block();
                self.raw("---");
                self.is_apart = true;
            }
            Event::TaskListMarker(is_done) => self.raw(if is_done { "☑ " } else { "☐ " }),
            Event::FootnoteReference(name) => self.text(&format!("[{name}]")),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.block(),
            Tag::Heading { level, .. } => {
                self.block();
                self.raw(&"#".repeat(depth(level)));
                self.raw(" ");
                self.in_heading = true;
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.around.push(Around::Quote);
                if self.around.len() <= MAX_DEPTH {
                    self.out.push_str("> ");
                }
            }
            Tag::CodeBlock(kind) => {
                self.block();
                self.code = Some((self.language(&kind), String::new()));
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.block();
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Table(columns) => {
                self.block();
                let is_drawn = *self.n_tables_left > 0;
                *self.n_tables_left = self.n_tables_left.saturating_sub(1);
                self.table = Some(Table { is_drawn, n_columns: columns.len(), n_cells: 0 });
            }
            Tag::TableHead | Tag::TableRow => self.row(),
            Tag::TableCell => self.cell(),
            Tag::Emphasis => self.raw("*"),
            Tag::Strong => self.raw("**"),
            Tag::Strikethrough => self.raw("~~"),
            Tag::Link { dest_url, title, .. } => {
                let title = if title.is_empty() { String::new() } else { format!(" “{title}”") };
                self.links.push((format!("{dest_url}{title}"), String::new()));
            }
            Tag::Image { .. } => {
                self.text("[image: ");
                self.links.push((String::new(), String::new()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.is_apart = true,
            TagEnd::Heading(_) => {
                self.in_heading = false;
                self.is_apart = true;
            }
            TagEnd::BlockQuote(_) | TagEnd::Item => {
                self.around.pop();
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.is_apart = true;
            }
            TagEnd::CodeBlock => self.code_block(),
            TagEnd::Table => {
                self.table = None;
                self.is_apart = true;
            }
            TagEnd::TableHead => self.head_end(),
            TagEnd::TableRow => self.row_end(),
            TagEnd::Emphasis => self.raw("*"),
            TagEnd::Strong => self.raw("**"),
            TagEnd::Strikethrough => self.raw("~~"),
            TagEnd::Link => {
                if let Some((target, words)) = self.links.pop() {
                    if target != words {
                        self.escaped(&text::calm(&format!(" ({target})")));
                    }
                    self.tappable(&target);
                }
            }
            TagEnd::Image => {
                self.links.pop();
                self.text("]");
            }
            _ => {}
        }
    }

    /// A block begins: on a line of its own, and apart from the one before.
    fn block(&mut self) {
        if self.out.is_empty() {
            return;
        }
        if !self.is_line_start {
            self.newline();
        }
        if std::mem::take(&mut self.is_apart) {
            self.newline();
        }
    }

    fn newline(&mut self) {
        let bare = self.out.trim_end_matches(' ').len();
        self.out.truncate(bare);
        self.out.push('\n');
        for around in self.around.iter().take(MAX_DEPTH) {
            match around {
                Around::Quote => self.out.push_str("> "),
                Around::Item(width) => self.out.extend(std::iter::repeat_n(' ', *width)),
            }
        }
        self.is_line_start = true;
    }

    /// Where a block has one line only, a blank.
    fn line_break(&mut self) {
        if self.in_heading || self.table.is_some() {
            self.raw(" ");
        } else {
            self.newline();
        }
    }

    fn item(&mut self) {
        let is_first = self.is_line_start;
        if !is_first {
            self.newline();
        }
        self.is_apart = false;
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            _ => "- ".to_owned(),
        };
        if self.around.len() < MAX_DEPTH {
            self.out.push_str(&mark);
        }
        self.around.push(Around::Item(mark.len()));
        self.is_line_start = true;
    }

    /// The language of a box; what is said beside it stands before it.
    fn language(&mut self, kind: &CodeBlockKind<'_>) -> String {
        let CodeBlockKind::Fenced(info) = kind else { return String::new() };
        match info.split_once(' ') {
            Some((language, _)) => {
                self.text(info);
                self.newline();
                language.to_owned()
            }
            None => info.to_string(),
        }
    }

    fn code_block(&mut self) {
        let Some((language, code)) = self.code.take() else { return };
        let fenced = text::fenced(&language, code.trim_end_matches('\n'));
        for (nth, line) in fenced.split('\n').enumerate() {
            if nth > 0 {
                self.newline();
            }
            self.raw(line);
        }
        self.is_apart = true;
    }

    fn inline_code(&mut self, code: &str) {
        let shown = text::calm(code).replace('\n', " ");
        if let Some((_, words)) = self.links.last_mut() {
            words.push_str(code);
        }
        // In a table a bar would end the cell, even in code.
        let is_plain = shown.contains(['`', '|']) || shown.trim() != shown || shown.is_empty();
        if is_plain {
            self.escaped(&shown);
        } else {
            self.raw(&format!("`{}`", text::broken(&shown)));
        }
    }

    fn row(&mut self) {
        if !self.is_line_start {
            self.newline();
        }
        if let Some(table) = &mut self.table {
            table.n_cells = 0;
            if table.is_drawn {
                self.raw("|");
            }
        }
    }

    fn cell(&mut self) {
        let Some(table) = &mut self.table else { return };
        table.n_cells += 1;
        let (is_drawn, is_first) = (table.is_drawn, table.n_cells == 1);
        if is_drawn {
            self.raw(if is_first { " " } else { " | " });
        } else if !is_first {
            self.escaped(" | ");
        }
    }

    /// What stands in a row after the last column.
    fn beyond(&mut self, source: &str) {
        let rest = source.trim_matches(|c: char| c.is_whitespace() || c == '|');
        if !rest.is_empty() {
            self.escaped(&format!(" | {}", rest.replace('\n', " ")));
        }
    }

    fn row_end(&mut self) {
        if self.table.is_some_and(|table| table.is_drawn) {
            self.raw(" |");
        }
    }

    fn head_end(&mut self) {
        self.row_end();
        let Some(table) = self.table.filter(|table| table.is_drawn) else { return };
        self.newline();
        self.raw(&format!("|{}", " --- |".repeat(table.n_columns)));
    }

    /// What we write ourselves.
    fn raw(&mut self, text: &str) {
        self.out.push_str(text);
        self.is_line_start = false;
    }

    /// A text of the model's.
    fn text(&mut self, text: &str) {
        if let Some((_, words)) = self.links.last_mut() {
            words.push_str(text);
        }
        let calm = text::calm(text);
        let mut rest = calm.as_str();
        // Inside a link its target is what can be tapped.
        while let Some(at) = rest.find(SECURE).filter(|_| self.links.is_empty()) {
            let end = at + rest[at..].find(|c| !is_of_address(c)).unwrap_or(rest.len() - at);
            let address = rest[at..end].trim_end_matches(['.', ':', '?', '-']);
            let end = at + address.len();
            self.escaped(&rest[..end]);
            self.tappable(address);
            rest = &rest[end..];
        }
        self.escaped(rest);
    }

    /// An arrow that opens an address which stands before it in full: what is tapped is what was read.
    fn tappable(&mut self, address: &str) {
        if is_plain_address(address) {
            self.raw(&format!(" [↗]({address})"));
        }
    }

    fn escaped(&mut self, text: &str) {
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            if c == '\n' {
                self.line_break();
                continue;
            }
            if c == ' ' && self.is_line_start {
                continue;
            }
            let next = rest.peek().copied();
            if self.is_markup(c, next) {
                self.out.push_str(&format!("&#{};", u32::from(c)));
            } else {
                self.out.push(c);
            }
            self.is_line_start = false;
        }
    }

    /// Whether the character could be read as more than itself where it comes to stand.
    fn is_markup(&self, c: char, next: Option<char>) -> bool {
        let last = self.out.chars().next_back();
        match c {
            '<' | '&' | '*' | '`' | '~' | '\\' | '|' | '@' | '#' => true,
            '_' => {
                let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                !(is_word(last) && is_word(next))
            }
            '(' | '[' => last == Some(']'),
            // Also the beginning of an emoji by name, and of an address.
            ':' => last == Some(']') || next.is_none_or(|c| c.is_alphanumeric() || matches!(c, '/' | '_' | '+')),
            '>' | '-' | '+' | '=' => self.is_line_start,
            '.' | ')' => self.is_number_at_line_start(),
            _ => false,
        }
    }

    /// The line so far is a number, so that a dot would make it an item of a list.
    fn is_number_at_line_start(&self) -> bool {
        let line = self.out.rsplit('\n').next().unwrap_or_default();
        let number = line.trim_start_matches(['>', ' ', '-']);
        let number = number.rsplit(' ').next().unwrap_or_default();
        !number.is_empty() && number.len() <= 9 && number.bytes().all(|byte| byte.is_ascii_digit())
    }
}

fn depth(level: HeadingLevel) -> usize {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
