//! One request to a Prometheus that is reached from here: by the proxy that kubectl would go through, to the host that
//! was named and no other.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use release_cluster::exchange::OUR_AGENT;
use release_cluster::proxy_env::of_environment;
use release_cluster::trust;
use release_cluster::via_proxy::{self, Connector, Over, Proxy, tcp};
use tokio::time::timeout;

use crate::trouble::Trouble;

type Got = Result<(StatusCode, Vec<u8>), Trouble>;

/// Asks once, and reads that much of the answer at most.
///
/// # Errors
/// See [`Trouble`].
pub async fn get(url: &str, authorization: Option<&HeaderValue>, (limit, most): (Duration, usize)) -> Got {
    let url: Uri = url.parse().map_err(|_| Trouble::Unreachable)?;
    let asked = send(&url, authorization, (limit, most));
    timeout(limit, asked).await.unwrap_or(Err(Trouble::Silent(limit.as_secs())))
}

async fn send(url: &Uri, authorization: Option<&HeaderValue>, (limit, most): (Duration, usize)) -> Got {
    let asked = Request::get(url).header(ACCEPT, "application/json").header(USER_AGENT, OUR_AGENT);
    let mut request = asked.body(Empty::new()).map_err(|_| Trouble::Unreachable)?;
    if let Some(value) = authorization {
        request.headers_mut().insert(AUTHORIZATION, value.clone());
    }
    let is_tls = url.scheme_str() == Some("https");
    let proxy = of_environment(url).and_then(|proxy| proxy.parse().ok()).map(|uri| Proxy::of(&uri));
    if let Some(value) = proxy.as_ref().and_then(|proxy| proxy.authorization_of_requests(is_tls)) {
        request.headers_mut().insert(PROXY_AUTHORIZATION, value);
    }
    let tls_to_proxy = |tcp| {
        let trusting = trust::by_the_machine().map_err(|_| Trouble::Unreachable)?;
        let https = HttpsConnectorBuilder::new().with_tls_config(trusting).https_or_http();
        Ok(https.enable_http1().wrap_connector(tcp))
    };
    via_proxy::go(tcp(limit), proxy, is_tls, tls_to_proxy, Asking { request, is_tls, most })?.await
}

/// A request on its way.
struct Asking {
    request: Request<Empty<Bytes>>,
    is_tls: bool,
    most: usize,
}

impl Over for Asking {
    type Made = BoxFuture<'static, Got>;

    fn over<C: Connector>(self, connector: C) -> Self::Made {
        Box::pin(async move {
            // Where there is no TLS nobody has to be trusted, and no authority has to be here.
            let trusting = if self.is_tls { trust::by_the_machine() } else { trust::nobody() };
            let trusting = trusting.map_err(|_| Trouble::Unreachable)?;
            let https = HttpsConnectorBuilder::new().with_tls_config(trusting).https_or_http();
            let https = https.enable_http1().enable_http2().wrap_connector(connector);
            let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(https);
            answered(client.request(self.request).await, self.most).await
        })
    }
}

async fn answered(answer: Result<http::Response<Incoming>, hyper_util::client::legacy::Error>, most: usize) -> Got {
    let answer = answer.map_err(|error| if error.is_connect() { Trouble::Unreachable } else { Trouble::Broken })?;
    let (head, body) = answer.into_parts();
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok((head.status, body.to_bytes().to_vec())),
        Err(error) if error.is::<LengthLimitError>() => Err(Trouble::TooLarge),
        Err(_) => Err(Trouble::Broken),
    }
}
