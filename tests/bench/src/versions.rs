//! Two builds of `kubectl-bluegreen` in turns: whether a change has made it slower or bigger.

use std::path::Path;

use anyhow::Result;
use lab::Lab;
use tokio::process::Command;

use crate::figures::megabytes;
use crate::handover::Small;
use crate::looking::Cost;
use crate::score::{Score, print_table};

/// More than this much more is no noise.
const NOISE: f64 = 1.1;

/// Measures `status` and `switch` of both, in turns, beginning with the other one each time.
pub async fn run(lab: &Lab, other: &Path, rounds: usize, score: &mut Score) -> Result<()> {
    let small = Small::start(lab).await?;
    let builds = [lab.plugins().join("kubectl-bluegreen"), other.join("kubectl-bluegreen")];
    let (mut status, mut switch): ([Cost; 2], [Cost; 2]) = Default::default();
    for round in 0..rounds {
        for turn in 0..builds.len() {
            let build = (round + turn) % builds.len();
            let command = |args: &[&str]| program(&small, &builds[build], args);
            status[build].add(|| command(&["status", "api"])).await?;
            let to = |color: &str| command(&["switch", "api", "--to", color, "--yes", "--verify-for=0"]);
            switch[build].add_pair(|| to("green"), || to("blue")).await?;
        }
    }
    let rows = [
        status[0].row("status, this build"),
        status[1].row("status, the other"),
        switch[0].row("switch, this build"),
        switch[1].row("switch, the other"),
    ];
    print_table("Two builds in turns (10 pods)", &Cost::COLUMNS, &rows);
    for (what, [ours, theirs]) in [("status", &status), ("switch", &switch)] {
        let wall = ours.wall.median().as_secs_f64() / theirs.wall.median().as_secs_f64();
        score.at_most(&format!("{what}, wall time / the other build"), wall, NOISE);
        score.at_most(&format!("{what}, peak memory / the other build"), share(ours.peak, theirs.peak), NOISE);
    }
    for name in ["kubectl-bluegreen", "kubectl-ecr_rollback"] {
        let [ours, theirs] = [size(lab.plugins(), name)?, size(other, name)?];
        println!("  {name}: {}, the other {}", megabytes(ours), megabytes(theirs));
        score.at_most(&format!("{name}, size / the other build"), share(ours, theirs), NOISE);
    }
    Ok(())
}

fn program(small: &Small, program: &Path, args: &[&str]) -> Command {
    small.ns.kubectl_as(small.ns.lab().kubeconfig()).plugin(program, args)
}

fn size(folder: &Path, name: &str) -> Result<u64> {
    Ok(std::fs::metadata(folder.join(name))?.len())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
fn share(ours: u64, theirs: u64) -> f64 {
    ours as f64 / theirs as f64
}
