//! One fast connection to the API server.
//!
//! kube's default connector leaves Nagle's algorithm on, which stalls the first request of each
//! connection for 40 ms, and speaks HTTP/1.1 only, so that ten concurrent reads cost ten TLS
//! handshakes. This one sets TCP_NODELAY and offers HTTP/2.

use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection as Connected, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::{Client, Config};
use tower::{BoxError, Layer, Service, ServiceBuilder};

use super::Cluster;
use super::kubeconfig;
use crate::connection::Connection;
use crate::credentials::{Authorized, Credentials};
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
    let target = kubeconfig::resolve(connection)?;
    let server = target.config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let client = client(target.config, target.credentials)?;
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
    })
}

fn client(config: Config, credentials: Credentials) -> Outcome<Client> {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let (config, credentials) = (&config, Arc::new(credentials));
    match config.proxy_url.clone() {
        None => over(tcp, config, credentials),
        Some(proxy) if proxy.scheme_str().is_some_and(|s| s.starts_with("socks5")) => {
            over(SocksV5::new(proxy, tcp), config, credentials)
        }
        Some(proxy) if proxy.scheme_str() == Some("https") => {
            let to_proxy = config.rustls_https_connector_with_connector(tcp).map_err(unusable)?;
            over(Tunnel::new(proxy, to_proxy), config, credentials)
        }
        Some(proxy) => over(Tunnel::new(proxy, tcp), config, credentials),
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
        .next("log in again, then check with: kubectl auth whoami")
}
