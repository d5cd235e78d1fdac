//! Canary Ingresses of ingress-nginx among what may decide.

use super::*;
use crate::traffic::router::nginx::{Canary, Pair};

fn object(name: &str, weight: &str) -> Value {
    let path = |own: &str| json!({"path": format!("/{own}"), "pathType": "Prefix", "backend": {"service": {"name": own, "port": {"number": 80}}}});
    json!({"metadata": {"name": name, "namespace": "shop", "annotations": {
            "nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": weight}},
        "spec": {"rules": [{"http": {"paths": [path("api-green"), path("web-green")]}}]}})
}

fn canary(pairs: &[(&str, &str)], ignored: Option<&str>) -> Arc<Canary> {
    let pairs = pairs.iter().map(|(main, own)| Pair { main: (*main).into(), own: (*own).into() }).collect();
    Arc::new(Canary { pairs, ignored: ignored.map(str::to_owned), ..Canary::default() })
}

const COLORS: (&str, &str) = ("api-blue", "api-green");

fn case(selector: &Value, canaries: &[(&str, &str, Arc<Canary>)]) -> Case {
    let of = |color: &str| service(&format!("api-{color}"), &json!({"app": "api", "version": color}));
    let web = |color: &str| service(&format!("web-{color}"), &json!({"app": "web", "version": color}));
    Case {
        neighbours: vec![of("blue"), of("green"), web("blue"), web("green")],
        routes: canaries.iter().map(|(name, weight, _)| (RouterKind::Nginx, object(name, weight), None)).collect(),
        canaries: canaries.iter().map(|(name, _, made)| ((*name).to_owned(), Arc::clone(made))).collect(),
        ..Case::of(selector)
    }
}

#[test]
fn a_canary_of_both_colors_decides() {
    let over_both = json!({"app": "api"});
    let mut case = case(&over_both, &[("next", "0", canary(&[COLORS], None))]);
    let route = case.route();
    assert_eq!((route.key.as_str(), route.leading(&route.object).as_deref()), ("version", Some("blue")));
    assert_eq!((route.backend("blue"), route.backend("green")), (Some("api-blue"), Some("api-green")));
    case.named = Some("nginx/next");
    assert_eq!(case.route().name, "next");
    case.named = Some("nginx/shop/next:canary-weight");
    assert_eq!(case.route().name, "next");
    case.named = Some("nginx/other");
    assert!(matches!(case.unclear(), RouterUnclear::NotThere(_, all) if all[0].0.to_string() == "nginx/shop/next"));
    case.named = Some("alb");
    assert!(matches!(case.unclear(), RouterUnclear::NotThere(..)));
    (case.named, case.service) = (None, service("api-blue", &json!({"app": "api", "version": "blue"})));
    assert_eq!(case.route().name, "next", "it is one of those that are shared between");
}

/// The one that the controller takes (ingress-nginx#5848); what is ignored is chosen where there is nothing else, and
/// refused by a check.
#[test]
fn a_canary_that_is_ignored_does_not_make_several() {
    let over_both = json!({"app": "api"});
    let second = ("testers", "50", canary(&[COLORS], Some("why")));
    let both = case(&over_both, &[("next", "0", canary(&[COLORS], None)), second.clone()]);
    assert_eq!(both.route().name, "next");
    let alone = case(&over_both, &[second]).route();
    assert_eq!(alone.refusal().as_deref(), Some("why"));
}

/// One number for two applications: neither can be moved without the other.
#[test]
fn a_canary_of_several_services_is_no_router_and_is_told() {
    let two = canary(&[COLORS, ("web-blue", "web-green")], None);
    let why = case(&json!({"app": "api"}), &[("next", "0", Arc::clone(&two))]).unclear();
    assert!(matches!(&why, RouterUnclear::Undecided { why, .. } if why.contains("web-blue and web-green")), "{why}");
    let of_one = |weight| {
        let service = service("api-blue", &json!({"app": "api", "version": "blue"}));
        Case { service, ..case(&json!({}), &[("next", weight, Arc::clone(&two))]) }
    };
    assert!(matches!(of_one("0").found(), FoundRouter::Selector), "it takes nothing of what the Service selects");
    assert!(matches!(of_one("50").unclear(), RouterUnclear::Undecided { .. }));
    let mut other = of_one("50");
    other.service = service("other", &json!({"app": "other"}));
    assert!(matches!(other.found(), FoundRouter::Selector), "it is not about that one");
}

/// Its main Ingress is gone: who names it, or has moved it, is told; nobody else is kept from anything.
#[test]
fn a_canary_without_a_main_ingress_is_told_to_whom_it_matters() {
    let over_both = json!({"app": "api"});
    let mut case = case(&over_both, &[("next", "100", canary(&[], Some("no other Ingress")))]);
    assert!(matches!(case.found(), FoundRouter::Selector));
    case.named = Some("nginx/next");
    assert!(matches!(case.unclear(), RouterUnclear::Undecided { .. }));
    case.named = None;
    case.recorded = Some(RecordedColors { key: "version".into(), both: ["green".into(), "blue".into()] });
    assert!(matches!(case.unclear(), RouterUnclear::Undecided { .. }));
}
