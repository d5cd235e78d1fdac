//! Traffic policies that keep to one node: a node without a ready pod of the target drops it
//! (<https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-policies>).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::ServiceSpec;
use release_core::kube::Pod;

use crate::checks::case::Case;
use release_core::checks::finding::Finding;
use release_core::checks::ids;

/// Nodes named in a message.
const NAMED: usize = 3;

pub fn check(case: &Case<'_>, spec: &ServiceSpec) -> Vec<Finding> {
    let served = nodes(&case.active_pods);
    let bare: Vec<&str> = served.difference(&nodes(&case.target_pods)).copied().collect();
    if bare.is_empty() {
        return Vec::new();
    }
    let mut names = bare[..bare.len().min(NAMED)].join(", ");
    if bare.len() > NAMED {
        names.push_str(", ...");
    }
    let message = format!("{} of {} nodes have no ready {} pod: {names}", bare.len(), served.len(), case.target.name);
    let is_local = |policy: Option<&String>| policy.is_some_and(|p| p == "Local");
    let from_outside = matches!(spec.type_.as_deref(), Some("LoadBalancer" | "NodePort"));
    let external = from_outside && is_local(spec.external_traffic_policy.as_ref());
    let internal = is_local(spec.internal_traffic_policy.as_ref());
    let finding = |id| case.warns(id, message.clone()).mend("spread the pods over the same nodes");
    let found = [(external, ids::LOCAL_TRAFFIC_UNCOVERED), (internal, ids::INTERNAL_TRAFFIC_UNCOVERED)];
    found.into_iter().filter(|(applies, _)| *applies).map(|(_, id)| finding(id)).collect()
}

/// The nodes with a ready pod.
fn nodes<'a>(pods: &[&'a Pod]) -> BTreeSet<&'a str> {
    pods.iter().filter(|pod| pod.is_ready()).filter_map(|pod| pod.spec.node_name.as_deref()).collect()
}
