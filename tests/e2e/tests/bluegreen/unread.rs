//! A clean-up by somebody who can't see who needs the color: not known is not nobody.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::replicas;
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::bluegreen::{app, blue_green};
use e2e::common::permissions::{bound_to, with_rules};
use e2e::common::run::Ended;
use e2e::namespace;
use k8s_openapi::api::core::v1::Service;
use lab::Namespace;
use serde_json::{Value, json};

/// What taking a color down needs to write, and to see of its own.
fn blind() -> Value {
    let rule = |group: &str, resources: Value, verbs: Value| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    json!([
        rule("", json!(["services"]), json!(["get", "patch"])),
        rule("", json!(["pods"]), json!(["list"])),
        rule("apps", json!(["deployments", "statefulsets"]), json!(["list"])),
        rule("apps", json!(["deployments/scale"]), json!(["get", "patch"])),
        rule("discovery.k8s.io", json!(["endpointslices"]), json!(["list", "watch"])),
    ])
}

/// Green is idle for `api`, and due.
async fn left_green(ns: &Namespace) -> Result<()> {
    blue_green(ns, 1).await?;
    bluegreen(ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    bluegreen(ns, "switch api --to blue --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    Ok(())
}

/// Another Service's only pods would be gone, with exit 0.
#[tokio::test]
async fn who_may_not_list_services_takes_nothing_down() -> Result<()> {
    let ns = namespace("unread-services").await?;
    left_green(&ns).await?;
    let mut other = app::api().service("green");
    other["metadata"]["name"] = json!("other");
    ns.apply(&other).await?;
    let blind = ns.kubectl_as(with_rules(&ns, "blind", &blind()).await?.kubeconfig);
    for words in
        ["cleanup api --yes -ojson", "cleanup api --yes --before-due -ojson", "cleanup api --delete --yes -ojson"]
    {
        let document = bluegreen_as(&blind, words).await?.ends(1)?.json()?;
        let entry = &document["services"][0];
        assert_eq!((&entry["verdict"], &entry["reason"]), (&json!("kept"), &json!("unread")), "{document:#}");
        ensure!(entry["why"].to_string().contains("services (forbidden)"), "{document:#}");
        assert_eq!(replicas(&ns, "api-green").await?, 1, "{words}");
    }
    // Whoever has looked says so by name; where they can be seen, the one that needs it is named.
    let told = bluegreen(&ns, "cleanup api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(told["services"][0]["reason"], "inUse", "{told:#}");
    let next = bluegreen_as(&blind, "cleanup api --yes -ojson").await?.ends(1)?.json()?;
    let next = next["next"].as_str().context("no way on")?.to_owned();
    ensure!(next.contains("--force=neighbours-unread"), "{next}");
    Ok(())
}

/// The documented Role sees all that it has to, and an Ingress that may not be listed is as good as one.
#[tokio::test]
async fn who_may_not_list_ingresses_takes_nothing_down() -> Result<()> {
    let ns = namespace("unread-ingresses").await?;
    left_green(&ns).await?;
    // What an Ingress could lead to; by itself it is no reason to keep the color.
    let mut own = app::api().service("green");
    own["metadata"]["name"] = json!("api-green");
    ns.apply(&own).await?;
    let role = e2e::common::permissions::documented("bluegreen-cleanup")?
        .replace("networkpolicies, ingresses", "networkpolicies");
    let document = {
        let user = with_rules(&ns, "no-ingresses", &rules_of(&role)?).await?;
        bluegreen_as(&ns.kubectl_as(user.kubeconfig), "cleanup api --yes -ojson").await?.ends(1)?.json()?
    };
    assert_eq!(document["services"][0]["reason"], "unread", "{document:#}");
    assert_eq!(replicas(&ns, "api-green").await?, 1);
    let cleaner = ns.kubectl_as(bound_to(&ns, "bluegreen-cleanup").await?.kubeconfig);
    bluegreen_as(&cleaner, "cleanup api --yes").await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-green").await?, 0);
    Ok(())
}

/// Each kind of neighbour that a clean-up asks about, and that its Role grants: without any one of them nobody
/// knows who needs the color.
#[tokio::test]
async fn each_kind_that_may_not_be_read_keeps_the_color() -> Result<()> {
    let ns = namespace("unread-each").await?;
    left_green(&ns).await?;
    let all = rules_of(&e2e::common::permissions::documented("bluegreen-cleanup")?)?;
    for kind in [
        "services",
        "virtualservices",
        "destinationrules",
        "httproutes",
        "grpcroutes",
        "ingresses",
        "poddisruptionbudgets",
        "horizontalpodautoscalers",
        "replicasets",
        "targetgroupbindings",
    ] {
        if ["destinationrules", "grpcroutes", "ingresses"].contains(&kind) {
            // Asked for only where there is something that they could be about.
            ns.apply_all(&[own_service(), subset_route()]).await?;
        }
        let user = with_rules(&ns, &format!("no-{kind}"), &without_listing(&all, kind)).await?;
        let user = ns.kubectl_as(user.kubeconfig);
        let document = bluegreen_as(&user, "cleanup api --yes -ojson").await?.ends(1)?.json()?;
        let entry = &document["services"][0];
        ensure!(entry["reason"] == "unread" && entry["why"].to_string().contains(kind), "{kind}: {document:#}");
        assert_eq!(replicas(&ns, "api-green").await?, 1, "{kind}");
    }
    // An annotation that accepts findings counts for moves; not for what takes pods away.
    let accept =
        json!({"metadata": {"annotations": {"kubectl-release.dev/accept": "neighbours-unread,changed-since"}}});
    ns.patch::<Service>("api", accept).await?;
    let blind = ns.kubectl_as(with_rules(&ns, "blind", &blind()).await?.kubeconfig);
    bluegreen_as(&blind, "cleanup api --yes").await?.ends(1)?;
    assert_eq!(replicas(&ns, "api-green").await?, 1);
    // Whoever has looked elsewhere says so by name.
    bluegreen_as(&blind, "cleanup api --yes --force=neighbours-unread").await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-green").await?, 0);
    Ok(())
}

fn own_service() -> Value {
    let mut own = app::api().service("green");
    own["metadata"]["name"] = json!("api-green");
    own
}

/// A VirtualService of another host that names a subset, so that DestinationRules are looked up.
fn subset_route() -> Value {
    json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "other"},
        "spec": {"hosts": ["other"], "http": [{"route": [{"destination": {"host": "other", "subset": "v1"}}]}]}})
}

/// The same rules, but for one kind that may be fetched and not be listed.
fn without_listing(rules: &Value, kind: &str) -> Value {
    let others = |rule: &Value| -> Value {
        let resources = rule["resources"].as_array().cloned().unwrap_or_default();
        let mut rule = rule.clone();
        rule["resources"] = resources.into_iter().filter(|resource| resource != kind).collect();
        rule
    };
    let empty = |rule: &Value| rule["resources"].as_array().is_some_and(Vec::is_empty);
    let mut kept: Vec<Value> = rules.as_array().into_iter().flatten().map(others).filter(|rule| !empty(rule)).collect();
    kept.push(json!({"apiGroups": [""], "resources": [kind], "verbs": ["get", "patch"]}));
    Value::Array(kept)
}

fn rules_of(role: &str) -> Result<Value> {
    let role: Value = serde_saphyr::from_str(role)?;
    Ok(role["rules"].clone())
}
