//! Where a request is held until a test lets it go on.

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
pub struct HoldPoint<C> {
    arrived: Arc<watch::Sender<Option<C>>>,
    released: Arc<watch::Sender<bool>>,
}

impl<C> Clone for HoldPoint<C> {
    fn clone(&self) -> Self {
        Self { arrived: Arc::clone(&self.arrived), released: Arc::clone(&self.released) }
    }
}

impl<C: Clone> HoldPoint<C> {
    pub(crate) fn new() -> Self {
        Self { arrived: Arc::new(watch::Sender::new(None)), released: Arc::new(watch::Sender::new(false)) }
    }

    /// Says that the request is there, and waits until it is let go on.
    pub(crate) async fn wait(&self, call: &C) {
        self.arrived.send_replace(Some(call.clone()));
        let _ = self.released.subscribe().wait_for(|released| *released).await;
    }

    /// Waits until the request is there; `None` when none comes within `limit`.
    pub(crate) async fn arrived(&self, limit: Duration) -> Option<C> {
        let mut arrived = self.arrived.subscribe();
        let waited = tokio::time::timeout(limit, arrived.wait_for(Option::is_some)).await;
        waited.ok()?.ok()?.clone()
    }

    /// Lets the request go on, now or when it comes.
    pub(crate) fn release(&self) {
        self.released.send_replace(true);
    }
}
