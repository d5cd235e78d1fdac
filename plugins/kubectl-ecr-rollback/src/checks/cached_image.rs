//! Whether nodes may start another image than the one that a tag is on: they keep what they pulled under
//! that name before (<https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy>).

use k8s_openapi::api::core::v1::Container;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::registry::image::ImageRef;
use release_core::registry::push_history::{TagForm, TagKind};
use release_core::text::printable;

use super::case::Case;
use crate::record::RecordVerb;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let tag = ImageRef::parse(&case.change.to).asked_tag().unwrap_or_default();
    if case.change.record.verb != RecordVerb::Unpin || TagForm::of(tag).kind() != TagKind::Name {
        return Vec::new();
    }
    let spec = case.workload().template.spec.as_ref();
    let all = spec.into_iter().flat_map(|spec| spec.containers.iter().chain(spec.init_containers.iter().flatten()));
    let own = all.filter(|c| case.change.containers.iter().any(|changed| changed.name == c.name));
    own.filter_map(|container| kept(case, container, tag)).collect()
}

fn kept(case: &Case<'_>, container: &Container, tag: &str) -> Option<Finding> {
    let policy = container.image_pull_policy.as_deref().filter(|policy| *policy != "Always")?;
    let (name, tag) = (printable(&container.name), printable(tag));
    let message = format!("{name} pulls {}: a node that had {tag} before starts that one", printable(policy));
    Some(case.warns(ids::CACHED_IMAGE, message).mend("imagePullPolicy: Always, for a tag that moves"))
}
