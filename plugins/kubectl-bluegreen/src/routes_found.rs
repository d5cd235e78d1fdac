//! Routes that matter to a Service, by name.

use kubectl_release::routes;

use crate::snapshot::Snapshot;
use crate::subject::Subject;

/// Routes that send traffic to the Service at all.
#[must_use]
pub fn deciding_routes(subject: &Subject<'_>, snapshot: &Snapshot) -> Vec<String> {
    let virtual_services = snapshot.virtual_services.as_deref().unwrap_or_default();
    let http_routes = snapshot.http_routes.as_deref().unwrap_or_default();
    routes::naming(subject.name(), &snapshot.namespace, virtual_services, http_routes)
}
