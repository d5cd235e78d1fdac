//! A headless Service gives its clients the pods' own addresses by DNS, and they keep them for as long as
//! they like (<https://kubernetes.io/docs/concepts/services-networking/service/#headless-services>).

use release_core::checks::finding::Finding;
use release_core::checks::ids;

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let headless = case.view.service.spec.as_ref().and_then(|s| s.cluster_ip.as_deref()) == Some("None")
        && case.view.route.is_none();
    let message = format!("headless: clients stay with {} until they ask DNS again", case.active.name);
    let finding = || case.warns(ids::HEADLESS_DNS, message).mend("keep the old color up for a while");
    headless.then(finding).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, told};

    #[test]
    fn clients_that_keep_addresses_are_told_of() {
        let mut world = World::healthy();
        assert!(world.findings(check).is_empty());
        world.service["spec"]["clusterIP"] = json!("None");
        assert_eq!(told(&world.findings(check)), ["! headless-dns"]);
        world.service["spec"]["clusterIP"] = json!("10.0.0.7");
        assert!(world.findings(check).is_empty());
    }
}
