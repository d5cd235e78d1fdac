//! What is chosen, case by case.

use super::*;

const HOTFIX: &str = include_str!("../fixtures/hotfix.json");
const SAME_SECOND: &str = include_str!("../fixtures/same-second.json");
const SEVERAL_TAGS: &str = include_str!("../fixtures/several-tags.json");
const COMMITS: &str = include_str!("../fixtures/commits.json");
const ARCHIVED: &str = include_str!("../fixtures/archived.json");

/// The second newest push is not the answer: only what runs says what is before it.
#[test]
fn the_one_before_is_the_one_pushed_before_what_runs() {
    for (runs, expected) in [(R[5], R[4]), (R[3], R[2]), (R[1], R[0])] {
        let scene = Scene::new(SIX, runs).deployed(&[runs]);
        assert_eq!(scene.goes_to(), format!(":{expected}"), "{runs}");
        let running = scene.digest_of(runs);
        assert_eq!(scene.pods_run(&running).goes_to(), format!(":{expected}"), "{runs}");
    }
    let oldest = Scene::new(SIX, R[0]).deployed(&[R[0]]).decide();
    assert_eq!(oldest, Decision::NothingOlder { of_another_form: None, skipped: Vec::new() });
}

#[test]
fn steps_count_candidates_backwards() {
    for (steps, expected) in [(0, R[4]), (1, R[4]), (2, R[3]), (5, R[0])] {
        let scene = Scene::new(SIX, R[5]).deployed(&R).options(|o| o.steps = steps);
        assert_eq!(scene.goes_to(), format!(":{expected}"), "{steps}");
    }
    let too_many = Scene::new(SIX, R[5]).options(|o| o.steps = 6).decide();
    assert!(matches!(too_many, Decision::NothingOlder { .. }));
}

/// After one rollback, the next goes further back: to come again to what was left is to toggle.
#[test]
fn going_back_twice_never_comes_back() {
    let mut scene = Scene::new(SIX, R[4]).deployed(&[R[5], R[4]]);
    assert!(matches!(scene.decide(), Decision::Disagree { .. }));
    for (knew_digest, without_registry) in [(true, false), (false, false), (true, true), (false, true)] {
        scene.left(R[5], knew_digest);
        assert_eq!(scene.goes_to(), format!(":{}", R[3]));
        let history = Scene { without_registry, ..scene.clone() }.from(Source::RolloutHistory).decide();
        assert!(matches!(history, Decision::NothingOlder { ref skipped, .. } if skipped.len() == 1), "{history:?}");
    }
    // What was left may also be older: someone went forward by name, away from a bad older one.
    let mut forward = Scene::new(SIX, R[5]);
    for knew_digest in [true, false] {
        forward.left_for(R[4], R[3], knew_digest);
        assert_eq!(forward.goes_to(), format!(":{}", R[3]));
    }
    assert!(choose(&forward.question()).candidates.iter().any(|c| c.previous && c.tag == Some(R[3])));
}

/// A push that nobody deployed must not be where a rollback ends without anybody asking for it.
#[test]
fn pushed_before_and_deployed_before_have_to_agree_or_somebody_decides() {
    let never_deployed = Scene::new(SIX, R[5]).deployed(&[R[2], R[3], R[5]]);
    let old_branch = Scene::new(HOTFIX, "1.5.1").deployed(&["1.5.0", "1.5.1"]);
    for (scene, pushed, deployed) in [(never_deployed, R[4], R[3]), (old_branch, "1.4.9", "1.5.0")] {
        let Decision::Disagree { pushed_before: Some(before), deployed_before, .. } = scene.decide() else { panic!() };
        assert_eq!((short(&before), short(&deployed_before)), (format!(":{pushed}"), format!(":{deployed}")));
        assert_eq!(scene.clone().from(Source::Registry).goes_to(), format!(":{pushed}"));
        assert_eq!(scene.clone().from(Source::RolloutHistory).goes_to(), format!(":{deployed}"));
    }
    let agreed = Scene::new(HOTFIX, "1.5.0").deployed(&["1.4.8", "1.5.0"]).decide();
    assert!(matches!(agreed, Decision::Chosen(Chosen { why: Why::PushedAndDeployedBefore, revision: Some(1), .. })));
    let only_deployed = Scene::new(HOTFIX, "1.4.8").deployed(&["1.5.0", "1.4.8"]).decide();
    assert!(matches!(only_deployed, Decision::Disagree { pushed_before: None, .. }));
}

/// In the middle of an outage the registry may be out of reach.
#[test]
fn the_rollout_history_needs_no_registry() {
    let mut scene = Scene::new(SIX, R[5]).deployed(&[R[2], R[3], R[5], R[5]]).from(Source::RolloutHistory);
    scene.without_registry = true;
    assert_eq!(scene.goes_to(), format!(":{}", R[3]));
    assert_eq!(scene.clone().options(|o| o.steps = 2).goes_to(), format!(":{}", R[2]));
    assert!(matches!(scene.clone().options(|o| o.steps = 3).decide(), Decision::NothingOlder { .. }));
    assert_eq!(scene.clone().options(|o| o.to_tag = Some(R[2].into())).goes_to(), format!(":{}", R[2]));
    let pinned = scene.clone().options(|o| o.pin_digest = true).decide();
    assert!(matches!(pinned, Decision::CannotPin { revision: 2, .. }));
    let latest = Scene { spec: format!("{REPOSITORY}:1.0.0"), ..scene }.deployed(&["latest", "1.0.0"]);
    assert!(matches!(latest.decide(), Decision::CannotPin { revision: 1, .. }));
}

/// A node has an image by several names: the digest of another one would be written, and no pod ever start.
#[test]
fn without_a_registry_a_digest_is_pinned_only_in_the_repository_that_it_was_pulled_from() {
    let digest = "sha256:0123";
    let stuck = |pulled_from: &str| {
        let mut scene = Scene::new(SIX, R[5]).deployed(&[R[3], R[5]]).ready_pods_still_run(R[3], Some(digest.into()));
        scene.pods[0].pulled_from = Some(pulled_from.to_owned());
        scene.without_registry = true;
        scene.from(Source::RolloutHistory).options(|o| o.pin_digest = true)
    };
    let dual_stack = REPOSITORY.replace(".dkr.ecr.", ".dkr-ecr.").replace(".amazonaws.com", ".on.aws");
    for own in [REPOSITORY, &dual_stack] {
        assert_eq!(stuck(own).goes_to(), format!(":{}@", R[3]), "{own}");
    }
    for foreign in ["docker.io/acme/api", "localhost:5000/ms-account-management", &REPOSITORY.replace('1', "9")] {
        let Decision::CannotPin { revision: 1, seen_in, .. } = stuck(foreign).decide() else { panic!("{foreign}") };
        assert_eq!(seen_in.as_deref(), Some(foreign));
        let by_tag = stuck(foreign).options(|o| o.pin_digest = false);
        assert_eq!(by_tag.goes_to(), format!(":{}", R[3]), "a tag that stays needs no digest");
        let mut one_knows = stuck(foreign);
        one_knows.pods.push(PodImage { pulled_from: Some(REPOSITORY.into()), ..one_knows.pods[0].clone() });
        assert_eq!(one_knows.goes_to(), format!(":{}@", R[3]), "another node has it from there");
    }
}

/// What is left is what the template asks for, even if none of it ever got ready.
#[test]
fn a_stuck_rollout_goes_back_to_what_still_runs() {
    let scene = Scene::new(SIX, R[5]).deployed(&[R[3], R[4], R[5]]);
    let running = scene.digest_of(R[4]);
    let scene = scene.ready_pods_still_run(R[4], Some(running));
    assert_eq!(scene.goes_to(), format!(":{}", R[4]));
    let question = scene.question();
    let choice = choose(&question);
    assert_eq!(choice.left.ready_pods_run, [format!("{REPOSITORY}:{}", R[4])]);
    let marked = |wanted: fn(&Candidate<'_>) -> bool| choice.candidates.iter().find(|c| wanted(c)).and_then(|c| c.tag);
    assert_eq!((marked(|c| c.running), marked(|c| c.ready)), (Some(R[5]), Some(R[4])));
    // A tag that was never pushed.
    let typo = Scene::new(SIX, "latest-release-1.0.55").deployed(&[R[3], R[4], "latest-release-1.0.55"]);
    let Decision::UnknownRunning { deployed_before: Some(before), .. } = typo.decide() else { panic!() };
    assert_eq!(short(&before), format!(":{}", R[4]));
    assert_eq!(typo.from(Source::RolloutHistory).goes_to(), format!(":{}", R[4]));
}

#[test]
fn two_pushed_in_one_second_go_by_their_versions() {
    for (runs, expected) in [("1.11.0", "1.10.0"), ("1.10.0", "1.9.0"), ("1.9.0", "1.8.0")] {
        assert_eq!(Scene::new(SAME_SECOND, runs).goes_to(), format!(":{expected}"));
    }
}

/// A pull request's build is no release, and a short commit hash may be all digits.
#[test]
fn candidates_keep_the_form_of_the_tag_being_left() {
    for (answer, runs, expected) in [
        (SEVERAL_TAGS, "1.3.1", ":1.3.0"),
        (SEVERAL_TAGS, "1.3.0", ":1.2.2"),
        (SEVERAL_TAGS, "sha-89abcde", ":sha-4d5e6f7"),
        (SEVERAL_TAGS, "pr-482", ":pr-481"),
        (COMMITS, "8f14e45fceea167a5a36dedd4bea2543d1a0b2c3", ":fedcba9"),
        (COMMITS, "fedcba9", ":1234567"),
        (COMMITS, "1234567", ":0a1b2c3"),
        // Names and aliases move: the form is that of the fixed tag beside them.
        (SEVERAL_TAGS, "latest", ":1.3.0@"),
        (SEVERAL_TAGS, "1", ":1.3.0@"),
        (SEVERAL_TAGS, "1.3", ":1.2.2@"),
    ] {
        assert_eq!(Scene::new(answer, runs).goes_to(), expected, "{runs}");
    }
    let release_candidate = Scene::new(SEVERAL_TAGS, "1.2.3-rc.1").decide();
    let Decision::NothingOlder { of_another_form, .. } = release_candidate else { panic!() };
    assert_eq!(of_another_form.as_deref(), Some("pr-482"));
    // Nor does the rollout history lead from a release into a build.
    let scene = Scene::new(SEVERAL_TAGS, "1.3.0").deployed(&["1.2.2", "pr-482", "1.3.0"]);
    assert_eq!(scene.goes_to(), ":1.2.2");
    assert_eq!(scene.from(Source::RolloutHistory).goes_to(), ":1.2.2");
    let from_build = Scene::new(SEVERAL_TAGS, "pr-482").deployed(&["1.2.2", "pr-482"]);
    assert!(matches!(from_build.decide(), Decision::Disagree { .. }));
}

#[test]
fn a_filter_names_the_class_where_it_leaves_out_what_runs() {
    let filtered = |runs: &str, filter: &str| {
        Scene::new(SEVERAL_TAGS, runs).options(|o| o.tag_filter = Some(filter.into())).goes_to()
    };
    assert_eq!(filtered("1.3.1", "sha-*"), ":sha-4d5e6f7");
    assert_eq!(filtered("1.3.1", "1.2.?"), ":1.2.2");
    assert_eq!(filtered("1.3.1", "pr-*"), ":pr-482");
    assert!(filtered("1.3.1", "v*").starts_with("NothingOlder"));
}

#[test]
fn an_archived_image_is_passed_over_and_named() {
    let Decision::Chosen(chosen) = Scene::new(ARCHIVED, R[4]).deployed(&[R[1], R[3], R[4]]).decide() else { panic!() };
    assert_eq!((short(&chosen), chosen.why), (format!(":{}", R[1]), Why::PushedAndDeployedBefore));
    let reasons: Vec<(&str, &SkipReason)> = chosen.skipped.iter().map(|s| (s.image.as_str(), &s.why)).collect();
    assert_eq!(
        reasons,
        [
            (R[3], &SkipReason::LeftOut { why: LeftOut::Activating }),
            (R[2], &SkipReason::LeftOut { why: LeftOut::Archived })
        ]
    );
}

#[test]
fn what_is_asked_for_by_name_is_found_or_explained() {
    let scene = Scene::new(ARCHIVED, R[4]);
    let tag = |tag: &str| scene.clone().options(|o| o.to_tag = Some(tag.into())).decide();
    let digest = |digest: &str| scene.clone().options(|o| o.to_digest = Some(digest.into())).decide();
    assert!(matches!(tag(R[1]), Decision::Chosen(Chosen { why: Why::Asked, pinned: None, .. })));
    assert!(matches!(tag(R[2]), Decision::NotDeployable { why: LeftOut::Archived, .. }));
    assert!(matches!(tag(R[4]), Decision::AlreadyRuns { .. }));
    let Decision::NoSuchTag { close, .. } = tag("latest-release-1.0.6") else { panic!() };
    assert!(close.contains(&R[4].to_owned()));
    let untagged = scene.images.iter().find(|i| i.tags.is_empty()).unwrap().digest.clone();
    for text in [untagged.as_str(), &untagged[7..], &untagged[..19], &untagged[7..14]] {
        let Decision::Chosen(chosen) = digest(text) else { panic!("{text}") };
        assert_eq!((chosen.image, chosen.tag), (format!("{REPOSITORY}@{untagged}"), None));
    }
    for text in ["", "sha256:", &untagged[7..13], "sha256:0000000000", "é"] {
        assert!(matches!(digest(text), Decision::NoSuchDigest { .. }), "{text}");
    }
    let pinned = scene.clone().options(|o| o.to_digest = Some(scene.digest_of(R[1])));
    assert_eq!(pinned.goes_to(), format!(":{}@", R[1]));
}

#[test]
fn a_pinned_reference_stays_pinned() {
    let scene = Scene::new(SIX, R[5]);
    let digest = scene.digest_of(R[5]);
    let pinned = |spec: String| Scene { spec, ..scene.clone() }.goes_to();
    assert_eq!(pinned(format!("{REPOSITORY}:{}@{digest}", R[5])), format!(":{}@", R[4]));
    assert_eq!(pinned(format!("{REPOSITORY}@{digest}")), "@");
    assert_eq!(scene.clone().options(|o| o.pin_digest = true).goes_to(), format!(":{}@", R[4]));
}

/// Two containers of one repository are two histories.
#[test]
fn every_container_has_its_own_history() {
    let mut scene = Scene::new(SIX, R[5]).deployed(&[R[3], R[5]]).from(Source::RolloutHistory);
    scene.without_registry = true;
    scene.spec = format!("{REPOSITORY}:worker-{}", R[5]);
    let question = Question { container: "worker", ..scene.question() };
    let Decision::Chosen(chosen) = choose(&question).decision else { panic!() };
    assert_eq!(short(&chosen), format!(":worker-{}", R[3]));
    let missing = Question { container: "none", ..scene.question() };
    assert!(matches!(choose(&missing).decision, Decision::NothingOlder { .. }));
}

/// Picked from the list, an image goes by its tag; it still has to be deployable.
#[test]
fn a_person_picks_among_all_images() {
    let scene = Scene::new(ARCHIVED, R[4]);
    let question = scene.question();
    let choice = choose(&question);
    let picked = |tag: &str| pick(&question, &choice, &scene.digest_of(tag));
    assert!(matches!(picked(R[1]), Decision::Chosen(Chosen { pinned: None, why: Why::Asked, .. })));
    assert!(matches!(picked(R[2]), Decision::NotDeployable { .. }));
    assert!(matches!(pick(&question, &choice, "sha256:none"), Decision::NoSuchDigest { .. }));
}

#[test]
fn the_list_is_one_json_object_an_image() {
    let scene = Scene::new(SIX, R[5]).deployed(&[R[4], R[5]]);
    let question = scene.question();
    let value = serde_json::to_value(choose(&question)).unwrap();
    let newest = &value["candidates"][0];
    assert_eq!(newest["tag"], json!(R[5]));
    assert_eq!(newest["scan"], json!({"result": "found", "findings": {"LOW": 7, "HIGH": 2}}));
    assert_eq!(newest["deployed"]["revision"], json!(2));
    assert_eq!(value["candidates"][1]["previous"], json!(true));
    assert_eq!(value["decision"]["decision"], json!("chosen"));
    assert_eq!(value["left"]["form"], json!("latest-release-N.N"));
}
