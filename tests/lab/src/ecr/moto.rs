//! moto's server: its process, and calls to it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::process::{Child, Command};

use super::calls::{Refusal, own_headers};
use crate::toolchain;

/// Longest time from the start to the first answer.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The way to moto's server.
#[derive(Debug)]
pub(super) struct Moto {
    client: Client<HttpConnector, Full<Bytes>>,
    address: Uri,
}

/// Ends when the server does, which it never should.
pub(super) async fn ended(process: &mut Child) -> Result<()> {
    let status = process.wait().await?;
    bail!("moto's server ended ({status})")
}

impl Moto {
    /// Starts the server; it takes a second or two until it answers, for which calls wait.
    pub fn start(moto: &toolchain::Moto, port: u16) -> Result<(Self, Child)> {
        let process = Command::from(moto.server(port)).kill_on_drop(true).spawn().context("cannot start moto")?;
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let address = format!("http://127.0.0.1:{port}/").parse()?;
        Ok((Self { client, address }, process))
    }

    /// Passes a call of ECR on as it came.
    pub async fn pass(&self, headers: &HeaderMap, body: Bytes) -> Result<Response<Bytes>> {
        self.forward((&Method::POST, &self.address), headers, body).await
    }

    /// Passes a call on as it came: others than ECR have paths.
    pub async fn forward(
        &self,
        (method, wanted): (&Method, &Uri),
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response<Bytes>> {
        let mut parts = self.address.clone().into_parts();
        parts.path_and_query = wanted.path_and_query().cloned();
        let address = Uri::from_parts(parts)?;
        let deadline = tokio::time::Instant::now() + START_LIMIT;
        loop {
            let mut request = Request::new(Full::new(body.clone()));
            request.method_mut().clone_from(method);
            request.uri_mut().clone_from(&address);
            *request.headers_mut() = headers.clone();
            for name in [CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING] {
                request.headers_mut().remove(name);
            }
            match self.client.request(request).await {
                Err(error) if error.is_connect() && tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                answered => {
                    let (head, body) = answered.context("moto does not answer")?.into_parts();
                    return Ok(Response::from_parts(head, body.collect().await?.to_bytes()));
                }
            }
        }
    }

    /// A call of the lab's own.
    pub async fn ask(&self, region: &str, operation: &str, request: &Value) -> Result<Value, Refusal> {
        self.ask_as(&own_headers(region, operation), request).await
    }

    /// A call of the lab's own, or one with other parameters than it came with.
    pub async fn ask_as(&self, headers: &HeaderMap, request: &Value) -> Result<Value, Refusal> {
        let away =
            |error: &anyhow::Error| Refusal { status: 500, ..Refusal::new("ServerException", format!("{error:#}")) };
        let answer = self.pass(headers, request.to_string().into()).await.map_err(|error| away(&error))?;
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if answer.status() == StatusCode::OK {
            return Ok(body);
        }
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        Err(Refusal { status: answer.status().as_u16(), code: text("__type"), message: text("message") })
    }
}
