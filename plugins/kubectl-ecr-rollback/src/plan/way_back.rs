//! How a change is taken back: to what ran. A tag that moves, or was moved, means another image by then.

use std::collections::BTreeSet;

use release_core::kube::Pod;
use release_core::registry::image::ImageRef;
use release_core::registry::push_history::{Left, TagForm, TagKind, digest_of_image_id};

use crate::record::ImageRecord;
use crate::selection::Selected;
use crate::snapshot::Snapshot;

/// How a change is taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WayBack {
    /// The digest to go back to; nothing where the reference that was left does.
    pub digest: Option<String>,
    /// What pods of it ran before the change, as runtimes report it; empty where no pod said.
    pub ran: BTreeSet<String>,
}

impl WayBack {
    /// Of a change that is planned.
    #[must_use]
    pub fn planned(left: &Left, snapshot: &Snapshot, selected: &Selected) -> Self {
        let moves = left.tag_moves || left.tag_moved_to.is_some() || left.tag_gone;
        let has_digest = ImageRef::parse(selected.image()).digest.is_some();
        let digest = left.own_digest().filter(|_| moves && !has_digest);
        Self { digest, ..Self::of_reference(snapshot, selected) }
    }

    /// To the reference, which a digest is in or whose tag stays.
    #[must_use]
    pub fn of_reference(snapshot: &Snapshot, selected: &Selected) -> Self {
        Self { digest: None, ran: digests_of(&snapshot.pods, selected.container(), selected.image()) }
    }

    /// Of a change that another run has begun. Anybody may have written its record, so a digest in it counts where a
    /// pod still runs it under the reference that was left.
    #[must_use]
    pub fn resumed(record: &ImageRecord, pods: &[Pod]) -> Self {
        let Some(moved) = record.containers.first() else { return Self::default() };
        let ran = digests_of(pods, &moved.name, &moved.from);
        let tag = ImageRef::parse(&moved.from).asked_tag();
        let moves =
            tag.is_some_and(|tag| TagForm::of(tag).kind() == TagKind::Name || record.unpin_to.as_deref() == Some(tag));
        let digest = record.from_digest.clone().filter(|digest| moves && ran.contains(digest));
        Self { digest, ran }
    }

    /// The reference that is written, for one that was left.
    #[must_use]
    pub fn image(&self, from: &str) -> String {
        match &self.digest {
            Some(digest) => ImageRef::parse(from).at(digest),
            None => from.to_owned(),
        }
    }

    /// Whether pods that run this are what ran before; nothing where that isn't known.
    #[must_use]
    pub fn is_as_before(&self, running: &BTreeSet<String>) -> Option<bool> {
        let known = self.ran.iter().chain(&self.digest).collect::<BTreeSet<_>>();
        (!known.is_empty() && !running.is_empty()).then(|| running.iter().all(|digest| known.contains(digest)))
    }
}

/// What pods that ask for an image run, as runtimes report it.
#[must_use]
pub fn digests_of(pods: &[Pod], container: &str, image: &str) -> BTreeSet<String> {
    let asking = pods.iter().filter(|pod| pod.is_alive()).filter(|pod| pod.image_of(container) == Some(image));
    let digest = |pod: &Pod| Some(digest_of_image_id(&pod.container_status(container)?.image_id)?.to_owned());
    asking.filter_map(digest).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::samples::record;

    fn pod(image: &str, digest: &str) -> Pod {
        let status = json!({"name": "app", "image": image, "imageID": format!("r/api@{digest}"), "ready": true,
            "restartCount": 0, "state": {}});
        serde_json::from_value(json!({
            "metadata": {"name": "api-1"}, "spec": {"containers": [{"name": "app", "image": image}]},
            "status": {"phase": "Running", "containerStatuses": [status]},
        }))
        .unwrap()
    }

    /// A record that somebody wrote would lead to an image that never ran.
    #[test]
    fn a_digest_in_a_record_counts_where_a_pod_still_runs_it() {
        let of = |from: &str, digest: &str, pods: &[Pod]| {
            let record = ImageRecord { from_digest: Some(digest.into()), ..record(from, "r/api@sha256:a") };
            WayBack::resumed(&record, pods).image(from)
        };
        let runs = [pod("r/api:latest", "sha256:b")];
        assert_eq!(of("r/api:latest", "sha256:b", &runs), "r/api@sha256:b");
        assert_eq!(of("r/api:latest", "sha256:evil", &runs), "r/api:latest");
        assert_eq!(of("r/api:latest", "sha256:b", &[]), "r/api:latest", "nobody knows");
        assert_eq!(of("r/api:1.0", "sha256:b", &[pod("r/api:1.0", "sha256:b")]), "r/api:1.0", "its tag stays");
    }

    #[test]
    fn as_before_is_what_pods_ran_before() {
        let set = |digests: &[&str]| digests.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let way = WayBack { digest: None, ran: set(&["b"]) };
        assert_eq!(way.is_as_before(&set(&["b"])), Some(true));
        assert_eq!(way.is_as_before(&set(&["b", "c"])), Some(false));
        assert_eq!(way.is_as_before(&set(&[])), None);
        assert_eq!(WayBack::default().is_as_before(&set(&["c"])), None);
    }
}
