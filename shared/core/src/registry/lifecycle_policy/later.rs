//! What a policy takes later by itself: an age grows, whether anything is pushed or not.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::evaluate::{Judged, Taken, Verdict, evaluate};
use super::policy::{Action, LimitKind, Policy};
use crate::registry::index_manifest::IndexChildren;
use crate::registry::push_history::PushedImage;

const DAY: i64 = 24 * 3600;

/// When an image goes that stays for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    /// When its age runs out; it goes within a day from then.
    pub at: Timestamp,
    /// Days until then; one that is begun counts.
    pub days: i64,
    /// The priority of the rule.
    pub rule: u32,
    pub action: Action,
    /// A pull puts it off.
    pub unless_pulled: bool,
}

/// The images that stay now and that age alone takes away in time, by digest: those that a rule selects by age, what
/// is about these, and parts of an index that goes so.
///
/// A rule by count takes more away with each push; nobody knows when that is.
#[must_use]
pub fn later(
    policy: &Policy,
    images: &[PushedImage],
    children: &IndexChildren,
    now: Timestamp,
) -> BTreeMap<String, Later> {
    let stays: Vec<String> = evaluate(policy, images, children, now)
        .into_iter()
        .filter(|judged| !judged.verdict.may_go())
        .map(|judged| judged.image.digest.clone())
        .collect();
    let at_last = AtLast::of(policy, images, children, now);
    stays.into_iter().filter_map(|digest| at_last.when(&digest, 0).map(|later| (digest, later))).collect()
}

/// What becomes of all images once every age has run out.
struct AtLast<'a> {
    policy: &'a Policy,
    now: Timestamp,
    judged: HashMap<&'a str, Judged<'a>>,
    /// By the digest of a part.
    indexes: HashMap<&'a str, Vec<&'a str>>,
}

/// No image is a part of a part, or about what is about another, more often than this.
const DEPTH: usize = 8;

impl<'a> AtLast<'a> {
    fn of(policy: &'a Policy, images: &'a [PushedImage], children: &'a IndexChildren, now: Timestamp) -> Self {
        let judged = evaluate(policy, images, children, Timestamp::MAX).into_iter();
        let mut indexes: HashMap<&str, Vec<&str>> = HashMap::new();
        for (index, part) in children.iter().flat_map(|(index, parts)| parts.iter().map(move |part| (index, part))) {
            indexes.entry(&part.digest).or_default().push(index);
        }
        Self { policy, now, judged: judged.map(|judged| (judged.image.digest.as_str(), judged)).collect(), indexes }
    }

    fn when(&self, digest: &str, depth: usize) -> Option<Later> {
        let judged = self.judged.get(digest)?;
        let Verdict::Taken(taken) = &judged.verdict else { return None };
        if depth >= DEPTH {
            return None;
        }
        if let Taken { with: Some(subject), .. } = taken {
            return self.when(subject, depth.saturating_add(1));
        }
        let own = self.by_rule(judged.image, taken)?;
        // An index keeps its parts for as long as it is there itself.
        let indexes = self.indexes.get(digest).into_iter().flatten();
        let held = indexes.filter_map(|index| self.when(index, depth.saturating_add(1)));
        held.chain([own]).max_by_key(|later| later.at)
    }

    /// When its own rule takes it: now, where that goes by count.
    fn by_rule(&self, image: &PushedImage, taken: &Taken) -> Option<Later> {
        let rule = self.policy.rule(taken.rule)?;
        let at = if rule.limit.kind.is_age() {
            let days = SignedDuration::from_secs(i64::from(rule.limit.number).checked_mul(DAY)?);
            rule.counts_from(image).checked_add(days).ok()?
        } else {
            self.now
        };
        let left = at.duration_since(self.now).max(SignedDuration::ZERO);
        let begun = i64::from(left.as_secs() % DAY > 0 || left.subsec_nanos() > 0);
        Some(Later {
            at,
            days: (left.as_secs() / DAY).saturating_add(begun),
            rule: taken.rule,
            action: taken.action,
            unless_pulled: rule.limit.kind == LimitKind::SincePull,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::index_manifest::IndexChild;
    use crate::registry::lifecycle_policy::samples::{
        ago, days, image, newest, now, policy, prefixes, rule, to_archive,
    };
    use crate::registry::lifecycle_policy::{Rule, Tags};

    fn found(rules: Vec<Rule>, images: &[PushedImage], children: &IndexChildren) -> Vec<String> {
        let later = later(&policy(rules), images, children, now());
        later.iter().map(|(digest, later)| format!("{digest} {} by {}", later.days, later.rule)).collect()
    }

    /// A policy that takes what runs a day from now would be called one that hurts nobody.
    #[test]
    fn an_age_that_runs_out_takes_what_stays_now() {
        let images = [image("sha256:1", "1.0", 0), image("sha256:2", "1.1", 9), image("sha256:3", "", 12)];
        let none = IndexChildren::new();
        let any = vec![days(1, Tags::Any, 10)];
        assert_eq!(found(any, &images, &none), ["sha256:1 10 by 1", "sha256:2 1 by 1"], "what goes now goes not later");
        let untagged = vec![days(1, Tags::Untagged, 14)];
        assert_eq!(found(untagged, &images, &none), ["sha256:3 2 by 1"], "tags keep the others from it");
        let first = vec![newest(1, prefixes(&["1"]), 5), days(2, Tags::Any, 30)];
        assert_eq!(found(first, &images, &none), ["sha256:3 18 by 2"], "the first rule has the last word");
        assert!(found(vec![days(1, Tags::Any, u32::MAX)], &images, &none).is_empty(), "no year is that late");
    }

    #[test]
    fn a_pull_puts_the_archive_off() {
        let by_pull = to_archive(rule(1, Tags::Any, LimitKind::SincePull, 30));
        let pulled = PushedImage { last_pulled_at: Some(ago(10)), ..image("sha256:1", "1.0", 90) };
        let found = later(&policy(vec![by_pull]), &[pulled], &IndexChildren::new(), now());
        let found = found["sha256:1"];
        assert_eq!((found.days, found.action, found.unless_pulled), (20, Action::Archive, true));
    }

    /// Pods run one platform's part, and a signature is asked for by an admission policy.
    #[test]
    fn parts_and_signatures_go_when_their_image_does() {
        let children = IndexChildren::from([(
            "sha256:9".to_owned(),
            vec![IndexChild { digest: "sha256:8".into(), platform: None, is_attestation: false }],
        )]);
        let signature = PushedImage { subject: Some("sha256:9".into()), ..image("sha256:s", "", 1) };
        let images = [image("sha256:9", "1.0", 5), image("sha256:8", "", 5), signature];
        let rules = vec![days(1, prefixes(&["1"]), 20), newest(2, Tags::Untagged, 1)];
        assert_eq!(found(rules, &images, &children), ["sha256:8 15 by 1", "sha256:9 15 by 1", "sha256:s 15 by 1"]);
    }
}
