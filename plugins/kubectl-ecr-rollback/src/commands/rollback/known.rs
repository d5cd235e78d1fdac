//! What is asked about the chosen image alone.

use release_cli::run::Run;
use release_cluster::read::{ListQuery, Reading};
use release_core::kube::Node;
use release_core::kube::path::path_of;
use release_core::registry::index_manifest::IndexChild;
use release_core::registry::platforms::built_for_few;
use release_core::registry::push_history::{Chosen, Pinned, PushedImage};

use crate::checks::case::Pushed;
use crate::contents::RepositoryContents;
use crate::snapshot::Snapshot;

/// What is asked about the chosen image alone.
pub struct Known {
    target: Option<PushedImage>,
    parts: Option<Vec<IndexChild>>,
    nodes: Option<Reading<Vec<Node>>>,
    policy: Reading<Option<String>>,
}

impl Known {
    /// Asks the registry, and of the cluster's nodes where the image isn't built for what most of them are.
    pub async fn of(
        run: &Run,
        contents: Option<&RepositoryContents>,
        (snapshot, chosen): (&Snapshot, &Chosen),
    ) -> Self {
        let Some(contents) = contents else { return Self { target: None, parts: None, nodes: None, policy: Ok(None) } };
        let contents = contents.until(run.deadline());
        let policy = async {
            let loses_its_tag =
                matches!(chosen.pinned, Some(Pinned::TagWasMoved | Pinned::TagMoves | Pinned::Untagged));
            if loses_its_tag { contents.policy().await } else { Ok(None) }
        };
        let target = async {
            let (target, parts) = contents.with_scan(chosen.digest.as_deref()).await.unzip();
            let parts = parts.flatten();
            let is_for_few = parts.as_ref().is_some_and(|parts| built_for_few(parts).is_some());
            let nodes = if is_for_few { Some(nodes(run, snapshot).await) } else { None };
            (target, parts, nodes)
        };
        let ((target, parts, nodes), policy) = futures::join!(target, policy);
        Self { target, parts, nodes, policy }
    }

    /// For checks.
    #[must_use]
    pub fn pushed<'a>(&'a self, contents: &'a RepositoryContents) -> Pushed<'a> {
        let RepositoryContents { images, children, .. } = contents;
        let (parts, nodes) = (self.parts.as_deref(), self.nodes.as_ref());
        Pushed { images, children, target: self.target.as_ref(), parts, nodes, policy: &self.policy }
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
