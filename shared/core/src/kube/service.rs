//! Services: where they are, and what they are called.

use k8s_openapi::api::core::v1::Service;

use super::path::collection;

/// The API path of a Service.
#[must_use]
pub fn service_path(namespace: &str, name: &str) -> String {
    format!("{}/{name}", collection::<Service>(Some(namespace)))
}

/// True for a Service that sends requests to pods that aren't ready, too.
#[must_use]
pub fn publishes_unready(service: &Service) -> bool {
    service.spec.as_ref().and_then(|spec| spec.publish_not_ready_addresses) == Some(true)
}

/// The name of a Service.
#[must_use]
pub fn service_name(service: &Service) -> &str {
    service.metadata.name.as_deref().unwrap_or_default()
}
