//! What a plugin says, held against what is so.

use anyhow::{Context, Result, ensure};
use lab::Output;
use serde_json::Value;

use super::run::{document, said};

/// The document of `-o json`, whose exit code and reason are those of the process.
///
/// # Errors
/// Where it claims another end.
pub fn claimed(output: &Output) -> Result<Value> {
    let document = document(&output.stdout).with_context(|| said(output))?;
    ensure!(document["exitCode"] == output.code, "exit code {}: {document}", output.code);
    ensure!((output.code == 0) == (document["reason"] == "Done"), "exit code {}: {document}", output.code);
    Ok(document)
}

/// Of one thing in a document: a change that is claimed is there, one that is denied isn't
/// (`stayed`), and where nobody knows, that is the reason given.
///
/// # Errors
/// Where it claims what is not so.
pub fn holds(document: &Value, changed: &Value, is_there: bool, stayed: bool) -> Result<()> {
    match changed.as_bool() {
        Some(true) => ensure!(is_there, "said to be changed, and is not: {document}"),
        Some(false) => ensure!(stayed, "said to be unchanged, and is not: {document}"),
        None => ensure!(document["reason"] == "Unclear", "nothing is said about whether it changed: {document}"),
    }
    Ok(())
}
