//! Lifecycle policy previews, answered from what a test recorded
//! (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetLifecyclePolicyPreview.html>).

use serde_json::{Value, json};

use super::calls::Refusal;
use super::images::named;
use super::instructions::{Call, Recorded, RepositoryId};
use super::paging::Page;
use super::state::State;

/// Most results of one page.
const MOST: u64 = 100;

/// A recorded preview, and how far it has come.
#[derive(Debug)]
pub(super) struct Preview {
    recorded: Recorded,
    started: Option<Started>,
}

#[derive(Debug)]
struct Started {
    policy: String,
    in_progress: u32,
}

impl Preview {
    pub fn new(recorded: Recorded) -> Self {
        Self { recorded, started: None }
    }

    fn start(&mut self, policy: &str) -> Result<(), Refusal> {
        if self.started.as_ref().is_some_and(|started| started.in_progress > 0) {
            let message = "The previous lifecycle policy preview request has not completed";
            return Err(Refusal::new("LifecyclePolicyPreviewInProgressException", message));
        }
        self.started = Some(Started { policy: policy.to_owned(), in_progress: self.recorded.in_progress });
        Ok(())
    }

    fn answer(&mut self, request: &Value) -> Result<Value, Refusal> {
        let page = Page::of(request, MOST)?;
        let started = self.started.as_mut().ok_or_else(none)?;
        let mut answer = json!({"lifecyclePolicyText": started.policy, "previewResults": []});
        if started.in_progress > 0 {
            started.in_progress -= 1;
            answer["status"] = "IN_PROGRESS".into();
            return Ok(answer);
        }
        answer["status"] = self.recorded.status.as_str().into();
        if self.recorded.status == "COMPLETE" {
            let results = named(&self.recorded.results, request);
            let expiring = self.recorded.results.iter().filter(|result| result["action"]["type"] == "EXPIRE").count();
            let (results, next) = page.cut(results);
            answer["previewResults"] = results.into();
            answer["summary"] = json!({"expiringImageTotalCount": expiring});
            if let Some(next) = next {
                answer["nextToken"] = next.into();
            }
        }
        Ok(answer)
    }
}

fn none() -> Refusal {
    Refusal::new("LifecyclePolicyPreviewNotFoundException", "There is no dry run for this repository")
}

pub(super) async fn start(state: &State, call: &Call) -> Result<Value, Refusal> {
    let Some(id) = call.repository_id() else { return Err(Refusal::invalid("'repositoryName': it is required")) };
    let policy = policy(state, &id, &call.request).await?;
    let started = state.with_preview(&id, |preview| preview.start(&policy));
    started.unwrap_or_else(|| {
        Err(Refusal::new("ValidationException", "the lab computes no previews: a test has to record one"))
    })?;
    let answer = json!({"lifecyclePolicyText": policy, "status": "IN_PROGRESS"});
    Ok(about(&id, &call.request, answer))
}

pub(super) fn get(state: &State, call: &Call) -> Result<Value, Refusal> {
    let Some(id) = call.repository_id() else { return Err(Refusal::invalid("'repositoryName': it is required")) };
    let answer = state.with_preview(&id, |preview| preview.answer(&call.request)).unwrap_or_else(|| Err(none()))?;
    Ok(about(&id, &call.request, answer))
}

/// The policy to try: the one given, or else the repository's own.
async fn policy(state: &State, id: &RepositoryId, request: &Value) -> Result<String, Refusal> {
    if state.recording(id).is_some() {
        return Ok(request["lifecyclePolicyText"].as_str().unwrap_or_default().to_owned());
    }
    let repository = json!({"repositoryName": id.name, "registryId": request["registryId"]});
    if let Some(given) = request["lifecyclePolicyText"].as_str() {
        state.moto.ask(&id.region, "DescribeImages", &repository).await?;
        return Ok(given.to_owned());
    }
    let own = state.moto.ask(&id.region, "GetLifecyclePolicy", &repository).await?;
    Ok(own["lifecyclePolicyText"].as_str().unwrap_or_default().to_owned())
}

fn about(id: &RepositoryId, request: &Value, mut answer: Value) -> Value {
    answer["repositoryName"] = id.name.as_str().into();
    answer["registryId"] = request["registryId"].as_str().unwrap_or(super::ACCOUNT).into();
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_in_progress_first_and_then_gives_its_results_in_pages() {
        let results = (0..150).map(|n| json!({"imageDigest": n.to_string(), "action": {"type": "EXPIRE"}})).collect();
        let id = RepositoryId { region: "r".into(), name: "n".into() };
        let mut preview = Preview::new(Recorded { id, in_progress: 1, status: "COMPLETE".into(), results });
        assert!(preview.answer(&json!({})).is_err());
        preview.start("policy").unwrap();
        assert!(preview.start("another").is_err());
        assert_eq!(preview.answer(&json!({})).unwrap()["status"], "IN_PROGRESS");
        let first = preview.answer(&json!({})).unwrap();
        assert_eq!(first["previewResults"].as_array().unwrap().len(), 100);
        assert_eq!(first["summary"]["expiringImageTotalCount"], 150);
        let second = preview.answer(&json!({"nextToken": first["nextToken"]})).unwrap();
        assert_eq!(second["previewResults"].as_array().unwrap().len(), 50);
        assert!(second["nextToken"].is_null());
    }
}
