//! Each color of a stateful set has volumes of its own: what one wrote, the other doesn't see
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage>).

use super::case::Case;
use release_core::checks::finding::Finding;
use release_core::checks::ids;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let workloads = case.target.workloads.iter().chain(&case.active.workloads);
    let own: Vec<String> = workloads.filter(|w| w.has_own_volumes).map(|w| w.reference()).collect();
    if own.is_empty() {
        return Vec::new();
    }
    let verb = if own.len() == 1 { "has" } else { "have" };
    let message = format!("{} {verb} volumes of their own", own.join(", "));
    vec![case.warns(ids::SEPARATE_VOLUMES, message).mend("data stays behind: move it first")]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, told};

    #[test]
    fn users_would_not_find_the_data_they_wrote() {
        let mut world = World::healthy();
        assert!(world.findings(check).is_empty());
        for color in ["blue", "green"] {
            let workload = world.workload(color);
            workload["kind"] = json!("StatefulSet");
            workload["spec"]["serviceName"] = json!("api");
            workload["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}}]);
        }
        assert_eq!(told(&world.findings(check)), ["! separate-volumes"]);
    }

    #[test]
    fn a_stateful_set_without_claims_shares_nothing_to_lose() {
        let mut world = World::healthy();
        world.workload("green")["kind"] = json!("StatefulSet");
        assert!(world.findings(check).is_empty());
    }
}
