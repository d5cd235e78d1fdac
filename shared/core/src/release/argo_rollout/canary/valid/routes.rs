//! Routes that a step adds: which router knows them, and what they may match.

use crate::release::argo_rollout::canary::Canary;
use crate::release::argo_rollout::canary::traffic::TrafficRouting;
use crate::release::canary::routes::{HeaderRoute, MirrorRoute, TextMatch};

/// What is wrong with a route for testers.
pub(super) fn of_header(canary: &Canary, route: &HeaderRoute, is_routed: bool) -> Vec<(String, String)> {
    let field = "setHeaderRoute".to_owned();
    let routing = canary.traffic_routing.as_ref();
    let knows = |routing: &TrafficRouting| routing.istio.is_some() || routing.alb.is_some() || has_plugin(routing);
    let mut found = of_router(routing.map(knows), is_routed, &field, "istio, alb and plugins know header routes");
    found.extend(of_name(routing, &route.name, &field));
    if routing.is_some_and(|routing| routing.alb.is_some()) {
        let exact = |value: &TextMatch| matches!(value, TextMatch::Exact(_));
        for (at, one) in route.matches.iter().enumerate().filter(|(_, one)| !exact(&one.header_value)) {
            let why = format!("alb matches {} exactly", one.header_name);
            found.push((format!("{field}.match[{at}].headerValue"), why));
        }
    }
    found
}

/// What is wrong with a mirror.
pub(super) fn of_mirror(canary: &Canary, route: &MirrorRoute, is_routed: bool) -> Vec<(String, String)> {
    let field = "setMirrorRoute".to_owned();
    let routing = canary.traffic_routing.as_ref();
    let knows = |routing: &TrafficRouting| routing.istio.is_some() || has_plugin(routing);
    let mut found = of_router(routing.map(knows), is_routed, &field, "istio and plugins know mirrors");
    found.extend(of_name(routing, &route.name, &field));
    if let Some(percentage) = route.percentage.filter(|percentage| *percentage > 100) {
        found.push((format!("{field}.percentage"), format!("{percentage} is not from 0 to 100")));
    }
    found
}

fn has_plugin(routing: &TrafficRouting) -> bool {
    routing.plugins.gateway.is_some() || !routing.plugins.others.is_empty()
}

/// A router that was typed is known to somebody else.
fn of_router(knows: Option<bool>, is_routed: bool, field: &str, why: &str) -> Vec<(String, String)> {
    match knows {
        Some(true) => Vec::new(),
        None if is_routed => Vec::new(),
        _ => vec![(field.to_owned(), why.to_owned())],
    }
}

fn of_name(routing: Option<&TrafficRouting>, name: &str, field: &str) -> Option<(String, String)> {
    let routes = &routing?.managed_routes;
    let is_there = routes.iter().any(|route| route.name == name);
    let why = || format!("{:?} is not among trafficRouting.managedRoutes", name);
    (!is_there).then(|| (format!("{field}.name"), why()))
}
