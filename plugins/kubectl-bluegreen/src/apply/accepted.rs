//! Waiting until a route's controllers have taken it as it is now, where they say so.

use std::ops::ControlFlow;
use std::time::Duration;

use release_cli::run::Run;
use release_cluster::wait::{later, until};
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::traffic::router::RouterKind;
use release_core::traffic::router::accepted::{Acceptance, acceptance};
use serde_json::Value;

use super::in_progress::MoveInProgress;
use super::records;

/// Between two looks.
const POLL: Duration = Duration::from_millis(100);
/// A controller that says nothing for this long of a generation doesn't tell which one it means.
const PATIENCE: Duration = Duration::from_secs(30);

/// The reason of a move that the route's controller refuses.
pub const NOT_ACCEPTED: &str = "NotAccepted";

/// Waits for it.
///
/// # Errors
/// Exit 1 where a controller refuses what was written, 4 where one that reports says nothing of it in time.
pub async fn wait(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    let Some(route) = made.movement.route.as_ref() else { return Ok(()) };
    if route.dns.is_some() {
        return records::spread(run, made).await;
    }
    // Nothing in an Istio route's status is of a generation, unless an analysis of its own is switched on.
    if !matches!(route.kind, RouterKind::HttpRoute | RouterKind::GrpcRoute) {
        return Ok(());
    }
    let before = acceptance(&route.object);
    let mut last = String::new();
    let until_then = run.deadline().min(later(PATIENCE));
    let taken = until(until_then, POLL, async || {
        // A read that fails is no verdict.
        let Ok(object) = run.cluster.get::<Value>(&made.movement.path()).await else {
            return ControlFlow::Continue(());
        };
        match acceptance(&object) {
            Acceptance::Accepted | Acceptance::Unreported => ControlFlow::Break(Ok(())),
            // One that it was refused by before is nobody's of this move.
            Acceptance::Refused(why) if before == Acceptance::Refused(why.clone()) => ControlFlow::Break(Ok(())),
            Acceptance::Refused(why) => ControlFlow::Break(Err(why)),
            Acceptance::Pending(what) => {
                run.waiting(&format!("{}: {what}", made.movement.object()));
                last = what;
                ControlFlow::Continue(())
            }
        }
    });
    let look = || {
        let get = Command::new("kubectl get").arg(route.reference()).arg("-o").arg("yaml");
        get.scope(&route.scope(run.scope()))
    };
    let object = made.movement.object();
    match taken.await {
        Some(Ok(())) => Ok(()),
        Some(Err(why)) => Err(Failure::failed(NOT_ACCEPTED, format!("{object} is refused: {why}")).look(look())),
        None => {
            let text = format!("out of time: {object} was not taken by its controller: {last}");
            Err(Failure::out_of_time(text).look(look()))
        }
    }
}
