//! Cases that can't be decided, or where something else decides.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::routed::weights;
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::versions;
use e2e::bluegreen::{active, blue_green};
use e2e::common::run::{Ended, finding};
use e2e::namespace;
use k8s_openapi::api::core::v1::Service;
use serde_json::json;

use super::{deploy, every_line_works, labels, moves, selector, service, workload};

const IMAGE: &str = "registry.example.com/api:1";
const SWITCH: &str = "switch api --to green --yes --verify-for=0";

/// With three colors, a guess would put the wrong version live.
#[tokio::test]
async fn three_colors_need_a_name_and_each_line_to_paste_works() -> Result<()> {
    let ns = namespace("three-colors").await?;
    let colors = ["blue", "green", "red"];
    let mut objects: Vec<_> = colors
        .iter()
        .map(|color| workload("Deployment", &format!("api-{color}"), &format!("app=api version={color}"), IMAGE))
        .collect();
    objects.push(service("api", "app=api version=blue"));
    deploy(&ns, &objects).await?;
    let document = bluegreen(&ns, "preflight api -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "AmbiguousColor");
    let next = document["next"].as_str().context("no next step")?;
    // Who only checks is shown what only checks.
    assert_eq!(every_line_works(&ns, next, "").await?, 2);
    ensure!(next.lines().all(|line| line.contains("bluegreen preflight api --to ")), "{next}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Two labels that could be meant: a guess would cross a version with a track.
#[tokio::test]
async fn two_possible_labels_are_asked_about() -> Result<()> {
    let ns = namespace("two-labels").await?;
    deploy(
        &ns,
        &[
            workload("Deployment", "api-1", "app=api track=stable version=blue", IMAGE),
            workload("Deployment", "api-2", "app=api track=stable version=green", IMAGE),
            workload("Deployment", "api-3", "app=api track=canary version=blue", IMAGE),
            service("api", "app=api track=stable version=blue"),
        ],
    )
    .await?;
    let before = versions(&ns).await?;
    let document = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "AmbiguousTrackKey");
    assert_eq!(versions(&ns).await?, before);
    let next = document["next"].as_str().context("no next step")?;
    // Along the other one there is no green, which is said and not offered.
    ensure!(next.starts_with("kubectl bluegreen switch api --to green --track-key version "), "{next}");
    let hint = document["hint"].as_str().unwrap_or_default();
    ensure!(hint.contains("--track-key track has canary"), "{document:#}");
    moves(&ns, "api", "--to green --track-key version", "app=api track=stable version=green").await?;
    // The record remembers the label; without it, the annotation says it.
    ns.annotate::<Service>("api", e2e::bluegreen::written::RECORD, None).await?;
    bluegreen(&ns, SWITCH).await?.ends(1)?;
    ns.annotate::<Service>("api", "kubectl-release.dev/track-key", Some("version")).await?;
    moves(&ns, "api", "--to green", "app=api track=stable version=green").await
}

/// Traffic of one application would go to another that happens to have the same version label.
#[tokio::test]
async fn another_application_is_no_color() -> Result<()> {
    let ns = namespace("two-apps").await?;
    deploy(
        &ns,
        &[
            workload("Deployment", "api-blue", "app=api version=blue", IMAGE),
            workload("Deployment", "api-green", "app=api version=green", IMAGE),
            workload("Deployment", "web-blue", "app=web version=blue", IMAGE),
            workload("Deployment", "web-green", "app=web version=green", IMAGE),
            service("api", "app=api version=blue"),
            service("web", "app=web version=blue"),
        ],
    )
    .await?;
    moves(&ns, "api", "--to green", "app=api version=green").await?;
    assert_eq!(selector(&ns, "web").await?, labels("app=web version=blue"));
    bluegreen(&ns, "switch api --to web --yes").await?.ends(1)?;
    // One application with one version: nothing to switch to, and said so.
    deploy(
        &ns,
        &[workload("Deployment", "solo", "app=solo version=blue", IMAGE), service("solo", "app=solo version=blue")],
    )
    .await?;
    let document = bluegreen(&ns, "preflight solo -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "OnlyOneColor");
    bluegreen(&ns, "status solo").await?.ends(0)?;
    Ok(())
}

/// In a mesh, moving the selector empties the subset that the route sends everybody to.
#[tokio::test]
async fn a_mesh_route_that_decides_is_named() -> Result<()> {
    let ns = namespace("mesh").await?;
    blue_green(&ns, 1).await?;
    let subset = |name: &str| json!({"name": name, "labels": {"version": name}});
    let to = |name: &str, weight: u8| json!({"destination": {"host": "api", "subset": name}, "weight": weight});
    ns.apply_all(&[
        json!({"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "api"},
            "spec": {"host": "api", "subsets": [subset("blue"), subset("green")]}}),
        json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "api-routes"},
            "spec": {"hosts": ["api"], "http": [{"route": [to("blue", 100), to("green", 0)]}]}}),
    ])
    .await?;
    let document = bluegreen(&ns, &format!("{SWITCH} -ojson")).await?.ends(1)?.json()?;
    let found = finding(&document, "route-decides").context("no finding")?;
    ensure!(found["message"].as_str().unwrap_or_default().contains("virtualservice/api-routes"), "{found:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    // As most meshes have it: the Service selects every color, and the route's weights are what is moved.
    ns.patch::<Service>("api", json!({"spec": {"selector": {"app": "api", "version": null}}})).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    assert_eq!(weights(&ns, "virtualservice/api-routes", "/spec/http/0/route").await?, [Some(0), Some(100)]);
    Ok(())
}

/// Both shares of a weighted route would go to one color: whose share is whose is for a person to say.
#[tokio::test]
async fn a_gateway_route_that_splits_is_not_overwritten() -> Result<()> {
    let ns = namespace("gateway").await?;
    blue_green(&ns, 1).await?;
    let backend = |name: &str, weight: u8| json!({"name": name, "port": 80, "weight": weight});
    ns.apply_all(&[
        service("api-next", "app=api version=green"),
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "api-split"},
            "spec": {"rules": [{"backendRefs": [backend("api", 90), backend("api-next", 10)]}]}}),
    ])
    .await?;
    let document = bluegreen(&ns, &format!("{SWITCH} -ojson")).await?.ends(1)?.json()?;
    ensure!(document["message"].as_str().unwrap_or_default().contains("httproute/api-split"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A Service for all colors would be given one of them, and the other color's pods lose traffic.
#[tokio::test]
async fn a_service_of_every_color_is_left_so() -> Result<()> {
    let ns = namespace("every-color").await?;
    deploy(
        &ns,
        &[
            workload("Deployment", "api-blue", "app=api version=blue", IMAGE),
            workload("Deployment", "api-green", "app=api version=green", IMAGE),
            service("api", "app=api"),
        ],
    )
    .await?;
    let before = versions(&ns).await?;
    for words in [SWITCH, "rollback api --yes", "status api"] {
        bluegreen(&ns, words).await?.ends(1)?.tells("version")?;
    }
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}
