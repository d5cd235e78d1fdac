//! Several images back: what lies on the way counts for what lies behind it.

use super::*;

/// From the newest release, which was deployed after these.
fn back(steps: usize, deployed: &[&str]) -> Scene {
    let all: Vec<&str> = deployed.iter().copied().chain([R[5]]).collect();
    Scene::new(SIX, R[5]).deployed(&all).options(|o| o.steps = steps)
}

/// How many images back the two orders part, and which of them go as far as was asked for.
fn parting(scene: &Scene) -> (usize, Vec<Source>) {
    match scene.decide() {
        Decision::Disagree { step, open, .. } => (step, open),
        other => panic!("{other:?}"),
    }
}

const BOTH: [Source; 2] = [Source::Registry, Source::RolloutHistory];

/// `--steps 3` would go where `--steps 1` and `--steps 2` are refused, because both orders meet there again.
#[test]
fn where_the_orders_part_on_the_way_somebody_decides() {
    let crossed = [R[2], R[4], R[3]];
    for steps in [1, 2, 3] {
        let scene = back(steps, &crossed);
        assert_eq!(parting(&scene), (1, BOTH.to_vec()), "{steps}");
        assert_eq!(scene.clone().from(Source::Registry).goes_to(), format!(":{}", R[5 - steps]));
    }
    assert_eq!(back(3, &crossed).from(Source::RolloutHistory).goes_to(), format!(":{}", R[2]));
    // The first two agree.
    assert_eq!(back(1, &[R[1], R[3], R[2], R[4]]).goes_to(), format!(":{}", R[4]));
    for steps in [2, 3] {
        assert_eq!(parting(&back(steps, &[R[2], R[3], R[1], R[4]])).0, 2, "{steps}");
    }
}

/// One order alone goes on where the other has ended, and the doubt with it.
#[test]
fn where_one_order_ends_behind_the_parting_the_other_is_offered_alone() {
    let short = back(3, &[R[3]]);
    assert_eq!(parting(&short), (1, vec![Source::Registry]));
    // What was deployed agrees for as long as it lasts.
    assert_eq!(back(3, &[R[4]]).goes_to(), format!(":{}", R[2]));
    let pushed_last = Scene::new(SIX, R[1]).deployed(&[R[2], R[3], R[0], R[1]]).options(|o| o.steps = 3);
    assert_eq!(parting(&pushed_last), (2, vec![Source::RolloutHistory]));
    let nowhere = back(9, &[R[3]]).decide();
    assert!(matches!(nowhere, Decision::NothingOlder { .. }), "{nowhere:?}");
}

#[test]
fn what_was_counted_on_the_way_is_told() {
    let Decision::Chosen(chosen) = back(3, &[R[2], R[3], R[4]]).decide() else { panic!() };
    let scene = back(3, &[]);
    let counted: Vec<&str> = chosen.counted.iter().map(|counted| counted.digest.as_str()).collect();
    assert_eq!(counted, [scene.digest_of(R[4]), scene.digest_of(R[3])]);
    assert!(chosen.counted.iter().all(|counted| counted.deployed));
    let Decision::Chosen(near) = back(1, &[]).decide() else { panic!() };
    assert!(near.counted.is_empty());
}

/// Whoever may annotate would choose what is passed over.
#[test]
fn what_a_record_calls_left_and_was_pushed_before_is_not_passed_over() {
    for knew_digests in [true, false] {
        let mut scene = back(1, &[R[4]]);
        scene.left_for(R[4], R[5], knew_digests);
        assert_eq!(scene.goes_to(), format!(":{}", R[4]), "1.0.5 was no rollback from 1.0.4");
        // A digest of another image makes it no truer.
        scene.left_behind[0].to_digest = Some(scene.digest_of(R[0]));
        assert_eq!(scene.goes_to(), format!(":{}", R[4]));
        scene.left_behind[0].digest = Some(scene.digest_of(R[5]));
        assert_eq!(scene.goes_to(), format!(":{}", R[4]));
    }
}

/// A release that was pushed again under its tag is newer than the one that was left for it.
#[test]
fn what_was_left_for_a_tag_that_was_pushed_again_is_passed_over() {
    let mut scene = Scene::new(SIX, R[4]).deployed(&[R[5], R[4]]);
    scene.left_for(R[5], R[4], true);
    assert_eq!(scene.goes_to(), format!(":{}", R[3]));
    let again = scene.digest_of(R[4]);
    let newest = scene.images.iter().map(|image| image.pushed_at).max().unwrap();
    for image in &mut scene.images {
        image.tags.retain(|tag| tag != R[4]);
    }
    let hour = jiff::SignedDuration::from_hours(1);
    scene.images.push(PushedImage {
        tags: vec![R[4].to_owned()],
        ..PushedImage::untagged(format!("sha256:{:064x}", 77), newest + hour)
    });
    assert!(scene.images.iter().any(|image| image.digest == again && image.tags.is_empty()));
    let running = format!("sha256:{:064x}", 77);
    let decision = scene.pods_run(&running).decide();
    let text = format!("{decision:?}");
    assert!(!matches!(&decision, Decision::Chosen(chosen) if chosen.tag.as_deref() == Some(R[5])), "{text}");
}
