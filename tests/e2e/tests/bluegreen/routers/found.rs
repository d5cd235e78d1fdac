//! Which route decides: one that is alone is found wherever it lives, and of several none is guessed at.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::routed::{destination_rule, object, subsets, two_colors, two_subsets, virtual_service, weights};
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::common::permissions::{bound_to_all, with_rules};
use e2e::common::run::Ended;
use e2e::namespace;
use serde_json::{Value, json};

const LIST: &str = "/spec/http/0/route";

fn commands(document: &Value) -> Vec<String> {
    document["next"].as_str().unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Two routes of one Service: a switch of one of them would be half a switch, and nobody said of which.
#[tokio::test]
async fn of_several_routes_none_is_chosen() -> Result<()> {
    let ns = namespace("vs-several").await?;
    two_subsets(&ns, 1).await?;
    for name in ["edge", "mesh"] {
        ns.apply(&virtual_service(name, &json!([{"route": subsets(100, 0)}]))).await?;
    }
    let output = bluegreen(&ns, "switch api --to green --yes --verify-for=0 -ojson").await?.ends(1)?;
    let document = output.json()?;
    assert_eq!(document["reason"], json!("AmbiguousRouter"), "{document:#}");
    let all = commands(&document);
    let edge = format!("--router=virtualservice/{}/edge", ns.name());
    let command = all.iter().find(|command| command.contains(&edge)).with_context(|| format!("{document:#}"))?;
    ensure!(command.contains("switch api --to green"), "{command}");
    bluegreen(&ns, "status api").await?.ends(1)?.tells("--router=")?;
    bluegreen(&ns, &format!("switch api --to green --yes --verify-for=0 {edge}")).await?.ends(0)?;
    assert_eq!(weights(&ns, "virtualservice/edge", LIST).await?, [Some(0), Some(100)]);
    assert_eq!(weights(&ns, "virtualservice/mesh", LIST).await?, [Some(100), Some(0)]);
    // The record says by which it was moved.
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(weights(&ns, "virtualservice/edge", LIST).await?, [Some(100), Some(0)]);
    bluegreen(&ns, "switch api --to green --router=httproute/api --yes").await?.ends(1)?.tells("does not share")?;
    bluegreen(&ns, "switch api --to green --router=replicas --yes")
        .await?
        .ends(2)?
        .tells("replicas is not honoured yet")?;
    Ok(())
}

/// Rules of one route: moved as one, or one of them, as it is said.
#[tokio::test]
async fn rules_of_a_route_are_named() -> Result<()> {
    let ns = namespace("vs-rules").await?;
    two_subsets(&ns, 1).await?;
    let http = json!([{"name": "v2", "match": [{"uri": {"prefix": "/v2"}}], "route": subsets(100, 0)},
        {"name": "rest", "route": subsets(100, 0)}]);
    ns.apply(&virtual_service("api", &http)).await?;
    bluegreen(&ns, "switch api --to green --yes").await?.ends(1)?.tells(":v2")?.tells(":rest")?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --router=virtualservice/api:rest").await?.ends(0)?;
    assert_eq!(weights(&ns, "virtualservice/api", LIST).await?, [Some(100), Some(0)]);
    assert_eq!(weights(&ns, "virtualservice/api", "/spec/http/1/route").await?, [Some(0), Some(100)]);
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --force=rolled-back --router=virtualservice/api")
        .await?
        .ends(0)?;
    assert_eq!(weights(&ns, "virtualservice/api", LIST).await?, [Some(0), Some(100)]);
    assert_eq!(weights(&ns, "virtualservice/api", "/spec/http/1/route").await?, [Some(0), Some(100)]);
    Ok(())
}

/// Routes live with their gateway, in a namespace that is not the Service's.
#[tokio::test]
async fn a_route_of_another_namespace_is_moved() -> Result<()> {
    let (ns, edge) = (namespace("vs-home").await?, namespace("vs-edge").await?);
    two_colors(&ns, 1).await?;
    ns.apply(&destination_rule()).await?;
    let host = format!("api.{}.svc.cluster.local", ns.name());
    let to = |subset: &str, weight: u32| json!({"destination": {"host": host, "subset": subset}, "weight": weight});
    let mut route = virtual_service("public", &json!([{"route": [to("blue", 100), to("green", 0)]}]));
    route["spec"]["hosts"] = json!([host]);
    edge.apply(&route).await?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells(&format!("virtualservice/{}/public", edge.name()))?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(weights(&edge, "virtualservice/public", LIST).await?, [Some(0), Some(100)]);
    bluegreen(&ns, "history api").await?.ends(0)?.tells("green")?;
    // Who may not look there is told so, and may name it where it may be read by name.
    let rules = json!([
        {"apiGroups": ["", "apps", "discovery.k8s.io", "networking.istio.io"], "resources": ["*"], "verbs": ["get", "list", "watch"]}]);
    let reader = with_rules(&ns, "reader", &rules).await?;
    let kubectl = ns.kubectl_as(&reader.kubeconfig);
    bluegreen_as(&kubectl, "status api").await?.ends(1)?.tells("virtualservices of other namespaces (forbidden)")?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(weights(&edge, "virtualservice/public", LIST).await?, [Some(100), Some(0)]);
    Ok(())
}

/// Whoever may not write the route is told before anything is scaled or written.
#[tokio::test]
async fn rights_are_those_on_the_route() -> Result<()> {
    let ns = namespace("vs-rights").await?;
    two_subsets(&ns, 1).await?;
    ns.apply(&virtual_service("api", &json!([{"route": subsets(100, 0)}]))).await?;
    let rules = json!([
        {"apiGroups": [""], "resources": ["services"], "verbs": ["get", "list", "patch"]},
        {"apiGroups": ["", "apps", "discovery.k8s.io", "networking.istio.io", "autoscaling", "policy", "networking.k8s.io"],
         "resources": ["*"], "verbs": ["get", "list", "watch"]}]);
    let reader = with_rules(&ns, "reader", &rules).await?;
    let kubectl = ns.kubectl_as(&reader.kubeconfig);
    let document = bluegreen_as(&kubectl, "preflight api --to green -ojson").await?.json()?;
    ensure!(document.to_string().contains("you may not patch virtualservice/api"), "{document:#}");
    bluegreen_as(&kubectl, "switch api --to green --yes --verify-for=0").await?.ends(1)?.tells("cannot patch")?;
    let before = object(&ns, "virtualservice/api").await?;
    assert_eq!(before["metadata"]["annotations"]["kubectl-release.dev/bluegreen"], Value::Null);
    let writer = bound_to_all(&ns, &["bluegreen", "bluegreen-routes"]).await?;
    let kubectl = ns.kubectl_as(&writer.kubeconfig);
    bluegreen_as(&kubectl, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    bluegreen_as(&kubectl, "rollback api --yes").await?.ends(0)?;
    Ok(())
}
