//! How the images of a change stand beside those of a template.

use release_core::registry::ecr_reference::same_repository;
use release_core::registry::image::ImageRef;
use release_core::workload::container_image::ContainerImage;
use release_core::workload::revisions::Revision;

use super::{ImageRecord, Moved, RecordVerb};

/// The digest that stands behind a reference: of `api:1@sha256:…` behind `api:1`.
fn digest_behind<'i>(reference: &str, image: &'i str) -> Option<&'i str> {
    image.strip_prefix(reference)?.strip_prefix('@')
}

impl ImageRecord {
    /// True where the template asks for all that the record went to.
    #[must_use]
    pub fn is_in(&self, containers: &[ContainerImage]) -> bool {
        self.stands(containers, |moved, image| self.led_to(moved, image))
    }

    /// True for the reference that was written, and for that with its digest behind it, as policies put it there. What
    /// takes a digest away is undone by that.
    #[must_use]
    pub fn led_to(&self, moved: &Moved, image: &str) -> bool {
        let is_it = |digest: &str| self.to_digest.as_deref().is_none_or(|known| known == digest);
        let is_pinned = || self.verb != RecordVerb::Unpin && digest_behind(&moved.to, image).is_some_and(is_it);
        moved.to == image || is_pinned()
    }

    /// True for what the record led to, and for the same image by another name: its digest in the same repository, or
    /// its tag without the digest. What was written is told by [`Self::led_to`].
    #[must_use]
    pub fn led_to_image(&self, moved: &Moved, image: &str) -> bool {
        let (to, now) = (ImageRef::parse(&moved.to), ImageRef::parse(image));
        let known = self.to_digest.as_deref().or(to.digest);
        let is_named = || match now.digest {
            Some(digest) => known == Some(digest),
            None => to.tag.is_some() && to.tag == now.tag,
        };
        self.led_to(moved, image) || (self.verb != RecordVerb::Unpin && same_repository(&moved.to, image) && is_named())
    }

    /// True where the template asks for the images that the record went to, by whatever name.
    #[must_use]
    pub fn is_image_in(&self, containers: &[ContainerImage]) -> bool {
        self.stands(containers, |moved, image| self.led_to_image(moved, image))
    }

    /// True for one that took a digest away, and left the image that it was.
    #[must_use]
    pub fn changed_no_image(&self) -> bool {
        self.verb == RecordVerb::Unpin && self.from_digest.is_some() && self.from_digest == self.to_digest
    }

    /// True where the template asks for all that the record came from.
    #[must_use]
    pub fn was_left_for(&self, containers: &[ContainerImage]) -> bool {
        self.stands(containers, |moved, image| moved.from == image)
    }

    /// True where the template asks for that, or for the very images that it was.
    #[must_use]
    pub fn is_taken_back_in(&self, containers: &[ContainerImage]) -> bool {
        let pinned = |moved: &Moved, image: &str| {
            digest_behind(&moved.from, image).is_some_and(|digest| self.from_digest.as_deref() == Some(digest))
        };
        self.stands(containers, |moved, image| self.came_from(moved, image) || pinned(moved, image))
    }

    /// True for the reference that a container had, and for the one by the digest that this was.
    #[must_use]
    pub fn came_from(&self, moved: &Moved, image: &str) -> bool {
        let by_digest = self.from_digest.as_ref().map(|digest| ImageRef::parse(&moved.from).at(digest));
        moved.from == image || by_digest.as_deref() == Some(image)
    }

    fn stands(&self, containers: &[ContainerImage], asks: impl Fn(&Moved, &str) -> bool) -> bool {
        let stands = |m: &Moved| containers.iter().any(|p| p.name == m.name && p.init == m.init && asks(m, &p.image));
        !self.containers.is_empty() && self.containers.iter().all(stands)
    }

    /// True where something else ran since: a template that is younger than this change's own has another
    /// image. The record may have outlived a release, or `kubectl rollout undo` may have brought it back,
    /// which copies a ReplicaSet's annotations to its Deployment.
    #[must_use]
    pub fn is_outdated(&self, revisions: &[Revision]) -> bool {
        let Some(left) = self.revision else { return false };
        let younger =
            |r: &&Revision| r.earlier_numbers.iter().chain([&r.number]).any(|number| *number > left.saturating_add(1));
        let is_it = |r: &Revision, m: &Moved| r.image_of(&m.name).is_some_and(|image| self.led_to_image(m, image));
        let has_another = |r: &Revision| self.containers.iter().any(|moved| !is_it(r, moved));
        revisions.iter().filter(younger).any(has_another)
    }
}
