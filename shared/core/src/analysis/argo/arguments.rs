//! Arguments of templates: declared, given, and what each stands for
//! (`flattenArgs`, `MergeArgs` of Argo's `utils/analysis/helpers.go`, `resolveArgs` of `analysis/analysis.go`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::field_path::field;
use crate::release::canary::judging::{FieldRef, GivenArgument, GivenFrom, Side};

/// An argument that a template has, with what it is where nobody gives it anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Declared {
    pub name: String,
    pub value: Option<String>,
    pub value_from: Option<DeclaredFrom>,
}

/// Where a template takes a value from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DeclaredFrom {
    pub secret_key_ref: Option<SecretKey>,
    pub field_ref: Option<FieldRef>,
}

/// A key of a Secret of the run's namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretKey {
    pub name: String,
    pub key: String,
}

/// What an argument stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    Value(String),
    /// It is read at the last moment, and shown nowhere.
    Secret(SecretKey),
}

/// What stands for the value of a Secret, before it was read and wherever it would be shown.
pub const UNSEEN: &str = "*****";

/// By the arguments' names.
pub type Bounds = BTreeMap<String, Bound>;

/// The two versions, by what tells their pods apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashes<'h> {
    pub stable: &'h str,
    pub latest: &'h str,
}

/// Of several templates: the first value of a name is its value.
///
/// # Errors
/// Where two templates have different values for one name.
pub fn merged_arguments<'a>(all: impl Iterator<Item = &'a Declared>) -> Result<Vec<Declared>, String> {
    let mut merged: Vec<Declared> = Vec::new();
    for next in all {
        let Some(before) = merged.iter_mut().find(|before| before.name == next.name) else {
            merged.push(next.clone());
            continue;
        };
        match (&before.value, &next.value) {
            (Some(one), Some(other)) if one != other => {
                return Err(format!("argument {:?} is {one:?} in one template and {other:?} in another", next.name));
            }
            (None, _) => *before = next.clone(),
            _ => {}
        }
    }
    Ok(merged)
}

/// What is given, as values (`BuildArgumentsForRolloutAnalysisRun` of Argo's `utils/analysis/factory.go`).
///
/// # Errors
/// Where a field of the Rollout is none.
pub fn given(args: &[GivenArgument], rollout: &Value, hashes: Hashes<'_>) -> Result<Vec<(String, String)>, String> {
    let value = |argument: &GivenArgument| match &argument.value_from {
        Some(GivenFrom { pod_template_hash_value: Some(Side::Stable), .. }) => Ok(hashes.stable.to_owned()),
        Some(GivenFrom { pod_template_hash_value: Some(Side::Latest), .. }) => Ok(hashes.latest.to_owned()),
        Some(GivenFrom { field_ref: Some(reference), .. }) => {
            field(rollout, &reference.field_path).map_err(|why| format!("argument {:?}: {why}", argument.name))
        }
        _ => Ok(argument.value.clone().unwrap_or_default()),
    };
    args.iter().map(|argument| Ok((argument.name.clone(), value(argument)?))).collect()
}

/// What every declared argument stands for; names that no template declares count for nothing. `known` is what a
/// release can tell where nobody gives a value.
///
/// # Errors
/// Where one has nothing to stand for.
pub fn bound(
    declared: &[Declared],
    given: &[(String, String)],
    known: &BTreeMap<String, String>,
) -> Result<Bounds, String> {
    let of = |argument: &Declared| {
        let name = &argument.name;
        let secret = argument.value_from.as_ref().and_then(|from| from.secret_key_ref.clone());
        // A plain value changes nothing about a Secret: it wins.
        if let Some(secret) = secret {
            return Ok(Bound::Secret(secret));
        }
        // Of several that are given the last one counts.
        let given = given.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value);
        let value = given.or(argument.value.as_ref()).or_else(|| known.get(name));
        let why = || match argument.value_from.as_ref().and_then(|from| from.field_ref.as_ref()) {
            Some(field) => format!(
                "argument {name:?} has no value: a template's fieldRef ({}) is never looked up, in Argo either",
                field.field_path
            ),
            None => format!("argument {name:?} has no value"),
        };
        value.cloned().map(Bound::Value).ok_or_else(why)
    };
    declared.iter().map(|argument| Ok((argument.name.clone(), of(argument)?))).collect()
}

/// Every Secret that has to be read.
pub fn secrets(bounds: &Bounds) -> impl Iterator<Item = &SecretKey> {
    bounds.values().filter_map(|bound| if let Bound::Secret(key) = bound { Some(key) } else { None })
}

/// A text in which no value of a Secret is seen; the longest first, so that none shows through another.
#[must_use]
pub fn masked(text: &str, secrets: &[String]) -> String {
    let mut secrets: Vec<&String> = secrets.iter().filter(|secret| !secret.is_empty()).collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), UNSEEN))
}
