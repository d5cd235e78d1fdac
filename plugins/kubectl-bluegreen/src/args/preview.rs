//! What `preview` can be asked.

use clap::Args;
use release_cli::flags::{OutputArgs, WriteArgs};

use super::shared::TrackArgs;

/// `preview`.
#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// The Service, as `api` or `svc/api`
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// The color to show, where there are several idle ones
    #[arg(long, value_name = "COLOR")]
    pub color: Option<String>,
    /// The port of this machine (0: a free one), and the Service's port, by its number or name, where it has
    /// several
    #[arg(long, value_name = "LOCAL[:REMOTE]", conflicts_with = "expose")]
    pub port: Option<String>,
    /// Show it in the cluster, by a Service SERVICE-preview that `cleanup` removes, instead of on this machine
    #[arg(long)]
    pub expose: bool,
    #[command(flatten)]
    pub track: TrackArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}
