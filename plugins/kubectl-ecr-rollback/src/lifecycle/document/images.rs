//! Images in a document: what becomes of each, who uses it, and what ECR says.

use jiff::Timestamp;
use release_core::registry::lifecycle_policy::{Action, Kept, Later, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

use crate::lifecycle::compare::{Comparison, Disagreement};
use crate::lifecycle::going_later;
use crate::lifecycle::outlook::Outlook;
use crate::lifecycle::row::Row;
use crate::lifecycle::usage::Use;

/// Images counted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    images: usize,
    stay: usize,
    expire: usize,
    archive: usize,
    in_use_and_going: usize,
    /// In use, and taken by a rule by age when that runs out.
    in_use_and_going_later: usize,
}

impl From<&Outlook> for Summary {
    fn from(outlook: &Outlook) -> Self {
        Self {
            images: outlook.rows.len(),
            stay: outlook.staying(),
            expire: outlook.count(Action::Expire),
            archive: outlook.count(Action::Archive),
            in_use_and_going: outlook.threatened().count(),
            in_use_and_going_later: going_later::all(outlook).len(),
        }
    }
}

/// One image, what a policy does to it, and who uses it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageOutlook {
    digest: String,
    tags: Vec<String>,
    pushed_at: Timestamp,
    /// The image that it is about, where it is a signature or another referrer.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    /// The gravest first.
    in_use: Vec<Use>,
    /// `keep`, `expire` or `archive`
    verdict: &'static str,
    /// The priority of the rule that decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<u32>,
    /// `beyondLimit`, `goesWithSubject`, `noRule`, `withinLimit` or `neededByIndex`
    why: &'static str,
    /// The image that it goes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<String>,
    /// Pushed at the same time as one that goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    tied: Option<bool>,
    /// The index that is made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<String>,
    /// When its age runs out, where it is in use and stays for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    goes_later: Option<GoesLater>,
}

/// What a rule by age does to an image in time.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoesLater {
    at: Timestamp,
    /// Days until then; one that is begun counts.
    days: i64,
    /// The priority of the rule.
    rule: u32,
    /// `expire` or `archive`
    verdict: &'static str,
    /// A pull puts it off.
    unless_pulled: bool,
}

impl From<&Later> for GoesLater {
    fn from(later: &Later) -> Self {
        let Later { at, days, rule, action, unless_pulled } = *later;
        Self { at, days, rule, verdict: action.word(), unless_pulled }
    }
}

impl From<&Row> for ImageOutlook {
    fn from(row: &Row) -> Self {
        let image = Self {
            digest: row.digest.clone(),
            tags: row.tags.clone(),
            pushed_at: row.pushed_at,
            about: row.about.clone(),
            in_use: row.uses.clone(),
            verdict: "keep",
            rule: None,
            why: "noRule",
            with: None,
            tied: None,
            index: None,
            goes_later: row.goes_later().map(GoesLater::from),
        };
        match &row.verdict {
            Verdict::Taken(taken) => Self {
                verdict: taken.action.word(),
                rule: Some(taken.rule),
                why: if taken.with.is_some() { "goesWithSubject" } else { "beyondLimit" },
                with: taken.with.clone(),
                ..image
            },
            Verdict::Kept(Kept::NoRule) => image,
            Verdict::Kept(Kept::Spared { rule, tied }) => {
                Self { rule: Some(*rule), why: "withinLimit", tied: Some(*tied), ..image }
            }
            Verdict::Kept(Kept::NeededBy { index, rule }) => {
                Self { rule: Some(*rule), why: "neededByIndex", index: Some(index.clone()), ..image }
            }
        }
    }
}

/// An image that a cluster needs and the repository does not have.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MissingImage {
    /// A tag or a digest.
    pub image: String,
    #[serde(rename = "use")]
    pub used: Use,
}

/// How ECR's own preview of the policy compares.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "result", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EcrPreview {
    Same,
    Differs { differences: Vec<DifferentImage> },
    NotMade { why: String },
}

impl From<&Comparison> for EcrPreview {
    fn from(comparison: &Comparison) -> Self {
        match comparison {
            Comparison::Same => Self::Same,
            Comparison::NotMade(why) => Self::NotMade { why: why.clone() },
            Comparison::Differs(found) => {
                Self::Differs { differences: found.iter().map(DifferentImage::from).collect() }
            }
        }
    }
}

/// An image that ECR and we say different things about.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DifferentImage {
    digest: String,
    /// Null where it stays.
    ours: Option<TakenBy>,
    /// Null where it stays.
    ecr: Option<TakenBy>,
    /// Why that may be, where we know.
    why: Option<&'static str>,
}

/// A rule, and what it does to an image.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TakenBy {
    rule: u32,
    /// `expire` or `archive`
    verdict: &'static str,
}

impl From<&Disagreement> for DifferentImage {
    fn from(found: &Disagreement) -> Self {
        let side = |side: Option<(u32, Action)>| side.map(|(rule, action)| TakenBy { rule, verdict: action.word() });
        Self { digest: found.digest.clone(), ours: side(found.ours), ecr: side(found.ecr), why: found.why }
    }
}
