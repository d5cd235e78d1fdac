//! Which router decides about a Service.

mod colors;
mod sought;
mod unclear;

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;

use super::{Beside, Form, NamedRouter, Route, RouterKind, Standing, rules_of};
use colors::{Told, colors};
pub use sought::{RecordedColors, SeenRoute, Sought};
pub use unclear::RouterUnclear;

/// What was found.
#[derive(Debug, Clone)]
pub enum FoundRouter {
    Selector,
    Route(Arc<Route>),
    Unclear(RouterUnclear),
}

/// Finds it.
#[must_use]
pub fn find(sought: &Sought<'_>) -> FoundRouter {
    if sought.named.is_some_and(|named| named.kind == RouterKind::Service) {
        return FoundRouter::Selector;
    }
    let (mut candidates, mut unclear) = (Vec::new(), None);
    for seen in sought.routes {
        match candidate(sought, seen) {
            Ok(route) => candidates.extend(route.map(|route| (route, seen))),
            Err(why) => unclear = Some(why),
        }
    }
    if sought.named.is_none() {
        candidates.retain(|(route, _)| !route.rules(&route.object).is_empty());
    }
    // Of several canaries of one place the controller takes one.
    if sought.named.is_none() && candidates.iter().any(|(route, _)| is_taken(route)) {
        candidates.retain(|(route, seen)| is_taken(route) || seen.moved_by.is_some());
    }
    // What lists one color alone is pinned to it, where something else shares.
    if candidates.iter().any(|(route, _)| is_sharing(route)) {
        candidates.retain(|(route, _)| is_sharing(route));
    }
    candidates.sort_by_key(|(route, _)| (route.kind, route.namespace.clone(), route.name.clone()));
    match (sought.named, unclear) {
        (_, Some(unclear)) if candidates.is_empty() => FoundRouter::Unclear(unclear),
        (Some(named), _) => by_name(sought, named, candidates.into_iter().map(|(route, _)| route).collect()),
        (None, _) => by_itself(sought, candidates),
    }
}

fn is_taken(route: &Route) -> bool {
    route.beside.canary.as_ref().is_none_or(|canary| canary.ignored.is_none())
}

fn is_sharing(route: &Route) -> bool {
    route.all_rules(&route.object).iter().any(super::Rule::shares_among_colors)
}

/// An object that decides about the Service, in its own words.
fn candidate(sought: &Sought<'_>, seen: &SeenRoute<'_>) -> Result<Option<Route>, RouterUnclear> {
    let SeenRoute { kind, object, dns, .. } = seen;
    let kind = *kind;
    let metadata = ObjectMeta::deserialize(&object["metadata"]).unwrap_or_default();
    let namespace = metadata.namespace.clone().unwrap_or_else(|| sought.namespace.to_owned());
    let name = metadata.name.clone().unwrap_or_default();
    let plain = Route {
        kind,
        namespace,
        name,
        object: Value::clone(object),
        metadata,
        rule: None,
        only: None,
        key: String::new(),
        base: std::collections::BTreeMap::new(),
        colors: std::collections::BTreeMap::new(),
        besides: std::collections::BTreeMap::new(),
        lost: std::collections::BTreeSet::new(),
        beside: Beside::of(kind, metadata_name(object), sought.bindings, sought.canaries),
        dns: dns.clone(),
    };
    let told = colors(sought, seen.recorded.as_ref(), &plain)?;
    let why =
        || undecided(sought, seen, &plain, told.as_ref()).or_else(|| forsaken(sought, seen, &plain, told.as_ref()));
    if let Some(why) = why() {
        return Err(RouterUnclear::Undecided { route: plain.reference(), why });
    }
    // One that moves other Services, too, is none of this one alone.
    let is_of_several = plain.beside.canary.as_ref().is_some_and(|canary| canary.of_several().is_some());
    Ok(told.filter(|_| !is_of_several).map(|Told { key, base, colors, besides, lost }| Route {
        key,
        base,
        colors,
        besides,
        lost,
        ..plain
    }))
}

fn metadata_name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Why a canary Ingress is no router, where it should be one: it was named, it has our record, or it takes requests of
/// the Service whose colors nothing else tells apart.
fn undecided(sought: &Sought<'_>, seen: &SeenRoute<'_>, route: &Route, told: Option<&Told>) -> Option<String> {
    let canary = route.beside.canary.as_ref()?;
    let is_named = sought.named.is_some_and(|named| {
        named.name.is_some() && named.means(route.kind, (&route.namespace, &route.name), sought.namespace)
    });
    let is_meant = is_named || seen.recorded.is_some();
    match told {
        None => canary.ignored.clone().filter(|_| is_meant),
        Some(told) => {
            let is_over_both = !sought.selects(&told.key);
            let rules = rules_of(route.kind, &route.object, &route.namespace, &route.beside);
            let shares = rules.iter().any(|rule| matches!(&rule.form, Form::Canary(weight) if weight.own > 0));
            canary.of_several().filter(|_| is_meant || is_over_both || shares)
        }
    }
}

/// Why an object that moved the Service, as our record on it says, does no more: somebody took the colors away from it,
/// or wrote what its controller refuses. Without it nobody could tell by what the Service is moved, and the record would
/// be passed over.
fn forsaken(sought: &Sought<'_>, seen: &SeenRoute<'_>, route: &Route, told: Option<&Told>) -> Option<String> {
    let recorded = seen.recorded.as_ref()?;
    let leads_to = |told: &Told| {
        let rules = route.plain_rules(&route.object).into_iter();
        rules.map(|rule| rule.told_apart(&told.colors)).any(|rule| rule.leads_to_colors())
    };
    if told.is_some_and(leads_to) {
        return None;
    }
    let now = match route.kind {
        RouterKind::Nginx => {
            "is no canary any more, or leads where its main Ingress does: let it lead to the other color's Service, with weight 0"
        }
        _ => "leads to none of its colors any more",
    };
    let gone = || format!("it moved the Service, as our record on it says, and {now}");
    route.refusal().or_else(|| (!sought.selects(&recorded.key)).then(gone))
}

fn by_name(sought: &Sought<'_>, named: &NamedRouter, candidates: Vec<Route>) -> FoundRouter {
    let shown: Vec<_> = candidates.iter().flat_map(choices).collect();
    let is_meant = |route: &Route| named.means(route.kind, (&route.namespace, &route.name), sought.namespace);
    let mut meant: Vec<Route> = candidates.into_iter().filter(is_meant).collect();
    for route in &mut meant {
        route.rule.clone_from(&named.rule);
    }
    meant.retain(|route| !route.rules(&route.object).is_empty());
    match (meant.pop(), meant.is_empty()) {
        (Some(only), true) => chosen(only),
        (None, _) => FoundRouter::Unclear(RouterUnclear::NotThere(Box::new(named.clone()), shown)),
        (Some(last), false) => {
            meant.push(last);
            FoundRouter::Unclear(RouterUnclear::Several(meant.iter().flat_map(choices).collect()))
        }
    }
}

/// Nothing was typed: the one that moved it last, else the only one.
fn by_itself(sought: &Sought<'_>, candidates: Vec<(Route, &SeenRoute<'_>)>) -> FoundRouter {
    let several = |routes: &[Route]| RouterUnclear::Several(routes.iter().flat_map(choices).collect());
    let is_it = |(route, seen): &&(Route, &SeenRoute<'_>)| {
        let means = |named: &NamedRouter| named.means(route.kind, (&route.namespace, &route.name), sought.namespace);
        seen.moved_by.as_ref().is_some_and(means)
    };
    let remembered = candidates.iter().filter(is_it).map(|(route, seen)| {
        let named = seen.moved_by.as_ref().and_then(|named| named.rule.as_deref());
        (route, route.with_rule(named, seen.matched.as_deref()))
    });
    let is_there = |moved: &Route| !moved.rules(&moved.object).is_empty();
    let remembered: Vec<_> = remembered.filter(|(_, moved)| moved.as_ref().is_none_or(is_there)).collect();
    match remembered.as_slice() {
        [(_, Some(only))] => return chosen(only.clone()),
        // Its rule is another one by now, and nobody can say which.
        [(route, None)] => return FoundRouter::Unclear(several(std::slice::from_ref(*route))),
        _ => {}
    }
    let candidates: Vec<Route> = candidates.into_iter().map(|(route, _)| route).collect();
    match candidates.as_slice() {
        [] => FoundRouter::Selector,
        [only] if only.rules(&only.object).len() < 2 => chosen(only.clone()),
        routes => FoundRouter::Unclear(several(routes)),
    }
}

fn chosen(route: Route) -> FoundRouter {
    let (is_nowhere, route) = (route.standing(&route.object) == Standing::Nowhere, Arc::new(route));
    if is_nowhere { FoundRouter::Unclear(RouterUnclear::NoWeight(route)) } else { FoundRouter::Route(route) }
}

/// The ways to name a route: as a whole, where its rules stand alike, and where it has several, each of them.
fn choices(route: &Route) -> Vec<(NamedRouter, String)> {
    let whole = route.named();
    let rules = route.rules(&route.object);
    let all: Vec<String> = rules.iter().map(super::Rule::shown).collect();
    let mut choices = vec![(whole.clone(), all.join("; "))];
    if matches!(route.standing(&route.object), Standing::Split(_)) && rules.len() > 1 {
        choices.clear();
    }
    if rules.len() > 1 {
        let called = |rule: &super::Rule| rule.name.clone().unwrap_or_else(|| rule.index.to_string());
        let by_rule = |rule: &super::Rule| (NamedRouter { rule: Some(called(rule)), ..whole.clone() }, rule.shown());
        choices.extend(rules.iter().map(by_rule));
    }
    choices
}

#[cfg(test)]
mod tests;
