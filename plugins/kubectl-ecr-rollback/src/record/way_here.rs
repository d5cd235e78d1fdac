//! How a workload came to the image that it asks for, as its records tell.

use std::collections::BTreeSet;

use release_core::registry::image::ImageRef;
use release_core::registry::push_history::LeftBehind;
use release_core::release::record::RunResult;

use super::{ImageRecord, Moved, RecordVerb, RecordedImages};
use release_core::workload::container_image::ContainerImage;

/// The changes that led a container to what it asks for, the last one first. One that failed and was
/// taken back led nowhere; what was before something else was deployed didn't lead here.
#[must_use]
pub fn way_here<'r>(
    recorded: &'r RecordedImages,
    container: &str,
    asked_for: &'r str,
) -> Vec<(&'r ImageRecord, &'r Moved)> {
    let (mut way, mut now) = (Vec::new(), asked_for);
    for record in recorded.all() {
        let Some(moved) = record.containers.iter().find(|m| m.name == container) else { continue };
        if record.result == Some(RunResult::RolledBack) && record.came_from(moved, now) {
            // It may have been taken back by the digest of what it left.
            now = &moved.from;
            continue;
        }
        if !record.led_to_image(moved, now) {
            break;
        }
        way.push((record, moved));
        now = &moved.from;
    }
    way
}

/// The tag that a container followed before its image was pinned: by the change that pinned it, or where one that
/// left it was taken back, or undone, to what ran.
#[must_use]
pub fn tag_followed<'r>(recorded: &'r RecordedImages, container: &str, asked_for: &'r str) -> Option<&'r str> {
    let way = way_here(recorded, container, asked_for);
    let by_pinning = way.first().and_then(|(record, _)| record.unpin_to.as_deref());
    let came_back = || {
        let last = recorded.current.as_ref()?;
        let moved = last.containers.iter().find(|moved| moved.name == container)?;
        let from = ImageRef::parse(&moved.from);
        let is_back = moved.from != asked_for && last.came_from(moved, asked_for);
        if is_back { from.asked_tag() } else { None }
    };
    by_pinning.or_else(came_back)
}

/// The change that the template is as it left it; nothing where somebody else changed it since.
#[must_use]
pub fn standing<'r>(
    recorded: &'r RecordedImages,
    container: &'r ContainerImage,
    template: &[ContainerImage],
) -> Option<&'r ImageRecord> {
    let way = way_here(recorded, &container.name, &container.image);
    let mut changes = way.iter().map(|(record, _)| *record).filter(|record| !record.changed_no_image());
    changes.next().filter(|record| record.is_image_in(template))
}

/// Images of a container that rollbacks left since something new was deployed: going back never comes
/// back to them. Who moved to one again, forward or back, has taken it back into use: they named it.
#[must_use]
pub fn left_behind(recorded: &RecordedImages, container: &str, asked_for: &str) -> Vec<LeftBehind> {
    let (mut left, mut returned_to) = (Vec::new(), BTreeSet::new());
    for (record, moved) in way_here(recorded, container, asked_for) {
        match record.verb {
            // Of what never ran nothing says that the record is right.
            RecordVerb::Rollback if record.left_unrolled => {}
            RecordVerb::Rollback if !returned_to.contains(&identity(&record.from_digest, &moved.from)) => {
                left.push(LeftBehind {
                    image: moved.from.clone(),
                    digest: record.from_digest.clone(),
                    to: moved.to.clone(),
                    to_digest: record.to_digest.clone(),
                });
            }
            _ => {}
        }
        if matches!(record.verb, RecordVerb::Rollback | RecordVerb::Forward) {
            returned_to.insert(identity(&record.to_digest, &moved.to));
        }
    }
    left
}

fn identity(digest: &Option<String>, reference: &str) -> String {
    digest.clone().unwrap_or_else(|| reference.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::samples::record;

    fn forward(from: &str, to: &str) -> ImageRecord {
        ImageRecord { verb: RecordVerb::Forward, ..record(from, to) }
    }

    fn failed(record: ImageRecord) -> ImageRecord {
        ImageRecord { result: Some(RunResult::RolledBack), ..record }
    }

    /// The last first.
    fn recorded(records: Vec<ImageRecord>) -> RecordedImages {
        let mut records = records.into_iter();
        RecordedImages { current: records.next(), history: records.collect(), ..RecordedImages::default() }
    }

    fn left(records: Vec<ImageRecord>, container: &str, image: &str) -> Vec<String> {
        left_behind(&recorded(records), container, image).into_iter().map(|left| left.image).collect()
    }

    #[test]
    fn going_back_twice_never_comes_back() {
        let records = || vec![record("a:2", "a:1"), record("a:3", "a:2"), record("a:9", "a:8")];
        assert_eq!(left(records(), "app", "a:1"), ["a:2", "a:3"]);
        assert!(left(records(), "app", "a:4").is_empty(), "something new was deployed");
        assert!(left(records(), "other", "a:1").is_empty());
    }

    #[test]
    fn a_rollback_that_failed_left_nothing_behind() {
        assert_eq!(left(vec![failed(record("a:2", "a:1")), record("a:3", "a:2")], "app", "a:2"), ["a:3"]);
    }

    /// What was taken into use again could never be gone back to.
    #[test]
    fn who_moved_forward_again_left_it_no_longer() {
        let there_and_back = || vec![forward("a:4", "a:5"), record("a:5", "a:4")];
        assert!(left(there_and_back(), "app", "a:5").is_empty());
        let further = [vec![forward("a:5", "a:6")], there_and_back()].concat();
        assert!(left(further, "app", "a:6").is_empty(), "the one before it is a:5");
        let back_again = [vec![record("a:5", "a:4")], there_and_back()].concat();
        assert_eq!(left(back_again, "app", "a:4"), ["a:5"]);
        // Somebody tried out 2 again by its name, and 3 once more.
        let tried_again = [vec![forward("a:2", "a:3"), record("a:3", "a:2"), forward("a:1", "a:3")], {
            vec![record("a:2", "a:1"), record("a:3", "a:2")]
        }];
        assert!(left(tried_again.concat(), "app", "a:3").is_empty(), "the one before it is a:2");
        let past_a_bad_one = vec![forward("a:3", "a:5"), record("a:4", "a:3"), record("a:5", "a:4")];
        assert_eq!(left(past_a_bad_one, "app", "a:5"), ["a:4"], "it stays left");
    }

    /// `unpin` would find no tag, or another one, after a rollback from `latest` that was taken back by digest.
    #[test]
    fn what_was_taken_back_by_digest_still_follows_its_tag() {
        let from_latest = ImageRecord { from_digest: Some("sha256:2".into()), ..record("a:latest", "a@sha256:1") };
        let pinned = ImageRecord { unpin_to: Some("latest".into()), ..from_latest.clone() };
        let back = recorded(vec![failed(pinned.clone()), record("a:3", "a:latest")]);
        assert_eq!(tag_followed(&back, "app", "a@sha256:2"), Some("latest"));
        assert_eq!(left_behind(&back, "app", "a@sha256:2").len(), 1, "and what was before it stands");
        assert_eq!(tag_followed(&recorded(vec![pinned.clone()]), "app", "a@sha256:1"), Some("latest"));
        assert_eq!(tag_followed(&recorded(vec![from_latest]), "app", "a@sha256:2"), Some("latest"), "undone by hand");
        assert_eq!(tag_followed(&recorded(vec![pinned]), "app", "a@sha256:9"), None);
    }

    /// A job that is retried after a move that failed would go back one further.
    #[test]
    fn what_was_taken_back_leaves_the_change_before_it_standing() {
        let at = |image: &str| {
            let (name, image) = ("app".into(), image.into());
            ContainerImage { name, init: false, sidecar: false, index: 0, image }
        };
        let (now, elsewhere) = (at("a:1"), at("a:7"));
        let done = record("a:2", "a:1");
        for failure in [failed(record("a:1", "a:0")), failed(forward("a:1", "a:2"))] {
            let recorded = recorded(vec![failure, done.clone()]);
            assert_eq!(standing(&recorded, &now, std::slice::from_ref(&now)), Some(&done));
            assert_eq!(standing(&recorded, &elsewhere, std::slice::from_ref(&elsewhere)), None);
        }
    }
}
