//! Whether going back would be worse than staying.

use futures::future::join;
use k8s_openapi::api::core::v1::Service;
use release_cli::run::Run;
use release_cluster::slice_view::slices_of;
use release_core::kube::{Pod, PodPort, has_all};
use release_core::text::printable;
use release_core::traffic::capacity::staying;
use release_core::traffic::selector::Tracks;
use release_core::traffic::service_ports::named_targets;
use serde::Deserialize;

use super::super::home::Home;
use super::super::in_progress::MoveInProgress;
use crate::left::differences;
use crate::plan::Move;
use crate::snapshot::workloads_and_pods;

/// The ports by name of the Service as it is now; of a route it says nothing.
pub fn ports(home: &Home, made: &MoveInProgress<'_>) -> Vec<PodPort> {
    if made.movement.route.is_some() {
        return made.tracks.ports.clone();
    }
    Service::deserialize(&home.object).map_or_else(|_| made.tracks.ports.clone(), |service| named_targets(&service))
}

/// Why going back would be worse than staying: fewer pods are ready there than serve now. Nothing
/// where it isn't, or can't be told.
pub async fn worse_there(run: &Run, made: &MoveInProgress<'_>, ports: Vec<PodPort>) -> Option<String> {
    let movement = made.movement;
    // Somebody may have changed the Service's ports since.
    let tracks = Tracks { ports, ..made.tracks.clone() };
    let (now, slices) = join(
        workloads_and_pods(&run.cluster, &made.tracks.base),
        slices_of(&run.cluster, movement.backend(&movement.to)),
    )
    .await;
    let ((workloads, pods), slices) = (now.ok()?, slices.ok()?.slices.behind(made.view.ports.clone()));
    let slices = made.seen_in(slices, &movement.to, &pods);
    let is_lost = tracks.lost.contains_key(&movement.from);
    let selected = pods.iter().filter(|pod| !is_lost && has_all(&pod.metadata.labels, &movement.previous));
    let (there, without_port): (Vec<&Pod>, Vec<&Pod>) = selected.partition(|pod| tracks.can_serve(pod));
    // As it is now: somebody may have scaled it down since.
    let color = made.tracks.color(&movement.from)?.as_of(&workloads);
    let changed = differences(&movement.record.left, movement.record.at, &color, &there);
    let there = staying(&color, &there);
    // Where a route leads astray, who is there serves nobody; where both colors are selected, nobody is taken away.
    let is_nothing_lost = made.meanwhile.is_astray.get() || made.is_wide.get();
    let here = if is_nothing_lost { 0 } else { slices.ready_pods().len() };
    let Move { from, to, .. } = movement;
    match there {
        // Nobody has agreed to the next release.
        _ if here > 0 && !changed.is_empty() => {
            Some(format!("not taken back, {from} is not what was left: {}", changed.join("; ")))
        }
        0 if staying(&color, &without_port) > 0 => {
            let ports: Vec<&str> = tracks.ports.iter().map(|port| port.name.as_str()).collect();
            let ports = printable(&ports.join(", "));
            Some(format!("not taken back, no ready pod of {from} has the port that the Service asks for: {ports}"))
        }
        0 => Some(format!("not taken back, {from} has no ready pod")),
        _ if there < here => Some(format!("not taken back, {from} has {there} ready pods and {here} serve on {to}")),
        _ => None,
    }
}
