//! A color that is named by the image it runs.

use anyhow::{Result, ensure};
use e2e::bluegreen::active;
use e2e::bluegreen::app::{api, color, rolled_out};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, finding};
use e2e::namespace;
use lab::fixtures::{Behavior, Workload};
use serde_json::json;

/// Users would get version 1, which every pod still runs, under the name of version 2.
#[tokio::test]
async fn an_image_is_what_runs_and_not_what_a_template_asks_for() -> Result<()> {
    let ns = namespace("image-partition").await?;
    let set = |name, image: &str| Workload::color(name, image).replicas(2).stateful();
    let held = json!({"rollingUpdate": {"partition": 2}});
    let green = |image: &str| set("green", image).spec("updateStrategy", held.clone());
    let app = |image: &str| api().color(set("blue", "registry.example.com/api:0")).color(green(image));
    rolled_out(&ns, &app("registry.example.com/api:1")).await?;
    ns.apply(&api().workload(&green("registry.example.com/api:2"))).await?;
    bluegreen(&ns, "switch api --to-image 2 --yes --verify-for=0").await?.ends(1)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    bluegreen(&ns, "switch api --to-image 1 --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A sidecar's version would decide where an application goes.
#[tokio::test]
async fn a_sidecar_s_image_is_not_the_application_s() -> Result<()> {
    let ns = namespace("image-sidecar").await?;
    let with = |name, sidecar: &str| color(name, 1, Behavior::Ready).container("proxy", sidecar);
    let app = api().color(with("blue", "envoy:1.5.0")).color(with("green", "envoy:1.31.0"));
    rolled_out(&ns, &app).await?;
    bluegreen(&ns, "switch api --to-image 1.31.0 --yes --verify-for=0").await?.ends(1)?;
    bluegreen(&ns, "switch api --to-image 1.5.0 --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green", "green's own image is 1.5.0, blue's sidecar too");
    Ok(())
}

/// Status and plan showed version 1.6 alone, half of the users would have got 1.5, and the rollout counted as done.
#[tokio::test]
async fn a_rollout_that_is_held_shows_both_images_and_stops_a_switch() -> Result<()> {
    for (name, strategy, then) in [
        ("held-partition", json!({"rollingUpdate": {"partition": 1}}), None),
        ("held-on-delete", json!({"type": "OnDelete"}), Some("api-green-1")),
    ] {
        let ns = namespace(name).await?;
        let set = |name, tag: &str| {
            let image = format!("registry.example.com/api:{tag}");
            Workload::color(name, &image).replicas(2).stateful()
        };
        let green = |tag| set("green", tag).spec("updateStrategy", strategy.clone());
        ns.apply_all(&api().color(set("blue", "1.4")).color(green("1.5")).objects()).await?;
        for workload in ["statefulset/api-blue", "statefulset/api-green"] {
            // kubectl has no status of a rollout that nobody makes: what is ready tells.
            let ready = "jsonpath={.status.readyReplicas}=2";
            e2e::common::run::admin(&ns).run(&["wait", workload, "--for", ready, "--timeout=90s"]).await?.ends(0)?;
        }
        ns.apply(&api().workload(&green("1.6"))).await?;
        if let Some(pod) = then {
            e2e::common::run::admin(&ns).run(&["delete", "pod", pod]).await?.ends(0)?;
        }
        let both = lab::eventually("one pod runs the new image", e2e::LIMIT, || async {
            let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
            let running = &status["services"][0]["colors"][1]["workloads"][0]["running"];
            Ok((running.as_array().map(Vec::len) == Some(2)).then_some(status))
        });
        both.await?;
        bluegreen(&ns, "status api").await?.ends(0)?.tells("api:1.5, api:1.6")?;
        let document = bluegreen(&ns, "preflight api --to green -ojson").await?.ends(1)?.json()?;
        ensure!(finding(&document, "rollout-unfinished").is_some(), "{document:#}");
        bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(1)?.tells("api:1.5, api:1.6")?;
        assert_eq!(active(&ns, "api").await?, "blue");
    }
    Ok(())
}
