//! Accepting connections and serving them as the pod they were made to.

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::{Context, Result};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::answer;
use super::kubelet::Kubelet;
use super::registry::{Phase, Process};

const BACKLOG: u32 = 4096;
/// What HTTP/2 begins with, and no request of HTTP/1.
const HTTP2: &[u8] = b"PRI ";

/// A connection, of which the TCP below can be reset.
trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

pub(super) async fn listen(port: u16, kubelet: Arc<Kubelet>, tls: Option<TlsAcceptor>) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([0, 0, 0, 0], port).into()).with_context(|| format!("port {port}"))?;
    let listener = socket.listen(BACKLOG)?;
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let process = stream.local_addr().ok().and_then(|local| kubelet.process_at(local.ip()));
        match process {
            Some(process) if process.borrow().phase == Phase::Serving => {
                tokio::spawn(accept(stream, process, tls.clone()));
            }
            _ => reset(&stream),
        }
    }
}

/// With no lingering, closing a socket sends a reset.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

async fn accept(stream: TcpStream, process: watch::Receiver<Process>, tls: Option<TlsAcceptor>) {
    let _ = stream.set_nodelay(true);
    let speaks_grpc = process.borrow().settings.grpc_health.is_some();
    match tls {
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, process).await;
            }
        }
        None if speaks_grpc && begins_with_http2(&stream).await => serve_grpc(stream, process).await,
        None => serve(stream, process).await,
    }
}

async fn begins_with_http2(stream: &TcpStream) -> bool {
    let mut first = [0; HTTP2.len()];
    loop {
        match stream.peek(&mut first).await {
            Ok(count) if count > 0 && count < first.len() && HTTP2.starts_with(&first[..count]) => {
                tokio::task::yield_now().await;
            }
            Ok(count) => return first[..count] == *HTTP2,
            Err(_) => return false,
        }
    }
}

async fn serve(stream: impl Socket, mut process: watch::Receiver<Process>) {
    let keep_alive = process.borrow().settings.keep_alive;
    let answering = process.clone();
    let service = service_fn(move |request| {
        let process = answering.clone();
        async move { Ok::<_, Infallible>(answer::http(&process, request).await) }
    });
    let mut connection = http1::Builder::new().keep_alive(keep_alive).serve_connection(TokioIo::new(stream), service);
    let mut stopping = false;
    loop {
        tokio::select! {
            _ = &mut connection => return,
            changed = process.changed() => {
                let phase = if changed.is_ok() { process.borrow().phase } else { Phase::Gone };
                match phase {
                    Phase::Serving => {}
                    Phase::Stopping if !stopping => {
                        stopping = true;
                        std::pin::Pin::new(&mut connection).graceful_shutdown();
                    }
                    Phase::Stopping => {}
                    Phase::Gone => {
                        reset(connection.into_parts().io.inner().tcp());
                        return;
                    }
                }
            }
        }
    }
}

/// Health checks are short: their connection ends with the process, without ado.
async fn serve_grpc(stream: TcpStream, mut process: watch::Receiver<Process>) {
    let answering = process.clone();
    let service = service_fn(move |request| {
        let process = answering.clone();
        async move { Ok::<_, Infallible>(answer::grpc(&process, request).await) }
    });
    let connection = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = connection => {}
        _ = process.wait_for(|process| process.phase == Phase::Gone) => {}
    }
}
