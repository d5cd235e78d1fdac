//! Which ports of a Service lead where.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, ContainerPort, Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use crate::kube::{Pod, PodPort, Workload};

/// The ports a container declares.
pub fn ports(container: &Container) -> impl Iterator<Item = &ContainerPort> {
    container.ports.iter().flatten()
}

/// Where a Service's port leads to: `targetPort`, or the same number
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports>).
#[must_use]
pub fn destination(port: &ServicePort) -> IntOrString {
    match &port.target_port {
        Some(IntOrString::Int(0)) | None => IntOrString::Int(port.port),
        Some(target) => target.clone(),
    }
}

/// `TCP` where nothing is said.
#[must_use]
pub fn protocol(declared: Option<&str>) -> &str {
    declared.unwrap_or("TCP")
}

/// A Service's port without what is a node's or a load balancer's, for another Service over the same pods.
#[must_use]
pub fn plain_port(port: &ServicePort) -> Value {
    let mut plain = json!({"port": port.port, "targetPort": destination(port)});
    for (member, value) in [("name", &port.name), ("protocol", &port.protocol), ("appProtocol", &port.app_protocol)] {
        if let Some(value) = value {
            plain[member] = json!(value);
        }
    }
    plain
}

/// True where the container port is what the Service's port leads to.
#[must_use]
pub fn leads_to(service_port: &ServicePort, declared: &ContainerPort) -> bool {
    let same_protocol = protocol(service_port.protocol.as_deref()) == protocol(declared.protocol.as_deref());
    let same_port = match destination(service_port) {
        IntOrString::Int(number) => declared.container_port == number,
        IntOrString::String(name) => declared.name.as_deref() == Some(name.as_str()),
    };
    same_protocol && same_port
}

/// The port that the Service's port is looked up by in each pod; nothing where it leads to a number.
#[must_use]
pub fn named_target(port: &ServicePort) -> Option<PodPort> {
    match destination(port) {
        IntOrString::String(name) => Some(PodPort { name, protocol: protocol(port.protocol.as_deref()).to_owned() }),
        IntOrString::Int(_) => None,
    }
}

/// The same of all ports of the Service; none where one leads to a number.
#[must_use]
pub fn named_targets(service: &Service) -> Vec<PodPort> {
    ports_of(service).map(named_target).collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// The ports of a Service.
pub fn ports_of(service: &Service) -> impl Iterator<Item = &ServicePort> + Clone {
    service.spec.iter().flat_map(|spec| spec.ports.iter().flatten())
}

/// Names of the Service's ports behind which an endpoint has to be to serve. A named target that
/// neither a template nor a pod has (what is injected shows in pods alone) serves nobody now either, and
/// is left out, unless that is all there is.
#[must_use]
pub fn serving_ports<'w>(
    service: &Service,
    workloads: impl Iterator<Item = &'w Workload>,
    pods: &[&Pod],
) -> BTreeSet<String> {
    let workloads: Vec<&Workload> = workloads.collect();
    let declared = |port: &ServicePort| {
        let Some(named) = named_target(port) else { return true };
        let mut containers = workloads.iter().flat_map(|w| w.serving_containers());
        containers.any(|container| ports(container).any(|declared| leads_to(port, declared)))
            || pods.iter().any(|pod| pod.declares(&named) == Some(true))
    };
    let all: Vec<&ServicePort> = ports_of(service).collect();
    let name = |port: &&ServicePort| port.name.clone().unwrap_or_default();
    let found: BTreeSet<String> = all.iter().filter(|port| declared(port)).map(name).collect();
    if found.is_empty() { all.iter().map(name).collect() } else { found }
}

/// True where one of the Service's ports leads to a port that the container declares.
#[must_use]
pub fn serves(service: &Service, container: &Container) -> bool {
    ports_of(service).any(|port| ports(container).any(|declared| leads_to(port, declared)))
}
