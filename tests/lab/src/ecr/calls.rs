//! A call in ECR's JSON 1.1 protocol, and its answer.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::instructions::{Call, RepositoryId, Rule, Scope};
use super::{OWN_KEY, REGION};

/// What every operation's name begins with in the header `X-Amz-Target`.
pub(super) const TARGET: &str = "AmazonEC2ContainerRegistry_V20150921.";
pub(super) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

pub(super) type Answer = Response<Full<Bytes>>;

/// An error that ECR answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl Refusal {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into() }
    }

    pub fn invalid(message: &str) -> Self {
        Self::new("InvalidParameterException", format!("Invalid parameter at {message}"))
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer(status, &json!({"__type": refusal.code, "message": refusal.message}))
    }
}

/// An answer with a JSON body.
pub(super) fn answer(status: StatusCode, body: &Value) -> Answer {
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static(CONTENT_TYPE));
    response
}

impl Call {
    /// What a request asks for. Who signed it is in the scope of its signature,
    /// `Credential=KEY/DATE/REGION/ecr/aws4_request`.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let scope = text("authorization").split_once("Credential=").map_or("", |(_, scope)| scope);
        let mut scope = scope.split('/');
        let access_key = scope.next().unwrap_or_default().to_owned();
        let region = scope.nth(1).unwrap_or(REGION).to_owned();
        let one_of_many = &request["repositoryNames"][0];
        let repository = request["repositoryName"].as_str().or(one_of_many.as_str()).map(str::to_owned);
        let operation = text("x-amz-target").trim_start_matches(TARGET).to_owned();
        Self { index: 0, operation, region, access_key, repository, request, status: None }
    }

    /// The repository it is about.
    pub(super) fn repository_id(&self) -> Option<RepositoryId> {
        let name = self.repository.clone()?;
        Some(RepositoryId { region: self.region.clone(), name })
    }

    /// Whether the lab itself makes it: to set up a test, or to look an image up.
    pub(super) fn is_own(&self) -> bool {
        self.access_key == OWN_KEY
    }

    pub(super) fn is_in(&self, scope: &Scope) -> bool {
        match scope {
            // Every region: a call that went to the wrong one is about it, too.
            Scope::Repository(id) => self.repository.as_ref() == Some(&id.name),
            Scope::AccessKey(key) => self.access_key == *key,
        }
    }

    pub(super) fn is_meant_by(&self, rule: &Rule) -> bool {
        rule.times > 0
            && self.is_in(&rule.scope)
            && rule.operation.as_ref().is_none_or(|operation| *operation == self.operation)
    }
}

/// What says that a call to a service is the lab's own; moto takes any signature.
pub(crate) fn credential(region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={OWN_KEY}/20260101/{region}/{service}/aws4_request, \
         SignedHeaders=host;x-amz-target, Signature=none"
    )
}

/// The headers of a call of the lab's own.
pub(crate) fn own_headers(region: &str, operation: &str) -> HeaderMap {
    let credential = credential(region, "ecr");
    let mut headers = HeaderMap::new();
    let target = format!("{TARGET}{operation}");
    for (name, value) in
        [("x-amz-target", target.as_str()), ("authorization", &credential), ("content-type", CONTENT_TYPE)]
    {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_by_its_operation_repository_region_and_key() {
        let call = Call::read(&own_headers("eu-west-1", "DescribeImages"), br#"{"repositoryName": "team/api"}"#);
        assert_eq!((call.operation.as_str(), call.region.as_str()), ("DescribeImages", "eu-west-1"));
        assert_eq!(call.repository_id(), Some(RepositoryId { region: "eu-west-1".into(), name: "team/api".into() }));
        assert!(call.is_in(&Scope::AccessKey(OWN_KEY.into())));
        assert!(!call.is_in(&Scope::Repository(RepositoryId { region: "eu-west-1".into(), name: "api".into() })));
    }
}
