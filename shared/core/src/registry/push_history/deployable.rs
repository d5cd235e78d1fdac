//! Which images of a repository a workload can be given, and why not the others.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use wildmatch::WildMatch;

use crate::registry::image::short_digest;
use crate::registry::index_manifest::{INDEX_TYPES, IndexChild, IndexChildren};
use crate::registry::manifest_content::{
    IMAGE_CONFIGS, IMAGE_MANIFESTS, ManifestContent, ManifestContents, known_artifact,
};
use crate::registry::subject_tag::subject_in_tag;
use crate::text::printable;

use super::pushed_image::{ImageStatus, PushedImage};
use super::repository::Repository;
use super::tag::TagForm;

/// Why an image is left out of a rollback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LeftOut {
    /// A signature of another image, by its tag (`sha256-….sig`, as cosign writes it) or its
    /// media type.
    Signature,
    /// An attestation or a list of what is inside another image, told in the same two ways.
    Attestation,
    /// Something else that is about another image (its manifest has a `subject`).
    Referrer { subject: String },
    /// Not a container image: a Helm chart, a policy bundle.
    Artifact { media_type: String },
    /// What a builder keeps for the next build: BuildKit's cache, a layer of Kaniko's, by its tags.
    BuildCache,
    /// One platform's part of a multi-architecture image.
    IndexChild { index: String },
    /// Untagged, and nobody knows whether a multi-architecture image is made of it: not all
    /// manifests were read, or they can't be.
    MaybePart,
    /// Untagged, and whether an archived image is made of it can't be read before that is restored.
    MaybePartOfArchived {
        /// Digests of the archived images, the newest first.
        indexes: Vec<String>,
        /// What people call them.
        names: String,
    },
    /// Untagged, and its manifest, which says whether it is an image, can't be read.
    MaybeNoImage,
    /// Another index of the very parts that run: a build that was pushed under several tags, or twice.
    SameParts,
    /// In archive storage; it has to be restored before it can be pulled.
    Archived,
    /// On its way back from the archive.
    Activating,
    /// No tag of it matches the filter that was asked for.
    OutsideTagFilter,
}

impl LeftOut {
    /// Somebody would have expected to go there: it is said that it was passed over.
    pub(super) fn is_worth_a_word(&self) -> bool {
        let in_doubt = matches!(self, Self::MaybePart | Self::MaybePartOfArchived { .. } | Self::MaybeNoImage);
        in_doubt || matches!(self, Self::SameParts | Self::Archived | Self::Activating)
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signature => "signature",
            Self::Attestation => "attestation",
            Self::Referrer { .. } => "about another image",
            Self::Artifact { .. } => "no container image",
            Self::BuildCache => "a build's cache",
            Self::IndexChild { .. } => "part of another image",
            Self::MaybePart => "maybe part of another image",
            Self::MaybePartOfArchived { names, .. } => {
                return write!(f, "can't be judged, maybe part of what is archived ({names})");
            }
            Self::MaybeNoImage => "maybe no image",
            Self::SameParts => "the same image as what runs",
            Self::Archived => "archived",
            Self::Activating => "being restored",
            Self::OutsideTagFilter => "outside the tag filter",
        })
    }
}

/// So many archived images are named.
const NAMED: usize = 2;

/// What belongs to what. That stands in manifests alone: an index and its parts have times of their
/// own, and parts may have tags.
#[derive(Debug)]
pub(super) struct Parents<'a> {
    /// Each with its index; a part of several has them all, in order of their digests.
    by_child: BTreeMap<&'a str, Vec<(&'a str, &'a IndexChild)>>,
    children: &'a IndexChildren,
    contents: &'a ManifestContents,
    /// There are indexes whose manifests were not read.
    unread: bool,
    /// Those that are archived and can't be read, the newest first.
    sealed: Vec<&'a PushedImage>,
    /// They can't be read.
    unreadable: bool,
}

impl<'a> Parents<'a> {
    pub(super) fn of(repository: &Repository<'a>) -> Self {
        let mut by_child: BTreeMap<&str, Vec<(&str, &IndexChild)>> = BTreeMap::new();
        for (index, listed) in repository.children {
            for child in listed {
                by_child.entry(child.digest.as_str()).or_default().push((index.as_str(), child));
            }
        }
        let unread = repository.images.iter().filter(|i| is_index(i) && !repository.children.contains_key(&i.digest));
        let (mut sealed, unread): (Vec<&PushedImage>, Vec<&PushedImage>) =
            unread.partition(|index| repository.sealed.contains(&index.digest));
        sealed.sort_by_key(|index| Reverse((index.pushed_at, index.digest.as_str())));
        Self {
            by_child,
            children: repository.children,
            contents: repository.contents,
            unread: !unread.is_empty(),
            sealed,
            unreadable: repository.manifests_unreadable,
        }
    }

    /// The indexes that list a digest.
    pub(super) fn of_digest(&self, digest: &str) -> impl Iterator<Item = &'a str> {
        self.by_child.get(digest).into_iter().flatten().map(|(index, _)| *index)
    }

    /// Listed as a description of another part: it can't be run, whatever tags it has.
    fn is_attestation(&self, image: &PushedImage) -> bool {
        self.by_child.get(image.digest.as_str()).is_some_and(|all| all.iter().any(|(_, child)| child.is_attestation))
    }

    /// Nobody can say whether it is an image by itself.
    pub(super) fn is_in_doubt(&self, image: &PushedImage) -> bool {
        let unknown = self.unreadable || !is_index(image);
        image.tags.is_empty() && self.unread && unknown && !self.by_child.contains_key(image.digest.as_str())
    }

    /// The same, because of what is archived.
    fn is_sealed(&self, image: &PushedImage) -> Option<LeftOut> {
        let may_be_part = image.tags.is_empty() && !is_index(image) && !self.sealed.is_empty();
        let indexes = || self.sealed.iter().map(|index| index.digest.clone()).collect();
        (may_be_part && !self.by_child.contains_key(image.digest.as_str()))
            .then(|| LeftOut::MaybePartOfArchived { indexes: indexes(), names: names(&self.sealed) })
    }

    /// What its own manifest says that it is, where that is no image: of an index what it lists.
    fn by_content(&self, image: &PushedImage, running: Option<&PushedImage>) -> Option<LeftOut> {
        let content = self.contents.get(&image.digest);
        if running.is_some_and(|running| content.is_some() && self.contents.get(&running.digest) == content) {
            return None;
        }
        let unknown = image.tags.is_empty() && !is_index(image);
        match content {
            Some(ManifestContent::Unknown) => unknown.then_some(LeftOut::MaybeNoImage),
            Some(content) => called(content),
            None if self
                .children
                .get(&image.digest)
                .is_some_and(|all| all.iter().all(|child| child.is_attestation)) =>
            {
                Some(LeftOut::Artifact { media_type: image.manifest_type.clone().unwrap_or_default() })
            }
            None => (self.unreadable && unknown).then_some(LeftOut::MaybeNoImage),
        }
    }

    /// In doubt, and nothing more can be found out.
    pub(super) fn stays_in_doubt(&self, image: &PushedImage) -> bool {
        self.unreadable && !is_index(image) && self.is_in_doubt(image)
    }
}

/// Why an image can't be deployed whatever is asked for, or nothing where it can. What runs can be run:
/// whatever type it has, others of that type can, too.
pub(super) fn not_deployable(
    image: &PushedImage,
    parents: &Parents<'_>,
    running: Option<&PushedImage>,
) -> Option<LeftOut> {
    let status = match image.status {
        ImageStatus::Active => None,
        ImageStatus::Archived => Some(LeftOut::Archived),
        ImageStatus::Activating => Some(LeftOut::Activating),
    };
    by_tags(&image.tags)
        .or_else(|| by_type(image).filter(|_| !running.is_some_and(|running| is_of_one_type(image, running))))
        .or_else(|| parents.by_content(image, running).filter(|why| *why != LeftOut::MaybeNoImage))
        .or_else(|| (is_cache(image) && !running.is_some_and(is_cache)).then_some(LeftOut::BuildCache))
        .or_else(|| parents.is_attestation(image).then_some(LeftOut::Attestation))
        .or_else(|| part(image, parents).filter(|_| image.tags.is_empty()))
        .or_else(|| parents.is_in_doubt(image).then_some(LeftOut::MaybePart))
        .or_else(|| parents.is_sealed(image))
        .or_else(|| parents.by_content(image, running))
        .or(status)
}

/// What a manifest is of, where that is no image.
fn called(content: &ManifestContent) -> Option<LeftOut> {
    match content {
        ManifestContent::Image | ManifestContent::Unknown => None,
        ManifestContent::Signature => Some(LeftOut::Signature),
        ManifestContent::Attestation => Some(LeftOut::Attestation),
        ManifestContent::Referrer { subject } => Some(LeftOut::Referrer { subject: subject.clone() }),
        ManifestContent::Artifact { media_type } => Some(LeftOut::Artifact { media_type: media_type.clone() }),
    }
}

/// Why something that a tag is on is no image, by what the registry says of it and by its manifest, where that was
/// read; unless it is of the type of what runs.
#[must_use]
pub fn no_image(
    image: &PushedImage,
    content: Option<&ManifestContent>,
    running: Option<&PushedImage>,
) -> Option<LeftOut> {
    let is_of_one_type = running.is_some_and(|running| is_of_one_type(image, running));
    let odd = |content| matches!(content, &ManifestContent::Artifact { .. });
    let by_content = || content.filter(|content| !(is_of_one_type && odd(content))).and_then(called);
    by_tags(&image.tags).or_else(|| by_type(image).filter(|_| !is_of_one_type)).or_else(by_content)
}

/// `1.0.0, 1.0.1 and 3 more`
fn names(images: &[&PushedImage]) -> String {
    let name = |image: &&PushedImage| image.tags.first().map_or_else(|| short_digest(&image.digest), |t| printable(t));
    let named: Vec<String> = images.iter().take(NAMED).map(name).collect();
    let more = images.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

/// That it is one platform's part of another image.
pub(super) fn part(image: &PushedImage, parents: &Parents<'_>) -> Option<LeftOut> {
    parents.of_digest(&image.digest).next().map(|index| LeftOut::IndexChild { index: index.to_owned() })
}

/// `*` stands for any characters, as in ECR's own tag patterns, and `?` for one; a tag has
/// neither. An untagged image is outside of every filter.
pub(super) fn is_outside(tags: &[String], filter: Option<&WildMatch>) -> bool {
    filter.is_some_and(|filter| !tags.iter().any(|tag| filter.matches(tag)))
}

/// True for an image that only lists others, one for each platform.
#[must_use]
pub fn is_index(image: &PushedImage) -> bool {
    image.manifest_type.as_deref().is_some_and(|t| INDEX_TYPES.contains(&t))
}

/// Tools that have no referrers write `sha256-` and the digest of the image that they mean.
fn by_tags(tags: &[String]) -> Option<LeftOut> {
    let about = |tag: &str| {
        subject_in_tag(tag).map(|(subject, kind)| match kind {
            ".sig" => LeftOut::Signature,
            ".att" | ".sbom" => LeftOut::Attestation,
            _ => LeftOut::Referrer { subject },
        })
    };
    let found: Option<Vec<LeftOut>> = tags.iter().map(|tag| about(tag)).collect();
    found.and_then(|reasons| reasons.into_iter().next())
}

/// By all of its tags.
fn is_cache(image: &PushedImage) -> bool {
    !image.tags.is_empty() && image.tags.iter().all(|tag| TagForm::of(tag).is_of_cache())
}

fn is_of_one_type(one: &PushedImage, other: &PushedImage) -> bool {
    let types =
        |image: &PushedImage| (image.manifest_type.clone(), image.artifact_type.clone(), image.subject.is_some());
    types(one) == types(other)
}

fn by_type(image: &PushedImage) -> Option<LeftOut> {
    let artifact = image.artifact_type.as_deref().filter(|t| !IMAGE_CONFIGS.contains(t) && !INDEX_TYPES.contains(t));
    let manifest = image.manifest_type.as_deref().filter(|t| !IMAGE_MANIFESTS.contains(t) && !INDEX_TYPES.contains(t));
    if let Some(known) = artifact.and_then(known_artifact).as_ref().and_then(called) {
        return Some(known);
    }
    if let Some(subject) = &image.subject {
        return Some(LeftOut::Referrer { subject: subject.clone() });
    }
    artifact.or(manifest).map(|media_type| LeftOut::Artifact { media_type: media_type.to_owned() })
}
