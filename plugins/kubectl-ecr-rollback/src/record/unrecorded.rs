//! A change of ours whose record is not there: something took it away, or there was no room for it.

use release_core::kube::Workload;
use release_core::registry::image::ImageRef;
use release_core::release::hand::last_hand_on;
use release_core::text::printable;
use release_core::workload::container_image::ContainerImage;

use super::CHANGE_CAUSE;
use super::rewritten::image_field;
use crate::words::{pinned_short, whole};

/// What a change of ours begins its cause with.
pub const CAUSE: &str = "kubectl ecr-rollback: ";

/// What a change of ours wrote as its cause, without its name, beside the image that is asked for now: where the API server notes that the
/// image was written last by our field manager.
#[must_use]
pub fn cause_of_ours(workload: &Workload, container: &ContainerImage, manager: &str) -> Option<String> {
    let cause = workload.metadata.annotations.as_ref()?.get(CHANGE_CAUSE)?;
    let said = cause.strip_prefix(CAUSE)?;
    let (_, to) = said.split_once(" -> ")?;
    let to = to.split_once(" (").map_or(to, |(to, _)| to);
    let short = pinned_short(&container.image);
    let bare = short.strip_prefix(&format!("{}:", ImageRef::parse(&container.image).base_name()));
    let names_it = [Some(short.as_str()), bare, Some(&whole(&container.image))].contains(&Some(to));
    let hand = last_hand_on(&workload.metadata, &image_field(container))?;
    (names_it && hand.manager == manager).then(|| printable(said))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::Deployment;
    use release_core::workload::container_image::containers_of;
    use serde_json::json;

    use super::*;

    /// A job that is retried would go back two releases, or a bad release that somebody deployed since be left alone.
    #[test]
    fn it_is_told_by_its_cause_and_by_who_wrote_the_image() {
        let told = |image: &str, cause: &str, manager: &str| {
            let container = json!({"k:{\"name\":\"app\"}": {"f:image": {}}});
            let fields = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": container}}}});
            let entry = json!({"manager": manager, "operation": "Update", "time": "2026-01-31T03:00:00Z",
                "fieldsV1": fields});
            let metadata = json!({"name": "api", "annotations": {CHANGE_CAUSE: cause}, "managedFields": [entry]});
            let template = json!({"spec": {"containers": [{"name": "app", "image": image}]}});
            let object = json!({"metadata": metadata, "spec": {"selector": {}, "template": template}});
            let workload: Workload = serde_json::from_value::<Deployment>(object).unwrap().into();
            cause_of_ours(&workload, &containers_of(&workload)[0], "kubectl-release").is_some()
        };
        let cause = "kubectl ecr-rollback: api:2 -> 1";
        assert!(told("r/api:1", cause, "kubectl-release"));
        assert!(told("r/api:1", "kubectl ecr-rollback: api:2 -> 1 (bad checkout)", "kubectl-release"));
        assert!(told("r/api:1", "kubectl ecr-rollback: r/api:2 -> r/api:1", "kubectl-release"));
        assert!(!told("r/api:3", cause, "kubectl-release"), "another image since");
        assert!(!told("r/api:1", cause, "kubectl-set"), "another hand since");
        assert!(!told("r/api:1", "release 1", "kubectl-release"), "not by this");
    }
}
