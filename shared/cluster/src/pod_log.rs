//! What a container writes, line by line as it comes (`kubectl logs -f`).

use std::pin::Pin;

use futures::{Stream, StreamExt};
use http::Method;
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::Cluster;
use super::bounds::LOG_LINE_BYTES;
use super::exchange::{ApiError, request};
use super::query::with_query;
use release_core::kube::path::path_of;

/// Lines of a log. It ends with the container, or where the connection breaks off.
pub type LogLines = Pin<Box<dyn Stream<Item = String> + Send>>;

impl Cluster {
    /// Follows a container's log from its beginning.
    ///
    /// # Errors
    /// 400 for a container that hasn't started yet; 403 where logs may not be read.
    pub async fn log_lines(&self, pod: &str, container: &str) -> Result<LogLines, ApiError> {
        let path = format!("{}/{pod}/log", path_of("", "v1", "pods", Some(&self.namespace)));
        let query = [("container", container.to_owned()), ("follow", "true".to_owned())];
        let asked = request(Method::GET, &with_query(&path, &query), "", Vec::new());
        let answer = timeout(self.request_timeout(), self.send(asked)).await;
        let body = answer.map_err(|_| ApiError::Unclear("log not answered".into()))??.into_body();
        Ok(lines(body.into_data_stream().filter_map(|chunk| async { chunk.ok() })))
    }
}

/// Cuts bytes into lines; one that is too long, into several.
fn lines<B: AsRef<[u8]> + Send + 'static>(chunks: impl Stream<Item = B> + Send + 'static) -> LogLines {
    let start = (Box::pin(chunks), Vec::new(), false);
    let next = |(mut chunks, mut read, mut over): (Pin<Box<_>>, Vec<u8>, bool)| async move {
        loop {
            if let Some(line) = first_line(&mut read, over) {
                return Some((line, (chunks, read, over)));
            }
            if over {
                return None;
            }
            match StreamExt::next(&mut chunks).await {
                Some(chunk) => read.extend_from_slice(AsRef::<[u8]>::as_ref(&chunk)),
                None => over = true,
            }
        }
    };
    futures::stream::unfold(start, next).boxed()
}

fn first_line(read: &mut Vec<u8>, is_all: bool) -> Option<String> {
    let end = read.iter().position(|byte| *byte == b'\n').filter(|end| *end <= LOG_LINE_BYTES);
    let (length, skipped) = match end {
        Some(end) => (end, 1),
        None if read.len() > LOG_LINE_BYTES => (LOG_LINE_BYTES, 0),
        None if is_all && !read.is_empty() => (read.len(), 0),
        None => return None,
    };
    let rest = read.split_off(length.saturating_add(skipped));
    let line = std::mem::replace(read, rest);
    let line = line.get(..length).unwrap_or_default();
    Some(String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &'static [u8], size: usize) -> Vec<String> {
        lines(futures::stream::iter(text.chunks(size))).collect().await
    }

    /// The last words of a failed migration would be lost, or a progress bar would fill the memory.
    #[tokio::test]
    async fn lines_come_whole_and_the_last_one_without_its_end() {
        for size in [1, 3, 100] {
            let text = "one\n\r\nzwei \u{fc}\r\nlast".as_bytes();
            assert_eq!(
                lines(futures::stream::iter(text.chunks(size))).collect::<Vec<_>>().await,
                ["one", "", "zwei ü", "last"]
            );
        }
        assert_eq!(read(b"\xff\n", 1).await, ["\u{fffd}"]);
        assert!(read(b"", 1).await.is_empty());
        let endless = futures::stream::repeat(vec![b'x'; 1 << 12]).take(64);
        let cut: Vec<String> = lines(endless).collect().await;
        assert!(cut.iter().all(|line| line.len() <= LOG_LINE_BYTES) && cut.len() == (1 << 18) / LOG_LINE_BYTES);
    }
}
