//! The first route of a Service whose selector has decided so far: printed, applied by its owner, and moved.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::blue_green;
use e2e::bluegreen::routed::{object, virtual_service, weights};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::versions;
use e2e::common::paste::paste;
use e2e::common::run::{Ended, said};
use e2e::namespace;
use lab::{Namespace, Output};
use serde_json::json;

/// Applies what was printed, and runs the command that was printed beside it.
async fn applied(ns: &Namespace, printed: &Output) -> Result<()> {
    ns.apply_yaml(&printed.stdout).await?;
    let command = printed.stderr.lines().find_map(|line| line.split_once(", by: ").map(|(_, command)| command));
    ensure!(command.is_some(), "{}", said(printed));
    paste(ns, command.unwrap_or_default()).await?.ends(0).map(drop)
}

/// Whoever begins with a mesh would have to write its objects by hand, and finds out in production what is wrong.
#[tokio::test]
async fn a_new_virtualservice_decides_once_it_is_applied() -> Result<()> {
    let ns = namespace("first-vs").await?;
    blue_green(&ns, 1).await?;
    let before = versions(&ns).await?;
    let printed = bluegreen(&ns, "init api --router virtualservice").await?.ends(0)?;
    assert_eq!(versions(&ns).await?, before, "it writes nothing");
    applied(&ns, &printed).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(weights(&ns, "virtualservice/api", "/spec/http/0/route").await?, [Some(0), Some(100)]);
    bluegreen(&ns, "init api --router virtualservice").await?.ends(0)?.tells("decides about service/api already")?;
    Ok(())
}

/// Timeouts, mirrors and hosts of the route that is there would go.
#[tokio::test]
async fn a_virtualservice_that_is_there_keeps_all_else() -> Result<()> {
    let ns = namespace("first-vs-there").await?;
    blue_green(&ns, 1).await?;
    let legacy = json!({"destination": {"host": "legacy"}, "weight": 10});
    let http = json!([{"timeout": "2s", "route": [{"destination": {"host": "api"}, "weight": 90}, legacy]}]);
    ns.apply(&virtual_service("edge", &http)).await?;
    let printed = bluegreen(&ns, "init api --router virtualservice").await?.ends(0)?;
    applied(&ns, &printed).await?;
    let route = object(&ns, "virtualservice/edge").await?;
    assert_eq!(route["spec"]["http"][0]["timeout"], "2s");
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let shares = weights(&ns, "virtualservice/edge", "/spec/http/0/route").await?;
    assert_eq!(shares, [Some(0), Some(90), Some(10)]);
    Ok(())
}

/// The same of a Gateway's route, which is named where none is there.
#[tokio::test]
async fn an_httproute_gets_a_service_for_each_color() -> Result<()> {
    let ns = namespace("first-http").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "init api --router httproute").await?.ends(1)?.tells("--gateway")?;
    let printed = bluegreen(&ns, "init api --router httproute --gateway infra/public").await?.ends(0)?;
    applied(&ns, &printed).await?;
    assert_eq!(object(&ns, "httproute/api").await?["spec"]["parentRefs"][0]["namespace"], "infra");
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(weights(&ns, "httproute/api", "/spec/rules/0/backendRefs").await?, [Some(0), Some(1)]);
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    Ok(())
}

/// A Service without colors would get a route between one color and nothing.
#[tokio::test]
async fn a_service_without_colors_is_told_what_comes_first() -> Result<()> {
    let ns = namespace("first-colorless").await?;
    let plain = lab::fixtures::Workload::color("web", "registry.example.com/web:1.4.0").replicas(1);
    ns.apply_all(&plain.objects()).await?;
    ns.rolled_out("deployment/web", e2e::LIMIT).await?;
    bluegreen(&ns, "init web --router virtualservice").await?.ends(1)?.tells("kubectl bluegreen init web")?;
    Ok(())
}

/// Applied as it says, what is printed would overwrite another application's object, or lead to a subset that meets
/// nobody.
#[tokio::test]
async fn names_that_others_have_are_not_printed() -> Result<()> {
    let ns = namespace("first-taken").await?;
    blue_green(&ns, 1).await?;
    let reason = async |words: &str| -> Result<String> {
        let document = bluegreen(&ns, &format!("init api {words} -ojson")).await?.ends(1)?.json()?;
        Ok(document["reason"].as_str().unwrap_or_default().to_owned())
    };
    let port = json!([{"port": 80, "targetPort": 8080}]);
    let legacy = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api-blue"},
        "spec": {"selector": {"app": "legacy"}, "ports": port}});
    ns.apply(&legacy).await?;
    assert_eq!(reason("--router httproute --gateway public").await?, "NameTaken");
    // As it is to be: it is there already, and kept.
    let own = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api-blue"},
        "spec": {"selector": {"app": "api", "version": "blue"}, "ports": port}});
    ns.apply(&own).await?;
    let printed = bluegreen(&ns, "init api --router httproute --gateway public").await?.ends(0)?;
    ensure!(!printed.stdout.contains("name: api-blue\n  namespace"), "{}", said(&printed));
    let mut other = virtual_service("api", &json!([{"route": [{"destination": {"host": "front"}}]}]));
    other["spec"]["hosts"] = json!(["front"]);
    ns.apply(&other).await?;
    assert_eq!(reason("--router virtualservice").await?, "NameTaken");
    ns.kubectl(&["delete", "virtualservice", "api"]).await?;
    let subset = json!([{"name": "blue", "labels": {"track": "old"}}]);
    let rule = json!({"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "api"},
        "spec": {"host": "api", "subsets": subset}});
    ns.apply(&rule).await?;
    assert_eq!(reason("--router virtualservice").await?, "OtherSubset");
    Ok(())
}
