//! The way to the lab's ECR: instructions to the double, and ECR's own operations.

use std::fmt;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::ecr::instructions::{self, Instruction};
use crate::ecr::{calls, endpoint};

/// A client of the lab's ECR, for use inside the lab's network. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EcrClient {
    http: Client<HttpConnector, Full<Bytes>>,
}

/// An error that ECR answered with.
#[derive(Debug)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// Such as `RepositoryNotFoundException`.
    pub code: String,
    /// ECR's words.
    pub message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refused {}

impl EcrClient {
    /// The double of the lab that this process runs in.
    pub fn inside() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        Self { http: Client::builder(TokioExecutor::new()).build(tcp) }
    }

    /// Tells it something; the answer's form is the instruction's.
    ///
    /// # Errors
    /// When the double is away.
    pub async fn instruct(&self, instruction: &Instruction) -> Result<Value> {
        let (status, body) = self.post(instructions::PATH, HeaderMap::new(), serde_json::to_vec(instruction)?).await?;
        ensure!(status == StatusCode::OK, "the registry refused an instruction: {body}");
        Ok(body)
    }

    /// Calls an operation of ECR in a region, as the lab's own user.
    ///
    /// # Errors
    /// [`Refused`] when ECR says no; or when the double is away.
    pub async fn call(&self, region: &str, operation: &str, request: &Value) -> Result<Value> {
        let headers = calls::own_headers(region, operation);
        let (status, body) = self.post("/", headers, serde_json::to_vec(request)?).await?;
        if status == StatusCode::OK {
            return Ok(body);
        }
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        Err(Refused { status: status.as_u16(), code: text("__type"), message: text("message") }.into())
    }

    async fn post(&self, path: &str, headers: HeaderMap, body: Vec<u8>) -> Result<(StatusCode, Value)> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = format!("{}{path}", endpoint()).parse::<Uri>()?;
        *request.headers_mut() = headers;
        let (head, body) = self.http.request(request).await.context("the lab's registry does not answer")?.into_parts();
        let bytes = body.collect().await?.to_bytes();
        Ok((head.status, serde_json::from_slice(&bytes).context("no JSON from the lab's registry")?))
    }
}
