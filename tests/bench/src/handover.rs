//! Switch and rollback against a bare `kubectl patch svc`, in turns.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::under_load::{VERSIONS, slow_to_stop};
use e2e::common::load::answering;
use lab::{Lab, Namespace};
use serde_json::json;
use tokio::process::Command;

use crate::departure::{Departures, quiet};
use crate::score::{Score, print_table};

/// Pods of each color: ten in all, as in the small Service of every table.
pub const PODS: u32 = 5;

/// A small Service, `api`, with a warm blue and green.
pub struct Small {
    pub ns: Namespace,
    pub target: SocketAddr,
    active: usize,
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Switch,
    Rollback,
    Patch,
    ThroughKubectl,
}

/// A rollback needs a switch of ours before it: this order has one before each, also in a circle
/// that begins anywhere.
const WAYS: [Way; 4] = [Way::Switch, Way::Rollback, Way::Patch, Way::ThroughKubectl];

/// Measures, and leaves the Service for what else is to be measured.
pub async fn run(lab: &Lab, rounds: usize, score: &mut Score) -> Result<Small> {
    let mut small = Small::start(lab).await?;
    // Once unmeasured: programs come from the disk into the page cache.
    small.round(0, &mut Default::default()).await?;
    let mut departures: [Departures; WAYS.len()] = Default::default();
    for round in 0..rounds {
        small.round(round, &mut departures).await?;
    }
    let rows: Vec<_> = WAYS.iter().zip(&departures).map(|(way, times)| times.row(way.name())).collect();
    let heading = "From starting the command to the last new connection on the old color (10 pods, 2 s apart)";
    print_table(heading, &Departures::COLUMNS, &rows);
    let [switch, rollback, patch, _] = departures.map(|times| times.left.median().as_secs_f64());
    score.at_most("switch, new connections left / kubectl patch", switch / patch, 1.0);
    score.at_most("rollback, new connections left / kubectl patch", rollback / patch, 1.0);
    Ok(small)
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Switch => "kubectl-bluegreen switch --yes --verify-for 0",
            Self::Rollback => "kubectl-bluegreen rollback --yes",
            Self::Patch => "kubectl patch svc",
            Self::ThroughKubectl => "kubectl bluegreen switch --yes --verify-for 0",
        }
    }
}

impl Small {
    /// Blue and green are ready, blue is active.
    pub async fn start(lab: &Lab) -> Result<Self> {
        let ns = lab.namespace("small").await?;
        slow_to_stop(&ns, PODS).await?;
        let target = answering(&ns, "api").await?;
        Ok(Self { ns, target, active: 0 })
    }

    /// Measures one switch.
    pub async fn switch(&mut self, times: &mut Departures) -> Result<()> {
        self.go(Way::Switch, times).await
    }

    /// Measures one switch to a color whose pods have just become ready, as in a pipeline.
    pub async fn switch_to_new_pods(&mut self, times: &mut Departures) -> Result<()> {
        let idle = format!("deployment/api-{}", VERSIONS[1 - self.active].0);
        let kubectl = self.ns.kubectl_as(self.ns.lab().kubeconfig());
        kubectl.must(&["rollout", "restart", &idle]).await?;
        self.ns.rolled_out(&idle, LIMIT).await?;
        self.measure(Way::Switch, times).await
    }

    async fn go(&mut self, way: Way, times: &mut Departures) -> Result<()> {
        quiet().await;
        self.measure(way, times).await
    }

    async fn measure(&mut self, way: Way, times: &mut Departures) -> Result<()> {
        let measured = times.measure(self.target, VERSIONS[self.active].1, self.command(way)).await;
        measured.with_context(|| way.name())?;
        self.active = 1 - self.active;
        Ok(())
    }

    /// One command of each kind, beginning with another one each time.
    async fn round(&mut self, round: usize, departures: &mut [Departures; WAYS.len()]) -> Result<()> {
        for turn in 0..WAYS.len() {
            let index = (round + turn) % WAYS.len();
            self.go(WAYS[index], &mut departures[index]).await?;
        }
        ensure!(self.active == 0, "a round ends where it began");
        Ok(())
    }

    fn command(&self, way: Way) -> Command {
        let to = VERSIONS[1 - self.active].0;
        match way {
            Way::Switch => self.plugin(&["switch", "api", "--to", to, "--yes", "--verify-for=0"]),
            Way::Rollback => self.plugin(&["rollback", "api", "--yes"]),
            Way::Patch => self.kubectl(&["patch", "svc", "api", "-p", &selector(to)]),
            Way::ThroughKubectl => self.kubectl(&["bluegreen", "switch", "api", "--to", to, "--yes", "--verify-for=0"]),
        }
    }

    /// The plugin's own program, not through kubectl.
    pub fn plugin(&self, args: &[&str]) -> Command {
        plugin(&self.ns, args)
    }

    /// kubectl.
    pub fn kubectl(&self, args: &[&str]) -> Command {
        self.ns.kubectl_as(self.ns.lab().kubeconfig()).command(args)
    }
}

/// `kubectl-bluegreen` in a namespace, not through kubectl.
pub fn plugin(ns: &Namespace, args: &[&str]) -> Command {
    let program = ns.lab().plugins().join("kubectl-bluegreen");
    ns.kubectl_as(ns.lab().kubeconfig()).plugin(&program, args)
}

fn selector(color: &str) -> String {
    json!({"spec": {"selector": {"version": color}}}).to_string()
}
