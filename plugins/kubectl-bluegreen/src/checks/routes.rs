//! Routes that choose between the colors before the Service's selector is asked.

use std::collections::{BTreeMap, BTreeSet};

use release_core::command::selector_change_command;
use release_core::kube::Labels;
use release_core::text::printable;
use release_core::traffic::ingress;
use release_core::traffic::router::{Beside, Share, rules_of};
use release_core::traffic::routes::{GatewayRoute, split_with, subsets_of};

use super::case::Case;
use crate::snapshot::{Reading, Snapshot, all_routes};
use release_core::checks::finding::{Finding, Mend};
use release_core::checks::ids;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let snapshot = case.snapshot;
    let unread = [
        ("virtualservices", why(&snapshot.virtual_services)),
        ("destinationrules", why(&snapshot.destination_rules)),
        ("httproutes", why(&snapshot.http_routes)),
        ("grpcroutes", why(&snapshot.grpc_routes)),
        ("ingresses", why(&snapshot.ingresses)),
        ("ingressclasses", why(&snapshot.ingress_classes)),
    ];
    let unread = unread.into_iter().filter_map(|(what, why)| Some(case.not_checked(ids::ROUTE_DECIDES, what, why?)));
    // What a route that is moved doesn't decide is told by itself.
    let found = if case.view.route.is_some() { by_ingress(case) } else { by_selector(case) };
    found.into_iter().chain(unread).collect()
}

/// Where the Service's own selector is moved, any route that tells colors apart is in its way.
fn by_selector(case: &Case<'_>) -> Vec<Finding> {
    by_subset(case).into_iter().chain(by_backend(case)).chain(past_it(case)).collect()
}

fn by_ingress(case: &Case<'_>) -> Vec<Finding> {
    let mut splits = ingress::split_with(case.view.name(), case.snapshot.ingresses.as_deref().unwrap_or_default());
    let moved = case.view.route.as_ref().map(|route| route.reference());
    splits.retain(|(route, _)| moved.as_ref() != Some(route));
    told(case, splits)
}

fn why<T>(reading: &Reading<T>) -> Option<&str> {
    reading.as_ref().err().map(String::as_str)
}

/// A subset adds its labels to the Service's selector
/// (<https://istio.io/latest/docs/reference/config/networking/destination-rule/#Subset>): one of the
/// color that is left has no endpoints after the move, and one that nothing defines has none at all.
fn by_subset(case: &Case<'_>) -> Vec<Finding> {
    let routes = case.snapshot.virtual_services.as_deref().unwrap_or_default();
    let rules = case.snapshot.destination_rules.as_deref();
    let (service, namespace) = (case.view.name(), &case.snapshot.namespace);
    let mut messages = BTreeMap::new();
    for using in subsets_of(service, namespace, routes, rules.unwrap_or_default()) {
        let (route, subset) = (printable(&using.route), printable(&using.subset));
        let key = &case.tracks.key;
        let message = match using.labels {
            Some(labels) => {
                labels.get(key).map(|color| format!("{route}: subset {subset} is {key}={}", printable(color)))
            }
            // Rules that couldn't be read may define it; that is told as such.
            None => rules.is_ok().then(|| format!("{route}: no DestinationRule here defines subset {subset}")),
        };
        messages.entry((route, subset)).or_insert(message);
    }
    messages.into_values().flatten().map(|message| decides(case, message, widening(case))).collect()
}

/// Shares of Services of different colors: moving one of them sends both shares to one color.
fn by_backend(case: &Case<'_>) -> Vec<Finding> {
    let Snapshot { namespace, http_routes, grpc_routes, ingresses, .. } = case.snapshot;
    let service = case.view.name();
    let routes = |kind, read: &Reading<Vec<GatewayRoute>>| {
        split_with(service, namespace, kind, read.as_deref().unwrap_or_default())
    };
    let mut splits = routes("httproute", http_routes);
    splits.extend(routes("grpcroute", grpc_routes));
    splits.extend(ingress::split_with(service, ingresses.as_deref().unwrap_or_default()));
    told(case, splits)
}

/// A rule that shares among Services of the colors, and not with this one: whoever comes by it stays where they are.
/// One of a single color is a tester's.
fn past_it(case: &Case<'_>) -> Vec<Finding> {
    let (snapshot, name) = (case.snapshot, case.view.name());
    let bindings = snapshot.target_group_bindings.as_deref().unwrap_or_default();
    let found = all_routes(snapshot).into_iter().flat_map(|(kind, object)| {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
        let of = if text("namespace").is_empty() { snapshot.namespace.as_str() } else { text("namespace") };
        let beside = Beside::of(kind, text("name"), bindings, &snapshot.canaries);
        let (route, rules) = (format!("{}/{}", kind.resource(), text("name")), rules_of(kind, object, of, &beside));
        rules.into_iter().filter_map(move |rule| {
            let here = |share: &&Share| share.to.subset.is_none() && share.to.namespace == snapshot.namespace;
            let named: BTreeSet<&str> =
                rule.shares.iter().filter(here).map(|share| share.to.service.as_str()).collect();
            let colors: BTreeMap<&str, &str> =
                named.iter().filter_map(|service| Some((color_of(case, service)?, *service))).collect();
            let shared = colors.values().copied().collect::<Vec<_>>().join(" and ");
            (colors.len() > 1 && !named.contains(name))
                .then(|| printable(&format!("{route} shares requests between {shared}")))
        })
    });
    let messages: BTreeSet<String> = found.collect();
    messages
        .into_iter()
        .map(|message| decides(case, format!("{message}, past service/{name}"), widening(case)))
        .collect()
}

/// The color that another Service selects by the label that tells them apart.
fn color_of<'c>(case: &'c Case<'_>, name: &str) -> Option<&'c str> {
    case.tracks.color_selected_by(selector_of(case, name).filter(|s| s.contains_key(&case.tracks.key))?)
}

fn told(case: &Case<'_>, splits: Vec<(String, String)>) -> Vec<Finding> {
    let service = case.view.name();
    let of_a_color = splits.into_iter().filter(|(_, other)| is_of_a_color(case, other));
    let message =
        |(route, other): (String, String)| format!("{} splits between {service} and {other}", printable(&route));
    of_a_color.map(|split| decides(case, message(split), "change the route's weights instead")).collect()
}

/// True for a Service that selects one color of the same application. One that isn't in the
/// namespace's list selects nothing.
fn is_of_a_color(case: &Case<'_>, name: &str) -> bool {
    selector_of(case, name).is_some_and(|selector| case.tracks.color_selected_by(selector).is_some())
}

fn selector_of<'c>(case: &Case<'c>, name: &str) -> Option<&'c Labels> {
    case.neighbour(name)?.spec.as_ref()?.selector.as_ref()
}

/// A Service that selects both colors leaves it to the route, and then its weights are what is moved.
fn widening(case: &Case<'_>) -> Mend {
    let tracks = case.tracks;
    if tracks.base.is_empty() {
        return Mend::Advice("change the route's weights instead".to_owned());
    }
    let selector = tracks.selector_for(&tracks.active);
    Mend::Run(selector_change_command(case.view.name(), case.scope(), &selector, &tracks.base))
}

fn decides(case: &Case<'_>, message: String, mend: impl Into<Mend>) -> Finding {
    case.blocks(ids::ROUTE_DECIDES, message).mend(mend)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::checks::testing::{World, told};

    fn virtual_service(subset: Option<&str>) -> Value {
        json!({"metadata": {"name": "api", "namespace": "shop"}, "spec": {"hosts": ["api.internal"], "http": [
            {"route": [{"destination": {"host": "api", "subset": subset}, "weight": 100}]},
            {"route": [{"destination": {"host": "api", "subset": subset}}]}]}})
    }

    fn rule(labels: &Value) -> Value {
        json!({"metadata": {"name": "api", "namespace": "shop"}, "spec": {"host": "api", "subsets": [{"name": "stable", "labels": labels}]}})
    }

    fn mesh(route: Value, rules: Vec<Value>) -> World {
        World { virtual_services: Ok(vec![route]), destination_rules: Ok(rules), ..World::healthy() }
    }

    #[test]
    fn the_live_subset_would_be_emptied() {
        let world = mesh(virtual_service(Some("stable")), vec![rule(&json!({"version": "blue"}))]);
        assert_eq!(told(&world.findings(check)), ["x route-decides"]);
    }

    #[test]
    fn a_subset_that_nothing_defines_sends_nowhere() {
        let world = mesh(virtual_service(Some("stable")), vec![]);
        assert_eq!(told(&world.findings(check)), ["x route-decides"]);
    }

    #[test]
    fn routes_that_leave_the_color_to_the_service_are_fine() {
        assert!(World::healthy().findings(check).is_empty());
        assert!(mesh(virtual_service(None), vec![]).findings(check).is_empty());
        assert!(mesh(virtual_service(Some("stable")), vec![rule(&json!({"tier": "web"}))]).findings(check).is_empty());
    }

    fn http_route(backends: &Value) -> Value {
        json!({"metadata": {"name": "api", "namespace": "shop"}, "spec": {"rules": [{"backendRefs": backends}]}})
    }

    #[test]
    fn a_route_that_shares_among_colors_is_moved_itself() {
        let mut world = World::healthy();
        world.http_routes =
            Ok(vec![http_route(&json!([{"name": "api", "weight": 90}, {"name": "api-green", "weight": 10}]))]);
        assert!(world.findings(check).is_empty(), "another application's share");
        world.neighbours = Ok(vec![
            json!({"metadata": {"name": "api-green"}, "spec": {"selector": {"app": "api", "version": "green"}}}),
        ]);
        assert!(world.findings(check).is_empty());
        assert_eq!(world.with_case(|case| case.view.decider("shop")), "httproute/api");
        world.http_routes = Ok(vec![http_route(&json!([{"name": "api"}]))]);
        assert!(world.findings(check).is_empty());
        assert_eq!(world.with_case(|case| case.view.decider("shop")), "service/api");
    }

    /// The Service's own clients would move, and those of the gateway would stay, without a word.
    #[test]
    fn a_route_that_shares_past_the_service_blocks() {
        let mut world = World::healthy();
        let own = |color: &str| json!({"metadata": {"name": format!("api-{color}"), "namespace": "shop"}, "spec": {"selector": {"app": "api", "version": color}}});
        world.neighbours = Ok(vec![own("blue"), own("green")]);
        let both = http_route(&json!([{"name": "api-blue", "weight": 1}, {"name": "api-green", "weight": 0}]));
        world.grpc_routes = Ok(vec![both.clone()]);
        assert_eq!(told(&world.findings(check)), ["x route-decides"]);
        world.grpc_routes = Ok(vec![]);
        world.http_routes = Ok(vec![both]);
        let found = world.findings(check);
        assert_eq!(told(&found), ["x route-decides"]);
        let mend = found[0].mend.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(mend.contains("kubectl patch service api"), "{mend}");
        world.http_routes = Ok(vec![http_route(&json!([{"name": "api-green"}]))]);
        assert!(world.findings(check).is_empty(), "testers come by it");
        world.http_routes = Ok(vec![]);
        let to = |color: &str| json!({"destination": {"host": format!("api-{color}")}, "weight": 50});
        let by_host = json!({"metadata": {"name": "api", "namespace": "shop"}, "spec": {"http": [{"route": [to("blue"), to("green")]}]}});
        world.virtual_services = Ok(vec![by_host]);
        assert_eq!(told(&world.findings(check)), ["x route-decides"]);
    }

    #[test]
    fn grpc_routes_and_canary_ingresses_split_alike() {
        let mut world = World::healthy();
        world.neighbours = Ok(vec![json!({"metadata": {"name": "api-next"}, "spec": {"selector": {"color": "teal"}}})]);
        world.workload("green")["spec"]["template"]["metadata"]["labels"]["color"] = json!("teal");
        world.grpc_routes = Ok(vec![http_route(&json!([{"name": "api"}, {"name": "api-next"}]))]);
        assert_eq!(told(&world.findings(check)), ["x route-decides"], "it selects green by another label");
        world.grpc_routes = Ok(vec![]);
        let ingress = |name: &str, service: &str, annotations: &Value| {
            let path = json!({"path": "/", "pathType": "Prefix", "backend": {"service": {"name": service}}});
            json!({"metadata": {"name": name, "annotations": annotations}, "spec": {"rules": [{"http": {"paths": [path]}}]}})
        };
        let canary =
            json!({"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "5"});
        world.ingresses = Ok(vec![ingress("main", "api", &json!({})), ingress("next", "api-next", &canary)]);
        assert_eq!(told(&world.findings(check)), ["x route-decides"]);
        world.ingresses = Err("forbidden".into());
        assert_eq!(told(&world.findings(check)), ["? route-decides"]);
    }

    #[test]
    fn what_may_not_be_read_is_said_once() {
        let mut world = mesh(virtual_service(Some("stable")), vec![]);
        world.destination_rules = Err("forbidden".into());
        assert_eq!(told(&world.findings(check)), ["? route-decides"]);
        world.virtual_services = Err("forbidden".into());
        world.destination_rules = Ok(vec![]);
        world.http_routes = Err("timed out".into());
        assert_eq!(told(&world.findings(check)), ["? route-decides", "? route-decides"]);
    }
}
