//! The lab's promises about what goes through a kubelet: logs, port-forward, health checks, Jobs.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::batch::v1::Job as JobObject;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::ListParams;
use lab::fixtures::{Answer, App, Behavior, Job, Workload};
use lab::{Lab, Namespace, annotations, eventually};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;

const SOON: Duration = Duration::from_secs(20);

async fn app(ns: &Namespace, color: Workload) -> Result<Vec<String>> {
    ns.apply_all(&App::new("api").color(color).objects()).await?;
    ns.rolled_out("deployment/api-blue", SOON).await?;
    let pods = ns.api::<Pod>().list(&ListParams::default()).await?;
    Ok(pods.items.iter().map(ResourceExt::name_any).collect())
}

fn blue() -> Workload {
    Workload::color("blue", "registry.example/api:v1")
}

/// kubectl's own port-forward, ended when dropped.
struct Forward {
    _kubectl: Child,
    port: u16,
}

async fn forward(ns: &Namespace, to: &str, port: u16) -> Result<Forward> {
    let kubectl = ns.kubectl_as(ns.lab().kubeconfig());
    let mut command = kubectl.command(&["port-forward", to, &format!(":{port}")]);
    let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
    let line = lines.next_line().await?.context("kubectl ended")?;
    let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(' ').next());
    let port = port.with_context(|| line.clone())?.parse()?;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(Forward { _kubectl: child, port })
}

/// The answer, or nothing where none comes: kwok keeps a connection open that the pod has ended.
async fn get(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: pod\r\n\r\n").as_bytes()).await?;
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(3), stream.read(&mut answer)).await;
    answer.truncate(read.unwrap_or(Ok(0)).unwrap_or(0));
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Whoever tests the idle color by port-forward would test another color's pod.
#[tokio::test]
async fn a_port_forward_reaches_its_pod_and_no_other() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("forward").await?;
    let pods = app(&ns, blue().replicas(4)).await?;
    ensure!(pods.len() == 4);
    let mut forwards = Vec::new();
    for pod in &pods {
        forwards.push(forward(&ns, &format!("pod/{pod}"), 8080).await?);
    }
    for _ in 0..3 {
        for (pod, forward) in pods.iter().zip(&forwards) {
            let answer = get(forward.port, "/").await?;
            ensure!(answer.contains(&format!("\"pod\":\"{pod}\"")), "{pod}: {answer}");
        }
    }
    // A port that the pod doesn't have.
    let closed = forward(&ns, &format!("pod/{}", pods[0]), 5432).await?;
    ensure!(get(closed.port, "/").await.unwrap_or_default().is_empty());
    // By TLS, and through a Service.
    ensure!(forward(&ns, &format!("pod/{}", pods[1]), 8443).await.is_ok());
    let service = forward(&ns, "service/api", 80).await?;
    ensure!(get(service.port, "/").await?.contains("\"version\":\"v1\""));
    Ok(())
}

/// A forward that outlives its pod would show whoever got the address next.
#[tokio::test]
async fn a_port_forward_ends_with_its_pod() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("forward-end").await?;
    let pods = app(&ns, blue().replicas(1)).await?;
    let to_pod = forward(&ns, &format!("pod/{}", pods[0]), 8080).await?;
    ensure!(get(to_pod.port, "/").await?.contains(&pods[0]));
    ns.kubectl(&["delete", "pod", &pods[0], "--wait=true"]).await?;
    ns.rolled_out("deployment/api-blue", SOON).await?;
    let after = get(to_pod.port, "/").await.unwrap_or_default();
    ensure!(after.is_empty(), "{after}");
    Ok(())
}

/// What a failed release shows of a pod would be made up.
#[tokio::test]
async fn logs_are_what_the_process_wrote_run_by_run() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("logs").await?;
    let pods =
        app(&ns, blue().replicas(1).container("proxy", "proxy:v1").annotation(annotations::LOG, "listening")).await?;
    let pod = pods[0].as_str();
    let kubectl = ns.kubectl_as(ns.lab().kubeconfig());
    let logs = kubectl.must(&["logs", pod, "-c", "app"]).await?;
    ensure!(logs.starts_with(&format!("started pod={pod} version=v1")) && logs.ends_with("\nlistening\n"), "{logs}");
    let mut follower = kubectl.command(&["logs", "-f", "--tail=1", pod, "-c", "app"]).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(follower.stdout.take().context("no stdout")?).lines();
    ensure!(lines.next_line().await?.as_deref() == Some("listening"));
    ns.annotate::<Pod>(pod, annotations::LOG, Some("one more\nand another")).await?;
    ensure!(lines.next_line().await?.as_deref() == Some("one more"));
    ensure!(lines.next_line().await?.as_deref() == Some("and another"));
    ensure!(kubectl.must(&["logs", pod, "-c", "proxy"]).await?.contains("started"));

    ns.annotate::<Pod>(pod, annotations::BEHAVIOR, Some("crash-loop")).await?;
    ensure!(lines.next_line().await?.as_deref() == Some("exit code=1"));
    ensure!(lines.next_line().await?.is_none(), "the log goes on after the process has ended");
    ensure!(follower.wait().await?.success());
    ns.annotate::<Pod>(pod, annotations::BEHAVIOR, None).await?;
    eventually("a new run", SOON, || async {
        let logs = kubectl.must(&["logs", pod, "-c", "app"]).await?;
        Ok((!logs.contains("exit code")).then_some(()))
    })
    .await?;
    let before = kubectl.must(&["logs", "--previous", pod, "-c", "app"]).await?;
    ensure!(before.contains("and another\nexit code=1\n"), "{before}");
    Ok(())
}

/// A pod that never started has no log, and kubectl says why.
#[tokio::test]
async fn a_pod_that_waits_has_no_log() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("no-log").await?;
    let app = App::new("api").color(blue().replicas(1).behavior(Behavior::ImagePullError));
    ns.apply_all(&app.objects()).await?;
    eventually("says why", SOON, || async {
        let output = ns.kubectl(&["logs", "deployment/api-blue"]).await?;
        Ok(output.stderr.contains("waiting to start: ImagePullBackOff").then_some(()))
    })
    .await
}

async fn proxied(ns: &Namespace, pod: &str, path: &str) -> Result<(bool, String)> {
    let path = format!("/api/v1/namespaces/{}/pods/{pod}:8080/proxy{path}", ns.name());
    let output = ns.lab().kubectl(ns.lab().kubeconfig()).run(&["get", "--raw", &path]).await?;
    Ok((output.code == 0, if output.code == 0 { output.stdout } else { output.stderr }))
}

/// Health checks and smoke tests would have nothing to fail on.
#[tokio::test]
async fn a_pod_answers_each_path_as_it_is_told() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("paths").await?;
    let answers = [
        ("/health", Answer::status(503).first(2)),
        ("/api/health/db", Answer::status(200).body(json!({"db": {"up": true}}))),
        ("/slow", Answer::status(200).latency(Duration::from_millis(300))),
        ("/echo", Answer::echo()),
    ];
    let pods = app(&ns, blue().replicas(1).answers(&answers)).await?;
    let pod = pods[0].as_str();
    let mut healthy = Vec::new();
    for _ in 0..3 {
        healthy.push(proxied(&ns, pod, "/health").await?.0);
    }
    ensure!(healthy == [false, false, true], "{healthy:?}");
    ensure!(proxied(&ns, pod, "/").await?.1.contains("\"version\":\"v1\""));
    let database: Value = serde_json::from_str(&proxied(&ns, pod, "/api/health/db").await?.1)?;
    ensure!(database == json!({"db": {"up": true}}));
    let echo: Value = serde_json::from_str(&proxied(&ns, pod, "/echo?a=b").await?.1)?;
    ensure!((&echo["method"], &echo["path"]) == (&json!("GET"), &json!("/echo?a=b")), "{echo}");
    let to_pod = forward(&ns, &format!("pod/{pod}"), 8080).await?;
    let began = std::time::Instant::now();
    ensure!(get(to_pod.port, "/slow").await?.starts_with("HTTP/1.1 200"));
    ensure!(began.elapsed() >= Duration::from_millis(300));
    Ok(())
}

/// Pods whose probe is gRPC could not be checked.
#[tokio::test]
async fn a_pod_answers_grpc_health_checks() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("grpc").await?;
    let pods = app(&ns, blue().replicas(1).annotation(annotations::GRPC_HEALTH, "SERVING,db=NOT_SERVING")).await?;
    let to_pod = forward(&ns, &format!("pod/{}", pods[0]), 8080).await?;
    ensure!(grpc_check(to_pod.port, &[]).await? == (Some(1), "0".into()));
    ensure!(grpc_check(to_pod.port, b"\x0a\x02db").await? == (Some(2), "0".into()));
    ensure!(grpc_check(to_pod.port, b"\x0a\x01x").await? == (None, "5".into()));
    ensure!(get(to_pod.port, "/").await?.starts_with("HTTP/1.1 200"));
    Ok(())
}

/// The state in the answer, and its gRPC status.
async fn grpc_check(port: u16, message: &[u8]) -> Result<(Option<u8>, String)> {
    use http_body_util::{BodyExt, Full};
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let executor = hyper_util::rt::TokioExecutor::new();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await?;
    tokio::spawn(connection);
    let mut body = vec![0, 0, 0, 0, u8::try_from(message.len())?];
    body.extend(message);
    let request = http::Request::post("http://pod/grpc.health.v1.Health/Check")
        .header("content-type", "application/grpc")
        .body(Full::new(bytes::Bytes::from(body)))?;
    let answer = sender.send_request(request).await?.into_body().collect().await?;
    let status = answer.trailers().and_then(|trailers| trailers.get("grpc-status")).context("no grpc-status")?;
    let status = status.to_str()?.to_owned();
    Ok((answer.to_bytes().get(6).copied(), status))
}

/// Hooks that fail, take their time and say why could not be tried.
#[tokio::test]
async fn a_job_ends_as_it_is_told_and_its_log_with_it() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("jobs").await?;
    let good = Job::new("migrate").logs("applied 0042").ends_after(Duration::from_millis(1500));
    let bad = Job::new("contract").logs("cannot drop column").fails(3);
    ns.apply_all(&[good.object(), bad.object()]).await?;
    let ended = |name: &'static str, condition: &'static str| {
        ns.wait_for::<JobObject>(name, condition, SOON, move |job| {
            let conditions = job.status.as_ref().and_then(|status| status.conditions.as_ref());
            conditions.into_iter().flatten().any(|c| c.type_ == condition && c.status == "True")
        })
    };
    eventually("a pod that runs", SOON, || async {
        let output = ns.kubectl(&["logs", "job/migrate"]).await?;
        Ok((output.code == 0).then_some(()))
    })
    .await?;
    let followed = ns.kubectl(&["logs", "-f", "job/migrate"]).await?;
    ensure!(followed.stdout.ends_with("applied 0042\nexit code=0\n"), "{}", followed.stdout);
    ended("migrate", "Complete").await?;
    ended("contract", "Failed").await?;
    let why = ns.kubectl(&["logs", "job/contract"]).await?.stdout;
    ensure!(why.ends_with("cannot drop column\nexit code=3\n"), "{why}");
    let pods = ns.api::<Pod>().list(&ListParams::default().labels("job-name=contract")).await?;
    let status = serde_json::to_value(&pods.items[0].status)?;
    ensure!(
        status["phase"] == "Failed" && status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3,
        "{status}"
    );
    Ok(())
}
