//! The main Ingress of a canary, and the Service that it leads to. ingress-nginx finds the canary by that Service, and
//! where it has no endpoint it answers 503 to everybody (ingress-nginx#13086, argo-rollouts#1820).

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::Ingress;
use release_core::text::printable;
use release_core::traffic::endpoints::Slices;
use release_core::traffic::router::Route;
use release_core::traffic::router::nginx::annotations::is_canary;
use release_core::traffic::router::nginx::{Backend, backend_by_default, controller_of, name_of, places};

use crate::snapshot::Snapshot;

/// The main Service that has to have endpoints for the requests of a color that is not its own.
#[must_use]
pub fn needed<'r>(route: &'r Route, color: &str) -> Option<&'r str> {
    let main = route.beside.canary.as_ref()?.needs()?;
    (route.backend(color) != Some(main)).then_some(main)
}

/// What happens to the requests where that Service has none.
#[must_use]
pub fn lacking(main: &str, slices: &Slices) -> Option<String> {
    let main = printable(main);
    let text = format!("ingress-nginx answers 503 while service/{main} has no ready endpoint, whatever the weight is");
    slices.ready_behind_any().is_empty().then_some(text)
}

/// The Ingresses that are no canaries, each with those of its backends whose requests a canary doesn't share: the
/// controller shares all requests of a backend, wherever they come from (ingress-nginx#4667).
pub fn past<'s>(route: &'s Route, snapshot: &'s Snapshot) -> impl Iterator<Item = (&'s Ingress, Vec<Backend>)> {
    let (ingresses, classes) = (snapshot.ingresses.as_deref().unwrap_or_default(), snapshot.ingress_classes.as_deref());
    let controller = move |ingress: &Ingress| controller_of(ingress, classes.ok()).map(str::to_owned);
    let own = ingresses.iter().find(|ingress| name_of(ingress) == route.name).and_then(controller);
    ingresses.iter().filter(|ingress| !is_canary(ingress)).map(move |ingress| {
        let shares = |backend: &Backend| {
            let canary = route.beside.canary.as_ref().filter(|_| controller(ingress) == own);
            canary.is_some_and(|canary| canary.shared.contains(backend))
        };
        let backends = places(ingress).into_iter().map(|place| place.backend).chain(backend_by_default(ingress));
        (ingress, backends.filter(|backend| !shares(backend)).collect())
    })
}

/// Users of a color that send nothing to it for as long as the canary has all: `ingress/api by service/api-blue`.
#[must_use]
pub fn led_away(route: &Route, color: &str, snapshot: &Snapshot) -> BTreeSet<String> {
    let has_nothing = route.weights(&route.object).get(color) == Some(&0) && route.refusal().is_none();
    let Some(main) = route.backend(color).filter(|_| route.beside.canary.is_some() && has_nothing) else {
        return BTreeSet::new();
    };
    let all = past(route, snapshot).filter(|(_, past)| past.iter().all(|backend| backend.service != main));
    all.map(|(ingress, _)| format!("ingress/{} by service/{main}", name_of(ingress))).collect()
}
