//! Running `kubectl bluegreen …` in few words, and what is asked of its end.

use anyhow::{Result, ensure};
use lab::{Kubectl, Namespace, Output, Running};
use serde_json::Value;

use crate::document;

/// Runs `kubectl bluegreen WORDS` with all rights; words are split at blanks.
///
/// # Errors
/// Where it can't be run; a bad exit code is none.
pub async fn bluegreen(ns: &Namespace, words: &str) -> Result<Output> {
    bluegreen_as(&admin(ns), words).await
}

/// The same as somebody else.
///
/// # Errors
/// Where it can't be run; a bad exit code is none.
pub async fn bluegreen_as(kubectl: &Kubectl, words: &str) -> Result<Output> {
    kubectl.run(&split(words)).await
}

/// The same, without waiting for the end.
///
/// # Errors
/// Where it can't be started.
pub fn start(ns: &Namespace, words: &str) -> Result<Running> {
    admin(ns).start(&split(words))
}

/// kubectl with all rights.
pub fn admin(ns: &Namespace) -> Kubectl {
    ns.kubectl_as(ns.lab().kubeconfig())
}

fn split(words: &str) -> Vec<&str> {
    std::iter::once("bluegreen").chain(words.split_whitespace()).collect()
}

/// Questions about an ended command that fail with all that it printed.
pub trait Ended: Sized {
    /// It ended with this exit code.
    ///
    /// # Errors
    /// Where it ended with another.
    fn ends(self, code: u8) -> Result<Self>;
    /// People were told this, on stdout or stderr.
    ///
    /// # Errors
    /// Where they were not.
    fn tells(self, what: &str) -> Result<Self>;
    /// The one document on stdout.
    ///
    /// # Errors
    /// Where it is none.
    fn json(&self) -> Result<Value>;
}

impl Ended for Output {
    fn ends(self, code: u8) -> Result<Self> {
        ensure!(self.code == code, "exit code {}, not {code}\n{}", self.code, said(&self));
        Ok(self)
    }

    fn tells(self, what: &str) -> Result<Self> {
        ensure!(self.stdout.contains(what) || self.stderr.contains(what), "nothing about {what:?}\n{}", said(&self));
        Ok(self)
    }

    fn json(&self) -> Result<Value> {
        let parsed = document(&self.stdout);
        ensure!(parsed.is_ok(), "stdout is not one document\n{}", said(self));
        parsed
    }
}

/// What a command printed, and its exit code, as snapshots keep it.
pub fn transcript(output: &Output) -> String {
    let parts = [("stderr", &output.stderr), ("stdout", &output.stdout)];
    let shown = parts.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("--- {name}\n{text}"));
    format!("{}--- exit {}\n", shown.collect::<String>(), output.code)
}

/// All that a command printed.
pub fn said(output: &Output) -> String {
    format!("stdout:\n{}\nstderr:\n{}", output.stdout, output.stderr)
}

/// Ids of the findings of a document, those that block first.
pub fn finding_ids(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().filter_map(|finding| finding["id"].as_str().map(str::to_owned)).collect()
}

/// The finding of this id.
pub fn finding(document: &Value, id: &str) -> Option<Value> {
    document["findings"].as_array()?.iter().find(|finding| finding["id"] == id).cloned()
}
