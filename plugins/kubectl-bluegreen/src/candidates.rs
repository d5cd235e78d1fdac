//! Completion of Services and colors, asked of the cluster while the user presses Tab.

use clap_complete::engine::CompletionCandidate;
use k8s_openapi::api::core::v1::Service;
use kubectl_release::cluster::Cluster;
use kubectl_release::cluster::connect::connect;
use kubectl_release::cluster::read::{ListQuery, collection};
use kubectl_release::complete::{block_on, names, typed_flags, typed_words};

use crate::options::service_names;
use crate::snapshot::{Snapshot, workloads};
use crate::subject::Subject;

/// Services of the namespace.
#[must_use]
pub fn services() -> Vec<CompletionCandidate> {
    let query = ListQuery { cached: true, ..ListQuery::default() };
    names(|namespace| collection::<Service>(Some(namespace)), &query)
}

/// Colors of the Services typed so far.
#[must_use]
pub fn colors() -> Vec<CompletionCandidate> {
    let found = block_on(async {
        let cluster = connect(&typed_flags()).ok()?;
        let service = typed_service(&cluster).await?;
        let mut snapshot = Snapshot::empty(&cluster.namespace, jiff::Timestamp::now());
        snapshot.workloads = workloads(&cluster, Some(&cluster.namespace)).await.ok()?;
        let tracks = Subject::of(&service, &snapshot, None).tracks.ok()?;
        Some(tracks.colors.into_iter().map(|c| CompletionCandidate::new(c.name)).collect::<Vec<_>>())
    });
    found.unwrap_or_default()
}

/// The first of the words after the verb that names a Service; others may be values of flags.
async fn typed_service(cluster: &Cluster) -> Option<Service> {
    for word in typed_words().into_iter().skip(1) {
        let Ok(names) = service_names(&[word]) else { continue };
        let path = format!("{}/{}", collection::<Service>(Some(&cluster.namespace)), names[0]);
        if let Ok(service) = cluster.get(&path).await {
            return Some(service);
        }
    }
    None
}
