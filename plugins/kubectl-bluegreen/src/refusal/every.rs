//! A Service that selects every color, and of which no route says which is live.

use release_core::failure::{Failure, Next};
use release_core::traffic::routes;

use super::restored::restored;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

pub fn selects_every_color(view: &ServiceView<'_>, key: &str, colors: &[String], snapshot: &Snapshot) -> Failure {
    let routes = deciding_routes(view, snapshot);
    let (decider, next) = if routes.is_empty() {
        let add = || Next::Hint(format!("add {key} to the Service's selector first"));
        ("traffic goes to all of them".to_owned(), restored(view, snapshot).unwrap_or_else(add))
    } else {
        let hint = format!("give it a destination for each color: subsets by {key}, or Services of their own");
        (format!("{} sends to it, and names no color", routes.join(", ")), Next::Hint(hint))
    };
    let unread: String = snapshot.routers_unread.iter().map(|what| format!("; {what} can't be read")).collect();
    let colors = colors.join(", ");
    let message = format!("service/{} selects every color ({key}: {colors}); {decider}{unread}", view.name());
    Failure::failed("SelectsEveryColor", message).next(next)
}

/// Routes that send traffic to the Service at all.
fn deciding_routes(view: &ServiceView<'_>, snapshot: &Snapshot) -> Vec<String> {
    let (service, namespace) = (view.name(), &snapshot.namespace);
    let virtual_services = snapshot.virtual_services.as_deref().unwrap_or_default();
    let http_routes = snapshot.http_routes.as_deref().unwrap_or_default();
    let mut routes = routes::virtual_services_to(service, namespace, virtual_services);
    routes.extend(routes::routes_to(service, namespace, "httproute", http_routes));
    routes
}
