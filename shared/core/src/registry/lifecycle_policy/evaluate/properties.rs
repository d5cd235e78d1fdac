//! What holds for every policy and every repository.

use proptest::prelude::*;

use super::*;
use crate::registry::index_manifest::{IndexChild, IndexChildren};
use crate::registry::lifecycle_policy::samples::{days, image, newest, now, patterns, policy, prefixes, to_archive};
use crate::registry::lifecycle_policy::{Horizon, Limit, Policy, Spare, Tags, protect};

const WORDS: [&str; 4] = ["prod", "beta", "v1.2", "v1.10"];

fn tags() -> impl Strategy<Value = Tags> {
    let word = || prop::sample::select(WORDS.to_vec());
    prop_oneof![
        Just(Tags::Untagged),
        Just(Tags::Any),
        prop::collection::btree_set(word(), 1..3).prop_map(|set| prefixes(&set.into_iter().collect::<Vec<_>>())),
        word().prop_map(|word| patterns(&[&format!("{}*", &word[..2])])),
    ]
}

fn rules() -> impl Strategy<Value = Policy> {
    let one = (tags(), 1..6u32, any::<bool>(), any::<bool>());
    prop::collection::vec(one, 1..5).prop_map(|rules| {
        policy(
            rules
                .into_iter()
                .zip(1..)
                .map(|((tags, number, count, archive), priority)| {
                    let rule = if count { newest(priority, tags, number) } else { days(priority, tags, number) };
                    if archive { to_archive(rule) } else { rule }
                })
                .collect(),
        )
    })
}

/// Images with few different times, so that ties are common; some refer to others.
fn repository() -> impl Strategy<Value = (Vec<PushedImage>, IndexChildren)> {
    let tagged = prop::collection::btree_set(prop::sample::select(WORDS.to_vec()), 0..3);
    let one = (tagged, 0..7i64, prop::option::weighted(0.2, 0..12usize), prop::option::weighted(0.2, 0..12usize));
    prop::collection::vec(one, 0..12).prop_map(|drawn| {
        let name = |n: usize| format!("sha256:{n:02}");
        let mut children = IndexChildren::new();
        let images = drawn.into_iter().enumerate().map(|(n, (tags, days, parent, subject))| {
            // Earlier ones only: neither an index nor a subject can be part of a circle.
            if let Some(parent) = parent.filter(|parent| *parent < n) {
                children.entry(name(parent)).or_default().push(IndexChild::image(name(n)));
            }
            let tags = tags.into_iter().collect::<Vec<_>>().join(" ");
            PushedImage { subject: subject.filter(|s| *s < n).map(name), ..image(&name(n), &tags, days) }
        });
        let images = images.collect();
        (images, children)
    })
}

fn going<'i>(policy: &Policy, images: &'i [PushedImage], children: &IndexChildren) -> BTreeSet<&'i str> {
    let judged = evaluate(policy, images, children, now());
    judged.into_iter().filter(|j| j.verdict.taken().is_some()).map(|j| j.image.digest.as_str()).collect()
}

proptest! {
    #[test]
    fn every_image_gets_one_verdict_whatever_the_order(
        (images, children) in repository(), policy in rules(), seed in any::<u64>(),
    ) {
        let judged = evaluate(&policy, &images, &children, now());
        let judged_digests: BTreeSet<&str> = judged.iter().map(|j| j.image.digest.as_str()).collect();
        prop_assert_eq!(judged.len(), images.len());
        prop_assert_eq!(judged_digests.len(), images.len());
        let mut shuffled = images.clone();
        shuffled.sort_by_key(|image| image.digest.bytes().fold(seed, |a, b| a.rotate_left(7) ^ u64::from(b)));
        prop_assert_eq!(judged, evaluate(&policy, &shuffled, &children, now()));
    }

    #[test]
    fn an_image_that_a_higher_rule_selects_is_never_taken_by_a_lower_one(
        (images, children) in repository(), policy in rules(),
    ) {
        for judged in evaluate(&policy, &images, &children, now()) {
            let Verdict::Taken(taken) = &judged.verdict else { continue };
            let by_itself = taken.with.is_none();
            let above = policy.rules.iter().find(|rule| rule.selects(judged.image));
            prop_assert!(!by_itself || above.map(|rule| rule.priority) == Some(taken.rule));
        }
    }

    #[test]
    fn more_to_keep_never_takes_more(
        (images, children) in repository(), policy in rules(), which in any::<prop::sample::Index>(), more in 1..4u32,
    ) {
        let mut generous = policy.clone();
        let rule = which.get(&policy.rules).priority;
        for rule in generous.rules.iter_mut().filter(|r| r.priority == rule) {
            rule.limit = Limit { number: rule.limit.number + more, ..rule.limit };
        }
        prop_assert!(going(&generous, &images, &children).is_subset(&going(&policy, &images, &children)));
    }

    #[test]
    fn nothing_that_a_staying_index_needs_is_taken_by_a_rule(
        (images, children) in repository(), policy in rules(),
    ) {
        let judged = evaluate(&policy, &images, &children, now());
        let find = |digest: &str| judged.iter().find(|j| j.image.digest == digest);
        for (index, needed) in &children {
            // An index that goes only because it is about another image that goes stayed before.
            let stays = find(index).is_some_and(|j| matches!(&j.verdict, Verdict::Kept(_)));
            for child in needed.iter().filter(|_| stays).filter_map(|child| find(&child.digest)) {
                prop_assert!(child.verdict.taken().is_none_or(|taken| taken.with.is_some()));
            }
        }
    }

    #[test]
    fn protection_keeps_what_it_is_asked_for_and_lowers_nothing(
        (images, children) in repository(), policy in rules(), wanted in prop::collection::btree_set(0..12usize, 0..4),
    ) {
        let keep: BTreeSet<String> = wanted.into_iter().map(|n| format!("sha256:{n:02}")).collect();
        let spare = Spare { now: keep.clone(), ahead: keep.clone() };
        let safer = protect(&policy, &images, &children, &spare, Horizon { now: now(), days_ahead: 0 });
        prop_assert_eq!(&safer.lost, &Vec::<String>::new());
        let going = going(&safer.policy, &images, &children);
        prop_assert!(keep.iter().all(|digest| !going.contains(digest.as_str())));
        for (old, new) in policy.rules.iter().zip(&safer.policy.rules) {
            prop_assert!(new.limit.number >= old.limit.number);
            prop_assert_eq!(&Rule { limit: old.limit, ..new.clone() }, old);
        }
    }
}
