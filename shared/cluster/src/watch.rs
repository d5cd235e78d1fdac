//! Watching a collection, with the watch's end as an ordinary event.

use std::pin::Pin;

use futures::{Stream, StreamExt};
use http::Method;
use http_body_util::BodyExt;
use kube::api::WatchEvent;
use serde::de::DeserializeOwned;

use super::Cluster;
use super::bounds::{BOOKMARKS, EVENT_BYTES};
use super::exchange::{ApiError, request};
use super::query::with_query;

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
        let answer = tokio::time::timeout(self.request_timeout(), self.send(request)).await;
        let body = answer.map_err(|_| ApiError::Unclear("watch not answered".into()))??.into_body();
        Ok(changes(body.into_data_stream().map(|chunk| chunk.map_err(|e| e.to_string()))))
    }
}

/// Turns the bytes of a watch into what it says; its first failure is its end.
fn changes<T, B>(chunks: impl Stream<Item = Result<B, String>> + Send + 'static) -> Changes<T>
where
    T: DeserializeOwned + Send + 'static,
    B: AsRef<[u8]> + Send + 'static,
{
    let lines = Lines { chunks: Box::pin(chunks), read: Vec::new(), bookmarks: 0 };
    let next = |mut lines: Lines<B>| async move {
        let seen = lines.next_seen::<T>().await?;
        if seen.is_err() {
            lines.chunks = Box::pin(futures::stream::empty());
            lines.read.clear();
        }
        Some((seen, lines))
    };
    futures::stream::unfold(lines, next).boxed()
}

/// A watch's bytes, line by line; each is one event
/// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes>).
struct Lines<B> {
    chunks: Pin<Box<dyn Stream<Item = Result<B, String>> + Send>>,
    /// What came and was not looked at yet.
    read: Vec<u8>,
    /// So many in a row.
    bookmarks: usize,
}

impl<B: AsRef<[u8]>> Lines<B> {
    async fn next_seen<T: DeserializeOwned>(&mut self) -> Option<Result<Seen<T>, ApiError>> {
        loop {
            let line = match self.next_line().await? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            match serde_json::from_slice(&line) {
                Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => {
                    return self.seen(Seen::Current(object));
                }
                Ok(WatchEvent::Deleted(object)) => return self.seen(Seen::Gone(object)),
                Ok(WatchEvent::Error(status)) => return Some(Err(refused(&status))),
                Ok(WatchEvent::Bookmark(_)) if self.bookmarks >= BOOKMARKS => {
                    return Some(Err(ApiError::TooLarge("a watch of nothing but bookmarks".into())));
                }
                Ok(WatchEvent::Bookmark(_)) => self.bookmarks = self.bookmarks.saturating_add(1),
                Err(error) => return Some(Err(ApiError::Garbled(error.to_string()))),
            }
        }
    }

    fn seen<T>(&mut self, seen: Seen<T>) -> Option<Result<Seen<T>, ApiError>> {
        self.bookmarks = 0;
        Some(Ok(seen))
    }

    /// May be given up at any point, and goes on from there.
    async fn next_line(&mut self) -> Option<Result<Vec<u8>, ApiError>> {
        let mut looked_at = 0;
        loop {
            let found = self.read.iter().skip(looked_at).position(|byte| *byte == b'\n');
            if let Some(length) = found {
                let rest = self.read.split_off(looked_at.saturating_add(length).saturating_add(1));
                let line = std::mem::replace(&mut self.read, rest);
                looked_at = 0;
                if !line.trim_ascii().is_empty() {
                    return Some(Ok(line));
                }
                continue;
            }
            if self.read.len() > EVENT_BYTES {
                return Some(Err(ApiError::TooLarge(format!("an event of more than {} MiB", EVENT_BYTES >> 20))));
            }
            looked_at = self.read.len();
            match self.chunks.next().await? {
                Ok(chunk) => self.read.extend_from_slice(chunk.as_ref()),
                Err(why) => return Some(Err(ApiError::Unclear(why))),
            }
        }
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

#[cfg(test)]
mod tests {
    use futures::stream;
    use serde_json::{Value, json};

    use super::*;

    fn watched(chunks: Vec<Vec<u8>>) -> Changes<Value> {
        changes(stream::iter(chunks.into_iter().map(Ok)))
    }

    fn event(kind: &str, object: &Value) -> Vec<u8> {
        format!("{}\n", json!({"type": kind, "object": object})).into_bytes()
    }

    async fn last(watched: Changes<Value>) -> (usize, Option<ApiError>) {
        let all: Vec<_> = watched.collect().await;
        (all.len(), all.into_iter().find_map(Result::err))
    }

    #[tokio::test]
    async fn events_come_whole_however_they_are_cut() {
        let text = [event("ADDED", &json!({"a": "ü\n"})), b"\n".to_vec(), event("DELETED", &json!({"a": 2}))].concat();
        for size in [1, 2, 7, text.len()] {
            let seen: Vec<_> = watched(text.chunks(size).map(<[u8]>::to_vec).collect()).collect().await;
            assert!(
                matches!(&seen[..], [Ok(Seen::Current(one)), Ok(Seen::Gone(two))]
                if one["a"] == "ü\n" && two["a"] == 2),
                "{size}: {seen:?}"
            );
        }
        // What was cut off in the middle is no event.
        assert_eq!(last(watched(vec![text[..9].to_vec()])).await, (0, None));
    }

    #[tokio::test]
    async fn a_line_without_an_end_and_bookmarks_without_an_end_end_the_watch() {
        let endless = stream::repeat(vec![b'x'; 1 << 16]).map(Ok::<_, String>);
        assert!(matches!(last(changes(endless)).await, (1, Some(ApiError::TooLarge(_)))));
        let bookmark = event(
            "BOOKMARK",
            &json!({"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1",
            "metadata": {"resourceVersion": "1"}}),
        );
        let endless = stream::repeat(bookmark).map(Ok::<_, String>);
        assert!(matches!(last(changes(endless)).await, (1, Some(ApiError::TooLarge(_)))));
        let blanks = stream::repeat(vec![b'\n'; 1 << 10]).take(1000).map(Ok::<_, String>);
        assert_eq!(last(changes(blanks)).await, (0, None));
    }

    #[tokio::test]
    async fn an_error_event_says_why_and_nonsense_ends_the_watch() {
        let gone =
            json!({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old", "status": "Failure"});
        let (seen, error) = last(watched(vec![event("ERROR", &gone), event("ADDED", &json!({}))])).await;
        assert_eq!((seen, error.and_then(|e| e.code())), (1, Some(410)));
        for nonsense in ["{}\n", "null\n", "{\"type\":\"SHOUTED\",\"object\":{}}\n", "\u{1f}\u{8b}\n"] {
            let (seen, error) = last(watched(vec![nonsense.into()])).await;
            assert!(seen == 1 && matches!(error, Some(ApiError::Garbled(_))), "{nonsense}");
        }
    }
}
