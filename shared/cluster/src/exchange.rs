//! One request and its answer, with the answer's kind told apart: said no, never asked, unclear.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use futures::StreamExt;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout};

use super::Cluster;
use super::bounds::{ANSWER_BYTES, Held, MESSAGE_CHARS, REFUSAL_BYTES, WARNINGS};
use super::credentials::Unusable;
use release_core::failure::{Exit, Failure, ROLES};
use release_core::log::Log;
use release_core::text::{one_line, printable};

/// As whom servers and pods know us (`User-Agent`).
pub const OUR_AGENT: &str = concat!("kubectl-release/", env!("CARGO_PKG_VERSION"));
/// A server that asks for more is one that doesn't answer now.
const LONGEST_PAUSE_SECONDS: u64 = 3600;

/// The reason of a failure to reach the API server.
pub const UNREACHABLE: &str = "Unreachable";
/// The reason of a failure where the API server doesn't know who asks.
pub const UNAUTHORIZED: &str = "Unauthorized";

/// So many characters of what the server said stand in a list.
const SHORT: usize = 160;

/// Why an API request has no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// The API server answered with a `metav1.Status` of failure.
    Refused { code: u16, reason: String, message: String, retry_after: Option<Duration> },
    /// No connection could be made: nothing was sent.
    Unreachable(String),
    /// The request was sent and no whole answer came: a write may have happened.
    Unclear(String),
    /// An answer came that is not what was asked for.
    Garbled(String),
    /// An answer came, and more of it than is taken from any server.
    TooLarge(String),
}

impl ApiError {
    /// The HTTP status, where the API server answered.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// True for `NotFound`.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// True where the object or the whole API group is not ours to read.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.code() == Some(403)
    }

    /// True where a write may have been committed although no success was reported: no answer,
    /// or an error that the server gives after or beside the work (500, 502, 503, 504).
    #[must_use]
    pub fn leaves_write_unclear(&self) -> bool {
        matches!(self, Self::Unclear(_) | Self::Garbled(_) | Self::TooLarge(_)) || self.code().is_some_and(|c| c >= 500)
    }

    /// True where asking again may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unclear(_)) || matches!(self.code(), Some(429 | 500 | 502 | 503 | 504))
    }

    /// A few words for a list of checks that couldn't be made.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Refused { code: 403, .. } => "forbidden".into(),
            Self::Refused { code: 404, .. } => "no such API here".into(),
            Self::Refused { code, message, .. } => {
                let why: String = printable(message).chars().take(SHORT).collect();
                let why = if why.is_empty() { why } else { format!(": {why}") };
                format!("server said {code}{why}")
            }
            Self::Unreachable(_) => "unreachable".into(),
            Self::Unclear(why) | Self::Garbled(why) | Self::TooLarge(why) => why.clone(),
        }
    }
}

impl std::fmt::Display for ApiError {
    /// Worded as kubectl does.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused { code: 401, .. } => f.write_str("You must be logged in to the server (Unauthorized)"),
            Self::Refused { reason, message, .. } => write!(f, "Error from server ({reason}): {message}"),
            Self::Unreachable(why) => write!(f, "Unable to connect to the server: {why}"),
            Self::Unclear(why) => write!(f, "no answer from the server: {why}"),
            Self::Garbled(why) => write!(f, "unexpected answer from the server: {why}"),
            Self::TooLarge(why) => write!(f, "the server's answer was not read to its end: {why}"),
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let reason = match &error {
            ApiError::Refused { code: 401, .. } => UNAUTHORIZED,
            ApiError::Refused { code: 403, .. } => "Forbidden",
            ApiError::Refused { code: 404, .. } => "NotFound",
            ApiError::Refused { .. } => "ApiError",
            ApiError::Unreachable(_) => UNREACHABLE,
            ApiError::Unclear(_) => "NoAnswer",
            ApiError::Garbled(_) => "BadAnswer",
            ApiError::TooLarge(_) => "AnswerTooLarge",
        };
        // kubectl has `error:` before what it says of 401, and before nothing else of these.
        let is_servers = match &error {
            ApiError::Refused { code, .. } => *code != 401,
            ApiError::Unreachable(_) => true,
            ApiError::Unclear(_) | ApiError::Garbled(_) | ApiError::TooLarge(_) => false,
        };
        let failure = Self { is_servers, ..Self::new(Exit::Failed, reason, error.to_string()) };
        match &error {
            ApiError::Refused { code: 403, message, .. } if !is_by_admission(message) => failure.next(ROLES),
            ApiError::TooLarge(_) => failure.next(
                "see with --v=6 which request it was, and what answers it: the API server, or what stands before it",
            ),
            _ => failure,
        }
    }
}

/// Whether a 403 is the word of admission (a quota, a LimitRange, Pod Security, a webhook), so that no Role mends it.
/// What is asked of the authorizer begins with `User "…" cannot …`
/// (k8s.io/apiserver `handlers/responsewriters/errors.go`), what admission refuses with its own words
/// (`admission/errors.go`, `plugin/webhook/errors/statuserror.go`).
fn is_by_admission(message: &str) -> bool {
    let why = message.split_once(" is forbidden: ").map(|(_, why)| why);
    why.is_some_and(|why| !why.starts_with("User \"")) || message.starts_with("admission webhook ")
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    reason: String,
    message: String,
}

impl Cluster {
    /// Sends one request and parses the answer. Never repeats it.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub(super) async fn ask<T: DeserializeOwned>(&self, request: Request<Vec<u8>>) -> Result<T, ApiError> {
        parsed(&self.ask_bytes(request).await?)
    }

    /// The same, with the answer as it came.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub(super) async fn ask_bytes(&self, request: Request<Vec<u8>>) -> Result<Held, ApiError> {
        let limit = self.request_timeout();
        let whole = async { read(self.send(request).await?.into_body(), ANSWER_BYTES).await };
        match timeout(limit, whole).await {
            Ok(answer) => answer,
            Err(_) => Err(ApiError::Unclear(format!("none within {} s", limit.as_secs_f32()))),
        }
    }

    /// Sends one request; answers with its response once that is a success.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub(super) async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Body>, ApiError> {
        let told = self.log.has_requests().then(|| (format!("{} {}", request.method(), request.uri()), Instant::now()));
        let response = self.client.send(request.map(Body::from)).await.map_err(|e| connection_error(&e))?;
        if let Some((what, began)) = told {
            self.log.tell(&format!("{what} {} in {} ms", response.status(), began.elapsed().as_millis()));
        }
        self.clock.heard(response.headers());
        show_warnings(response.headers(), self.log);
        if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
    }
}

/// The value that an answer is.
pub(super) fn parsed<T: DeserializeOwned>(answer: &Held) -> Result<T, ApiError> {
    serde_json::from_slice(answer.bytes()).map_err(|e| ApiError::Garbled(e.to_string()))
}

/// Reads a body as it comes, and stops where there is more of it than that.
pub(super) async fn read(body: Body, most: usize) -> Result<Held, ApiError> {
    let mut held = Held::default();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| ApiError::Unclear(cause(&e)))?;
        held.take(&chunk, most).map_err(|_| ApiError::TooLarge(format!("more than {} MiB", most >> 20)))?;
    }
    Ok(held)
}

/// What a server asks for is bounded as what people ask for is: a pause beyond the request's own time
/// is one that isn't made.
fn asked_pause(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(LONGEST_PAUSE_SECONDS))
}

async fn refusal(response: Response<Body>) -> ApiError {
    let code = response.status().as_u16();
    let retry_after =
        response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok()).map(asked_pause);
    let body = read(response.into_body(), REFUSAL_BYTES).await.unwrap_or_default();
    refusal_of(code, retry_after, body.bytes())
}

/// What the API server says of a request that it doesn't grant.
pub(super) fn refusal_of(code: u16, retry_after: Option<Duration>, body: &[u8]) -> ApiError {
    let status: Status = serde_json::from_slice(body).unwrap_or_default();
    let or = |text: String, other: String| if text.is_empty() { other } else { text };
    let fallback = http::StatusCode::from_u16(code).ok().and_then(|c| c.canonical_reason()).unwrap_or("Unknown");
    ApiError::Refused {
        code,
        reason: or(shortened(&one_line(&status.reason)), fallback.replace(' ', "")),
        message: or(shortened(&one_line(&status.message)), format!("the server answered with HTTP status {code}")),
        retry_after,
    }
}

/// Text of the server's, as much of it as anybody reads.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Tells "never connected" (nothing sent) from "connected, and then lost" (unclear).
pub(crate) fn connection_error(error: &kube::Error) -> ApiError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(e) = source {
        if e.downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect)
        {
            return ApiError::Unreachable(cause(e));
        }
        if e.downcast_ref::<kube::client::AuthError>().is_some() || e.downcast_ref::<Unusable>().is_some() {
            return ApiError::Unreachable("the credential plugin failed".to_owned());
        }
        source = e.source();
    }
    ApiError::Unclear(cause(error))
}

/// The innermost cause, which is the one a person can act on.
pub(crate) fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Prints the API server's `Warning` headers once each, as kubectl does
/// (<https://kubernetes.io/blog/2020/09/03/warnings/>).
fn show_warnings(headers: &HeaderMap, log: Log) {
    static SHOWN: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);
    for value in headers.get_all("warning").iter().filter_map(|v| v.to_str().ok()) {
        // warn-code SP warn-agent SP quoted-text (RFC 7234, section 5.5)
        let Some((_, quoted)) = value.split_once('"') else { continue };
        let text: String =
            quoted.trim_end().trim_end_matches('"').replace("\\\"", "\"").chars().filter(|c| !c.is_control()).collect();
        let text = shortened(&text);
        let fresh = |shown: &mut BTreeSet<String>| shown.len() < WARNINGS && shown.insert(text.clone());
        if SHOWN.lock().is_ok_and(|mut shown| fresh(&mut shown)) {
            log.tell(&format!("Warning: {text}"));
        }
    }
}

/// A request with a JSON body, or none.
pub(super) fn request(method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Request<Vec<u8>> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    // Paths are made of names that the API server gave us or that were validated as DNS labels.
    *request.uri_mut() = path.parse().unwrap_or_default();
    let headers = request.headers_mut();
    headers.insert(http::header::ACCEPT, http::HeaderValue::from_static("application/json"));
    headers.insert(http::header::USER_AGENT, http::HeaderValue::from_static(OUR_AGENT));
    if !content_type.is_empty()
        && let Ok(value) = http::HeaderValue::from_str(content_type)
    {
        headers.insert(http::header::CONTENT_TYPE, value);
    }
    request
}
