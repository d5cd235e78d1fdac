//! What a node finds when it pulls an image.

use serde_json::{Value, json};

use super::images::{merged, named};
use super::instructions::{Pull, RepositoryId};
use super::reference::EcrImage;
use super::state::State;

/// Looks an image up, without a trace in the log of calls and past every fault.
pub(super) async fn look_up(state: &State, reference: &str) -> Pull {
    let missing = |why: &str| Pull::Missing { why: why.to_owned() };
    let Some(image) = EcrImage::parse(reference) else { return missing("not an image of ECR") };
    let id = RepositoryId { region: image.region.to_owned(), name: image.name.to_owned() };
    let Some(detail) = detail(state, &image, &id).await else { return missing("not found") };
    let Some(digest) = detail["imageDigest"].as_str() else { return missing("not found") };
    match detail["imageStatus"].as_str() {
        Some("ACTIVE") => Pull::Found { digest: digest.to_owned(), behavior: state.behavior(&id, digest) },
        _ => missing("the image is in archive storage: not found"),
    }
}

async fn detail(state: &State, image: &EcrImage<'_>, id: &RepositoryId) -> Option<Value> {
    // Where a reference has both, the runtime goes by the digest alone.
    let image_id = match image.digest {
        Some(digest) => json!({"imageDigest": digest}),
        None => json!({"imageTag": image.tag?}),
    };
    let request = json!({"repositoryName": image.name, "registryId": image.account, "imageIds": [image_id]});
    if let Some(recording) = state.recording(id) {
        return named(&recording.images, &request).first().map(|detail| merged(detail, &state.said(id)));
    }
    let _still = state.tags.read().await;
    let found = state.moto.ask(image.region, "DescribeImages", &request).await.ok()?;
    found["imageDetails"].get(0).map(|detail| merged(detail, &state.said(id)))
}
