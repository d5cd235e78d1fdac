//! An active color without a ready pod: what would work now.

use release_core::command::Command;
use release_core::failure::Next;
use release_core::kube::{Pod, Workload, WorkloadKind};
use release_core::traffic::selector::Color;

use super::ways::Ways;
use crate::service_view::ready_count;

/// The ways out: to a color that is ready, first the one that was left last, then the one with the most
/// ready pods; and what brings workloads back that were scaled to zero. Where there is neither, what
/// shows where the Service stands.
#[must_use]
pub fn ways_out(ways: Ways<'_>, pods: &[Pod]) -> Next {
    let ready = ready_others(ways, pods);
    let sizes = brought_back(ways);
    let mut said: Vec<String> =
        ready.iter().map(|(color, ready)| format!("{} has {ready} ready", color.name)).collect();
    if !sizes.is_empty() {
        said.push(format!("{} was scaled to zero", ways.tracks.active));
    }
    let mut commands = ways.to_each(ready.into_iter().map(|(color, _)| color));
    commands.extend(sizes);
    if commands.is_empty() { Next::Look(ways.status(), None) } else { Next::Try(commands, Some(said.join(", "))) }
}

fn ready_others<'a>(ways: Ways<'a>, pods: &[Pod]) -> Vec<(&'a Color, usize)> {
    let count = |color: &'a Color| {
        let own = ways.tracks.pods_of(&color.name, pods).into_iter().filter(|pod| ways.tracks.can_serve(pod));
        (color, ready_count(&own.collect::<Vec<_>>()))
    };
    let named = ways.tracks.others().filter(|color| !color.name.is_empty());
    let mut ready: Vec<_> = named.map(count).filter(|(_, ready)| *ready > 0).collect();
    let last = ways.view.recorded.current.as_ref().filter(|record| record.key == ways.tracks.key);
    let left = last.map(|record| if record.to == ways.tracks.active { &record.from } else { &record.to });
    ready.sort_by_key(|(color, ready)| (Some(&color.name) != left, std::cmp::Reverse(*ready)));
    ready
}

/// The commands that give the active color's workloads a size again.
fn brought_back(ways: Ways<'_>) -> Vec<Command> {
    let workloads = ways.tracks.color(&ways.tracks.active).into_iter().flat_map(|color| &color.workloads);
    let emptied = workloads.filter(|w| w.replicas == 0 && w.kind != WorkloadKind::DaemonSet);
    let scale = |w: &Workload| {
        let command = Command::new("kubectl scale").arg(w.reference());
        command.arg(format!("--replicas={}", size_before(w, ways))).scope(ways.scope)
    };
    emptied.map(|w| scale(w)).collect()
}

/// As large as it was when it was left last, else as the largest workload of the other colors: nothing in
/// the cluster keeps the size that a workload had.
fn size_before(workload: &Workload, ways: Ways<'_>) -> i32 {
    let recorded = ways.view.recorded.all().flat_map(|record| &record.left);
    let mut known = recorded.filter(|left| left.workload == workload.reference()).map(|left| left.replicas);
    let others = || ways.tracks.others().flat_map(|color| &color.workloads).map(|w| w.replicas).max();
    let of_others = || ways.view.recorded.all().flat_map(|record| &record.left).map(|left| left.replicas).max();
    let is_size = |size: &i32| *size > 0;
    known.find(is_size).or_else(|| others().filter(is_size)).or_else(|| of_others().filter(is_size)).unwrap_or(1)
}
