//! Switches under load: what `make test` does twenty times and `make soak` five hundred times.
//!
//! A block is five switches: one after a quiet time, one directly after it, then the idle color
//! is cleaned up and brought back by the third, and two follow that directly. Five, so that blocks
//! clean up both colors in turn and kept connections have to move.

use std::time::{Duration, Instant};

use anyhow::Result;
use lab::fixtures::Behavior;
use lab::traffic::{Load, Running, Traffic};
use lab::{Namespace, Output};

use super::app::{api, color, rolled_out};
use super::run::bluegreen;
use crate::common::load::{answering, left};
use crate::common::run::Ended;

/// The versions by their colors, as pods name them in the header `x-version`.
pub const VERSIONS: [(&str, &str); 2] = [("blue", "1.4.0"), ("green", "1.5.0")];
/// After this time without a change kube-proxy follows at once: it syncs once a second at most.
pub const QUIET: Duration = Duration::from_secs(2);
/// What a pod serves on for after it was deleted: longer than kube-proxy may take to follow.
const PRE_STOP: u32 = 2;

/// How soon after the switch before a switch comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// Two seconds or more.
    Apart,
    /// As soon as new connections have followed.
    Close,
}

/// One switch and what followed.
#[derive(Debug, Clone)]
pub struct MeasuredSwitch {
    pub spacing: Spacing,
    /// The verb that was used.
    pub verb: &'static str,
    /// From starting the command to its return.
    pub took: Duration,
    /// After the command had returned: how long new connections still reached the old color.
    pub lag: Duration,
}

/// A Service under load that is switched to and fro.
#[derive(Debug)]
pub struct ServiceUnderLoad {
    ns: Namespace,
    load: Running,
    active: usize,
    returned: Instant,
}

/// `api` with a slowly stopping blue and green, on blue, rolled out.
///
/// # Errors
/// Where the pods don't become ready.
pub async fn slow_to_stop(ns: &Namespace, replicas: u32) -> Result<()> {
    let slow = |name| color(name, replicas, Behavior::Ready).pre_stop(PRE_STOP);
    rolled_out(ns, &api().color(slow("blue")).color(slow("green"))).await
}

impl ServiceUnderLoad {
    /// Starts the load, 300 requests/s on new and kept connections, for at most so long.
    ///
    /// # Errors
    /// Where the Service doesn't answer.
    pub async fn start(ns: Namespace, max_time: Duration) -> Result<Self> {
        slow_to_stop(&ns, 3).await?;
        let target = answering(&ns, "api").await?;
        let load = Load::new(target).fresh_clients(3).kept_clients(3).rate(300.0);
        let load = load.max_requests(1_000_000).max_time(max_time).start();
        Ok(Self { ns, load, active: 0, returned: Instant::now() })
    }

    /// Five switches; `back_by` says by which verb the cleaned up color is brought back.
    ///
    /// # Errors
    /// Where a command's exit code isn't 0.
    pub async fn block(&mut self, back_by: BroughtBackBy) -> Result<Vec<MeasuredSwitch>> {
        tokio::time::sleep(QUIET.saturating_sub(self.returned.elapsed())).await;
        let apart = self.switch(Spacing::Apart, "").await?;
        let close = self.switch(Spacing::Close, "").await?;
        self.must("cleanup api --before-due --yes").await?;
        let back = match back_by {
            BroughtBackBy::Switch => self.switch(Spacing::Apart, "--scale").await?,
            BroughtBackBy::Rollback => self.turn(Spacing::Apart, "rollback", "rollback api --yes").await?,
        };
        let fourth = self.switch(Spacing::Close, "").await?;
        let fifth = self.switch(Spacing::Close, "").await?;
        Ok(vec![apart, close, back, fourth, fifth])
    }

    /// Requests so far, and how many of them failed.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let traffic = self.load.so_far();
        (traffic.total(), traffic.failures().len())
    }

    /// Ends the load.
    pub async fn stop(self) -> Traffic {
        self.load.stop().await
    }

    async fn switch(&mut self, spacing: Spacing, flags: &str) -> Result<MeasuredSwitch> {
        let to = VERSIONS[1 - self.active].0;
        self.turn(spacing, "switch", &format!("switch api --to {to} --yes --verify-for=0 {flags}")).await
    }

    async fn turn(&mut self, spacing: Spacing, verb: &'static str, words: &str) -> Result<MeasuredSwitch> {
        let old = VERSIONS[self.active].1;
        let output = self.must(words).await?;
        let returned = Instant::now();
        let seen = left(&self.load, old, returned).await?;
        self.active = 1 - self.active;
        self.returned = returned;
        Ok(MeasuredSwitch { spacing, verb, took: output.elapsed, lag: seen.lag(old, returned) })
    }

    async fn must(&self, words: &str) -> Result<Output> {
        bluegreen(&self.ns, words).await?.ends(0)
    }
}

/// How a color that was cleaned up is brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BroughtBackBy {
    /// `switch --scale`
    Switch,
    /// `rollback`
    Rollback,
}

/// Worst and median lag of the switches of one spacing, for people.
#[must_use]
pub fn lags(switches: &[MeasuredSwitch], spacing: Spacing) -> String {
    let mut lags: Vec<Duration> =
        switches.iter().filter(|switch| switch.spacing == spacing).map(|switch| switch.lag).collect();
    lags.sort();
    let median = lags.get(lags.len() / 2).copied().unwrap_or_default();
    let worst = lags.last().copied().unwrap_or_default();
    format!("median {} ms, worst {} ms of {}", median.as_millis(), worst.as_millis(), lags.len())
}

/// The longest that new connections reached an old color after its command had returned.
#[must_use]
pub fn worst_lag(switches: &[MeasuredSwitch]) -> Duration {
    switches.iter().map(|switch| switch.lag).max().unwrap_or_default()
}
