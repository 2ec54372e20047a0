//! Paths as people write them.
//!
//! Invariant: what comes out is no wider than asked, whatever the path.

use super::sanitize::CleanText;
use super::width;

/// A path with the home directory as `~`, shortened from the left to `width` cells.
///
/// Whole components go first, so that what remains is a path: `…/src/main.rs`.
pub fn short(path: &CleanText, home: Option<&str>, width: usize, ellipsis: &str) -> String {
    let full = path.as_str();
    let short = home
        .filter(|home| !home.is_empty() && *home != "/")
        .and_then(|home| full.strip_prefix(home.trim_end_matches('/')))
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
        .map_or_else(|| full.to_owned(), |rest| format!("~{rest}"));
    if width::of(&short) <= width {
        return short;
    }
    short
        .match_indices('/')
        .map(|(at, _)| format!("{ellipsis}{}", short.get(at..).unwrap_or_default()))
        .find(|candidate| width::of(candidate) <= width)
        .unwrap_or_else(|| width::truncate_start(&short, width, ellipsis).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::render::sanitize::sanitize;
    use proptest::prelude::*;

    #[test]
    fn paths_shorten_from_the_left() {
        for (full, width, expected) in [
            ("/home/me/src/web", 20, "~/src/web"),
            ("/home/me", 20, "~"),
            ("/home/meg/x", 20, "/home/meg/x"),
            ("/home/me/src/web/client.rs", 14, "…/client.rs"),
            ("/a-very-long-name-indeed.rs", 10, "…indeed.rs"),
        ] {
            let clean = sanitize(full);
            assert_eq!(short(&clean, Some("/home/me"), width, "…"), expected);
        }
    }

    proptest! {
        #[test]
        fn no_path_is_wider_than_its_place(text: String, width in 0usize..40) {
            prop_assert!(width::of(&short(&sanitize(&text), Some("/home"), width, "…")) <= width);
        }
    }
}
