//! Services whose clients are sent to pods of their own zone where there are any: in a zone without a
//! ready pod of the target they cross into another one, whose pods get more than their share
//! (<https://kubernetes.io/docs/concepts/services-networking/service/#traffic-distribution>).

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Service;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::kube::Pod;
use release_core::text::printable;

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let Some(how) = preference(case.view.service).filter(|_| !case.scales_first && case.view.route.is_none()) else {
        return Vec::new();
    };
    let nodes = case.snapshot.nodes.as_deref().unwrap_or_default();
    let zones: BTreeMap<&str, &str> =
        nodes.iter().filter_map(|n| Some((n.metadata.name.as_str(), n.zone()?))).collect();
    let of = |pods: &[&Pod]| -> BTreeSet<&str> {
        let ready = pods.iter().filter(|pod| pod.is_ready());
        ready.filter_map(|pod| zones.get(pod.spec.node_name.as_deref()?).copied()).collect()
    };
    let served = of(&case.active_pods);
    let bare: Vec<String> = served.difference(&of(&case.target_pods)).map(|zone| printable(zone)).collect();
    if bare.is_empty() {
        return Vec::new();
    }
    let (target, count) = (&case.target.name, served.len());
    let message = format!("{} of {count} zones have no ready {target} pod ({how}): {}", bare.len(), bare.join(", "));
    let finding = case.warns(ids::ZONES_UNCOVERED, message).mend("spread the pods over the same zones");
    vec![finding.quiet_if(case.runs_one_pod())]
}

/// What prefers a client's own zone, if anything does.
fn preference(service: &Service) -> Option<String> {
    let distribution = service.spec.as_ref().and_then(|spec| spec.traffic_distribution.as_deref());
    if let Some(distribution) = distribution {
        return Some(format!("trafficDistribution: {}", printable(distribution)));
    }
    let annotations = service.metadata.annotations.as_ref()?;
    let hints = ["topology-mode", "topology-aware-hints"];
    let on = |key: &&str| {
        let value = annotations.get(&format!("service.kubernetes.io/{key}"));
        value.is_some_and(|value| value.eq_ignore_ascii_case("auto"))
    };
    hints.iter().find(|key| on(key)).map(|key| (*key).to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::checks::testing::{World, told};

    fn node(index: usize, zone: &str) -> Value {
        json!({"metadata": {"name": format!("node-{index}"), "labels": {"topology.kubernetes.io/zone": zone}},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    }

    #[test]
    fn a_zone_without_the_target_is_told_where_clients_keep_to_theirs() {
        let mut world = World::healthy();
        world.nodes = Ok(vec![node(0, "a"), node(1, "b"), node(2, "c")]);
        world.run("green", 3, 2);
        assert!(world.findings(check).is_empty(), "nothing prefers a zone");
        world.service["spec"]["trafficDistribution"] = json!("PreferClose");
        let findings = world.findings(check);
        assert_eq!(told(&findings), ["! zones-uncovered"]);
        assert!(findings[0].message.ends_with(": c"), "{}", findings[0].message);
        world.service["spec"]["trafficDistribution"] = json!(null);
        for key in ["service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"] {
            world.service["metadata"]["annotations"] = json!({key: "Auto"});
            assert_eq!(told(&world.findings(check)), ["! zones-uncovered"]);
        }
        world.run("green", 3, 3);
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn where_nodes_say_no_zone_nothing_is_known() {
        let mut world = World::healthy();
        world.service["spec"]["trafficDistribution"] = json!("PreferClose");
        world.run("green", 3, 1);
        assert!(world.findings(check).is_empty());
        world.nodes = Err("forbidden".into());
        assert!(world.findings(check).is_empty(), "that nodes are not read is told by its own id");
    }
}
