//! Nodes, as far as it matters whether the pods on them can be reached.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::labels::Labels;
use super::pod::{NODE_LOST, Pod, PodCondition};

/// <https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesiozone>
const ZONE: &str = "topology.kubernetes.io/zone";

/// A node, cut down while it is read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Node {
    pub metadata: NodeMeta,
    pub status: NodeStatus,
}

/// The part of a node's metadata that decisions need.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NodeMeta {
    pub name: String,
    /// Of which [`Node::slim`] keeps the zone.
    pub labels: Labels,
}

/// The part of a node's status that decisions need.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    pub conditions: Vec<PodCondition>,
    pub node_info: NodeInfo,
}

/// What a node's kubelet says of the machine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeInfo {
    /// As images have it: `linux`, `windows`.
    pub operating_system: String,
    /// `amd64`, `arm64`
    pub architecture: String,
}

impl Node {
    /// True while its kubelet says so.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status.conditions.iter().any(|c| c.kind == "Ready" && c.status == "True")
    }

    /// The zone it is in, where its cloud says so.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        self.metadata.labels.get(ZONE).map(String::as_str)
    }

    /// The same with nothing but its platform and what a node selector asks for.
    #[must_use]
    pub fn for_selector(mut self, selector: &Labels) -> Self {
        self.metadata.labels.retain(|key, _| selector.contains_key(key));
        self.status.conditions.clear();
        self
    }

    /// The same with nothing but its readiness and zone.
    #[must_use]
    pub fn slim(mut self) -> Self {
        self.metadata.labels.retain(|key, _| key == ZONE);
        self.status.conditions.retain(|c| c.kind == "Ready");
        self
    }
}

/// Takes the readiness from pods whose node is gone or not ready: the EndpointSlice controller
/// leaves the ones out, and the node lifecycle controller the others, but their own condition stays
/// True for a minute and more.
pub fn lose_unreachable(pods: &mut [Pod], nodes: &[Node]) {
    let ready: BTreeMap<&str, bool> = nodes.iter().map(|n| (n.metadata.name.as_str(), n.is_ready())).collect();
    for pod in pods {
        let Some(node) = pod.spec.node_name.clone() else { continue };
        match ready.get(node.as_str()) {
            Some(true) => {}
            Some(false) => pod.lose(NODE_LOST, format!("its node {node} is not ready")),
            None => pod.lose(NODE_LOST, format!("its node {node} is gone")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(name: &str, ready: &str) -> Node {
        let conditions = json!([{"type": "DiskPressure", "status": "False"}, {"type": "Ready", "status": ready}]);
        serde_json::from_value(json!({"metadata": {"name": name}, "status": {"conditions": conditions}})).unwrap()
    }

    fn pod(node: Option<&str>) -> Pod {
        let status = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
        serde_json::from_value(json!({"metadata": {"name": "p"}, "spec": {"nodeName": node}, "status": status}))
            .unwrap()
    }

    #[test]
    fn a_pod_is_as_reachable_as_its_node() {
        let nodes = [node("here", "True"), node("silent", "Unknown")];
        let mut pods = [pod(Some("here")), pod(Some("silent")), pod(Some("gone")), pod(None)];
        lose_unreachable(&mut pods, &nodes);
        assert_eq!(pods.each_ref().map(Pod::is_ready), [true, false, false, true]);
        assert!(pods[2].condition("Ready").unwrap().message.contains("gone"));
    }
}
