//! Asking a Service of the cluster through the API server, as `kubectl get --raw` does: for what is no object.

use std::time::Duration;

use http::{Method, StatusCode};
use kube::client::Body;
use serde::Deserialize;
use tokio::time::timeout;

use super::Cluster;
use super::exchange::{ApiError, connection_error, read, refusal_of, request};
use super::query::with_query;

/// What a Service answered, or the API server in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

/// Which Service, and where it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxiedService {
    pub namespace: String,
    pub name: String,
    pub port: u16,
    pub is_tls: bool,
}

impl ProxiedService {
    /// The path of what is behind it.
    #[must_use]
    pub fn path(&self, below: &str) -> String {
        let Self { namespace, name, port, is_tls } = self;
        let scheme = if *is_tls { "https:" } else { "" };
        format!("/api/v1/namespaces/{namespace}/services/{scheme}{name}:{port}/proxy{below}")
    }
}

#[derive(Deserialize)]
struct Status {
    kind: String,
}

impl Cluster {
    /// Asks once, and reads that much of the answer at most. Whatever the Service itself answers is no error here.
    ///
    /// # Errors
    /// See [`ApiError`]: where the API server itself refuses, can't reach the Service, or isn't reached.
    pub async fn ask_service(
        &self,
        service: &ProxiedService,
        (below, query): (&str, &[(&str, String)]),
        (limit, most): (Duration, usize),
    ) -> Result<Answered, ApiError> {
        let asked = request(Method::GET, &with_query(&service.path(below), query), "", Vec::new());
        let whole = async {
            let response = self.client.send(asked.map(Body::from)).await.map_err(|e| connection_error(&e))?;
            let (head, body) = response.into_parts();
            let held = read(body, most).await?;
            let is_refusal = |body: &[u8]| serde_json::from_slice::<Status>(body).is_ok_and(|s| s.kind == "Status");
            if !head.status.is_success() && is_refusal(held.bytes()) {
                return Err(refusal_of(head.status.as_u16(), None, held.bytes()));
            }
            Ok(Answered { status: head.status, body: held.bytes().to_vec() })
        };
        match timeout(limit, whole).await {
            Ok(answer) => answer,
            Err(_) => Err(ApiError::Unclear(format!("none within {} s", limit.as_secs_f32()))),
        }
    }
}
