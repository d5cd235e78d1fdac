//! Accepting calls, and what becomes of each.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::calls::{Answer, Refusal, answer};
use super::flood::{AnswerBody, flood, whole};
use super::instructions::{self, Call, Fault, Instruction};
use super::paging::Page;
use super::state::State;
use super::{images, preview, push, referrers};
use crate::api_proxy::BrokenOff;
use crate::hold_point::{HoldPoint, When};

pub(super) async fn listen(port: u16, state: Arc<State>) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.with_context(|| format!("port {port}"))?;
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(serve(stream, Arc::clone(&state)));
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    let cut = Arc::new(Notify::new());
    let service = {
        let cut = Arc::clone(&cut);
        service_fn(move |request| handle(Arc::clone(&state), Arc::clone(&cut), request))
    };
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // How a connection ended is the caller's affair.
        _ = &mut connection => {}
        () = cut.notified() => {
            // With no lingering, closing a socket sends a reset.
            let _ = connection.into_parts().io.inner().set_zero_linger();
        }
    }
}

async fn handle(
    state: Arc<State>,
    cut: Arc<Notify>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, BrokenOff> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| BrokenOff)?.to_bytes();
    if head.uri.path() == instructions::PATH {
        return Ok(instruct(&state, &body).await.map(whole));
    }
    if head.uri.path() != "/" {
        let answer = state.moto.forward((&head.method, &head.uri), &head.headers, body).await;
        return Ok(forwarded(answer).map(whole));
    }
    let call = Call::read(&head.headers, &body);
    if call.is_own() {
        return Ok(perform(&state, &head.headers, &call, body).await.map(whole));
    }
    let call = state.record(call);
    let answer = act(&state, &cut, &head.headers, &call, body).await;
    state.answered(&call, answer.status().as_u16());
    Ok(answer)
}

async fn instruct(state: &State, body: &[u8]) -> Answer {
    match serde_json::from_slice::<Instruction>(body) {
        Ok(instruction) => answer(StatusCode::OK, &state.apply(instruction).await),
        Err(error) => answer(StatusCode::BAD_REQUEST, &json!({"message": error.to_string()})),
    }
}

async fn act(state: &State, cut: &Notify, headers: &HeaderMap, call: &Call, body: Bytes) -> Response<AnswerBody> {
    match state.trouble_for(call) {
        Some((Fault::Flood { bytes }, _)) => Response::new(flood(bytes)),
        trouble => answered(state, cut, (headers, call, body), trouble).await.map(whole),
    }
}

async fn answered(
    state: &State,
    cut: &Notify,
    (headers, call, body): (&HeaderMap, &Call, Bytes),
    trouble: Option<(Fault, HoldPoint<Call>)>,
) -> Answer {
    let do_it = || perform(state, headers, call, body);
    let reset = async || {
        cut.notify_one();
        std::future::pending().await
    };
    let Some((fault, point)) = trouble else { return do_it().await };
    match fault {
        Fault::Fail { status, code, message } => Refusal { status, code, message }.into(),
        Fault::Reset => reset().await,
        Fault::DoThenReset => {
            do_it().await;
            reset().await
        }
        Fault::Delay { millis } => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            do_it().await
        }
        Fault::Answer { body } => answer(StatusCode::OK, &body),
        Fault::Endless { mut body } => {
            body["nextToken"] = format!("page-{}", call.index).into();
            answer(StatusCode::OK, &body)
        }
        Fault::Wait { seconds } => {
            let mut refused: Answer = Refusal::new("ThrottlingException", "Rate exceeded").into();
            for name in ["retry-after", "x-amz-retry-after"] {
                refused.headers_mut().insert(name, seconds.into());
            }
            refused
        }
        Fault::Flood { .. } | Fault::Limit { .. } => do_it().await,
        Fault::Hold(When::Before) => {
            point.wait(call).await;
            do_it().await
        }
        Fault::Hold(When::After) => {
            let done = do_it().await;
            point.wait(call).await;
            done
        }
    }
}

/// What ECR would do.
async fn perform(state: &State, headers: &HeaderMap, call: &Call, body: Bytes) -> Answer {
    let done = match call.operation.as_str() {
        "DescribeImages" => describe_images(state, headers, call).await,
        "BatchGetImage" => batch_get_image(state, headers, call).await,
        "ListImages" => listed(state, headers, call, "imageIds").await,
        "DescribeRepositories" => listed(state, headers, call, "repositories").await,
        "ListImageReferrers" => referrers::list(state, call).await,
        "PutImage" => push::put_image(state, headers, call).await,
        "StartLifecyclePolicyPreview" => preview::start(state, call).await,
        "GetLifecyclePolicyPreview" => preview::get(state, call),
        _ => return passed(state, headers, body).await,
    };
    match done {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(refusal) => refusal.into(),
    }
}

async fn passed(state: &State, headers: &HeaderMap, body: Bytes) -> Answer {
    let _still = state.tags.read().await;
    forwarded(state.moto.pass(headers, body).await)
}

fn forwarded(answer: Result<Response<Bytes>>) -> Answer {
    match answer {
        Ok(answer) => answer.map(Full::new),
        Err(error) => Refusal { status: 500, ..Refusal::new("ServerException", format!("{error:#}")) }.into(),
    }
}

async fn describe_images(state: &State, headers: &HeaderMap, call: &Call) -> Result<Value, Refusal> {
    let Some(id) = call.repository_id() else { return Err(Refusal::invalid("'repositoryName': it is required")) };
    if let Some(recording) = state.recording(&id) {
        tokio::time::sleep(Duration::from_millis(recording.page_delay_millis)).await;
        if call.request["imageIds"].is_null() {
            return images::describe(&recording.images, &state.said(&id), &call.request);
        }
        return images::describe(&images::named(&recording.images, &call.request), &state.said(&id), &call.request);
    }
    let _still = state.tags.read().await;
    let mut all = state.moto.ask_as(headers, &call.request).await?;
    let mut details = match all["imageDetails"].take() {
        Value::Array(details) => details,
        _ => Vec::new(),
    };
    // ECR's order means nothing, and so nobody may rely on one.
    details.sort_by(|a, b| a["imageDigest"].as_str().cmp(&b["imageDigest"].as_str()));
    images::describe(&details, &state.said(&id), &call.request)
}

/// An archived image can't be pulled, so its manifest isn't given out
/// (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/archive-image.html>).
async fn batch_get_image(state: &State, headers: &HeaderMap, call: &Call) -> Result<Value, Refusal> {
    let _still = state.tags.read().await;
    let mut answer = state.moto.ask_as(headers, &call.request).await?;
    let said = call.repository_id().map(|id| state.said(&id)).unwrap_or_default();
    let (Some(images), mut failures) = (answer["images"].as_array().cloned(), answer["failures"].take()) else {
        return Ok(answer);
    };
    let is_active = |image: &Value| {
        let said = image["imageId"]["imageDigest"].as_str().and_then(|digest| said.get(digest));
        said.and_then(|said| said.get("imageStatus")).is_none_or(|status| status == "ACTIVE")
    };
    let (active, archived): (Vec<Value>, Vec<Value>) = images.into_iter().partition(is_active);
    let refused = archived.iter().map(|image| {
        json!({"imageId": image["imageId"], "failureCode": "ImageNotFound", "failureReason": "it is not active"})
    });
    if let Some(failures) = failures.as_array_mut() {
        failures.extend(refused);
    }
    answer["images"] = active.into();
    answer["failures"] = failures;
    Ok(answer)
}

/// A list that moto gives in one piece.
async fn listed(state: &State, headers: &HeaderMap, call: &Call, key: &str) -> Result<Value, Refusal> {
    let page = Page::of(&call.request, 1000)?;
    let _still = state.tags.read().await;
    let mut all = state.moto.ask_as(headers, &call.request).await?;
    if let Value::Array(items) = all[key].take() {
        let (items, next) = page.cut(items);
        all[key] = items.into();
        if let Some(next) = next {
            all["nextToken"] = next.into();
        }
    }
    Ok(all)
}
