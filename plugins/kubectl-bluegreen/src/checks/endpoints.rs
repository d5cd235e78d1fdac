//! Addresses that stay in service wherever the selector points: EndpointSlices of this Service that
//! its controller doesn't write
//! (<https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#management>).

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::text::printable;
use release_core::traffic::selector::Tracks;

use super::case::Case;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let found = unmanaged_endpoints(case.view, case.tracks, case.snapshot, &case.active.name).into_iter();
    found.map(|message| case.blocks(ids::UNMANAGED_ENDPOINTS, message).mend("take them out of it")).collect()
}

/// Each such slice, with how many of its addresses are of a color.
#[must_use]
pub fn unmanaged_endpoints(view: &ServiceView<'_>, tracks: &Tracks, snapshot: &Snapshot, color: &str) -> Vec<String> {
    let Some(at) = snapshot.slices.get(view.name()) else { return Vec::new() };
    let own = tracks.pods_of(color, &snapshot.pods);
    let found = at.slices.unmanaged().map(|theirs| {
        let left = theirs.of(&own);
        let whose = if left > 0 { format!(", {left} of them {color}") } else { String::new() };
        let (slice, manager, addresses) = (theirs.slice, printable(theirs.manager), theirs.addresses);
        format!("endpointslice/{slice} ({manager}) keeps {addresses} addresses in service{whose}")
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use release_cluster::slice_view::SlicesAt;
    use release_core::traffic::endpoints::Slices;
    use serde_json::json;

    use super::check;
    use crate::checks::case::Case;
    use crate::checks::testing::{World, told};

    #[test]
    fn addresses_by_hand_stay_in_service() {
        let world = World::healthy();
        let with = |labels: serde_json::Value| {
            let slice = json!({"metadata": {"name": "extra", "labels": labels}, "addressType": "IPv4", "ports": [],
                "endpoints": [{"addresses": ["10.0.0.9"]}]});
            let slices: Slices = std::iter::once(serde_json::from_value(slice).unwrap()).collect();
            world.with_case(|case| {
                let mut snapshot = case.snapshot.clone();
                snapshot.slices.insert("api".into(), SlicesAt { slices, resource_version: "1".into() });
                let (target_pods, active_pods) = (Vec::new(), Vec::new());
                told(&check(&Case { snapshot: &snapshot, target_pods, active_pods, ..*case }))
            })
        };
        let managed_by = |name: &str| json!({"endpointslice.kubernetes.io/managed-by": name});
        assert!(with(managed_by("endpointslice-controller.k8s.io")).is_empty());
        assert_eq!(with(managed_by("endpointslicemirroring-controller.k8s.io")), ["x unmanaged-endpoints"]);
        assert_eq!(with(json!({})), ["x unmanaged-endpoints"]);
    }
}
