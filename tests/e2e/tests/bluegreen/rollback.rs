//! The way back, for three in the morning.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{replicas, with_green};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::bluegreen::written::{RECORD, record, versions};
use e2e::bluegreen::{active, app, blue_green};
use e2e::common::pods::{all_waiting, annotate_pods, gone, is_ready, pods};
use e2e::common::run::{Ended, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use lab::fixtures::{Behavior, autoscaler};
use lab::{Namespace, eventually};

const SWITCH: &str = "switch api --to green --yes --verify-for=0";
const READY: &str = "lab.kubectl-release.dev/ready";

/// An outage would last as long as the old version takes to start, although it still runs.
#[tokio::test]
async fn a_warm_rollback_is_quick() -> Result<()> {
    let ns = namespace("warm").await?;
    blue_green(&ns, 3).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    let document = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(0)?.json()?;
    assert_eq!(active(&ns, "api").await?, "blue");
    let millis = document["services"][0]["totalMillis"].as_u64().context("no time")?;
    // Under 1 s on a machine that does nothing else; `make bench` measures that.
    ensure!(millis < 5000, "{millis} ms");
    assert_eq!(record(&ns, "api").await?["verb"], "rollback");
    Ok(())
}

/// Two people at three in the morning would undo each other's rollback.
#[tokio::test]
async fn a_second_rollback_changes_nothing_and_shows_the_way_forward() -> Result<()> {
    let ns = namespace("second").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    let before = versions(&ns).await?;
    let again = bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(versions(&ns).await?, before, "{}", said(&again));
    pasted(&ns, &again.stderr).await?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// Runs the first switch command that a text shows.
async fn pasted(ns: &Namespace, text: &str) -> Result<()> {
    let (_, command) = text.split_once("kubectl bluegreen switch ").context("no command to paste")?;
    let command = command.lines().next().unwrap_or_default().split(" -n ").next().unwrap_or_default();
    bluegreen(ns, &format!("switch {command} --yes --verify-for=0")).await?.ends(0)?;
    Ok(())
}

/// A switch made by hand, or a lost annotation, would leave no way back.
#[tokio::test]
async fn without_a_record_the_only_other_ready_color_is_taken() -> Result<()> {
    let ns = namespace("lost-record").await?;
    app::blue_before_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    ns.annotate::<Service>("api", RECORD, None).await?;
    let back = bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    ensure!(back.stderr.contains("no record"), "it does not say that it guessed\n{}", said(&back));
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// With more than one color to choose from, a guess would put a stranger's version live.
#[tokio::test]
async fn without_a_record_nothing_is_guessed() -> Result<()> {
    let ns = namespace("no-guess").await?;
    let app =
        ["blue", "green", "red"].iter().fold(app::api(), |app, name| app.color(app::color(name, 1, Behavior::Ready)));
    app::rolled_out(&ns, &app).await?;
    let before = versions(&ns).await?;
    let document = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(versions(&ns).await?, before);
    let next = document["next"].as_str().context("no next step")?;
    for color in ["green", "red"] {
        ensure!(next.contains(&format!("switch api --to {color} -n ")), "{next}");
    }
    Ok(())
}

/// After the printed undo, a rollback would move on to a version that nobody asked for.
#[tokio::test]
async fn after_the_printed_undo_there_is_nothing_to_take_back() -> Result<()> {
    let ns = namespace("undone").await?;
    blue_green(&ns, 1).await?;
    let switched = bluegreen(&ns, SWITCH).await?.ends(0)?;
    let undo = switched.stderr.lines().find_map(|line| line.find("kubectl patch").map(|at| &line[at..]));
    let undo = undo.with_context(|| format!("no undo\n{}", said(&switched)))?;
    let anywhere = ns.lab().kubectl(ns.lab().kubeconfig());
    let status = anywhere.plugin("/bin/sh".as_ref(), &["-c", undo]).status().await?;
    ensure!(status.success(), "{undo}");
    assert_eq!(active(&ns, "api").await?, "blue");
    let before = versions(&ns).await?;
    let rollback = bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(versions(&ns).await?, before);
    ensure!(rollback.stderr.contains("another hand"), "{}", said(&rollback));
    Ok(())
}

/// Once the old version was scaled down, there would be no way back without knowing kubectl well.
#[tokio::test]
async fn a_cold_color_is_brought_back_to_size() -> Result<()> {
    let ns = namespace("cold").await?;
    blue_green(&ns, 3).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    app::taken_down(&ns, "blue").await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?.as_str(), replicas(&ns, "api-blue").await?), ("blue", 3));
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    assert_eq!(status["services"][0]["colors"][0]["endpoints"], 3, "all pods were waited for");
    Ok(())
}

/// An autoscaler would shrink the color that was brought back, with all traffic on it.
#[tokio::test]
async fn a_cold_color_with_an_autoscaler_stays_brought_back() -> Result<()> {
    let ns = namespace("cold-hpa").await?;
    blue_green(&ns, 3).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    app::taken_down(&ns, "blue").await?;
    ns.apply(&autoscaler("api-blue", 1, 5)).await?;
    let back = bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    let floor = |hpa: &HorizontalPodAutoscaler| hpa.spec.as_ref().and_then(|spec| spec.min_replicas) == Some(3);
    ns.wait_for::<HorizontalPodAutoscaler>("api-blue", "its floor is 3", Duration::from_secs(1), floor).await?;
    ensure!(back.stderr.contains("hpa/api-blue"), "the raised floor is not told\n{}", said(&back));
    assert_eq!(replicas(&ns, "api-blue").await?, 3);
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// In an outage, one ready pod would have to wait for two slow ones.
#[tokio::test]
async fn now_switches_at_the_first_ready_pod() -> Result<()> {
    let ns = namespace("now").await?;
    cold_on_demand(&ns).await?;
    let running = start(&ns, "rollback api --now --yes --timeout=80s")?;
    one_ready(&ns).await?;
    running.wait(LIMIT).await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?.as_str(), replicas(&ns, "api-blue").await?), ("blue", 3));
    Ok(())
}

/// The same words again would move everybody from three pods to one, unasked.
#[tokio::test]
async fn a_rollback_that_was_cut_off_while_pods_came_waits_again() -> Result<()> {
    let ns = namespace("cut-off-cold").await?;
    cold_on_demand(&ns).await?;
    let running = start(&ns, "rollback api --yes --timeout=80s")?;
    one_ready(&ns).await?;
    eventually("one of three is ready", LIMIT, || async {
        let ready = pods(&ns, "version=blue").await?.iter().filter(|pod| is_ready(pod)).count();
        Ok((ready == 1 && replicas(&ns, "api-blue").await? == 3).then_some(()))
    })
    .await?;
    running.kill().await?;
    bluegreen(&ns, "rollback api --yes --timeout=6s").await?.ends(4)?.tells("rollback api --now")?;
    assert_eq!(active(&ns, "api").await?, "green");
    let running = start(&ns, "rollback api --yes --timeout=80s")?;
    annotate_pods(&ns, "version=blue", &[(READY, "true")]).await?;
    running.wait(LIMIT).await?.ends(0)?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    assert_eq!(
        (active(&ns, "api").await?.as_str(), &status["services"][0]["colors"][0]["endpoints"]),
        ("blue", &3.into())
    );
    Ok(())
}

/// Where the new version is down altogether, waiting for more than one pod prolongs the outage.
#[tokio::test]
async fn with_the_active_color_down_one_ready_pod_is_enough() -> Result<()> {
    let ns = namespace("active-down").await?;
    cold_on_demand(&ns).await?;
    annotate_pods(&ns, "version=green", &[("lab.kubectl-release.dev/behavior", "never-ready")]).await?;
    eventually("green is down", LIMIT, || async {
        let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
        Ok((status["services"][0]["colors"][0]["ready"] == 0).then_some(()))
    })
    .await?;
    let running = start(&ns, "rollback api --yes --timeout=80s")?;
    one_ready(&ns).await?;
    running.wait(LIMIT).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Green is active with three pods; blue has none, and those it gets are ready when told so.
async fn cold_on_demand(ns: &Namespace) -> Result<()> {
    let app = app::api().color(app::color("blue", 3, Behavior::OnDemand).annotation(READY, "false")).color(app::color(
        "green",
        3,
        Behavior::Ready,
    ));
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    bluegreen(ns, SWITCH).await?.ends(0)?;
    app::scale(ns, "api-blue", 0).await?;
    gone(ns, "version=blue").await
}

/// Makes the first of blue's new pods ready.
async fn one_ready(ns: &Namespace) -> Result<()> {
    eventually("blue has a pod", LIMIT, || async { Ok((!pods(ns, "version=blue").await?.is_empty()).then_some(())) })
        .await?;
    let pod = pods(ns, "version=blue").await?.remove(0);
    let name = pod.metadata.name.context("no name")?;
    ns.annotate::<k8s_openapi::api::core::v1::Pod>(&name, READY, Some("true")).await
}

/// A rollback to something that doesn't run would turn a bad release into a full outage.
#[tokio::test]
async fn an_empty_target_is_never_switched_to() -> Result<()> {
    let ns = namespace("empty-target").await?;
    with_green(&ns, 2, Behavior::Ready).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    annotate_pods(&ns, "version=blue", &[("lab.kubectl-release.dev/behavior", "crash-loop")]).await?;
    all_waiting(&ns, "version=blue", "CrashLoopBackOff").await?;
    for words in ["rollback api --yes --timeout=3s", "rollback api --yes --now --timeout=3s"] {
        let ended = bluegreen(&ns, words).await?.ends(4)?;
        ensure!(ended.stderr.to_lowercase().contains("crash"), "it does not say why\n{}", said(&ended));
        assert_eq!(active(&ns, "api").await?, "green");
    }
    Ok(())
}

/// A color that was deleted would be looked for, or the person be told nothing to go on with.
#[tokio::test]
async fn a_deleted_color_is_named() -> Result<()> {
    let ns = namespace("deleted").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, &format!("{SWITCH} --retain=0s")).await?.ends(0)?;
    bluegreen(&ns, "cleanup api --delete --yes").await?.ends(0)?;
    let document = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "NoWayBack");
    ensure!(document["message"].as_str().unwrap_or_default().contains("blue"), "{document:#}");
    ensure!(document["hint"].as_str().unwrap_or_default().contains("deploy blue"), "{document:#}");
    Ok(())
}
