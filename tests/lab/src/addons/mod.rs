//! What a test starts beside the cluster: monitoring, and routers with a data plane.
//!
//! Each has an address of its own in the lab's network (10.8.0.0/24), so that tests run side by
//! side and every program keeps its usual ports; it sees the test's namespace only, and ends when
//! it is dropped. Where a program was not built (`lab build --addons`), `start` gives `None` and
//! says so: the test returns, and is skipped. With `CI=true` that is an error.

mod contour;
mod envoy;
mod istio;
mod monitoring;
mod place;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Pod;
use serde_json::json;

use crate::cluster::Component;
use crate::namespace::Namespace;

pub use contour::Contour;
pub use istio::{Istiod, Proxy};
pub use monitoring::{Prometheus, Pushgateway};
pub use place::Place;

const START_LIMIT: Duration = Duration::from_secs(60);

/// Waits for a condition, but not longer than the processes live or the limit allows; says how
/// long it took.
async fn until_ready(
    what: &str,
    began: Instant,
    components: &mut [&mut Component],
    ready: impl Future<Output = Result<()>>,
) -> Result<()> {
    let endings = components.iter_mut().map(|component| Box::pin(component.ended()));
    tokio::select! {
        done = ready => done.with_context(|| format!("while starting {what}"))?,
        (ending, _, _) = futures::future::select_all(endings) => bail!("{ending}"),
        () = tokio::time::sleep(START_LIMIT) => bail!("{what} is not ready within {START_LIMIT:?}"),
    }
    eprintln!("lab: {what} ready after {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// A pod for a program beside the cluster to be in: the program listens at the pod's address. Its
/// Service of the same name is reached by cluster IP and through the API server's service proxy,
/// which goes to pods only.
async fn pod(ns: &Namespace, name: &str, port: u16) -> Result<IpAddr> {
    let labels = json!({"app": name});
    ns.apply(&json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": labels, "ports": [{"name": "http", "port": port}]},
    }))
    .await?;
    ns.apply(&json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [{"name": name, "image": format!("{name}:lab")}]},
    }))
    .await?;
    let address = |pod: &Pod| pod.status.as_ref().and_then(|status| status.pod_ip.clone());
    let pod = ns.wait_for::<Pod>(name, "has an address", START_LIMIT, |pod| address(pod).is_some()).await?;
    address(&pod).context("no address")?.parse().context("no IP")
}
