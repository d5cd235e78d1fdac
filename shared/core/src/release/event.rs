//! Events on the object that was changed (`events.k8s.io/v1`,
//! <https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/>).

use jiff::Timestamp;
use serde_json::json;

use crate::kube::path::path_of;
use crate::release::change::{Action, Change};

/// Longest note that the API server takes, in bytes.
const NOTE_BYTES: usize = 1024;

/// What an Event says.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    pub namespace: &'a str,
    pub regarding: Regarding<'a>,
    /// Tells this Event from any other: the record's id.
    pub id: &'a str,
    /// `kubectl-bluegreen`
    pub controller: &'a str,
    pub warning: bool,
    /// CamelCase: `Switched`, `RolledBack`, `SwitchFailed`.
    pub reason: &'a str,
    pub action: &'a str,
    pub note: &'a str,
}

/// The object that an Event is about.
#[derive(Debug, Clone, Copy)]
pub struct Regarding<'a> {
    /// `v1`, `apps/v1`
    pub api_version: &'a str,
    pub kind: &'a str,
    pub name: &'a str,
    pub uid: &'a str,
}

/// The write that records the Event.
#[must_use]
pub fn event(notice: &Notice<'_>, at: Timestamp) -> Change {
    let about = notice.regarding;
    let mut note = notice.note.to_owned();
    while note.len() > NOTE_BYTES {
        note.pop();
    }
    let object = json!({
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": format!("{}.{}", about.name, notice.id), "namespace": notice.namespace},
        "eventTime": format!("{at:.6}"),
        "type": if notice.warning { "Warning" } else { "Normal" },
        "reason": notice.reason,
        "action": notice.action,
        "note": note,
        "regarding": {"apiVersion": about.api_version, "kind": about.kind, "name": about.name,
            "namespace": notice.namespace, "uid": about.uid},
        "reportingController": notice.controller,
        "reportingInstance": notice.controller,
    });
    Change {
        object: format!("event/{}.{}", about.name, notice.id),
        path: path_of("events.k8s.io", "v1", "events", Some(notice.namespace)),
        action: Action::Create(object),
        summary: format!("event {}", notice.reason),
        undo: None,
    }
}
