//! What is decided, as values for a report.

use schemars::JsonSchema;
use serde::Serialize;

use super::deployable::LeftOut;
use super::leaving::{Left, UnknownRunning};
use super::listing::Candidate;
use super::question::Source;
use crate::registry::image::ImageRef;

/// Everything there is to show, and what was decided.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice<'a> {
    pub left: Left,
    /// All images, newest push first; empty where no registry was asked.
    pub candidates: Vec<Candidate<'a>>,
    pub decision: Decision,
}

/// What to go back to, or why that can't be decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Decision {
    Chosen(Chosen),
    /// What was pushed before and what was deployed before are two images, or nothing of the
    /// form was pushed before: a person decides, or `--from`.
    Disagree {
        /// How many images back they part: the last one asked for, or one on the way there.
        step: usize,
        pushed_before: Option<Chosen>,
        deployed_before: Chosen,
        /// Those by whose order there are as many images back as were asked for.
        open: Vec<Source>,
    },
    /// It isn't known which image is being left, so nothing is "before" it in the registry.
    UnknownRunning {
        why: UnknownRunning,
        deployed_before: Option<Chosen>,
    },
    /// There are not that many older images of the form, or not that many older revisions.
    NothingOlder {
        /// The newest deployable image pushed before, of whatever form: its tag or digest.
        of_another_form: Option<String>,
        skipped: Vec<Skipped>,
    },
    /// The revision's tag moves, or it is to be pinned, and the rollout history doesn't tell
    /// which image it was.
    CannotPin {
        image: String,
        revision: i64,
        /// Pods name a digest, but of this repository; a digest counts where it is found.
        seen_in: Option<String>,
    },
    NoSuchTag {
        tag: String,
        /// Tags that look like it, the closest first.
        close: Vec<String>,
    },
    NoSuchDigest {
        digest: String,
        /// Where the text is the beginning of several digests: all of them.
        close: Vec<String>,
    },
    NotDeployable {
        digest: String,
        tag: Option<String>,
        why: LeftOut,
    },
    /// What was asked for is what is being left.
    AlreadyRuns {
        digest: Option<String>,
        tag: Option<String>,
    },
}

/// One image to go back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chosen {
    /// The reference to write: with a tag, with a tag and a digest, or with a digest.
    pub image: String,
    /// Unknown only where the rollout history alone was asked.
    pub digest: Option<String>,
    pub tag: Option<String>,
    pub why: Why,
    /// Why the reference has a digest, if it has one.
    pub pinned: Option<Pinned>,
    /// The revision that ran it last, if one did.
    pub revision: Option<i64>,
    /// What would have come first, but was passed over.
    pub skipped: Vec<Skipped>,
    /// The pushes that were counted on the way to it, the nearest first.
    pub counted: Vec<Counted>,
}

/// An image that was counted as a step on the way to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counted {
    pub digest: String,
    /// The workload had it, as far as its revisions tell.
    pub deployed: bool,
}

impl Counted {
    pub(super) fn of(candidate: &Candidate<'_>) -> Self {
        Self { digest: candidate.image.digest.clone(), deployed: candidate.deployed.is_some() }
    }
}

impl Decision {
    /// The image, where one was chosen.
    #[must_use]
    pub fn chosen(&self) -> Option<&Chosen> {
        if let Self::Chosen(chosen) = self { Some(chosen) } else { None }
    }

    /// The same with what was passed over on the way.
    pub(super) fn past(self, skipped: &[Skipped]) -> Self {
        if let Self::Chosen(chosen) = self { Self::Chosen(chosen.past(skipped)) } else { self }
    }
}

impl Choice<'_> {
    /// True where what was chosen was pushed after what is left: that is no rollback. Where either isn't
    /// in the registry, nobody knows.
    #[must_use]
    pub fn leads_forward(&self, chosen: &Chosen) -> bool {
        let place = |digest: &Option<String>| {
            let digest = digest.as_ref()?;
            self.candidates.iter().position(|c| c.image.digest == *digest)
        };
        place(&chosen.digest).zip(place(&self.left.digest)).is_some_and(|(to, from)| to < from)
    }
}

impl Chosen {
    /// The same with what was passed over on the way.
    pub(super) fn past(self, skipped: &[Skipped]) -> Self {
        Self { skipped: skipped.to_vec(), ..self }
    }

    /// The same with more that was passed over on the way.
    pub(super) fn also_passed_over(self, deployments: Vec<Skipped>) -> Self {
        Self { skipped: both_passed_over(self.skipped.clone(), deployments), ..self }
    }
}

/// What was passed over among pushes and among deployments, each once. That a rollback left an image
/// is no news where it is not that which is passed over among the pushes.
pub(super) fn both_passed_over(mut pushes: Vec<Skipped>, deployments: Vec<Skipped>) -> Vec<Skipped> {
    for deployed in deployments {
        let reference = ImageRef::parse(&deployed.image);
        let names = [reference.tag, reference.digest];
        if let Some(push) = pushes.iter_mut().find(|push| names.contains(&Some(push.image.as_str()))) {
            push.revision = deployed.revision;
        } else if deployed.why != SkipReason::RolledBackFrom {
            pushes.push(deployed);
        }
    }
    pushes
}

/// What speaks for an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    PushedBefore,
    DeployedBefore,
    PushedAndDeployedBefore,
    /// A person or a flag named it.
    Asked,
}

/// Why a reference is written with a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Pinned {
    /// `--pin-digest`
    Asked,
    /// The tag being left moves by its name, or was moved: tags of this workload can't be relied
    /// on.
    TagWasMoved,
    /// The tag to go by is a name, or stands for a longer version.
    TagMoves,
    /// There is no tag.
    Untagged,
    /// The reference being left has a digest, and keeps having one.
    AsBefore,
    /// The revision's reference has it.
    AsDeployed,
}

/// An image that was passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// A tag or a digest, or a revision's whole reference.
    pub image: String,
    pub revision: Option<i64>,
    pub why: SkipReason,
}

/// Why an image was passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SkipReason {
    /// It can't be deployed.
    LeftOut { why: LeftOut },
    /// A revision's image that the repository no longer has.
    NotInRepository,
    /// A revision's tag moves, or was moved: which image it was can't be told any more.
    TagMoved {
        /// The digest that it most likely was: the newest that was pushed by then and has lost all of its tags.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(default)]
        perhaps: Option<String>,
    },
    /// A revision's image is of another repository.
    OtherRepository,
    /// A build or a release candidate, where a release is being left.
    OtherForm,
    /// It goes by another name that moves (`dev`, where `prod` is left), and the workload is not known to have had it.
    OtherName,
    /// A rollback left it, and nothing new was deployed since: going back never comes back to it.
    RolledBackFrom,
}

impl Skipped {
    pub(super) fn candidate(candidate: &Candidate<'_>, why: SkipReason) -> Self {
        let image = candidate.tag.unwrap_or(&candidate.image.digest).to_owned();
        Self { image, revision: None, why }
    }
}
