//! A Service that publishes addresses of pods that aren't ready sends requests to them, too
//! (`publishNotReadyAddresses`, <https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/>).

use release_core::checks::finding::{Finding, Severity};
use release_core::checks::ids;
use release_core::kube::service::publishes_unready;
use release_core::text::printable;

use super::case::Case;
use crate::options::Verb;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let unready: Vec<&str> = case
        .target_pods
        .iter()
        .filter(|pod| pod.is_alive() && !pod.is_ready())
        .map(|pod| pod.metadata.name.as_str())
        .collect();
    if !publishes_unready(case.view.service) || unready.is_empty() || case.prepares || case.scales_first {
        return Vec::new();
    }
    // Whoever goes back flees from something.
    let severity = if case.verb == Verb::Rollback { Severity::Warns } else { Severity::Blocks };
    let message = format!(
        "it publishes addresses that aren't ready (publishNotReadyAddresses): {} of {} would get requests",
        printable(&unready.join(", ")),
        case.target.name
    );
    vec![case.finding(ids::UNREADY_PUBLISHED, severity, message).mend("wait for them, or take them away")]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, told};

    /// Half of the requests would fail, with ready pods enough.
    #[test]
    fn pods_that_are_not_ready_get_requests_where_they_are_published() {
        let mut world = World::healthy();
        world.run("green", 3, 2);
        assert!(world.findings(check).is_empty());
        world.service["spec"]["publishNotReadyAddresses"] = json!(true);
        assert_eq!(told(&world.findings(check)), ["x unready-published"]);
        world.run("green", 3, 3);
        assert!(world.findings(check).is_empty());
    }
}
