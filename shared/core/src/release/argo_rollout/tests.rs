//! Rollouts as teams have them. Their shapes are those of Argo's own example and of files and bug reports that are
//! public (named at each); names and values are ours.

use std::time::Duration;

use crate::release::document::Time;
use serde_json::{Value, json};

use super::*;

fn rollout(blue_green: Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "api", "namespace": "shop"},
        "spec": {
            "replicas": 3, "revisionHistoryLimit": 2, "selector": {"matchLabels": {"app": "api"}},
            "template": {"metadata": {"labels": {"app": "api"}}, "spec": {
                "containers": [{"name": "app", "image": "r.io/api:1.6.0", "ports": [{"containerPort": 8080}]}],
                "initContainers": [{"name": "migrate", "image": "r.io/api:1.6.0"}]}},
            "strategy": {"blueGreen": blue_green}}
    })
}

fn seconds(seconds: u64) -> Time {
    Time(Duration::from_secs(seconds))
}

fn understood(object: Value) -> Result<Understood, NotHonoured> {
    serde_json::from_value::<Rollout>(object).unwrap().understood()
}

/// The gate before the promotion would be passed by a pipeline that nobody watches (argo-rollouts
/// `examples/rollout-bluegreen.yaml`).
#[test]
fn what_a_person_promotes_stops_before_the_traffic_moves() {
    let own = json!({"activeService": "api-active", "previewService": "api-preview", "autoPromotionEnabled": false});
    let release = understood(rollout(own)).unwrap();
    assert_eq!(
        (release.document.service(), release.no_switch, release.document.spec.switch_after),
        ("api-active", true, None)
    );
    assert_eq!(release.document.metadata.namespace.as_deref(), Some("shop"));
    let images: Vec<(&str, &str)> = release.document.spec.images.iter().map(|(n, i)| (&n[..], &i[..])).collect();
    assert_eq!(images, [("app", "r.io/api:1.6.0"), ("migrate", "r.io/api:1.6.0")]);
    assert_eq!(release.document.spec.replicas, Some(3));
}

/// argo-rollouts#2000: with `autoPromotionEnabled: false` the seconds promote nobody, and people wait for it; with
/// `true`, or without a word, they do (a gist of a course, of a vote app).
#[test]
fn seconds_promote_only_where_promotion_is_automatic() {
    for (enabled, no_switch, after) in
        [(None, false, Some(30)), (Some(true), false, Some(30)), (Some(false), true, None)]
    {
        let own = json!({"activeService": "vote", "autoPromotionEnabled": enabled, "autoPromotionSeconds": 30});
        let release = understood(rollout(own)).unwrap();
        let wanted = (no_switch, after.map(seconds));
        assert_eq!((release.no_switch, release.document.spec.switch_after), wanted, "{enabled:?}");
        assert_eq!(release.notes.iter().any(|note| note.contains("autoPromotionSeconds")), no_switch);
    }
    assert_eq!(
        understood(rollout(json!({"activeService": "a", "autoPromotionSeconds": 0})))
            .unwrap()
            .document
            .spec
            .switch_after,
        None
    );
}

/// argo-rollouts#1383 and #3242 have nearly all of the fields. What is dropped without a word is taken for done.
#[test]
fn every_field_is_done_said_or_refused() {
    let schema = schemars::schema_for!(BlueGreen).to_value();
    let fields: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(fields.len(), 14, "{fields:?}");
    let plain = understood(rollout(json!({"activeService": "api"}))).unwrap();
    for field in fields.into_iter().filter(|field| *field != "activeService") {
        let value = match field.as_str() {
            "previewService" => json!("api-preview"),
            "autoPromotionEnabled" => json!(false),
            other if other.ends_with("Seconds") || other.ends_with("Count") || other.ends_with("Limit") => json!(30),
            _ => json!({"labels": {"role": "x"}}),
        };
        match understood(rollout(json!({"activeService": "api", field: value}))) {
            Ok(other) => assert_ne!(other, plain, "{field}"),
            Err(NotHonoured(refused)) => assert!(refused.iter().all(|one| one.ends_with(field.as_str())), "{field}"),
        }
    }
}

/// A release would pass without the queries that were to judge it.
#[test]
fn what_decides_about_a_release_is_refused_by_name() {
    let analysis = json!({"templates": [{"templateName": "success-rate"}]});
    for (own, path) in [
        (json!({"activeService": "api", "prePromotionAnalysis": analysis}), "prePromotionAnalysis"),
        (json!({"activeService": "api", "postPromotionAnalysis": analysis}), "postPromotionAnalysis"),
        (json!({"previewService": "api"}), "activeService"),
    ] {
        let NotHonoured(refused) = understood(rollout(own)).unwrap_err();
        assert!(refused.len() == 1 && refused[0].ends_with(path), "{refused:?}");
    }
    let mut canary = rollout(Value::Null);
    canary["spec"]["strategy"] = json!({"canary": {"steps": [{"setWeight": 20}]}});
    assert_eq!(understood(canary).unwrap_err(), NotHonoured(vec!["spec.strategy.canary"]));
    let mut neither = rollout(Value::Null);
    neither["spec"]["paused"] = json!(true);
    assert_eq!(understood(neither).unwrap_err(), NotHonoured(vec!["no spec.strategy.blueGreen", "spec.paused"]));
}

/// argo-rollouts#4200 and others render a `workloadRef`: the images are in another file.
#[test]
fn of_a_reference_the_images_are_typed() {
    let mut object = rollout(json!({"activeService": "api", "scaleDownDelaySeconds": 300}));
    let spec = object["spec"].as_object_mut().unwrap();
    spec.remove("template");
    spec.insert("workloadRef".into(), json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}));
    let release = understood(object).unwrap();
    assert!(release.document.spec.images.is_empty());
    assert_eq!(release.document.spec.retain_previous_version, Some(seconds(300)));
    assert!(release.notes.iter().any(|note| note.contains("--image")), "{:?}", release.notes);
}

/// What `kubectl get rollout -o yaml` prints has a status and a metadata of its own; what is misspelt is no field.
#[test]
fn printed_rollouts_are_read_and_misspelt_fields_are_not() {
    let mut printed = rollout(json!({"activeService": "api"}));
    printed["status"] = json!({"blueGreen": {"activeSelector": "77954699c5"}, "HPAReplicas": 3});
    printed["metadata"]["managedFields"] = json!([]);
    assert!(serde_json::from_value::<Rollout>(printed).is_ok());
    for wrong in [
        rollout(json!({"activeService": "api", "autoPromotionEnable": false})),
        rollout(json!({"activeService": "api", "autoPromotionSeconds": "30"})),
        rollout(json!({"activeService": "api", "autoPromotionSeconds": 86_401})),
        rollout(json!({"activeService": "api/active"})),
    ] {
        assert!(serde_json::from_value::<Rollout>(wrong.clone()).is_err(), "{wrong:#}");
    }
    assert!(is_rollout(&rollout(Value::Null)));
    assert!(!is_rollout(&json!({"apiVersion": "rollouts.kruise.io/v1beta1", "kind": "Rollout"})));
}
