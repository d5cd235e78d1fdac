//! How the API server is reached: one fast connection, and those beside it that can become something else than HTTP.
//!
//! kube's default connector leaves Nagle's algorithm on, which stalls the first request of each
//! connection for 40 ms, and speaks HTTP/1.1 only, so that ten concurrent reads cost ten TLS
//! handshakes. This one sets TCP_NODELAY and offers HTTP/2.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::Response;
use http::header::PROXY_AUTHORIZATION;
use http_body_util::Limited;
use hyper::body::Incoming;
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::{Client, Config};
use release_core::failure::{Failure, Outcome};
use tower::{BoxError, Layer, ServiceBuilder};

use crate::bounds::REFUSAL_BYTES;
use crate::credentials::{Authorized, Credentials};
use crate::via_proxy::{self, Connector, Over, Proxy, tcp};

/// How long making a TCP connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A silent HTTP/2 connection is probed this often while requests are open on it.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Address, credentials, proxy and TLS, once they are known.
pub struct Way {
    config: Config,
    credentials: Arc<Credentials>,
    upgrading: OnceLock<Client>,
}

impl Way {
    pub fn new(config: Config, credentials: Credentials) -> Self {
        Self { config, credentials: Arc::new(credentials), upgrading: OnceLock::new() }
    }

    /// The client of all requests; it opens nothing yet.
    ///
    /// # Errors
    /// Where the kubeconfig's credentials can't be used.
    pub fn client(&self) -> Outcome<Client> {
        client(self.config.clone(), Arc::clone(&self.credentials), Offer::Everything)
    }

    /// A client whose connections can become something else than HTTP, by the same way and as the same user: HTTP/2,
    /// which the first one speaks, has no upgrades.
    ///
    /// # Errors
    /// Where the kubeconfig's certificates can't be used any more.
    pub fn upgrading(&self) -> Outcome<Client> {
        if let Some(client) = self.upgrading.get() {
            return Ok(client.clone());
        }
        let client = client(self.config.clone(), Arc::clone(&self.credentials), Offer::Upgrades)?;
        Ok(self.upgrading.get_or_init(|| client).clone())
    }
}

/// Which versions of HTTP a connection offers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offer {
    Everything,
    /// HTTP/1.1 alone.
    Upgrades,
}

fn client(mut config: Config, credentials: Arc<Credentials>, offer: Offer) -> Outcome<Client> {
    let proxy = config.proxy_url.as_ref().map(Proxy::of);
    let is_tls = config.cluster_url.scheme_str() == Some("https");
    if let Some(value) = proxy.as_ref().and_then(|proxy| proxy.authorization_of_requests(is_tls)) {
        config.headers.push((PROXY_AUTHORIZATION, value));
    }
    let tls_to_proxy = |tcp| config.rustls_https_connector_with_connector(tcp).map_err(unusable);
    via_proxy::go(tcp(CONNECT_TIMEOUT), proxy, is_tls, tls_to_proxy, Knowing { config: &config, credentials, offer })?
}

/// What a client knows besides its way.
struct Knowing<'a> {
    config: &'a Config,
    credentials: Arc<Credentials>,
    offer: Offer,
}

impl Over for Knowing<'_> {
    type Made = Outcome<Client>;

    fn over<C: Connector>(self, connector: C) -> Outcome<Client> {
        over(connector, self.config, self.credentials, self.offer)
    }
}

fn over(connector: impl Connector, config: &Config, credentials: Arc<Credentials>, offer: Offer) -> Outcome<Client> {
    let mut https =
        HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config().map_err(unusable)?).https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = name
            .clone()
            .try_into()
            .map_err(|_| Failure::failed("BadKubeconfig", format!("tls-server-name: {name} is not a host name")))?;
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let https = match offer {
        Offer::Everything => https.enable_http1().enable_http2().wrap_connector(connector),
        Offer::Upgrades => https.enable_http1().wrap_connector(connector),
    };
    let http: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .http2_keep_alive_interval(KEEP_ALIVE)
        .http2_keep_alive_timeout(KEEP_ALIVE)
        .build(https);
    let service = ServiceBuilder::new()
        .option_layer(config.auth_layer().map_err(unusable)?)
        .layer(config.extra_headers_layer().map_err(unusable)?)
        .map_err(BoxError::from)
        .service(Authorized { inner: http, credentials });
    let service = config.base_uri_layer().layer(service);
    let namespace = config.default_namespace.clone();
    Ok(match offer {
        Offer::Everything => ClientBuilder::new(service, namespace).build(),
        // kube reads the refusal of an upgrade to its end.
        Offer::Upgrades => {
            let bounded = |answer: Response<Incoming>| answer.map(|body| Limited::new(body, REFUSAL_BYTES));
            ClientBuilder::new(ServiceBuilder::new().map_response(bounded).service(service), namespace).build()
        }
    })
}

fn unusable(error: kube::Error) -> Failure {
    Failure::failed("BadCredentials", format!("can't use the kubeconfig's credentials: {error}"))
}
