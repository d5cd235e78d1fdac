use serde_json::{Value, json};

use super::*;

const OURS: Written<'static> = Written {
    part: Part::Field(["f:spec", "f:selector"]),
    annotations: &["kubectl-release.dev/bluegreen", "kubectl-release.dev/bluegreen-history"],
};
const MOVED: &str = "2026-01-31T03:00:00Z";
const LATER: &str = "2026-01-31T03:10:00Z";

fn entry(manager: &str, time: &str, fields: &Value) -> Value {
    json!({"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields})
}

fn metadata(entries: &[Value]) -> ObjectMeta {
    serde_json::from_value(json!({"name": "api", "managedFields": entries})).unwrap()
}

fn hand(entries: &[Value]) -> Option<String> {
    OURS.hand_beside(&metadata(entries)).map(|hand| hand.to_string())
}

fn moved_at(entries: &[Value]) -> Option<String> {
    OURS.last_at(&metadata(entries)).map(|at| at.to_string())
}

fn record() -> Value {
    json!({"f:metadata": {"f:annotations": {"f:kubectl-release.dev/bluegreen": {}}}})
}

fn selector() -> Value {
    json!({"f:spec": {"f:selector": {}}})
}

fn both() -> Value {
    let mut both = record();
    both["f:spec"] = selector()["f:spec"].clone();
    both
}

#[test]
fn whoever_took_the_field_from_us_is_named() {
    let ours = entry("kubectl-release", MOVED, &both());
    assert_eq!(hand(std::slice::from_ref(&ours)), None);
    let patched = entry("kubectl-patch", LATER, &selector());
    assert_eq!(hand(&[ours, patched.clone()]), None, "it wrote what we wrote");
    let left = entry("ci", MOVED, &record());
    assert_eq!(hand(&[left, patched.clone()]).as_deref(), Some("kubectl-patch at 2026-01-31T03:10:00Z or before"));
    assert_eq!(hand(&[patched]), None, "we never wrote it");
}

#[test]
fn a_note_moves_no_time_and_is_no_hand() {
    let ours = entry("ci", MOVED, &selector());
    let noted = entry("ci-notes", LATER, &record());
    assert_eq!((hand(&[ours.clone(), noted.clone()]), moved_at(&[ours, noted]).as_deref()), (None, Some(MOVED)));
}

#[test]
fn a_copy_of_the_object_tells_nothing_of_when_it_was_moved() {
    let mut whole = both();
    whole["f:spec"]["f:ports"] = json!({});
    let copied = entry("kubectl-client-side-apply", LATER, &whole);
    assert_eq!((hand(std::slice::from_ref(&copied)), moved_at(&[copied])), (None, None));
    assert_eq!(moved_at(&[]), None);
}

#[test]
fn a_forged_record_is_as_old_as_its_writing_and_none_without_a_move() {
    let mut moved = selector();
    moved["f:metadata"]["f:annotations"] = json!({"f:kubectl-release.dev/bluegreen-history": {}});
    let forged = entry("kubectl-annotate", LATER, &record());
    assert_eq!(moved_at(&[entry("ci", MOVED, &moved), forged.clone()]).as_deref(), Some(LATER));
    let mut created = selector();
    created["f:spec"]["f:ports"] = json!({});
    assert_eq!(moved_at(&[entry("kubectl-client-side-apply", MOVED, &created), forged]), None);
}

#[test]
fn what_somebody_applies_beside_us_is_not_ours_alone() {
    let alone = |entries: &[Value]| OURS.is_ours_alone(&metadata(entries));
    let ours = entry("ci", MOVED, &both());
    assert!(alone(std::slice::from_ref(&ours)));
    assert!(!alone(&[ours, entry("argocd-controller", LATER, &selector())]));
}

#[test]
fn names_of_notes_are_no_longer_than_the_api_server_takes() {
    assert_eq!(notes_manager("ci"), "ci-notes");
    assert_eq!(notes_manager(&"é".repeat(64)).len(), 128);
}
