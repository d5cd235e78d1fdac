//! Accepting connections and answering them as the pod they were made to.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;

use super::registry::{Phase, Process, Registry};

const BACKLOG: u32 = 4096;

/// Counts the requests of all pods, so that a share of failures is exact.
static ANSWERED: AtomicU64 = AtomicU64::new(0);

pub(super) async fn listen(port: u16, registry: Arc<Registry>) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([0, 0, 0, 0], port).into()).with_context(|| format!("port {port}"))?;
    let listener = socket.listen(BACKLOG)?;
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let process = stream.local_addr().ok().and_then(|local| registry.find(local.ip()));
        match process {
            Some(process) if process.borrow().phase == Phase::Serving => {
                tokio::spawn(serve(stream, process));
            }
            _ => reset(&stream),
        }
    }
}

/// With no lingering, closing a socket sends a reset.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

async fn serve(stream: TcpStream, mut process: watch::Receiver<Process>) {
    let _ = stream.set_nodelay(true);
    let keep_alive = process.borrow().settings.keep_alive;
    let answering = process.clone();
    let service = service_fn(move |_request| {
        let process = answering.clone();
        async move { Ok::<_, Infallible>(answer(&process).await) }
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
                        Pin::new(&mut connection).graceful_shutdown();
                    }
                    Phase::Stopping => {}
                    Phase::Gone => {
                        reset(connection.into_parts().io.inner());
                        return;
                    }
                }
            }
        }
    }
}

async fn answer(process: &watch::Receiver<Process>) -> Response<Full<Bytes>> {
    let settings = process.borrow().settings.clone();
    if !settings.latency.is_zero() {
        tokio::time::sleep(settings.latency).await;
    }
    let number = ANSWERED.fetch_add(1, Ordering::Relaxed);
    let fails = is_in_share(number, settings.fail_percent);
    let body = json!({"version": settings.version, "color": settings.color, "pod": settings.pod});
    let mut response = Response::new(Full::new(Bytes::from(format!("{body}\n"))));
    if fails {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    let headers = response.headers_mut();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    if let Ok(version) = settings.version.parse() {
        headers.insert("x-version", version);
    }
    response
}

/// Spreads `percent` of all numbers evenly.
fn is_in_share(number: u64, percent: u64) -> bool {
    let percent = percent.min(100);
    number * percent / 100 != (number + 1) * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_failures_is_exact_and_spread() {
        for percent in [0, 1, 30, 100] {
            let hits = (0..1000).filter(|number| is_in_share(*number, percent)).count();
            assert_eq!(hits as u64, percent * 10);
        }
        assert!(!(0..4).all(|number| is_in_share(number, 50)));
    }
}
