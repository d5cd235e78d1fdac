//! The kubelet as the API server sees it: logs and port-forward of every pod.
//!
//! Logs are answered here, because a process's log ends with the process: kwok would follow it for
//! ever. Port-forwards go on to kwok, which speaks their streams; [`slots`] says how it finds the
//! pod. There is no exec and no attach.

mod logs;
mod options;
mod port_forward;
mod slots;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::registry::{Process, Registry};
use super::settings::PodSettings;
use crate::cluster::KUBELET_PORT;
use crate::cluster::forwards::POD_PORTS;
use slots::Slots;

type Body = BoxBody<Bytes, Infallible>;

/// Every pod, and which of them are forwarded to at present.
#[derive(Debug)]
pub(super) struct Kubelet {
    registry: Arc<Registry>,
    slots: Arc<Slots>,
}

impl Kubelet {
    pub fn new(registry: Arc<Registry>) -> Self {
        Self { registry, slots: Arc::default() }
    }

    /// The process at a pod's address, or at the one that stands for it in a port-forward.
    pub fn process_at(&self, address: IpAddr) -> Option<watch::Receiver<Process>> {
        if !address.is_loopback() {
            return self.registry.find(address);
        }
        let (address, uid) = self.slots.pod_at(address)?;
        // Another pod may have got the address since.
        self.registry.find(address).filter(|process| process.borrow().settings.uid == uid)
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path().trim_matches('/').to_owned();
        match *path.split('/').collect::<Vec<_>>() {
            ["containerLogs", namespace, pod, container] => {
                let process = self.registry.find_by_name(namespace, pod);
                logs::answer(process, container, request.uri().query().unwrap_or_default())
            }
            ["portForward", namespace, pod] | ["portForward", namespace, pod, _] => {
                let process = self.registry.find_by_name(namespace, pod);
                port_forward::answer(&self.slots, process, request).await
            }
            ["targets", namespace] => targets(&self.registry.running_in(namespace)),
            _ => refusal(StatusCode::NOT_IMPLEMENTED, "the lab's pods have logs and port-forward only"),
        }
    }
}

/// For a Prometheus of the lab: which pods of a namespace have metrics. Debian's can't ask the API
/// server for that.
fn targets(pods: &[PodSettings]) -> Response<Body> {
    let target = |pod: &PodSettings| {
        let measured = pod.metrics.as_ref()?;
        Some(json!({"targets": [format!("{}:{}", pod.address, POD_PORTS[1])], "labels": measured.labels}))
    };
    let all: Value = pods.iter().filter_map(target).collect();
    let mut response = Response::new(Full::new(Bytes::from(all.to_string())).boxed());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn refusal(status: StatusCode, why: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from(why.into())).boxed());
    *response.status_mut() = status;
    response
}

/// Serves every node's kubelet port.
pub(super) async fn listen(kubelet: Arc<Kubelet>, tls: TlsAcceptor) -> Result<()> {
    let listener =
        TcpListener::bind(("0.0.0.0", KUBELET_PORT)).await.with_context(|| format!("port {KUBELET_PORT}"))?;
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        tokio::spawn(serve(stream, tls.clone(), Arc::clone(&kubelet)));
    }
}

async fn serve(stream: TcpStream, tls: TlsAcceptor, kubelet: Arc<Kubelet>) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = tls.accept(stream).await else { return };
    let service = service_fn(move |request| {
        let kubelet = Arc::clone(&kubelet);
        async move { Ok::<_, Infallible>(kubelet.answer(request).await) }
    });
    // How a connection ended is the caller's affair.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}
