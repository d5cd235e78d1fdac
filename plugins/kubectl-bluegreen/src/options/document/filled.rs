//! The words of a deploy, with what documents add to them.

use release_core::release::pod_tests::PodTests;
use serde_json::Value;

use crate::args::DeployArgs;

/// A deploy's words, with what the document of one Service adds.
#[derive(Debug)]
pub struct FilledIn {
    pub args: DeployArgs,
    /// The document's.
    pub namespace: Option<String>,
    /// What is to be known about the document, a line each.
    pub notes: Vec<String>,
    /// What is asked of the color's pods before the traffic moves.
    pub tests: Option<PodTests>,
}

/// A deploy's words, for each of the Services that are released as one.
#[derive(Debug)]
pub struct Release {
    /// In the order typed, else in that of the file; one without a file.
    pub parts: Vec<FilledIn>,
    /// What else the file holds, as objects; those of lists one by one.
    pub others: Vec<Value>,
    /// The words alone.
    pub typed: DeployArgs,
}
