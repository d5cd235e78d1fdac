//! The lab's promises about Prometheus and Pushgateway.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::ResourceExt;
use kube::api::ListParams;
use lab::addons::{Prometheus, Pushgateway};
use lab::fixtures::{App, Workload};
use lab::traffic::Load;
use lab::{Lab, Namespace, annotations, eventually};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(20);

async fn address(ns: &Namespace, service: &str) -> Result<SocketAddr> {
    let service = ns.api::<Service>().get(service).await?;
    let ip = service.spec.and_then(|spec| spec.cluster_ip).context("no cluster IP")?;
    Ok(format!("{ip}:80").parse()?)
}

/// A release that Prometheus judges would be judged by numbers that nobody's requests made.
#[tokio::test]
async fn prometheus_counts_the_requests_of_each_pod_and_errors_from_the_first_one_on() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("prometheus").await?;
    let metrics = |color: &str, image: &str| Workload::color(color, image).annotation(annotations::METRICS, "true");
    let app = App::new("api").color(metrics("blue", "api:v1")).color(metrics("green", "api:v2").replicas(1));
    ns.apply_all(&app.objects()).await?;
    let Some(prometheus) = Prometheus::start(&ns).await? else { return Ok(()) };
    ns.rolled_out("deployment/api-blue", SOON).await?;
    ns.rolled_out("deployment/api-green", SOON).await?;
    prometheus.scrapes(3).await?;

    let target = address(&ns, "api").await?;
    eventually("blue answers", SOON, || async {
        let one = Load::new(target).fresh_clients(1).kept_clients(0).max_requests(1).start();
        Ok(one.finish().await.failures().is_empty().then_some(()))
    })
    .await?;
    let sent = Load::new(target).max_requests(300).start().finish().await;
    ensure!(sent.failures().is_empty(), "{sent}");
    let all = "sum(http_requests_total{service=\"api\",color=\"blue\"})";
    let counted = counts(&prometheus, all, 301.0).await?;
    ensure!(prometheus.query("http_requests_total{status=~\"5..\"}").await? == serde_json::json!([]));
    ensure!(prometheus.value("sum(http_requests_total{color=\"green\"})").await?.is_none());

    let pods = ns.api::<Pod>().list(&ListParams::default().labels("color=blue")).await?;
    let bad = pods.items[0].name_any();
    ns.annotate::<Pod>(&bad, annotations::FAIL_PERCENT, Some("100")).await?;
    let sent = Load::new(target).max_requests(200).start().finish().await;
    let failed = sent.failures().len();
    ensure!(failed > 0);
    counts(&prometheus, all, counted + 200.0).await?;
    let errors = prometheus.query("http_requests_total{status=~\"5..\"}").await?;
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let wanted = failed as f64;
    counts(&prometheus, "sum(http_requests_total{status=~\"5..\"})", wanted).await?;
    ensure!(errors[0]["metric"]["pod"] == bad.as_str() && errors.as_array().map(Vec::len) == Some(1), "{errors}");
    let slow = "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[10s])))";
    let slow = prometheus.value(slow).await?.context("no histogram")?;
    println!("{failed} of 200 failed; p99 {slow} s");

    // As a plugin on somebody's machine reaches it.
    let path = format!("/api/v1/namespaces/{}/services/prometheus-server:9090/proxy/api/v1/query?query=up", ns.name());
    let proxied = ns.lab().kubectl(lab.kubeconfig()).must(&["get", "--raw", &path]).await?;
    ensure!(serde_json::from_str::<Value>(&proxied)?["status"] == "success", "{proxied}");
    Ok(())
}

async fn counts(prometheus: &Prometheus, expression: &str, at_least: f64) -> Result<f64> {
    eventually(&format!("{expression} is {at_least}"), SOON, || async {
        Ok(prometheus.value(expression).await?.filter(|value| *value >= at_least))
    })
    .await
}

/// What a run says about itself would get lost unseen.
#[tokio::test]
async fn what_is_pushed_arrives_in_prometheus() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("pushgateway").await?;
    let Some(gateway) = Pushgateway::start(&ns).await? else { return Ok(()) };
    let Some(prometheus) = Prometheus::start(&ns).await? else { return Ok(()) };
    let client =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http::<Full<_>>();
    let url = format!("http://{}/metrics/job/kubectl-bluegreen/service/api", gateway.address());
    let body = bytes::Bytes::from("kubectl_bluegreen_runs_total{result=\"done\"} 1\n");
    let answer = client.request(http::Request::put(url).body(Full::new(body))?).await?;
    ensure!(answer.status().is_success(), "{}", answer.into_body().collect().await?.to_bytes().escape_ascii());
    counts(&prometheus, "kubectl_bluegreen_runs_total{service=\"api\",job=\"kubectl-bluegreen\"}", 1.0).await?;
    Ok(())
}
