//! Pods that go, come or start again while they are tested, and runs that end in the middle.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, scale};
use e2e::bluegreen::run::bluegreen;
use e2e::common::pods::{is_ready, pods};
use e2e::common::run::{Ended, words_of};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use lab::api_proxy::{ApiProxy, Call, When};
use lab::fixtures::Answer;
use lab::{Namespace, Running, annotations, eventually};

use super::super::document::File;
use super::{release, results, tests, with_answers};

const TESTED: &str = "healthCheck: {httpGet: {path: /health}, periodSeconds: 1}\nsmokeTests: [{name: a, endpoint: /}]";

fn is_port_forward(call: &Call) -> bool {
    call.is_about("/portforward")
}

/// The first look at the Service after the first port-forward: that of the move.
fn look_of_the_move() -> impl Fn(&Call) -> bool + Send + Sync + 'static {
    let tested = AtomicBool::new(false);
    move |call| {
        if is_port_forward(call) {
            tested.store(true, Ordering::Relaxed);
        }
        tested.load(Ordering::Relaxed) && !call.is_write() && call.is_about("/services/api")
    }
}

fn start(ns: &Namespace, proxy: &ApiProxy, file: &File) -> Result<Running> {
    ns.kubectl_as(proxy.kubeconfig()).start(&words_of("bluegreen", &file.words("--yes -ojson")))
}

/// Names of the ready pods of green.
async fn ready(ns: &Namespace) -> Result<Vec<String>> {
    Ok(pods(ns, "version=green").await?.iter().filter(|pod| is_ready(pod)).map(ResourceExt::name_any).collect())
}

async fn several_ready(ns: &Namespace, count: usize) -> Result<()> {
    eventually("pods of green", LIMIT, || async { Ok((ready(ns).await?.len() == count).then_some(())) }).await
}

/// A node that is drained in the middle would fail a good version, or leave a pod that nobody tested.
#[tokio::test]
async fn a_pod_that_is_replaced_while_it_is_tested_is_no_failure_and_its_successor_is_tested() -> Result<()> {
    let ns = namespace("tests-replaced").await?;
    with_answers(&ns, 2, &[]).await?;
    let file = release("replaced", TESTED)?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let hold = proxy.hold(When::Before, is_port_forward);
    let running = start(&ns, &proxy, &file)?;
    let call = hold.arrived(LIMIT).await?;
    let pod = call.path.rsplit('/').nth(1).context("no pod")?.to_owned();
    ns.kubectl(&["delete", "pod", &pod, "--wait=true"]).await?.ends(0)?;
    hold.release();
    let document = running.wait(LIMIT).await?.ends(0)?.json()?;
    let tested = tests(&document)?;
    for pod in ready(&ns).await? {
        ensure!(
            tested.get(&format!("health GET /health {pod}")).is_some_and(|(passed, _)| *passed),
            "{pod}: {document:#}"
        );
    }
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// An autoscaler brings pods between the tests and the move: users would meet pods that nobody asked.
#[tokio::test]
async fn a_pod_that_joins_after_the_tests_is_tested_before_the_move() -> Result<()> {
    let ns = namespace("tests-joined").await?;
    with_answers(&ns, 1, &[]).await?;
    let file = release("joined", TESTED)?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let hold = proxy.hold(When::Before, look_of_the_move());
    let running = start(&ns, &proxy, &file)?;
    hold.arrived(LIMIT).await?;
    scale(&ns, "api-green", 2).await?;
    several_ready(&ns, 2).await?;
    hold.release();
    let document = running.wait(LIMIT).await?.ends(0)?.json()?;
    assert_eq!(results(&document, "health", "GET /health").len(), 2, "{document:#}");
    assert_eq!(results(&document, "smoke", "a").len(), 1, "{document:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// The same, of one that is not healthy.
#[tokio::test]
async fn a_pod_that_joins_and_is_not_healthy_keeps_the_move_from_being_made() -> Result<()> {
    let ns = namespace("tests-joined-sick").await?;
    with_answers(&ns, 1, &[]).await?;
    let file = release("joined-sick", TESTED)?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let hold = proxy.hold(When::Before, look_of_the_move());
    let running = start(&ns, &proxy, &file)?;
    hold.arrived(LIMIT).await?;
    let known = ready(&ns).await?;
    scale(&ns, "api-green", 2).await?;
    several_ready(&ns, 2).await?;
    let answers = Answer::annotation(&[("/health", Answer::status(500))]);
    for pod in ready(&ns).await?.iter().filter(|pod| !known.contains(pod)) {
        ns.annotate::<Pod>(pod, annotations::ANSWERS, Some(&answers)).await?;
    }
    hold.release();
    let document = running.wait(LIMIT).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "TestsFailed", "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A process that a smoke test has killed comes up again, and would be taken for one that has passed.
#[tokio::test]
async fn a_pod_that_was_started_again_after_it_passed_is_tested_again() -> Result<()> {
    let ns = namespace("tests-restarted").await?;
    with_answers(&ns, 1, &[]).await?;
    let file = release("restarted", TESTED)?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let hold = proxy.hold(When::Before, look_of_the_move());
    let running = start(&ns, &proxy, &file)?;
    hold.arrived(LIMIT).await?;
    let pod = ready(&ns).await?.remove(0);
    ns.annotate::<Pod>(&pod, annotations::BEHAVIOR, Some("never-ready")).await?;
    several_ready(&ns, 0).await?;
    ns.annotate::<Pod>(&pod, annotations::BEHAVIOR, None).await?;
    several_ready(&ns, 1).await?;
    hold.release();
    let document = running.wait(LIMIT).await?.ends(0)?.json()?;
    assert_eq!(results(&document, "health", "GET /health").len(), 2, "{document:#}");
    Ok(())
}

/// A run that is killed while it tests would leave a release that nobody can go on with.
#[tokio::test]
async fn a_run_that_is_killed_while_it_tests_is_run_again_and_tests_again() -> Result<()> {
    let ns = namespace("tests-killed").await?;
    with_answers(&ns, 2, &[]).await?;
    let file = release("killed", TESTED)?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let hold = proxy.hold(When::Before, is_port_forward);
    let running = start(&ns, &proxy, &file)?;
    hold.arrived(LIMIT).await?;
    running.kill().await?;
    hold.release();
    assert_eq!(active(&ns, "api").await?, "blue");
    let document = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(0)?.json()?;
    ensure!(document["writes"].as_array().is_none_or(Vec::is_empty), "{document:#}");
    assert_eq!(results(&document, "health", "GET /health").len(), 2, "{document:#}");
    Ok(())
}
