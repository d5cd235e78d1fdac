//! What a pod template names that is not copied with it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::color_name::renamed;

/// Where a template names another object: the member that holds the reference, the member with the name, and
/// the kind.
const REFERENCES: [(&str, &str, &str); 8] = [
    ("configMap", "name", "configmap"),
    ("configMapRef", "name", "configmap"),
    ("configMapKeyRef", "name", "configmap"),
    ("secret", "secretName", "secret"),
    ("secret", "name", "secret"),
    ("secretRef", "name", "secret"),
    ("secretKeyRef", "name", "secret"),
    ("persistentVolumeClaim", "claimName", "persistentvolumeclaim"),
];

/// Objects and settings in a workload that are called after a color: `configmap/api-blue`, `env COLOR=blue`.
#[must_use]
pub fn of_one_color(workload: &Value, color: &str) -> Vec<String> {
    let is_of = |name: &str| renamed(name, color, "").is_some();
    let mut found = BTreeSet::new();
    let spec = &workload["spec"];
    for_each_reference(&spec["template"]["spec"], &mut |kind, name| {
        if is_of(name) {
            found.insert(format!("{kind}/{name}"));
        }
    });
    let account = spec["template"]["spec"]["serviceAccountName"].as_str().map(|name| ("serviceaccount", name));
    let governing = spec["serviceName"].as_str().map(|name| ("service", name));
    found.extend(account.into_iter().chain(governing).filter(|(_, name)| is_of(name)).map(|(k, n)| format!("{k}/{n}")));
    for variable in variables(&spec["template"]["spec"]) {
        if variable["value"] == color {
            found.insert(format!("env {}={color}", variable["name"].as_str().unwrap_or_default()));
        }
    }
    found.into_iter().collect()
}

/// Volume claims that a pod template mounts: both colors' pods would.
#[must_use]
pub fn claims_of(workload: &Value) -> Vec<String> {
    let mut found = BTreeSet::new();
    for_each_reference(&workload["spec"]["template"]["spec"], &mut |kind, name| {
        if kind == "persistentvolumeclaim" {
            found.insert(name.to_owned());
        }
    });
    found.into_iter().collect()
}

fn for_each_reference(value: &Value, tell: &mut impl FnMut(&'static str, &str)) {
    match value {
        Value::Object(members) => {
            for (member, inner) in members {
                let named = REFERENCES.iter().filter(|(holder, _, _)| holder == member);
                for (kind, name) in named.filter_map(|(_, name, kind)| Some((*kind, inner[*name].as_str()?))) {
                    tell(kind, name);
                }
                for_each_reference(inner, tell);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| for_each_reference(item, tell)),
        _ => {}
    }
}

fn variables(pod: &Value) -> impl Iterator<Item = &Value> {
    let containers = ["containers", "initContainers"].into_iter().flat_map(|list| pod[list].as_array());
    containers.flatten().flat_map(|container| container["env"].as_array()).flatten()
}
