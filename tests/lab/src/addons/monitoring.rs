//! Prometheus and Pushgateway.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::{Place, pod, until_ready};
use crate::cluster::{Component, KUBELET_PORT, NODE_ADDRESS, until_connects, until_http_ok};
use crate::namespace::Namespace;
use crate::session::{Lab, eventually};
use crate::toolchain::Addon;

const PROMETHEUS_PORT: u16 = 9090;
const PUSHGATEWAY_PORT: u16 = 9091;

/// A Prometheus that scrapes the pods of a namespace which have metrics, every second, and the
/// Pushgateway there if there is one. Its Service is `prometheus-server`, port 9090.
#[derive(Debug)]
pub struct Prometheus {
    address: SocketAddr,
    _place: Place,
    _process: Component,
}

/// A Pushgateway. Its Service is `pushgateway`, port 9091.
#[derive(Debug)]
pub struct Pushgateway {
    address: SocketAddr,
    _place: Place,
    _process: Component,
}

impl Prometheus {
    /// The name of its Service.
    pub const SERVICE: &str = "prometheus-server";

    /// Starts one for a namespace; `None` when it is not to be had here.
    ///
    /// # Errors
    /// When it does not start, or its Service can't be made.
    pub async fn start(ns: &Namespace) -> Result<Option<Self>> {
        let Some(root) = Addon::Monitoring.root()? else { return Ok(None) };
        let (began, lab) = (Instant::now(), ns.lab());
        let place = Place::claim(lab)?;
        let address = SocketAddr::new(pod(ns, Self::SERVICE, PROMETHEUS_PORT).await?, PROMETHEUS_PORT);
        let config = place.folder().join("prometheus.yaml");
        std::fs::write(&config, configuration(ns).to_string())?;
        let args = vec![
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", place.folder().join("data").display()),
            format!("--web.listen-address={address}"),
            "--log.level=warn".to_owned(),
        ];
        let name = place.log_name("prometheus");
        let mut process = Component::start(&name, &root.join("usr/bin/prometheus"), args, &logs(lab))?;
        let url = format!("http://{address}/-/ready");
        let ready = until_http_ok(&url);
        until_ready("Prometheus", began, &mut [&mut process], ready).await?;
        Ok(Some(Self { address, _place: place, _process: process }))
    }

    /// Where it answers inside the lab.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An instant query's result: a list of series, or what the expression gives.
    ///
    /// # Errors
    /// When it refuses the query.
    pub async fn query(&self, expression: &str) -> Result<Value> {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
        let mut form = String::from("query=");
        for byte in expression.bytes() {
            form.push_str(&format!("%{byte:02X}"));
        }
        let request = http::Request::post(format!("http://{}/api/v1/query", self.address()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::new(form.into()))?;
        let body = client.request(request).await?.into_body().collect().await?.to_bytes();
        let answer: Value = serde_json::from_slice(&body)?;
        ensure!(answer["status"] == "success", "{expression}: {answer}");
        Ok(answer["data"]["result"].clone())
    }

    /// The value of a query that gives one series; `None` when it gives none.
    ///
    /// # Errors
    /// When it refuses the query, or the value is no number.
    pub async fn value(&self, expression: &str) -> Result<Option<f64>> {
        let result = self.query(expression).await?;
        result[0]["value"][1].as_str().map(|text| text.parse().context("no number")).transpose()
    }

    /// Waits until it scrapes so many pods. It looks for new ones every 5 s.
    ///
    /// # Errors
    /// When it doesn't within 30 seconds.
    pub async fn scrapes(&self, pods: usize) -> Result<()> {
        eventually(&format!("Prometheus scrapes {pods} pods"), Duration::from_secs(30), || async {
            let up = self.query("up{job=\"kubernetes-pods\"} == 1").await?;
            Ok((up.as_array().map_or(0, Vec::len) == pods).then_some(()))
        })
        .await
    }
}

impl Pushgateway {
    /// The name of its Service.
    pub const SERVICE: &str = "pushgateway";

    /// Starts one for a namespace; `None` when it is not to be had here.
    ///
    /// # Errors
    /// When it does not start, or its Service can't be made.
    pub async fn start(ns: &Namespace) -> Result<Option<Self>> {
        let Some(root) = Addon::Monitoring.root()? else { return Ok(None) };
        let began = Instant::now();
        let place = Place::claim(ns.lab())?;
        let address = SocketAddr::new(pod(ns, Self::SERVICE, PUSHGATEWAY_PORT).await?, PUSHGATEWAY_PORT);
        let args = vec![format!("--web.listen-address={address}"), "--log.level=warn".to_owned()];
        let program = root.join("usr/bin/prometheus-pushgateway");
        let mut process = Component::start(&place.log_name("pushgateway"), &program, args, &logs(ns.lab()))?;
        let at = address.to_string();
        let ready = until_connects(&at);
        until_ready("Pushgateway", began, &mut [&mut process], ready).await?;
        std::fs::write(pushgateways(ns), json!([{"targets": [at]}]).to_string())?;
        Ok(Some(Self { address, _place: place, _process: process }))
    }

    /// Where it answers inside the lab.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn logs(lab: &Lab) -> std::path::PathBuf {
    lab.dir().join(Path::new("logs"))
}

/// Where a Pushgateway says that it is there.
fn pushgateways(ns: &Namespace) -> std::path::PathBuf {
    ns.lab().dir().join(format!("pushgateway-{}.json", ns.name()))
}

/// Debian's Prometheus was built without what finds pods by the API server: `lab pods` tells it.
fn configuration(ns: &Namespace) -> Value {
    let targets = format!("https://{NODE_ADDRESS}:{KUBELET_PORT}/targets/{}", ns.name());
    json!({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [
            {
                "job_name": "kubernetes-pods",
                "http_sd_configs": [{
                    "url": targets, "refresh_interval": "1s", "tls_config": {"insecure_skip_verify": true},
                }],
            },
            {
                "job_name": "pushgateway",
                "honor_labels": true,
                "file_sd_configs": [{"files": [pushgateways(ns)], "refresh_interval": "1s"}],
            },
        ],
    })
}
