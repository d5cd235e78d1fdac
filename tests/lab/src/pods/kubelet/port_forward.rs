//! Passing a port-forward on to kwok's server, as one to the slot that stands for the pod.

use std::sync::Arc;

use anyhow::{Context, Result};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::upgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::super::registry::Process;
use super::slots::{Slot, Slots};
use super::{Body, refusal};
use crate::cluster::forwards::KWOK_SERVER;

pub(super) async fn answer(
    slots: &Arc<Slots>,
    process: Option<watch::Receiver<Process>>,
    request: Request<Incoming>,
) -> Response<Body> {
    let target = process.map(|process| {
        let settings = &process.borrow().settings;
        (settings.address, settings.uid.clone())
    });
    let Some(target) = target else {
        return refusal(StatusCode::NOT_FOUND, "the pod has no address yet");
    };
    let Some(slot) = slots.take(target) else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "too many port-forwards at once");
    };
    match pass_on(slot, request).await {
        Ok(response) => response,
        Err(error) => refusal(StatusCode::BAD_GATEWAY, format!("{error:#}")),
    }
}

async fn pass_on(slot: Slot, mut request: Request<Incoming>) -> Result<Response<Body>> {
    let stream = TcpStream::connect(KWOK_SERVER).await.context("kwok's server")?;
    stream.set_nodelay(true)?;
    let (mut kwok, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());
    let from_api_server = upgrade::on(&mut request);
    // WebSockets name their ports there.
    let query = request.uri().query().unwrap_or_default();
    *request.uri_mut() = Uri::try_from(format!("{}?{query}", slot.path()))?;
    let mut response = kwok.send_request(request).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let to_kwok = upgrade::on(&mut response);
        tokio::spawn(async move {
            let _until_here = slot;
            if let (Ok(outer), Ok(inner)) = tokio::join!(from_api_server, to_kwok) {
                // Either side may go away at any time.
                let _ = copy_bidirectional(&mut TokioIo::new(outer), &mut TokioIo::new(inner)).await;
            }
        });
    }
    let (head, body) = response.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Ok(Response::from_parts(head, http_body_util::Full::new(body).boxed()))
}
