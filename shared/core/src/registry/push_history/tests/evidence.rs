//! What is said beside the choice: what was passed over, where things were before, which way it leads.

use super::*;

fn passed_over(decision: Decision) -> Vec<(Option<i64>, SkipReason)> {
    let Decision::Chosen(chosen) = decision else { panic!("{decision:?}") };
    chosen.skipped.into_iter().map(|skipped| (skipped.revision, skipped.why)).collect()
}

impl Scene {
    /// As a registry before had it, under the same tag.
    fn ran_from(mut self, number: i64, repository: &str) -> Self {
        for revision in self.revisions.iter_mut().filter(|revision| revision.number == number) {
            for image in revision.images.values_mut() {
                *image = image.replace(REPOSITORY, repository);
            }
        }
        self
    }
}

/// The release before has expired: somebody would wonder at night why it is not the one.
#[test]
fn a_revision_whose_image_has_expired_is_said_to_be_passed_over() {
    let expired = vec![(Some(1), SkipReason::NotInRepository)];
    let scene = Scene::new(SIX, R[5]).deployed(&["latest-release-0.9.9", R[5]]);
    assert_eq!(scene.goes_to(), format!(":{}", R[4]), "pushed before, never deployed");
    assert_eq!(passed_over(scene.decide()), expired);
    let both = Scene::new(SIX, R[5]).deployed(&[R[4], "latest-release-1.0.45", R[5]]);
    assert_eq!(passed_over(both.decide()), [(Some(2), SkipReason::NotInRepository)]);
    assert_eq!(passed_over(scene.from(Source::Registry).decide()), [], "only pushes were asked for");
}

#[test]
fn a_revision_of_the_registry_before_a_move_is_recognized_by_its_tag() {
    for before in [
        "registry.example.com/team/ms-account-management",
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/ms-account-management",
        "ghcr.io/acme/accounts",
    ] {
        let scene = Scene::new(SIX, R[5]).deployed(&[R[4], R[5]]).ran_from(1, before);
        let Decision::Chosen(chosen) = scene.decide() else { panic!("{before}") };
        assert_eq!((short(&chosen), chosen.why), (format!(":{}", R[4]), Why::PushedAndDeployedBefore), "{before}");
        assert_eq!((chosen.revision, chosen.skipped.len()), (Some(1), 0), "{before}");
        // The move itself changed no image.
        let moved = Scene::new(SIX, R[4]).deployed(&[R[3], R[4], R[4]]).ran_from(1, before).ran_from(2, before);
        assert_eq!(moved.goes_to(), format!(":{}", R[3]), "{before}");
    }
}

/// A name says nothing about what another registry had under it, nor does another application's tag.
#[test]
fn a_tag_of_another_registry_that_may_be_anything_is_not_recognized() {
    let mut foreign = Scene::new(SIX, R[5]).deployed(&["3.7", R[5]]).ran_from(1, "ghcr.io/acme/other");
    foreign.images[0].tags.push("3.7".into());
    assert_eq!(passed_over(foreign.decide()), [(Some(1), SkipReason::OtherRepository)]);
    let mut named = Scene::new(SIX, R[5]).deployed(&["latest", R[5]]).ran_from(1, "ghcr.io/acme/accounts");
    named.images[0].tags.push("latest".into());
    assert_eq!(passed_over(named.decide()), [(Some(1), SkipReason::OtherRepository)]);
}

/// A registry of models or of WebAssembly modules would have nothing to go back to.
#[test]
fn whatever_type_runs_can_be_gone_back_to() {
    let types = [
        (None, Some("application/vnd.acme.rocket.config.v1+json"), None),
        (None, Some("application/wasm"), None),
        (Some("application/vnd.acme.bundle.v2+json"), None, None),
        (None, Some("application/vnd.acme.layered.v1"), Some("sha256:0")),
    ];
    for (manifest, artifact, subject) in types {
        let mut scene = Scene::new(SIX, R[5]).deployed(&[R[5]]);
        for image in &mut scene.images {
            image.manifest_type = manifest.map(str::to_owned).or(image.manifest_type.take());
            image.artifact_type = artifact.map(str::to_owned);
            image.subject = subject.map(str::to_owned);
        }
        assert_eq!(scene.goes_to(), format!(":{}", R[4]), "{manifest:?} {artifact:?}");
        let before = scene.images.iter_mut().find(|i| i.tags.contains(&R[4].to_owned())).unwrap();
        before.artifact_type = Some("application/vnd.cncf.helm.config.v1+json".into());
        assert_eq!(scene.goes_to(), format!(":{}", R[3]), "a chart among them");
    }
}

/// A move to a newer push would be recorded as a rollback, and the next one would find nothing to do.
#[test]
fn only_a_move_to_an_older_push_leads_back() {
    let scene = Scene::new(SIX, R[3]).deployed(&[R[3]]);
    for (tag, forward) in [(R[5], true), (R[4], true), (R[2], false), (R[0], false)] {
        let scene = scene.clone().options(|o| o.to_tag = Some(tag.into()));
        let question = scene.question();
        let choice = choose(&question);
        let Decision::Chosen(chosen) = &choice.decision else { panic!("{tag}") };
        assert_eq!(choice.leads_forward(chosen), forward, "{tag}");
    }
}
