//! What a pod template says, as far as several checks ask it.

use k8s_openapi::api::core::v1::{Container, ContainerPort, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The ports a container declares.
pub fn ports(container: &Container) -> impl Iterator<Item = &ContainerPort> {
    container.ports.iter().flatten()
}

/// Where a Service's port leads to: `targetPort`, or the same number
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports>).
pub fn destination(port: &ServicePort) -> IntOrString {
    match &port.target_port {
        Some(IntOrString::Int(0)) | None => IntOrString::Int(port.port),
        Some(target) => target.clone(),
    }
}

/// `TCP` where nothing is said.
pub fn protocol(declared: Option<&str>) -> &str {
    declared.unwrap_or("TCP")
}

/// True where the container port is what the Service's port leads to.
pub fn leads_to(service_port: &ServicePort, declared: &ContainerPort) -> bool {
    let same_protocol = protocol(service_port.protocol.as_deref()) == protocol(declared.protocol.as_deref());
    let same_port = match destination(service_port) {
        IntOrString::Int(number) => declared.container_port == number,
        IntOrString::String(name) => declared.name.as_deref() == Some(name.as_str()),
    };
    same_protocol && same_port
}
