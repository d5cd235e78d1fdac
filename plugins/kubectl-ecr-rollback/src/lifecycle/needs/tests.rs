use serde_json::{Value, json};

use super::*;
use crate::lifecycle::samples::{HOST, digest, repository};

fn pod(owner: &str, phase: &str, image: &str, image_id: &str) -> PodImages {
    let hash = owner.rsplit_once('-').map_or("", |(_, hash)| hash);
    serde_json::from_value(json!({
        "metadata": {"name": format!("{owner}-x2k4q"), "namespace": "shop", "labels": {"pod-template-hash": hash},
            "ownerReferences": [{"kind": "ReplicaSet", "name": owner, "controller": true}]},
        "spec": {"containers": [{"name": "api", "image": image}]},
        "status": {"phase": phase, "containerStatuses": [{"name": "api", "imageID": image_id}]},
    }))
    .unwrap()
}

fn named(needs: &[Need]) -> Vec<(Option<&str>, Option<&str>, Use)> {
    needs.iter().map(|need| (need.tag.as_deref(), need.digest.as_deref(), need.used.clone())).collect()
}

/// A moved tag is on another image than the one that runs: only the digest is right.
#[test]
fn pods_are_counted_by_what_they_really_run() {
    let image = format!("{HOST}/ms-account-management:latest");
    let old = format!("docker-pullable://{HOST}/ms-account-management@{}", digest('1'));
    let pods = [
        pod("api-7d9f", "Running", &image, &old),
        pod("api-7d9f", "Running", &image, &old),
        pod("api-7d9f", "Pending", &image, ""),
        pod("api-7d9f", "Succeeded", &image, &format!("{HOST}/ms-account-management@{}", digest('9'))),
        pod("web-5c4d", "Running", "nginx:1.27", "sha256:abc"),
    ];
    let found = of_pods("prod", &pods);
    let used = |pods| Use::Running { cluster: "prod".into(), by: "shop/deploy/api".into(), pods };
    let one = digest('1');
    assert_eq!(named(&found), [(Some("latest"), None, used(1)), (Some("latest"), Some(one.as_str()), used(2))]);
    assert!(found.iter().all(|need| need.repository.as_ref().is_some_and(|of| of.is_same(&repository()))));
}

/// Pods that pull through a domain of one's own, or through a mirror, would lose their image.
#[test]
fn what_runs_counts_under_any_host_name() {
    let running = |host: &str| format!("{host}@{}", digest('1'));
    let pods = [
        pod("api-7d9f", "Running", "images.example.com/shop/api:1.0.1", &running("images.example.com/shop/api")),
        pod("web-5c4d", "Running", "nginx:1.27", &running("docker.io/library/nginx")),
        pod("cfg-5c4d", "Running", "nginx:1.27", &format!("docker://{}", digest('1'))),
    ];
    let found = of_pods("prod", &pods);
    let one = digest('1');
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|need| need.repository.is_none() && need.digest.as_ref() == Some(&one)));
    let pinned = serde_json::json!({"spec": {"containers": [{"name": "api", "image": running("images.example.com/api")},
        {"name": "side", "image": "images.example.com/side:1"}]}});
    let metadata = json!({"name": "api", "namespace": "shop", "uid": "u"});
    let workload: Templated =
        serde_json::from_value(json!({"metadata": metadata, "spec": {"template": pinned}})).unwrap();
    let found = of_workload("prod", "deploy", &workload, &[]);
    assert_eq!(found.iter().map(|need| need.digest.as_ref()).collect::<Vec<_>>(), [Some(&one)]);
}

#[test]
fn init_containers_and_pods_of_other_owners_count_too() {
    let value = json!({
        "metadata": {"name": "db-0", "namespace": "shop",
            "ownerReferences": [{"kind": "StatefulSet", "name": "db", "controller": true}]},
        "spec": {"containers": [{"name": "db", "image": "postgres:17"}],
            "initContainers": [{"name": "migrate", "image": format!("{HOST}/ms-account-management@{}", digest('2'))}]},
        "status": {"phase": "Running"},
    });
    let found = of_pods("prod", &[serde_json::from_value(value).unwrap()]);
    let two = digest('2');
    let used = Use::Running { cluster: "prod".into(), by: "shop/sts/db".into(), pods: 1 };
    assert_eq!(named(&found), [(None, Some(two.as_str()), used)]);
}

fn template(tag: &str) -> Value {
    json!({"spec": {"containers": [{"name": "api", "image": format!("{HOST}/ms-account-management:{tag}")}]}})
}

fn replica_set(number: i64, owner: &str, tag: &str) -> Revision {
    serde_json::from_value(json!({
        "metadata": {"name": format!("api-{number}"), "creationTimestamp": format!("2026-01-0{number}T00:00:00Z"),
            "annotations": {"deployment.kubernetes.io/revision": number.to_string()},
            "ownerReferences": [{"uid": owner, "controller": true}]},
        "spec": {"template": template(tag)},
    }))
    .unwrap()
}

/// `kubectl rollout undo` would bring any of these back.
#[test]
fn a_workload_needs_what_it_asks_for_had_and_would_go_back_to() {
    let all = [
        replica_set(1, "u", "1.0.0"),
        replica_set(2, "u", "1.0.1"),
        replica_set(3, "u", "1.0.2"),
        replica_set(4, "other", "9.9.9"),
    ];
    let found = of_workload("prod", "deploy", &workload("1.0.2"), &all);
    let (cluster, by) = ("prod".to_owned(), "shop/deploy/api".to_owned());
    let revision = |number| Use::Revision { cluster: cluster.clone(), by: by.clone(), number };
    let expected = [
        (Some("1.0.0"), None, revision(1)),
        (Some("1.0.1"), None, revision(2)),
        (Some("1.0.2"), None, Use::Template { cluster: cluster.clone(), by: by.clone() }),
    ];
    assert_eq!(named(&found), expected);
}

fn workload(tag: &str) -> Templated {
    let metadata = json!({"name": "api", "namespace": "shop", "uid": "u"});
    serde_json::from_value(json!({"metadata": metadata, "spec": {"template": template(tag)}})).unwrap()
}

/// Between two runs no pod shows that a CronJob will pull its image again.
#[test]
fn a_cron_job_needs_its_image_without_a_pod() {
    let metadata = json!({"name": "report", "namespace": "shop", "uid": "c"});
    let spec = json!({"jobTemplate": {"spec": {"template": template("1.0.0")}}});
    let job: Templated = serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap();
    let used = Use::Template { cluster: "prod".into(), by: "shop/cronjob/report".into() };
    assert_eq!(named(&of_workload("prod", "cronjob", &job, &[])), [(Some("1.0.0"), None, used)]);
}

#[test]
fn a_rollback_is_decided_by_the_workloads_own_pods_and_revisions() {
    let image = format!("{HOST}/ms-account-management:1.0.2");
    let running = |digit| format!("{HOST}/ms-account-management@{}", digest(digit));
    let all = [replica_set(1, "u", "1.0.1"), replica_set(2, "u", "1.0.2"), replica_set(3, "other", "9.9.9")];
    let pods = [pod("api-2", "Running", &image, &running('2')), pod("web-2", "Running", &image, &running('3'))];
    let found = rollback_containers("prod", "deploy", &workload("1.0.2"), &all, &pods);
    assert_eq!(found.len(), 1);
    let revisions: Vec<i64> = found[0].revisions.iter().map(|revision| revision.number).collect();
    assert_eq!((found[0].container.as_str(), revisions), ("api", vec![2, 1]));
    let digests: Vec<_> = found[0].pods.iter().map(|pod| (pod.digest.clone(), pod.updated)).collect();
    assert_eq!(digests, [(Some(digest('2')), true)]);
}
