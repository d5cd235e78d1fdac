//! A whole release from image to traffic: `kubectl bluegreen deploy`.

mod broken;
mod created;
mod document;
mod dry_run;
mod existing;
mod file;
mod fingerprint;
mod held;
mod kills;
mod meanwhile;
mod pod_tests;
mod refused;
mod rewritten;
mod several;
mod size;
mod undo;
mod vetted;

use anyhow::Result;
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::versions;
use e2e::common::run::Ended;
use k8s_openapi::api::apps::v1::Deployment;
use lab::Namespace;
use serde_json::Value;

/// A deploy of the image that comes next.
const NEXT: &str = "deploy api --image app=registry.example.com/api:1.6.0 --yes --verify-for=0";

/// Images of all containers of a Deployment, init containers last.
async fn images(ns: &Namespace, deployment: &str) -> Result<Vec<String>> {
    let pod =
        ns.api::<Deployment>().get(deployment).await?.spec.and_then(|spec| spec.template.spec).unwrap_or_default();
    let containers = pod.containers.into_iter().chain(pod.init_containers.unwrap_or_default());
    Ok(containers.filter_map(|container| container.image).collect())
}

/// A deploy that goes through, as a document.
async fn deployed(ns: &Namespace, words: &str) -> Result<Value> {
    bluegreen(ns, &format!("{words} -ojson")).await?.ends(0)?.json()
}

/// The objects that a deploy wrote.
fn written(document: &Value) -> Vec<&str> {
    let writes = document["writes"].as_array().into_iter().flatten();
    writes.filter(|write| write["made"] == true).filter_map(|write| write["object"].as_str()).collect()
}

/// A deploy that is refused before its first write, as a document.
async fn refused_untouched(ns: &Namespace) -> Result<Value> {
    let before = versions(ns).await?;
    let document = bluegreen(ns, &format!("{NEXT} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(versions(ns).await?, before, "{document:#}");
    Ok(document)
}
