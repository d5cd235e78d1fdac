//! What a node finds when it pulls an image.

use serde_json::{Value, json};

use super::desk::Desk;
use super::images::{merged, named};
use super::orders::{Place, Pull};
use super::reference::EcrImage;

/// Looks an image up, without a trace in the log of calls and past every fault.
pub(super) async fn look_up(desk: &Desk, reference: &str) -> Pull {
    let missing = |why: &str| Pull::Missing { why: why.to_owned() };
    let Some(image) = EcrImage::parse(reference) else { return missing("not an image of ECR") };
    let place = Place { region: image.region.to_owned(), name: image.name.to_owned() };
    let Some(detail) = detail(desk, &image, &place).await else { return missing("not found") };
    let Some(digest) = detail["imageDigest"].as_str() else { return missing("not found") };
    match detail["imageStatus"].as_str() {
        Some("ACTIVE") => Pull::Found { digest: digest.to_owned(), behavior: desk.behavior(&place, digest) },
        _ => missing("the image is in archive storage: not found"),
    }
}

async fn detail(desk: &Desk, image: &EcrImage<'_>, place: &Place) -> Option<Value> {
    // Where a reference has both, the runtime goes by the digest alone.
    let id = match image.digest {
        Some(digest) => json!({"imageDigest": digest}),
        None => json!({"imageTag": image.tag?}),
    };
    let request = json!({"repositoryName": image.name, "registryId": image.account, "imageIds": [id]});
    if let Some(recording) = desk.recording(place) {
        return named(&recording.images, &request).first().map(|detail| merged(detail, &desk.said(place)));
    }
    let _still = desk.tags.read().await;
    let found = desk.moto.ask(image.region, "DescribeImages", &request).await.ok()?;
    found["imageDetails"].get(0).map(|detail| merged(detail, &desk.said(place)))
}
