//! What Edit does to the bytes of a file.

use super::encoding;
use super::encoding::Decoded;
use super::encoding::Encoding;
use super::escapes;
use super::quotes;
use super::refusal::Refusal;
use super::rules::CliRules;
use super::units;
use super::units::NEWLINE;

/// One replacement, as the request has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Swap<'a> {
    pub(super) old: &'a str,
    pub(super) new: &'a str,
    pub(super) all: bool,
}

/// A file as it will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) bytes: Vec<u8>,
    pub(super) encoding: Encoding,
    pub(super) ways: Ways,
}

impl Made {
    pub(super) fn new(bytes: Vec<u8>, encoding: Encoding) -> Self {
        Self { bytes, encoding, ways: Ways::default() }
    }
}

/// What the request does not show of how the text was replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ways {
    /// The file's curly quotes were found by straight ones.
    pub(super) quotes: bool,
    /// Characters were found, or are put, as escapes.
    pub(super) escapes: bool,
    /// The newline behind it goes too, and what stood before it joins the next line.
    pub(super) joins: bool,
    /// So many places stay, because no newline follows them.
    pub(super) n_left: usize,
}

/// What is looked at before anybody is asked.
pub(super) fn check(rules: CliRules, path: &str, file: Option<&[u8]>, swap: &Swap<'_>) -> Result<(), Refusal> {
    if swap.old == swap.new {
        return Err(Refusal::Same);
    }
    let Some(bytes) = file else {
        return if swap.old.is_empty() { Ok(()) } else { Err(Refusal::NoSuchFile) };
    };
    let file = Decoded::new(rules, bytes);
    if swap.old.is_empty() {
        return if is_blank(&file.text) { Ok(()) } else { Err(Refusal::Exists) };
    }
    if path.ends_with(".ipynb") {
        return Err(Refusal::IsNotebook);
    }
    encoding::check(rules, bytes)?;
    let hit = find(rules, &file.text, &units::of(swap.old), &units::of(swap.new)).ok_or(Refusal::NotFound)?;
    one_place(&file.text, &hit.actual, swap.all)
}

fn is_blank(text: &[u16]) -> bool {
    text.iter().all(|unit| units::is_space(*unit))
}

fn one_place(text: &[u16], actual: &[u16], all: bool) -> Result<(), Refusal> {
    match units::places(text, actual).len() {
        n if n > 1 && !all => Err(Refusal::Several(n)),
        _ => Ok(()),
    }
}

/// What is done once it is allowed.
pub(super) fn apply(rules: CliRules, file: Option<&[u8]>, swap: &Swap<'_>) -> Result<Made, Refusal> {
    let Some(bytes) = file else {
        let made = || Made::new(swap.new.as_bytes().to_vec(), Encoding::Utf8);
        return if swap.old.is_empty() { Ok(made()) } else { Err(Refusal::NothingChanges) };
    };
    let file = Decoded::new(rules, bytes);
    let (old, new) = (units::of(swap.old), units::of(swap.new));
    if old.is_empty() {
        if !rules.is_old() && !is_blank(&file.text) {
            return Err(Refusal::Exists);
        }
        encoding::check(rules, bytes)?;
        return Ok(Made::new(file.save_with_ends(&new, true), file.encoding));
    }
    encoding::check(rules, bytes)?;
    let hit = find(rules, &file.text, &old, &new).ok_or(Refusal::NotFound)?;
    if !rules.is_old() {
        one_place(&file.text, &hit.actual, swap.all)?;
    }
    let (text, ways) = replace(&file.text, &hit, swap.all);
    if text == file.text {
        return Err(Refusal::NothingChanges);
    }
    Ok(Made { bytes: file.save_with_ends(&text, false), encoding: file.encoding, ways })
}

/// What is in the file for the old text, and what is put there for the new one.
struct Hit {
    actual: Vec<u16>,
    put: Vec<u16>,
    ways: Ways,
}

fn find(rules: CliRules, text: &[u16], old: &[u16], new: &[u16]) -> Option<Hit> {
    if units::find(text, old).is_some() {
        return Some(Hit { actual: old.to_vec(), put: new.to_vec(), ways: Ways::default() });
    }
    if let Some(at) = units::find(&quotes::straight(text), &quotes::straight(old)) {
        let actual = text[at..at + old.len()].to_vec();
        let put = quotes::curl(new, &actual);
        return Some(Hit { actual, put, ways: Ways { quotes: true, ..Ways::default() } });
    }
    let ways = Ways { escapes: true, ..Ways::default() };
    let plain = escapes::unescape(old);
    if plain != old && units::find(text, &plain).is_some() {
        let put = escapes::unescape(&quotes::curl(new, &plain));
        return Some(Hit { actual: plain, put, ways });
    }
    let (actual, put) = escapes::find(rules, text, old, new)?;
    Some(Hit { actual, put, ways })
}

/// An empty new text takes the newline along, wherever one follows.
fn replace(text: &[u16], hit: &Hit, all: bool) -> (Vec<u16>, Ways) {
    let mut actual = hit.actual.clone();
    let mut ways = hit.ways;
    let mut places = units::places(text, &actual);
    if hit.put.is_empty() && actual.last() != Some(&NEWLINE) {
        let n_places = places.len();
        actual.push(NEWLINE);
        let ended = units::places(text, &actual);
        if ended.is_empty() {
            actual.pop();
        } else {
            ways.n_left = if all { n_places.saturating_sub(ended.len()) } else { 0 };
            let begins_line = |at: usize| at == 0 || text[at - 1] == NEWLINE;
            ways.joins = ended.iter().any(|at| !begins_line(*at));
            places = ended;
        }
    }
    if !all {
        places.truncate(1);
    }
    (units::put(text, &places, actual.len(), &hit.put), ways)
}
