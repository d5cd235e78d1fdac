//! How revisions are stored: anybody who may edit them may have, so what can't be read is left
//! out, never an error for the whole list.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::kube::REVISION;
use crate::text::printable;

const EARLIER_NUMBERS: &str = "deployment.kubernetes.io/revision-history";
/// The prefix of our annotations.
const OURS: &str = "kubectl-release.dev/";
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

impl StoredRevision {
    /// Name of the object.
    pub fn name(&self) -> String {
        self.metadata.name.clone()
    }

    /// 0 where there is none that can be read.
    pub fn number(&self) -> i64 {
        self.revision.as_i64().or_else(|| self.annotation(REVISION)?.trim().parse().ok()).unwrap_or(0)
    }

    /// In no order.
    pub fn earlier_numbers(&self) -> Vec<i64> {
        self.annotation(EARLIER_NUMBERS).map(numbers).unwrap_or_default()
    }

    /// When the object was made.
    pub fn created(&self) -> Option<Timestamp> {
        self.metadata.creation_timestamp
    }

    /// By container.
    pub fn images(&self) -> BTreeMap<String, String> {
        images(&self.template()["spec"]["containers"])
    }

    /// By init container.
    pub fn init_images(&self) -> BTreeMap<String, String> {
        images(&self.template()["spec"]["initContainers"])
    }

    /// Without control characters; nothing where it is empty.
    pub fn change_cause(&self) -> Option<String> {
        self.annotation(CHANGE_CAUSE).map(printable).filter(|cause| !cause.is_empty())
    }

    /// Uid of the controller; empty without one.
    pub fn owner_uid(&self) -> String {
        let owner = self.metadata.owner_references.iter().find(|o| o.controller == Some(true));
        owner.map(|o| o.uid.clone()).unwrap_or_default()
    }

    /// Annotations of ours.
    pub fn notes(&self) -> BTreeMap<String, String> {
        let ours = |(key, _): &(&String, &String)| key.starts_with(OURS);
        self.metadata.annotations.iter().filter(ours).map(|(key, text)| (key.clone(), text.clone())).collect()
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata.annotations.get(key).map(String::as_str)
    }

    fn template(&self) -> &Value {
        if self.data.is_null() { &self.spec["template"] } else { &self.data["spec"]["template"] }
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
