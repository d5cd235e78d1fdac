//! What a color ran when a Service left it, and whether it still is that.

use jiff::Timestamp;
use release_core::kube::Workload;
use release_core::registry::image::ImageRef;
use release_core::text::printable;
use release_core::traffic::selector::Color;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
            images: self.images.iter().take(KEPT).map(|image| printable(image)).collect(),
            replicas: self.replicas.max(0),
        }
    }

    /// Why the workload of that name is not what was left.
    fn difference(&self, now: &Workload) -> Option<String> {
        if self.uid != now.uid() {
            return Some(format!("{now} was made anew"));
        }
        let same = match (&self.revision, &now.revision) {
            (Some(then), Some(now)) => *then == now.name,
            _ => now.images().eq(self.images.iter().map(String::as_str)),
        };
        if same {
            return None;
        }
        let (then, image) = (self.images.first().map_or("", String::as_str), now.image());
        let short = |image: &str| ImageRef::parse(image).short();
        Some(if then == image {
            format!("{now} has another pod template")
        } else {
            format!("{now} has {} now, it had {}", short(image), short(then))
        })
    }
}

/// How a color differs from what was left at that time, in a few words each; nothing where it is the same.
/// A size is no difference. Without a record of what was left, what was deployed later is one.
#[must_use]
pub fn differences(left: &[LeftWorkload], at: Timestamp, color: &Color) -> Vec<String> {
    if left.is_empty() {
        let later = color.workloads.iter().filter(|w| deployed_at(w).is_some_and(|deployed| deployed > at));
        return later.map(|w| format!("{w} was deployed later")).collect();
    }
    let named = |name: &str| color.workloads.iter().find(|w| w.reference() == name);
    let changed = left.iter().filter_map(|then| match named(&then.workload) {
        Some(now) => then.difference(now),
        None => Some(format!("{} is gone", then.workload)),
    });
    // As many as a record keeps may have been left out of it.
    let is_new = |w: &&std::sync::Arc<Workload>| left.len() < KEPT && !left.iter().any(|l| l.workload == w.reference());
    let added = color.workloads.iter().filter(is_new).map(|w| format!("{w} is new"));
    changed.chain(added).collect()
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

/// Pods that the color ran when it was left.
#[must_use]
pub fn size(left: &[LeftWorkload]) -> usize {
    left.iter().map(|l| usize::try_from(l.replicas).unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use release_core::kube::TemplateRevision;
    use serde_json::json;

    use super::*;

    fn workload(uid: &str, image: &str, revision: Option<&str>) -> Workload {
        let metadata = json!({"name": "api-blue", "uid": uid, "creationTimestamp": "2026-01-02T00:00:00Z"});
        let template = json!({"spec": {"containers": [{"name": "api", "image": image}]}});
        let object = json!({"metadata": metadata, "spec": {"replicas": 3, "selector": {}, "template": template}});
        let deployment: k8s_openapi::api::apps::v1::Deployment = serde_json::from_value(object).unwrap();
        let revision = revision.map(|name| TemplateRevision { name: name.into(), since: None });
        Workload { revision, ..deployment.into() }
    }

    fn color(workload: Workload) -> Color {
        Color { name: "blue".into(), workloads: vec![Arc::new(workload)], ..Color::default() }
    }

    fn since(left: &Workload, now: Workload) -> Vec<String> {
        let left = LeftWorkload::all(&color(left.clone()));
        differences(&left, "2026-01-03T00:00:00Z".parse().unwrap(), &color(now))
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
    fn without_a_record_of_it_what_came_later_is_something_else() {
        let (before, after) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-01-03T00:00:00Z".parse().unwrap());
        assert_eq!(differences(&[], before, &color(workload("1", "api:1.4", None))).len(), 1);
        assert!(differences(&[], after, &color(workload("1", "api:1.4", None))).is_empty());
    }
}
