//! What a line says about its neighbours.
//!
//! A line whose own hash is right is believed to be the record it says it is, until a neighbour speaks
//! against it. Lines whose hash is wrong wait for the next right one: if numbers are missing there, these
//! lines were the missing records; if none are, somebody put them in.

use sha2::Digest as _;
use sha2::Sha256;

use super::Damage;
use super::Finding;
use super::Place;
use super::Report;
use crate::audit::chain;
use crate::audit::chain::START;
use crate::audit::chain::Sealed;
use crate::audit::chain::Tip;
use crate::audit::entry::hex;
use crate::audit::record::Body;

/// Findings that are listed; more are counted.
const MAX_FINDINGS: usize = 1000;
/// Lines and gaps that wait for an explanation.
const MAX_OPEN: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Check {
    head: Option<Tip>,
    /// The line that the head names was read, and it was another one.
    head_differs: bool,
    /// The record with the highest number so far.
    tip: Option<Tip>,
    place: Place,
    /// What the first record says came before it, and where it stands.
    before: Option<(Tip, Place)>,
    /// The last deletion that the log itself tells of.
    forgotten: Option<Tip>,
    bad: Vec<BadLine>,
    /// Over the bad lines since the last right one, with the breaks between them.
    torn: Sha256,
    torn_bytes: u64,
    gaps: Vec<Gap>,
    report: Report,
}

#[derive(Debug)]
struct BadLine {
    place: Place,
    /// The number it gives itself.
    claimed: Option<u64>,
    ended: bool,
}

/// Numbers that were not seen before the line at `place`.
#[derive(Debug)]
struct Gap {
    first: u64,
    last: u64,
    place: Place,
}

impl Check {
    pub(super) fn new(head: Option<Tip>) -> Self {
        Self { head, ..Self::default() }
    }

    pub(super) fn line(&mut self, place: &Place, line: &[u8], ended: bool) {
        self.place = place.clone();
        match chain::read(line) {
            Some(sealed) => self.right(place, &sealed, line),
            None => {
                if self.torn_bytes > 0 {
                    self.torn.update(b"\n");
                    self.torn_bytes += 1;
                }
                self.torn.update(line);
                self.torn_bytes += line.len() as u64;
                let bad = BadLine { place: place.clone(), claimed: chain::claimed_number(line), ended };
                if self.bad.len() < MAX_OPEN {
                    self.bad.push(bad);
                } else {
                    self.find(Damage::Inserted, place, None, "this is no record");
                }
            }
        }
    }

    /// A line whose own hash is right.
    fn right(&mut self, place: &Place, sealed: &Sealed<'_>, line: &[u8]) {
        let digest = hex(&std::mem::take(&mut self.torn).finalize());
        let torn_bytes = std::mem::take(&mut self.torn_bytes);
        let body = body(line);
        if let Some(Body::Torn { bytes, sha256, .. }) = &body
            && (*bytes, sha256) == (torn_bytes, &digest)
        {
            for bad in std::mem::take(&mut self.bad) {
                let text = "this line is torn: a process was killed while it wrote; the record after it says so";
                self.find(Damage::Torn, &bad.place, None, text);
            }
        }
        match &self.tip {
            Some(tip) if sealed.n <= tip.n => return self.out_of_place(place, sealed.n),
            Some(_) => self.follows(place, sealed),
            None => self.first(place, sealed),
        }
        self.report.records += 1;
        self.tip = Some(sealed.tip());
        if self.head.as_ref().is_some_and(|head| head.n == sealed.n && head.hash != sealed.hash) {
            self.head_differs = true;
        }
        match body {
            Some(Body::Forgot { last, last_hash, .. }) => self.forgotten = Some(Tip { n: last, hash: last_hash }),
            Some(Body::Broken { found, expected, .. }) => self.was_broken(place, sealed.n, found, expected),
            _ => {}
        }
    }

    fn first(&mut self, place: &Place, sealed: &Sealed<'_>) {
        let before = Tip { n: sealed.n.saturating_sub(1), hash: sealed.prev.to_owned() };
        if before.n == 0 && before.hash != START {
            self.find(Damage::Edited, place, Some(sealed.n), "this is not the record with which the log began");
        }
        let n_before = before.n;
        self.before = Some((before, place.clone()));
        // Lines before it that are wrong may be records just before it.
        let n_bad = self.bad.len() as u64;
        self.settle_bad(sealed.n.saturating_sub(n_bad.min(n_before)), n_before);
        if n_bad > 0
            && let Some((before, _)) = &mut self.before
        {
            before.n = before.n.saturating_sub(n_bad);
        }
    }

    fn follows(&mut self, place: &Place, sealed: &Sealed<'_>) {
        let Some(tip) = self.tip.clone() else { return };
        let next = tip.n.saturating_add(1);
        if next == sealed.n && self.bad.is_empty() && tip.hash != sealed.prev {
            let text = format!("record {} is not the one that record {} was chained to", tip.n, sealed.n);
            self.find(Damage::Edited, place, Some(tip.n), &text);
        }
        let unexplained = self.settle_bad(next, sealed.n.saturating_sub(1));
        for (first, last) in unexplained {
            if self.gaps.len() < MAX_OPEN {
                self.gaps.push(Gap { first, last, place: place.clone() });
            } else {
                self.removed(&Gap { first, last, place: place.clone() });
            }
        }
    }

    /// Matches wrong lines with the numbers missing around them. Returns the numbers that stay missing.
    fn settle_bad(&mut self, first: u64, last: u64) -> Vec<(u64, u64)> {
        let mut next = first;
        let mut missing = Vec::new();
        for bad in std::mem::take(&mut self.bad) {
            if next > last {
                self.find(Damage::Inserted, &bad.place, None, "this is no record, and none is missing here");
                continue;
            }
            let claimed = bad.claimed.filter(|n| (next..=last).contains(n)).unwrap_or(next);
            if claimed > next {
                missing.push((next, claimed - 1));
            }
            let text = format!("record {claimed} was edited: the line is not what its hash says");
            self.find(Damage::Edited, &bad.place, Some(claimed), &text);
            next = claimed.saturating_add(1);
        }
        if next <= last {
            missing.push((next, last));
        }
        missing
    }

    /// A number that should have come earlier, or came already.
    fn out_of_place(&mut self, place: &Place, n: u64) {
        for bad in std::mem::take(&mut self.bad) {
            self.find(Damage::Inserted, &bad.place, None, "this is no record, and none is missing here");
        }
        let Some(at) = self.gaps.iter().position(|gap| (gap.first..=gap.last).contains(&n)) else {
            let text = format!("there is a record {n} before this one: a line was inserted or copied");
            self.find(Damage::Inserted, place, Some(n), &text);
            return;
        };
        let gap = self.gaps.remove(at);
        let parts = [(gap.first, n.saturating_sub(1)), (n.saturating_add(1), gap.last)];
        for (first, last) in parts.into_iter().filter(|(first, last)| first <= last) {
            self.gaps.push(Gap { first, last, place: gap.place.clone() });
        }
        self.report.records += 1;
        self.find(Damage::Reordered, place, Some(n), &format!("record {n} stands after later ones"));
    }

    fn was_broken(&mut self, place: &Place, n: u64, found: u64, expected: Option<u64>) {
        let text = match expected {
            Some(expected) if expected > found => {
                format!("records {} to {expected} were cut off before record {n} was written", found.saturating_add(1))
            }
            Some(_) => format!("record {found} was another one before record {n} was written"),
            None => format!("audit.head was gone before record {n} was written: a cut end could not be found"),
        };
        self.find(Damage::CutTail, place, Some(n), &text);
    }

    fn removed(&mut self, gap: &Gap) {
        let text = match gap {
            Gap { first, last, .. } if first == last => format!("record {first} is missing before this line"),
            Gap { first, last, .. } => format!("records {first} to {last} are missing before this line"),
        };
        self.find(Damage::Removed, &gap.place, Some(gap.first), &text);
    }

    pub(super) fn end(mut self) -> Report {
        for gap in std::mem::take(&mut self.gaps) {
            self.removed(&gap);
        }
        self.begins();
        self.ends();
        self.report.findings.sort_by(|a, b| {
            (&a.file == "audit.jsonl", &a.file, a.line).cmp(&(&b.file == "audit.jsonl", &b.file, b.line))
        });
        self.report.ok = self.report.more == 0 && !self.report.findings.iter().any(|finding| finding.what.is_bad());
        self.report.head.clone_from(&self.tip);
        self.report
    }

    /// Judges whether the log may begin where it does.
    fn begins(&mut self) {
        let Some((before, place)) = self.before.take().filter(|(before, _)| before.n > 0) else { return };
        let n = before.n;
        if self.forgotten.as_ref() == Some(&before) {
            let text = format!(
                "the log starts at record {}: earlier files were deleted, as the log itself says",
                n.saturating_add(1)
            );
            self.find(Damage::Forgotten, &place, Some(n.saturating_add(1)), &text);
        } else {
            let text = format!(
                "the log starts at record {}: earlier files are gone, and nothing in it says why",
                n.saturating_add(1)
            );
            self.find(Damage::Removed, &place, Some(1), &text);
        }
    }

    /// Compares the end with what the head says.
    fn ends(&mut self) {
        let last = self.tip.as_ref().map_or(0, |tip| tip.n);
        let place = self.place.clone();
        let Some(head) = self.head.clone() else {
            if last > 0 || !self.bad.is_empty() {
                let text = "audit.head is missing or unreadable, so that a cut end could not be found";
                self.find(Damage::CutTail, &place, None, text);
            }
            return self.left_over(last, last);
        };
        if self.head_differs {
            let text = format!("record {} is not the one that audit.head names", head.n);
            self.find(Damage::Edited, &place, Some(head.n), &text);
        }
        self.left_over(last, head.n);
    }

    /// Wrong lines at the end, and records that the head knows of.
    fn left_over(&mut self, last: u64, expected: u64) {
        let is_torn = last >= expected && matches!(self.bad.as_slice(), [bad] if !bad.ended);
        if is_torn {
            for bad in std::mem::take(&mut self.bad) {
                let text =
                    "this line is torn: a process was killed while it wrote; the next start will keep and name it";
                self.find(Damage::Torn, &bad.place, None, text);
            }
        }
        for (first, last) in self.settle_bad(last.saturating_add(1), expected) {
            let text = format!("the end was cut off: records {first} to {last} are gone, which audit.head knows of");
            let place = self.place.clone();
            self.find(Damage::CutTail, &place, Some(first), &text);
        }
    }

    fn find(&mut self, what: Damage, place: &Place, record: Option<u64>, text: &str) {
        if self.report.findings.len() == MAX_FINDINGS {
            self.report.more += 1;
            return;
        }
        let Place { file, line } = place.clone();
        self.report.findings.push(Finding { what, file, line, record, text: text.to_owned() });
    }
}

/// What the line says, where it speaks about the log itself.
fn body(line: &[u8]) -> Option<Body> {
    const SPEAKING: [&str; 3] = [r#""kind":"torn""#, r#""kind":"broken""#, r#""kind":"forgot""#];
    let text = str::from_utf8(line).ok()?;
    // A kind stands near the beginning; what is quoted inside a text has its quotes escaped.
    let is_speaking = SPEAKING.iter().any(|kind| text.contains(kind));
    is_speaking.then(|| serde_json::from_str(text).ok()).flatten()
}
