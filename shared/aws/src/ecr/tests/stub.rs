//! A server that speaks JSON 1.1 as AWS does: the operation is in `X-Amz-Target`, an error's code
//! in `__type`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// One call that the stub got.
#[derive(Debug, Clone)]
pub struct Asked {
    pub operation: String,
    pub body: Value,
}

/// Status and body.
pub type Reply = (u16, String);

pub fn ok(body: Value) -> Reply {
    (200, body.to_string())
}

pub fn refusal(status: u16, code: &str, message: &str) -> Reply {
    (status, json!({"__type": code, "message": message}).to_string())
}

pub struct Stub {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stub {
    /// `reply` gets the call and how many of its operation came before it.
    pub async fn answering(reply: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, reply) = (asked.clone(), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, reply) = (log.clone(), reply.clone());
                let service = service_fn(move |request| answer(request, log.clone(), reply.clone()));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { url, asked }
    }

    /// Every call so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn count(&self, operation: &str) -> usize {
        self.asked().iter().filter(|a| a.operation == operation).count()
    }
}

async fn answer(
    request: Request<Incoming>,
    log: Arc<Mutex<Vec<Asked>>>,
    reply: Arc<impl Fn(&Asked, usize) -> Reply>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let target = request.headers()["x-amz-target"].to_str().unwrap().to_owned();
    let operation = target.rsplit('.').next().unwrap().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let asked = Asked { operation, body: serde_json::from_slice(&body).unwrap() };
    let before = {
        let mut log = log.lock().unwrap();
        let before = log.iter().filter(|a| a.operation == asked.operation).count();
        log.push(asked.clone());
        before
    };
    let (status, body) = reply(&asked, before);
    let answer = Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amzn-requestid", "11111111-2222-3333-4444-555555555555");
    Ok(answer.body(Full::new(Bytes::from(body))).unwrap())
}
