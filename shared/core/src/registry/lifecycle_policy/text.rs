//! A policy as the text that ECR takes.

use serde::Serialize;
use serde_json::Value;

use super::policy::{Action, LimitKind, Policy, Rule, StorageClass, Tags};

#[derive(Serialize)]
struct PolicyText<'p> {
    rules: Vec<RuleText<'p>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleText<'p> {
    rule_priority: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'p str>,
    selection: SelectionText<'p>,
    action: ActionText,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SelectionText<'p> {
    tag_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag_prefix_list: Option<&'p [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag_pattern_list: Option<&'p [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<&'static str>,
    count_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count_unit: Option<&'static str>,
    count_number: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ActionText {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_storage_class: Option<&'static str>,
}

impl Policy {
    /// The policy as ECR takes it: JSON in one line, keys in the order of ECR's template, defaults
    /// left out.
    #[must_use]
    pub fn to_text(&self) -> String {
        let rules = self.rules.iter().map(RuleText::from).collect();
        serde_json::to_string(&PolicyText { rules }).unwrap_or_default()
    }

    /// The same as a value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let rules = self.rules.iter().map(RuleText::from).collect();
        serde_json::to_value(PolicyText { rules }).unwrap_or_default()
    }
}

impl<'p> From<&'p Rule> for RuleText<'p> {
    fn from(rule: &'p Rule) -> Self {
        Self {
            rule_priority: rule.priority,
            description: rule.description.as_deref(),
            selection: SelectionText::from(rule),
            action: match rule.action {
                Action::Expire => ActionText { r#type: "expire", target_storage_class: None },
                Action::Archive => ActionText { r#type: "transition", target_storage_class: Some("archive") },
            },
        }
    }
}

impl<'p> From<&'p Rule> for SelectionText<'p> {
    fn from(rule: &'p Rule) -> Self {
        let (tag_status, tag_prefix_list, tag_pattern_list) = match &rule.tags {
            Tags::Any => ("any", None, None),
            Tags::Untagged => ("untagged", None, None),
            Tags::Prefixes(prefixes) => ("tagged", Some(prefixes.as_slice()), None),
            Tags::Patterns(patterns) => ("tagged", None, Some(patterns.as_slice())),
        };
        Self {
            tag_status,
            tag_prefix_list,
            tag_pattern_list,
            storage_class: (rule.storage == StorageClass::Archive).then_some("archive"),
            count_type: rule.limit.kind.word(),
            count_unit: rule.limit.kind.is_age().then_some("days"),
            count_number: rule.limit.number,
        }
    }
}

impl LimitKind {
    /// The word in a policy.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Newest => "imageCountMoreThan",
            Self::SincePush => "sinceImagePushed",
            Self::SincePull => "sinceImagePulled",
            Self::SinceArchived => "sinceImageTransitioned",
        }
    }

    /// Whether its number is one of days.
    #[must_use]
    pub fn is_age(self) -> bool {
        self != Self::Newest
    }
}
