//! What the rules of a policy have to say about each other, each storage class by itself
//! ("Lifecycle policy evaluation rules").

use std::collections::BTreeMap;

use crate::registry::lifecycle_policy::policy::{Rule, StorageClass, Tags};
use crate::registry::lifecycle_policy::problem::{Problem, RulePosition};

/// Checks rules, each with its number in the text.
pub(super) fn check(rules: &[(usize, Rule)], problems: &mut Vec<Problem>) {
    same_priority(rules, problems);
    for class in [StorageClass::Standard, StorageClass::Archive] {
        let of_class: Vec<&(usize, Rule)> = rules.iter().filter(|(_, rule)| rule.storage == class).collect();
        once(&of_class, problems);
        any_is_last(&of_class, problems);
    }
}

fn same_priority(rules: &[(usize, Rule)], problems: &mut Vec<Problem>) {
    let mut seen = BTreeMap::new();
    for entry in rules {
        if let Some(first) = seen.get(&entry.1.priority) {
            problems.push(at(entry, format!("rule {first} has that priority too: give each its own rulePriority")));
        } else {
            seen.insert(entry.1.priority, entry.0);
        }
    }
}

/// A storage class has one rule for untagged images, one for any image, and one for each set of
/// prefixes.
fn once(rules: &[&(usize, Rule)], problems: &mut Vec<Problem>) {
    for (index, entry) in rules.iter().enumerate() {
        let Some((first, _)) = rules[..index].iter().find(|(_, earlier)| earlier.tags == entry.1.tags) else {
            continue;
        };
        let message = match &entry.1.tags {
            Tags::Untagged => format!("rule {first} selects untagged images already; ECR takes one such rule"),
            Tags::Any => format!("rule {first} selects any image already; ECR takes one such rule"),
            Tags::Prefixes(_) => format!("rule {first} has the same tagPrefixList; ECR takes each once"),
            Tags::Patterns(_) => continue,
        };
        problems.push(at(entry, message));
    }
}

fn any_is_last(rules: &[&(usize, Rule)], problems: &mut Vec<Problem>) {
    let others = rules.iter().filter(|(_, rule)| rule.tags != Tags::Any).map(|(_, rule)| rule.priority).max();
    for entry in rules {
        if entry.1.tags == Tags::Any && others > Some(entry.1.priority) {
            problems.push(at(entry, "tagStatus any has to come last: give it the highest rulePriority".into()));
        }
    }
}

fn at(entry: &(usize, Rule), message: String) -> Problem {
    Problem { place: Some(RulePosition { number: entry.0, priority: Some(entry.1.priority) }), message }
}
