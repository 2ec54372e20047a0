//! What a change does that its lines do not show.

use std::borrow::Cow;

use super::edit::Made;
use super::encoding::Encoding;
use super::encoding::with_lf;
use super::units;
use super::units::MARK;
use super::units::NEWLINE;
use super::units::RETURN;
use crate::core::figures::count;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// So many bytes of the file are no text and will be gone: each becomes U+FFFD.
    BytesLost(usize),
    /// The ends of so many lines change.
    Ends {
        now: LineEnd,
        n: usize,
    },
    /// All lines of a new file end so.
    NewEnds(LineEnd),
    MarkGone,
    MarkAdded,
    Utf16,
    /// It is written as UTF-16 without the mark that says so.
    Unmarked,
    CurlyQuotes,
    Escapes,
    Joins,
    /// So many places of the text stay.
    Left(usize),
    /// So many other names keep the old file.
    OtherNames(u64),
    ReadOnly,
    /// The outputs of the cell are gone.
    OutputsGone,
    /// The whole notebook is written anew: so many other lines change their form.
    Rewritten(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    Lf,
    Crlf,
}

impl LineEnd {
    pub fn name(self) -> &'static str {
        match self {
            Self::Lf => "LF",
            Self::Crlf => "CRLF",
        }
    }
}

impl Remark {
    /// Whether something is lost that nobody asked for.
    pub fn is_danger(&self) -> bool {
        matches!(self, Self::BytesLost(_) | Self::Unmarked)
    }

    pub fn describe(&self) -> Cow<'static, str> {
        match self {
            Self::BytesLost(n) => {
                let bytes = count(*n as u64, "byte", "bytes");
                let are = if *n == 1 { "that is" } else { "that are" };
                format!("{bytes} {are} no text will be lost for good: the whole file is written anew.").into()
            }
            Self::Ends { now, n } => {
                let lines = count(*n as u64, "line changes its end", "lines change their ends");
                format!("Line ends become {} in the whole file: {lines}.", now.name()).into()
            }
            Self::NewEnds(end) => format!("Its lines end in {}.", end.name()).into(),
            Self::MarkGone => "The byte order mark at its beginning goes.".into(),
            Self::MarkAdded => "A byte order mark is put at its beginning.".into(),
            Self::Utf16 => "The file is UTF-16, and stays so.".into(),
            Self::Unmarked => {
                "The file is written as UTF-16 without the mark that says so: other programs may not read it.".into()
            }
            Self::CurlyQuotes => "The file has curly quotes here: they are found by straight ones, and kept.".into(),
            Self::Escapes => "The file and the edit spell some characters differently (\\uXXXX).".into(),
            Self::Joins => "The newline behind it goes too: the next line is joined on.".into(),
            Self::Left(n) => {
                let places = count(*n as u64, "other place stays", "other places stay");
                format!("{places}: only those at the end of a line are taken out.").into()
            }
            Self::OtherNames(n) => {
                let names = count(*n, "other name", "other names");
                format!("The file has {names} (hard links), which will keep the old text.").into()
            }
            Self::ReadOnly => "The file is write-protected; the CLI replaces it all the same.".into(),
            Self::OutputsGone => "The outputs of the cell are taken out.".into(),
            Self::Rewritten(n) => {
                let lines = count(*n as u64, "other line changes its form", "other lines change their form");
                format!("The whole notebook is written anew: {lines}.").into()
            }
        }
    }
}

/// A text as it is shown, and what its characters do not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Face {
    /// Without a byte order mark; with CRLF only when the face is raw.
    pub(super) text: String,
    pub(super) ends: Ends,
    pub(super) has_mark: bool,
    pub(super) encoding: Encoding,
    n_lost: usize,
}

/// How many lines end how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    n_lf: usize,
    n_crlf: usize,
}

impl Ends {
    fn of(raw: &[u16]) -> Self {
        let n_crlf = raw.windows(2).filter(|pair| *pair == [RETURN, NEWLINE]).count();
        Self { n_lf: raw.iter().filter(|unit| **unit == NEWLINE).count() - n_crlf, n_crlf }
    }

    fn is_mixed(self) -> bool {
        self.n_lf > 0 && self.n_crlf > 0
    }

    /// The end that all lines have.
    pub(super) fn only(self) -> Option<LineEnd> {
        match (self.n_lf, self.n_crlf) {
            (0, 0) => None,
            (_, 0) => Some(LineEnd::Lf),
            (0, _) => Some(LineEnd::Crlf),
            _ => None,
        }
    }

    fn n_other_than(self, end: LineEnd) -> usize {
        match end {
            LineEnd::Lf => self.n_crlf,
            LineEnd::Crlf => self.n_lf,
        }
    }
}

impl Face {
    fn new(encoding: Encoding, bytes: &[u8]) -> (Self, Vec<u16>) {
        let (mut raw, n_lost) = encoding.decode(bytes);
        let has_mark = raw.first() == Some(&MARK);
        if has_mark {
            raw.remove(0);
        }
        (Self { text: String::new(), ends: Ends::of(&raw), has_mark, encoding, n_lost }, raw)
    }
}

/// The two sides of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Faces {
    pub(super) old: Option<Face>,
    pub(super) new: Face,
    /// Line ends are in the texts; else each line of the new one ends as its face says.
    pub(super) is_raw: bool,
}

/// The two texts of a change as they are shown.
pub(super) fn faces(before: Option<&[u8]>, made: &Made) -> Faces {
    let old = before.map(|bytes| Face::new(Encoding::of(bytes), bytes));
    let (mut new, new_raw) = Face::new(made.encoding, &made.bytes);
    let is_crlf = |ends: Ends| ends.only() == Some(LineEnd::Crlf);
    let old_ends = old.as_ref().map(|(old, _)| old.ends);
    // Mixed ends are shown line by line; where both sides have CRLF, the comparison says so itself.
    let is_raw = new.ends.is_mixed()
        || (is_crlf(new.ends) && old_ends.is_some_and(is_crlf))
        || (new.ends.only().is_none() && old_ends.is_some_and(Ends::is_mixed));
    let shown = |raw: &[u16]| if is_raw { units::to_text(raw) } else { units::to_text(&with_lf(raw)) };
    new.text = shown(&new_raw);
    let old = old.map(|(mut old, raw)| {
        old.text = shown(&raw);
        old
    });
    Faces { old, new, is_raw }
}

/// What is said beside the texts.
pub(super) fn remarks(faces: &Faces, made: &Made) -> Vec<Remark> {
    let Faces { old, new, is_raw } = faces;
    let old = old.as_ref();
    let n_lost = old.map_or(0, |old| old.n_lost);
    let had_mark = old.is_some_and(|old| old.has_mark);
    let is_utf16 = new.encoding == Encoding::Utf16;
    let is_same = old.is_some_and(|old| old.ends == new.ends && old.text == new.text && had_mark == new.has_mark);
    let mut remarks = Vec::new();
    let mut say = |remark: Remark, when: bool| {
        if when {
            remarks.push(remark);
        }
    };
    say(Remark::BytesLost(n_lost), n_lost > 0);
    say(Remark::Unmarked, is_utf16 && !new.has_mark && !new.text.is_empty());
    if let Some(now) = new.ends.only().filter(|_| !is_raw) {
        let n = old.map_or(0, |old| old.ends.n_other_than(now));
        say(Remark::Ends { now, n }, n > 0);
        say(Remark::NewEnds(now), n == 0 && now == LineEnd::Crlf);
    }
    say(Remark::Utf16, is_utf16 && new.has_mark);
    say(Remark::MarkGone, had_mark && !new.has_mark && !is_utf16);
    say(Remark::MarkAdded, !had_mark && new.has_mark);
    let ways = made.ways;
    say(Remark::CurlyQuotes, ways.quotes && !is_same);
    say(Remark::Escapes, ways.escapes);
    say(Remark::Joins, ways.joins);
    say(Remark::Left(ways.n_left), ways.n_left > 0);
    remarks
}
