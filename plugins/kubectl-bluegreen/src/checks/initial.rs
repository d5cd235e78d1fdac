//! The checks of an `init`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::checks::weighing::{Urgency, Weighing, weigh};
use release_core::command::Command;
use release_core::kube::service::service_name;
use release_core::kube::{Pod, Workload, has_all};
use release_core::traffic::selector::Color;

use super::case::{Case, Check};
use super::deploy::{DeployCase, of_a_copy};
use super::ownership::puts_size_back;
use super::presence::controller;
use super::{budgets, frozen, image_updaters, load_balancer, ownership, presence, rollout};
use crate::options::Verb;
use crate::plan::init::Initial;
use crate::prepared::Prepared;
use crate::room::lack_of_room;
use crate::service_view::{ServiceView, ready_count};
use crate::snapshot::Snapshot;
use crate::vetting::known::Vetting;

/// A Service about to get its first color, and everything known around it.
#[derive(Debug, Clone, Copy)]
pub struct InitCase<'a> {
    pub snapshot: &'a Snapshot,
    pub view: &'a ServiceView<'a>,
    pub initial: &'a Initial,
    /// The labelled workload where it is made.
    pub prepared: Option<&'a Prepared>,
    /// A Service that needs the pods without the label.
    pub needed: Option<&'a str>,
}

/// What a selector that is written has in common with a move; a copy of a template that is not rolled out would be
/// another version.
const OF_A_MOVE: [Check; 7] = [
    presence::check,
    rollout::check,
    ownership::check,
    image_updaters::check,
    frozen::check,
    load_balancer::check,
    budgets::check,
];

/// Runs every check and weighs what was found, the worst first.
#[must_use]
pub fn run(case: &InitCase<'_>, weighing: &Weighing) -> Vec<Finding> {
    let InitCase { snapshot, view, initial, prepared, .. } = *case;
    let mut findings = as_a_move(case);
    if let Some(one) = prepared {
        let deploy = DeployCase {
            snapshot,
            view,
            tracks: &initial.tracks,
            color: &initial.color,
            prepared: std::slice::from_ref(one),
            compared: &[],
            vetting: Vetting::default(),
            vetted: &[],
        };
        findings.extend(of_a_copy(&deploy));
    }
    findings.extend(over_all_colors(case));
    findings.extend(left_over(case));
    findings.extend(owned_autoscalers(case));
    weigh(&mut findings, weighing, Urgency::Ordinary, &view.settings.accept, None);
    findings
}

/// Its pods are those of the color already, as far as can be known before they are there.
fn as_a_move(case: &InitCase<'_>) -> Vec<Finding> {
    let InitCase { snapshot, view, initial, .. } = *case;
    if initial.is_narrowed {
        return Vec::new();
    }
    let run_by = |w: &Arc<Workload>| Color { workloads: vec![Arc::clone(w)], ..Color::default() };
    let Some(active) = initial.unlabelled.as_ref().or(initial.labelled.as_ref()).map(run_by) else { return Vec::new() };
    let target = initial.labelled.as_ref().map_or_else(|| active.clone(), run_by);
    let pods_of = |color: &Color| -> Vec<&Pod> {
        snapshot.pods.iter().filter(|pod| color.workloads.iter().any(|w| w.owns(pod))).collect()
    };
    let of_move = Case {
        verb: Verb::Switch,
        snapshot,
        view,
        tracks: &initial.tracks,
        required: ready_count(&pods_of(&active)),
        target_pods: pods_of(&target),
        active_pods: pods_of(&active),
        target: &target,
        active: &active,
        scales_first: false,
        widens: false,
        prepares: true,
        moving: &[],
        is_recorded: lack_of_room(view).is_none(),
        agreed: true,
    };
    OF_A_MOVE.iter().flat_map(|check| check(&of_move)).collect()
}

/// What somebody owns (KEDA, above all) is not copied, and goes on scaling what it scales.
fn owned_autoscalers(case: &InitCase<'_>) -> Vec<Finding> {
    let InitCase { snapshot, view, initial, prepared, .. } = *case;
    let Some(workload) = initial.unlabelled.as_ref().filter(|_| prepared.is_some()) else { return Vec::new() };
    let own = snapshot.autoscalers.iter().flatten().filter(|hpa| workload.is_scaled_by(hpa));
    let owned = own.filter_map(|hpa| Some((hpa.metadata.name.as_deref()?, controller(&hpa.metadata)?)));
    let finding = |(name, owner): (&str, String)| {
        let message = format!("{owner} owns hpa/{name}, which scales {workload}: the labelled twin gets none");
        Finding::warns(view.name(), ids::OWNED_BY_CONTROLLER, message).mend("make one for the twin, and take this away")
    };
    owned.map(finding).collect()
}

/// Other Services over the same pods get every color, once there are two.
fn over_all_colors(case: &InitCase<'_>) -> Vec<Finding> {
    let InitCase { snapshot, view, initial, .. } = *case;
    let others = snapshot.neighbours.iter().flatten().filter(|service| service_name(service) != view.name());
    let labels = initial.tracks.selector_for(&initial.color);
    let over_all = others.filter(|service| {
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        selector.is_some_and(|s| !s.is_empty() && !s.contains_key(&initial.tracks.key) && has_all(&labels, s))
    });
    let finding = |service: &Service| {
        let name = service_name(service);
        let message = format!("service/{name} selects these pods too, and will select every color");
        let along = (initial.tracks.key != "version").then(|| format!("--track-key={}", initial.tracks.key));
        let command = Command::new("kubectl bluegreen init").arg(name).args(along).scope(&snapshot.scope);
        Finding::warns(view.name(), ids::TWIN_SERVICE, message).mend(command)
    };
    over_all.map(finding).collect()
}

/// What becomes of the workload without the label.
fn left_over(case: &InitCase<'_>) -> Vec<Finding> {
    let InitCase { snapshot, view, initial, needed, .. } = *case;
    let Some(workload) = &initial.unlabelled else { return Vec::new() };
    if let Some(service) = needed {
        let message = format!("service/{service} selects its pods, and none with {}: it stays up", initial.tracks.key);
        return vec![Finding::warns(view.name(), ids::TWIN_SERVICE, format!("{workload}: {message}"))];
    }
    let back = puts_size_back(view.name(), &snapshot.namespace, workload).into_iter();
    back.map(|finding| Finding { message: format!("{workload} is taken down: {}", finding.message), ..finding })
        .collect()
}
