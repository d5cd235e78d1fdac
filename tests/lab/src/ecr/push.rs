//! PutImage: a tag that moves leaves the image it was on untagged. moto drops that image instead,
//! so the double puts it back.

use http::HeaderMap;
use serde_json::{Value, json};

use super::calls::Refusal;
use super::instructions::{Call, RepositoryId};
use super::state::State;

/// An image that is about to lose its only tag.
struct Displaced {
    digest: Value,
    pushed_at: Value,
    manifest: Value,
    media_type: Value,
}

pub(super) async fn put_image(state: &State, headers: &HeaderMap, call: &Call) -> Result<Value, Refusal> {
    let Some(id) = call.repository_id() else { return Err(Refusal::invalid("'repositoryName': it is required")) };
    let _moving = state.tags.write().await;
    let displaced = displaced(state, &id, &call.request["imageTag"]).await;
    let answer = state.moto.ask_as(headers, &call.request).await?;
    if let Some(displaced) = displaced.filter(|image| image.digest != answer["image"]["imageId"]["imageDigest"]) {
        put_back(state, &id, displaced).await?;
    }
    Ok(answer)
}

async fn displaced(state: &State, id: &RepositoryId, tag: &Value) -> Option<Displaced> {
    let ids = json!({"repositoryName": id.name, "imageIds": [{"imageTag": tag.as_str()?}]});
    let found = state.moto.ask(&id.region, "DescribeImages", &ids).await.ok()?;
    let detail = &found["imageDetails"][0];
    if detail["imageTags"].as_array()?.len() != 1 {
        return None;
    }
    let got = state.moto.ask(&id.region, "BatchGetImage", &ids).await.ok()?;
    Some(Displaced {
        digest: detail["imageDigest"].clone(),
        pushed_at: detail["imagePushedAt"].clone(),
        manifest: got["images"][0]["imageManifest"].clone(),
        media_type: detail["imageManifestMediaType"].clone(),
    })
}

async fn put_back(state: &State, id: &RepositoryId, image: Displaced) -> Result<(), Refusal> {
    let digest = image.digest.as_str().unwrap_or_default();
    state.describe_if_unsaid(id, digest, "imagePushedAt", image.pushed_at);
    let request = json!({
        "repositoryName": id.name,
        "imageManifest": image.manifest,
        "imageManifestMediaType": image.media_type,
        "imageDigest": digest,
    });
    state.moto.ask(&id.region, "PutImage", &request).await.map(drop)
}
