//! Colors that a real Prometheus judges once the traffic is on them.

mod compared;
mod document;
mod reached;
mod turns_bad;
mod unsaid;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::bluegreen::app::{api, color, rolled_out};
use e2e::common::pods::annotate_pods;
use e2e::namespace;
use k8s_openapi::api::core::v1::Service;
use lab::addons::Prometheus;
use lab::annotations;
use lab::fixtures::Behavior;
use lab::traffic::{Load, Running as Traffic};
use lab::{Namespace, Running, eventually};
use serde_json::Value;

/// What a run of many requests and measurements may take on a machine that has other things to do.
const LONG: Duration = Duration::from_secs(180);
/// Requests in a second.
const RATE: f64 = 40.0;
/// The share of green's errors; a query without errors has no series of them.
const ERRORS: &str = "(sum(rate(http_requests_total{version=\"{{args.color}}\",status=~\"5..\"}[5s])) or vector(0)) \
                      / sum(rate(http_requests_total{version=\"{{args.color}}\"}[5s])) * 100";
/// A condition over it that says nothing against a color which nobody has asked yet.
const FEW: &str = "len(result) == 0 || isNaN(result[0]) || result[0] < 5";

/// `api` on blue with a ready green, requests that run, and a Prometheus that counts them.
struct Watched {
    ns: Namespace,
    prometheus: Prometheus,
    traffic: Traffic,
}

/// Nothing where no Prometheus is to be had.
async fn watched(test: &str) -> Result<Option<Watched>> {
    let ns = namespace(test).await?;
    let Some(prometheus) = Prometheus::start(&ns).await? else { return Ok(None) };
    let metrics = |name| color(name, 2, Behavior::Ready).annotation(annotations::METRICS, "true");
    rolled_out(&ns, &api().color(metrics("blue")).color(metrics("green"))).await?;
    prometheus.scrapes(4).await?;
    let traffic = Load::new(address(&ns).await?).rate(RATE).max_time(LONG).start();
    eventually("blue's requests are counted", LONG, || async {
        let counted = prometheus.value("sum(http_requests_total{version=\"blue\"})").await?;
        Ok(counted.filter(|count| *count > 100.0).map(drop))
    })
    .await?;
    Ok(Some(Watched { ns, prometheus, traffic }))
}

async fn address(ns: &Namespace) -> Result<SocketAddr> {
    let service = ns.api::<Service>().get("api").await?;
    let ip = service.spec.and_then(|spec| spec.cluster_ip).context("no cluster IP")?;
    Ok(format!("{ip}:80").parse()?)
}

impl Watched {
    /// Green answers with errors from now on.
    async fn green_fails(&self) -> Result<()> {
        annotate_pods(&self.ns, "version=green", &[(annotations::FAIL_PERCENT, "100")]).await
    }

    /// Starts a switch to green with more words, and comes back once the Service selects it.
    async fn switching(&self, words: &str) -> Result<Running> {
        let running = e2e::bluegreen::run::start(&self.ns, &format!("switch api --to green --yes {words}"))?;
        eventually("green is live", LONG, || async {
            Ok((e2e::bluegreen::active(&self.ns, "api").await? == "green").then_some(()))
        })
        .await?;
        Ok(running)
    }

    /// Where its Prometheus answers, as a flag.
    fn prometheus(&self) -> String {
        format!("--prometheus=http://{}", self.prometheus.address())
    }
}

/// A file that goes with its test.
struct Template {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Template {
    /// `--analysis=FILE`
    fn flag(&self) -> String {
        format!("--analysis={}", self.path.display())
    }
}

/// An `AnalysisTemplate` with one metric of the namespace's Prometheus.
fn template(query: &str, condition: &str, more: &str) -> Result<Template> {
    template_at("http://prometheus-server:9090", query, condition, more)
}

fn template_at(address: &str, query: &str, condition: &str, more: &str) -> Result<Template> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("template.yaml");
    let (query, condition) = (serde_json::to_string(query)?, serde_json::to_string(condition)?);
    let text = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {{name: errors}}\nspec:\n  metrics:\n  - \
         name: error-rate\n    interval: 1s\n    successCondition: {condition}\n{more}    provider:\n      prometheus:\n\
         \x20       address: {address}\n        query: {query}\n"
    );
    std::fs::write(&path, text)?;
    Ok(Template { _folder: folder, path })
}

/// What the document of a run says of the numbers.
fn verification(document: &Value) -> &Value {
    &document["services"][0]["verification"]
}
