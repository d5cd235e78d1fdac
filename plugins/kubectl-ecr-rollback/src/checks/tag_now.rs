//! What the tag that the rollout history chose is on now: a revision knows its reference, and not which
//! image that was.

use jiff::Timestamp;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::registry::image::{ImageRef, short_digest};
use release_core::registry::push_history::{
    ImageStatus, PUSH_MAY_FOLLOW, PushedImage, SkipReason, Skipped, TagForm, TagKind,
};
use release_core::text::printable;

use super::case::Case;
use crate::tag_now::TagNow;
use crate::words::pinned_short;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = of_target(case);
    findings.extend(passed_over(case));
    findings
}

/// What ran directly before is not what is gone to, and nobody knows any more which image it was.
fn passed_over(case: &Case<'_>) -> Option<Finding> {
    if case.chosen.named {
        return None;
    }
    let is_lost = |skipped: &&Skipped| {
        let tag = ImageRef::parse(&skipped.image).asked_tag();
        let stays = tag.is_some_and(|tag| TagForm::of(tag).kind() != TagKind::Name);
        stays && matches!(skipped.why, SkipReason::TagMoved { .. })
    };
    let skipped = case.change.evidence.passed_over.iter().find(is_lost)?;
    let revision = skipped.revision.map(|number| format!("revision {number} ")).unwrap_or_default();
    let image = pinned_short(&printable(&skipped.image));
    let message = format!("{revision}ran {image}, whose tag was pushed again since: what ran then is passed over");
    let finding = case.asks(ids::TAG_MOVED, message);
    Some(match &case.chosen.to_lost {
        Some(command) => finding.mend(command.clone()),
        None => finding.mend("name the image that you mean with --to-tag or --to-digest"),
    })
}

fn of_target(case: &Case<'_>) -> Vec<Finding> {
    let Some(now) = case.tag_now else { return Vec::new() };
    let tag = printable(ImageRef::parse(&case.change.to).asked_tag().unwrap_or_default());
    let image = match now {
        TagNow::Unknown(why) => {
            return vec![case.not_checked(ids::TAG_MOVED, &format!("what {tag} is on now"), why)];
        }
        TagNow::Gone => {
            return vec![refused(case, case.blocks(ids::TAG_MOVED, format!("{tag} is on no image any more")))];
        }
        TagNow::On(image) => image,
    };
    let record = &case.change.record;
    if record.from_digest.as_ref() == Some(&image.digest) {
        let message = format!("{tag} is on the image that runs already ({})", short_digest(&image.digest));
        return vec![refused(case, case.blocks(ids::SAME_IMAGE, message))];
    }
    let message = match changed_since(case, image) {
        Some(since) => format!("its tag was moved: {tag} was pushed at {:.0}, {since}", image.pushed_at),
        None if image.status != ImageStatus::Active => format!("{tag} is on an image in the archive"),
        None => return Vec::new(),
    };
    vec![refused(case, case.blocks(ids::TAG_MOVED, message))]
}

/// Not where pods still say that it is that image.
fn changed_since(case: &Case<'_>, image: &PushedImage) -> Option<String> {
    let number = case.change.revision?;
    if case.change.record.to_digest.as_ref() == Some(&image.digest) {
        return None;
    }
    let revision = case.snapshot.revisions.iter().find(|revision| revision.number == number)?;
    let is_after = |created: &Timestamp| image.pushed_at.duration_since(*created) > PUSH_MAY_FOLLOW;
    revision.created.filter(is_after).map(|_| format!("after revision {number} had it"))
}

fn refused(case: &Case<'_>, finding: Finding) -> Finding {
    match &case.chosen.further {
        Some(further) => finding.mend(further.clone()),
        None => finding.mend("name another image"),
    }
}
