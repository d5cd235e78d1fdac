use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::kube::{Labels, has_all};

fn base() -> Labels {
    Labels::from([("app".to_owned(), "api".to_owned())])
}

fn to_green(base: &Labels) -> Exchange<'_> {
    Exchange { key: "version", from: "blue", to: "green", base }
}

/// What `kubectl get deployment api-blue -o json` gives, in short.
fn blue() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": "api-blue", "namespace": "shop", "uid": "1", "resourceVersion": "7", "generation": 3,
            "creationTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["x/y"], "managedFields": [{"manager": "kubectl"}],
            "ownerReferences": [{"kind": "App", "name": "api"}],
            "labels": {"app": "api", "version": "blue", "team": "shop", "argocd.argoproj.io/instance": "shop",
                "app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"deployment.kubernetes.io/revision": "3", "meta.helm.sh/release-name": "api",
                "kubectl.kubernetes.io/last-applied-configuration": "{}", "kubectl-release.dev/ecr-rollback": "{}",
                "owner.example.com/pager": "shop"},
        },
        "spec": {
            "replicas": 6, "progressDeadlineSeconds": 60,
            "selector": {"matchLabels": {"app": "api", "version": "blue", "part": "web"}},
            "template": {
                "metadata": {"labels": {"app": "api", "version": "blue", "part": "web", "mesh": "on"},
                    "annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z", "scrape": "true"}},
                "spec": {
                    "initContainers": [
                        {"name": "migrate", "image": "r.io/api:1", "command": ["./manage", "up"]},
                        {"name": "wait", "image": "busybox:1"},
                        {"name": "proxy", "image": "r.io/api:1-proxy", "restartPolicy": "Always"}],
                    "containers": [
                        {"name": "app", "image": "r.io/api:1", "env": [
                            {"name": "LOG_LEVEL", "value": "info"}, {"name": "COLOR", "value": "blue"},
                            {"name": "DB_PASSWORD", "value": "hunter2"}]},
                        {"name": "envoy", "image": "envoy:3"}],
                    "volumes": [{"name": "config", "configMap": {"name": "api-blue-config"}}],
                    "topologySpreadConstraints": [{"topologyKey": "zone", "labelSelector": {"matchLabels": {"version": "blue"}}}],
                },
            },
        },
        "status": {"readyReplicas": 6},
    })
}

fn asked(container: &str, image: &str) -> AskedImage {
    AskedImage { container: container.into(), image: image.into() }
}

/// A copy that is taken for the original is pruned by whoever owns that, or adopted by nobody.
#[test]
fn a_twin_has_all_that_its_color_is_and_nothing_of_the_servers_or_of_owners() {
    let base = base();
    let green = twin_of(&blue(), &to_green(&base));
    let metadata = json!({"name": "api-green", "namespace": "shop",
        "labels": {"app": "api", "version": "green", "team": "shop"}, "annotations": {"owner.example.com/pager": "shop"}});
    assert_eq!(green["metadata"], metadata);
    let labels = json!({"app": "api", "version": "green", "part": "web"});
    assert_eq!(green["spec"]["selector"], json!({"matchLabels": labels}));
    let template = &green["spec"]["template"];
    assert_eq!(template["metadata"]["labels"], json!({"app": "api", "version": "green", "part": "web", "mesh": "on"}));
    assert_eq!(template["metadata"]["annotations"], json!({"scrape": "true"}));
    let spread = &template["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"];
    assert_eq!(*spread, json!({"version": "green"}), "its pods would be spread over the others'");
    assert_eq!(green["spec"]["progressDeadlineSeconds"], 60);
    assert!(green.get("status").is_none());
}

#[test]
fn a_selector_that_does_not_ask_for_the_color_would_select_both() {
    let (base, mut loose) = (base(), blue());
    loose["spec"]["selector"] = json!({"matchLabels": {"app": "api"},
        "matchExpressions": [{"key": "version", "operator": "NotIn", "values": ["green"]}, {"key": "part", "operator": "Exists"}]});
    let green = twin_of(&loose, &to_green(&base));
    let expected = json!({"matchLabels": {"app": "api", "version": "green"}, "matchExpressions": [{"key": "part", "operator": "Exists"}]});
    assert_eq!(green["spec"]["selector"], expected);
}

#[test]
fn an_application_that_is_called_like_a_color_keeps_its_name() {
    let base = Labels::from([("app".to_owned(), "blue".to_owned())]);
    let mut app = blue();
    app["spec"]["template"]["metadata"]["labels"] = json!({"app": "blue", "version": "blue", "slot": "blue"});
    let green = twin_of(&app, &to_green(&base));
    let labels = &green["spec"]["template"]["metadata"]["labels"];
    assert_eq!(*labels, json!({"app": "blue", "version": "green", "slot": "green"}));
}

#[test]
fn names_have_the_other_color_in_them() {
    let base = base();
    for (name, twin) in [
        ("api-blue", "api-green"),
        ("blue-api", "green-api"),
        ("api", "api-green"),
        ("bluebird-blue", "bluebird-green"),
        ("bluebird", "bluebird-green"),
    ] {
        assert_eq!(to_green(&base).name(name), twin);
    }
    let shouted = Exchange { to: "Green_2", ..to_green(&base) };
    assert_eq!(shouted.name("api-blue"), "api-green-2", "names have no capitals");
}

/// The new version would run with the old one's migration, or a proxy be exchanged that nobody named.
#[test]
fn init_containers_of_the_same_repository_go_along() {
    let edits = edits(&blue(), &[asked("app", "r.io/api:2")]);
    let told: Vec<(&str, &str, bool)> =
        edits.iter().map(|e| (e.container.name.as_str(), e.to.as_str(), e.follows)).collect();
    assert_eq!(told, [("app", "r.io/api:2", false), ("migrate", "r.io/api:2", true)]);
    let changed = with_images(&blue(), &edits);
    let images: Vec<String> = containers_of(&changed).into_iter().map(|c| c.image).collect();
    assert_eq!(images, ["r.io/api:2", "envoy:3", "r.io/api:2", "busybox:1", "r.io/api:1-proxy"]);
}

#[test]
fn init_containers_that_are_named_get_their_own() {
    let both = [asked("app", "r.io/api:2"), asked("migrate", "r.io/migrations:9"), asked("proxy", "r.io/api:2-proxy")];
    let told: Vec<(String, String)> = edits(&blue(), &both).into_iter().map(|e| (e.container.name, e.to)).collect();
    let wanted = [("app", "r.io/api:2"), ("migrate", "r.io/migrations:9"), ("proxy", "r.io/api:2-proxy")];
    assert_eq!(told, wanted.map(|(name, image)| (name.to_owned(), image.to_owned())));
    assert!(edits(&blue(), &[asked("web", "r.io/web:1")]).is_empty());
}

#[test]
fn an_edit_is_refused_where_the_container_is_another_by_now() {
    let next = edits(&blue(), &[asked("envoy", "envoy:4")]);
    let [name, image, _] = next[0].ops();
    assert_eq!(name.0["path"], "/spec/template/spec/containers/1/name");
    assert_eq!((&image.0["op"], &image.0["value"]), (&json!("test"), &json!("envoy:3")));
    assert!(edits(&blue(), &[asked("envoy", "envoy:3")])[0].is_so());
}

#[test]
fn migrations_are_known_by_name_or_by_what_they_run() {
    for container in [
        json!({"name": "db-migrate"}),
        json!({"name": "init", "image": "r.io/flyway:9"}),
        json!({"name": "init", "command": ["alembic", "upgrade", "head"]}),
        json!({"name": "init", "args": ["bundle", "exec", "rake", "db:migrate"]}),
    ] {
        assert!(migrates(&container), "{container}");
    }
    for container in
        [json!({"name": "wait-for-db", "image": "migrations.example.com/busybox"}), json!({"name": "emigrated"})]
    {
        assert!(!migrates(&container), "{container}");
    }
}

#[test]
fn what_differs_is_told_and_no_secret_is() {
    let base = base();
    let mut green = twin_of(&blue(), &to_green(&base));
    assert!(differences(&blue(), &green, &to_green(&base)).is_empty());
    let pod = &mut green["spec"]["template"]["spec"];
    pod["containers"][0]["image"] = json!("r.io/api:2");
    pod["containers"][0]["env"] = json!([{"name": "LOG_LEVEL", "value": "debug"}, {"name": "COLOR", "value": "blue"},
        {"name": "DB_PASSWORD", "value": "correct-horse"}, {"name": "FEATURE_FLAG", "value": "true"},
        {"name": "DB_URL", "value": "postgres://shop:hunter3@db/shop"}]);
    pod["containers"].as_array_mut().unwrap().reverse();
    let told: Vec<String> = differences(&blue(), &green, &to_green(&base)).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "containers[app].env[DB_PASSWORD]: (set), active (set)",
            "containers[app].env[DB_URL]: (set), active not there",
            "containers[app].env[FEATURE_FLAG]: true, active not there",
            "containers[app].env[LOG_LEVEL]: debug, active info",
        ]
    );
}

#[test]
fn a_synced_color_keeps_its_own_environment() {
    let (base, mut active) = (base(), blue());
    let mut green = twin_of(&active, &to_green(&base));
    green["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "LOG_LEVEL", "value": "debug"}, {"name": "FEATURE_FLAG", "value": "true"}]);
    green["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"] = json!("api-green-config");
    active["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({"limits": {"memory": "1Gi"}});
    active["spec"]["template"]["spec"]["volumes"].as_array_mut().unwrap().push(json!({"name": "tmp", "emptyDir": {}}));
    let template = synced(&active, &green, &to_green(&base));
    let app = &template["spec"]["containers"][0];
    assert_eq!(app["resources"]["limits"]["memory"], "1Gi");
    let variables: Vec<(&Value, &Value)> =
        app["env"].as_array().unwrap().iter().map(|v| (&v["name"], &v["value"])).collect();
    assert_eq!(variables[0], (&json!("LOG_LEVEL"), &json!("debug")));
    assert_eq!(variables.last().unwrap(), &(&json!("FEATURE_FLAG"), &json!("true")));
    let volumes: Vec<&Value> = template["spec"]["volumes"].as_array().unwrap().iter().collect();
    assert_eq!((&volumes[0]["configMap"]["name"], volumes.len()), (&json!("api-green-config"), 2));
    assert_eq!(template["metadata"]["labels"]["version"], "green");
}

/// Both colors' pods would read the same settings, or wait for one disk, and nobody would know why.
#[test]
fn what_is_called_after_a_color_is_named() {
    let mut app = blue();
    let pod = &mut app["spec"]["template"]["spec"];
    pod["initContainers"][0]["envFrom"] = json!([{"secretRef": {"name": "blue-db"}}]);
    pod["serviceAccountName"] = json!("api-blue");
    pod["volumes"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "data", "persistentVolumeClaim": {"claimName": "bluebird"}}));
    let named = ["configmap/api-blue-config", "env COLOR=blue", "secret/blue-db", "serviceaccount/api-blue"];
    assert_eq!(of_one_color(&app, "blue"), named);
    assert_eq!(claims_of(&app), ["bluebird"]);
}

#[test]
fn an_autoscaler_is_created_alike_with_a_floor_that_holds_the_size() {
    let hpa = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "api-blue", "uid": "2", "annotations": {"kubectl-release.dev/min-replicas-before": "1"}},
        "spec": {"minReplicas": 2, "maxReplicas": 9, "behavior": {"x": 1}, "scaleTargetRef": {"kind": "Deployment", "name": "api-blue"}},
        "status": {"currentReplicas": 6}});
    let base = base();
    let alike = autoscaler_alike(&hpa, &to_green(&base), "api-green", 6);
    assert_eq!(alike["metadata"], json!({"name": "api-green"}));
    let spec = json!({"minReplicas": 6, "maxReplicas": 9, "behavior": {"x": 1}, "scaleTargetRef": {"kind": "Deployment", "name": "api-green"}});
    assert_eq!(alike["spec"], spec);
}

/// A label or a name, as they may be.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("blue".to_owned()),
        Just("green".to_owned()),
        Just("api".to_owned()),
        "[a-z][a-z0-9-]{0,8}[a-z0-9]",
    ]
}

fn labels() -> impl Strategy<Value = Labels> {
    proptest::collection::btree_map(word(), word(), 0..5)
}

proptest! {
    /// Pods of the twin would get the active color's traffic, or its workload would be refused.
    #[test]
    fn a_twin_selects_its_own_pods_and_the_live_selector_none_of_them(
        base in labels(), more in labels(), name in word(), from in word(), to in word(),
    ) {
        prop_assume!(from != to && !base.contains_key("version"));
        let mut pod_labels = more;
        pod_labels.extend(base.clone());
        pod_labels.insert("version".into(), from.clone());
        let template = json!({"metadata": {"labels": pod_labels}, "spec": {"containers": [{"name": "app", "image": "a:1"}]}});
        let workload = json!({"kind": "Deployment", "metadata": {"name": name}, "spec": {"selector": {"matchLabels": pod_labels}, "template": template}});
        let exchange = Exchange { key: "version", from: &from, to: &to, base: &base };
        let twin = twin_of(&workload, &exchange);
        let read = |value: &Value| serde_json::from_value::<Labels>(value.clone()).unwrap();
        let made = read(&twin["spec"]["template"]["metadata"]["labels"]);
        let mut live = base.clone();
        live.insert("version".into(), from.clone());
        prop_assert!(!has_all(&made, &live), "the live selector matches {made:?}");
        live.insert("version".into(), to.clone());
        prop_assert!(has_all(&made, &live), "the switched selector misses {made:?}");
        prop_assert!(has_all(&made, &read(&twin["spec"]["selector"]["matchLabels"])));
        prop_assert_ne!(&twin["metadata"]["name"], &workload["metadata"]["name"]);
        prop_assert!(differences(&workload, &twin, &exchange).is_empty());
        let kept = synced(&workload, &twin, &exchange);
        prop_assert_eq!(&kept, &twin["spec"]["template"]);
    }

    /// A whole document of somebody's must not end a run, whatever it is.
    #[test]
    fn odd_objects_are_no_fault(json in "\\PC{0,60}") {
        let odd: Value = serde_json::from_str(&json).unwrap_or(Value::String(json));
        for workload in [odd.clone(), json!({"spec": {"selector": odd, "template": odd}})] {
            if !workload.is_object() { continue; }
            let _ = (containers_of(&workload), claims_of(&workload), of_one_color(&workload, "blue"));
            let _ = edits(&workload, &[asked("app", "a:1")]);
        }
    }
}
