//! Marks in two spellings: Unicode, and ASCII of the same meaning.
//!
//! Invariant: every mark is one cell wide unless its field says otherwise, so columns line up in
//! either spelling.

/// The parts of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BorderGlyphs {
    /// A horizontal edge.
    pub horizontal: &'static str,
    /// A vertical edge.
    pub vertical: &'static str,
    /// Corners, clockwise from the upper left.
    pub corners: [&'static str; 4],
    /// Where a line across meets the left and the right edge.
    pub tees: [&'static str; 2],
    /// Where two lines cross.
    pub cross: &'static str,
}

/// Every mark the screen uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// A session that waits for a prompt.
    pub idle: &'static str,
    /// A session that works, where nothing may turn.
    pub working: &'static str,
    /// A session that needs the person.
    pub waiting: &'static str,
    /// A session that stopped with an error.
    pub error: &'static str,
    /// A session that a usage limit has stopped.
    pub limited: &'static str,
    /// A session or task in the background.
    pub background: &'static str,
    /// A conversation that is only looked at.
    pub followed: &'static str,
    /// A git worktree of its own.
    pub worktree: &'static str,
    /// Frames of the mark for something that runs now.
    pub spinner: &'static [&'static str],
    /// Done.
    pub success: &'static str,
    /// Failed or denied.
    pub failure: &'static str,
    /// Worth a look.
    pub warning: &'static str,
    /// Unfolded.
    pub unfolded: &'static str,
    /// Folded, or the step in hand.
    pub folded: &'static str,
    /// A step to come.
    pub pending: &'static str,
    /// Before what the person writes.
    pub prompt: &'static str,
    /// Before a list entry, by depth.
    pub bullets: [&'static str; 3],
    /// An open and a ticked task in a list. Three cells wide in ASCII.
    pub tasks: [&'static str; 2],
    /// Beside quoted text.
    pub quote_bar: &'static str,
    /// Where text was cut off. May be wider than a cell in ASCII.
    pub ellipsis: &'static str,
    /// Where lines were left out.
    pub gap: &'static str,
    /// A tab, before its blanks.
    pub tab: &'static str,
    /// A filled piece of a bar.
    pub bar_full: &'static str,
    /// An empty piece of a bar.
    pub bar_empty: &'static str,
    /// More above.
    pub up: &'static str,
    /// More below.
    pub down: &'static str,
    /// Sent, as in tokens.
    pub sent: &'static str,
    /// Received, as in tokens.
    pub received: &'static str,
    /// Used again, as in cached tokens.
    pub cached: &'static str,
    /// Put aside for later, as in tokens written to a cache.
    pub stored: &'static str,
    /// Leads from one thing to another.
    pub arrow: &'static str,
    /// Between facts on one line.
    pub separator: &'static str,
    /// Around a character that would not show itself.
    pub hidden_brackets: [&'static str; 2],
    /// Boxes.
    pub border: BorderGlyphs,
}

impl Default for Glyphs {
    fn default() -> Self {
        Self::unicode()
    }
}

impl Glyphs {
    /// For terminals and fonts with Unicode.
    pub const fn unicode() -> Self {
        Self {
            idle: "●",
            working: "◐",
            waiting: "▲",
            error: "✗",
            limited: "⊘",
            background: "◌",
            followed: "◎",
            worktree: "⎇",
            spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
            success: "✓",
            failure: "✗",
            warning: "⚠",
            unfolded: "▾",
            folded: "▸",
            pending: "·",
            prompt: "❯",
            bullets: ["•", "◦", "▪"],
            tasks: ["☐", "☑"],
            quote_bar: "▎",
            ellipsis: "…",
            gap: "⋯",
            tab: "→",
            bar_full: "▓",
            bar_empty: "░",
            up: "▲",
            down: "▼",
            sent: "↑",
            received: "↓",
            cached: "⟲",
            stored: "✎",
            arrow: "→",
            separator: "·",
            hidden_brackets: ["⟨", "⟩"],
            border: BorderGlyphs {
                horizontal: "─",
                vertical: "│",
                corners: ["╭", "╮", "╯", "╰"],
                tees: ["├", "┤"],
                cross: "┼",
            },
        }
    }

    /// For terminals without.
    pub const fn ascii() -> Self {
        Self {
            idle: "o",
            working: "*",
            waiting: "!",
            error: "x",
            limited: "%",
            background: "&",
            followed: "@",
            worktree: "%",
            spinner: &["|", "/", "-", "\\"],
            success: "+",
            failure: "x",
            warning: "!",
            unfolded: "v",
            folded: ">",
            pending: ".",
            prompt: ">",
            bullets: ["*", "-", "+"],
            tasks: ["[ ]", "[x]"],
            quote_bar: "|",
            ellipsis: "...",
            gap: "~",
            tab: ">",
            bar_full: "#",
            bar_empty: ".",
            up: "^",
            down: "v",
            sent: "^",
            received: "v",
            cached: "@",
            stored: "=",
            arrow: ">",
            separator: "-",
            hidden_brackets: ["<", ">"],
            border: BorderGlyphs {
                horizontal: "-",
                vertical: "|",
                corners: ["+", "+", "+", "+"],
                tees: ["+", "+"],
                cross: "+",
            },
        }
    }

    /// The frame of the spinner for a count of ticks.
    pub fn spinner_frame(&self, tick: usize) -> &'static str {
        let n_frames = self.spinner.len().max(1);
        self.spinner.get(tick % n_frames).copied().unwrap_or(self.working)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_glyphs_are_ascii() {
        assert!(format!("{:?}", Glyphs::ascii()).is_ascii(), "a mark without an ASCII twin");
    }

    #[test]
    fn spinner_goes_round() {
        let glyphs = Glyphs::unicode();
        assert_eq!(glyphs.spinner_frame(0), glyphs.spinner_frame(10));
        assert_ne!(glyphs.spinner_frame(0), glyphs.spinner_frame(1));
    }
}
