//! What can be typed. `options` turns it into what the commands work with.

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use release_cli::flags::{CompleteArgs, ConnectionFlags, OutputArgs, STYLES, WriteArgs, check_of, max_severity};
use release_core::checks::ids::Suite;
use release_core::duration::duration;
use release_core::registry::scan_gate::MaxSeverity;

use crate::lifecycle::args::LifecycleArgs;

const EXIT_CODES: &str = "\
Flags go after the plugin's name: kubectl ecr-rollback deploy/api -n shop

Exit codes: 0 done, or nothing to do · 1 refused or failed · 2 wrong usage · 3 changed under us
4 out of time · 5 failed and rolled back by itself · 6 waiting for a person · 130 interrupted";

/// Roll a workload back to the image that was pushed to ECR before the one it runs.
///
/// Finds out which image really runs, which one was pushed and which one was deployed before it,
/// checks that it can be pulled and that the update is safe, writes it in one conditional patch,
/// watches the rollout and takes it back when it fails.
#[derive(Debug, Parser)]
#[command(name = "kubectl-ecr_rollback", bin_name = "kubectl ecr-rollback", version, styles = STYLES, after_help = EXIT_CODES)]
#[command(
    max_term_width = 100,
    args_override_self = true,
    arg_required_else_help = true,
    subcommand_negates_reqs = true
)]
#[command(override_usage = "kubectl ecr-rollback TYPE/NAME [OPTIONS]\n       kubectl ecr-rollback <COMMAND>")]
pub struct Cli {
    // First, or its flags would stand under the other's heading.
    #[command(flatten)]
    pub rollback: RollbackArgs,
    #[command(flatten)]
    pub connection: ConnectionFlags,
    #[command(subcommand)]
    pub verb: Option<VerbArgs>,
}

#[derive(Debug, Subcommand)]
pub enum VerbArgs {
    /// Show the repository's images: pushed, running, previous, once deployed
    History(HistoryArgs),
    /// Go back from a pinned digest to the tag, and to whatever it is on now
    Unpin(UnpinArgs),
    /// Show, preview and apply lifecycle policies of repositories
    Lifecycle(LifecycleArgs),
    /// Print the completion shim for kubectl (see docs/completion.md)
    Completion,
    #[command(hide = true, name = "__complete")]
    Complete(CompleteArgs),
}

/// Which workload.
#[derive(Debug, Args)]
pub struct WorkloadArgs {
    /// The workload: deployment/NAME, statefulset/NAME or daemonset/NAME
    #[arg(value_name = "TYPE/NAME", required = true, num_args = 1..=2)]
    pub workload: Vec<String>,
}

/// Which containers of it.
#[derive(Debug, Args)]
pub struct ContainerArgs {
    /// The container; several with the same image go back together
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    pub container: Vec<String>,
}

#[derive(Debug, Args)]
pub struct RollbackArgs {
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub containers: ContainerArgs,
    /// Init containers of the image (or the one that -c names) too; migrations mostly should not
    #[arg(long)]
    pub include_init_containers: bool,
    #[command(flatten)]
    pub target: TargetArgs,
    /// One further back, although the last rollback is done
    #[arg(long, conflicts_with_all = ["to_tag", "to_digest"])]
    pub again: bool,
    /// Only where this tag (or digest) is what the workload asks for
    #[arg(long, value_name = "TAG")]
    pub if_running: Option<String>,
    /// Refuse an image with findings graver than this, or without a finished scan
    #[arg(long, value_name = "SEVERITY", value_parser = max_severity())]
    pub max_severity: Option<MaxSeverity>,
    #[command(flatten)]
    pub checks: CheckArgs,
    #[command(flatten)]
    pub rollout: RolloutArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Where to go.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// The tag to go to; NAME:TAG does, too
    #[arg(long, value_name = "TAG", conflicts_with_all = ["to_digest", "steps"])]
    pub to_tag: Option<String>,
    /// The digest to go to; its first seven characters do, and HOST/NAME@DIGEST
    #[arg(long, value_name = "DIGEST", conflicts_with = "steps")]
    pub to_digest: Option<String>,
    /// How many images back
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub steps: Option<u16>,
    /// What counts as "before": the order of pushes, or what this workload ran (needs no registry)
    #[arg(long, value_enum, value_name = "SOURCE")]
    pub from: Option<SourceFlag>,
    /// Write the digest too, so that the image stays what it is when its tag is moved
    #[arg(long)]
    pub pin_digest: bool,
    /// Only images with a tag like this: * any characters, ? one
    #[arg(long, value_name = "GLOB")]
    pub tag_filter: Option<String>,
}

/// How strict the checks are.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Override blocking checks by id
    #[arg(long, value_name = "ID[,ID]", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = check_of(Suite::EcrRollback))]
    pub force: Vec<String>,
    /// A check that can't be made blocks
    #[arg(long)]
    pub strict: bool,
}

/// What happens once the image is written.
#[derive(Debug, Args)]
pub struct RolloutArgs {
    /// Don't watch the rollout; the same command again does
    #[arg(long)]
    pub no_wait: bool,
    /// Leave a failed rollout as it is
    #[arg(long)]
    pub no_rollback: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SourceFlag {
    Registry,
    RolloutHistory,
}

/// How long `history` takes at most where nothing else is asked for: somebody waits for it.
pub const READING: Duration = Duration::from_secs(60);
/// How many images `history` shows where nothing else is asked for.
pub const SHOWN: usize = 20;

#[derive(Debug, Args)]
pub struct HistoryArgs {
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub containers: ContainerArgs,
    /// Only images with a tag like this: * any characters, ? one
    #[arg(long, value_name = "GLOB")]
    pub tag_filter: Option<String>,
    /// How many images to show; 0 shows all
    #[arg(long, value_name = "N", default_value_t = SHOWN)]
    pub limit: usize,
    /// How long it may take to read
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1m")]
    pub timeout: Duration,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct UnpinArgs {
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub containers: ContainerArgs,
    #[command(flatten)]
    pub checks: CheckArgs,
    #[command(flatten)]
    pub rollout: RolloutArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}
