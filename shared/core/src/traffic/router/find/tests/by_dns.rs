//! Records of DNS between the load balancers of two Services.

use super::*;
use crate::command::Scope;
use crate::traffic::router::nginx::Canaries;
use crate::traffic::router::route53::by_dns::{balancers_in, with_sets};
use crate::traffic::router::route53::{ByDns, RecordSet};
use crate::traffic::router::{Form, NamedRouter};

const PLACE: &str = "Z2LD58HEXAMPLE/api.example.com";

fn set(kind: &str, color: &str, weight: i64) -> RecordSet {
    let to = format!("dualstack.{color}.elb.us-east-2.amazonaws.com.");
    let set = json!({"Name": "api.example.com.", "Type": kind, "SetIdentifier": color, "Weight": weight, "AliasTarget":
        {"HostedZoneId": "Z3AADJGX6KTTL2", "DNSName": to, "EvaluateTargetHealth": true}});
    serde_json::from_value(set).unwrap()
}

/// A Service of a color, behind a load balancer of its own.
fn balanced(app: &str, color: &str) -> Service {
    let address = format!("{color}.elb.us-east-2.amazonaws.com");
    let of_color = json!({"metadata": {"name": format!("{app}-{color}"), "namespace": "shop"},
        "spec": {"selector": {"app": app, "version": color}},
        "status": {"loadBalancer": {"ingress": [{"hostname": address}]}}});
    serde_json::from_value(of_color).unwrap()
}

fn found(sets: &[RecordSet]) -> FoundRouter {
    let services = [
        service("api", &json!({"app": "api"})),
        balanced("api", "blue"),
        balanced("api", "green"),
        balanced("blog", "teal"),
    ];
    let named: NamedRouter = format!("route53/{PLACE}").parse().unwrap();
    let object = with_sets(json!(services[0]), sets);
    let dns = Some(Arc::new(ByDns { place: PLACE.parse().unwrap(), balancers: balancers_in(&services, &[]) }));
    let routes =
        [SeenRoute { kind: RouterKind::Route53, object: &object, moved_by: None, matched: None, recorded: None, dns }];
    find(&Sought {
        service: &services[0],
        namespace: "shop",
        neighbours: &services,
        routes: &routes,
        rules: &[],
        bindings: &[],
        canaries: &Canaries::new(),
        key: None,
        named: Some(&named),
    })
}

fn route(sets: &[RecordSet]) -> Arc<Route> {
    match found(sets) {
        FoundRouter::Route(route) => route,
        other => panic!("{other:?}"),
    }
}

/// The Service keeps what it selects; what is moved is Route 53's, and says so by its name.
#[test]
fn records_decide_between_services_of_a_color_each() {
    let all = [set("A", "blue", 100), set("A", "green", 0), set("AAAA", "blue", 100), set("AAAA", "green", 0)];
    let route = route(&all);
    assert_eq!(route.reference(), format!("route53/{PLACE}"));
    assert_eq!(route.path(), "/api/v1/namespaces/shop/services/api", "our record lies there");
    assert_eq!((route.key.as_str(), route.backend("green")), ("version", Some("api-green")));
    assert_eq!(route.standing(&route.object), Standing::On("blue".into()));
    assert!(route.plan(&route.object, "green").is_empty(), "no patch of an object moves it");
    let moved = route.moved(&route.object, "green");
    assert_eq!(route.standing(&moved), Standing::On("green".into()));
    let batch = route.batch(&route.object, "green").unwrap().unwrap();
    assert_eq!(batch.changes.len(), 8, "all types, each once deleted and once created");
    let command = route.command(&Scope::default(), &route.object, "green").to_string();
    assert!(
        command.starts_with("aws route53 change-resource-record-sets --hosted-zone-id Z2LD58HEXAMPLE"),
        "{command}"
    );
    assert!(route.rules(&route.object).iter().all(|rule| rule.form == Form::Records));
}

/// Who asks for IPv6 addresses would stay with blue.
#[test]
fn a_type_that_lacks_the_color_stops_all() {
    let route = route(&[set("A", "blue", 100), set("A", "green", 0), set("AAAA", "blue", 100)]);
    assert_eq!(route.refusal_to("green").map(|why| why.reason()), Some("RecordsLackColor"));
    assert!(route.refusal_to("blue").is_none());
}

/// Records of another application, or of one color alone, are nobody's to move.
#[test]
fn records_that_lead_elsewhere_decide_nothing() {
    for sets in [vec![], vec![set("A", "blue", 100)], vec![set("A", "blue", 100), set("A", "teal", 1)]] {
        assert!(matches!(found(&sets), FoundRouter::Unclear(RouterUnclear::NotThere(..))), "{sets:?}");
    }
    let zero = [set("A", "blue", 0), set("A", "green", 0)];
    assert!(matches!(route(&zero).standing(&json!({})), Standing::Nowhere));
    assert!(matches!(route(&zero).standing(&route(&zero).object), Standing::Split(_)), "equal shares");
}
