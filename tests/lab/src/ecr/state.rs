//! All that the ECR double keeps: the log of calls, and what tests told it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::RwLock;

use super::images::Said;
use super::instructions::{Call, Fault, ImageDescription, Instruction, Recording, RepositoryId, Rule};
use super::limit::Bucket;
use super::moto::Moto;
use super::preview::Preview;
use super::pull;
use crate::hold_point::HoldPoint;

/// What the double knows, and moto behind it.
#[derive(Debug)]
pub(super) struct State {
    pub moto: Moto,
    /// Held for writing while a tag moves, which are several calls of moto.
    pub tags: RwLock<()>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    calls: Vec<Call>,
    said: HashMap<RepositoryId, Said>,
    behaviors: HashMap<(RepositoryId, String), BTreeMap<String, String>>,
    recordings: HashMap<RepositoryId, Arc<Recording>>,
    previews: HashMap<RepositoryId, Preview>,
    rules: BTreeMap<u64, (Rule, HoldPoint<Call>)>,
    /// By the rule's number.
    buckets: HashMap<u64, Bucket>,
    last_rule: u64,
}

impl State {
    pub fn new(moto: Moto) -> Self {
        Self { moto, tags: RwLock::default(), kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what a test wants; the answer is the instruction's.
    pub async fn apply(&self, instruction: Instruction) -> Value {
        match instruction {
            Instruction::Describe(image) => self.describe(image),
            Instruction::Record(recording) => {
                self.kept().recordings.insert(recording.id.clone(), Arc::new(recording));
                Value::Null
            }
            Instruction::Preview(recorded) => {
                self.kept().previews.insert(recorded.id.clone(), Preview::new(recorded));
                Value::Null
            }
            Instruction::Fault(rule) => self.add_rule(rule),
            Instruction::AwaitHeld { rule, within_millis } => {
                let point = self.kept().rules.get(&rule).map(|(_, point)| point.clone());
                match point {
                    Some(point) => json!(point.arrived(Duration::from_millis(within_millis)).await),
                    None => Value::Null,
                }
            }
            Instruction::Release { rule } => {
                if let Some((_, point)) = self.kept().rules.remove(&rule) {
                    point.release();
                }
                Value::Null
            }
            Instruction::Calls(scope) => {
                let kept = self.kept();
                json!(kept.calls.iter().filter(|call| call.is_in(&scope)).collect::<Vec<_>>())
            }
            Instruction::Pull { image } => json!(pull::look_up(self, &image).await),
        }
    }

    fn describe(&self, image: ImageDescription) -> Value {
        let mut kept = self.kept();
        if let Some(behavior) = image.behavior {
            kept.behaviors.insert((image.id.clone(), image.digest.clone()), behavior);
        }
        kept.said.entry(image.id).or_default().entry(image.digest).or_default().extend(image.detail);
        Value::Null
    }

    /// Says something about an image unless a test did.
    pub fn describe_if_unsaid(&self, id: &RepositoryId, digest: &str, field: &str, value: Value) {
        let mut kept = self.kept();
        let said = kept.said.entry(id.clone()).or_default().entry(digest.to_owned()).or_default();
        said.entry(field).or_insert(value);
    }

    fn add_rule(&self, rule: Rule) -> Value {
        let mut kept = self.kept();
        kept.last_rule += 1;
        let number = kept.last_rule;
        kept.rules.insert(number, (rule, HoldPoint::new()));
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

    /// The oldest rule that means this call and is not used up; uses it once. A limit with room for
    /// the call makes no trouble.
    pub fn trouble_for(&self, call: &Call) -> Option<(Fault, HoldPoint<Call>)> {
        let mut kept = self.kept();
        let Kept { rules, buckets, .. } = &mut *kept;
        for (number, (rule, point)) in rules.iter_mut().filter(|(_, (rule, _))| call.is_meant_by(rule)) {
            let Fault::Limit { per_second } = rule.fault else {
                rule.times = rule.times.saturating_sub(1);
                return Some((rule.fault.clone(), point.clone()));
            };
            let now = Instant::now();
            let bucket = buckets.entry(*number).or_insert_with(|| Bucket::full(per_second, now));
            if !bucket.take(per_second, now) {
                return Some((Fault::throttling(), point.clone()));
            }
        }
        None
    }

    pub fn recording(&self, id: &RepositoryId) -> Option<Arc<Recording>> {
        self.kept().recordings.get(id).cloned()
    }

    /// What was said about the images of a repository.
    pub fn said(&self, id: &RepositoryId) -> Said {
        self.kept().said.get(id).cloned().unwrap_or_default()
    }

    pub fn behavior(&self, id: &RepositoryId, digest: &str) -> BTreeMap<String, String> {
        self.kept().behaviors.get(&(id.clone(), digest.to_owned())).cloned().unwrap_or_default()
    }

    /// Does something with the preview of a repository, if a test recorded one.
    pub fn with_preview<T>(&self, id: &RepositoryId, act: impl FnOnce(&mut Preview) -> T) -> Option<T> {
        self.kept().previews.get_mut(id).map(act)
    }
}
