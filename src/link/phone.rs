//! Between the relay to the phone and the terminals: what it shows, what they want of it.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::mpsc;
use tokio::sync::watch;

use super::attention::Attention;
use crate::core::phone::PhoneView;
use crate::core::phone::PhoneWish;

/// Wishes that wait for the relay.
const WISH_BUFFER: usize = 16;

/// One for each engine, whether there is a relay or not.
#[derive(Debug)]
pub struct PhoneLine {
    /// What terminals are shown; nothing without a relay.
    pub view: watch::Sender<Option<PhoneView>>,
    pub attention: Arc<Attention>,
    wishes: mpsc::Sender<PhoneWish>,
    heard: Mutex<Option<mpsc::Receiver<PhoneWish>>>,
}

impl Default for PhoneLine {
    fn default() -> Self {
        let (wishes, heard) = mpsc::channel(WISH_BUFFER);
        Self { view: watch::Sender::new(None), attention: Arc::default(), wishes, heard: Mutex::new(Some(heard)) }
    }
}

impl PhoneLine {
    /// A terminal wants something of the relay; without one it comes to nothing.
    pub fn wish(&self, wish: PhoneWish) {
        if self.wishes.try_send(wish).is_err() {
            tracing::warn!("the relay takes no more wishes");
        }
    }

    /// The relay's end: once.
    pub fn wishes(&self) -> Option<mpsc::Receiver<PhoneWish>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
