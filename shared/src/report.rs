//! What a verb found and did, as a value; printing it is the last thing a verb does.

use crate::error::{Exit, Failure};
use serde_json::{Map, Value, json};

use crate::finding::Finding;

/// The version of the documents that `-o json` prints.
pub const API_VERSION: &str = "kubectl-release.dev/v1";

/// What the objects of a report are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Subject {
    #[default]
    Service,
    Workload,
    Repository,
}

impl Subject {
    fn one(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Workload => "workload",
            Self::Repository => "repository",
        }
    }

    fn many(self) -> &'static str {
        match self {
            Self::Service => "services",
            Self::Workload => "workloads",
            Self::Repository => "repositories",
        }
    }
}

/// What a run has to show, filled as it goes on, so that a failure still shows what was found.
#[derive(Debug, Default)]
pub struct Report {
    /// `Switch`, `Rollback`, `Status`: what was done.
    pub kind: &'static str,
    pub subject: Subject,
    pub context: String,
    pub namespace: String,
    /// `client` or `server`.
    pub dry_run: Option<&'static str>,
    /// One object a subject; the members depend on the kind.
    pub items: Vec<Value>,
    pub findings: Vec<Finding>,
    /// What a person gets on stdout.
    pub text: String,
    /// What `-o name` prints, a line each.
    pub names: Vec<String>,
}

impl Report {
    /// The one document of `-o json`: `apiVersion`, `kind`, `context`, `namespace`, `exitCode`,
    /// `reason`, `message`, `next` (on failure), `services` (or `workloads`, `repositories`), `findings`.
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
        set(self.subject.many(), json!(self.items));
        set("findings", self.findings.iter().map(|f| f.document(self.subject.one())).collect());
        Value::Object(document)
    }
}
