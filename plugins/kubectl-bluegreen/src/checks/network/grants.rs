//! A network policy's rules as single grants: one peer, one port.

use std::borrow::Cow;
use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use release_core::kube::{Labels, selector_matches};

/// Which way the traffic goes, seen from the pods that a policy selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Ingress,
    Egress,
}

/// Traffic with one kind of peer over one port; nothing means any.
#[derive(Debug, Clone)]
pub struct Grant<'a> {
    peer: Option<Cow<'a, NetworkPolicyPeer>>,
    port: Option<&'a NetworkPolicyPort>,
}

/// The policy's name.
pub fn name_of(policy: &NetworkPolicy) -> &str {
    policy.metadata.name.as_deref().unwrap_or_default()
}

/// True where the policy limits this direction of a pod with these labels.
pub fn selects(policy: &NetworkPolicy, labels: &Labels, direction: Direction) -> bool {
    let selector = policy.spec.as_ref().and_then(|s| s.pod_selector.as_ref());
    is_about(policy, direction) && selector.is_none_or(|selector| selector_matches(selector, labels))
}

/// Without `policyTypes`, a policy is about ingress, and about egress where it has such rules.
fn is_about(policy: &NetworkPolicy, direction: Direction) -> bool {
    let Some(spec) = &policy.spec else { return false };
    match (&spec.policy_types, direction) {
        (Some(types), Direction::Ingress) => types.iter().any(|t| t == "Ingress"),
        (Some(types), Direction::Egress) => types.iter().any(|t| t == "Egress"),
        (None, Direction::Ingress) => true,
        (None, Direction::Egress) => spec.egress.as_ref().is_some_and(|rules| !rules.is_empty()),
    }
}

/// What the policy grants in a direction; nothing where it is not about it.
pub fn grants(policy: &NetworkPolicy, direction: Direction) -> Vec<Grant<'_>> {
    let Some(spec) = policy.spec.as_ref().filter(|_| is_about(policy, direction)) else { return Vec::new() };
    match direction {
        Direction::Ingress => {
            spec.ingress.iter().flatten().flat_map(|r| multiply(r.from.as_ref(), r.ports.as_ref())).collect()
        }
        Direction::Egress => {
            spec.egress.iter().flatten().flat_map(|r| multiply(r.to.as_ref(), r.ports.as_ref())).collect()
        }
    }
}

/// Every peer with every port; an empty list of either means any.
fn multiply<'a>(
    peers: Option<&'a Vec<NetworkPolicyPeer>>,
    ports: Option<&'a Vec<NetworkPolicyPort>>,
) -> Vec<Grant<'a>> {
    let peers: Vec<Option<&NetworkPolicyPeer>> = or_any(peers);
    let ports: Vec<Option<&NetworkPolicyPort>> = or_any(ports);
    let with_ports = |peer: Option<&'a NetworkPolicyPeer>| {
        ports.iter().map(move |port| Grant { peer: peer.map(Cow::Borrowed), port: *port }).collect::<Vec<_>>()
    };
    peers.into_iter().flat_map(with_ports).collect()
}

fn or_any<T>(listed: Option<&Vec<T>>) -> Vec<Option<&T>> {
    match listed {
        Some(some) if !some.is_empty() => some.iter().map(Some).collect(),
        _ => vec![None],
    }
}

impl<'a> Grant<'a> {
    /// Everybody, over every port.
    pub fn is_unlimited(&self) -> bool {
        self.peer.is_none() && self.port.is_none()
    }

    /// True where all that the other grants is granted by this one, as far as their texts tell.
    pub fn covers(&self, other: &Grant<'_>) -> bool {
        self.covers_peer(other) && self.has_ports_of(other)
    }

    /// True where the other's ports are among this one's.
    pub fn has_ports_of(&self, other: &Grant<'_>) -> bool {
        let Some(mine) = self.port else { return true };
        let Some(theirs) = other.port else { return false };
        let protocol = |p: &NetworkPolicyPort| p.protocol.clone().unwrap_or_else(|| "TCP".into());
        let numbers = match (range(mine), range(theirs)) {
            (Some((first, last)), Some((low, high))) => first <= low && high <= last,
            _ => mine.port.is_none() || mine.port == theirs.port,
        };
        protocol(mine) == protocol(theirs) && numbers
    }

    /// True where the peer is pods of the policy's own namespace with these labels. Nobody in
    /// particular, and pods of namespaces whose labels aren't known, are not.
    pub fn names(&self, labels: &Labels) -> bool {
        self.peer.as_ref().is_none_or(|peer| {
            let own_namespace = peer.namespace_selector.as_ref().is_none_or(is_everything);
            let pods = peer.pod_selector.as_ref().is_none_or(|selector| selector_matches(selector, labels));
            peer.ip_block.is_none() && own_namespace && pods
        })
    }

    /// The same grant with one label of its peer's pods changed.
    pub fn with_label(&self, key: &str, from: &str, to: &str) -> Grant<'a> {
        let mut changed = self.clone();
        let labels = changed.peer.as_mut().and_then(|peer| peer.to_mut().pod_selector.as_mut()?.match_labels.as_mut());
        if let Some(value) = labels.and_then(|labels| labels.get_mut(key)).filter(|value| *value == from) {
            to.clone_into(value);
        }
        changed
    }

    fn covers_peer(&self, other: &Grant<'_>) -> bool {
        let Some(mine) = self.peer.as_deref() else { return true };
        let Some(theirs) = other.peer.as_deref() else { return false };
        let namespaces = match (&mine.namespace_selector, &theirs.namespace_selector) {
            (Some(selector), _) if is_everything(selector) => true,
            (mine, theirs) => mine == theirs,
        };
        let pods = mine.pod_selector.as_ref().is_none_or(is_everything) || mine.pod_selector == theirs.pod_selector;
        mine.ip_block == theirs.ip_block && namespaces && pods
    }
}

/// First and last port; nothing for names and for any port.
fn range(port: &NetworkPolicyPort) -> Option<(i32, i32)> {
    match port.port {
        Some(IntOrString::Int(first)) => Some((first, port.end_port.unwrap_or(first))),
        _ => None,
    }
}

/// True for a selector that asks for nothing.
pub fn is_everything(selector: &LabelSelector) -> bool {
    let no_labels = selector.match_labels.as_ref().is_none_or(BTreeMap::is_empty);
    no_labels && selector.match_expressions.as_ref().is_none_or(Vec::is_empty)
}
