//! All that the front keeps: the log of calls, what tests said, recorded and ordered.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::RwLock;

use super::images::Said;
use super::moto::Moto;
use super::orders::{About, Call, Fault, Order, Place, Recording, Rule};
use super::preview::Preview;
use super::pull;
use crate::gate::Gate;

/// What the front knows, and moto behind it.
#[derive(Debug)]
pub(super) struct Desk {
    pub moto: Moto,
    /// Held for writing while a tag moves, which are several calls of moto.
    pub tags: RwLock<()>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    calls: Vec<Call>,
    said: HashMap<Place, Said>,
    behaviors: HashMap<(Place, String), BTreeMap<String, String>>,
    recordings: HashMap<Place, Arc<Recording>>,
    previews: HashMap<Place, Preview>,
    rules: BTreeMap<u64, (Rule, Gate<Call>)>,
    last_rule: u64,
}

impl Desk {
    pub fn new(moto: Moto) -> Self {
        Self { moto, tags: RwLock::default(), kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what a test wants; the answer is the order's.
    pub async fn obey(&self, order: Order) -> Value {
        match order {
            Order::Describe(about) => self.describe(about),
            Order::Record(recording) => {
                self.kept().recordings.insert(recording.place.clone(), Arc::new(recording));
                Value::Null
            }
            Order::Preview(recorded) => {
                self.kept().previews.insert(recorded.place.clone(), Preview::new(recorded));
                Value::Null
            }
            Order::Fault(rule) => self.add_rule(rule),
            Order::Reached { rule, within_millis } => {
                let gate = self.kept().rules.get(&rule).map(|(_, gate)| gate.clone());
                match gate {
                    Some(gate) => json!(gate.reached(Duration::from_millis(within_millis)).await),
                    None => Value::Null,
                }
            }
            Order::Release { rule } => {
                if let Some((_, gate)) = self.kept().rules.remove(&rule) {
                    gate.open();
                }
                Value::Null
            }
            Order::Calls(scope) => {
                let kept = self.kept();
                json!(kept.calls.iter().filter(|call| call.is_in(&scope)).collect::<Vec<_>>())
            }
            Order::Pull { image } => json!(pull::look_up(self, &image).await),
        }
    }

    fn describe(&self, about: About) -> Value {
        let mut kept = self.kept();
        if let Some(behavior) = about.behavior {
            kept.behaviors.insert((about.place.clone(), about.digest.clone()), behavior);
        }
        kept.said.entry(about.place).or_default().entry(about.digest).or_default().extend(about.detail);
        Value::Null
    }

    /// Says something about an image unless a test did.
    pub fn describe_if_unsaid(&self, place: &Place, digest: &str, field: &str, value: Value) {
        let mut kept = self.kept();
        let said = kept.said.entry(place.clone()).or_default().entry(digest.to_owned()).or_default();
        said.entry(field).or_insert(value);
    }

    fn add_rule(&self, rule: Rule) -> Value {
        let mut kept = self.kept();
        kept.last_rule += 1;
        let number = kept.last_rule;
        kept.rules.insert(number, (rule, Gate::new()));
        number.into()
    }

    /// Writes a call down; gives it with its number.
    pub fn record(&self, mut call: Call) -> Call {
        let mut kept = self.kept();
        call.index = kept.calls.len();
        kept.calls.push(call.clone());
        call
    }

    pub fn answered(&self, call: &Call, status: u16) {
        if let Some(recorded) = self.kept().calls.get_mut(call.index) {
            recorded.status = Some(status);
        }
    }

    /// The oldest rule that means this call and is not used up; uses it once.
    pub fn trouble_for(&self, call: &Call) -> Option<(Fault, Gate<Call>)> {
        let mut kept = self.kept();
        let (rule, gate) = kept.rules.values_mut().find(|(rule, _)| call.is_meant_by(rule))?;
        rule.times = rule.times.saturating_sub(1);
        Some((rule.fault.clone(), gate.clone()))
    }

    pub fn recording(&self, place: &Place) -> Option<Arc<Recording>> {
        self.kept().recordings.get(place).cloned()
    }

    /// What was said about the images of a repository.
    pub fn said(&self, place: &Place) -> Said {
        self.kept().said.get(place).cloned().unwrap_or_default()
    }

    pub fn behavior(&self, place: &Place, digest: &str) -> BTreeMap<String, String> {
        self.kept().behaviors.get(&(place.clone(), digest.to_owned())).cloned().unwrap_or_default()
    }

    /// Does something with the preview of a repository, if a test recorded one.
    pub fn with_preview<T>(&self, place: &Place, act: impl FnOnce(&mut Preview) -> T) -> Option<T> {
        self.kept().previews.get_mut(place).map(act)
    }
}
