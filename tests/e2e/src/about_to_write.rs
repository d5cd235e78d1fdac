//! A run that has read everything and is stopped right before one of its writes.

use anyhow::Result;
use lab::api_proxy::{ApiProxy, Call, Hold, When};
use lab::{Output, Running};

use crate::LIMIT;
use crate::faults::BOUND;
use crate::scene::Scene;

/// The stopped run; dropping it ends it.
#[derive(Debug)]
pub struct AboutToWrite {
    /// What it talks through, for as long as it runs.
    _proxy: ApiProxy,
    running: Running,
    hold: Hold,
}

impl AboutToWrite {
    /// Starts a verb and waits until this write of it is there.
    ///
    /// # Errors
    /// Where it never comes.
    pub async fn start(scene: &Scene, verb: &[&str], write: fn(&Call) -> bool) -> Result<Self> {
        let proxy = ApiProxy::start(scene.ns.lab()).await?;
        let hold = proxy.hold(When::Before, write);
        let running = scene.start(proxy.kubeconfig(), verb)?;
        hold.reached(LIMIT).await?;
        Ok(Self { _proxy: proxy, running, hold })
    }

    /// Lets the write and the rest of the run take place.
    ///
    /// # Errors
    /// Where the run hangs.
    pub async fn go_on(self) -> Result<Output> {
        self.hold.release();
        self.running.wait(BOUND).await
    }
}
