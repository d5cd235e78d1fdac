//! How one color's pods are made differently from another's.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::copy::exchanged_template;
use super::exchange::Exchange;
use super::secrets::shown;

/// What tells the elements of a list apart, in this order (the merge keys of core/v1).
const IDENTITIES: [&str; 7] = ["name", "mountPath", "containerPort", "devicePath", "ip", "topologyKey", "key"];

/// One member of the pod template that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `containers[app].env[LOG_LEVEL]`
    pub path: String,
    /// In the active color's template, fit to be shown; nothing where it has none.
    pub active: Option<String>,
    pub idle: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |side: &Option<String>| side.clone().unwrap_or_else(|| "not there".to_owned());
        write!(f, "{}: {}, active {}", self.path, said(&self.idle), said(&self.active))
    }
}

/// How the idle color's pod template differs from the active one's, besides color and images.
#[must_use]
pub fn differences(active: &Value, idle: &Value, exchange: &Exchange<'_>) -> Vec<Difference> {
    let own = Exchange { from: exchange.to, ..*exchange };
    let compared = |workload: &Value, exchange: &Exchange<'_>| {
        let mut template = workload["spec"]["template"].clone();
        exchanged_template(&mut template, exchange);
        template
    };
    let (active, idle) = (compared(active, exchange), compared(idle, &own));
    let mut found = Vec::new();
    for part in ["metadata", "spec"] {
        let path = if part == "spec" { String::new() } else { part.to_owned() };
        compare(&path, Some(&active[part]), Some(&idle[part]), &mut found);
    }
    found
}

fn compare(path: &str, active: Option<&Value>, idle: Option<&Value>, found: &mut Vec<Difference>) {
    if active == idle || is_image(path) {
        return;
    }
    match (active, idle) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            for name in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(&path, a.get(name), b.get(name), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if identity(a).is_some() && identity(a) == identity(b) => {
            let key = identity(a).unwrap_or_default();
            let of = |items: &[Value], id: &str| items.iter().find(|item| id_of(item, key) == id).cloned();
            for id in a.iter().chain(b).map(|item| id_of(item, key)).collect::<BTreeSet<_>>() {
                compare(&format!("{path}[{id}]"), of(a, &id).as_ref(), of(b, &id).as_ref(), found);
            }
        }
        _ => {
            let path = path.strip_suffix(".value").unwrap_or(path).to_owned();
            let side = |value: Option<&Value>| value.map(|value| shown(&path, one_value(value)));
            found.push(Difference { active: side(active), idle: side(idle), path });
        }
    }
}

/// A variable that only one has is its value.
fn one_value(value: &Value) -> &Value {
    value.get("value").filter(|only| only.is_string()).unwrap_or(value)
}

/// Images are what a deploy changes.
fn is_image(path: &str) -> bool {
    let of_container = path.starts_with("containers[") || path.starts_with("initContainers[");
    of_container && path.ends_with("].image")
}

/// By which member all elements of a list can be told apart.
fn identity(items: &[Value]) -> Option<&'static str> {
    let tells = |key: &&&str| {
        let ids: BTreeSet<String> = items.iter().map(|item| id_of(item, key)).collect();
        !items.is_empty() && ids.len() == items.len() && !ids.contains("")
    };
    IDENTITIES.iter().find(tells).copied()
}

fn id_of(item: &Value, key: &str) -> String {
    match &item[key] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
