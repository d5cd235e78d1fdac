//! Whether replacing the pods loses requests
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy>).

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::kube::Replacement;
use release_core::workload::disruption::{scaled, shown};
use release_core::workload::drain;

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let workload = case.workload();
    let drained = drain::finding(workload.name(), workload).map(|finding| finding.quiet_if(workload.replicas <= 1));
    [replacement(case), readiness(case), headroom(case)].into_iter().flatten().chain(drained).collect()
}

fn replacement(case: &Case<'_>) -> Option<Finding> {
    let workload = case.workload();
    let replicas = workload.replicas;
    let (max_unavailable, max_surge) = match &workload.replacement {
        Replacement::Recreate => {
            let message = format!("{workload} recreates: all {replicas} pods stop before the first new one starts");
            return Some(case.warns(ids::RECREATE, message).mend("strategy.type: RollingUpdate"));
        }
        Replacement::Rolling { max_unavailable, max_surge } => (max_unavailable, max_surge),
    };
    if workload.updates_on_delete || replicas == 0 {
        return None;
    }
    let (lost, surge) = (down(max_unavailable, replicas), scaled(max_surge, replicas));
    // The API server rounds unavailable down and surge up, and takes 1 where both come to 0.
    let lost = if lost == 0 && surge == 0 { 1 } else { lost };
    let message = format!("maxUnavailable {} lets {lost} of {replicas} pods go at once", shown(max_unavailable));
    (lost >= replicas).then(|| case.warns(ids::ALL_UNAVAILABLE, message).mend("maxUnavailable: 0, maxSurge: 1"))
}

/// Without a readiness probe, a pod counts as ready once its containers run
/// (<https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes>).
fn readiness(case: &Case<'_>) -> Option<Finding> {
    let workload = case.workload();
    let probed = workload.serving_containers().any(|c| c.readiness_probe.is_some());
    let message = format!("{workload} has none, ready means started");
    (!probed).then(|| case.warns(ids::NO_READINESS_PROBE, message).mend("add readinessProbe"))
}

/// An autoscaler at its limit can't make up for pods that are being replaced.
fn headroom(case: &Case<'_>) -> Option<Finding> {
    let autoscalers = match &case.snapshot.autoscalers {
        Ok(autoscalers) => autoscalers,
        Err(why) => return Some(case.not_checked(ids::HPA_AT_LIMIT, "hpa", why)),
    };
    let workload = case.workload();
    let hpa = autoscalers.iter().find(|hpa| workload.is_scaled_by(hpa))?;
    let spec = hpa.spec.as_ref()?;
    let name = hpa.metadata.name.as_deref().unwrap_or_default();
    let full = workload.replicas >= spec.max_replicas && spec.max_replicas > 0;
    let message = format!(
        "hpa/{name} runs {} of at most {}: no room while pods are replaced",
        workload.replicas, spec.max_replicas
    );
    full.then(|| case.warns(ids::HPA_AT_LIMIT, message).mend("raise maxReplicas"))
}

/// A percentage rounded down, as the Deployment controller does for `maxUnavailable`.
fn down(value: &IntOrString, total: i32) -> i32 {
    match value {
        IntOrString::Int(n) => *n,
        IntOrString::String(text) => {
            let percent: i32 = text.trim_end_matches('%').parse().unwrap_or(0);
            percent.saturating_mul(total) / 100
        }
    }
}
