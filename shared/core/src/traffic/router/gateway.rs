//! The Gateway API's HTTPRoute and GRPCRoute, which share requests alike
//! (<https://gateway-api.sigs.k8s.io/reference/spec/#httpbackendref>): a backend's share is its weight by the sum of
//! all, a missing weight is 1, and one of 0 gets nothing, alone or not.

use serde_json::{Value, json};

use super::rule::{Destination, Form, Rule, Share};

/// The rules that have backends.
#[must_use]
pub fn rules(object: &Value, namespace: &str) -> Vec<Rule> {
    let rules = object["spec"]["rules"].as_array().into_iter().flatten().enumerate();
    let rules = rules.filter_map(|(index, rule)| {
        let list = rule["backendRefs"].as_array()?;
        let shares = list.iter().enumerate();
        let shares = shares.map(|(at, to)| Share {
            index: at,
            to: backend(to, namespace),
            weight: to["weight"].as_i64().unwrap_or(1),
            color: None,
        });
        Some(Rule {
            pointer: format!("/spec/rules/{index}/backendRefs"),
            index,
            name: rule["name"].as_str().filter(|name| !name.is_empty()).map(str::to_owned),
            matches: is_conditional(&rule["matches"]),
            list: rule["backendRefs"].clone(),
            shares: shares.collect(),
            form: Form::List,
        })
    });
    rules.collect()
}

/// Every path is no condition: it is what the API server writes where nothing is said.
fn is_conditional(matches: &Value) -> bool {
    let every_path = json!([{"path": {"type": "PathPrefix", "value": "/"}}]);
    matches.as_array().is_some_and(|list| !list.is_empty()) && *matches != every_path
}

/// Only a Service has colors: what else a backend may be is of no namespace.
fn backend(to: &Value, namespace: &str) -> Destination {
    let is_service =
        to["kind"].as_str().unwrap_or("Service") == "Service" && to["group"].as_str().unwrap_or_default().is_empty();
    let namespace = if is_service { to["namespace"].as_str().unwrap_or(namespace) } else { "" };
    let service = to["name"].as_str().unwrap_or_default().to_owned();
    Destination { service, namespace: namespace.to_owned(), subset: None }
}

/// A backend like another one, of another color, without requests.
#[must_use]
pub fn backend_like(like: &Value, to: &Destination) -> Value {
    let mut backend = like.clone();
    (backend["name"], backend["weight"]) = (json!(to.service), json!(0));
    backend
}
