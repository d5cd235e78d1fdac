//! What `init` can be asked.

use std::time::Duration;

use clap::Args;
use release_cli::flags::{OutputArgs, WriteArgs, check_of};
use release_core::checks::ids::Suite;
use release_core::duration::duration;
use release_core::traffic::router::RouterKind;

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The Service, as `api` or `svc/api`
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// What the color that runs now is to be called [default: blue, or what its pods are labelled already]
    #[arg(long, value_name = "COLOR")]
    pub to: Option<String>,
    /// The label that is to tell the colors apart
    #[arg(long, value_name = "LABEL", default_value = "version")]
    pub track_key: String,
    /// Print the objects of a route that decides between the colors, virtualservice or httproute, and write nothing
    #[arg(long, value_name = "KIND", value_parser = first_route, conflicts_with_all = ["to", "force"])]
    pub router: Option<RouterKind>,
    /// The Gateway of a new HTTPRoute
    #[arg(long, value_name = "[NAMESPACE/]NAME", requires = "router")]
    pub gateway: Option<String>,
    /// How long to watch the labelled pods before the others go, on top of --timeout
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10s")]
    pub verify_for: Duration,
    /// Leave a failed narrowing of the selector as it is
    #[arg(long)]
    pub no_rollback: bool,
    /// Override blocking checks by id
    #[arg(long, value_name = "ID[,ID]", value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_parser = check_of(Suite::Bluegreen))]
    pub force: Vec<String>,
    /// A check that can't be made blocks
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

fn first_route(text: &str) -> Result<RouterKind, String> {
    let known = [RouterKind::VirtualService, RouterKind::HttpRoute];
    known.into_iter().find(|kind| kind.word() == text).ok_or_else(|| "virtualservice or httproute".to_owned())
}
