//! How an image is written into the template, and images that are asked for by name.

use std::cmp::Reverse;

use super::answer::{Chosen, Decision, Pinned, Why};
use super::catalog::Catalog;
use super::deployable::LeftOut;
use super::deployments::{Deployments, Ran};
use super::leaving::Left;
use super::listing::Candidate;
use super::question::Question;
use super::tag::{TagForm, TagKind};
use crate::registry::ecr_reference::same_repository;
use crate::registry::image::ImageRef;

/// Tags shown for one that isn't there.
const CLOSE_TAGS: usize = 5;
/// Shortest beginning of a digest that names an image, as with commits.
const SHORTEST_DIGEST: usize = 7;

/// A choice that is being made.
#[derive(Debug)]
pub(super) struct Deciding<'q, 'a> {
    pub question: &'q Question<'a>,
    pub left: &'q Left,
    pub candidates: &'q [Candidate<'a>],
    pub deployments: Deployments<'q>,
}

impl Deciding<'_, '_> {
    pub fn target(&self) -> Target<'_> {
        Target { question: self.question, left: self.left }
    }
}

/// What a target's reference depends on.
#[derive(Debug)]
pub(super) struct Target<'q> {
    pub question: &'q Question<'q>,
    pub left: &'q Left,
}

impl Target<'_> {
    /// An image of the list, by the tag it goes by.
    pub fn of(&self, candidate: &Candidate<'_>, why: Why) -> Chosen {
        self.written(candidate, candidate.tag, candidate.tag_moves, why)
    }

    /// An image that was asked for by name: no filter and no form matters, and one platform's part
    /// may be meant; but it has to be deployable, and another than the one being left.
    pub fn named(&self, candidate: &Candidate<'_>, tag: Option<&str>, tag_moves: bool) -> Decision {
        let digest = candidate.image.digest.clone();
        let may_be_meant = |why: &LeftOut| {
            let in_doubt =
                matches!(why, LeftOut::MaybePart | LeftOut::MaybePartOfArchived { .. } | LeftOut::MaybeNoImage);
            in_doubt || matches!(why, LeftOut::OutsideTagFilter | LeftOut::IndexChild { .. } | LeftOut::SameParts)
        };
        match candidate.left_out.clone().filter(|why| !may_be_meant(why)) {
            Some(why) => Decision::NotDeployable { digest, tag: tag.map(str::to_owned), why },
            None if candidate.running => Decision::AlreadyRuns { digest: Some(digest), tag: tag.map(str::to_owned) },
            None => Decision::Chosen(self.written(candidate, tag, tag_moves, Why::Asked)),
        }
    }

    /// The reference of a revision as it was, where no registry can be asked about it.
    pub fn as_it_was(&self, ran: &Ran<'_>) -> Decision {
        let reference = ImageRef::parse(ran.image);
        let tag = reference.asked_tag();
        let moves = tag.is_some_and(|tag| TagForm::of(tag).kind() == TagKind::Name);
        let pinned = match reference.digest {
            Some(_) => Some(Pinned::AsDeployed),
            None if self.question.options.pin_digest => Some(Pinned::Asked),
            None => moves.then_some(Pinned::TagMoves),
        };
        let image = match (pinned, &ran.digest) {
            (None | Some(Pinned::AsDeployed), _) => ran.image.to_owned(),
            (Some(_), Some(digest)) if ran.seen_in.is_none() => reference_of(reference.repository, tag, Some(digest)),
            (Some(_), _) => {
                let (image, seen_in) = (ran.image.to_owned(), ran.seen_in.clone());
                return Decision::CannotPin { image, revision: ran.revision.number, seen_in };
            }
        };
        Decision::Chosen(Chosen {
            image,
            digest: ran.digest.clone().filter(|_| ran.seen_in.is_none()),
            tag: tag.map(str::to_owned),
            why: Why::DeployedBefore,
            pinned,
            revision: Some(ran.revision.number),
            skipped: Vec::new(),
            counted: Vec::new(),
        })
    }

    fn written(&self, candidate: &Candidate<'_>, tag: Option<&str>, tag_moves: bool, why: Why) -> Chosen {
        let spec = ImageRef::parse(self.question.spec);
        let digest = candidate.image.digest.as_str();
        let options = &self.question.options;
        let reasons = [
            (tag.is_none(), Pinned::Untagged),
            (options.pin_digest || options.to_digest.is_some(), Pinned::Asked),
            (tag_moves, Pinned::TagMoves),
            (self.left.tag_moves || self.left.tag_moved_to.is_some(), Pinned::TagWasMoved),
            (spec.digest.is_some(), Pinned::AsBefore),
        ];
        let pinned = reasons.into_iter().find(|(applies, _)| *applies).map(|(_, reason)| reason);
        let shown = tag.filter(|_| pinned != Some(Pinned::AsBefore) || spec.tag.is_some());
        Chosen {
            image: reference_of(spec.repository, shown, pinned.map(|_| digest)),
            digest: Some(digest.to_owned()),
            tag: tag.map(str::to_owned),
            why,
            pinned,
            revision: candidate.deployed.as_ref().map(|d| d.revision),
            skipped: Vec::new(),
            counted: Vec::new(),
        }
    }
}

impl Chosen {
    /// By digest where both are known, else by reference.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (&self.digest, &other.digest) {
            (Some(a), Some(b)) => a == b,
            _ => self.image == other.image,
        }
    }
}

fn reference_of(repository: &str, tag: Option<&str>, digest: Option<&str>) -> String {
    let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = digest.map(|digest| format!("@{digest}")).unwrap_or_default();
    format!("{repository}{tag}{digest}")
}

/// The decision about a tag or digest that was asked for; nothing where none was.
pub(super) fn asked(deciding: &Deciding<'_, '_>, catalog: Option<&Catalog<'_>>) -> Option<Decision> {
    let options = deciding.question.options;
    match (&options.to_digest, &options.to_tag) {
        (Some(digest), _) => Some(digest_asked(deciding, digest)),
        (None, Some(tag)) => Some(tag_asked(deciding, tag, catalog)),
        (None, None) => None,
    }
}

fn tag_asked(deciding: &Deciding<'_, '_>, tag: &str, catalog: Option<&Catalog<'_>>) -> Decision {
    let Some(catalog) = catalog else {
        let ran = deciding.deployments.all(deciding.left);
        let tagged = || ran.iter().filter(|r| ImageRef::parse(r.image).tag == Some(tag));
        // Another registry, which was left, may have had the tag, too.
        let own = tagged().find(|r| same_repository(r.image, deciding.question.spec));
        let found = own.or_else(|| tagged().next());
        let tags = ran.iter().filter_map(|r| ImageRef::parse(r.image).tag);
        return found.map_or_else(|| no_such_tag(tag, tags), |ran| of_revision(deciding, ran));
    };
    let digest = catalog.by_tag(tag).map(|image| &image.digest);
    let candidate = digest.and_then(|digest| deciding.candidates.iter().find(|c| c.image.digest == *digest));
    match candidate {
        Some(candidate) => {
            let form = TagForm::of(tag);
            let longer = |other: &String| form.is_alias_of(&TagForm::of(other));
            let moves = form.kind() == TagKind::Name || candidate.image.tags.iter().any(longer);
            deciding.target().named(candidate, Some(tag), moves)
        }
        None => no_such_tag(tag, catalog.tags()),
    }
}

fn digest_asked(deciding: &Deciding<'_, '_>, text: &str) -> Decision {
    let hex = |digest: &str| digest.strip_prefix("sha256:").unwrap_or(digest).to_owned();
    let wanted = hex(text).to_lowercase();
    let is_meant = |digest: &str| wanted.len() >= SHORTEST_DIGEST && hex(digest).starts_with(&wanted);
    let ran = deciding.deployments.all(deciding.left);
    let known = deciding.candidates.iter().map(|c| c.image.digest.as_str());
    let mut meant: Vec<&str> =
        known.chain(ran.iter().filter_map(|r| r.digest.as_deref())).filter(|d| is_meant(d)).collect();
    meant.sort_unstable();
    meant.dedup();
    let [digest] = meant.as_slice() else {
        let close = meant.into_iter().map(str::to_owned).collect();
        return Decision::NoSuchDigest { digest: text.to_owned(), close };
    };
    let candidate = deciding.candidates.iter().find(|c| c.image.digest == *digest);
    let revision = ran.iter().find(|r| r.digest.as_deref() == Some(digest)).filter(|_| deciding.candidates.is_empty());
    match (candidate, revision) {
        (Some(candidate), _) => deciding.target().named(candidate, candidate.tag, candidate.tag_moves),
        (None, Some(ran)) => of_revision(deciding, ran),
        (None, None) => Decision::NoSuchDigest { digest: text.to_owned(), close: Vec::new() },
    }
}

fn of_revision(deciding: &Deciding<'_, '_>, ran: &Ran<'_>) -> Decision {
    if ran.image == deciding.question.spec {
        return Decision::AlreadyRuns {
            digest: ran.digest.clone(),
            tag: ImageRef::parse(ran.image).tag.map(str::to_owned),
        };
    }
    match deciding.target().as_it_was(ran) {
        Decision::Chosen(chosen) => Decision::Chosen(Chosen { why: Why::Asked, ..chosen }),
        other => other,
    }
}

fn no_such_tag<'t>(tag: &str, tags: impl Iterator<Item = &'t str>) -> Decision {
    let mut close: Vec<(usize, &str)> = tags.map(|other| (strsim::osa_distance(tag, other), other)).collect();
    close.retain(|(distance, other)| *distance <= other.chars().count() / 2);
    // Among equally close ones the higher version, which is mostly the newer one, comes first.
    close.sort_unstable_by_key(|(distance, other)| (*distance, Reverse(*other)));
    close.dedup();
    let close = close.into_iter().take(CLOSE_TAGS).map(|(_, other)| other.to_owned()).collect();
    Decision::NoSuchTag { tag: tag.to_owned(), close }
}

/// The newest image pushed before the one being left that could be deployed, of whatever form.
pub(super) fn older_of_another_form(candidates: &[Candidate<'_>]) -> Option<String> {
    let older = candidates.iter().skip_while(|c| !c.running).skip(1);
    let other = older.filter(|c| c.left_out.is_none()).find(|c| !c.same_form && !c.other_name)?;
    Some(other.tag.unwrap_or(&other.image.digest).to_owned())
}
