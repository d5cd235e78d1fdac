//! A color that isn't there yet is made from the active one.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, api, color, replicas, rolled_out};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, finding, finding_ids, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::Deployment;
use lab::Namespace;
use lab::fixtures::Behavior;
use serde_json::{Value, json};

use super::{NEXT, deployed, images, refused_untouched, written};

async fn only_blue(test: &str, replicas: u32) -> Result<Namespace> {
    let ns = namespace(test).await?;
    rolled_out(&ns, &api().color(color("blue", replicas, Behavior::Ready))).await?;
    Ok(ns)
}

async fn object(ns: &Namespace, kind: &str, name: &str) -> Result<Value> {
    ns.kubectl(&["get", kind, name, "-ojson"]).await?.ends(0)?.json()
}

/// The first release by colors: there is one Deployment and a Service, and nobody wants to copy manifests.
#[tokio::test]
async fn the_other_color_is_made_and_gets_the_traffic() -> Result<()> {
    let ns = only_blue("deploy-new", 2).await?;
    let document = deployed(&ns, NEXT).await?;
    assert_eq!((active(&ns, "api").await?.as_str(), written(&document)), ("green", vec!["deploy/api-green"]));
    assert_eq!(
        (images(&ns, "api-green").await?, replicas(&ns, "api-green").await?),
        (vec!["registry.example.com/api:1.6.0".to_owned()], 2)
    );
    let (blue, green) = (object(&ns, "deploy", "api-blue").await?, object(&ns, "deploy", "api-green").await?);
    let labels = json!({"app": "api", "version": "green"});
    for place in ["/metadata/labels", "/spec/selector/matchLabels", "/spec/template/metadata/labels"] {
        assert_eq!(green.pointer(place), Some(&labels), "{place}");
    }
    let pod = |object: &Value| object["spec"]["template"]["spec"]["volumes"].clone();
    assert_eq!(pod(&blue), pod(&green));
    assert_eq!(
        blue["spec"]["template"]["metadata"]["annotations"],
        green["spec"]["template"]["metadata"]["annotations"]
    );
    let copied = |key: &str| green["metadata"]["annotations"].get(key).is_some();
    ensure!(
        !copied("kubectl.kubernetes.io/last-applied-configuration"),
        "the next apply of blue would be green's: {green:#}"
    );
    // Back, and forward to the next one on blue.
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Team 3's set-up: two bare Deployments told apart by `track` behind a load balancer, green not there yet.
const SHOP: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: myapp-blue}
spec:
  replicas: 3
  selector: {matchLabels: {app: myapp, track: blue}}
  template:
    metadata: {labels: {app: myapp, track: blue}}
    spec:
      containers:
        - name: myapp
          image: registry.example.com/myapp:v1
          resources: {requests: {memory: 128Mi, cpu: 100m}}
          ports: [{containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: myapp-svc}
spec:
  type: LoadBalancer
  ports: [{port: 80, targetPort: 8080}]
  selector: {app: myapp, track: blue}
"#;

/// A team that has two Deployments behind a load balancer releases, looks, goes back, and releases again.
#[tokio::test]
async fn two_deployments_behind_a_load_balancer_are_released_to_and_fro() -> Result<()> {
    let ns = namespace("deploy-shop").await?;
    ns.apply_yaml(SHOP).await?;
    ns.rolled_out("deployment/myapp-blue", LIMIT).await?;
    let track = async || -> Result<String> {
        Ok(ns.kubectl(&["get", "service", "myapp-svc", "-ojsonpath={.spec.selector.track}"]).await?.stdout)
    };
    let deploy =
        |tag: &str| format!("deploy myapp-svc --image myapp=registry.example.com/myapp:{tag} --yes --verify-for=0");
    deployed(&ns, &deploy("v2")).await?;
    assert_eq!((track().await?.as_str(), replicas(&ns, "myapp-green").await?), ("green", 3));
    bluegreen(&ns, "rollback myapp-svc --yes").await?.ends(0)?;
    assert_eq!(track().await?, "blue");
    deployed(&ns, &deploy("v3")).await?;
    assert_eq!(
        (track().await?.as_str(), images(&ns, "myapp-green").await?),
        ("green", vec!["registry.example.com/myapp:v3".to_owned()])
    );
    deployed(&ns, &deploy("v4")).await?;
    assert_eq!(
        (track().await?.as_str(), images(&ns, "myapp-blue").await?),
        ("blue", vec!["registry.example.com/myapp:v4".to_owned()])
    );
    Ok(())
}

/// A StatefulSet's pods get claims of their own: nobody should look for the data there.
#[tokio::test]
async fn a_stateful_set_is_made_with_empty_claims_and_that_is_said() -> Result<()> {
    let ns = namespace("deploy-sts").await?;
    let claim = json!([{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]);
    let blue = color("blue", 1, Behavior::Ready).stateful().spec("volumeClaimTemplates", claim);
    ns.apply_all(&api().color(blue).objects()).await?;
    let shown = bluegreen(&ns, "deploy api --image app=registry.example.com/api:1.6.0 --dry-run").await?.ends(0)?;
    ensure!(shown.stderr.contains("no data is copied"), "{}", said(&shown));
    ensure!(shown.stderr.contains("create sts/api-green"), "{}", said(&shown));
    Ok(())
}

/// A move from a Deployment to a StatefulSet, one color at a time: the next release would make a second workload beside
/// the old color's, and twice its pods.
#[tokio::test]
async fn a_color_of_another_kind_gets_no_second_workload() -> Result<()> {
    let ns = namespace("deploy-kinds").await?;
    let (blue, green) = (color("blue", 1, Behavior::Ready).stateful(), color("green", 1, Behavior::Ready));
    ns.apply_all(&api().color(blue).color(green).objects()).await?;
    let words = "deploy api --image app=registry.example.com/api:1.6.0 --yes -ojson";
    let document = bluegreen(&ns, words).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "OtherKind", "{document:#}");
    Ok(())
}

/// Something else would be overwritten, or its pods get the traffic.
#[tokio::test]
async fn a_name_that_is_taken_is_left_alone() -> Result<()> {
    let ns = only_blue("deploy-taken", 1).await?;
    let mut other = api().workload(&color("green", 1, Behavior::Ready));
    for labels in ["/metadata/labels", "/spec/selector/matchLabels", "/spec/template/metadata/labels"] {
        *other.pointer_mut(labels).context("labels")? = json!({"app": "other"});
    }
    ns.apply(&other).await?;
    let document = refused_untouched(&ns).await?;
    assert_eq!(document["reason"], "NameTaken", "{document:#}");
    Ok(())
}

/// Nobody knows what comes after `v1`; a slip in a color's name makes another one.
#[tokio::test]
async fn the_other_color_is_named_where_it_can_not_be_known() -> Result<()> {
    let ns = namespace("deploy-named").await?;
    let named = |name: &str| lab::fixtures::Workload::color(name, "registry.example.com/api:1").replicas(1);
    rolled_out(&ns, &api().color(named("v1"))).await?;
    let document = bluegreen(&ns, &format!("{NEXT} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "NoOtherColor", "{document:#}");
    deployed(&ns, &format!("{NEXT} --to v2")).await?;
    assert_eq!(active(&ns, "api").await?, "v2");
    let third = bluegreen(&ns, "deploy api --image app=registry.example.com/api:3 --to v3 --dry-run -ojson")
        .await?
        .ends(0)?
        .json()?;
    ensure!(finding(&third, "new-color").is_some(), "{third:#}");
    let same = bluegreen(&ns, "deploy api --image app=registry.example.com/api:3 --to v2 --yes -ojson")
        .await?
        .ends(1)?
        .json()?;
    assert_eq!(same["reason"], "ActiveColor", "{same:#}");
    Ok(())
}

/// Settings of the one color would be the other's, a disk be waited for, and autoscalers count both.
#[tokio::test]
async fn what_both_colors_would_share_is_told() -> Result<()> {
    let ns = namespace("deploy-shared").await?;
    let mut blue = api().workload(&color("blue", 1, Behavior::Ready));
    blue["spec"]["selector"]["matchLabels"] = json!({"app": "api"});
    let pod = &mut blue["spec"]["template"]["spec"];
    pod["containers"][0]["envFrom"] = json!([{"configMapRef": {"name": "api-blue", "optional": true}}]);
    pod["volumes"]
        .as_array_mut()
        .context("volumes")?
        .push(json!({"name": "data", "persistentVolumeClaim": {"claimName": "data"}}));
    ns.apply_all(&[api().service("blue"), blue]).await?;
    let document = bluegreen(&ns, "deploy api --image app=registry.example.com/api:1.6.0 --dry-run -ojson")
        .await?
        .ends(0)?
        .json()?;
    let ids = finding_ids(&document);
    for id in ["named-after-color", "shared-claim", "selector-overlaps"] {
        ensure!(ids.iter().any(|known| known == id), "{id}: {document:#}");
    }
    Ok(())
}

/// A label of the original's by which a tool knows it would make the copy one that is to be pruned.
#[tokio::test]
async fn a_copy_has_no_marks_of_the_originals_owners() -> Result<()> {
    let ns = only_blue("deploy-marks", 1).await?;
    let marks = json!({"metadata": {"labels": {"argocd.argoproj.io/instance": "shop"}, "annotations": {"meta.helm.sh/release-name": "api", "owner.example.com/pager": "shop"}}});
    ns.patch::<Deployment>("api-blue", marks).await?;
    deployed(&ns, NEXT).await?;
    let green = object(&ns, "deploy", "api-green").await?;
    ensure!(green["metadata"]["labels"].get("argocd.argoproj.io/instance").is_none(), "{green:#}");
    let annotations = &green["metadata"]["annotations"];
    assert_eq!(
        (annotations.get("meta.helm.sh/release-name"), &annotations["owner.example.com/pager"]),
        (None, &json!("shop"))
    );
    Ok(())
}
