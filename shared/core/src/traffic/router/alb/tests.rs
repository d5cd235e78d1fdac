use serde_json::{Value, json};

use super::*;
use crate::kube::Labels;
use crate::release::change::json_patch;
use crate::traffic::router::{Beside, Route, RouterKind, Standing};

fn action(blue: i64, green: i64) -> String {
    let group = |color: &str, weight: i64| json!({"serviceName": format!("api-{color}"), "servicePort": "80", "weight": weight});
    json!({"type": "forward", "forwardConfig": {"targetGroups": [group("blue", blue), group("green", green)]}})
        .to_string()
}

fn path(path: &str, action: &str) -> Value {
    let backend = json!({"service": {"name": action, "port": {"name": "use-annotation"}}});
    json!({"path": path, "pathType": "Prefix", "backend": backend})
}

fn ingress(annotations: &Value, paths: &Value) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "edge", "namespace": "shop", "annotations": annotations},
        "spec": {"ingressClassName": "alb", "rules": [{"host": "api.example.com", "http": {"paths": paths}}]}})
}

fn typed(object: &Value) -> Ingress {
    Ingress::deserialize(object).unwrap()
}

fn route(object: Value) -> Route {
    let to = |color: &str| {
        (Destination { service: format!("api-{color}"), namespace: "shop".into(), subset: None }, color.to_owned())
    };
    Route {
        kind: RouterKind::Alb,
        namespace: "shop".into(),
        name: "edge".into(),
        metadata: ObjectMeta::default(),
        rule: None,
        only: None,
        key: "version".into(),
        base: Labels::from([("app".into(), "api".into())]),
        colors: [to("blue"), to("green")].into(),
        besides: BTreeMap::new(),
        lost: std::collections::BTreeSet::new(),
        beside: Beside::default(),
        dns: None,
        object,
    }
}

/// One annotation is written, and only if it is still the text that was read.
#[test]
fn the_action_that_is_used_is_moved_as_a_whole_text() {
    let annotations = json!({"alb.ingress.kubernetes.io/actions.api": action(100, 0),
        "alb.ingress.kubernetes.io/actions.unused": action(100, 0),
        "alb.ingress.kubernetes.io/actions.ssl-redirect": r#"{"Type":"redirect","RedirectConfig":{"StatusCode":"HTTP_301"}}"#});
    let route =
        route(ingress(&annotations, &json!([path("/*", "ssl-redirect"), path("/", "api"), path("/v2", "api")])));
    assert_eq!(route.path(), "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/edge");
    assert_eq!(route.standing(&route.object), Standing::On("blue".into()));
    let pointer = "/metadata/annotations/alb.ingress.kubernetes.io~1actions.api";
    let expected = json!([
        {"op": "test", "path": pointer, "value": action(100, 0)},
        {"op": "replace", "path": pointer, "value": action(0, 100)},
    ]);
    assert_eq!(json_patch(&route.plan(&route.object, "green")), expected);
    let moved = route.moved(&route.object, "green");
    assert!(route.holds(&moved, "green"));
    assert_eq!(moved.pointer(pointer), Some(&json!(action(0, 100))));
    let mut others = moved.clone();
    *others.pointer_mut(pointer).unwrap() = json!(action(100, 0));
    assert_eq!(others, route.object);
    assert_eq!(route.plan(&moved, "green").len(), 1, "it is there: nothing but the condition");
}

/// A path of its own goes on as it does, and is told; the others are moved as one.
#[test]
fn actions_are_rules_of_one_route() {
    let annotations = json!({"alb.ingress.kubernetes.io/actions.api": action(100, 0),
        "alb.ingress.kubernetes.io/actions.beta": action(0, 1),
        "alb.ingress.kubernetes.io/conditions.beta": r#"[{"field":"http-header"}]"#});
    let route = route(ingress(&annotations, &json!([path("/", "api"), path("/", "beta")])));
    assert!(matches!(route.standing(&route.object), Standing::Split(_)));
    let one = Route { rule: Some("api".into()), ..route };
    assert_eq!(one.standing(&one.object), Standing::On("blue".into()));
    let staying = one.staying(&one.object);
    assert_eq!((staying[0].called().as_str(), staying[0].matches), ("beta", true));
}

/// Of ten users with such annotations one has them on an Ingress of nginx (a real file): its weights reach nobody.
#[test]
fn an_ingress_of_another_controller_is_none() {
    let annotations = json!({"alb.ingress.kubernetes.io/actions.api": action(100, 0)});
    let plain = ingress(&annotations, &json!([path("/", "api")]));
    let class = |name: &str, controller: &str| -> IngressClass {
        serde_json::from_value(json!({"metadata": {"name": name}, "spec": {"controller": controller}})).unwrap()
    };
    let classes = [
        class("internal", "ingress.k8s.aws/alb"),
        class("auto", "eks.amazonaws.com/alb"),
        class("nginx", "k8s.io/ingress-nginx"),
    ];
    let of = |spec: Option<&str>, annotated: Option<&str>| {
        let mut object = plain.clone();
        object["spec"]["ingressClassName"] = json!(spec);
        if let Some(class) = annotated {
            object["metadata"]["annotations"]["kubernetes.io/ingress.class"] = json!(class);
        }
        is_alb(&typed(&object), &classes)
    };
    assert!(of(Some("alb"), None) && of(Some("internal"), None) && of(Some("auto"), None));
    assert!(of(Some("nginx"), Some("alb")), "the annotation counts");
    assert!(
        !of(Some("nginx"), None) && !of(Some("alb"), Some("nginx")) && !of(Some("unknown"), None) && !of(None, None)
    );
    let mut unused = plain.clone();
    unused["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] = json!({"number": 80});
    assert!(!is_alb(&typed(&unused), &classes));
    assert_eq!((unknown_class(&typed(&plain)), unknown_class(&typed(&unused))), (None, None));
}

/// One action that can't be read stops the whole Ingress at its controller: weights would reach nobody.
#[test]
fn an_action_that_is_broken_beside_the_moved_one_is_told() {
    let mut annotations = json!({"alb.ingress.kubernetes.io/actions.api": action(100, 0),
        "alb.ingress.kubernetes.io/actions.other": "{", "alb.ingress.kubernetes.io/actions.unused": "{"});
    let paths = json!([path("/", "api"), path("/other", "other")]);
    assert!(refusal(&ingress(&annotations, &paths)).unwrap().starts_with("action other: it is no JSON"));
    annotations["alb.ingress.kubernetes.io/actions.other"] = json!(action(1, 1));
    assert_eq!(refusal(&ingress(&annotations, &paths)), None);
}

/// The controller makes a binding for every target group, those without requests too: they keep no color up.
#[test]
fn a_binding_of_a_weight_of_nothing_is_no_use() {
    let binding = |labels: &Value, arn: &str| -> TargetGroupBinding {
        serde_json::from_value(json!({"metadata": {"name": "k8s-shop-apigreen", "labels": labels},
            "spec": {"serviceRef": {"name": "api-green", "port": 80}, "targetGroupARN": arn}}))
        .unwrap()
    };
    let own = json!({"ingress.k8s.aws/stack-namespace": "shop", "ingress.k8s.aws/stack-name": "edge"});
    let annotations = json!({"alb.ingress.kubernetes.io/actions.api": action(100, 0)});
    let mut object = ingress(&annotations, &json!([path("/", "api")]));
    assert!(gives_nothing(&typed(&object), &binding(&own, "arn:x")));
    assert!(!gives_nothing(&typed(&object), &binding(&json!({"ingress.k8s.aws/stack": "public"}), "arn:x")));
    object["metadata"]["annotations"]["alb.ingress.kubernetes.io/group.name"] = json!("public");
    assert!(gives_nothing(&typed(&object), &binding(&json!({"ingress.k8s.aws/stack": "public"}), "arn:x")));
    assert!(!gives_nothing(&typed(&object), &binding(&json!({}), "arn:x")));
    for (weight, idle) in [(0, true), (1, false)] {
        let groups =
            json!([{"targetGroupARN": "arn:blue", "weight": 9}, {"targetGroupARN": "arn:x", "weight": weight}]);
        let text = json!({"type": "forward", "forwardConfig": {"targetGroups": groups}}).to_string();
        object["metadata"]["annotations"]["alb.ingress.kubernetes.io/actions.api"] = json!(text);
        assert_eq!(gives_nothing(&typed(&object), &binding(&json!({}), "arn:x")), idle);
    }
}
