//! What `kubectl ecr-rollback` says of a Deployment, held against the cluster.

use anyhow::{Context, Result, ensure};
use lab::Output;
use serde_json::{Value, json};

use super::releases::Releases;
use crate::common::claims::{claimed, holds};

/// The document of `-o json`, after its exit code and what it says of the Deployment were held
/// against the process and the cluster.
///
/// # Errors
/// Where it claims what is not so.
pub async fn true_document(releases: &Releases, name: &str, output: &Output) -> Result<Value> {
    let document = claimed(output)?;
    let Some(item) = document["workloads"].get(0) else {
        ensure!(output.code != 0, "done, but not a word about {name}: {document}");
        return Ok(document);
    };
    let image = releases.image(name).await?;
    let is_there = item["containers"][0]["to"] == json!(releases.repository.image(&image));
    // Who joined a run under way changed nothing, and the image is there all the same.
    let stayed = item["attached"] == true || !is_there;
    holds(&document, &item["changed"], is_there, stayed).with_context(|| format!("{name} asks for {image}"))?;
    Ok(document)
}
