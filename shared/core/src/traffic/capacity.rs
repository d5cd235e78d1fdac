//! What a color can carry: the ready pods that the Service would select, whoever made them.

use crate::kube::Pod;
use crate::traffic::color::Color;

/// How many of a color's pods are ready and stay. A scale-down shows in the workload before it does in
/// its pods: of what a workload runs, no more counts than it asks for.
#[must_use]
pub fn staying(color: &Color, pods: &[&Pod]) -> usize {
    let ready: Vec<&&Pod> = pods.iter().filter(|pod| pod.is_ready()).collect();
    let of_workloads = color.workloads.iter().map(|workload| {
        let own = ready.iter().filter(|pod| workload.owns(pod)).count();
        own.min(usize::try_from(workload.replicas).unwrap_or(0))
    });
    let others = ready.iter().filter(|pod| !color.workloads.iter().any(|w| w.owns(pod))).count();
    of_workloads.fold(others, usize::saturating_add)
}

/// Ready pods that no workload keeps: they get traffic, and nothing replaces them.
#[must_use]
pub fn strays<'p>(pods: &[&'p Pod]) -> Vec<&'p Pod> {
    pods.iter().copied().filter(|pod| pod.is_ready() && pod.is_stray()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A kubelet that shuts down leaves pods that are Failed and Ready: the color would seem larger than
    /// it is, and be waited for in vain.
    #[test]
    fn pods_that_ended_carry_nothing() {
        let pod = |phase: &str| -> Pod {
            let status = json!({"phase": phase, "conditions": [{"type": "Ready", "status": "True"}]});
            serde_json::from_value(json!({"metadata": {"name": phase}, "status": status})).unwrap()
        };
        let pods = ["Running", "Failed", "Succeeded"].map(pod);
        assert_eq!(staying(&Color::default(), &pods.iter().collect::<Vec<_>>()), 1);
    }
}
