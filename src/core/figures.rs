//! Durations, counts, money and sizes as people write them.
//!
//! For short forms that stand in a line of their own. Not for sentences and not for sums: these
//! forms round.
//!
//! Invariant: every number has its unit, and no argument panics.

use std::time::Duration;

/// `1 call`, `3 calls`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// How long something took or has been going on: `0.1s`, `41s`, `2m 14s`, `1h 02m`, `3d 4h`.
pub fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    // From 9.95 s on, one decimal would read "10.0s".
    if elapsed.as_millis() < 9_950 {
        return format!("{:.1}s", elapsed.as_secs_f64());
    }
    match seconds {
        0..60 => format!("{}s", seconds.max(10)),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
        86_400.. => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// How long is left, second by second: `1:47`, `1:02:05`.
pub fn countdown(left: Duration) -> String {
    let seconds = left.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds % 3_600 / 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A count of tokens: `999`, `12.4k`, `118k`, `1.2M`.
pub fn tokens(count: u64) -> String {
    scaled(count, 1_000, &["", "k", "M", "G"], "")
}

/// A size in bytes: `512 B`, `3.2 MB`. Decimal units, as file managers count.
pub fn bytes(count: u64) -> String {
    scaled(count, 1_000, &["B", "kB", "MB", "GB", "TB"], " ")
}

/// An amount of US dollars: `$1.84`. Less than a cent is `<$0.01`, not nothing.
pub fn money(dollars: f64) -> String {
    if !dollars.is_finite() {
        return "$?".to_owned();
    }
    let sign = if dollars < 0.0 { "-" } else { "" };
    match dollars.abs() {
        0.0 => "$0.00".to_owned(),
        tiny if tiny < 0.01 => format!("{sign}<$0.01"),
        amount => format!("{sign}${amount:.2}"),
    }
}

/// A share in whole percent, `41%`; nothing of nothing is `0%`.
pub fn percent(part: u64, whole: u64) -> String {
    let share = u128::from(part) * 100 / u128::from(whole.max(1));
    format!("{share}%")
}

/// One decimal below a hundred, none above. The unit is chosen after rounding, so that 999 950
/// reads `1.0M` and not `1000k`.
fn scaled(count: u64, step: u64, units: &[&str], gap: &str) -> String {
    let mut value = count as f64;
    let mut units = units.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    if count < step {
        return format!("{count}{gap}{unit}");
    }
    let step = step as f64;
    while value >= step - 0.5 {
        let Some(next) = units.next() else { break };
        value /= step;
        unit = next;
    }
    if value < 99.95 { format!("{value:.1}{gap}{unit}") } else { format!("{value:.0}{gap}{unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_read_well() {
        for (millis, long) in [
            (0, "0.0s"),
            (120, "0.1s"),
            (9_949, "9.9s"),
            (9_960, "10s"),
            (41_000, "41s"),
            (59_999, "59s"),
            (134_000, "2m 14s"),
            (3_720_000, "1h 02m"),
            (273_600_000, "3d 4h"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), long);
        }
        assert_eq!(countdown(Duration::from_secs(107)), "1:47");
        assert_eq!(countdown(Duration::from_secs(3_725)), "1:02:05");
    }

    #[test]
    fn numbers_read_well() {
        for (count, short, size) in [
            (0, "0", "0 B"),
            (999, "999", "999 B"),
            (1_000, "1.0k", "1.0 kB"),
            (12_400, "12.4k", "12.4 kB"),
            (99_960, "100k", "100 kB"),
            (118_000, "118k", "118 kB"),
            (999_600, "1.0M", "1.0 MB"),
            (3_200_000, "3.2M", "3.2 MB"),
        ] {
            assert_eq!(tokens(count), short);
            assert_eq!(bytes(count), size);
        }
        for (dollars, text) in
            [(0.0, "$0.00"), (0.004, "<$0.01"), (0.42, "$0.42"), (1.835, "$1.83"), (-2.5, "-$2.50"), (f64::NAN, "$?")]
        {
            assert_eq!(money(dollars), text);
        }
        assert_eq!(percent(41, 100), "41%");
        assert_eq!(percent(0, 0), "0%");
    }

    proptest! {
        #[test]
        fn nothing_panics(count: u64, dollars: f64, seconds: u64) {
            let _ = (tokens(count), bytes(count), money(dollars), percent(count, seconds));
            let _ = (duration(Duration::from_secs(seconds)), countdown(Duration::from_secs(seconds)));
        }
    }
}
