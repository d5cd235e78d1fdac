//! What is written on Services and workloads: for tests that nothing was, or that the right thing was.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Service;
use kube::api::{ListParams, ObjectMeta};
use lab::Namespace;
use serde_json::{Value, json};

use crate::common::run::{Ended, admin};

/// Versions of all that a plugin could have written in a namespace: equal ones mean that nothing
/// was. Of workloads, whose status moves by itself, only what people write counts.
///
/// # Errors
/// Where it can't be read.
pub async fn versions(ns: &Namespace) -> Result<BTreeMap<String, String>> {
    let all = ListParams::default();
    let (services, deployments, sets) = tokio::try_join!(
        async { ns.api::<Service>().list(&all).await },
        async { ns.api::<Deployment>().list(&all).await },
        async { ns.api::<StatefulSet>().list(&all).await },
    )?;
    let services = services.items.into_iter().map(|s| entry("service", &s.metadata, version_of(&s.metadata)));
    let deployments = deployments.items.into_iter().map(|d| entry("deploy", &d.metadata, generation_of(&d.metadata)));
    let sets = sets.items.into_iter().map(|s| entry("sts", &s.metadata, generation_of(&s.metadata)));
    Ok(services.chain(deployments).chain(sets).collect())
}

fn entry(kind: &str, meta: &ObjectMeta, version: String) -> (String, String) {
    (format!("{kind}/{}", meta.name.as_deref().unwrap_or_default()), version)
}

fn version_of(meta: &ObjectMeta) -> String {
    meta.resource_version.clone().unwrap_or_default()
}

fn generation_of(meta: &ObjectMeta) -> String {
    meta.generation.unwrap_or_default().to_string()
}

/// One annotation of a Service.
///
/// # Errors
/// Where it can't be read.
pub async fn annotation(ns: &Namespace, service: &str, key: &str) -> Result<Option<String>> {
    let service = ns.api::<Service>().get(service).await?;
    Ok(service.metadata.annotations.unwrap_or_default().remove(key))
}

/// Makes the API server's own times of all that was written of a Service old ones.
///
/// # Errors
/// Where it can't be read or written.
pub async fn written_long_ago(ns: &Namespace, service: &str) -> Result<()> {
    let entries = ns.api::<Service>().get(service).await?.metadata.managed_fields.unwrap_or_default().len();
    let time = |index| format!("/metadata/managedFields/{index}/time");
    let old = |index| json!({"op": "replace", "path": time(index), "value": "2026-01-01T00:00:00Z"});
    // The API server takes no change of times alone.
    let beside = json!({"op": "add", "path": "/metadata/labels", "value": {"example.com/restored": "true"}});
    let ops: Value = (0..entries).map(old).chain([beside]).collect();
    admin(ns).run(&["patch", "service", service, "--type=json", "-p", &ops.to_string()]).await?.ends(0).map(drop)
}

/// The annotation with the last change of a Service's selector.
pub const RECORD: &str = "kubectl-release.dev/bluegreen";

/// The record of the last change of a Service's selector.
///
/// # Errors
/// Where there is none, or it is no JSON.
pub async fn record(ns: &Namespace, service: &str) -> Result<Value> {
    let text = annotation(ns, service, RECORD).await?.context("no record")?;
    Ok(serde_json::from_str(&text)?)
}
