//! Files, both ways.
//!
//! Invariants: a name from outside is a name and no path; nothing but a regular file is read, and no link is followed on
//! the way to it; a file that is fetched is new, ours alone, and gone again when not all of it came.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use tokio::fs::File;
use tokio::fs::OpenOptions;
use tokio::io::AsyncReadExt as _;

use super::Feishu;
use super::failure;
use crate::core::language::Language;
use crate::relay::feishu::api::MAX_FILE;
use crate::relay::feishu::api::Resource;
use crate::relay::feishu::fault::Fault;
use crate::relay::feishu::render::text;
use crate::relay::messenger::Attachment;
use crate::relay::messenger::Failure;
use crate::relay::messenger::MessageId;

/// Bytes of a name.
const MAX_NAME: usize = 120;

/// A name from outside as a name: no folder, nothing that hides, not too long; none when nothing is left.
pub(super) fn name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = |c: &char| !c.is_control() && text::shows_itself(*c);
    let clean: String = last.chars().filter(shown).collect();
    let clean = clean.trim_matches(|c: char| c.is_whitespace() || c == '.');
    if clean.len() <= MAX_NAME {
        return Some(clean.to_owned()).filter(|name| !name.is_empty());
    }
    // The ending says what it is.
    let (stem, end) = match clean.rsplit_once('.') {
        Some((stem, end)) if end.len() <= 16 => (stem, format!(".{end}")),
        _ => (clean, String::new()),
    };
    let stem = stem.get(..stem.floor_char_boundary(MAX_NAME - end.len())).unwrap_or_default();
    Some(format!("{stem}{end}"))
}

/// A file of this machine, or why it cannot be sent.
pub(super) async fn read(path: &str, name: &str, language: Language) -> Result<Vec<u8>, String> {
    let unreadable = |why: &dyn std::fmt::Display| match language {
        Language::English => format!("{name} could not be read: {why}"),
        Language::Chinese => format!("无法读取 {name}：{why}"),
    };
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC).bits() as i32;
    let file =
        OpenOptions::new().read(true).custom_flags(flags).open(path).await.map_err(|error| unreadable(&error))?;
    let meta = file.metadata().await.map_err(|error| unreadable(&error))?;
    if !meta.is_file() {
        return Err(unreadable(&language.pick("it is no file", "不是普通文件")));
    }
    if !is_still(Path::new(path), &meta).await {
        return Err(unreadable(&language.pick("it is not where it was any more", "文件位置已改变")));
    }
    let n_bytes = usize::try_from(meta.len()).unwrap_or(usize::MAX);
    check(n_bytes, name, language)?;
    let mut bytes = Vec::with_capacity(n_bytes);
    file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).await.map_err(|error| unreadable(&error))?;
    checked(bytes, name, language)
}

/// Whether the file that was opened is the one of this path, and no link leads there: it was looked at when it was asked
/// for, and anything on the way may have become a link since.
async fn is_still(path: &Path, opened: &std::fs::Metadata) -> bool {
    let real = tokio::fs::canonicalize(path).await;
    let named = tokio::fs::symlink_metadata(path).await;
    real.is_ok_and(|real| real == path)
        && named.is_ok_and(|named| (named.dev(), named.ino()) == (opened.dev(), opened.ino()))
}

/// What may be sent by its size, or the sentence that says why not.
pub(super) fn checked(bytes: Vec<u8>, name: &str, language: Language) -> Result<Vec<u8>, String> {
    check(bytes.len(), name, language).map(|()| bytes)
}

fn check(n_bytes: usize, name: &str, language: Language) -> Result<(), String> {
    const MB: usize = 1_000_000;
    if n_bytes == 0 {
        return Err(match language {
            Language::English => format!("{name} is empty, and Feishu takes no empty files."),
            Language::Chinese => format!("{name} 是空文件，飞书无法发送。"),
        });
    }
    if n_bytes > MAX_FILE {
        let (has, most) = (n_bytes.div_ceil(MB), MAX_FILE / MB);
        return Err(match language {
            Language::English => format!("{name} has {has} MB, and Feishu takes files of at most {most} MB."),
            Language::Chinese => format!("{name} 有 {has} MB，飞书最多支持 {most} MB。"),
        });
    }
    Ok(())
}

impl Feishu {
    pub(super) async fn fetch_into(
        &self,
        message: &MessageId,
        attachment: &Attachment,
        to: &Path,
        max_bytes: u64,
    ) -> Result<Option<String>, Failure> {
        let not_kept = |error: std::io::Error| Failure::Form(format!("{} could not be written: {error}", to.display()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).await.map_err(not_kept)?;
        match self.download(message, attachment, file, max_bytes).await {
            Ok(named) => Ok(named.as_deref().and_then(name)),
            Err(fault) => {
                if let Err(error) = tokio::fs::remove_file(to).await {
                    tracing::warn!(%error, "what was fetched in part could not be removed");
                }
                Err(failure(&fault))
            }
        }
    }

    async fn download(
        &self,
        message: &MessageId,
        attachment: &Attachment,
        mut file: File,
        max_bytes: u64,
    ) -> Result<Option<String>, Fault> {
        let kind = if attachment.is_image { Resource::Image } else { Resource::File };
        let done = self.api.download(&message.0, &attachment.key, kind, &mut file, max_bytes).await?;
        Ok(done.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_are_names_and_no_paths() {
        for (from, expected) in [
            ("a.txt", Some("a.txt")),
            ("../../x", Some("x")),
            ("..\\..\\x.exe", Some("x.exe")),
            ("/etc/passwd", Some("passwd")),
            ("a\n\u{1b}[31mb\0.txt", Some("a[31mb.txt")),
            ("gpj\u{202e}.exe", Some("gpj.exe")),
            ("报告 1.pdf", Some("报告 1.pdf")),
            (".bashrc", Some("bashrc")),
            ("..", None),
            ("a/", None),
            ("", None),
            (" \t", None),
        ] {
            assert_eq!(name(from).as_deref(), expected, "{from:?}");
        }
        let long = name(&format!("{}.tar.gz", "长".repeat(300))).unwrap();
        assert!(long.len() <= MAX_NAME && long.ends_with("长.gz"), "{long}");
        let endless = name(&format!("a.{}", "x".repeat(300))).unwrap();
        assert_eq!(endless.len(), MAX_NAME);
    }

    #[tokio::test]
    async fn what_became_a_link_on_the_way_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (place, text) in [("session/notes", "harmless"), ("elsewhere", "secret")] {
            std::fs::create_dir_all(root.join(place)).unwrap();
            std::fs::write(root.join(place).join("a.txt"), text).unwrap();
        }
        let path = root.join("session/notes/a.txt").to_string_lossy().into_owned();
        assert_eq!(read(&path, "a.txt", Language::English).await.unwrap(), b"harmless");
        std::fs::rename(root.join("session/notes"), root.join("session/away")).unwrap();
        std::os::unix::fs::symlink(root.join("elsewhere"), root.join("session/notes")).unwrap();
        let why = read(&path, "a.txt", Language::English).await.unwrap_err();
        assert_eq!(why, "a.txt could not be read: it is not where it was any more");
        std::fs::remove_file(root.join("session/notes")).unwrap();
        std::fs::create_dir(root.join("session/notes")).unwrap();
        std::os::unix::fs::symlink(root.join("elsewhere/a.txt"), &path).unwrap();
        assert!(read(&path, "a.txt", Language::English).await.is_err());
    }

    #[test]
    fn sizes_are_told_in_a_sentence() {
        let why = check(31_000_001, "a.bin", Language::English).unwrap_err();
        assert_eq!(why, "a.bin has 32 MB, and Feishu takes files of at most 30 MB.");
        assert!(check(0, "a", Language::Chinese).is_err() && check(1, "a", Language::English).is_ok());
    }
}
