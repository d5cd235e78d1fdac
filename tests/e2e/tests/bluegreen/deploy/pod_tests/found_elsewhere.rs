//! What others who test before they switch have got wrong, or had trouble with.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, color};
use e2e::common::pods::pods;
use e2e::common::run::{Ended, words_of};
use e2e::{LIMIT, namespace};
use lab::api_proxy::{ApiProxy, Call, When};
use lab::fixtures::{Answer, Behavior};
use serde_json::json;

use super::{fails, passes, release, results, with_answers, with_green};

/// argoproj/argo-rollouts#4535: an answer without a body, or with one that is no JSON, passed whatever was expected.
#[tokio::test]
async fn an_answer_without_a_body_is_not_what_was_expected() -> Result<()> {
    let ns = namespace("found-no-body").await?;
    with_answers(
        &ns,
        1,
        &[("/empty", Answer::status(200).body("")), ("/html", Answer::status(200).body("<html>ok</html>"))],
    )
    .await?;
    let tests = "
smokeTests:
- {name: empty-text, endpoint: /empty, expect: {body: fail123}, retries: 0}
- {name: empty-json, endpoint: /empty, expect: {json: fail123}, retries: 0}
- {name: html, endpoint: /html, expect: {json: {status: ok}}, retries: 0}";
    let document = fails(&ns, &release("no-body", tests)?, &["and 2 more"]).await?;
    for name in ["empty-text", "empty-json", "html"] {
        assert_eq!(results(&document, "smoke", name)[0]["passed"], false, "{name}");
    }
    // Nor has it to have one where only the status counts (argoproj/argo-rollouts#794).
    passes(&ns, &release("status-only", "smokeTests: [{name: a, endpoint: /empty}]")?).await?;
    Ok(())
}

/// argoproj/argo-rollouts#3724 and #2931: the pod was killed while it was tested, the test ended early, and the
/// switch was made.
#[tokio::test]
async fn a_pod_that_is_killed_in_a_smoke_test_leaves_no_test_that_has_passed() -> Result<()> {
    let ns = namespace("found-killed").await?;
    with_answers(&ns, 1, &[("/slow", Answer::status(200).latency(Duration::from_secs(2)))]).await?;
    let file = release("killed-pod", "smokeTests: [{name: a, endpoint: /slow, retries: 0}]")?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let hold = proxy.hold(When::Before, |call: &Call| call.is_about("/portforward"));
    let running = ns.kubectl_as(proxy.kubeconfig()).start(&words_of("bluegreen", &file.words("--yes -ojson")))?;
    let call = hold.arrived(LIMIT).await?;
    let killed = call.path.rsplit('/').nth(1).context("no pod")?.to_owned();
    hold.release();
    ns.kubectl(&["delete", "pod", &killed, "--grace-period=0", "--force"]).await?.ends(0)?;
    let document = running.wait(LIMIT).await?.ends(0)?.json()?;
    let passed: Vec<_> = results(&document, "smoke", "a").into_iter().filter(|test| test["passed"] == true).collect();
    ensure!(passed.len() == 1 && passed[0]["pod"] != json!(killed), "{document:#}");
    let there = pods(&ns, "version=green").await?;
    ensure!(there.iter().any(|pod| pod.metadata.name.as_deref() == passed[0]["pod"].as_str()), "{document:#}");
    Ok(())
}

/// argoproj/argo-rollouts#521: a job that failed was a run that had passed.
#[tokio::test]
async fn a_test_that_failed_once_more_than_it_may_is_no_success_of_the_stage() -> Result<()> {
    let ns = namespace("found-failed").await?;
    with_answers(&ns, 1, &[("/last", Answer::status(500))]).await?;
    // The one that fails is neither the first nor the last of its stage.
    let tests = "smokeTests: [{name: a, endpoint: /}, {name: b, endpoint: /last}, {name: c, endpoint: /}]";
    let document = fails(&ns, &release("failed", tests)?, &["smoke: b: "]).await?;
    assert_eq!(document["tests"].as_array().map(Vec::len), Some(3), "{document:#}");
    Ok(())
}

/// kubernetes/kubernetes#14713, and many Django applications since: servers that answer their own host alone.
#[tokio::test]
async fn a_host_can_be_named_and_is_the_pods_address_where_it_is_not() -> Result<()> {
    let ns = namespace("found-host").await?;
    with_answers(&ns, 1, &[("/echo", Answer::echo())]).await?;
    let tests = "
healthCheck: {httpGet: {path: /health, httpHeaders: [{name: Host, value: shop.example.com}]}}
smokeTests:
- {name: named, endpoint: /echo, headers: {Host: shop.example.com}, expect: {json: {headers: {host: shop.example.com}}}}
- {name: usual, endpoint: /echo, expect: {body: ':8080\"'}}
- {name: once, endpoint: /echo, headers: {host: a.example.com}, expect: {json: {headers: {host: a.example.com}}}}";
    passes(&ns, &release("host", tests)?).await?;
    Ok(())
}

/// localstack/helm-charts#86, and each chart whose test is one `wget --tries=1`: they run before the server listens.
#[tokio::test]
async fn a_server_that_is_not_up_yet_is_asked_again() -> Result<()> {
    let ns = namespace("found-too-early").await?;
    let late = [("/", Answer::status(503).body("starting").first(2)), ("/ready", Answer::status(503).first(1))];
    with_green(&ns, color("green", 2, Behavior::ReadyAfter(Duration::from_secs(2))).answers(&late)).await?;
    let file = release(
        "too-early",
        "healthCheck: {httpGet: {path: /ready}, periodSeconds: 1}\nsmokeTests: [{name: a, endpoint: /}]",
    )?;
    let document = passes(&ns, &file).await?;
    assert_eq!(results(&document, "smoke", "a")[0]["tries"], 3, "{document:#}");
    Ok(())
}

/// fluxcd/flagger#1450: a gate with a timeout never ended.
#[tokio::test]
async fn a_gate_ends_when_its_time_is_over() -> Result<()> {
    let ns = namespace("found-gate").await?;
    with_answers(&ns, 1, &[("/gate", Answer::status(403).body("halted"))]).await?;
    let tests = "dependencyChecks: [{name: gate, endpoint: /gate, retries: 100}]\ntestsWithin: 4s";
    let began = Instant::now();
    let document = fails(&ns, &release("gate", tests)?, &["not passed within 4 s of all tests: answered 403"]).await?;
    ensure!(began.elapsed() < Duration::from_secs(90), "{:?}", began.elapsed());
    ensure!(results(&document, "dependencies", "gate")[0]["tries"].as_u64() >= Some(3), "{document:#}");
    Ok(())
}

/// kubernetes/kubernetes#103877: a redirect of a probe passes and is not followed out of the pod.
#[tokio::test]
async fn a_redirect_passes_a_health_check_and_is_followed_nowhere() -> Result<()> {
    let ns = namespace("found-redirect").await?;
    let away = Answer::status(301).header("location", "http://169.254.169.254/latest/meta-data/");
    with_answers(&ns, 1, &[("/health", away)]).await?;
    let document = passes(&ns, &release("redirect", "healthCheck: {httpGet: {path: /health}}")?).await?;
    assert_eq!(results(&document, "health", "GET /health")[0]["status"], "301");
    assert_eq!(results(&document, "health", "GET /health")[0]["tries"], 1);
    Ok(())
}

/// alphagov/govuk-helm-charts#2256: smoke tests that ran after the release told of what users had met already.
#[tokio::test]
async fn production_traffic_is_asked_nothing() -> Result<()> {
    let ns = namespace("found-before").await?;
    with_answers(&ns, 1, &[]).await?;
    let file =
        release("before", "smokeTests: [{name: a, endpoint: /, expect: {json: {color: green, version: 1.6.0}}}]")?;
    let document = passes(&ns, &file).await?;
    let pod = results(&document, "smoke", "a")[0]["pod"].as_str().context("no pod")?.to_owned();
    ensure!(pod.starts_with("api-green-"), "{pod}");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}
