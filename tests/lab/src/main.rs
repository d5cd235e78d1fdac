//! `lab`: a real Kubernetes on one machine, for tests, demo and benchmarks.

mod commands;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use lab::host::{self, CannotRunHere};

/// A real Kubernetes on one machine, for tests, demo and benchmarks
#[derive(Parser)]
#[command(
    name = "lab",
    after_help = "Exit code 77 means that this machine cannot run the lab; \
    with CI=true that is exit code 1."
)]
struct Arguments {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build what the lab is made of (about 11 minutes the first time, then nothing)
    Build {
        /// Build what the benchmarks compare with, too
        #[arg(long)]
        peers: bool,
        /// Build what tests start beside the cluster, too: Prometheus, Pushgateway, Envoy, Contour,
        /// istiod. What can't be had here is said and left out; with CI=true that fails
        #[arg(long)]
        addons: bool,
    },
    /// Start a lab, run a command inside, end the lab; the exit code is the command's
    Run {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Start a lab in the background and print how to use it
    Up {
        /// Start another one even if a lab is up already
        #[arg(long)]
        another: bool,
    },
    /// End the newest lab that `up` started
    Down {
        /// End the lab with this state folder
        #[arg(long, conflicts_with = "all")]
        dir: Option<PathBuf>,
        /// End all of them
        #[arg(long)]
        all: bool,
    },
    /// List the labs that run
    Status,
    /// Run a shell, or a command, inside the network of the newest lab
    Shell {
        /// Enter the lab with this state folder
        #[arg(long)]
        dir: Option<PathBuf>,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// The part of `up` that stays
    #[command(hide = true)]
    Serve {
        #[arg(long)]
        dir: PathBuf,
    },
    /// The first process of the process namespace
    #[command(hide = true)]
    Init {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Starts the cluster inside the namespaces
    #[command(hide = true)]
    Inside {
        #[arg(long)]
        dir: PathBuf,
        #[arg(long)]
        port: u16,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// The registry: ECR as the lab has it
    #[command(hide = true)]
    Registry,
    /// The processes in the pods
    #[command(hide = true)]
    Pods {
        #[arg(long)]
        dir: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => ExitCode::from(code),
        Err(error) if error.is::<CannotRunHere>() && !host::is_ci() => {
            eprintln!("lab: skipped: {error:#}");
            ExitCode::from(host::CANNOT_RUN_HERE)
        }
        Err(error) => {
            eprintln!("lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<u8> {
    match verb {
        Verb::Build { peers, addons } => commands::build(peers, addons),
        Verb::Run { command } => commands::run(command),
        Verb::Up { another } => commands::up(another),
        Verb::Down { dir, all } => commands::down(dir, all),
        Verb::Status => commands::status(),
        Verb::Shell { dir, command } => commands::shell(dir, command),
        Verb::Serve { dir } => commands::serve(dir),
        Verb::Init { command } => commands::init(command),
        Verb::Inside { dir, port, command } => commands::inside(dir, port, command),
        Verb::Registry => commands::registry(),
        Verb::Pods { dir } => commands::pods(dir),
    }
}
