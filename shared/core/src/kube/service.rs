//! Services: where they are, and what they are called.

use k8s_openapi::api::core::v1::Service;

use super::path::collection;

/// The API path of a Service.
#[must_use]
pub fn service_path(namespace: &str, name: &str) -> String {
    format!("{}/{name}", collection::<Service>(Some(namespace)))
}

/// The name of a Service.
#[must_use]
pub fn service_name(service: &Service) -> &str {
    service.metadata.name.as_deref().unwrap_or_default()
}
