//! How revisions are stored: anybody who may edit them may have, so what can't be read is left
//! out, never an error for the whole list.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Revision;
use crate::record::printable;

const NUMBER: &str = "deployment.kubernetes.io/revision";
const EARLIER_NUMBERS: &str = "deployment.kubernetes.io/revision-history";
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// A ReplicaSet, or a ControllerRevision: the one has a `spec`, the other `data` and `revision`.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct StoredRevision {
    metadata: StoredMeta,
    spec: Value,
    data: Value,
    revision: Value,
}

impl Default for StoredRevision {
    fn default() -> Self {
        Self { metadata: StoredMeta::default(), spec: Value::Null, data: Value::Null, revision: Value::Null }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StoredMeta {
    name: String,
    annotations: BTreeMap<String, String>,
    owner_references: Vec<StoredOwner>,
    creation_timestamp: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StoredOwner {
    uid: String,
    controller: Option<bool>,
}

impl From<StoredRevision> for Revision {
    fn from(stored: StoredRevision) -> Self {
        let StoredRevision { metadata, spec, data, revision } = stored;
        let annotation = |key: &str| metadata.annotations.get(key).map(String::as_str);
        let template = if data.is_null() { &spec["template"] } else { &data["spec"]["template"] };
        let owner = metadata.owner_references.iter().find(|o| o.controller == Some(true));
        Self {
            number: revision.as_i64().or_else(|| annotation(NUMBER)?.trim().parse().ok()).unwrap_or(0),
            earlier_numbers: annotation(EARLIER_NUMBERS).map(numbers).unwrap_or_default(),
            created: metadata.creation_timestamp,
            images: images(&template["spec"]["containers"]),
            init_images: images(&template["spec"]["initContainers"]),
            change_cause: annotation(CHANGE_CAUSE).map(printable).filter(|cause| !cause.is_empty()),
            current: false,
            owner_uid: owner.map(|o| o.uid.clone()).unwrap_or_default(),
            name: metadata.name,
        }
    }
}

/// `1,4,7`; a part that is no number is left out.
fn numbers(list: &str) -> Vec<i64> {
    list.split(',').filter_map(|number| number.trim().parse().ok()).filter(|number| *number > 0).collect()
}

fn images(containers: &Value) -> BTreeMap<String, String> {
    let text = |container: &Value, key: &str| container[key].as_str().unwrap_or_default().to_owned();
    containers.as_array().into_iter().flatten().map(|c| (text(c, "name"), text(c, "image"))).collect()
}
