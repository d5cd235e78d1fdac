//! The time after a switch: a target that fails is left again, and other hands are told apart.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{api, color, rolled_out, with_green};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::bluegreen::written::record;
use e2e::bluegreen::{active, app};
use e2e::common::events::events;
use e2e::common::lost_output;
use e2e::common::pods::{annotate_pods, is_ready, pods};
use e2e::common::run::{Ended, document};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::ResourceExt;
use lab::api_proxy::{ApiProxy, When};
use lab::fixtures::Behavior;
use lab::{Namespace, Output, Running};
use serde_json::json;

const BEHAVIOR: &str = "lab.kubectl-release.dev/behavior";
/// A hold that no test waits out.
const LONG: &str = "switch api --to green --yes --verify-for=80s";

/// Starts a switch and comes back once the Service selects green and its endpoints followed.
async fn switching(ns: &Namespace, words: &str) -> Result<Running> {
    let running = start(ns, words)?;
    bluegreen(ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    Ok(running)
}

async fn one_pod_becomes(ns: &Namespace, behavior: &str) -> Result<()> {
    let pod = pods(ns, "version=green").await?.into_iter().next().context("no green pod")?;
    ns.annotate::<Pod>(&pod.name_any(), BEHAVIOR, Some(behavior)).await
}

/// A release that breaks under traffic would stay until somebody wakes up.
#[tokio::test]
async fn a_target_that_becomes_unready_is_left_by_itself() -> Result<()> {
    let ns = namespace("unready-in-hold").await?;
    with_green(&ns, 2, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    let running = switching(&ns, &format!("{LONG} --reason release-42")).await?;
    one_pod_becomes(&ns, "never-ready").await?;
    running.wait(LIMIT).await?.ends(5)?.tells("rolled back")?;
    assert_eq!(active(&ns, "api").await?, "blue");
    let record = record(&ns, "api").await?;
    assert_eq!(
        (&record["verb"], &record["to"], &record["result"]),
        (&json!("rollback"), &json!("blue"), &json!("done"))
    );
    assert!(events(&ns, "api").await?.contains(&"SwitchRolledBack".to_owned()));
    bluegreen(&ns, "history api").await?.ends(0)?.tells("rollback")?.tells("release-42")?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    assert_eq!(status["services"][0]["converged"], true);
    Ok(())
}

/// The person would learn that it was taken back, and not why.
#[tokio::test]
async fn a_target_that_runs_out_of_memory_says_so() -> Result<()> {
    let ns = namespace("oom-in-hold").await?;
    with_green(&ns, 2, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    let running = switching(&ns, &format!("{LONG} -ojson")).await?;
    annotate_pods(&ns, "version=green", &[(BEHAVIOR, "out-of-memory")]).await?;
    let document = running.wait(LIMIT).await?.ends(5)?.json()?;
    assert_eq!(document["reason"], "RolledBack");
    let (message, next) = (document["message"].to_string(), document["next"].to_string());
    ensure!(message.contains("OOMKilled"), "{document:#}");
    ensure!(next.contains("logs -p api-green-"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Who wants to look at the failure in place would have it taken away.
#[tokio::test]
async fn with_no_rollback_a_failure_stays() -> Result<()> {
    let ns = namespace("no-rollback").await?;
    with_green(&ns, 2, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    let running = switching(&ns, &format!("{LONG} --no-rollback -ojson")).await?;
    one_pod_becomes(&ns, "never-ready").await?;
    let document = running.wait(LIMIT).await?.ends(1)?.json()?;
    let next = document["next"].as_str().unwrap_or_default();
    ensure!(next.starts_with("kubectl bluegreen rollback api"), "{document:#}");
    ensure!(document["hint"].to_string().contains("kubectl"), "what shows why: {document:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    assert_eq!(record(&ns, "api").await?["result"], "failed");
    assert!(events(&ns, "api").await?.contains(&"SwitchFailed".to_owned()));
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    Ok(())
}

/// A GitOps controller that puts the Service back would be taken for a bug of the release.
#[tokio::test]
async fn another_writer_in_the_hold_is_told_apart() -> Result<()> {
    let ns = namespace("reverted").await?;
    with_green(&ns, 1, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    let running = switching(&ns, LONG).await?;
    let blue = json!({"spec": {"selector": {"app": "api", "version": "blue"}}});
    ns.patch::<Service>("api", blue).await?;
    let ended = running.wait(LIMIT).await?.ends(3)?;
    // The field manager that tests write with.
    ended.tells("lab-test")?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Two people at once: the first would roll back what the second just decided.
#[tokio::test]
async fn somebody_elses_rollback_in_the_hold_is_named() -> Result<()> {
    let ns = namespace("taken-back").await?;
    with_green(&ns, 1, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    let running = switching(&ns, LONG).await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    running.wait(LIMIT).await?.ends(3)?.tells("rollback by")?;
    assert_eq!(record(&ns, "api").await?["result"], "done");
    Ok(())
}

/// An autoscaler that shrinks the new version would make every switch fail.
#[tokio::test]
async fn a_smaller_target_is_no_failed_one() -> Result<()> {
    let ns = namespace("scaled-down").await?;
    with_green(&ns, 3, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    let running = switching(&ns, "switch api --to green --yes --verify-for=6s").await?;
    app::scale(&ns, "api-green", 1).await?;
    running.wait(LIMIT).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

async fn converges(ns: &Namespace) -> Result<Output> {
    let words = "switch api --to green --yes --verify-for=1s --min-ready=1 --timeout=40s --force=rollout-unfinished";
    let output = bluegreen(ns, words).await?.ends(0)?;
    assert_eq!(active(ns, "api").await?, "green");
    Ok(output)
}

/// A Service that publishes unready addresses, as most headless ones do, could never be switched, not even by who insists.
#[tokio::test]
async fn unready_addresses_that_are_published_do_not_hang_it() -> Result<()> {
    let ns = namespace("publish-not-ready").await?;
    with_green(&ns, 2, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    ns.patch::<Service>("api", json!({"spec": {"publishNotReadyAddresses": true}})).await?;
    one_pod_becomes(&ns, "never-ready").await?;
    lab::eventually("one of two is unready", LIMIT, || async {
        let found = pods(&ns, "version=green").await?;
        Ok((found.iter().filter(|pod| is_ready(pod)).count() == 1).then_some(()))
    })
    .await?;
    let refused = bluegreen(&ns, "switch api --to green --yes --min-ready=1 --force=rollout-unfinished").await?;
    refused.ends(1)?.tells("unready-published")?;
    let words = "switch api --to green --yes --verify-for=1s --min-ready=1 --timeout=40s \
                 --force=rollout-unfinished,unready-published";
    bluegreen(&ns, words).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// Somebody's `kubectl debug --copy-to` would hang the next release.
#[tokio::test]
async fn a_debug_copy_does_not_hang_it() -> Result<()> {
    let ns = namespace("debug-copy").await?;
    with_green(&ns, 2, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    for (name, behavior) in [("debug-ready", Behavior::Ready), ("debug-unready", Behavior::NeverReady)] {
        let workload = app::api().workload(&app::color("green", 1, behavior));
        let mut copy = workload["spec"]["template"].clone();
        copy["apiVersion"] = json!("v1");
        copy["kind"] = json!("Pod");
        copy["metadata"]["name"] = json!(name);
        ns.apply(&copy).await?;
    }
    ns.wait_for::<Pod>("debug-ready", "ready", LIMIT, is_ready).await?;
    converges(&ns).await?;
    Ok(())
}

/// An autoscaler that acts in the middle of a switch would hang it.
#[tokio::test]
async fn a_scale_change_in_the_middle_does_not_hang_it() -> Result<()> {
    for (test, before, after) in [("grows", 2, 4), ("shrinks", 3, 1)] {
        let ns = namespace(test).await?;
        with_green(&ns, before, Behavior::Ready).await?;
        ns.rolled_out("deployment/api-green", LIMIT).await?;
        let proxy = ApiProxy::start(ns.lab()).await?;
        let hold = proxy.hold(When::After, |call| call.is_write() && call.is_about("/services/api"));
        let words = ["bluegreen", "switch", "api", "--to=green", "--yes", "--verify-for=1s", "--timeout=60s"];
        let running = ns.kubectl_as(proxy.kubeconfig()).start(&words)?;
        hold.arrived(LIMIT).await?;
        app::scale(&ns, "api-green", after).await?;
        ns.rolled_out("deployment/api-green", LIMIT).await?;
        hold.release();
        running.wait(LIMIT).await?.ends(0)?;
    }
    Ok(())
}

/// Ctrl-C in the hold would leave the person not knowing what is so.
#[tokio::test]
async fn an_interrupted_hold_says_what_is_so() -> Result<()> {
    let ns = namespace("interrupted").await?;
    with_green(&ns, 1, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    let running = switching(&ns, LONG).await?;
    interrupt(&running).await?;
    let ended = running.wait(LIMIT).await?.ends(130)?.tells("green")?;
    let last = ended.stderr.lines().last().unwrap_or_default();
    ensure!(last.contains("kubectl bluegreen rollback api"), "last line: {last}");
    bluegreen(&ns, "status api").await?.ends(0)?.tells("unfinished")?;
    bluegreen(&ns, "switch api --to green --yes").await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

async fn interrupt(running: &Running) -> Result<()> {
    let id = running.id().context("it has ended")?.to_string();
    let status = tokio::process::Command::new("kill").args(["-INT", &id]).status().await?;
    ensure!(status.success(), "can't signal {id}");
    Ok(())
}

/// Who finds the Service gone would be told to look at it.
#[tokio::test]
async fn a_service_that_is_deleted_in_the_hold_is_looked_for_among_the_others() -> Result<()> {
    let ns = namespace("deleted-in-hold").await?;
    with_green(&ns, 1, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    // By a shell: the undo that was printed while there was a Service is nothing to try afterwards.
    let words = format!("bluegreen {LONG} -o json");
    let switch = lost_output::run(&ns, "{ {}; }", &words);
    let deletion = async {
        bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
        ns.api::<Service>().delete("api", &kube::api::DeleteParams::default()).await?;
        Ok(())
    };
    let (ended, ()) = tokio::try_join!(switch, deletion)?;
    let ended = ended.ends(3)?;
    let (said, _) = ended.stdout.trim_end().rsplit_once('\n').context("no document")?;
    let document = document(said)?;
    assert_eq!(document["reason"], "Changed", "{document:#}");
    ensure!(document["message"].as_str().is_some_and(|text| text.contains("deleted")), "{document:#}");
    let next = document["next"].as_str().context("no next step")?;
    ensure!(next.starts_with("kubectl get services"), "{document:#}");
    let words: Vec<&str> = next.split(' ').skip(1).collect();
    ns.kubectl(&words).await?.ends(0)?;
    Ok(())
}

/// The history would say that the move goes on, or was taken back, where it failed and stayed.
#[tokio::test]
async fn a_move_that_cannot_be_taken_back_is_recorded_as_failed() -> Result<()> {
    let ns = namespace("no-way-back").await?;
    with_green(&ns, 2, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    let running = switching(&ns, &format!("{LONG} -ojson")).await?;
    app::taken_down(&ns, "blue").await?;
    one_pod_becomes(&ns, "never-ready").await?;
    let document = running.wait(LIMIT).await?.ends(1)?.json()?;
    assert_eq!((&document["reason"], active(&ns, "api").await?.as_str()), (&json!("RollbackFailed"), "green"));
    ensure!(document["message"].as_str().is_some_and(|text| text.contains("blue has no ready pod")), "{document:#}");
    let record = record(&ns, "api").await?;
    assert_eq!((&record["verb"], &record["result"]), (&json!("switch"), &json!("failed")), "{record:#}");
    let history = bluegreen(&ns, "history api -ojson").await?.ends(0)?.json()?;
    assert_eq!(history["services"][0]["records"][0]["result"], "failed", "{history:#}");
    Ok(())
}

/// Both colors of a move are down, and the one that still could serve isn't mentioned.
#[tokio::test]
async fn a_third_color_that_alone_is_ready_is_named() -> Result<()> {
    let ns = namespace("third").await?;
    let ready = |name| color(name, 2, Behavior::Ready);
    rolled_out(&ns, &api().color(ready("blue")).color(ready("green")).color(ready("red"))).await?;
    let running = switching(&ns, &format!("{LONG} -ojson")).await?;
    app::taken_down(&ns, "blue").await?;
    annotate_pods(&ns, "version=green", &[(BEHAVIOR, "never-ready")]).await?;
    let document = running.wait(LIMIT).await?.ends(1)?.json()?;
    ensure!(document["next"].to_string().contains("switch api --to red"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "green", "nobody asked for red");
    Ok(())
}

/// A rollback that made an outage would end in it, with the color that was left still ready.
#[tokio::test]
async fn a_rollback_whose_color_goes_down_in_the_hold_is_an_emergency() -> Result<()> {
    let ns = namespace("rollback-emptied").await?;
    app::blue_green(&ns, 2).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0s").await?.ends(0)?;
    let running = start(&ns, "rollback api --yes --verify-for=80s")?;
    bluegreen(&ns, "status api --wait-for active=blue --timeout 60s").await?.ends(0)?;
    annotate_pods(&ns, "version=blue", &[(BEHAVIOR, "never-ready")]).await?;
    running.wait(LIMIT).await?.ends(5)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}
