//! The heartbeat of whoever runs a release.

use jiff::Timestamp;
use release_cli::run::Run;
use release_cluster::exchange::ApiError;
use release_core::failure::{Exit, Failure, Outcome};
use serde_json::Value;
use tokio::time::Instant;

use crate::lease::{self, Held, Runner};
use crate::words::{ago, command};

/// How often it is tried to let the Lease go.
const LETTING_GO: u32 = 4;

/// Holds the Lease of a release.
#[derive(Debug)]
pub struct Heartbeat<'a> {
    run: &'a Run,
    stable: &'a str,
    runner: Runner,
    beaten: Option<Instant>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Ours,
    /// Somebody else has it, and is there.
    Theirs,
}

impl<'a> Heartbeat<'a> {
    /// Takes the Lease, also from somebody who is there where `by_force`.
    ///
    /// # Errors
    /// Exit 3 where somebody else runs the release, or has just begun to.
    pub async fn take(
        run: &'a Run,
        stable: &'a str,
        (runner, by_force): (Runner, bool),
        found: Option<&Held>,
    ) -> Outcome<Self> {
        let now = run.cluster.now();
        if let Some(held) = found.filter(|held| held.is_fresh(now) && !by_force) {
            return Err(somebody_runs_it(held, now).look(command("status", stable).scope(run.scope())));
        }
        let mut heartbeat = Self { run, stable, runner, beaten: None };
        match heartbeat.write(found).await {
            Ok(()) => Ok(heartbeat),
            Err(error) if matches!(error.code(), Some(409 | 422)) => {
                let message = format!("somebody else has just begun to run deploy/{stable}'s release");
                Err(Failure::changed(message).look(command("status", stable).scope(run.scope())))
            }
            Err(error) => Err(Failure::from(error)),
        }
    }

    /// Beats where it is time to; says whose turn it is by what was found.
    ///
    /// # Errors
    /// Where the Lease can't be written.
    pub async fn beat(&mut self, found: Option<&Held>) -> Result<Turn, ApiError> {
        let now = self.run.cluster.now();
        let is_ours = found.is_some_and(|held| held.holder == self.runner.name);
        if !is_ours && found.is_some_and(|held| held.is_fresh(now)) {
            return Ok(Turn::Theirs);
        }
        let is_due = self.beaten.is_none_or(|beaten| beaten.elapsed() >= self.runner.every());
        if !is_ours || is_due {
            match self.write(found).await {
                // Whoever wrote it is seen at the next look.
                Err(error) if matches!(error.code(), Some(409 | 422)) => return Ok(Turn::Theirs),
                // It is stale in a minute at the earliest.
                Err(error) if is_ours && error.leaves_write_unclear() => {}
                other => other?,
            }
        }
        Ok(Turn::Ours)
    }

    async fn write(&mut self, found: Option<&Held>) -> Result<(), ApiError> {
        let change =
            lease::taken(&self.run.cluster.namespace, self.stable, found, &self.runner, self.run.cluster.now());
        self.run.cluster.apply(&change, self.run.write_mode()).await?;
        self.beaten = Some(Instant::now());
        Ok(())
    }

    /// Lets the Lease go. Nothing depends on it: it is stale in a minute.
    pub async fn let_go(&self) {
        let namespace = &self.run.cluster.namespace;
        // A heartbeat that was under way when the run was stopped may still arrive.
        for _ in 0..LETTING_GO {
            let Ok(lease) = self.run.cluster.get::<Value>(&lease::path(namespace, self.stable)).await else { return };
            let held = Held::of(&lease);
            let is_ours = held.holder == self.runner.name;
            let change = lease::let_go(namespace, self.stable, &held);
            if !is_ours || self.run.cluster.apply(&change, self.run.write_mode()).await.is_ok() {
                return;
            }
        }
    }
}

fn somebody_runs_it(held: &Held, now: Timestamp) -> Failure {
    let seen = held.renewed().map(|at| ago(at, now)).unwrap_or_default();
    Failure::new(Exit::Changed, "RunsElsewhere", format!("{} runs this release, and was seen {seen}", held.holder))
}
