//! What the end-to-end tests have in common: a blue and a green version behind a Service, or a
//! workload and the repository of its images, in a namespace of their own, on the lab that
//! `make test` started.

pub mod admission;
pub mod ecr;
pub mod permissions;
pub mod run;
pub mod shop;
pub mod tab;
pub mod terminal;
pub mod under_load;
pub mod written;

pub mod about_to_write;
pub mod calls;
pub mod claims;
pub mod ecr_calls;
pub mod ecr_faults;
pub mod ecr_kill_points;
pub mod faults;
pub mod kill_points;
pub mod scene;

use std::time::Duration;

use anyhow::Result;
use lab::fixtures::{App, Color};
use lab::{Lab, Namespace};
use serde_json::Value;

/// Longer than anything here takes on a busy two-core machine; only a hang reaches it.
pub const LIMIT: Duration = Duration::from_secs(90);

/// The lab, and a namespace named after the test.
///
/// # Errors
/// Outside a lab: run the tests with `make test`.
pub async fn namespace(test: &str) -> Result<Namespace> {
    Lab::from_env().await?.namespace(test).await
}

/// `api` with `version: blue|green`, so many pods each, Service on blue, all rolled out.
///
/// # Errors
/// Where the pods don't become ready.
pub async fn blue_green(ns: &Namespace, replicas: i64) -> Result<()> {
    let replicas = replicas.try_into()?;
    let app = App::new("api")
        .key("version")
        .color(Color::new("blue", "registry.example.com/api:1.4.0").replicas(replicas))
        .color(Color::new("green", "registry.example.com/api:1.5.0").replicas(replicas));
    ns.apply_all(&app.objects()).await?;
    for color in ["blue", "green"] {
        ns.rolled_out(&format!("deployment/api-{color}"), LIMIT).await?;
    }
    Ok(())
}

/// What the Service selects by the label `version`.
///
/// # Errors
/// Where it can't be read.
pub async fn active(ns: &Namespace, service: &str) -> Result<String> {
    let service = ns.api::<k8s_openapi::api::core::v1::Service>().get(service).await?;
    let selector = service.spec.and_then(|s| s.selector).unwrap_or_default();
    Ok(selector.get("version").cloned().unwrap_or_default())
}

/// Parses the one document of `-o json`.
///
/// # Errors
/// Where stdout is not one JSON document.
pub fn document(stdout: &str) -> Result<Value> {
    Ok(serde_json::from_str(stdout)?)
}
