//! On which nodes a multi-architecture image starts: a node pulls the part that its platform can run, and finds none
//! where there is none ("no match for platform in manifest").
//!
//! Which parts those are is containerd's to say
//! (<https://github.com/containerd/platforms/blob/main/compare.go>): amd64 runs 386, too, and arm64 runs arm. Variants
//! (`v7`, `v3`) are not told apart, for nodes don't say theirs.

use std::collections::BTreeMap;

use super::index_manifest::IndexChild;
use crate::kube::Node;

/// What most images are built for: one that has both is not held against the nodes.
const COMMON: [&str; 2] = ["linux/amd64", "linux/arm64"];

/// The nodes on which no part of an image starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutPart {
    /// `linux/amd64`, with how many nodes there are of it.
    pub platforms: BTreeMap<String, usize>,
    /// Of so many nodes.
    pub of: usize,
}

impl WithoutPart {
    /// How many nodes they are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.platforms.values().copied().fold(0, usize::saturating_add)
    }
}

/// What an image can be run on; nothing where one of its parts doesn't say.
fn platforms(parts: &[IndexChild]) -> Option<Vec<&str>> {
    let images = parts.iter().filter(|part| !part.is_attestation);
    let found: Option<Vec<&str>> = images.map(|part| part.platform.as_deref()).collect();
    found.filter(|found| !found.is_empty())
}

/// What an image is built for, for people; nothing where it is not known, or where most nodes can run it.
#[must_use]
pub fn built_for_few(parts: &[IndexChild]) -> Option<String> {
    let found = platforms(parts)?;
    let has = |wanted: &str| found.iter().any(|platform| runs(wanted, platform));
    (!COMMON.iter().all(|wanted| has(wanted))).then(|| found.join(", "))
}

/// The nodes of these on which no part of it starts.
#[must_use]
pub fn without_part<'n>(parts: &[IndexChild], nodes: impl Iterator<Item = &'n Node>) -> WithoutPart {
    let mut found = WithoutPart { platforms: BTreeMap::new(), of: 0 };
    let Some(offered) = platforms(parts) else { return found };
    for node in nodes {
        let info = &node.status.node_info;
        let platform = format!("{}/{}", info.operating_system, info.architecture);
        found.of = found.of.saturating_add(1);
        let is_said = !info.operating_system.is_empty() && !info.architecture.is_empty();
        if is_said && !offered.iter().any(|part| runs(&platform, part)) {
            let count = found.platforms.entry(platform).or_default();
            *count = count.saturating_add(1);
        }
    }
    found
}

/// True where a node of the one platform runs an image of the other, whatever its variant.
fn runs(node: &str, image: &str) -> bool {
    let parts = |platform: &str| {
        let mut parts = platform.splitn(3, '/').map(str::to_owned);
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    };
    let ((os, node), (image_os, image)) = (parts(node), parts(image));
    let also = [("amd64", "386"), ("arm64", "arm")];
    os == image_os && (node == image || also.contains(&(node.as_str(), image.as_str())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parts(platforms: &[&str]) -> Vec<IndexChild> {
        let part = |platform: &&str| {
            let platform = (!platform.is_empty()).then(|| (*platform).to_owned());
            IndexChild { platform, ..IndexChild::image("sha256:aa") }
        };
        let attestation = IndexChild { is_attestation: true, ..IndexChild::image("sha256:bb") };
        platforms.iter().map(part).chain([attestation]).collect()
    }

    fn node(os: &str, architecture: &str) -> Node {
        let info = json!({"operatingSystem": os, "architecture": architecture});
        serde_json::from_value(json!({"metadata": {"name": "n"}, "status": {"nodeInfo": info}})).unwrap()
    }

    /// A rollback at night would lead to pods that no node can start.
    #[test]
    fn a_node_without_a_part_of_its_own_is_counted() {
        let nodes = [node("linux", "amd64"), node("linux", "amd64"), node("linux", "arm64"), node("windows", "amd64")];
        let lacking = |platforms: &[&str]| {
            let found = without_part(&parts(platforms), nodes.iter());
            assert_eq!(found.of, 4);
            found.platforms.into_iter().map(|(platform, count)| format!("{count} {platform}")).collect::<Vec<_>>()
        };
        for (built_for, without) in [
            (vec!["linux/arm64/v8"], vec!["2 linux/amd64", "1 windows/amd64"]),
            (vec!["linux/amd64/v3"], vec!["1 linux/arm64", "1 windows/amd64"]),
            (vec!["linux/amd64", "linux/arm64"], vec!["1 windows/amd64"]),
            (vec!["linux/386", "linux/arm/v7"], vec!["1 windows/amd64"]),
            (vec!["windows/amd64"], vec!["2 linux/amd64", "1 linux/arm64"]),
            (vec!["linux/s390x"], vec!["2 linux/amd64", "1 linux/arm64", "1 windows/amd64"]),
        ] {
            assert_eq!(lacking(&built_for), without, "{built_for:?}");
        }
    }

    #[test]
    fn what_is_not_said_is_no_finding() {
        let silent = [Node::default()];
        assert_eq!(without_part(&parts(&["linux/arm64"]), silent.iter()).nodes(), 0);
        let nodes = [node("linux", "amd64")];
        assert_eq!(without_part(&parts(&["linux/arm64", ""]), nodes.iter()).nodes(), 0);
        assert_eq!(without_part(&parts(&[]), nodes.iter()).nodes(), 0);
        assert_eq!(without_part(&parts(&["linux/arm64"]), nodes.iter()).nodes(), 1);
    }

    #[test]
    fn what_most_nodes_run_is_not_asked_about() {
        assert_eq!(built_for_few(&parts(&["linux/arm64/v8", "linux/amd64"])), None);
        assert_eq!(built_for_few(&parts(&["linux/arm64"])).as_deref(), Some("linux/arm64"));
        assert_eq!(built_for_few(&parts(&["linux/arm64", ""])), None);
        assert_eq!(built_for_few(&[]), None);
    }
}
