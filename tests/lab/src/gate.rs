//! A place where a request is held until a test lets it go on.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// At which point a request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// The server has not seen it.
    Before,
    /// The server has done it and answered; the caller does not know.
    After,
}

/// Holds one request, described by a `C`.
#[derive(Debug)]
pub struct Gate<C> {
    reached: Arc<watch::Sender<Option<C>>>,
    open: Arc<watch::Sender<bool>>,
}

impl<C> Clone for Gate<C> {
    fn clone(&self) -> Self {
        Self { reached: Arc::clone(&self.reached), open: Arc::clone(&self.open) }
    }
}

impl<C: Clone> Gate<C> {
    pub(crate) fn new() -> Self {
        Self { reached: Arc::new(watch::Sender::new(None)), open: Arc::new(watch::Sender::new(false)) }
    }

    /// Says that the request is there, and waits until the gate is open.
    pub(crate) async fn wait(&self, call: &C) {
        self.reached.send_replace(Some(call.clone()));
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }

    /// Waits until the request is there; `None` when none comes within `limit`.
    pub(crate) async fn reached(&self, limit: Duration) -> Option<C> {
        let mut reached = self.reached.subscribe();
        let waited = tokio::time::timeout(limit, reached.wait_for(Option::is_some)).await;
        waited.ok()?.ok()?.clone()
    }

    /// Lets the request go on, now or when it comes.
    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }
}
