//! Which images of one repository are in use, and by whom.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::index_manifest::IndexChildren;
use release_core::registry::push_history::{Decision, Options, PushedImage, Question, Repository, choose};

use super::usage::{Need, RollbackContainer, Use};

/// An image that was pulled so many days ago or less is in use.
const PULLED_WITHIN_DAYS: i64 = 30;

/// What clusters need.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    pub needs: Vec<Need>,
    /// The containers that can be rolled back.
    pub containers: Vec<RollbackContainer>,
}

/// The images of one repository that are in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// By digest, the gravest use first.
    pub by_digest: BTreeMap<String, Vec<Use>>,
    /// What a cluster needs and the repository does not have.
    pub missing: Vec<(String, Use)>,
}

impl Uses {
    /// The uses of an image.
    #[must_use]
    pub fn of(&self, digest: &str) -> &[Use] {
        self.by_digest.get(digest).map(Vec::as_slice).unwrap_or_default()
    }

    /// The digests in use.
    #[must_use]
    pub fn digests(&self) -> BTreeSet<String> {
        self.by_digest.keys().cloned().collect()
    }
}

/// Finds out which images the needs are about. A need that names a part of a multi-architecture
/// image is one of the whole too.
#[must_use]
pub fn uses(
    repository: &EcrRepository,
    demand: &Demand,
    images: &[PushedImage],
    children: &IndexChildren,
    now: Timestamp,
) -> Uses {
    let digests: BTreeSet<&str> = images.iter().map(|image| image.digest.as_str()).collect();
    let tagged: BTreeMap<&str, &str> =
        images.iter().flat_map(|image| image.tags.iter().map(|tag| (tag.as_str(), image.digest.as_str()))).collect();
    let listed = children.values().flatten().map(|child| child.digest.as_str());
    let known: BTreeSet<&str> = digests.iter().copied().chain(listed).collect();
    let mut found: BTreeMap<String, BTreeSet<Use>> = BTreeMap::new();
    let mut missing = Vec::new();
    for need in &demand.needs {
        let is_asked = need.repository.as_ref().is_some_and(|of| of.is_same(repository));
        let by_digest = need.digest.as_deref().filter(|digest| known.contains(digest));
        // A digest counts where it is found, whatever stands before it; elsewhere it says nothing.
        let by_tag = || need.tag.as_deref().filter(|_| is_asked).and_then(|tag| tagged.get(tag).copied());
        match by_digest.or_else(by_tag) {
            Some(digest) => drop(found.entry(digest.to_owned()).or_default().insert(need.used.clone())),
            None if is_asked => {
                missing.push((need.digest.clone().or(need.tag.clone()).unwrap_or_default(), need.used.clone()));
            }
            None => {}
        }
    }
    for container in demand.containers.iter().filter(|container| container.repository.is_same(repository)) {
        for digest in targets(container, images, children) {
            let used = Use::RollbackTarget { cluster: container.cluster.clone(), by: container.by.clone() };
            found.entry(digest).or_default().insert(used);
        }
    }
    for (digest, at) in pulled_lately(images, children, now) {
        found.entry(digest.to_owned()).or_default().insert(Use::Pulled { at });
    }
    add_to_indexes(&mut found, children, &digests);
    let by_digest = found.into_iter().map(|(digest, uses)| (digest, uses.into_iter().collect())).collect();
    Uses { by_digest, missing }
}

/// The digests that a rollback may go to: where the order of pushes and the rollout history say
/// different things, both.
fn targets(container: &RollbackContainer, images: &[PushedImage], children: &IndexChildren) -> Vec<String> {
    let options = Options::default();
    let question = Question {
        spec: &container.asked,
        container: &container.container,
        pods: &container.pods,
        repository: Some(Repository { images, children, manifests_unreadable: false }),
        revisions: &container.revisions,
        left_behind: &[],
        options: &options,
    };
    let choice = choose(&question);
    // Where manifests can't be read, any of these may be the one.
    let in_doubt = choice.in_doubt(&question).map(|candidate| candidate.image.digest.clone());
    let in_doubt: Vec<String> = in_doubt.filter(|_| choice.left.unknown.is_none()).collect();
    let chosen = match choice.decision {
        Decision::Chosen(chosen) => vec![chosen],
        Decision::Disagree { pushed_before, deployed_before } => {
            pushed_before.into_iter().chain([deployed_before]).collect()
        }
        Decision::UnknownRunning { deployed_before, .. } => deployed_before.into_iter().collect(),
        _ => Vec::new(),
    };
    chosen.into_iter().filter_map(|chosen| chosen.digest).chain(in_doubt).collect()
}

/// Reading an index' manifest, as we do, counts as a pull of it, but not of its children. So where
/// the children are known their pulls are what says that somebody else pulled it.
fn pulled_lately<'i>(images: &'i [PushedImage], children: &IndexChildren, now: Timestamp) -> Vec<(&'i str, Timestamp)> {
    let known: BTreeSet<&str> = images.iter().map(|image| image.digest.as_str()).collect();
    let says_its_children = |image: &PushedImage| {
        children.get(&image.digest).is_some_and(|parts| parts.iter().any(|part| known.contains(part.digest.as_str())))
    };
    let lately = now - SignedDuration::from_hours(24 * PULLED_WITHIN_DAYS);
    images
        .iter()
        .filter(|image| !says_its_children(image))
        .filter_map(|image| Some((image.digest.as_str(), image.last_pulled_at.filter(|at| *at >= lately)?)))
        .collect()
}

fn add_to_indexes(found: &mut BTreeMap<String, BTreeSet<Use>>, children: &IndexChildren, known: &BTreeSet<&str>) {
    // An index of indexes takes another round.
    loop {
        let mut added = false;
        for (index, parts) in children.iter().filter(|(index, _)| known.contains(index.as_str())) {
            let uses: BTreeSet<Use> =
                parts.iter().filter_map(|part| found.get(&part.digest)).flatten().cloned().collect();
            if !uses.is_empty() {
                let whole = found.entry(index.clone()).or_default();
                let before = whole.len();
                whole.extend(uses);
                added |= whole.len() > before;
            }
        }
        if !added {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
