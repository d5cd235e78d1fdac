use super::*;
use crate::lifecycle::compare::Answer;
use crate::lifecycle::row::Theirs;
use crate::lifecycle::samples::{digest, keep_five, now, outlook as judged, releases, running};

const LOCATION: &str = "123456789012 ap-southeast-2";

#[test]
fn what_changes_what_goes_and_who_uses_it_fits_a_narrow_terminal() {
    let found = judged(releases(), Some(('0', running())), &keep_five());
    let text = outlook(&found, LOCATION, View { wide: false, now: now(), whole: true });
    for word in ["repository/ms-account-management", "+ 1   tagged latest*", "latest-release-1.0.0", "6d", "running"] {
        assert!(text.contains(word), "{word}\n{text}");
    }
    assert!(!text.contains("latest-release-1.0.1"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn wide_shows_every_image_and_where_ecr_differs() {
    let mut found = judged(releases(), None, &keep_five());
    found.compare_with(Answer::Listed(vec![Theirs { digest: digest('1'), rule: 1, action: Action::Expire }]));
    let text = outlook(&found, LOCATION, View { wide: true, now: now(), whole: true });
    for image in releases() {
        assert!(text.contains(&image.digest), "{text}");
    }
    assert!(text.contains("stays") && text.contains("expire by rule 1"), "{text}");
}

/// Where kinds weren't read, "nothing in use goes" would be a promise that nobody can keep.
#[test]
fn only_what_was_read_is_spoken_of() {
    let found = judged(releases(), None, &keep_five());
    assert!(summary(&found, true).contains("nothing in use goes"));
    assert!(!summary(&found, false).contains("nothing in use goes"));
}

/// A tag comes from whoever may push.
#[test]
fn names_from_the_registry_hold_no_control_characters() {
    assert!(!image_name(&["\u{1b}[2J".into()], "sha256:1").contains('\u{1b}'));
    assert_eq!(image_name(&[], &digest('1')), "sha256:111111111111");
}
