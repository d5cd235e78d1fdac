//! In what two versions of an object differ.

use std::collections::BTreeSet;

use serde_json::Value;

use super::manifest::as_manifest;

/// The members that differ, by their paths (`spec.ports[0].port`), as short as they can be; what the API server
/// keeps by itself left out. Values are never told: they may be secret.
#[must_use]
pub fn differing(one: &Value, other: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(String::new(), &as_manifest(one), &as_manifest(other), &mut found);
    found
}

fn walk(path: String, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (one, other) if one == other => {}
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(path, one.get(key).unwrap_or(&Value::Null), other.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                walk(format!("{path}[{index}]"), one, other, found);
            }
        }
        _ => found.push(path),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_that_differ_are_named_and_those_of_the_server_are_not() {
        let one = json!({"metadata": {"name": "a", "generation": 1}, "spec": {"ports": [{"port": 80}], "type": "x"},
            "data": {"password": "a"}, "status": {"a": 1}});
        let other = json!({"metadata": {"name": "a", "generation": 2, "labels": {"app": "a"}},
            "spec": {"ports": [{"port": 81}]}, "data": {"password": "b"}, "status": {"a": 2}});
        assert_eq!(differing(&one, &other), ["data.password", "metadata.labels", "spec.ports[0].port", "spec.type"]);
        assert!(differing(&one, &one).is_empty());
        assert_eq!(differing(&json!({"l": [1]}), &json!({"l": [1, 2]})), ["l"]);
    }
}
