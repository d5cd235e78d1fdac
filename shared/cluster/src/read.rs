//! Reading: few requests, large lists in pages, bounded retries.

use std::time::Duration;

use http::Method;
use http::header::{ACCEPT, HeaderValue};
use k8s_openapi::Resource;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};

use release_core::kube::path::collection;

use super::Cluster;
use super::bounds::{Held, list_time};
use super::exchange::{ApiError, parsed, request};
use super::page::{Page, Position, list_path};
pub use super::query::ListQuery;
use super::wait::later;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// How often a read is asked again after a passing failure.
const RETRIES: u32 = 4;

/// What was read, or in a few words why it was not (`forbidden`).
pub type Reading<T> = Result<T, String>;

/// A whole list and the version it is of.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// Where a watch goes on from.
    pub resource_version: String,
}

impl Cluster {
    /// Reads one object; `path` ends in its name.
    ///
    /// # Errors
    /// See [`ApiError`]; passing failures are retried within the request timeout.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        self.read(path).await
    }

    /// Reads a whole list, page by page.
    ///
    /// # Errors
    /// See [`ApiError`]; passing failures are retried within the request timeout.
    pub async fn list<T: DeserializeOwned>(&self, path: &str, query: &ListQuery) -> Result<Listed<T>, ApiError> {
        self.list_map(path, query, |item: T| item).await
    }

    /// Reads a whole list of a built-in kind in our namespace for a check that may go without.
    pub async fn reading<K: Resource + DeserializeOwned>(&self, query: &ListQuery) -> Reading<Vec<K>> {
        let path = collection::<K>(Some(&self.namespace));
        self.list(&path, query).await.map(|l| l.items).map_err(|e| e.short())
    }

    /// The same of a custom resource, by the path of its list; one whose API is not served has no objects.
    pub async fn reading_served<T: DeserializeOwned>(&self, path: &str, query: &ListQuery) -> Reading<Vec<T>> {
        match self.list(path, query).await {
            Ok(listed) => Ok(listed.items),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error.short()),
        }
    }

    /// Reads a whole list and turns each item into what is kept of it before the next page.
    ///
    /// # Errors
    /// See [`ApiError`]; passing failures are retried within the request timeout. A list that doesn't end
    /// is [`ApiError::TooLarge`].
    pub async fn list_map<T: DeserializeOwned, U>(
        &self,
        path: &str,
        query: &ListQuery,
        keep: impl Fn(T) -> U,
    ) -> Result<Listed<U>, ApiError> {
        // What the cache has comes in one answer.
        let limit = if query.cached { self.request_timeout() } else { list_time(self.request_timeout()) };
        let read = self.pages(path, query, keep);
        timeout(limit, read)
            .await
            .unwrap_or_else(|_| Err(ApiError::Unclear(format!("the list had no end within {} s", limit.as_secs_f32()))))
    }

    async fn pages<T: DeserializeOwned, U>(
        &self,
        path: &str,
        query: &ListQuery,
        keep: impl Fn(T) -> U,
    ) -> Result<Listed<U>, ApiError> {
        let (mut items, mut at) = (Vec::new(), Position::start(query));
        loop {
            match self.read_bytes(&list_path(path, query, &at), JSON).await {
                Ok(answer) => {
                    let page = Page::parse(answer.bytes(), &keep)?;
                    items.extend(page.items);
                    if page.metadata.r#continue.is_empty() {
                        return Ok(Listed { items, resource_version: page.metadata.resource_version });
                    }
                    at.go_on(page.metadata.r#continue, answer.bytes().len())?;
                }
                // The continue token expired while we were reading: begin again from the start.
                Err(error @ ApiError::Refused { code: 410, .. }) if at.is_under_way() => {
                    items.clear();
                    at.begin_again(error)?;
                }
                Err(error @ ApiError::TooLarge(_)) => at.take_less(error)?,
                Err(error) => return Err(error),
            }
        }
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        self.read_as(path, JSON).await
    }

    /// Reads what is there in a form of its own.
    pub(super) async fn read_as<T: DeserializeOwned>(&self, path: &str, form: HeaderValue) -> Result<T, ApiError> {
        parsed(&self.read_bytes(path, form).await?)
    }

    async fn read_bytes(&self, path: &str, form: HeaderValue) -> Result<Held, ApiError> {
        let deadline = later(self.request_timeout());
        let mut attempt = 0;
        loop {
            let mut asked = request(Method::GET, path, "", Vec::new());
            asked.headers_mut().insert(ACCEPT, form.clone());
            let answer = self.ask_bytes(asked).await;
            let Err(error) = answer else { return answer };
            let pause = pause_before_retry(&error, attempt);
            if !error.is_passing() || attempt == RETRIES || later(pause) >= deadline {
                return Err(error);
            }
            sleep(pause).await;
            attempt = attempt.saturating_add(1);
        }
    }
}

/// As long as the server asks for, else growing from 100 ms.
pub(super) fn pause_before_retry(error: &ApiError, attempt: u32) -> Duration {
    match error {
        ApiError::Refused { retry_after: Some(asked), .. } => *asked,
        _ => Duration::from_millis(100 << attempt.min(5)),
    }
}
