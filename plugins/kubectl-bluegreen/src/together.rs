//! Services that one move took along, and that still are where it left them.

use release_core::kube::service::service_name;
use release_core::release::record::Recorded;
use serde::Deserialize;

use crate::record::Record;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// True where a route has that move's record of a Service.
fn by_route(service: &str, record: &Record, snapshot: &Snapshot) -> bool {
    let objects = snapshot.virtual_services.iter().flatten().map(|route| &route.object);
    let others = [&snapshot.http_routes, &snapshot.grpc_routes].into_iter().flatten().flatten();
    let mut objects = objects.chain(others.map(|route| &route.object));
    objects.any(|object| {
        let annotations = Deserialize::deserialize(&object["metadata"]["annotations"]).ok();
        let last = Recorded::<Record>::read(annotations.as_ref()).current;
        last.is_some_and(|last| last.service == service && last.id == record.id)
    })
}

/// The Services that were moved as one with this one, and stand where that move left them.
#[must_use]
pub fn moved_together(view: &ServiceView<'_>, record: &Record, snapshot: &Snapshot) -> Vec<String> {
    let neighbours = snapshot.neighbours.as_deref().unwrap_or_default();
    let of_this_move = |name: &&String| {
        let service = neighbours.iter().find(|service| service_name(service) == name.as_str());
        let annotations = service.and_then(|service| service.metadata.annotations.as_ref());
        let selector = service.and_then(|service| service.spec.as_ref()?.selector.as_ref());
        // Each may have gone to a color of its own.
        let own = Recorded::<Record>::read(annotations).current.filter(|own| own.id == record.id);
        let stands = own.is_some_and(|own| selector.and_then(|selector| selector.get(&own.key)) == Some(&own.to));
        stands || by_route(name, record, snapshot)
    };
    let together: Vec<String> = record.services.iter().filter(of_this_move).cloned().collect();
    if together.iter().any(|name| name == view.name()) { together } else { vec![view.name().to_owned()] }
}
