//! One color in the place of another, in names, labels and selectors.

use serde_json::{Map, Value};

use super::color_name::{as_part, renamed};
use crate::kube::Labels;

/// Which color takes the place of which.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// The label that tells the colors apart.
    pub key: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    /// What the Service selects besides: labels of all colors.
    pub base: &'a Labels,
}

impl Exchange<'_> {
    /// The name with the other color in it; behind it, where it had none.
    #[must_use]
    pub fn name(&self, name: &str) -> String {
        let (from, to) = (as_part(self.from), as_part(self.to));
        renamed(name, &from, &to).unwrap_or_else(|| format!("{name}-{to}"))
    }

    /// Labels of the other color: the track key, and whatever else has the color for its value.
    pub(super) fn labels(&self, labels: &mut Value) {
        let Some(labels) = labels.as_object_mut() else { return };
        for (_, value) in labels.iter_mut().filter(|(key, value)| self.is_color(key, value)) {
            *value = self.to.into();
        }
    }

    /// The same for labels that must have the color.
    pub(super) fn pod_labels(&self, labels: &mut Value) {
        self.labels(labels);
        set(labels, self.key, self.to);
    }

    /// The selector of a workload: it has to ask for the color, or two workloads select each other's pods.
    pub(super) fn selector(&self, selector: &mut Value) {
        self.label_selector(selector);
        if let Some(expressions) = selector.get_mut("matchExpressions").and_then(Value::as_array_mut) {
            expressions.retain(|expression| expression["key"] != self.key);
        }
        set(&mut selector["matchLabels"], self.key, self.to);
    }

    /// Selectors within a pod's spec, by which its pods keep away from each other or are spread.
    pub(super) fn selectors_within(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    if name == "labelSelector" {
                        self.label_selector(member);
                    }
                    self.selectors_within(member);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.selectors_within(item)),
            _ => {}
        }
    }

    fn label_selector(&self, selector: &mut Value) {
        if let Some(labels) = selector.get_mut("matchLabels") {
            self.labels(labels);
        }
        let expressions = selector.get_mut("matchExpressions").and_then(Value::as_array_mut);
        for expression in expressions.into_iter().flatten() {
            let key = expression["key"].as_str().unwrap_or_default().to_owned();
            let values = expression.get_mut("values").and_then(Value::as_array_mut);
            for value in values.into_iter().flatten().filter(|value| self.is_color(&key, value)) {
                *value = self.to.into();
            }
        }
    }

    /// An application may be called as a color is: what the Service selects by stays.
    fn is_color(&self, key: &str, value: &Value) -> bool {
        value == self.from && (key == self.key || !self.base.contains_key(key))
    }
}

/// Sets a member of an object, which is made where there is none.
fn set(object: &mut Value, key: &str, value: &str) {
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    object[key] = value.into();
}
