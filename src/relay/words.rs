//! Small pieces of text that cards and answers have in common.

use crate::core::ids::Timestamp;

/// A line that was cut elsewhere, without the word that the cut went through: it may be half a secret, which nothing
/// would know for one.
pub fn whole(line: &str) -> &str {
    match line.strip_suffix('…') {
        Some(cut) => cut.rsplit_once(char::is_whitespace).map_or("…", |(whole, _)| whole),
        None => line,
    }
}

/// The time of day where the computer is.
pub fn time_of_day(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
}
