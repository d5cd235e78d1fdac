//! Benchmarks on the lab: `lab run -- bench main|peers|soak`. Exit code 1 when a bound is missed.

mod calls;
mod crowd;
mod departure;
mod figures;
mod handover;
mod looking;
mod peak;
mod peers;
mod score;
mod soak;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use lab::Lab;

use score::Score;

/// Benchmarks side by side, on the lab
#[derive(Parser)]
#[command(name = "bench", after_help = "Run inside a lab: lab run -- bench main")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Against kubectl: switch, status, API requests, size, and 5,000 pods
    Main {
        /// Rounds of each command
        #[arg(long, default_value_t = 16)]
        rounds: usize,
        /// Pods of the big Service; 0 leaves it out
        #[arg(long, default_value_t = 5000)]
        crowd: u32,
    },
    /// Against Argo Rollouts (`lab build --peers` builds it)
    Peers {
        /// Rounds of each command
        #[arg(long, default_value_t = 12)]
        rounds: usize,
    },
    /// Many switches under load, and not one failed request
    Soak {
        /// How many
        #[arg(long, default_value_t = 500)]
        switches: usize,
    },
    /// Runs a command and prints the most memory it had, in KiB
    #[command(hide = true)]
    Peak {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        // Before there is a runtime: what this process weighs would count as the command's.
        What::Peak { command } => peak::print(&command).map(|()| true),
        what => measure(what),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all bounds hold.
#[tokio::main(worker_threads = 2)]
async fn measure(what: What) -> Result<bool> {
    let lab = Lab::from_env().await?.with_release_plugins()?;
    let mut score = Score::default();
    match what {
        What::Main { rounds, crowd } => against_kubectl(&lab, rounds, crowd, &mut score).await?,
        What::Peers { rounds } => peers::run(&lab, rounds, &mut score).await?,
        What::Soak { switches } => soak::run(&lab, switches, &mut score).await?,
        What::Peak { .. } => {}
    }
    Ok(score.conclude())
}

async fn against_kubectl(lab: &Lab, rounds: usize, crowd: u32, score: &mut Score) -> Result<()> {
    let small = handover::run(lab, rounds, score).await?;
    looking::run(&small, score).await?;
    score.size(&lab.plugins().join("kubectl-bluegreen"))?;
    if crowd > 0 {
        crowd::run(&small, crowd, score).await?;
    }
    // The last, as it ends with a cleanup.
    calls::run(&small, score).await
}
