//! What stands between clients and the Service, and follows a switch in its own way.

mod endpoint_groups;
mod node_traffic;

use k8s_openapi::api::core::v1::{Service, ServiceSpec};

use super::case::Case;
use release_core::checks::finding::{Finding, Severity};
use release_core::checks::ids;

/// The annotation that says what an NLB registers.
const TARGET_TYPE: &str = "aws-load-balancer-nlb-target-type";

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    // A route moves nothing that a balancer has registered.
    let Some(spec) = case.view.service.spec.as_ref().filter(|_| case.view.route.is_none()) else { return Vec::new() };
    let ip_targets = ip_targets(case, spec);
    let mut findings: Vec<Finding> = affinity(case, spec).into_iter().collect();
    findings.extend(node_traffic::check(case, spec));
    let by_pod: Vec<Finding> = ip_targets.into_iter().chain(endpoint_groups::check(case)).collect();
    if !by_pod.iter().any(|f| f.severity == Severity::Blocks) {
        findings.extend(propagation(case, spec));
    }
    findings.extend(by_pod);
    findings
}

/// Affinity is to a pod, and the pods change
/// (<https://kubernetes.io/docs/reference/networking/virtual-ips/#session-affinity>).
fn affinity(case: &Case<'_>, spec: &ServiceSpec) -> Option<Finding> {
    let sticky = spec.session_affinity.as_deref() == Some("ClientIP");
    let message = format!("ClientIP: every client gets a new pod, of {}", case.target.name);
    sticky.then(|| case.warns(ids::SESSION_AFFINITY, message).mend("sessions must live outside of the pods"))
}

/// With ip targets, the AWS controller deregisters the old pods before the new ones are healthy
/// (<https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3621>); registration
/// with an NLB takes minutes (its issue 1834). With instance targets, nodes stay registered.
fn ip_targets(case: &Case<'_>, spec: &ServiceSpec) -> Vec<Finding> {
    let gap = |what: String| {
        if case.widens {
            let message = format!("{what} has ip targets: both colors serve until those of {} are", case.target.name);
            return case.warns(ids::LB_IP_TARGETS, message).quiet_if(true);
        }
        let message = format!("{what} has ip targets: a gap of 20 s or more");
        case.blocks(ids::LB_IP_TARGETS, message).mend("weighted target groups, or --widen")
    };
    let balancer = is_load_balancer(spec) && has_ip_targets(case.view.service, spec);
    let own = balancer.then(|| gap("its NLB".to_owned()));
    let bindings = match &case.snapshot.target_group_bindings {
        Ok(bindings) => bindings,
        Err(why) => {
            return own.into_iter().chain([case.not_checked(ids::LB_IP_TARGETS, "targetgroupbindings", why)]).collect();
        }
    };
    let ours = bindings.iter().filter(|b| b.spec.service_ref.name == case.view.name());
    let bound = ours.filter_map(|binding| {
        let name = format!("targetgroupbinding/{}", binding.metadata.name);
        match binding.spec.target_type.as_deref() {
            Some("ip") => Some(gap(name)),
            Some(_) => None,
            // The controller's webhook fills it in; without, nobody here knows what the group has.
            None => Some(case.not_checked(ids::LB_IP_TARGETS, &name, "no targetType")),
        }
    });
    let bound: Vec<Finding> = bound.collect();
    // The controller makes a binding for each port of an NLB: the same gap, named once.
    if bound.is_empty() { own.into_iter().collect() } else { bound }
}

fn is_load_balancer(spec: &ServiceSpec) -> bool {
    spec.type_.as_deref() == Some("LoadBalancer")
}

/// <https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/>;
/// `nlb-ip` is the older way to say it. Nothing said means instance targets, but in EKS Auto Mode, whose
/// class of load balancer registers pods unless it is told otherwise
/// (<https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html>).
fn has_ip_targets(service: &Service, spec: &ServiceSpec) -> bool {
    let annotations = service.metadata.annotations.as_ref();
    let said = |key: &str| annotations.and_then(|a| a.get(&format!("service.beta.kubernetes.io/{key}")));
    let says = |key: &str, value: &str| said(key).is_some_and(|v| v.eq_ignore_ascii_case(value));
    let of_auto_mode = spec.load_balancer_class.as_deref() == Some("eks.amazonaws.com/nlb");
    says(TARGET_TYPE, "ip")
        || says("aws-load-balancer-type", "nlb-ip")
        || (of_auto_mode && !says(TARGET_TYPE, "instance"))
}

/// Load balancers that know nodes leave the choice of pod to kube-proxy, unless only nodes with a
/// pod answer their health check.
fn propagation(case: &Case<'_>, spec: &ServiceSpec) -> Option<Finding> {
    if !is_load_balancer(spec) {
        return None;
    }
    let by_health_check = spec.external_traffic_policy.as_deref() == Some("Local");
    let message = if by_health_check {
        "nodes join and leave by health check"
    } else {
        "the load balancer's nodes follow kube-proxy"
    };
    Some(case.warns(ids::LB_PROPAGATION, message).mend("keep the old color up for a while").quiet_if(!by_health_check))
}

#[cfg(test)]
mod tests;
