//! Bad input: a clear error, exit 1 or 2, and nothing written.

mod annotations;
mod connection;
mod full_annotations;
mod pipes;
mod services;
mod targets;
mod words;

use anyhow::{Result, ensure};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::versions;
use e2e::common::run::{Ended, said};
use lab::{Namespace, Output};
use serde_json::Value;

/// Runs it for a person and for a script, and wants: this exit code and reason, an error that
/// names what it is about, and nothing written. Gives the script's document.
async fn refused(ns: &Namespace, words: &str, code: u8, reason: &str, about: &str) -> Result<Value> {
    let before = versions(ns).await?;
    let told = bluegreen(ns, words).await?.ends(code)?;
    clear(&told)?;
    let told = told.tells(about)?;
    let document = bluegreen(ns, &format!("{words} -ojson")).await?.ends(code)?.json()?;
    ensure!(document["reason"] == reason, "{document:#}");
    ensure!(document["exitCode"] == code, "{document:#}");
    ensure!(versions(ns).await? == before, "something was written\n{}", said(&told));
    Ok(document)
}

/// An error is a sentence on stderr as kubectl words it, not a backtrace and not terminal codes.
fn clear(output: &Output) -> Result<()> {
    let starts = ["error: ", "Error from server ", "Unable to connect to the server: "];
    let is_error = |line: &str| starts.iter().any(|start| line.starts_with(start));
    ensure!(output.stderr.lines().any(is_error), "no error\n{}", said(output));
    for bad in ["panicked", "RUST_BACKTRACE", "\u{1b}", "Custom {", "Some("] {
        ensure!(!output.stderr.contains(bad) && !output.stdout.contains(bad), "{bad:?} in\n{}", said(output));
    }
    Ok(())
}
