//! PutImage: a tag that moves leaves the image it was on untagged. moto drops that image instead,
//! so the front puts it back.

use http::HeaderMap;
use serde_json::{Value, json};

use super::calls::Refusal;
use super::desk::Desk;
use super::orders::{Call, Place};

/// An image that is about to lose its only tag.
struct Displaced {
    digest: Value,
    pushed_at: Value,
    manifest: Value,
    media_type: Value,
}

pub(super) async fn put_image(desk: &Desk, headers: &HeaderMap, call: &Call) -> Result<Value, Refusal> {
    let Some(place) = call.place() else { return Err(Refusal::invalid("'repositoryName': it is required")) };
    let _moving = desk.tags.write().await;
    let displaced = displaced(desk, &place, &call.request["imageTag"]).await;
    let answer = desk.moto.ask_as(headers, &call.request).await?;
    if let Some(displaced) = displaced.filter(|image| image.digest != answer["image"]["imageId"]["imageDigest"]) {
        put_back(desk, &place, displaced).await?;
    }
    Ok(answer)
}

async fn displaced(desk: &Desk, place: &Place, tag: &Value) -> Option<Displaced> {
    let ids = json!({"repositoryName": place.name, "imageIds": [{"imageTag": tag.as_str()?}]});
    let found = desk.moto.ask(&place.region, "DescribeImages", &ids).await.ok()?;
    let detail = &found["imageDetails"][0];
    if detail["imageTags"].as_array()?.len() != 1 {
        return None;
    }
    let got = desk.moto.ask(&place.region, "BatchGetImage", &ids).await.ok()?;
    Some(Displaced {
        digest: detail["imageDigest"].clone(),
        pushed_at: detail["imagePushedAt"].clone(),
        manifest: got["images"][0]["imageManifest"].clone(),
        media_type: detail["imageManifestMediaType"].clone(),
    })
}

async fn put_back(desk: &Desk, place: &Place, image: Displaced) -> Result<(), Refusal> {
    let digest = image.digest.as_str().unwrap_or_default();
    desk.describe_if_unsaid(place, digest, "imagePushedAt", image.pushed_at);
    let request = json!({
        "repositoryName": place.name,
        "imageManifest": image.manifest,
        "imageManifestMediaType": image.media_type,
        "imageDigest": digest,
    });
    desk.moto.ask(&place.region, "PutImage", &request).await.map(drop)
}
