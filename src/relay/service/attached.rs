//! Files and images of messages: fetched, put where the session's model can read them, and named in a prompt.
//!
//! Invariants: a name from outside is never a path; what is an image is told by its bytes; without a file that was
//! attached nothing is sent, because the words would mean something else.

use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::Service;
use super::errands::Errand;
use super::undertakings::Stage;
use crate::core::ids::SessionId;
use crate::core::image;
use crate::core::image::ImageRef;
use crate::core::image::MAX_IMAGES;
use crate::core::image::MAX_TOTAL;
use crate::core::image::Seen;
use crate::core::language;
use crate::core::language::Language;
use crate::disk;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::ledger::seen::Topic;
use crate::relay::messenger::Attachment;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::Failure;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Said;

/// Files of one message, and bytes of each.
pub(super) const MAX_FILES: usize = 10;
const MAX_FILE_BYTES: u64 = 30 << 20;
/// How often one is fetched.
const FETCH_TRIES: u32 = 3;
/// Characters of a file's name that are kept.
const MAX_NAME: usize = 100;

/// A file that was fetched.
#[derive(Debug)]
pub(super) struct Arrived {
    path: PathBuf,
    image: Option<ImageRef>,
    /// It is an image, and why the model cannot be shown it.
    unfit: Option<String>,
}

impl<M: Messenger> Service<M> {
    /// Fetches what was attached, then sends a prompt that names it.
    pub(super) fn fetch(&mut self, said: &Said, reach: Reach) -> Result<(), LedgerError> {
        let topic = self.topic_of(said)?;
        let session = match self.session(&reach, topic.and_then(Topic::session).map(|session| session.0))? {
            Ok(session) => session,
            Err(why) => return self.say(&reach.chat, why),
        };
        let folder = self.settings.files.join(session.to_string());
        let messenger = Arc::clone(&self.messenger);
        let (message, text) = (said.message.clone(), said.text.clone());
        let attachments: Vec<Attachment> = said.attachments.iter().take(MAX_FILES).cloned().collect();
        self.undertake(&message, Stage::Work);
        self.errands.spawn(async move {
            let mut files = Vec::new();
            for attachment in &attachments {
                let of = attachment.of.as_ref().unwrap_or(&message);
                files.push(fetch_one(&*messenger, of, attachment, &folder).await);
            }
            Errand::Fetched { reach, message, session, text, files }
        });
        Ok(())
    }

    pub(super) fn fetched(
        &mut self,
        (reach, message): (&Reach, &MessageId),
        session: SessionId,
        text: &str,
        files: Vec<Result<Arrived, String>>,
    ) -> Result<(), LedgerError> {
        let mut lines = vec![text.trim().to_owned()];
        let mut images: Vec<ImageRef> = Vec::new();
        for file in files {
            let arrived = match file {
                Ok(arrived) => arrived,
                // Without it the words would mean something else.
                Err(why) => {
                    let text = match self.settings.language {
                        Language::English => format!("Nothing was sent to the session. {why}"),
                        Language::Chinese => format!("未发送到会话。{}", translated(&why)),
                    };
                    self.say(&reach.chat, text)?;
                    return self.came_about(message);
                }
            };
            if let Some(why) = &arrived.unfit {
                self.as_a_file(&reach.chat, &arrived.path, why)?;
            }
            let n_bytes: u64 = images.iter().map(|image| image.bytes).sum();
            match arrived.image {
                Some(image) if images.len() < MAX_IMAGES && n_bytes + image.bytes <= MAX_TOTAL => images.push(image),
                image => {
                    if image.is_some() {
                        self.as_a_file(&reach.chat, &arrived.path, "there are too many images in this message")?;
                    }
                    lines.push(format!("Attached file: {}", arrived.path.display()));
                }
            }
        }
        let prompt = lines.join("\n").trim().to_owned();
        if prompt.is_empty() && images.is_empty() {
            return self.came_about(message);
        }
        self.prompt((reach, message), session, (prompt, images))
    }

    /// An image that the model is not shown at once: it can look at it as at any file.
    fn as_a_file(&mut self, chat: &ChatId, path: &Path, why: &str) -> Result<(), LedgerError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = match self.settings.language {
            Language::English => format!("{name} goes along as a file, not as an image: {why}."),
            Language::Chinese => format!("{name} 将作为文件而非图片发送：{}。", language::told(why, Language::Chinese)),
        };
        self.say(chat, text)
    }
}

async fn fetch_one<M: Messenger>(
    messenger: &M,
    message: &MessageId,
    attachment: &Attachment,
    folder: &Path,
) -> Result<Arrived, String> {
    let failed = |why: String| format!("{}: {why}", attachment.name.as_deref().unwrap_or("file"));
    let place = folder.to_owned();
    let made = tokio::task::spawn_blocking(move || disk::private_dir(&place)).await;
    made.map_err(std::io::Error::other).and_then(|made| made).map_err(|error| failed(error.to_string()))?;
    let wanted = safe_name(attachment.name.as_deref().unwrap_or_default(), attachment.is_image);
    let path = free_place(folder, &wanted).ok_or_else(|| failed("there are too many of that name".into()))?;
    let mut fetched = messenger.fetch(message, attachment, &path, MAX_FILE_BYTES).await;
    for _ in 1..FETCH_TRIES {
        let Err(Failure::Later(wait)) = fetched else { break };
        tokio::time::sleep(wait).await;
        fetched = messenger.fetch(message, attachment, &path, MAX_FILE_BYTES).await;
    }
    match fetched {
        Ok(_) => {
            let seen = tokio::task::spawn_blocking(move || inspect(path)).await;
            seen.map_err(|error| failed(error.to_string()))
        }
        Err(failure) => Err(failed(match failure {
            Failure::Later(_) => "the messenger cannot be reached".to_owned(),
            Failure::Form(why) | Failure::Gone(why) | Failure::Settings(why) => why,
            Failure::Withheld => "it is withheld".to_owned(),
        })),
    }
}

/// Why a file did not come: its name, and the reason.
fn translated(failed: &str) -> String {
    match failed.split_once(": ") {
        Some((name, why)) => format!("{name}：{}。", language::told(why, Language::Chinese)),
        None => language::told(failed, Language::Chinese),
    }
}

/// Whether what came is an image that the model can be shown. Blocking.
fn inspect(path: PathBuf) -> Arrived {
    let mut beginning = Vec::new();
    let read = disk::open_read(&path).and_then(|file| {
        let n_bytes = file.metadata()?.len();
        file.take(image::MAX_BYTES).read_to_end(&mut beginning)?;
        Ok(n_bytes)
    });
    let (Ok(bytes), Some(seen)) = (read, image::recognise(&beginning)) else {
        return Arrived { path, image: None, unfit: None };
    };
    if let Some(why) = image::unfit(seen, bytes) {
        return Arrived { path, image: None, unfit: Some(why) };
    }
    let Seen { kind, width, height } = seen;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let image = ImageRef { path: path.to_string_lossy().into_owned(), name, kind, bytes, width, height };
    Arrived { path, image: Some(image), unfit: None }
}

/// A name for the disk out of a name from outside: no folder, nothing hidden, nothing that a shell or terminal reads.
fn safe_name(name: &str, is_image: bool) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let allowed = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let clean: String = last.chars().map(allowed).take(MAX_NAME).collect();
    let clean = clean.trim_start_matches(['.', '-']).to_owned();
    match clean.is_empty() {
        true if is_image => "image.png".to_owned(),
        true => "file".to_owned(),
        false => clean,
    }
}

/// The name, with a number where it is taken.
fn free_place(folder: &Path, name: &str) -> Option<PathBuf> {
    let (stem, end) = name.rsplit_once('.').map_or((name, String::new()), |(stem, end)| (stem, format!(".{end}")));
    let numbered = (1..1_000).map(|n| if n == 1 { name.to_owned() } else { format!("{stem}-{n}{end}") });
    numbered.map(|name| folder.join(name)).find(|path| path.symlink_metadata().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_become_names_of_files_and_nothing_else() {
        for (name, expected) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\x.exe", "x.exe"),
            (".bashrc", "bashrc"),
            ("--help", "help"),
            ("a b\u{1b}[31m;rm -rf.txt", "a_b__31m_rm_-rf.txt"),
            ("报告.docx", "报告.docx"),
            ("", "file"),
            ("...", "file"),
            ("/", "file"),
        ] {
            assert_eq!(safe_name(name, false), expected, "{name:?}");
        }
        assert_eq!(safe_name("", true), "image.png");
        assert_eq!(safe_name(&"x".repeat(500), false).len(), MAX_NAME);
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.txt"), "x").unwrap();
        std::os::unix::fs::symlink("/nowhere", folder.path().join("a-2.txt")).unwrap();
        assert_eq!(free_place(folder.path(), "a.txt"), Some(folder.path().join("a-3.txt")));
        assert_eq!(free_place(folder.path(), "b"), Some(folder.path().join("b")));
    }
}
