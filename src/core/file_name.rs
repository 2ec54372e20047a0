//! Names of files as text. A name is bytes: what is no UTF-8 in it stands as `\xE9`, so that two files never look alike.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Bytes of a name as text.
pub fn escaped(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02X}"));
        }
    }
    Cow::Owned(out)
}

/// A path as it is shown.
pub fn shown(path: &Path) -> String {
    escaped(path.as_os_str().as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_named() {
        let path = |bytes: &'static [u8]| shown(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(path(b"/p/caf\xe9.txt"), "/p/caf\\xE9.txt");
        assert_ne!(path(b"a\xff"), path(b"a\xfe"));
        assert_eq!(path("/p/写.txt".as_bytes()), "/p/写.txt");
    }
}
