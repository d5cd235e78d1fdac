//! What is written on Services and workloads: for tests that nothing was, or that the right thing was.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Service;
use kube::api::{ListParams, ObjectMeta};
use lab::Namespace;
use serde_json::Value;

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
