//! Answers of the proxy's own.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::body::{self, ResponseBody};

/// An answer of the proxy's own.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers besides `content-type`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Body, usually a Status object as JSON.
    pub body: Bytes,
}

impl Answer {
    /// An error as the API server words it: `kind: Status` with this reason and message.
    ///
    /// # Panics
    /// When `status` is no HTTP status.
    pub fn status(status: u16, reason: &str, message: &str) -> Self {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": status,
        });
        let status = StatusCode::from_u16(status).expect("a test's own number");
        Self { status, headers: Vec::new(), body: body.to_string().into() }
    }

    /// 200 with this document.
    #[must_use]
    pub fn document(document: &Value) -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), body: document.to_string().into() }
    }

    /// The same with one more header; its value may have any letters, and no controls.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }
}

/// Its body, and then so many times what comes after it.
pub(super) fn poured(answer: Answer, again: Bytes, times: usize) -> Response<ResponseBody> {
    let first = answer.body.clone();
    Response::from(answer).map(|_| body::poured(first, again, times))
}

impl From<Answer> for Response<ResponseBody> {
    fn from(answer: Answer) -> Self {
        let mut response = Response::new(body::whole(answer.body));
        *response.status_mut() = answer.status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert("content-type", json);
        response.headers_mut().extend(answer.headers);
        response
    }
}
