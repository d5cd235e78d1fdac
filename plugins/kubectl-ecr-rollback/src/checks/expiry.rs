//! Whether the lifecycle policy in force would delete the image that the workload goes to. A pinned
//! image loses its tag when that is moved, and rules for untagged images then apply to it.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::Command;
use release_core::registry::image::{ImageRef, short_digest};
use release_core::registry::lifecycle_policy::{evaluate, parse};
use release_core::registry::push_history::PushedImage;

use super::case::{Case, Pushed};

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let (Some(pushed), true) = (&case.pushed, case.change.pinned.is_some()) else { return Vec::new() };
    let Some(target) = pushed.target else { return Vec::new() };
    let text = match pushed.policy {
        Ok(Some(text)) => text,
        Ok(None) => return Vec::new(),
        Err(why) => return vec![case.not_checked(ids::WILL_EXPIRE, "lifecycle policy", why)],
    };
    // What is in force was taken by ECR; where we can't read it, we know nothing about it.
    let Ok(policy) = parse(text) else {
        return vec![case.not_checked(ids::WILL_EXPIRE, "lifecycle policy", "not understood")];
    };
    let images = as_it_will_be(pushed, target);
    let verdicts = evaluate(&policy, &images, pushed.children, case.now);
    let taken = verdicts.iter().find(|v| v.image.digest == target.digest).and_then(|v| v.verdict.taken());
    let finding = taken.map(|taken| {
        let message = format!(
            "{} would be taken by rule {} of the lifecycle policy once its tag is moved",
            short_digest(&target.digest),
            taken.rule
        );
        case.warns(ids::WILL_EXPIRE, message).mend(mend(case))
    });
    finding.into_iter().collect()
}

fn mend(case: &Case<'_>) -> String {
    let show =
        Command::new("kubectl ecr-rollback lifecycle show").arg(ImageRef::parse(case.selected.image()).repository);
    format!("give it a tag that stays, or: {}", show.scope(&case.snapshot.scope.without_namespace()))
}

/// The repository once the tags that move have left the target.
fn as_it_will_be(pushed: &Pushed<'_>, target: &PushedImage) -> Vec<PushedImage> {
    let untagged = |image: &PushedImage| {
        let tags = if image.digest == target.digest { Vec::new() } else { image.tags.clone() };
        PushedImage { tags, ..image.clone() }
    };
    pushed.images.iter().map(untagged).collect()
}
