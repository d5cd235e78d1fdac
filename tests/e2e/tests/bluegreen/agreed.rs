//! What was shown is what was agreed to: a target that is deployed meanwhile is something else.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, blue_green, replicas, scale};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::common::pods::annotate_pods;
use e2e::common::run::{Ended, admin};
use e2e::common::terminal::while_asked;
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::Deployment;
use lab::{Namespace, eventually};
use serde_json::json;

async fn deployed(ns: &Namespace, color: &str, version: &str) -> Result<()> {
    let image = format!("*=registry.example.com/api:{version}");
    admin(ns).run(&["set", "image", &format!("deploy/api-{color}"), &image]).await?.ends(0)?;
    ns.rolled_out(&format!("deployment/api-{color}"), LIMIT).await
}

/// A person says yes to 1.4.0, and 1.6.0 goes live, which never was.
#[tokio::test]
async fn a_release_that_comes_while_a_person_reads_is_not_what_they_agreed_to() -> Result<()> {
    let ns = namespace("agreed").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let deploy = async || deployed(&ns, "blue", "1.6.0").await;
    while_asked(&ns, "bluegreen rollback api", ("[y/N]", "y"), deploy).await?.ends(3)?.tells("1.6.0")?;
    assert_eq!(active(&ns, "api").await?, "green");
    bluegreen(&ns, "switch api --to blue --yes --verify-for=0").await?.ends(0)?;
    let deploy = async || deployed(&ns, "green", "1.7.0").await;
    while_asked(&ns, "bluegreen switch api --to green", ("[y/N]", "y"), deploy).await?.ends(3)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    // Asked again, it is shown.
    while_asked(&ns, "bluegreen switch api --to green --verify-for=0", ("[y/N]", "y"), async || Ok(()))
        .await?
        .ends(0)?
        .tells("1.7.0")?;
    Ok(())
}

/// A pipeline that brings green to size first would switch to whatever is deployed on it meanwhile.
#[tokio::test]
async fn a_release_that_comes_while_pods_start_is_not_what_was_planned() -> Result<()> {
    for (test, to) in [("scaled-anew", "--to green"), ("scaled-anew-image", "--to-image 1.5.0")] {
        let ns = namespace(test).await?;
        blue_green(&ns, 1).await?;
        scale(&ns, "api-green", 0).await?;
        e2e::bluegreen::app::taken_down(&ns, "green").await?;
        let slowly = json!({"lab.kubectl-release.dev/behavior": "on-demand"});
        let template = json!({"spec": {"template": {"metadata": {"annotations": slowly}}}});
        ns.patch::<Deployment>("api-green", template).await?;
        let running = start(&ns, &format!("switch api {to} --scale --yes --verify-for=0 --timeout=60s -ojson"))?;
        eventually("it is brought to size", LIMIT, || async {
            Ok((replicas(&ns, "api-green").await? == 1).then_some(()))
        })
        .await?;
        let image = "*=registry.example.com/api:1.8.0";
        admin(&ns).run(&["set", "image", "deploy/api-green", image]).await?.ends(0)?;
        eventually("its pods are ready", LIMIT, || async {
            annotate_pods(&ns, "version=green", &[("lab.kubectl-release.dev/ready", "true")]).await?;
            Ok(ns.rolled_out("deployment/api-green", std::time::Duration::from_secs(1)).await.ok())
        })
        .await?;
        let document = running.wait(LIMIT).await?.ends(3)?.json()?;
        ensure!(document["message"].as_str().context("message")?.contains("1.8.0"), "{document:#}");
        assert_eq!(active(&ns, "api").await?, "blue");
    }
    Ok(())
}
