//! The Service's ports must lead somewhere in the target's pods.
//!
//! A named `targetPort` is looked up in each pod, and a pod without it gets no endpoint for that
//! port (<https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports>). A
//! number needs no declaration, so one that is missing is only a hint.

use k8s_openapi::api::core::v1::ServicePort;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use release_core::kube::Workload;
use release_core::text::printable;

use super::case::Case;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::traffic::selector::Color;
use release_core::traffic::service_ports::{destination, leads_to, ports, protocol};

use crate::options::Verb;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let service_ports = case.view.service.spec.iter().flat_map(|s| s.ports.iter().flatten());
    let mut findings = Vec::new();
    for port in service_ports {
        for workload in case.target.workloads.iter().filter(|w| !declares(w, port)) {
            findings.extend(match destination(port) {
                IntOrString::String(name) => Some(missing(case, workload, port, &name)),
                IntOrString::Int(number) => undeclared(case, workload, port, number),
            });
        }
    }
    findings
}

fn declares(workload: &Workload, port: &ServicePort) -> bool {
    workload.serving_containers().flat_map(ports).any(|declared| leads_to(port, declared))
}

fn missing(case: &Case<'_>, workload: &Workload, port: &ServicePort, name: &str) -> Finding {
    let other_protocol = workload.serving_containers().flat_map(ports).find(|p| p.name.as_deref() == Some(name));
    let name = printable(name);
    let message = match other_protocol {
        Some(declared) => {
            let (has, wants) = (protocol(declared.protocol.as_deref()), protocol(port.protocol.as_deref()));
            format!("{workload}: port {name} is {has}, the Service wants {wants}")
        }
        None => format!("{workload} has no port named {name}"),
    };
    let id = if would_empty(case, port) { ids::NO_READY_PODS } else { ids::PORT_MISSING };
    case.blocks(id, message).mend("name it in its pod template")
}

/// A rollback overrides what blocks; it must not go from pods that have the port to none that has.
fn would_empty(case: &Case<'_>, port: &ServicePort) -> bool {
    let has = |color: &Color| color.workloads.iter().any(|w| declares(w, port));
    case.verb == Verb::Rollback && has(case.active) && !has(case.target)
}

/// The template declares ports, only not this one. Where the active color declares it, the new
/// version has probably moved to another port.
fn undeclared(case: &Case<'_>, workload: &Workload, port: &ServicePort, number: i32) -> Option<Finding> {
    let declared: Vec<String> =
        workload.serving_containers().flat_map(ports).map(|p| p.container_port.to_string()).collect();
    if declared.is_empty() {
        return None;
    }
    let message = format!("{workload} declares {}, the Service sends to {number}", declared.join(", "));
    let expected = case.active.workloads.iter().any(|w| declares(w, port));
    Some(case.warns(ids::PORT_UNDECLARED, message).mend("check that it listens there").quiet_if(!expected))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, told};
    use crate::options::Verb;

    #[test]
    fn a_renamed_port_would_leave_the_service_without_endpoints() {
        let mut world = World::healthy();
        assert!(world.findings(check).is_empty());
        world.container("green")["ports"] = json!([{"name": "web", "containerPort": 8080}]);
        assert_eq!(told(&world.findings(check)), ["x port-missing"]);
        world.container("green")["ports"] = json!([{"name": "http", "containerPort": 8080, "protocol": "UDP"}]);
        assert_eq!(told(&world.findings(check)), ["x port-missing"]);
    }

    #[test]
    fn a_rollback_does_not_go_from_pods_with_the_port_to_pods_without() {
        let mut world = World { verb: Verb::Rollback, ..World::healthy() };
        world.container("green")["ports"] = json!([{"name": "web", "containerPort": 8080}]);
        assert_eq!(told(&world.findings(check)), ["x no-ready-pods"]);
        // Where the active color lacks it too, there is nothing to lose.
        world.container("blue")["ports"] = json!([{"name": "web", "containerPort": 8080}]);
        assert_eq!(told(&world.findings(check)), ["x port-missing"]);
    }

    #[test]
    fn a_native_sidecar_may_hold_the_port_and_a_plain_init_container_may_not() {
        let mut world = World::healthy();
        world.container("green")["ports"] = json!([]);
        let proxy = |policy: Option<&str>| json!([{"name": "proxy", "image": "envoy", "restartPolicy": policy, "ports": [{"name": "http", "containerPort": 15001}]}]);
        world.workload("green")["spec"]["template"]["spec"]["initContainers"] = proxy(Some("Always"));
        assert!(world.findings(check).is_empty());
        world.workload("green")["spec"]["template"]["spec"]["initContainers"] = proxy(None);
        assert_eq!(world.findings(check).len(), 1);
    }

    #[test]
    fn a_number_needs_no_declaration() {
        let mut world = World::healthy();
        world.service["spec"]["ports"] = json!([{"port": 8080}]);
        assert!(world.findings(check).is_empty());
        world.container("green")["ports"] = json!(null);
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn a_version_that_moved_to_another_port_would_refuse_every_connection() {
        let mut world = World::healthy();
        world.service["spec"]["ports"] = json!([{"port": 80, "targetPort": 8080}]);
        world.container("green")["ports"] = json!([{"containerPort": 9090}]);
        assert_eq!(told(&world.findings(check)), ["! port-undeclared"]);
        world.container("blue")["ports"] = json!([{"containerPort": 9090}]);
        assert_eq!(told(&world.findings(check)), ["~ port-undeclared"]);
    }
}
