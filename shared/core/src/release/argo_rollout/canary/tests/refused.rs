//! What makes no sense, and what nobody does here: by the path of its field, all of it at once.

use serde_json::{Value, json};

use super::{of, paths, read, rollout};
use crate::release::argo_rollout::Rollout;

fn routed(routing: Value, step: Value) -> Value {
    json!({"canaryService": "a", "stableService": "b", "trafficRouting": routing, "steps": [step]})
}

fn istio() -> Value {
    json!({"istio": {"virtualService": {"name": "v"}}, "managedRoutes": [{"name": "m"}]})
}

fn header(name: &str, value: Value) -> Value {
    json!({"setHeaderRoute": {"name": name, "match": [{"headerName": "x", "headerValue": value}]}})
}

/// Each is refused at this field alone.
fn refused_at(all: &[(Value, &str)]) {
    for (canary, path) in all {
        let unread = of(canary.clone()).expect_err(&canary.to_string());
        assert_eq!(paths(&unread), (true, vec![format!("spec.strategy.canary.{path}").as_str()]), "{canary}");
    }
}

/// `ValidateRolloutStrategyCanary`, line by line.
#[test]
fn what_argo_refuses_is_refused_at_its_field() {
    let alb = json!({"alb": {"ingress": "i", "servicePort": 80}, "managedRoutes": [{"name": "m"}]});
    let nginx = json!({"nginx": {"stableIngress": "i"}, "managedRoutes": [{"name": "m"}]});
    refused_at(&[
        (json!({"maxSurge": 0, "maxUnavailable": "0%"}), "maxSurge"),
        (json!({"canaryService": "a", "stableService": "a"}), "stableService"),
        (json!({"scaleDownDelaySeconds": 30}), "scaleDownDelaySeconds"),
        (json!({"dynamicStableScale": true}), "dynamicStableScale"),
        (json!({"steps": [{"setCanaryScale": {"weight": 5}}]}), "steps[0].setCanaryScale"),
        (json!({"steps": [{"setWeight": 5}, {"setWeight": 101}]}), "steps[1].setWeight"),
        (json!({"antiAffinity": {}}), "antiAffinity"),
        (json!({"antiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": {"weight": 0}}}), "antiAffinity"),
        (json!({"stableService": "b", "trafficRouting": alb}), "canaryService"),
        (json!({"canaryService": "b", "trafficRouting": nginx}), "stableService"),
    ]);
    let both = json!({"dynamicStableScale": true, "scaleDownDelaySeconds": 5, "trafficRouting": istio(),
        "canaryService": "a", "stableService": "b"});
    refused_at(&[(both, "dynamicStableScale")]);
}

/// The same of routes and routers.
#[test]
fn routes_are_refused_where_their_router_does_not_know_them() {
    let exact = || json!({"exact": "1"});
    let alb = json!({"alb": {"ingress": "i", "servicePort": 80}, "managedRoutes": [{"name": "m"}]});
    let nginx = json!({"nginx": {"stableIngress": "i"}, "managedRoutes": [{"name": "m"}]});
    refused_at(&[
        (routed(istio(), header("other", exact())), "steps[0].setHeaderRoute.name"),
        (routed(alb.clone(), header("m", json!({"prefix": "1"}))), "steps[0].setHeaderRoute.match[0].headerValue"),
        (routed(nginx.clone(), header("m", exact())), "steps[0].setHeaderRoute"),
        (routed(alb, json!({"setMirrorRoute": {"name": "m"}})), "steps[0].setMirrorRoute"),
        (json!({"steps": [{"setMirrorRoute": {"name": "m"}}]}), "steps[0].setMirrorRoute"),
        (
            routed(istio(), json!({"setMirrorRoute": {"name": "m", "percentage": 101}})),
            "steps[0].setMirrorRoute.percentage",
        ),
        (
            routed(
                json!({"istio": {"virtualService": {"name": "v"}}, "maxTrafficWeight": 10}),
                json!({"setWeight": 1}),
            ),
            "trafficRouting.maxTrafficWeight",
        ),
        (routed(json!({"istio": {}}), json!({"setWeight": 1})), "trafficRouting.istio"),
        (routed(json!({"alb": {"servicePort": 80}}), json!({"setWeight": 1})), "trafficRouting.alb"),
        (
            routed(json!({"nginx": {"stableIngress": "a", "stableIngresses": ["b"]}}), json!({"setWeight": 1})),
            "trafficRouting.nginx",
        ),
        (
            routed(json!({"plugins": {"argoproj-labs/gatewayAPI": {}}}), json!({"setWeight": 1})),
            "trafficRouting.plugins.argoproj-labs/gatewayAPI",
        ),
    ]);
    assert!(of(routed(istio(), header("m", exact()))).is_ok());
}

/// A step that is silently left out would be a canary that nobody tried.
#[test]
fn what_takes_a_controller_is_refused_by_name() {
    let canary = json!({"steps": [
        {"setWeight": 5}, {"experiment": {"templates": []}}, {"plugin": {"name": "x/y", "config": {}}}, {"pause": {}}]});
    let unread = of(canary).unwrap_err();
    assert_eq!(
        paths(&unread),
        (false, vec!["spec.strategy.canary.steps[1].experiment", "spec.strategy.canary.steps[2].plugin"])
    );
    for (routing, field) in [
        (json!({"smi": {}}), "smi"),
        (json!({"ambassador": {"mappings": ["m"]}}), "ambassador"),
        (json!({"appMesh": {}}), "appMesh"),
        (json!({"traefik": {"weightedTraefikServiceName": "t"}}), "traefik"),
        (json!({"apisix": {"route": {"name": "r"}}}), "apisix"),
        (json!({"plugins": {"argoproj-labs/contour": {}}}), "plugins.argoproj-labs/contour"),
        (
            json!({"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "r", "tcpRoute": "t"}}}),
            "plugins.argoproj-labs/gatewayAPI.tcpRoute",
        ),
        (
            json!({"istio": {"virtualService": {"name": "v", "tlsRoutes": [{"port": 1}]}}}),
            "istio.virtualService[0].tlsRoutes",
        ),
    ] {
        let unread = of(routed(routing.clone(), json!({"setWeight": 5}))).expect_err(&routing.to_string());
        let path = format!("spec.strategy.canary.trafficRouting.{field}");
        assert_eq!(paths(&unread), (false, vec![path.as_str()]), "{routing}");
    }
    let two = json!({"istio": {"virtualService": {"name": "v"}}, "nginx": {"stableIngress": "i"}});
    assert_eq!(
        paths(&of(routed(two, json!({"setWeight": 5}))).unwrap_err()).1,
        ["spec.strategy.canary.trafficRouting"]
    );
}

#[test]
fn another_strategy_is_pointed_to_where_it_is_released() {
    let with = |strategy: Value| read(rollout(json!({}), json!({"strategy": strategy}))).unwrap_err();
    let blue_green = with(json!({"blueGreen": {"activeService": "a"}}));
    assert!(
        blue_green.problems()[0].to_string().contains("spec.strategy.blueGreen: kubectl bluegreen"),
        "{blue_green:?}"
    );
    assert_eq!(paths(&with(json!({}))), (true, vec!["spec.strategy"]));
    assert_eq!(paths(&with(json!({"blueGreen": {}, "canary": {}}))), (true, vec!["spec.strategy"]));
}

#[test]
fn a_release_is_of_one_workload_by_its_name() {
    let named = |metadata: Value| {
        let mut whole = rollout(json!({"steps": [{"setWeight": 5}]}), json!({}));
        whole["metadata"] = metadata;
        read(whole).map(|release| release.workload.name)
    };
    assert_eq!(paths(&named(json!({"generateName": "shop-"})).unwrap_err()).1, ["metadata.generateName"]);
    assert_eq!(paths(&named(json!({})).unwrap_err()).1, ["metadata.name"]);
    assert_eq!(named(json!({"name": "shop", "labels": {"a": "b"}})), Ok("shop".to_owned()));
    let own = |reference: Value| {
        read(rollout(json!({}), json!({"workloadRef": reference, "template": null, "selector": null})))
    };
    let set = own(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a"})).unwrap_err();
    assert_eq!(paths(&set), (false, vec!["spec.workloadRef"]));
    let both = rollout(json!({}), json!({"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}}));
    assert_eq!(paths(&read(both).unwrap_err()).1, ["spec.template"]);
    let short = rollout(json!({}), json!({"minReadySeconds": 30, "progressDeadlineSeconds": 30}));
    assert_eq!(paths(&read(short).unwrap_err()).1, ["spec.progressDeadlineSeconds"]);
}

/// A field that nobody knows is one that somebody misspelt, wherever it stands; the edge says which is near.
#[test]
fn what_argo_does_not_know_is_no_field() {
    for canary in [
        json!({"canaryServices": "a"}),
        json!({"analysis": {"template": []}}),
        json!({"analysis": {"templates": [{"name": "t"}]}}),
        json!({"trafficRouting": {"nginx": {"ingress": "i"}}}),
        json!({"trafficRouting": {"istio": {"virtualService": {"name": "v", "route": []}}}}),
        json!({"trafficRouting": {"plugins": {"argoproj-labs/gatewayAPI": {"httproute": "r"}}}}),
        json!({"replicaProgressThreshold": {"type": "Pod", "value": 1}}),
        json!({"steps": [{"analysis": {"args": [{"name": "a", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}}]}),
        json!({"maxSurge": "3"}),
    ] {
        assert!(serde_json::from_value::<Rollout>(rollout(canary.clone(), json!({}))).is_err(), "{canary}");
    }
}
