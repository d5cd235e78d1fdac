//! What is no candidate, and why.

use super::*;

const SIGNED: &str = include_str!("../fixtures/signed-multi-arch.json");

/// `cosign sign` pushes after the image: the newest push is then a signature.
#[test]
fn everything_about_an_image_is_told_from_images() {
    let mut scene = Scene::new(SIGNED, "1.1.0");
    let about = scene.digest_of("1.0.0");
    let indexes = [scene.digest_of("1.1.0"), scene.digest_of("1.0.0")];
    for index in &indexes {
        scene.read(index);
    }
    let question = scene.question();
    let choice = choose(&question);
    let reasons: Vec<Option<LeftOut>> = choice.candidates.iter().map(|c| c.left_out.clone()).collect();
    let part = |index: &String| Some(LeftOut::IndexChild { index: index.clone() });
    let chart = LeftOut::Artifact { media_type: "application/vnd.cncf.helm.config.v1+json".into() };
    let mut expected = vec![
        Some(LeftOut::Attestation),
        Some(LeftOut::Signature),
        None,
        part(&indexes[0]),
        part(&indexes[0]),
        Some(LeftOut::Attestation),
        Some(chart),
        Some(LeftOut::Referrer { subject: about }),
        Some(LeftOut::Attestation),
        Some(LeftOut::Signature),
        Some(LeftOut::Signature),
        None,
        part(&indexes[1]),
        part(&indexes[1]),
    ];
    // Images of one time may come in any order.
    let sorted = |mut reasons: Vec<Option<LeftOut>>| {
        reasons.sort_by_key(|reason| format!("{reason:?}"));
        reasons
    };
    assert_eq!(sorted(reasons), sorted(std::mem::take(&mut expected)));
    assert_eq!(scene.goes_to(), ":1.0.0");
}

#[test]
fn a_tag_that_only_begins_like_a_signature_is_an_image() {
    let hex = "0123456789abcdef".repeat(4);
    for (tag, left_out) in [
        (format!("sha256-{hex}.sig"), true),
        (format!("sha256-{hex}.sbom"), true),
        (format!("sha256-{hex}"), true),
        (format!("sha256-{hex}x"), false),
        (format!("sha256-{}", &hex[..12]), false),
        (format!("sha256-{}", "é".repeat(32)), false),
        ("sha256-fix".into(), false),
    ] {
        let mut scene = Scene::new(SIGNED, "1.1.0");
        scene.images.retain(|i| i.tags == ["1.1.0"]);
        scene.images[0].tags = vec![tag.clone()];
        let found = choose(&scene.question()).candidates[0].left_out.is_some();
        assert_eq!(found, left_out, "{tag}");
        // With a tag of its own beside it, it is an image that somebody deploys.
        scene.images[0].tags.push("1.1.0".into());
        assert_eq!(choose(&scene.question()).candidates[0].left_out, None);
    }
}
