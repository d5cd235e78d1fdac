//! One HTTP/1.1 request over a stream.

use http::header::{ACCEPT, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use release_core::release::document::Scheme;
use release_core::release::pod_tests::{Answer, Ask};

use super::broken::broken;
use super::{host, tls};
use crate::bounds::{POD_ANSWER_BYTES, PROBE_BYTES};
use crate::exchange::OUR_AGENT;
use crate::port_forward::Stream;

/// Sends it, and reads as much of the answer as may be looked at.
pub async fn ask(
    stream: Box<dyn Stream>,
    (address, port): (&str, u16),
    ask: &Ask,
    reads_body: bool,
) -> Result<Answer, String> {
    let Ask::Http { scheme, method, path, headers, body } = ask else { return Err("no HTTP request".to_owned()) };
    let stream = match scheme {
        Scheme::Http => stream,
        Scheme::Https => tls::over(stream, address).await?,
    };
    let body = Full::new(Bytes::from(body.clone().unwrap_or_default()));
    let mut request = Request::new(body);
    *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    *request.uri_mut() = path.parse().map_err(|_| format!("{path} is no path"))?;
    *request.headers_mut() = sent(&host::of(address, port), headers);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    // It ends with the stream, which whoever asks holds.
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let (head, body) = response.into_parts();
    let most = if reads_body { POD_ANSWER_BYTES } else { PROBE_BYTES };
    let (body, is_whole) = read(body, most).await?;
    Ok(Answer::Http { status: head.status.as_u16(), body, is_whole })
}

/// As the kubelet sends them: to the pod's address, unless the test names a host.
fn sent(host: &str, headers: &[(String, String)]) -> HeaderMap {
    let mut sent = HeaderMap::new();
    let pairs = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
    });
    pairs.for_each(|(name, value)| {
        sent.append(name, value);
    });
    sent.entry(USER_AGENT).or_insert(HeaderValue::from_static(OUR_AGENT));
    sent.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    if let Ok(host) = HeaderValue::from_str(host) {
        sent.entry(HOST).or_insert(host);
    }
    sent
}

/// What there is of a body, and whether that is all.
async fn read(mut body: Incoming, most: usize) -> Result<(Vec<u8>, bool), String> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Ok(chunk) = frame.into_data() else { continue };
        let left = most.saturating_sub(read.len());
        read.extend_from_slice(chunk.get(..left).unwrap_or(&chunk));
        if chunk.len() > left {
            return Ok((read, false));
        }
    }
    Ok((read, true))
}
