//! Paths of the API server.

use k8s_openapi::Resource;

/// The API path of a built-in kind's collection, for all namespaces without one.
#[must_use]
pub fn collection<K: Resource>(namespace: Option<&str>) -> String {
    path_of(K::GROUP, K::VERSION, K::URL_PATH_SEGMENT, namespace)
}

/// The API path of a collection.
#[must_use]
pub fn path_of(group: &str, version: &str, plural: &str, namespace: Option<&str>) -> String {
    let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
    match namespace {
        Some(namespace) => format!("{root}/namespaces/{namespace}/{plural}"),
        None => format!("{root}/{plural}"),
    }
}
