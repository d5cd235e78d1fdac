//! Istio's VirtualService (<https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRouteDestination>):
//! a destination's share is its weight by the sum of all; one that is alone has everything, and one without a weight
//! beside others has nothing.

use serde_json::{Value, json};

use super::rule::{Destination, Form, Rule, Share};

/// The HTTP routes that have destinations. One that delegates or redirects has none.
#[must_use]
pub fn rules(object: &Value, namespace: &str) -> Vec<Rule> {
    let routes = object["spec"]["http"].as_array().into_iter().flatten().enumerate();
    let rules = routes.filter_map(|(index, route)| {
        let list = route["route"].as_array()?;
        let shares = list.iter().enumerate();
        let shares = shares.map(|(at, to)| Share {
            index: at,
            to: destination(&to["destination"], namespace),
            weight: if list.len() == 1 { alone(to) } else { to["weight"].as_i64().unwrap_or(0) },
            color: None,
        });
        Some(Rule {
            pointer: format!("/spec/http/{index}/route"),
            index,
            name: route["name"].as_str().filter(|name| !name.is_empty()).map(str::to_owned),
            matches: route["match"].as_array().is_some_and(|matches| !matches.is_empty()),
            list: route["route"].clone(),
            shares: shares.collect(),
            form: Form::List,
        })
    });
    rules.collect()
}

/// Whatever its weight says.
fn alone(to: &Value) -> i64 {
    to["weight"].as_i64().filter(|weight| *weight > 0).unwrap_or(100)
}

fn destination(to: &Value, namespace: &str) -> Destination {
    let (service, namespace) = service_of(to["host"].as_str().unwrap_or_default(), namespace);
    let subset = to["subset"].as_str().filter(|subset| !subset.is_empty()).map(str::to_owned);
    Destination { service, namespace, subset }
}

/// The Service that a host means in an object of a namespace: a short name is of the object's own. What is no
/// Service's name is one of no namespace.
#[must_use]
pub fn service_of(host: &str, namespace: &str) -> (String, String) {
    let parts: Vec<&str> = host.split('.').collect();
    match parts.as_slice() {
        [name] => ((*name).to_owned(), namespace.to_owned()),
        [name, of] => ((*name).to_owned(), (*of).to_owned()),
        [name, of, "svc", ..] => ((*name).to_owned(), (*of).to_owned()),
        _ => (host.to_owned(), String::new()),
    }
}

/// A destination like another one, of another color, without requests.
#[must_use]
pub fn destination_like(like: &Value, to: &Destination) -> Value {
    let mut destination = like["destination"].clone();
    match &to.subset {
        Some(subset) => destination["subset"] = json!(subset),
        None => {
            let host = destination["host"].as_str().unwrap_or_default();
            let rest = host.split_once('.').map(|(_, rest)| format!(".{rest}")).unwrap_or_default();
            destination["host"] = json!(format!("{}{rest}", to.service));
        }
    }
    json!({"destination": destination, "weight": 0})
}

/// Whether a VirtualService reaches sidecars: `mesh` is what it means where it names no gateway
/// (<https://istio.io/latest/docs/reference/config/networking/virtual-service/#VirtualService>).
#[must_use]
pub fn is_in_mesh(object: &Value) -> bool {
    let gateways: Vec<&str> = strings(&object["spec"]["gateways"]).collect();
    gateways.is_empty() || gateways.contains(&"mesh")
}

/// Whether one of its hosts is a Service's own name: what clients ask for that know nothing of the route.
#[must_use]
pub fn serves_host_of(object: &Value, namespace: &str, service: (&str, &str)) -> bool {
    let is_it = |host: &str| {
        let (name, of) = service_of(host, namespace);
        (name.as_str(), of.as_str()) == service
    };
    strings(&object["spec"]["hosts"]).any(|host| host == "*" || is_it(host))
}

/// Whether routes below HTTP lead to a subset: they have no names, and are not moved.
#[must_use]
pub fn has_routes_below_http(object: &Value) -> bool {
    ["tcp", "tls"].into_iter().any(|kind| object["spec"][kind].as_array().is_some_and(|routes| !routes.is_empty()))
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}
