//! What a valid policy says that people often don't mean.

use super::policy::{Policy, Rule, Tags};
use crate::checks::ids::{self, CheckId};
use crate::text::printable;

/// A warning about one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The rule's priority.
    pub rule: u32,
    /// A stable name for scripts: `list-is-and`, `prefix-matches-more` or `never-applies`.
    pub id: CheckId,
    /// One sentence without a full stop.
    pub message: String,
}

/// All warnings, rule by rule.
#[must_use]
pub fn remarks(policy: &Policy) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        let of_rule = [list_is_and(rule), prefix_matches_more(rule), never_applies(rule, &policy.rules[..index])];
        remarks.extend(of_rule.into_iter().flatten());
    }
    remarks
}

/// The trap that made people lose images, and keep others.
fn list_is_and(rule: &Rule) -> Option<Remark> {
    let (Tags::Prefixes(entries) | Tags::Patterns(entries)) = &rule.tags else { return None };
    let [first, .., last] = entries.as_slice() else { return None };
    Some(Remark {
        rule: rule.priority,
        id: ids::LIST_IS_AND,
        message: format!(
            "only images with a tag for {} are selected, {} and {} alike; use a rule for each to select either",
            if entries.len() == 2 { "both entries".into() } else { format!("all {} entries", entries.len()) },
            printable(first),
            printable(last),
        ),
    })
}

/// `v1` is `v1.2` and `v1-rc`, but `v10` and `v123` too.
fn prefix_matches_more(rule: &Rule) -> Option<Remark> {
    let Tags::Prefixes(prefixes) = &rule.tags else { return None };
    let prefix = prefixes.iter().find(|prefix| prefix.ends_with(|c: char| c.is_ascii_digit()))?;
    let prefix = printable(prefix);
    Some(Remark {
        rule: rule.priority,
        id: ids::PREFIX_MATCHES_MORE,
        message: format!(
            "prefix {prefix} selects {prefix}0 to {prefix}9 too; end it with a . or a -, or use a pattern"
        ),
    })
}

/// An image that a rule selects is out of reach for all rules after it.
fn never_applies(rule: &Rule, earlier: &[Rule]) -> Option<Remark> {
    let above = earlier.iter().find(|above| above.storage == rule.storage && above.tags.cover(&rule.tags))?;
    Some(Remark {
        rule: rule.priority,
        id: ids::NEVER_APPLIES,
        message: format!(
            "it can do nothing: rule {} selects all of its images ({}) and goes first; swap their priorities",
            above.priority,
            above.images_in_words(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::lifecycle_policy::samples::{archived_days, days, newest, patterns, policy, prefixes};

    fn found(rules: Vec<Rule>) -> Vec<(u32, &'static str)> {
        remarks(&policy(rules)).into_iter().map(|remark| (remark.rule, remark.id.as_str())).collect()
    }

    #[test]
    fn a_list_of_several_entries_is_warned_about() {
        assert_eq!(found(vec![newest(1, prefixes(&["prod", "beta"]), 5)]), [(1, "list-is-and")]);
        assert_eq!(found(vec![newest(1, prefixes(&["prod"]), 5)]), []);
    }

    #[test]
    fn a_prefix_that_ends_in_a_digit_is_warned_about() {
        assert_eq!(found(vec![newest(1, prefixes(&["v1"]), 5)]), [(1, "prefix-matches-more")]);
        assert_eq!(found(vec![newest(1, prefixes(&["v1."]), 5), newest(2, patterns(&["v1"]), 5)]), []);
    }

    #[test]
    fn a_rule_behind_one_that_takes_all_its_images_is_warned_about() {
        let behind = |first: Tags, second: Tags| found(vec![newest(1, first, 9), days(2, second, 1)]);
        for (first, second) in [
            (prefixes(&["prod"]), prefixes(&["production"])),
            (patterns(&["*"]), prefixes(&["prod"])),
            (patterns(&["v*"]), patterns(&["v*-rc*"])),
            (patterns(&["a*"]), patterns(&["a*"])),
        ] {
            assert_eq!(behind(first.clone(), second.clone()), [(2, "never-applies")], "{first:?} {second:?}");
        }
        for (first, second) in [
            (prefixes(&["production"]), prefixes(&["prod"])),
            (prefixes(&["prod"]), Tags::Untagged),
            (patterns(&["*"]), Tags::Any),
            (Tags::Untagged, patterns(&["*"])),
        ] {
            assert_eq!(behind(first.clone(), second.clone()), [], "{first:?} {second:?}");
        }
    }

    #[test]
    fn a_rule_of_the_archive_is_not_behind_one_of_standard_storage() {
        assert_eq!(found(vec![days(1, Tags::Any, 30), archived_days(2, Tags::Any, 365)]), []);
    }
}
