//! What a Service's EndpointSlices say about where its traffic goes.
//!
//! The EndpointSlice controller splits endpoints by port numbers and by address family, at most
//! 100 to a slice by default (<https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/>),
//! so convergence is judged for every port over all slices together. A pod that lacks a Service's
//! named port stands in a slice without that port, and connections to it hang: it counts only where
//! it has the ports. "Converged" is said of the API only: each node's proxy follows in its own time.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};

use crate::kube::{Node, Pod};

/// Label that ties a slice to its Service.
pub const SERVICE_LABEL: &str = "kubernetes.io/service-name";
/// Label that says who writes a slice.
const MANAGED_BY_LABEL: &str = "endpointslice.kubernetes.io/managed-by";
/// The controller that follows a Service's selector.
const CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// All slices of one Service, by name, and what is known about their endpoints.
#[derive(Debug, Clone, Default)]
pub struct Slices {
    by_name: BTreeMap<String, EndpointSlice>,
    /// Names of the Service's ports behind which an endpoint has to be to serve; nothing where they
    /// aren't known. Empty for a Service without ports.
    ports: Option<BTreeSet<String>>,
    /// Pods by IP address, for endpoints that name none.
    pods_at: BTreeMap<String, String>,
    /// The pods that requests go to, where a route chooses among the endpoints.
    among: Option<BTreeSet<String>>,
}

/// An address family with a port of that name; without a name it has no port at all.
type Behind<'s> = (&'s str, Option<&'s str>);

/// One pod behind one port.
#[derive(Debug, Clone, Copy)]
struct Listed<'s> {
    behind: Behind<'s>,
    pod: &'s str,
    ready: bool,
    node: Option<&'s str>,
}

impl FromIterator<EndpointSlice> for Slices {
    fn from_iter<I: IntoIterator<Item = EndpointSlice>>(slices: I) -> Self {
        let by_name = slices.into_iter().map(|slice| (name_of(&slice), slice)).collect();
        Self { by_name, ..Self::default() }
    }
}

impl Slices {
    /// The same, judged by these ports of the Service.
    #[must_use]
    pub fn behind(self, ports: BTreeSet<String>) -> Self {
        Self { ports: Some(ports), ..self }
    }

    /// The same, with endpoints that name no pod known by the pods' addresses.
    #[must_use]
    pub fn knowing<'p>(self, pods: impl Iterator<Item = (&'p str, &'p str)>) -> Self {
        let pods_at = pods.map(|(address, pod)| (address.to_owned(), pod.to_owned())).collect();
        Self { pods_at, ..self }
    }

    /// Counts these pods alone from now on: a route's subset chooses them among all that the slices have.
    pub fn count_among(&mut self, pods: BTreeSet<String>) {
        self.among = Some(pods);
    }

    /// Takes over another list of all slices.
    pub fn replace(&mut self, other: Self) {
        self.by_name = other.by_name;
    }

    /// Takes in an added or changed slice.
    pub fn put(&mut self, slice: EndpointSlice) {
        self.by_name.insert(name_of(&slice), slice);
    }

    /// Takes out a deleted slice.
    pub fn remove(&mut self, slice: &EndpointSlice) {
        self.by_name.remove(&name_of(slice));
    }

    /// Distinct pods in any slice, whether ready or not.
    #[must_use]
    pub fn pods(&self) -> BTreeSet<&str> {
        self.all().map(|listed| listed.pod).collect()
    }

    /// Distinct pods that are ready behind every port.
    #[must_use]
    pub fn ready_pods(&self) -> BTreeSet<&str> {
        let mut pods: BTreeMap<&str, BTreeSet<Behind<'_>>> = BTreeMap::new();
        for listed in self.all().filter(|listed| listed.ready) {
            pods.entry(listed.pod).or_default().insert(listed.behind);
        }
        let wanted = self.wanted();
        // A pod of a single-stack cluster's dual-stack Service has one family's address only.
        let families = |behind: &BTreeSet<Behind<'_>>| behind.iter().map(|b| b.0.to_owned()).collect::<BTreeSet<_>>();
        let serves = |behind: &BTreeSet<Behind<'_>>| {
            let own = families(behind);
            let mut of_own = wanted.iter().filter(|w| own.contains(w.0)).peekable();
            of_own.peek().is_some() && of_own.all(|w| behind.contains(w))
        };
        pods.into_iter().filter(|(_, behind)| serves(behind)).map(|(pod, _)| pod).collect()
    }

    /// Distinct pods that are ready behind one port at least.
    #[must_use]
    pub fn ready_behind_any(&self) -> BTreeSet<&str> {
        self.all().filter(|listed| listed.ready).map(|listed| listed.pod).collect()
    }

    /// True where the controller that follows the Service's selector has a slice of it.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.by_name.values().any(|slice| manager(slice) == CONTROLLER)
    }

    /// Nodes that have a ready endpoint.
    #[must_use]
    pub fn ready_nodes(&self) -> BTreeSet<&str> {
        self.all().filter(|listed| listed.ready).filter_map(|listed| listed.node).collect()
    }

    /// Ready pods whose node is none of these, or isn't ready, each with it.
    #[must_use]
    pub fn ready_without_node(&self, nodes: &[Node]) -> BTreeMap<&str, &str> {
        let is_there = |name: &str| nodes.iter().any(|node| node.metadata.name == name && node.is_ready());
        let ready = self.all().filter(|listed| listed.ready);
        ready.filter_map(|listed| Some((listed.pod, listed.node.filter(|node| !is_there(node))?))).collect()
    }

    /// Slices that the controller of the Service's selector doesn't write, with who does: their
    /// addresses stay in service wherever the selector points.
    pub fn unmanaged(&self) -> impl Iterator<Item = Unmanaged<'_>> {
        self.by_name.values().filter(|slice| manager(slice) != CONTROLLER && !slice.endpoints.is_empty()).map(|slice| {
            let pods = slice.endpoints.iter().flat_map(|endpoint| self.pods_of(endpoint)).collect();
            let addresses = slice.endpoints.iter().map(|endpoint| endpoint.addresses.len()).sum();
            let slice_name = slice.metadata.name.as_deref().unwrap_or_default();
            Unmanaged { slice: slice_name, manager: manager(slice), addresses, pods }
        })
    }

    /// What an endpoint must be behind in order to serve.
    fn wanted(&self) -> BTreeSet<Behind<'_>> {
        let families: BTreeSet<&str> = self.by_name.values().map(|slice| slice.address_type.as_str()).collect();
        match &self.ports {
            None => self.all().map(|listed| listed.behind).collect(),
            Some(ports) if ports.is_empty() => families.into_iter().map(|family| (family, None)).collect(),
            Some(ports) => families
                .into_iter()
                .flat_map(|family| ports.iter().map(move |port| (family, Some(port.as_str()))))
                .collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = Listed<'_>> {
        self.by_name.values().flat_map(move |slice| {
            let family = slice.address_type.as_str();
            let behind: Vec<Behind<'_>> = match slice.ports.as_deref() {
                Some(ports) if !ports.is_empty() => {
                    ports.iter().map(|p| (family, Some(p.name.as_deref().unwrap_or_default()))).collect()
                }
                _ => vec![(family, None)],
            };
            slice.endpoints.iter().flat_map(move |endpoint| {
                let (ready, node) = (is_ready(endpoint), endpoint.node_name.as_deref());
                let behind = behind.clone();
                self.counted(endpoint).flat_map(move |pod| {
                    behind.clone().into_iter().map(move |behind| Listed { behind, pod, ready, node })
                })
            })
        })
    }

    fn counted<'s>(&'s self, endpoint: &'s Endpoint) -> impl Iterator<Item = &'s str> {
        let counts = |pod: &&str| self.among.as_ref().is_none_or(|among| among.contains(*pod));
        self.pods_of(endpoint).into_iter().filter(counts)
    }

    /// The pod that an endpoint names, or those that are known at its addresses. What is nobody's
    /// is passed over.
    fn pods_of<'s>(&'s self, endpoint: &'s Endpoint) -> Vec<&'s str> {
        let target = endpoint.target_ref.as_ref().filter(|t| t.kind.as_deref() == Some("Pod"));
        match target.and_then(|t| t.name.as_deref()) {
            Some(pod) => vec![pod],
            None => endpoint.addresses.iter().filter_map(|at| self.pods_at.get(at)).map(String::as_str).collect(),
        }
    }

    /// How far the slices have come towards a color.
    ///
    /// `expected` are the names of the target's ready pods; `is_foreign` tells a pod that is
    /// known to be of another color. Pods that are neither (just scaled up, a debug copy, kept
    /// by `publishNotReadyAddresses`) hinder nothing.
    #[must_use]
    pub fn convergence(&self, expected: &BTreeSet<String>, is_foreign: impl Fn(&str) -> bool) -> Convergence {
        let serving = self.ready_pods();
        let foreign = self.pods().into_iter().filter(|pod| is_foreign(pod)).count();
        let ready = serving.iter().filter(|pod| !is_foreign(pod)).count();
        let missing = expected.iter().filter(|pod| !serving.contains(pod.as_str())).count();
        Convergence { ready, missing, foreign }
    }
}

/// Absent means ready (discovery.k8s.io/v1 EndpointConditions). Behind a Service that publishes
/// not-ready addresses `ready` is always true, and `serving` tells.
fn is_ready(endpoint: &Endpoint) -> bool {
    let conditions = endpoint.conditions.as_ref();
    conditions.and_then(|c| c.ready).unwrap_or(true) && conditions.and_then(|c| c.serving).unwrap_or(true)
}

fn manager(slice: &EndpointSlice) -> &str {
    slice.metadata.labels.as_ref().and_then(|labels| labels.get(MANAGED_BY_LABEL)).map_or("nobody", String::as_str)
}

fn name_of(slice: &EndpointSlice) -> String {
    slice.metadata.name.clone().unwrap_or_default()
}

/// A slice that somebody else writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmanaged<'s> {
    pub slice: &'s str,
    /// What its label says; `nobody` without one.
    pub manager: &'s str,
    pub addresses: usize,
    /// Pods of ours that are known at these addresses.
    pub pods: Vec<&'s str>,
}

impl Unmanaged<'_> {
    /// How many of its addresses are of these pods.
    #[must_use]
    pub fn of(&self, pods: &[&Pod]) -> usize {
        self.pods.iter().filter(|name| pods.iter().any(|pod| pod.metadata.name == **name)).count()
    }
}

/// How far the slices have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convergence {
    /// Pods of the target (or of no known color) that are ready behind every port.
    pub ready: usize,
    /// Expected pods that are not there yet, behind one port or another.
    pub missing: usize,
    /// Pods of other colors that are still there.
    pub foreign: usize,
}

impl Convergence {
    /// True once every expected pod is behind every port and no other color's is. Where nothing is
    /// ready, nothing has arrived: the pods that were expected may have gone.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.ready > 0 && self.missing == 0 && self.foreign == 0
    }
}

#[cfg(test)]
mod tests;
