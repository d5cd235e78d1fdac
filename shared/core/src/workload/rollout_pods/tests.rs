use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use serde_json::{Value, json};

use super::*;
use crate::kube::TemplateRevision;

/// Three pods, of which this many are ready; `spec` is laid over it.
fn stateful(spec: &Value, status: &Value) -> Workload {
    let mut object = json!({"metadata": {"name": "x", "generation": 2},
        "spec": {"replicas": 3, "serviceName": "x", "selector": {}, "template": {}},
        "status": {"observedGeneration": 2, "replicas": 3, "readyReplicas": 3,
            "currentRevision": "x-a", "updateRevision": "x-a"}});
    for (part, laid) in [("spec", spec), ("status", status)] {
        object[part].as_object_mut().unwrap().extend(laid.as_object().unwrap().clone());
    }
    serde_json::from_value::<StatefulSet>(object).unwrap().into()
}

fn now() -> Timestamp {
    "2026-01-01T01:00:00Z".parse().unwrap()
}

/// `READY` or the reason why its container waits.
fn pod(name: &str, revision: &str, state: &str) -> Pod {
    let ready = if state == "READY" { "True" } else { "False" };
    let waiting = json!({"name": "app", "image": "r/api:9", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": state}}});
    serde_json::from_value(json!({
        "metadata": {"name": name, "labels": {"controller-revision-hash": revision}},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": if state == "READY" { json!([]) } else { json!([waiting]) }},
    }))
    .unwrap()
}

fn by_labels<'p>(workload: &Workload, pods: &'p [Pod]) -> RolloutPods<'p> {
    RolloutPods::of(workload, pods, |_| panic!("labels tell"))
}

fn on_delete() -> Value {
    json!({"updateStrategy": {"type": "OnDelete"}})
}

/// After going back the two revisions of a StatefulSet are one, and no pod has been touched: it would be
/// called done.
#[test]
fn pods_are_counted_by_their_own_revision() {
    let workload = stateful(&on_delete(), &json!({}));
    let old: Vec<Pod> = (0..3).map(|n| pod(&format!("x-{n}"), "x-b", "READY")).collect();
    let pods = by_labels(&workload, &old);
    assert!(matches!(pods.status(&workload), RolloutStatus::Waiting(_)));
    assert_eq!(pods.hold(&workload, now()), Some(Hold::OnDelete(vec!["x-2".into(), "x-1".into(), "x-0".into()])));
    let counted = stateful(&on_delete(), &json!({"updatedReplicas": 3}));
    assert!(matches!(pods.status(&counted), RolloutStatus::Waiting(_)), "the pods themselves know better");
    let new: Vec<Pod> = (0..3).map(|n| pod(&format!("x-{n}"), "x-a", "READY")).collect();
    let pods = by_labels(&counted, &new);
    assert_eq!((pods.status(&counted), pods.hold(&counted, now())), (RolloutStatus::Done, None));
}

/// The pod that is broken anyway would be deleted last.
#[test]
fn broken_pods_are_deleted_first() {
    let workload = stateful(&on_delete(), &json!({}));
    let old = [pod("x-0", "x-b", "CrashLoopBackOff"), pod("x-1", "x-a", "READY"), pod("x-2", "x-b", "READY")];
    let hold = by_labels(&workload, &old).hold(&workload, now());
    assert_eq!(hold, Some(Hold::OnDelete(vec!["x-0".into(), "x-2".into()])));
}

/// Nobody would be told to delete the pod that everything waits for, or be told to delete one that
/// becomes ready, that is new, or that would come back as it was.
#[test]
fn only_an_old_pod_that_is_waited_for_holds_it_up() {
    let hold = |spec: &Value, pods: &[Pod]| {
        let workload = stateful(spec, &json!({"readyReplicas": 2}));
        by_labels(&workload, pods).hold(&workload, now())
    };
    let good = || [pod("x-0", "x-a", "READY"), pod("x-1", "x-a", "READY")];
    let with = |last: Pod| [good().to_vec(), vec![last]].concat();
    let stuck = Some(Hold::Stuck(vec!["x-2".into()]));
    let ordered = json!({});
    assert_eq!(hold(&ordered, &with(pod("x-2", "x-b", "ImagePullBackOff"))), stuck);
    assert_eq!(hold(&ordered, &with(pod("x-2", "x-b", "CrashLoopBackOff"))), stuck);
    assert_eq!(hold(&ordered, &with(pod("x-2", "x-b", "ContainerCreating"))), None);
    assert_eq!(hold(&ordered, &with(pod("x-2", "x-a", "ImagePullBackOff"))), None, "the new image fails");
    let parallel = json!({"podManagementPolicy": "Parallel"});
    assert_eq!(hold(&parallel, &with(pod("x-2", "x-b", "ImagePullBackOff"))), None, "it is replaced");
    let kept = json!({"updateStrategy": {"rollingUpdate": {"partition": 3}}});
    assert_eq!(hold(&kept, &with(pod("x-2", "x-b", "ImagePullBackOff"))), None, "it would be made from the old one");
}

/// A person would be told to delete a pod that takes half a minute to start, as it always does.
#[test]
fn a_pod_that_its_probes_give_time_is_not_stuck() {
    let starting = |made: &str| {
        let running = json!({"name": "app", "image": "r/api:9", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"running": {"startedAt": made}}});
        serde_json::from_value::<Pod>(json!({
            "metadata": {"name": "x-2", "creationTimestamp": made, "labels": {"controller-revision-hash": "x-b"}},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}],
                "containerStatuses": [running]},
        }))
        .unwrap()
    };
    let probe = json!({"periodSeconds": 10, "failureThreshold": 3});
    let template = json!({"spec": {"containers": [{"name": "app", "readinessProbe": probe}]}});
    let workload = stateful(&json!({"template": template}), &json!({"readyReplicas": 2}));
    let hold = |made: &str| by_labels(&workload, &[starting(made)]).hold(&workload, now());
    assert_eq!(hold("2026-01-01T00:59:59Z"), None);
    assert_eq!(hold("2026-01-01T00:00:00Z"), Some(Hold::Stuck(vec!["x-2".into()])), "it has had an hour");
}

/// "Done" would be said while the one pod that was replaced starts: the counts are those of the pod before it.
#[test]
fn a_pod_that_was_replaced_has_to_be_ready_itself() {
    let workload = stateful(
        &json!({"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}}),
        &json!({"replicas": 2, "readyReplicas": 2, "updatedReplicas": 2}),
    );
    let status = |last: Option<Pod>| {
        let pods: Vec<Pod> = [pod("x-0", "x-a", "READY")].into_iter().chain(last).collect();
        by_labels(&workload, &pods).status(&workload)
    };
    assert!(matches!(status(None), RolloutStatus::Waiting(_)), "it isn't there yet");
    assert!(matches!(status(Some(pod("x-1", "x-a", "ContainerCreating"))), RolloutStatus::Waiting(_)));
    assert!(matches!(status(Some(pod("x-1", "x-b", "READY"))), RolloutStatus::Waiting(_)));
    assert_eq!(status(Some(pod("x-1", "x-a", "READY"))), RolloutStatus::Done);
}

/// "Done" would be said of pods that stay where they were, or never of those that may move.
#[test]
fn a_partition_keeps_pods_by_their_number() {
    let spec = json!({"updateStrategy": {"rollingUpdate": {"partition": 2}}, "ordinals": {"start": 5}});
    let workload = stateful(&spec, &json!({"updateRevision": "x-b", "updatedReplicas": 1}));
    let pods = |last: &str| [pod("x-5", "x-a", "READY"), pod("x-6", "x-a", "READY"), pod("x-7", last, "READY")];
    let moved = pods("x-b");
    let sorted = by_labels(&workload, &moved);
    assert_eq!(sorted.status(&workload), RolloutStatus::Done);
    assert_eq!((names(&sorted.new), names(&sorted.kept)), (vec!["x-7".into()], vec!["x-5".into(), "x-6".into()]));
    let unmoved = pods("x-a");
    assert!(matches!(by_labels(&workload, &unmoved).status(&workload), RolloutStatus::Waiting(_)));
}

#[test]
fn a_daemon_set_is_counted_by_its_own_label_too() {
    let object = json!({"metadata": {"name": "x", "generation": 1},
        "spec": {"selector": {}, "template": {}, "updateStrategy": {"type": "OnDelete"}},
        "status": {"observedGeneration": 1, "desiredNumberScheduled": 2, "currentNumberScheduled": 2,
            "numberMisscheduled": 0, "numberReady": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}});
    let mut workload: Workload = serde_json::from_value::<DaemonSet>(object).unwrap().into();
    workload.revision = Some(TemplateRevision { name: "a".into(), since: None, set: None });
    let pods = [pod("x-k2", "a", "READY"), pod("x-j7", "b", "READY")];
    let sorted = by_labels(&workload, &pods);
    assert!(matches!(sorted.status(&workload), RolloutStatus::Waiting(_)));
    assert_eq!(sorted.hold(&workload, now()), Some(Hold::OnDelete(vec!["x-j7".into()])));
}

#[test]
fn a_paused_deployment_and_a_refused_one_are_held_up() {
    let held = |spec: &Value, conditions: &Value| {
        let mut object = json!({"metadata": {"name": "x", "generation": 1},
            "spec": {"replicas": 1, "selector": {}, "template": {}},
            "status": {"observedGeneration": 1, "conditions": conditions}});
        object["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        let workload: Workload = serde_json::from_value::<Deployment>(object).unwrap().into();
        RolloutPods::of(&workload, &[], |_| true).hold(&workload, now())
    };
    assert_eq!(held(&json!({"paused": true}), &json!([])), Some(Hold::Paused));
    let refused =
        json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}]);
    assert!(matches!(held(&json!({}), &refused), Some(Hold::Refused(why)) if why.contains("quota")));
    assert_eq!(held(&json!({}), &json!([])), None);
}
