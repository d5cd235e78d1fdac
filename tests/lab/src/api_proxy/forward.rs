//! The way from the proxy to the API server.

use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, HOST, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::identity::Pair;

type ToServer = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// The API server, as one user.
pub(super) struct Upstream {
    client: ToServer,
    /// Its connections may become something else: HTTP/2 has no upgrades.
    upgrading: ToServer,
    authority: Authority,
}

impl Upstream {
    pub fn new(server: &str, authority: &str, credentials: &Pair) -> Result<Self> {
        let address: Uri = server.parse().context("the API server's address")?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
        let certificate = CertificateDer::from_pem_slice(credentials.certificate.as_bytes())?;
        let key = PrivateKeyDer::from_pem_slice(credentials.key.as_bytes())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![certificate], key)?;
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = || HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_only();
        let to_server = |connector| Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self {
            client: to_server(connector().enable_all_versions().wrap_connector(tcp.clone())),
            upgrading: to_server(connector().enable_http1().wrap_connector(tcp)),
            authority: address.authority().context("no host in the address")?.clone(),
        })
    }

    /// Sends the request once.
    pub async fn send(&self, head: &Parts, body: Bytes) -> Result<Response<Incoming>> {
        let mut parts = head.uri.clone().into_parts();
        parts.scheme = Some(Scheme::HTTPS);
        parts.authority = Some(self.authority.clone());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = Uri::from_parts(parts)?;
        *request.version_mut() = Version::HTTP_11;
        *request.headers_mut() = head.headers.clone();
        let upgrades = head.headers.contains_key(UPGRADE);
        let own = [AUTHORIZATION, HOST, TRANSFER_ENCODING].into_iter().chain((!upgrades).then_some(CONNECTION));
        for name in own {
            request.headers_mut().remove(name);
        }
        let client = if upgrades { &self.upgrading } else { &self.client };
        Ok(client.request(request).await?)
    }
}
