//! Bytes to the text that the CLI works on, and back.

use super::refusal::Refusal;
use super::rules::CliRules;
use super::units;
use super::units::MARK;
use super::units::NEWLINE;
use super::units::RETURN;

/// Line ends are judged by so many units at the beginning of a file.
const HEAD: usize = 4096;
/// NUL bytes are looked for in so many bytes at the beginning.
const NUL_HEAD: usize = 8000;
const UTF16_LE: &[u8] = &[0xFF, 0xFE];
const UTF16_BE: &[u8] = &[0xFE, 0xFF];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// Little-endian, told by its byte order mark.
    Utf16,
}

impl Encoding {
    pub(super) fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(UTF16_LE) { Self::Utf16 } else { Self::Utf8 }
    }

    /// The text with its byte order mark and line ends, and how many bytes or pieces of text are no part of any.
    pub(super) fn decode(self, bytes: &[u8]) -> (Vec<u16>, usize) {
        match self {
            Self::Utf16 => {
                let (pairs, rest) = bytes.as_chunks::<2>();
                (pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect(), rest.len())
            }
            Self::Utf8 => {
                let n_bad = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
                (units::of(&String::from_utf8_lossy(bytes)), n_bad)
            }
        }
    }

    pub(super) fn encode(self, text: &[u16]) -> Vec<u8> {
        match self {
            Self::Utf16 => text.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            Self::Utf8 => units::to_text(text).into_bytes(),
        }
    }
}

/// Whether the CLI will not touch a file with these bytes.
pub(super) fn check(rules: CliRules, bytes: &[u8]) -> Result<(), Refusal> {
    if rules.is_old() || bytes.starts_with(UTF16_LE) {
        return Ok(());
    }
    let has_nul = bytes[..bytes.len().min(NUL_HEAD)].contains(&0);
    if bytes.starts_with(UTF16_BE) || has_nul || std::str::from_utf8(bytes).is_err() {
        return Err(Refusal::Encoding);
    }
    Ok(())
}

/// A file as the CLI reads it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) encoding: Encoding,
    /// Its lines are taken to end in CRLF.
    is_crlf: bool,
    /// A byte order mark was taken off.
    has_mark: bool,
    /// With LF as line ends; a lone CR stays.
    pub(super) text: Vec<u16>,
}

impl Decoded {
    pub(super) fn new(rules: CliRules, bytes: &[u8]) -> Self {
        let encoding = Encoding::of(bytes);
        let (mut text, _) = encoding.decode(bytes);
        let head = &text[..text.len().min(HEAD)];
        let n_crlf = head.windows(2).filter(|pair| *pair == [RETURN, NEWLINE]).count();
        let n_lf = head.iter().filter(|unit| **unit == NEWLINE).count() - n_crlf;
        let has_mark = !rules.is_old() && text.first() == Some(&MARK);
        if has_mark {
            text.remove(0);
        }
        Self { encoding, is_crlf: n_crlf > n_lf, has_mark, text: with_lf(&text) }
    }

    /// The file with this text, in its own line ends.
    pub(super) fn save_with_ends(&self, text: &[u16], is_whole: bool) -> Vec<u8> {
        if self.is_crlf { self.save(&with_crlf(&with_lf(text)), is_whole) } else { self.save(text, is_whole) }
    }

    /// The file with this text. `is_whole`: the text came as a whole, not as an edit of what is there.
    pub(super) fn save(&self, text: &[u16], is_whole: bool) -> Vec<u8> {
        let is_marked = is_whole && (text.is_empty() || text[0] == MARK);
        if !self.has_mark || is_marked {
            return self.encoding.encode(text);
        }
        let marked: Vec<u16> = std::iter::once(MARK).chain(text.iter().copied()).collect();
        self.encoding.encode(&marked)
    }
}

/// Each CRLF as LF, in one pass.
pub(super) fn with_lf(text: &[u16]) -> Vec<u16> {
    let followed = text.iter().skip(1).map(Some).chain([None]);
    let kept = text.iter().zip(followed).filter(|(unit, next)| !(**unit == RETURN && *next == Some(&NEWLINE)));
    kept.map(|(unit, _)| *unit).collect()
}

/// Each LF as CRLF.
pub(super) fn with_crlf(text: &[u16]) -> Vec<u16> {
    let mut out = Vec::with_capacity(text.len());
    for unit in text {
        if *unit == NEWLINE {
            out.push(RETURN);
        }
        out.push(*unit);
    }
    out
}
