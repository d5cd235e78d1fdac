//! What runs a Service that has no colors yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use release_core::failure::Outcome;
use release_core::kube::{Labels, Pod, Workload, WorkloadKind, has_all};
use release_core::traffic::selector::{Color, NotSwitchable, Tracks, discover};
use release_core::traffic::service_ports::named_targets;
use release_core::workload::twin::Exchange;

use super::initial::Initial;
use crate::options::init::InitOptions;
use crate::refusal::initial::{self, not_one};
use crate::refusal::{Asked, not_switchable};
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// What the first color is called where nobody says otherwise.
const FIRST: &str = "blue";

/// Finds out how far a Service is.
///
/// # Errors
/// Exit 1 where it isn't run by one Deployment, or has colors already.
pub fn find(view: &ServiceView<'_>, snapshot: &Snapshot, options: &InitOptions) -> Outcome<Initial> {
    let key = options.key.as_str();
    let selector = selector(view, snapshot, key)?;
    let mut base = selector.clone();
    let narrowed = base.remove(key);
    if base.is_empty() {
        return Err(initial::nothing_else(view, key, &snapshot.scope));
    }
    let (labelled, unlabelled) = of_service(&base, key, snapshot);
    let (labelled, unlabelled, color) = match &narrowed {
        Some(color) => {
            let labelled: Vec<_> = labelled.into_iter().filter(|w| w.pod_labels().get(key) == Some(color)).collect();
            let before = left_over(&labelled, unlabelled, (&base, key, color));
            (labelled, before, color.clone())
        }
        None => only(view, snapshot, (labelled, unlabelled), options)?,
    };
    if let Some(asked) = options.color.as_ref().filter(|asked| **asked != color) {
        return Err(initial::other_color(view, asked, &color, key, &snapshot.scope));
    }
    let colors = vec![
        Color { workloads: unlabelled.iter().map(Arc::clone).collect(), ..Color::default() },
        Color { name: color.clone(), workloads: labelled.clone(), ..Color::default() },
    ];
    let (key_of, ports) = (key.to_owned(), named_targets(view.service));
    let (besides, lost) = (BTreeMap::new(), BTreeMap::new());
    let tracks = Tracks { key: key_of, base, active: String::new(), colors, ports, besides, lost };
    let labelled = labelled.into_iter().next();
    Ok(Initial { color, unlabelled, labelled, selector, is_narrowed: narrowed.is_some(), tracks })
}

/// What it selects by; what no selector tells apart, or Argo Rollouts writes, has no first color, and colors along
/// another label are colors.
fn selector(view: &ServiceView<'_>, snapshot: &Snapshot, key: &str) -> Outcome<Labels> {
    match discover(view.service, &snapshot.workloads, &snapshot.pods, None) {
        Err(why @ (NotSwitchable::ExternalName | NotSwitchable::NoSelector | NotSwitchable::ArgoRollouts)) => {
            Err(not_switchable(view, &why, snapshot, &Asked::about("init", view.name())))
        }
        Ok(tracks) if tracks.key != key && !tracks.base.contains_key(key) && tracks.others().any(Color::is_run) => {
            Err(initial::has_colors(view, &tracks, &snapshot.scope))
        }
        _ => view.selector().cloned().ok_or_else(|| not_one(view, &[], &snapshot.scope)),
    }
}

type Own = Vec<Arc<Workload>>;

/// The workloads behind the base selector that ask for pods, with the label and without.
fn of_service(base: &Labels, key: &str, snapshot: &Snapshot) -> (Own, Own) {
    let own = snapshot.workloads.iter().filter(|w| has_all(&w.pod_labels(), base) && (w.replicas > 0 || w.ready > 0));
    own.cloned().partition(|w| w.pod_labels().contains_key(key))
}

/// What a run that was cut off, or had a reason, has left up beside the color.
fn left_over(labelled: &Own, unlabelled: Own, (base, key, color): (&Labels, &str, &str)) -> Option<Arc<Workload>> {
    let exchange = Exchange { key, from: "", to: color, base };
    let is_twin = |w: &Workload| labelled.iter().any(|twin| twin.name() == exchange.name(w.name()));
    unlabelled.into_iter().find(|w| w.kind == WorkloadKind::Deployment && is_twin(w))
}

/// One Deployment without the label, its twin perhaps beside it; or one that has the label.
fn only(
    view: &ServiceView<'_>,
    snapshot: &Snapshot,
    (labelled, unlabelled): (Own, Own),
    options: &InitOptions,
) -> Outcome<(Own, Option<Arc<Workload>>, String)> {
    let scope = &snapshot.scope;
    let all: Own = labelled.iter().chain(&unlabelled).cloned().collect();
    let others = run_by_others(view, &all, &snapshot.pods);
    let is_deployment = |w: &Arc<Workload>| w.kind == WorkloadKind::Deployment;
    if !others.is_empty() || !all.iter().all(is_deployment) {
        let named = all.iter().map(|w| w.reference()).chain(others).collect::<Vec<_>>();
        return Err(not_one(view, &named, scope));
    }
    let named = || all.iter().map(|w| w.reference()).collect::<Vec<_>>();
    let value = |w: &Workload| w.pod_labels().get(&options.key).cloned().unwrap_or_default();
    match (labelled.as_slice(), unlabelled.as_slice()) {
        ([], [one]) => {
            let color = options.color.clone().unwrap_or_else(|| FIRST.to_owned());
            Ok((labelled, Some(Arc::clone(one)), color))
        }
        ([one], []) => Ok((vec![Arc::clone(one)], None, value(one))),
        ([twin], [one]) => {
            let color = value(twin);
            let base = view.selector().cloned().unwrap_or_default();
            let exchange = Exchange { key: &options.key, from: "", to: &color, base: &base };
            if twin.name() != exchange.name(one.name()) {
                return Err(not_one(view, &named(), scope));
            }
            if !same_images(twin, one) {
                return Err(initial::another_version(view, twin, one, scope));
            }
            Ok((vec![Arc::clone(twin)], Some(Arc::clone(one)), color))
        }
        _ => Err(not_one(view, &named(), scope)),
    }
}

fn same_images(twin: &Workload, one: &Workload) -> bool {
    twin.images().eq(one.images())
}

/// Who runs pods of the Service that none of these workloads does.
fn run_by_others(view: &ServiceView<'_>, own: &[Arc<Workload>], pods: &[Pod]) -> Vec<String> {
    let Some(selector) = view.selector() else { return Vec::new() };
    let selected = pods.iter().filter(|pod| has_all(&pod.metadata.labels, selector) && pod.is_alive());
    let others = selected.filter(|pod| !own.iter().any(|w| w.owns(pod)));
    let mut names: Vec<String> =
        others.map(|pod| pod.runner().unwrap_or_else(|| format!("pod/{}", pod.metadata.name))).collect();
    names.sort();
    names.dedup();
    names
}
