//! A Service's EndpointSlices as they change: watched, and listed while no watch is open.

use std::time::Duration;

use futures::future::LocalBoxFuture;
use futures::{FutureExt, StreamExt};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use release_core::kube::path::collection;
use release_core::traffic::endpoints::{SERVICE_LABEL, Slices};
use tokio::time::{sleep, timeout};

use crate::Cluster;
use crate::exchange::ApiError;
use crate::read::ListQuery;
use crate::watch::{Changes, Seen};

/// Before each list; a watch that opens sooner makes it needless.
const POLL: Duration = Duration::from_millis(200);

/// The EndpointSlices of one Service and where a watch of them goes on.
#[derive(Debug, Clone, Default)]
pub struct SlicesAt {
    pub slices: Slices,
    pub resource_version: String,
}

/// The EndpointSlices of a Service.
///
/// # Errors
/// Where they can't be listed.
pub async fn slices_of(cluster: &Cluster, service: &str) -> Result<SlicesAt, ApiError> {
    let path = collection::<EndpointSlice>(Some(&cluster.namespace));
    let listed =
        cluster.list::<EndpointSlice>(&path, &ListQuery::labelled(format!("{SERVICE_LABEL}={service}"))).await?;
    Ok(SlicesAt { slices: listed.items.into_iter().collect(), resource_version: listed.resource_version })
}

type UnderWay<T> = LocalBoxFuture<'static, Result<T, ApiError>>;

/// The slices now, and where changes come from.
///
/// Requests under way are kept here: a caller whose patience is shorter than the API server's
/// answers must not begin and give up the same request again and again.
pub struct SliceView {
    cluster: Cluster,
    service: String,
    pub slices: Slices,
    watch: Option<Changes<EndpointSlice>>,
    opening: Option<UnderWay<Changes<EndpointSlice>>>,
    listing: Option<UnderWay<SlicesAt>>,
    may_watch: bool,
    /// Why the last look saw nothing: what is known is from before it.
    unread: Option<String>,
}

impl std::fmt::Debug for SliceView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SliceView").field("service", &self.service).finish_non_exhaustive()
    }
}

impl SliceView {
    /// Goes on from a list of slices.
    #[must_use]
    pub fn at(cluster: &Cluster, service: &str, at: SlicesAt) -> Self {
        Self {
            cluster: cluster.clone(),
            service: service.to_owned(),
            slices: at.slices,
            watch: None,
            opening: Some(open(cluster.clone(), service.to_owned(), at.resource_version)),
            listing: Some(list(cluster.clone(), service.to_owned())),
            may_watch: true,
            unread: None,
        }
    }

    /// Why nobody knows how it is now; nothing where that is known.
    #[must_use]
    pub fn unread(&self) -> Option<&str> {
        self.unread.as_deref()
    }

    /// Returns once something may have changed, at the latest after `patience`.
    pub async fn changed(&mut self, patience: Duration) {
        let _ = timeout(patience, self.next()).await;
    }

    /// Asks for the slices as they are: a watch that says nothing may be one that nobody serves any more.
    ///
    /// # Errors
    /// Where they can't be listed; what was known stays.
    pub async fn look(&mut self) -> Result<(), ApiError> {
        let at = slices_of(&self.cluster, &self.service).await?;
        self.watch = None;
        self.listed(Ok(at));
        Ok(())
    }

    /// May be given up at any point, and goes on from there when called again.
    async fn next(&mut self) {
        loop {
            if let Some(changes) = &mut self.watch {
                match changes.next().await {
                    Some(Ok(Seen::Current(slice))) => return self.seen(|slices| slices.put(slice)),
                    Some(Ok(Seen::Gone(slice))) => return self.seen(|slices| slices.remove(&slice)),
                    Some(Err(_)) | None => self.watch = None,
                }
            }
            let listing = self.listing.get_or_insert_with(|| list(self.cluster.clone(), self.service.clone()));
            tokio::select! {
                opened = under_way(&mut self.opening) => self.opened(opened),
                listed = listing => return self.listed(listed),
            }
        }
    }

    fn seen(&mut self, change: impl FnOnce(&mut Slices)) {
        self.unread = None;
        change(&mut self.slices);
    }

    fn opened(&mut self, opened: Result<Changes<EndpointSlice>, ApiError>) {
        self.opening = None;
        match opened {
            Ok(changes) => (self.watch, self.listing) = (Some(changes), None),
            // After any other failure the next list says where to watch from.
            Err(e) => self.may_watch = !e.is_forbidden(),
        }
    }

    /// A failed list leaves what was known: the caller's deadline decides how long that may last.
    fn listed(&mut self, listed: Result<SlicesAt, ApiError>) {
        self.listing = None;
        self.unread = listed.as_ref().err().map(ToString::to_string);
        if let Ok(at) = listed {
            self.slices.replace(at.slices);
            // A watch from before would tell of what is past.
            self.opening =
                self.may_watch.then(|| open(self.cluster.clone(), self.service.clone(), at.resource_version));
        }
    }
}

async fn under_way<T>(request: &mut Option<UnderWay<T>>) -> Result<T, ApiError> {
    match request {
        Some(request) => request.await,
        None => std::future::pending().await,
    }
}

fn open(cluster: Cluster, service: String, resource_version: String) -> UnderWay<Changes<EndpointSlice>> {
    let path = collection::<EndpointSlice>(Some(&cluster.namespace));
    let labels = format!("{SERVICE_LABEL}={service}");
    async move { cluster.watch(&path, &labels, &resource_version).await }.boxed_local()
}

fn list(cluster: Cluster, service: String) -> UnderWay<SlicesAt> {
    async move {
        sleep(POLL).await;
        slices_of(&cluster, &service).await
    }
    .boxed_local()
}
