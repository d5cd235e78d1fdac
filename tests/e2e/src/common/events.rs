//! Events as people read them.

use anyhow::Result;
use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use lab::Namespace;

/// Reasons of the Events on the object of this name.
///
/// # Errors
/// Where they can't be read.
pub async fn events(ns: &Namespace, name: &str) -> Result<Vec<String>> {
    reasons(ns, name, |_| true).await
}

/// The same, of those that this controller reports.
///
/// # Errors
/// Where they can't be read.
pub async fn events_by(ns: &Namespace, controller: &str, name: &str) -> Result<Vec<String>> {
    reasons(ns, name, |event| event.reporting_controller.as_deref() == Some(controller)).await
}

async fn reasons(ns: &Namespace, name: &str, counts: impl Fn(&Event) -> bool) -> Result<Vec<String>> {
    let all = ns.api::<Event>().list(&ListParams::default()).await?;
    let about = |event: &Event| event.regarding.as_ref().is_some_and(|r| r.name.as_deref() == Some(name));
    let found = all.items.into_iter().filter(|event| about(event) && counts(event));
    Ok(found.filter_map(|event| event.reason).collect())
}
