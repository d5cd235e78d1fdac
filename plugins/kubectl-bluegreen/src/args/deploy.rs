//! What `deploy` can be asked.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use release_cli::flags::{NotifyArgs, OutputArgs, WriteArgs};
use release_core::duration::duration;

use super::hooks::DeployHookArgs;
use super::shared::{AfterArgs, CheckArgs, TrackArgs};
use super::vetting::VettingArgs;

/// `deploy`.
#[derive(Debug, Clone, Args)]
pub struct DeployArgs {
    /// The Service, as `api` or `svc/api`; with -f those that are meant of the file [default: all of them, as one
    /// release]
    #[arg(value_name = "SERVICE", required_unless_present = "filename")]
    pub services: Vec<String>,
    /// What the release is to be, as BlueGreenDeployment documents (see `schema`); - is standard input.
    /// Flags win over them
    #[arg(short, long, value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub filename: Option<PathBuf>,
    /// A container's new image; may be repeated. A pod's only container needs no name
    #[arg(long, value_name = "CONTAINER=IMAGE")]
    pub image: Vec<String>,
    /// Images of a file as CodePipeline has them (imagedefinitions.json)
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub images_from: Option<PathBuf>,
    /// The color to prepare, where it can't be found out
    #[arg(long, value_name = "COLOR")]
    pub to: Option<String>,
    /// Copy the rest of the active color's pod template, too; the idle color keeps its own environment
    #[arg(long)]
    pub sync: bool,
    /// At least so many pods [default: as many as the active color has now]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=10_000))]
    pub replicas: Option<i32>,
    /// Stop before the traffic moves, and print a fingerprint of what is ready
    #[arg(long)]
    pub no_switch: bool,
    /// Wait so long between a color that is ready and the switch
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub switch_after: Option<Duration>,
    #[command(flatten)]
    pub vetting: VettingArgs,
    #[command(flatten)]
    pub hooks: DeployHookArgs,
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
