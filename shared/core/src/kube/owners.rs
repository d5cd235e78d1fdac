//! Who runs a pod, followed by UID: pod, ReplicaSet, Deployment
//! (<https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/>). Names
//! prove nothing: a ReplicaSet may have been adopted, or be left over from another Deployment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use super::pod::{OWNER_GONE, Owner, Pod, RunBy};
use super::workload::{TemplateRevision, Workload, WorkloadKind};

/// The Deployment controller's count of templates, on a Deployment and its ReplicaSets.
pub const REVISION: &str = "deployment.kubernetes.io/revision";

/// A ReplicaSet that another controller owns.
#[derive(Debug, Clone)]
pub struct OwnedSet {
    pub uid: String,
    pub owner: Owner,
    revision: Option<String>,
    hash: Option<String>,
    since: Option<Timestamp>,
}

impl OwnedSet {
    /// The ReplicaSet's owner; nothing for one that nobody owns.
    #[must_use]
    pub fn of(set: &ReplicaSet) -> Option<Self> {
        let metadata = &set.metadata;
        let owner = controller_of(metadata)?;
        let annotation = |key: &str| metadata.annotations.as_ref()?.get(key).cloned();
        Some(Self {
            uid: metadata.uid.clone().unwrap_or_default(),
            owner: owner_of(owner),
            revision: annotation(REVISION),
            hash: metadata.labels.as_ref().and_then(|labels| labels.get("pod-template-hash")).cloned(),
            since: metadata.creation_timestamp.as_ref().map(|time| time.0),
        })
    }
}

/// The owner of an object that acts as its controller.
#[must_use]
pub fn controller_of(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))
}

fn owner_of(reference: &OwnerReference) -> Owner {
    let OwnerReference { kind, name, uid, controller, .. } = reference.clone();
    Owner { kind, name, uid, controller }
}

/// Notes on each pod who runs it. `owned` are ReplicaSets that have an owner, those that nobody owns
/// are among the workloads; `all_known` where there are no others.
pub fn attribute(pods: &mut [Pod], owned: &[OwnedSet], all_known: bool, workloads: &[Arc<Workload>]) {
    let owners: BTreeMap<&str, &Owner> = owned.iter().map(|set| (set.uid.as_str(), &set.owner)).collect();
    let known: BTreeSet<&str> =
        workloads.iter().filter(|w| w.kind == WorkloadKind::ReplicaSet).map(|set| set.uid()).collect();
    for pod in pods {
        pod.run_by = match pod.controller() {
            None => RunBy::Nobody,
            Some(set) if set.kind == "ReplicaSet" => match owners.get(set.uid.as_str()) {
                Some(owner) => RunBy::Controller((*owner).clone()),
                None if known.contains(set.uid.as_str()) => RunBy::Controller(set.clone()),
                None if all_known => RunBy::Gone(set.clone()),
                None => RunBy::Unknown,
            },
            Some(owner) => RunBy::Controller(owner.clone()),
        };
    }
}

/// Takes the readiness from pods whose Deployment, ReplicaSet or StatefulSet is not there any more: the
/// garbage collector is about to take them.
pub fn lose_orphans(pods: &mut [Pod], workloads: &[Arc<Workload>]) {
    let there: BTreeSet<&str> = workloads.iter().map(|w| w.uid()).collect();
    for pod in pods {
        let (owner, gone) = match &pod.run_by {
            RunBy::Gone(owner) => (owner, true),
            RunBy::Controller(owner) => {
                let listed = matches!(owner.kind.as_str(), "Deployment" | "StatefulSet") && !owner.uid.is_empty();
                (owner, listed && !there.contains(owner.uid.as_str()))
            }
            RunBy::Unknown | RunBy::Nobody => continue,
        };
        if gone {
            let why = format!("its {} {} is gone", owner.kind, owner.name);
            pod.lose(OWNER_GONE, why);
        }
    }
}

/// The template that a Deployment runs: that of its ReplicaSet of the same revision.
#[must_use]
pub fn deployed_revision(deployment: &Workload, owned: &[OwnedSet]) -> Option<TemplateRevision> {
    let seen = deployment.observed_generation >= deployment.metadata.generation.unwrap_or(0);
    let revision = deployment.metadata.annotations.as_ref()?.get(REVISION).filter(|_| seen)?;
    let own = owned.iter().filter(|set| set.owner.uid == deployment.uid());
    let current = own.filter(|set| set.revision.as_ref() == Some(revision)).max_by_key(|set| set.since)?;
    Some(TemplateRevision { name: current.hash.clone()?, since: current.since, set: Some(current.uid.clone()) })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn set(uid: &str, owner: Option<(&str, &str)>, revision: &str) -> ReplicaSet {
        let owner = owner.map(
            |(kind, uid)| json!([{"apiVersion": "x/v1", "kind": kind, "name": "api", "uid": uid, "controller": true}]),
        );
        let metadata = json!({"name": "api-7d9f", "uid": uid, "labels": {"pod-template-hash": uid},
            "annotations": {REVISION: revision}, "ownerReferences": owner});
        serde_json::from_value(json!({"metadata": metadata, "spec": {"selector": {}, "replicas": 2}})).unwrap()
    }

    fn pod(owner: &Value) -> Pod {
        let status = json!({"conditions": [{"type": "Ready", "status": "True"}]});
        let labels = json!({"pod-template-hash": "7d9f"});
        let metadata = json!({"name": "p", "labels": labels, "ownerReferences": owner});
        serde_json::from_value(json!({"metadata": metadata, "status": status})).unwrap()
    }

    fn by(kind: &str, uid: &str) -> Value {
        json!([{"kind": kind, "name": "api-7d9f", "uid": uid, "controller": true}])
    }

    fn deployment(uid: &str, revision: &str) -> Arc<Workload> {
        let metadata = json!({"name": "api", "uid": uid, "annotations": {REVISION: revision}});
        let object = json!({"metadata": metadata, "spec": {"selector": {}, "template": {}}});
        Arc::new(serde_json::from_value::<k8s_openapi::api::apps::v1::Deployment>(object).unwrap().into())
    }

    #[test]
    fn pods_are_followed_by_uid_whatever_their_owners_are_called() {
        let sets = [set("s1", Some(("Deployment", "d1")), "1"), set("s2", Some(("Rollout", "r1")), "1")];
        let owned: Vec<OwnedSet> = sets.iter().filter_map(OwnedSet::of).collect();
        let bare = [Arc::new(Workload::from(set("s3", None, "1")))];
        let mut pods =
            [by("ReplicaSet", "s1"), by("ReplicaSet", "s2"), by("ReplicaSet", "s3"), by("Job", "j1"), json!([])]
                .map(|owner| pod(&owner));
        attribute(&mut pods, &owned, true, &bare);
        let own = deployment("d1", "1");
        assert_eq!(pods.each_ref().map(|p| own.owns(p)), [true, false, false, false, false]);
        assert_eq!(pods.each_ref().map(|p| bare[0].owns(p)), [false, false, true, false, false]);
        assert_eq!(pods.each_ref().map(Pod::is_stray), [false, false, false, true, true]);
        assert!(!deployment("d2", "1").owns(&pods[0]), "another Deployment of that name");
    }

    #[test]
    fn without_replica_sets_the_hash_on_the_pod_tells() {
        let mut pods = [pod(&by("ReplicaSet", "s1"))];
        attribute(&mut pods, &[], false, &[]);
        assert!(deployment("d1", "1").owns(&pods[0]));
        pods[0].metadata.labels.insert("pod-template-hash".into(), "other".into());
        assert!(!deployment("d1", "1").owns(&pods[0]));
    }

    #[test]
    fn pods_of_a_deleted_workload_are_about_to_go() {
        let owned = [OwnedSet::of(&set("s1", Some(("Deployment", "d1")), "1")).unwrap()];
        let mut pods = [pod(&by("ReplicaSet", "s1")), pod(&by("StatefulSet", "gone")), pod(&by("CloneSet", "c1"))];
        attribute(&mut pods, &owned, true, &[]);
        lose_orphans(&mut pods, &[deployment("d1", "1")]);
        assert_eq!(pods.each_ref().map(Pod::is_ready), [true, false, true]);
        lose_orphans(&mut pods, &[]);
        assert!(!pods[0].is_ready());
        let mut of_no_set = [pod(&by("ReplicaSet", "deleted"))];
        attribute(&mut of_no_set, &owned, true, &[]);
        lose_orphans(&mut of_no_set, &[deployment("d1", "1")]);
        assert!(!of_no_set[0].is_ready());
    }

    #[test]
    fn the_revision_that_runs_is_the_clusters_word() {
        let owned: Vec<OwnedSet> =
            ["1", "2"].map(|n| OwnedSet::of(&set(&format!("h{n}"), Some(("Deployment", "d1")), n)).unwrap()).into();
        assert_eq!(deployed_revision(&deployment("d1", "2"), &owned).unwrap().name, "h2");
        assert_eq!(deployed_revision(&deployment("d1", "3"), &owned), None, "not rolled out yet");
        assert_eq!(deployed_revision(&deployment("d2", "2"), &owned), None);
    }
}
