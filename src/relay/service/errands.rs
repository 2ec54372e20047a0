//! Work that takes longer than an answer may: it is done beside the relay, and comes back as what is to be done.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::Opening;
use super::Service;
use super::undertakings::Stage;
use super::undertakings::tag_of;
use crate::core::command::Command;
use crate::core::ids::SessionId;
use crate::core::image;
use crate::core::image::ImageRef;
use crate::core::image::MAX_IMAGES;
use crate::core::image::MAX_TOTAL;
use crate::core::image::Seen;
use crate::core::session::SessionSpec;
use crate::core::worktree::Place;
use crate::disk;
use crate::relay::access;
use crate::relay::access::Grounds;
use crate::relay::access::Shut;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::ledger::seen::Topic;
use crate::relay::mentions;
use crate::relay::messenger::Attachment;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::Failure;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Parcel;
use crate::relay::messenger::Said;
use crate::relay::words::Tongue;

/// Files of one message, and bytes of each.
const MAX_FILES: usize = 10;
const MAX_FILE_BYTES: u64 = 30 << 20;
/// How often one is fetched.
const FETCH_TRIES: u32 = 3;
/// Characters of a file's name that are kept.
const MAX_NAME: usize = 100;

/// Work that took longer than an answer may, and what is to be done now.
#[derive(Debug)]
pub(super) enum Errand {
    Open {
        reach: Reach,
        message: MessageId,
        found: Result<PathBuf, Shut>,
        prompt: Option<String>,
        spec: Box<SessionSpec>,
    },
    File {
        reach: Reach,
        message: MessageId,
        found: Result<PathBuf, Shut>,
    },
    /// Whether the text of a prompt names a file that may not be named from the phone.
    Checked {
        reach: Reach,
        message: MessageId,
        session: SessionId,
        prompt: (String, Vec<ImageRef>),
        refused: Option<String>,
    },
    Fetched {
        reach: Reach,
        message: MessageId,
        session: SessionId,
        text: String,
        files: Vec<Result<Arrived, String>>,
    },
}

impl Errand {
    /// What it was run for.
    fn message(&self) -> &MessageId {
        match self {
            Self::Open { message, .. }
            | Self::File { message, .. }
            | Self::Checked { message, .. }
            | Self::Fetched { message, .. } => message,
        }
    }
}

/// A file that was fetched.
#[derive(Debug)]
pub(super) struct Arrived {
    path: PathBuf,
    image: Option<ImageRef>,
    /// It is an image, and why the model cannot be shown it.
    unfit: Option<String>,
}

impl<M: Messenger> Service<M> {
    /// Looks whether a session may be opened there, then opens it.
    pub(super) fn find_and_open(
        &mut self,
        (reach, message): (&Reach, &MessageId),
        directory: String,
        prompt: Option<String>,
        spec: Box<SessionSpec>,
    ) -> Result<(), LedgerError> {
        let roots = self.settings.roots.clone();
        let mine = self.reached(reach)?;
        let places = mine.into_iter().filter_map(|session| self.fleet.get(session)?.worktree.as_ref());
        let places: Vec<Place> = places.map(|worktree| worktree.place.clone()).collect();
        let tag = tag_of(message);
        if self.openings.contains_key(&tag) {
            return Ok(());
        }
        self.undertake(message, Stage::Work);
        if let Some(session) = self.session_of(tag) {
            self.openings.insert(tag, Opening { reach: reach.clone(), message: message.clone(), prompt });
            return self.opened(session, tag);
        }
        let (reach, message) = (reach.clone(), message.clone());
        self.errands.spawn_blocking(move || {
            let grounds = Grounds::survey(&roots, &places);
            let found = access::directory(&directory, &grounds).map_err(|shut| {
                let meant = prompt.as_deref().filter(|_| shut == Shut::Missing);
                meant.and_then(|rest| access::with_blanks(&directory, rest, &grounds)).map_or(shut, Shut::Blank)
            });
            let found = match (found, &spec.worktree) {
                (Ok(found), Some(_)) => access::repository(&found, &grounds).map(|()| found),
                (found, _) => found,
            };
            Errand::Open { reach, message, found, prompt, spec }
        });
        Ok(())
    }

    /// Sends a prompt once it is known that the files it names may be read.
    pub(super) fn prompt(
        &mut self,
        (reach, message): (&Reach, &MessageId),
        session: SessionId,
        prompt: (String, Vec<ImageRef>),
    ) -> Result<(), LedgerError> {
        if !prompt.0.contains('@') {
            return self.send_prompt((reach, message), session, prompt);
        }
        let directory = PathBuf::from(self.directory(session));
        self.undertake(message, Stage::Work);
        let (reach, message) = (reach.clone(), message.clone());
        self.errands.spawn_blocking(move || {
            let refused = mentions::forbidden(&prompt.0, &directory);
            Errand::Checked { reach, message, session, prompt, refused }
        });
        Ok(())
    }

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
                files.push(fetch_one(&*messenger, &message, attachment, &folder).await);
            }
            Errand::Fetched { reach, message, session, text, files }
        });
        Ok(())
    }

    pub(super) fn ran(&mut self, errand: Result<Errand, tokio::task::JoinError>) -> Result<(), LedgerError> {
        let errand = match errand {
            Ok(errand) => errand,
            Err(error) => {
                tracing::error!(%error, "an errand failed by a defect");
                return Ok(());
            }
        };
        let message = errand.message().clone();
        let done = self.whole(|service| service.back(errand));
        if done.is_err() {
            self.begin_again(&message);
        }
        done
    }

    /// Does what was to be done after an errand.
    fn back(&mut self, errand: Errand) -> Result<(), LedgerError> {
        let tongue = self.settings.tongue;
        match errand {
            Errand::Open { reach, message, found: Ok(directory), prompt, mut spec } => {
                spec.directory = directory.to_string_lossy().into_owned();
                let tag = tag_of(&message);
                if !self.give(&reach, Command::Open { spec, tag: Some(tag) })? {
                    self.end_order(&message, None);
                    return self.came_about(&message);
                }
                self.undertake(&message, Stage::Opening);
                self.openings.insert(tag, Opening { reach, message, prompt });
                Ok(())
            }
            Errand::Open { reach, message, found: Err(shut), .. } => {
                let text = match shut {
                    Shut::NoRoots => tongue.pick(
                        "No directory may be opened from here: [relay.feishu] roots names none.",
                        "未配置可用目录：[relay.feishu] roots 为空。",
                    ),
                    Shut::Missing => tongue.pick("There is no such directory.", "目录不存在。"),
                    Shut::Outside => tongue.pick(
                        "This directory, or the repository that it is a part of, is outside the roots.",
                        "目录或其所属仓库不在允许范围内。",
                    ),
                    Shut::NotText => tongue.pick(
                        "Its name is not UTF-8, and the CLI's protocol can carry no other.",
                        "目录名不是 UTF-8，CLI 协议无法传递。",
                    ),
                    Shut::Blank(name) => {
                        let shown = self.safe(&name);
                        let text = match tongue {
                            Tongue::English => {
                                format!("A name with a blank in it stands in quotes: /new \"{shown}\" …")
                            }
                            Tongue::Chinese => format!("含空格的目录名需加引号：/new \"{shown}\" …"),
                        };
                        self.say(&reach.chat, text)?;
                        self.end_order(&message, None);
                        return self.came_about(&message);
                    }
                };
                self.say(&reach.chat, text)?;
                self.end_order(&message, None);
                self.came_about(&message)
            }
            Errand::File { reach, message, found: Ok(path) } => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.last_said = Some(format!("sent {}", path.display()));
                self.end_order(&message, None);
                self.post(&reach.chat, &Parcel::File { path: path.to_string_lossy().into_owned(), name })?;
                self.came_about(&message)
            }
            Errand::File { reach, message, found: Err(_) } => {
                let text = tongue.pick(
                    "There is no such file in the session's directory, or it may not leave it.",
                    "会话目录中没有该文件，或不允许发送。",
                );
                self.say(&reach.chat, text)?;
                self.end_order(&message, None);
                self.came_about(&message)
            }
            Errand::Checked { reach, message, session, prompt, refused: None } => {
                self.send_prompt((&reach, &message), session, prompt)
            }
            Errand::Checked { reach, message, refused: Some(name), .. } => {
                let text = match tongue {
                    Tongue::English => format!(
                        "Nothing was sent: the CLI would read @{name} without asking, and it lies outside the session's \
                         directory or looks secret."
                    ),
                    Tongue::Chinese => {
                        format!("未发送：CLI 会不经询问读取 @{name}，而它位于会话目录之外或疑似机密。")
                    }
                };
                self.say(&reach.chat, text)?;
                self.came_about(&message)
            }
            Errand::Fetched { reach, message, session, text, files } => {
                self.fetched((&reach, &message), session, &text, files)
            }
        }
    }

    fn fetched(
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
                    let text = match self.settings.tongue {
                        Tongue::English => format!("Nothing was sent to the session. {why}"),
                        Tongue::Chinese => format!("未发送到会话。{why}"),
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
        let text = match self.settings.tongue {
            Tongue::English => format!("{name} goes along as a file, not as an image: {why}."),
            Tongue::Chinese => format!("{name} 将作为文件而非图片发送：{why}。"),
        };
        self.say(chat, text)
    }

    /// A session is there that was asked for from the phone: it belongs to who asked.
    pub(super) fn opened(&mut self, session: SessionId, tag: u64) -> Result<(), LedgerError> {
        let Some(opening) = self.openings.get(&tag).cloned() else { return Ok(()) };
        let (reach, message) = (&opening.reach, &opening.message);
        if self.ledger.owner(session)?.is_none() {
            self.ledger.own(session, reach)?;
            self.tell_opened(session, &reach.chat)?;
        }
        self.end_order(message, Some(session));
        match opening.prompt {
            Some(prompt) if !self.is_there(message) => {
                self.prompt((reach, message), session, (prompt, Vec::new()))?;
            }
            _ => self.came_about(message)?,
        }
        self.openings.remove(&tag);
        Ok(())
    }

    fn tell_opened(&mut self, session: SessionId, chat: &ChatId) -> Result<(), LedgerError> {
        let mut text = match self.settings.tongue {
            Tongue::English => format!("Opened session {session} in {}", self.directory(session)),
            Tongue::Chinese => format!("已打开会话 {session}：{}", self.directory(session)),
        };
        if let Some(tree) = self.fleet.get(session).and_then(|session| session.worktree.as_ref()) {
            let _ = match self.settings.tongue {
                Tongue::English => write!(text, "\nin the git worktree of the branch {}", tree.place.branch),
                Tongue::Chinese => write!(text, "\n位于分支 {} 的 git 工作树", tree.place.branch),
            };
        }
        self.say(chat, text)
    }

    /// A session that was asked for from the phone cannot be: whoever asked is told why.
    pub(super) fn open_refused(&mut self, tag: u64, why: &str, instead: Option<&str>) -> Result<(), LedgerError> {
        let Some(opening) = self.openings.get(&tag).cloned() else { return Ok(()) };
        let mut text = match self.settings.tongue {
            Tongue::English => format!("No session was opened, and nothing was sent: {why}."),
            Tongue::Chinese => format!("未打开会话，也未发送任何内容：{why}。"),
        };
        if let Some(instead) = instead {
            let _ = match self.settings.tongue {
                Tongue::English => write!(text, " This name is free: --worktree={instead}"),
                Tongue::Chinese => write!(text, " 可用名称：--worktree={instead}"),
            };
        }
        self.say(&opening.reach.chat, text)?;
        self.end_order(&opening.message, None);
        self.came_about(&opening.message)?;
        self.openings.remove(&tag);
        Ok(())
    }

    fn directory(&self, session: SessionId) -> String {
        self.fleet.get(session).map(|session| session.spec.directory.clone()).unwrap_or_default()
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
