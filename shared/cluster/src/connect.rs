//! One fast connection to the API server.
//!
//! kube's default connector leaves Nagle's algorithm on, which stalls the first request of each
//! connection for 40 ms, and speaks HTTP/1.1 only, so that ten concurrent reads cost ten TLS
//! handshakes. This one sets TCP_NODELAY and offers HTTP/2.

use std::sync::Arc;
use std::time::Duration;

use http::header::PROXY_AUTHORIZATION;
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection as Connected, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::{Client, Config};
use tower::{BoxError, Layer, Service, ServiceBuilder};

use super::Cluster;
use super::clock::Clock;
use super::kubeconfig;
use crate::connection::Connection;
use crate::credentials::{Authorized, Credentials};
use crate::userinfo::without_password;
use crate::via_proxy::{Asking, Proxy};
use release_core::failure::{Failure, Outcome};

/// How long making a TCP connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A silent HTTP/2 connection is probed this often while requests are open on it.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Opens nothing yet: the first request does.
///
/// # Errors
/// Exit 1 where the kubeconfig or the credentials it names can't be used.
pub fn connect(connection: &Connection) -> Outcome<Cluster> {
    if connection.has_password_in_server() {
        connection.log.tell("Warning: the password in --server is left out of the commands printed here");
    }
    let target = kubeconfig::resolve(connection)?;
    let server = without_password(target.config.cluster_url.to_string().trim_end_matches('/'));
    let then = |failure: Failure| match failure.reason {
        "BadCredentials" => failure.next(kubeconfig::log_in_again(connection)),
        _ => failure,
    };
    let client = client(target.config, target.credentials).map_err(then)?;
    Ok(Cluster {
        client,
        context: target.context,
        scope: connection.scope().in_namespace(&target.namespace),
        namespace: target.namespace,
        user: target.user,
        server,
        request_timeout: connection.request_timeout,
        field_manager: connection.field_manager.clone(),
        log: connection.log,
        clock: Clock::default(),
    })
}

fn client(mut config: Config, credentials: Credentials) -> Outcome<Client> {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let credentials = Arc::new(credentials);
    let Some(proxy) = config.proxy_url.as_ref().map(Proxy::of) else { return over(tcp, &config, credentials) };
    if proxy.is_socks() {
        return over(socks(proxy, tcp), &config, credentials);
    }
    let is_tls = config.cluster_url.scheme_str() == Some("https");
    if let Some(value) = proxy.authorization().filter(|_| !is_tls) {
        config.headers.push((PROXY_AUTHORIZATION, value));
    }
    if proxy.address.scheme_str() == Some("https") {
        let to_proxy = config.rustls_https_connector_with_connector(tcp).map_err(unusable)?;
        return through(&proxy, to_proxy, &config, credentials);
    }
    through(&proxy, tcp, &config, credentials)
}

fn socks(proxy: Proxy, tcp: HttpConnector) -> SocksV5<HttpConnector> {
    let way = SocksV5::new(proxy.address, tcp);
    match proxy.user {
        Some((name, password)) => way.with_auth(name, password),
        None => way,
    }
}

/// In a tunnel to a server with TLS; else the proxy is asked.
fn through<C>(proxy: &Proxy, to_proxy: C, config: &Config, credentials: Arc<Credentials>) -> Outcome<Client>
where
    C: Service<http::Uri> + Clone + Send + Sync + 'static,
    C::Response: Connected + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    let address = proxy.address.clone();
    if config.cluster_url.scheme_str() != Some("https") {
        return over(Asking { proxy: address, inner: to_proxy }, config, credentials);
    }
    let tunnel = Tunnel::new(address, to_proxy);
    match proxy.authorization() {
        Some(value) => over(tunnel.with_auth(value), config, credentials),
        None => over(tunnel, config, credentials),
    }
}

fn over<C>(connector: C, config: &Config, credentials: Arc<Credentials>) -> Outcome<Client>
where
    C: Service<http::Uri> + Clone + Send + Sync + 'static,
    C::Response: Connected + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut https =
        HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config().map_err(unusable)?).https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = name
            .clone()
            .try_into()
            .map_err(|_| Failure::failed("BadKubeconfig", format!("tls-server-name: {name} is not a host name")))?;
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let http: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .http2_keep_alive_interval(KEEP_ALIVE)
        .http2_keep_alive_timeout(KEEP_ALIVE)
        .build(https.enable_http1().enable_http2().wrap_connector(connector));
    let service = ServiceBuilder::new()
        .option_layer(config.auth_layer().map_err(unusable)?)
        .layer(config.extra_headers_layer().map_err(unusable)?)
        .map_err(BoxError::from)
        .service(Authorized { inner: http, credentials });
    let service = config.base_uri_layer().layer(service);
    Ok(ClientBuilder::new(service, config.default_namespace.clone()).build())
}

fn unusable(error: kube::Error) -> Failure {
    Failure::failed("BadCredentials", format!("can't use the kubeconfig's credentials: {error}"))
}
