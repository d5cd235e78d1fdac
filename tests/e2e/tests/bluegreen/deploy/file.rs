//! What else stands in a release's file: it is compared with the cluster, and never applied.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, api, blue_green, color, rolled_out};
use e2e::bluegreen::routed::{WEIGHT, canary_ingresses, canary_weight, nginx_class, nginx_ingress, two_colors};
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::common::permissions::bound_to;
use e2e::common::run::{Ended, finding_ids};
use e2e::namespace;
use lab::fixtures::{App, Behavior, Workload};
use serde_json::{Value, json};

use super::document::File;

const DIFFERS: &str = "differs-from-file";
/// The release, what it is to be tested by, and the routes of its mesh.
const MESH: &str = include_str!("documents/mesh.yaml");

fn release(service: &str, image: &str) -> String {
    format!(
        "---\napiVersion: kubectl-release.dev/v1\nkind: BlueGreenDeployment\nmetadata: {{name: {service}}}\n\
         spec: {{images: {{app: '{image}'}}, verify: {{for: 0s}}}}\n"
    )
}

fn documents(objects: &[Value]) -> String {
    objects.iter().map(|object| format!("---\n{object}\n")).collect()
}

/// What was found about the file, a line each.
fn told(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().into_iter().flatten();
    let own = findings.filter(|finding| finding["id"] == DIFFERS);
    own.map(|finding| format!("{}: {}", finding["severity"], finding["message"])).collect()
}

/// Each release changes images, sizes and the selector: a team whose file has them would be warned for ever.
#[tokio::test]
async fn both_colors_and_their_service_are_as_their_file_has_them_whatever_is_released() -> Result<()> {
    let ns = namespace("deploy-file-alike").await?;
    let shop = |name: &str, image: &str| Workload::color(name, image).replicas(2);
    let app = App::new("shop").key("track").color(shop("blue", "r.io/shop:1")).color(shop("green", "r.io/shop:2"));
    rolled_out(&ns, &app).await?;
    for (image, color) in [("r.io/shop:3", "green"), ("r.io/shop:4", "blue")] {
        let text = documents(&app.objects()) + &release("shop", image).replace("{images", "{replicas: 3, images");
        let file = File::new(&format!("alike-{color}"), text)?;
        let document = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(0)?.json()?;
        ensure!(told(&document).is_empty(), "{:#?}", told(&document));
        let track = ns.kubectl(&["get", "service/shop", "-o=jsonpath={.spec.selector.track}"]).await?.ends(0)?;
        assert_eq!(track.stdout, color);
    }
    Ok(())
}

/// What was changed in the file and never applied would be taken for released.
#[tokio::test]
async fn what_is_missing_or_differs_is_told_and_left_as_it_is() -> Result<()> {
    let ns = namespace("deploy-file-differs").await?;
    blue_green(&ns, 2).await?;
    ns.apply(&config("kept", "as it was")).await?;
    let app = api().color(color("blue", 2, Behavior::Ready));
    let mut service = app.objects().into_iter().find(|o| o["kind"] == "Service").context("no Service")?;
    service["spec"]["ports"][0]["port"] = json!(8081);
    let widget = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [config("kept", "secretly changed"), widget]});
    let rule = json!({"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "api"},
        "spec": {"host": "api"}});
    let others = [service, config("missing", "x"), rule, list];
    let file = File::new("differs", release("api", "registry.example.com/api:1.6.0") + &documents(&others))?;
    let document = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(0)?.json()?;
    let found = told(&document);
    for what in ["Service/api", "ConfigMap/missing", "DestinationRule/api", "ConfigMap/kept", "Widget/w", "data.text"] {
        ensure!(found.iter().any(|line| line.contains(what)), "{what}: {found:#?}");
    }
    ensure!(found.len() == 5 && !found.iter().any(|line| line.contains("secretly")), "{found:#?}");
    let kept = ns.kubectl(&["get", "configmap/kept", "-o=jsonpath={.data.text}"]).await?.ends(0)?;
    assert_eq!(kept.stdout, "as it was");
    ns.kubectl(&["get", "configmap/missing"]).await?.ends(1)?;
    Ok(())
}

fn config(name: &str, text: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"text": text}})
}

/// Who may release but not apply could not release any more.
#[tokio::test]
async fn what_may_not_be_compared_is_said_and_keeps_nobody_from_releasing() -> Result<()> {
    let ns = namespace("deploy-file-forbidden").await?;
    blue_green(&ns, 2).await?;
    ns.apply(&config("kept", "x")).await?;
    let user = ns.kubectl_as(bound_to(&ns, "bluegreen-deploy").await?.kubeconfig);
    let nameless = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x-"}});
    let others = documents(&[config("kept", "y"), nameless]);
    let file = File::new("forbidden", release("api", "registry.example.com/api:1.6.0") + &others)?;
    let document = bluegreen_as(&user, &file.words("--yes -ojson")).await?.ends(0)?.json()?;
    let found = told(&document);
    ensure!(found.len() == 2 && found.iter().all(|line| line.contains("notChecked")), "{found:#?}");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// As a team with a mesh has it: its tests are asked, and once its route decides nothing goes half the way.
#[tokio::test]
async fn a_release_with_tests_and_a_mesh_is_tested_and_refused_once_the_mesh_is_there() -> Result<()> {
    let ns = namespace("deploy-file-mesh").await?;
    blue_green(&ns, 2).await?;
    let tested = File::new("mesh", MESH)?;
    let document = bluegreen(&ns, &tested.words("--yes --verify-for=0 -ojson")).await?.ends(0)?.json()?;
    ensure!(
        document["tests"].as_array().is_some_and(|tests| tests.iter().all(|test| test["passed"] == true)),
        "{document:#}"
    );
    assert_eq!(told(&document).len(), 2, "{document:#}");
    let (_, mesh) = MESH.split_once("---\n").context("one document")?;
    ns.apply_yaml(mesh).await?;
    let words = tested.words("--image app=registry.example.com/api:1.7.0 --yes -ojson");
    let document = bluegreen(&ns, &words).await?.ends(1)?.json()?;
    ensure!(finding_ids(&document).contains(&"route-decides".to_owned()), "{document:#}");
    ensure!(told(&document).is_empty(), "{:#?}", told(&document));
    Ok(())
}

/// The weight of a canary Ingress is the release's to move, and its file has the one of the beginning.
#[tokio::test]
async fn a_canary_weight_is_left_to_the_release() -> Result<()> {
    let ns = namespace("deploy-file-canary").await?;
    two_colors(&ns, 1).await?;
    canary_ingresses(&ns, Some("0")).await?;
    let annotations = json!({"nginx.ingress.kubernetes.io/canary": "true", WEIGHT: "0", "example.com/owner": "team-1"});
    let mut ingress = nginx_ingress("api-canary", &nginx_class(&ns).await?, "api-green", &annotations);
    for (image, weight) in [("api:1.6.0", "100"), ("api:1.7.0", "0"), ("api:1.8.0", "100")] {
        let text =
            release("api", &format!("registry.example.com/{image}")) + &documents(std::slice::from_ref(&ingress));
        let file = File::new(&format!("canary-{weight}"), text)?;
        let document = bluegreen(&ns, &file.words("--yes -ojson")).await?.ends(0)?.json()?;
        assert_eq!(told(&document).len(), usize::from(image == "api:1.8.0"), "{:#?}", told(&document));
        assert_eq!(canary_weight(&ns).await?.as_deref(), Some(weight));
        if image == "api:1.7.0" {
            ingress["metadata"]["annotations"]["example.com/owner"] = json!("team-2");
        }
    }
    Ok(())
}
