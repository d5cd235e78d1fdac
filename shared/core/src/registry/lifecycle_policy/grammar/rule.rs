//! One rule by itself.

use serde_json::Value;

use super::fields::Fields;
use crate::registry::lifecycle_policy::policy::{Action, Limit, LimitKind, Rule, StorageClass, Tags};
use crate::registry::lifecycle_policy::problem::{Problem, RulePosition};
use crate::text::printable;

/// Characters of a description, at most.
const MAX_DESCRIPTION: usize = 256;
/// `*` in one pattern, at most ("Lifecycle policy properties": tag pattern list).
const MAX_WILDCARDS: usize = 4;
/// Characters of a tag, at most
/// (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageIdentifier.html>).
const MAX_TAG: usize = 300;
/// Days that an archived image stays, at least ("Archiving an image": minimum storage duration).
const MIN_DAYS_ARCHIVED: u32 = 90;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TagStatus {
    Tagged,
    Untagged,
    Any,
}

/// Reads one rule; `None` means that a problem has been added.
pub(super) fn read(number: usize, value: &Value, problems: &mut Vec<Problem>) -> Option<Rule> {
    let before = problems.len();
    let priority = value.get("rulePriority").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    let place = Some(RulePosition { number, priority });
    let mut fields = Fields::of(value, "", "it", place, problems)?;
    fields.only(&["rulePriority", "description", "selection", "action"]);
    let priority = fields.positive("rulePriority");
    let description = description(&mut fields);
    let (selection, action) = (fields.required("selection"), fields.required("action"));
    let selection = selection.and_then(|value| {
        let fields = Fields::of(value, "selection.", "selection", place, problems)?;
        read_selection(fields)
    });
    let action = action.and_then(|value| {
        let fields = Fields::of(value, "action.", "action", place, problems)?;
        read_action(fields)
    });
    let (tags, storage, limit) = selection?;
    let rule = Rule { priority: priority?, description, tags, storage, limit, action: action? };
    check_together(&rule, |message| problems.push(Problem { place, message }));
    (problems.len() == before).then_some(rule)
}

fn description(fields: &mut Fields<'_, '_>) -> Option<String> {
    let value = fields.optional("description")?;
    let text = fields.string("description", value)?;
    let chars = text.chars().count();
    if chars > MAX_DESCRIPTION {
        fields.problem(format!("description has {chars} characters; ECR takes {MAX_DESCRIPTION}"));
    }
    Some(text.to_owned())
}

fn read_selection(mut fields: Fields<'_, '_>) -> Option<(Tags, StorageClass, Limit)> {
    fields.only(&[
        "tagStatus",
        "tagPrefixList",
        "tagPatternList",
        "storageClass",
        "countType",
        "countUnit",
        "countNumber",
    ]);
    let tags = read_tags(&mut fields);
    let storage = match fields.optional("storageClass") {
        None => Some(StorageClass::Standard),
        Some(value) => fields.word(
            "storageClass",
            value,
            &[("standard", StorageClass::Standard), ("archive", StorageClass::Archive)],
        ),
    };
    let limit = read_limit(&mut fields);
    Some((tags?, storage?, limit?))
}

fn read_tags(fields: &mut Fields<'_, '_>) -> Option<Tags> {
    let status = fields.required("tagStatus")?;
    let words = [("tagged", TagStatus::Tagged), ("untagged", TagStatus::Untagged), ("any", TagStatus::Any)];
    let status = fields.word("tagStatus", status, &words)?;
    let lists = ["tagPrefixList", "tagPatternList"].map(|key| fields.has(key));
    match (status, lists) {
        (TagStatus::Tagged, [true, false]) => entries(fields, "tagPrefixList").map(Tags::Prefixes),
        (TagStatus::Tagged, [false, true]) => entries(fields, "tagPatternList").map(Tags::Patterns),
        (TagStatus::Tagged, [true, true]) => {
            fields.problem("a rule has a tagPrefixList or a tagPatternList, not both");
            None
        }
        (TagStatus::Tagged, [false, false]) => {
            fields.problem(
                "tagStatus tagged needs a tagPrefixList or a tagPatternList; [\"*\"] as patterns is every tag",
            );
            None
        }
        (_, [true, _] | [_, true]) => {
            fields.problem("tagPrefixList and tagPatternList go with tagStatus tagged only; leave them out");
            None
        }
        (TagStatus::Untagged, _) => Some(Tags::Untagged),
        (TagStatus::Any, _) => Some(Tags::Any),
    }
}

/// The entries of a list, sorted, without doubles.
fn entries(fields: &mut Fields<'_, '_>, key: &'static str) -> Option<Vec<String>> {
    let list = fields.list(key)?;
    if list.is_empty() {
        fields.problem(format!("selection.{key} is empty"));
        return None;
    }
    let mut entries = Vec::new();
    for value in list {
        let Some(entry) = value.as_str() else {
            fields.problem(format!("selection.{key} holds something that is no string"));
            return None;
        };
        match entry_problem(key, entry) {
            Some(problem) => fields.problem(format!("selection.{key}: {:?} {problem}", printable(entry))),
            None => entries.push(entry.to_owned()),
        }
    }
    entries.sort();
    entries.dedup();
    Some(entries)
}

/// What is wrong with an entry of a list.
fn entry_problem(key: &str, entry: &str) -> Option<String> {
    let pattern = key == "tagPatternList";
    let wildcards = entry.matches('*').count();
    let of_a_tag = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if entry.is_empty() {
        Some("is empty".into())
    } else if entry.chars().count() > MAX_TAG {
        Some(format!("is longer than a tag can be ({MAX_TAG})"))
    } else if !pattern && wildcards > 0 {
        Some("has a *, which is a wildcard in a tagPatternList only".into())
    } else if wildcards > MAX_WILDCARDS {
        Some(format!("has {wildcards} wildcards; ECR takes {MAX_WILDCARDS}"))
    } else {
        let odd = entry.chars().find(|c| !of_a_tag(*c) && *c != '*')?;
        Some(format!("has {odd:?}, which no tag can have"))
    }
}

fn read_limit(fields: &mut Fields<'_, '_>) -> Option<Limit> {
    let kinds = [LimitKind::Newest, LimitKind::SincePush, LimitKind::SincePull, LimitKind::SinceArchived];
    let kind = fields
        .required("countType")
        .and_then(|value| fields.word("countType", value, &kinds.map(|kind| (kind.word(), kind))));
    match (kind.map(LimitKind::is_age), fields.optional("countUnit")) {
        (Some(true), None) if !fields.has("countUnit") => fields.problem("selection.countUnit is missing: \"days\""),
        (Some(false), Some(_)) => {
            fields.problem("countUnit goes with the since types only, not with a count of images")
        }
        (Some(true), Some(unit)) => {
            fields.word("countUnit", unit, &[("days", ())]);
        }
        _ => {}
    }
    let number = fields.positive("countNumber");
    Some(Limit { kind: kind?, number: number? })
}

fn read_action(mut fields: Fields<'_, '_>) -> Option<Action> {
    fields.only(&["type", "targetStorageClass"]);
    let target = fields.optional("targetStorageClass");
    let action = fields.required("type")?;
    let action = fields.word("type", action, &[("expire", Action::Expire), ("transition", Action::Archive)])?;
    match (action, target) {
        (Action::Archive, None) if !fields.has("targetStorageClass") => {
            fields.problem("action.targetStorageClass is missing: \"archive\"")
        }
        (Action::Archive, Some(target)) => {
            fields.word("targetStorageClass", target, &[("archive", ())]);
        }
        (Action::Expire, Some(_)) => fields.problem("targetStorageClass goes with action.type transition only"),
        (_, None) => {}
    }
    Some(action)
}

/// What the parts of a rule have to say about each other ("Lifecycle policy properties": storage
/// class; "Examples": last pulled time, archive transition time).
fn check_together(rule: &Rule, mut problem: impl FnMut(String)) {
    let kind = rule.limit.kind.word();
    match (rule.limit.kind, rule.storage) {
        (LimitKind::SinceArchived, StorageClass::Standard) => problem(format!("{kind} needs storageClass archive")),
        (LimitKind::SinceArchived, StorageClass::Archive) if rule.limit.number < MIN_DAYS_ARCHIVED => problem(format!(
            "archived images stay {MIN_DAYS_ARCHIVED} days at least, so countNumber can't be {}",
            rule.limit.number
        )),
        (LimitKind::SinceArchived, StorageClass::Archive) | (_, StorageClass::Standard) => {}
        (_, StorageClass::Archive) => {
            problem(format!("storageClass archive goes with sinceImageTransitioned, not {kind}"))
        }
    }
    match (rule.limit.kind, rule.action) {
        (LimitKind::SincePull, Action::Expire) => {
            problem(format!("{kind} goes with action.type transition only; expire them from the archive later"));
        }
        (LimitKind::SinceArchived, Action::Archive) => problem(format!("{kind} goes with action.type expire only")),
        _ => {}
    }
}
