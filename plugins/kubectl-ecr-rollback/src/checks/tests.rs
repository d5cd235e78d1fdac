//! Each check finds what it is for, and says nothing about a workload that is as it should be.

use std::collections::BTreeMap;

use release_core::registry::push_history::{Pinned, Scan, ScanSeverity};
use release_core::registry::scan_gate::Gate;
use release_core::release::record::Record as _;
use serde_json::json;

use super::testing::{World, image};
use crate::record::ImageRecord;
use crate::snapshot::owner::Owner;

/// A rollback must not depend on what somebody else wrote into an annotation.
#[test]
fn annotations_that_leave_no_room_for_a_record_are_told_and_stop_nothing() {
    let mut world = World::healthy();
    let before = world.told();
    world.object["metadata"]["annotations"] = json!({"example.com/notes": "x".repeat(200 * 1024)});
    assert_eq!(world.told(), before);
    world.object["metadata"]["annotations"] = json!({"example.com/notes": "x".repeat(261_500)});
    assert_eq!(world.told(), [vec!["! annotations-full".to_owned()], before].concat());
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    assert!(World::healthy().told().is_empty());
}

#[test]
fn what_stops_a_rollout_stops_the_rollback() {
    let mut world = World::healthy();
    world.object["spec"]["paused"] = json!(true);
    assert_eq!(world.told(), ["x paused"]);
    let mut world = World::healthy();
    world.may_patch = Ok(false);
    assert_eq!(world.told(), ["x forbidden"]);
    world.may_patch = Err("forbidden".into());
    assert_eq!(world.told(), ["? forbidden"]);
}

#[test]
fn a_stuck_rollout_is_no_obstacle() {
    let mut world = World::healthy();
    world.object["status"]["updatedReplicas"] = json!(1);
    assert_eq!(world.told(), ["! rollout-in-progress"]);
    world.object["status"]["conditions"] =
        json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]);
    assert_eq!(world.told(), ["! rollout-failed"]);
}

#[test]
fn an_update_that_takes_all_pods_is_said() {
    let mut world = World::healthy();
    world.object["spec"]["strategy"] = json!({"type": "Recreate"});
    assert_eq!(world.told(), ["! recreate"]);
    let rolling = |unavailable: serde_json::Value, surge: serde_json::Value| {
        let mut world = World::healthy();
        world.object["spec"]["strategy"] =
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}});
        world.told()
    };
    assert_eq!(rolling(json!("100%"), json!(0)), ["! all-unavailable"]);
    assert_eq!(rolling(json!(3), json!(1)), ["! all-unavailable"]);
    for (unavailable, surge) in [(json!(2), json!(0)), (json!("99%"), json!(0)), (json!(0), json!(1))] {
        assert!(rolling(unavailable.clone(), surge).is_empty(), "{unavailable}");
    }
    let mut alone = World::healthy();
    alone.object["spec"]["replicas"] = json!(1);
    alone.object["spec"]["strategy"] = json!({"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 0}});
    let told = alone.told();
    assert!(told.contains(&"! all-unavailable".to_owned()), "{told:?}");
}

#[test]
fn pods_that_leave_or_come_badly_are_said() {
    let mut world = World::healthy();
    world.container()["readinessProbe"] = json!(null);
    world.container()["lifecycle"] = json!(null);
    assert_eq!(world.told(), ["! no-readiness-probe", "! no-prestop"]);
    let mut world = World::healthy();
    world.object["spec"]["replicas"] = json!(0);
    world.object["status"] = json!({"observedGeneration": 3});
    assert_eq!(world.told(), ["! no-pods"]);
}

#[test]
fn autoscalers_and_budgets_are_looked_at() {
    let mut world = World::healthy();
    let hpa = |max: i32| {
        json!({"metadata": {"name": "api"}, "spec": {"maxReplicas": max,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}}})
    };
    world.autoscalers = Ok(vec![hpa(3)]);
    assert_eq!(world.told(), ["! hpa-at-limit"]);
    world.autoscalers = Ok(vec![hpa(4)]);
    assert!(world.told().is_empty());
    world.budgets = Ok(Vec::new());
    assert_eq!(world.told(), ["~ pdb-missing"]);
    let mut world = World::healthy();
    world.budgets.as_mut().unwrap()[0]["status"]["currentHealthy"] = json!(1);
    assert_eq!(world.told(), ["! pdb-broken"]);
    world.budgets = Err("forbidden".into());
    assert_eq!(world.told(), ["? pdb-missing"]);
}

#[test]
fn findings_of_a_scan_are_weighed_by_the_gate() {
    let told = |severity: ScanSeverity, gate: Gate| {
        let mut world = World::healthy();
        world.images[1].scan = Scan::Found { findings: BTreeMap::from([(severity, 2)]) };
        world.gate = gate;
        world.told()
    };
    assert_eq!(told(ScanSeverity::High, Gate::Off), ["! scan-findings"]);
    assert!(told(ScanSeverity::Medium, Gate::Off).is_empty());
    assert_eq!(told(ScanSeverity::High, Gate::UpTo(ScanSeverity::Medium)), ["x scan-findings"]);
    assert_eq!(told(ScanSeverity::High, Gate::UpTo(ScanSeverity::High)), ["! scan-findings"]);
    assert_eq!(told(ScanSeverity::Untriaged, Gate::UpTo(ScanSeverity::High)), ["x scan-findings"]);
    assert_eq!(told(ScanSeverity::Informational, Gate::NoFindings), ["x scan-findings"]);
}

/// A gate would pass what nobody has looked at, and without one nobody would know.
#[test]
fn an_unknown_scan_is_not_a_clean_one() {
    let told = |scan: Scan, gate: Gate| {
        let mut world = World::healthy();
        world.images[1].scan = scan;
        world.gate = gate;
        world.told()
    };
    for why in [None, Some("PENDING"), Some("FAILED"), Some("SCAN_ELIGIBILITY_EXPIRED"), Some("AccessDenied")] {
        assert_eq!(told(Scan::unknown(why), Gate::UpTo(ScanSeverity::Critical)), ["x not-scanned"]);
        assert_eq!(told(Scan::unknown(why), Gate::NoFindings), ["x not-scanned"]);
        assert_eq!(told(Scan::unknown(why), Gate::Off), ["? not-scanned"]);
    }
    let expired = |severity| Scan::Unknown { why: None, findings: BTreeMap::from([(severity, 1)]) };
    let high = Gate::UpTo(ScanSeverity::Medium);
    assert_eq!(told(expired(ScanSeverity::High), high), ["x scan-findings", "x not-scanned"]);
    assert_eq!(told(expired(ScanSeverity::High), Gate::Off), ["! scan-findings", "? not-scanned"]);
    assert_eq!(told(expired(ScanSeverity::Low), high), ["x not-scanned"]);
    assert!(told(Scan::Clean, Gate::NoFindings).is_empty());
}

#[test]
fn containers_that_stay_are_named() {
    let mut world = World::healthy();
    let image = world.container()["image"].clone();
    world.template()["initContainers"] = json!([{"name": "migrate", "image": image}]);
    assert_eq!(world.told(), ["! init-container-stays"]);
}

#[test]
fn gitops_would_put_the_image_back() {
    let mut world = World::healthy();
    world.object["metadata"]["annotations"] =
        json!({"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/api"});
    assert_eq!(world.told(), ["x gitops"]);
    world.object["metadata"]["annotations"] =
        json!({"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"});
    assert!(world.told().is_empty(), "copied from another object");
    let owns =
        json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {"f:image": {}}}}}}});
    world.object["metadata"]["managedFields"] =
        json!([{"manager": "release-operator", "operation": "Apply", "fieldsV1": owns}]);
    assert_eq!(world.told(), ["x gitops"]);
    world.object["metadata"]["managedFields"][0]["manager"] = json!("helm");
    assert!(!world.told().contains(&"x gitops".to_owned()));
}

#[test]
fn a_pinned_image_that_the_policy_would_take_is_said() {
    let mut world = World::healthy();
    let untagged = r#"{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged",
        "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]}"#;
    world.policy = Ok(Some(untagged.to_owned()));
    world.images.push({
        let mut newer = image("3", 3);
        newer.tags.clear();
        newer
    });
    assert!(world.told().is_empty(), "nothing is pinned");
    world.pinned = Some(Pinned::TagMoves);
    assert_eq!(world.told(), ["! will-expire"]);
    world.policy = Err("access denied".into());
    assert_eq!(world.told(), ["? will-expire"]);
}

#[test]
fn a_record_that_was_edited_and_one_that_failed_are_said() {
    let mut world = World::healthy();
    world.object["metadata"]["annotations"] = json!({ImageRecord::CURRENT: "nonsense"});
    assert_eq!(world.told(), ["! record"]);
    let moved =
        json!([{"name": "app", "from": world.container()["image"], "to": format!("{}:1", super::testing::REPOSITORY)}]);
    let record = json!({"id": "1", "uid": "u", "verb": "rollback", "containers": moved, "by": "lee", "at": "2026-01-09T00:00:00Z",
        "result": "rolled back", "failure": "1 pod CrashLoopBackOff"});
    world.object["metadata"]["annotations"] = json!({ImageRecord::CURRENT: record.to_string()});
    assert_eq!(world.told(), ["x failed-before"]);
}

/// "Back" would be forward, or somebody else's image, and nobody be asked.
#[test]
fn what_nobody_means_by_back_is_asked_for_and_refused_where_nobody_is() {
    let told = |left: &[&str], target: &[&str], others: &[&str], unasked: bool, named: bool| {
        let mut world = World::healthy();
        let tags = |tags: &[&str]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
        // The template's own tags, 2 and 1, are numbers that say nothing.
        world.images[0].tags.extend(tags(left));
        world.images[1].tags.extend(tags(target));
        world.images.extend(others.iter().map(|tag| image(tag, 3)));
        (world.chosen.unasked, world.chosen.named) = (unasked, named);
        world.told()
    };
    for (id, left, target) in [
        ("higher-version", "1.4.1", "1.5.0"),
        ("other-application", "api-1.2", "web-3.1"),
        ("pull-request-build", "main-abc1234", "pr-12-bcd2345"),
    ] {
        let told = |unasked, named| told(&[left], &[target], &[], unasked, named);
        assert_eq!(told(false, false), [format!("! {id}")]);
        assert_eq!(told(true, false), [format!("x {id}")]);
        // A version that was typed was meant; a tag alone doesn't tell whose image it is.
        let named = if id == "higher-version" { '!' } else { 'x' };
        assert_eq!(told(true, true), [format!("{named} {id}")]);
    }
    let mut ran_before = World::healthy();
    ran_before.images[0].tags.push("1.4.1".into());
    ran_before.images[1].tags.push("1.5.0".into());
    (ran_before.chosen.unasked, ran_before.chosen.by_deployments) = (true, true);
    assert_eq!(ran_before.told(), ["! higher-version"], "deployments have an order of their own");
    assert!(told(&["1.4.1"], &["1.4.0"], &["web-3.1", "api-1.2"], true, false).is_empty());
}

/// The bad release would be back with the next look of a tool that follows the registry.
#[test]
fn tools_that_follow_the_registry_are_said() {
    let trigger = |field: &str, paused: bool| {
        json!([{"from": {"kind": "ImageStreamTag", "name": "api:latest"}, "fieldPath": field, "paused": paused}])
            .to_string()
    };
    let own = "spec.template.spec.containers[?(@.name==\"app\")].image";
    let marked = |kind: &str, key: &str, value: &str| {
        let mut world = World::healthy();
        world.object["metadata"][kind] = json!({key: value});
        world.told()
    };
    for (kind, key, value) in [
        ("annotations", "keel.sh/policy", "patch"),
        ("labels", "keel.sh/policy", "force"),
        ("annotations", "keel.observer/policy", "all"),
        ("annotations", "argocd-image-updater.argoproj.io/app.update-strategy", "newest-build"),
        ("annotations", "fluxcd.io/automated", "true"),
        ("annotations", "flux.weave.works/automated", "true"),
        ("annotations", "image.openshift.io/triggers", &trigger(own, false)),
        ("annotations", "image.openshift.io/triggers", &trigger("spec.template.spec.containers[0].image", false)),
    ] {
        assert_eq!(marked(kind, key, value), ["x image-updater"], "{key}: {value}");
    }
    for (key, value) in [
        ("keel.sh/policy", "never"),
        ("fluxcd.io/automated", "false"),
        ("image.openshift.io/triggers", &trigger(own, true)),
        ("image.openshift.io/triggers", &trigger("spec.template.spec.containers[?(@.name==\"side\")].image", false)),
        ("image.openshift.io/triggers", "[{\"fieldPath\": 7}, null]"),
        ("image.openshift.io/triggers", "no json"),
    ] {
        assert!(marked("annotations", key, value).is_empty(), "{key}: {value}");
    }
    let mut world = World::healthy();
    let metadata = json!({"name": "shop", "annotations": {"keel.sh/policy": "major"}});
    world.owners = vec![Owner { name: "Shop/shop".into(), metadata: serde_json::from_value(metadata).unwrap() }];
    assert_eq!(world.told(), ["x image-updater"], "on what it is made from");
}

#[test]
fn a_controller_of_the_workload_would_put_its_image_back() {
    let mut world = World::healthy();
    let owner = |controller: bool| json!([{"apiVersion": "acme.io/v1", "kind": "Shop", "name": "s", "uid": "1", "controller": controller}]);
    world.object["metadata"]["ownerReferences"] = owner(true);
    assert_eq!(world.told(), ["x owned-by-controller"]);
    world.object["metadata"]["ownerReferences"] = owner(false);
    assert!(world.told().is_empty());
}

/// A release that was built anew under its tag would be refused for what the one before did.
#[test]
fn what_failed_before_is_known_by_its_digest() {
    let found = |to_digest: &str, result: &str, seen: Option<&str>| {
        let mut world = World::healthy();
        let moved = json!([{"name": "app", "from": world.container()["image"], "to": format!("{}:1", super::testing::REPOSITORY)}]);
        let record = json!({"id": "1", "uid": "u", "verb": "forward", "containers": moved, "by": "lee", "at": "2026-01-09T00:00:00Z",
            "toDigest": to_digest, "result": result, "failure": seen});
        world.object["metadata"]["annotations"] = json!({ImageRecord::CURRENT: record.to_string()});
        world.told()
    };
    let told = |to_digest: &str, result: &str| found(to_digest, result, Some("1 pod OOMKilled, restarting"));
    let own = image("1", 1).digest;
    assert_eq!(told(&own, "rolled back"), ["x failed-before"]);
    assert!(found(&own, "rolled back", None).is_empty(), "none of its pods was seen failing");
    assert!(told(&image("7", 1).digest, "rolled back").is_empty(), "its tag is on another image since");
    assert!(told(&own, "done").is_empty());
}
