//! A stream to a port of a pod through the API server, as `kubectl port-forward` opens it: by WebSocket, whose streams
//! the kubelet makes (<https://kubernetes.io/docs/reference/using-api/websockets/>).

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::Portforwarder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};

use crate::Cluster;
use crate::exchange::{ApiError, connection_error};

/// The bytes of a port; whoever drops the forward ends it.
pub struct Forward {
    pub stream: Box<dyn Stream>,
    /// Ends with what the kubelet says of a port that it can't reach, and else never.
    pub refused: futures::future::BoxFuture<'static, String>,
    _until_here: Ended,
}

/// Both ways of it.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// kube goes on until the other side closes.
struct Ended(Portforwarder);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Cluster {
    /// Opens one.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub(crate) async fn forward(&self, pod: &str, port: u16) -> Result<Forward, ApiError> {
        let client = self.way.upgrading().map_err(|failure| ApiError::Unreachable(failure.message))?;
        let pods: Api<Pod> = Api::namespaced(client, &self.namespace);
        let (limit, began) = (self.request_timeout(), Instant::now());
        let opened = timeout(limit, pods.portforward(pod, &[port])).await;
        if self.log.has_requests() {
            let how = if matches!(opened, Ok(Ok(_))) { "opened" } else { "not opened" };
            self.log.tell(&format!("port-forward to {pod}:{port} {how} in {} ms", began.elapsed().as_millis()));
        }
        let late = |_| ApiError::Unclear(format!("none within {} s", limit.as_secs_f32()));
        let mut forwarder = opened.map_err(late)?.map_err(|error| refusal(&error))?;
        let stream = forwarder.take_stream(port);
        let stream = stream.ok_or_else(|| ApiError::Garbled("a port-forward without a stream".into()))?;
        let error = forwarder.take_error(port);
        let refused = Box::pin(async move {
            let told = match error {
                Some(error) => error.await,
                None => None,
            };
            match told {
                Some(why) => why,
                None => std::future::pending().await,
            }
        });
        Ok(Forward { stream: Box::new(stream), refused, _until_here: Ended(forwarder) })
    }
}

fn refusal(error: &kube::Error) -> ApiError {
    match error {
        kube::Error::Api(status) => ApiError::Refused {
            code: status.code,
            reason: release_core::text::one_line(&status.reason),
            message: release_core::text::one_line(&status.message),
            retry_after: None,
        },
        kube::Error::UpgradeConnection(why) => ApiError::Garbled(format!("no port-forward: {why}")),
        other => connection_error(other),
    }
}
