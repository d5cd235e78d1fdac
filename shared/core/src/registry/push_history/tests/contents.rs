//! What is an image at all: what describes one has an image's type, and a tag or an index that says so can be lost.

use super::*;

const MOVED: &str = include_str!("../fixtures/moved-latest.json");
const BUILDX: &str = include_str!("../fixtures/buildx-latest.json");

/// `latest` moved three times, and the last of them runs; gives the digests, oldest first.
fn moved() -> (Scene, [String; 3]) {
    let scene = Scene::new(MOVED, "latest").deployed(&["latest"]);
    let digests = [1, 2, 3].map(|day| scene.pushed_on(day));
    (scene.pods_run(&digests[2]), digests)
}

fn to_read(scene: &Scene) -> Vec<String> {
    manifests_to_read(&scene.question(), &choose(&scene.question()))
}

fn target(scene: &Scene) -> Option<String> {
    scene.decide().chosen().and_then(|chosen| chosen.digest.clone())
}

fn artifact(media_type: &str) -> ManifestContent {
    ManifestContent::Artifact { media_type: media_type.into() }
}

/// Pods would be told to run a signature, an attestation, a chart: whatever was pushed without a tag, or lost it.
#[test]
fn what_is_no_image_by_its_manifest_is_passed_by() {
    let (scene, [first, second, _]) = moved();
    assert_eq!(to_read(&scene), [second.clone(), first.clone()], "the one that decides before those behind it");
    for content in [
        ManifestContent::Signature,
        ManifestContent::Attestation,
        ManifestContent::Referrer { subject: first.clone() },
        artifact("application/vnd.cncf.helm.config.v1+json"),
        ManifestContent::Unknown,
    ] {
        let mut scene = scene.clone();
        scene.contents.insert(second.clone(), content.clone());
        assert_eq!(target(&scene).as_ref(), Some(&first), "{content:?}");
        assert_eq!(to_read(&scene).last(), Some(&first), "{content:?}");
        scene.contents.insert(first.clone(), ManifestContent::Image);
        // Who names it can't have it either, unless nobody knows what it is.
        let named = scene.options(|o| o.to_digest = Some(second.clone()));
        match content {
            ManifestContent::Unknown => assert_eq!(target(&named).as_ref(), Some(&second)),
            _ => assert!(matches!(named.decide(), Decision::NotDeployable { .. }), "{content:?}"),
        }
    }
    let mut read = scene.clone();
    read.contents.insert(second.clone(), ManifestContent::Image);
    assert_eq!(target(&read), Some(second.clone()));
    assert!(to_read(&read).is_empty(), "decided");
    let named = scene.options(|o| o.to_digest = Some(second.clone()));
    assert_eq!(to_read(&named), [second], "what is named is looked at, too");
}

/// A release has a tag of its form, and every read of a manifest is a pull.
#[test]
fn a_tag_of_the_form_that_is_kept_is_proof_enough() {
    let scene = Scene::new(SIX, R[5]);
    let running = scene.digest_of(R[5]);
    assert!(to_read(&scene.pods_run(&running)).is_empty());
}

/// Where manifests may not be read, an image that nobody could look into would be deployed at night.
#[test]
fn without_manifests_nothing_untagged_is_an_image() {
    let (mut scene, [_, second, _]) = moved();
    scene.manifests_unreadable = true;
    let Decision::NothingOlder { skipped, .. } = scene.decide() else { panic!("{:?}", scene.decide()) };
    assert!(skipped.iter().all(|s| s.why == SkipReason::LeftOut { why: LeftOut::MaybeNoImage }), "{skipped:?}");
    let named = scene.options(|o| o.to_digest = Some(second.clone()));
    assert_eq!(target(&named), Some(second), "who knows it may say so");
}

/// Whose runtime starts artifacts of a type of their own would have nothing to go back to.
#[test]
fn what_runs_can_be_run_whatever_its_manifest_is_of() {
    let (mut scene, [_, second, running]) = moved();
    scene.contents.insert(second.clone(), artifact("application/vnd.acme.unikernel"));
    assert_eq!(to_read(&scene).first(), Some(&running), "what runs is asked, too");
    scene.contents.insert(running, artifact("application/vnd.acme.unikernel"));
    assert_eq!(target(&scene), Some(second));
}

/// An index that was deleted leaves its parts, of which one only describes the other.
#[test]
fn parts_that_lost_their_index_are_judged_by_their_own_manifests() {
    let day = |scene: &Scene, day: usize, millis: &str| {
        let at: Timestamp = format!("2026-01-{:02}T00:00:00.{millis}Z", day + 1).parse().unwrap();
        scene.images.iter().find(|i| i.pushed_at == at).unwrap().digest.clone()
    };
    let mut scene = Scene::new(BUILDX, "latest").deployed(&["latest"]);
    let (running, lost) = (day(&scene, 3, "949"), day(&scene, 2, "949"));
    let (image, attestation) = (day(&scene, 2, "302"), day(&scene, 2, "306"));
    scene.images.retain(|i| i.digest != lost);
    let mut scene = scene.pods_run(&running);
    while let Some(next) = to_read(&scene).first().cloned() {
        scene.read(&next);
        if next == attestation {
            scene.contents.insert(next, ManifestContent::Attestation);
        }
    }
    assert_eq!(target(&scene), Some(image));
}

/// A list of signatures that lost its tag, or a build's cache, would be a multi-architecture image.
#[test]
fn an_index_of_nothing_that_can_be_run_is_no_image() {
    let (mut scene, [first, second, _]) = moved();
    let index = scene.images.iter_mut().find(|i| i.digest == second).unwrap();
    index.manifest_type = Some(crate::registry::index_manifest::INDEX_TYPES[0].into());
    index.artifact_type = None;
    assert_eq!(to_read(&scene).first(), Some(&second));
    scene.contents.insert(first.clone(), ManifestContent::Image);
    let part = IndexChild::image(format!("sha256:{}", "e".repeat(64)));
    let signature = IndexChild { is_attestation: true, ..part.clone() };
    for (listed, goes_to) in [(vec![signature.clone()], &first), (vec![], &first), (vec![signature, part], &second)] {
        scene.children.insert(second.clone(), listed);
        assert_eq!(target(&scene).as_ref(), Some(goes_to));
    }
}
