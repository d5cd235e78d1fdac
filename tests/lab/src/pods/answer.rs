//! What a pod's process answers.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use futures::StreamExt;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::answers::Answer;
use super::registry::Process;
use super::settings::PodSettings;

type Body = BoxBody<Bytes, Infallible>;

/// Counts the requests of all pods, so that a share of failures is exact.
static ANSWERED: AtomicU64 = AtomicU64::new(0);

/// Answers a request as the pod's annotations say, and counts it if they say that.
pub(super) async fn http(process: &watch::Receiver<Process>, request: Request<Incoming>) -> Response<Body> {
    let (settings, metrics) = {
        let process = process.borrow();
        (process.settings.clone(), Arc::clone(&process.metrics))
    };
    let Some(measured) = &settings.metrics else { return answer(&settings, request).await };
    if request.uri().path() == "/metrics" {
        return text(StatusCode::OK, metrics.exposition(&measured.service)).map(BodyExt::boxed);
    }
    let (method, began) = (request.method().to_string(), Instant::now());
    let response = answer(&settings, request).await;
    metrics.count(&method, response.status().as_u16(), began.elapsed());
    response
}

async fn answer(settings: &PodSettings, request: Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let asked = settings.answers.to(&path);
    let (given, slip) = (asked.as_ref().ok().copied().flatten(), asked.as_ref().err());
    let latency = given.map(|answer| answer.latency).filter(|time| !time.is_zero()).unwrap_or(settings.latency);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    if let Some(slip) = slip {
        return text(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("annotation {}: {slip}\n", crate::annotations::ANSWERS),
        )
        .map(BodyExt::boxed);
    }
    let number = ANSWERED.fetch_add(1, Ordering::Relaxed);
    let mut response = match given {
        Some(answer) => as_told(answer, settings, request).await,
        None => usual(settings),
    };
    if is_in_share(number, settings.fail_percent) {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    if let Ok(version) = settings.version.parse() {
        response.headers_mut().insert("x-version", version);
    }
    let times = given.and_then(|answer| answer.times);
    response.map(|body| times.map_or_else(|| body.clone().boxed(), |times| repeated(body.clone(), times)))
}

/// Made as it is read: no process holds all of it.
fn repeated(body: Full<Bytes>, times: usize) -> Body {
    let chunks = futures::stream::repeat(body).take(times).then(|body| async move {
        let Ok(whole) = body.collect().await;
        Ok(Frame::data(whole.to_bytes()))
    });
    BodyExt::boxed(StreamBody::new(chunks))
}

fn usual(settings: &PodSettings) -> Response<Full<Bytes>> {
    json_body(&json!({"version": settings.version, "color": settings.color, "pod": settings.pod}))
}

async fn as_told(answer: &Answer, settings: &PodSettings, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let mut response = match &answer.body {
        _ if answer.echo => echo(request).await,
        None => usual(settings),
        Some(Value::String(body)) => text(StatusCode::OK, body.clone()),
        Some(body) => json_body(body),
    };
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn echo(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let headers: Value = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), Value::from(String::from_utf8_lossy(value.as_bytes()))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json_body(&json!({
        "method": head.method.as_str(),
        "path": head.uri.path_and_query().map(http::uri::PathAndQuery::as_str),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
}

fn json_body(body: &Value) -> Response<Full<Bytes>> {
    with_type("application/json", format!("{body}\n"))
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = with_type("text/plain; charset=utf-8", body);
    *response.status_mut() = status;
    response
}

fn with_type(kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Answers a gRPC call, of which health checks are the only ones known.
pub(super) async fn grpc(
    process: &watch::Receiver<Process>,
    request: Request<Incoming>,
) -> Response<BoxBody<Bytes, Infallible>> {
    let settings = process.borrow().settings.clone();
    if !settings.latency.is_zero() {
        tokio::time::sleep(settings.latency).await;
    }
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let reply = settings.grpc_health.map(|health| health.reply(&path, &body));
    // UNAVAILABLE, if the annotation went away meanwhile.
    let (status, message) = reply.map_or((14, None), |reply| (reply.status, reply.message));
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(u16::from(status)));
    let message = message.map(|bytes| Frame::data(Bytes::copy_from_slice(&bytes)));
    let frames = message.into_iter().chain([Frame::trailers(trailers)]).map(Ok);
    let mut response = Response::new(BodyExt::boxed(StreamBody::new(futures::stream::iter(frames))));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

/// Spreads `percent` of all numbers evenly.
fn is_in_share(number: u64, percent: u64) -> bool {
    let percent = percent.min(100);
    number * percent / 100 != (number + 1) * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_failures_is_exact_and_spread() {
        for percent in [0, 1, 30, 100] {
            let hits = (0..1000).filter(|number| is_in_share(*number, percent)).count();
            assert_eq!(hits as u64, percent * 10);
        }
        assert!(!(0..4).all(|number| is_in_share(number, 50)));
    }
}
