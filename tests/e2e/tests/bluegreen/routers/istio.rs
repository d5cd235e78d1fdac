//! Istio's VirtualService with a subset for each color.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::routed::{object, subsets, two_subsets, virtual_service, weights};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, finding, finding_ids};
use e2e::namespace;
use k8s_openapi::api::core::v1::Service;
use lab::Namespace;
use serde_json::{Value, json};

const ROUTE: &str = "virtualservice/api";
const LIST: &str = "/spec/http/0/route";

async fn mesh(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_subsets(&ns, 2).await?;
    ns.apply(&virtual_service("api", &json!([{"route": subsets(100, 0)}]))).await?;
    Ok(ns)
}

/// Team 1's release moves by its VirtualService: switch, status, history, rollback, and the old color goes at last.
#[tokio::test]
async fn a_release_goes_there_and_back_by_the_weights() -> Result<()> {
    let ns = mesh("vs-release").await?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let service = &status["services"][0];
    assert_eq!((&service["active"], &service["converged"]), (&json!("blue"), &json!(true)), "{status:#}");
    assert_eq!(service["router"]["weights"], json!({"blue": 100, "green": 0}));
    let before: Service = ns.api().get("api").await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=2s --reason=release").await?.ends(0)?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(0), Some(100)]);
    let after: Service = ns.api().get("api").await?;
    assert_eq!(before.metadata.resource_version, after.metadata.resource_version, "the Service itself is left alone");
    bluegreen(&ns, "switch api --to green --yes").await?.ends(0)?.tells("nothing to do")?;
    bluegreen(&ns, "history api").await?.ends(0)?.tells("release")?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells("virtualservice/")?.tells("kubectl bluegreen rollback api")?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(100), Some(0)]);
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?.tells("active since")?;
    let history = bluegreen(&ns, "history api -ojson").await?.ends(0)?.json()?;
    assert_eq!(history["services"][0]["records"].as_array().map(Vec::len), Some(2), "{history:#}");
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --force=rolled-back").await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(1)?.tells("kept for another")?;
    bluegreen(&ns, "cleanup api --before-due --yes").await?.ends(0)?;
    let deployment: k8s_openapi::api::apps::v1::Deployment = ns.api().get("api-blue").await?;
    assert_eq!(deployment.spec.and_then(|spec| spec.replicas), Some(0));
    bluegreen(&ns, "rollback api --yes --timeout=60s").await?.ends(0)?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(100), Some(0)]);
    Ok(())
}

/// Strangers in the same object would lose their traffic, mirrors and retries.
#[tokio::test]
async fn nothing_else_of_the_route_is_touched() -> Result<()> {
    let ns = namespace("vs-strangers").await?;
    two_subsets(&ns, 1).await?;
    let stranger = json!({"destination": {"host": "legacy"}, "weight": 10});
    let mut shares = subsets(90, 0);
    shares.as_array_mut().context("a list")?.push(stranger);
    let testers = json!([{"headers": {"x-test": {"exact": "1"}}}]);
    let http = json!([
        {"name": "testers", "match": testers, "route": [{"destination": {"host": "api", "subset": "green"}}]},
        {"name": "all", "route": shares, "retries": {"attempts": 3}, "timeout": "2s",
         "mirror": {"host": "api", "subset": "green"}}]);
    ns.apply(&virtual_service("api", &http)).await?;
    let before = object(&ns, ROUTE).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let mut after = object(&ns, ROUTE).await?;
    assert_eq!(after["spec"]["http"][1]["route"][1]["weight"], json!(90));
    assert_eq!(after["spec"]["http"][1]["route"][0]["weight"], json!(0));
    after["spec"]["http"][1]["route"][0]["weight"] = json!(90);
    after["spec"]["http"][1]["route"][1]["weight"] = json!(0);
    assert_eq!(before["spec"], after["spec"]);
    Ok(())
}

/// A canary that somebody else shifts would be ended by a switch that nobody saw coming.
#[tokio::test]
async fn split_weights_are_told_with_numbers_and_ways_on() -> Result<()> {
    let ns = namespace("vs-split").await?;
    two_subsets(&ns, 1).await?;
    ns.apply(&virtual_service("api", &json!([{"route": subsets(95, 5)}]))).await?;
    for words in ["switch api --to green --yes", "rollback api --yes"] {
        let document = bluegreen(&ns, &format!("{words} -ojson")).await?.ends(1)?.json()?;
        assert_eq!(document["reason"], json!("SplitWeights"), "{document:#}");
        let message = document["message"].to_string();
        ensure!(message.contains("blue 95, green 5"), "{message}");
        ensure!(document.to_string().contains("kubectl patch virtualservice/api"), "{document:#}");
    }
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(95), Some(5)]);
    bluegreen(&ns, "status api").await?.ends(0)?.tells("blue 95, green 5")?;
    Ok(())
}

/// What sits between clients and the Service would be emptied if the selector were moved, or is met by nobody.
#[tokio::test]
async fn what_goes_past_the_route_and_what_it_lacks_is_told() -> Result<()> {
    let ns = mesh("vs-past").await?;
    let gateways = json!({"spec": {"gateways": ["public"]}});
    patch(&ns, &gateways).await?;
    let document = bluegreen(&ns, "preflight api --to green -ojson").await?.ends(0)?.json()?;
    let found = finding(&document, "past-route").context("no finding")?;
    ensure!(found["message"].to_string().contains("gateways alone"), "{found:#}");
    let one =
        json!({"spec": {"gateways": null, "http": [{"route": [{"destination": {"host": "api", "subset": "blue"}}]}]}});
    patch(&ns, &one).await?;
    let document = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("RouteLacksColor"), "{document:#}");
    // A Service that selects one color leaves no other one to the route.
    patch(&ns, &json!({"spec": {"http": [{"route": subsets(100, 0)}]}})).await?;
    ns.patch::<Service>("api", json!({"spec": {"selector": {"version": "blue"}}})).await?;
    let document = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    ensure!(finding_ids(&document).contains(&"route-decides".to_owned()), "{document:#}");
    let fix = finding(&document, "route-decides").context("no finding")?["fix"].to_string();
    ensure!(fix.contains("kubectl patch service api"), "{fix}");
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(100), Some(0)]);
    Ok(())
}

async fn patch(ns: &Namespace, patch: &Value) -> Result<()> {
    ns.kubectl(&["patch", ROUTE, "--type=merge", "-p", &patch.to_string()]).await.map(drop)
}

/// Whoever only looks writes nothing, and what would be written is asked of the API server.
#[tokio::test]
async fn dry_runs_and_owners_are_as_for_a_selector() -> Result<()> {
    let ns = mesh("vs-owned").await?;
    for mode in ["client", "server"] {
        bluegreen(&ns, &format!("switch api --to green --dry-run={mode}")).await?.ends(0)?;
        assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(100), Some(0)]);
    }
    let labels = json!({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}}});
    patch(&ns, &labels).await?;
    let document = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    ensure!(finding_ids(&document).contains(&"gitops".to_owned()), "{document:#}");
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --force=gitops").await?.ends(0)?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(0), Some(100)]);
    Ok(())
}
