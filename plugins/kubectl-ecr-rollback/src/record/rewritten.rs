//! A change that was stored as something else than its run wrote, and stayed so: the run was killed, or was to leave it.

use release_core::kube::Workload;
use release_core::release::hand::wrote_both;
use release_core::release::record::{Record as _, RunResult};
use release_core::workload::container_image::{ContainerImage, containers_of};

use super::{ImageRecord, RecordedImages};

/// The last change, where the template came of the very write that its record came with, and asks neither for what was
/// written nor for what was left: an admission policy or webhook made it that. Annotations alone are no proof: the API
/// server notes who wrote which field (`managedFields`).
#[must_use]
pub fn rewritten<'r>(workload: &Workload, recorded: &'r RecordedImages) -> Option<&'r ImageRecord> {
    let template = containers_of(workload);
    let is_over = |record: &ImageRecord| matches!(record.result, Some(RunResult::Done | RunResult::RolledBack));
    let is_something_else =
        |record: &&ImageRecord| !record.is_in(&template) && !record.is_taken_back_in(&template) && !is_over(record);
    let record = recorded.current.as_ref().filter(is_something_else)?;
    came_with(workload, record).then_some(record)
}

/// True where the images of the template came of the very write that a record came with, as the API server notes it.
#[must_use]
pub fn came_with(workload: &Workload, record: &ImageRecord) -> bool {
    let template = containers_of(workload);
    record.containers.iter().all(|moved| {
        let own = template.iter().find(|one| one.name == moved.name && one.init == moved.init);
        own.is_some_and(|one| wrote_both(&workload.metadata, ImageRecord::CURRENT, &image_field(one)))
    })
}

/// A JSON pointer into `fieldsV1`.
pub(super) fn image_field(container: &ContainerImage) -> String {
    let list = if container.init { "f:initContainers" } else { "f:containers" };
    format!("/f:spec/f:template/f:spec/{list}/k:{{\"name\":\"{}\"}}/f:image", container.name)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::Deployment;
    use serde_json::{Value, json};

    use super::*;
    use crate::record::samples::record;

    fn workload(image: &str, managed: &[Value]) -> Workload {
        let template = json!({"spec": {"containers": [{"name": "app", "image": image}]}});
        let metadata = json!({"name": "api", "uid": "u", "managedFields": managed});
        let object = json!({"metadata": metadata, "spec": {"selector": {}, "template": template}});
        serde_json::from_value::<Deployment>(object).unwrap().into()
    }

    fn entry(manager: &str, annotation: bool, image: bool) -> Value {
        let mut fields = json!({});
        if annotation {
            fields["f:metadata"] = json!({"f:annotations": {format!("f:{}", ImageRecord::CURRENT): {}}});
        }
        if image {
            let container = json!({"k:{\"name\":\"app\"}": {"f:image": {}}});
            fields["f:spec"] = json!({"f:template": {"f:spec": {"f:containers": container}}});
        }
        json!({"manager": manager, "operation": "Update", "time": "2026-01-31T03:00:00Z", "fieldsV1": fields})
    }

    /// Somebody's own change would be taken for a policy's, or a record that somebody wrote for a rollback.
    #[test]
    fn it_is_told_by_who_wrote_both() {
        let is = |image: &str, managed: &[Value]| {
            let open = ImageRecord { result: None, ..record("r/a:2", "r/a:1") };
            let recorded = RecordedImages { current: Some(open), ..RecordedImages::default() };
            rewritten(&workload(image, managed), &recorded).is_some()
        };
        let ours = [entry("ci", true, true)];
        assert!(is("mirror/a:1", &ours));
        assert!(!is("r/a:1", &ours), "as it was written");
        assert!(!is("r/a:2", &ours), "as it was");
        assert!(!is("r/a:7", &[entry("ci", true, false), entry("kubectl-set", false, true)]), "set by hand since");
        assert!(!is("r/a:7", &[entry("ci", true, true), entry("argocd", false, true)]), "applied beside it");
        assert!(!is("r/a:7", &[]));
        assert!(is("r/a:7", &[entry("ci", false, true), entry("ci-notes", true, false)]), "its end was noted");
    }
}
