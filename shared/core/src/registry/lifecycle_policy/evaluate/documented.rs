//! The examples of "Examples of lifecycle policies in Amazon ECR"
//! (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_examples.html>), as
//! data: repository, rules, and which images go. A user who read them there gets the same here.

use super::*;
use crate::registry::index_manifest::IndexChildren;
use crate::registry::lifecycle_policy::samples::{ago, to_archive};
use crate::registry::lifecycle_policy::samples::{
    archived_days, days, image, newest, now, patterns, policy, prefixes, rule,
};
use crate::registry::lifecycle_policy::{LimitKind, Tags};

/// Digests that go, each with the rule and what is done, in alphabetical order.
fn going(rules: Vec<Rule>, images: &[PushedImage]) -> Vec<(&str, u32, Action)> {
    let policy = policy(rules);
    let mut going: Vec<(&str, u32, Action)> = evaluate(&policy, images, &IndexChildren::new(), now())
        .into_iter()
        .filter_map(|judged| judged.verdict.taken().map(|t| (judged.image.digest.as_str(), t.rule, t.action)))
        .collect();
    going.sort_unstable_by_key(|(digest, ..)| *digest);
    going
}

fn expired(rules: Vec<Rule>, images: &[PushedImage]) -> Vec<(&str, u32)> {
    going(rules, images).into_iter().map(|(digest, rule, _)| (digest, rule)).collect()
}

#[test]
fn filtering_on_image_age() {
    let images = [image("a", "prod-1", 15), image("b", "prod-2", 14), image("c", "beta", 99), image("d", "", 99)];
    assert_eq!(expired(vec![days(1, patterns(&["prod*"]), 14)], &images), [("a", 1)]);
}

#[test]
fn filtering_on_image_count() {
    let images = [image("a", "", 3), image("b", "", 2), image("c", "", 1), image("d", "x", 9)];
    assert_eq!(expired(vec![newest(1, Tags::Untagged, 1)], &images), [("a", 1), ("b", 1)]);
}

/// Two lists of tags on the same images, in both orders of priority, with prefixes as in the older
/// edition and with patterns as in the newer one.
#[test]
fn filtering_on_multiple_rules() {
    let images = [image("a", "beta-1 prod-1", 10), image("b", "beta-2 prod-2", 9), image("c", "beta-3", 8)];
    for (prod, beta) in [(prefixes(&["prod"]), prefixes(&["beta"])), (patterns(&["prod*"]), patterns(&["beta*"]))] {
        let example_a = vec![newest(1, prod.clone(), 1), newest(2, beta.clone(), 1)];
        assert_eq!(expired(example_a, &images), [("a", 1)]);
        let example_b = vec![newest(1, beta, 1), newest(2, prod, 1)];
        assert_eq!(expired(example_b, &images), [("a", 1), ("b", 1)]);
    }
}

#[test]
fn filtering_on_multiple_tags_in_a_single_rule() {
    for both in [prefixes(&["alpha", "beta"]), patterns(&["alpha*", "beta*"])] {
        let example_a = [
            image("a", "alpha-1", 12),
            image("b", "beta-1", 11),
            image("c", "alpha-2 beta-2", 10),
            image("d", "alpha-3", 4),
            image("e", "beta-3", 3),
            image("f", "alpha-4 beta-4", 2),
        ];
        assert_eq!(expired(vec![days(1, both.clone(), 5)], &example_a), [("c", 1)]);
        let example_b = [
            image("a", "alpha-1 beta-1 gamma-1", 10),
            image("b", "alpha-2 beta-2", 9),
            image("c", "alpha-3 beta-3 gamma-2", 8),
        ];
        assert_eq!(expired(vec![newest(1, both, 1)], &example_b), [("a", 1), ("b", 1)]);
    }
}

#[test]
fn filtering_on_all_images() {
    let example_a = [image("a", "alpha-1", 4), image("b", "beta-1", 3), image("c", "", 2), image("d", "alpha-2", 1)];
    assert_eq!(expired(vec![newest(1, Tags::Any, 1)], &example_a), [("a", 1), ("b", 1), ("c", 1)]);
    let example_b = [
        image("a", "alpha-1 beta-1", 4),
        image("b", "", 3),
        image("c", "alpha-2", 2),
        image("d", "git-hash", 1),
        image("e", "", 1),
    ];
    for alpha in [prefixes(&["alpha"]), patterns(&["alpha*"])] {
        let rules = vec![newest(1, alpha, 1), days(2, Tags::Untagged, 1), newest(3, Tags::Any, 1)];
        assert_eq!(expired(rules, &example_b), [("a", 1), ("b", 2), ("d", 3)]);
    }
}

/// "Filtering on last pulled time", and what counts for an image that was never pulled.
#[test]
fn archiving_images_not_pulled() {
    let pulled = |digest: &str, days: i64| PushedImage { last_pulled_at: Some(ago(days)), ..image(digest, "x", 400) };
    let images = [pulled("a", 91), pulled("b", 89), image("c", "", 91), image("d", "x", 89)];
    let rules = vec![to_archive(rule(1, Tags::Any, LimitKind::SincePull, 90))];
    assert_eq!(going(rules, &images), [("a", 1, Action::Archive), ("c", 1, Action::Archive)]);
}

/// "Filtering on archive transition time", "Archiving images older than a number of days" and
/// "Combining archive and expire rules": each rule sees its own storage class only.
#[test]
fn archiving_and_expiring_from_the_archive() {
    let archived = |digest: &str, days: i64| PushedImage {
        status: ImageStatus::Archived,
        last_archived_at: Some(ago(days)),
        ..image(digest, "prod-0", 900)
    };
    let images = [archived("a", 366), archived("b", 364), image("c", "prod-1", 31), image("d", "prod-2", 29)];
    let from_archive = || archived_days(2, Tags::Any, 365);
    assert_eq!(expired(vec![from_archive()], &images), [("a", 2)]);
    let into_archive = |tags| to_archive(days(1, tags, 30));
    assert_eq!(going(vec![into_archive(patterns(&["prod*"]))], &images), [("c", 1, Action::Archive)]);
    let both = vec![into_archive(Tags::Any), from_archive()];
    assert_eq!(going(both, &images), [("a", 2, Action::Expire), ("c", 1, Action::Archive)]);
}
