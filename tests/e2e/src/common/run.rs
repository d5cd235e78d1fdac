//! Running a plugin through kubectl in few words, and what is asked of its end.

use anyhow::{Result, ensure};
use lab::{Kubectl, Namespace, Output};
use serde_json::Value;

/// kubectl with all rights.
pub fn admin(ns: &Namespace) -> Kubectl {
    ns.kubectl_as(ns.lab().kubeconfig())
}

/// A plugin's name and what comes behind it; words are split at blanks.
pub fn words_of<'w>(plugin: &'w str, words: &'w str) -> Vec<&'w str> {
    std::iter::once(plugin).chain(words.split_whitespace()).collect()
}

/// Parses the one document of `-o json`.
///
/// # Errors
/// Where stdout is not one JSON document.
pub fn document(stdout: &str) -> Result<Value> {
    Ok(serde_json::from_str(stdout)?)
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
