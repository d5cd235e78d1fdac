//! An object that we write a field of, and who may write it too.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::checks::finding::Finding;
use crate::checks::ids;

/// A field of an object, in the notations of those who may write it.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    /// JSON pointer into the object: `/spec/selector`.
    pub json: &'a str,
    /// JSON pointers into a field manager's `fieldsV1`: `/f:spec/f:selector`; any of them counts.
    pub managed: Vec<String>,
    /// As people say it: `spec.selector`.
    pub path: &'a str,
    /// What of it we write: `color`, `image`.
    pub value: &'a str,
    /// The same as a part of the whole: `spec.selector's color`, `the image`.
    pub part: &'a str,
}

/// An object that we write a field of.
#[derive(Debug, Clone)]
pub struct Owned<'a> {
    /// The API group, empty for the core.
    pub group: &'a str,
    pub kind: &'a str,
    pub namespace: &'a str,
    pub metadata: &'a ObjectMeta,
    pub field: Field<'a>,
}

impl Owned<'_> {
    pub(super) fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    pub(super) fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata.annotations.as_ref()?.get(key).map(String::as_str)
    }

    pub(super) fn label(&self, key: &str) -> Option<&str> {
        self.metadata.labels.as_ref()?.get(key).map(String::as_str)
    }

    pub(super) fn gitops(&self, message: String, rule: String) -> Finding {
        Finding::blocks(self.name(), ids::GITOPS, message).mend(rule)
    }
}
