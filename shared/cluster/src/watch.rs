//! Watching a collection, with the watch's end as an ordinary event.

use std::pin::Pin;

use futures::{Stream, StreamExt};
use http::Method;
use kube::api::WatchEvent;
use serde::de::DeserializeOwned;

use super::Cluster;
use super::exchange::{ApiError, request};
use super::read::with_query;

/// What a watch says.
#[derive(Debug)]
pub enum Seen<T> {
    /// Added or modified: the object as it is now.
    Current(T),
    /// Deleted: the object as it last was.
    Gone(T),
}

/// A stream of changes. It ends when the server ends it; an `Err` means: list again.
pub type Changes<T> = Pin<Box<dyn Stream<Item = Result<Seen<T>, ApiError>> + Send>>;

impl Cluster {
    /// Watches the objects of a collection from a resource version on.
    ///
    /// # Errors
    /// `Refused` with 403 where watching is forbidden: poll then.
    pub async fn watch<T>(&self, path: &str, labels: &str, resource_version: &str) -> Result<Changes<T>, ApiError>
    where
        T: DeserializeOwned + Clone + Send + 'static,
    {
        let query = [
            ("watch", "1".to_owned()),
            ("labelSelector", labels.to_owned()),
            ("resourceVersion", resource_version.to_owned()),
        ];
        let request = request(Method::GET, &with_query(path, &query), "", Vec::new());
        let answer = tokio::time::timeout(self.request_timeout(), self.client.request_events::<T>(request)).await;
        let events =
            answer.map_err(|_| ApiError::Unclear("watch not answered".into()))?.map_err(|e| to_api_error(&e))?;
        let changes = events.filter_map(|event| async move {
            match event {
                Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => Some(Ok(Seen::Current(object))),
                Ok(WatchEvent::Deleted(object)) => Some(Ok(Seen::Gone(object))),
                Ok(WatchEvent::Bookmark(_)) => None,
                Ok(WatchEvent::Error(status)) => Some(Err(refused(&status))),
                Err(e) => Some(Err(to_api_error(&e))),
            }
        });
        Ok(changes.boxed())
    }
}

fn refused(status: &kube::core::Status) -> ApiError {
    ApiError::Refused {
        code: status.code,
        reason: status.reason.clone(),
        message: status.message.clone(),
        retry_after: None,
    }
}

fn to_api_error(error: &kube::Error) -> ApiError {
    match error {
        kube::Error::Api(status) => refused(status),
        other => ApiError::Unclear(other.to_string()),
    }
}
