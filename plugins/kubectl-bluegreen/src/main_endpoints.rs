//! What ingress-nginx needs besides a canary's weight: it finds the canary by the main Service, and where that has no
//! endpoint it answers 503 to everybody (ingress-nginx#13086, argo-rollouts#1820).

use release_core::text::printable;
use release_core::traffic::endpoints::Slices;
use release_core::traffic::router::Route;

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
