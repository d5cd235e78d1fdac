//! The only place that writes to the cluster.

use std::borrow::Cow;

use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Cluster;
use super::exchange::{ApiError, request};
use super::go_json::as_go_has_it;
use super::query::with_query;
use super::read::pause_before_retry;
use release_core::release::change::{Action, Change};
use release_core::release::hand::{comparing_manager, makers_manager, notes_manager};

/// How often a write is sent again after a plain no, which says that nothing was done: 429, and 409
/// for a deletion whose object is what it was. Nothing else is ever repeated here.
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
        let mut change = Cow::Borrowed(change);
        let mut attempt = 0;
        loop {
            let error = match self.write_once(&change, dry_run).await {
                Err(error) if attempt == BUSY_RETRIES => return Err(error),
                Err(error) if error.code() == Some(409) => match self.with_fresh_version(&change).await {
                    Some(fresh) => {
                        change = Cow::Owned(fresh);
                        attempt = attempt.saturating_add(1);
                        continue;
                    }
                    None => return Err(error),
                },
                Err(error) if error.code() == Some(429) => error,
                other => return other,
            };
            let pause = pause_before_retry(&error, attempt);
            if pause > self.request_timeout() {
                return Err(error);
            }
            sleep(pause).await;
            attempt = attempt.saturating_add(1);
        }
    }

    /// A refused deletion of an object of which only the status has changed since it was read.
    async fn with_fresh_version(&self, change: &Change) -> Option<Change> {
        let Action::Delete { uid, resource_version, generation } = &change.action else { return None };
        let metadata = self.get::<Value>(&change.path).await.ok()?["metadata"].take();
        let fresh = metadata["resourceVersion"].as_str()?.to_owned();
        let same = metadata["uid"] == **uid && metadata["generation"] == *generation && fresh != *resource_version;
        let action = Action::Delete { uid: uid.clone(), resource_version: fresh, generation: *generation };
        same.then(|| Change { action, ..change.clone() })
    }

    /// The same, and after an unclear answer it reads back whether what the change is to bring
    /// about is so. Answers with what the API server has stored, where it has said so.
    ///
    /// # Errors
    /// See [`ApiError`]; after an unclear one it was not found to be so.
    pub async fn apply_and_see(&self, change: &Change, dry_run: DryRun) -> Result<Option<Value>, ApiError> {
        match self.apply(change, dry_run).await {
            Err(error) if error.leaves_write_unclear() && dry_run == DryRun::None => match self.is_so(change).await {
                Ok(true) => Ok(None),
                _ => Err(error),
            },
            other => other.map(Some),
        }
    }

    async fn is_so(&self, change: &Change) -> Result<bool, ApiError> {
        let read = self.get::<Value>(&change.path).await;
        Ok(match &change.action {
            Action::JsonPatch(ops) | Action::Note(ops) => {
                let object = read?;
                ops.iter().all(|op| op.holds_in(&object))
            }
            Action::Delete { uid, .. } => match read {
                Err(error) if error.is_not_found() => true,
                read => {
                    let metadata = &read?["metadata"];
                    metadata["uid"] != **uid || metadata["deletionTimestamp"].is_string()
                }
            },
            // The path is the collection's.
            Action::Create(_) => false,
        })
    }

    async fn write_once(&self, change: &Change, dry_run: DryRun) -> Result<Value, ApiError> {
        let (method, content_type, body) = match &change.action {
            Action::JsonPatch(ops) | Action::Note(ops) => {
                let ops: Vec<&Value> = ops.iter().map(|op| &op.0).collect();
                (Method::PATCH, "application/json-patch+json", json!(ops))
            }
            Action::Create(object) => (Method::POST, "application/json", object.clone()),
            Action::Delete { uid, resource_version, .. } => {
                let mut options = json!({
                    "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
                    "preconditions": {"uid": uid, "resourceVersion": resource_version},
                });
                // Options in the body make the API server ignore those in the query.
                if dry_run == DryRun::Server {
                    options["dryRun"] = json!(["All"]);
                }
                (Method::DELETE, "application/json", options)
            }
        };
        let manager = match &change.action {
            Action::Note(_) => notes_manager(&self.field_manager),
            Action::Create(_) => makers_manager(&self.field_manager),
            _ => self.field_manager.clone(),
        };
        let mut query = vec![("fieldManager", manager)];
        if method == Method::DELETE {
            query.clear();
        }
        if dry_run == DryRun::Server {
            query.push(("dryRun", "All".to_owned()));
        }
        let body = as_go_has_it(&body.to_string()).into_bytes();
        self.ask(request(method, &with_query(&change.path, &query), content_type, body)).await
    }

    /// The object as an apply of that would leave it; nothing is stored, and it is no write. Asked as
    /// `kubectl diff --server-side --force-conflicts` does, by a manager that has applied nothing: what the object
    /// doesn't name stays as it is, and defaults and admission are the server's own.
    ///
    /// # Errors
    /// See [`ApiError`]; it takes the right to patch the object.
    pub async fn would_apply(&self, path: &str, object: &Value) -> Result<Value, ApiError> {
        let manager = comparing_manager(&self.field_manager);
        let query = [("fieldManager", manager), ("force", "true".to_owned()), ("dryRun", "All".to_owned())];
        let body = object.to_string().into_bytes();
        self.ask(request(Method::PATCH, &with_query(path, &query), "application/apply-patch+yaml", body)).await
    }

    /// Whether the API server would let us do this to that object of a group and kind in our
    /// namespace (`authorization.k8s.io/v1 SelfSubjectAccessReview`), which is not a write either. A subresource
    /// stands behind its kind (`pods/portforward`); an empty name is any.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn may(&self, verb: &str, group: &str, plural: &str, name: &str) -> Result<bool, ApiError> {
        let (plural, subresource) = plural.split_once('/').unwrap_or((plural, ""));
        let attributes = json!({"verb": verb, "group": group, "resource": plural, "subresource": subresource,
            "name": name, "namespace": self.namespace});
        let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes}});
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let answer: Value =
            self.ask(request(Method::POST, path, "application/json", review.to_string().into_bytes())).await?;
        let allowed = answer.pointer("/status/allowed").and_then(Value::as_bool);
        allowed.ok_or_else(|| ApiError::Garbled("a review without a verdict".into()))
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
