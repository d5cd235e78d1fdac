//! Finding an image of a repository by digest, by tag, and by the digest of a part of it.

use std::collections::HashMap;

use super::deployable::{LeftOut, Parents, not_deployable};
use super::pushed_image::PushedImage;
use crate::registry::index_manifest::IndexChildren;

/// The images of a repository, each once.
#[derive(Debug)]
pub(super) struct Catalog<'a> {
    /// In order of their digests.
    pub images: Vec<&'a PushedImage>,
    parents: Parents<'a>,
    by_digest: HashMap<&'a str, &'a PushedImage>,
    by_tag: HashMap<&'a str, &'a PushedImage>,
}

impl<'a> Catalog<'a> {
    /// Pages can overlap when something is pushed while they are read: a digest is kept once, and
    /// a tag that two images have belongs to the newer one.
    pub fn new(images: &'a [PushedImage], children: &'a IndexChildren) -> Self {
        let mut images: Vec<&PushedImage> = images.iter().collect();
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
        Self { parents: Parents::of(&images, children), images, by_digest, by_tag }
    }

    pub fn by_digest(&self, digest: &str) -> Option<&'a PushedImage> {
        self.by_digest.get(digest).copied()
    }

    pub fn by_tag(&self, tag: &str) -> Option<&'a PushedImage> {
        self.by_tag.get(tag).copied()
    }

    /// All tags, in no order.
    pub fn tags(&self) -> impl Iterator<Item = &'a str> {
        self.by_tag.keys().copied()
    }

    /// The image that a running digest belongs to: a runtime may report the digest of one
    /// platform's part. A part of several images stands for the one that `tag` is on, else for
    /// the newest.
    pub fn whole(&self, digest: &str, tag: Option<&str>) -> Option<&'a PushedImage> {
        let own = self.by_digest(digest);
        let is_part = |image: &PushedImage| matches!(self.not_deployable(image), Some(LeftOut::IndexChild { .. }));
        if let Some(whole) = own.filter(|image| !is_part(image)) {
            return Some(whole);
        }
        let wholes = self.parents.of_digest(digest).iter().filter_map(|index| self.by_digest(index));
        let has_tag = |image: &PushedImage| tag.is_some_and(|tag| image.tags.iter().any(|t| t == tag));
        wholes.max_by_key(|image| (has_tag(image), image.pushed_at, &image.digest)).or(own)
    }

    /// Why an image can't be deployed whatever is asked for, or nothing where it can.
    pub fn not_deployable(&self, image: &PushedImage) -> Option<LeftOut> {
        not_deployable(image, &self.parents)
    }
}
