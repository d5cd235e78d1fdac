//! From starting a command to the last new connection on the version it leaves.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::bluegreen::under_load::QUIET;
use e2e::common::load::left;
use lab::traffic::Load;
use lab::{Output, Running};
use tokio::process::Command;

use crate::figures::{Times, millis};

/// New connections per second while a command is measured: one a millisecond.
const RATE: f64 = 1000.0;
const CLIENTS: usize = 8;
/// Load before the command is started.
const RUN_UP: Duration = Duration::from_millis(150);
const LIMIT: Duration = Duration::from_secs(60);

/// What one command was measured to do.
#[derive(Debug, Clone, Default)]
pub struct Departures {
    /// From the start to the last new connection on the old version.
    pub left: Times,
    /// From the start to the command's end.
    pub returned: Times,
}

/// Lets so much time pass that kube-proxy, which syncs once a second at most, follows at once.
pub async fn quiet() {
    tokio::time::sleep(QUIET).await;
}

impl Departures {
    /// A row of the table: median, best and worst, and when the command returned.
    pub fn row(&self, name: &str) -> Vec<String> {
        let times = [self.left.median(), self.left.best(), self.left.worst(), self.returned.median()];
        std::iter::once(name.to_owned()).chain(times.map(millis)).chain([self.left.count().to_string()]).collect()
    }

    pub const COLUMNS: [&str; 6] = ["", "median", "best", "worst", "returned", "rounds"];

    /// Loads the Service, runs the command and waits until it was followed.
    pub async fn measure(&mut self, target: SocketAddr, old: &str, command: Command) -> Result<Output> {
        let load = Load::new(target).fresh_clients(CLIENTS).kept_clients(0).rate(RATE);
        let load = load.max_time(LIMIT).start();
        tokio::time::sleep(RUN_UP).await;
        let started = Instant::now();
        let output = Running::start(command)?.wait(LIMIT).await?;
        ensure!(output.code == 0, "exit code {}:\n{}", output.code, output.stderr);
        let seen = left(&load, old, started).await?;
        let traffic = load.stop().await;
        ensure!(traffic.failures().is_empty(), "requests failed: {traffic}");
        ensure!(seen.last_fresh(old).is_some(), "{old} had no traffic before the command");
        self.left.add(seen.lag(old, started));
        self.returned.add(output.elapsed);
        Ok(output)
    }
}
