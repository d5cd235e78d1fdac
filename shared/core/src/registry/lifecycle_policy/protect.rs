//! The smallest change to a policy that spares certain images.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::evaluate::{Judged, Kept, Taken, Verdict, evaluate};
use super::policy::{LimitKind, Policy, Rule};
use crate::registry::index_manifest::IndexChildren;
use crate::registry::push_history::PushedImage;

/// A policy that was changed to spare images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    pub policy: Policy,
    /// By priority.
    pub raised: Vec<Raised>,
    /// Digests that no number spares; none of any policy that has been checked.
    pub lost: Vec<String>,
}

/// One number that was raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// The rule's priority.
    pub rule: u32,
    pub kind: LimitKind,
    pub from: u32,
    pub to: u32,
    /// Digests of the images that it spares.
    pub spares: Vec<String>,
}

/// Which images are spared, by digest.
#[derive(Debug, Clone, Default)]
pub struct Spare {
    /// Those that must not go now.
    pub now: BTreeSet<String>,
    /// Those that must not go in the days ahead, either.
    pub ahead: BTreeSet<String>,
}

/// For how long images are spared.
#[derive(Debug, Clone, Copy)]
pub struct Horizon {
    pub now: Timestamp,
    pub days_ahead: u32,
}

impl Horizon {
    /// Up to when nothing goes: as long as fewer days are left, one that is begun counted.
    fn end(self) -> Timestamp {
        let Some(days) = self.days_ahead.checked_sub(1) else { return self.now };
        let seconds = i64::from(days).saturating_mul(24 * 3600).saturating_add(1);
        self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
    }
}

/// Raises the numbers of the rules that would take one of the images away, each to the smallest
/// that spares it. Nothing else changes, no number becomes smaller.
///
/// An image whose fate hangs on the order of two pushes of the same time counts as taken. An age
/// grows by itself, so it has to be spared for some days more.
#[must_use]
pub fn protect(
    policy: &Policy,
    images: &[PushedImage],
    children: &IndexChildren,
    keep: &Spare,
    horizon: Horizon,
) -> Protection {
    let mut safer = policy.clone();
    let mut spares: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    loop {
        let (now, ahead) = [horizon.now, horizon.end()].map(|at| evaluate(&safer, images, children, at)).into();
        let going: Vec<(&Judged, &[Judged])> = going(&now, &keep.now).chain(going(&ahead, &keep.ahead)).collect();
        let mut raised = false;
        for (judged, every) in &going {
            let Some((priority, image)) = deciding(judged, every) else { continue };
            let Some(rule) = safer.rules.iter_mut().find(|rule| rule.priority == priority) else { continue };
            let needed = needed(rule, image, images, horizon);
            if needed > rule.limit.number {
                rule.limit.number = needed;
                raised = true;
            }
            spares.entry(priority).or_default().insert(judged.image.digest.clone());
        }
        if !raised {
            let lost: BTreeSet<String> = going.iter().map(|(judged, _)| judged.image.digest.clone()).collect();
            let lost = lost.into_iter().collect();
            return Protection { raised: raised_between(policy, &safer, &spares), policy: safer, lost };
        }
    }
}

/// What is to be kept and may go, each with all the others.
fn going<'j, 'i>(
    every: &'j [Judged<'i>],
    keep: &BTreeSet<String>,
) -> impl Iterator<Item = (&'j Judged<'i>, &'j [Judged<'i>])> {
    let goes = |judged: &&Judged<'_>| keep.contains(&judged.image.digest) && judged.verdict.may_go();
    every.iter().filter(goes).map(move |judged| (judged, every))
}

/// The rule that takes an image, and the image that it marks: where one goes with its subject, that
/// is the first of its subjects that goes by itself.
fn deciding<'i>(judged: &Judged<'i>, all: &[Judged<'i>]) -> Option<(u32, &'i PushedImage)> {
    let mut judged = judged;
    // Whatever goes with another is about one that goes, so there are no circles.
    while let Verdict::Taken(Taken { with: Some(subject), .. }) = &judged.verdict {
        judged = all.iter().find(|other| other.image.digest == *subject)?;
    }
    match &judged.verdict {
        Verdict::Taken(Taken { rule, .. }) | Verdict::Kept(Kept::Spared { rule, .. }) => Some((*rule, judged.image)),
        Verdict::Kept(_) => None,
    }
}

/// The smallest number with which the rule spares the image for sure.
fn needed(rule: &Rule, image: &PushedImage, images: &[PushedImage], horizon: Horizon) -> u32 {
    let from = rule.counts_from(image);
    if rule.limit.kind == LimitKind::Newest {
        let as_new = images.iter().filter(|other| rule.selects(other) && rule.counts_from(other) >= from).count();
        return u32::try_from(as_new).unwrap_or(u32::MAX);
    }
    let day = 24 * 3600;
    let age = horizon.now.duration_since(from).max(SignedDuration::ZERO);
    let begun = i64::from(age.as_secs() % day > 0 || age.subsec_nanos() > 0);
    let days = (age.as_secs() / day).saturating_add(begun);
    u32::try_from(days).unwrap_or(u32::MAX).saturating_add(horizon.days_ahead).max(1)
}

fn raised_between(before: &Policy, after: &Policy, spares: &BTreeMap<u32, BTreeSet<String>>) -> Vec<Raised> {
    let pairs = before.rules.iter().zip(&after.rules).filter(|(old, new)| old.limit.number != new.limit.number);
    let raised = pairs.map(|(old, new)| Raised {
        rule: new.priority,
        kind: new.limit.kind,
        from: old.limit.number,
        to: new.limit.number,
        spares: spares.get(&new.priority).into_iter().flatten().cloned().collect(),
    });
    raised.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::lifecycle_policy::Tags;
    use crate::registry::lifecycle_policy::samples::{days, image, newest, now, policy, prefixes, rule, to_archive};

    fn releases() -> Vec<PushedImage> {
        (1..=8).map(|n| image(&format!("sha256:{n}"), &format!("latest-release-1.0.{n}"), 20 - n)).collect()
    }

    fn keep(digests: &[&str]) -> BTreeSet<String> {
        digests.iter().map(|digest| format!("sha256:{digest}")).collect()
    }

    fn numbers(protection: &Protection) -> Vec<(u32, u32, u32)> {
        protection.raised.iter().map(|r| (r.rule, r.from, r.to)).collect()
    }

    fn protected(rules: Vec<Rule>, images: &[PushedImage], wanted: &[&str]) -> Protection {
        let keep = Spare { now: keep(wanted), ..Spare::default() };
        protect(&policy(rules), images, &IndexChildren::new(), &keep, Horizon { now: now(), days_ahead: 0 })
    }

    #[test]
    fn a_count_is_raised_to_reach_the_oldest_image_wanted_and_no_further() {
        let rules = || vec![newest(1, prefixes(&["latest"]), 5), newest(2, Tags::Untagged, 2)];
        let found = protected(rules(), &releases(), &["2", "3"]);
        assert_eq!(numbers(&found), [(1, 5, 7)]);
        assert_eq!(found.raised[0].spares, ["sha256:2", "sha256:3"]);
        assert_eq!(found.policy.rules[1], rules()[1]);
        assert!(found.lost.is_empty());
    }

    #[test]
    fn what_stays_anyway_changes_nothing() {
        let found = protected(vec![newest(1, prefixes(&["latest"]), 5)], &releases(), &["4", "8"]);
        assert_eq!(numbers(&found), []);
    }

    #[test]
    fn an_age_is_raised_to_the_day_with_days_ahead_on_top() {
        let images = [image("sha256:1", "a", 20)];
        let expire = || vec![days(1, Tags::Any, 14)];
        assert_eq!(numbers(&protected(expire(), &images, &["1"])), [(1, 14, 20)]);
        let later = now() + SignedDuration::from_secs(1);
        let ahead = protect(
            &policy(expire()),
            &images,
            &IndexChildren::new(),
            &Spare { now: keep(&["1"]), ..Spare::default() },
            Horizon { now: later, days_ahead: 30 },
        );
        assert_eq!(numbers(&ahead), [(1, 14, 51)]);
    }

    /// What runs would be gone before anybody looks again.
    #[test]
    fn what_would_go_in_the_days_ahead_is_spared_where_that_is_wanted() {
        let images = [image("sha256:1", "a", 10)];
        let raised = |number, ahead: &[&str]| {
            let keep = Spare { now: keep(&["1"]), ahead: keep(ahead) };
            let horizon = Horizon { now: now(), days_ahead: 30 };
            let (policy, none) = (policy(vec![days(1, Tags::Any, number)]), IndexChildren::new());
            numbers(&protect(&policy, &images, &none, &keep, horizon))
        };
        assert_eq!(raised(14, &["1"]), [(1, 14, 40)]);
        assert_eq!(raised(14, &[]), []);
        assert_eq!(raised(39, &["1"]), [(1, 39, 40)], "29 days are left");
        assert_eq!(raised(40, &["1"]), []);
    }

    #[test]
    fn an_archived_image_can_not_be_pulled_so_archiving_counts_as_losing() {
        let by_pull = to_archive(rule(1, Tags::Any, LimitKind::SincePull, 10));
        let mut images = [image("sha256:1", "a", 90)];
        images[0].last_pulled_at = Some(crate::registry::lifecycle_policy::samples::ago(12));
        assert_eq!(numbers(&protected(vec![by_pull], &images, &["1"])), [(1, 10, 12)]);
    }

    #[test]
    fn the_order_of_two_pushes_at_once_is_not_relied_on() {
        let images = [image("sha256:1", "a", 3), image("sha256:2", "a2", 3), image("sha256:3", "a3", 1)];
        for wanted in ["1", "2"] {
            assert_eq!(numbers(&protected(vec![newest(1, Tags::Any, 2)], &images, &[wanted])), [(1, 2, 3)]);
        }
    }

    #[test]
    fn a_signature_is_spared_by_sparing_its_subject() {
        let mut images = releases();
        images.push(PushedImage { subject: Some("sha256:1".into()), ..image("sha256:sig", "", 0) });
        let found = protected(vec![newest(1, prefixes(&["latest"]), 5)], &images, &["sig"]);
        assert_eq!(numbers(&found), [(1, 5, 8)]);
        assert!(found.lost.is_empty());
    }

    #[test]
    fn of_a_chain_of_subjects_the_one_that_a_rule_marks_is_spared() {
        let about = |subject: &str, image: PushedImage| PushedImage { subject: Some(subject.into()), ..image };
        let images = [
            image("sha256:1", "kept", 9),
            about("sha256:1", image("sha256:2", "old-sbom", 8)),
            about("sha256:2", image("sha256:3", "", 0)),
        ];
        assert_eq!(numbers(&protected(vec![days(1, prefixes(&["old"]), 5)], &images, &["3"])), [(1, 5, 8)]);
    }
}
