//! Tools that follow the registry and write a workload's image by themselves: they look at what was
//! pushed, and know nothing of rollbacks and colors.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use crate::text::printable;

/// Keel, today and as it was called before (<https://keel.sh/docs/#policies>).
const KEEL: [&str; 2] = ["keel.sh/policy", "keel.observer/policy"];
/// Argo CD Image Updater, mostly on the Application
/// (<https://argocd-image-updater.readthedocs.io/en/stable/configuration/images/>).
const ARGO_CD: &str = "argocd-image-updater.argoproj.io/";
/// Flux: the toolkit's own, and the annotations of its first version
/// (<https://fluxcd.io/legacy/flux/references/automated-image-update/>).
const FLUX: &str = "image.toolkit.fluxcd.io/";
const FLUX_AUTOMATED: [&str; 2] = ["fluxcd.io/automated", "flux.weave.works/automated"];
const FLUX_LOCKED: [&str; 4] =
    ["fluxcd.io/locked", "flux.weave.works/locked", "fluxcd.io/ignore", "flux.weave.works/ignore"];
/// OpenShift's image change triggers, a JSON array
/// (<https://docs.openshift.com/container-platform/latest/openshift_images/triggering-updates-on-imagestream-changes.html>).
const OPENSHIFT: &str = "image.openshift.io/triggers";

/// A tool that writes images, and how it is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updater {
    pub tool: &'static str,
    /// The mark that says so.
    pub by: String,
    /// What holds it, in a few words.
    pub stop: String,
}

/// The tools that write images of the object, as its own marks say. `is_about` tells whether an OpenShift
/// trigger's `fieldPath` is of a container that matters.
#[must_use]
pub fn updaters(metadata: &ObjectMeta, is_about: impl Fn(&str) -> bool) -> Vec<Updater> {
    let mark = |key: &str| {
        let of = |map: &Option<BTreeMap<String, String>>| map.as_ref()?.get(key).cloned();
        // Keel looks at labels first.
        of(&metadata.labels).or_else(|| of(&metadata.annotations))
    };
    [keel(mark), argo_cd(metadata), flux(metadata, mark), openshift(mark, is_about)].into_iter().flatten().collect()
}

fn keel(mark: impl Fn(&str) -> Option<String>) -> Option<Updater> {
    let (key, policy) = KEEL.iter().find_map(|key| Some((*key, mark(key)?)))?;
    (!policy.eq_ignore_ascii_case("never")).then(|| Updater {
        tool: "Keel",
        by: format!("{key}: {}", printable(&policy)),
        stop: format!("set {key}: never"),
    })
}

fn argo_cd(metadata: &ObjectMeta) -> Option<Updater> {
    let key = metadata.annotations.iter().flatten().map(|(key, _)| key).find(|key| key.starts_with(ARGO_CD))?;
    Some(Updater {
        tool: "Argo CD Image Updater",
        by: printable(key),
        stop: "take the image out of its image-list, or ignore the tag (ignore-tags)".into(),
    })
}

fn flux(metadata: &ObjectMeta, mark: impl Fn(&str) -> Option<String>) -> Option<Updater> {
    let is_on = |keys: &'static [&'static str]| keys.iter().copied().find(|key| mark(key).as_deref() == Some("true"));
    let toolkit = metadata.annotations.iter().flatten().map(|(key, _)| key.as_str()).find(|key| key.starts_with(FLUX));
    let key = toolkit.or_else(|| is_on(&FLUX_AUTOMATED))?;
    is_on(&FLUX_LOCKED).is_none().then(|| Updater {
        tool: "Flux",
        by: printable(key),
        stop: "suspend its ImageUpdateAutomation (flux suspend image update)".into(),
    })
}

/// Only those that are about a container that matters, and that aren't paused.
fn openshift(mark: impl Fn(&str) -> Option<String>, is_about: impl Fn(&str) -> bool) -> Option<Updater> {
    let triggers: Vec<Value> = serde_json::from_str(&mark(OPENSHIFT)?).ok()?;
    let is_on = |trigger: &&Value| trigger["paused"] != true && trigger["paused"] != "true";
    let is_meant = |trigger: &&Value| is_about(trigger["fieldPath"].as_str().unwrap_or_default());
    let trigger = triggers.iter().filter(is_on).find(is_meant)?;
    let from = trigger["from"]["name"].as_str().unwrap_or_default();
    Some(Updater {
        tool: "an image change trigger of OpenShift",
        by: format!("{OPENSHIFT} from {}", printable(from)),
        stop: "pause it (\"paused\": true)".into(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tools(labels: &Value, annotations: &Value) -> Vec<&'static str> {
        let metadata = json!({"name": "api", "labels": labels, "annotations": annotations});
        updaters(&serde_json::from_value(metadata).unwrap(), |_| true).iter().map(|updater| updater.tool).collect()
    }

    #[test]
    fn those_that_write_images_by_themselves_are_known() {
        let none = json!({});
        assert_eq!(tools(&json!({"keel.sh/policy": "minor"}), &none), ["Keel"]);
        assert_eq!(tools(&none, &json!({"keel.sh/policy": "glob:build-*"})), ["Keel"]);
        assert_eq!(tools(&none, &json!({"fluxcd.io/automated": "true"})), ["Flux"]);
        assert_eq!(
            tools(&none, &json!({"argocd-image-updater.argoproj.io/image-list": "a=b"})),
            ["Argo CD Image Updater"]
        );
        let trigger =
            |paused: Value| json!([{"from": {"kind": "ImageStreamTag", "name": "api:latest"}, "paused": paused}]);
        let triggers = |paused| json!({"image.openshift.io/triggers": trigger(paused).to_string()});
        assert_eq!(tools(&none, &triggers(Value::Null)).len(), 1);
        for off in
            [json!({"keel.sh/policy": "never"}), json!({"fluxcd.io/automated": "false"}), triggers(json!("true"))]
        {
            assert!(tools(&none, &off).is_empty(), "{off}");
        }
        assert!(tools(&none, &json!({"image.openshift.io/triggers": "garbled"})).is_empty());
    }
}
