//! What `kubectl bluegreen` says of its Services, held against the cluster.

use anyhow::{Context, Result, ensure};
use lab::Output;
use serde_json::Value;

use super::setup::Setup;
use crate::common::claims::{claimed, holds};

/// The document of `-o json`, after its exit code and what it says of every Service were held
/// against the process and the cluster.
///
/// # Errors
/// Where it claims what is not so.
pub async fn true_document(setup: &Setup, output: &Output) -> Result<Value> {
    let document = claimed(output)?;
    let colors = setup.colors().await?;
    for (name, color) in setup.services().iter().zip(colors) {
        let Some(service) = document["services"].as_array().into_iter().flatten().find(|s| s["name"] == **name) else {
            ensure!(output.code != 0, "done, but not a word about {name}: {document}");
            continue;
        };
        let (is_there, is_active) = (service["to"] == color, service["active"] == color);
        let stayed = if service["active"].is_string() { is_active } else { !is_there };
        holds(&document, &service["changed"], is_there, stayed).with_context(|| format!("{name} selects {color}"))?;
        ensure!(output.code != 0 || is_there || is_active, "done, but {name} selects {color}: {document}");
    }
    Ok(document)
}
