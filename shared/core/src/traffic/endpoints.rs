//! What a Service's EndpointSlices say about where its traffic goes.
//!
//! The EndpointSlice controller splits endpoints by port numbers and by address family, at most
//! 100 to a slice by default (<https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/>),
//! so convergence is judged for every port over all slices together. "Converged" is said of the
//! API only: each node's proxy follows in its own time.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::discovery::v1::EndpointSlice;

/// Label that ties a slice to its Service.
pub const SERVICE_LABEL: &str = "kubernetes.io/service-name";

/// One endpoint behind one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name of the pod.
    pub pod: String,
    pub ready: bool,
    pub node: Option<String>,
}

/// All slices of one Service, by name.
#[derive(Debug, Clone, Default)]
pub struct Slices(BTreeMap<String, EndpointSlice>);

impl FromIterator<EndpointSlice> for Slices {
    fn from_iter<I: IntoIterator<Item = EndpointSlice>>(slices: I) -> Self {
        Self(slices.into_iter().map(|slice| (name_of(&slice), slice)).collect())
    }
}

impl Slices {
    /// Takes in an added or changed slice.
    pub fn put(&mut self, slice: EndpointSlice) {
        self.0.insert(name_of(&slice), slice);
    }

    /// Takes out a deleted slice.
    pub fn remove(&mut self, slice: &EndpointSlice) {
        self.0.remove(&name_of(slice));
    }

    /// Distinct pods behind any port, whether ready or not.
    #[must_use]
    pub fn pods(&self) -> BTreeMap<&str, bool> {
        let mut pods = BTreeMap::new();
        for (_, pod, ready, _) in self.all() {
            *pods.entry(pod).or_insert(false) |= ready;
        }
        pods
    }

    /// Distinct ready pods.
    #[must_use]
    pub fn ready_pods(&self) -> BTreeSet<&str> {
        self.pods().into_iter().filter_map(|(pod, ready)| ready.then_some(pod)).collect()
    }

    /// Nodes that have a ready endpoint.
    #[must_use]
    pub fn ready_nodes(&self) -> BTreeSet<&str> {
        self.all().filter(|(_, _, ready, _)| *ready).filter_map(|(_, _, _, node)| node).collect()
    }

    /// Every (port, pod, ready, node) there is; ports as `family/port-name`. Endpoints that are
    /// no pods (written by hand) are nobody's color and are passed over.
    fn all(&self) -> impl Iterator<Item = (String, &str, bool, Option<&str>)> {
        self.0.values().flat_map(|slice| {
            let ports: Vec<String> = match slice.ports.as_deref() {
                Some(ports) if !ports.is_empty() => ports
                    .iter()
                    .map(|p| format!("{}/{}", slice.address_type, p.name.as_deref().unwrap_or_default()))
                    .collect(),
                _ => vec![format!("{}/", slice.address_type)],
            };
            slice.endpoints.iter().flat_map(move |endpoint| {
                let pod = endpoint
                    .target_ref
                    .as_ref()
                    .filter(|t| t.kind.as_deref() == Some("Pod"))
                    .and_then(|t| t.name.as_deref());
                // Absent means ready (discovery.k8s.io/v1 EndpointConditions). Behind a Service that
                // publishes not-ready addresses `ready` is always true, and `serving` tells.
                let conditions = endpoint.conditions.as_ref();
                let ready = conditions.and_then(|c| c.ready).unwrap_or(true)
                    && conditions.and_then(|c| c.serving).unwrap_or(true);
                let node = endpoint.node_name.as_deref();
                let ports = ports.clone();
                pod.into_iter().flat_map(move |pod| ports.clone().into_iter().map(move |port| (port, pod, ready, node)))
            })
        })
    }

    /// How far the slices have come towards a color.
    ///
    /// `expected` are the names of the target's ready pods; `is_foreign` tells a pod that is
    /// known to be of another color. Pods that are neither (just scaled up, a debug copy, kept
    /// by `publishNotReadyAddresses`) hinder nothing.
    #[must_use]
    pub fn convergence(&self, expected: &BTreeSet<String>, is_foreign: impl Fn(&str) -> bool) -> Convergence {
        let mut by_port: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        let mut foreign = BTreeSet::new();
        let mut ready = BTreeSet::new();
        for (port, pod, is_ready, _) in self.all() {
            let listed = by_port.entry(port).or_default();
            if is_foreign(pod) {
                foreign.insert(pod);
            } else if is_ready {
                listed.insert(pod);
                ready.insert(pod);
            }
        }
        let missing = |listed: &BTreeSet<&str>| expected.iter().filter(|pod| !listed.contains(pod.as_str())).count();
        let worst = by_port.values().map(missing).max();
        Convergence { ready: ready.len(), missing: worst.unwrap_or(expected.len()), foreign: foreign.len() }
    }
}

fn name_of(slice: &EndpointSlice) -> String {
    slice.metadata.name.clone().unwrap_or_default()
}

/// How far the slices have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convergence {
    /// Pods of the target (or of no known color) that are ready behind some port.
    pub ready: usize,
    /// Expected pods that are not there yet, for the port that has the fewest.
    pub missing: usize,
    /// Pods of other colors that are still there.
    pub foreign: usize,
}

impl Convergence {
    /// True once every expected pod is behind every port and no other color's is.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.missing == 0 && self.foreign == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn slice(name: &str, port: &str, pods: &[(&str, bool)]) -> EndpointSlice {
        let endpoints: Vec<_> = pods
            .iter()
            .map(|(pod, ready)| json!({"addresses": ["10.0.0.9"], "conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": pod}}))
            .collect();
        let object = json!({"metadata": {"name": name}, "addressType": "IPv4", "endpoints": endpoints, "ports": [{"name": port}]});
        serde_json::from_value(object).unwrap()
    }

    fn judge(slices: Vec<EndpointSlice>, expected: &[&str]) -> Convergence {
        let slices: Slices = slices.into_iter().collect();
        slices.convergence(&expected.iter().map(ToString::to_string).collect(), |pod| pod.starts_with("blue"))
    }

    #[test]
    fn every_port_must_have_every_ready_pod() {
        let http = slice("a", "http", &[("green-1", true), ("green-2", true)]);
        let behind = judge(vec![http.clone(), slice("b", "grpc", &[("green-1", true)])], &["green-1", "green-2"]);
        assert_eq!((behind.missing, behind.is_done()), (1, false));
        let split = vec![http, slice("b", "grpc", &[("green-1", true)]), slice("c", "grpc", &[("green-2", true)])];
        assert!(judge(split, &["green-1", "green-2"]).is_done());
    }

    #[test]
    fn another_colors_address_is_not_converged_even_unready() {
        let seen = judge(vec![slice("a", "http", &[("green-1", true), ("blue-1", false)])], &["green-1"]);
        assert_eq!((seen.foreign, seen.is_done()), (1, false));
    }

    #[test]
    fn pods_of_no_known_color_hinder_nothing() {
        assert!(
            judge(
                vec![slice("a", "http", &[("green-1", true), ("debug-copy", true), ("green-9", false)])],
                &["green-1"]
            )
            .is_done()
        );
    }

    #[test]
    fn no_slices_is_not_converged_while_pods_are_expected() {
        assert_eq!(judge(vec![], &["green-1"]).missing, 1);
    }
}
