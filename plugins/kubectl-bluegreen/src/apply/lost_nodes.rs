//! Endpoints on nodes that went away while a move was watched: the EndpointSlice controller leaves them in until
//! something else makes it look, and nobody answers there.

use release_cli::run::Run;
use release_cluster::read::ListQuery;
use release_core::failure::Outcome;
use release_core::kube::Node;
use release_core::kube::path::path_of;
use release_core::text::printable;
use release_core::traffic::endpoints::Slices;

use super::emptied::unreachable;
use super::in_progress::MoveInProgress;

/// Holds what serves against the nodes that are there; those that can't be read take nothing.
///
/// # Errors
/// Exit 1 where fewer than required are on nodes that are there.
pub async fn check(run: &Run, slices: &Slices, made: &MoveInProgress<'_>, required: usize) -> Outcome<()> {
    let (path, everything) = (path_of("", "v1", "nodes", None), ListQuery::default());
    let Ok(nodes) = run.cluster.list_map(&path, &everything, Node::slim).await else { return Ok(()) };
    if nodes.items.is_empty() {
        return Ok(());
    }
    let (ready, lost) = (slices.ready_pods(), slices.ready_without_node(&nodes.items));
    let left = ready.iter().filter(|pod| !lost.contains_key(*pod)).count();
    if left >= required || lost.is_empty() {
        return Ok(());
    }
    let on: std::collections::BTreeSet<&str> = lost.values().copied().collect();
    let on = printable(&on.into_iter().collect::<Vec<_>>().join(", "));
    let what = format!(
        "{} {left}/{required} endpoints can be reached: {} of its pods are on {on}, which is gone or not ready",
        made.movement.to,
        lost.len()
    );
    Err(unreachable(run, made.service(), &what).await)
}
