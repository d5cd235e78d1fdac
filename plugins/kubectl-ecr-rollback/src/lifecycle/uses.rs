//! Which images of one repository are in use, and by whom.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::index_manifest::IndexChildren;
use release_core::registry::manifest_content::{ManifestContent, ManifestContents};
use release_core::registry::other_host::{is_public, may_lead_to};
use release_core::registry::push_history::PushedImage;

use super::demand::Demand;
use super::targets::targets;
use super::usage::{Need, Use};

/// An image that was pulled so many days ago or less is in use.
const PULLED_WITHIN: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The images of one repository that are in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// By digest, the gravest use first.
    pub by_digest: BTreeMap<String, Vec<Use>>,
    /// What a cluster needs and the repository does not have.
    pub missing: Vec<(String, Use)>,
    /// Tags by which pods run an image that nobody names: they were pushed again since.
    pub unknown: Vec<(String, Use)>,
}

impl Uses {
    /// The uses of an image.
    #[must_use]
    pub fn of(&self, digest: &str) -> &[Use] {
        self.by_digest.get(digest).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Finds out which images the needs are about. A need that names a part of a multi-architecture
/// image is one of the whole too, and what is about an image (a signature, a list of its contents)
/// is needed as that image is.
#[must_use]
pub fn uses(
    repository: &EcrRepository,
    demand: &Demand,
    images: &[PushedImage],
    (children, contents): (&IndexChildren, &ManifestContents),
    now: Timestamp,
) -> Uses {
    let digests: BTreeSet<&str> = images.iter().map(|image| image.digest.as_str()).collect();
    let here = Here::of(repository, demand, images, children);
    let (mut found, missing) = needed(&here, demand);
    for container in demand.containers_of(repository) {
        for digest in targets(container, images, (children, contents)) {
            let used = Use::RollbackTarget { cluster: container.cluster.clone(), by: container.by.clone() };
            found.entry(digest).or_default().insert(used);
        }
    }
    let is_image = |digest: &str| contents.get(digest).is_none_or(|content| *content == ManifestContent::Image);
    // We have read it ourselves, and nobody pulls what is of no image and says of none that it is about it.
    for (digest, at) in pulled_lately(images, children, now).into_iter().filter(|(digest, _)| is_image(digest)) {
        found.entry(digest.to_owned()).or_default().insert(Use::Pulled { at });
    }
    add_to_indexes(&mut found, children, &digests);
    add_to_what_is_about(&mut found, images, children);
    let by_digest = found.into_iter().map(|(digest, uses)| (digest, uses.into_iter().collect())).collect();
    let unknown = unknown(&here, demand, images);
    Uses { by_digest, missing, unknown }
}

/// Pods that run an image by a tag which was pushed again since they started, and whose runtime names no image of the
/// repository: it may be any that was pushed before.
fn unknown(here: &Here<'_>, demand: &Demand, images: &[PushedImage]) -> Vec<(String, Use)> {
    let asks = |need: &&Need| need.repository.as_ref().is_some_and(|of| of.is_same(here.repository));
    let nameless = demand.needs.iter().filter(asks).filter(|need| here.by_digest(need).is_none());
    let found = nameless.filter_map(|need| {
        let (since, tag) = (need.unnamed.as_ref()?.since?, need.tag.as_ref()?);
        let digest = here.tagged.get(tag.as_str())?;
        let pushed = images.iter().find(|image| image.digest == *digest)?.pushed_at;
        (pushed > since).then(|| (tag.clone(), need.used.clone()))
    });
    found.collect()
}

/// The uses of each digest.
type Found = BTreeMap<String, BTreeSet<Use>>;

/// The images that the needs name, and what they name that isn't there.
fn needed(here: &Here<'_>, demand: &Demand) -> (Found, Vec<(String, Use)>) {
    let mut found = Found::new();
    let mut missing = Vec::new();
    for need in &demand.needs {
        // Signatures may be kept in a repository of their own.
        for subject in need.digest.iter().filter(|digest| here.subjects.contains(*digest)) {
            found.entry(subject.clone()).or_default().insert(need.used.clone());
        }
        let is_asked = need.repository.as_ref().is_some_and(|of| of.is_same(here.repository));
        let tagged = need.tag.as_deref().and_then(|tag| here.tagged.get(tag).copied());
        // A digest counts where it is found, whatever stands before it; elsewhere it says nothing.
        match here.by_digest(need).or(tagged.filter(|_| is_asked)) {
            Some(digest) => drop(found.entry(digest.to_owned()).or_default().insert(need.used.clone())),
            // What a record offers may be gone without anybody's asking for it.
            None if is_asked && !matches!(need.used, Use::Record { .. }) => {
                missing.push((need.digest.clone().or(need.tag.clone()).unwrap_or_default(), need.used.clone()));
            }
            None => {
                if let Some((digest, used)) = tagged.zip(here.under_another_host(need)) {
                    found.entry(digest.to_owned()).or_default().insert(used);
                }
            }
        }
    }
    (found, missing)
}

/// What is in the repository, to be asked about needs.
struct Here<'a> {
    repository: &'a EcrRepository,
    /// Digests by tag.
    tagged: BTreeMap<&'a str, &'a str>,
    /// Digests of images and of what indexes are made of.
    digests: BTreeSet<&'a str>,
    /// What something in it is about.
    subjects: BTreeSet<String>,
    /// References of public registries that pods run another image for.
    others: BTreeSet<&'a str>,
}

impl<'a> Here<'a> {
    fn of(
        repository: &'a EcrRepository,
        demand: &'a Demand,
        images: &'a [PushedImage],
        children: &'a IndexChildren,
    ) -> Self {
        let tags = images.iter().flat_map(|image| image.tags.iter().map(|tag| (tag.as_str(), image.digest.as_str())));
        let listed = children.values().flatten().map(|child| child.digest.as_str());
        let mut here = Self {
            repository,
            tagged: tags.collect(),
            digests: images.iter().map(|image| image.digest.as_str()).chain(listed).collect(),
            subjects: images.iter().flat_map(PushedImage::subjects).collect(),
            others: BTreeSet::new(),
        };
        let runs_another = |need: &&Need| need.digest.is_some() && here.by_digest(need).is_none();
        let elsewhere = demand.needs.iter().filter(runs_another).filter_map(|need| need.elsewhere.as_deref());
        here.others = elsewhere.filter(|image| is_public(image)).collect();
        here
    }

    fn by_digest<'n>(&self, need: &'n Need) -> Option<&'n str> {
        let unnamed = need.unnamed.as_ref().and_then(|unnamed| unnamed.digest.as_deref());
        need.digest.as_deref().or(unnamed).filter(|digest| self.digests.contains(digest))
    }

    /// That a reference of another host may be one to this repository.
    fn under_another_host(&self, need: &Need) -> Option<Use> {
        let image = need.elsewhere.as_deref().filter(|image| !self.others.contains(image))?;
        may_lead_to(image, &self.repository.name).then(|| need.used.under(image))?
    }
}

/// Reading an index' manifest, as we do, counts as a pull of it, but not of its children. So where
/// the children are known their pulls are what says that somebody else pulled it.
fn pulled_lately<'i>(images: &'i [PushedImage], children: &IndexChildren, now: Timestamp) -> Vec<(&'i str, Timestamp)> {
    let known: BTreeSet<&str> = images.iter().map(|image| image.digest.as_str()).collect();
    let says_its_children = |image: &PushedImage| {
        children.get(&image.digest).is_some_and(|parts| parts.iter().any(|part| known.contains(part.digest.as_str())))
    };
    let lately = now.checked_sub(PULLED_WITHIN).unwrap_or(Timestamp::MIN);
    images
        .iter()
        .filter(|image| !says_its_children(image))
        .filter_map(|image| Some((image.digest.as_str(), image.last_pulled_at.filter(|at| *at >= lately)?)))
        .collect()
}

fn add_to_indexes(found: &mut Found, children: &IndexChildren, known: &BTreeSet<&str>) {
    // An index of indexes takes another round.
    loop {
        let mut added = false;
        for (index, parts) in children.iter().filter(|(index, _)| known.contains(index.as_str())) {
            let uses: BTreeSet<Use> =
                parts.iter().filter_map(|part| found.get(&part.digest)).flatten().cloned().collect();
            added |= add(found, index, uses);
        }
        if !added {
            return;
        }
    }
}

/// Signatures, attestations and lists of contents: without them an admission policy may refuse the
/// pods of an image that is still there. Each part of an index may have its own, and they may be
/// signed themselves.
fn add_to_what_is_about(found: &mut Found, images: &[PushedImage], children: &IndexChildren) {
    let mut indexes_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (index, parts) in children {
        parts.iter().for_each(|part| indexes_of.entry(&part.digest).or_default().push(index));
    }
    loop {
        let mut added = false;
        for image in images {
            for subject in image.subjects() {
                let indexes = indexes_of.get(subject.as_str()).into_iter().flatten().copied();
                let whole = indexes.chain([subject.as_str()]);
                let uses = whole.filter_map(|digest| found.get(digest)).flatten().cloned().collect();
                added |= add(found, &image.digest, uses);
            }
        }
        if !added {
            return;
        }
    }
}

/// Whether that is anything new.
fn add(found: &mut Found, digest: &str, uses: BTreeSet<Use>) -> bool {
    if uses.is_empty() {
        return false;
    }
    let of_digest = found.entry(digest.to_owned()).or_default();
    let before = of_digest.len();
    of_digest.extend(uses);
    of_digest.len() > before
}

#[cfg(test)]
mod tests;
