use super::*;
use serde_json::json;

fn labels(text: &str) -> Labels {
    text.split(',').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

fn service(selector: &str) -> Service {
    serde_json::from_value(json!({"metadata": {"name": "api"}, "spec": {"selector": labels(selector)}})).unwrap()
}

fn deployment(name: &str, pod_labels: &str) -> Arc<Workload> {
    let object = json!({"metadata": {"name": name}, "spec":
        {"selector": {}, "template": {"metadata": {"labels": labels(pod_labels)}}}});
    Arc::new(Workload::from(serde_json::from_value::<k8s_openapi::api::apps::v1::Deployment>(object).unwrap()))
}

#[test]
fn colors_are_what_matches_in_all_keys_but_one() {
    let workloads = [
        deployment("api-blue", "app=api,version=blue"),
        deployment("api-green", "app=api,version=green,extra=x"),
        deployment("api-green-worker", "app=api,version=green"),
        deployment("web-green", "app=web,version=green"),
    ];
    let found = discover(&service("app=api,version=blue"), &workloads, &[], None).unwrap();
    assert_eq!(found.key, "version");
    assert_eq!(found.active, "blue");
    let names: Vec<(&str, usize)> = found.colors.iter().map(|c| (c.name.as_str(), c.workloads.len())).collect();
    assert_eq!(names, [("blue", 1), ("green", 2)]);
    assert_eq!(found.selector_for("green"), labels("app=api,version=green"));
}

#[test]
fn another_application_with_the_same_version_is_never_a_color() {
    let workloads = [deployment("api", "app=api,version=v1"), deployment("web", "app=web,version=v1")];
    let found = discover(&service("app=api,version=v1"), &workloads, &[], None).unwrap();
    assert_eq!((found.key.as_str(), found.others().count()), ("version", 0));
    let on_request = discover(&service("app=api,version=v1"), &workloads, &[], Some("app")).unwrap();
    assert_eq!(on_request.others().count(), 1);
}

#[test]
fn two_differing_keys_are_ambiguous_and_a_named_one_settles_it() {
    let workloads = [
        deployment("a", "app=api,track=blue,zone=a"),
        deployment("b", "app=api,track=green,zone=a"),
        deployment("c", "app=api,track=blue,zone=b"),
    ];
    let service = service("app=api,track=blue,zone=a");
    let Err(NotSwitchable::Ambiguous { keys }) = discover(&service, &workloads, &[], None) else { panic!() };
    assert_eq!(keys.keys().collect::<Vec<_>>(), ["track", "zone"]);
    assert_eq!(discover(&service, &workloads, &[], Some("track")).unwrap().key, "track");
}

#[test]
fn a_single_label_says_no_application_so_it_is_no_track_key() {
    let workloads = [deployment("a", "slot=blue"), deployment("b", "slot=green")];
    assert!(matches!(discover(&service("slot=blue"), &workloads, &[], None), Err(NotSwitchable::NoOtherColor { .. })));
    assert!(discover(&service("slot=blue"), &workloads, &[], Some("slot")).is_ok());
}

#[test]
fn machine_labels_are_never_a_track_key() {
    let workloads = [
        deployment("a", "app=api,statefulset.kubernetes.io/pod-name=a-0"),
        deployment("b", "app=api,statefulset.kubernetes.io/pod-name=b-0"),
    ];
    let service = service("app=api,statefulset.kubernetes.io/pod-name=a-0");
    assert!(discover(&service, &workloads, &[], None).is_err());
}

#[test]
fn what_cannot_be_switched_says_why() {
    let blue_green = [deployment("b", "app=api,version=blue"), deployment("g", "app=api,version=green")];
    let every = discover(&service("app=api"), &blue_green, &[], None);
    assert!(matches!(every, Err(NotSwitchable::SelectsEveryColor { ref key, .. }) if key == "version"));
    assert_eq!(discover(&service(""), &blue_green, &[], None).unwrap_err(), NotSwitchable::NoSelector);
    let argo = discover(&service("app=api,rollouts-pod-template-hash=5d"), &blue_green, &[], None);
    assert_eq!(argo.unwrap_err(), NotSwitchable::ArgoRollouts);
    let external: Service =
        serde_json::from_value(json!({"spec": {"type": "ExternalName", "externalName": "x.y"}})).unwrap();
    assert_eq!(discover(&external, &blue_green, &[], None).unwrap_err(), NotSwitchable::ExternalName);
    let unknown = discover(&service("app=api,version=blue"), &blue_green, &[], Some("slot"));
    assert!(matches!(unknown, Err(NotSwitchable::KeyNotInSelector { .. })));
}

#[test]
fn an_active_color_without_workloads_is_still_a_color() {
    let workloads = [deployment("g", "app=api,version=green")];
    let found = discover(&service("app=api,version=blue"), &workloads, &[], None).unwrap();
    assert!(found.color("blue").unwrap().workloads.is_empty());
    assert_eq!(found.others().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["green"]);
}

fn pod(pod_labels: &str, owner: Option<&str>) -> Pod {
    let owner = owner.map(|kind| json!([{"kind": kind, "name": "api", "uid": "1", "controller": true}]));
    let metadata = json!({"name": "p", "labels": labels(pod_labels), "ownerReferences": owner.unwrap_or(json!([]))});
    serde_json::from_value(
        json!({"metadata": metadata, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}),
    )
    .unwrap()
}

#[test]
fn a_color_that_only_pods_have_is_one() {
    let blue = [deployment("b", "app=api,version=blue")];
    let pods = [pod("app=api,version=green", Some("Rollout")), pod("app=api,version=red", None)];
    let found = discover(&service("app=api,version=blue"), &blue, &pods, None).unwrap();
    let shown: Vec<(&str, bool, bool)> =
        found.colors.iter().map(|c| (c.name.as_str(), c.is_run(), c.has_strays)).collect();
    assert_eq!(shown, [("blue", true, false), ("green", true, false), ("red", false, true)]);
    assert_eq!(found.color("green").unwrap().runners, ["rollout/api"]);
}

#[test]
fn a_stray_pod_makes_no_second_track_key() {
    let workloads = [deployment("b", "app=api,version=1,tint=x"), deployment("g", "app=api,version=2,tint=x")];
    let pods = [pod("app=api,version=1,tint=y", None)];
    let found = discover(&service("app=api,version=1,tint=x"), &workloads, &pods, None).unwrap();
    assert_eq!(found.key, "version");
}
