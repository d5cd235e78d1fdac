//! Which image each revision of the workload was, as far as that can still be told.

use jiff::{SignedDuration, Timestamp};

use super::answer::{SkipReason, Skipped};
use super::catalog::Catalog;
use super::leaving::{Left, LeftBehind, PodImage, seen_in};
use super::pushed_image::PushedImage;
use super::tag::{TagForm, TagKind};
use crate::registry::ecr_reference::same_repository;
use crate::registry::image::ImageRef;
use crate::workload::revisions;
use crate::workload::revisions::Revision;

/// How much later than a template its image may have been pushed: clocks differ, the API server
/// cuts seconds off, and some pipelines deploy while they push.
pub const PUSH_MAY_FOLLOW: SignedDuration = SignedDuration::from_secs(60);

/// The image of one revision.
#[derive(Debug, Clone)]
pub(super) struct Ran<'a> {
    pub revision: &'a Revision,
    /// As its template asks for it.
    pub image: &'a str,
    /// Of the whole image, where it is known.
    pub digest: Option<String>,
    /// The other repository that the digest was seen in: whether this one has it isn't known.
    pub seen_in: Option<String>,
}

impl Ran<'_> {
    /// That it was passed over.
    pub fn skipped(&self, why: SkipReason) -> Skipped {
        Skipped { image: self.image.to_owned(), revision: Some(self.revision.number), why }
    }
}

/// Everything that says what revisions ran.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deployments<'a> {
    /// The reference that is being left.
    pub spec: &'a str,
    pub container: &'a str,
    pub revisions: &'a [Revision],
    pub pods: &'a [PodImage],
    pub catalog: Option<&'a Catalog<'a>>,
    pub left_behind: &'a [LeftBehind],
}

impl<'a> Deployments<'a> {
    /// What all revisions ran, newest first by number.
    pub fn all(&self, left: &Left) -> Vec<Ran<'a>> {
        let ran = self.revisions.iter().filter_map(|revision| self.ran(revision, left));
        ran.collect()
    }

    /// What ran before the image being left, the nearest first, each image once; where it is to
    /// be passed over, why.
    pub fn before(&self, left: &Left) -> Vec<(Ran<'a>, Option<SkipReason>)> {
        let mut before: Vec<(Ran<'a>, Option<SkipReason>)> = Vec::new();
        for ran in revisions::older(self.revisions).into_iter().filter_map(|r| self.ran(r, left)) {
            let is_left = is_same(&ran, &left.image, left.digest.as_deref()) && !self.was_another(&ran, left);
            if !is_left && !before.iter().any(|(b, _)| is_same(&ran, b.image, b.digest.as_deref())) {
                let why = self.reason_to_skip(&ran, left);
                before.push((ran, why));
            }
        }
        before
    }

    /// What rollbacks left, as far as the registry doesn't speak against it: records are written by whoever may
    /// annotate, and only the newer of two pushes is what a rollback leaves.
    fn left_behind(&self) -> impl Iterator<Item = &LeftBehind> {
        let time = |reference: &str, digest: Option<&str>| {
            let catalog = self.catalog.filter(|_| same_repository(reference, self.spec))?;
            Some(catalog.recorded(&ImageRef::parse(reference), digest)?.pushed_at)
        };
        let is_so = move |left: &&LeftBehind| {
            let both = time(&left.image, left.digest.as_deref()).zip(time(&left.to, left.to_digest.as_deref()));
            both.is_none_or(|(from, to)| from >= to)
        };
        self.left_behind.iter().filter(is_so)
    }

    /// True where a rollback left that image of the repository.
    pub fn is_left_behind(&self, image: &PushedImage) -> bool {
        self.left_behind().any(|left| match &left.digest {
            Some(digest) => *digest == image.digest,
            None => {
                let fixed = ImageRef::parse(&left.image).tag.filter(|tag| TagForm::of(tag).kind() != TagKind::Name);
                fixed.is_some_and(|fixed| image.tags.iter().any(|tag| tag == fixed))
            }
        })
    }

    /// True where a revision asked for what is left, and that image was pushed over the one that it ran: a release
    /// under the same tag. Names move all the time; there the order of pushes tells.
    fn was_another(&self, ran: &Ran<'_>, left: &Left) -> bool {
        let tag = ImageRef::parse(ran.image).asked_tag();
        let stays = tag.filter(|tag| TagForm::of(tag).kind() != TagKind::Name);
        let tagged = stays.and_then(|tag| self.catalog?.by_tag(tag));
        let is_unknown = ran.digest.is_none() && ran.image == left.image && !ran.revision.current;
        is_unknown && tagged.is_some_and(|tagged| pushed_after(tagged.pushed_at, ran.revision.created))
    }

    fn reason_to_skip(&self, ran: &Ran<'_>, left: &Left) -> Option<SkipReason> {
        if self.left_behind().any(|left| is_same(ran, &left.image, left.digest.as_deref())) {
            return Some(SkipReason::RolledBackFrom);
        }
        // A release is never followed back into builds or release candidates.
        let kind = |tag: Option<&str>| tag.map(|tag| TagForm::of(tag).kind());
        let from_release = kind(left.tag.as_deref()) == Some(TagKind::Release);
        let to = kind(ImageRef::parse(ran.image).tag).or_else(|| self.kind_in_registry(ran));
        (from_release && matches!(to, Some(TagKind::Build | TagKind::PreRelease))).then_some(SkipReason::OtherForm)
    }

    fn kind_in_registry(&self, ran: &Ran<'_>) -> Option<TagKind> {
        let image = self.catalog?.by_digest(ran.digest.as_deref()?)?;
        image.tags.iter().map(|tag| TagForm::of(tag).kind()).max()
    }

    fn ran(&self, revision: &'a Revision, left: &Left) -> Option<Ran<'a>> {
        let image = revision.image_of(self.container).filter(|image| !image.is_empty())?;
        let digest = if revision.current { left.digest.clone() } else { self.digest_of(image, revision, left) };
        let unasked = digest.as_deref().filter(|_| self.catalog.is_none());
        let seen_in = unasked.and_then(|digest| seen_in(digest, image, self.pods));
        Some(Ran { revision, image, digest, seen_in })
    }

    /// By the reference's own digest; else by what pods of an older template pulled for the same
    /// reference; else by where the tag is now, if it is one that stays.
    fn digest_of(&self, image: &str, revision: &Revision, left: &Left) -> Option<String> {
        let reference = ImageRef::parse(image);
        let tag = reference.tag.unwrap_or("latest");
        // What isn't found in the repository says nothing.
        let found = |digest: &str| match self.catalog {
            Some(catalog) => catalog.known(digest, &reference).map(|image| image.digest.clone()),
            None => Some(digest.to_owned()),
        };
        if let Some(digest) = reference.digest {
            return Some(found(digest).unwrap_or_else(|| digest.to_owned()));
        }
        let mut pulled: Vec<String> = self
            .pods
            .iter()
            .filter(|pod| !pod.updated && pod.image == image)
            .filter_map(|pod| found(pod.digest.as_deref()?))
            .collect();
        pulled.dedup();
        if let [only] = pulled.as_slice() {
            return Some(only.clone());
        }
        let tagged = self.catalog?.by_tag(tag)?;
        // Where a registry was left for another, images were pushed to it when they were copied.
        let is_it = if same_repository(image, &left.image) {
            !pushed_after(tagged.pushed_at, revision.created)
        } else {
            may_have_moved(image, left)
        };
        (TagForm::of(tag).kind() != TagKind::Name && is_it).then(|| tagged.digest.clone())
    }
}

/// A reference to another registry may be of the same application: by its name there, or by a tag of
/// the form that is still used. Another repository of the same registry holds another application.
fn may_have_moved(image: &str, left: &Left) -> bool {
    let (then, now) = (ImageRef::parse(image), ImageRef::parse(&left.image));
    if then.registry() == now.registry() {
        return false;
    }
    let like = then.tag.zip(now.tag).is_some_and(|(then, now)| TagForm::of(then).is_like(&TagForm::of(now)));
    like || then.base_name() == now.base_name()
}

/// An image that is newer than the template was not what the template ran: its tag was moved.
pub(super) fn pushed_after(pushed_at: Timestamp, created: Option<Timestamp>) -> bool {
    created.is_some_and(|created| pushed_at.duration_since(created) > PUSH_MAY_FOLLOW)
}

/// By digest where both are known, else by reference.
fn is_same(ran: &Ran<'_>, image: &str, digest: Option<&str>) -> bool {
    match (ran.digest.as_deref(), digest) {
        (Some(a), Some(b)) => a == b,
        _ => ran.image == image,
    }
}
