//! How large a color must be before it can take over.

use std::sync::Arc;

use release_core::kube::{Workload, WorkloadKind};
use release_core::traffic::selector::Color;

use super::pairing::counterpart;

/// Pods that a color's workloads ask for.
#[must_use]
pub fn desired(color: &Color) -> i32 {
    color.workloads.iter().map(|w| w.replicas).sum()
}

/// The size that each of the target's workloads gets, where it is larger than what it has:
/// that of its counterpart in the active color, else an equal share of the whole.
#[must_use]
pub fn parity(target: &Color, active: &Color, needed: usize) -> Vec<(Arc<Workload>, i32)> {
    let needed = i32::try_from(needed).unwrap_or(i32::MAX);
    let total = desired(active).max(needed).max(1);
    // A DaemonSet has a pod for each node, and no size to set.
    let sized = || target.workloads.iter().filter(|w| w.kind != WorkloadKind::DaemonSet);
    let count = i32::try_from(sized().count()).unwrap_or(1).max(1);
    let share = total / count + i32::from(total % count != 0);
    let wanted = |w: &Arc<Workload>| {
        if count == 1 {
            return total;
        }
        counterpart(w, target, active).map_or(share, |a| a.replicas.max(1))
    };
    sized().map(|w| (Arc::clone(w), wanted(w))).filter(|(w, wanted)| *wanted > w.replicas).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn color(name: &str, workloads: &[(&str, i32)]) -> Color {
        let workload = |(name, replicas): &(&str, i32)| {
            let object =
                json!({"metadata": {"name": name}, "spec": {"replicas": replicas, "selector": {}, "template": {}}});
            Arc::new(Workload::from(serde_json::from_value::<k8s_openapi::api::apps::v1::Deployment>(object).unwrap()))
        };
        Color { name: name.into(), workloads: workloads.iter().map(workload).collect(), ..Color::default() }
    }

    fn sizes(target: &Color, active: &Color, needed: usize) -> Vec<(String, i32)> {
        parity(target, active, needed).into_iter().map(|(w, n)| (w.name().to_owned(), n)).collect()
    }

    #[test]
    fn one_workload_takes_it_all_and_is_never_shrunk() {
        let active = color("blue", &[("api-blue", 4), ("api-blue-eu", 2)]);
        assert_eq!(sizes(&color("green", &[("api-green", 1)]), &active, 3), [("api-green".into(), 6)]);
        assert!(sizes(&color("green", &[("api-green", 9)]), &active, 3).is_empty());
        assert_eq!(sizes(&color("green", &[("g", 0)]), &color("blue", &[]), 1), [("g".into(), 1)]);
    }

    #[test]
    fn several_take_the_size_of_their_twin() {
        let active = color("blue", &[("api-blue", 4), ("api-blue-eu", 2)]);
        let target = color("green", &[("api-green", 0), ("api-green-eu", 0)]);
        assert_eq!(sizes(&target, &active, 6), [("api-green".into(), 4), ("api-green-eu".into(), 2)]);
    }
}
