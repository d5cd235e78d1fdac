//! A request whose answer is judged (`metricproviders/webmetric/webmetric.go` of Argo).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::access::{Authentication, Header};
use crate::analysis::argo::arguments::UNSEEN;
use crate::analysis::expression::Answer;
use crate::analysis::json_path::JsonPath;

/// Argo's timeout where nothing is said.
const TIMEOUT: u32 = 10;

/// Which request, and what of its answer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Web {
    pub method: WebMethod,
    pub url: String,
    pub headers: Vec<Header>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_body: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// The whole answer where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_path: Option<String>,
    pub insecure: bool,
    pub authentication: Authentication,
}

/// How it is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum WebMethod {
    #[default]
    Get,
    Post,
    Put,
}

impl Web {
    /// How many seconds an answer may take.
    #[must_use]
    pub fn timeout(&self) -> u32 {
        self.timeout_seconds.filter(|seconds| *seconds > 0).unwrap_or(TIMEOUT)
    }

    /// What is judged of an answer's body. What is no JSON is a text.
    ///
    /// # Errors
    /// Where the path finds nothing in it.
    pub fn answer(&self, body: &[u8]) -> Result<Answer, String> {
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            // To Argo it passes, whatever the conditions say (argo-rollouts#4535).
            return Ok(Answer::Json(Value::String(String::from_utf8_lossy(body).into_owned())));
        };
        self.path()?.first(&json).map(Answer::Json)
    }

    fn path(&self) -> Result<JsonPath, String> {
        let path = self.json_path.as_deref().filter(|path| !path.is_empty()).unwrap_or("{$}");
        JsonPath::of(path).map_err(|why| format!("jsonPath: {why}"))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        // Where it is, or is not yet known.
        if !["http://", "https://", UNSEEN].iter().any(|start| self.url.starts_with(start)) {
            return Err("url begins with http:// or https://".into());
        }
        let has_body = self.body.as_ref().is_some_and(|body| !body.is_empty());
        match (has_body, self.json_body.is_some()) {
            (true, true) => return Err("it has a body, or a jsonBody".into()),
            (false, false) => {}
            _ if self.method == WebMethod::Get => return Err("a body is for POST or PUT".into()),
            _ => {}
        }
        self.path()?;
        self.authentication.check()
    }
}
