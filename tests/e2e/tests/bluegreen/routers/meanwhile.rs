//! What others do to a route between read and write and while a move is watched, and runs that are cut off.

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::routed::{object, subsets, two_subsets, virtual_service, weights};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::common::calls::json_patch;
use e2e::common::run::{Ended, document};
use e2e::common::stopped_run::StoppedRun;
use e2e::namespace;
use k8s_openapi::api::apps::v1::Deployment;
use lab::api_proxy::{Action, ApiProxy, Call, When};
use lab::{Namespace, Running, eventually};
use serde_json::{Value, json};

const ROUTE: &str = "virtualservice/api";
const LIST: &str = "/spec/http/0/route";
const TO_GREEN: [&str; 6] = ["switch", "api", "--to", "green", "--yes", "--verify-for=0"];

async fn mesh(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_subsets(&ns, 2).await?;
    ns.apply(&virtual_service("api", &json!([{"route": subsets(100, 0)}]))).await?;
    Ok(ns)
}

fn is_move(call: &Call) -> bool {
    json_patch(call, "/virtualservices/")
        .iter()
        .any(|op| op["path"].as_str().is_some_and(|path| path.ends_with("/weight")))
}

async fn patch(ns: &Namespace, patch: &Value) -> Result<()> {
    ns.kubectl(&["patch", ROUTE, "--type=merge", "-p", &patch.to_string()]).await.map(drop)
}

fn plugin(ns: &Namespace, kubeconfig: &std::path::Path, words: &[&str]) -> Result<Running> {
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    Running::start(ns.kubectl_as(kubeconfig).plugin(&plugin, words))
}

/// Somebody starts a canary after we have read: it would be ended by weights that were planned before it began.
#[tokio::test]
async fn a_route_that_others_wrote_meanwhile_is_left_to_them() -> Result<()> {
    let ns = mesh("vs-raced").await?;
    let words: Vec<&str> = TO_GREEN.iter().copied().chain(["-ojson"]).collect();
    for (spec, says) in [
        (json!([{"route": subsets(90, 10)}]), "blue 90, green 10"),
        (json!([{"route": subsets(100, 0), "timeout": "1s"}, {"route": subsets(100, 0)}]), ""),
    ] {
        patch(&ns, &json!({"spec": {"http": [{"route": subsets(100, 0)}]}})).await?;
        let stopped = StoppedRun::at(&ns, is_move, When::Before, |kubeconfig| plugin(&ns, kubeconfig, &words)).await?;
        patch(&ns, &json!({"spec": {"http": spec}})).await?;
        let output = stopped.go_on().await?;
        // A timeout beside the destinations is no reason to stop, another list of rules is.
        if says.is_empty() {
            ensure!(output.code == 0 || output.code == 3, "{}", output.stdout);
            continue;
        }
        assert_eq!(output.code, 3, "{}", output.stdout);
        let document = document(&output.stdout)?;
        ensure!(document["message"].as_str().is_some_and(|text| text.contains(says)), "{document:#}");
        assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(90), Some(10)]);
    }
    Ok(())
}

/// Two people at once: one is told that the other was there before.
#[tokio::test]
async fn of_two_switches_at_once_exactly_one_wins() -> Result<()> {
    let ns = mesh("vs-two").await?;
    let stop =
        async || StoppedRun::at(&ns, is_move, When::Before, |kubeconfig| plugin(&ns, kubeconfig, &TO_GREEN)).await;
    let (first, second) = (stop().await?, stop().await?);
    let (first, second) = tokio::try_join!(first.go_on(), second.go_on())?;
    let mut codes = [first.code, second.code];
    codes.sort_unstable();
    assert_eq!(codes, [0, 3], "{}\n{}", first.stderr, second.stderr);
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(0), Some(100)]);
    Ok(())
}

/// The lid closes at the write: the same words finish it, and the others undo it.
#[tokio::test]
async fn a_run_that_is_killed_at_the_write_is_finished_or_undone() -> Result<()> {
    let ns = mesh("vs-killed").await?;
    for (when, undo) in [(When::Before, false), (When::After, false), (When::Before, true), (When::After, true)] {
        patch(&ns, &json!({"metadata": {"annotations": null}, "spec": {"http": [{"route": subsets(100, 0)}]}})).await?;
        let proxy = ApiProxy::start(ns.lab()).await?;
        let hold = proxy.hold(when, is_move);
        let running = plugin(&ns, proxy.kubeconfig(), &TO_GREEN)?;
        hold.arrived(LIMIT).await?;
        running.kill().await?;
        hold.release();
        eventually("the write has taken place, or never does", LIMIT, || async {
            let now = weights(&ns, ROUTE, LIST).await?;
            let is_whole = now == [Some(0), Some(100)] || now == [Some(100), Some(0)];
            ensure!(is_whole, "half a switch: {now:?}");
            Ok((when == When::Before || now == [Some(0), Some(100)]).then_some(()))
        })
        .await?;
        if undo && when == When::After {
            bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
            assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(100), Some(0)]);
        } else {
            bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
            assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(0), Some(100)]);
        }
    }
    Ok(())
}

/// An answer that is lost on the way back: the route tells that it was written.
#[tokio::test]
async fn an_answer_that_is_lost_is_read_back() -> Result<()> {
    let ns = mesh("vs-lost").await?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    proxy.once(is_move, Action::timeout_after_commit());
    plugin(&ns, proxy.kubeconfig(), &TO_GREEN)?.wait(LIMIT).await?.ends(0)?.tells("the change is there")?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(0), Some(100)]);
    Ok(())
}

/// Users would be sent to a color of which nobody is there, while the Service's endpoints look well.
#[tokio::test]
async fn a_subset_that_is_emptied_is_taken_back() -> Result<()> {
    let ns = mesh("vs-emptied").await?;
    let running = start(&ns, "switch api --to green --yes --verify-for=60s")?;
    eventually("the route is moved", LIMIT, || async {
        Ok((weights(&ns, ROUTE, LIST).await? == [Some(0), Some(100)]).then_some(()))
    })
    .await?;
    ns.patch::<Deployment>("api-green", json!({"spec": {"replicas": 0}})).await?;
    running.wait(LIMIT).await?.ends(5)?.tells("rolled back")?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(100), Some(0)]);
    let record = object(&ns, ROUTE).await?["metadata"]["annotations"]["kubectl-release.dev/bluegreen"].clone();
    let record = document(record.as_str().context("no record")?)?;
    assert_eq!((&record["verb"], &record["service"]), (&json!("rollback"), &json!("api")));
    Ok(())
}

/// A controller that shifts the same weights (argo-rollouts#849) is not fought with.
#[tokio::test]
async fn a_route_that_others_move_while_it_is_watched_is_left_to_them() -> Result<()> {
    let ns = mesh("vs-overtaken").await?;
    let running = start(&ns, "switch api --to green --yes --verify-for=60s")?;
    eventually("the route is moved", LIMIT, || async {
        Ok((weights(&ns, ROUTE, LIST).await? == [Some(0), Some(100)]).then_some(()))
    })
    .await?;
    patch(&ns, &json!({"spec": {"http": [{"route": subsets(100, 0)}]}})).await?;
    running.wait(LIMIT).await?.ends(3)?.tells("was put to blue by someone else")?;
    bluegreen(&ns, "history api").await?.ends(0)?.tells("by hand")?;
    Ok(())
}
