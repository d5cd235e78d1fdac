//! Whether the nodes can start a multi-architecture image at all.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::kube::{WorkloadKind, has_all};
use release_core::registry::platforms::{built_for_few, without_part};
use release_core::text::printable;

use super::case::Case;
use crate::built_for::BuiltForFew;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let Some(BuiltForFew { parts, nodes }) = case.built_for else { return Vec::new() };
    let Some(built_for) = built_for_few(parts) else { return Vec::new() };
    let built_for = printable(&built_for);
    let nodes = match nodes {
        Ok(nodes) => nodes,
        Err(why) => {
            let what = format!("whether nodes can start an image for {built_for}");
            return vec![case.not_checked(ids::PLATFORM_MISSING, &what, why)];
        }
    };
    let spec = case.workload().template.spec.as_ref();
    let selector = spec.and_then(|spec| spec.node_selector.clone()).unwrap_or_default();
    let lacking = without_part(parts, nodes.iter().filter(|node| has_all(&node.metadata.labels, &selector)));
    if lacking.nodes() == 0 {
        return Vec::new();
    }
    let of_each = lacking.platforms.iter().map(|(platform, count)| format!("{count} {}", printable(platform)));
    let which = of_each.collect::<Vec<_>>().join(", ");
    let message =
        format!("it is built for {built_for}: {} of {} nodes can't start it ({which})", lacking.nodes(), lacking.of);
    let needs_all = case.workload().kind == WorkloadKind::DaemonSet;
    let finding = if needs_all || lacking.nodes() == lacking.of {
        case.blocks(ids::PLATFORM_MISSING, message)
    } else {
        case.warns(ids::PLATFORM_MISSING, message)
    };
    vec![finding.mend("name an image that is built for them")]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::testing::World;
    use release_core::kube::Node;
    use release_core::registry::index_manifest::IndexChild;

    fn world(built_for: &[&str], nodes: &[(&str, &str)]) -> World {
        let part =
            |platform: &&str| IndexChild { platform: Some((*platform).to_owned()), ..IndexChild::image("sha256:aa") };
        let node = |(architecture, disk): &(&str, &str)| {
            let info = json!({"operatingSystem": "linux", "architecture": architecture});
            let metadata = json!({"name": "n", "labels": {"disk": disk}});
            serde_json::from_value::<Node>(json!({"metadata": metadata, "status": {"nodeInfo": info}})).unwrap()
        };
        let parts = built_for.iter().map(part).collect();
        World {
            built_for: Some(BuiltForFew { parts, nodes: Ok(nodes.iter().map(node).collect()) }),
            ..World::healthy()
        }
    }

    fn told(world: &World) -> Vec<String> {
        world.told().into_iter().filter(|told| told.ends_with("platform-missing")).collect()
    }

    /// Every pod of the release before would fail with "no match for platform", at night.
    #[test]
    fn an_image_that_no_node_starts_is_not_gone_to() {
        let arm64 = ["linux/arm64/v8"];
        assert_eq!(told(&world(&arm64, &[("amd64", "ssd"), ("amd64", "hdd")])), ["x platform-missing"]);
        assert_eq!(told(&world(&arm64, &[("amd64", "ssd"), ("arm64", "ssd")])), ["! platform-missing"]);
        assert!(told(&world(&arm64, &[("arm64", "ssd")])).is_empty());
        assert!(told(&world(&["linux/amd64", "linux/arm64"], &[("s390x", "ssd")])).is_empty(), "nobody asks");
        assert!(told(&world(&arm64, &[])).is_empty(), "nodes that are made when they are needed");
        let mut selected = world(&arm64, &[("amd64", "hdd"), ("arm64", "ssd")]);
        selected.template()["nodeSelector"] = json!({"disk": "ssd"});
        assert!(told(&selected).is_empty());
        selected.template()["nodeSelector"] = json!({"disk": "hdd"});
        assert_eq!(told(&selected), ["x platform-missing"]);
        let mut unread = world(&arm64, &[]);
        unread.built_for.as_mut().unwrap().nodes = Err("Forbidden".into());
        assert_eq!(told(&unread), ["? platform-missing"]);
        let message = world(&arm64, &[("amd64", "ssd")]).findings().into_iter().find(|f| f.id == ids::PLATFORM_MISSING);
        let message = message.unwrap().message;
        assert_eq!(message, "it is built for linux/arm64/v8: 1 of 1 nodes can't start it (1 linux/amd64)");
    }
}
