//! Whether `unpin` leads back to what a rollback left, or further back: its tag is still on that image, or was moved to
//! an older one.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::registry::image::{ImageRef, short_digest};
use release_core::text::printable;

use super::case::Case;
use crate::record::RecordVerb;
use crate::record::way_here::way_here;
use crate::words::when;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let (change, selected) = (case.change, case.selected);
    let Some(on) = change.record.to_digest.as_ref().filter(|_| change.record.verb == RecordVerb::Unpin) else {
        return Vec::new();
    };
    if let Some(moved_back) = &case.chosen.moved_back {
        let finding = case.asks(ids::NOTHING_PUSHED, moved_back.as_str());
        return vec![finding.mend("name the image that you mean, or push the tag again")];
    }
    let way = way_here(&case.snapshot.believed, selected.container(), selected.image());
    let mut rollbacks = way.iter().map(|(record, _)| *record).filter(|record| record.verb == RecordVerb::Rollback);
    let Some(left) = rollbacks.find(|record| record.from_digest.as_ref() == Some(on)) else { return Vec::new() };
    let tag = printable(ImageRef::parse(&change.to).asked_tag().unwrap_or_default());
    let failed = left.left_failing.as_ref().map(|why| format!("; its pods were failing then: {why}"));
    let message = format!(
        "{tag} is still on {}, which the rollback at {} left: nothing was pushed since{}",
        short_digest(on),
        when(left.at),
        failed.unwrap_or_default()
    );
    vec![case.asks(ids::NOTHING_PUSHED, message).mend(format!("push {tag} again, and then unpin"))]
}
