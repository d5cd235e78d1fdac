//! Rollouts as teams have them. Their shapes are those of files and reports that are public (named at each); names and
//! values are ours.

mod fuzzed;
mod refused;
mod reported;
mod steps;

use serde_json::{Value, json};

use crate::release::argo_rollout::{CanaryRelease, Rollout, Unread};

/// A Rollout of this strategy, with what its `spec` says besides.
pub fn rollout(canary: Value, more: Value) -> Value {
    let mut whole = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "shop", "namespace": "live"},
        "spec": {"replicas": 10, "selector": {"matchLabels": {"app": "shop"}},
            "template": {"metadata": {"labels": {"app": "shop"}}, "spec": {
                "containers": [{"name": "app", "image": "r.io/shop:2", "ports": [{"containerPort": 8080}]}],
                "initContainers": [{"name": "schema", "image": "r.io/shop:2", "command": ["migrate"]}]}},
            "strategy": {"canary": canary}}
    });
    let spec = whole["spec"].as_object_mut().unwrap();
    for (field, value) in more.as_object().unwrap() {
        match value {
            Value::Null => drop(spec.remove(field)),
            value => drop(spec.insert(field.clone(), value.clone())),
        }
    }
    whole
}

pub fn read(whole: Value) -> Result<CanaryRelease, Unread> {
    serde_json::from_value::<Rollout>(whole).unwrap().canary_release(false)
}

pub fn of(canary: Value) -> Result<CanaryRelease, Unread> {
    read(rollout(canary, json!({})))
}

/// The paths of what is wrong, and whether it is invalid.
pub fn paths(unread: &Unread) -> (bool, Vec<&str>) {
    let paths = unread.problems().iter().map(|problem| problem.path.as_str()).collect();
    (matches!(unread, Unread::Invalid(_)), paths)
}

/// Every field that a canary has is done, said, or refused: what is dropped without a word is taken for done.
#[test]
fn no_field_is_passed_over() {
    let routed = json!({"istio": {"virtualService": {"name": "v"}}});
    let base =
        json!({"canaryService": "a", "stableService": "b", "trafficRouting": routed, "steps": [{"setWeight": 5}]});
    let plain = of(base.clone()).unwrap();
    for (field, value) in [
        ("canaryService", json!("c")),
        ("stableService", json!("c")),
        ("steps", json!([{"setWeight": 6}])),
        ("maxSurge", json!(1)),
        ("maxUnavailable", json!("1%")),
        ("analysis", json!({"templates": [{"templateName": "t"}]})),
        ("antiAffinity", json!({"requiredDuringSchedulingIgnoredDuringExecution": {}})),
        ("canaryMetadata", json!({"labels": {"role": "canary"}})),
        ("stableMetadata", json!({"labels": {"role": "stable"}})),
        ("scaleDownDelaySeconds", json!(60)),
        ("scaleDownDelayRevisionLimit", json!(1)),
        ("abortScaleDownDelaySeconds", json!(0)),
        ("dynamicStableScale", json!(true)),
        ("pingPong", json!({"pingService": "a", "pongService": "b"})),
        ("minPodsPerReplicaSet", json!(2)),
        ("replicaProgressThreshold", json!({"type": "Percent", "value": 90})),
    ] {
        let mut canary = base.clone();
        canary[field] = value;
        match of(canary) {
            Ok(other) => assert_ne!(other, plain, "{field}"),
            Err(unread) => assert!(paths(&unread).1.iter().all(|path| path.ends_with(field)), "{field}: {unread:?}"),
        }
    }
}

#[test]
fn no_field_beside_the_strategy_is_passed_over() {
    let base = json!({"steps": [{"setWeight": 5}]});
    let plain = of(base.clone()).unwrap();
    for (field, value) in [
        ("replicas", json!(3)),
        ("minReadySeconds", json!(3)),
        ("progressDeadlineSeconds", json!(3)),
        ("progressDeadlineAbort", json!(true)),
        ("rollbackWindow", json!({"revisions": 3})),
        ("restartAt", json!("2026-01-01T00:00:00Z")),
        ("revisionHistoryLimit", json!(3)),
        ("analysis", json!({"successfulRunHistoryLimit": 3})),
        ("selector", Value::Null),
        ("template", Value::Null),
        ("paused", json!(true)),
    ] {
        match read(rollout(base.clone(), json!({field: value}))) {
            Ok(other) => assert_ne!(other, plain, "{field}"),
            Err(unread) => assert_eq!(paths(&unread).1, [format!("spec.{field}")], "{unread:?}"),
        }
    }
}

/// A pipeline's Rollout: a template of its own, no Services, no router.
#[test]
fn a_rollout_stands_for_the_deployment_of_its_name() {
    let release = of(json!({"steps": [{"setWeight": 5}, {"pause": {"duration": "5m"}}, {"setWeight": 100}]})).unwrap();
    assert_eq!((release.workload.kind.as_str(), release.workload.name.as_str()), ("Deployment", "shop"));
    assert_eq!((release.namespace.as_deref(), release.replicas), (Some("live"), Some(10)));
    let images: Vec<(&str, &str)> = release.images.iter().map(|(n, i)| (n.as_str(), i.as_str())).collect();
    assert_eq!(images, [("app", "r.io/shop:2"), ("schema", "r.io/shop:2")]);
    assert_eq!((release.routing, release.canary_service, release.background), (None, None, None));
    assert_eq!((release.scale_down_delay_seconds, release.abort_scale_down_delay_seconds), (30, Some(30)));
    assert_eq!(release.progress_deadline_seconds, 600);
    // What the pods are to be is kept, whole.
    let template = serde_json::to_value(release.template.unwrap()).unwrap();
    assert_eq!(template, rollout(json!({}), json!({}))["spec"]["template"]);
}

/// A platform team's Rollout: two Services and steps, and neither selector nor template.
#[test]
fn a_rollout_without_pods_is_a_plan_of_steps() {
    let judged = json!({"analysis": {"templates": [{"templateName": "good"}]}});
    let canary = json!({"canaryService": "shop-canary", "stableService": "shop-stable", "steps": [
        {"setWeight": 5}, {"pause": {"duration": "5m"}}, judged, {"setWeight": 100}]});
    let release = read(rollout(canary, json!({"selector": null, "template": null, "replicas": null}))).unwrap();
    assert!(release.images.is_empty() && release.template.is_none() && release.notes.is_empty());
    assert_eq!(release.canary_service.as_deref(), Some("shop-canary"));
    assert_eq!((release.steps.steps.len(), release.replicas), (4, None));
}

#[test]
fn who_shares_the_requests_is_told_with_its_names() {
    use crate::release::argo_rollout::canary::Routing;
    let services = json!({"canaryService": "a", "stableService": "b"});
    let with = |routing: Value| {
        let mut canary = services.clone();
        canary["trafficRouting"] = routing;
        of(canary)
    };
    let rule = json!({"name": "d", "canarySubsetName": "canary", "stableSubsetName": "stable"});
    let istio =
        with(json!({"istio": {"virtualServices": [{"name": "v.edge", "routes": ["main"]}], "destinationRule": rule}}));
    let Some(Routing::Istio(istio)) = istio.unwrap().routing else { panic!("no istio") };
    assert_eq!(istio.all().map(|one| (one.name.as_str(), one.routes.len())).collect::<Vec<_>>(), [("v.edge", 1)]);
    assert_eq!(istio.destination_rule.unwrap().canary_subset_name, "canary");
    let gateway = json!({"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "r", "grpcRoutes": [{"name": "g"}],
        "namespace": "edge", "configMap": "c"}}, "managedRoutes": [{"name": "m"}], "maxTrafficWeight": 1000});
    let release = with(gateway).unwrap();
    assert_eq!((release.steps.most, release.managed_routes.as_slice()), (1000, ["m".to_owned()].as_slice()));
    assert!(release.notes[0].contains("configMap"), "{:?}", release.notes);
    let Some(Routing::Gateway(routes)) = release.routing else { panic!("no gateway") };
    assert_eq!((routes.all_http(), routes.all_grpc()), (vec!["r"], vec!["g"]));
    let nginx =
        with(json!({"nginx": {"stableIngress": "i", "additionalIngressAnnotations": {"canary-by-header": "x"}}}));
    assert!(matches!(nginx.unwrap().routing, Some(Routing::Nginx(_))));
    let alb = with(
        json!({"alb": {"ingress": "i", "servicePort": 80, "stickinessConfig": {"enabled": true, "durationSeconds": 60}}}),
    );
    assert!(matches!(alb.unwrap().routing, Some(Routing::Alb(_))));
}
