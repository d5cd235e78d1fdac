//! Whether somebody else would put back what a move writes: the selector, and the size of a target that
//! is brought to size.

use release_core::checks::ownership::{Field, Owned, findings, findings_where_held};
use release_core::kube::Workload;
use release_core::release::hand::Part;

use super::case::Case;
use release_core::checks::finding::Finding;
use release_core::checks::ids;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    // What a deploy makes is sized, and judged, by itself.
    let sized = case.target.workloads.iter().filter(|_| case.scales_first && !case.prepares);
    let sizes = sized.flat_map(|workload| sized_back(case.view.name(), &case.snapshot.namespace, workload));
    let decider = if case.view.zone.is_some() { by_external_dns(case) } else { decider(case) };
    decider.into_iter().chain(sizes).collect()
}

/// Who would put the size back that a workload is brought to.
pub fn sized_back(service: &str, namespace: &str, workload: &Workload) -> Vec<Finding> {
    let found = puts_size_back(service, namespace, workload).into_iter();
    let told = |finding: Finding| Finding {
        message: format!("{workload} is brought to size: {}", finding.message),
        ..finding
    };
    found.map(told).collect()
}

/// external-dns puts the weights of its records back, as annotations of their Services and Ingresses have them.
fn by_external_dns(case: &Case<'_>) -> Vec<Finding> {
    let place = case.view.route.as_ref().and_then(|route| route.dns.as_ref()).map(|dns| &dns.place);
    let seen = place.and_then(|place| case.snapshot.records.get(place)?.as_ref().ok());
    match seen.map(|seen| &seen.keepers) {
        Some(Ok(keepers)) => {
            let told = keepers.iter().map(|keeper| format!("{}, and would put its weight back", keeper.shown()));
            let mend = "take the weights from external-dns: an annotation of its own, or a record that it doesn't own";
            told.map(|message| case.blocks(ids::OWNED_BY_CONTROLLER, message).mend(mend)).collect()
        }
        Some(Err(why)) => vec![case.not_checked(ids::OWNED_BY_CONTROLLER, "the TXT records of external-dns", why)],
        None => Vec::new(),
    }
}

/// Who would put back what decides: the selector, or a route's weights.
fn decider(case: &Case<'_>) -> Vec<Finding> {
    let kind = case.view.router_kind();
    let (json, managed) = written(case);
    let path = json.trim_start_matches('/').replacen('/', ".", 2).replace("~1", "/");
    let is_route = case.view.route.is_some();
    let part = if is_route { "the weights".to_owned() } else { format!("{path}'s color") };
    let found = findings(&Owned {
        group: kind.group(),
        kind: kind.kind(),
        namespace: case.view.route.as_ref().map_or(&case.snapshot.namespace, |route| &route.namespace),
        metadata: case.view.home(),
        field: Field {
            json: &json,
            managed: vec![managed],
            path: &path,
            value: if is_route { "weights" } else { "color" },
            part: &part,
        },
    });
    found.into_iter().map(|finding| Finding { about: case.view.name().to_owned(), ..finding }).collect()
}

/// The field that a move writes, as JSON pointers into the object and into managers' fields.
fn written(case: &Case<'_>) -> (String, String) {
    match case.view.router_kind().held() {
        Part::Field([part, field]) => {
            let plain = |name: &str| name.trim_start_matches("f:").to_owned();
            (format!("/{}/{}", plain(part), plain(field)), format!("/{part}/{field}"))
        }
        Part::Annotations(_) => {
            let rules = case.view.route.iter().flat_map(|route| route.rules(&route.object));
            let json = rules.map(|rule| rule.pointer).next().unwrap_or_default();
            let managed = json.replace("/metadata/annotations/", "/f:metadata/f:annotations/f:");
            (json, managed)
        }
    }
}

/// A controller that puts a size back takes pods away as soon as they have the traffic, and brings those
/// back that were taken down.
#[must_use]
pub fn puts_size_back(service: &str, namespace: &str, workload: &Workload) -> Vec<Finding> {
    let found = findings_where_held(&Owned {
        group: "apps",
        kind: workload.kind.kind(),
        namespace,
        metadata: &workload.metadata,
        field: Field {
            json: "/spec/replicas",
            managed: vec!["/f:spec/f:replicas".to_owned()],
            path: "spec.replicas",
            value: "replicas",
            part: "spec.replicas",
        },
    });
    found.into_iter().map(|finding| Finding { about: service.to_owned(), ..finding }).collect()
}

#[cfg(test)]
mod tests;
