//! What can be known of pods that are ready and that nobody reaches, with the documented Role; and addresses
//! that are in service without anybody's selecting them.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, api, blue_green, green_on_its_own_node};
use e2e::bluegreen::run::{bluegreen, bluegreen_as, start};
use e2e::bluegreen::written::versions;
use e2e::common::permissions::{bound_to, with_rules};
use e2e::common::pods::pods;
use e2e::common::run::{Ended, finding, finding_ids, said};
use e2e::{LIMIT, namespace};
use lab::eventually;
use serde_json::json;

fn seconds_since(at: jiff::Timestamp) -> i64 {
    jiff::Timestamp::now().duration_since(at).as_secs()
}

/// No Role can give nodes: another Service over green's pods tells that nobody reaches them.
#[tokio::test]
async fn what_another_service_leaves_out_is_no_target() -> Result<()> {
    let ns = namespace("left-out").await?;
    let node = green_on_its_own_node(&ns).await?;
    let user = ns.kubectl_as(bound_to(&ns, "bluegreen").await?.kubeconfig);
    eventually("pods are some seconds old", LIMIT, || async {
        let created = pods(&ns, "version=green").await?.into_iter().filter_map(|pod| pod.metadata.creation_timestamp);
        Ok(created.map(|time| time.0).all(|at| seconds_since(at) > 11).then_some(()))
    })
    .await?;
    node.leave().await?;
    // A node that goes is no reason for the controller to look at Services again; this is one.
    let mut preview = api().service("green");
    preview["metadata"]["name"] = json!("preview");
    ns.apply(&preview).await?;
    let refused = eventually("the slices tell", LIMIT, || async {
        let output = bluegreen_as(&user, "preflight api --to green -ojson").await?;
        Ok(finding(&output.json()?, "pods-not-ready").is_some().then_some(output))
    })
    .await?
    .ends(1)?
    .json()?;
    ensure!(finding_ids(&refused).contains(&"no-ready-pods".to_owned()), "{refused:#}");
    let why = finding(&refused, "pods-not-ready").context("no reason")?["message"].to_string();
    ensure!(why.contains("service/preview"), "{why}");
    bluegreen_as(&user, "switch api --to green --yes").await?.ends(1)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Where nothing tells before, the Service is taken back as soon as it is empty, with the controller's reason.
#[tokio::test]
async fn what_nobody_can_know_before_is_taken_back_at_once() -> Result<()> {
    let ns = namespace("left-out-unseen").await?;
    let node = green_on_its_own_node(&ns).await?;
    node.leave().await?;
    let all = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    let user = ns.kubectl_as(with_rules(&ns, "all-of-the-namespace", &all).await?.kubeconfig);
    let output = bluegreen_as(&user, "switch api --to green --yes --verify-for=20s").await?.ends(5)?;
    ensure!(output.stderr.contains("FailedToUpdateEndpointSlices"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A node that goes leaves its endpoints in, until something else makes the controller look: "verified", while every
/// request hangs.
#[tokio::test]
async fn a_node_that_goes_while_it_is_watched_is_no_proof() -> Result<()> {
    let ns = namespace("node-goes-in-watch").await?;
    let node = green_on_its_own_node(&ns).await?;
    let running = start(&ns, "switch api --to green --yes --verify-for=8s -ojson")?;
    bluegreen(&ns, "status api --wait-for converged --wait-for active=green --timeout 60s").await?.ends(0)?;
    node.leave().await?;
    let output = running.wait(LIMIT).await?.ends(5)?;
    assert_eq!(active(&ns, "api").await?, "blue", "{}", said(&output));
    // Nor are they a warm way forward.
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(!status.stdout.contains("its pods are ready"), "{}", said(&status));
    Ok(())
}

/// Nothing would be proven by a run that has no time: it went there and back, and called the target failed.
#[tokio::test]
async fn without_time_nothing_is_written() -> Result<()> {
    let ns = namespace("no-time").await?;
    blue_green(&ns, 1).await?;
    let before = versions(&ns).await?;
    for words in ["switch api --to green --timeout 0s --yes", "switch api --to green --scale --timeout 0s --yes"] {
        bluegreen(&ns, words).await?.ends(4)?;
        assert_eq!(versions(&ns).await?, before, "{words}");
    }
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    Ok(())
}

/// A restored backup leaves addresses of pods that are no more: a third of the requests hang, and `status`
/// says that all is well.
#[tokio::test]
async fn addresses_of_nobody_are_told_and_are_not_converged() -> Result<()> {
    let ns = namespace("addresses-of-nobody").await?;
    blue_green(&ns, 2).await?;
    ns.apply(&json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": "restored", "labels": {"kubernetes.io/service-name": "api"}}, "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}],
        "endpoints": [{"addresses": ["10.9.9.9"], "conditions": {"ready": true}}]}))
        .await?;
    let service = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?["services"][0].clone();
    assert_eq!(service["converged"], false, "{service:#}");
    ensure!(service["notes"].to_string().contains("endpointslice/restored"), "{service:#}");
    bluegreen(&ns, "status api --wait-for converged --timeout 1s").await?.ends(4)?;
    Ok(())
}

/// The Service's port leads to a name that no pod has: nothing is served, and going over to the other color
/// serves nobody either.
#[tokio::test]
async fn a_port_that_leads_nowhere_is_named_and_no_color_is_offered() -> Result<()> {
    let ns = namespace("port-nowhere").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let typo = json!([{"op": "replace", "path": "/spec/ports/0/targetPort", "value": "htpp"}]).to_string();
    ns.kubectl(&["patch", "service", "api", "--type=json", "-p", &typo]).await?.ends(0)?;
    let service = eventually("its endpoints are gone", LIMIT, || async {
        let service = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?["services"][0].clone();
        Ok((service["colors"][0]["endpoints"] == 0).then_some(service))
    })
    .await?;
    let notes = service["notes"].as_array().context("notes")?;
    let note = notes.iter().find(|note| note["id"] == "no-endpoints").context("no note")?;
    ensure!(note["message"].to_string().contains("htpp") && note["fix"].is_null(), "{note:#}");
    let listed = bluegreen(&ns, "status -ojson").await?.ends(0)?.json()?;
    assert_eq!(listed["services"][0]["endpoints"], 0, "{listed:#}");
    bluegreen(&ns, "status").await?.ends(0)?.tells("no ready endpoint")?;
    Ok(())
}
