//! Which images rollbacks would go to.

use std::collections::BTreeSet;

use release_core::registry::index_manifest::IndexChildren;
use release_core::registry::manifest_content::ManifestContents;
use release_core::registry::push_history::{
    Decision, LeftOut, Options, PushedImage, Question, Repository, choose, is_index, manifests_to_read,
};

use super::usage::RollbackContainer;

/// The digests that a rollback may go to: where the order of pushes and the rollout history say
/// different things, both.
#[must_use]
pub fn targets(
    container: &RollbackContainer,
    images: &[PushedImage],
    read: (&IndexChildren, &ManifestContents),
) -> Vec<String> {
    asked(container, images, read, targets_of)
}

/// Manifests that say whether what rollbacks would go to is an image at all, as far as they were not read; so many a
/// container, at most.
#[must_use]
pub fn unproven_targets(
    containers: &[&RollbackContainer],
    images: &[PushedImage],
    read: (&IndexChildren, &ManifestContents),
    at_once: usize,
) -> Vec<String> {
    let is_single = |digest: &String| images.iter().any(|image| image.digest == *digest && !is_index(image));
    let of_container = |container: &&RollbackContainer| {
        let to_read = asked(container, images, read, |question| manifests_to_read(question, &choose(question)));
        to_read.into_iter().filter(is_single).take(at_once).collect::<Vec<_>>()
    };
    let unproven: BTreeSet<String> = containers.iter().flat_map(of_container).collect();
    unproven.into_iter().collect()
}

/// What a rollback of that container would be asked.
fn asked<T>(
    container: &RollbackContainer,
    images: &[PushedImage],
    (children, contents): (&IndexChildren, &ManifestContents),
    ask: impl FnOnce(&Question<'_>) -> T,
) -> T {
    let sealed = &BTreeSet::new();
    ask(&Question {
        spec: &container.asked,
        container: &container.container,
        pods: &container.pods,
        repository: Some(Repository { images, children, contents, sealed, manifests_unreadable: false }),
        revisions: &container.revisions,
        left_behind: &[],
        options: &Options::default(),
    })
}

fn targets_of(question: &Question<'_>) -> Vec<String> {
    let choice = choose(question);
    // Where manifests can't be read, any of these may be the one.
    let is_target =
        |digest: &String| choice.decision.chosen().is_some_and(|chosen| chosen.digest.as_ref() == Some(digest));
    let older = choice.candidates.iter().skip_while(|c| !c.running).take_while(|c| !is_target(&c.image.digest));
    let unread = older.filter(|c| c.same_form && c.left_out == Some(LeftOut::MaybeNoImage));
    let unread: Vec<String> = unread.map(|c| c.image.digest.clone()).collect();
    let in_doubt = choice.in_doubt(question).map(|candidate| candidate.image.digest.clone());
    let in_doubt: Vec<String> = in_doubt.filter(|_| choice.left.unknown.is_none()).collect();
    let chosen = match choice.decision {
        Decision::Chosen(chosen) => vec![chosen],
        Decision::Disagree { pushed_before, deployed_before, .. } => {
            pushed_before.into_iter().chain([deployed_before]).collect()
        }
        Decision::UnknownRunning { deployed_before, .. } => deployed_before.into_iter().collect(),
        _ => Vec::new(),
    };
    chosen.into_iter().filter_map(|chosen| chosen.digest).chain(in_doubt).chain(unread).collect()
}
