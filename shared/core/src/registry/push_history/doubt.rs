//! Which manifests have to be read before a choice is certain.
//!
//! Reading one is a pull to ECR, which notes its time on the index: so only those are asked for that
//! decide something, the newest first, until it is decided.

use std::cmp::Reverse;
use std::ops::Range;

use super::answer::{Choice, Decision, Why};
use super::deployable::{LeftOut, is_index};
use super::listing::Candidate;
use super::pushed_image::{ImageStatus, PushedImage};
use super::question::Question;
use super::repository::Repository;
use crate::registry::ecr_reference::same_repository;
use crate::registry::image::ImageRef;
use crate::registry::manifest_content::ManifestContent;

/// Digests of manifests that have to be read to be sure of the choice, the one that will most likely
/// tell first; none where it is certain, or where nothing more can be found out.
#[must_use]
pub fn manifests_to_read(question: &Question<'_>, choice: &Choice<'_>) -> Vec<String> {
    let Some(repository) = question.repository.filter(|r| !r.manifests_unreadable) else { return Vec::new() };
    let mut indexes = indexes_to_read(question, &repository, choice);
    indexes.extend(unproven(&repository, choice));
    indexes
}

fn indexes_to_read(question: &Question<'_>, repository: &Repository<'_>, choice: &Choice<'_>) -> Vec<String> {
    let is_unread = |i: &&PushedImage| {
        is_index(i) && !repository.children.contains_key(&i.digest) && !repository.sealed.contains(&i.digest)
    };
    let mut unread: Vec<&PushedImage> = repository.images.iter().filter(is_unread).collect();
    let doubts = || runs_in_doubt(question, repository) || choice.in_doubt(question).next().is_some();
    if unread.is_empty() || !doubts() {
        return Vec::new();
    }
    let asked = ImageRef::parse(question.spec);
    // An archived one can mostly not be read.
    let is_archived = |index: &PushedImage| index.status != ImageStatus::Active;
    unread.sort_by_key(|i| (is_archived(i), !is_named(i, &asked), Reverse((i.pushed_at, &i.digest))));
    unread.into_iter().map(|index| index.digest.clone()).collect()
}

/// What would be gone back to or counted on the way, and may be no image at all: registries call what describes an
/// image by the type of an image. Only a tag of the form that is kept says that it is one. What comes behind it is next
/// where it is none; and what runs, for whatever type that has can be run.
fn unproven(repository: &Repository<'_>, choice: &Choice<'_>) -> Vec<String> {
    let by_name = choice.left.form.is_none();
    let is_unread = |image: &PushedImage| {
        let Repository { children, contents, sealed, .. } = repository;
        let is_read = children.contains_key(&image.digest) || contents.contains_key(&image.digest);
        !is_read && !sealed.contains(&image.digest)
    };
    let (deciding, asked) = choice.deciding();
    let may_be_none = |c: &&Candidate<'_>| {
        let is_unproven = c.image.tags.is_empty() || (by_name && !asked);
        (asked || c.is_eligible()) && !c.running && is_unproven && is_unread(c.image)
    };
    let is_odd = |content: &ManifestContent| matches!(content, ManifestContent::Artifact { .. });
    let odd = repository.contents.values().any(is_odd);
    let running = choice.candidates.iter().find(|c| odd && c.running && !is_index(c.image) && is_unread(c.image));
    let decides = |range: Range<usize>| choice.candidates.get(range).unwrap_or_default().iter().filter(may_be_none);
    let is_chosen = !matches!(choice.decision, Decision::UnknownRunning { .. } | Decision::NothingOlder { .. });
    let end = match decides(deciding.clone()).next() {
        Some(_) if is_chosen && !asked => choice.candidates.len(),
        Some(_) if is_chosen => deciding.end,
        _ => deciding.start,
    };
    running.into_iter().chain(decides(deciding.start..end)).map(|c| c.image.digest.clone()).collect()
}

/// Something that pods run or that a template names by its digest may be a part of an index.
fn runs_in_doubt(question: &Question<'_>, repository: &Repository<'_>) -> bool {
    let pods = question.pods.iter().filter_map(|pod| Some((pod.digest.as_deref()?, pod.image.as_str())));
    let templates = question.revisions.iter().filter_map(|revision| revision.image_of(question.container));
    let templates = templates.chain([question.spec]).filter(|image| same_repository(image, question.spec));
    let pinned = templates.filter_map(|image| Some((ImageRef::parse(image).digest?, image)));
    pods.chain(pinned).any(|(digest, image)| {
        let asked = ImageRef::parse(image);
        let is_listed = repository.children.values().flatten().any(|child| child.digest == digest);
        let is_unread = |i: &PushedImage| is_index(i) && !repository.children.contains_key(&i.digest);
        match repository.images.iter().find(|i| i.digest == digest) {
            Some(own) => !is_index(own) && !is_named(own, &ImageRef { digest: None, ..asked }) && !is_listed,
            // Of a platform that was never pulled through: only the index that is asked for can tell.
            None => repository.images.iter().any(|i| is_unread(i) && is_named(i, &asked)),
        }
    })
}

/// By the reference's digest or its tag.
fn is_named(image: &PushedImage, asked: &ImageRef<'_>) -> bool {
    let has_tag = |tag| image.tags.iter().any(|other| other == tag);
    asked.digest == Some(image.digest.as_str()) || asked.asked_tag().is_some_and(has_tag)
}

impl<'a> Choice<'a> {
    /// What would be chosen if it were an image by itself, and may be a part of another.
    pub fn in_doubt<'c>(&'c self, question: &'c Question<'_>) -> impl Iterator<Item = &'c Candidate<'a>> {
        let names = self.left.form.is_none() && question.options.tag_filter.is_none();
        let listed = move |c: &Candidate<'_>| {
            let children = question.repository.into_iter().flat_map(|r| r.children.values().flatten());
            children.into_iter().any(|child| child.digest == c.image.digest)
        };
        let is_unread =
            move |image: &PushedImage| question.repository.is_some_and(|r| !r.children.contains_key(&image.digest));
        let running = self.candidates.iter().find(|c| c.running).map(|c| c.image).filter(|image| is_index(image));
        // Two indexes may be one image.
        let may_be_twin = move |c: &Candidate<'_>| {
            is_index(c.image) && running.is_some_and(|running| is_unread(running) || is_unread(c.image))
        };
        let (deciding, asked) = self.deciding();
        let candidates = self.candidates.get(deciding).unwrap_or_default();
        candidates.iter().filter(move |c| match c.left_out {
            Some(LeftOut::MaybePart) => asked || c.same_form,
            // Parts may have tags, too.
            None => !asked && names && c.same_form && (may_be_twin(c) || (!is_index(c.image) && !listed(c))),
            Some(_) => false,
        })
    }

    /// Where the candidates are that decide, from the one after what is left to the one that was chosen, all of them
    /// where none was; and whether it was named.
    fn deciding(&self) -> (Range<usize>, bool) {
        let (target, asked) = match &self.decision {
            Decision::Chosen(chosen) => (chosen.digest.as_ref(), chosen.why == Why::Asked),
            Decision::Disagree { pushed_before, .. } => {
                (pushed_before.as_ref().and_then(|chosen| chosen.digest.as_ref()), false)
            }
            Decision::UnknownRunning { .. } | Decision::NothingOlder { .. } => (None, false),
            _ => return (0..0, false),
        };
        let end = self.place_of(target).map_or(self.candidates.len(), |at| at.saturating_add(1));
        let running = self.candidates.iter().position(|c| c.running).map_or(0, |at| at.saturating_add(1));
        let start = if asked { end.saturating_sub(1) } else { running };
        (start.min(end)..end, asked)
    }

    fn place_of(&self, digest: Option<&String>) -> Option<usize> {
        digest.and_then(|digest| self.candidates.iter().position(|c| c.image.digest == *digest))
    }
}
