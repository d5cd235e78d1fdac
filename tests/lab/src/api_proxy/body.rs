//! Bodies of answers: passed on as they come, or ended early.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use http::Response;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};

pub(super) type ResponseBody = BoxBody<Bytes, hyper::Error>;

/// As it comes, so that a watch is a stream.
pub(super) fn passed(body: Incoming) -> ResponseBody {
    body.boxed()
}

/// A body that is complete.
pub(super) fn whole(bytes: Bytes) -> ResponseBody {
    Full::new(bytes).map_err(|never| match never {}).boxed()
}

/// A beginning, and then so many times the same, made as it is asked for.
pub(super) fn poured(first: Bytes, again: Bytes, times: usize) -> ResponseBody {
    let chunks = stream::once(std::future::ready(first)).chain(stream::repeat(again).take(times));
    streamed(chunks.map(Ok))
}

/// Waits for the whole answer.
pub(super) async fn finish(response: Response<Incoming>) -> Option<Response<Bytes>> {
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.ok()?.to_bytes();
    Some(Response::from_parts(head, bytes))
}

/// Ends cleanly after this time.
pub(super) fn cut_after(body: Incoming, time: Duration) -> ResponseBody {
    let end = tokio::time::Instant::now() + time;
    let frames = body.into_data_stream().take_until(tokio::time::sleep_until(end));
    streamed(frames)
}

/// Ends cleanly after so many lines.
pub(super) fn cut_after_lines(body: Incoming, lines: usize) -> ResponseBody {
    let chunks = Box::pin(body.into_data_stream());
    let frames = stream::unfold((chunks, lines), |(mut chunks, left)| async move {
        if left == 0 {
            return None;
        }
        match chunks.next().await? {
            Ok(chunk) => {
                let (kept, left) = first_lines(chunk, left);
                Some((Ok(kept), (chunks, left)))
            }
            Err(error) => Some((Err(error), (chunks, 0))),
        }
    });
    streamed(frames)
}

fn streamed(chunks: impl Stream<Item = Result<Bytes, hyper::Error>> + Send + Sync + 'static) -> ResponseBody {
    BodyExt::boxed(StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data))))
}

/// At most `left` lines of a chunk, and how many are left after it.
fn first_lines(chunk: Bytes, left: usize) -> (Bytes, usize) {
    let mut seen = 0;
    for (position, byte) in chunk.iter().enumerate() {
        if *byte == b'\n' {
            seen += 1;
            if seen == left {
                return (chunk.slice(..=position), 0);
            }
        }
    }
    (chunk, left - seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_cut_at_the_end_of_a_line() {
        let chunk = Bytes::from_static(b"one\ntwo\nthr");
        assert_eq!(first_lines(chunk.clone(), 1), (Bytes::from_static(b"one\n"), 0));
        assert_eq!(first_lines(chunk.clone(), 2), (Bytes::from_static(b"one\ntwo\n"), 0));
        assert_eq!(first_lines(chunk.clone(), 3), (chunk, 1));
    }
}
