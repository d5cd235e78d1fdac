//! Which pods of a workload run its template, and what keeps the others from being replaced.
//!
//! A status counts pods, and says neither which nor why. The rules are those of the controllers
//! (`k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_control.go`).

use jiff::Timestamp;

use super::failing::unpassed;
use super::rollout_status::{RolloutStatus, rollout_status};
use super::trouble::{Reason, pods_refused, trouble};
use crate::command::{Command, Scope};
use crate::kube::{Labels, Pod, Workload, WorkloadKind};
use crate::traffic::selector::as_label_selector;

/// The label with the name of the template that a pod was made from (apps/v1).
pub const REVISION_LABEL: &str = "controller-revision-hash";

/// A workload's pods, those that are about to go and those that ended left out.
#[derive(Debug, Clone, Default)]
pub struct RolloutPods<'p> {
    /// Made from the template that is there now.
    pub new: Vec<&'p Pod>,
    /// Made from another, and to be replaced.
    pub old: Vec<&'p Pod>,
    /// Made from another, and kept by a StatefulSet's `partition`; the first number first.
    pub kept: Vec<&'p Pod>,
}

/// What a rollout waits for that no new pod is to blame for, and that doesn't pass by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// A Deployment is paused.
    Paused,
    /// The controller may not create pods: a quota, a limit, admission; in whose words.
    Refused(String),
    /// Old pods of a StatefulSet that aren't ready. It waits for each of them before it touches any, so
    /// that they are never replaced (<https://github.com/kubernetes/kubernetes/issues/67250>).
    Stuck(Vec<String>),
    /// Old pods that somebody has to delete (`updateStrategy: OnDelete`), in a sensible order.
    OnDelete(Vec<String>),
}

impl<'p> RolloutPods<'p> {
    /// Sorts a workload's pods: by the label of their template where the workload knows its name, else by
    /// what they ask for.
    #[must_use]
    pub fn of(workload: &Workload, pods: &'p [Pod], asks_for_new: impl Fn(&Pod) -> bool) -> Self {
        let mut sorted = Self::default();
        for pod in pods.iter().filter(|pod| pod.is_alive()) {
            if is_of_template(workload, pod).unwrap_or_else(|| asks_for_new(pod)) {
                sorted.new.push(pod);
            } else if is_kept(workload, pod) {
                sorted.kept.push(pod);
            } else {
                sorted.old.push(pod);
            }
        }
        sorted.kept.sort_by_key(|pod| number(workload, pod));
        sorted
    }

    /// Where the rollout stands. Done is believed only where the pods say so too: a status may be counted
    /// by another template than the one that is there now.
    #[must_use]
    pub fn status(&self, workload: &Workload) -> RolloutStatus {
        let status = rollout_status(workload);
        let is_counted = matches!(workload.kind, WorkloadKind::StatefulSet | WorkloadKind::DaemonSet);
        let wanted = workload.replicas.saturating_sub(workload.partition).max(0);
        let moved: Vec<&&Pod> = self.new.iter().filter(|pod| !is_kept(workload, pod)).collect();
        let ready = moved.iter().filter(|pod| pod.is_ready()).count();
        let are_too_few = |pods: usize| i32::try_from(pods).is_ok_and(|pods| pods < wanted);
        // The counts may still be those of pods that are gone by now.
        match moved.len() {
            _ if !is_counted || status != RolloutStatus::Done => status,
            moved if are_too_few(moved) => RolloutStatus::Waiting(format!("{moved} of {wanted} pods updated")),
            _ if are_too_few(ready) => RolloutStatus::Waiting(format!("{ready} of {wanted} updated pods ready")),
            _ => status,
        }
    }

    /// True while pods of another template are still to be replaced, as the controller counts or they themselves show:
    /// that those of the template aren't ready, or not all there yet, is no rollout.
    #[must_use]
    pub fn are_replaced(&self, workload: &Workload) -> bool {
        let all_run_it =
            self.old.is_empty() && i32::try_from(self.new.len()).is_ok_and(|count| count >= workload.replicas);
        // A Deployment's generation grows with its annotations, too (k8s.io/kubernetes `registry/apps/deployment/strategy.go`).
        let is_unseen = workload.observed_generation < workload.metadata.generation.unwrap_or(0) && !all_run_it;
        let by_counts = match workload.kind {
            WorkloadKind::Deployment => {
                workload.status_replicas > workload.updated || workload.updated < workload.replicas
            }
            // A pod that ends is none of the old ones any more, and its place is to be filled.
            WorkloadKind::StatefulSet => {
                let of_two =
                    workload.update_revision.is_some() && workload.current_revision != workload.update_revision;
                of_two && self.kept.is_empty() && !workload.updates_on_delete
            }
            WorkloadKind::DaemonSet | WorkloadKind::ReplicaSet => false,
        };
        is_unseen || ((by_counts || !self.old.is_empty()) && self.status(workload) != RolloutStatus::Done)
    }

    /// What holds the rollout up; nothing while it goes on by itself, or is done.
    #[must_use]
    pub fn hold(&self, workload: &Workload, now: Timestamp) -> Option<Hold> {
        if workload.paused {
            return Some(Hold::Paused);
        }
        if workload.observed_generation < workload.metadata.generation.unwrap_or(0) {
            return None;
        }
        if workload.updates_on_delete {
            let names = self.to_delete(workload);
            return (!names.is_empty()).then_some(Hold::OnDelete(names));
        }
        let stuck = self.stuck(workload, now);
        if !stuck.is_empty() {
            return Some(Hold::Stuck(stuck));
        }
        pods_refused(workload).map(Hold::Refused)
    }

    /// Those that aren't ready first, then from the last number down, as a rolling update goes.
    fn to_delete(&self, workload: &Workload) -> Vec<String> {
        let mut old = self.old.clone();
        let order =
            |pod: &&Pod| (pod.is_ready(), number(workload, pod).map(std::cmp::Reverse), pod.metadata.name.clone());
        old.sort_by_key(order);
        names(&old)
    }

    /// A pod that only starts, or that its probes still give time, will be ready, and is replaced then.
    fn stuck(&self, workload: &Workload, now: Timestamp) -> Vec<String> {
        if workload.kind != WorkloadKind::StatefulSet || !workload.waits_for_each_pod {
            return Vec::new();
        }
        let unpassed = unpassed(workload, &self.old, now);
        let has_time = |pod: &Pod| !unpassed.iter().any(|late| late.metadata.name == pod.metadata.name);
        let starts = |pod: &Pod, reason: &Reason| match reason {
            Reason::Starting | Reason::Pending => true,
            Reason::StartupProbe | Reason::ReadinessProbe => has_time(pod),
            _ => false,
        };
        let is_stuck = |pod: &&Pod| trouble(pod).is_some_and(|trouble| !starts(pod, &trouble.reason));
        names(&self.old.iter().copied().filter(is_stuck).collect::<Vec<_>>())
    }
}

/// The command that shows how far a rollout has come. kubectl has no status of one that nobody makes
/// (`OnDelete`): there the pods with these labels tell.
#[must_use]
pub fn follow_command(workload: &Workload, labels: &Labels, scope: &Scope) -> Command {
    let command = if workload.updates_on_delete {
        Command::new("kubectl get pods").flag("-l", as_label_selector(labels)).flag("-L", REVISION_LABEL)
    } else {
        Command::new("kubectl rollout status").arg(workload.reference())
    };
    command.scope(scope)
}

fn names(pods: &[&Pod]) -> Vec<String> {
    pods.iter().map(|pod| pod.metadata.name.clone()).collect()
}

/// What the pods of a DaemonSet's revision are labelled with: the hash at the end of its ControllerRevision's
/// name (apps/v1 `controller-revision-hash`).
#[must_use]
pub fn label_of_daemon<'r>(workload: &Workload, revision: &'r str) -> Option<&'r str> {
    revision.strip_prefix(workload.name()).and_then(|rest| rest.strip_prefix('-'))
}

/// Nothing where that can't be told by labels.
fn is_of_template(workload: &Workload, pod: &Pod) -> Option<bool> {
    if !matches!(workload.kind, WorkloadKind::StatefulSet | WorkloadKind::DaemonSet) {
        return None;
    }
    let template = workload.revision.as_ref()?;
    Some(*pod.metadata.labels.get(REVISION_LABEL)? == template.name)
}

/// True for a pod that a StatefulSet's `partition` keeps as it is.
fn is_kept(workload: &Workload, pod: &Pod) -> bool {
    let place = number(workload, pod).map(|number| number.saturating_sub(workload.first_number));
    workload.partition > 0 && place.is_some_and(|place| place < workload.partition)
}

/// The number at the end of the name of a StatefulSet's pod.
fn number(workload: &Workload, pod: &Pod) -> Option<i32> {
    let name = pod.metadata.name.strip_prefix(workload.name())?.strip_prefix('-')?;
    (workload.kind == WorkloadKind::StatefulSet).then(|| name.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
