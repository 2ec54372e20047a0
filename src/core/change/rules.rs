//! Which rules hold: the CLI treats files differently from version to version.

/// What a version does to files. The rules were found by running each of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CliRules {
    /// As in 2.1.197: nothing is refused for its encoding, and what is not UTF-8 is lost.
    Old,
    /// As in 2.1.331: files whose bytes would not survive are refused, and a byte order mark is kept.
    Newer,
    /// As in 2.1.332: a replaced cell's outputs follow its new type.
    Newest,
}

impl CliRules {
    /// The rules of this version; of the newest one when nobody knows the version.
    pub fn of(version: Option<&str>) -> Self {
        let Some(version) = version.and_then(numbers) else { return Self::Newest };
        match version {
            version if version < [2, 1, 331] => Self::Old,
            version if version < [2, 1, 332] => Self::Newer,
            _ => Self::Newest,
        }
    }

    pub fn is_old(self) -> bool {
        self == Self::Old
    }
}

/// The first three numbers of a version such as `2.1.331 (Claude Code)`.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.trim().splitn(3, '.');
    let mut next = || {
        let part = parts.next()?;
        part[..part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len())].parse().ok()
    };
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_chooses_the_rules() {
        for (version, rules) in [
            (Some("2.1.197"), CliRules::Old),
            (Some("2.1.331 (Claude Code)"), CliRules::Newer),
            (Some("2.1.332"), CliRules::Newest),
            (Some("3.0.0-beta"), CliRules::Newest),
            (Some("dev"), CliRules::Newest),
            (None, CliRules::Newest),
        ] {
            assert_eq!(CliRules::of(version), rules, "{version:?}");
        }
    }
}
