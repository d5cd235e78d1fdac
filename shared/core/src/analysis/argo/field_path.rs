//! A field of a Rollout by its path, as an argument names it: of the metadata as the downward API has it
//! (`k8s.io/kubernetes/pkg/fieldpath`), or anywhere else (`extractValueFromRollout` of Argo's
//! `utils/analysis/factory.go`).

use serde_json::Value;

/// The field as a text.
///
/// # Errors
/// Where there is none, or it is none that is a text.
pub fn field(rollout: &Value, path: &str) -> Result<String, String> {
    if path.starts_with("metadata") { of_metadata(&rollout["metadata"], path) } else { anywhere(rollout, path) }
}

fn of_metadata(metadata: &Value, path: &str) -> Result<String, String> {
    let wrong = || format!("{path:?} is none of metadata.name, .namespace, .uid, .labels['KEY'], .annotations['KEY']");
    let name = path.strip_prefix("metadata.").ok_or_else(wrong)?;
    if let Some((map, key)) = name.strip_suffix("']").and_then(|name| name.split_once("['")) {
        // What isn't there is an empty text, as in a pod.
        return match map {
            "labels" | "annotations" => Ok(metadata[map][key].as_str().unwrap_or_default().to_owned()),
            _ => Err(wrong()),
        };
    }
    match name {
        "name" | "namespace" | "uid" => Ok(metadata[name].as_str().unwrap_or_default().to_owned()),
        "labels" | "annotations" => Ok(lines(&metadata[name])),
        _ => Err(wrong()),
    }
}

/// `key="value"`, a line each, in order.
fn lines(map: &Value) -> String {
    let pairs = map.as_object().into_iter().flatten();
    let mut lines: Vec<String> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
    lines.sort();
    lines.join("\n")
}

fn anywhere(rollout: &Value, path: &str) -> Result<String, String> {
    let wrong = || format!("there is no {path:?} in the Rollout");
    let mut value = rollout;
    // A dot or bracket at the end says nothing more.
    for section in path.split(['.', '[', ']']).filter(|section| !section.is_empty()) {
        value = match value {
            Value::Array(items) => {
                let index = section.parse::<usize>().map_err(|_| format!("{section:?} is no index, in {path:?}"))?;
                items.get(index).ok_or_else(wrong)?
            }
            Value::Object(fields) => fields.get(section).ok_or_else(wrong)?,
            _ => return Err(wrong()),
        };
    }
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        Value::Null => Err(wrong()),
        _ => Err(format!("{path:?} is more than one value")),
    }
}
