//! `preview`: an idle color, for people to look at before it gets traffic.

mod expose;
mod forward;
mod shown;
mod ways;

use release_cli::report::Report;
use release_cli::run::Run;
use release_core::failure::Outcome;

use crate::args::PreviewArgs;
use crate::options::preview::{self as options, Way};
use crate::report::preview_document::PreviewMembers;

/// Runs the verb.
///
/// # Errors
/// Exit 1 where there is no such color, a port is taken, or a Service by the preview's name isn't ours.
pub async fn run(run: &Run, args: PreviewArgs, report: &mut Report<PreviewMembers>) -> Outcome<()> {
    let options = options::preview(args)?;
    match &options.way {
        Way::Exposed => expose::expose(run, &options, report).await,
        Way::Local { port, remote } => forward::forward(run, &options, (*port, remote.as_deref())).await,
    }
}
