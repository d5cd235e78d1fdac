//! Whether somebody else would put a field back that we write: a GitOps controller by itself, or a
//! tool the next time that a person or a pipeline runs it.

mod appliers;
mod manifest;
mod owned;

use std::collections::BTreeMap;

use crate::checks::finding::Finding;
use crate::checks::ids;
use crate::text::printable;
pub use manifest::applied;
pub use owned::{Field, Owned};

use appliers::applier;
use manifest::{Applied, OnNextApply, applied_by_hand, owner};

/// Findings `gitops` (blocks), `kubectl-apply` and `helm` (warn).
#[must_use]
pub fn findings(owned: &Owned<'_>) -> Vec<Finding> {
    let controller = argo_cd(owned).or_else(|| flux(owned)).or_else(|| applier(owned)).or_else(|| server_side(owned));
    let by_hand = if controller.is_none() { next_apply(owned) } else { None };
    controller.into_iter().chain(by_hand).chain(helm(owned)).collect()
}

/// Argo CD marks what it manages with a tracking annotation, with the label that it was configured
/// to use, or not at all but for its field manager. A tracking id that names another object was
/// copied along with a manifest. `app.kubernetes.io/instance`, its old default, is on every Helm
/// chart's objects and means nothing alone.
/// (<https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/>)
fn argo_cd(owned: &Owned<'_>) -> Option<Finding> {
    let own_id = format!(":{}/{}:{}/{}", owned.group, owned.kind, owned.namespace, owned.name());
    let tracked = owned.annotation("argocd.argoproj.io/tracking-id").and_then(|id| id.strip_suffix(&own_id));
    let app = tracked.or_else(|| owned.label("argocd.argoproj.io/instance"));
    let writes_it = || owner(owned, |manager| manager == "argocd-controller").is_some();
    let who = match app {
        Some(app) => format!("Argo CD app {}", printable(app)),
        None if writes_it() => "Argo CD".to_owned(),
        None => return None,
    };
    // Both are needed: the rule alone hides the difference, and the next sync still writes it
    // (<https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#respect-ignore-difference-configs>).
    let rule = format!(
        "in the Application: ignoreDifferences: [{{{}kind: {}, name: {}, jsonPointers: [{}]}}], \
         syncPolicy.syncOptions: [RespectIgnoreDifferences=true]; then --force=gitops",
        if owned.group.is_empty() { String::new() } else { format!("group: {}, ", owned.group) },
        owned.kind,
        owned.name(),
        owned.field.json
    );
    Some(owned.gitops(format!("{who} puts it back"), rule))
}

/// Flux labels what it applies, and lets objects out by annotation or label
/// (<https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources>,
/// <https://fluxcd.io/flux/components/helm/helmreleases/#ignore-annotation>).
fn flux(owned: &Owned<'_>) -> Option<Finding> {
    let marked = |key: &str, values: &[&str]| {
        let found = owned.annotation(key).or_else(|| owned.label(key));
        found.is_some_and(|value| values.iter().any(|v| v.eq_ignore_ascii_case(value)))
    };
    let named = |prefix: &str| {
        let name = owned.label(&format!("{prefix}/name"))?;
        let namespace = owned.label(&format!("{prefix}/namespace")).unwrap_or_default();
        Some(printable(&format!("{namespace}/{name}")))
    };
    let let_go = marked("kustomize.toolkit.fluxcd.io/ssa", &["IfNotPresent", "Ignore"])
        || marked("kustomize.toolkit.fluxcd.io/reconcile", &["disabled"]);
    if let Some(name) = named("kustomize.toolkit.fluxcd.io").filter(|_| !let_go) {
        let rule = "annotate it in Git: kustomize.toolkit.fluxcd.io/ssa: IfNotPresent".to_owned();
        return Some(owned.gitops(format!("Flux Kustomization {name} puts it back"), rule));
    }
    let let_go = marked("helm.toolkit.fluxcd.io/driftDetection", &["disabled"]);
    let name = named("helm.toolkit.fluxcd.io").filter(|_| !let_go)?;
    let rule = format!(
        "in the HelmRelease: driftDetection.ignore: [{{paths: [{}], target: {{kind: {}, name: {}}}}}]; then --force=gitops",
        owned.field.json,
        owned.kind,
        owned.name()
    );
    Some(owned.gitops(format!("Flux HelmRelease {name} puts it back if it corrects drift"), rule))
}

/// Somebody holds the field by server-side apply now, and no tool that a person has to start:
/// a controller that applies again and again
/// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>).
fn server_side(owned: &Owned<'_>) -> Option<Finding> {
    let manager = owner(owned, |manager| OnNextApply::of(manager).is_none())?;
    let released = flux_released(owned) && (manager == "kustomize-controller" || manager == "helm-controller");
    let message = format!("{} owns {} by server-side apply", printable(manager), owned.field.path);
    let rule = format!("{} of what it applies", left_out(owned.field.path));
    (!released).then(|| owned.gitops(message, rule))
}

/// Whoever alone holds a field and leaves it out takes it off the object: a Service would select nothing
/// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership>). It is
/// ours, too, once we have written it.
fn left_out(path: &str) -> String {
    format!("after this, not before (that would remove it), leave {path} out")
}

/// The same about a field that manifests often leave to others: only where one holds it.
#[must_use]
pub fn findings_where_held(owned: &Owned<'_>) -> Vec<Finding> {
    let is_held = applied_by_hand(owned).is_some() || owner(owned, |_| true).is_some();
    if is_held { findings(owned) } else { Vec::new() }
}

/// Flux's mark of having let go is on the object, and its ownership from before is too.
fn flux_released(owned: &Owned<'_>) -> bool {
    let marks = [
        "kustomize.toolkit.fluxcd.io/ssa",
        "kustomize.toolkit.fluxcd.io/reconcile",
        "helm.toolkit.fluxcd.io/driftDetection",
    ];
    let of =
        |map: &Option<BTreeMap<String, String>>| map.iter().flatten().any(|(key, _)| marks.contains(&key.as_str()));
    of(&owned.metadata.annotations) || of(&owned.metadata.labels)
}

/// A person's next `kubectl apply` of the same manifest puts it back, or stops over it.
fn next_apply(owned: &Owned<'_>) -> Option<Finding> {
    let (message, mend) = match applied_by_hand(owned)? {
        Applied::Writes(tool) => {
            (format!("the next {tool} puts it back"), format!("take {} from the cluster there", owned.field.part))
        }
        Applied::Conflicts(tool) => {
            let path = owned.field.path;
            (format!("the next {tool} conflicts over {path}"), format!("{} of the manifest", left_out(path)))
        }
        Applied::Either => {
            let path = owned.field.path;
            let message = format!("the next kubectl apply puts it back; with --server-side it conflicts over {path}");
            (message, format!("take {} from the cluster there", owned.field.part))
        }
    };
    Some(Finding::warns(owned.name(), ids::KUBECTL_APPLY, message).mend(mend))
}

/// Helm compares with its last manifest and the cluster, and writes what differs
/// (<https://helm.sh/docs/faq/changes_since_helm2/#improved-upgrade-strategy-3-way-strategic-merge-patches>).
fn helm(owned: &Owned<'_>) -> Option<Finding> {
    let release = owned.annotation("meta.helm.sh/release-name");
    let managed = owned.label("app.kubernetes.io/managed-by") == Some("Helm");
    if release.is_none() && !managed {
        return None;
    }
    let name = release.map(|r| format!(" of {}", printable(r))).unwrap_or_default();
    let message = format!("the next helm upgrade{name} may put it back");
    Some(Finding::warns(owned.name(), ids::HELM, message).mend(format!("set the {} in its values", owned.field.value)))
}
