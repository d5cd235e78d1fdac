use serde_json::json;

use super::*;
use crate::lifecycle::samples::{HOST, digest, pod, repository, told};

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
    let web = Use::Running { cluster: "prod".into(), by: "shop/deploy/web".into(), pods: 1 };
    // By its tag alone, which may lead here where a mirror stands in between.
    let expected =
        [(Some("latest"), None, used(1)), (Some("latest"), Some(one.as_str()), used(2)), (Some("1.27"), None, web)];
    assert_eq!(told(&found), expected);
    assert_eq!(found[2].elsewhere.as_deref(), Some("nginx:1.27"));
    assert!(found[..2].iter().all(|need| need.repository.as_ref().is_some_and(|of| of.is_same(&repository()))));
}

/// Pods that pull through a domain of one's own, or through a mirror, would lose their image.
#[test]
fn what_runs_counts_under_any_host_name() {
    let running = |host: &str| format!("{host}@{}", digest('1'));
    let pods = [
        pod("api-7d9f", "Running", "images.example.com/shop/api:1.0.1", &running("images.example.com/shop/api")),
        pod("web-5c4d", "Running", "nginx:1.27", &running("docker.io/library/nginx")),
        pod("old-5c4d", "Running", "10.0.0.7:5000/api", &running("docker-pullable://mirror.local:5000/api")),
        pod("cfg-5c4d", "Running", "nginx:1.27", &format!("docker://{}", digest('1'))),
    ];
    let found = of_pods("prod", &pods);
    let one = digest('1');
    // What names a configuration says nothing, and leaves the tag.
    assert_eq!(found.iter().filter(|need| need.digest.as_ref() == Some(&one)).count(), 3);
    assert!(found.iter().all(|need| need.repository.is_none() && need.elsewhere.is_some()));
}

#[test]
fn init_and_ephemeral_containers_and_pods_of_other_owners_count_too() {
    let owned = |kind: &str, name: &str| json!([{"kind": kind, "name": name, "controller": true}]);
    let image = |digit| format!("{HOST}/ms-account-management@{}", digest(digit));
    let value = json!({
        "metadata": {"name": "db-0", "namespace": "shop", "ownerReferences": owned("StatefulSet", "db")},
        "spec": {"containers": [{"name": "db", "image": "postgres:17"}],
            "initContainers": [{"name": "migrate", "image": image('2')}],
            "ephemeralContainers": [{"name": "debug", "image": image('3')}]},
        "status": {"phase": "Running"},
    });
    let bare = json!({
        "metadata": {"name": "once", "namespace": "shop"},
        "spec": {"containers": [{"name": "once", "image": image('4')}]}, "status": {"phase": "Unknown"},
    });
    let of_runs = json!({
        "metadata": {"name": "t-pod", "namespace": "ci", "ownerReferences": owned("TaskRun", "t")},
        "spec": {"containers": [{"name": "step", "image": image('5')}]}, "status": {"phase": "Pending"},
    });
    let found = of_pods("prod", &[value, bare, of_runs].map(|value| serde_json::from_value(value).unwrap()));
    let by: Vec<String> = found.iter().map(|need| need.used.who()).collect();
    let expected = ["ci/taskrun/t", "shop/pod/once", "shop/sts/db", "shop/sts/db", "shop/sts/db"];
    assert_eq!(by, expected.map(|by| format!("{by} (prod, 1 pod)")));
}

/// What is mounted is pulled as what runs is, and its tag may have moved as well.
#[test]
fn images_that_are_mounted_count_by_what_was_mounted() {
    let mounts = |image_ref: &str| json!([{"name": "model", "volumeStatus": {"image": {"imageRef": image_ref}}}]);
    let mounting = |mounts: serde_json::Value| {
        let value = json!({
            "metadata": {"name": "llm", "namespace": "shop"},
            "spec": {"containers": [{"name": "model", "image": "vllm:1"}],
                "volumes": [{"name": "model", "image": {"reference": format!("{HOST}/ms-account-management:latest")}},
                    {"name": "tmp", "emptyDir": {}}]},
            "status": {"phase": "Running", "containerStatuses": [
                {"name": "model", "imageID": "docker.io/vllm@sha256:77", "volumeMounts": mounts}]},
        });
        let found = of_pods("prod", &[serde_json::from_value(value).unwrap()]);
        let of_ours = found.into_iter().find(|need| need.repository.is_some()).unwrap();
        (of_ours.tag, of_ours.digest)
    };
    let reported = format!("{HOST}/ms-account-management@{}", digest('1'));
    assert_eq!(mounting(mounts(&reported)), (Some("latest".into()), Some(digest('1'))));
    for unknown in [json!([]), mounts(""), json!([{"name": "model", "volumeStatus": {}}])] {
        assert_eq!(mounting(unknown), (Some("latest".into()), None));
    }
}
