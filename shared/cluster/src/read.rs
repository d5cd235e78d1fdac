//! Reading: few requests, large lists in pages, bounded retries.

use std::time::Duration;

use http::Method;
use http::header::{ACCEPT, HeaderValue};
use k8s_openapi::Resource;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use release_core::kube::path::collection;

use super::Cluster;
use super::exchange::{ApiError, request};
use super::wait::later;

/// Objects in one page of a list: about 5 MiB of 10 KiB pods.
const PAGE: usize = 500;
/// How often a read is asked again after a passing failure.
const RETRIES: u32 = 4;

/// What was read, or in a few words why it was not (`forbidden`).
pub type Reading<T> = Result<T, String>;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    pub label_selector: Option<String>,
    pub field_selector: Option<String>,
    /// Take whatever the API server has in its cache (`resourceVersion=0`): fast also when etcd
    /// is in trouble, and possibly a moment old.
    pub cached: bool,
}

impl ListQuery {
    /// Objects with these labels.
    #[must_use]
    pub fn labelled(selector: impl Into<String>) -> Self {
        Self { label_selector: Some(selector.into()), ..Self::default() }
    }
}

/// A whole list and the version it is of.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// Where a watch goes on from.
    pub resource_version: String,
}

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default)]
    metadata: PageMeta,
    #[serde(default = "Vec::new")]
    items: Vec<T>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PageMeta {
    resource_version: String,
    r#continue: String,
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

    /// Reads a whole list and turns each item into what is kept of it before the next page.
    ///
    /// # Errors
    /// See [`ApiError`]; passing failures are retried within the request timeout.
    pub async fn list_map<T: DeserializeOwned, U>(
        &self,
        path: &str,
        query: &ListQuery,
        keep: impl Fn(T) -> U,
    ) -> Result<Listed<U>, ApiError> {
        let mut items = Vec::new();
        let mut token = String::new();
        loop {
            let page: Page<T> = match self.read(&list_path(path, query, &token)).await {
                // The continue token expired while we were reading: begin again, once from the start.
                Err(ApiError::Refused { code: 410, .. }) if !token.is_empty() => {
                    items.clear();
                    token.clear();
                    continue;
                }
                other => other?,
            };
            items.extend(page.items.into_iter().map(&keep));
            if page.metadata.r#continue.is_empty() {
                return Ok(Listed { items, resource_version: page.metadata.resource_version });
            }
            token = page.metadata.r#continue;
        }
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        self.read_as(path, HeaderValue::from_static("application/json")).await
    }

    /// Reads what is there in a form of its own.
    pub(super) async fn read_as<T: DeserializeOwned>(&self, path: &str, form: HeaderValue) -> Result<T, ApiError> {
        let deadline = later(self.request_timeout());
        let mut attempt = 0;
        loop {
            let mut asked = request(Method::GET, path, "", Vec::new());
            asked.headers_mut().insert(ACCEPT, form.clone());
            let answer = self.ask(asked).await;
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

fn list_path(path: &str, query: &ListQuery, token: &str) -> String {
    let mut pairs = vec![("limit", PAGE.to_string())];
    if let Some(labels) = &query.label_selector {
        pairs.push(("labelSelector", labels.clone()));
    }
    if let Some(fields) = &query.field_selector {
        pairs.push(("fieldSelector", fields.clone()));
    }
    if !token.is_empty() {
        pairs.push(("continue", token.to_owned()));
    } else if query.cached {
        pairs.push(("resourceVersion", "0".to_owned()));
    }
    with_query(path, &pairs)
}

/// Appends URL-encoded query parameters.
pub(super) fn with_query(path: &str, pairs: &[(&str, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (key, value) in pairs {
        query.append_pair(key, value);
    }
    format!("{path}?{}", query.finish())
}
