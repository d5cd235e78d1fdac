//! What a route that is moved doesn't decide: other rules and routes that lead to a color, and requests that reach the
//! Service without meeting it.

mod canary;

use k8s_openapi::api::core::v1::Service;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::kube::service::service_name;
use release_core::kube::{Pod, has_all};
use release_core::text::printable;
use release_core::traffic::ingress::ingresses_to;
use release_core::traffic::router::accepted::{Acceptance, acceptance};
use release_core::traffic::router::route53::health::Then;
use release_core::traffic::router::{Beside, Route, RouterKind, Rule, alb, istio};
use serde_json::Value;

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let Some(route) = case.view.route.as_deref() else { return Vec::new() };
    let mut past = rules(case, route);
    past.extend(routes(case, route));
    past.extend(uneven(case, route).into_iter().filter(|_| route.dns.is_none()));
    past.extend(by_dns(case, route));
    past.extend(around(case, route));
    past.extend(canary::past(case, route));
    if route.is_by_subset() {
        past.extend(services(case));
    }
    past.extend(doors(case, route));
    let past = past.into_iter().map(|message| case.warns(ids::PAST_ROUTE, printable(&message)));
    past.chain(refused(case, route)).chain(canary::unserved(case, route)).chain(sticky(case, route)).collect()
}

/// A header's or a path's own rule, or one that was not named.
fn rules(case: &Case<'_>, route: &Route) -> Vec<String> {
    let stays = |rule: &Rule| {
        let what = if rule.matches { ", for requests that it matches" } else { "" };
        format!("{} {} stays: {}{what}", route.reference(), rule.called(), shown(rule))
    };
    let leads = |rule: &&Rule| rule.weights().get(&case.target.name).is_none_or(|weight| *weight == 0);
    route.staying(&route.object).iter().filter(leads).map(stays).collect()
}

/// Several destinations of one color: all goes to the first of it, and what they had is in no record.
fn uneven(case: &Case<'_>, route: &Route) -> Vec<String> {
    let rules = route.rules(&route.object);
    let told = rules.iter().flat_map(|rule| {
        [&case.active.name, &case.target.name].into_iter().filter_map(|color| {
            let count = rule.shares.iter().filter(|share| share.color.as_ref() == Some(color)).count();
            let (name, rule) = (route.reference(), rule.called());
            let what = "a move gives all to the first, and brings no shares back";
            (count > 1).then(|| format!("{name} {rule} has {count} destinations of {color}: {what}"))
        })
    });
    told.collect()
}

/// Answers that are kept for long, types that lead to no color, and what Route 53 answers while the target is unhealthy.
fn by_dns(case: &Case<'_>, route: &Route) -> Vec<String> {
    let Some(records) = route.records(&route.object) else { return Vec::new() };
    let name = route.reference();
    let stays = records.staying().map(|group| format!("the {} records lead to no color, and stay", group.record_type));
    let left = route.moved(&route.object, &case.target.name);
    let then = route.records(&left).map(|left| left.unhealthy(&case.target.name)).unwrap_or_default();
    let then = then.into_iter().filter(|one| one.then != Then::NotSeen).map(|one| one.shown());
    records.slow().into_iter().chain(stays).chain(then).map(|what| format!("{name}: {what}")).collect()
}

fn shown(rule: &Rule) -> String {
    rule.standing().shown()
}

/// Other objects that give a color requests.
fn routes(case: &Case<'_>, route: &Route) -> Vec<String> {
    let snapshot = case.snapshot;
    let istio = snapshot.virtual_services.iter().flatten().chain(&snapshot.virtual_services_beyond);
    let istio = istio.map(|other| (RouterKind::VirtualService, &other.object));
    let http = snapshot.http_routes.iter().flatten().map(|other| (RouterKind::HttpRoute, &other.object));
    let grpc = snapshot.grpc_routes.iter().flatten().map(|other| (RouterKind::GrpcRoute, &other.object));
    let balanced = snapshot.balanced.iter().map(|other| (RouterKind::Alb, other));
    let canaries = snapshot.canary_ingresses.iter().map(|other| (RouterKind::Nginx, other));
    let bindings = snapshot.target_group_bindings.as_deref().unwrap_or_default();
    let sends = |(kind, object): (RouterKind, &Value)| {
        let (name, namespace) = (text(&object["metadata"]["name"]), text(&object["metadata"]["namespace"]));
        let beside = Beside::of(kind, &name, bindings, &snapshot.canaries);
        let mine = Route { rule: None, only: None, dns: None, ..route.clone() };
        let other = Route { kind, name, namespace, object: object.clone(), beside, ..mine };
        // What the controller ignores sends nothing.
        let is_ignored = kind == RouterKind::Nginx && other.refusal().is_some();
        let is_it = other.path() == route.path() || is_ignored;
        let color = other.all_rules(object).iter().find_map(|rule| {
            let weights = rule.weights();
            weights
                .into_iter()
                .find(|(color, weight)| *weight > 0 && *color != case.target.name)
                .map(|(color, _)| color)
        });
        let color = color.filter(|_| !is_it)?;
        Some(format!("{} sends to {color}, and stays", other.seen_from(&snapshot.namespace)))
    };
    istio.chain(http).chain(grpc).chain(balanced).chain(canaries).filter_map(sends).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Clients that never meet a VirtualService: those inside of the mesh, or those that ask for the Service by its name.
fn around(case: &Case<'_>, route: &Route) -> Option<String> {
    if route.kind != RouterKind::VirtualService || !route.is_by_subset() {
        return None;
    }
    let (name, service) = (route.reference(), case.view.name());
    if !istio::is_in_mesh(&route.object) {
        return Some(format!("{name} is bound to gateways alone: inside of the mesh {service} reaches both colors"));
    }
    if istio::has_routes_below_http(&route.object) {
        return Some(format!("the tcp and tls routes of {name} are not moved"));
    }
    let own = (service, case.snapshot.namespace.as_str());
    let is_served = istio::serves_host_of(&route.object, &route.namespace, own);
    (!is_served).then(|| format!("{name} has no host for {service}: who asks for it by that name reaches both colors"))
}

/// Other Services over the pods of both colors.
fn services(case: &Case<'_>) -> Vec<String> {
    let others = case.snapshot.neighbours.iter().flatten().filter(|service| service_name(service) != case.view.name());
    let over_both = |service: &&Service| {
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref()).filter(|s| !s.is_empty());
        let selects = |pods: &[&Pod]| selector.is_some_and(|s| pods.iter().any(|pod| has_all(&pod.metadata.labels, s)));
        selects(&case.active_pods) && selects(&case.target_pods)
    };
    others.filter(over_both).map(|other| format!("service/{} reaches both colors", service_name(other))).collect()
}

/// Ways into the cluster that lead to the Service itself, which selects both colors unless it is one of them.
fn doors(case: &Case<'_>, route: &Route) -> Vec<String> {
    let name = case.view.name();
    let is_of_a_color = route.colors.keys().any(|to| to.subset.is_none() && to.service == name);
    if is_of_a_color || route.dns.is_some() {
        return Vec::new();
    }
    let mut found = ingresses_to(name, case.snapshot.ingresses.as_deref().unwrap_or_default());
    let kind = case.view.service.spec.as_ref().and_then(|spec| spec.type_.as_deref());
    if let Some(kind @ ("LoadBalancer" | "NodePort")) = kind {
        found.push(format!("service/{name} of type {kind}"));
    }
    found.into_iter().map(|door| format!("{door} reaches both colors")).collect()
}

/// Weights that its controller doesn't take would reach nobody.
fn refused(case: &Case<'_>, route: &Route) -> Option<Finding> {
    let why = match acceptance(&route.object) {
        Acceptance::Refused(why) => why,
        _ => route.refusal()?,
    };
    let message = format!("{} is refused by its controller: {why}", route.reference());
    Some(case.blocks(ids::ROUTE_REFUSED, message).mend("mend the route first"))
}

/// Users who came to the old color come back to it (<https://gateway-api.sigs.k8s.io/geps/gep-1619/>;
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#target-group-stickiness>).
fn sticky(case: &Case<'_>, route: &Route) -> Option<Finding> {
    let moved = route.rules(&route.object);
    let persists = |rule: &Rule| route.object["spec"]["rules"][rule.index]["sessionPersistence"].is_object();
    let keeps = |rule: &Rule| match route.kind {
        RouterKind::HttpRoute | RouterKind::GrpcRoute => persists(rule).then(String::new),
        RouterKind::Alb => alb::sticky_seconds(rule).map(|seconds| format!(" for {}", duration(seconds))),
        RouterKind::Nginx => keeps_by_cookie(case, route).then(String::new),
        RouterKind::Service | RouterKind::VirtualService | RouterKind::Route53 => None,
    };
    let (found, long) = moved.iter().find_map(|rule| Some((rule, keeps(rule)?)))?;
    let (name, from) = (route.reference(), &case.active.name);
    let message = format!("{name} {} keeps sessions{long}: returning users stay on {from}", found.called());
    Some(case.warns(ids::ROUTE_STICKY, message))
}

/// Users of the main Service come back to it, and are not asked again; those of the canary may be let go
/// (`route_to_alternative_balancer` in ingress-nginx's `balancer.lua`; ingress-nginx#8246).
fn keeps_by_cookie(case: &Case<'_>, route: &Route) -> bool {
    let leaves_main = || canary_main(route) == route.backend(&case.active.name);
    route.beside.canary.as_ref().is_some_and(
        |canary| {
            if leaves_main() { canary.keeps_users } else { canary.keeps_own_users }
        },
    )
}

fn canary_main(route: &Route) -> Option<&str> {
    route.beside.canary.as_ref()?.pairs.first().map(|pair| pair.main.as_str())
}

/// Nothing said is what the load balancer takes.
fn duration(seconds: i64) -> String {
    if seconds > 0 { format!("{seconds} s") } else { "a while".to_owned() }
}

#[cfg(test)]
mod tests;
