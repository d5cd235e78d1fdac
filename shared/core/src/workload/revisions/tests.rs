use super::*;
use serde_json::{Value, json};

const UID: &str = "6f0d3a52-8d3b-4a8e-9f0c-2c1f5f0e7a11";

fn metadata(name: &str, created: &str, kind: &str, uid: &str, annotations: &Value) -> Value {
    json!({
        "name": name, "namespace": "prod", "uid": format!("uid-of-{name}"), "resourceVersion": "1044",
        "creationTimestamp": created, "annotations": annotations,
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": "api", "uid": uid,
            "controller": true, "blockOwnerDeletion": true}]
    })
}

fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "api"}}, "spec": {
        "initContainers": [{"name": "migrate", "image": format!("{image}-migrate")}],
        "containers": [{"name": "api", "image": image}, {"name": "proxy", "image": "envoy:1.31"}]}})
}

fn replica_set(number: &str, earlier: &str, created: &str, image: &str) -> Value {
    let mut annotations = json!({"deployment.kubernetes.io/revision": number});
    if !earlier.is_empty() {
        annotations["deployment.kubernetes.io/revision-history"] = json!(earlier);
    }
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": metadata(&format!("api-{image}"), created, "Deployment", UID, &annotations),
        "spec": {"replicas": 0, "selector": {}, "template": template(image)},
        "status": {"replicas": 0}})
}

fn controller_revision(number: i64, created: &str, image: &str) -> Value {
    let mut template = template(image);
    template["$patch"] = json!("replace");
    json!({"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": number,
        "metadata": metadata(&format!("api-{image}"), created, "StatefulSet", UID, &json!({})),
        "data": {"spec": {"template": template}}})
}

fn read(objects: &[Value], asked: &str) -> Vec<Revision> {
    let revisions = objects.iter().map(|o| serde_json::from_value(o.clone()).unwrap()).collect();
    of_workload(revisions, UID, &serde_json::from_value(template(asked)).unwrap())
}

fn images<'r>(revisions: impl IntoIterator<Item = &'r Revision>) -> Vec<&'r str> {
    revisions.into_iter().filter_map(|r| r.image_of("api")).collect()
}

/// Going back from 3 to 2, then back again, would toggle between the two.
#[test]
fn what_was_rolled_back_from_is_not_before_what_was_rolled_back_to() {
    let replica_sets = [
        replica_set("1", "", "2026-01-01T10:00:00Z", "a"),
        replica_set("4", "2", "2026-01-02T10:00:00Z", "b"),
        replica_set("3", "", "2026-01-03T10:00:00Z", "c"),
    ];
    let controller_revisions = [
        controller_revision(1, "2026-01-01T10:00:00Z", "a"),
        controller_revision(4, "2026-01-02T10:00:00Z", "b"),
        controller_revision(3, "2026-01-03T10:00:00Z", "c"),
    ];
    for objects in [replica_sets, controller_revisions] {
        let revisions = read(&objects, "b");
        assert_eq!(images(&revisions), ["b", "c", "a"]);
        assert_eq!(revisions.iter().map(|r| r.current).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(images(older(&revisions)), ["a"]);
    }
}

#[test]
fn before_something_new_comes_what_was_deployed_last() {
    let mut objects = vec![
        replica_set("1", "", "2026-01-01T10:00:00Z", "a"),
        replica_set("4", "2", "2026-01-02T10:00:00Z", "b"),
        replica_set("3", "", "2026-01-03T10:00:00Z", "c"),
    ];
    // The controller has not made a ReplicaSet for the new template yet, then it has.
    let unseen = read(&objects, "d");
    assert!(unseen.iter().all(|r| !r.current));
    assert_eq!(images(older(&unseen)), ["b", "c", "a"]);
    objects.push(replica_set("5", "", "2026-01-04T10:00:00Z", "d"));
    assert_eq!(images(older(&read(&objects, "d"))), ["b", "c", "a"]);
}

/// ReplicaSets made within one second still have their numbers.
#[test]
fn revisions_of_one_second_keep_the_order_of_their_numbers() {
    let at = "2026-01-01T10:00:00Z";
    let objects = [replica_set("1", "", at, "x"), replica_set("4", "2", at, "b"), replica_set("3", "", at, "c")];
    assert_eq!(images(older(&read(&objects, "b"))), ["x"]);
}

#[test]
fn what_another_workload_owns_is_not_ours() {
    let mut foreign = replica_set("7", "", "2026-01-07T10:00:00Z", "z");
    foreign["metadata"]["ownerReferences"][0]["uid"] = json!("another");
    let mut orphan = replica_set("8", "", "2026-01-08T10:00:00Z", "y");
    orphan["metadata"].as_object_mut().unwrap().remove("ownerReferences");
    let mut no_controller = replica_set("9", "", "2026-01-09T10:00:00Z", "w");
    no_controller["metadata"]["ownerReferences"][0]["controller"] = json!(false);
    let objects = [foreign, orphan, no_controller, replica_set("1", "", "2026-01-01T10:00:00Z", "a")];
    assert_eq!(images(&read(&objects, "a")), ["a"]);
}

/// One edited object must not hide the history of all others.
#[test]
fn absurd_objects_are_read_as_far_as_they_make_sense() {
    let mut objects = vec![
        replica_set("seven", "x,,-3,99999999999999999999", "2026-01-02T10:00:00Z", "a"),
        replica_set("", "", "2026-01-01T10:00:00Z", "b"),
        replica_set("9223372036854775807", "9223372036854775807", "2026-01-03T10:00:00Z", "c"),
    ];
    for (path, bad) in [("data", json!("text")), ("data", json!([1])), ("revision", json!("1")), ("spec", json!(3))] {
        let mut object = replica_set("2", "", "2026-01-04T10:00:00Z", "d");
        object[path] = bad;
        objects.push(object);
    }
    let revisions = read(&objects, "c");
    assert_eq!(revisions.len(), 7);
    assert!(revisions[0].current && revisions[0].number == i64::MAX);
    assert_eq!(revisions.iter().filter(|r| r.number == 0).count(), 2);
    assert!(older(&revisions).iter().all(|r| !r.current));
    let empty: Revision = serde_json::from_value(json!({})).unwrap();
    assert_eq!((empty.number, empty.images.len()), (0, 0));
}

#[test]
fn every_container_is_read_and_a_cause_has_no_escapes() {
    let mut object = replica_set("1", "", "2026-01-01T10:00:00Z", "a");
    object["metadata"]["annotations"]["kubernetes.io/change-cause"] = json!("\u{1b}[2Jset image\n");
    let revisions = read(&[object], "a");
    let revision = &revisions[0];
    let found = ["api", "proxy", "migrate", "none"].map(|container| revision.image_of(container));
    assert_eq!(found, [Some("a"), Some("envoy:1.31"), Some("a-migrate"), None]);
    assert_eq!(revision.change_cause.as_deref(), Some("\\u{1b}[2Jset image"));
}
