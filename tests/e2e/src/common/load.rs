//! Requests on a Service while something happens to it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Service;
use lab::traffic::{Kind, Load, Running, Traffic};
use lab::{Namespace, eventually};

use crate::LIMIT;

/// No new connection for so long means that none will come: several were due in this time.
const SETTLED: Duration = Duration::from_millis(200);
const SAMPLES: usize = 10;

/// Where a Service's cluster IP answers, once it does.
///
/// # Errors
/// Where it doesn't.
pub async fn answering(ns: &Namespace, service: &str) -> Result<SocketAddr> {
    let found = ns.api::<Service>().get(service).await?;
    let ip = found.spec.and_then(|spec| spec.cluster_ip).context("no cluster IP")?;
    let target: SocketAddr = format!("{ip}:80").parse()?;
    eventually(&format!("{service} answers"), LIMIT, || async {
        let one = Load::new(target).fresh_clients(1).kept_clients(0).max_requests(1).start().finish().await;
        Ok(one.failures().is_empty().then_some(target))
    })
    .await
}

/// The last new connection on a version, after it was left: waits until there are no more.
///
/// # Errors
/// Where new connections go on reaching it.
pub async fn left(load: &Running, version: &str, since: Instant) -> Result<Traffic> {
    eventually(&format!("new connections have left {version}"), LIMIT, || async {
        let recent = load.since(Instant::now() - SETTLED);
        let settled = recent.of_kind(Kind::Fresh) >= SAMPLES && recent.last_fresh(version).is_none();
        Ok((settled && since.elapsed() >= SETTLED).then(|| load.since(since)))
    })
    .await
}
