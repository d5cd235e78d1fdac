//! One request, and what came of it: by TLS with the machine's own roots, by way of the proxy that kubectl would
//! go through, to the host that was named and no other.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, PROXY_AUTHORIZATION, USER_AGENT};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use release_cluster::proxy_env::of_environment;
use release_cluster::via_proxy::{Asking, Proxy};
use tokio::time::timeout;
use tower::Service;

use crate::address::Address;
use crate::trouble::Trouble;

/// How long one request may take, its connection among it.
const LIMIT: Duration = Duration::from_secs(3);
/// Bytes of an answer that are read; nobody has more to say than a word.
const ANSWER_BYTES: usize = 16 << 10;
const AGENT: &str = concat!("kubectl-release/", env!("CARGO_PKG_VERSION"));

type Sent = Request<Full<Bytes>>;

/// What is sent.
#[derive(Debug, Clone)]
pub struct Letter {
    pub content_type: &'static str,
    pub body: String,
}

impl Letter {
    /// A value as JSON.
    pub fn json(body: &impl std::fmt::Display) -> Self {
        Self { content_type: "application/json", body: body.to_string() }
    }
}

/// Sends it once.
///
/// # Errors
/// See [`Trouble`].
pub async fn post(address: &Address, letter: &Letter) -> Result<(), Trouble> {
    timeout(LIMIT, send(&address.url, letter)).await.unwrap_or(Err(Trouble::Silent))
}

async fn send(url: &Uri, letter: &Letter) -> Result<(), Trouble> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(CONTENT_TYPE, letter.content_type)
        .header(USER_AGENT, AGENT)
        .body(Full::new(Bytes::from(letter.body.clone())))
        .map_err(|_| Trouble::NoRequest)?;
    let tcp = tcp();
    let Some(proxy) = of_environment(url).and_then(|proxy| proxy.parse().ok()).map(|uri| Proxy::of(&uri)) else {
        return over(tcp, request).await;
    };
    if proxy.is_socks() {
        let way = SocksV5::new(proxy.address, tcp);
        let way = match proxy.user {
            Some((name, password)) => way.with_auth(name, password),
            None => way,
        };
        return over(way, request).await;
    }
    if let Some(value) = proxy.authorization().filter(|_| !is_tls(url)) {
        request.headers_mut().insert(PROXY_AUTHORIZATION, value);
    }
    if proxy.address.scheme_str() == Some("https") {
        let to_proxy = HttpsConnectorBuilder::new()
            .with_tls_config(trusting()?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        return through(&proxy, to_proxy, request).await;
    }
    through(&proxy, tcp, request).await
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(LIMIT));
    tcp
}

fn is_tls(url: &Uri) -> bool {
    url.scheme_str() == Some("https")
}

/// In a tunnel to a server with TLS; else the proxy is asked.
async fn through<C>(proxy: &Proxy, to_proxy: C, request: Sent) -> Result<(), Trouble>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    let address = proxy.address.clone();
    if !is_tls(request.uri()) {
        return over(Asking { proxy: address, inner: to_proxy }, request).await;
    }
    let tunnel = Tunnel::new(address, to_proxy);
    match proxy.authorization() {
        Some(value) => over(tunnel.with_auth(value), request).await,
        None => over(tunnel, request).await,
    }
}

async fn over<C>(connector: C, request: Sent) -> Result<(), Trouble>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let https = HttpsConnectorBuilder::new().with_tls_config(trusting()?).https_or_http();
    let client: Client<_, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).build(https.enable_http1().enable_http2().wrap_connector(connector));
    let answer = client.request(request).await.map_err(|error| match error.is_connect() {
        true => Trouble::Unreachable,
        false => Trouble::Broken,
    })?;
    let (head, body) = answer.into_parts();
    if head.status.is_success() {
        // Whoever has taken it may say at length what they like.
        return Ok(());
    }
    let said = Limited::new(body, ANSWER_BYTES).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Trouble::of(head.status, &head.headers, &said)
}

/// The machine's own authorities, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
fn trusting() -> Result<rustls::ClientConfig, Trouble> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let roots = hyper_rustls::ConfigBuilderExt::with_native_roots(versions.map_err(|_| Trouble::NoRequest)?);
    // Without one authority there is nobody to trust.
    Ok(roots.map_err(|_| Trouble::Unreachable)?.with_no_client_auth())
}
