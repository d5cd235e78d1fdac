//! Times in which nothing is to be released. Going back is never frozen.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::release::freeze::frozen;

use super::case::Case;
use crate::options::Verb;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    if case.verb != Verb::Switch {
        return Vec::new();
    }
    let held = |name: String, metadata: &ObjectMeta| {
        let frozen = frozen(metadata, case.snapshot.at)?;
        Some(case.blocks(ids::FROZEN, format!("{name} is {frozen}")).mend("wait, or --force=frozen").standing())
    };
    let service = held(format!("service/{}", case.view.name()), &case.view.service.metadata);
    let namespace = match &case.snapshot.namespace_metadata {
        Ok(metadata) => held(format!("namespace/{}", case.snapshot.namespace), metadata),
        Err(why) => Some(case.not_checked(ids::FROZEN, "namespace", why)),
    };
    service.into_iter().chain(namespace).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, told};
    use crate::options::Verb;

    #[test]
    fn a_service_or_its_namespace_may_be_frozen() {
        let mut world = World::healthy();
        assert!(world.findings(check).is_empty());
        world.service["metadata"]["annotations"] = json!({"kubectl-release.dev/freeze": "2026-12-24T00:00Z audit"});
        world.namespace = Ok(json!({"annotations": {"kubectl-release.dev/freeze-windows": "Fri 01:00/Mon 08:00"}}));
        let findings = world.findings(check);
        assert_eq!(told(&findings), ["x frozen", "x frozen"]);
        assert_eq!(findings[0].message, "service/api is frozen until 2026-12-24T00:00:00Z: audit");
        // In an outage nobody waits for the end of a freeze.
        world.verb = Verb::Rollback;
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn a_namespace_that_can_t_be_read_may_be_frozen() {
        let mut world = World::healthy();
        world.namespace = Err("forbidden".into());
        assert_eq!(told(&world.findings(check)), ["? frozen"]);
    }
}
