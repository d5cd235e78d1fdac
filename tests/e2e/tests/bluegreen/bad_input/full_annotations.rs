//! Somebody who may annotate a Service fills its annotations to the last of the 256 KiB that they may have
//! (`TotalAnnotationSizeLimitB`): a record is no longer possible, and a way back must still be.

use anyhow::{Result, ensure};
use e2e::bluegreen::active;
use e2e::bluegreen::app::blue_before_green;
use e2e::bluegreen::calls::is_move;
use e2e::bluegreen::run::{bluegreen_as, start};
use e2e::bluegreen::setup::Setup;
use e2e::bluegreen::written::{RECORD, annotation};
use e2e::common::faults::BOUND;
use e2e::common::filled::Fill;
use e2e::common::permissions::{bound_to, writer_of};
use e2e::common::run::{Ended, finding_ids, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::core::v1::Service;
use kube::ResourceExt;
use lab::annotations::{BEHAVIOR, READY};
use lab::{Kubectl, Namespace, eventually};

const HISTORY: &str = "kubectl-release.dev/bluegreen-history";

async fn fill(ns: &Namespace, as_whom: &Kubectl, fill: Fill) -> Result<()> {
    let service = ns.api::<Service>().get("api").await?;
    fill.fill((ns, as_whom), "service/api", service.annotations()).await
}

/// Whoever may annotate a Service could keep its traffic on what is broken.
#[tokio::test]
async fn a_rollback_goes_before_its_record() -> Result<()> {
    let fills = [
        (Fill { values: 1, spare: 0, without_ours: true }, false),
        (Fill { values: 40, spare: 300, without_ours: true }, false),
        (Fill { values: 1, spare: 0, without_ours: false }, true),
    ];
    for (index, (how, recorded)) in fills.into_iter().enumerate() {
        let ns = namespace(&format!("full-{index}")).await?;
        blue_before_green(&ns, 1).await?;
        let (filler, victim) = (writer_of(&ns, "", "services").await?, bound_to(&ns, "bluegreen").await?);
        let victim = ns.kubectl_as(victim.kubeconfig);
        for color in ["green", "blue", "green"] {
            bluegreen_as(&victim, &format!("switch api --to {color} --yes --verify-for=0")).await?.ends(0)?;
        }
        fill(&ns, &filler, how).await?;
        let status = bluegreen_as(&victim, "status api -ojson").await?.ends(0)?;
        ensure!(recorded || status.stdout.contains("annotations-full"), "status says nothing: {}", status.stdout);
        let back = bluegreen_as(&victim, "rollback api --yes --verify-for=0 -ojson").await?.ends(0)?.json()?;
        ensure!(active(&ns, "api").await? == "blue", "{how:?}: {back:#}");
        ensure!(back["services"][0]["recorded"] == recorded, "{how:?}: {back:#}");
        ensure!(recorded != finding_ids(&back).contains(&"annotations-full".to_owned()), "{how:?}: {back:#}");
        ensure!(annotation(&ns, "api", RECORD).await?.is_some() == recorded, "{how:?}");
        // What is dropped first is what was before.
        ensure!(annotation(&ns, "api", HISTORY).await?.is_none_or(|history| history.len() < 1500), "{how:?}");
        bluegreen_as(&victim, "history api").await?.ends(0)?;
        // And forward again, for a person.
        let told = bluegreen_as(&victim, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
        ensure!(recorded || told.stderr.contains("not recorded"), "{how:?}: {}", said(&told));
    }
    Ok(())
}

/// The same between what a run has read and what it writes.
#[tokio::test]
async fn annotations_that_are_filled_meanwhile_are_no_obstacle() -> Result<()> {
    let setup = Setup::new("full-meanwhile", &["api"]).await?;
    setup.must(&["switch", "api", "--to", "green", "--yes", "--verify-for=0"]).await?;
    let filler = writer_of(&setup.ns, "", "services").await?;
    let stopped = setup.stopped_before(&["rollback", "api", "--yes", "--verify-for=0", "-ojson"], is_move).await?;
    // Its own annotations stay as they were read: it relies on them.
    fill(&setup.ns, &filler, Fill { values: 3, spare: 0, without_ours: false }).await?;
    let back = stopped.go_on().await?.ends(0)?.json()?;
    ensure!(active(&setup.ns, "api").await? == "blue", "{back:#}");
    let recorded = annotation(&setup.ns, "api", RECORD).await?.is_some();
    ensure!(back["services"][0]["recorded"] == recorded, "it says what isn't so: {back:#}");
    Ok(())
}

/// A switch that fails takes itself back, recorded or not.
#[tokio::test]
async fn an_unrecorded_switch_that_fails_is_taken_back() -> Result<()> {
    let setup = Setup::new("full-failing", &["api"]).await?;
    let ns = &setup.ns;
    let ready = async |ready: bool| {
        let (behavior, ready) = (format!("{BEHAVIOR}=on-demand"), format!("{READY}={ready}"));
        let words = ["annotate", "pods", "--overwrite", "-l", "version=green", &behavior, &ready];
        ns.kubectl_as(ns.lab().kubeconfig()).must(&words).await
    };
    ready(true).await?;
    setup.settled().await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    fill(ns, &writer_of(ns, "", "services").await?, Fill { values: 1, spare: 10, without_ours: true }).await?;
    let running = start(ns, "switch api --to green --yes --timeout=40s --verify-for=30s -ojson")?;
    eventually("the Service is moved", LIMIT, || async { Ok((active(ns, "api").await? == "green").then_some(())) })
        .await?;
    ready(false).await?;
    let ended = running.wait(BOUND).await?.ends(5)?;
    ensure!(active(ns, "api").await? == "blue", "{}", said(&ended));
    ensure!(ended.json()?["services"][0]["recorded"] == false, "{}", said(&ended));
    Ok(())
}
