//! Shortening Markdown that is too long for a card: a plan loses whole steps from its middle, and those that stay keep their
//! numbers. Pure.

use crate::core::language::Language;

/// Both ends of a text, cut where a step, a heading or a paragraph begins. What stands between them ends a list, so that the
/// steps behind it keep their numbers. `None` when the text begins nothing where it could be cut.
pub(crate) fn cut(text: &str, most: usize, language: Language) -> Option<String> {
    let (before, after) = (most * 2 / 3, text.len().checked_sub(most / 3)?);
    let places = beginnings(text);
    let head = places.iter().copied().rfind(|at| *at <= before && *at > before / 2)?;
    let tail = places.iter().copied().find(|at| *at >= after && text.len() - *at > most / 6)?;
    let out = text.get(head..tail)?;
    // It may have been cut before, for less.
    let n_cut = out.lines().fold(out.len(), |sum, line| match already_cut(line) {
        Some(n) => sum.saturating_sub(line.len() + 4).saturating_add(n),
        None => sum,
    });
    Some(format!("{}\n\n{}\n\n{}", text[..head].trim_end(), gap(n_cut, language), &text[tail..]))
}

pub(crate) fn gap(n_cut: usize, language: Language) -> String {
    match language {
        Language::English => format!("… {n_cut} bytes cut …"),
        Language::Chinese => format!("… 省略 {n_cut} 字节 …"),
    }
}

/// What a line says is missing there.
fn already_cut(line: &str) -> Option<usize> {
    let inside = line.strip_prefix("… ")?.strip_suffix(" …")?;
    let english = inside.strip_suffix(" bytes cut");
    let n = english.or_else(|| inside.strip_prefix("省略 ")?.strip_suffix(" 字节"))?;
    n.parse().ok()
}

/// Where something begins that stands for itself: not inside code, and not below a step.
fn beginnings(text: &str) -> Vec<usize> {
    let (mut at, mut in_code, mut after_blank, mut places) = (0, false, true, Vec::new());
    for line in text.split_inclusive('\n') {
        let start = line.trim_start();
        let is_fence = start.starts_with("```") || start.starts_with("~~~");
        let mark = start.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_numbered = mark.len() < start.len() && mark.starts_with(['.', ')']);
        let is_step = is_numbered || start.starts_with(['-', '*', '+', '#']) || after_blank;
        if !in_code && !is_fence && is_step && start.len() == line.len() && !start.trim().is_empty() {
            places.push(at);
        }
        in_code ^= is_fence;
        after_blank = start.is_empty();
        at += line.len();
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 6_000;

    fn step(n: usize) -> String {
        format!("{n}. Step number {n} does a thing\n   - and a part of it\n\n   ```sh\n1. no step\n   ```\n")
    }

    fn plan() -> String {
        (1..400).map(step).collect::<Vec<_>>().concat()
    }

    #[test]
    fn a_plan_is_cut_between_its_steps_and_these_keep_their_numbers() {
        let plan = plan();
        let shown = cut(&plan, MOST, Language::English).unwrap();
        assert!(shown.len() <= MOST + 64 && shown.contains("bytes cut"));
        let (head, tail) = shown.split_once("\n\n… ").unwrap();
        let tail = tail.split_once(" …\n\n").unwrap().1;
        assert!(head.ends_with("```"), "{head}");
        let first: usize = tail.split_once(". Step number").unwrap().0.parse().unwrap();
        assert!(tail.starts_with(&step(first)) && first > 100, "{first}");
        assert!(plan.starts_with(head) && plan.ends_with(tail), "nothing but the middle is gone");
    }

    #[test]
    fn what_is_cut_again_is_cut_between_steps_and_counts_all_that_is_missing() {
        let plan = plan();
        for language in [Language::English, Language::Chinese] {
            let once = cut(&plan, MOST, language).unwrap();
            let twice = cut(&once, MOST / 3, language).unwrap();
            let (head, rest) = twice.split_once("\n\n… ").unwrap();
            let (said, tail) = rest.split_once(" …\n\n").unwrap();
            assert!(plan.starts_with(head) && plan.ends_with(tail) && tail.contains(". Step number"));
            let n: usize = said.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
            let missing = plan.len() - head.len() - tail.len();
            assert!(n.abs_diff(missing) < 8, "{n} of {missing}");
        }
    }

    #[test]
    fn what_has_no_steps_is_not_cut_here() {
        assert_eq!(cut(&"x".repeat(MOST * 2), MOST, Language::English), None);
        assert_eq!(cut("short", MOST, Language::English), None);
    }
}
