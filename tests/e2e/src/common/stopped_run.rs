//! A run that is stopped at one of its API calls.

use std::path::Path;

use anyhow::Result;
use lab::api_proxy::{ApiProxy, Call, Hold, When};
use lab::{Namespace, Output, Running};

use super::faults::BOUND;
use crate::LIMIT;

/// The stopped run; dropping it ends it.
#[derive(Debug)]
pub struct StoppedRun {
    /// What it talks through, for as long as it runs.
    _proxy: ApiProxy,
    running: Running,
    hold: Hold,
}

impl StoppedRun {
    /// Starts a run with the kubeconfig that it is given, and waits until this call of it is there.
    ///
    /// # Errors
    /// Where it never comes.
    pub async fn at(
        ns: &Namespace,
        call: fn(&Call) -> bool,
        when: When,
        start: impl FnOnce(&Path) -> Result<Running>,
    ) -> Result<Self> {
        let proxy = ApiProxy::start(ns.lab()).await?;
        let hold = proxy.hold(when, call);
        let running = start(proxy.kubeconfig())?;
        hold.arrived(LIMIT).await?;
        Ok(Self { _proxy: proxy, running, hold })
    }

    /// Lets the call and the rest of the run take place.
    ///
    /// # Errors
    /// Where the run hangs.
    pub async fn go_on(self) -> Result<Output> {
        self.hold.release();
        self.running.wait(BOUND).await
    }
}
