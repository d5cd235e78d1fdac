//! What a verb found and did, as a value; printing it is the last thing a run does.

use release_core::checks::finding::{Finding, Severity};
use release_core::checks::ids::CheckId;
use release_core::failure::{Exit, Failure, Next};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::flags::DryRunFlag;

/// The version of the documents that `-o json` prints.
pub const API_VERSION: &str = "kubectl-release.dev/v1";

/// What the objects of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Service,
    Workload,
    Repository,
}

/// The members of a verb's document that are its own.
pub trait Members: Default + Serialize + JsonSchema {
    /// `Switch`, `Rollback`, `Status`: what was done.
    const KIND: &'static str;
    /// What its findings are about.
    const SUBJECT: Subject;
    /// It changes nothing: its output is all that it does.
    const ONLY_READS: bool = false;
}

/// What a run has to show, filled as it goes on, so that a failure still shows what was found.
#[derive(Debug, Default)]
pub struct Report<M> {
    pub members: M,
    /// The clusters that were asked, where the run found them out itself.
    pub context: Option<String>,
    pub findings: Vec<Finding>,
    /// What a person gets on stdout.
    pub text: String,
    /// What `-o name` prints, a line each.
    pub names: Vec<String>,
    /// What a dry run would leave in the cluster: `-o yaml` prints these instead of the document, and so does a verb
    /// that has no other text.
    pub manifests: Vec<Manifest>,
}

/// An object of the cluster as people commit it.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// What stands above it, in one line.
    pub comment: String,
    pub object: Value,
}

/// Where a run looked, and whether its writes counted.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub context: String,
    pub namespace: String,
    pub dry_run: DryRunFlag,
}

/// The one document of `-o json`, also on failure.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document<'r, M> {
    /// `kubectl-release.dev/v1`
    api_version: &'static str,
    /// What was done.
    kind: &'static str,
    /// The kubeconfig context; empty where no one cluster was asked.
    context: &'r str,
    namespace: &'r str,
    /// `client` or `server`; absent for a run that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<&'static str>,
    /// The process exit code.
    exit_code: u8,
    /// A stable CamelCase word; `Done` where nothing failed.
    reason: &'static str,
    /// What went wrong, in one sentence or a few lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'r str>,
    /// The command to do about it; several of which each does it in its own way stand a line each.
    /// Absent where no command helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// What to do about it that is no command, or what to know before.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'r str>,
    #[serde(flatten)]
    members: &'r M,
    /// What the checks found, the worst first.
    findings: Vec<FindingDocument<'r>>,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FindingDocument<'r> {
    /// The check's stable name.
    #[schemars(with = "String")]
    id: CheckId,
    /// `block`, `warn` or `notChecked`
    severity: &'static str,
    #[serde(flatten)]
    about: About<'r>,
    /// The reason, with numbers.
    message: &'r str,
    /// What to do about it, short.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
    /// True for a blocking finding that was overridden by name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    overridden: bool,
}

/// The object that a finding is about, under its kind's name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum About<'r> {
    Service(&'r str),
    Workload(&'r str),
    Repository(&'r str),
}

impl<M: Members> Report<M> {
    /// The whole document.
    #[must_use]
    pub fn document<'r>(&'r self, origin: &'r Origin, failure: Option<&'r Failure>) -> Document<'r, M> {
        Document {
            api_version: API_VERSION,
            kind: M::KIND,
            context: self.context.as_deref().unwrap_or(&origin.context),
            namespace: &origin.namespace,
            dry_run: origin.dry_run.word(),
            exit_code: failure.map_or(Exit::Done, |f| f.exit).code(),
            reason: failure.map_or("Done", |f| f.reason),
            message: failure.map(|f| f.message.as_str()),
            next: failure.and_then(|f| f.next.as_ref()).and_then(commands),
            hint: failure.and_then(|f| f.next.as_ref()).and_then(Next::note),
            members: &self.members,
            findings: self.findings.iter().map(|finding| described(finding, M::SUBJECT)).collect(),
        }
    }
}

fn commands(next: &Next) -> Option<String> {
    let commands: Vec<String> = next.commands().iter().map(ToString::to_string).collect();
    (!commands.is_empty()).then(|| commands.join("\n"))
}

fn described(finding: &Finding, subject: Subject) -> FindingDocument<'_> {
    FindingDocument {
        id: finding.id,
        severity: match finding.severity {
            Severity::Blocks => "block",
            Severity::Warns => "warn",
            Severity::NotChecked => "notChecked",
        },
        about: match subject {
            Subject::Service => About::Service(&finding.about),
            Subject::Workload => About::Workload(&finding.about),
            Subject::Repository => About::Repository(&finding.about),
        },
        message: &finding.message,
        fix: finding.mend.as_ref().map(ToString::to_string),
        overridden: finding.overridden,
    }
}
