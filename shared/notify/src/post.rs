//! One request, and what came of it: by TLS with the machine's own roots, by way of the proxy that kubectl would
//! go through, to the host that was named and no other.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{CONTENT_TYPE, PROXY_AUTHORIZATION, USER_AGENT};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use release_cluster::exchange::OUR_AGENT;
use release_cluster::proxy_env::of_environment;
use release_cluster::trust;
use release_cluster::via_proxy::{self, Connector, Over, Proxy, tcp};
use tokio::time::timeout;

use crate::address::Address;
use crate::trouble::Trouble;

/// How long one request may take, its connection among it.
const LIMIT: Duration = Duration::from_secs(3);
/// Bytes of an answer that are read; nobody has more to say than a word.
const ANSWER_BYTES: usize = 16 << 10;

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
        .header(USER_AGENT, OUR_AGENT)
        .body(Full::new(Bytes::from(letter.body.clone())))
        .map_err(|_| Trouble::NoRequest)?;
    let is_tls = url.scheme_str() == Some("https");
    let proxy = of_environment(url).and_then(|proxy| proxy.parse().ok()).map(|uri| Proxy::of(&uri));
    if let Some(value) = proxy.as_ref().and_then(|proxy| proxy.authorization_of_requests(is_tls)) {
        request.headers_mut().insert(PROXY_AUTHORIZATION, value);
    }
    let tls_to_proxy = |tcp| {
        let https = HttpsConnectorBuilder::new().with_tls_config(trusting()?).https_or_http();
        Ok(https.enable_http1().wrap_connector(tcp))
    };
    via_proxy::go(tcp(LIMIT), proxy, is_tls, tls_to_proxy, Sending(request))?.await
}

/// A request on its way.
struct Sending(Request<Full<Bytes>>);

impl Over for Sending {
    type Made = BoxFuture<'static, Result<(), Trouble>>;

    fn over<C: Connector>(self, connector: C) -> Self::Made {
        Box::pin(over(connector, self.0))
    }
}

async fn over(connector: impl Connector, request: Request<Full<Bytes>>) -> Result<(), Trouble> {
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
    Err(Trouble::of(head.status, &head.headers, &said))
}

/// Without one authority there is nobody to trust.
fn trusting() -> Result<rustls::ClientConfig, Trouble> {
    trust::by_the_machine().map_err(|_| Trouble::Unreachable)
}
