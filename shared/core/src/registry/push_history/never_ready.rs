//! A release that was rolled out and never came up: pods of one before it still serve.

use super::leaving::PodImage;
use crate::registry::image::is_named;
use crate::workload::revisions::Revision;

/// A ready pod of an earlier template than the revision of that number, where no pod of the revision is ready. A
/// controller replaces pods as new ones become ready: this one's never did. Nothing where that can't be told, as where
/// a partition keeps pods, or both ask for the same reference.
#[must_use]
pub fn ready_before<'p>(
    revisions: &[Revision],
    pods: &'p [PodImage],
    container: &str,
    number: i64,
) -> Option<&'p PodImage> {
    let its = revisions.iter().find(|revision| revision.number == number && !revision.current)?;
    let image = its.image_of(container)?;
    if pods.iter().any(|pod| pod.kept || (pod.ready && is_named(&pod.image, image))) {
        return None;
    }
    let last_of = |pod: &PodImage| {
        let had_it =
            revisions.iter().filter(|revision| revision.image_of(container).is_some_and(|i| is_named(&pod.image, i)));
        had_it.map(|revision| revision.number).max()
    };
    let before = pods.iter().filter(|pod| pod.ready && !pod.updated);
    let numbered = before.filter_map(|pod| Some((last_of(pod).filter(|last| *last < number)?, pod)));
    numbered.max_by_key(|(last, _)| *last).map(|(_, pod)| pod)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn revision(number: i64, image: &str, current: bool) -> Revision {
        let stored: Value = json!({
            "metadata": {"name": format!("api-{number}"),
                "annotations": {"deployment.kubernetes.io/revision": number.to_string()}},
            "spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}},
        });
        Revision { current, ..serde_json::from_value(stored).unwrap() }
    }

    fn pod(image: &str, ready: bool) -> PodImage {
        let (image, updated) = (image.to_owned(), image == "r/api:3");
        PodImage { image, digest: None, pulled_from: None, updated, ready, kept: false }
    }

    /// The way back from a bad release would lead to the bad one before it.
    #[test]
    fn what_never_came_up_is_told_by_pods_of_before() {
        let revisions = [revision(3, "r/api:3", true), revision(2, "r/api:2", false), revision(1, "r/api:1", false)];
        let told =
            |pods: &[PodImage], number: i64| ready_before(&revisions, pods, "app", number).map(|pod| pod.image.clone());
        let (stuck, good) = (pod("r/api:3", false), pod("r/api:1", true));
        assert_eq!(told(&[stuck.clone(), good.clone()], 2).as_deref(), Some("r/api:1"));
        assert_eq!(told(&[pod("r/api:2", false), good.clone()], 2).as_deref(), Some("r/api:1"));
        assert_eq!(told(&[stuck.clone(), good.clone()], 1), None, "they are its own");
        assert_eq!(told(&[pod("r/api:2", true), good.clone()], 2), None, "it came up");
        assert_eq!(told(&[stuck.clone(), pod("r/api:1", false)], 2), None, "nobody knows");
        let kept = PodImage { kept: true, ..good.clone() };
        assert_eq!(told(&[stuck.clone(), kept], 2), None, "it was meant so");
        // Deployed again since, as a rollback does.
        let revisions = [revision(4, "r/api:3", true), revision(3, "r/api:1", false), revision(2, "r/api:2", false)];
        assert_eq!(ready_before(&revisions, &[stuck, good], "app", 2), None);
    }
}
