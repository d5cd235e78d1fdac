//! `AnalysisTemplate` files, and what stands for `{{args.NAME}}` in a metric.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::metric::Metric;

/// The kinds that are read from a file.
pub const KINDS: [&str; 2] = ["AnalysisTemplate", "ClusterAnalysisTemplate"];

/// Values by the names of arguments.
pub type Arguments = BTreeMap<String, String>;

/// A template as Argo has it; what is not done with it is no field here, and refused by name.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Template {
    #[serde(rename = "apiVersion")]
    pub _api_version: String,
    #[serde(rename = "kind")]
    pub _kind: String,
    #[serde(rename = "metadata", default)]
    pub _metadata: Value,
    #[serde(rename = "status", default)]
    pub _status: Value,
    pub spec: TemplateSpec,
}

/// What a template says.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemplateSpec {
    #[serde(default)]
    pub args: Vec<Argument>,
    pub metrics: Vec<Metric>,
}

/// An argument, with the value that it has where nobody gives another.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    pub name: String,
    pub value: Option<String>,
}

/// What is known of a move, by the names that a template may have for it.
#[must_use]
pub fn of_move(namespace: &str, service: &str, color: &str, previous: &str) -> Arguments {
    let known = [
        ("namespace", namespace),
        ("service", service),
        ("service-name", service),
        ("color", color),
        ("previous-color", previous),
    ];
    known.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

impl Template {
    /// Its metrics, with the values of its own arguments in place; those that are of a move stay open.
    ///
    /// # Errors
    /// Where an argument has no value, and is none that a move has.
    pub fn metrics(&self) -> Result<Vec<Metric>, String> {
        let of_moves = of_move("", "", "", "");
        for argument in &self.spec.args {
            if argument.value.is_none() && !of_moves.contains_key(&argument.name) {
                return Err(format!("argument {:?} has no value", argument.name));
            }
        }
        let own = self.spec.args.iter().filter_map(|one| Some((one.name.clone(), one.value.clone()?))).collect();
        self.spec.metrics.iter().map(|metric| filled(metric, &own, Open::OfMoves)).collect()
    }
}

/// What becomes of a name that has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// It stays, where a move has it.
    OfMoves,
    /// It is an error.
    Nothing,
}

/// A metric with every `{{args.NAME}}` replaced, wherever it stands.
///
/// # Errors
/// For an argument without a value, and any other `{{…}}`, as in Argo.
pub fn filled<P: Serialize + DeserializeOwned>(
    metric: &Metric<P>,
    values: &Arguments,
    open: Open,
) -> Result<Metric<P>, String> {
    let mut json = serde_json::to_value(metric).map_err(|error| error.to_string())?;
    replace(&mut json, values, open).map_err(|why| format!("metric {:?}: {why}", metric.name))?;
    serde_json::from_value(json).map_err(|error| format!("metric {:?}: {error}", metric.name))
}

/// Every `{{args.NAME}}` in a value, replaced.
///
/// # Errors
/// As [`filled`].
pub fn replace(value: &mut Value, values: &Arguments, open: Open) -> Result<(), String> {
    match value {
        Value::String(text) => {
            *text = filled_text(text, values, open)?;
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| replace(item, values, open)),
        Value::Object(fields) => fields.values_mut().try_for_each(|field| replace(field, values, open)),
        _ => Ok(()),
    }
}

/// A text with every `{{args.NAME}}` replaced.
///
/// # Errors
/// As [`filled`].
pub fn filled_text(text: &str, values: &Arguments, open: Open) -> Result<String, String> {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (inside, then) = after.split_once("}}").ok_or("`{{` has no end")?;
        made.push_str(before);
        let name = inside.trim();
        let argument = name.strip_prefix("args.").ok_or_else(|| format!("{{{{{name}}}}} is no argument"))?;
        match values.get(argument) {
            Some(value) => made.push_str(value),
            None if open == Open::OfMoves && of_move("", "", "", "").contains_key(argument) => {
                made.push_str(&format!("{{{{args.{argument}}}}}"));
            }
            None => return Err(format!("argument {argument:?} has no value")),
        }
        rest = then;
    }
    made.push_str(rest);
    Ok(made)
}
