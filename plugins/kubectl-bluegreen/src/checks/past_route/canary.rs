//! What the weight of a canary Ingress doesn't decide: requests that say themselves where to go, and Ingresses that lead
//! to a color without it.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::Ingress;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::traffic::router::nginx::annotations::by_request;
use release_core::traffic::router::nginx::{Backend, name_of};
use release_core::traffic::router::{Destination, Route};

use crate::checks::case::Case;
use crate::main_ingress::{self, lacking, needed};
use crate::options::Verb;

/// Requests that go on as they do.
pub fn past(case: &Case<'_>, route: &Route) -> Vec<String> {
    if route.beside.canary.is_none() {
        return Vec::new();
    }
    by_themselves(case, route).into_iter().chain(straight(case, route)).collect()
}

/// A header or a cookie counts before the weight.
fn by_themselves(case: &Case<'_>, route: &Route) -> Vec<String> {
    let rules = route.rules(&route.object);
    let color_at = |index: usize| rules.first()?.shares.get(index)?.color.clone();
    let (Some(main), Some(own)) = (color_at(0), color_at(1)) else { return Vec::new() };
    let name = route.reference();
    let told = by_request(route.metadata.annotations.as_ref()).into_iter().filter_map(|by| {
        let what = &by.what;
        if case.target.name == main {
            Some(format!("{name} sends requests with {what} to {own}, whatever its weight is"))
        } else {
            by.both_ways.then(|| format!("{name} leaves requests with {what}: never on {main}, whatever its weight is"))
        }
    });
    told.collect()
}

/// Other Ingresses to a Service of a color.
fn straight(case: &Case<'_>, route: &Route) -> BTreeSet<String> {
    let told = main_ingress::past(route, case.snapshot).flat_map(|(ingress, backends)| {
        backends.into_iter().filter_map(|backend| leads(case, route, ingress, &backend)).collect::<Vec<_>>()
    });
    told.collect()
}

fn leads(case: &Case<'_>, route: &Route, ingress: &Ingress, backend: &Backend) -> Option<String> {
    let (service, namespace) = (backend.service.clone(), route.namespace.clone());
    let color = route.colors.get(&Destination { service, namespace, subset: None });
    let name = name_of(ingress);
    match color {
        Some(color) if *color != case.target.name => Some(format!("ingress/{name} sends to {color}, and stays")),
        None if backend.service == case.view.name() => Some(format!("ingress/{name} reaches both colors")),
        _ => None,
    }
}

/// Without an endpoint of the main Service nobody is asked for the weight. A rollback writes it all the same: it is right
/// as soon as one is there again.
pub fn unserved(case: &Case<'_>, route: &Route) -> Option<Finding> {
    let main = needed(route, &case.target.name)?;
    let Some(at) = case.snapshot.slices.get(main) else {
        let what = format!("endpointslices of service/{main}");
        return Some(case.not_checked(ids::ROUTE_REFUSED, &what, "they could not be read"));
    };
    let why = lacking(main, &at.slices)?;
    let found = match case.verb {
        Verb::Rollback => case.warns(ids::ROUTE_REFUSED, why),
        Verb::Switch => case.blocks(ids::ROUTE_REFUSED, why),
    };
    let color = &case.target.name;
    Some(
        found.mend(format!("let the main Ingress lead to the Service of {color}, or bring service/{main} a ready pod")),
    )
}

#[cfg(test)]
mod tests;
