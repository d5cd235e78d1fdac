//! The way through a proxy, as Go's `net/http` goes it for kubectl: to a server with TLS in a tunnel, to one without
//! by asking the proxy for the whole URL.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use percent_encoding::percent_decode_str;
use tower::{BoxError, Service};

use crate::credentials::basic;

/// A proxy, and who we are to it.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Without user and password.
    pub address: Uri,
    pub user: Option<(String, String)>,
}

impl Proxy {
    /// Reads `http://USER:PASSWORD@HOST:PORT`.
    #[must_use]
    pub fn of(url: &Uri) -> Self {
        let authority = url.authority().map(|authority| authority.as_str()).unwrap_or_default();
        let Some((user, host)) = authority.rsplit_once('@') else {
            return Self { address: url.clone(), user: None };
        };
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        let mut parts = url.clone().into_parts();
        parts.authority = host.parse().ok();
        let address = Uri::from_parts(parts).unwrap_or_else(|_| url.clone());
        Self { address, user: Some((decoded(name), decoded(password))) }
    }

    /// The value of `Proxy-Authorization` (RFC 7617); never logged.
    #[must_use]
    fn authorization(&self) -> Option<HeaderValue> {
        let (name, password) = self.user.as_ref()?;
        basic(name, password).ok()
    }

    /// The same for each request, where the proxy itself is asked: in a tunnel, and by SOCKS, it would be told to the
    /// server.
    #[must_use]
    pub fn authorization_of_requests(&self, server_is_tls: bool) -> Option<HeaderValue> {
        if server_is_tls || self.is_socks() { None } else { self.authorization() }
    }

    /// `socks5` speaks another language, whatever the server is.
    fn is_socks(&self) -> bool {
        self.address.scheme_str().is_some_and(|scheme| scheme.starts_with("socks5"))
    }
}

/// A connector as hyper-util's client takes it.
pub trait Connector:
    Service<
        Uri,
        Response: Connection + Read + Write + Send + Unpin + 'static,
        Future: Send + 'static,
        Error: Into<BoxError> + 'static,
    > + Clone
    + Send
    + Sync
    + 'static
{
}

impl<C> Connector for C where
    C: Service<
            Uri,
            Response: Connection + Read + Write + Send + Unpin + 'static,
            Future: Send + 'static,
            Error: Into<BoxError> + 'static,
        > + Clone
        + Send
        + Sync
        + 'static
{
}

/// What is made of a connector, of whichever type the way to the server needs.
pub trait Over {
    type Made;

    /// Makes it.
    fn over<C: Connector>(self, connector: C) -> Self::Made;
}

/// TCP as all connections have it.
#[must_use]
pub fn tcp(connect_timeout: Duration) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(connect_timeout));
    tcp
}

/// Goes the way to a server: without a proxy directly, to one with TLS in a tunnel, to one without by asking the proxy;
/// `tls_to_proxy` wraps the connection to a proxy that has TLS itself.
///
/// # Errors
/// Those of `tls_to_proxy`.
pub fn go<O: Over, E>(
    tcp: HttpConnector,
    proxy: Option<Proxy>,
    server_is_tls: bool,
    tls_to_proxy: impl FnOnce(HttpConnector) -> Result<HttpsConnector<HttpConnector>, E>,
    then: O,
) -> Result<O::Made, E> {
    let Some(proxy) = proxy else { return Ok(then.over(tcp)) };
    if proxy.is_socks() {
        let way = SocksV5::new(proxy.address, tcp);
        return Ok(match proxy.user {
            Some((name, password)) => then.over(way.with_auth(name, password)),
            None => then.over(way),
        });
    }
    if proxy.address.scheme_str() == Some("https") {
        return Ok(through(proxy, tls_to_proxy(tcp)?, server_is_tls, then));
    }
    Ok(through(proxy, tcp, server_is_tls, then))
}

fn through<O: Over>(proxy: Proxy, to_proxy: impl Connector, server_is_tls: bool, then: O) -> O::Made {
    let authorization = proxy.authorization();
    if !server_is_tls {
        return then.over(Asking { proxy: proxy.address, inner: to_proxy });
    }
    let tunnel = Tunnel::new(proxy.address, to_proxy);
    match authorization {
        Some(value) => then.over(tunnel.with_auth(value)),
        None => then.over(tunnel),
    }
}

/// `%40` is `@`; what is no escape stays as it is.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Connects to the proxy wherever it is to go, and says so: requests then name the whole URL.
#[derive(Debug, Clone)]
struct Asking<C> {
    proxy: Uri,
    inner: C,
}

impl<C> Service<Uri> for Asking<C>
where
    C: Service<Uri>,
    C::Future: Send + 'static,
{
    type Response = Asked<C::Response>;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, C::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connecting = self.inner.call(self.proxy.clone());
        Box::pin(async move { connecting.await.map(Asked) })
    }
}

/// A connection to a proxy that is asked for whole URLs.
#[derive(Debug)]
struct Asked<S>(S);

impl<S: Connection> Connection for Asked<S> {
    fn connected(&self) -> Connected {
        self.0.connected().proxy(true)
    }
}

impl<S: Read + Unpin> Read for Asked<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl<S: Write + Unpin> Write for Asked<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn user_and_password_of_a_proxy_are_told_to_it_alone() {
        let proxy = |url: &str| Proxy::of(&url.parse().unwrap());
        let plain = proxy("http://proxy.corp:3128");
        assert_eq!((plain.address.to_string().as_str(), plain.authorization()), ("http://proxy.corp:3128/", None));
        let known = proxy("http://lee:p%40ss%2Fw%25rd@proxy.corp:3128");
        assert_eq!(known.address.to_string(), "http://proxy.corp:3128/");
        assert_eq!(known.user, Some(("lee".into(), "p@ss/w%rd".into())));
        let told = known.authorization().unwrap();
        assert_eq!(told, format!("Basic {}", STANDARD.encode("lee:p@ss/w%rd")).as_str());
        assert!(told.is_sensitive());
        assert_eq!(proxy("socks5://lee@proxy").user, Some(("lee".into(), String::new())));
        assert_eq!(proxy("http://50%:100%25@proxy").user, Some(("50%".into(), "100%".into())));
        assert_eq!(known.authorization_of_requests(false), Some(told));
        assert_eq!(known.authorization_of_requests(true), None);
        let socks = proxy("socks5://lee:secret@proxy:1080");
        assert_eq!(socks.authorization_of_requests(false), None, "the server would learn it");
    }
}
