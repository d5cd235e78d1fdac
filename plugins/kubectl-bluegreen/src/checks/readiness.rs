//! Whether "ready" means anything for the target's pods, and why those that aren't are not.

use k8s_openapi::api::core::v1::Container;
use release_core::kube::Workload;

use super::case::Case;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::traffic::service_ports::serves;
use release_core::workload::trouble::summarize;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let probes = case.target.workloads.iter().filter_map(|w| without_probe(case, w));
    let groups = summarize(&case.target_pods, case.scope());
    let not_ready = groups.into_iter().map(|g| case.warns(ids::PODS_NOT_READY, g.message).mend(g.look));
    let unknown =
        case.snapshot.nodes.as_ref().err().map(|why| case.not_checked(ids::NODES, "nodes", why).quiet_if(true));
    probes.chain(not_ready).chain(unknown).collect()
}

/// Without a readiness probe, a pod counts as ready once its containers run
/// (<https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes>).
fn without_probe(case: &Case<'_>, workload: &Workload) -> Option<Finding> {
    let serving: Vec<&Container> =
        workload.serving_containers().filter(|c| serves(case.service_of(case.target), c)).collect();
    let probed = |c: &&Container| c.readiness_probe.is_some();
    let message = match serving.iter().find(|c| !probed(c)) {
        Some(container) => format!("{workload}: container {} has none, ready means started", container.name),
        None if serving.is_empty() && !workload.serving_containers().any(|c| probed(&c)) => {
            format!("{workload} has none, ready means started")
        }
        None => return None,
    };
    Some(case.warns(ids::NO_READINESS_PROBE, message).mend("add readinessProbe"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, told};

    #[test]
    fn without_a_probe_traffic_would_reach_a_server_that_still_starts() {
        let mut world = World::healthy();
        assert!(world.findings(check).is_empty());
        world.container("green")["readinessProbe"] = json!(null);
        assert_eq!(told(&world.findings(check)), ["! no-readiness-probe"]);
        world.container("green")["ports"] = json!(null);
        assert_eq!(told(&world.findings(check)), ["! no-readiness-probe"]);
    }

    #[test]
    fn a_probe_of_a_container_that_serves_nothing_does_not_help() {
        let mut world = World::healthy();
        world.container("green")["readinessProbe"] = json!(null);
        let sidecar = json!({"name": "logs", "image": "fluentbit", "readinessProbe": {"tcpSocket": {"port": 2020}}});
        world.workload("green")["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap().push(sidecar);
        assert_eq!(world.findings(check).len(), 1);
        world.container("green")["ports"] = json!(null);
        assert!(world.findings(check).is_empty(), "nothing says which container serves, and one is probed");
    }

    #[test]
    fn at_three_in_the_morning_the_reason_and_the_next_command_are_there() {
        let mut world = World::healthy();
        for pod in world.pods_of("green").into_iter().take(2) {
            pod["status"]["conditions"] = json!([{"type": "Ready", "status": "False"}]);
            pod["status"]["containerStatuses"] = json!([{"name": "api", "image": "api:1.5.0", "imageID": "", "ready": false, "restartCount": 7,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 1}}}]);
        }
        let findings = world.findings(check);
        assert_eq!(told(&findings), ["! pods-not-ready"]);
        let mend = findings[0].mend.as_ref().map(ToString::to_string);
        assert_eq!(mend.as_deref(), Some("kubectl logs -p api-green-7d9f-0 -n shop"));
    }

    #[test]
    fn the_active_colors_trouble_is_not_the_targets() {
        let mut world = World::healthy();
        world.run("blue", 3, 1);
        assert!(world.findings(check).is_empty());
    }
}
