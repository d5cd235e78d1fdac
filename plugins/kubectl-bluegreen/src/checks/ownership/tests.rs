use serde_json::{Value, json};

use super::check;
use crate::checks::testing::{World, ids, told};

fn with(metadata: &Value) -> World {
    let mut world = World::healthy();
    for (key, value) in metadata.as_object().unwrap() {
        world.service["metadata"][key] = value.clone();
    }
    world
}

fn annotated(key: &str, value: &str) -> World {
    with(&json!({"annotations": {key: value}}))
}

fn owned(manager: &str, operation: &str) -> World {
    with(
        &json!({"managedFields": [{"manager": manager, "operation": operation, "fieldsV1": {"f:spec": {"f:selector": {}}}}]}),
    )
}

#[test]
fn argo_cd_would_undo_the_switch_within_seconds() {
    let world = annotated("argocd.argoproj.io/tracking-id", "shop-prod:/Service:shop/api");
    assert_eq!(told(&world.findings(check)), ["x gitops"]);
    let by_label = with(&json!({"labels": {"argocd.argoproj.io/instance": "shop-prod"}}));
    assert_eq!(ids(&by_label.findings(check)), ["gitops"]);
    assert_eq!(ids(&owned("argocd-controller", "Update").findings(check)), ["gitops"]);
}

#[test]
fn marks_that_mean_nothing_don_t_stop_a_release() {
    let instance =
        with(&json!({"labels": {"app.kubernetes.io/instance": "api", "app.kubernetes.io/managed-by": "kustomize"}}));
    assert!(instance.findings(check).is_empty());
    let copied = annotated("argocd.argoproj.io/tracking-id", "shop-prod:/Service:other/api");
    assert!(copied.findings(check).is_empty());
    assert!(World::healthy().findings(check).is_empty());
}

#[test]
fn flux_would_undo_the_switch_unless_it_was_told_not_to() {
    let labels =
        json!({"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"});
    assert_eq!(told(&with(&json!({"labels": labels})).findings(check)), ["x gitops"]);
    for (key, value) in [("ssa", "IfNotPresent"), ("ssa", "ignore"), ("reconcile", "disabled")] {
        let key = format!("kustomize.toolkit.fluxcd.io/{key}");
        let fields = json!([{"manager": "kustomize-controller", "operation": "Apply", "fieldsV1": {"f:spec": {"f:selector": {}}}}]);
        let world = with(&json!({"labels": labels, "annotations": {key: value}, "managedFields": fields}));
        assert!(world.findings(check).is_empty(), "{value}");
    }
    let merge = with(&json!({"labels": labels, "annotations": {"kustomize.toolkit.fluxcd.io/ssa": "Merge"}}));
    assert_eq!(ids(&merge.findings(check)), ["gitops"], "Merge keeps only fields that Git does not have");
}

#[test]
fn a_helm_release_of_flux_corrects_drift_and_upgrades() {
    let labels = json!({"helm.toolkit.fluxcd.io/name": "api", "helm.toolkit.fluxcd.io/namespace": "shop", "app.kubernetes.io/managed-by": "Helm"});
    assert_eq!(ids(&with(&json!({"labels": labels})).findings(check)), ["gitops", "helm"]);
    let off = with(&json!({"labels": labels, "annotations": {"helm.toolkit.fluxcd.io/driftDetection": "disabled"}}));
    assert_eq!(told(&off.findings(check)), ["! helm"]);
}

#[test]
fn a_controller_that_holds_the_selector_would_apply_it_again() {
    assert_eq!(told(&owned("web-operator", "Apply").findings(check)), ["x gitops"]);
    assert!(owned("web-operator", "Update").findings(check).is_empty(), "an update was made once");
}

#[test]
fn tools_that_people_start_are_a_warning() {
    for manager in ["kubectl", "Terraform", "pulumi-kubernetes-1a2b"] {
        assert_eq!(told(&owned(manager, "Apply").findings(check)), ["! kubectl-apply"], "{manager}");
    }
    assert!(owned("helm", "Apply").findings(check).is_empty(), "its label says it");
    let release = annotated("meta.helm.sh/release-name", "shop");
    assert_eq!(told(&release.findings(check)), ["! helm"]);
}

#[test]
fn the_manifest_of_the_last_apply_would_bring_the_old_color_back() {
    let key = "kubectl.kubernetes.io/last-applied-configuration";
    let manifest = json!({"spec": {"selector": {"app": "api", "version": "blue"}}}).to_string();
    assert_eq!(ids(&annotated(key, &manifest).findings(check)), ["kubectl-apply"]);
    for other in ["", "garbage", "[]", r#"{"spec":7}"#, r#"{"spec":{"ports":[]}}"#] {
        assert!(annotated(key, other).findings(check).is_empty(), "{other}");
    }
}

#[test]
fn our_own_writes_are_nobody_else_s() {
    assert!(owned("kubectl-release", "Apply").findings(check).is_empty());
}

#[test]
fn others_that_apply_again_and_again_are_known_by_their_marks() {
    assert_eq!(told(&annotated("configmanagement.gke.io/managed", "enabled").findings(check)), ["x gitops"]);
    assert_eq!(told(&annotated("objectset.rio.cattle.io/id", "helm-app").findings(check)), ["x gitops"]);
    let addon = |mode: &str| with(&json!({"labels": {"addonmanager.kubernetes.io/mode": mode}}));
    assert_eq!(told(&addon("Reconcile").findings(check)), ["x gitops"]);
    assert!(addon("EnsureExists").findings(check).is_empty());
    let mut ignored = annotated("configmanagement.gke.io/managed", "enabled");
    ignored.service["metadata"]["annotations"]["client.lifecycle.config.k8s.io/mutation"] = json!("ignore");
    assert!(ignored.findings(check).is_empty());
    let kapp = with(&json!({"labels": {"kapp.k14s.io/app": "1700000000"}}));
    assert_eq!(told(&kapp.findings(check)), ["! kubectl-apply"], "a person starts it");
}

#[test]
fn applied_both_ways_the_next_apply_may_be_either() {
    let key = "kubectl.kubernetes.io/last-applied-configuration";
    let mut both = owned("kubectl", "Apply");
    both.service["metadata"]["annotations"][key] =
        json!({"spec": {"selector": {"version": "blue"}}}).to_string().into();
    let found = both.findings(check);
    assert_eq!(told(&found), ["! kubectl-apply"]);
    assert!(found[0].message.contains("puts it back") && found[0].message.contains("conflicts"), "{found:?}");
}

/// The selector would be gone, and with it every endpoint that comes later.
#[test]
fn what_is_left_out_of_a_manifest_is_left_out_after_the_move() {
    for manager in ["kubectl", "web-operator"] {
        let mend = owned(manager, "Apply").findings(check)[0].mend.as_ref().map(ToString::to_string);
        assert!(mend.as_ref().is_some_and(|mend| mend.contains("not before")), "{manager}: {mend:?}");
    }
}

/// Argo CD takes the pods away again once they have the traffic.
#[test]
fn a_size_that_a_manifest_has_is_put_back() {
    let mut world = World::healthy();
    let tracking = json!({"argocd.argoproj.io/tracking-id": "web:apps/Deployment:shop/api-green"});
    world.workload("green")["metadata"]["annotations"] = tracking;
    world.scales_first = true;
    assert!(world.findings(check).is_empty(), "its manifest may leave the size to an autoscaler");
    let manifest = json!({"spec": {"replicas": 1}}).to_string();
    let key = "kubectl.kubernetes.io/last-applied-configuration";
    world.workload("green")["metadata"]["annotations"][key] = manifest.into();
    assert_eq!(told(&world.findings(check)), ["x gitops"]);
    world.workload("green")["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = "".into();
    assert_eq!(told(&world.findings(check)), ["! kubectl-apply"]);
    world.scales_first = false;
    assert!(world.findings(check).is_empty(), "nothing is written");
}
