//! Finding an image of a repository by digest, by tag, and by the digest of a part of it.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::deployable::{LeftOut, Parents, not_deployable, part};
use super::pushed_image::PushedImage;
use super::repository::Repository;
use super::tag::{TagForm, TagKind};
use crate::registry::image::ImageRef;
use crate::registry::index_manifest::IndexChildren;

/// The images of a repository, each once.
#[derive(Debug)]
pub(super) struct Catalog<'a> {
    /// In order of their digests.
    pub images: Vec<&'a PushedImage>,
    parents: Parents<'a>,
    children: &'a IndexChildren,
    by_digest: HashMap<&'a str, &'a PushedImage>,
    by_tag: HashMap<&'a str, &'a PushedImage>,
}

impl<'a> Catalog<'a> {
    /// Pages can overlap when something is pushed while they are read: a digest is kept once, and
    /// a tag that two images have belongs to the newer one.
    pub fn new(repository: &Repository<'a>) -> Self {
        let mut images: Vec<&PushedImage> = repository.images.iter().collect();
        images.sort_by(|a, b| (&a.digest, b.pushed_at, &a.tags).cmp(&(&b.digest, a.pushed_at, &b.tags)));
        images.dedup_by(|a, b| a.digest == b.digest);
        let mut by_tag: HashMap<&str, &PushedImage> = HashMap::new();
        for image in &images {
            for tag in &image.tags {
                let holder = by_tag.entry(tag.as_str()).or_insert(image);
                if image.pushed_at > holder.pushed_at {
                    *holder = image;
                }
            }
        }
        let by_digest = images.iter().map(|image| (image.digest.as_str(), *image)).collect();
        Self { parents: Parents::of(repository), children: repository.children, images, by_digest, by_tag }
    }

    pub fn by_digest(&self, digest: &str) -> Option<&'a PushedImage> {
        self.by_digest.get(digest).copied()
    }

    pub fn by_tag(&self, tag: &str) -> Option<&'a PushedImage> {
        self.by_tag.get(tag).copied()
    }

    /// The image that a reference stood for when it was noted with that digest: which may have been another than its tag
    /// is on now. A digest counts for what has the tag, or has lost all that it had.
    pub fn recorded(&self, reference: &ImageRef<'_>, digest: Option<&str>) -> Option<&'a PushedImage> {
        let tag = reference.asked_tag();
        let may_be = |image: &&PushedImage| {
            image.tags.is_empty() || tag.is_none_or(|tag| image.tags.iter().any(|other| other == tag))
        };
        let noted = reference.digest.or(digest).and_then(|digest| self.by_digest(digest)).filter(may_be);
        let stays = tag.filter(|tag| TagForm::of(tag).kind() != TagKind::Name);
        noted.or_else(|| self.by_tag(stays?))
    }

    /// All tags, in no order.
    pub fn tags(&self) -> impl Iterator<Item = &'a str> {
        self.by_tag.keys().copied()
    }

    /// All tags with the time of their image's push, in no order.
    pub fn pushes(&self) -> impl Iterator<Item = (&'a str, Timestamp)> {
        self.by_tag.iter().map(|(tag, image)| (*tag, image.pushed_at))
    }

    /// The image that a running digest belongs to: a runtime may report the digest of one
    /// platform's part. Nothing where the repository has neither that digest nor an index of it.
    ///
    /// A part stands for the index that the reference names by digest or by tag; for itself, where
    /// the reference's tag is its own; else for the newest of its indexes.
    pub fn whole(&self, digest: &str, asked: &ImageRef<'_>) -> Option<&'a PushedImage> {
        let tag = asked.asked_tag();
        let has_tag = |image: &PushedImage| tag.is_some_and(|tag| image.tags.iter().any(|t| t == tag));
        let named = |image: &PushedImage| (asked.digest == Some(image.digest.as_str()), has_tag(image));
        let wholes = self.parents.of_digest(digest).filter_map(|index| self.by_digest(index));
        let whole = wholes.max_by_key(|image| (named(image), image.pushed_at, &image.digest));
        let own = self.by_digest(digest);
        match whole {
            Some(whole) if named(whole) != (false, false) => Some(whole),
            _ => own.filter(|image| has_tag(image)).or(whole).or(own),
        }
    }

    /// The image that a running digest belongs to, where that can be known.
    pub fn known(&self, digest: &str, asked: &ImageRef<'_>) -> Option<&'a PushedImage> {
        self.whole(digest, asked).filter(|image| !self.parents.stays_in_doubt(image))
    }

    /// That an image is one platform's part of another, whatever tags it has.
    pub fn part(&self, image: &PushedImage) -> Option<LeftOut> {
        part(image, &self.parents)
    }

    /// That two indexes list the same images, as far as both were read; their attestations differ by the time
    /// of the build. One without a tag that lists some of them is what a platform's own runner has pushed, before all
    /// were merged (<https://docs.docker.com/build/ci/github-actions/multi-platform/>).
    pub fn have_same_parts(&self, one: &PushedImage, other: &PushedImage) -> bool {
        let parts = |index: &PushedImage| {
            let listed = self.children.get(&index.digest)?.iter().filter(|child| !child.is_attestation);
            Some(listed.map(|child| child.digest.as_str()).collect::<BTreeSet<&str>>())
        };
        let both = parts(one).zip(parts(other)).filter(|_| one.digest != other.digest);
        let is_piece = one.tags.is_empty();
        let is_same = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| one == other || (is_piece && one.is_subset(other));
        both.is_some_and(|(one, other)| is_same(&one, &other) && !one.is_empty())
    }

    /// Why an image can't be deployed whatever is asked for, or nothing where it can; `running` is the
    /// one that is left.
    pub fn not_deployable(&self, image: &PushedImage, running: Option<&PushedImage>) -> Option<LeftOut> {
        not_deployable(image, &self.parents, running)
    }
}
