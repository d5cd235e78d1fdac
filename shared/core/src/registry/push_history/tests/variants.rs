//! Several images of one release: only a number in their tags tells them apart.

use super::*;

/// Images pushed one after the other, a day apart; four of a day are a matrix build.
fn repository(tags: &[&str]) -> Scene {
    let mut scene = Scene::new(r#"{"imageDetails": []}"#, tags.last().unwrap());
    for (at, tag) in tags.iter().enumerate() {
        let pushed_at = Timestamp::from_second(1_767_225_600 + i64::try_from(at).unwrap() * 3600).unwrap();
        let image = PushedImage::untagged(format!("sha256:{at:064x}"), pushed_at);
        scene.images.push(PushedImage { tags: vec![(*tag).to_owned()], ..image });
    }
    scene
}

fn back(tags: &[&str], runs: &str) -> String {
    let mut scene = repository(tags);
    scene.spec = format!("{REPOSITORY}:{runs}");
    scene.goes_to()
}

/// Whether the way from the one to the other is asked about.
fn is_asked(tags: &[&str], from: &str, to: &str) -> bool {
    let scene = repository(tags);
    let pushed = || scene.images.iter().map(|image| (image.tags[0].as_str(), image.pushed_at));
    let (from, to) = (Names { tag: Some(from), tags: &[] }, Names { tag: Some(to), tags: &[] });
    let (variants, applications) = (variants(from, to, pushed()), BTreeSet::new());
    let way = Way { from, to, own: &[], deployed: false, applications: &applications, variants: &variants };
    unexpected(&way).iter().any(|found| matches!(found, Unexpected::OtherVariant { .. }))
}

/// `--yes` would go to the same bad release for another runtime, with no word before the number that tells them apart.
#[test]
fn a_variant_without_a_word_is_kept_too() {
    for (tags, runs, before) in [
        (["3.11-1.4.0", "3.12-1.4.0", "3.11-1.5.0", "3.12-1.5.0"], "3.12-1.5.0", "3.12-1.4.0"),
        (["1.4.0-3.11", "1.4.0-3.12", "1.5.0-3.11", "1.5.0-3.12"], "1.5.0-3.12", "1.4.0-3.12"),
        (["1.4.0-17", "1.4.0-21", "1.5.0-17", "1.5.0-21"], "1.5.0-21", "1.4.0-21"),
        (["17-1.4.0", "21-1.4.0", "17-1.5.0", "21-1.5.0"], "21-1.5.0", "21-1.4.0"),
        (["17-a1b2c3d", "21-a1b2c3d", "17-b1b2c3d", "21-b1b2c3d"], "21-b1b2c3d", "21-a1b2c3d"),
        (["8.2-fpm-1.4", "8.3-fpm-1.4", "8.2-fpm-1.5", "8.3-fpm-1.5"], "8.3-fpm-1.5", "8.3-fpm-1.4"),
        (["eks-1.29-1.0", "eks-1.30-1.0", "eks-1.29-1.1", "eks-1.30-1.1"], "eks-1.30-1.1", "eks-1.30-1.0"),
        (["stage1-12", "stage2-12", "stage1-13", "stage2-13"], "stage2-13", "stage2-12"),
        (["v1-api-12", "v2-api-12", "v1-api-13", "v2-api-13"], "v2-api-13", "v2-api-12"),
        // A counter that begins anew, or goes on.
        (["1.0-1", "1.0-2", "1.1-1", "1.1-2"], "1.1-2", "1.1-1"),
        (["1.4.0-17", "1.4.0-18", "1.5.0-19", "1.5.0-20"], "1.5.0-20", "1.5.0-19"),
        (["17-a1b2c3d", "18-b1b2c3d", "19-c1b2c3d", "20-d1b2c3d"], "20-d1b2c3d", "19-c1b2c3d"),
        (["2026.01.02-1", "2026.01.02-2", "2026.01.03-1", "2026.01.03-2"], "2026.01.03-2", "2026.01.03-1"),
    ] {
        assert_eq!(back(&tags, runs), format!(":{before}"), "{tags:?}");
    }
}

/// An image of another platform, another application or another Java would run: or the broken release once more.
#[test]
fn a_variant_is_kept_that_the_repository_shows_at_each_release() {
    for (tags, runs, before) in [
        (&["1.2.3-arm64v8", "1.2.3-arm32v7", "1.2.4-arm64v8", "1.2.4-arm32v7"][..], "1.2.4-arm64v8", "1.2.3-arm64v8"),
        (&["1.2.3-arm32v7", "1.2.3-arm64v8", "1.2.4-arm32v7", "1.2.4-arm64v8"], "1.2.4-arm64v8", "1.2.3-arm64v8"),
        (&["app1-1.0", "app2-1.0", "app1-1.1", "app2-1.1"], "app2-1.1", "app2-1.0"),
        (&["1.0.0-java17", "1.0.0-java21", "1.1.0-java17", "1.1.0-java21"], "1.1.0-java21", "1.0.0-java21"),
        (&["1.0.0-java17", "1.0.0-java21", "1.1.0-java17", "1.1.0-java21"], "1.1.0-java17", "1.0.0-java17"),
        (
            &["1.0.0-alpine3.18", "1.0.0-alpine3.19", "1.0.1-alpine3.18", "1.0.1-alpine3.19"],
            "1.0.1-alpine3.19",
            "1.0.0-alpine3.19",
        ),
        (&["us-east-1-100", "us-east-2-100", "us-east-1-101", "us-east-2-101"], "us-east-2-101", "us-east-2-100"),
        (&["team1-100", "team2-100", "team1-101", "team2-101"], "team2-101", "team2-100"),
        (&["java17-abc1234", "java21-abc1234", "java17-bcd2345", "java21-bcd2345"], "java21-bcd2345", "java21-abc1234"),
        // Docker's library: two variants at once, and not each with each.
        (
            &["1.0-jdk17-alpine3.18", "1.0-jdk21-alpine3.19", "1.1-jdk17-alpine3.18", "1.1-jdk21-alpine3.19"],
            "1.1-jdk21-alpine3.19",
            "1.0-jdk21-alpine3.19",
        ),
        (&["3.9.1-py3.11", "3.9.1-py3.12", "3.9.2-py3.11", "3.9.2-py3.12"], "3.9.2-py3.12", "3.9.1-py3.12"),
        (
            &["v1-linux-arm-v6", "v1-linux-arm-v7", "v2-linux-arm-v6", "v2-linux-arm-v7"],
            "v2-linux-arm-v7",
            "v1-linux-arm-v7",
        ),
        (&["cuda11.8-1.0.1", "cuda12.1-1.0.1", "cuda11.8-1.0.2", "cuda12.1-1.0.2"], "cuda12.1-1.0.2", "cuda12.1-1.0.1"),
    ] {
        assert_eq!(back(tags, runs), format!(":{before}"), "{runs}");
        assert!(!is_asked(tags, runs, before), "{runs}");
    }
    let scene = repository(&["1.0.0-java17", "1.0.0-java21", "1.1.0-java17", "1.1.0-java21"]);
    assert_eq!(choose(&scene.question()).left.form.as_deref(), Some("N.N-java21"));
}

/// A release would be skipped, or none be found, where a number counts within a release.
#[test]
fn what_counts_up_with_or_within_a_release_is_no_variant() {
    for tags in [
        &["1.2.3-rc.1", "1.2.3-rc.2", "1.2.4-rc.1", "1.2.4-rc.2", "1.2.4-rc.3"][..],
        &["1.2.3-1", "1.2.3-2", "1.2.4-1", "1.2.4-2"],
        &["1.2.3-r0", "1.2.3-r1", "1.2.4-r0", "1.2.4-r1"],
        &["1.2.3-build.7", "1.2.3-build.8", "1.2.4-build.7", "1.2.4-build.8"],
        &["1.2.3-jenkins101", "1.2.3-jenkins102", "1.2.4-jenkins103"],
        &["1.2.3-svc101", "1.2.3-svc102", "1.2.4-svc103"],
        &["api-1.2.3-build.1", "api-1.2.3-build.2", "api-1.2.4-build.1", "api-1.2.4-build.2"],
        &["2026-01-17", "2026-01-18", "2026-02-17", "2026-02-18"],
        &["release-2026.01.17-3", "release-2026.01.17-4", "release-2026.01.18-3", "release-2026.01.18-4"],
        &["main-20260102-abc1234", "main-20260103-abc1234", "main-20260103-bcd2345"],
        &["latest-release-1.0.4", "latest-release-1.0.5"],
        // A base that is replaced: no release has two.
        &["1.0.0-java17", "1.1.0-java17", "1.2.0-java21"],
        &["1.4.0-alpine3.18", "1.4.1-alpine3.19"],
        &["api-build-77-abc1234", "api-build-78-abc1234", "api-build-79-bcd2345"],
        &["8u292-b09", "8u292-b10", "8u302-b07", "8u302-b08"],
        &["v1.22.5-k3s1", "v1.22.5-k3s2", "v1.22.6-k3s1", "v1.22.6-k3s2"],
    ] {
        let (runs, before) = (tags[tags.len() - 1], tags[tags.len() - 2]);
        assert_eq!(back(tags, runs), format!(":{before}"));
        assert!(!is_asked(tags, runs, before), "{runs}");
    }
}

/// Where nobody can know, the image of another team would be gone to without a question.
#[test]
fn what_the_repository_does_not_tell_is_asked_for() {
    for (tags, from, to) in [
        (&["1.0.0-java17", "1.0.0-java21"][..], "1.0.0-java21", "1.0.0-java17"),
        (&["1.0-app1", "1.0-app2", "1.1-app1", "1.1-app2"], "1.1-app2", "1.1-app1"),
        (&["app1-1.0", "app2-1.0", "app2-1.1"], "app2-1.0", "app1-1.0"),
        // One counter for the builds of all regions: the region goes down and up again.
        (&["eu-west-1-10", "eu-west-2-11", "eu-west-1-12", "eu-west-2-13"], "eu-west-2-13", "eu-west-1-12"),
        (
            &["eu-west-1-abc1234", "eu-west-2-bcd1235", "eu-west-1-abc1236", "eu-west-2-abc1237"],
            "eu-west-2-abc1237",
            "eu-west-1-abc1236",
        ),
    ] {
        assert_eq!(back(tags, from), format!(":{to}"));
        assert!(is_asked(tags, from, to), "{from}");
    }
}
