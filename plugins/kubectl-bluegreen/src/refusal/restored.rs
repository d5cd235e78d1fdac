//! A selector that was broken by hand, while our record holds what it was.

use release_core::command::{selector_change_command, service_patch_command};
use release_core::failure::Next;
use release_core::kube::has_all;
use serde_json::json;

use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// The command that puts the track key back where our last record left it, and the whole selector only
/// where there is none any more. Nobody runs it but who has read it: an annotation is anybody's to write.
/// Nothing where no workload has those labels, for then the Service would select nothing.
#[must_use]
pub fn restored(view: &ServiceView<'_>, snapshot: &Snapshot) -> Option<Next> {
    let record = view.recorded.current.as_ref()?;
    let (key, color) = (&record.key, record.left_on());
    let now = view.selector();
    if now.is_some_and(|selector| selector.contains_key(key)) {
        return None;
    }
    let mut selector = now.unwrap_or(&record.selector).clone();
    selector.insert(key.clone(), color.to_owned());
    if !snapshot.workloads.iter().any(|w| has_all(&w.pod_labels(), &selector)) {
        return None;
    }
    let since = format!("{key}={color} as the {} by {} at {:.0} left it", record.verb, record.by, record.at);
    let Some(now) = now else {
        let gone = json!({"op": "test", "path": "/spec/selector", "value": null});
        let patch = json!([gone, {"op": "add", "path": "/spec/selector", "value": selector}]);
        let note = format!("the whole selector from the record, {since}: read it before");
        return Some(Next::Try(vec![service_patch_command(view.name(), &snapshot.scope, &patch)], Some(note)));
    };
    let command = selector_change_command(view.name(), &snapshot.scope, now, &selector);
    Some(Next::Try(vec![command], Some(format!("puts back {since}"))))
}
