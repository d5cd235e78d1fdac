//! Names that move from image to image: an environment's, a branch's, a cache's.

use super::*;

const EMPTY: &str = r#"{"imageDetails": []}"#;

/// An image a day, each with these tags (none, where they are empty); the workload asks for the tag and runs the last.
fn scene(images: &[&[&str]], asks_for: &str) -> Scene {
    let mut scene = Scene::new(EMPTY, asks_for);
    for (at, tags) in images.iter().enumerate() {
        let pushed_at = Timestamp::from_second(1_767_225_600 + i64::try_from(at).unwrap() * 86_400).unwrap();
        let tags = tags.iter().map(ToString::to_string).collect();
        scene.images.push(PushedImage { tags, ..PushedImage::untagged(format!("sha256:{at:064x}"), pushed_at) });
    }
    let running = scene.images.last().unwrap().digest.clone();
    scene.pods_run(&running)
}

fn never_named(scene: &Scene) -> Option<NeverNamed> {
    let choice = choose(&scene.question());
    choice.never_named(choice.decision.chosen().unwrap(), &scene.revisions, "api")
}

/// Production would run what development is on now.
#[test]
fn another_name_is_no_step_unless_the_workload_ran_it() {
    let scene = scene(&[&[], &["staging"], &["dev"], &["prod"]], "prod").deployed(&["prod"]);
    let Decision::Chosen(chosen) = scene.decide() else { panic!("{:?}", scene.decide()) };
    assert_eq!(chosen.digest, Some(scene.images[0].digest.clone()));
    assert_eq!(chosen.skipped.iter().map(|s| &s.why).collect::<Vec<_>>(), [&SkipReason::OtherName; 2]);
    let Some(NeverNamed::OneOfSeveral { names }) = never_named(&scene) else {
        panic!("any of them may have been on it")
    };
    assert_eq!(names, ["dev", "staging"]);
    // It ran this very image.
    let had = format!("dev@{}", scene.images[2].digest);
    let ran = scene.clone().deployed(&[&had, "prod"]);
    assert_eq!((ran.goes_to(), never_named(&ran)), (":dev@".to_owned(), None));
}

/// "Nothing to go back to" is no reason to name what another stage is on.
#[test]
fn where_only_other_names_are_left_nothing_is_offered() {
    let scene = scene(&[&["staging"], &["dev"], &["prod"]], "prod").deployed(&["prod"]);
    let Decision::NothingOlder { of_another_form: None, skipped } = scene.decide() else {
        panic!("{:?}", scene.decide())
    };
    assert_eq!(skipped.len(), 2);
}

/// The common case must not cost a question.
#[test]
fn what_one_name_moved_on_from_is_what_it_was() {
    for images in [&[&[][..], &[], &["latest"]][..], &[&[], &[], &["latest", "main"]]] {
        let scene = scene(images, "latest").deployed(&["latest", "latest"]);
        assert_eq!((scene.goes_to(), never_named(&scene)), ("@".to_owned(), None), "{images:?}");
    }
    // A pin of ours, and the one name that was left.
    let mut pinned = scene(&[&[], &[], &["latest"]], "latest");
    let digest = pinned.images[1].digest.clone();
    pinned.spec = format!("{REPOSITORY}@{digest}");
    pinned.pods.clear();
    let pinned = pinned.pods_run(&digest);
    assert_eq!((pinned.goes_to(), never_named(&pinned)), ("@".to_owned(), None));
}

/// A build that nobody promoted would go live, where it isn't known what was live before.
#[test]
fn what_a_build_was_promoted_to_is_asked_for() {
    let images: &[&[&str]] = &[&["1a2b3c4"], &["2b3c4d5"], &["3c4d5e6"], &["4d5e6f7", "prod", "latest"]];
    let asks = |tag: &str, revisions: &[&str]| never_named(&scene(images, tag).deployed(revisions));
    assert_eq!(asks("prod", &["prod", "prod"]), Some(NeverNamed::Promoted { revision: 1 }));
    assert_eq!(asks("latest", &["latest", "latest"]), None, "every build moves it");
    assert_eq!(asks("prod", &["prod"]), None, "there is nothing before it");
    assert_eq!(asks("4d5e6f7", &["4d5e6f7"]), None);
}

/// Every build is `dev`, and few of them become `prod`: the one before may have got no further.
#[test]
fn what_was_pushed_before_prod_need_not_have_been_prod() {
    let images: &[&[&str]] = &[&["1a2b3c4"], &["2b3c4d5"], &["4d5e6f7", "dev", "prod"]];
    let asks = |tag: &str| never_named(&scene(images, tag).deployed(&[tag]));
    assert_eq!(asks("prod"), Some(NeverNamed::OneOfSeveral { names: vec!["dev".into()] }));
    assert_eq!(asks("4d5e6f7"), None, "it goes by its own tag");
}

/// A layer of Kaniko's, or BuildKit's cache, would be deployed as the release before.
#[test]
fn a_builders_cache_is_no_image() {
    let key = "8f14e45fceea167a5a36dedd4bea2543d1a0b2c38f14e45fceea167a5a36dedd";
    let (old, new) = ("8f14e45fceea167a5a36dedd4bea2543d1a0b2c3", "9f14e45fceea167a5a36dedd4bea2543d1a0b2c4");
    assert_eq!(scene(&[&[old], &[key], &[new]], new).goes_to(), format!(":{old}"));
    for cache in [key, "buildcache", "main-cache"] {
        let scene = scene(&[&[], &[cache], &["latest"]], "latest");
        assert_eq!((scene.goes_to(), never_named(&scene)), ("@".to_owned(), None), "{cache}");
        let left_out = choose(&scene.question()).candidates[1].left_out.clone();
        assert_eq!(left_out, Some(LeftOut::BuildCache), "{cache}");
    }
    // What runs is no cache, whatever it is called.
    let hashes = [key, &key.replace("8f14", "1f14")];
    assert_eq!(scene(&[&[hashes[1]], &[hashes[0]]], hashes[0]).goes_to(), format!(":{}", hashes[1]));
    assert_eq!(scene(&[&["cache-1.1"], &["cache-1.2"]], "cache-1.2").goes_to(), ":cache-1.1");
}
