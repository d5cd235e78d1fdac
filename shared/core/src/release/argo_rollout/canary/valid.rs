//! What Argo would refuse of a canary (`pkg/apis/rollouts/validation/validation.go` of argo-rollouts v1.10.1), and what
//! it lets pass that can't be meant.

mod routes;

use super::gateway::NAME;
use super::traffic::{Istio, Routing, TrafficRouting};
use super::{AntiAffinity, Canary, WrittenStep};
use crate::release::argo_rollout::problem::Problem;
use crate::release::canary::amount::Amount;
use crate::release::canary::step::Step;
use crate::release::canary::steps::ALL;

/// Where all of it stands.
pub const PATH: &str = "spec.strategy.canary";

/// What is wrong, in the order of the fields.
pub fn problems(canary: &Canary, is_routed: bool) -> Vec<Problem> {
    let mut found = of_sizes(canary, is_routed);
    found.extend(of_services(canary));
    if let Some(routing) = &canary.traffic_routing {
        found.extend(of_routing(routing));
    }
    for (at, step) in canary.steps.iter().enumerate() {
        if let WrittenStep::Several(names) = step {
            let why = format!("a step does one thing, and this one says {names}");
            found.push(Problem::new(format!("{PATH}.steps[{at}]"), why));
        }
        if let WrittenStep::Done(step) = step {
            found.extend(of_step(canary, step, is_routed).map(|(field, why)| {
                let field = if field.is_empty() { String::new() } else { format!(".{field}") };
                Problem::new(format!("{PATH}.steps[{at}]{field}"), why)
            }));
        }
    }
    found
}

/// All of the requests in the router's own count.
pub fn most(canary: &Canary) -> u32 {
    canary.traffic_routing.as_ref().and_then(|routing| routing.max_traffic_weight).unwrap_or(ALL)
}

fn at(field: &str, why: &str) -> Problem {
    Problem::new(format!("{PATH}.{field}"), why)
}

fn of_sizes(canary: &Canary, is_routed: bool) -> Vec<Problem> {
    let is_zero = |amount: Option<Amount>| amount.is_some_and(|amount| amount.is_zero());
    let delays = canary.scale_down_delay_seconds.is_some();
    let affinity = canary.anti_affinity.as_ref().and_then(of_affinity);
    let all = [
        (is_zero(canary.max_surge) && is_zero(canary.max_unavailable))
            .then(|| at("maxSurge", "it and maxUnavailable can't both be 0")),
        (delays && !is_routed).then(|| at("scaleDownDelaySeconds", "it takes a router")),
        (canary.dynamic_stable_scale && !is_routed).then(|| at("dynamicStableScale", "it takes a router")),
        (canary.dynamic_stable_scale && delays)
            .then(|| at("dynamicStableScale", "it doesn't go with scaleDownDelaySeconds")),
        affinity,
    ];
    all.into_iter().flatten().collect()
}

fn of_affinity(affinity: &AntiAffinity) -> Option<Problem> {
    let preferred = affinity.preferred_during_scheduling_ignored_during_execution;
    let required = affinity.required_during_scheduling_ignored_during_execution;
    match (preferred, required) {
        (Some(preferred), None) if (1..=100).contains(&preferred.weight) => None,
        (Some(_), None) => Some(at("antiAffinity", "its weight is from 1 to 100")),
        (None, Some(_)) => None,
        _ => Some(at("antiAffinity", "it says one of the two ways")),
    }
}

fn of_services(canary: &Canary) -> Vec<Problem> {
    let (own, stable) = (&canary.canary_service, &canary.stable_service);
    if own.is_some() && own == stable {
        return vec![at("stableService", "it is another Service than canaryService")];
    }
    let routers = canary.traffic_routing.iter().flat_map(TrafficRouting::routers);
    let needs = |routing: &Routing| match routing {
        Routing::Alb(_) | Routing::Nginx(_) => true,
        Routing::Istio(istio) => istio.destination_rule.is_none(),
        Routing::Gateway(_) => false,
    };
    if !routers.into_iter().any(|routing| needs(&routing)) {
        return Vec::new();
    }
    let both = [("canaryService", own.is_none()), ("stableService", stable.is_none())];
    let missing = both.into_iter().filter(|(_, is_missing)| *is_missing);
    missing.map(|(field, _)| at(field, "the router shares the requests among two Services")).collect()
}

fn of_routing(routing: &TrafficRouting) -> Vec<Problem> {
    let path = |field: &str| format!("{PATH}.trafficRouting{field}");
    let mut found: Vec<Problem> = Vec::new();
    let counts = routing.nginx.is_some() || routing.plugins.gateway.is_some() || !routing.plugins.others.is_empty();
    match routing.max_traffic_weight {
        Some(0) => found.push(Problem::new(path(".maxTrafficWeight"), "it is at least 1")),
        Some(_) if !counts => {
            found.push(Problem::new(path(".maxTrafficWeight"), "nginx and plugins alone count in another total"));
        }
        _ => {}
    }
    let one_way = |one: bool, several: bool| one != several;
    if let Some(alb) = &routing.alb
        && !one_way(alb.ingress.is_some(), !alb.ingresses.is_empty())
    {
        found.push(Problem::new(path(".alb"), "it names an ingress, or several ingresses"));
    }
    if let Some(nginx) = &routing.nginx
        && !one_way(nginx.stable_ingress.is_some(), !nginx.stable_ingresses.is_empty())
    {
        found.push(Problem::new(path(".nginx"), "it names a stableIngress, or several stableIngresses"));
    }
    found.extend(routing.istio.as_ref().and_then(of_istio));
    found.extend(
        routing.plugins.gateway.as_ref().and_then(|routes| routes.invalid(&path(&format!(".plugins.{}", NAME)))),
    );
    found
}

/// Argo takes a DestinationRule alone, and then nobody sets a weight.
fn of_istio(istio: &Istio) -> Option<Problem> {
    let path = format!("{PATH}.trafficRouting.istio");
    match (istio.virtual_service.is_some(), istio.virtual_services.is_empty()) {
        (true, false) => Some(Problem::new(path, "it names a virtualService, or several virtualServices")),
        (false, true) => Some(Problem::new(path, "it names no virtualService: nobody would share the requests")),
        _ => None,
    }
}

fn of_step<'s>(canary: &'s Canary, step: &'s Step, is_routed: bool) -> impl Iterator<Item = (String, String)> + 's {
    let found: Vec<(String, String)> = match step {
        Step::SetWeight(weight) if *weight > most(canary) => {
            vec![("setWeight".to_owned(), format!("{weight} is not from 0 to {}", most(canary)))]
        }
        Step::SetCanaryScale(_) if !is_routed => {
            vec![("setCanaryScale".to_owned(), "it takes a router: without one the pods are the weight".to_owned())]
        }
        Step::SetHeaderRoute(route) => routes::of_header(canary, route, is_routed),
        Step::SetMirrorRoute(route) => routes::of_mirror(canary, route, is_routed),
        // To Argo it passes at once.
        Step::Analysis(judging) if judging.templates.is_empty() => {
            vec![("analysis".to_owned(), "it names no template: nothing would be judged".to_owned())]
        }
        _ => Vec::new(),
    };
    found.into_iter()
}
