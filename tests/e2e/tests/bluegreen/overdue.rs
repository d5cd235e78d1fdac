//! What is due when the next release comes: taken down first, and never what that needs.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::active;
use e2e::bluegreen::app::{api, color, replicas, rolled_out};
use e2e::bluegreen::run::{bluegreen, killed_at};
use e2e::bluegreen::written::versions;
use e2e::common::run::{Ended, said};
use e2e::namespace;
use futures::future::try_join_all;
use lab::Namespace;
use lab::api_proxy::{Call, When};
use lab::fixtures::{Behavior, budget};
use serde_json::json;

const TO_GREEN: &str = "switch api --to green --yes --verify-for=0";

/// Blue, green and red, of which blue was left for red with these flags.
async fn on_red(test: &str, flags: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    let ready = |name| color(name, 1, Behavior::Ready);
    rolled_out(&ns, &api().color(ready("blue")).color(ready("green")).color(ready("red"))).await?;
    bluegreen(&ns, &format!("switch api --to red --yes --verify-for=0 {flags}")).await?.ends(0)?;
    Ok(ns)
}

async fn sizes(ns: &Namespace) -> Result<[i32; 3]> {
    Ok([replicas(ns, "api-blue").await?, replicas(ns, "api-green").await?, replicas(ns, "api-red").await?])
}

/// Old colors would pile up and be paid for, release after release (argo-rollouts#1621, #3242).
#[tokio::test]
async fn the_next_switch_takes_down_what_is_due() -> Result<()> {
    let ns = on_red("overdue", "--retain=0s").await?;
    let output = bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    ensure!(output.stderr.contains("first: blue of service/api is due"), "{}", said(&output));
    assert_eq!(sizes(&ns).await?, [0, 1, 1], "red is the way back");
    assert_eq!(active(&ns, "api").await?, "green");
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "red");
    Ok(())
}

/// The same release by its images.
#[tokio::test]
async fn the_next_deploy_takes_down_what_is_due() -> Result<()> {
    let ns = on_red("overdue-deploy", "--retain=0s").await?;
    let deploy = "deploy api --to green --image app=registry.example.com/api:1.6.0 --yes --verify-for=0";
    bluegreen(&ns, deploy).await?.ends(0)?;
    assert_eq!(sizes(&ns).await?, [0, 1, 1]);
    Ok(())
}

/// The way back would go with the next release, long before its time (argo-rollouts#501, #813).
#[tokio::test]
async fn what_is_in_its_time_stays() -> Result<()> {
    let ns = on_red("overdue-kept", "").await?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    assert_eq!(sizes(&ns).await?, [1, 1, 1]);
    Ok(())
}

/// The color that is gone to was left an hour ago: its pods would be taken from under the switch.
#[tokio::test]
async fn the_target_is_never_taken_down_first() -> Result<()> {
    let ns = on_red("overdue-target", "--retain=0s").await?;
    bluegreen(&ns, "switch api --to blue --yes --verify-for=0").await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?.as_str(), sizes(&ns).await?), ("blue", [1, 1, 1]));
    Ok(())
}

/// Somebody looks at the old color through a Service of theirs, or has a budget on it: a release that fails for
/// that would be worse than an old color that stays.
#[tokio::test]
async fn what_can_not_go_is_said_and_stops_nothing() -> Result<()> {
    let ns = on_red("overdue-budget", "--retain=0s").await?;
    ns.apply(&budget("three", &json!({"app": "api"}), 3)).await?;
    let output = bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    ensure!(output.stderr.contains("blue of service/api is due, and was not taken down"), "{}", said(&output));
    assert_eq!((active(&ns, "api").await?.as_str(), sizes(&ns).await?), ("green", [1, 1, 1]));
    let ns = on_red("overdue-used", "--retain=0s").await?;
    let mut theirs = api().service("blue");
    theirs["metadata"]["name"] = json!("theirs");
    ns.apply(&theirs).await?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    assert_eq!(sizes(&ns).await?, [1, 1, 1], "service/theirs sends to it");
    Ok(())
}

/// Whoever only looks, or goes back in an outage, has no time for housekeeping.
#[tokio::test]
async fn looking_and_going_back_take_nothing_down() -> Result<()> {
    let ns = on_red("overdue-looking", "--retain=0s").await?;
    let before = versions(&ns).await?;
    bluegreen(&ns, "preflight api --to green").await?.ends(0)?;
    let dry = bluegreen(&ns, &format!("{TO_GREEN} --dry-run=client")).await?.ends(0)?;
    ensure!(dry.stderr.contains("is due"), "{}", said(&dry));
    bluegreen(&ns, &format!("{TO_GREEN} --dry-run=server")).await?.ends(0)?;
    assert_eq!(versions(&ns).await?, before);
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?.as_str(), sizes(&ns).await?), ("blue", [1, 1, 1]));
    Ok(())
}

/// Nobody would know what costs money, unless they asked for each Service.
#[tokio::test]
async fn status_says_what_is_overdue() -> Result<()> {
    let ns = on_red("overdue-status", "--retain=0s").await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --min-ready=1").await?.ends(0)?;
    bluegreen(&ns, "switch api --to red --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    let listed = bluegreen(&ns, "status").await?.ends(0)?;
    ensure!(listed.stdout.contains("! cleanup is due: green of api"), "{}", said(&listed));
    let document = bluegreen(&ns, "status -ojson").await?.ends(0)?.json()?;
    let due = |name: &str| {
        let others = document["services"][0]["others"].as_array().cloned().unwrap_or_default();
        others.iter().find(|color| color["name"] == name).map(|color| color["due"] == true)
    };
    assert_eq!((due("green"), due("blue")), (Some(true), Some(false)), "{document:#}");
    Ok(())
}

/// The writes that a switch makes of what is due.
const WRITES: [fn(&Call) -> bool; 2] = [
    |call| call.method == "PATCH" && call.is_about("/services/api"),
    |call| call.method == "PATCH" && call.is_about("/deployments/api-blue/scale"),
];

/// A pipeline's machine goes away while the old color is taken down: the switch could not be made any more.
#[tokio::test]
async fn a_run_that_is_killed_there_is_finished_by_the_same_words() -> Result<()> {
    let points = WRITES.into_iter().flat_map(|write| [(write, When::Before), (write, When::After)]);
    let tried = points.map(|(write, when)| async move {
        let ns = on_red("overdue-kill", "--retain=0s").await?;
        killed_at(&ns, TO_GREEN, when, write).await.with_context(|| format!("{when:?}"))?;
        bluegreen(&ns, TO_GREEN).await?.ends(0)?;
        assert_eq!((active(&ns, "api").await?.as_str(), sizes(&ns).await?), ("green", [0, 1, 1]));
        anyhow::Ok(())
    });
    try_join_all(tried).await.map(drop)
}
