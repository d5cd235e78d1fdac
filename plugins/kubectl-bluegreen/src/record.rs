//! What was done to a Service, kept on the Service: the current record and a bounded history.
//!
//! How records are read and written is `release_core::release::record`; here is what one holds.

pub mod proof;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use release_core::kube::Labels;
use release_core::release::record::{self, RunResult};
use release_core::text::{is_label_key, is_label_value, one_line, printable};
use release_core::traffic::router::route53::staleness::gone_at;
use release_core::traffic::router::{NamedRouter, RouterKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::left::LeftWorkload;
use proof::Proof;

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RecordedVerb {
    Switch,
    Rollback,
    /// Written by another version of ours, or by somebody's hand.
    #[serde(untagged)]
    Other(String),
}

impl fmt::Display for RecordedVerb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Switch => "switch",
            Self::Rollback => "rollback",
            Self::Other(text) => text,
        })
    }
}

impl RecordedVerb {
    /// `rolled back`, else `switched`.
    #[must_use]
    pub fn past(&self) -> &'static str {
        if *self == Self::Rollback { "rolled back" } else { "switched" }
    }

    fn printable(self) -> Self {
        match self {
            Self::Other(text) => Self::Other(printable(&text)),
            known => known,
        }
    }
}

/// One change of where a Service's requests go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Tells this write from any other.
    pub id: String,
    /// `switch` or `rollback`.
    pub verb: RecordedVerb,
    /// The label that tells the colors apart.
    pub key: String,
    pub from: String,
    pub to: String,
    /// The user as the API server knows them.
    pub by: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Seconds for which the color that was left stays warm.
    pub retain_seconds: u64,
    /// The whole selector before the change.
    pub selector: Labels,
    /// What ran on the color that was left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<LeftWorkload>,
    /// The Service, where the record lies on a route that decides about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// Its namespace, which may be another one than the route's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// That route, as `--router` names it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub router: String,
    /// What the rule that is moved matches, as JSON, where its place is its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub matched: String,
    /// All Services that were moved as one, this one included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Where each of them goes, if that isn't the same color.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub colors: BTreeMap<String, String>,
    /// Both colors are selected at first, until load balancers reach the one that is gone to (`--widen`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub widens: bool,
    /// What it is verified by besides readiness.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proven_by: Vec<Proof>,
    /// How long resolvers of DNS keep what they were told before, where records decide.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub answered_seconds: u64,
    /// `done`, `failed`, `rolled back`; absent while running, or where the run was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    /// Milliseconds from the start of the command to its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

fn is_nothing(seconds: &u64) -> bool {
    *seconds == 0
}

impl Record {
    /// What decided when it was made.
    #[must_use]
    pub fn decided_by(&self) -> RouterKind {
        self.router.parse::<NamedRouter>().map_or(RouterKind::Service, |named| named.kind)
    }

    /// From when on nobody who keeps to the TTL of DNS comes to the color that was left then; at once where no records
    /// decide.
    #[must_use]
    pub fn answered_until(&self, left: Timestamp) -> Timestamp {
        match i64::try_from(self.answered_seconds) {
            Ok(0) => left,
            seconds => gone_at(left, None, seconds.unwrap_or(i64::MAX)),
        }
    }

    /// False where the run goes on, was cut off, failed and was left, or where others changed what it watched.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        matches!(self.result, Some(RunResult::Done | RunResult::RolledBack))
    }

    /// `switch blue -> green by ci`
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{} {} -> {} by {}", self.verb, self.from, self.to, self.by)
    }

    /// True where it lies on a route and is of another Service.
    #[must_use]
    pub fn is_of_another(&self, service: &str, namespace: &str) -> bool {
        self.service != service || self.namespace != namespace
    }

    /// The color on which the run left the Service, as far as its result says.
    #[must_use]
    pub fn left_on(&self) -> &str {
        if self.result == Some(RunResult::RolledBack) { &self.from } else { &self.to }
    }

    /// Where a Service of the set goes, as far as the record says.
    #[must_use]
    pub fn color_of(&self, service: &str) -> Option<&str> {
        let is_apart = !self.colors.is_empty();
        let of_set = self.services.iter().any(|name| name == service);
        if is_apart { self.colors.get(service).map(String::as_str) } else { of_set.then_some(self.to.as_str()) }
    }

    /// When the color that was left may be cleaned up, by the record's own words.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.due_from(self.at)
    }

    /// The same for a color that was left then.
    #[must_use]
    pub fn due_from(&self, left: Timestamp) -> Timestamp {
        let retain = Duration::from_secs(self.retain_seconds.min(10 * 365 * 24 * 3600));
        left.checked_add(retain).unwrap_or(Timestamp::MAX).max(self.answered_until(left))
    }
}

impl record::Record for Record {
    const CURRENT: &'static str = "kubectl-release.dev/bluegreen";
    const HISTORY: &'static str = "kubectl-release.dev/bluegreen-history";

    fn checked(mut self) -> Result<Self, String> {
        let labels = self.selector.iter().chain([(&self.key, &self.from), (&self.key, &self.to)]);
        for (key, value) in labels {
            if !is_label_key(key) || !is_label_value(value) {
                return Err("it holds something that is no label".into());
            }
        }
        if self.selector.is_empty() {
            return Err("its previous selector is empty".into());
        }
        if self.selector.get(&self.key) != Some(&self.from) {
            return Err("its previous selector is not of the color that it names".into());
        }
        for text in
            [&mut self.id, &mut self.by, &mut self.reason, &mut self.service, &mut self.namespace, &mut self.router]
        {
            *text = printable(text);
        }
        if one_line(&self.matched) != self.matched {
            self.matched.clear();
        }
        self.verb = self.verb.printable();
        self.result = self.result.map(RunResult::printable);
        self.services.retain(|name| is_label_value(name));
        self.proven_by.retain(|proof| proof.told().is_some());
        self.colors.retain(|name, color| is_label_value(name) && is_label_value(color));
        self.left = self.left.into_iter().map(LeftWorkload::checked).collect();
        Ok(self)
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn ended(&self, result: RunResult, millis: u64) -> Self {
        Self { result: Some(result), millis: Some(millis), ..self.clone() }
    }
}
