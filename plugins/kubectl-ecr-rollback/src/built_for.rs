//! What platforms an image is built for, and the nodes that its pods may be put on.

use release_cli::run::Run;
use release_cluster::read::{ListQuery, Reading};
use release_core::kube::Node;
use release_core::kube::path::path_of;
use release_core::registry::index_manifest::IndexChild;
use release_core::registry::platforms::built_for_few;

use crate::snapshot::Snapshot;

/// An image that isn't built for what most nodes are.
#[derive(Debug, Clone)]
pub struct BuiltForFew {
    pub parts: Vec<IndexChild>,
    pub nodes: Reading<Vec<Node>>,
}

impl BuiltForFew {
    /// Asks for the cluster's nodes where the parts call for it; nothing where they don't.
    pub async fn of(run: &Run, snapshot: &Snapshot, parts: Vec<IndexChild>) -> Option<Self> {
        built_for_few(&parts)?;
        Some(Self { nodes: nodes(run, snapshot).await, parts })
    }
}

/// The nodes with their platforms, and the labels that the template asks for.
async fn nodes(run: &Run, snapshot: &Snapshot) -> Reading<Vec<Node>> {
    let spec = snapshot.workload.template.spec.as_ref();
    let selector = spec.and_then(|spec| spec.node_selector.clone()).unwrap_or_default();
    let (path, everything) = (path_of("", "v1", "nodes", None), ListQuery::default());
    let listed = run.cluster.list_map(&path, &everything, |node: Node| node.for_selector(&selector)).await;
    listed.map(|list| list.items).map_err(|error| error.short())
}
