//! How soon probes notice that pods fail.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, Probe};

use crate::kube::Workload;

/// Bounds of the failure window.
const SHORTEST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(60);

/// The time in which the slowest readiness probe of the workloads would notice a failure: period
/// times threshold, between 10 s and 60 s
/// (<https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/>).
#[must_use]
pub fn failure_window<'w>(workloads: impl IntoIterator<Item = &'w Workload>) -> Duration {
    let slowest = workloads.into_iter().flat_map(readiness_probes).map(window).max().unwrap_or_default();
    slowest.clamp(SHORTEST, LONGEST)
}

/// How long a new pod's probes let it start: the longest time in which one of its containers would have
/// failed its startup probe and then its readiness probe. Nothing where there are none.
#[must_use]
pub fn patience(workload: &Workload) -> Duration {
    let containers = workload.template.spec.as_ref().map(|s| s.containers.as_slice()).unwrap_or_default();
    let time = |probe: Option<&Probe>| {
        let delay = |probe: &Probe| u64::try_from(probe.initial_delay_seconds.unwrap_or(0)).unwrap_or(0);
        probe.map_or(Duration::ZERO, |probe| Duration::from_secs(delay(probe)).saturating_add(window(probe)))
    };
    let of = |c: &Container| time(c.startup_probe.as_ref()).saturating_add(time(c.readiness_probe.as_ref()));
    containers.iter().map(of).max().unwrap_or_default()
}

fn readiness_probes(workload: &Workload) -> impl Iterator<Item = &Probe> {
    let containers = workload.template.spec.as_ref().map(|s| s.containers.as_slice()).unwrap_or_default();
    containers.iter().filter_map(|c| c.readiness_probe.as_ref())
}

fn window(probe: &Probe) -> Duration {
    let seconds =
        i64::from(probe.period_seconds.unwrap_or(10)).saturating_mul(i64::from(probe.failure_threshold.unwrap_or(3)));
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::Deployment;
    use serde_json::{Value, json};

    use super::*;

    fn workload(probe: &Value) -> Workload {
        let container = json!({"name": "api", "readinessProbe": probe});
        let spec = json!({"selector": {}, "template": {"spec": {"containers": [container]}}});
        serde_json::from_value::<Deployment>(json!({"metadata": {"name": "api"}, "spec": spec})).unwrap().into()
    }

    #[test]
    fn the_slowest_probe_decides_within_bounds() {
        let seconds = |probes: &[Value]| {
            let workloads: Vec<Workload> = probes.iter().map(workload).collect();
            failure_window(&workloads).as_secs()
        };
        assert_eq!(seconds(&[]), 10);
        assert_eq!(seconds(&[json!(null), json!({"periodSeconds": 1, "failureThreshold": 2})]), 10);
        assert_eq!(seconds(&[json!({}), json!({"periodSeconds": 5, "failureThreshold": 9})]), 45);
        assert_eq!(seconds(&[json!({"periodSeconds": 3600})]), 60);
    }
}
