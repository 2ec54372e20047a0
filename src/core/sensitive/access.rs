//! Files that say who gets in.
//!
//! **For:** the mark of a change of them. **Not for:** what they hold.

use super::parts;
use super::sequence;

/// Folders and files one behind the other.
const SEQUENCES: &[&[&str]] = &[
    &[".ssh", "authorized_keys"],
    &[".ssh", "authorized_keys2"],
    &[".ssh", "config"],
    &[".ssh", "rc"],
    &["etc", "passwd"],
    &["etc", "shadow"],
    &["etc", "group"],
    &["etc", "gshadow"],
    &["etc", "sudoers"],
    &["etc", "sudoers.d"],
    &["etc", "doas.conf"],
    &["etc", "ssh"],
    &["etc", "pam.d"],
    &["etc", "polkit-1"],
    &["etc", "security"],
    &["etc", "hosts"],
    &["etc", "hosts.allow"],
    &["etc", "nsswitch.conf"],
    &["etc", "resolv.conf"],
    &["etc", "krb5.conf"],
    &["drivers", "etc", "hosts"],
];

/// Whether a change of the path changes who gets in, or whom a machine believes.
pub fn lets_in(path: &str) -> bool {
    let parts = parts(path);
    SEQUENCES.iter().any(|names| sequence(&parts, names).is_some())
        || parts.last().is_some_and(|name| matches!(name.as_str(), ".rhosts" | ".shosts" | "authorized_keys"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_access_are_known() {
        for path in ["~/.ssh/authorized_keys", "/etc/sudoers.d/x", "/private/etc/hosts", "/ETC/passwd", "~/.rhosts"] {
            assert!(lets_in(path), "{path}");
        }
        for path in ["src/etc/a.rs", "etc/hosts.md", "docs/authorized_keys.md"] {
            assert!(!lets_in(path), "{path}");
        }
    }
}
