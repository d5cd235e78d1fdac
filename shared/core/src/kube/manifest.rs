//! An object as people keep it in a repository.

use serde_json::Value;

/// What the API server and rollouts write into annotations.
const OF_THE_SERVER: [&str; 2] =
    ["kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"];

/// The object without what the API server keeps in it.
#[must_use]
pub fn as_manifest(object: &Value) -> Value {
    let mut manifest = object.clone();
    if let Some(members) = manifest.as_object_mut() {
        members.remove("status");
    }
    if let Some(metadata) = manifest["metadata"].as_object_mut() {
        for field in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"] {
            metadata.remove(field);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|key, _| !OF_THE_SERVER.contains(&key.as_str()));
        }
    }
    manifest
}
