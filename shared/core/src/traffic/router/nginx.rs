//! Canary Ingresses of ingress-nginx: two Ingresses with the same places, of which the second one takes a share
//! (<https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary>). That share is one
//! number in an annotation of the canary's; the rest goes to whatever the main Ingress leads to.

pub mod annotations;
mod class;
mod merge;
mod place;
pub mod weight;

use k8s_openapi::api::networking::v1::Ingress;
use serde::Deserialize;
use serde_json::Value;

use super::rule::{Destination, Form, Rule, Share};
use crate::release::change::annotation_pointer;
use annotations::{WEIGHT, annotation, is_canary};
pub use class::controller_of;
pub use merge::{Canaries, Canary, Pair, canaries};
pub use place::{Backend, backend_by_default, name_of, places};
use weight::CanaryWeight;

/// What the only rule of a canary is called.
const RULE: &str = "canary-weight";

/// The shares of a canary Ingress, one rule for each main Service: all are written by the same number.
#[must_use]
pub fn rules(object: &Value, namespace: &str, canary: &Canary) -> Vec<Rule> {
    let Some(ingress) = Ingress::deserialize(object).ok().filter(is_canary) else { return Vec::new() };
    let (weight, text) = (CanaryWeight::of(&ingress), annotation(&ingress, WEIGHT));
    let to = |service: &str| Destination { service: service.to_owned(), namespace: namespace.to_owned(), subset: None };
    let share = |index, service: &str, weight| Share { index, to: to(service), weight, color: None };
    // It may have been given another Service since.
    let leads = |pair: &&Pair| {
        let mut backends = places(&ingress).into_iter().map(|place| place.backend).chain(backend_by_default(&ingress));
        backends.any(|backend| backend.service == pair.own)
    };
    let rules = canary.pairs.iter().filter(leads).enumerate().map(|(index, pair)| Rule {
        pointer: annotation_pointer(WEIGHT),
        index,
        name: Some(RULE.to_owned()),
        matches: false,
        list: text.map_or(Value::Null, Value::from),
        shares: vec![share(0, &pair.main, weight.rest()), share(1, &pair.own, weight.own)],
        form: Form::Canary(weight.clone()),
    });
    rules.collect()
}

impl Canary {
    /// Why a canary that leads to colors doesn't decide between them: its number is that of other Services, too.
    #[must_use]
    pub fn of_several(&self) -> Option<String> {
        let each: Vec<String> = self.pairs.iter().map(|pair| format!("{} and {}", pair.main, pair.own)).collect();
        (each.len() > 1).then(|| format!("one weight shares between {}", each.join(", between ")))
    }

    /// The Service that has to have endpoints, whatever the weight: without one of the main Service's the controller
    /// asks no canary, and answers 503 (`sync_backend` in its `balancer.lua`).
    #[must_use]
    pub fn needs(&self) -> Option<&str> {
        self.pairs.first().filter(|_| !self.is_by_address).map(|pair| pair.main.as_str())
    }
}

#[cfg(test)]
mod tests;
