//! `lifecycle`: show, preview and apply the lifecycle policies of repositories.

mod apply;
mod preview;
mod put;
mod put_progress;
mod refused;
mod show;

use release_cli::flags::{ConnectionFlags, DryRunFlag};
use release_core::failure::Exit;

use crate::lifecycle::args::LifecycleVerb;
use crate::repositories::session::to_the_end;

/// Runs a verb to its end.
pub async fn run(flags: &ConnectionFlags, verb: LifecycleVerb) -> Exit {
    let none = DryRunFlag::None;
    match verb {
        LifecycleVerb::Show(args) => {
            let show = async |session: &_, report: &mut _| show::run(session, &args, report).await;
            to_the_end(flags, args.output.output, none, show).await
        }
        LifecycleVerb::Preview(args) => {
            let preview = async |session: &_, report: &mut _| preview::run(session, &args, report).await;
            to_the_end(flags, args.output.output, none, preview).await
        }
        LifecycleVerb::Apply(args) => {
            let apply = async |session: &_, report: &mut _| apply::run(session, &args, report).await;
            to_the_end(flags, args.output.output, args.dry_run, apply).await
        }
    }
}
