//! A record knows what ran, not only its color's name.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{api, blue_green, color, replicas, rolled_out};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::{RECORD, record, versions};
use e2e::bluegreen::{active, app};
use e2e::common::pods::gone;
use e2e::common::run::{Ended, finding, said};
use e2e::common::terminal::on_terminal;
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::api::DeleteParams;
use lab::fixtures::{Behavior, Workload};
use lab::{Namespace, eventually};
use serde_json::json;

const SWITCH: &str = "switch api --to green --yes --verify-for=0 --retain=0s";
const NEXT: &str = "registry.example.com/api:1.6.0";

/// On green, with the next release on blue, where 1.4.0 was left.
async fn next_on_blue(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    deployed(&ns, "api-blue", NEXT).await?;
    Ok(ns)
}

async fn deployed(ns: &Namespace, deployment: &str, image: &str) -> Result<()> {
    let images = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}});
    let patch = kube::api::Patch::Strategic(images);
    ns.api::<Deployment>().patch(deployment, &kube::api::PatchParams::default(), &patch).await?;
    ns.rolled_out(&format!("deployment/{deployment}"), LIMIT).await
}

/// A person sees what it is, and says whether that is meant.
#[tokio::test]
async fn at_a_terminal_the_next_release_is_shown_and_asked_about() -> Result<()> {
    let ns = next_on_blue("left-next-asked").await?;
    let asked = |answer: &'static str| [("[y/N]", answer)];
    let output = on_terminal(&ns, "bluegreen rollback api", &asked("n"), true).await?.ends(1)?;
    ensure!(output.stdout.contains("changed-since") && output.stdout.contains("1.6.0"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "green");
    on_terminal(&ns, "bluegreen rollback api", &asked("y"), true).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// In an outage, a version that was never live would go live as "back".
#[tokio::test]
async fn a_rollback_does_not_release_what_never_ran() -> Result<()> {
    let ns = next_on_blue("left-next").await?;
    let before = versions(&ns).await?;
    let refused = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(versions(&ns).await?, before);
    assert!(finding(&refused, "changed-since").is_some(), "{refused:#}");
    let next = refused["next"].as_str().context("no next step")?;
    let (_, words) = next.split_once("kubectl bluegreen ").context("no command")?;
    let words = words.split(" -n ").next().unwrap_or_default();
    bluegreen(&ns, words).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Where nothing else serves, a refusal would only make the outage longer.
#[tokio::test]
async fn where_nothing_else_is_ready_it_goes_there() -> Result<()> {
    let ns = next_on_blue("left-only").await?;
    app::taken_down(&ns, "green").await?;
    let back = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(0)?.json()?;
    assert_eq!(active(&ns, "api").await?, "blue");
    assert!(finding(&back, "changed-since").is_some(), "it is said all the same: {back:#}");
    Ok(())
}

/// The nightly job would take the next release down before anybody switched to it.
#[tokio::test]
async fn cleanup_spares_what_was_deployed_since() -> Result<()> {
    let ns = next_on_blue("left-cleanup").await?;
    // Something that is due stays: the nightly job says so.
    bluegreen(&ns, "cleanup --due --yes").await?.ends(1)?;
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    let kept = bluegreen(&ns, "cleanup api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(kept["services"][0]["verdict"], "kept", "{kept:#}");
    bluegreen(&ns, "cleanup api --force=changed-since --yes").await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-blue").await?, 0);
    Ok(())
}

/// What was put back to what it was is what was left: the cluster has the same name for it.
#[tokio::test]
async fn the_same_again_is_a_way_back() -> Result<()> {
    let ns = next_on_blue("left-same").await?;
    ns.kubectl(&["rollout", "undo", "deployment/api-blue"]).await?.ends(0)?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A Deployment of the same name and image may be another one: with other settings, or half made.
#[tokio::test]
async fn one_that_was_made_anew_is_told() -> Result<()> {
    let ns = namespace("left-anew").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    ns.api::<Deployment>().delete("api-blue", &DeleteParams::foreground()).await?;
    eventually("it is gone", LIMIT, || async {
        Ok(ns.api::<Deployment>().get_opt("api-blue").await?.is_none().then_some(()))
    })
    .await?;
    ns.apply(&api().workload(&color("blue", 1, Behavior::Ready))).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    let refused = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    assert!(finding(&refused, "changed-since").is_some(), "{refused:#}");
    Ok(())
}

/// With the live Deployment deleted, a cold rollback would come back with one pod for the load of three.
#[tokio::test]
async fn a_cold_rollback_knows_its_size_without_the_live_one() -> Result<()> {
    let ns = namespace("left-size").await?;
    blue_green(&ns, 3).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    ns.api::<Deployment>().delete("api-green", &DeleteParams::foreground()).await?;
    gone(&ns, "version=green").await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?.as_str(), replicas(&ns, "api-blue").await?), ("blue", 3));
    Ok(())
}

/// Without a record, "back" would be whatever else is ready: the release that nobody approved yet.
#[tokio::test]
async fn without_a_record_newer_is_not_back() -> Result<()> {
    let ns = namespace("left-newer").await?;
    blue_green(&ns, 1).await?;
    deployed(&ns, "api-green", NEXT).await?;
    eventually("it is a second younger", LIMIT, || async {
        deployed(&ns, "api-green", &format!("{NEXT}-{}", jiff::Timestamp::now().as_second())).await?;
        let document = bluegreen(&ns, "rollback api --dry-run=client --yes -ojson").await?.json()?;
        Ok(finding(&document, "newer-than-active").map(drop))
    })
    .await?;
    let before = versions(&ns).await?;
    let refused = bluegreen(&ns, "rollback api --yes").await?.ends(1)?;
    assert_eq!(versions(&ns).await?, before, "{}", said(&refused));
    bluegreen(&ns, "rollback api --yes --force=newer-than-active").await?.ends(0)?;
    Ok(())
}

/// A record of an older version of ours says nothing of what ran: what came later still shows.
#[tokio::test]
async fn a_record_without_it_goes_by_time() -> Result<()> {
    let ns = next_on_blue("left-older").await?;
    let mut old = record(&ns, "api").await?;
    old.as_object_mut().context("a record")?.remove("left");
    ns.annotate::<Service>("api", RECORD, Some(&old.to_string())).await?;
    eventually("it is a second younger", LIMIT, || async {
        deployed(&ns, "api-blue", &format!("{NEXT}-{}", jiff::Timestamp::now().as_second())).await?;
        let document = bluegreen(&ns, "rollback api --dry-run=client --yes -ojson").await?.json()?;
        Ok(finding(&document, "changed-since").map(drop))
    })
    .await
}

/// With three colors, a cleanup would take both idle ones or none.
#[tokio::test]
async fn cleanup_takes_the_color_that_is_named() -> Result<()> {
    let ns = namespace("cleanup-color").await?;
    let app = ["blue", "green", "red"].iter().fold(api(), |app, name| app.color(color(name, 1, Behavior::Ready)));
    rolled_out(&ns, &app).await?;
    bluegreen(&ns, "switch api --to red --yes --verify-for=0").await?.ends(0)?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    bluegreen(&ns, "cleanup api --color red --before-due --yes").await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-red").await?), (1, 0));
    for (color, why) in [("green", "active"), ("pink", "none")] {
        let refused = bluegreen(&ns, &format!("cleanup api --color {color} --before-due --yes")).await?.ends(1)?;
        ensure!(refused.stderr.contains(why), "{}", said(&refused));
    }
    Ok(())
}

/// Nothing tells the age of a StatefulSet's template: it may be the release that nobody has seen.
#[tokio::test]
async fn without_a_record_an_unknown_age_is_no_way_back() -> Result<()> {
    let ns = namespace("left-unknown").await?;
    let set = |name, image: &str| Workload::color(name, image).replicas(1).stateful();
    let app = |green: &str| api().color(set("blue", app::BLUE)).color(set("green", green));
    rolled_out(&ns, &app(app::GREEN)).await?;
    rolled_out(&ns, &app(NEXT)).await?;
    let refused = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(refused["reason"], "NoWayBack", "{refused:#}");
    ensure!(refused["next"].as_str().is_some_and(|next| next.contains("switch api --to green")), "{refused:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// The line would promise what is then refused, to somebody who has no time for that.
#[tokio::test]
async fn status_promises_no_way_back_that_is_refused() -> Result<()> {
    let ns = next_on_blue("left-line").await?;
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    let line = status.stdout.lines().find(|line| line.starts_with("Back: ")).context("no line")?;
    ensure!(line.contains("not now") && line.contains("1.6.0"), "{line}");
    Ok(())
}

/// The same pods were called another release, because the object over them had been made anew: the nightly job
/// kept them, and a rollback to them was refused in an outage.
#[tokio::test]
async fn what_goes_on_under_another_uid_is_what_was_left() -> Result<()> {
    for kind in ["deployment", "statefulset"] {
        let ns = namespace(&format!("left-orphan-{kind}")).await?;
        let colored = |name| {
            let workload = color(name, 1, Behavior::Ready);
            if kind == "statefulset" { workload.stateful() } else { workload }
        };
        rolled_out(&ns, &api().color(colored("blue")).color(colored("green"))).await?;
        bluegreen(&ns, SWITCH).await?.ends(0)?;
        let before = e2e::common::pods::pods(&ns, "version=blue").await?.remove(0).metadata.uid;
        ns.kubectl(&["delete", kind, "api-blue", "--cascade=orphan", "--wait=true"]).await?.ends(0)?;
        if kind == "deployment" {
            // The bare ReplicaSet is it, too.
            judged_as_left(&ns).await.context("bare")?;
        }
        ns.apply(&api().workload(&colored("blue"))).await?;
        ns.rolled_out(&format!("{kind}/api-blue"), LIMIT).await?;
        assert_eq!(e2e::common::pods::pods(&ns, "version=blue").await?.remove(0).metadata.uid, before, "other pods");
        judged_as_left(&ns).await.context(kind)?;
        bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
        assert_eq!(active(&ns, "api").await?, "blue");
    }
    Ok(())
}

async fn judged_as_left(ns: &Namespace) -> Result<()> {
    let back = bluegreen(ns, "rollback api --yes --dry-run=client -ojson").await?.ends(0)?.json()?;
    ensure!(finding(&back, "changed-since").is_none(), "{back:#}");
    let due = bluegreen(ns, "cleanup --due --yes --dry-run=client -ojson").await?.ends(0)?.json()?;
    ensure!(due["services"][0]["verdict"] == "remove", "{due:#}");
    Ok(())
}

/// Somebody moved the Service on by hand, and the next release came to the color that our rollback left active.
#[tokio::test]
async fn undoing_a_hand_releases_nothing_that_was_never_live() -> Result<()> {
    let ns = namespace("left-by-hand").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    app::moved_by_hand(&ns, "green").await?;
    eventually("the API server's next second", LIMIT, || async {
        let rolled_back: jiff::Timestamp = record(&ns, "api").await?["at"].as_str().unwrap_or_default().parse()?;
        Ok((jiff::Timestamp::now().as_second() > rolled_back.as_second()).then_some(()))
    })
    .await?;
    deployed(&ns, "api-blue", NEXT).await?;
    let document = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    ensure!(finding(&document, "changed-since").is_some(), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// CI deployed the next release to the color just left; the take-back of the switch would release it.
#[tokio::test]
async fn a_take_back_releases_nothing_that_was_never_live() -> Result<()> {
    let ns = namespace("left-take-back").await?;
    blue_green(&ns, 2).await?;
    let running = e2e::bluegreen::run::start(&ns, "switch api --to green --yes --verify-for=80s -ojson")?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    deployed(&ns, "api-blue", NEXT).await?;
    let green = e2e::common::pods::pods(&ns, "version=green").await?.remove(0);
    let name = green.metadata.name.context("a pod without a name")?;
    ns.annotate::<k8s_openapi::api::core::v1::Pod>(&name, "lab.kubectl-release.dev/behavior", Some("never-ready"))
        .await?;
    let ended = running.wait(LIMIT).await?.ends(1)?.json()?;
    ensure!(ended["message"].to_string().contains("not what was left"), "{ended:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}
