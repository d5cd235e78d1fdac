//! What holds for any repository.

use proptest::prelude::*;

use super::*;

fn tag() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..3u8, 0..4u8).prop_map(|(minor, patch)| format!("1.{minor}.{patch}")),
        (0..5u8).prop_map(|n| format!("pr-{n}")),
        (0..5u32).prop_map(|n| format!("{:07x}", 0x0ab_cdef + n * 0x123_4567)),
        Just("latest".to_owned()),
        Just("1.1".to_owned()),
        Just(format!("sha256-{}.sig", "0f".repeat(32))),
    ]
}

prop_compose! {
    fn pushed(at: usize)(
        tags in prop::collection::btree_set(tag(), 0..3),
        second in 0..12i64,
        archived in prop::bool::weighted(0.1),
        subject in prop::bool::weighted(0.1),
    ) -> PushedImage {
        let pushed_at = Timestamp::from_second(1_767_225_600 + second).unwrap();
        PushedImage {
            tags: tags.into_iter().collect(),
            status: if archived { ImageStatus::Archived } else { ImageStatus::Active },
            subject: subject.then(|| "sha256:ff".to_owned()),
            ..PushedImage::untagged(format!("sha256:{at:064x}"), pushed_at)
        }
    }
}

fn repository() -> impl Strategy<Value = Vec<PushedImage>> {
    (1..12usize).prop_flat_map(|count| (0..count).map(pushed).collect::<Vec<_>>())
}

fn scene(images: Vec<PushedImage>, spec: &str, runs: usize, steps: usize, from: Option<Source>) -> Scene {
    let digest = images[runs % images.len()].digest.clone();
    let empty = Scene::new(r#"{"imageDetails": []}"#, spec);
    let scene = Scene { images, ..empty }.deployed(&["1.0.0", "1.1.0", "pr-1", "1.1.1", spec]);
    scene.options(|o| (o.steps, o.from) = (steps, from)).pods_run(&digest)
}

fn from() -> impl Strategy<Value = Option<Source>> {
    prop_oneof![Just(None), Just(Some(Source::Registry)), Just(Some(Source::RolloutHistory))]
}

proptest! {
    #[test]
    fn what_the_registry_chooses_is_older_and_can_be_deployed(
        images in repository(), spec in tag(), runs in 0..12usize, steps in 0..4usize,
    ) {
        let scene = scene(images, &spec, runs, steps, Some(Source::Registry));
        let question = scene.question();
        let choice = choose(&question);
        if let Decision::Chosen(chosen) = &choice.decision {
            let found = |digest: &Option<String>| choice.candidates.iter().find(|c| Some(&c.image.digest) == digest.as_ref());
            let (target, left) = (found(&chosen.digest).unwrap(), found(&choice.left.digest).unwrap());
            prop_assert!(target.image.pushed_at <= left.image.pushed_at);
            prop_assert!(target.is_eligible() && !target.running);
            prop_assert_eq!(&chosen.tag, &target.tag.map(str::to_owned));
        }
    }

    #[test]
    fn no_choice_depends_on_the_order_of_pages(
        (images, shuffled) in repository().prop_flat_map(|i| (Just(i.clone()), Just(i).prop_shuffle())),
        spec in tag(), runs in 0..12usize, steps in 0..4usize, from in from(),
    ) {
        let running = images[runs % images.len()].digest.clone();
        let runs_shuffled = shuffled.iter().position(|i| i.digest == running).unwrap();
        let (a, b) = (scene(images, &spec, runs, steps, from), scene(shuffled, &spec, runs_shuffled, steps, from));
        prop_assert_eq!(serde_json::to_value(choose(&a.question())).unwrap(), serde_json::to_value(choose(&b.question())).unwrap());
    }

    #[test]
    fn any_text_is_a_tag(a in "\\PC{0,20}", b in "[0-9a-f.v-]{0,12}") {
        let (a, b) = (TagForm::of(&a), TagForm::of(&b));
        prop_assert!(a.is_like(&a) && b.is_like(&b));
        prop_assert_eq!(a.is_like(&b), b.is_like(&a));
        prop_assert_eq!(a.cmp_version(&b), b.cmp_version(&a).reverse());
    }
}
