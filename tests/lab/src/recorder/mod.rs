//! Servers on loopback that note who asked them what: for tests of where a program connects, and as
//! whom. They answer as an API server would that has no objects.

mod tunnel;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::session::Lab;
pub use tunnel::Tunnel;

/// A request, and who sent it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The path without its query.
    pub path: String,
    /// Host and port that the request names.
    pub host: String,
    /// The server name in the TLS greeting.
    pub server_name: Option<String>,
    /// The client's certificate, base64.
    pub certificate: Option<String>,
    /// `authorization` and every `impersonate-…` header, their values in order.
    pub headers: BTreeMap<String, Vec<String>>,
}

/// A server that notes what it is asked. Dropping it ends it.
#[derive(Debug)]
pub struct Recorder {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    accepting: JoinHandle<()>,
}

/// Who is at the other end of a connection.
#[derive(Clone, Default)]
struct Peer {
    server_name: Option<String>,
    certificate: Option<String>,
}

impl Recorder {
    /// A server with a certificate of the lab for 127.0.0.1, 10.0.0.1, localhost and
    /// `kubernetes.lab`; clients may present one of the lab's.
    ///
    /// # Errors
    /// When it cannot listen or its certificate cannot be made.
    pub async fn tls(lab: &Lab) -> Result<Self> {
        Self::start(Some(acceptor(lab)?)).await
    }

    /// A server without TLS.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn plain() -> Result<Self> {
        Self::start(None).await
    }

    async fn start(tls: Option<TlsAcceptor>) -> Result<Self> {
        let listener = TcpListener::bind(("0.0.0.0", 0)).await.context("no free port")?;
        let port = listener.local_addr()?.port();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let accepting = tokio::spawn(accept(listener, tls, Arc::clone(&asked)));
        Ok(Self { port, asked, accepting })
    }

    /// The port, on every address of this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it was asked since this was called last.
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

pub(crate) fn acceptor(lab: &Lab) -> Result<TlsAcceptor> {
    let authority = lab.authority();
    let pair = authority.server(&["127.0.0.1", "10.0.0.1", "localhost", "kubernetes.lab"])?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.certificate().as_bytes())?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes())?],
            PrivateKeyDer::from_pem_slice(pair.key.as_bytes())?,
        )?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, asked: Arc<Mutex<Vec<Asked>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(greet(stream, tls.clone(), Arc::clone(&asked)));
    }
}

async fn greet(stream: TcpStream, tls: Option<TlsAcceptor>, asked: Arc<Mutex<Vec<Asked>>>) {
    let Some(tls) = tls else { return serve(stream, Peer::default(), asked).await };
    // A client that trusts another authority goes away here; that is an answer, too.
    let Ok(stream) = tls.accept(stream).await else { return };
    let (_, connection) = stream.get_ref();
    let certificate = connection.peer_certificates().and_then(|chain| chain.first());
    let peer = Peer {
        server_name: connection.server_name().map(str::to_owned),
        certificate: certificate.map(|der| STANDARD.encode(der)),
    };
    serve(stream, peer, asked).await;
}

async fn serve<S>(stream: S, peer: Peer, asked: Arc<Mutex<Vec<Asked>>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let now = note(&request, &peer);
        let response = answer(&now.path);
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(now);
        async move { response }
    });
    // Whoever hangs up has its answer, or doesn't want it.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

fn note(request: &Request<Incoming>, peer: &Peer) -> Asked {
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in request.headers() {
        if name == "authorization" || name.as_str().starts_with("impersonate-") {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.to_string()).or_default().push(value);
        }
    }
    let of_header = || request.headers().get("host").and_then(|host| host.to_str().ok()).map(str::to_owned);
    Asked {
        path: request.uri().path().to_owned(),
        host: request.uri().authority().map(ToString::to_string).or_else(of_header).unwrap_or_default(),
        server_name: peer.server_name.clone(),
        certificate: peer.certificate.clone(),
        headers,
    }
}

/// kubectl learns from the first three what a Service is.
fn answer(path: &str) -> Result<Response<Full<Bytes>>, http::Error> {
    let service = json!({"name": "services", "singularName": "service", "namespaced": true, "kind": "Service",
        "verbs": ["get", "list"], "shortNames": ["svc"]});
    let known: Option<Value> = if path.contains("/namespaces/") {
        None
    } else if path.ends_with("/api/v1") {
        Some(json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": [service]}))
    } else if path.ends_with("/api") {
        Some(json!({"kind": "APIVersions", "versions": ["v1"]}))
    } else if path.ends_with("/apis") {
        Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}))
    } else {
        None
    };
    let (status, body) = known.map_or_else(
        || {
            let message = "there is nothing here";
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404,
                "reason": "NotFound", "message": message});
            (StatusCode::NOT_FOUND, status)
        },
        |known| (StatusCode::OK, known),
    );
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_string())))
}
