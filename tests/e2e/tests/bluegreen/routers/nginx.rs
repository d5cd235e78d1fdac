//! Canary Ingresses of ingress-nginx, whose weight shares requests between a Service for each color.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::routed::{
    TOTAL, WEIGHT, canary_ingresses, canary_weight, nginx_class, nginx_ingress, object, two_colors,
};
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::common::paste::paste;
use e2e::common::permissions::bound_to_all;
use e2e::common::run::{Ended, finding, finding_ids};
use e2e::namespace;
use k8s_openapi::api::networking::v1::Ingress;
use lab::Namespace;
use serde_json::{Value, json};

const SWITCH: &str = "switch api --to green --yes --verify-for=0";

async fn routed(test: &str, weight: Option<&str>) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_colors(&ns, 2).await?;
    canary_ingresses(&ns, weight).await?;
    Ok(ns)
}

/// An Ingress without what the API server keeps of its own, and our records.
async fn bare(ns: &Namespace, name: &str) -> Result<Value> {
    let mut object = object(ns, &format!("ingress/{name}")).await?;
    for name in ["managedFields", "resourceVersion", "generation"] {
        object["metadata"][name].take();
    }
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        annotations.retain(|key, _| !key.starts_with("kubectl-release.dev/"));
    }
    Ok(object)
}

async fn annotate(ns: &Namespace, key: &str, value: Option<&str>) -> Result<()> {
    ns.annotate::<Ingress>("api-canary", key, value).await.map(drop)
}

async fn weighs(ns: &Namespace, text: &str) -> Result<()> {
    assert_eq!(canary_weight(ns).await?.as_deref(), Some(text));
    Ok(())
}

/// A switch that is refused by a check, and its message.
async fn refused(ns: &Namespace, id: &str) -> Result<String> {
    let before = canary_weight(ns).await?;
    let document = bluegreen(ns, &format!("{SWITCH} -ojson")).await?.ends(1)?.json()?;
    let found = finding(&document, id).with_context(|| format!("no {id}: {document:#}"))?;
    ensure!(found["severity"] == "block", "{found:#}");
    assert_eq!(canary_weight(ns).await?, before);
    Ok(found["message"].to_string())
}

/// One number of one Ingress changes, and nothing else of either.
#[tokio::test]
async fn a_release_goes_there_and_back_by_one_number() -> Result<()> {
    let ns = routed("nginx-release", Some("0")).await?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let router = &status["services"][0]["router"];
    assert_eq!(router["name"].as_str(), Some(&*format!("nginx/{}/api-canary", ns.name())));
    assert_eq!(router["weights"], json!({"blue": 100, "green": 0}));
    bluegreen(&ns, "preflight api --to green").await?.ends(0)?;
    let (before, main) = (bare(&ns, "api-canary").await?, object(&ns, "ingress/api").await?);
    for mode in ["client", "server"] {
        bluegreen(&ns, &format!("switch api --to green --dry-run={mode}")).await?.ends(0)?;
        assert_eq!(bare(&ns, "api-canary").await?, before);
    }
    bluegreen(&ns, "switch api --to green --yes --verify-for=2s").await?.ends(0)?.tells("service/api switched")?;
    let mut after = bare(&ns, "api-canary").await?;
    assert_eq!(after["metadata"]["annotations"][WEIGHT], json!("100"));
    after["metadata"]["annotations"][WEIGHT] = json!("0");
    assert_eq!(after, before);
    bluegreen(&ns, "history api").await?.ends(0)?.tells("green")?;
    bluegreen(&ns, SWITCH).await?.ends(0)?.tells("active already")?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(bare(&ns, "api-canary").await?, before);
    assert_eq!(object(&ns, "ingress/api").await?, main, "the main Ingress is never written");
    Ok(())
}

/// A canary that nobody has given a weight yet, and totals of one's own (ingress-nginx#6338: below 100 it is 100).
#[tokio::test]
async fn weights_are_written_as_the_controller_counts_them() -> Result<()> {
    let ns = routed("nginx-totals", None).await?;
    let before = bare(&ns, "api-canary").await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    let mut after = bare(&ns, "api-canary").await?;
    let annotations = after["metadata"]["annotations"].as_object_mut().context("no annotations")?;
    assert_eq!(annotations.remove(WEIGHT), Some(json!("100")));
    assert_eq!(after, before);
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    weighs(&ns, "0").await?;
    for (total, all) in [("1000", "1000"), ("10", "100"), ("many", "100")] {
        annotate(&ns, TOTAL, Some(total)).await?;
        bluegreen(&ns, &format!("{SWITCH} --force=rolled-back")).await?.ends(0)?;
        weighs(&ns, all).await?;
        bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
        weighs(&ns, "0").await?;
    }
    Ok(())
}

/// A canary that is under way is not written over: its numbers are told, with the commands that end it either way.
#[tokio::test]
async fn weights_that_are_split_are_left_alone() -> Result<()> {
    let ns = routed("nginx-split", Some("25")).await?;
    annotate(&ns, TOTAL, Some("1000")).await?;
    let document = bluegreen(&ns, &format!("{SWITCH} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("SplitWeights"), "{document:#}");
    ensure!(document["message"].to_string().contains("blue 975, green 25"), "{document:#}");
    weighs(&ns, "25").await?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells("blue 975, green 25")?;
    let mut commands = document["next"].as_str().unwrap_or_default().lines();
    let to_blue = commands.rfind(|command| command.contains(r#""value":"0""#));
    paste(&ns, to_blue.with_context(|| format!("{document:#}"))?.trim()).await?.ends(0)?;
    weighs(&ns, "0").await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    weighs(&ns, "1000").await
}

/// What ingress-nginx passes over without a word would be written, called verified, and reach nobody: a path of its own
/// (ingress-nginx#9830), a host of its own, and a backend that an older Ingress leads to (ingress-nginx#10729).
#[tokio::test]
async fn a_canary_that_its_controller_ignores_is_not_moved() -> Result<()> {
    let ns = routed("nginx-ignored", Some("0")).await?;
    let class = nginx_class(&ns).await?;
    let rules = "/spec/rules/0/http/paths";
    let mut canary = object(&ns, "ingress/api-canary").await?;
    let plain = canary["spec"].clone();
    let mut more = plain["rules"][0]["http"]["paths"][0].clone();
    more["path"] = json!("/cart");
    canary.pointer_mut(rules).and_then(Value::as_array_mut).context("no paths")?.push(more);
    ns.patch::<Ingress>("api-canary", json!({"spec": &canary["spec"]})).await?;
    let why = refused(&ns, "route-refused").await?;
    ensure!(why.contains("/cart"), "{why}");
    bluegreen(&ns, "status api").await?.tells("/cart")?;
    let mut second = plain["rules"][0].clone();
    second["host"] = json!("www.example2.com");
    ns.patch::<Ingress>("api-canary", json!({"spec": {"rules": [&plain["rules"][0], second]}})).await?;
    let why = refused(&ns, "route-refused").await?;
    ensure!(why.contains("www.example2.com"), "{why}");
    ns.patch::<Ingress>("api-canary", json!({"spec": &plain})).await?;
    bluegreen(&ns, "preflight api --to green").await?.ends(0)?;
    // The preview is older by now.
    ns.kubectl(&["delete", "ingress", "api-canary"]).await?;
    let mut preview = nginx_ingress("preview", &class, "api-green", &json!({}));
    preview["spec"]["rules"][0]["host"] = json!("next.example.com");
    ns.apply(&preview).await?;
    canary_ingresses(&ns, Some("0")).await?;
    let why = refused(&ns, "route-refused").await?;
    ensure!(why.contains("ingress/preview"), "{why}");
    ns.kubectl(&["delete", "ingress", "preview"]).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    ns.kubectl(&["delete", "ingress", "api"]).await?;
    bluegreen(&ns, "status api").await?.tells("ingress/api-canary")?;
    bluegreen(&ns, "rollback api --yes").await?.ends(1)?.tells("ingress/api-canary")?;
    weighs(&ns, "100").await
}

/// The same verbs: what is idle is deployed to and moved to again, in lists too.
#[tokio::test]
async fn a_deploy_moves_the_weight() -> Result<()> {
    let ns = routed("nginx-deploy", Some("0")).await?;
    let deploy = "deploy api --image app=registry.example.com/api:1.6.0";
    let output = bluegreen(&ns, &format!("{deploy} --dry-run=client -oyaml")).await?.ends(0)?;
    ensure!(
        output.stdout.contains("kind: Ingress")
            && output.stdout.contains("canary-weight: '100'") | output.stdout.contains("canary-weight: \"100\""),
        "{}",
        output.stdout
    );
    bluegreen(&ns, &format!("{deploy} --yes --verify-for=0")).await?.ends(0)?;
    weighs(&ns, "100").await?;
    bluegreen(&ns, "status").await?.ends(0)?.tells("green")?;
    bluegreen(&ns, "history api -ojson").await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    weighs(&ns, "0").await
}

/// Annotations of ingress-nginx on an Ingress of another controller decide nothing, and are not moved.
#[tokio::test]
async fn an_ingress_of_another_class_is_not_moved() -> Result<()> {
    let ns = routed("nginx-class", Some("0")).await?;
    let name = format!("f5-{}", ns.name());
    let class = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": &name},
        "spec": {"controller": "nginx.org/ingress-controller"}});
    ns.apply(&class).await?;
    for ingress in ["api", "api-canary"] {
        ns.patch::<Ingress>(ingress, json!({"spec": {"ingressClassName": &name}})).await?;
    }
    bluegreen(&ns, SWITCH).await?.ends(1)?;
    bluegreen(&ns, &format!("{SWITCH} --router=nginx/api-canary")).await?.ends(1)?;
    weighs(&ns, "0").await?;
    let own = nginx_class(&ns).await?;
    ns.patch::<Ingress>("api-canary", json!({"spec": {"ingressClassName": &own}})).await?;
    bluegreen(&ns, &format!("{SWITCH} --router=nginx/api-canary"))
        .await?
        .ends(1)?
        .tells("no other Ingress of its class")?;
    ns.patch::<Ingress>("api", json!({"spec": {"ingressClassName": &own}})).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    weighs(&ns, "100").await
}

/// Two hosts with a canary each: which one is meant is said, with commands; the other one goes on, and is told.
#[tokio::test]
async fn canaries_are_named_and_what_goes_past_them_is_told() -> Result<()> {
    let ns = routed("nginx-named", Some("0")).await?;
    let class = nginx_class(&ns).await?;
    let on = |name: &str, service: &str, annotations: Value| {
        let mut ingress = nginx_ingress(name, &class, service, &annotations);
        ingress["spec"]["rules"][0]["host"] = json!("admin.example.com");
        ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] = json!({"name": "http"});
        ingress
    };
    ns.apply(&on("admin", "api-blue", json!({}))).await?;
    ns.apply(&on("admin-canary", "api-green", json!({"nginx.ingress.kubernetes.io/canary": "true", WEIGHT: "0"})))
        .await?;
    let one = format!("--router=nginx/{}/api-canary", ns.name());
    bluegreen(&ns, "switch api --to green --yes").await?.ends(1)?.tells(&one)?;
    annotate(&ns, "nginx.ingress.kubernetes.io/canary-by-header", Some("X-Canary")).await?;
    let document = bluegreen(&ns, &format!("{SWITCH} {one} -ojson")).await?.ends(0)?.json()?;
    let told = finding_ids(&document).into_iter().filter(|id| id == "past-route").count();
    ensure!(told >= 2, "{document:#}");
    weighs(&ns, "100").await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    weighs(&ns, "0").await?;
    ns.annotate::<Ingress>("api", "nginx.ingress.kubernetes.io/affinity", Some("cookie")).await?;
    let document = bluegreen(&ns, &format!("preflight api --to green {one} -ojson")).await?.json()?;
    ensure!(finding_ids(&document).contains(&"route-sticky".to_owned()), "{document:#}");
    Ok(())
}

/// argo-rollouts#3541: one canary for the paths of two applications would move both.
#[tokio::test]
async fn one_weight_for_two_applications_moves_neither() -> Result<()> {
    let ns = routed("nginx-several", Some("0")).await?;
    for (ingress, service) in [("api", "cart"), ("api-canary", "cart-next")] {
        let backend = json!({"service": {"name": service, "port": {"number": 80}}});
        let path = json!([{"op": "add", "path": "/spec/rules/0/http/paths/-",
            "value": {"path": "/cart", "pathType": "Prefix", "backend": backend}}]);
        ns.kubectl(&["patch", "ingress", ingress, "--type=json", "-p", &path.to_string()]).await?;
    }
    bluegreen(&ns, SWITCH).await?.ends(1)?.tells("cart and cart-next")?;
    weighs(&ns, "0").await
}

/// The rights are those on the Ingress; classes belong to the cluster, and one called `nginx` needs none.
#[tokio::test]
async fn whoever_may_move_routes_may_move_it() -> Result<()> {
    let ns = routed("nginx-rights", Some("0")).await?;
    for ingress in ["api", "api-canary"] {
        ns.patch::<Ingress>(ingress, json!({"spec": {"ingressClassName": "nginx"}})).await?;
    }
    let reader = bound_to_all(&ns, &["bluegreen"]).await?;
    bluegreen_as(&ns.kubectl_as(&reader.kubeconfig), SWITCH).await?.ends(1)?.tells("cannot patch")?;
    let writer = bound_to_all(&ns, &["bluegreen", "bluegreen-routes"]).await?;
    let kubectl = ns.kubectl_as(&writer.kubeconfig);
    bluegreen_as(&kubectl, SWITCH).await?.ends(0)?;
    bluegreen_as(&kubectl, "rollback api --yes").await?.ends(0)?;
    weighs(&ns, "0").await
}
