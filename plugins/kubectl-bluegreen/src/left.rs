//! What a color ran when a Service left it, and whether it still is that.

use std::sync::Arc;

use jiff::Timestamp;
use release_core::kube::{Pod, Workload, WorkloadKind};
use release_core::registry::image::ImageRef;
use release_core::text::printable;
use release_core::traffic::selector::Color;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Pods of a workload that are started because a record says so: anybody may have written it who must not
/// scale anything. What is there is asked first; a record is where nothing is.
const BELIEVED: i32 = 100;
/// Workloads and images that a record keeps.
const KEPT: usize = 8;

/// One workload of a color, as it was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeftWorkload {
    /// `deploy/api-blue`
    pub workload: String,
    pub uid: String,
    /// The cluster's own name of its pod template: a Deployment's `pod-template-hash`, a StatefulSet's
    /// update revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The UID of a Deployment's ReplicaSet, which outlives a Deployment that is deleted alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica_set: Option<String>,
    pub images: Vec<String>,
    pub replicas: i32,
}

impl LeftWorkload {
    /// The workloads of a color as they are.
    #[must_use]
    pub fn all(color: &Color) -> Vec<Self> {
        color.workloads.iter().take(KEPT).map(|workload| Self::of(workload)).collect()
    }

    fn of(workload: &Workload) -> Self {
        Self {
            workload: workload.reference(),
            uid: workload.uid().to_owned(),
            revision: workload.revision.as_ref().map(|revision| revision.name.clone()),
            replica_set: set_of(workload).map(str::to_owned),
            images: workload.images().take(KEPT).map(str::to_owned).collect(),
            replicas: workload.replicas,
        }
    }

    /// The same made printable: it was read from an annotation.
    #[must_use]
    pub fn checked(self) -> Self {
        Self {
            workload: printable(&self.workload),
            uid: printable(&self.uid),
            revision: self.revision.as_deref().map(printable),
            replica_set: self.replica_set.as_deref().map(printable),
            images: self.images.iter().take(KEPT).map(|image| printable(image)).collect(),
            replicas: self.replicas.clamp(0, BELIEVED),
        }
    }

    /// What it is by now: the workload that runs its ReplicaSet, or is that, else the one of its name.
    fn in_color<'c>(&self, color: &'c Color) -> Option<&'c Workload> {
        let runs_it = |w: &&Arc<Workload>| self.replica_set.is_some() && set_of(w) == self.replica_set.as_deref();
        let named = |w: &&Arc<Workload>| w.reference() == self.workload;
        let found = color.workloads.iter().find(runs_it).or_else(|| color.workloads.iter().find(named));
        found.map(AsRef::as_ref)
    }

    /// True where it goes on under another UID: it was deleted alone, and what took its place adopted what
    /// it ran.
    fn was_adopted(&self, now: &Workload, at: Timestamp, pods: &[&Pod]) -> bool {
        if self.replica_set.is_some() && self.replica_set.as_deref() == set_of(now) {
            return true;
        }
        let same_name = now.revision.as_ref().map(|revision| &revision.name) == self.revision.as_ref();
        let older = |since: Option<Timestamp>| since.is_some_and(|since| since <= at);
        let revision = now.revision.as_ref().and_then(|revision| revision.since);
        let is_older = |pod: &&&Pod| now.owns(pod) && older(pod.metadata.creation_timestamp);
        same_name && (older(revision) || pods.iter().find(is_older).is_some_and(|pod| self.is_template_of(pod)))
    }

    /// By the label that StatefulSets and DaemonSets write on their pods.
    fn is_template_of(&self, pod: &Pod) -> bool {
        let revision = pod.metadata.labels.get("controller-revision-hash");
        self.revision.is_none() || revision == self.revision.as_ref()
    }

    /// Why that workload is not what was left.
    fn difference(&self, now: &Workload, at: Timestamp, pods: &[&Pod]) -> Option<String> {
        if self.uid != now.uid() && !self.was_adopted(now, at, pods) {
            return Some(format!("{now} was made anew"));
        }
        let same = match (&self.revision, &now.revision) {
            (Some(then), Some(now)) => *then == now.name,
            _ => now.images().eq(self.images.iter().map(String::as_str)),
        };
        if same {
            return None;
        }
        let then = || self.images.iter().map(String::as_str);
        let gone = then().find(|then| now.images().all(|image| image != *then));
        let new = now.images().find(|image| then().all(|then| then != *image));
        let short = |image: &str| ImageRef::parse(image).short();
        Some(match (gone, new) {
            (Some(gone), Some(new)) => format!("{now} has {} now, it had {}", short(new), short(gone)),
            _ => format!("{now} has another pod template"),
        })
    }
}

/// How a color differs from what was left at that time, in a few words each; nothing where it is the same.
/// A size is no difference, nor is another UID where the same pods are run. Without a record of what was
/// left, what was deployed later is one. `pods` are the color's.
#[must_use]
pub fn differences(left: &[LeftWorkload], at: Timestamp, color: &Color, pods: &[&Pod]) -> Vec<String> {
    if left.is_empty() {
        let later = color.workloads.iter().filter(|w| deployed_at(w).is_some_and(|deployed| deployed > at));
        return later.map(|w| format!("{w} was deployed later")).collect();
    }
    let changed = left.iter().filter_map(|then| match then.in_color(color) {
        Some(now) => then.difference(now, at, pods),
        None => Some(format!("{} is gone", then.workload)),
    });
    let is_known = |w: &Workload| left.iter().any(|l| l.in_color(color).is_some_and(|now| now.uid() == w.uid()));
    // As many as a record keeps may have been left out of it.
    let added = color.workloads.iter().filter(|w| left.len() < KEPT && !is_known(w)).map(|w| format!("{w} is new"));
    changed.chain(added).collect()
}

/// The UID of the ReplicaSet that a Deployment runs now, or that a workload is.
fn set_of(workload: &Workload) -> Option<&str> {
    match workload.kind {
        WorkloadKind::ReplicaSet => Some(workload.uid()),
        _ => workload.revision.as_ref()?.set.as_deref(),
    }
}

/// Since when its template is there; that of a Deployment of which only the object is known, since it is.
#[must_use]
pub fn deployed_at(workload: &Workload) -> Option<Timestamp> {
    let created = workload.metadata.creation_timestamp.as_ref().map(|time| time.0);
    workload.revision.as_ref().and_then(|revision| revision.since).or(created)
}

/// When the template that is there now was rolled out, where that is known: a Deployment's ReplicaSet
/// tells it, and an object that was never written again has the one that it came with.
#[must_use]
pub fn rolled_out_at(workload: &Workload) -> Option<Timestamp> {
    let since = workload.revision.as_ref().and_then(|revision| revision.since);
    let untouched = workload.metadata.generation == Some(1);
    since.or_else(|| deployed_at(workload).filter(|_| untouched))
}

/// How old a color is beside another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// It was deployed before the other.
    Older,
    Newer,
    /// Nobody knows, or both are of the same second: the API server keeps no finer times.
    Unknown,
}

/// Which of two colors was deployed last, by the last of their templates.
#[must_use]
pub fn age_beside(color: &Color, other: &Color) -> Age {
    let newest = |color: &Color| {
        let known: Option<Vec<_>> = color.workloads.iter().map(|w| rolled_out_at(w)).collect();
        known?.into_iter().max()
    };
    match (newest(color), newest(other)) {
        (Some(own), Some(others)) if own < others => Age::Older,
        (Some(own), Some(others)) if own > others => Age::Newer,
        _ => Age::Unknown,
    }
}

/// Pods that the color ran when it was left.
#[must_use]
pub fn size(left: &[LeftWorkload]) -> usize {
    left.iter().map(|l| usize::try_from(l.replicas).unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use release_core::kube::TemplateRevision;
    use serde_json::json;

    use super::*;

    fn workload(uid: &str, image: &str, revision: Option<&str>) -> Workload {
        let metadata = json!({"name": "api-blue", "uid": uid, "creationTimestamp": "2026-01-02T00:00:00Z"});
        let template = json!({"spec": {"containers": [{"name": "api", "image": image}]}});
        let object = json!({"metadata": metadata, "spec": {"replicas": 3, "selector": {}, "template": template}});
        let deployment: k8s_openapi::api::apps::v1::Deployment = serde_json::from_value(object).unwrap();
        let revision = revision.map(|name| TemplateRevision { name: name.into(), since: None, set: None });
        Workload { revision, ..deployment.into() }
    }

    fn color(workload: Workload) -> Color {
        Color { name: "blue".into(), workloads: vec![Arc::new(workload)], ..Color::default() }
    }

    fn since(left: &Workload, now: Workload) -> Vec<String> {
        let left = LeftWorkload::all(&color(left.clone()));
        differences(&left, "2026-01-03T00:00:00Z".parse().unwrap(), &color(now), &[])
    }

    #[test]
    fn the_same_template_is_the_same_whatever_its_size() {
        let left = workload("1", "api:1.4", Some("7d9f"));
        let resized = Workload { replicas: 0, ..left.clone() };
        assert!(since(&left, resized).is_empty());
        assert!(since(&workload("1", "api:1.4", None), left).is_empty(), "where revisions can't be read, images tell");
    }

    #[test]
    fn the_next_release_on_that_color_is_not_what_was_left() {
        let left = workload("1", "registry.example.com/api:1.4", Some("7d9f"));
        let next = since(&left, workload("1", "registry.example.com/api:1.6", Some("55c8")));
        assert_eq!(next, ["deploy/api-blue has api:1.6 now, it had api:1.4"]);
        let moved = since(&left, workload("1", "registry.example.com/api:1.4", Some("55c8")));
        assert_eq!(moved.len(), 1, "another template with the same image: {moved:?}");
        assert_eq!(since(&left, workload("2", "registry.example.com/api:1.4", Some("7d9f"))).len(), 1);
    }

    #[test]
    fn what_goes_on_under_another_uid_is_what_was_left() {
        let at: Timestamp = "2026-01-03T00:00:00Z".parse().unwrap();
        let revision = |name: &str, set: Option<&str>, since: &str| {
            let (name, set) = (name.to_owned(), set.map(str::to_owned));
            Some(TemplateRevision { name, set, since: Some(since.parse().unwrap()) })
        };
        let (before, after) = ("2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z");
        let left = Workload { revision: revision("7d9f", Some("rs"), before), ..workload("1", "api:1.4", None) };
        let now =
            |name, set, since| Workload { revision: revision(name, set, since), ..workload("2", "api:1.4", None) };
        assert!(since(&left, now("7d9f", Some("rs"), before)).is_empty(), "its ReplicaSet was adopted");
        assert_eq!(since(&left, now("7d9f", Some("other"), after)).len(), 1, "so was the template only");
        let renamed = Workload { metadata: left.metadata.clone(), ..now("7d9f", Some("rs"), before) };
        assert!(since(&left, renamed).is_empty());
        let bare = Workload { kind: WorkloadKind::ReplicaSet, revision: None, ..workload("rs", "api:1.4", None) };
        assert!(since(&left, bare).is_empty(), "nothing has adopted it yet");
        let mut old_record = LeftWorkload::all(&color(left));
        old_record[0].replica_set = None;
        let told = |now: Workload| differences(&old_record, at, &color(now), &[]);
        assert!(told(now("7d9f", Some("rs"), before)).is_empty(), "the ReplicaSet was there before");
        assert_eq!(told(now("7d9f", Some("rs"), after)).len(), 1);
    }

    #[test]
    fn a_stateful_set_made_anew_over_its_own_pods_is_what_was_left() {
        let at: Timestamp = "2026-01-03T00:00:00Z".parse().unwrap();
        let set = |uid| Workload { kind: WorkloadKind::StatefulSet, ..workload(uid, "api:1.4", Some("api-6b")) };
        let left = LeftWorkload::all(&color(set("1")));
        let told = |created: &str, revision: &str| {
            let owner = json!({"kind": "StatefulSet", "name": "api-blue", "uid": "2", "controller": true});
            let labels = json!({"controller-revision-hash": revision});
            let object = json!({"metadata": {"name": "api-blue-0", "creationTimestamp": created, "labels": labels, "ownerReferences": [owner]}});
            let mut pod: Pod = serde_json::from_value(object).unwrap();
            pod.run_by = pod.controller().cloned().map(release_core::kube::RunBy::Controller).unwrap();
            differences(&left, at, &color(set("2")), &[&pod])
        };
        assert!(told("2026-01-02T00:00:00Z", "api-6b").is_empty());
        assert_eq!(told("2026-01-04T00:00:00Z", "api-6b").len(), 1, "its pods are new");
        assert_eq!(told("2026-01-02T00:00:00Z", "api-7c").len(), 1, "its pods are of another template");
    }

    #[test]
    fn without_a_record_of_it_what_came_later_is_something_else() {
        let (before, after) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-01-03T00:00:00Z".parse().unwrap());
        assert_eq!(differences(&[], before, &color(workload("1", "api:1.4", None)), &[]).len(), 1);
        assert!(differences(&[], after, &color(workload("1", "api:1.4", None)), &[]).is_empty());
    }
}
