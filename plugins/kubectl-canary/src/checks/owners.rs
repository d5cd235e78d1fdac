//! Who would put back what a release writes: sizes at every step, images in the end.

use release_core::checks::finding::Finding;
use release_core::checks::ownership::{Field, Owned, findings, findings_where_held};
use release_core::command::Scope;

use crate::proposal::Proposal;

pub fn check(proposal: &Proposal, _: &Scope) -> Vec<Finding> {
    let workload = &proposal.look.stable.workload;
    let namespace = workload.metadata.namespace.as_deref().unwrap_or_default();
    let owned = |field| Owned { group: "apps", kind: "Deployment", namespace, metadata: &workload.metadata, field };
    let size = Field {
        json: "/spec/replicas",
        managed: vec!["/f:spec/f:replicas".to_owned()],
        path: "spec.replicas",
        value: "replicas",
        part: "spec.replicas",
    };
    let images = proposal.record.containers.iter().map(|moved| {
        let list = if moved.init { "f:initContainers" } else { "f:containers" };
        format!("/f:spec/f:template/f:spec/{list}/k:{{\"name\":\"{}\"}}/f:image", moved.name)
    });
    let image = Field {
        json: "/spec/template/spec/containers/0/image",
        managed: images.collect(),
        path: "the image",
        value: "image",
        part: "the image",
    };
    let mut found = findings_where_held(&owned(size));
    for finding in findings(&owned(image)) {
        // A tool that puts both back is named once.
        if !found.iter().any(|known| known.id == finding.id) {
            found.push(finding);
        }
    }
    found.into_iter().map(|finding| Finding { about: workload.reference(), ..finding }).collect()
}
