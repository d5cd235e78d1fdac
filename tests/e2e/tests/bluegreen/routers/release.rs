//! A whole release by a route, several Services as one, and a deploy.

use anyhow::{Result, ensure};
use e2e::bluegreen::routed::{http_route, subsets, two_colors, two_subsets, virtual_service, weights};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::Ended;
use e2e::namespace;
use serde_json::json;

/// The pods of the idle color are selected by the live Service, as a subset needs it: it is prepared all the same, and
/// gets requests only once the weights say so.
#[tokio::test]
async fn a_deploy_prepares_the_color_without_requests_and_moves_the_route() -> Result<()> {
    let ns = namespace("vs-deploy").await?;
    two_subsets(&ns, 2).await?;
    ns.apply(&virtual_service("api", &json!([{"route": subsets(100, 0)}]))).await?;
    let words = "deploy api --image app=registry.example.com/api:1.6.0 --yes --verify-for=0";
    bluegreen(&ns, &format!("{words} --no-switch")).await?.ends(0)?;
    assert_eq!(weights(&ns, "virtualservice/api", "/spec/http/0/route").await?, [Some(100), Some(0)]);
    bluegreen(&ns, words).await?.ends(0)?;
    assert_eq!(weights(&ns, "virtualservice/api", "/spec/http/0/route").await?, [Some(0), Some(100)]);
    bluegreen(&ns, "status api").await?.ends(0)?.tells("api:1.6.0")?;
    let output = bluegreen(&ns, "deploy api --image app=registry.example.com/api:1.7.0 --dry-run=client -oyaml")
        .await?
        .ends(0)?;
    ensure!(output.stdout.contains("kind: VirtualService"), "{}", output.stdout);
    Ok(())
}

/// One Service by its selector and one by a route, as one: both or none.
#[tokio::test]
async fn services_move_as_one_whatever_decides_about_each() -> Result<()> {
    let ns = namespace("vs-set").await?;
    two_subsets(&ns, 1).await?;
    ns.apply(&virtual_service("api", &json!([{"route": subsets(100, 0)}]))).await?;
    let all = "switch api api-blue --to green --yes --verify-for=0 --force=twin-service,past-route";
    bluegreen(&ns, all).await?.ends(0)?;
    assert_eq!(weights(&ns, "virtualservice/api", "/spec/http/0/route").await?, [Some(0), Some(100)]);
    bluegreen(&ns, "rollback api api-blue --yes").await?.ends(0)?;
    assert_eq!(weights(&ns, "virtualservice/api", "/spec/http/0/route").await?, [Some(100), Some(0)]);
    Ok(())
}

/// Where both a mesh's subsets and a gateway's backends share requests, none is chosen.
#[tokio::test]
async fn a_mesh_and_a_gateway_are_told_apart_by_name() -> Result<()> {
    let ns = namespace("both-kinds").await?;
    two_colors(&ns, 1).await?;
    ns.apply(&e2e::bluegreen::routed::destination_rule()).await?;
    ns.apply(&virtual_service("api", &json!([{"route": subsets(100, 0)}]))).await?;
    ns.apply(&http_route(1, 0)).await?;
    bluegreen(&ns, "switch api --to green --yes").await?.ends(1)?.tells("--router=httproute/")?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --router=httproute").await?.ends(0)?;
    assert_eq!(weights(&ns, "httproute/api", "/spec/rules/0/backendRefs").await?, [Some(0), Some(1)]);
    Ok(())
}
