//! What people have reported of Rollouts that meant something else than they thought.

use serde_json::{Value, json};

use super::{of, paths, read, rollout};
use crate::release::argo_rollout::Rollout;
use crate::release::canary::pods::by_ratio::by_ratio;

/// argo-helm#3831 prints one as the API server has it: a `workloadRef`, empty metadata of runs, and no selector.
#[test]
fn a_rollout_of_a_workload_is_read_as_it_is_printed() {
    let judged = json!({"analysis": {"analysisRunMetadata": {}, "templates": [{"templateName": "cpu"}]}});
    let steps = json!([{"setWeight": 60}, {"pause": {"duration": "1m"}}, judged, {"setWeight": 80}]);
    let reference =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "feedback", "scaleDown": "onsuccess"});
    let mut whole = rollout(
        json!({"steps": steps}),
        json!({"workloadRef": reference, "selector": null, "template": null, "revisionHistoryLimit": 3, "replicas": 1}),
    );
    whole["metadata"] = json!({"name": "feedback", "annotations": {"rollout.argoproj.io/revision": "1"}, "generation": 1,
        "uid": "1f003265", "resourceVersion": "1962426016", "creationTimestamp": "2026-04-13T13:57:28Z"});
    whole["status"] = json!({"phase": "Healthy", "stableRS": "7c948999fb"});
    let release = read(whole).unwrap();
    assert_eq!((release.workload.name.as_str(), release.steps.steps.len()), ("feedback", 4));
    assert!(release.notes.iter().any(|note| note.contains("scaleDown")), "{:?}", release.notes);
}

/// argo-rollouts#2865: without a router the pods are the weight, and a size of its own would be another weight.
#[test]
fn a_size_without_a_router_is_refused_and_with_a_typed_one_is_not() {
    let whole = rollout(json!({"steps": [{"setCanaryScale": {"replicas": 1}}, {"setWeight": 10}]}), json!({}));
    let rollout: Rollout = serde_json::from_value(whole).unwrap();
    let unread = rollout.canary_release(false).unwrap_err();
    assert_eq!(paths(&unread), (true, vec!["spec.strategy.canary.steps[0].setCanaryScale"]));
    assert!(rollout.canary_release(true).is_ok());
}

/// juspay/hyperswitch-helm#310: a Rollout's arguments know no Secret; a template's do.
#[test]
fn a_secret_is_no_argument_of_a_rollout() {
    let args = |from: Value| {
        let analysis = json!({"templates": [{"templateName": "t"}], "args": [{"name": "a", "valueFrom": from}]});
        serde_json::from_value::<Rollout>(rollout(json!({"analysis": analysis}), json!({}))).map(drop)
    };
    let why = args(json!({"secretKeyRef": {"name": "s", "key": "k"}})).unwrap_err().to_string();
    assert!(why.contains("secretKeyRef") && why.contains("fieldRef"), "{why}");
    for known in [json!({"podTemplateHashValue": "Latest"}), json!({"fieldRef": {"fieldPath": "metadata.name"}})] {
        args(known).unwrap();
    }
    assert!(args(json!({"podTemplateHashValue": "latest"})).is_err());
}

/// argo-rollouts#2281: weights of 70 and 95 were 50 all the time. JiRaska/open-bank-oss#3806: with one pod a canary is
/// all or nothing.
#[test]
fn a_weight_that_pods_can_not_have_is_another_one() {
    let release = |replicas: u32| {
        let canary = json!({"maxSurge": "25%", "maxUnavailable": 0, "steps": [{"setWeight": 70}, {"setWeight": 95}]});
        let release = read(rollout(canary, json!({"replicas": replicas}))).unwrap();
        let sizes = [0, 1].map(|at| by_ratio(replicas, release.steps.weight_at(at), release.sizing.surge() > 0));
        sizes.map(|pods| (pods.canary, pods.stable))
    };
    assert_eq!(release(1), [(1, 1), (1, 1)]);
    assert_eq!(release(2), [(2, 1), (2, 1)]);
}

/// argo-rollouts#4841: least sizes and a stable version that shrinks, together, are read as they are.
#[test]
fn sizes_are_read_with_their_rules() {
    let canary = json!({"dynamicStableScale": true, "minPodsPerReplicaSet": 3, "canaryService": "a", "stableService": "b",
        "trafficRouting": {"istio": {"virtualService": {"name": "v", "routes": ["primary"]}}},
        "steps": [{"setWeight": 5}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}, {"setWeight": 100}]});
    let release = of(canary).unwrap();
    assert_eq!((release.sizing.min_pods, release.sizing.dynamic_stable, release.sizing.replicas), (Some(3), true, 10));
}
