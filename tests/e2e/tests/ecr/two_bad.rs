//! Two bad releases in a row: the first of them is no way back from the second.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::common::pods::{is_ready, is_waiting, pods};
use e2e::common::run::{Ended, finding, said};
use e2e::ecr::case::Case;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use lab::fixtures::Behavior;
use lab::registry::Image;
use lab::{Output, eventually};
use serde_json::{Value, json};

/// Releases of which some don't come up.
async fn case(test: &str, releases: &[(&str, Behavior)]) -> Result<Case> {
    let case = Case::new(test).await?;
    for ((tag, behavior), day) in releases.iter().zip(1..) {
        case.push_on(day, Image::new(tag).behavior(*behavior)).await?;
    }
    Ok(case)
}

async fn some_pod(case: &Case, what: &str, is_so: impl Fn(&Pod) -> bool) -> Result<()> {
    eventually(what, LIMIT, || async { Ok(pods(&case.ns, "app=api").await?.iter().any(&is_so).then_some(())) }).await
}

fn asks_for(pod: &Pod, tag: &str) -> bool {
    let image = pod.spec.as_ref().and_then(|spec| spec.containers[0].image.as_deref());
    image.is_some_and(|image| image.ends_with(&format!(":{tag}")))
}

/// Deploys one that doesn't come up.
async fn release_badly(case: &Case, tag: &str) -> Result<()> {
    case.set_image(tag).await?;
    some_pod(case, tag, |pod| asks_for(pod, tag) && is_waiting(pod, "CrashLoopBackOff")).await
}

/// Runs the printed command, with `--yes`.
async fn follow(case: &Case, document: &Value) -> Result<Output> {
    let next = document["next"].as_str().context("no command")?;
    let words = next.strip_prefix("kubectl ecr-rollback ").with_context(|| next.to_owned())?;
    let words: Vec<&str> = words.split_whitespace().filter(|word| !word.starts_with("--timeout")).collect();
    case.ecr(&format!("{} --yes", words.join(" "))).await
}

/// A job would go from one image that crashes to another, while the good one still serves.
#[tokio::test]
async fn what_never_came_up_is_not_gone_back_to_unasked() -> Result<()> {
    let bad = Behavior::CrashLoop;
    let case = case("two-bad", &[("1.0.1", Behavior::Ready), ("1.0.2", bad), ("1.0.3", bad)]).await?;
    case.deploy(&["1.0.1"]).await?;
    release_badly(&case, "1.0.2").await?;
    release_badly(&case, "1.0.3").await?;
    let history = case.ecr("history deploy/api").await?.ends(0)?;
    ensure!(history.stdout.contains("previous, never ready, deployed"), "{}", said(&history));
    let output = case.back("-ojson").await?.ends(1)?;
    let told = finding(&output.json()?, "target-not-ready").context("nothing is said")?;
    assert_eq!(told["severity"], "block");
    ensure!(told["message"].to_string().contains("ready pods still run api:1.0.1"), "{told}");
    ensure!(told["fix"].to_string().contains("--to-tag 1.0.1"), "{told}");
    case.asks_for("1.0.3").await?;
    // Who names it means it.
    case.ecr("deploy/api --to-tag=1.0.2 --yes --dry-run").await?.ends(0)?.tells("! target-not-ready")?;
    // Who insists is led out by what is printed, and so is who types the same words again.
    for words in ["--force=target-not-ready -ojson --timeout=60s", "-ojson --timeout=60s"] {
        let output = case.back(words).await?.ends(1)?;
        let document = output.json()?;
        assert_eq!(document["reason"], "RolloutFailed", "{}", said(&output));
        ensure!(document["next"].to_string().contains("--to-tag 1.0.1"), "{}", said(&output));
        case.asks_for("1.0.2").await?;
    }
    let document = case.back("-ojson --timeout=60s").await?.ends(1)?.json()?;
    follow(&case, &document).await?.ends(0)?;
    case.asks_for("1.0.1").await
}

/// The same words would watch what fails for ever, and nothing that is printed would lead out.
#[tokio::test]
async fn where_nothing_is_ready_one_further_back_is_what_leads_out() -> Result<()> {
    let bad = Behavior::CrashLoop;
    let case = case("two-bad-gone", &[("1.0.1", Behavior::Ready), ("1.0.2", bad), ("1.0.3", bad)]).await?;
    case.deploy(&["1.0.1"]).await?;
    let recreate = json!({"spec": {"strategy": {"type": "Recreate", "rollingUpdate": null}}});
    case.ns.patch::<Deployment>("api", recreate).await?;
    release_badly(&case, "1.0.2").await?;
    release_badly(&case, "1.0.3").await?;
    let output = case.back("--timeout=60s -ojson").await?.ends(1)?;
    let document = output.json()?;
    ensure!(document["next"].to_string().contains("--again"), "{}", said(&output));
    // One failure, one code: also where time is over before patience.
    let short = case.back("--timeout=2s -ojson").await?.ends(1)?.json()?;
    assert_eq!((&short["reason"], &short["workloads"][0]["state"]), (&"RolloutFailed".into(), &"failed".into()));
    follow(&case, &document).await?.ends(0)?;
    case.asks_for("1.0.1").await
}

/// What came up and fails by now is seen before it is gone back to.
#[tokio::test]
async fn what_fails_by_now_is_not_gone_back_to_unasked() -> Result<()> {
    let later = Behavior::OomLater(Duration::from_secs(6));
    let releases = [("1.0.1", Behavior::Ready), ("1.0.2", later), ("1.0.3", Behavior::CrashLoop)];
    let case = case("fails-by-now", &releases).await?;
    case.deploy(&["1.0.1", "1.0.2"]).await?;
    release_badly(&case, "1.0.3").await?;
    eventually("no pod is ready", LIMIT, || async {
        Ok((!pods(&case.ns, "app=api").await?.iter().any(is_ready)).then_some(()))
    })
    .await?;
    let told = finding(&case.back("-ojson").await?.ends(1)?.json()?, "target-not-ready").context("nothing is said")?;
    ensure!(told["message"].to_string().contains("pods of api:1.0.2 are there, and none is ready"), "{told}");
    case.asks_for("1.0.3").await
}

/// "Previous, ran", of what only ever crashed: the next on-caller would go there again.
#[tokio::test]
async fn what_only_crashed_and_was_taken_back_has_not_run() -> Result<()> {
    let case = case("crashed-once", &[("1.0.1", Behavior::CrashLoop), ("1.0.2", Behavior::Ready)]).await?;
    case.apply(&case.app("1.0.2")).await?;
    case.back("--timeout=60s").await?.ends(5)?;
    let history = case.ecr("history deploy/api").await?.ends(0)?;
    ensure!(history.stdout.contains("never ready, deployed"), "{}", said(&history));
    ensure!(!history.stdout.contains("previous, ran"), "{}", said(&history));
    Ok(())
}
