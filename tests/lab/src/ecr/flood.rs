//! Answers that are longer than anybody needs, made as they are sent.

use std::convert::Infallible;

use bytes::Bytes;
use futures::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;

/// The body of an answer.
pub(super) type AnswerBody = BoxBody<Bytes, Infallible>;

const CHUNK: usize = 64 * 1024;
const CHUNK_BYTES: u64 = CHUNK as u64;
static PADDING: [u8; CHUNK] = [b'x'; CHUNK];

/// One that is complete.
pub(super) fn whole(body: Full<Bytes>) -> AnswerBody {
    body.boxed()
}

/// JSON that begins with a text of so many bytes.
pub(super) fn flood(bytes: u64) -> AnswerBody {
    let beginning = std::iter::once(Bytes::from_static(b"{\"padding\": \""));
    let text = (0..bytes / CHUNK_BYTES).map(|_| Bytes::from_static(&PADDING));
    let frames = beginning.chain(text).map(|chunk| Ok(Frame::data(chunk)));
    BodyExt::boxed(StreamBody::new(stream::iter(frames)))
}
