//! What decides between the colors of a Service: its own selector, or a route before it.
//!
//! A router is pure: which share of the requests each color has in an object as it was read, what has to be written so
//! that one color has all of them, and whether that is so. Who reads and writes the object is elsewhere. The selector
//! is in [`service`], Istio's routes are in [`istio`], those of the Gateway API in [`gateway`], Ingresses of AWS load
//! balancers in [`alb`], canary Ingresses of ingress-nginx in [`nginx`], records of DNS in [`route53`]; which of them
//! decides about a Service, in [`find`].

pub mod accepted;
mod adding;
pub mod alb;
mod beside;
pub mod find;
pub mod first;
pub mod gateway;
pub mod istio;
mod kind;
mod named;
pub mod nginx;
mod place;
mod reach;
mod records;
pub mod route53;
mod rule;
pub mod service;
mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use crate::command::Scope;
use crate::kube::Labels;
use crate::kube::path::path_of;
use crate::release::change::Op;
pub use beside::Beside;
pub use kind::RouterKind;
pub use named::NamedRouter;
use route53::ByDns;
use route53::by_dns::{sets_in, with_sets};
pub use rule::{Destination, Form, Rule, Share};
pub use standing::{Standing, Weights};

/// An object whose rules share a Service's requests among its colors.
#[derive(Debug, Clone)]
pub struct Route {
    pub kind: RouterKind,
    pub namespace: String,
    pub name: String,
    /// As it was read.
    pub object: Value,
    pub metadata: ObjectMeta,
    /// The rule that was named; else all that share requests among the colors are moved as one.
    pub rule: Option<String>,
    /// The rules that a move has begun with, by what they are called: others that come since are none of its.
    pub only: Option<Vec<String>>,
    /// The label that tells the colors apart.
    pub key: String,
    /// What pods of every color have.
    pub base: Labels,
    /// Which color's pods each destination leads to.
    pub colors: BTreeMap<Destination, String>,
    /// What a subset asks of its pods besides, where it does.
    pub besides: BTreeMap<Destination, Labels>,
    /// Destinations that only our record tells the color of: no Service or subset of that name is there.
    pub lost: BTreeSet<Destination>,
    /// What its meaning depends on beside the object.
    pub beside: Beside,
    /// The records that decide, where they do; the object is then the Service, with them as they were read.
    pub dns: Option<Arc<ByDns>>,
}

/// Two are the same where they are what is known of one object, as it was read.
impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.reference() == other.reference() && self.object == other.object && self.colors == other.colors
    }
}

impl Eq for Route {}

impl Route {
    /// The API path of the object, in the version in which it was read.
    #[must_use]
    pub fn path(&self) -> String {
        let version = self.object["apiVersion"].as_str().and_then(|it| it.split_once('/')).map_or("v1", |it| it.1);
        let collection = path_of(self.kind.group(), version, self.kind.plural(), Some(&self.namespace));
        format!("{collection}/{}", self.name)
    }

    /// `virtualservice/api`, as kubectl takes it.
    #[must_use]
    pub fn reference(&self) -> String {
        if let Some(dns) = &self.dns {
            return format!("{}/{}", self.kind.word(), dns.place);
        }
        format!("{}/{}", self.kind.resource(), self.name)
    }

    /// As people name it who look from a namespace: `virtualservice/edge of namespace istio-system`.
    #[must_use]
    pub fn seen_from(&self, namespace: &str) -> String {
        let of = if self.namespace == namespace || self.dns.is_some() {
            String::new()
        } else {
            format!(" of namespace {}", self.namespace)
        };
        format!("{}{of}", self.reference())
    }

    /// What names it to `--router`.
    #[must_use]
    pub fn named(&self) -> NamedRouter {
        if let Some(dns) = &self.dns {
            return NamedRouter::of_records(dns.place.clone());
        }
        NamedRouter {
            kind: self.kind,
            namespace: Some(self.namespace.clone()),
            name: Some(self.name.clone()),
            rule: self.rule.clone(),
            records: None,
        }
    }

    /// What commands about it must repeat.
    #[must_use]
    pub fn scope(&self, scope: &Scope) -> Scope {
        scope.in_namespace(&self.namespace)
    }

    /// All rules of an object of this kind, whoever their destinations are.
    #[must_use]
    pub fn plain_rules(&self, seen: &Value) -> Vec<Rule> {
        match &self.dns {
            Some(dns) => dns.rules(seen, &self.namespace),
            None => rules_of(self.kind, seen, &self.namespace, &self.beside),
        }
    }

    /// All rules of an object of this kind that lead to a color, the pinned ones among them.
    #[must_use]
    pub fn all_rules(&self, seen: &Value) -> Vec<Rule> {
        let rules = self.plain_rules(seen);
        rules.into_iter().map(|rule| rule.told_apart(&self.colors)).filter(Rule::leads_to_colors).collect()
    }

    /// The rules that are moved: the one that was named, else those that list several colors; where none does, what
    /// leads to a color whatever is asked for.
    #[must_use]
    pub fn rules(&self, seen: &Value) -> Vec<Rule> {
        let all = self.all_rules(seen);
        let shares = all.iter().any(Rule::shares_among_colors);
        let is_moved = |rule: &Rule| match (&self.only, &self.rule) {
            (Some(begun), _) => begun.iter().any(|named| rule.is_named(named)),
            (None, Some(named)) => rule.is_named(named),
            // Who asks for another type would stay.
            (None, None) if self.dns.is_some() => true,
            (None, None) if shares => rule.shares_among_colors(),
            (None, None) => !rule.matches,
        };
        all.into_iter().filter(is_moved).collect()
    }

    /// The same route, of which only the rules that are moved now are moved from now on.
    #[must_use]
    pub fn begun(&self) -> Self {
        let called = |rule: Rule| rule.name.clone().unwrap_or_else(|| rule.index.to_string());
        Self { only: Some(self.rules(&self.object).into_iter().map(called).collect()), ..self.clone() }
    }

    /// The rules that lead to colors and are not moved: a header's, a path's, or those that were not named.
    #[must_use]
    pub fn staying(&self, seen: &Value) -> Vec<Rule> {
        let moved = self.rules(seen);
        let stays = |rule: &Rule| moved.iter().all(|moved| moved.pointer != rule.pointer);
        self.all_rules(seen).into_iter().filter(stays).collect()
    }

    /// The share of each color, over all rules that are moved.
    #[must_use]
    pub fn weights(&self, seen: &Value) -> Weights {
        let mut weights = Weights::new();
        for rule in self.rules(seen) {
            for (color, weight) in rule.weights() {
                let sum = weights.entry(color).or_default();
                *sum = sum.saturating_add(weight);
            }
        }
        weights
    }

    /// Where its requests go.
    #[must_use]
    pub fn standing(&self, seen: &Value) -> Standing {
        let rules = self.rules(seen);
        let mut on = None;
        for rule in &rules {
            match rule.standing() {
                Standing::On(color) if on.as_ref().is_none_or(|before| *before == color) => on = Some(color),
                Standing::On(_) | Standing::Split(_) => return Standing::Split(self.weights(seen)),
                Standing::Nowhere => return Standing::Nowhere,
            }
        }
        on.map_or(Standing::Nowhere, Standing::On)
    }

    /// The color with the largest share; the first by name of several.
    #[must_use]
    pub fn leading(&self, seen: &Value) -> Option<String> {
        let weights = self.weights(seen);
        let most = weights.values().copied().max().filter(|most| *most > 0)?;
        weights.into_iter().find(|(_, weight)| *weight == most).map(|(color, _)| color)
    }

    /// The first rule that has no destination of a color.
    #[must_use]
    pub fn without(&self, seen: &Value, color: &str) -> Option<Rule> {
        self.rules(seen).into_iter().find(|rule| !rule.lists(color))
    }

    /// Operations that give all that the colors have to one of them, where the rules are as they were read. Other
    /// destinations keep what they have.
    #[must_use]
    pub fn plan(&self, seen: &Value, to: &str) -> Vec<Op> {
        // Records are written elsewhere, and on the condition of their own.
        if self.dns.is_some() {
            return Vec::new();
        }
        let rules = self.rules(seen);
        rules.iter().flat_map(Rule::still).chain(rules.iter().flat_map(|rule| rule.given_to(to))).collect()
    }

    /// The object as a plan leaves it.
    #[must_use]
    pub fn moved(&self, seen: &Value, to: &str) -> Value {
        if let Some(Ok(batch)) = self.batch(seen, to) {
            return with_sets(seen.clone(), &batch.left(&sets_in(seen)));
        }
        let mut moved = seen.clone();
        for rule in self.rules(seen) {
            set(&mut moved, &rule.pointer, rule.list_given_to(to));
        }
        moved
    }

    /// True where one color has all that the colors have.
    #[must_use]
    pub fn holds(&self, seen: &Value, to: &str) -> bool {
        self.standing(seen) == Standing::On(to.to_owned())
    }

    /// The Service whose endpoints a color's requests go to; nothing where every color has the named one's.
    #[must_use]
    pub fn backend(&self, color: &str) -> Option<&str> {
        let mut own = self.colors.iter().filter(|(to, name)| to.subset.is_none() && *name == color);
        own.next().map(|(to, _)| to.service.as_str())
    }

    /// Why its controller takes nothing of it, as far as the object tells and what is beside it.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        match self.kind {
            RouterKind::Alb => alb::refusal(&self.object),
            RouterKind::Nginx => self.beside.canary.as_ref()?.ignored.clone(),
            _ => None,
        }
    }

    /// True where the colors are subsets of one Service, which has the endpoints of all of them.
    #[must_use]
    pub fn is_by_subset(&self) -> bool {
        self.colors.keys().any(|to| to.subset.is_some())
    }
}

/// Sets a member of an object that may not be there yet.
fn set(object: &mut Value, pointer: &str, value: Value) {
    let Some((parent, member)) = pointer.rsplit_once('/') else { return };
    match object.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.insert(member.replace("~1", "/").replace("~0", "~"), value)),
        _ => {
            if let Some(found) = object.pointer_mut(pointer) {
                *found = value;
            }
        }
    }
}

/// All rules of an object of this kind, in a namespace.
#[must_use]
pub fn rules_of(kind: RouterKind, object: &Value, namespace: &str, beside: &Beside) -> Vec<Rule> {
    match kind {
        RouterKind::VirtualService => istio::rules(object, namespace),
        RouterKind::HttpRoute | RouterKind::GrpcRoute => gateway::rules(object, namespace),
        RouterKind::Alb => alb::rules(object, namespace, &beside.bound),
        RouterKind::Nginx => beside.canary.iter().flat_map(|canary| nginx::rules(object, namespace, canary)).collect(),
        RouterKind::Service | RouterKind::Route53 => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
