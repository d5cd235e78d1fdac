//! Network policies that know the colors: traffic of the active color that the target wouldn't get.
//!
//! Policies add up, and a pod that no policy selects for a direction is open in it
//! (<https://kubernetes.io/docs/concepts/services-networking/network-policies/>).

mod grants;

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::NetworkPolicy;
use release_core::kube::{Labels, selector_matches};
use release_core::traffic::selector::Color;

use super::case::Case;
use grants::{Direction, Grant, grants, is_everything, name_of, selects};
use release_core::checks::finding::Finding;
use release_core::checks::ids;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let policies = match &case.snapshot.network_policies {
        Ok(policies) => policies,
        Err(why) => return vec![case.not_checked(ids::NETWORK_POLICY, "networkpolicies", why)],
    };
    let labels = |color: &Color| -> Vec<Labels> { color.workloads.iter().map(|w| w.pod_labels()).collect() };
    let view = View { case, policies, active: labels(case.active), target: labels(case.target) };
    let mut told = BTreeSet::new();
    let mut findings = Vec::new();
    for direction in [Direction::Ingress, Direction::Egress] {
        findings.extend(view.target.iter().flat_map(|target| view.own_rules(direction, target)));
        findings.extend(view.target.iter().flat_map(|target| view.rules_of_others(direction, target)));
    }
    findings.retain(|finding: &Finding| told.insert((finding.id, finding.message.clone())));
    findings
}

struct View<'a> {
    case: &'a Case<'a>,
    policies: &'a [NetworkPolicy],
    /// What the pods of the active color's workloads are labelled.
    active: Vec<Labels>,
    target: Vec<Labels>,
}

impl View<'_> {
    /// What policies on the colors' own pods grant the active color, and not the target.
    fn own_rules(&self, direction: Direction, target: &Labels) -> Vec<Finding> {
        let on_active = self.policies.iter().filter(|p| self.active.iter().any(|labels| selects(p, labels, direction)));
        let on_active: Vec<&NetworkPolicy> = on_active.collect();
        let on_target: Vec<&NetworkPolicy> = self.policies.iter().filter(|p| selects(p, target, direction)).collect();
        let has: Vec<Grant<'_>> = on_target.iter().flat_map(|p| grants(p, direction)).collect();
        if on_target.is_empty() {
            return on_active.iter().map(|policy| self.uncovered(policy)).collect();
        }
        if on_active.is_empty() {
            let limited = !has.iter().any(Grant::is_unlimited);
            return on_target.iter().filter(|_| limited).map(|policy| self.isolates(policy, direction)).collect();
        }
        let lacks = |grant: &Grant<'_>| !has.iter().any(|h| h.covers(grant) || h.covers(&self.mirrored(grant)));
        let short = on_active.iter().filter(|policy| grants(policy, direction).iter().any(lacks));
        short.map(|policy| self.lacking(policy, direction)).collect()
    }

    /// What policies on anybody's pods grant to the active color as the other side: a database that
    /// admits blue, a frontend that may reach blue.
    fn rules_of_others(&self, direction: Direction, target: &Labels) -> Vec<Finding> {
        let mut findings = Vec::new();
        for policy in self.policies.iter().filter(|p| !self.is_of_active_only(p)) {
            let siblings = self.policies.iter().filter(|other| reaches_all_of(other, policy));
            let given: Vec<Grant<'_>> =
                siblings.flat_map(|p| grants(p, direction)).filter(|g| g.names(target)).collect();
            let to_active = grants(policy, direction);
            let mut to_active = to_active.iter().filter(|g| self.active.iter().any(|labels| g.names(labels)));
            if to_active.any(|grant| !given.iter().any(|g| g.has_ports_of(grant))) {
                findings.push(self.names_active_only(policy, direction));
            }
        }
        findings
    }

    /// A policy on the active color's own pods falls away along with them.
    fn is_of_active_only(&self, policy: &NetworkPolicy) -> bool {
        let Some(selector) = policy.spec.as_ref().and_then(|s| s.pod_selector.as_ref()) else { return false };
        let of_active = self.active.iter().any(|labels| selector_matches(selector, labels));
        of_active && !self.target.iter().any(|labels| selector_matches(selector, labels))
    }

    /// Blue may talk to blue: for green, that it may talk to green.
    fn mirrored<'g>(&self, grant: &Grant<'g>) -> Grant<'g> {
        grant.with_label(&self.case.tracks.key, &self.case.active.name, &self.case.target.name)
    }

    fn lacking(&self, policy: &NetworkPolicy, direction: Direction) -> Finding {
        let (name, active) = (name_of(policy), &self.case.active.name);
        let message = match direction {
            Direction::Ingress => format!("networkpolicy/{name} lets traffic in to {active} only"),
            Direction::Egress => format!("networkpolicy/{name} lets traffic out of {active} only"),
        };
        self.blocks(message)
    }

    fn names_active_only(&self, policy: &NetworkPolicy, direction: Direction) -> Finding {
        let (name, active) = (name_of(policy), &self.case.active.name);
        let message = match direction {
            Direction::Ingress => format!("networkpolicy/{name} admits {active} only"),
            Direction::Egress => format!("networkpolicy/{name} lets its pods reach {active} only"),
        };
        self.blocks(message)
    }

    fn blocks(&self, message: String) -> Finding {
        self.case.blocks(ids::NETWORK_POLICY, message).mend(format!("admit {} too", self.case.target.name))
    }

    fn isolates(&self, policy: &NetworkPolicy, direction: Direction) -> Finding {
        let (name, target) = (name_of(policy), &self.case.target.name);
        let way = match direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        };
        let message = format!("networkpolicy/{name} limits {way} of {target} only");
        self.case.blocks(ids::NETWORK_POLICY, message).mend("check that it admits the traffic")
    }

    fn uncovered(&self, policy: &NetworkPolicy) -> Finding {
        let (name, target) = (name_of(policy), &self.case.target.name);
        let message = format!("networkpolicy/{name} leaves {target} open");
        self.case.warns(ids::NETWORK_POLICY_UNCOVERED, message).mend(format!("cover {target} too"))
    }
}

/// True where what `other` grants holds for every pod that `policy` selects: the same selector, or
/// one that selects all.
fn reaches_all_of(other: &NetworkPolicy, policy: &NetworkPolicy) -> bool {
    let selector = |p: &NetworkPolicy| p.spec.as_ref().and_then(|s| s.pod_selector.clone()).unwrap_or_default();
    is_everything(&selector(other)) || selector(other) == selector(policy)
}

#[cfg(test)]
mod tests;
