//! A server on loopback that keeps what is posted to it, and answers as it is told: a Slack, a PagerDuty or a
//! webhook that fails, hangs or asks for patience.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::recorder::acceptor;
use crate::session::{Lab, eventually};

/// What was posted.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The path with its query.
    pub path: String,
    pub body: Value,
}

/// How it answers.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A status, headers and a body.
    With(u16, Vec<(&'static str, String)>, String),
    /// Never.
    Hang,
}

impl Reply {
    /// A bare status.
    pub fn status(code: u16) -> Self {
        Self::With(code, Vec::new(), String::new())
    }
}

type Replies = Arc<dyn Fn(usize) -> Reply + Send + Sync>;

/// The server; dropping it ends it.
#[derive(Debug)]
pub struct Mailbox {
    port: u16,
    posted: Arc<Mutex<Vec<Posted>>>,
    accepting: JoinHandle<()>,
}

impl Mailbox {
    /// One that answers 200 to everything.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn open() -> Result<Self> {
        Self::answering(|_| Reply::status(200)).await
    }

    /// One that is asked how to answer, with how many requests came before.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn answering(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Result<Self> {
        Self::start(None, Arc::new(reply)).await
    }

    /// One that speaks TLS with a certificate of the lab and answers 200.
    ///
    /// # Errors
    /// When it cannot listen or its certificate cannot be made.
    pub async fn tls(lab: &Lab) -> Result<Self> {
        Self::start(Some(acceptor(lab)?), Arc::new(|_| Reply::status(200))).await
    }

    async fn start(tls: Option<TlsAcceptor>, reply: Replies) -> Result<Self> {
        let listener = TcpListener::bind(("0.0.0.0", 0)).await.context("no free port")?;
        let port = listener.local_addr()?.port();
        let posted = Arc::<Mutex<Vec<Posted>>>::default();
        let kept = Arc::clone(&posted);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, kept, reply) = (tls.clone(), Arc::clone(&kept), Arc::clone(&reply));
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, kept, reply).await,
                        // Whoever doesn't trust us goes away here.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, kept, reply).await;
                            }
                        }
                    }
                });
            }
        });
        Ok(Self { port, posted, accepting })
    }

    /// The port, on every address of this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// All that was posted so far.
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until so much was posted.
    ///
    /// # Errors
    /// When it doesn't come.
    pub async fn has(&self, letters: usize) -> Result<Vec<Posted>> {
        eventually("letters arrive", Duration::from_secs(30), || async {
            Ok(Some(self.posted()).filter(|posted| posted.len() >= letters))
        })
        .await
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve<S>(stream: S, posted: Arc<Mutex<Vec<Posted>>>, reply: Replies)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let (posted, reply) = (Arc::clone(&posted), Arc::clone(&reply));
        async move { answer(request, &posted, &reply).await }
    });
    // Whoever hangs up has its answer, or doesn't want it.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    posted: &Mutex<Vec<Posted>>,
    reply: &Replies,
) -> Result<Response<Full<Bytes>>> {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let bytes = request.into_body().collect().await?.to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    let before = {
        let mut posted = posted.lock().unwrap_or_else(PoisonError::into_inner);
        posted.push(Posted { path, body });
        posted.len() - 1
    };
    match reply(before) {
        Reply::Hang => std::future::pending().await,
        Reply::With(status, headers, body) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok(response.body(Full::new(Bytes::from(body)))?)
        }
    }
}
