//! What is asked of whom, in which order, how often, and when.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, replicas};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::bluegreen::written::versions;
use e2e::common::pods::{is_ready, pods};
use e2e::common::run::{Ended, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::ResourceExt;
use lab::fixtures::{Answer, App, Workload};
use lab::{Namespace, annotations, eventually};
use serde_json::json;

use super::super::document::File;
use super::super::images;
use super::{fails, passes, release, results, tests, with_answers};

const NEW: &str = "registry.example.com/api:1.6.0";

/// The shape in which a team has had its releases for years.
const OF_A_TEAM: &str = "
apiVersion: deploy.example.com/v1
kind: BlueGreenDeployment
metadata: {name: user-service}
spec:
  replicas: 3
  healthCheck:
    httpGet: {path: /health, port: 8080}
    initialDelaySeconds: 3
    periodSeconds: 5
  smokeTests:
    - {name: api-availability, endpoint: /api/users/health}
    - {name: database-connectivity, endpoint: /api/health/db}
  rollbackOnFailure: true
  retainPreviousVersion: 1h
";

/// What the team writes down would be refused, passed over, or asked of production.
#[tokio::test]
async fn a_teams_document_is_tested_and_then_switched_to() -> Result<()> {
    let ns = namespace("tests-team").await?;
    let color = |name| Workload::color(name, "registry.example.com/users:1.4.0");
    let app = App::new("user-service").key("version").color(color("blue")).color(color("green"));
    e2e::bluegreen::app::rolled_out(&ns, &app).await?;
    let file = File::new("team", OF_A_TEAM)?;
    let words = file.words("--image app=registry.example.com/users:1.5.0 --verify-for=0 --yes");
    let output = bluegreen(&ns, &words).await?.ends(0)?;
    ensure!(output.stderr.contains("STAGE   TEST"), "{}", said(&output));
    for (test, times) in [("GET /health", 3), ("api-availability", 1), ("database-connectivity", 1)] {
        let rows =
            output.stderr.lines().filter(|line| line.contains(test) && line.contains("passed") && line.contains(" ms"));
        assert_eq!(rows.count(), times, "{test}\n{}", said(&output));
    }
    assert_eq!((active(&ns, "user-service").await?.as_str(), replicas(&ns, "user-service-green").await?), ("green", 3));
    Ok(())
}

/// Users would meet a version that was known to be broken.
#[tokio::test]
async fn a_version_that_fails_a_smoke_test_gets_no_request() -> Result<()> {
    let ns = namespace("tests-smoke").await?;
    with_answers(&ns, 2, &[("/api/health/db", Answer::status(503).body("no database"))]).await?;
    // Green was live before: a clean-up may take it down.
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    let file = release(
        "smoke",
        "healthCheck: {httpGet: {path: /health, port: 8080}}\nsmokeTests: [{name: front, endpoint: /}, {name: db, endpoint: /api/health/db}]",
    )?;
    let about = [
        "smoke: db: ",
        "answered 503, expected 200 to 299: no database (3 times in a row)",
        "kubectl bluegreen cleanup api",
    ];
    let document = fails(&ns, &file, &about).await?;
    assert_eq!(results(&document, "health", "GET /health").len(), 2, "{document:#}");
    let front = results(&document, "smoke", "front");
    ensure!(front.len() == 1 && front[0]["passed"] == true, "{document:#}");
    let db = results(&document, "smoke", "db");
    assert_eq!((db[0]["status"].as_str(), db[0]["tries"].as_u64()), (Some("503"), Some(3)));
    ensure!(document["next"].as_str().is_some_and(|next| next.starts_with("kubectl logs ")), "{document:#}");
    // It is left at size for a look, and the same words ask again.
    assert_eq!((images(&ns, "api-green").await?, replicas(&ns, "api-green").await?), (vec![NEW.to_owned()], 2));
    let before = versions(&ns).await?;
    let again = fails(&ns, &file, &["smoke: db: "]).await?;
    ensure!(again["writes"].as_array().is_none_or(Vec::is_empty), "{again:#}");
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// A third of the users would meet a pod that is not healthy.
#[tokio::test]
async fn one_pod_of_three_that_is_not_healthy_fails_the_stage() -> Result<()> {
    let ns = namespace("tests-one-pod").await?;
    with_answers(&ns, 3, &[]).await?;
    let file = release("one-pod", "healthCheck: {httpGet: {path: /health}, initialDelaySeconds: 6, periodSeconds: 1}")?;
    let running = start(&ns, &file.words("--yes -ojson"))?;
    let sick = eventually("three new pods", LIMIT, || async {
        let new: Vec<Pod> =
            pods(&ns, "version=green").await?.into_iter().filter(|pod| is_ready(pod) && is_new(pod)).collect();
        Ok((new.len() == 3).then(|| new[1].name_any()))
    })
    .await?;
    let answers = Answer::annotation(&[("/health", Answer::status(500))]);
    ns.annotate::<Pod>(&sick, annotations::ANSWERS, Some(&answers)).await?;
    let document = running.wait(LIMIT).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "TestsFailed", "{document:#}");
    let all = tests(&document)?;
    let failed: Vec<&String> = all.iter().filter(|(_, (passed, _))| !passed).map(|(test, _)| test).collect();
    assert_eq!((all.len(), failed), (3, vec![&format!("health GET /health {sick}")]), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

fn is_new(pod: &Pod) -> bool {
    pod.spec.iter().flat_map(|spec| &spec.containers).any(|container| container.image.as_deref() == Some(NEW))
}

/// A pod that warms up would stop every release, and one that is broken none.
#[tokio::test]
async fn two_failures_in_a_row_are_forgiven_and_three_are_not() -> Result<()> {
    let ns = namespace("tests-flaky").await?;
    let flaky = [("/thrice", Answer::status(503).first(3)), ("/twice", Answer::status(503).first(2))];
    with_answers(&ns, 1, &flaky).await?;
    let health = |path: &str| format!("healthCheck: {{httpGet: {{path: {path}}}, periodSeconds: 1}}");
    let document = fails(&ns, &release("thrice", &health("/thrice"))?, &["3 times in a row"]).await?;
    assert_eq!(results(&document, "health", "GET /thrice")[0]["tries"], 3);
    let document = passes(&ns, &release("twice", &health("/twice"))?).await?;
    assert_eq!(results(&document, "health", "GET /twice")[0]["tries"], 3);
    Ok(())
}

/// A test that must not be repeated would order twice.
#[tokio::test]
async fn a_test_is_tried_again_as_often_as_it_says() -> Result<()> {
    let ns = namespace("tests-retries").await?;
    let flaky = [("/never", Answer::status(503).first(1)), ("/once", Answer::status(503).first(1))];
    with_answers(&ns, 1, &flaky).await?;
    let smoke = |path: &str, retries: u32| format!("smokeTests: [{{name: a, endpoint: {path}, retries: {retries}}}]");
    let document = fails(&ns, &release("never", &smoke("/never", 0))?, &["answered 503"]).await?;
    assert_eq!(results(&document, "smoke", "a")[0]["tries"], 1);
    let document = passes(&ns, &release("once", &smoke("/once", 1))?).await?;
    assert_eq!(results(&document, "smoke", "a")[0]["tries"], 2);
    Ok(())
}

/// Smoke tests would fail, and be blamed, where the database is away.
#[tokio::test]
async fn dependencies_are_asked_of_every_pod_before_any_smoke_test() -> Result<()> {
    let ns = namespace("tests-dependencies").await?;
    with_answers(&ns, 2, &[("/db", Answer::status(500).body("refused"))]).await?;
    let file = release(
        "dependencies",
        "healthCheck: {httpGet: {path: /health}}\ndependencyChecks: [{name: database, endpoint: /db}]\nsmokeTests: [{name: front, endpoint: /}]",
    )?;
    let document = fails(&ns, &file, &["dependencies: database: ", "and 1 more"]).await?;
    assert_eq!(results(&document, "dependencies", "database").len(), 2, "{document:#}");
    ensure!(results(&document, "smoke", "front").is_empty(), "{document:#}");
    Ok(())
}

/// Pods that take their time to warm up would be failed at once, and those that are warm be waited for.
#[tokio::test]
async fn the_initial_delay_counts_from_the_pods_start() -> Result<()> {
    let ns = namespace("tests-delay").await?;
    with_answers(&ns, 1, &[]).await?;
    let file = release("delay", "healthCheck: {httpGet: {path: /health}, initialDelaySeconds: 6}")?;
    let (waits, words) = ("6 s after the start of its pods", file.words("--yes --verify-for=0"));
    bluegreen(&ns, &words).await?.ends(0)?;
    ensure!(are_old_enough(&ns, 6).await?, "nothing was waited for");
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    eventually("old pods", LIMIT, || async { Ok(are_old_enough(&ns, 6).await?.then_some(())) }).await?;
    let output = bluegreen(&ns, &words).await?.ends(0)?;
    ensure!(output.stderr.contains("GET /health") && !output.stderr.contains(waits), "{}", said(&output));
    // No time is left for the delay: that is known at once.
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    let late = release("late", "healthCheck: {httpGet: {path: /health}, initialDelaySeconds: 3000}")?;
    bluegreen(&ns, &late.words("--yes --timeout=20s")).await?.ends(4)?.tells("3000 s after the start")?;
    Ok(())
}

/// So many seconds.
async fn are_old_enough(ns: &Namespace, seconds: i64) -> Result<bool> {
    let green = pods(ns, "version=green").await?;
    let started = green.iter().map(|pod| Some(pod.status.as_ref()?.start_time.as_ref()?.0));
    let past = |start: jiff::Timestamp| jiff::Timestamp::now().duration_since(start).as_secs() >= seconds;
    Ok(started.into_iter().all(|start| start.is_some_and(past)))
}

/// A person approves what nobody has tested.
#[tokio::test]
async fn without_a_switch_the_tests_come_before_the_fingerprint() -> Result<()> {
    let ns = namespace("tests-no-switch").await?;
    with_answers(&ns, 1, &[("/sick", Answer::status(500))]).await?;
    let bad = release("no-switch-bad", "smokeTests: [{name: a, endpoint: /sick}]")?;
    let output = bluegreen(&ns, &bad.words("--yes --no-switch -ojson")).await?.ends(1)?;
    let document = output.json()?;
    ensure!(document["fingerprint"].is_null() && document["reason"] == "TestsFailed", "{document:#}");
    let good = release("no-switch-good", "smokeTests: [{name: a, endpoint: /}]")?;
    let document = bluegreen(&ns, &good.words("--yes --no-switch -ojson")).await?.ends(0)?.json()?;
    ensure!(document["fingerprint"].is_string() && results(&document, "smoke", "a").len() == 1, "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Whoever plans a release would not know what it asks.
#[tokio::test]
async fn a_dry_run_tells_what_will_be_asked_and_asks_nothing() -> Result<()> {
    let ns = namespace("tests-dry-run").await?;
    with_answers(&ns, 1, &[("/sick", Answer::status(500))]).await?;
    let file = release(
        "dry-run",
        "healthCheck: {httpGet: {path: /health}, initialDelaySeconds: 10}\ndependencyChecks: [{name: db, endpoint: /sick}]\nsmokeTests: [{name: order, endpoint: '/orders?token=secret', body: '{}'}]\ntestsWithin: 1m",
    )?;
    let before = versions(&ns).await?;
    let shown = bluegreen(&ns, &file.words("--dry-run=client")).await?.ends(0)?;
    for line in [
        "ask each for its health: GET /health on 8080, 10 s after its start",
        "ask each for its dependencies: db (GET /sick on 8080)",
        "ask one the smoke tests: order (POST /orders?… on 8080)",
        "(by port-forward, all of it within 60 s)",
    ] {
        ensure!(shown.stdout.contains(line) || shown.stderr.contains(line), "{line}\n{}", said(&shown));
    }
    ensure!(!said(&shown).contains("secret"), "{}", said(&shown));
    let document = bluegreen(&ns, &file.words("--dry-run=server -ojson")).await?.ends(0)?.json()?;
    let asked = document["asked"].as_array().context("nothing asked")?;
    assert_eq!(
        asked[2],
        json!({"stage": "smoke", "name": "order", "workload": "deploy/api-green", "ask": "POST /orders?…", "port": 8080})
    );
    assert_eq!((asked.len(), document["tests"].is_null()), (3, true), "{document:#}");
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// Smoke tests by the number of the Service's own port would ask nobody.
#[tokio::test]
async fn of_a_service_that_leads_to_one_port_no_test_has_to_name_it() -> Result<()> {
    let ns = namespace("tests-port").await?;
    with_answers(&ns, 1, &[]).await?;
    let ports = json!({"spec": {"ports": [{"name": "http", "port": 80, "targetPort": 8081}]}});
    ns.patch::<Service>("api", ports).await?;
    let document = passes(&ns, &release("port", "smokeTests: [{name: a, endpoint: /}]")?).await?;
    assert_eq!(document["asked"][0]["port"], 8081);
    Ok(())
}
