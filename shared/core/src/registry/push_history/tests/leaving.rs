//! What is being left, above all where its tag has moved.

use super::*;

const MOVED: &str = include_str!("../fixtures/moved-latest.json");

/// `:latest` is what the pods pulled, not what the tag is on now.
#[test]
fn a_moved_tag_is_left_for_the_image_that_pods_really_run() {
    for (runs, before) in [(3, 2), (2, 1)] {
        let scene = Scene::new(MOVED, "latest").deployed(&["latest", "latest"]);
        let (running, expected) = (scene.pushed_on(runs), scene.pushed_on(before));
        let scene = scene.pods_run(&running);
        let Decision::Chosen(chosen) = scene.decide() else { panic!("{:?}", scene.decide()) };
        assert_eq!(chosen.image, format!("{REPOSITORY}@{expected}"));
        let choice = choose(&scene.question()).left;
        assert_eq!((choice.tag_moves, choice.tag_moved_to.is_some()), (true, runs == 2));
    }
    let scene = Scene::new(MOVED, "latest");
    let oldest = scene.pushed_on(1);
    assert!(matches!(scene.pods_run(&oldest).decide(), Decision::NothingOlder { .. }));
}

/// A release tag that was pushed again: its successor is pinned too, for tags don't stay here.
#[test]
fn where_a_release_tag_was_moved_the_target_is_pinned() {
    let mut scene = Scene::new(SIX, "latest-release-1.0.5");
    let running = scene.digest_of("latest-release-1.0.4");
    for image in &mut scene.images {
        image.tags.retain(|_| image.digest != running);
    }
    let scene = scene.pods_run(&running);
    let Decision::Chosen(chosen) = scene.decide() else { panic!() };
    assert_eq!((short(&chosen), chosen.pinned), (":latest-release-1.0.3@".into(), Some(Pinned::TagWasMoved)));
}

/// An on-call restart pulled a broken `:latest`: the pods that still serve have the good one.
#[test]
fn a_stuck_restart_of_a_moved_tag_goes_back_to_what_is_ready() {
    let scene = Scene::new(MOVED, "latest").deployed(&["latest", "latest"]);
    let (broken, good) = (scene.pushed_on(3), scene.pushed_on(1));
    let mut scene = scene.ready_pods_still_run("latest", Some(good.clone()));
    scene.pods[1].digest = Some(broken);
    let Decision::Disagree { deployed_before, .. } = scene.decide() else { panic!("{:?}", scene.decide()) };
    assert_eq!(deployed_before.image, format!("{REPOSITORY}@{good}"));
    assert_eq!(choose(&scene.question()).left.ready_pods_run, [format!("{REPOSITORY}@{good}")]);
}

#[test]
fn what_cannot_be_told_is_not_guessed() {
    let unknown = |scene: &Scene| match scene.decide() {
        Decision::UnknownRunning { why, .. } => why,
        other => panic!("{other:?}"),
    };
    let scene = Scene::new(MOVED, "latest");
    let (older, newer) = (scene.pushed_on(2), scene.pushed_on(3));
    let several = scene.clone().pods_run(&older).pods_run(&newer);
    assert!(matches!(unknown(&several), UnknownRunning::SeveralDigests { digests } if digests.len() == 2));
    let expired = scene.clone().pods_run("sha256:gone");
    assert!(matches!(unknown(&expired), UnknownRunning::NotInRepository { digest: Some(_), .. }));
    let mut silent = scene.clone().pods_run("");
    silent.pods[0].digest = None;
    assert_eq!(unknown(&silent), UnknownRunning::NotReported { tag: "latest".into() });
    let picked = pick(&expired.question(), &choose(&expired.question()), &newer);
    assert!(matches!(picked, Decision::Chosen(_)));
}

/// A tag that was moved after a template was made does not say what that template ran.
#[test]
fn an_image_newer_than_a_template_was_not_in_it() {
    let mut scene = Scene::new(SIX, "latest-release-1.0.5").deployed(&["latest-release-1.0.3", "latest-release-1.0.5"]);
    for image in &mut scene.images {
        if image.tags == ["latest-release-1.0.3"] {
            image.pushed_at = "2026-03-01T00:00:00Z".parse().unwrap();
        }
    }
    let Decision::Chosen(chosen) = scene.decide() else { panic!() };
    assert_eq!((short(&chosen), chosen.why), (":latest-release-1.0.4".into(), Why::PushedBefore));
    let choice = choose(&scene.clone().from(Source::RolloutHistory).question()).decision;
    let Decision::NothingOlder { skipped, .. } = choice else { panic!() };
    assert_eq!(skipped[0].why, SkipReason::TagMoved { perhaps: None });
}

/// The release that ran directly before would be left out without a word, as if it were the one that runs.
#[test]
fn a_release_that_was_pushed_over_is_another_one() {
    let (old, tag) = ("latest-release-1.0.3", "latest-release-1.0.5");
    let mut scene = Scene::new(SIX, tag).deployed(&[old, tag, tag]);
    let over = "2026-02-02T12:00:00Z".parse().unwrap();
    let mut before = scene.images.iter().find(|image| image.tags == [tag]).unwrap().clone();
    before.tags.clear();
    before.digest = before.digest.replace("sha256:", "sha256:0");
    let lost = before.digest.clone();
    scene.images.iter_mut().filter(|image| image.tags == [tag]).for_each(|image| image.pushed_at = over);
    scene.images.push(before);
    let skipped = |scene: &Scene| match scene.decide() {
        Decision::Chosen(chosen) => chosen.skipped,
        Decision::Disagree { deployed_before, .. } => deployed_before.skipped,
        other => panic!("{other:?}"),
    };
    let found = skipped(&scene);
    assert_eq!(found[0].why, SkipReason::TagMoved { perhaps: Some(lost) }, "{found:?}");
    assert_eq!(found[0].revision, Some(2));
    let restarted = Scene::new(SIX, tag).deployed(&[old, tag, tag]);
    assert!(skipped(&restarted).is_empty(), "a restart is no release");
}

#[test]
fn only_a_manifests_digest_is_taken_from_an_image_id() {
    for (image_id, digest) in [
        ("r.io/api@sha256:ab", Some("sha256:ab")),
        ("docker-pullable://r.io/api@sha256:ab", Some("sha256:ab")),
        ("sha256:ab", None),
        ("docker://sha256:ab", None),
        // CRI-O after a restart, and containerd with an image that was loaded from a file.
        ("597ce1600cf4ac5f449b66e75e840657bb53864434d6bd82f00b172544c32ee2", None),
        ("docker.io/library/import-2026-01-02@sha256:ab", Some("sha256:ab")),
        ("r.io/api@md5:ab", None),
        ("", None),
    ] {
        assert_eq!(digest_of_image_id(image_id), digest, "{image_id}");
    }
}
