//! ListImageReferrers, which moto lacks: the images of a repository whose manifests name another as their subject.
//! Its shapes are those of <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImageReferrers.html>.

use serde_json::{Value, json};

use super::calls::Refusal;
use super::instructions::{Call, RepositoryId};
use super::paging::Page;
use super::state::State;

/// Most referrers of one page.
const MOST: u64 = 50;
/// Most `imageIds` in one call.
const IDS: usize = 100;

/// Active ones only, as without a filter.
pub(super) async fn list(state: &State, call: &Call) -> Result<Value, Refusal> {
    let Some(id) = call.repository_id() else { return Err(Refusal::invalid("'repositoryName': it is required")) };
    let Some(subject) = call.request["subjectId"]["imageDigest"].as_str() else {
        return Err(Refusal::invalid("'subjectId': it is required"));
    };
    let page = Page::of(&call.request, MOST)?;
    let _still = state.tags.read().await;
    let mut referrers = of_subject(state, &id, subject).await?;
    referrers.sort_by(|a, b| a["digest"].as_str().cmp(&b["digest"].as_str()));
    let (referrers, next) = page.cut(referrers);
    let mut answer = json!({"referrers": referrers});
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}

async fn of_subject(state: &State, id: &RepositoryId, subject: &str) -> Result<Vec<Value>, Refusal> {
    let all = state.moto.ask(&id.region, "DescribeImages", &json!({"repositoryName": id.name})).await?;
    let said = state.said(id);
    let is_active = |digest: &&Value| {
        let status = digest.as_str().and_then(|digest| said.get(digest)?.get("imageStatus"));
        status.is_none_or(|status| status == "ACTIVE")
    };
    let digests = all["imageDetails"].as_array().into_iter().flatten().map(|detail| &detail["imageDigest"]);
    let digests: Vec<&Value> = digests.filter(is_active).collect();
    let mut referrers = Vec::new();
    for part in digests.chunks(IDS) {
        let ids: Vec<Value> = part.iter().map(|digest| json!({"imageDigest": digest})).collect();
        let request = json!({"repositoryName": id.name, "imageIds": ids});
        let got = state.moto.ask(&id.region, "BatchGetImage", &request).await?;
        referrers.extend(got["images"].as_array().into_iter().flatten().filter_map(|image| referrer(image, subject)));
    }
    Ok(referrers)
}

/// An image as a referrer of that one.
fn referrer(image: &Value, subject: &str) -> Option<Value> {
    let text = image["imageManifest"].as_str()?;
    let manifest: Value = serde_json::from_str(text).ok()?;
    (manifest["subject"]["digest"] == subject).then(|| {
        json!({
            "digest": image["imageId"]["imageDigest"], "mediaType": manifest["mediaType"],
            "artifactType": manifest["artifactType"], "size": text.len(), "annotations": manifest["annotations"],
            "artifactStatus": "ACTIVE",
        })
    })
}
