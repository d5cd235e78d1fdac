//! Controllers that apply a manifest again and again, besides Argo CD and Flux, as the objects that they
//! apply say themselves.

use super::owned::Owned;
use crate::checks::finding::Finding;
use crate::text::printable;

/// The finding about the one that applies the object, if any does.
pub(super) fn applier(owned: &Owned<'_>) -> Option<Finding> {
    let (who, rule) = config_sync(owned).or_else(|| fleet(owned)).or_else(|| addon(owned))?;
    Some(owned.gitops(format!("{who} puts it back"), rule))
}

/// <https://cloud.google.com/kubernetes-engine/enterprise/config-sync/docs/how-to/ignore-mutations>
fn config_sync(owned: &Owned<'_>) -> Option<(String, String)> {
    let managed = owned.annotation("configmanagement.gke.io/managed") == Some("enabled");
    let ignored = owned.annotation("client.lifecycle.config.k8s.io/mutation") == Some("ignore");
    let rule = "annotate it in Git: client.lifecycle.config.k8s.io/mutation: ignore".to_owned();
    (managed && !ignored).then(|| ("Config Sync".to_owned(), rule))
}

/// Rancher's Fleet and the deploy controllers of k3s and RKE2 apply sets of objects
/// (<https://fleet.rancher.io/bundle-diffs>).
fn fleet(owned: &Owned<'_>) -> Option<(String, String)> {
    let set = owned.annotation("objectset.rio.cattle.io/id")?;
    let rule = format!("ignore {} in its bundle; then --force=gitops", owned.field.path);
    Some((format!("Rancher's object set {}", printable(set)), rule))
}

/// <https://github.com/kubernetes/kubernetes/tree/master/cluster/addons/addon-manager#addon-manager>
fn addon(owned: &Owned<'_>) -> Option<(String, String)> {
    let reconciled = owned.label("addonmanager.kubernetes.io/mode") == Some("Reconcile");
    let rule = "label it addonmanager.kubernetes.io/mode: EnsureExists".to_owned();
    reconciled.then(|| ("the addon manager".to_owned(), rule))
}
