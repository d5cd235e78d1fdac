//! A policy from a few numbers, for those who would rather not write JSON.

use super::policy::{Action, Limit, LimitKind, Policy, Rule, StorageClass, Tags};

/// What is to be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keep {
    /// So many of the newest images of each prefix; of all tagged images where there is no prefix.
    pub tagged: Option<u32>,
    pub prefixes: Vec<String>,
    /// So many of the newest untagged images.
    pub untagged: Option<u32>,
}

/// Makes a rule for each prefix, for a list of several would ask for images with a tag for every
/// one of them, and one for untagged images. A prefix comes before those that it begins with, whose
/// rules would take its images otherwise.
#[must_use]
pub fn build(keep: &Keep) -> Policy {
    let mut tags: Vec<(Tags, u32)> = Vec::new();
    if let Some(number) = keep.tagged {
        let prefixes = special_first(&keep.prefixes).into_iter().map(|prefix| Tags::Prefixes(vec![prefix]));
        tags.extend(prefixes.map(|tags| (tags, number)));
        if tags.is_empty() {
            tags.push((Tags::Patterns(vec!["*".into()]), number));
        }
    }
    tags.extend(keep.untagged.map(|number| (Tags::Untagged, number)));
    let rules = tags.into_iter().zip(1..).map(|((tags, number), priority)| Rule {
        priority,
        description: None,
        tags,
        storage: StorageClass::Standard,
        limit: Limit { kind: LimitKind::Newest, number },
        action: Action::Expire,
    });
    Policy { rules: rules.collect() }
}

/// In the given order, but each before the first that it begins with; doubles once.
fn special_first(prefixes: &[String]) -> Vec<String> {
    let mut ordered: Vec<String> = Vec::new();
    for prefix in prefixes {
        if !ordered.contains(prefix) {
            let at = ordered.iter().position(|other| prefix.starts_with(other)).unwrap_or(ordered.len());
            ordered.insert(at, prefix.clone());
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::lifecycle_policy::{parse, remarks};

    fn built(tagged: Option<u32>, prefixes: &[&str], untagged: Option<u32>) -> Policy {
        build(&Keep { tagged, prefixes: prefixes.iter().map(|p| (*p).to_owned()).collect(), untagged })
    }

    /// `--keep-tagged 5 --tag-prefix latest --keep-untagged 2`
    #[test]
    fn a_prefix_and_untagged_images_are_two_rules_that_ecr_takes() {
        let policy = built(Some(5), &["latest"], Some(2));
        let expected = r#"{"rules":[
            {"rulePriority":1,"selection":{"tagStatus":"tagged","tagPrefixList":["latest"],
             "countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}},
            {"rulePriority":2,"selection":{"tagStatus":"untagged",
             "countType":"imageCountMoreThan","countNumber":2},"action":{"type":"expire"}}]}"#;
        assert_eq!(policy, parse(expected).unwrap());
        assert_eq!(parse(&policy.to_text()), Ok(policy));
    }

    #[test]
    fn several_prefixes_are_several_rules_and_none_stands_behind_one_that_takes_its_images() {
        let policy = built(Some(5), &["v", "latest", "v1.", "v1.2.", "v", "latest-rc"], None);
        let order: Vec<String> = policy.rules.iter().map(Rule::images_in_words).collect();
        assert_eq!(order, ["tagged v1.2.*", "tagged v1.*", "tagged v*", "tagged latest-rc*", "tagged latest*"]);
        assert_eq!(remarks(&policy), []);
    }

    #[test]
    fn no_prefix_is_every_tag() {
        let policy = built(Some(5), &[], None);
        assert!(policy.rules[0].tags.select(&["anything".into()]));
        assert!(!policy.rules[0].tags.select(&[]));
        assert_eq!(built(None, &[], Some(3)).rules.len(), 1);
    }
}
