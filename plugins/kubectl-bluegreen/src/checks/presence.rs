//! Whether the objects that a move writes to or relies on will be there, and stay as they are
//! written.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::kube::{Workload, controller_of};
use release_core::text::printable;

use super::case::Case;
use crate::options::Verb;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let service = (format!("service/{}", case.view.name()), &case.view.service.metadata);
    let route = case.view.route.as_ref().map(|route| (route.seen_from(&case.snapshot.namespace), &route.metadata));
    let namespace =
        case.snapshot.namespace_metadata.iter().map(|of| (format!("namespace/{}", case.snapshot.namespace), of));
    let is_deleted = |metadata: &ObjectMeta| metadata.deletion_timestamp.is_some();
    let around = std::iter::once(service).chain(route).chain(namespace).filter(|(_, metadata)| is_deleted(metadata));
    let around = around.map(|(name, _)| case.blocks(ids::BEING_DELETED, format!("{name} is being deleted")));
    let workloads = case.target.workloads.iter().filter(|w| is_deleted(&w.metadata)).map(|w| goes(case, w));
    around.chain(workloads).chain(selector_owner(case)).chain(size_owners(case)).collect()
}

/// Its pods go in a moment, however ready they are.
fn goes(case: &Case<'_>, workload: &Workload) -> Finding {
    let message = format!("{} is being deleted", workload.reference());
    match case.verb {
        Verb::Switch => case.blocks(ids::BEING_DELETED, message),
        Verb::Rollback => case.asks(ids::BEING_DELETED, message),
    }
}

/// An operator that owns what decides writes it again
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/>).
fn selector_owner(case: &Case<'_>) -> Option<Finding> {
    let owner = controller(case.view.home())?;
    let what = if case.view.route.is_some() { "weights" } else { "selector" };
    let message = format!("{owner} owns {} and may put its {what} back", case.view.decider(&case.snapshot.namespace));
    Some(case.blocks(ids::OWNED_BY_CONTROLLER, message).mend("change the color in its owner"))
}

/// What owns a workload or its autoscaler (KEDA's ScaledObject) writes its own size again.
fn size_owners(case: &Case<'_>) -> Vec<Finding> {
    if !case.scales_first {
        return Vec::new();
    }
    let workloads = case.target.workloads.iter().map(|w| (w.reference(), &w.metadata));
    let autoscalers = case.snapshot.autoscalers.iter().flatten();
    let own = autoscalers.filter(|hpa| case.target.workloads.iter().any(|w| w.is_scaled_by(hpa)));
    let own = own.map(|hpa| (format!("hpa/{}", hpa.metadata.name.as_deref().unwrap_or_default()), &hpa.metadata));
    let written = workloads.chain(own).filter_map(|(name, metadata)| Some((name, controller(metadata)?)));
    let findings = written.map(|(name, owner)| {
        let message = format!("{owner} owns {name} and may put its size back");
        case.warns(ids::OWNED_BY_CONTROLLER, message).mend("raise it in its owner")
    });
    findings.collect()
}

/// What writes an object's own fields again, where there is such: `ScaledObject/api`.
#[must_use]
pub fn controller(metadata: &ObjectMeta) -> Option<String> {
    let owner = controller_of(metadata)?;
    Some(printable(&format!("{}/{}", owner.kind, owner.name)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::checks::testing::{World, told};

    fn owned(kind: &str) -> Value {
        json!([{"apiVersion": "x/v1", "kind": kind, "name": "api", "uid": "1", "controller": true}])
    }

    #[test]
    fn what_is_about_to_go_is_nothing_to_move_to() {
        let mut world = World::healthy();
        assert!(world.findings(check).is_empty());
        world.workload("green")["metadata"]["deletionTimestamp"] = json!("2026-11-20T03:00:00Z");
        assert_eq!(told(&world.findings(check)), ["x being-deleted"]);
        world.service["metadata"]["deletionTimestamp"] = json!("2026-11-20T03:00:00Z");
        assert_eq!(told(&world.findings(check)), ["x being-deleted", "x being-deleted"]);
    }

    #[test]
    fn the_color_that_is_left_may_go() {
        let mut world = World::healthy();
        world.workload("blue")["metadata"]["deletionTimestamp"] = json!("2026-11-20T03:00:00Z");
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn an_operator_puts_the_selector_back() {
        let mut world = World::healthy();
        world.service["metadata"]["ownerReferences"] = owned("WebApp");
        assert_eq!(told(&world.findings(check)), ["x owned-by-controller"]);
        // An owner that only takes it along when it is deleted writes nothing.
        world.service["metadata"]["ownerReferences"][0]["controller"] = json!(false);
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn a_size_is_put_back_only_where_it_is_written() {
        let mut world = World::healthy();
        let target = json!({"kind": "Deployment", "name": "api-green", "apiVersion": "apps/v1"});
        world.autoscalers =
            Ok(vec![json!({"metadata": {"name": "keda-hpa-api", "ownerReferences": owned("ScaledObject")},
            "spec": {"maxReplicas": 9, "scaleTargetRef": target}})]);
        assert!(world.findings(check).is_empty());
        world.scales_first = true;
        assert_eq!(told(&world.findings(check)), ["! owned-by-controller"]);
    }
}
