//! Endpoints on nodes that went away while a move was watched: the EndpointSlice controller leaves them in until
//! something else makes it look, and nobody answers there.

use std::collections::BTreeSet;

use release_cli::run::Run;
use release_core::failure::Outcome;
use release_core::text::printable;
use release_core::traffic::endpoints::Slices;

use super::emptied::unreachable;
use super::in_progress::MoveInProgress;
use crate::snapshot::nodes;

/// Holds what serves against the nodes that are there; those that can't be read take nothing.
///
/// # Errors
/// Exit 1 where fewer than required are on nodes that are there.
pub async fn check(run: &Run, slices: &Slices, made: &MoveInProgress<'_>, required: usize) -> Outcome<()> {
    let Some(nodes) = nodes(&run.cluster).await else { return Ok(()) };
    let (ready, lost) = (slices.ready_pods(), slices.ready_without_node(&nodes));
    let left = ready.iter().filter(|pod| !lost.contains_key(*pod)).count();
    if left >= required || lost.is_empty() {
        return Ok(());
    }
    let on: BTreeSet<&str> = lost.values().copied().collect();
    let on = printable(&on.into_iter().collect::<Vec<_>>().join(", "));
    let what = format!(
        "{} {left}/{required} endpoints can be reached: {} of its pods are on {on}, which is gone or not ready",
        made.movement.to,
        lost.len()
    );
    Err(unreachable(run, made.service(), &what).await)
}
