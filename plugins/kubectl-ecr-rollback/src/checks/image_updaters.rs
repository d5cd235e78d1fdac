//! Whether a tool that follows the registry would put a newer image back: it looks at what was pushed,
//! and knows nothing of a rollback.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::text::printable;
use serde_json::Value;

use super::case::Case;
use crate::container_image::ContainerImage;

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

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let workload = (case.workload().reference(), &case.workload().metadata);
    let owners = case.snapshot.owners.iter().map(|owner| (owner.name.clone(), &owner.metadata));
    let told = std::iter::once(workload).chain(owners).flat_map(|(name, metadata)| {
        updaters(metadata, &case.change.containers).into_iter().map(move |updater| (name.clone(), updater))
    });
    told.map(|(name, Updater { tool, by, stop })| {
        let message = format!("{tool} updates {} and may put a newer image back ({by})", printable(&name));
        case.blocks(ids::IMAGE_UPDATER, message).mend(format!("{stop}; then --force={}", ids::IMAGE_UPDATER))
    })
    .collect()
}

/// A tool that writes images, and how it is held.
struct Updater {
    tool: &'static str,
    /// What says so.
    by: String,
    stop: String,
}

fn updaters(metadata: &ObjectMeta, containers: &[ContainerImage]) -> Vec<Updater> {
    let mark = |key: &str| {
        let of = |map: &Option<std::collections::BTreeMap<String, String>>| map.as_ref()?.get(key).cloned();
        // Keel looks at labels first.
        of(&metadata.labels).or_else(|| of(&metadata.annotations))
    };
    [keel(mark), argo_cd(metadata), flux(metadata, mark), openshift(mark, containers)].into_iter().flatten().collect()
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

/// Only those that are about a container that is changed, and that aren't paused.
fn openshift(mark: impl Fn(&str) -> Option<String>, containers: &[ContainerImage]) -> Option<Updater> {
    let triggers: Vec<Value> = serde_json::from_str(&mark(OPENSHIFT)?).ok()?;
    let is_on = |trigger: &&Value| trigger["paused"] != true && trigger["paused"] != "true";
    let is_about = |trigger: &&Value| {
        let path = trigger["fieldPath"].as_str().unwrap_or_default();
        let of = |one: &ContainerImage| {
            let list = if one.init { "initContainers" } else { "containers" };
            let places = [format!("\"{}\"", one.name), format!("'{}'", one.name), one.index.to_string()];
            places.iter().any(|place| path.contains(&format!(".{list}[")) && path.contains(place.as_str()))
        };
        containers.iter().any(of)
    };
    let trigger = triggers.iter().filter(is_on).find(is_about)?;
    let from = trigger["from"]["name"].as_str().unwrap_or_default();
    Some(Updater {
        tool: "an image change trigger of OpenShift",
        by: format!("{OPENSHIFT} from {}", printable(from)),
        stop: "pause it (\"paused\": true)".into(),
    })
}
