//! The text within a block: words, their styles and links.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::tui::render::sanitize::sanitize;
use crate::tui::render::width;
use crate::tui::theme::Theme;

/// Collects styled text until a block is complete.
#[derive(Debug)]
pub(super) struct Inline<'t> {
    theme: &'t Theme,
    spans: Vec<Span<'static>>,
    styles: Vec<Style>,
    links: Vec<Link>,
}

#[derive(Debug)]
struct Link {
    url: String,
    text: String,
}

impl<'t> Inline<'t> {
    pub(super) fn new(theme: &'t Theme) -> Self {
        Self { theme, spans: Vec::new(), styles: Vec::new(), links: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    pub(super) fn take(&mut self) -> Vec<Span<'static>> {
        std::mem::take(&mut self.spans)
    }

    /// Lays a style over what is open until the matching [`Inline::close_style`].
    pub(super) fn open_style(&mut self, style: Style) {
        self.styles.push(self.style().patch(style));
    }

    pub(super) fn close_style(&mut self) {
        self.styles.pop();
    }

    pub(super) fn text(&mut self, text: &str) {
        self.push(text, self.style());
    }

    pub(super) fn code(&mut self, text: &str) {
        let code = self.theme.code;
        // Without a colour only the quotes tell code from prose.
        if code == Style::new() {
            self.push(&format!("`{text}`"), self.style());
        } else {
            self.push(text, self.style().patch(code));
        }
    }

    pub(super) fn dim(&mut self, text: &str) {
        self.push(text, self.style().patch(self.theme.dim));
    }

    /// A line break in the source. Scripts without blanks between words need none here.
    pub(super) fn soft_break(&mut self) {
        let last = self.spans.last().and_then(|span| span.content.chars().last());
        if last.is_none_or(|c| width::of_char(c) < 2) {
            self.text(" ");
        }
    }

    pub(super) fn open_link(&mut self, url: &str) {
        self.links.push(Link { url: one_line(url), text: String::new() });
        self.open_style(self.theme.link);
    }

    /// Ends a link and names its address unless the text already did.
    pub(super) fn close_link(&mut self) {
        self.close_style();
        let Some(link) = self.links.pop() else {
            return;
        };
        let named = link.url.strip_prefix("mailto:").unwrap_or(&link.url);
        if link.url.is_empty() || link.text == named {
            return;
        }
        self.dim(&format!(" ({})", link.url));
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or(self.theme.text)
    }

    fn push(&mut self, text: &str, style: Style) {
        let text = one_line(text);
        for link in &mut self.links {
            link.text.push_str(&text);
        }
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(&text),
            _ => self.spans.push(Span::styled(text, style)),
        }
    }
}

/// The parser decodes entities, so what it hands out may hold anything again.
pub(super) fn one_line(text: &str) -> String {
    sanitize(text).as_str().replace('\n', " ")
}
