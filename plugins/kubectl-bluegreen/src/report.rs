//! What a verb found and did, as a value; printing it is the last thing a verb does.

pub mod plan_text;
pub mod status_text;

use kubectl_release::error::{Exit, Failure};
use serde_json::{Map, Value, json};

use crate::checks::{Finding, Severity};

/// The version of the documents that `-o json` prints.
pub const API_VERSION: &str = "kubectl-release.dev/v1";

/// What a run has to show, filled as it goes on, so that a failure still shows what was found.
#[derive(Debug, Default)]
pub struct Report {
    /// `Switch`, `Rollback`, `Preflight`, `Status`, `History`, `Cleanup`.
    pub kind: &'static str,
    pub context: String,
    pub namespace: String,
    /// `client` or `server`.
    pub dry_run: Option<&'static str>,
    /// One object a Service; the members depend on the kind.
    pub services: Vec<Value>,
    pub findings: Vec<Finding>,
    /// What a person gets on stdout.
    pub text: String,
    /// What `-o name` prints, a line each.
    pub names: Vec<String>,
}

impl Report {
    /// The one document of `-o json`: `apiVersion`, `kind`, `context`, `namespace`, `exitCode`,
    /// `reason`, `message`, `next` (on failure), `services`, `findings`.
    #[must_use]
    pub fn document(&self, failure: Option<&Failure>) -> Value {
        let mut document = Map::new();
        let mut set = |key: &str, value: Value| document.insert(key.to_owned(), value);
        set("apiVersion", json!(API_VERSION));
        set("kind", json!(self.kind));
        set("context", json!(self.context));
        set("namespace", json!(self.namespace));
        if let Some(mode) = self.dry_run {
            set("dryRun", json!(mode));
        }
        set("exitCode", json!(failure.map_or(Exit::Done, |f| f.exit).code()));
        set("reason", json!(failure.map_or("Done", |f| f.reason)));
        if let Some(failure) = failure {
            set("message", json!(failure.message));
            if let Some(next) = &failure.next {
                set("next", json!(next));
            }
        }
        set("services", json!(self.services));
        set("findings", self.findings.iter().map(finding_value).collect());
        Value::Object(document)
    }
}

/// `{id, severity: block|warn|notChecked, service, message, fix?, overridden?}`
fn finding_value(finding: &Finding) -> Value {
    let severity = match finding.severity {
        Severity::Blocks => "block",
        Severity::Warns => "warn",
        Severity::NotChecked => "notChecked",
    };
    let mut value =
        json!({"id": finding.id, "severity": severity, "service": finding.service, "message": finding.message});
    if let Some(fix) = &finding.fix {
        value["fix"] = json!(fix);
    }
    if finding.overridden {
        value["overridden"] = json!(true);
    }
    value
}
