//! What can be typed. `options` turns it into what the commands work with.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use release_cli::flags::{CompleteArgs, ConnectionFlags, OutputArgs, STYLES, WriteArgs, check_of};
use release_core::checks::ids::Suite;
use release_core::duration::duration;

const EXIT_CODES: &str = "\
Flags go after the plugin's name: kubectl canary status api -n shop

Exit codes: 0 done, or nothing to do · 1 refused or failed · 2 wrong usage · 3 changed under us
4 out of time · 5 failed and rolled back by itself · 6 waiting for a person · 130 interrupted";

/// Release a new version of a Deployment step by step beside the one that serves.
///
/// The new version gets a Deployment of its own and a growing share of the requests; then the
/// Deployment that people know gets its template, and the canary goes. Nothing is installed in the
/// cluster: whoever runs it can be killed at any moment, and anybody can go on or take it back.
#[derive(Debug, Parser)]
#[command(name = "kubectl-canary", bin_name = "kubectl canary", version, styles = STYLES, after_help = EXIT_CODES)]
#[command(max_term_width = 100, args_override_self = true)]
pub struct Cli {
    #[command(flatten)]
    pub connection: ConnectionFlags,
    #[command(subcommand)]
    pub verb: VerbArgs,
}

#[derive(Debug, Subcommand)]
pub enum VerbArgs {
    /// Show every step, check and write of a release; writes nothing
    Plan(PlanArgs),
    /// Start a release, or go on with the one that is under way, to its end
    Run(RunArgs),
    /// Start a release, and return once its first weight is in effect
    Start(RunArgs),
    /// Give the canary this share by hand, without a plan or until its next step
    SetWeight(SetWeightArgs),
    /// Show how far a release has come
    Status(StatusArgs),
    /// Hold a release where it is
    Pause(WordArgs),
    /// Let a release go on that was held
    Resume(WordArgs),
    /// Go on to the next step although this one isn't over; --full: to the end
    Promote(PromoteArgs),
    /// Take a release back, from any machine and at any moment
    Abort(WordArgs),
    /// Show the releases of a Deployment, newest first
    History(HistoryArgs),
    /// Print the completion shim for kubectl (see docs/completion.md)
    Completion,
    #[command(hide = true, name = "__complete")]
    Complete(CompleteArgs),
}

/// Which workload.
#[derive(Debug, Clone, Args)]
pub struct WorkloadArgs {
    /// The stable Deployment: NAME or deploy/NAME
    #[arg(value_name = "WORKLOAD", required = true, num_args = 1..=2)]
    pub workload: Vec<String>,
}

/// What is released, and how.
#[derive(Debug, Clone, Args)]
pub struct ReleaseArgs {
    /// The new image: CONTAINER=IMAGE, or IMAGE where pods have one container; repeatable
    #[arg(long, value_name = "CONTAINER=IMAGE")]
    pub image: Vec<String>,
    /// Images from a file of CodePipeline's: [{"name": CONTAINER, "imageUri": IMAGE}]
    #[arg(long, value_name = "FILE")]
    pub images_from: Option<PathBuf>,
    /// Shares of the requests in percent, rising
    #[arg(long, value_name = "N,N,…")]
    pub steps: Option<String>,
    /// How long each share is held: one for all, or one for each below 100; without it each waits
    /// for `promote`
    #[arg(long, value_name = "TIME,…")]
    pub pause: Option<String>,
    /// What shares the requests
    #[arg(long, value_enum, value_name = "ROUTER")]
    pub router: Option<RouterFlag>,
    /// Divides pauses and the heartbeat, for tests
    #[arg(long, value_name = "N", hide = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub time_scale: Option<u32>,
}

/// What shares the requests between the versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RouterFlag {
    /// The pods themselves, by their number, behind one Service
    Replicas,
    /// Not yet
    #[value(hide = true)]
    Gateway,
    /// Not yet
    #[value(hide = true)]
    Istio,
    /// Not yet
    #[value(hide = true)]
    Alb,
    /// Not yet
    #[value(hide = true)]
    Nginx,
}

/// How strict the checks are.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Override blocking checks by id
    #[arg(long, value_name = "ID[,ID]", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = check_of(Suite::Canary))]
    pub force: Vec<String>,
    /// A check that can't be made blocks
    #[arg(long)]
    pub strict: bool,
}

#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub release: ReleaseArgs,
    #[command(flatten)]
    pub checks: CheckArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub release: ReleaseArgs,
    #[command(flatten)]
    pub checks: CheckArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Clone, Args)]
pub struct SetWeightArgs {
    /// The stable Deployment, and the canary's share of the requests in percent
    #[arg(value_names = ["WORKLOAD", "N"], required = true, num_args = 2..=3)]
    pub words: Vec<String>,
    #[command(flatten)]
    pub release: ReleaseArgs,
    #[command(flatten)]
    pub checks: CheckArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// A word to a release that is under way.
#[derive(Debug, Clone, Args)]
pub struct WordArgs {
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Clone, Args)]
pub struct PromoteArgs {
    /// Skip all steps that are left
    #[arg(long)]
    pub full: bool,
    #[command(flatten)]
    pub word: WordArgs,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WaitFor {
    /// It holds: somebody paused it, or its step waits for a person
    Paused,
    /// It is promoted
    Done,
    /// It was taken back
    Aborted,
}

#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub workload: WorkloadArgs,
    /// Show each change until it is over
    #[arg(short, long)]
    pub watch: bool,
    /// Return once it is so; exit 4 if it isn't in time, 1 if it can't be any more
    #[arg(long, value_enum, value_name = "WHAT")]
    pub wait_for: Option<WaitFor>,
    /// How long to wait
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1h")]
    pub timeout: Duration,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}
