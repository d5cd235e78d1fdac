//! The JSON documents of the lifecycle verbs; see docs/lifecycle.md.

mod images;
mod rules;

use release_cli::report::{Members, Subject};
use release_core::failure::Failure;
use release_core::registry::lifecycle_policy::{Policy, Remark};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::other_kinds::UnreadKind;
use super::outlook::{InForce, Outlook};
use super::usage::Use;
use images::{EcrPreview, ImageOutlook, MissingImage, Summary};
use rules::{ProtectionDocument, RemarkDocument, RuleChange};

/// Members of the document of `lifecycle show`.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShowMembers {
    pub repositories: Vec<ShownRepository>,
}

/// Members of the document of `lifecycle preview`.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewMembers {
    pub repositories: Vec<PreviewedRepository>,
}

/// Members of the document of `lifecycle apply`.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplyMembers {
    pub repositories: Vec<AppliedRepository>,
}

impl Members for ShowMembers {
    const KIND: &'static str = "LifecycleShow";
    const SUBJECT: Subject = Subject::Repository;
    const ONLY_READS: bool = true;
}

impl Members for PreviewMembers {
    const KIND: &'static str = "LifecyclePreview";
    const SUBJECT: Subject = Subject::Repository;
    const ONLY_READS: bool = true;
}

impl Members for ApplyMembers {
    const KIND: &'static str = "LifecycleApply";
    const SUBJECT: Subject = Subject::Repository;
}

/// The policy of one repository.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownRepository {
    name: String,
    /// As ECR takes it; null where there is none that can be read.
    policy_in_force: Option<Value>,
    /// As ECR has it, where it makes no sense to us.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_text: Option<String>,
    /// What it says that people often don't mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    remarks: Option<Vec<RemarkDocument>>,
    /// Why it can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<Vec<String>>,
}

impl ShownRepository {
    /// The policy of `name`, with what is to be remarked about it.
    #[must_use]
    pub fn new(name: &str, in_force: &InForce, remarks: &[Remark]) -> Self {
        let problems = match in_force {
            InForce::Unreadable { problems, .. } => Some(problems.iter().map(ToString::to_string).collect()),
            InForce::Unknown(why) => Some(vec![why.clone()]),
            InForce::None | InForce::Policy(_) => None,
        };
        Self {
            name: name.to_owned(),
            policy_in_force: policy_in(in_force),
            policy_text: text_in(in_force),
            remarks: in_force.policy().map(|_| remarks.iter().map(RemarkDocument::from).collect()),
            problems,
        }
    }
}

/// What a policy would do to one repository.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewedRepository {
    pub name: String,
    #[serde(flatten)]
    pub outlook: OutlookDocument,
}

/// What became of one repository.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppliedRepository {
    pub name: String,
    /// Absent where the repository couldn't be read.
    #[serde(flatten)]
    pub outlook: Option<OutlookDocument>,
    /// `applied`, `would apply`, `unchanged`, `refused`, `not applied` or `failed`
    pub result: &'static str,
    #[serde(flatten)]
    pub failure: Option<RepositoryFailure>,
}

/// Why one repository failed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryFailure {
    /// A stable CamelCase word.
    reason: &'static str,
    message: String,
}

impl From<&Failure> for RepositoryFailure {
    fn from(failure: &Failure) -> Self {
        Self { reason: failure.reason, message: failure.message.clone() }
    }
}

/// A policy beside the one in force, and what it would do.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutlookDocument {
    /// As ECR takes it; null where there is none that can be read.
    policy_in_force: Option<Value>,
    /// The one in force as ECR has it, where it makes no sense to us.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_text: Option<String>,
    /// As ECR takes it.
    policy: Value,
    unchanged: bool,
    difference: Vec<RuleChange>,
    remarks: Vec<RemarkDocument>,
    summary: Summary,
    /// Newest first.
    images: Vec<ImageOutlook>,
    /// What a cluster needs and the repository does not have.
    not_in_repository: Vec<MissingImage>,
    ecr_preview: EcrPreview,
    /// How to spare everything in use, where it is not spared anyway.
    #[serde(skip_serializing_if = "Option::is_none")]
    protection: Option<ProtectionDocument>,
    clusters: Vec<ClusterDocument>,
}

impl OutlookDocument {
    /// An outlook, and the clusters that were asked what is in use.
    #[must_use]
    pub fn new(outlook: &Outlook, clusters: Vec<ClusterDocument>) -> Self {
        let missing = |(image, used): &(String, Use)| MissingImage { image: image.clone(), used: used.clone() };
        Self {
            policy_in_force: policy_in(&outlook.in_force),
            policy_text: text_in(&outlook.in_force),
            policy: outlook.policy.to_value(),
            unchanged: outlook.is_unchanged(),
            difference: outlook.difference.changes.iter().map(RuleChange::from).collect(),
            remarks: outlook.remarks.iter().map(RemarkDocument::from).collect(),
            summary: Summary::from(outlook),
            images: outlook.rows.iter().map(ImageOutlook::from).collect(),
            not_in_repository: outlook.missing.iter().map(missing).collect(),
            ecr_preview: EcrPreview::from(&outlook.comparison),
            protection: outlook.protection.as_ref().map(ProtectionDocument::from),
            clusters,
        }
    }
}

fn policy_in(in_force: &InForce) -> Option<Value> {
    in_force.policy().map(Policy::to_value)
}

fn text_in(in_force: &InForce) -> Option<String> {
    if let InForce::Unreadable { text, .. } = in_force { Some(text.clone()) } else { None }
}

/// A cluster that was asked what is in use.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterDocument {
    pub context: String,
    pub read: bool,
    /// Why it couldn't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Kinds that exist there, may need images, and were not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_read: Vec<UnreadKind>,
}
