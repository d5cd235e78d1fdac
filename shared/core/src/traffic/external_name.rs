//! Services that are another name of a host.

use k8s_openapi::api::core::v1::Service;

use super::routes::host_is;
use crate::kube::service::service_name;

/// Names of the Services of type ExternalName that lead to a Service of their namespace
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#externalname>).
#[must_use]
pub fn external_names_to(service: &str, namespace: &str, all: &[Service]) -> Vec<String> {
    let leads = |other: &&Service| {
        let spec = other.spec.as_ref().filter(|spec| spec.type_.as_deref() == Some("ExternalName"));
        let host = spec.and_then(|spec| spec.external_name.as_deref()).unwrap_or_default();
        host_is(host.strip_suffix('.').unwrap_or(host), namespace, service, namespace)
    };
    all.iter().filter(leads).map(|other| format!("service/{}", service_name(other))).collect()
}
