//! Which workload of the idle color is made like which of the active one.

use std::sync::Arc;

use release_core::failure::Outcome;
use release_core::kube::{Workload, WorkloadKind};
use release_core::traffic::selector::{Color, Tracks};
use release_core::workload::twin::Exchange;

use crate::plan::pairing::counterpart;
use crate::refusal::deploying;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// A workload of the idle color, and the active color's that does the same.
#[derive(Debug, Clone)]
pub struct Pair {
    pub kind: WorkloadKind,
    /// Its name, which it has or will have.
    pub name: String,
    pub active: Option<Arc<Workload>>,
    pub idle: Option<Arc<Workload>>,
}

/// Pairs them: by name, by labels, and where there is one on either side, these.
///
/// # Errors
/// Exit 1 where there is nothing to copy, where a name is taken by something that is no part of the color,
/// and for what can't be deployed.
pub fn pairs(view: &ServiceView<'_>, tracks: &Tracks, color: &str, snapshot: &Snapshot) -> Outcome<Vec<Pair>> {
    let nothing = Color { name: color.to_owned(), ..Color::default() };
    let idle = tracks.color(color).unwrap_or(&nothing);
    let active = tracks.color(&tracks.active).unwrap_or(&nothing);
    if let Some(other) = [active, idle].into_iter().find_map(not_ours) {
        return Err(deploying::not_deployable(view, &other, &snapshot.scope));
    }
    let exchange = Exchange { key: &tracks.key, from: &tracks.active, to: color, base: &tracks.base };
    let mut pairs = Vec::new();
    for like in &active.workloads {
        let twin = twin_in(like, active, idle);
        if let (None, Some(other)) = (twin, other_kind(like, active, idle)) {
            return Err(deploying::other_kind(view, like, other, &snapshot.scope));
        }
        let name = twin.map_or_else(|| exchange.name(like.name()), |twin| twin.name().to_owned());
        let taken = |w: &&Arc<Workload>| twin.is_none() && w.kind == like.kind && w.name() == name;
        if let Some(taken) = snapshot.workloads.iter().find(taken) {
            return Err(deploying::name_taken(view, taken, &tracks.selector_for(color), &snapshot.scope));
        }
        let (active, idle) = (Some(Arc::clone(like)), twin.map(Arc::clone));
        pairs.push(Pair { kind: like.kind, name, active, idle });
    }
    let known =
        |w: &Workload| pairs.iter().any(|pair| pair.idle.as_ref().is_some_and(|p| p.reference() == w.reference()));
    let alone: Vec<Pair> = idle.workloads.iter().filter(|w| !known(w)).map(alone).collect();
    pairs.extend(alone);
    if pairs.is_empty() { Err(deploying::nothing_to_copy(view, tracks, &snapshot.scope)) } else { Ok(pairs) }
}

fn twin_in<'c>(like: &Workload, active: &Color, idle: &'c Color) -> Option<&'c Arc<Workload>> {
    let found = counterpart(like, active, idle).filter(|twin| twin.kind == like.kind);
    found.or_else(|| match (active.workloads.as_slice(), idle.workloads.as_slice()) {
        ([_], [only]) if only.kind == like.kind => Some(only),
        _ => None,
    })
}

/// What does the same, and is of another kind: a second workload beside it would make the color twice as large.
fn other_kind<'c>(like: &Workload, active: &Color, idle: &'c Color) -> Option<&'c Arc<Workload>> {
    let alone = match (active.workloads.as_slice(), idle.workloads.as_slice()) {
        ([_], [only]) => Some(only),
        _ => None,
    };
    let found = counterpart(like, active, idle).or(alone);
    found.filter(|twin| twin.kind != like.kind)
}

/// One that only the idle color has.
fn alone(workload: &Arc<Workload>) -> Pair {
    let (kind, name) = (workload.kind, workload.name().to_owned());
    Pair { kind, name, active: None, idle: Some(Arc::clone(workload)) }
}

/// What runs a color that has no rollouts of its own, or that isn't read here.
fn not_ours(color: &Color) -> Option<String> {
    let rolls_out = |w: &Workload| matches!(w.kind, WorkloadKind::Deployment | WorkloadKind::StatefulSet);
    let other = color.workloads.iter().find(|w| !rolls_out(w)).map(|w| w.reference());
    other.or_else(|| color.runners.first().cloned().filter(|_| color.workloads.is_empty()))
}
