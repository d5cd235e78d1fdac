use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::json;

use super::annotations::{by_request, counted};
use super::*;
use crate::kube::Labels;
use crate::release::change::json_patch;
use crate::traffic::router::{Beside, Route, RouterKind, Standing};

const PLACE: &str = "/metadata/annotations/nginx.ingress.kubernetes.io~1canary-weight";

fn object(annotations: &[(&str, &str)]) -> Value {
    let prefixed = annotations.iter().map(|(key, text)| (format!("nginx.ingress.kubernetes.io/{key}"), json!(text)));
    let mut all: serde_json::Map<String, Value> = prefixed.collect();
    all.insert("example.com/owner".into(), json!("team-1"));
    let path = json!({"path": "/", "pathType": "Prefix",
        "backend": {"service": {"name": "api-green", "port": {"number": 80}}}});
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "api-canary", "namespace": "shop", "annotations": all},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": "api.example.com", "http": {"paths": [path]}}]}})
}

fn pair(main: &str, own: &str) -> Pair {
    Pair { main: main.into(), own: own.into() }
}

fn route(object: Value) -> Route {
    let to = |color: &str| {
        (Destination { service: format!("api-{color}"), namespace: "shop".into(), subset: None }, color.to_owned())
    };
    let canary = Canary { pairs: [pair("api-blue", "api-green")].into(), ..Canary::default() };
    Route {
        kind: RouterKind::Nginx,
        namespace: "shop".into(),
        name: "api-canary".into(),
        metadata: ObjectMeta::deserialize(&object["metadata"]).unwrap(),
        rule: None,
        only: None,
        key: "version".into(),
        base: Labels::from([("app".into(), "api".into())]),
        colors: [to("blue"), to("green")].into(),
        besides: BTreeMap::new(),
        lost: std::collections::BTreeSet::new(),
        beside: Beside { canary: Some(Arc::new(canary)), ..Beside::default() },
        dns: None,
        object,
    }
}

fn typed(object: &Value) -> Ingress {
    Ingress::deserialize(object).unwrap()
}

/// One annotation is written, and only where all that it means something with is what was read.
#[test]
fn one_number_is_moved_and_nothing_else() {
    let route = route(object(&[("canary", "true"), ("canary-weight", "0"), ("canary-by-header", "X-Canary")]));
    assert_eq!(route.path(), "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/api-canary");
    assert_eq!(
        (route.reference().as_str(), route.named().to_string().as_str()),
        ("ingress/api-canary", "nginx/shop/api-canary")
    );
    assert_eq!(route.standing(&route.object), Standing::On("blue".into()));
    let expected = json!([
        {"op": "test", "path": PLACE, "value": "0"},
        {"op": "test", "path": "/metadata/annotations/nginx.ingress.kubernetes.io~1canary", "value": "true"},
        {"op": "test", "path": "/metadata/annotations/nginx.ingress.kubernetes.io~1canary-weight-total", "value": null},
        {"op": "test", "path": "/spec/rules/0/http/paths/0/backend/service/name", "value": "api-green"},
        {"op": "add", "path": PLACE, "value": "100"},
    ]);
    assert_eq!(json_patch(&route.plan(&route.object, "green")), expected);
    let moved = route.moved(&route.object, "green");
    assert!(route.holds(&moved, "green") && !route.holds(&route.object, "green"));
    let mut back = moved.clone();
    *back.pointer_mut(PLACE).unwrap() = json!("0");
    assert_eq!(back, route.object);
    assert_eq!(route.plan(&moved, "green").iter().filter(|op| op.0["op"] != "test").count(), 0, "it is there");
    assert_eq!(route.moved(&moved, "blue"), route.object);
    assert!(route.without(&route.object, "teal").is_some_and(|rule| route.adding(&rule, "teal").is_none()));
}

/// A canary by header alone has no weight: it is written then, and never left out again.
#[test]
fn a_weight_that_was_never_written_is_added() {
    let route = route(object(&[("canary", "true"), ("canary-by-header", "X-Canary")]));
    let plan = json_patch(&route.plan(&route.object, "green"));
    assert_eq!((&plan[0]["value"], &plan[4]["value"]), (&Value::Null, &json!("100")));
    let moved = route.moved(&route.object, "green");
    assert_eq!(moved.pointer(PLACE), Some(&json!("100")));
    assert_eq!(route.moved(&moved, "blue").pointer(PLACE), Some(&json!("0")));
}

/// ingress-nginx#9745, ingress-nginx#6338 (a total below 100 is 100), argo-rollouts#2889 (a thousandth), and texts that
/// Go's `Atoi` does not take: what a canary has, of how much, and what gives it all.
#[test]
fn weights_count_as_the_controller_counts_them() {
    for (weight, total, wanted) in [
        (None, None, (0, 100)),
        (Some("0"), None, (0, 100)),
        (Some("50"), None, (50, 100)),
        (Some("100"), None, (100, 100)),
        (Some("150"), None, (100, 100)),
        (Some("-1"), None, (0, 100)),
        (Some("+7"), None, (7, 100)),
        (Some("10%"), None, (0, 100)),
        (Some(" 10"), None, (0, 100)),
        (Some("1.5"), None, (0, 100)),
        (Some("1e2"), None, (0, 100)),
        (Some("٣"), None, (0, 100)),
        (Some(""), Some(""), (0, 100)),
        (Some("99999999999999999999"), None, (0, 100)),
        (Some("1"), Some("1000"), (1, 1000)),
        (Some("1000"), Some("1000"), (1000, 1000)),
        (Some("10"), Some("10"), (10, 100)),
        (Some("50"), Some("many"), (50, 100)),
        (Some("50"), Some("-200"), (50, 100)),
        (Some("5"), Some("9223372036854775807"), (5, i64::MAX)),
    ] {
        let all = [("canary", Some("true")), ("canary-weight", weight), ("canary-weight-total", total)];
        let written: Vec<(&str, &str)> = all.iter().filter_map(|(key, text)| Some((*key, (*text)?))).collect();
        let route = route(object(&written));
        assert_eq!(counted(&typed(&route.object)), wanted, "{weight:?} of {total:?}");
        let (own, all) = wanted;
        let split = match own {
            0 => Standing::On("blue".into()),
            own if own == all => Standing::On("green".into()),
            own => Standing::Split([("blue".to_owned(), all - own), ("green".to_owned(), own)].into()),
        };
        assert_eq!(route.standing(&route.object), split, "{weight:?} of {total:?}");
        for (color, text) in [("green", all.to_string()), ("blue", "0".to_owned())] {
            let moved = route.moved(&route.object, color);
            assert!(route.holds(&moved, color));
            assert_eq!(moved.pointer(PLACE), Some(&json!(text)), "{weight:?} of {total:?}");
        }
    }
}

/// Somebody switches the canary off, or lets it lead elsewhere: its number means nothing any more.
#[test]
fn an_ingress_that_is_no_canary_any_more_has_no_weight() {
    let route = route(object(&[("canary", "true"), ("canary-weight", "100")]));
    let mut off = route.object.clone();
    off["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary"] = json!("false");
    assert_eq!(route.standing(&off), Standing::Nowhere);
    let mut elsewhere = route.object.clone();
    elsewhere["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = json!("web-green");
    assert_ne!(route.rules(&elsewhere), route.rules(&route.object));
    assert_eq!(route.standing(&elsewhere), Standing::Nowhere);
}

/// A header before a cookie before the weight (ingress-nginx#4723 is a canary by weight and header at once).
#[test]
fn requests_that_ask_for_a_side_are_told() {
    let of = |annotations: &[(&str, &str)]| by_request(typed(&object(annotations)).metadata.annotations.as_ref());
    let by = |what: &str, both_ways| annotations::ByRequest { what: what.into(), both_ways };
    assert!(of(&[("canary", "true")]).is_empty());
    assert!(of(&[("canary-by-header", "  ")]).is_empty());
    assert_eq!(of(&[("canary-by-header", "X-Canary")]), [by("header X-Canary", true)]);
    assert_eq!(of(&[("canary-by-header", "X"), ("canary-by-header-value", "lts")]), [by("header X", false)]);
    assert_eq!(of(&[("canary-by-header", "X"), ("canary-by-header-pattern", "v.*")]), [by("header X", false)]);
    assert!(of(&[("canary-by-header-value", "lts")]).is_empty(), "it counts with the header's name alone");
    let both = of(&[("canary-by-cookie", "c"), ("canary-by-header", "X")]);
    assert_eq!(both, [by("header X", true), by("cookie c", true)]);
}
