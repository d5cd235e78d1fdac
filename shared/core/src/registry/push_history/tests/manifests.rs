//! What is made of what stands in manifests alone.
//!
//! The shape is that of a default `docker buildx build --push`: an index, an image and an attestation
//! a push, each with a time of its own, the index the last.

use super::*;
use crate::registry::index_manifest::INDEX_TYPES;

const BUILDX: &str = include_str!("../fixtures/buildx-latest.json");
const SIGNED: &str = include_str!("../fixtures/signed-multi-arch.json");

/// What the nth push of `latest` left, by the end of its time.
fn pushed(scene: &Scene, day: usize, millis: &str) -> String {
    let at = format!("2026-01-{:02}T00:00:00.{millis}Z", day + 1).parse::<Timestamp>().unwrap();
    scene.images.iter().find(|i| i.pushed_at == at).unwrap().digest.clone()
}

const INDEX: &str = "949";
const ATTESTATION: &str = "306";
const IMAGE: &str = "302";

fn buildx(runs: usize, part: &str) -> Scene {
    let scene = Scene::new(BUILDX, "latest").deployed(&["latest"]);
    let running = pushed(&scene, runs, part);
    scene.pods_run(&running)
}

/// The running image's own part, pushed milliseconds before it, is nothing to go back to.
#[test]
fn an_image_pushed_three_times_goes_back_to_the_push_before() {
    for (runs, part, to, read) in [
        (3, INDEX, 2, vec![3, 2]),
        (3, IMAGE, 2, vec![3, 2]),
        (2, INDEX, 1, vec![3, 2, 1]),
        // Whatever the tag is on now: its index is asked first, and then the newest.
        (2, IMAGE, 1, vec![3, 2, 1]),
    ] {
        let mut scene = buildx(runs, part);
        let expected: Vec<String> = read.iter().map(|day| pushed(&scene, *day, INDEX)).collect();
        assert_eq!(scene.reads(), expected, "{runs} {part}");
        let Decision::Chosen(chosen) = scene.decide() else { panic!("{:?}", scene.decide()) };
        assert_eq!(chosen.digest, Some(pushed(&scene, to, INDEX)), "{runs} {part}");
        assert_eq!(choose(&scene.question()).left.digest, Some(pushed(&scene, runs, INDEX)));
    }
    let mut oldest = buildx(1, IMAGE);
    oldest.reads();
    assert!(matches!(oldest.decide(), Decision::NothingOlder { .. }), "{:?}", oldest.decide());
}

/// Several steps, and the next rollback after one, pass every attestation by.
#[test]
fn neither_steps_nor_the_next_rollback_lead_to_a_part() {
    let mut scene = buildx(3, INDEX).options(|o| o.steps = 2);
    scene.reads();
    assert!(matches!(scene.decide(), Decision::Chosen(c) if c.digest == Some(pushed(&scene, 1, INDEX))));
    let mut again = buildx(2, INDEX);
    let left = pushed(&again, 3, INDEX);
    again.left_behind =
        vec![LeftBehind { image: again.spec.clone(), digest: Some(left), to: again.spec.clone(), to_digest: None }];
    again.reads();
    assert!(matches!(again.decide(), Decision::Chosen(c) if c.digest == Some(pushed(&again, 1, INDEX))));
}

/// Without the manifests nobody knows what an untagged image is.
#[test]
fn where_manifests_can_not_be_read_nothing_untagged_is_chosen() {
    for part in [INDEX, IMAGE] {
        let mut scene = buildx(3, part);
        scene.manifests_unreadable = true;
        assert!(scene.reads().is_empty());
        match scene.decide() {
            Decision::NothingOlder { skipped, .. } => {
                assert!(skipped.iter().all(|s| s.why == SkipReason::LeftOut { why: LeftOut::MaybePart }), "{skipped:?}")
            }
            Decision::UnknownRunning { why: UnknownRunning::MaybePart { .. }, .. } => assert_eq!(part, IMAGE),
            other => panic!("{other:?}"),
        }
    }
    // A release has a tag, and that is enough.
    let mut release = Scene::new(SIGNED, "1.1.0").deployed(&["1.1.0"]);
    release.manifests_unreadable = true;
    assert_eq!(release.goes_to(), ":1.0.0");
    let running = release.images.iter().find(|i| i.tags.is_empty()).unwrap().digest.clone();
    assert_eq!(release.pods_run(&running).goes_to(), ":1.0.0");
}

/// Nodes of two architectures report two digests of one image.
#[test]
fn parts_of_one_index_are_one_image() {
    let mut scene = Scene::new(SIGNED, "1.1.0");
    let index = scene.digest_of("1.1.0");
    scene.read(&index);
    let parts: Vec<String> = scene.children.remove(&index).unwrap().into_iter().map(|child| child.digest).collect();
    assert_eq!(parts.len(), 3);
    let mut scene = scene.pods_run(&parts[0]).pods_run(&parts[1]);
    assert_eq!(scene.reads(), [index]);
    assert_eq!(scene.goes_to(), ":1.0.0");
}

/// Pipelines tag what they build for each architecture, too.
#[test]
fn a_part_with_a_tag_of_its_own_is_the_index_under_the_templates_tag() {
    let mut scene = Scene::new(SIGNED, "1.1.0");
    for index in ["1.1.0", "1.0.0"] {
        let digest = scene.digest_of(index);
        scene.read(&digest);
        let part = scene.children[&digest][0].digest.clone();
        scene.images.iter_mut().find(|i| i.digest == part).unwrap().tags = vec![format!("{index}-amd64")];
    }
    scene.children.clear();
    let running = scene.digest_of("1.1.0-amd64");
    let mut whole = scene.clone().pods_run(&running);
    whole.reads();
    assert_eq!(choose(&whole.question()).left.digest, Some(whole.digest_of("1.1.0")));
    assert_eq!(whole.goes_to(), ":1.0.0");
    // Where the platform's own tag is what is asked for, that is gone back to.
    scene.spec = format!("{REPOSITORY}:1.1.0-amd64");
    let mut own = scene.clone().pods_run(&running);
    own.reads();
    assert_eq!(own.goes_to(), ":1.0.0-amd64");
    let asked = scene.clone().options(|o| o.to_tag = Some("1.0.0-amd64".into()));
    assert_eq!(asked.goes_to(), ":1.0.0-amd64");
}

/// A tag that is one of many names says nothing about what has it.
#[test]
fn a_part_with_a_name_is_not_before_its_own_image() {
    let mut scene = buildx(3, INDEX);
    let part = pushed(&scene, 3, IMAGE);
    scene.images.iter_mut().find(|i| i.digest == part).unwrap().tags = vec!["latest-amd64".into()];
    scene.reads();
    assert!(matches!(scene.decide(), Decision::Chosen(c) if c.digest == Some(pushed(&scene, 2, INDEX))));
}

/// An attestation can't be run, whoever names it; a platform's part can.
#[test]
fn what_is_named_is_what_is_meant_but_for_attestations() {
    let named = |part: &str| {
        let scene = buildx(3, INDEX);
        let digest = pushed(&scene, 1, part);
        let mut scene = scene.options(|o| o.to_digest = Some(digest));
        scene.reads();
        scene.decide()
    };
    assert!(matches!(named(ATTESTATION), Decision::NotDeployable { why: LeftOut::Attestation, .. }));
    assert!(matches!(named(IMAGE), Decision::Chosen(Chosen { why: Why::Asked, .. })));
}

/// Where nothing is built in parts, one manifest is read; none where tags say enough.
#[test]
fn only_what_decides_is_read() {
    let mut plain = Scene::new(include_str!("../fixtures/moved-latest.json"), "latest");
    let running = plain.pushed_on(3);
    plain = plain.pods_run(&running);
    let before = plain.pushed_on(2);
    assert_eq!(plain.reads(), [before]);
    let mut release = Scene::new(SIGNED, "1.1.0").deployed(&["1.0.0", "1.1.0"]);
    let running = release.digest_of("1.1.0");
    release = release.pods_run(&running);
    assert!(release.reads().is_empty());
    assert_eq!(release.goes_to(), ":1.0.0");
}

/// Two builds may share a part and differ in their attestations.
#[test]
fn a_part_of_two_images_is_of_the_one_that_is_asked_for() {
    let mut scene = buildx(2, IMAGE);
    let (old, new) = (pushed(&scene, 2, INDEX), pushed(&scene, 3, INDEX));
    scene.read(&old);
    scene.read(&new);
    let shared = scene.children[&old].iter().find(|c| !c.is_attestation).unwrap().clone();
    scene.children.get_mut(&new).unwrap().push(shared);
    assert_eq!(choose(&scene.question()).left.digest, Some(new));
    scene.spec = format!("{REPOSITORY}@{old}");
    scene.pods[0].image = scene.spec.clone();
    assert_eq!(choose(&scene.question()).left.digest, Some(old));
}

/// A runtime may name another repository, a mirror's own digest, or a host that isn't ECR's.
#[test]
fn a_digest_counts_where_it_is_found_and_says_nothing_elsewhere() {
    let elsewhere = format!("sha256:{:064x}", 7);
    let mirrored = Scene::new(SIGNED, "1.1.0").pods_run(&elsewhere);
    assert_eq!(mirrored.goes_to(), ":1.0.0");
    let mut mixed = Scene::new(SIGNED, "1.0.0");
    let running = mixed.digest_of("1.1.0");
    mixed = mixed.pods_run(&running).pods_run(&elsewhere);
    assert_eq!(choose(&mixed.question()).left.digest, Some(running), "one is found, and that is what runs");
    // A tag that moves says nothing, either.
    let scene = Scene::new(BUILDX, "latest").pods_run(&elsewhere);
    assert!(matches!(
        scene.decide(),
        Decision::UnknownRunning { why: UnknownRunning::NotInRepository { digest: Some(_), .. }, .. }
    ));
    // Of a platform that was not pulled through: the index lists it.
    let mut cached = Scene::new(BUILDX, "latest").pods_run(&elsewhere);
    let (old, new) = (pushed(&cached, 2, INDEX), pushed(&cached, 3, INDEX));
    cached.children.insert(new.clone(), vec![IndexChild::image(elsewhere.as_str())]);
    assert_eq!(choose(&cached.question()).left.digest, Some(new));
    assert!(matches!(cached.decide(), Decision::Chosen(c) if c.digest == Some(old)));
}

/// What is a part of an archived image would be deployed as an image by itself, or nobody would learn why not.
#[test]
fn beside_an_archived_index_its_manifest_decides_or_nothing_can_be_judged() {
    const MOVED: &str = include_str!("../fixtures/moved-latest.json");
    let archived = "sha256:a7c41";
    let mut scene = Scene::new(MOVED, "latest").deployed(&["latest"]);
    let [first, second, running] = [1, 2, 3].map(|day| scene.pushed_on(day));
    scene.images.push(PushedImage {
        tags: vec!["1.0.0".into()],
        status: ImageStatus::Archived,
        manifest_type: Some(INDEX_TYPES[0].into()),
        ..PushedImage::untagged(archived, "2026-01-01T00:00:00Z".parse().unwrap())
    });
    let mut scene = scene.pods_run(&running);
    let to_read = |scene: &Scene| manifests_to_read(&scene.question(), &choose(&scene.question()));
    let target = |scene: &Scene| match scene.decide() {
        Decision::Chosen(chosen) => chosen.digest,
        other => panic!("{other:?}"),
    };
    assert_eq!(to_read(&scene), [archived], "it may be given out");
    for (listed, goes_to) in [(vec![], &second), (vec![IndexChild::image(second.as_str())], &first)] {
        let mut read = scene.clone();
        read.children.insert(archived.into(), listed);
        assert_eq!(target(&read).as_ref(), Some(goes_to));
    }
    scene.sealed.insert(archived.into());
    assert!(to_read(&scene).is_empty(), "asked once");
    let Decision::NothingOlder { skipped, .. } = scene.decide() else { panic!("{:?}", scene.decide()) };
    let why = SkipReason::LeftOut {
        why: LeftOut::MaybePartOfArchived { indexes: vec![archived.into()], names: "1.0.0".into() },
    };
    assert!(skipped.iter().any(|s| s.image == second && s.why == why), "{skipped:?}");
    let named = scene.clone().options(|o| o.to_digest = Some(second.clone()));
    assert_eq!(target(&named), Some(second), "who knows it may say so");
}

/// A build that is pushed as `1.2.3` and as `latest`, or pushed again, is two indexes of one image: "rolled back"
/// would be the very image that is bad.
#[test]
fn another_index_of_the_running_parts_is_nothing_to_go_back_to() {
    let twins = |mut scene: Scene, older: usize, newer: usize| {
        let (older, newer) = (pushed(&scene, older, INDEX), pushed(&scene, newer, INDEX));
        scene.read(&older);
        scene.read(&newer);
        let parts = scene.children[&newer].iter().filter(|child| !child.is_attestation).cloned();
        let (own, replaced): (Vec<IndexChild>, Vec<IndexChild>) =
            scene.children[&older].iter().cloned().partition(|child| child.is_attestation);
        let listed = parts.chain(own).collect();
        scene.images.retain(|image| !replaced.iter().any(|child| child.digest == image.digest));
        scene.children.insert(older, listed);
        scene
    };
    let pushed_again = twins(buildx(3, INDEX), 2, 3);
    let first = pushed(&pushed_again, 1, INDEX);
    let mut pushed_again = pushed_again;
    pushed_again.read(&first);
    let Decision::Chosen(chosen) = pushed_again.decide() else { panic!("{:?}", pushed_again.decide()) };
    assert_eq!(chosen.digest, Some(first));
    let why: Vec<&SkipReason> = chosen.skipped.iter().map(|skipped| &skipped.why).collect();
    assert_eq!(why, [&SkipReason::LeftOut { why: LeftOut::SameParts }]);
    // One runner's index lists some of the parts.
    let mut merged = pushed_again.clone();
    let other = IndexChild::image(format!("sha256:{}", "e".repeat(64)));
    merged.children.get_mut(&pushed(&pushed_again, 3, INDEX)).unwrap().push(other);
    assert!(matches!(merged.decide(), Decision::Chosen(c) if c.digest == chosen.digest));
    // With a version's tag of its own, too; and who names it means it.
    let twin = pushed(&pushed_again, 2, INDEX);
    let mut tagged = pushed_again.clone();
    tagged.images.iter_mut().find(|i| i.digest == twin).unwrap().tags.push("1.2.3".into());
    assert!(matches!(tagged.decide(), Decision::Chosen(c) if c.digest == chosen.digest));
    let named = tagged.options(|o| o.to_tag = Some("1.2.3".into()));
    assert!(matches!(named.decide(), Decision::Chosen(c) if c.digest == Some(twin)));
    // Releases are told apart by their versions, whatever is in them.
    let mut releases = twins(buildx(3, INDEX), 2, 3);
    for (day, tag) in [(2, "1.2.2"), (3, "1.2.3")] {
        let digest = pushed(&releases, day, INDEX);
        releases.images.iter_mut().find(|i| i.digest == digest).unwrap().tags = vec![tag.into()];
    }
    releases.spec = format!("{REPOSITORY}:1.2.3");
    assert_eq!(releases.goes_to(), ":1.2.2");
}
