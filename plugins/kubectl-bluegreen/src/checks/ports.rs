//! The Service's ports must lead somewhere in the target's pods.
//!
//! A named `targetPort` is looked up in each pod, and a pod without it gets no endpoint for that
//! port (<https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports>). A
//! number needs no declaration, so one that is missing is only a hint.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::ServicePort;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use release_core::kube::{Pod, Workload};
use release_core::text::printable;

use super::case::Case;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::traffic::selector::Color;
use release_core::traffic::service_ports::{destination, leads_to, named_target, ports, ports_of, protocol};

use crate::options::Verb;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = not_of_the_service(case).into_iter().collect();
    for port in ports_of(case.service_of(case.target)) {
        let lacking = case.target.workloads.iter().filter(|w| !has(w, port, &case.target_pods));
        findings.extend(lacking.filter_map(|workload| match destination(port) {
            IntOrString::String(name) => missing(case, workload, port, &name),
            IntOrString::Int(number) => undeclared(case, workload, port, number),
        }));
        findings.extend(missing_in_others(case, port));
    }
    findings
}

/// A route may name a port that the Service doesn't have: nobody is behind it.
fn not_of_the_service(case: &Case<'_>) -> Option<Finding> {
    let route = case.view.route.as_deref()?;
    let service = |name: &str| case.neighbour(name).or((name == case.view.name()).then_some(case.view.service));
    let message = route.without_port(&route.object, &case.target.name, service)?;
    Some(case.blocks(ids::PORT_MISSING, printable(&message)).mend("name a port of the Service in the route"))
}

/// What runs tells, and where nothing does, the template: what is injected into pods isn't in it.
fn has(workload: &Workload, port: &ServicePort, pods: &[&Pod]) -> bool {
    let named = named_target(port);
    let own = pods.iter().filter(|pod| pod.is_ready() && workload.owns(pod));
    let told: Option<Vec<bool>> = named.and_then(|port| own.map(|pod| pod.declares(&port)).collect());
    match told.filter(|told| !told.is_empty()) {
        Some(told) => told.into_iter().all(|has| has),
        None => declares(workload, port),
    }
}

fn declares(workload: &Workload, port: &ServicePort) -> bool {
    workload.serving_containers().flat_map(ports).any(|declared| leads_to(port, declared))
}

fn missing(case: &Case<'_>, workload: &Workload, port: &ServicePort, name: &str) -> Option<Finding> {
    if works_beside(case, workload) {
        return None;
    }
    let other_protocol = workload.serving_containers().flat_map(ports).find(|p| p.name.as_deref() == Some(name));
    let name = printable(name);
    let message = match other_protocol {
        Some(declared) if !declares(workload, port) => {
            let (has, wants) = (protocol(declared.protocol.as_deref()), protocol(port.protocol.as_deref()));
            format!("{workload}: port {name} is {has}, the Service wants {wants}")
        }
        _ => format!("{workload} has no port named {name}"),
    };
    let id = if would_empty(case, port) { ids::NO_READY_PODS } else { ids::PORT_MISSING };
    Some(case.blocks(id, message).mend("name it in its pod template"))
}

/// A worker that has none of the Service's ports, beside pods that serve, as there is one in the active
/// color: it got no traffic before either.
fn works_beside(case: &Case<'_>, workload: &Workload) -> bool {
    let serves_nothing = |w: &Workload, pods: &[&Pod]| {
        ports_of(case.service_of(case.target)).all(|port| named_target(port).is_some() && !has(w, port, pods))
    };
    let beside = |color: &Color, pods: &[&Pod]| color.workloads.iter().any(|w| serves_nothing(w, pods));
    let serves = case.target.workloads.iter().any(|w| !serves_nothing(w, &case.target_pods));
    serves && serves_nothing(workload, &case.target_pods) && beside(case.active, &case.active_pods)
}

/// Pods that run under controllers that aren't read here: only they tell.
fn missing_in_others(case: &Case<'_>, port: &ServicePort) -> Vec<Finding> {
    let Some(named) = named_target(port) else { return Vec::new() };
    let others = case.target_pods.iter().filter(|pod| pod.is_ready() && !pod.is_stray());
    let others = others.filter(|pod| !case.target.workloads.iter().any(|w| w.owns(pod)));
    let lacking = others.filter(|pod| pod.declares(&named) == Some(false));
    let runners: BTreeSet<String> = lacking.filter_map(|pod| pod.runner()).collect();
    let message = |runner: String| format!("{runner} has no port named {}", printable(&named.name));
    let id = if would_empty(case, port) { ids::NO_READY_PODS } else { ids::PORT_MISSING };
    runners.into_iter().map(|runner| case.blocks(id, message(runner)).mend("name it in its pod template")).collect()
}

/// A rollback overrides what blocks; it must not go from pods that have the port to none that has.
fn would_empty(case: &Case<'_>, port: &ServicePort) -> bool {
    let named = named_target(port);
    let some = |color: &Color, pods: &[&Pod]| {
        color.workloads.iter().any(|w| has(w, port, pods))
            || pods.iter().any(|pod| named.as_ref().is_some_and(|named| pod.declares(named) == Some(true)))
    };
    case.verb == Verb::Rollback && some(case.active, &case.active_pods) && !some(case.target, &case.target_pods)
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
    // The color that is left may have a Service of its own, with other targets.
    let is_it = |other: &&ServicePort| other.port == port.port && other.name == port.name;
    let before = ports_of(case.service_of(case.active)).find(is_it).unwrap_or(port);
    let expected = case.active.workloads.iter().any(|w| declares(w, before));
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
    fn what_runs_tells_and_not_its_template() {
        let mut world = World::healthy();
        let http = json!([{"name": "proxy", "ports": [{"name": "http", "containerPort": 15001}]}]);
        world.container("green")["ports"] = json!([]);
        world.pods_of("green").into_iter().for_each(|pod| pod["spec"]["containers"] = http.clone());
        assert!(world.findings(check).is_empty(), "a webhook put it in");
        let mut world = World::healthy();
        let none = json!([{"name": "api", "ports": []}]);
        world.pods_of("green").into_iter().for_each(|pod| pod["spec"]["containers"] = none.clone());
        assert_eq!(told(&world.findings(check)), ["x port-missing"], "the template is newer than its pods");
    }

    #[test]
    fn pods_of_other_controllers_need_the_port_too() {
        let mut world = World::healthy();
        let owner = json!([{"kind": "WebApp", "name": "api", "uid": "w", "controller": true}]);
        for pod in world.pods_of("green") {
            pod["metadata"]["ownerReferences"] = owner.clone();
            pod["spec"]["containers"] = json!([{"name": "api"}]);
        }
        world.workloads.retain(|w| w["metadata"]["name"] != "api-green");
        assert_eq!(told(&world.findings(check)), ["x port-missing"]);
    }

    #[test]
    fn workers_beside_each_color_need_no_port() {
        let mut world = World::healthy();
        for color in ["blue", "green"] {
            let mut worker = world.workload(color).clone();
            worker["metadata"]["name"] = format!("worker-{color}").into();
            worker["metadata"]["uid"] = format!("worker-{color}").into();
            worker["spec"]["template"]["spec"]["containers"][0]["ports"] = json!([]);
            world.workloads.push(worker);
        }
        assert!(world.findings(check).is_empty());
        world.workloads.retain(|w| w["metadata"]["name"] != "worker-blue");
        assert_eq!(told(&world.findings(check)), ["x port-missing"], "only the target has one");
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
