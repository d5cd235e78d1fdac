//! One color of a Service: the workloads and pods of one value of its track key.

use std::sync::Arc;

use crate::kube::{Pod, Workload, WorkloadKind};

/// What one color is made of.
#[derive(Debug, Clone, Default)]
pub struct Color {
    pub name: String,
    /// Those whose template has its labels, sorted by kind and name. Empty where a Service selects a
    /// color that nothing provides, and where only pods have them.
    pub workloads: Vec<Arc<Workload>>,
    /// What else runs ready pods of it, as `KIND/NAME`: controllers that aren't read here (an Argo
    /// Rollout, an operator's), and workloads whose template has other labels by now.
    pub runners: Vec<String>,
    /// It has ready pods that no workload keeps.
    pub has_strays: bool,
}

impl Color {
    /// True where something keeps pods of it.
    #[must_use]
    pub fn is_run(&self) -> bool {
        !self.workloads.is_empty() || !self.runners.is_empty()
    }

    /// Pods that its workloads ask for.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.workloads.iter().map(|w| usize::try_from(w.replicas).unwrap_or(0)).sum()
    }

    /// Notes who runs one of its ready pods.
    pub(super) fn take_in(&mut self, pod: &Pod) {
        if pod.is_stray() {
            self.has_strays = true;
        } else if !self.workloads.iter().any(|w| w.owns(pod)) {
            self.runners.extend(pod.runner());
        }
    }

    /// The same with its workloads as they are by now; those that went are left out.
    #[must_use]
    pub fn as_of(&self, workloads: &[Arc<Workload>]) -> Self {
        let own = |now: &&Arc<Workload>| self.workloads.iter().any(|w| w.reference() == now.reference());
        Self { workloads: workloads.iter().filter(own).map(Arc::clone).collect(), ..self.clone() }
    }

    pub(super) fn sorted(mut self) -> Self {
        self.workloads.sort_by(|a, b| (a.kind, a.name()).cmp(&(b.kind, b.name())));
        // An empty ReplicaSet that nobody owns is what an orphaned Deployment leaves.
        let is_remnant = |w: &Arc<Workload>| w.kind == WorkloadKind::ReplicaSet && w.replicas == 0;
        if !self.workloads.iter().all(is_remnant) {
            self.workloads.retain(|w| !is_remnant(w));
        }
        self.runners.sort();
        self.runners.dedup();
        self
    }
}
