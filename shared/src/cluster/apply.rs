//! The only place that writes to the cluster.

use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Cluster;
use super::exchange::{ApiError, request};
use super::read::{pause_before_retry, with_query};
use crate::change::{Action, Change};

/// How often a write is sent again after the server said 429, which is a plain no: nothing was
/// done. Nothing else is ever repeated here.
const BUSY_RETRIES: u32 = 4;

/// Whether a write counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DryRun {
    #[default]
    None,
    /// The API server runs admission, validation and authorization and stores nothing.
    Server,
}

impl Cluster {
    /// Makes one write; answers with the object as the API server has it then.
    ///
    /// # Errors
    /// See [`ApiError`]. After [`ApiError::leaves_write_unclear`] the caller must read back.
    pub async fn apply(&self, change: &Change, dry_run: DryRun) -> Result<Value, ApiError> {
        let mut attempt = 0;
        loop {
            let error = match self.write_once(change, dry_run).await {
                Err(error) if error.code() == Some(429) && attempt < BUSY_RETRIES => error,
                other => return other,
            };
            let pause = pause_before_retry(&error, attempt);
            if pause > self.request_timeout() {
                return Err(error);
            }
            sleep(pause).await;
            attempt += 1;
        }
    }

    async fn write_once(&self, change: &Change, dry_run: DryRun) -> Result<Value, ApiError> {
        let (method, content_type, body) = match &change.action {
            Action::JsonPatch(ops) => {
                let ops: Vec<&Value> = ops.iter().map(|op| &op.0).collect();
                (Method::PATCH, "application/json-patch+json", json!(ops))
            }
            Action::Create(object) => (Method::POST, "application/json", object.clone()),
            Action::Delete { uid, resource_version } => {
                let options = json!({
                    "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
                    "preconditions": {"uid": uid, "resourceVersion": resource_version},
                });
                (Method::DELETE, "application/json", options)
            }
        };
        let mut query = vec![("fieldManager", self.field_manager.clone())];
        if method == Method::DELETE {
            query.clear();
        }
        if dry_run == DryRun::Server {
            query.push(("dryRun", "All".to_owned()));
        }
        self.ask(request(method, &with_query(&change.path, &query), content_type, body.to_string().into_bytes())).await
    }

    /// Who the API server says we are (`authentication.k8s.io/v1 SelfSubjectReview`), which is
    /// not a write although it is a POST.
    ///
    /// # Errors
    /// See [`ApiError`]; API servers before 1.28 do not know the review.
    pub async fn who_am_i(&self) -> Result<String, ApiError> {
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        let answer: Value =
            self.ask(request(Method::POST, path, "application/json", review.to_string().into_bytes())).await?;
        let name = answer.pointer("/status/userInfo/username").and_then(Value::as_str);
        name.map(str::to_owned).ok_or_else(|| ApiError::Garbled("a review without a user name".into()))
    }
}
