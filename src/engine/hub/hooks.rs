//! What every session is told of the person's hooks, and what hooks are told that no session's task sees.

use tokio::sync::broadcast;

use super::Hub;
use crate::core::event::EventKind;
use crate::core::hook::HookWish;
use crate::core::hook::HooksView;
use crate::core::ids::SessionId;
use crate::engine::hooks::Meta;
use crate::engine::hooks::News;
use crate::engine::hooks::Point;
use crate::link::ClientId;

/// The next news; never, where there are no hooks.
pub(super) async fn next(news: &mut Option<broadcast::Receiver<News>>) -> News {
    while let Some(receiver) = news {
        match receiver.recv().await {
            Ok(told) => return told,
            // What is missed stands in the log.
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => *news = None,
        }
    }
    std::future::pending().await
}

impl Hub {
    pub(super) fn tell_news(&mut self, news: &News) {
        let sessions: Vec<SessionId> = self.sessions.keys().copied().collect();
        for session in sessions {
            self.tell(session, EventKind::Noted(news.notice.clone()));
        }
    }

    pub(super) fn hooks_wish(&mut self, client: ClientId, wish: &HookWish) {
        let none = || HooksView {
            hooks: Vec::new(),
            trouble: Some(
                "there are no hooks: [[hooks]] in config.toml makes one, then `adjutant stop` and start again".into(),
            ),
        };
        let view = self.settings.hooks.as_ref().map_or_else(none, |hooks| hooks.wish(wish));
        if let Some(peer) = self.peers.iter().find(|peer| peer.is(client)) {
            peer.offer_hooks(view);
        }
    }

    pub(super) fn session_opened(&self, id: SessionId, kind: &EventKind) {
        let (Some(hooks), EventKind::Opened { spec, .. }) = (&self.settings.hooks, kind) else { return };
        let profile = spec.profile.clone().or_else(|| self.settings.config.claude.default_profile.clone());
        if hooks.wants(Point::Observe, profile.as_deref(), None) {
            hooks.observe(&Meta { session: id, directory: spec.directory.clone(), profile, ..Meta::default() }, kind);
        }
    }
}
