//! Colours and marks by what they mean.
//!
//! For naming every style and every mark once. Not for deciding which role a thing has: views ask
//! for `theme.failure`, never for red. This is the only file that names a colour.
//!
//! Invariants:
//! - Red and green stand for failure and success (and, in a diff, removed and added) only.
//! - Colour is never the only sign: whatever a colour says, a mark or a modifier says too.
//! - Under [`Theme::no_color`] no style carries a colour.

mod glyphs;

pub use glyphs::{BorderGlyphs, Glyphs};

use ratatui::style::{Color, Modifier, Style};

/// Styles of highlighted source code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syntax {
    /// Comments and documentation.
    pub comment: Style,
    /// String and character literals.
    pub string: Style,
    /// Numbers and named constants.
    pub constant: Style,
    /// Keywords and storage words.
    pub keyword: Style,
    /// Names of functions, and commands in a shell line.
    pub function: Style,
    /// Names of types, classes and tags.
    pub kind: Style,
    /// Parameters, options, attributes and keys.
    pub attribute: Style,
    /// Operators such as a pipe or a redirection.
    pub operator: Style,
}

/// Styles of a diff. The signs `+` and `-` say the same without colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffStyles {
    /// An added line.
    pub add: Style,
    /// The number and sign beside an added line.
    pub add_gutter: Style,
    /// What changed within an added line. Visible on blanks too.
    pub add_word: Style,
    /// A removed line.
    pub remove: Style,
    /// The number and sign beside a removed line.
    pub remove_gutter: Style,
    /// What changed within a removed line. Visible on blanks too.
    pub remove_word: Style,
    /// An unchanged line.
    pub context: Style,
    /// The number beside an unchanged line.
    pub gutter: Style,
    /// Gaps and remarks such as a missing newline.
    pub note: Style,
}

/// Every style by role, and the marks to go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// Ordinary text.
    pub text: Style,
    /// Secondary text: times, counts, hints.
    pub dim: Style,
    /// What the program itself wants to point at.
    pub accent: Style,
    /// Headings.
    pub heading: Style,
    /// Emphasised words.
    pub emphasis: Style,
    /// Strongly emphasised words.
    pub strong: Style,
    /// Struck-out words.
    pub strike: Style,
    /// Links and addresses.
    pub link: Style,
    /// Inline code and code without a known language.
    pub code: Style,
    /// Quoted text.
    pub quote: Style,
    /// Done, allowed, connected.
    pub success: Style,
    /// Failed, denied, lost.
    pub failure: Style,
    /// Worth a look before going on.
    pub warning: Style,
    /// Rules are switched off. Red in every coloured theme, and never overridden.
    pub danger: Style,
    /// What the person wrote.
    pub prompt: Style,
    /// Thinking, as opposed to speaking.
    pub thinking: Style,
    /// The selected row.
    pub selection: Style,
    /// A search hit.
    pub search_match: Style,
    /// Frames.
    pub border: Style,
    /// The frame that has the focus.
    pub border_focus: Style,
    /// Everything behind an open dialog.
    pub backdrop: Style,
    /// A key in a hint.
    pub key: Style,
    /// A small label on a coloured ground: counts, modes.
    pub badge: Style,
    /// A badge for what waits for the person.
    pub badge_waiting: Style,
    /// A badge for what failed.
    pub badge_failure: Style,
    /// A character that would not show itself, made visible.
    pub hidden_char: Style,
    /// A tab, made visible. Ordinary, so quieter than `hidden_char`.
    pub tab: Style,
    /// A word that imitates another.
    pub lookalike: Style,
    /// The filled part of a bar.
    pub bar_full: Style,
    /// The empty part of a bar.
    pub bar_empty: Style,
    /// Idle sessions.
    pub state_idle: Style,
    /// Working sessions.
    pub state_working: Style,
    /// Sessions that wait for the person.
    pub state_waiting: Style,
    /// Sessions that stopped with an error.
    pub state_error: Style,
    /// Diffs.
    pub diff: DiffStyles,
    /// Source code.
    pub syntax: Syntax,
    /// The marks.
    pub glyphs: Glyphs,
}

/// The handful of colours a theme is made of. `None` leaves the terminal's own.
#[derive(Debug, Clone, Copy)]
struct Palette {
    accent: Option<Color>,
    link: Option<Color>,
    code: Option<Color>,
    success: Option<Color>,
    failure: Option<Color>,
    warning: Option<Color>,
    prompt: Option<Color>,
    dim: Option<Color>,
    selection_ground: Option<Color>,
    keyword: Option<Color>,
    string: Option<Color>,
    constant: Option<Color>,
    kind: Option<Color>,
}

const ANSI: Palette = Palette {
    // No blue: on many dark grounds it cannot be read.
    accent: Some(Color::Cyan),
    link: None,
    code: Some(Color::Cyan),
    success: Some(Color::Green),
    failure: Some(Color::Red),
    warning: Some(Color::Yellow),
    prompt: None,
    // "Bright black" is the background in some popular palettes; the modifier is safe in all.
    dim: None,
    selection_ground: None,
    keyword: Some(Color::Magenta),
    string: Some(Color::Cyan),
    constant: None,
    kind: Some(Color::Cyan),
};

// Entries of the 256 colours that mean the same everywhere, each at least 4.5:1 on every ground of `DARK_GROUNDS`.
const DARK: Palette = Palette {
    accent: Some(Color::Indexed(80)),
    link: Some(Color::Indexed(117)),
    code: Some(Color::Indexed(116)),
    success: Some(Color::Indexed(114)),
    failure: Some(Color::Indexed(210)),
    warning: Some(Color::Indexed(221)),
    prompt: Some(Color::Indexed(117)),
    dim: Some(Color::Indexed(248)),
    selection_ground: Some(Color::Indexed(237)),
    keyword: Some(Color::Indexed(183)),
    string: Some(Color::Indexed(116)),
    constant: Some(Color::Indexed(216)),
    kind: Some(Color::Indexed(80)),
};

// ... and on every ground of `LIGHT_GROUNDS`.
const LIGHT: Palette = Palette {
    accent: Some(Color::Indexed(23)),
    link: Some(Color::Indexed(25)),
    code: Some(Color::Indexed(23)),
    success: Some(Color::Indexed(22)),
    failure: Some(Color::Indexed(160)),
    warning: Some(Color::Indexed(94)),
    prompt: Some(Color::Indexed(25)),
    dim: Some(Color::Indexed(241)),
    selection_ground: Some(Color::Indexed(255)),
    keyword: Some(Color::Indexed(90)),
    string: Some(Color::Indexed(23)),
    constant: Some(Color::Indexed(25)),
    kind: Some(Color::Indexed(23)),
};

const NO_COLOR: Palette = Palette {
    accent: None,
    link: None,
    code: None,
    success: None,
    failure: None,
    warning: None,
    prompt: None,
    dim: None,
    selection_ground: None,
    keyword: None,
    string: None,
    constant: None,
    kind: None,
};

impl Default for Theme {
    fn default() -> Self {
        Self::ansi()
    }
}

impl Theme {
    /// The terminal's own sixteen colours: right on dark and light grounds alike.
    pub fn ansi() -> Self {
        Self::from_palette(&ANSI)
    }

    /// Light colours for a dark ground. Needs a terminal with 256 colours, like the next.
    pub fn dark() -> Self {
        Self::from_palette(&DARK)
    }

    /// Dark colours for a light ground.
    pub fn light() -> Self {
        Self::from_palette(&LIGHT)
    }

    /// Modifiers only, for `NO_COLOR`.
    pub fn no_color() -> Self {
        Self::from_palette(&NO_COLOR)
    }

    /// The same styles with other marks, for terminals without Unicode.
    #[must_use]
    pub fn with_glyphs(mut self, glyphs: Glyphs) -> Self {
        self.glyphs = glyphs;
        self
    }

    fn from_palette(palette: &Palette) -> Self {
        let plain = Style::new();
        let dim = palette.dim.map_or_else(|| plain.add_modifier(Modifier::DIM), |c| plain.fg(c));
        let accent = fg(palette.accent);
        let bold_accent = accent.add_modifier(Modifier::BOLD);
        let badge = |colour| fg(colour).add_modifier(Modifier::BOLD | Modifier::REVERSED);
        let selection = palette
            .selection_ground
            .map_or_else(|| plain.add_modifier(Modifier::REVERSED), |c| plain.bg(c).add_modifier(Modifier::BOLD));
        Self {
            text: plain,
            dim,
            accent,
            heading: bold_accent,
            emphasis: plain.add_modifier(Modifier::ITALIC),
            strong: plain.add_modifier(Modifier::BOLD),
            strike: plain.add_modifier(Modifier::CROSSED_OUT),
            link: fg(palette.link).add_modifier(Modifier::UNDERLINED),
            code: fg(palette.code),
            quote: dim.add_modifier(Modifier::ITALIC),
            success: fg(palette.success),
            failure: fg(palette.failure),
            warning: fg(palette.warning),
            danger: fg(palette.failure).add_modifier(Modifier::BOLD | Modifier::REVERSED),
            prompt: fg(palette.prompt).add_modifier(Modifier::BOLD),
            thinking: dim.add_modifier(Modifier::ITALIC),
            selection,
            search_match: fg(palette.warning).add_modifier(Modifier::REVERSED),
            border: dim,
            border_focus: bold_accent,
            backdrop: plain.add_modifier(Modifier::DIM),
            key: bold_accent,
            badge: badge(palette.accent),
            badge_waiting: badge(palette.warning),
            badge_failure: badge(palette.failure),
            hidden_char: fg(palette.warning)
                .add_modifier(Modifier::BOLD | Modifier::REVERSED)
                .remove_modifier(Modifier::DIM | Modifier::ITALIC),
            tab: dim,
            lookalike: fg(palette.warning)
                .add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
                .remove_modifier(Modifier::DIM | Modifier::ITALIC),
            bar_full: accent,
            bar_empty: dim,
            state_idle: fg(palette.success),
            state_working: accent,
            state_waiting: fg(palette.warning).add_modifier(Modifier::BOLD),
            state_error: fg(palette.failure).add_modifier(Modifier::BOLD),
            diff: DiffStyles {
                add: fg(palette.success),
                add_gutter: fg(palette.success),
                add_word: fg(palette.success).add_modifier(Modifier::REVERSED),
                remove: fg(palette.failure),
                remove_gutter: fg(palette.failure),
                remove_word: fg(palette.failure).add_modifier(Modifier::REVERSED),
                context: plain,
                gutter: dim,
                note: dim.add_modifier(Modifier::ITALIC),
            },
            syntax: Syntax {
                comment: dim.add_modifier(Modifier::ITALIC),
                string: fg(palette.string),
                constant: fg(palette.constant),
                keyword: fg(palette.keyword),
                // What runs is the brightest thing there is: the text's own colour.
                function: plain.add_modifier(Modifier::BOLD),
                kind: fg(palette.kind),
                attribute: fg(palette.constant),
                operator: fg(palette.keyword),
            },
            glyphs: Glyphs::unicode(),
        }
    }
}

fn fg(colour: Option<Color>) -> Style {
    colour.map_or_else(Style::new, |c| Style::new().fg(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_names_no_colour_anywhere() {
        let printed = format!("{:?}", Theme::no_color());
        for colour in ["Red", "Green", "Blue", "Cyan", "Magenta", "Yellow", "Indexed", "Rgb"] {
            assert!(!printed.contains(colour), "{colour} in {printed}");
        }
    }

    #[test]
    fn signs_that_matter_survive_without_colour() {
        let theme = Theme::no_color();
        for style in [
            theme.danger,
            theme.hidden_char,
            theme.selection,
            theme.state_waiting,
            theme.diff.add_word,
            theme.lookalike,
        ] {
            assert!(!style.add_modifier.is_empty());
        }
    }

    #[test]
    fn danger_is_red_in_every_coloured_theme() {
        assert_eq!(Theme::ansi().danger.fg, Some(Color::Red));
        assert_eq!(Theme::dark().danger.fg, Some(Color::Indexed(210)));
        assert_eq!(Theme::light().danger.fg, Some(Color::Indexed(160)));
    }

    /// Grounds of popular dark palettes: black, VS Code, One Dark, Nord, Ubuntu, Solarized.
    const DARK_GROUNDS: [u32; 6] = [0x00_0000, 0x1e_1e1e, 0x28_2c34, 0x2e_3440, 0x30_0a24, 0x00_2b36];
    /// ... and light ones: white, GitHub, Solarized.
    const LIGHT_GROUNDS: [u32; 4] = [0xff_ffff, 0xfa_fafa, 0xf5_f5f5, 0xfd_f6e3];

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(rgb: u32) -> f64 {
        let channel = |shift: u32| {
            let value = f64::from(rgb >> shift & 0xff) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    }

    fn contrast(one: u32, other: u32) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// The cube and the greys of the 256 colours, which terminals do not let palettes change.
    fn rgb(colour: Color) -> u32 {
        let Color::Indexed(index) = colour else { panic!("{colour:?} depends on the terminal's palette") };
        let index = u32::from(index);
        let level = |step: u32| if step == 0 { 0 } else { 55 + 40 * step };
        match index {
            16..=231 => {
                let cube = index - 16;
                level(cube / 36) << 16 | level(cube / 6 % 6) << 8 | level(cube % 6)
            }
            232..=255 => (8 + 10 * (index - 232)) * 0x01_0101,
            _ => panic!("{index} depends on the terminal's palette"),
        }
    }

    #[test]
    fn every_colour_of_text_can_be_read_on_every_ground() {
        for (palette, grounds) in [(DARK, &DARK_GROUNDS[..]), (LIGHT, &LIGHT_GROUNDS[..])] {
            let Palette { accent, link, code, success, failure, warning, prompt, dim, selection_ground, .. } = palette;
            let Palette { keyword, string, constant, kind, .. } = palette;
            let all = [accent, link, code, success, failure, warning, prompt, dim, keyword, string, constant, kind];
            for colour in all.into_iter().flatten() {
                let on_selection = selection_ground.map(rgb);
                let grounds = grounds.iter().copied().chain(on_selection.filter(|_| Some(colour) != dim));
                for ground in grounds {
                    let ratio = contrast(rgb(colour), ground);
                    assert!(ratio >= 4.5, "{colour:?} on {ground:06x}: {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn the_terminals_own_blue_is_used_for_no_text() {
        for theme in [Theme::ansi(), Theme::dark(), Theme::light(), Theme::no_color()] {
            assert!(!format!("{theme:?}").contains("Blue"));
        }
    }
}
