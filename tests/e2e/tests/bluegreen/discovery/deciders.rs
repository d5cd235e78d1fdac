//! What decides beside the Service's selector, or follows it in its own way.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{api, color};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::{active, blue_green};
use e2e::common::nodes::OwnNode;
use e2e::common::run::{Ended, finding};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use lab::Namespace;
use lab::fixtures::Behavior;
use serde_json::{Value, json};

use super::{deploy, service, workload};

const SWITCH: &str = "switch api --to green --yes --verify-for=0 -ojson";

/// Blue and green, and a second Service that selects green.
async fn with_next(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    blue_green(&ns, 1).await?;
    ns.apply(&service("api-next", "app=api version=green")).await?;
    Ok(ns)
}

/// Wants the switch refused by this check, whose message names this.
async fn refused(ns: &Namespace, id: &str, named: &str) -> Result<()> {
    let document = bluegreen(ns, SWITCH).await?.ends(1)?.json()?;
    let found = finding(&document, id).with_context(|| format!("no {id}: {document:#}"))?;
    ensure!(found["severity"] == "block" && found["message"].to_string().contains(named), "{found:#}");
    assert_eq!(active(ns, "api").await?, "blue");
    Ok(())
}

fn ingress(name: &str, service: &str, annotations: &Value) -> Value {
    let path = json!({"path": "/", "pathType": "Prefix",
        "backend": {"service": {"name": service, "port": {"number": 80}}}});
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "annotations": annotations},
        "spec": {"rules": [{"host": "shop.example.com", "http": {"paths": [path]}}]}})
}

/// Both shares of a gRPC route would go to one color: where it decides it is moved, and not while it splits.
#[tokio::test]
async fn a_grpc_route_that_splits_is_named() -> Result<()> {
    let ns = with_next("grpc").await?;
    let backend = |name: &str, weight: u8| json!({"name": name, "port": 80, "weight": weight});
    ns.apply(
        &json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute", "metadata": {"name": "api-rpc"},
        "spec": {"rules": [{"backendRefs": [backend("api", 90), backend("api-next", 10)]}]}}),
    )
    .await?;
    refused_by_selector(&ns, "route-decides", "grpcroute/api-rpc").await?;
    let document = bluegreen(&ns, SWITCH).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "SplitWeights", "{document:#}");
    ensure!(document["message"].to_string().contains("blue 90, green 10"), "{document:#}");
    Ok(())
}

/// The same where the selector is to be moved all the same.
async fn refused_by_selector(ns: &Namespace, id: &str, named: &str) -> Result<()> {
    let document = bluegreen(ns, &format!("{SWITCH} --router=service")).await?.ends(1)?.json()?;
    let found = finding(&document, id).with_context(|| format!("no {id}: {document:#}"))?;
    ensure!(found["severity"] == "block" && found["message"].to_string().contains(named), "{found:#}");
    Ok(())
}

/// A canary Ingress sends its tenth to the color that all would go to.
#[tokio::test]
async fn a_canary_ingress_is_named_for_as_long_as_it_takes_a_share() -> Result<()> {
    let ns = with_next("canary-ingress").await?;
    let canary = |weight: &str| json!({"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": weight});
    ns.apply_all(&[ingress("shop", "api", &json!({})), ingress("shop-canary", "api-next", &canary("10"))]).await?;
    refused(&ns, "route-decides", "ingress/shop-canary").await?;
    let key = "nginx.ingress.kubernetes.io/canary-weight";
    ns.annotate::<Ingress>("shop-canary", key, Some("0")).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    Ok(())
}

/// Testers who ask for the next version by a header, and a balancer that weighs by itself.
#[tokio::test]
async fn other_ingresses_that_split_are_named_too() -> Result<()> {
    let ns = with_next("split-ingress").await?;
    let by_header =
        json!({"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-by-header": "x-next"});
    ns.apply_all(&[ingress("shop", "api", &json!({})), ingress("testers", "api-next", &by_header)]).await?;
    refused(&ns, "route-decides", "ingress/testers").await?;
    ns.api::<Ingress>().delete("testers", &kube::api::DeleteParams::default()).await?;
    let groups = json!([{"serviceName": "api", "servicePort": 80, "weight": 50}, {"serviceName": "api-next", "servicePort": 80, "weight": 50}]);
    let action = json!({"type": "forward", "forwardConfig": {"targetGroups": groups}}).to_string();
    ns.apply(&ingress("weighted", "use", &json!({"alb.ingress.kubernetes.io/actions.use": action}))).await?;
    refused(&ns, "route-decides", "ingress/weighted").await
}

/// A Service that reaches the active pods by another label would stay behind unseen.
#[tokio::test]
async fn a_twin_by_another_label_is_named_with_what_moves_it() -> Result<()> {
    let ns = namespace("other-twin").await?;
    let image = "registry.example.com/api:1";
    let objects = [
        workload("Deployment", "one", "app=api version=blue slot=a", image),
        workload("Deployment", "two", "app=api version=green slot=b", image),
        service("api", "app=api version=blue"),
        service("intern", "app=api slot=a"),
    ];
    deploy(&ns, &objects).await?;
    refused(&ns, "twin-service", "intern").await?;
    let document = bluegreen(&ns, SWITCH).await?.ends(1)?.json()?;
    let fix = finding(&document, "twin-service").context("no finding")?["fix"].clone();
    let command = fix.as_str().context("no fix")?;
    ensure!(command.contains("switch intern --to b"), "{command}");
    let words = command.trim_start_matches("kubectl bluegreen ").split(" -n ").next().unwrap_or_default();
    bluegreen(&ns, &format!("{words} --yes --verify-for=0")).await?.ends(0)?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    Ok(())
}

/// EKS Auto Mode registers pods with its balancers, although no annotation says so.
#[tokio::test]
async fn the_class_of_eks_auto_mode_has_ip_targets() -> Result<()> {
    let ns = namespace("auto-mode").await?;
    blue_green(&ns, 1).await?;
    let auto = json!({"spec": {"type": "LoadBalancer", "loadBalancerClass": "eks.amazonaws.com/nlb"}});
    ns.patch::<Service>("api", auto).await?;
    refused(&ns, "lb-ip-targets", "NLB").await?;
    let key = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type";
    ns.annotate::<Service>("api", key, Some("instance")).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    Ok(())
}

/// Clients of a zone would lose the pods beside them, and those of a headless Service stay with old ones.
#[tokio::test]
async fn zones_without_the_target_and_headless_clients_are_told() -> Result<()> {
    let ns = namespace("zones").await?;
    let node = OwnNode::join(&ns).await?;
    node.in_zone("eu-1a").await?;
    let app = api().color(color("blue", 2, Behavior::Ready)).color(color("green", 2, Behavior::Ready));
    for object in app.objects() {
        let blue = object["metadata"]["name"] == "api-blue";
        ns.apply(&if blue { node.pinned(object) } else { object }).await?;
    }
    for name in ["deployment/api-blue", "deployment/api-green"] {
        ns.rolled_out(name, LIMIT).await?;
    }
    let preflight = async || bluegreen(&ns, "preflight api --to green -ojson").await?.ends(0)?.json();
    ensure!(finding(&preflight().await?, "zones-uncovered").is_none());
    ns.patch::<Service>("api", json!({"spec": {"trafficDistribution": "PreferClose"}})).await?;
    let found = finding(&preflight().await?, "zones-uncovered").context("no finding")?;
    ensure!(found["severity"] == "warn" && found["message"].to_string().contains("eu-1a"), "{found:#}");
    let mut headless = service("api-direct", "app=api version=blue");
    headless["spec"]["clusterIP"] = json!("None");
    ns.apply(&headless).await?;
    let document = bluegreen(&ns, "preflight api api-direct --to green -ojson").await?.ends(0)?.json()?;
    let found = finding(&document, "headless-dns").context("no finding")?;
    assert_eq!((&found["service"], &found["severity"]), (&json!("api-direct"), &json!("warn")));
    Ok(())
}

/// Green is another version than the one that was tested, and blue another than the one gone back to.
#[tokio::test]
async fn a_color_whose_image_changes_by_itself_is_told() -> Result<()> {
    let ns = namespace("updated").await?;
    blue_green(&ns, 1).await?;
    ns.annotate::<Deployment>("api-blue", "keel.sh/policy", Some("major")).await?;
    let document = bluegreen(&ns, SWITCH).await?.ends(0)?.json()?;
    let found = finding(&document, "image-updater").context("no finding")?;
    ensure!(found["severity"] == "warn" && found["message"].to_string().contains("deploy/api-blue"), "{found:#}");
    Ok(())
}

/// A controller that nobody thought of puts the selector back.
#[tokio::test]
async fn a_service_that_config_sync_applies_is_not_switched() -> Result<()> {
    let ns = namespace("config-sync").await?;
    blue_green(&ns, 1).await?;
    ns.annotate::<Service>("api", "configmanagement.gke.io/managed", Some("enabled")).await?;
    refused(&ns, "gitops", "Config Sync").await
}
