//! Benchmarks on the lab: `lab run -- bench main|peers|soak|releases`, and without one: `bench registry`.
//! Exit code 1 when a bound is missed.

mod calls;
mod crowd;
mod departure;
mod figures;
mod handover;
mod looking;
mod peak;
mod peers;
mod registry;
mod releases;
mod score;
mod soak;
mod versions;

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
    /// Against another build of the same plugins, in turns
    Versions {
        /// Folder of the other build's programs
        other: std::path::PathBuf,
        /// Rounds of each command
        #[arg(long, default_value_t = 20)]
        rounds: usize,
    },
    /// Many switches under load, and not one failed request
    Soak {
        /// How many
        #[arg(long, default_value_t = 500)]
        switches: usize,
    },
    /// Whole releases under load: none lost, nothing left over, no more memory
    Releases {
        /// How many
        #[arg(long, default_value_t = 100)]
        releases: usize,
    },
    /// Against the AWS CLI: reading 10,000 images from a stub of ECR; needs no lab
    Registry {
        /// Rounds of each command
        #[arg(long, default_value_t = 5)]
        rounds: usize,
    },
    /// Answers as ECR does, on a port of loopback that it prints
    #[command(hide = true)]
    ImagesStub,
    /// Reads a repository as the plugin does
    #[command(hide = true)]
    ReadImages { repository: String },
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
        What::ReadImages { repository } => read_images(&repository).map(|()| true),
        What::ImagesStub => serve_images().map(|()| true),
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

/// One thread, as in the plugins.
#[tokio::main(flavor = "current_thread")]
async fn read_images(repository: &str) -> Result<()> {
    registry::reading::print_second_newest(repository).await
}

#[tokio::main(flavor = "current_thread")]
async fn serve_images() -> Result<()> {
    registry::stub::serve().await
}

/// Whether all bounds hold.
#[tokio::main(worker_threads = 2)]
async fn measure(what: What) -> Result<bool> {
    let mut score = Score::default();
    if let What::Registry { rounds } = what {
        registry::run(rounds, &mut score).await?;
        return Ok(score.conclude());
    }
    let lab = Lab::from_env().await?.with_release_plugins()?;
    match what {
        What::Main { rounds, crowd } => against_kubectl(&lab, rounds, crowd, &mut score).await?,
        What::Peers { rounds } => peers::run(&lab, rounds, &mut score).await?,
        What::Versions { other, rounds } => versions::run(&lab, &other, rounds, &mut score).await?,
        What::Soak { switches } => soak::run(&lab, switches, &mut score).await?,
        What::Releases { releases } => releases::run(&lab, releases, &mut score).await?,
        What::Registry { .. } | What::ImagesStub | What::ReadImages { .. } | What::Peak { .. } => {}
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
