//! A Service's EndpointSlices as they change: watched, or polled where watching is forbidden.

use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kubectl_release::cluster::Cluster;
use kubectl_release::cluster::read::collection;
use kubectl_release::cluster::watch::{Changes, Seen};
use kubectl_release::endpoints::{SERVICE_LABEL, Slices};
use tokio::time::{sleep, timeout};

use crate::snapshot::{SlicesAt, Snapshot, slices_of};

/// Between two lists where watching is forbidden, and after a watch that ended.
const POLL: Duration = Duration::from_millis(200);

/// The slices now, and where changes come from.
pub struct SliceView {
    cluster: Cluster,
    service: String,
    pub slices: Slices,
    resource_version: String,
    source: Source,
}

enum Source {
    /// No watch is open.
    Closed,
    Watch(Changes<EndpointSlice>),
    /// Watching is forbidden.
    Poll,
}

impl SliceView {
    /// Goes on from what the snapshot saw.
    #[must_use]
    pub fn of(cluster: &Cluster, service: &str, snapshot: &Snapshot) -> Self {
        Self::at(cluster, service, snapshot.slices.get(service).cloned().unwrap_or_default())
    }

    /// Goes on from a list of slices.
    #[must_use]
    pub fn at(cluster: &Cluster, service: &str, at: SlicesAt) -> Self {
        Self {
            cluster: cluster.clone(),
            service: service.to_owned(),
            slices: at.slices,
            resource_version: at.resource_version,
            source: Source::Closed,
        }
    }

    /// Opens the watch ahead of the write whose effect is to be seen.
    pub async fn open(&mut self) {
        let path = collection::<EndpointSlice>(Some(&self.cluster.namespace));
        let labels = format!("{SERVICE_LABEL}={}", self.service);
        match self.cluster.watch(&path, &labels, &self.resource_version).await {
            Ok(changes) => self.source = Source::Watch(changes),
            Err(e) if e.is_forbidden() => self.source = Source::Poll,
            Err(_) => self.list_again().await,
        }
    }

    /// Returns once something may have changed, at the latest after `patience`.
    pub async fn changed(&mut self, patience: Duration) {
        // Boxed by timeout: a slow list must not outlast the caller's patience by much.
        match &mut self.source {
            Source::Closed => {
                let _ = timeout(patience.max(POLL), self.open()).await;
            }
            Source::Poll => {
                sleep(POLL.min(patience)).await;
                let _ = timeout(patience.max(POLL), self.list()).await;
            }
            Source::Watch(changes) => match timeout(patience, changes.next()).await {
                Err(_) => {}
                Ok(Some(Ok(Seen::Current(slice)))) => self.slices.put(slice),
                Ok(Some(Ok(Seen::Gone(slice)))) => self.slices.remove(&slice),
                Ok(Some(Err(_)) | None) => self.list_again().await,
            },
        }
    }

    async fn list_again(&mut self) {
        self.source = Source::Closed;
        sleep(POLL).await;
        self.list().await;
    }

    /// A failed list leaves what was known: the caller's deadline decides how long that may last.
    async fn list(&mut self) {
        if let Ok(at) = slices_of(&self.cluster, &self.service).await {
            self.slices = at.slices;
            self.resource_version = at.resource_version;
        }
    }
}
