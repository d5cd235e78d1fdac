//! A hand beside ours: who else wrote a field that we write, as the object's managed fields tell
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>).

use std::fmt;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};

use crate::text::printable;

/// Who wrote a field after us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    /// The field manager: `kubectl-patch`, `argocd-controller`.
    pub manager: String,
    /// When at the latest: the API server keeps the time of a manager's last write only, of whichever
    /// field.
    pub by: Option<Timestamp>,
}

impl fmt::Display for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.manager)?;
        self.by.map_or(Ok(()), |by| write!(f, " at {by:.0} or before"))
    }
}

/// The manager of a hand, in the middle of a sentence; the API server doesn't keep every one.
#[must_use]
pub fn manager_of(hand: Option<Hand>) -> String {
    hand.map_or_else(|| "another hand".to_owned(), |hand| hand.manager)
}

/// Who holds a field now that we wrote together with an annotation of ours, if we don't any more: whoever
/// changes a field takes it from those who held it. `field` is a JSON pointer into `fieldsV1`:
/// `/f:spec/f:selector`.
#[must_use]
pub fn hand_beside(metadata: &ObjectMeta, field: &str, annotation: &str) -> Option<Hand> {
    let ours = format!("/f:metadata/f:annotations/f:{}", annotation.replace('~', "~0").replace('/', "~1"));
    let entries = || metadata.managed_fields.iter().flatten();
    let we_hold_it = entries().any(|entry| holds(entry, field) && holds(entry, &ours));
    if we_hold_it || !entries().any(|entry| holds(entry, &ours)) {
        return None;
    }
    last_hand_on(metadata, field)
}

/// Who wrote a field last of those who hold it.
#[must_use]
pub fn last_hand_on(metadata: &ObjectMeta, field: &str) -> Option<Hand> {
    let at = |entry: &&ManagedFieldsEntry| entry.time.as_ref().map(|time| time.0);
    let last = metadata.managed_fields.iter().flatten().filter(|entry| holds(entry, field)).max_by_key(at)?;
    Some(Hand { manager: printable(last.manager.as_deref().unwrap_or("unknown")), by: at(&last) })
}

fn holds(entry: &ManagedFieldsEntry, pointer: &str) -> bool {
    entry.fields_v1.as_ref().is_some_and(|fields| fields.0.pointer(pointer).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const FIELD: &str = "/f:spec/f:selector";
    const OURS: &str = "kubectl-release.dev/bluegreen";

    fn entry(manager: &str, time: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields})
    }

    fn found(entries: &[Value]) -> Option<Hand> {
        let metadata = serde_json::from_value(json!({"name": "api", "managedFields": entries})).unwrap();
        hand_beside(&metadata, FIELD, OURS)
    }

    #[test]
    fn whoever_took_the_field_from_us_is_named() {
        let record = json!({"f:metadata": {"f:annotations": {"f:kubectl-release.dev/bluegreen": {}}}});
        let selector = json!({"f:spec": {"f:selector": {}}});
        let mut both = record.clone();
        both["f:spec"] = selector["f:spec"].clone();
        let ours = entry("kubectl-release", "2026-01-31T03:00:00Z", &both);
        assert_eq!(found(std::slice::from_ref(&ours)), None);
        let patched = entry("kubectl-patch", "2026-01-31T03:10:00Z", &selector);
        assert_eq!(found(&[ours, patched.clone()]), None, "it wrote what we wrote");
        let left = entry("ci", "2026-01-31T03:00:00Z", &record);
        let hand = found(&[left, patched.clone()]).unwrap();
        assert_eq!(hand.to_string(), "kubectl-patch at 2026-01-31T03:10:00Z or before");
        assert_eq!(found(&[patched]), None, "we never wrote it");
    }
}
