//! What to do with a request instead of passing it through.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::Notify;

use super::answer::{Answer, poured};
use super::body::{self, ResponseBody};
use super::{Call, Shared};
use crate::hold_point::{HoldPoint, When};

type Matches = Box<dyn Fn(&Call) -> bool + Send + Sync>;

/// What to do with a request.
#[derive(Debug, Clone)]
pub enum Action {
    /// Answer without asking the API server.
    Respond(Answer),
    /// Answer so without asking the API server; what comes after the answer's body is repeated so many times.
    Pour(Answer, Bytes, usize),
    /// Pass the request on, wait for its whole answer, and then answer that instead.
    ForwardThenPour(Answer, Bytes, usize),
    /// Answer what is made of the request, without asking the API server.
    Compose(Compose),
    /// Pass the request on, wait for its whole answer, and then answer this instead.
    ForwardThenRespond(Answer),
    /// Pass it on, wait for its whole answer, and then break this request off.
    ForwardThenReset,
    /// Pass it on, and change what is answered, unless it is no JSON document (a watch isn't).
    Rewrite(Rewrite),
    /// Break this request off (a stream reset in HTTP/2) without asking the API server.
    Reset,
    /// Close the caller's connection, with every request on it.
    Disconnect,
    /// Pass it on after this time.
    Delay(Duration),
    /// End the answer's stream after so many lines, which in a watch are events.
    CloseAfterEvents(usize),
    /// End the answer's stream after this time.
    CloseAfter(Duration),
    /// Stop it; made by [`super::ApiProxy::hold`].
    Hold(When, HoldPoint<Call>),
}

/// How an answer is made.
#[derive(Clone)]
pub struct Compose(Arc<dyn Fn(&Call) -> Answer + Send + Sync>);

impl std::fmt::Debug for Compose {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Compose")
    }
}

/// How an answer is changed.
#[derive(Clone)]
pub struct Rewrite(Arc<dyn Fn(&mut Value) + Send + Sync>);

impl std::fmt::Debug for Rewrite {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Rewrite")
    }
}

impl Action {
    /// Answer with an error in the API server's own form.
    pub fn fail(status: u16, reason: &str, message: &str) -> Self {
        Self::Respond(Answer::status(status, reason, message))
    }

    /// 409 as after a write with a stale resourceVersion.
    pub fn conflict() -> Self {
        Self::fail(
            409,
            "Conflict",
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// 429, with `Retry-After` in seconds if any.
    pub fn too_many_requests(retry_after: Option<u32>) -> Self {
        let answer = Answer::status(429, "TooManyRequests", "the server is currently unable to handle the request");
        Self::Respond(match retry_after {
            Some(seconds) => answer.header("retry-after", &seconds.to_string()),
            None => answer,
        })
    }

    /// 504 after the API server did what it was asked.
    pub fn timeout_after_commit() -> Self {
        Self::ForwardThenRespond(Answer::status(504, "Timeout", "request did not complete within the allotted timeout"))
    }

    /// Makes the answer of the request.
    pub fn compose(make: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        Self::Compose(Compose(Arc::new(make)))
    }

    /// Changes the document that is answered.
    pub fn rewrite(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Rewrite(Rewrite(Arc::new(change)))
    }

    pub(super) fn hold(when: When, hold: &Hold) -> Self {
        Self::Hold(when, hold.point.clone())
    }
}

/// A request that is, or will be, held. Dropping this lets it go on.
#[derive(Debug)]
pub struct Hold {
    point: HoldPoint<Call>,
}

impl Hold {
    pub(super) fn new() -> Self {
        Self { point: HoldPoint::new() }
    }

    /// Waits until the request is there, and gives it.
    ///
    /// # Errors
    /// When none comes within `limit`.
    pub async fn arrived(&self, limit: Duration) -> Result<Call> {
        self.point.arrived(limit).await.with_context(|| format!("no request to hold came within {limit:?}"))
    }

    /// Lets the request go on.
    pub fn release(self) {}
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.point.release();
    }
}

pub(super) struct Rule {
    left: usize,
    matches: Matches,
    action: Action,
}

impl Rule {
    pub fn new(times: usize, matches: Matches, action: Action) -> Self {
        Self { left: times, matches, action }
    }

    pub fn take(&mut self, call: &Call) -> Option<Action> {
        if self.left == 0 || !(self.matches)(call) {
            return None;
        }
        self.left = self.left.saturating_sub(1);
        Some(self.action.clone())
    }
}

/// A request that ends without an answer.
#[derive(Debug)]
pub(crate) struct BrokenOff;

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("broken off by a rule")
    }
}

impl std::error::Error for BrokenOff {}

pub(super) async fn handle(
    shared: Arc<Shared>,
    cut: Arc<Notify>,
    mut request: Request<Incoming>,
) -> Result<Response<ResponseBody>, BrokenOff> {
    let caller = hyper::upgrade::on(&mut request);
    let (head, incoming) = request.into_parts();
    let body = incoming.collect().await.map_err(|_| BrokenOff)?.to_bytes();
    let user_agent = head.headers.get("user-agent").and_then(|value| value.to_str().ok());
    let call = shared.record(Call {
        index: 0,
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        body,
        user_agent: user_agent.unwrap_or_default().to_owned(),
        at: Instant::now(),
        upstream: None,
        status: None,
    });
    let action = shared.action_for(&call);
    let mut response = act(&shared, &cut, &head, &call, action).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        tokio::spawn(connect(caller, hyper::upgrade::on(&mut response)));
    }
    shared.amend(&call, |call| call.status = Some(response.status().as_u16()));
    Ok(response)
}

/// What both sides have become is theirs: its bytes are passed on.
async fn connect(caller: OnUpgrade, server: OnUpgrade) {
    if let (Ok(caller), Ok(server)) = tokio::join!(caller, server) {
        // Either side may go away at any time.
        let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(caller), &mut TokioIo::new(server)).await;
    }
}

async fn act(
    shared: &Shared,
    cut: &Notify,
    head: &http::request::Parts,
    call: &Call,
    action: Option<Action>,
) -> Result<Response<ResponseBody>, BrokenOff> {
    let forward = async || {
        let response = shared.upstream.send(head, call.body.clone()).await;
        shared.amend(call, |call| call.upstream = response.as_ref().ok().map(|r| r.status().as_u16()));
        // The API server being away is for the caller to see.
        response.map_err(|_| BrokenOff)
    };
    let Some(action) = action else { return Ok(forward().await?.map(body::passed)) };
    match action {
        Action::Respond(answer) => Ok(answer.into()),
        Action::Compose(Compose(make)) => Ok(make(call).into()),
        Action::Pour(answer, again, times) => Ok(poured(answer, again, times)),
        Action::ForwardThenPour(answer, again, times) => {
            body::finish(forward().await?).await.ok_or(BrokenOff)?;
            Ok(poured(answer, again, times))
        }
        Action::ForwardThenRespond(answer) => {
            body::finish(forward().await?).await.ok_or(BrokenOff)?;
            Ok(answer.into())
        }
        Action::ForwardThenReset => {
            body::finish(forward().await?).await.ok_or(BrokenOff)?;
            Err(BrokenOff)
        }
        Action::Rewrite(_) if call.is_watch() => Ok(forward().await?.map(body::passed)),
        Action::Rewrite(Rewrite(change)) => {
            let answered = body::finish(forward().await?).await.ok_or(BrokenOff)?;
            Ok(rewritten(answered, &*change).map(body::whole))
        }
        Action::Reset => Err(BrokenOff),
        Action::Disconnect => {
            cut.notify_one();
            std::future::pending().await
        }
        Action::Delay(time) => {
            tokio::time::sleep(time).await;
            Ok(forward().await?.map(body::passed))
        }
        Action::CloseAfterEvents(count) => Ok(forward().await?.map(|body| body::cut_after_lines(body, count))),
        Action::CloseAfter(time) => Ok(forward().await?.map(|body| body::cut_after(body, time))),
        Action::Hold(when, point) => held(when, &point, call, forward).await,
    }
}

fn rewritten(answered: Response<Bytes>, change: &dyn Fn(&mut Value)) -> Response<Bytes> {
    let (mut head, body) = answered.into_parts();
    let Ok(mut document) = serde_json::from_slice::<Value>(&body) else { return Response::from_parts(head, body) };
    change(&mut document);
    head.headers.remove(http::header::CONTENT_LENGTH);
    Response::from_parts(head, document.to_string().into())
}

/// Stops a request before it is passed on, or once it was answered.
async fn held(
    when: When,
    point: &HoldPoint<Call>,
    call: &Call,
    forward: impl AsyncFnOnce() -> Result<Response<Incoming>, BrokenOff>,
) -> Result<Response<ResponseBody>, BrokenOff> {
    if when == When::Before {
        point.wait(call).await;
        return Ok(forward().await?.map(body::passed));
    }
    let answered = forward().await?;
    if call.is_watch() {
        // A watch is answered once it has begun; its end is far away.
        point.wait(call).await;
        return Ok(answered.map(body::passed));
    }
    let answered = body::finish(answered).await.ok_or(BrokenOff)?;
    point.wait(call).await;
    Ok(answered.map(body::whole))
}
