//! Which images a workload has really run: the ReplicaSets of a Deployment, the
//! ControllerRevisions of a StatefulSet or DaemonSet.
//!
//! A template that is used again keeps its object, which gets the next number: a ReplicaSet
//! remembers the numbers it had in an annotation, a ControllerRevision does not
//! (`k8s.io/kubernetes/pkg/controller/deployment/util`, `…/pkg/controller/history`). A workload
//! that was rolled back therefore has a revision that is both old and current; what came
//! before it is what was older when it was new.

mod revision;
mod stored;

use std::cmp::Reverse;

use k8s_openapi::api::core::v1::PodTemplateSpec;

pub use revision::Revision;

use crate::kube::{REVISION, Workload};

/// The revisions of one workload, newest first by number.
///
/// Only objects whose controller is the workload count: a label selector finds those of others
/// too. The newest is the current one where its images are those of the template; where they
/// aren't, the workload's controller has not seen the template yet, and none is current.
#[must_use]
pub fn of_workload(mut revisions: Vec<Revision>, uid: &str, template: &PodTemplateSpec) -> Vec<Revision> {
    revisions.retain(|r| !uid.is_empty() && r.owner_uid == uid);
    revisions.sort_by(|a, b| (b.number, b.created, &b.name).cmp(&(a.number, a.created, &a.name)));
    for (place, revision) in revisions.iter_mut().enumerate() {
        revision.current = place == 0 && revision.has_images_of(template);
    }
    revisions
}

/// The number of the template that a Deployment has now, as its controller counts.
#[must_use]
pub fn deployed_number(workload: &Workload) -> Option<i64> {
    workload.metadata.annotations.as_ref()?.get(REVISION)?.parse().ok()
}

/// False where a workload has had one template only: a Deployment counts its templates, and what was
/// never written again has the first generation.
#[must_use]
pub fn may_have_another(workload: &Workload) -> bool {
    let counted = workload.metadata.annotations.as_ref().and_then(|known| known.get(REVISION));
    counted.map_or(workload.metadata.generation > Some(1), |number| number != "1")
}

/// The revisions to go back through, the nearest first.
///
/// They are those that were older when the current one was new. After a rollback from 3 to 2,
/// which makes 2 the new 4, that is 1 and not 3: going back twice never comes back. Where no
/// revision is current, all of them are older than the template that is asked for.
#[must_use]
pub fn older(revisions: &[Revision]) -> Vec<&Revision> {
    let Some(current) = revisions.iter().find(|r| r.current) else { return revisions.iter().collect() };
    let limit = current.first_number();
    // A ControllerRevision forgets its earlier numbers, but not when it was made.
    let made_later = |r: &Revision| r.created.zip(current.created).is_some_and(|(its, ours)| its > ours);
    let mut older: Vec<(i64, &Revision)> = revisions
        .iter()
        .filter(|r| r.name != current.name && !made_later(r))
        .filter_map(|r| r.number_below(limit).map(|number| (number, r)))
        .collect();
    older.sort_by_key(|(number, r)| (Reverse(*number), Reverse(r.created), r.name.as_str()));
    older.into_iter().map(|(_, r)| r).collect()
}

#[cfg(test)]
mod tests;
