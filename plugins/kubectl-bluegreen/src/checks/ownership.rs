//! Whether somebody else would put the selector back.

mod manifest;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Service;
use kubectl_release::record::printable;

use super::{Case, Finding};
use manifest::{OnNextApply, applied_by_hand, owner};

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let service = case.subject.service;
    let controller = argo_cd(case, service).or_else(|| flux(case, service)).or_else(|| server_side(case, service));
    let by_hand = if controller.is_none() { next_apply(case, service) } else { None };
    controller.into_iter().chain(by_hand).chain(helm(case, service)).collect()
}

fn annotation<'a>(service: &'a Service, key: &str) -> Option<&'a str> {
    service.metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

fn label<'a>(service: &'a Service, key: &str) -> Option<&'a str> {
    service.metadata.labels.as_ref()?.get(key).map(String::as_str)
}

fn gitops(case: &Case<'_>, message: String, rule: String) -> Finding {
    Finding::blocks(case, "gitops", message).fix(rule)
}

/// Argo CD marks what it manages with a tracking annotation, with the label that it was configured
/// to use, or not at all but for its field manager. A tracking id that names another object was
/// copied along with a manifest. `app.kubernetes.io/instance`, its old default, is on every Helm
/// chart's objects and means nothing alone.
/// (<https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/>)
fn argo_cd(case: &Case<'_>, service: &Service) -> Option<Finding> {
    let own_id = format!(":/Service:{}/{}", case.snapshot.namespace, case.subject.name());
    let tracked = annotation(service, "argocd.argoproj.io/tracking-id").and_then(|id| id.strip_suffix(&own_id));
    let app = tracked.or_else(|| label(service, "argocd.argoproj.io/instance"));
    let writes_it = || owner(service, |manager| manager == "argocd-controller").is_some();
    let who = match app {
        Some(app) => format!("Argo CD app {}", printable(app)),
        None if writes_it() => "Argo CD".to_owned(),
        None => return None,
    };
    // Both are needed: the rule alone hides the difference, and the next sync still writes it
    // (<https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#respect-ignore-difference-configs>).
    let rule = format!(
        "in the Application: ignoreDifferences: [{{kind: Service, name: {}, jsonPointers: [/spec/selector]}}], \
         syncPolicy.syncOptions: [RespectIgnoreDifferences=true]; then --force=gitops",
        case.subject.name()
    );
    Some(gitops(case, format!("{who} puts it back"), rule))
}

/// Flux labels what it applies, and lets objects out by annotation or label
/// (<https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources>,
/// <https://fluxcd.io/flux/components/helm/helmreleases/#ignore-annotation>).
fn flux(case: &Case<'_>, service: &Service) -> Option<Finding> {
    let marked = |key: &str, values: &[&str]| {
        let found = annotation(service, key).or_else(|| label(service, key));
        found.is_some_and(|value| values.iter().any(|v| v.eq_ignore_ascii_case(value)))
    };
    let named = |prefix: &str| {
        let name = label(service, &format!("{prefix}/name"))?;
        let namespace = label(service, &format!("{prefix}/namespace")).unwrap_or_default();
        Some(printable(&format!("{namespace}/{name}")))
    };
    let let_go = marked("kustomize.toolkit.fluxcd.io/ssa", &["IfNotPresent", "Ignore"])
        || marked("kustomize.toolkit.fluxcd.io/reconcile", &["disabled"]);
    if let Some(name) = named("kustomize.toolkit.fluxcd.io").filter(|_| !let_go) {
        let rule = "annotate it in Git: kustomize.toolkit.fluxcd.io/ssa: IfNotPresent".to_owned();
        return Some(gitops(case, format!("Flux Kustomization {name} puts it back"), rule));
    }
    let let_go = marked("helm.toolkit.fluxcd.io/driftDetection", &["disabled"]);
    let name = named("helm.toolkit.fluxcd.io").filter(|_| !let_go)?;
    let rule = format!(
        "in the HelmRelease: driftDetection.ignore: [{{paths: [/spec/selector], target: {{kind: Service, name: {}}}}}]; then --force=gitops",
        case.subject.name()
    );
    Some(gitops(case, format!("Flux HelmRelease {name} puts it back if it corrects drift"), rule))
}

/// Somebody holds the selector by server-side apply now, and no tool that a person has to start:
/// a controller that applies again and again
/// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>).
fn server_side(case: &Case<'_>, service: &Service) -> Option<Finding> {
    let manager = owner(service, |manager| OnNextApply::of(manager).is_none())?;
    let released = flux_released(service) && (manager == "kustomize-controller" || manager == "helm-controller");
    let message = format!("{} owns the selector by server-side apply", printable(manager));
    let rule = "leave spec.selector out of what it applies".to_owned();
    (!released).then(|| gitops(case, message, rule))
}

/// Flux's mark of having let go is on the object, and its ownership from before is too.
fn flux_released(service: &Service) -> bool {
    let marks = [
        "kustomize.toolkit.fluxcd.io/ssa",
        "kustomize.toolkit.fluxcd.io/reconcile",
        "helm.toolkit.fluxcd.io/driftDetection",
    ];
    let of =
        |map: &Option<BTreeMap<String, String>>| map.iter().flatten().any(|(key, _)| marks.contains(&key.as_str()));
    of(&service.metadata.annotations) || of(&service.metadata.labels)
}

/// A person's next `kubectl apply` of the same manifest puts it back.
fn next_apply(case: &Case<'_>, service: &Service) -> Option<Finding> {
    let tool = applied_by_hand(service)?;
    let message = format!("the next {tool} puts it back");
    Some(Finding::warns(case, "kubectl-apply", message).fix("take spec.selector's color from the cluster there"))
}

/// Helm compares with its last manifest and the cluster, and writes what differs
/// (<https://helm.sh/docs/faq/changes_since_helm2/#improved-upgrade-strategy-3-way-strategic-merge-patches>).
fn helm(case: &Case<'_>, service: &Service) -> Option<Finding> {
    let release = annotation(service, "meta.helm.sh/release-name");
    let managed = label(service, "app.kubernetes.io/managed-by") == Some("Helm");
    if release.is_none() && !managed {
        return None;
    }
    let name = release.map(|r| format!(" of {}", printable(r))).unwrap_or_default();
    let message = format!("the next helm upgrade{name} may put it back");
    Some(Finding::warns(case, "helm", message).fix("set the color in its values"))
}

#[cfg(test)]
mod tests;
