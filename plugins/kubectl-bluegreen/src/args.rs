//! What can be typed. `options` turns it into what the commands work with.

mod analysis;
mod deploy;
mod hooks;
mod init;
mod preview;
mod shared;
mod vetting;

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use release_cli::flags::{CompleteArgs, ConnectionFlags, NotifyArgs, OutputArgs, STYLES, WriteArgs, check_of};
use release_core::checks::ids::Suite;
use release_core::duration::duration;
use release_core::release::hooks::Hook;

use crate::fingerprint::Fingerprint;
pub use analysis::AnalysisArgs;
pub use deploy::DeployArgs;
pub use hooks::{DeployHookArgs, MoveHookArgs};
pub use init::InitArgs;
pub use preview::PreviewArgs;
pub use shared::{AfterArgs, CheckArgs, TrackArgs};

const EXIT_CODES: &str = "\
Flags go after the plugin's name: kubectl bluegreen status -n shop

Exit codes: 0 done, or nothing to do · 1 refused or failed · 2 wrong usage · 3 changed under us
4 out of time · 5 failed and rolled back by itself · 6 waiting for a person · 130 interrupted";

/// Blue-green switches of Services, with nothing installed in the cluster.
///
/// Finds the colors behind a Service by the labels of its workloads, checks that the other color
/// can take the traffic, moves the selector in one conditional patch, proves it and takes it back.
#[derive(Debug, Parser)]
#[command(name = "kubectl-bluegreen", bin_name = "kubectl bluegreen", version, styles = STYLES, after_help = EXIT_CODES)]
#[command(max_term_width = 100, args_override_self = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub connection: ConnectionFlags,
    #[command(subcommand)]
    pub verb: VerbArgs,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum VerbArgs {
    /// Show colors, readiness and where the traffic goes
    Status(StatusArgs),
    /// Run the checks of a switch and change nothing
    Preflight(PreflightArgs),
    /// Make a Service of one Deployment ready for colors
    Init(InitArgs),
    /// Prepare the idle color with new images, and move the Service to it
    Deploy(DeployArgs),
    /// Show an idle color on this machine, or in the cluster by a Service of its own
    Preview(PreviewArgs),
    /// Move a Service (or several as one) to another color
    Switch(SwitchArgs),
    /// Go back to the color before, fast
    Rollback(RollbackArgs),
    /// Show who switched what, when and why
    History(HistoryArgs),
    /// Scale the idle color to zero, or delete it, once its retention has passed
    Cleanup(CleanupArgs),
    /// Print the JSON Schema of the document that deploy -f reads
    Schema,
    /// Print the completion shim for kubectl (see docs/completion.md)
    Completion,
    #[command(hide = true, name = "__complete")]
    Complete(CompleteArgs),
    #[command(hide = true)]
    Undo(AnyArgs),
    #[command(hide = true)]
    Promote(AnyArgs),
}

/// Words of a verb that doesn't exist, so that the hint can be about the verb.
#[derive(Debug, Args)]
pub struct AnyArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

/// Which Services.
#[derive(Debug, Args)]
pub struct ServicesArgs {
    /// Services, as `api` or `svc/api`; several move as one
    #[arg(value_name = "SERVICE", required = true)]
    pub services: Vec<String>,
}

/// `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Services; all blue-green ones of the namespace without any
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// All namespaces
    #[arg(short = 'A', long, conflicts_with_all = ["services", "watch", "wait_for"])]
    pub all_namespaces: bool,
    /// Print again whenever something changes, until interrupted
    #[arg(short, long, requires = "services")]
    pub watch: bool,
    /// Wait until `active=COLOR`, or until `converged` (endpoints are the active color's only)
    #[arg(long, value_name = "CONDITION", requires = "services", conflicts_with = "watch")]
    pub wait_for: Option<String>,
    /// How long --wait-for waits
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m")]
    pub timeout: Duration,
    #[command(flatten)]
    pub track: TrackArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Where a switch goes.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// The color to switch to
    #[arg(long, value_name = "COLOR", conflicts_with = "to_image")]
    pub to: Option<String>,
    /// The color that runs this image tag
    #[arg(long, value_name = "TAG")]
    pub to_image: Option<String>,
}

/// `preflight`.
#[derive(Debug, Args)]
pub struct PreflightArgs {
    #[command(flatten)]
    pub services: ServicesArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub checks: CheckArgs,
    #[command(flatten)]
    pub track: TrackArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `switch`.
#[derive(Debug, Args)]
pub struct SwitchArgs {
    #[command(flatten)]
    pub services: ServicesArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Bring the target to the active color's size first, and wait for it
    #[arg(long)]
    pub scale: bool,
    /// Only if the color is still what `deploy --no-switch` printed this fingerprint of
    #[arg(long, value_name = "FINGERPRINT", requires = "to", conflicts_with = "scale")]
    pub expect: Option<Fingerprint>,
    #[command(flatten)]
    pub hooks: MoveHookArgs,
    #[command(flatten)]
    pub after: AfterArgs,
    #[command(flatten)]
    pub checks: CheckArgs,
    #[command(flatten)]
    pub track: TrackArgs,
    #[command(flatten)]
    pub notify: NotifyArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `rollback`.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    #[command(flatten)]
    pub services: ServicesArgs,
    /// Switch at the first ready pod, and scale meanwhile
    #[arg(long)]
    pub now: bool,
    /// Go there all the same, by the id of what stands in the way: changed-since, newer-than-active
    #[arg(long, value_name = "ID[,ID]", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = check_of(Suite::Bluegreen))]
    pub force: Vec<String>,
    /// Watch the color for this long afterwards, on top of --timeout
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "0s")]
    pub verify_for: Duration,
    #[command(flatten)]
    pub track: TrackArgs,
    #[command(flatten)]
    pub notify: NotifyArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The Service, as `api` or `svc/api`
    #[arg(value_name = "SERVICE")]
    pub service: String,
    #[command(flatten)]
    pub track: TrackArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `cleanup`.
#[derive(Debug, Clone, Args)]
pub struct CleanupArgs {
    /// Services whose idle colors are cleaned up
    #[arg(value_name = "SERVICE", required_unless_present = "due")]
    pub services: Vec<String>,
    /// All Services of the namespace whose retention has passed
    #[arg(long, conflicts_with = "services")]
    pub due: bool,
    /// With --due: of all namespaces
    #[arg(short = 'A', long, conflicts_with = "services")]
    pub all_namespaces: bool,
    /// Delete the workloads instead of scaling them to zero; volume claims always stay
    #[arg(long)]
    pub delete: bool,
    /// Don't wait for the retention
    #[arg(long)]
    pub before_due: bool,
    /// Take down this color only
    #[arg(long, value_name = "COLOR", conflicts_with = "due")]
    pub color: Option<String>,
    /// Run once the color before is down, after which there is no rollback to it: cronjob/NAME, the file of a
    /// Job, or a command as a list
    #[arg(long, value_name = "HOOK", value_parser = Hook::parse, conflicts_with_all = ["due", "preview"])]
    pub contract: Option<Hook>,
    /// Remove the Service's preview alone, whatever becomes of its colors
    #[arg(long, conflicts_with_all = ["due", "delete", "before_due", "color"])]
    pub preview: bool,
    /// Take it down all the same, by the id of what stands in the way: changed-since,
    /// ready-below-active
    #[arg(long, value_name = "ID[,ID]", value_delimiter = ',', hide_possible_values = true, conflicts_with = "due")]
    #[arg(value_parser = check_of(Suite::Bluegreen))]
    pub force: Vec<String>,
    #[command(flatten)]
    pub track: TrackArgs,
    #[command(flatten)]
    pub notify: NotifyArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}
