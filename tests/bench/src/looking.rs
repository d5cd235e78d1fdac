//! `status` against `kubectl get svc,deploy,endpointslices`, in turns: wall time and memory.

use anyhow::{Result, ensure};
use lab::{Output, Running};
use tokio::process::Command;

use crate::figures::{Times, megabytes, millis};
use crate::handover::Small;
use crate::peak;
use crate::score::{Score, print_table};

const ROUNDS: usize = 20;
const LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

/// What one command costs.
#[derive(Debug, Default)]
pub struct Cost {
    pub wall: Times,
    pub peak: u64,
}

impl Cost {
    /// Runs the command twice: the second time below a process that sees its memory.
    pub async fn add(&mut self, command: impl Fn() -> Command) -> Result<()> {
        self.wall.add(timed(command()).await?.elapsed);
        self.peak = self.peak.max(peak::of(&command()).await?);
        Ok(())
    }

    /// The same for two commands that undo each other: wall times of both, memory of both.
    pub async fn add_pair(&mut self, there: impl Fn() -> Command, back: impl Fn() -> Command) -> Result<()> {
        for command in [&there as &dyn Fn() -> Command, &back] {
            self.wall.add(timed(command()).await?.elapsed);
        }
        for command in [&there as &dyn Fn() -> Command, &back] {
            self.peak = self.peak.max(peak::of(&command()).await?);
        }
        Ok(())
    }

    pub fn row(&self, name: &str) -> Vec<String> {
        vec![name.to_owned(), millis(self.wall.median()), millis(self.wall.worst()), megabytes(self.peak)]
    }

    pub const COLUMNS: [&str; 4] = ["", "median", "worst", "peak memory"];
}

/// Runs a command that has to succeed.
pub async fn timed(command: Command) -> Result<Output> {
    let output = Running::start(command)?.wait(LIMIT).await?;
    ensure!(output.code == 0, "exit code {}:\n{}", output.code, output.stderr);
    Ok(output)
}

pub async fn run(small: &Small, score: &mut Score) -> Result<()> {
    let (mut ours, mut theirs) = (Cost::default(), Cost::default());
    for _ in 0..ROUNDS {
        ours.add(|| small.plugin(&["status", "api"])).await?;
        theirs.add(|| small.kubectl(&["get", "svc,deploy,endpointslices"])).await?;
    }
    let rows = [ours.row("kubectl-bluegreen status api"), theirs.row("kubectl get svc,deploy,endpointslices")];
    print_table("Looking (10 pods)", &Cost::COLUMNS, &rows);
    score.at_most(
        "status, wall time / kubectl get",
        ours.wall.median().as_secs_f64() / theirs.wall.median().as_secs_f64(),
        0.4,
    );
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    let share = ours.peak as f64 / theirs.peak as f64;
    score.at_most("status, peak memory / kubectl get", share, 0.3);
    Ok(())
}
