//! One rule of a route: destinations that share its requests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::alb::action::{Action, HEAVIEST};
use super::nginx::weight::CanaryWeight;
use super::standing::{Standing, Weights, shown};
use crate::release::change::Op;
use crate::text::printable;

/// Where a share of the requests goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    pub service: String,
    pub namespace: String,
    /// The name of a subset that a DestinationRule gives it.
    pub subset: Option<String>,
}

/// One destination of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Its place in the list.
    pub index: usize,
    pub to: Destination,
    /// What counts, where it is left out, too.
    pub weight: i64,
    /// Nothing for a stranger: another Service, or one of which nobody knows the color.
    pub color: Option<String>,
}

/// A list of destinations that share the requests that the rule matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Of the list: `/spec/http/0/route`.
    pub pointer: String,
    /// Its place among the rules.
    pub index: usize,
    pub name: Option<String>,
    /// It has conditions: a header, a path.
    pub matches: bool,
    /// What is at the pointer, as it was read.
    pub list: Value,
    pub shares: Vec<Share>,
    pub form: Form,
}

/// How destinations are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// As a list of objects.
    List,
    /// As the text of an action.
    Action(Action),
    /// As the text of one number, the second destination's; the first has the rest.
    Canary(CanaryWeight),
    /// As records of DNS, which no patch of an object writes.
    Records,
}

/// What a color gets of a rule in which nobody has anything.
const WHOLE: i64 = 100;

impl Form {
    /// The largest weight that is taken.
    fn most(&self) -> i64 {
        match self {
            Self::Action(_) => HEAVIEST,
            // The Gateway API's (<https://gateway-api.sigs.k8s.io/reference/spec/#backendref>), which is the smaller one.
            Self::List | Self::Records => 1_000_000,
            // A canary's total is whatever its Ingress says.
            Self::Canary(_) => i64::MAX,
        }
    }
}

impl Rule {
    /// The same with the colors of its destinations.
    #[must_use]
    pub fn told_apart(mut self, colors: &BTreeMap<Destination, String>) -> Self {
        for share in &mut self.shares {
            share.color = colors.get(&share.to).cloned();
        }
        // What leads to several Services of one color gives it its share once.
        let mut told = BTreeSet::new();
        self.shares.retain(|share| share.color.is_none() || told.insert((share.index, share.color.clone())));
        self
    }

    /// Refuses a patch unless its destinations are as they were read.
    #[must_use]
    pub fn still(&self) -> Vec<Op> {
        let list = std::iter::once(Op::test(&self.pointer, self.list.clone()));
        match &self.form {
            Form::List | Form::Action(_) | Form::Records => list.collect(),
            Form::Canary(weight) => list.chain(weight.still()).collect(),
        }
    }

    /// The destinations that get a color's requests: those with a weight, or the first, which a move gives all.
    #[must_use]
    pub fn reached(&self, color: &str) -> Vec<&Share> {
        let own: Vec<&Share> = self.of_colors().filter(|(_, name)| *name == color).map(|(share, _)| share).collect();
        let weighed: Vec<&Share> = own.iter().copied().filter(|share| share.weight > 0).collect();
        if weighed.is_empty() { own.into_iter().take(1).collect() } else { weighed }
    }

    fn of_colors(&self) -> impl Iterator<Item = (&Share, &String)> {
        self.shares.iter().filter_map(|share| Some((share, share.color.as_ref()?)))
    }

    /// What each color has.
    #[must_use]
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::new();
        for (share, color) in self.of_colors() {
            let sum = weights.entry(color.clone()).or_default();
            *sum = sum.saturating_add(share.weight);
        }
        weights
    }

    /// True where one of its destinations is of a color.
    #[must_use]
    pub fn leads_to_colors(&self) -> bool {
        self.of_colors().next().is_some()
    }

    /// True where it lists several colors.
    #[must_use]
    pub fn shares_among_colors(&self) -> bool {
        self.weights().len() > 1
    }

    /// True where one of its destinations is of that color.
    #[must_use]
    pub fn lists(&self, color: &str) -> bool {
        self.of_colors().any(|(_, name)| name == color)
    }

    /// True for its name, and for its place where no name says otherwise.
    #[must_use]
    pub fn is_named(&self, named: &str) -> bool {
        self.name.as_deref().map_or_else(|| self.index.to_string() == named, |name| name == named)
    }

    /// What names it.
    #[must_use]
    pub fn called(&self) -> String {
        self.name.as_deref().map_or_else(|| self.index.to_string(), printable)
    }

    /// Where its requests go.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing::of(self.weights())
    }

    /// The weight of each destination of a color once one color has all that they have.
    fn wanted(&self, to: &str) -> Vec<(usize, i64)> {
        let all = self.all();
        let first = self.of_colors().find(|(_, color)| *color == to).map(|(share, _)| share.index);
        self.of_colors().map(|(share, _)| (share.index, if Some(share.index) == first { all } else { 0 })).collect()
    }

    /// What all colors have; where nobody has anything, a whole. Weights are shares of their sum: beside nobody else one
    /// is as good as another, so that it never gets more than its API takes.
    fn all(&self) -> i64 {
        let sum = self.of_colors().fold(0_i64, |sum, (share, _)| sum.saturating_add(share.weight));
        let is_strange = |share: &Share| share.color.is_none() && share.weight > 0;
        match (sum, self.shares.iter().any(is_strange)) {
            (0, _) => WHOLE,
            (sum, true) => sum,
            (sum, false) => sum.min(self.form.most()),
        }
    }

    /// Operations that give one color all that the colors have. A weight of 0 is written, not left out: what a missing
    /// one means differs from API to API.
    #[must_use]
    pub fn given_to(&self, to: &str) -> Vec<Op> {
        let changed: Vec<_> =
            self.wanted(to).into_iter().filter(|(at, weight)| self.written(*at) != Some(*weight)).collect();
        match &self.form {
            Form::List => changed
                .into_iter()
                .map(|(index, weight)| Op::add(&format!("{}/{index}/weight", self.pointer), weight))
                .collect(),
            Form::Records => Vec::new(),
            Form::Action(_) if changed.is_empty() => Vec::new(),
            Form::Action(_) => vec![Op::replace(&self.pointer, self.list_given_to(to))],
            Form::Canary(_) => {
                let text = self.list_given_to(to);
                if text == self.list { Vec::new() } else { vec![Op::add(&self.pointer, text)] }
            }
        }
    }

    /// The weight of a destination as it is written.
    fn written(&self, index: usize) -> Option<i64> {
        match &self.form {
            Form::List => self.list[index]["weight"].as_i64(),
            Form::Action(action) => action.groups.get(index)?.weight,
            Form::Canary(_) | Form::Records => None,
        }
    }

    /// What is at the pointer as these leave it.
    #[must_use]
    pub fn list_given_to(&self, to: &str) -> Value {
        let wanted = self.wanted(to);
        match &self.form {
            Form::List => {
                let mut list = self.list.clone();
                for (index, weight) in wanted {
                    list[index]["weight"] = weight.into();
                }
                list
            }
            Form::Action(action) => {
                let text = self.list.as_str().unwrap_or_default();
                Value::from(action.with_weights(text, &wanted))
            }
            Form::Canary(_) => {
                let own = wanted.iter().find(|(index, _)| *index == 1);
                own.map_or_else(|| self.list.clone(), |(_, weight)| Value::from(weight.to_string()))
            }
            Form::Records => self.list.clone(),
        }
    }

    /// `route primary: blue 95, green 5`
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}: {}", self.called(), shown(&self.weights()))
    }
}
