//! What is wrong with a printed command, now that it was tried.

use lab::Output;
use serde_json::Value;

use super::found::{Printed, Promise, documents};
use super::harmless::{Plugin, Trial};

/// What the run that printed a command had shown.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Ids of findings that stopped it.
    pub blocking: Vec<String>,
    /// It ended well: nothing was taken back, and nobody else was faster.
    pub ended_well: bool,
}

/// How kubectl says that it doesn't understand what it was told.
const MISUSED: [&str; 9] = [
    "unknown command",
    "unknown flag",
    "unknown shorthand",
    "flag needs an argument",
    "for usage",
    "required flag",
    "invalid argument",
    "must specify",
    "doesn't have a resource type",
];
/// How kubectl and our plugins say that something isn't there.
const MISSING: [&str; 3] = ["(NotFound)", "not found", "no rollout history"];
/// How kubectl says that a condition of a patch, or of a scaling, isn't met.
const CONDITION_UNMET: [&str; 2] = ["The request is invalid", "Expected replicas to be"];
/// What is the connection's, the user's or AWS's fault, and no command's, as kubectl says it.
const TROUBLES: [&str; 9] = [
    "Forbidden",
    "Unauthorized",
    "Unable to connect",
    "was refused",
    "denied the request",
    "no such host",
    "ValidatingAdmissionPolicy",
    // A server that is no Kubernetes, and a user who is asked for a password.
    "Unable to list",
    "error: EOF",
];
/// The same as reasons of our documents.
const TROUBLE_REASONS: [&str; 14] = [
    "Unauthorized",
    "Forbidden",
    "ApiError",
    "Unreachable",
    "NoAnswer",
    "BadAnswer",
    "BadKubeconfig",
    "BadCredentials",
    "BadProxy",
    "NoCredentials",
    "ExpiredCredentials",
    "AccessDenied",
    "Throttled",
    "RegistryError",
];

impl Shown {
    /// What stands on the screen, or in the document.
    #[must_use]
    pub fn by(output: &Output) -> Self {
        let documents = documents(&output.stdout).unwrap_or_default();
        let mut blocking: Vec<String> = documents.iter().flat_map(blocking_in).collect();
        for line in output.stdout.lines().chain(output.stderr.lines()) {
            blocking.extend(line.strip_prefix("x ").and_then(|rest| rest.split("  ").next()).map(str::to_owned));
        }
        Self { blocking, ended_well: output.code == 0 }
    }
}

/// Why the command is none that may be printed; nothing where it is one.
#[must_use]
pub fn complaint(printed: &Printed, trial: &Trial, shown: &Shown, tried: &Output) -> Option<String> {
    match trial {
        Trial::Ours { plugin, writes: false, .. } => of_ours(printed.promise, false, shown, tried)
            .or_else(|| if *plugin == Plugin::EcrRollback { blind(tried) } else { None }),
        Trial::Ours { writes, .. } => of_ours(printed.promise, *writes, shown, tried),
        Trial::Kubectl { .. } if is_overtaken(printed.promise, shown, tried) => None,
        Trial::Kubectl { .. } => of_kubectl(tried),
        Trial::Elsewhere => None,
    }
}

fn of_ours(promise: Promise, writes: bool, shown: &Shown, tried: &Output) -> Option<String> {
    if tried.code == 2 {
        return Some("it is wrong usage".to_owned());
    }
    if tried.code == 0 {
        return None;
    }
    let document: Value = serde_json::from_str(&tried.stdout).unwrap_or_default();
    let reason = document["reason"].as_str().unwrap_or_default();
    let message = document["message"].as_str().unwrap_or(&tried.stderr);
    if MISSING.iter().any(|words| message.contains(words)) {
        return Some(format!("it names what isn't there: {message}"));
    }
    if TROUBLE_REASONS.contains(&reason) || promise == Promise::Works || !writes {
        return None;
    }
    let again: Vec<String> = blocking_in(&document).into_iter().filter(|id| shown.blocking.contains(id)).collect();
    match reason {
        "Blocked" if again.is_empty() && shown.blocking.is_empty() => None,
        "Blocked" if again.is_empty() => Some(format!("it is refused for {}", blocking_in(&document).join(", "))),
        "Blocked" => Some(format!("it is refused for the same: {}", again.join(", "))),
        _ => Some(format!("it doesn't go through: exit code {} ({reason}): {message}", tried.code)),
    }
}

/// A look that shows nothing, though nobody is to blame for it but who offered it.
fn blind(tried: &Output) -> Option<String> {
    let document: Value = serde_json::from_str(&tried.stdout).unwrap_or_default();
    let reason = document["reason"].as_str().unwrap_or_default();
    let is_trouble = tried.code == 0 || TROUBLE_REASONS.contains(&reason) || reason == "OutOfTime";
    (!is_trouble).then(|| format!("it shows nothing: exit code {} ({reason}): {}", tried.code, document["message"]))
}

/// An undo has a condition, which is that nothing has happened since: a run that ended badly may have
/// taken back what it undoes.
fn is_overtaken(promise: Promise, shown: &Shown, tried: &Output) -> bool {
    let unmet = CONDITION_UNMET.iter().any(|words| tried.stderr.contains(words));
    promise == Promise::Undoes && !shown.ended_well && unmet
}

fn of_kubectl(tried: &Output) -> Option<String> {
    let said = tried.stderr.as_str();
    // "no" is an answer to `kubectl auth can-i`.
    if tried.code == 0 || tried.stdout.trim() == "no" {
        return None;
    }
    if MISUSED.iter().any(|words| said.contains(words)) {
        return Some(format!("kubectl doesn't understand it: {said}"));
    }
    if TROUBLES.iter().any(|words| said.contains(words)) {
        return None;
    }
    if MISSING.iter().any(|words| said.contains(words)) {
        return Some(format!("it names what isn't there: {said}"));
    }
    Some(format!("kubectl refuses it: {said}"))
}

fn blocking_in(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().into_iter().flatten();
    let blocking = findings.filter(|f| f["severity"] == "block" && f["overridden"] != true);
    blocking.filter_map(|finding| finding["id"].as_str().map(str::to_owned)).collect()
}
