//! The document of `preview --expose`.

use release_cli::report::{Members, Subject};
use schemars::JsonSchema;
use serde::Serialize;

/// What `preview` has of its own.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewMembers {
    /// The Service whose color is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The Service that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// What it is called in the cluster: `api-preview.shop.svc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Whether this run made it; false where it was there already.
    pub made: bool,
}

impl Members for PreviewMembers {
    const KIND: &'static str = "Preview";
    const SUBJECT: Subject = Subject::Service;
}
