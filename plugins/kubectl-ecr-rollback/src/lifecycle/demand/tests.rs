use serde_json::{Value, json};

use super::*;
use crate::lifecycle::samples::{HOST, digest, pod, template, told};
use crate::lifecycle::usage::Use;

fn workload(tag: &str) -> Templated {
    let metadata = json!({"name": "api", "namespace": "shop", "uid": "u"});
    serde_json::from_value(json!({"metadata": metadata, "spec": {"template": template(tag)}})).unwrap()
}

fn owned_by(kind: &str, name: &str, uid: &str) -> Value {
    json!([{"kind": kind, "name": name, "uid": uid, "controller": true}])
}

fn replica_set(number: i64, owners: &Value, tag: &str) -> Version {
    serde_json::from_value(json!({
        "metadata": {"name": format!("api-{number}"), "namespace": "shop",
            "creationTimestamp": format!("2026-01-0{number}T00:00:00Z"), "ownerReferences": owners,
            "annotations": {"deployment.kubernetes.io/revision": number.to_string()}},
        "spec": {"template": template(tag)},
    }))
    .unwrap()
}

fn ours(number: i64, tag: &str) -> Version {
    replica_set(number, &owned_by("Deployment", "api", "u"), tag)
}

fn inventory(workloads: Vec<Templated>, versions: Vec<Version>) -> Inventory {
    Inventory {
        workloads: vec![("Deployment", workloads)],
        versions: vec![("ReplicaSet", versions)],
        ..Inventory::default()
    }
}

fn of(by: &str, number: i64) -> Use {
    Use::Revision { cluster: "prod".into(), by: by.into(), number }
}

fn asked_for(by: &str) -> Use {
    Use::Template { cluster: "prod".into(), by: by.into() }
}

/// `kubectl rollout undo` would bring any of these back.
#[test]
fn a_workload_needs_what_it_asks_for_and_what_its_revisions_had() {
    let versions = vec![ours(1, "1.0.0"), ours(2, "1.0.1"), ours(3, "1.0.2")];
    let found = demand("prod", &inventory(vec![workload("1.0.2")], versions));
    let expected = [
        (Some("1.0.2"), None, asked_for("shop/deploy/api")),
        (Some("1.0.0"), None, of("shop/deploy/api", 1)),
        (Some("1.0.1"), None, of("shop/deploy/api", 2)),
    ];
    assert_eq!(told(&found.needs), expected);
}

/// Their controllers bring them back as a Deployment does, and a bare one makes its pods itself.
#[test]
fn versions_count_whoever_they_belong_to() {
    let mut of_rollout = replica_set(1, &owned_by("Rollout", "web", "r"), "1.0.0");
    of_rollout.revision.number = 0;
    let kruise: Version = serde_json::from_value(json!({
        "metadata": {"name": "cs-7d9f", "namespace": "shop", "ownerReferences": owned_by("CloneSet", "cs", "c")},
        "revision": 4, "data": {"spec": {"template": {"$patch": "replace", "spec": {
            "containers": null, "volumes": [{"name": "m", "image": {"reference": format!("{HOST}/models:3")}}]}}}},
    }))
    .unwrap();
    let rollout: Version = serde_json::from_value(json!({
        "metadata": {"name": "web-5c4d", "namespace": "shop", "ownerReferences": owned_by("Rollout", "web", "r"),
            "annotations": {"rollout.argoproj.io/revision": "7"}},
        "spec": {"replicas": 0, "template": template("1.0.1")},
    }))
    .unwrap();
    let bare = replica_set(2, &json!([]), "1.0.2");
    let inventory = Inventory {
        versions: vec![
            ("ReplicaSet", vec![of_rollout, rollout, bare.clone()]),
            ("ControllerRevision", vec![kruise]),
            ("ReplicationController", vec![bare]),
        ],
        ..inventory(vec![workload("1.0.5")], Vec::new())
    };
    let found = demand("prod", &inventory);
    let expected = [
        (Some("1.0.5"), None, asked_for("shop/deploy/api")),
        (Some("1.0.0"), None, of("shop/rollout/web", 0)),
        (Some("1.0.1"), None, of("shop/rollout/web", 7)),
        (Some("1.0.2"), None, asked_for("shop/rs/api-2")),
        (Some("3"), None, of("shop/cloneset/cs", 4)),
        (Some("1.0.2"), None, asked_for("shop/rc/api-2")),
    ];
    assert_eq!(told(&found.needs), expected);
}

#[test]
fn a_rollback_is_decided_by_the_workloads_own_pods_and_revisions() {
    let image = format!("{HOST}/ms-account-management:1.0.2");
    let running = |digit| format!("{HOST}/ms-account-management@{}", digest(digit));
    let other = replica_set(3, &owned_by("Deployment", "api", "other"), "9.9.9");
    let pods = vec![pod("api-2", "Running", &image, &running('2')), pod("web-2", "Running", &image, &running('3'))];
    let versions = vec![ours(1, "1.0.1"), ours(2, "1.0.2"), other];
    let inventory = Inventory { pods, ..inventory(vec![workload("1.0.2")], versions) };
    let found = demand("prod", &inventory).containers;
    assert_eq!(found.len(), 1);
    let revisions: Vec<i64> = found[0].revisions.iter().map(|revision| revision.number).collect();
    assert_eq!((found[0].container.as_str(), revisions), ("api", vec![2, 1]));
    let digests: Vec<_> = found[0].pods.iter().map(|pod| (pod.digest.clone(), pod.updated)).collect();
    assert_eq!(digests, [(Some(digest('2')), true)]);
}
