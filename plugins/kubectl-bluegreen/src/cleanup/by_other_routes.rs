//! Other routes of the same Service, which may have left a color later, or not be done with that.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_core::duration::age;
use release_core::release::record::Recorded;
use release_core::text::printable;
use release_core::traffic::router::RouterKind;
use release_core::traffic::selector::Color;
use serde::Deserialize;
use serde_json::Value;

use super::retention::Held;
use super::seen::Seen;
use crate::hand;
use crate::record::Record;
use crate::report::cleanup_document::KeptReason;
use crate::snapshot::all_routes;

/// The way back of another route is this color, too.
#[must_use]
pub fn held_by_routes(seen: Seen<'_>, color: &Color) -> Option<Held> {
    let own = seen.view.route.as_ref().and_then(|route| route.metadata.uid.as_deref());
    all_routes(seen.snapshot).into_iter().find_map(|(kind, object)| {
        let metadata = ObjectMeta::deserialize(&object["metadata"]).ok()?;
        (metadata.uid.as_deref() != own).then(|| held_by(seen, color, (kind, object, &metadata))).flatten()
    })
}

fn held_by(seen: Seen<'_>, color: &Color, (kind, object, metadata): (RouterKind, &Value, &ObjectMeta)) -> Option<Held> {
    let (view, snapshot) = (seen.view, seen.snapshot);
    let record = Recorded::<Record>::read(metadata.annotations.as_ref()).current?;
    let is_ours = record.service == view.name() && record.namespace == snapshot.namespace;
    if !is_ours || record.key != seen.tracks.key || record.from != color.name {
        return None;
    }
    let name = object["metadata"]["name"].as_str().map(printable).unwrap_or_default();
    let route = format!("{}/{name}", kind.resource());
    let due = hand::due_as_far_as_known(&record, metadata, kind);
    let held =
        |reason, why: String| Some(Held { reason, why: format!("{route} left it, too: {why}"), by: None, due: false });
    if due > snapshot.at {
        return held(KeptReason::NotDue, format!("kept for another {}", age(snapshot.at, due)));
    }
    match record.result {
        None => held(KeptReason::Unfinished, format!("its {} has no result: it goes on, or was cut off", record.verb)),
        Some(_) => None,
    }
}
