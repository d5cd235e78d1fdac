//! What has room in the annotations of a workload: our record, and the cause that `kubectl rollout history` shows.
//! Whoever may annotate a workload may fill them, and a change must not depend on that.

use release_core::kube::Workload;
use release_core::release::change::{Op, annotation_pointer};
use release_core::text::printable;

use super::unrecorded::CAUSE;
use super::{CHANGE_CAUSE, ImageRecord, RecordedImages};

/// Operations that write the record and the cause, as far as there is room: the oldest of the history goes first,
/// then the cause, then the record. What is not written is taken away, as it would tell of what is past.
#[must_use]
pub fn ops(workload: &Workload, recorded: &RecordedImages, record: &ImageRecord, summary: &str) -> Vec<Op> {
    let cause = cause(record, summary);
    let beside_it = recorded.room.after(CHANGE_CAUSE, cause.len());
    let beside_it = beside_it.map(|room| RecordedImages { room, ..recorded.clone() });
    let both = beside_it.as_ref().filter(|beside| beside.has_room_for(record));
    let keeps_cause = both.is_some() || (beside_it.is_some() && !recorded.has_room_for(record));
    let annotations = workload.metadata.annotations.as_ref();
    let mut ops = both.unwrap_or(recorded).followed_by(record);
    let pointer = annotation_pointer(CHANGE_CAUSE);
    if keeps_cause {
        ops.push(Op::add(&pointer, cause));
    } else if annotations.is_some_and(|there| there.contains_key(CHANGE_CAUSE)) {
        ops.push(Op::remove(&pointer));
    }
    ops
}

fn cause(record: &ImageRecord, summary: &str) -> String {
    let reason = if record.reason.is_empty() { String::new() } else { format!(" ({})", record.reason) };
    printable(&format!("{CAUSE}{summary}{reason}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use release_core::release::annotations::ALL_BYTES;
    use release_core::release::record::Record as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::record::samples::record;
    use crate::record::{CONTROLLERS_BYTES, recorded_on};

    fn workload(annotations: &BTreeMap<String, String>) -> Workload {
        let metadata = json!({"name": "api", "uid": "u", "annotations": annotations});
        let object = json!({"metadata": metadata, "spec": {"selector": {}, "template": {}}});
        serde_json::from_value::<k8s_openapi::api::apps::v1::Deployment>(object).unwrap().into()
    }

    /// The annotations once the operations are made, as the API server makes them.
    fn made(ops: &[Op], before: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut after = before.clone();
        for Op(op) in ops {
            let key = op["path"].as_str().unwrap().trim_start_matches("/metadata/annotations/").replace("~1", "/");
            match op["op"].as_str().unwrap() {
                "add" => drop(after.insert(key, op["value"].as_str().unwrap().to_owned())),
                "remove" => assert!(after.remove(&key).is_some(), "the patch would be refused: {key}"),
                _ => assert_eq!(op["value"], before.get(&key).map_or(Value::Null, |value| json!(value)), "{key}"),
            }
        }
        after
    }

    fn bytes(annotations: &BTreeMap<String, String>) -> usize {
        annotations.iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    /// Whoever may annotate a Deployment could keep a bad release running.
    #[test]
    fn however_full_the_annotations_are_a_change_leaves_them_within_what_is_allowed() {
        let earlier = ImageRecord { uid: Some("u".into()), ..record("a:3", "a:2") };
        let written = ImageRecord { uid: Some("u".into()), ..record("a:2", "a:1") };
        let mut seen = BTreeMap::new();
        for with_ours in [false, true] {
            for spare in (0..4096).step_by(7).chain([ALL_BYTES / 2]) {
                let mut before = BTreeMap::new();
                if with_ours {
                    before.insert(ImageRecord::CURRENT.to_owned(), json!(earlier).to_string());
                    before.insert(ImageRecord::HISTORY.to_owned(), json!([earlier]).to_string());
                    before.insert(CHANGE_CAUSE.to_owned(), "kubectl ecr-rollback: a:3 -> 2".to_owned());
                }
                let filler = ALL_BYTES - bytes(&before) - "example.com/notes".len() - spare.min(ALL_BYTES / 2);
                before.insert("example.com/notes".to_owned(), "x".repeat(filler));
                let workload = workload(&before);
                let recorded = recorded_on(&workload);
                let after = made(&ops(&workload, &recorded, &written, "a:2 -> 1"), &before);
                assert!(bytes(&after) <= ALL_BYTES, "{spare}");
                let room = ALL_BYTES - bytes(&after);
                assert!(room >= CONTROLLERS_BYTES || after.len() == 1, "{spare}: a controller has {room} bytes");
                let is_recorded = after.get(ImageRecord::CURRENT) == Some(&json!(written).to_string());
                assert_eq!(is_recorded, recorded.has_room_for(&written), "{spare}");
                assert_eq!(is_recorded, after.contains_key(ImageRecord::HISTORY), "{spare}");
                *seen.entry((is_recorded, after.contains_key(CHANGE_CAUSE))).or_insert(0) += 1;
            }
        }
        let outcomes: Vec<_> = seen.keys().copied().collect();
        assert_eq!(outcomes, [(false, false), (false, true), (true, false), (true, true)], "{seen:?}");
    }
}
