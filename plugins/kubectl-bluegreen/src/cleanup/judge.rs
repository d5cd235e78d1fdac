//! What a cleanup may take down: pure.

use std::sync::Arc;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use release_core::command::Command;
use release_core::failure::Outcome;
use release_core::kube::{Workload, WorkloadKind};
use release_core::release::change::{Action, Change, Op, annotation_pointer};
use release_core::release::hand::is_as_we_made_it;
use release_core::release::record::Record as _;
use release_core::text::printable;
use release_core::traffic::selector::Color;
use serde_json::{Value, json};

use super::asked::{Asked, all_the_same};
use super::by_other_routes::held_by_routes;
use super::decision::{Decision, Kept};
use super::hindrance::{Hindrance, hindered};
use super::removal::{Removal, delete, delete_autoscaler, give_back, stays};
use super::retention::{Held, held, held_by_others, is_long_over, left_by_hand, still_answered};
use super::seen::Seen;
use crate::cleanup_note::{CLEANUP, Cleanup};
use crate::finishing::finishing;
use crate::idle::users_of;
use crate::plan::scale;
use crate::record::Record;
use crate::refusal::{self, no_idle_color, not_switchable};
use crate::report::cleanup_document::KeptReason;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// Judges every color besides the active one.
///
/// # Errors
/// Where the Service has no colors.
pub fn judge(asked: Asked<'_>, snapshot: &Snapshot, view: &ServiceView<'_>) -> Outcome<Vec<Decision>> {
    // What is to go has to be seen before it goes.
    let again = || refusal::Asked::about("status", view.name());
    let tracks = view.tracks.as_ref().map_err(|why| not_switchable(view, why, snapshot, &again()))?;
    let seen = Seen { snapshot, view, tracks };
    if let Some(color) = asked.color.filter(|color| !tracks.others().any(|other| other.name == *color)) {
        return Err(no_idle_color(view, tracks, color, &snapshot.scope));
    }
    let meant = |color: &&Color| color.is_run() && asked.color.is_none_or(|name| color.name == name);
    Ok(tracks.others().filter(meant).map(|color| of_color(asked, seen, color)).collect())
}

fn of_color(asked: Asked<'_>, seen: Seen<'_>, color: &Color) -> Decision {
    let Seen { snapshot, view, tracks } = seen;
    let (service, name) = (view.name().to_owned(), color.name.clone());
    let pods = seen.own_pods(color);
    let own_are_down =
        color.workloads.iter().all(|w| w.replicas == 0 && w.status_replicas == 0) && !pods.iter().any(|p| stays(p));
    let others: Vec<String> = runs_besides(color);
    if own_are_down && others.is_empty() && !asked.delete {
        return Decision::Down { service, color: name };
    }
    let held = held(view, tracks, &name, snapshot.at);
    let due = held.as_ref().is_none_or(|held| held.due);
    let kept = |reason, why, next| {
        let (service, color) = (service.clone(), Some(name.clone()));
        Decision::Kept(Kept { service, color, due, reason, why, next })
    };
    if color.workloads.is_empty() || (own_are_down && !others.is_empty() && !asked.delete) {
        return kept(KeptReason::NotOurs, format!("{} run its pods, take them down there", others.join(", ")), None);
    }
    let users = users_of(color, tracks, view, snapshot);
    if !users.is_empty() {
        return kept(KeptReason::InUse, format!("not idle: {}", users.join(", ")), None);
    }
    // Nobody who is in a hurry means to take the way back from a move that is being proven.
    let holds =
        |held: &Held| !asked.before_due || (held.reason == KeptReason::Unfinished && !is_long_over(view, snapshot.at));
    let by_routes = || held_by_routes(seen, color).filter(holds);
    if let Some(held) = held_by_others(asked, seen, color).or_else(by_routes) {
        let next = sooner(asked, seen, (color, &held));
        return kept(held.reason, held.why, next);
    }
    // Resolvers know nothing of who is in a hurry, so that no sooner way is named.
    if let Some(why) = still_answered(seen, color, held.as_ref()) {
        return kept(KeptReason::NotDue, why, None);
    }
    if let Some(held) = held.filter(|held| held.reason == KeptReason::NoRecord || holds(held)) {
        let next = sooner(asked, seen, (color, &held));
        return kept(held.reason, held.why, next);
    }
    match hindered(asked, seen, color) {
        Some((Hindrance { reason, why, .. }, next)) => kept(reason, why, next),
        None => Decision::Remove(Box::new(removal(asked, seen, color))),
    }
}

/// What runs ready pods of the color and is no workload that a clean-up takes down.
fn runs_besides(color: &Color) -> Vec<String> {
    let strays = color.has_strays.then(|| "pods of no workload".to_owned());
    color.runners.iter().map(|runner| printable(runner)).chain(strays).collect()
}

/// The command that doesn't wait for the retention; what nothing but an annotation says is for a person to
/// look into first.
fn sooner(asked: Asked<'_>, seen: Seen<'_>, (color, held): (&Color, &Held)) -> Option<Command> {
    if let Some(other) = &held.by {
        let both = Command::new("kubectl bluegreen cleanup").args([seen.view.name(), other]).arg("--before-due");
        return Some(both.scope(&seen.snapshot.scope));
    }
    let is_known = match held.reason {
        KeptReason::NoRecord => return by_hand(seen, color),
        KeptReason::Unfinished if !is_long_over(seen.view, seen.snapshot.at) => {
            let unfinished = seen.view.recorded.current.as_ref()?;
            return Some(finishing(seen.view, unfinished, seen.snapshot));
        }
        KeptReason::NoTime => false,
        KeptReason::MovedByHand => left_by_hand(seen.view, seen.tracks, &color.name).is_some(),
        _ => true,
    };
    is_known.then(|| all_the_same(asked, seen, color).arg("--before-due").scope(&seen.snapshot.scope))
}

/// What no switch of ours left is for a person to take down, with kubectl's own command; along a label that
/// says which application a pod is of, it is another application.
fn by_hand(Seen { snapshot, tracks, .. }: Seen<'_>, color: &Color) -> Option<Command> {
    let scalable = |w: &&Arc<Workload>| w.kind != WorkloadKind::DaemonSet;
    let workloads: Vec<String> = color.workloads.iter().filter(scalable).map(|w| w.reference()).collect();
    let command = || Command::new("kubectl scale").args(&workloads).option("--replicas", "0");
    let is_of_colors = tracks.is_along_colors() && !workloads.is_empty();
    is_of_colors.then(|| command().scope(&snapshot.scope))
}

fn removal(asked: Asked<'_>, seen: Seen<'_>, color: &Color) -> Removal {
    let Seen { snapshot, view, tracks } = seen;
    let (note, withdrawal) = note(seen, &cleanup(asked, color, snapshot));
    let gone = |workload: &Arc<Workload>| {
        if asked.delete { delete(workload, &snapshot.namespace) } else { scale::resize(workload, 0, snapshot) }
    };
    let is_up = |workload: &&Arc<Workload>| asked.delete || workload.replicas != 0;
    // No floor is lowered for a color that stays.
    let made: Vec<&HorizontalPodAutoscaler> = if asked.delete { made_for(seen, color) } else { Vec::new() };
    let orphans = made.iter().map(|hpa| delete_autoscaler(hpa, &snapshot.namespace));
    let down = color.workloads.iter().filter(is_up).map(gone);
    let changes = down.chain(floors(seen, color, &made)).chain(orphans).collect();
    let pods = seen.own_pods(color).len();
    let verb = if asked.delete { "delete" } else { "scale to zero" };
    let autoscalers = made.iter().filter_map(|hpa| Some(format!("hpa/{}", hpa.metadata.name.as_deref()?)));
    let workloads: Vec<String> = color.workloads.iter().map(|w| w.reference()).chain(autoscalers).collect();
    let volumes = if color.workloads.iter().any(|w| w.has_own_volumes) { "; its volume claims stay" } else { "" };
    Removal {
        service: view.name().to_owned(),
        color: color.name.clone(),
        selector: tracks.labels_of(&color.name),
        summary: format!("{verb} {} ({pods} pods){volumes}", workloads.join(", ")),
        note,
        withdrawal,
        route: view.route.clone(),
        zone: view.zone.clone(),
        workloads: color.workloads.clone(),
        owned_sets: snapshot.replica_sets.as_ref().map(|sets| sets.owned.clone()).unwrap_or_default(),
        changes,
        give_back: if asked.delete { Vec::new() } else { give_back(color, snapshot) },
    }
}

/// With the color that was left, the move is over: floors that were raised for it go back to what they were,
/// its own and those of the active one.
fn floors(Seen { snapshot, tracks, .. }: Seen<'_>, color: &Color, but: &[&HorizontalPodAutoscaler]) -> Vec<Change> {
    let own = tracks.color(&tracks.active).into_iter().chain([color]).flat_map(|color| &color.workloads);
    let autoscalers = || snapshot.autoscalers.iter().flatten();
    let raised = own.flat_map(|w| autoscalers().filter(move |hpa| w.is_scaled_by(hpa)));
    let stays = |hpa: &&HorizontalPodAutoscaler| but.iter().all(|other| other.metadata.uid != hpa.metadata.uid);
    raised.filter(stays).filter_map(|hpa| scale::restore_floor(hpa, &snapshot.namespace, &snapshot.scope)).collect()
}

/// Autoscalers that a deploy made for a color's workloads, and that nobody has made theirs since: without what they
/// scale they would be left over.
fn made_for<'s>(seen: Seen<'s>, color: &Color) -> Vec<&'s HorizontalPodAutoscaler> {
    let autoscalers = seen.snapshot.autoscalers.iter().flatten();
    let of_color = autoscalers.filter(|hpa| color.workloads.iter().any(|w| w.is_scaled_by(hpa)));
    of_color.filter(|hpa| is_as_we_made_it(&hpa.metadata, "/f:spec/f:scaleTargetRef")).collect()
}

/// The first write: a note beside our record that holds only while what decides is what the plan was
/// made from. A switch that got there first makes it fail, and one that comes later sees it. And what takes
/// it back.
fn note(seen: Seen<'_>, cleanup: &Cleanup) -> (Change, Change) {
    let Seen { snapshot, view, tracks } = seen;
    let mut ops = view.still(tracks);
    if view.home().annotations.is_none() {
        ops.push(Op::test("/metadata/annotations", Value::Null));
        ops.push(Op::add("/metadata/annotations", json!({CLEANUP: cleanup.text()})));
    } else {
        ops.push(Op::test(&annotation_pointer(Record::CURRENT), json!(view.recorded.raw_current)));
        ops.push(cleanup.write());
    }
    let path = view.home_path(&snapshot.namespace);
    let change = |ops, summary| Change {
        object: view.decider(&snapshot.namespace),
        path: path.clone(),
        action: Action::Note(ops),
        summary,
        undo: None,
    };
    let withdrawal = change(view.cleanup.instead_of(cleanup), format!("note: {} was not taken down", cleanup.color));
    (change(ops, format!("note: {} is taken down", cleanup.color)), withdrawal)
}

fn cleanup(asked: Asked<'_>, color: &Color, snapshot: &Snapshot) -> Cleanup {
    let by = snapshot.who.clone().unwrap_or_else(|_| format!("{} (kubeconfig)", asked.user));
    Cleanup { color: color.name.clone(), by, at: snapshot.at, reason: printable(asked.reason) }
}
