//! What changes from one policy to another, by what the rules say and not by how they are written.

use std::collections::BTreeSet;
use std::fmt;

use super::policy::{Policy, Rule};
use crate::text::printable;

/// All rules of two policies, each once, by priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub changes: Vec<Change>,
}

/// What becomes of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Same(Rule),
    Added(Rule),
    Removed(Rule),
    /// Another rule under the same priority.
    Changed {
        from: Rule,
        to: Rule,
    },
    /// The same rule under another priority.
    Moved {
        from: u32,
        to: Rule,
    },
}

impl Difference {
    /// Whether both policies say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| matches!(change, Change::Same(_)))
    }
}

/// Compares the policy in force, if there is one, with another.
#[must_use]
pub fn difference(from: Option<&Policy>, to: &Policy) -> Difference {
    let none = Policy { rules: Vec::new() };
    let from = from.unwrap_or(&none);
    let mut changes = Vec::new();
    let mut moved = BTreeSet::new();
    for rule in &to.rules {
        let elsewhere = |old: &&Rule| to.rule(old.priority).is_none() && !moved.contains(&old.priority);
        let change = match from.rule(rule.priority) {
            Some(old) if old == rule => Change::Same(rule.clone()),
            Some(old) => Change::Changed { from: old.clone(), to: rule.clone() },
            None => match from.rules.iter().filter(elsewhere).find(|old| same_but_priority(old, rule)) {
                Some(old) => {
                    moved.insert(old.priority);
                    Change::Moved { from: old.priority, to: rule.clone() }
                }
                None => Change::Added(rule.clone()),
            },
        };
        changes.push(change);
    }
    let gone = from.rules.iter().filter(|old| to.rule(old.priority).is_none() && !moved.contains(&old.priority));
    changes.extend(gone.cloned().map(Change::Removed));
    changes.sort_by_key(Change::priority);
    Difference { changes }
}

fn same_but_priority(one: &Rule, other: &Rule) -> bool {
    Rule { priority: other.priority, ..one.clone() } == *other
}

impl Change {
    fn priority(&self) -> u32 {
        match self {
            Self::Same(rule) | Self::Added(rule) | Self::Removed(rule) => rule.priority,
            Self::Changed { to, .. } | Self::Moved { to, .. } => to.priority,
        }
    }
}

/// One or two lines: `+` comes, `-` goes, `~` changes, none of them stays.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same(rule) => write!(f, "  {:<4}{}", rule.priority, rule.in_words()),
            Self::Added(rule) => write!(f, "+ {:<4}{}", rule.priority, rule.in_words()),
            Self::Removed(rule) => write!(f, "- {:<4}{}", rule.priority, rule.in_words()),
            Self::Moved { from, to } => write!(f, "~ {:<4}{} (was {from})", to.priority, to.in_words()),
            Self::Changed { from, to } if from.in_words() == to.in_words() => {
                write!(f, "~ {:<4}{} ({:?} -> {:?})", to.priority, to.in_words(), described(from), described(to))
            }
            Self::Changed { from, to } => {
                write!(f, "- {:<4}{}\n+ {:<4}{}", from.priority, from.in_words(), to.priority, to.in_words())
            }
        }
    }
}

fn described(rule: &Rule) -> String {
    printable(rule.description.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::lifecycle_policy::samples::{newest, policy, prefixes};
    use crate::registry::lifecycle_policy::{Tags, parse};

    /// Otherwise a pipeline that applies the same policy every day would write, and ask, every day.
    #[test]
    fn order_spacing_and_defaults_are_no_difference() {
        let one = r#"{"rules":[
            {"rulePriority":1,"selection":{"tagStatus":"tagged","tagPrefixList":["b","a"],
             "countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}},
            {"rulePriority":2,"selection":{"tagStatus":"untagged","countType":"sinceImagePushed",
             "countUnit":"days","countNumber":7},"action":{"type":"expire"}}]}"#;
        let other = r#"{"rules":[
            {"action":{"type":"expire"},"selection":{"countNumber":7,"countUnit":"days","storageClass":"standard",
             "countType":"sinceImagePushed","tagStatus":"untagged"},"rulePriority":2},
            {"rulePriority":1,"selection":{"tagPrefixList":["a","b","a"],"tagStatus":"tagged",
             "countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}}]}"#;
        let (one, other) = (parse(one).unwrap(), parse(other).unwrap());
        assert!(difference(Some(&one), &other).is_empty());
        assert!(difference(Some(&one), &parse(&one.to_text()).unwrap()).is_empty());
    }

    #[test]
    fn every_rule_is_named_once_with_what_becomes_of_it() {
        let a = |priority| newest(priority, prefixes(&["a"]), 5);
        let b = |priority, number| newest(priority, prefixes(&["b"]), number);
        let untagged = newest(9, Tags::Untagged, 2);
        let from = policy(vec![a(1), b(2, 5), untagged.clone()]);
        let to = policy(vec![b(2, 6), newest(3, prefixes(&["c"]), 1), a(4)]);
        let found = difference(Some(&from), &to).changes;
        let added = Change::Added(newest(3, prefixes(&["c"]), 1));
        let moved = Change::Moved { from: 1, to: a(4) };
        let changed = Change::Changed { from: b(2, 5), to: b(2, 6) };
        assert_eq!(found, [changed, added, moved, Change::Removed(untagged)]);
    }

    #[test]
    fn a_first_policy_is_all_new_and_an_other_description_is_a_change() {
        let first = policy(vec![newest(1, Tags::Untagged, 2)]);
        assert_eq!(difference(None, &first).changes, [Change::Added(first.rules[0].clone())]);
        let mut described = first.clone();
        described.rules[0].description = Some("two".into());
        let found = difference(Some(&first), &described);
        assert!(!found.is_empty());
        assert!(found.changes[0].to_string().contains("two"), "{}", found.changes[0]);
    }
}
