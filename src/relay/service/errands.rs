//! Work that takes longer than an answer may: it is done beside the relay, and comes back as what is to be done.

use std::path::PathBuf;

use super::Service;
use super::attached::Arrived;
use super::undertakings::Stage;
use crate::core::ids::SessionId;
use crate::core::image::ImageRef;
use crate::core::language::Language;
use crate::core::session::SessionSpec;
use crate::relay::access::Shut;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::mentions;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Parcel;
use crate::transcripts::list;

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
    /// Conversations that were held where the person may work.
    Listed {
        reach: Reach,
        message: MessageId,
        entries: Vec<list::Entry>,
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
            | Self::Listed { message, .. }
            | Self::File { message, .. }
            | Self::Checked { message, .. }
            | Self::Fetched { message, .. } => message,
        }
    }
}

impl<M: Messenger> Service<M> {
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
        let language = self.settings.language;
        match errand {
            Errand::Open { reach, message, found, prompt, spec } => {
                self.may_open((reach, message), found, prompt, spec)
            }
            Errand::Listed { reach, message, entries } => self.listed((&reach, &message), entries),
            Errand::File { reach, message, found: Ok(path) } => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.last_said = Some(format!("sent {}", path.display()));
                self.end_order(&message, None);
                self.post(&reach.chat, &Parcel::File { path: path.to_string_lossy().into_owned(), name })?;
                self.came_about(&message)
            }
            Errand::File { reach, message, found: Err(_) } => {
                let text = language.pick(
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
                let text = match language {
                    Language::English => format!(
                        "Nothing was sent: the CLI would read @{name} without asking, and it lies outside the session's \
                         directory or looks secret."
                    ),
                    Language::Chinese => {
                        format!("未发送：Claude Code 会不经询问读取 @{name}，而它位于会话目录之外或疑似机密。")
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

    pub(super) fn directory(&self, session: SessionId) -> String {
        self.fleet.get(session).map(|session| session.spec.directory.clone()).unwrap_or_default()
    }
}
